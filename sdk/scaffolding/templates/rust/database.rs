//! Statements on PostgreSQL by libpq, one connection for each.

use std::ffi::{c_void, CStr, CString};
use std::os::raw::{c_char, c_int};

use tasker_sdk::Failure;

/// NULL is empty.
pub type Rows = Vec<Vec<String>>;

pub struct Database {
    url: String,
}

impl Database {
    /// A libpq connection string or URI; what it leaves out, libpq takes from the environment (PGHOST, PGDATABASE, ...).
    pub fn at(url: &str) -> Database {
        Database { url: url.to_string() }
    }

    /// Values go beside the statement, never into it. Fails with sql.unreachable or SQL_<SQLSTATE>; what may pass by itself
    /// is retried.
    pub fn run(&self, statement: &str, values: &[&str]) -> Result<Rows, Failure> {
        let connection = Connection::to(&self.url)?;
        let statement = c_text(statement)?;
        let texts = values.iter().map(|value| c_text(value)).collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let none = std::ptr::null();
        let result = Answer(unsafe {
            PQexecParams(connection.0, statement.as_ptr(), texts.len() as c_int, none, texts.as_ptr(), none as _, none as _, 0)
        });
        result.rows()
    }
}

/// A zero byte cannot be handed to libpq, at no attempt.
fn c_text(text: &str) -> Result<CString, Failure> {
    CString::new(text).map_err(|_| Failure::fail("sql.bad_value", "a text with a zero byte is none for PostgreSQL"))
}

struct Connection(*mut c_void);

impl Connection {
    /// What stands behind `dbname` wins: the connection string may say otherwise.
    fn to(url: &str) -> Result<Connection, Failure> {
        let url = c_text(url)?;
        let keys = ["connect_timeout\0", "options\0", "fallback_application_name\0", "dbname\0"];
        let values = ["5\0", "-c statement_timeout=30000\0", "@namespace@/@name@\0"];
        let mut keys: Vec<*const c_char> = keys.iter().map(|text| text.as_ptr() as *const c_char).collect();
        let mut values: Vec<*const c_char> = values.iter().map(|text| text.as_ptr() as *const c_char).collect();
        keys.push(std::ptr::null());
        values.extend([url.as_ptr(), std::ptr::null()]);
        let connection = Connection(unsafe { PQconnectdbParams(keys.as_ptr(), values.as_ptr(), 1) });
        if unsafe { PQstatus(connection.0) } != CONNECTION_OK {
            return Err(Failure::retry("sql.unreachable", text_at(unsafe { PQerrorMessage(connection.0) })));
        }
        Ok(connection)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        unsafe { PQfinish(self.0) };
    }
}

struct Answer(*mut c_void);

impl Answer {
    fn rows(&self) -> Result<Rows, Failure> {
        if !matches!(unsafe { PQresultStatus(self.0) }, PGRES_COMMAND_OK | PGRES_TUPLES_OK) {
            return Err(self.failure());
        }
        let (rows, columns) = unsafe { (PQntuples(self.0), PQnfields(self.0)) };
        let value = |row, column| text_at(unsafe { PQgetvalue(self.0, row, column) });
        Ok((0..rows).map(|row| (0..columns).map(|column| value(row, column)).collect()).collect())
    }

    fn failure(&self) -> Failure {
        let state = text_at(unsafe { PQresultErrorField(self.0, PG_DIAG_SQLSTATE) });
        let message = text_at(unsafe { PQresultErrorMessage(self.0) });
        // A lost connection, a collision with another transaction, a server that is short of something or going down.
        let may_pass = ["08", "40", "53", "55P03", "57", "58"].iter().any(|start| state.starts_with(start));
        if state.is_empty() || may_pass {
            Failure::retry(&format!("SQL_{}", if state.is_empty() { "08000" } else { &state }), message)
        } else {
            Failure::fail(&format!("SQL_{state}"), message)
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        unsafe { PQclear(self.0) };
    }
}

/// "" of null.
fn text_at(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

// Of libpq-fe.h and postgres_ext.h.
const CONNECTION_OK: c_int = 0;
const PGRES_COMMAND_OK: c_int = 1;
const PGRES_TUPLES_OK: c_int = 2;
const PG_DIAG_SQLSTATE: c_int = b'C' as c_int;

#[link(name = "pq")]
extern "C" {
    fn PQconnectdbParams(keys: *const *const c_char, values: *const *const c_char, expand_dbname: c_int) -> *mut c_void;
    fn PQstatus(connection: *const c_void) -> c_int;
    fn PQerrorMessage(connection: *const c_void) -> *const c_char;
    fn PQfinish(connection: *mut c_void);
    fn PQexecParams(
        connection: *mut c_void, statement: *const c_char, count: c_int, types: *const u32, values: *const *const c_char,
        lengths: *const c_int, formats: *const c_int, result_format: c_int,
    ) -> *mut c_void;
    fn PQresultStatus(result: *const c_void) -> c_int;
    fn PQresultErrorField(result: *const c_void, field: c_int) -> *const c_char;
    fn PQresultErrorMessage(result: *const c_void) -> *const c_char;
    fn PQntuples(result: *const c_void) -> c_int;
    fn PQnfields(result: *const c_void) -> c_int;
    fn PQgetvalue(result: *const c_void, row: c_int, column: c_int) -> *const c_char;
    fn PQclear(result: *mut c_void);
}

//! Runs handlers without a host, for `cargo test`:
//!
//! ```
//! use tasker_sdk::testing::{Attempt, Plugin};
//! use tasker_sdk::{Call, Handler, Json, Outcome};
//!
//! fn total(_: &(), call: &Call) -> Outcome {
//!     Ok(Json::object([("cents", call.context()?.get("cents").clone())]))
//! }
//! const HANDLERS: &[(&str, Handler<()>)] = &[("total", total)]; // as plugin! makes it for tests
//!
//! let plugin = Plugin::begin(HANDLERS, "{}").unwrap();
//! let ended = plugin.run("total", Attempt { context: r#"{"cents": 7}"#, ..Attempt::default() });
//! assert_eq!(ended.outcome, Ok(Json::object([("cents", 7.into())])));
//! ```

use std::os::raw::{c_char, c_void};
use std::sync::Mutex;
use std::time::SystemTime;

use crate::abi::{self, Str};
use crate::table::{begin, guarded, Instance};
use crate::{Call, Failure, Handler, Host, Json, Outcome, State};

/// What a test says about one attempt; everything has the value that a first attempt would have.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub context: &'a str,
    pub inputs: &'a str,
    pub config: &'a str,
    pub checkpoint: &'a str,
    pub number: u32,
    pub retry_limit: u32,
    pub stop_bits: u32,
    /// "" is "42/<step>".
    pub idempotency_key: &'a str,
    pub correlation_id: &'a str,
    pub traceparent: &'a str,
    pub deadline: Option<SystemTime>,
}

impl Default for Attempt<'_> {
    fn default() -> Self {
        Attempt {
            context: "{}",
            inputs: "{}",
            config: "{}",
            checkpoint: "",
            number: 1,
            retry_limit: 3,
            stop_bits: 0,
            idempotency_key: "",
            correlation_id: "",
            traceparent: "",
            deadline: None,
        }
    }
}

/// What came of it, and what the handler said meanwhile.
#[derive(Debug)]
pub struct Ended {
    pub outcome: Outcome,
    pub logs: Vec<String>,
    pub events: Vec<(String, Json)>,
    pub checkpoint: Json,
    /// Of the heartbeats, in thousandths; -1 where one knew nothing.
    pub progress: Vec<i32>,
    pub notes: Vec<String>,
}

impl Ended {
    /// Of a failure; "" of a result.
    pub fn code(&self) -> &str {
        match &self.outcome {
            Err(Failure::Retry { code, .. } | Failure::Fail { code, .. }) => code,
            _ => "",
        }
    }
}

#[derive(Default)]
struct Said {
    stop_bits: u32,
    logs: Vec<String>,
    events: Vec<(String, Json)>,
    checkpoint: Option<Json>,
    progress: Vec<i32>,
    notes: Vec<String>,
}

/// A plugin as a host has it loaded. One attempt at a time.
pub struct Plugin<S: 'static> {
    instance: Instance<S>,
    handlers: &'static [(&'static str, Handler<S>)],
    table: Box<abi::Host>,
    said: Box<Mutex<Said>>,
}

impl<S: State> Plugin<S> {
    /// `config`: the plugin's section of the host's configuration, as JSON.
    pub fn begin(handlers: &'static [(&'static str, Handler<S>)], config: &str) -> Result<Plugin<S>, Failure> {
        let said = Box::new(Mutex::new(Said::default()));
        let table = Box::new(host_table(&said));
        let instance = begin(Host(&*table), config.as_bytes())?;
        Ok(Plugin { instance, handlers, table, said })
    }

    /// One attempt of the step, to its end. Panics when the plugin has no handler of that name.
    pub fn run(&self, step: &str, attempt: Attempt) -> Ended {
        let handler = self.handlers.iter().find(|(name, _)| *name == step);
        let handler = handler.unwrap_or_else(|| panic!("the plugin has no handler {step}")).1;
        let usual = format!("42/{step}");
        let key = if attempt.idempotency_key.is_empty() { &usual } else { attempt.idempotency_key };
        let call = call_of(step, key, &attempt);
        *self.said() = Said { stop_bits: attempt.stop_bits, ..Said::default() };
        let text = guarded(|| handler(&self.instance.state, &Call::new(Host(&*self.table), &call)));
        let said = std::mem::take(&mut *self.said());
        let outcome = text.map(|text| Json::parse(text.as_bytes()).expect("what was printed can be read"));
        Ended {
            outcome,
            logs: said.logs,
            events: said.events,
            checkpoint: said.checkpoint.unwrap_or(Json::Null),
            progress: said.progress,
            notes: said.notes,
        }
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().expect("no panic while it is held")
    }
}

fn call_of(step: &str, key: &str, attempt: &Attempt) -> abi::Call {
    abi::Call {
        struct_size: std::mem::size_of::<abi::Call>() as u32,
        attempt: attempt.number,
        retry_limit: attempt.retry_limit,
        reserved_1: 0,
        token: 1,
        deadline_unix_ms: attempt.deadline.map_or(0, unix_ms),
        timeout_ms: 0,
        task_id: Str::of("42"),
        step_id: Str::of("688129"),
        step_name: Str::of(step),
        namespace_name: Str::of("test"),
        template_name: Str::of("test"),
        template_version: Str::of("0.1.0"),
        idempotency_key: Str::of(key),
        context: Str::of(attempt.context),
        inputs: Str::of(attempt.inputs),
        config: Str::of(attempt.config),
        checkpoint: Str::of(attempt.checkpoint),
        correlation_id: Str::of(attempt.correlation_id),
        traceparent: Str::of(attempt.traceparent),
    }
}

fn unix_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).expect("a deadline is after 1970");
    i64::try_from(since.as_millis()).expect("a deadline is in this age of the world")
}

fn host_table(said: &Mutex<Said>) -> abi::Host {
    abi::Host {
        struct_size: std::mem::size_of::<abi::Host>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        ctx: said as *const Mutex<Said> as *mut c_void,
        name: Str::of("tasker"),
        version: Str::of("0.1.0"),
        log,
        log_enabled,
        should_stop,
        heartbeat,
        emit,
        complete,
        extension,
    }
}

unsafe fn said_to<'a>(host: *const abi::Host) -> std::sync::MutexGuard<'a, Said> {
    let said = &*((*host).ctx as *const Mutex<Said>);
    said.lock().expect("no panic while it is held")
}

unsafe fn text_of(text: Str) -> String {
    String::from_utf8_lossy(text.bytes()).into_owned()
}

unsafe extern "C" fn log(host: *const abi::Host, _: abi::Token, _: i32, message: Str, _: Str) {
    said_to(host).logs.push(text_of(message));
}
unsafe extern "C" fn log_enabled(_: *const abi::Host, _: i32) -> i32 {
    1
}
unsafe extern "C" fn should_stop(host: *const abi::Host, _: abi::Token) -> u32 {
    said_to(host).stop_bits
}
unsafe extern "C" fn heartbeat(host: *const abi::Host, _: abi::Token, progress: i32, note: Str, checkpoint: Str) -> u32 {
    let mut said = said_to(host);
    said.progress.push(progress);
    if note.size > 0 {
        said.notes.push(text_of(note));
    }
    if let Ok(json) = Json::parse(checkpoint.bytes()) {
        said.checkpoint = Some(json);
    }
    said.stop_bits
}
unsafe extern "C" fn emit(host: *const abi::Host, _: abi::Token, name: Str, payload: Str) -> i32 {
    match Json::parse(payload.bytes()) {
        Ok(json) => {
            said_to(host).events.push((text_of(name), json));
            abi::E_OK
        }
        Err(_) => abi::E_INVALID,
    }
}
unsafe extern "C" fn complete(_: *const abi::Host, _: abi::Token, _: *const abi::Outcome) -> i32 {
    abi::E_STALE // handlers of this crate answer when they return
}
unsafe extern "C" fn extension(_: *const abi::Host, _: *const c_char) -> *const c_void {
    std::ptr::null()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Panics once more when it is dropped, and so does what that panic carries.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Bomb);
        }
    }

    fn handler(_: &(), call: &Call) -> Outcome {
        call.info("begins");
        call.stop_if_asked()?;
        call.heartbeat(&Json::from(call.attempt() as i64))?;
        match call.context()?.get("wish").as_str() {
            Some("panic") => panic!("as wished"),
            Some("panic twice") => std::panic::panic_any(Bomb),
            Some("told") => {
                call.heartbeat_at(500, "half of it", &Json::Null)?;
                assert_eq!(call.deadline(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
                Ok(Json::from(format!("{} {} {}", call.idempotency_key(), call.correlation_id(), call.traceparent())))
            }
            Some("wait") => Err(Failure::Wait(Duration::ZERO)),
            Some("io") => Ok(Json::from(std::fs::read_to_string("/nowhere")?)),
            Some("event") => call.emit("a.b", &Json::from(1)).map(|()| Json::Null),
            _ => call.input("parent"),
        }
    }

    const HANDLERS: &[(&str, Handler<()>)] = &[("step", handler)];

    fn run(attempt: Attempt) -> Ended {
        Plugin::begin(HANDLERS, "{}").unwrap().run("step", attempt)
    }
    fn wish(context: &str) -> Ended {
        run(Attempt { context, ..Attempt::default() })
    }

    #[test]
    fn a_result_and_what_was_said() {
        let ended = run(Attempt { inputs: r#"{"parent": {"a": 1}}"#, number: 2, ..Attempt::default() });
        assert_eq!(ended.outcome, Ok(Json::object([("a", 1.into())])));
        assert_eq!(ended.logs, ["begins"]);
        assert_eq!(ended.checkpoint, Json::from(2));
        assert_eq!(wish(r#"{"wish": "event"}"#).events, [("a.b".to_string(), Json::from(1))]);
    }

    #[test]
    fn what_else_an_attempt_is_told_and_tells() {
        let ended = run(Attempt {
            context: r#"{"wish": "told"}"#,
            idempotency_key: "k",
            correlation_id: "c",
            traceparent: "t",
            deadline: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)),
            ..Attempt::default()
        });
        assert_eq!(ended.outcome, Ok(Json::from("k c t")));
        assert_eq!((ended.progress, ended.notes), (vec![-1, 500], vec!["half of it".to_string()]));
    }

    #[test]
    fn failures() {
        assert_eq!(wish("{}").code(), "plugin.bad_input");
        assert_eq!(wish("[]").code(), "plugin.bad_input");
        assert_eq!(wish("{").code(), "plugin.bad_input");
        assert_eq!(wish(r#"{"wish": "io"}"#).code(), "error");
        assert_eq!(wish(r#"{"wish": "wait"}"#).outcome, Err(Failure::Wait(Duration::ZERO)));
        assert_eq!(run(Attempt { stop_bits: abi::STOP_DRAINING, ..Attempt::default() }).outcome, Err(Failure::Cancelled));
    }

    #[test]
    fn a_panic_stays_inside() {
        assert_eq!(wish(r#"{"wish": "panic"}"#).outcome, Err(Failure::retry("panic", "as wished")));
    }

    #[test]
    fn a_panic_that_carries_another_stays_inside() {
        assert_eq!(wish(r#"{"wish": "panic twice"}"#).code(), "panic");
    }

    #[test]
    fn a_configuration_that_is_no_json_refuses_the_plugin() {
        assert!(Plugin::begin(HANDLERS, "{").is_err());
    }
}

//! HTTP requests by libcurl: sends one, waits no longer than it was told, and says what an answer means for the step.

use std::ffi::{c_void, CStr, CString};
use std::os::raw::{c_char, c_int, c_long};
use std::time::Duration;

use tasker_sdk::{Call, Failure, Json};

const MOST_BYTES: usize = 1 << 20;

pub struct Request {
    url: String,
    method: String,
    /// JSON; none with GET.
    body: String,
    idempotency_key: String,
    timeout: Duration,
}

impl Request {
    /// As the step's handler_config has it; the body is the results of its parents.
    pub fn of(call: &Call) -> Result<Request, Failure> {
        let config = call.config()?;
        let url = config.get("url").as_str().ok_or_else(|| Failure::fail("http.no_url", "the step's handler_config has no url"))?;
        let method = config.get("method").as_str().unwrap_or("GET");
        Ok(Request {
            url: url.to_string(),
            method: method.to_string(),
            body: if method == "GET" { String::new() } else { call.inputs_text().to_string() },
            idempotency_key: call.idempotency_key().to_string(),
            timeout: timeout_of(&config)?,
        })
    }
}

/// Of handler_config; final when it is no sensible time.
fn timeout_of(config: &Json) -> Result<Duration, Failure> {
    let seconds = match config.get("timeout_seconds") {
        Json::Null => Some(10.0),
        given => given.as_f64().filter(|seconds| (0.001..=3600.0).contains(seconds)),
    };
    let seconds = seconds.ok_or_else(|| Failure::fail("http.bad_config", "timeout_seconds is not a number from 0.001 to 3600"))?;
    Ok(Duration::from_secs_f64(seconds))
}

/// A zero byte cannot be handed to libcurl, at no attempt.
fn c_text(text: &str) -> Result<CString, Failure> {
    CString::new(text).map_err(|_| Failure::fail("http.bad_config", "url, method and key hold no zero byte"))
}

pub struct Answer {
    pub status: i64,
    body: Vec<u8>,
    retry_after: Option<Duration>,
}

impl Answer {
    /// 429 and 503 are retried when the server says, other troubles of its own after the backoff; what the request itself
    /// is refused for is final. The code is HTTP_<status>.
    pub fn check(&self) -> Result<(), Failure> {
        let code = format!("HTTP_{}", self.status);
        let sentence = format!("the server answered {}", self.status);
        match (self.status, self.retry_after) {
            (200..=226, _) => Ok(()),
            (400 | 401 | 403 | 404 | 422, _) => Err(Failure::fail(&code, sentence)),
            (429 | 503, Some(time)) => Err(Failure::retry_after(&code, sentence, time)),
            _ => Err(Failure::retry(&code, sentence)),
        }
    }

    /// Null when there is none; final when it is not JSON.
    pub fn json(&self) -> Result<Json, Failure> {
        if self.body.is_empty() {
            return Ok(Json::Null);
        }
        Json::parse(&self.body).map_err(|wrong| Failure::fail("http.not_json", format!("the server's answer is not JSON: {wrong}")))
    }
}

/// libcurl, made ready once for all requests.
pub struct HttpClient;

impl HttpClient {
    pub fn begin() -> Result<HttpClient, Failure> {
        const NOW_IF_LOADED_AND_TO_STAY: c_int = 0x2 | 0x4 | 0x1000;
        if unsafe { curl_global_init(3) } != 0 {
            return Err(Failure::fail("http.no_libcurl", "libcurl cannot be used"));
        }
        // Some of the libraries that libcurl brings along do not survive being unloaded, so they stay when the plugin goes.
        unsafe { dlopen(b"libcurl.so.4\0".as_ptr() as *const c_char, NOW_IF_LOADED_AND_TO_STAY) };
        Ok(HttpClient)
    }

    /// Fails with http.unreachable when there is no answer, and is cancelled when the host asks to stop meanwhile.
    pub fn send(&self, request: &Request, call: &Call) -> Result<Answer, Failure> {
        let mut exchange = Exchange { call, body: Vec::new(), is_too_large: false };
        let handle = Handle::new()?;
        let url = c_text(&request.url)?;
        let method = c_text(&request.method)?;
        let key = c_text(&format!("Idempotency-Key: {}", request.idempotency_key))?;
        let headers = Headers::of(&[b"Accept: application/json\0", b"Content-Type: application/json\0", key.as_bytes_with_nul()]);
        let milliseconds = request.timeout.as_millis() as c_long;
        // libcurl copies the texts, but for the body; it, the headers and the exchange outlive the request.
        let code = unsafe {
            curl_easy_setopt(handle.0, CURLOPT_URL, url.as_ptr());
            curl_easy_setopt(handle.0, CURLOPT_PROTOCOLS_STR, b"http,https\0".as_ptr());
            curl_easy_setopt(handle.0, CURLOPT_CUSTOMREQUEST, method.as_ptr());
            if !request.body.is_empty() {
                curl_easy_setopt(handle.0, CURLOPT_POSTFIELDSIZE_LARGE, request.body.len() as i64);
                curl_easy_setopt(handle.0, CURLOPT_POSTFIELDS, request.body.as_ptr());
            }
            curl_easy_setopt(handle.0, CURLOPT_HTTPHEADER, headers.0);
            curl_easy_setopt(handle.0, CURLOPT_TIMEOUT_MS, milliseconds);
            curl_easy_setopt(handle.0, CURLOPT_NOSIGNAL, 1 as c_long);
            curl_easy_setopt(handle.0, CURLOPT_WRITEFUNCTION, take_body as *const c_void);
            curl_easy_setopt(handle.0, CURLOPT_WRITEDATA, &mut exchange as *mut Exchange as *mut c_void);
            curl_easy_setopt(handle.0, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop as *const c_void);
            curl_easy_setopt(handle.0, CURLOPT_XFERINFODATA, &mut exchange as *mut Exchange as *mut c_void);
            curl_easy_setopt(handle.0, CURLOPT_NOPROGRESS, 0 as c_long);
            curl_easy_perform(handle.0)
        };
        answer_of(code, &handle, exchange, request)
    }
}

impl Drop for HttpClient {
    fn drop(&mut self) {
        unsafe { curl_global_cleanup() };
    }
}

fn answer_of(code: c_int, handle: &Handle, exchange: Exchange, request: &Request) -> Result<Answer, Failure> {
    const ABORTED_BY_CALLBACK: c_int = 42;
    if code == ABORTED_BY_CALLBACK {
        return Err(Failure::Cancelled);
    }
    if exchange.is_too_large {
        return Err(Failure::fail("http.too_large", "the answer is larger than 1 MiB"));
    }
    if code != 0 {
        let why = unsafe { CStr::from_ptr(curl_easy_strerror(code)) }.to_string_lossy();
        return Err(Failure::retry("http.unreachable", format!("{}: {why}", request.url)));
    }
    let (mut status, mut seconds): (c_long, i64) = (0, 0);
    unsafe {
        curl_easy_getinfo(handle.0, CURLINFO_RESPONSE_CODE, &mut status as *mut c_long);
        // Of the header Retry-After, a number or a date; 0 without one.
        curl_easy_getinfo(handle.0, CURLINFO_RETRY_AFTER, &mut seconds as *mut i64);
    }
    let retry_after = u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs);
    Ok(Answer { status, body: exchange.body, retry_after })
}

/// What libcurl's callbacks see of one exchange.
struct Exchange<'a> {
    call: &'a Call<'a>,
    body: Vec<u8>,
    is_too_large: bool,
}

unsafe extern "C" fn take_body(bytes: *const u8, _: usize, count: usize, context: *mut c_void) -> usize {
    let exchange = &mut *(context as *mut Exchange);
    exchange.is_too_large = exchange.body.len() + count > MOST_BYTES;
    if exchange.is_too_large {
        return 0;
    }
    exchange.body.extend_from_slice(std::slice::from_raw_parts(bytes, count));
    count
}

/// libcurl asks at least once a second, also while nothing moves.
unsafe extern "C" fn look_whether_to_stop(context: *mut c_void, _: i64, _: i64, _: i64, _: i64) -> c_int {
    c_int::from((*(context as *const Exchange)).call.should_stop())
}

struct Handle(*mut c_void);

impl Handle {
    fn new() -> Result<Handle, Failure> {
        let handle = unsafe { curl_easy_init() };
        if handle.is_null() {
            return Err(Failure::retry("http.no_memory", "libcurl has no memory"));
        }
        Ok(Handle(handle))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        unsafe { curl_easy_cleanup(self.0) };
    }
}

struct Headers(*mut c_void);

impl Headers {
    /// Lines with the zero that ends them.
    fn of(lines: &[&[u8]]) -> Headers {
        let none = std::ptr::null_mut();
        Headers(lines.iter().fold(none, |list, line| unsafe { curl_slist_append(list, line.as_ptr() as *const c_char) }))
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        unsafe { curl_slist_free_all(self.0) };
    }
}

// Of curl/curl.h.
const CURLOPT_NOPROGRESS: c_int = 43;
const CURLOPT_NOSIGNAL: c_int = 99;
const CURLOPT_TIMEOUT_MS: c_int = 155;
const CURLOPT_WRITEDATA: c_int = 10001;
const CURLOPT_URL: c_int = 10002;
const CURLOPT_POSTFIELDS: c_int = 10015;
const CURLOPT_HTTPHEADER: c_int = 10023;
const CURLOPT_CUSTOMREQUEST: c_int = 10036;
const CURLOPT_XFERINFODATA: c_int = 10057;
const CURLOPT_PROTOCOLS_STR: c_int = 10318;
const CURLOPT_WRITEFUNCTION: c_int = 20011;
const CURLOPT_XFERINFOFUNCTION: c_int = 20219;
const CURLOPT_POSTFIELDSIZE_LARGE: c_int = 30120;
const CURLINFO_RESPONSE_CODE: c_int = 0x20_0002;
const CURLINFO_RETRY_AFTER: c_int = 0x60_0039;

#[link(name = "curl")]
extern "C" {
    fn curl_global_init(flags: c_long) -> c_int;
    fn curl_global_cleanup();
    fn curl_easy_init() -> *mut c_void;
    fn curl_easy_setopt(handle: *mut c_void, option: c_int, ...) -> c_int;
    fn curl_easy_perform(handle: *mut c_void) -> c_int;
    fn curl_easy_getinfo(handle: *mut c_void, info: c_int, ...) -> c_int;
    fn curl_easy_strerror(code: c_int) -> *const c_char;
    fn curl_easy_cleanup(handle: *mut c_void);
    fn curl_slist_append(list: *mut c_void, line: *const c_char) -> *mut c_void;
    fn curl_slist_free_all(list: *mut c_void);
}

extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
}

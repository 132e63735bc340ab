//! What `plugin!` fills the two symbols with: the table, and the functions that a host calls. No panic leaves them.

use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Duration;

use crate::abi::{self, Str};
use crate::call::printed;
use crate::{panics, Call, Failure, Handler, Host, Json, Outcome, State};

pub(crate) struct Instance<S> {
    pub host: Host,
    pub state: S,
}

pub const fn plugin<S: State>(handlers: &'static [*const abi::Handler]) -> abi::Plugin {
    abi::Plugin {
        struct_size: std::mem::size_of::<abi::Plugin>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        needs_abi_minor: 0,
        reserved_1: 0,
        init: init::<S>,
        drain: None,
        fini: fini::<S>,
        handlers: handlers.as_ptr(),
        needs_extensions: std::ptr::null(),
        parts: std::ptr::null(),
        task_created: None,
        task_ended: None,
    }
}

pub const fn handler(name: &'static str, run: abi::Run) -> abi::Handler {
    abi::Handler { struct_size: std::mem::size_of::<abi::Handler>() as u32, flags: 0, name: Str::of(name), run, cancel: None }
}

/// The template's text with the zero behind it that ends a manifest.
pub const fn with_end<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    let mut at = 0;
    while at < text.len() {
        assert!(text[at] != 0, "the template holds a zero byte");
        bytes[at] = text[at];
        at += 1;
    }
    bytes
}

unsafe extern "C" fn init<S: State>(
    host: *const abi::Host, config: Str, this: *mut *mut c_void, error: *mut abi::Outcome,
) -> i32 {
    *this = std::ptr::null_mut();
    let host = Host(host);
    panics::tell_of_them_in_the_log_of(host);
    match begin::<S>(host, config.bytes()) {
        Ok(instance) => {
            *this = Box::into_raw(Box::new(instance)) as *mut c_void;
            0
        }
        Err(failure) => {
            panics::tell_of_them_as_usual();
            hand_over(&mut *error, Err(failure));
            1
        }
    }
}

pub(crate) fn begin<S: State>(host: Host, config: &[u8]) -> Result<Instance<S>, Failure> {
    let begun = catch_unwind(|| {
        let config = if config.is_empty() { Ok(Json::object([])) } else { Json::parse(config) };
        let config = config.map_err(|wrong| Failure::fail("plugin.bad_input", format!("the configuration is not JSON: {wrong}")))?;
        S::begin(host, &config)
    });
    match begun {
        Ok(state) => Ok(Instance { host, state: state? }),
        Err(payload) => Err(Failure::fail("panic", panics::words_of(payload))),
    }
}

unsafe extern "C" fn fini<S: State>(this: *mut c_void) {
    // A destructor that panics has nobody to tell but the log.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(this as *mut Instance<S>)))) {
        panics::words_of(payload);
    }
    panics::tell_of_them_as_usual();
}

/// # Safety
/// Only for `plugin!`: the pointers are those that a host gives to `run` of a handler.
pub unsafe fn run<S: State>(
    this: *mut c_void, call: *const abi::Call, out: *mut abi::Outcome, handler: Handler<S>,
) -> i32 {
    let instance = &*(this as *const Instance<S>);
    let call = Call::new(instance.host, &*call);
    hand_over(&mut *out, guarded(|| handler(&instance.state, &call)));
    abi::DONE
}

pub(crate) fn guarded(handler: impl FnOnce() -> Outcome) -> Result<String, Failure> {
    match catch_unwind(AssertUnwindSafe(handler)) {
        Ok(outcome) => printed(&outcome?, "result"),
        Err(payload) => Err(Failure::retry("panic", panics::words_of(payload))),
    }
}

/// Owns an outcome's text from the moment it is handed over until the host calls release.
struct Text {
    payload: String,
    code: String,
    message: String,
}

unsafe extern "C" fn release(text: *mut c_void) {
    drop(Box::from_raw(text as *mut Text));
}

fn hand_over(out: &mut abi::Outcome, ended: Result<String, Failure>) {
    let mut text = Box::new(Text { payload: String::new(), code: String::new(), message: String::new() });
    out.kind = match ended {
        Ok(payload) => {
            text.payload = payload;
            abi::OK
        }
        Err(Failure::Retry { code, message, after }) => {
            out.retry_after_ms = after.map_or(0, at_least_one);
            (text.code, text.message) = (code, message);
            abi::RETRY
        }
        Err(Failure::Fail { code, message }) => {
            (text.code, text.message) = (code, message);
            abi::FAIL
        }
        Err(Failure::Wait(time)) => {
            out.retry_after_ms = at_least_one(time);
            abi::WAIT
        }
        Err(Failure::Cancelled) => abi::CANCELLED,
    };
    let lent = |text: &str| if text.is_empty() { Str::ABSENT } else { Str::of(text) };
    out.payload = lent(&text.payload);
    out.code = lent(&text.code);
    out.message = lent(&text.message);
    out.release = Some(release);
    out.release_ctx = Box::into_raw(text) as *mut c_void;
}

/// 0 would mean "as the backoff says", so a wish for "at once" becomes the shortest time there is.
fn at_least_one(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

//! One attempt of one step, as its handler sees it, and the host behind it.

use std::time::{Duration, SystemTime};

use crate::abi::{self, Str};
use crate::{Failure, Json};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// The host outside attempts; good for as long as the plugin's state is.
#[derive(Clone, Copy)]
pub struct Host(pub(crate) *const abi::Host);

// Its functions may be called on any thread.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    pub fn log(&self, level: Level, message: &str) {
        self.log_for(0, level, message);
    }

    pub(crate) fn log_for(&self, token: abi::Token, level: Level, message: &str) {
        unsafe {
            if ((*self.0).log_enabled)(self.0, level as i32) != 0 {
                ((*self.0).log)(self.0, token, level as i32, Str::of(message), Str::ABSENT);
            }
        }
    }
}

pub struct Call<'a> {
    host: Host,
    call: &'a abi::Call,
}

impl<'a> Call<'a> {
    pub(crate) fn new(host: Host, call: &'a abi::Call) -> Call<'a> {
        Call { host, call }
    }

    /// What the task was submitted with.
    pub fn context(&self) -> Result<Json, Failure> {
        object(self.call.context, "context")
    }
    /// `{"parent step": its result, ...}`
    pub fn inputs(&self) -> Result<Json, Failure> {
        object(self.call.inputs, "inputs")
    }
    /// One parent's result; fails for good when the template gives this step no such parent.
    pub fn input(&self, parent: &str) -> Result<Json, Failure> {
        match self.inputs()? {
            Json::Object(mut inputs) if inputs.contains_key(parent) => Ok(inputs.remove(parent).unwrap_or(Json::Null)),
            _ => Err(bad_input(format!("step {} has no input from {parent}", self.step_name()))),
        }
    }
    /// The step's handler_config of the template.
    pub fn config(&self) -> Result<Json, Failure> {
        value(self.call.config, "handler_config")
    }
    /// The last checkpoint of an earlier attempt, or null.
    pub fn checkpoint(&self) -> Result<Json, Failure> {
        value(self.call.checkpoint, "checkpoint")
    }

    pub fn context_text(&self) -> &'a str {
        self.text(self.call.context)
    }
    pub fn inputs_text(&self) -> &'a str {
        self.text(self.call.inputs)
    }
    pub fn config_text(&self) -> &'a str {
        self.text(self.call.config)
    }
    pub fn checkpoint_text(&self) -> &'a str {
        self.text(self.call.checkpoint)
    }

    /// 1 on the first try.
    pub fn attempt(&self) -> u32 {
        self.call.attempt
    }
    pub fn retry_limit(&self) -> u32 {
        self.call.retry_limit
    }
    pub fn is_last_attempt(&self) -> bool {
        self.call.attempt >= self.call.retry_limit
    }
    /// The same on every attempt of this step: hand it to whatever must not happen twice.
    pub fn idempotency_key(&self) -> &'a str {
        self.text(self.call.idempotency_key)
    }
    pub fn task_id(&self) -> &'a str {
        self.text(self.call.task_id)
    }
    pub fn step_id(&self) -> &'a str {
        self.text(self.call.step_id)
    }
    pub fn step_name(&self) -> &'a str {
        self.text(self.call.step_name)
    }
    pub fn namespace_name(&self) -> &'a str {
        self.text(self.call.namespace_name)
    }
    pub fn template_name(&self) -> &'a str {
        self.text(self.call.template_name)
    }
    pub fn template_version(&self) -> &'a str {
        self.text(self.call.template_version)
    }
    pub fn correlation_id(&self) -> &'a str {
        self.text(self.call.correlation_id)
    }
    pub fn traceparent(&self) -> &'a str {
        self.text(self.call.traceparent)
    }
    /// When the attempt is to have ended, if ever.
    pub fn deadline(&self) -> Option<SystemTime> {
        let milliseconds = u64::try_from(self.call.deadline_unix_ms).ok().filter(|&time| time > 0)?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
    }

    /// abi::STOP_* bits; 0 to carry on. Cheap enough for an inner loop.
    pub fn stop_bits(&self) -> u32 {
        unsafe { ((*self.host.0).should_stop)(self.host.0, self.call.token) }
    }
    pub fn should_stop(&self) -> bool {
        self.stop_bits() != 0
    }
    /// For places where nothing is left half-done: `call.stop_if_asked()?` ends the attempt as cancelled.
    pub fn stop_if_asked(&self) -> Result<(), Failure> {
        if self.should_stop() {
            Err(Failure::Cancelled)
        } else {
            Ok(())
        }
    }

    pub fn log(&self, level: Level, message: &str) {
        self.host.log_for(self.call.token, level, message);
    }
    pub fn info(&self, message: &str) {
        self.log(Level::Info, message);
    }
    pub fn warn(&self, message: &str) {
        self.log(Level::Warn, message);
    }

    /// "Still alive", with what the next attempt should know; answers the stop bits.
    pub fn heartbeat(&self, checkpoint: &Json) -> Result<u32, Failure> {
        self.heartbeat_at(-1, "", checkpoint)
    }
    /// With how far it is, in thousandths or -1 for unknown, and a word on it for people.
    pub fn heartbeat_at(&self, progress: i32, note: &str, checkpoint: &Json) -> Result<u32, Failure> {
        let text = printed(checkpoint, "checkpoint")?;
        let note = if note.is_empty() { Str::ABSENT } else { Str::of(note) };
        Ok(unsafe { ((*self.host.0).heartbeat)(self.host.0, self.call.token, progress, note, Str::of(&text)) })
    }

    /// A domain event, one of the step's custom_events: committed with the attempt's outcome and never seen without it.
    pub fn emit(&self, event: &str, payload: &Json) -> Result<(), Failure> {
        let text = printed(payload, "event")?;
        match unsafe { ((*self.host.0).emit)(self.host.0, self.call.token, Str::of(event), Str::of(&text)) } {
            abi::E_OK => Ok(()),
            abi::E_STALE => Err(Failure::Cancelled),
            abi::E_BUSY => Err(Failure::retry_after("plugin.busy", "the host was too busy for an event", Duration::from_secs(1))),
            _ => Err(Failure::fail("plugin.bad_event", format!("the host refused event {event}"))),
        }
    }

    /// The host's texts are UTF-8 by contract.
    fn text(&self, text: Str) -> &'a str {
        std::str::from_utf8(unsafe { text.bytes() }).unwrap_or("")
    }
}

fn bad_input(message: String) -> Failure {
    Failure::fail("plugin.bad_input", message)
}

/// Absent is null.
fn value(text: Str, what: &str) -> Result<Json, Failure> {
    let bytes = unsafe { text.bytes() };
    if bytes.is_empty() {
        return Ok(Json::Null);
    }
    Json::parse(bytes).map_err(|wrong| bad_input(format!("the {what} is not JSON: {wrong}")))
}

fn object(text: Str, what: &str) -> Result<Json, Failure> {
    match value(text, what)? {
        Json::Object(members) => Ok(Json::Object(members)),
        _ => Err(bad_input(format!("the {what} is not a JSON object"))),
    }
}

pub(crate) fn printed(json: &Json, what: &str) -> Result<String, Failure> {
    json.to_text().ok_or_else(|| Failure::fail("plugin.bad_result", format!("the {what} nests deeper than 100 levels")))
}

//! Why an attempt has no result.

use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Worth another attempt while the step's retry_limit allows one; without `after` the step's backoff decides.
    Retry { code: String, message: String, after: Option<Duration> },
    /// For good. The code is short and stable, for machines: "card.declined".
    Fail { code: String, message: String },
    /// Not an error: run the step again after this time. It spends no attempt.
    Wait(Duration),
    /// Stopped because the host asked; without a stop bit the host refuses it.
    Cancelled,
}

impl Failure {
    pub fn retry(code: &str, message: impl Into<String>) -> Failure {
        Failure::Retry { code: code.to_string(), message: message.into(), after: None }
    }

    pub fn retry_after(code: &str, message: impl Into<String>, after: Duration) -> Failure {
        Failure::Retry { code: code.to_string(), message: message.into(), after: Some(after) }
    }

    pub fn fail(code: &str, message: impl Into<String>) -> Failure {
        Failure::Fail { code: code.to_string(), message: message.into() }
    }
}

/// `?` on any error of a library: tried again.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::retry("error", error.to_string())
    }
}

//! A panic becomes a line in the host's log. The usual message of Rust would ask the thread for its name, and a thread that
//! was asked keeps the plugin's file in memory for as long as it lives.

use std::any::Any;
use std::panic::{self, catch_unwind, AssertUnwindSafe};

use crate::{Host, Level};

pub fn tell_of_them_in_the_log_of(host: Host) {
    panic::set_hook(Box::new(move |panicked| {
        let place = panicked.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        let message = format!("panicked at {place}: {}", message_of(panicked.payload()));
        host.log(Level::Error, &message);
    }));
}

pub fn tell_of_them_as_usual() {
    drop(panic::take_hook());
}

/// The words of a panic that was caught. What it carried ends here: its destructor is a plugin's code, and may panic too.
pub fn words_of(payload: Box<dyn Any + Send>) -> String {
    let words = message_of(&*payload);
    let dropped = catch_unwind(AssertUnwindSafe(move || drop(payload)));
    std::mem::forget(dropped); // what the destructor panicked with could go on so for ever
    words
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let literal = payload.downcast_ref::<&str>().map(|text| text.to_string());
    literal.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "something that is no text".to_string())
}

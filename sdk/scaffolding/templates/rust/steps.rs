//! A function for each step. They run on many threads at once, and a step that was interrupted runs again with the same
//! idempotency key.

use tasker_sdk::{@sdk@};

@uses@
@functions@

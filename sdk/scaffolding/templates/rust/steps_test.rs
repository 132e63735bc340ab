//! Runs the steps without a host, by `tasker_sdk::testing`.
@uses@
@settings@@functions@

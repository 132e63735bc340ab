//! Plugins for Tasker in Rust, over its C contract (`tasker/plugin.h`), without any other crate.
//!
//! ```
//! use tasker_sdk::{Call, Failure, Json, Outcome};
//!
//! fn total(_: &(), call: &Call) -> Outcome {
//!     let cents = call.context()?.get("cents").as_i64().ok_or_else(|| Failure::fail("cart.no_cents", "no cents"))?;
//!     Ok(Json::object([("cents", cents.into())]))
//! }
//! // A project has its template in a file: manifest: include_bytes!("../cart.yaml").
//! tasker_sdk::plugin! { state: (), manifest: b"name: cart\nstep_templates:\n- name: total\n", handlers: { "total" => total } }
//! ```
//!
//! Handlers run on many threads at once. A panic of theirs ends the attempt and nothing else; no memory ends the process, as
//! it does in all of Rust. Do not keep `thread_local!` values that have a destructor: they hold the file in memory.

pub mod abi;
mod call;
mod failure;
mod json;
mod panics;
mod parse;
pub mod table;
pub mod testing;

pub use call::{Call, Host, Level};
pub use failure::Failure;
pub use json::Json;

/// What a handler answers: the step's result, or why there is none.
pub type Outcome = Result<Json, Failure>;

/// What a plugin keeps while it is loaded; one object, shared by all attempts. `()` keeps nothing.
pub trait State: Send + Sync + Sized + 'static {
    /// From the plugin's section of the host's configuration, `{}` when it has none. A failure refuses the plugin.
    fn begin(host: Host, config: &Json) -> Result<Self, Failure>;
}

impl State for () {
    fn begin(_: Host, _: &Json) -> Result<(), Failure> {
        Ok(())
    }
}

/// A handler: `fn(&State, &Call) -> Outcome`.
pub type Handler<S> = fn(&S, &Call<'_>) -> Outcome;

/// Once in a plugin: its state, its template and its handlers, as the two symbols that a host looks for.
#[macro_export]
macro_rules! plugin {
    (state: $state:ty, manifest: $manifest:expr, handlers: { $($name:literal => $function:expr),+ $(,)? } $(,)?) => {
        /// For tests: every handler by the name that the template calls it.
        #[cfg(test)]
        pub const HANDLERS: &[(&str, $crate::Handler<$state>)] = &[$(($name, $function)),+];

        #[no_mangle]
        #[used]
        #[allow(non_upper_case_globals)]
        #[link_section = ".tasker_manifest"]
        pub static tasker_manifest_v1: [u8; ($manifest).len() + 1] = $crate::table::with_end($manifest);

        #[no_mangle]
        #[used]
        #[allow(non_upper_case_globals)]
        pub static tasker_plugin_v1: $crate::abi::Plugin = $crate::table::plugin::<$state>(&[
            $({
                unsafe extern "C" fn run(
                    this: *mut std::os::raw::c_void, call: *const $crate::abi::Call, out: *mut $crate::abi::Outcome,
                ) -> i32 {
                    $crate::table::run::<$state>(this, call, out, $function)
                }
                const HANDLER: $crate::abi::Handler = $crate::table::handler($name, run);
                &HANDLER as *const $crate::abi::Handler
            },)+
            std::ptr::null(),
        ]);
    };
}

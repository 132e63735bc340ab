//! `tasker/plugin.h`, word for word: the same names without their prefix, the same order, the same sizes. What may be
//! done with each is said there.

use std::os::raw::{c_char, c_void};

pub const MAJOR: u16 = 1;
pub const MINOR: u16 = 0;

pub const OK: i32 = 0;
pub const RETRY: i32 = 1;
pub const FAIL: i32 = 2;
pub const WAIT: i32 = 3;
pub const CANCELLED: i32 = 4;

pub const DONE: i32 = 0;

pub const E_OK: i32 = 0;
pub const E_STALE: i32 = -1;
pub const E_INVALID: i32 = -2;
pub const E_BUSY: i32 = -4;

pub const STOP_CANCELLED: u32 = 1;
pub const STOP_DEADLINE: u32 = 2;
pub const STOP_DRAINING: u32 = 4;
pub const STOP_LEASE_LOST: u32 = 8;

pub type Token = u64;

/// Length-delimited UTF-8, borrowed. Null is absent.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const c_char,
    pub size: u64,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub attempt: u32,
    pub retry_limit: u32,
    pub reserved_1: u32,
    pub token: Token,
    pub deadline_unix_ms: i64,
    pub timeout_ms: u64,
    pub task_id: Str,
    pub step_id: Str,
    pub step_name: Str,
    pub namespace_name: Str,
    pub template_name: Str,
    pub template_version: Str,
    pub idempotency_key: Str,
    pub context: Str,
    pub inputs: Str,
    pub config: Str,
    pub checkpoint: Str,
    pub correlation_id: Str,
    pub traceparent: Str,
}

#[repr(C)]
pub struct Outcome {
    pub struct_size: u32,
    pub kind: i32,
    pub retry_after_ms: u64,
    pub payload: Str,
    pub code: Str,
    pub message: Str,
    pub release: Option<unsafe extern "C" fn(*mut c_void)>,
    pub release_ctx: *mut c_void,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut c_void,
    pub name: Str,
    pub version: Str,
    pub log: unsafe extern "C" fn(*const Host, Token, i32, Str, Str),
    pub log_enabled: unsafe extern "C" fn(*const Host, i32) -> i32,
    pub should_stop: unsafe extern "C" fn(*const Host, Token) -> u32,
    pub heartbeat: unsafe extern "C" fn(*const Host, Token, i32, Str, Str) -> u32,
    pub emit: unsafe extern "C" fn(*const Host, Token, Str, Str) -> i32,
    pub complete: unsafe extern "C" fn(*const Host, Token, *const Outcome) -> i32,
    pub extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
}

pub type Run = unsafe extern "C" fn(*mut c_void, *const Call, *mut Outcome) -> i32;

#[repr(C)]
pub struct Handler {
    pub struct_size: u32,
    pub flags: u32,
    pub name: Str,
    pub run: Run,
    pub cancel: Option<unsafe extern "C" fn(*mut c_void, Token, u32)>,
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub needs_abi_minor: u32,
    pub reserved_1: u32,
    pub init: unsafe extern "C" fn(*const Host, Str, *mut *mut c_void, *mut Outcome) -> i32,
    pub drain: Option<unsafe extern "C" fn(*mut c_void)>,
    pub fini: unsafe extern "C" fn(*mut c_void),
    pub handlers: *const *const Handler,
    pub needs_extensions: *const *const c_char,
    pub parts: *const *const c_void,
    pub task_created: Option<unsafe extern "C" fn(*mut c_void, *const c_void, *mut Outcome) -> i32>,
    pub task_ended: Option<unsafe extern "C" fn(*mut c_void, *const c_void, *mut Outcome) -> i32>,
}

// Both are constant: nobody writes to what the pointers lead to.
unsafe impl Sync for Handler {}
unsafe impl Sync for Plugin {}

const _: () = assert!(std::mem::size_of::<Str>() == 16);
const _: () = assert!(std::mem::size_of::<Call>() == 248);
const _: () = assert!(std::mem::size_of::<Outcome>() == 80);
const _: () = assert!(std::mem::size_of::<Host>() == 104);
const _: () = assert!(std::mem::size_of::<Handler>() == 40);
const _: () = assert!(std::mem::size_of::<Plugin>() == 80);

impl Str {
    pub const ABSENT: Str = Str { data: std::ptr::null(), size: 0 };

    /// Good for as long as the text is.
    pub const fn of(text: &str) -> Str {
        Str { data: text.as_ptr() as *const c_char, size: text.len() as u64 }
    }

    /// # Safety
    /// What it points to must be there for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.data.is_null() {
            return &[];
        }
        std::slice::from_raw_parts(self.data as *const u8, self.size as usize)
    }
}

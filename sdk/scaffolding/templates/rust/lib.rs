//! The plugin @namespace@/@name@: what its steps share, and which function runs which step of @name@.yaml.
@attributes@
@modules@
@services@tasker_sdk::plugin! {
    state: @state@,
    manifest: include_bytes!("../@name@.yaml"),
    handlers: {
@handlers@    },
}

//! Links the file as hosts want it, and stops a release whose template says another version than Cargo.toml.

const FLAGS: &str = "-Wl,-z,now,-z,relro,-z,noexecstack,-z,defs,--build-id,--disable-new-dtags";

fn main() {
    println!("cargo:rerun-if-changed=@name@.yaml");
    println!("cargo:rustc-cdylib-link-arg={FLAGS}");
    let template = std::fs::read_to_string("@name@.yaml").expect("@name@.yaml can be read");
    let version = std::env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    let line = format!("version: {version}");
    assert!(template.lines().any(|written| written.trim_end() == line), "@name@.yaml must have the line \"{line}\", as Cargo.toml has it");
}

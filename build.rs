//! Links the unwinder into the command where GNU tools are at hand: loading its library is a
//! tenth of what starting the command costs, and nothing but a panic's backtrace uses it.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| std::env::var(name).is_ok_and(|value| value == wanted);
    let native = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
    if !native || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    let Ok(found) = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output() else { return };
    let path = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    // Where there is none, the name comes back as it was.
    if Path::new(&path).is_absolute() && Path::new(&path).exists() {
        for arg in ["-Wl,--push-state,--whole-archive", &path, "-Wl,--pop-state"] {
            println!("cargo:rustc-link-arg-bin=certforge={arg}");
        }
    }
}

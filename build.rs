//! Tells the command what it is built of; and where GNU tools are at hand, links the unwinder
//! into it (loading its library is a tenth of what starting the command costs, and nothing but
//! a panic's backtrace uses it) and lays out what everyday jobs run through beside each other
//! (a third of the memory less, and a fifth of a small command's time).

use std::path::Path;
use std::process::{Command, Stdio};

/// Which functions those are: scripts/layout writes it.
const LAYOUT: &str = "packaging/layout.ld";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=CERTFORGE_BUILD={}", of_what());
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
    println!("cargo:rerun-if-changed={LAYOUT}");
    if is("PROFILE", "release")
        && let Some(arg) = layout()
    {
        println!("cargo:rustc-link-arg-bin=certforge={arg}");
    }
}

/// The linker's argument for the layout. None where a program that is linked with it does not
/// run: not every linker takes a script.
fn layout() -> Option<String> {
    let folder = std::env::var("OUT_DIR").ok()?;
    let script = Path::new(&std::env::var("CARGO_MANIFEST_DIR").ok()?).join(LAYOUT);
    let (source, program) = (format!("{folder}/empty.rs"), format!("{folder}/empty"));
    let arg = format!("-Wl,-T,{}", script.to_str().filter(|path| !path.contains([' ', ',']))?);
    std::fs::write(&source, "fn main() {}").ok()?;
    let mut rustc = Command::new(std::env::var_os("RUSTC")?);
    rustc.args([&source, "-o", &program, "-C", &format!("link-arg={arg}")]);
    if let Ok(linker) = std::env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    if let Ok(flags) = std::env::var("CARGO_ENCODED_RUSTFLAGS") {
        rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    }
    let runs = |command: &mut Command| {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    (runs(&mut rustc) && runs(&mut Command::new(&program))).then_some(arg)
}

fn is(name: &str, wanted: &str) -> bool {
    std::env::var(name).is_ok_and(|value| value == wanted)
}

/// The commit, and the features that make a difference to who uses the command.
fn of_what() -> String {
    let features = ["cli", "aws", "apigw", "seeded"]
        .into_iter()
        .filter(|name| std::env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some());
    let features = features.collect::<Vec<_>>().join(", ");
    format!("{}, features {features}", commit())
}

/// The commit that is built: of the working copy, or of the package that was published.
fn commit() -> String {
    // Every commit would be another build.
    if !is("PROFILE", "release") {
        return "debug build".to_owned();
    }
    println!("cargo:rerun-if-changed=.cargo_vcs_info.json");
    if let Ok(text) = std::fs::read_to_string(".cargo_vcs_info.json")
        && let Some(commit) = text.split('"').find(|part| part.len() == 40 && is_hex(part))
    {
        return format!("commit {}", &commit[..12]);
    }
    println!("cargo:rerun-if-changed=.git/logs/HEAD");
    let git =
        Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]).output();
    match git {
        Ok(said) if said.status.success() => {
            format!("commit {}", String::from_utf8_lossy(&said.stdout).trim())
        }
        _ => "commit unknown".to_owned(),
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

//! Tells the command what it is built of; and where GNU tools are at hand, links the unwinder
//! into it (loading its library is a tenth of what starting the command costs, and nothing but
//! a panic's backtrace uses it). A release's file is made smaller and quicker to start: what
//! everyday jobs run through is laid out beside each other, what only a debugger would read is
//! left out, and what is relocated is packed, or nothing is.

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
    println!("cargo:rerun-if-env-changed=CERTFORGE_PIE");
    if is("PROFILE", "release") {
        let mut kept = Vec::new();
        for more in smaller() {
            // With what is kept already: together they have to run.
            let all = [&kept[..], &more].concat();
            if runs_with(&all).unwrap_or(false) {
                kept = all;
            }
        }
        for arg in kept {
            println!("cargo:rustc-link-arg-bin=certforge={arg}");
        }
    }
}

/// What makes a release smaller, by what stands or falls together.
fn smaller() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    // Commas and blanks end an argument to a linker.
    if !folder.contains([' ', ',']) {
        // The layout leaves out the tables for unwinding, too, a twelfth of the file: a release
        // aborts at a panic, and has no names for a backtrace. Their index goes with them.
        all.push(vec![format!("-Wl,-T,{folder}/{LAYOUT}"), "-Wl,--no-eh-frame-hdr".to_owned()]);
    }
    // A fiftieth of their size. glibc reads them since 2.36: an older one refuses the
    // trial, and what is built there goes without.
    all.push(vec!["-Wl,-z,pack-relative-relocs".to_owned()]);
    // At a fixed address, nothing is relocated before the first instruction: a third of the
    // page faults of a small command, and a quarter of its time. SECURITY.md says what that
    // gives up.
    if std::env::var_os("CERTFORGE_PIE").is_none_or(|asked| asked.is_empty()) {
        all.push(vec!["-no-pie".to_owned()]);
    }
    all
}

/// Whether a program that is linked so runs here: not every linker takes each of these.
fn runs_with(args: &[String]) -> Option<bool> {
    let folder = std::env::var("OUT_DIR").ok()?;
    let (source, program) = (format!("{folder}/empty.rs"), format!("{folder}/empty"));
    std::fs::write(&source, "fn main() {}").ok()?;
    let mut rustc = Command::new(std::env::var_os("RUSTC")?);
    rustc.args([&source, "-o", &program, "-Cpanic=abort"]);
    rustc.args(args.iter().map(|arg| format!("-Clink-arg={arg}")));
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
    Some(runs(&mut rustc) && runs(&mut Command::new(&program)))
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
    if let Ok(text) = std::fs::read_to_string(".cargo_vcs_info.json")
        && let Some(commit) = text.split('"').find(|part| part.len() == 40 && is_hex(part))
    {
        return format!("commit {}", &commit[..12]);
    }
    let git = |args: &[&str]| {
        let said = Command::new("git").args(args).output().ok()?;
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
    };
    // Where a commit moves it, and what makes it another than the commit's. Of a file that is
    // not there cargo would say that it changed, each time.
    let moves = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    for path in moves.iter().map(String::as_str).chain(["src", "templates", "Cargo.toml", "Cargo.lock"]) {
        if Path::new(path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let commit = git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]);
    format!("commit {}", commit.as_deref().unwrap_or("unknown"))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

//! Everything the command takes from its surroundings: variables, the clock,
//! the terminal.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use certforge::KeyAlgorithm;
use certforge::store::read_start;
use rustix::termios::{self, OptionalActions, Termios};
use time::OffsetDateTime;

/// The store's directory where `--dir` does not say.
const DIR: &str = "CERTFORGE_DIR";
/// The kind of key where `--key` does not say.
const KEY: &str = "CERTFORGE_KEY";
/// Trust anchors for TLS to AWS. The AWS CLI reads it, the SDK does not.
#[cfg(feature = "aws")]
const AWS_CA_BUNDLE: &str = "AWS_CA_BUNDLE";

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|v| !v.is_empty())
}

/// The store's directory.
pub fn dir() -> Option<PathBuf> {
    variable(DIR).map(PathBuf::from)
}

/// The kind of key to make.
pub fn key() -> certforge::Result<Option<KeyAlgorithm>> {
    variable(KEY).map(|text| text.to_string_lossy().parse()).transpose()
}

/// The profile that `--profile` does not name.
#[cfg(feature = "aws")]
pub fn aws_profile() -> Option<String> {
    variable("AWS_PROFILE").map(|v| v.to_string_lossy().into_owned())
}

/// The region that `--region` does not name, where a variable does. The SDK reads
/// the configuration files.
#[cfg(feature = "aws")]
pub fn aws_region() -> Option<String> {
    let found = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(variable);
    found.map(|v| v.to_string_lossy().into_owned())
}

/// The endpoint for ACM, where a variable names one.
#[cfg(feature = "aws")]
pub fn aws_endpoint() -> Option<String> {
    let found = ["AWS_ENDPOINT_URL_ACM", "AWS_ENDPOINT_URL"].into_iter().find_map(variable);
    found.map(|v| v.to_string_lossy().into_owned())
}

/// Whether a variable names a region.
#[cfg(feature = "aws")]
pub fn has_aws_region() -> bool {
    aws_region().is_some()
}

/// The file that `AWS_CA_BUNDLE` names.
#[cfg(feature = "aws")]
pub fn aws_ca_bundle() -> Option<PathBuf> {
    variable(AWS_CA_BUNDLE).map(PathBuf::from)
}

/// The files that variables name for the AWS SDK, which reads them whole, and asks no clock.
#[cfg(feature = "aws")]
pub fn aws_files() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let names = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
    names.into_iter().filter_map(|name| Some((name, PathBuf::from(variable(name)?))))
}

/// The file of CAs that this system trusts, as OpenSSL looks for it.
pub fn system_trust() -> Option<PathBuf> {
    const PLACES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt",
    ];
    let named = variable("SSL_CERT_FILE").map(PathBuf::from);
    named.or_else(|| PLACES.into_iter().map(PathBuf::from).find(|place| place.is_file()))
}

/// The file of further CAs that a variable names.
pub fn further_trust(name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from)
}

/// The options that a JVM takes from its surroundings.
pub fn java_options() -> Option<OsString> {
    variable("JAVA_TOOL_OPTIONS")
}

/// The time it is.
pub fn now() -> OffsetDateTime {
    #[cfg(feature = "seeded")]
    if let Some(said) = certforge::harness::Seeded::now() {
        return said;
    }
    OffsetDateTime::now_utc()
}

/// Whether all comes from a seed.
pub fn is_seeded() -> bool {
    #[cfg(feature = "seeded")]
    return certforge::harness::Seeded::now().is_some();
    #[cfg(not(feature = "seeded"))]
    false
}

/// Whose CA a new one is: `user@host`; nobody's where all comes from a seed.
pub fn owner() -> String {
    if is_seeded() {
        return String::new();
    }
    let user = ["USER", "LOGNAME"].into_iter().find_map(variable);
    let user = user.map(|u| u.to_string_lossy().into_owned());
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let host = host.split('.').next().unwrap_or_default();
    match user {
        Some(user) if !host.is_empty() => format!("{user}@{host}"),
        Some(user) => user,
        None => host.to_owned(),
    }
}

/// Whether somebody at a terminal may press keys that send signals.
pub fn may_be_interrupted() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Whether there is somebody to ask.
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal; none where there is no answer.
pub fn ask(question: &str) -> Option<String> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}").and_then(|()| stderr.flush()).ok()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    let answer = line.trim();
    (!answer.is_empty()).then(|| answer.to_owned())
}

/// Asks at the terminal whether to go on; without one the answer is no.
pub fn agrees(question: &str) -> bool {
    let answer = has_terminal().then(|| ask(&format!("{question} [y/N] "))).flatten();
    answer.is_some_and(|answer| answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
}

/// How the terminal was before a secret was asked for.
static TERMINAL: Mutex<Option<Termios>> = Mutex::new(None);

/// Asks for a secret on the terminal, without showing it; none where there is no answer.
pub fn ask_secret(question: &str) -> Option<zeroize::Zeroizing<String>> {
    let terminal = || TERMINAL.lock().unwrap_or_else(PoisonError::into_inner);
    *terminal() = termios::tcgetattr(io::stdin()).ok();
    let answer = rpassword::prompt_password(question);
    if answer.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::Interrupted) {
        // Ctrl-C, which it has sent on as a signal: whoever watches is about to end this.
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
    *terminal() = None;
    let answer = answer.ok().map(zeroize::Zeroizing::new);
    answer.filter(|answer| !answer.is_empty())
}

/// Where a secret is being asked for, lets the terminal show again what is typed.
pub fn restore_terminal() {
    if let Some(before) = TERMINAL.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &before);
        let _ = io::stderr().write_all(b"\n");
    }
}

/// The signals that this process was started to ignore, a bit each, from the first on.
pub fn ignored_signals() -> u64 {
    let status = read_start(Path::new("/proc/self/status")).ok();
    let text = status.map(|status| String::from_utf8_lossy(&status.octets).into_owned());
    let mask = text.iter().flat_map(|text| text.lines()).find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Keeps other programs of the same user out of this one's memory, and its memory out of
/// core files: there are keys in it. Programs that it starts are not kept from either.
pub fn keep_memory_private() {
    // A kernel that cannot do it leaves things as they are everywhere else.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Lets neither this program nor those that it starts leave a core file.
pub fn forbid_core_files() {
    let most = rustix::process::getrlimit(rustix::process::Resource::Core).maximum;
    let none = rustix::process::Rlimit { current: Some(0), maximum: most };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

/// Overwrites what calls that have returned left on this thread's stack: libraries put keys
/// there. Where there was none, it leaves the stack alone: to touch all of it takes longer than
/// a signature.
pub fn wipe_stack() {
    if certforge::PrivateKey::any_was_held() {
        overwrite();
    }
}

#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "the stack is what is to be overwritten")]
fn overwrite() {
    let room = [0_u8; 128 << 10];
    std::hint::black_box(&room);
}

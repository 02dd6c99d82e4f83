//! Everything the command takes from its surroundings: variables, the clock,
//! the terminal.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
#[cfg(feature = "aws")]
use std::path::PathBuf;

use time::OffsetDateTime;

/// The store's directory where `--dir` does not say.
pub const DIR: &str = "CERTFORGE_DIR";
/// The kind of key where `--key` does not say.
pub const KEY: &str = "CERTFORGE_KEY";
/// Trust anchors for TLS to AWS. The AWS CLI reads it, the SDK does not.
#[cfg(feature = "aws")]
const AWS_CA_BUNDLE: &str = "AWS_CA_BUNDLE";

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|v| !v.is_empty())
}

/// The file that `AWS_CA_BUNDLE` names.
#[cfg(feature = "aws")]
pub fn aws_ca_bundle() -> Option<PathBuf> {
    variable(AWS_CA_BUNDLE).map(PathBuf::from)
}

/// The time it is.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Whose CA a new one is: `user@host`.
pub fn owner() -> String {
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

/// Asks on the terminal; none where there is no terminal to ask on, or no answer.
pub fn ask(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}").and_then(|()| stderr.flush()).ok()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    let answer = line.trim();
    (!answer.is_empty()).then(|| answer.to_owned())
}

//! The `certforge` command: parse, run, render, exit.

#![forbid(unsafe_code)]

mod command;
mod context;
mod environment;
mod failure;
mod hint;
mod render;
mod report;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::panic::catch_unwind(command::run) {
        Ok(code) => code,
        // The panic's own message has been printed; 101 is no status of ours.
        Err(_) => ExitCode::from(report::status::INTERNAL),
    }
}

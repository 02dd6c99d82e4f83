//! The `certforge` command: parse, run, render, exit.

#![forbid(unsafe_code)]

mod command;
mod context;
mod environment;
mod failure;
mod hint;
mod render;
mod report;
mod signals;
mod spelling;
mod threads;

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// What is freed is wiped: keys pass through libraries that do not do so themselves.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    // Whichever thread panics, the command ends with a status of its own; a release build
    // would end by a signal.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(report::status::INTERNAL.into());
    }));
    let status = command::run();
    environment::wipe_stack();
    status
}

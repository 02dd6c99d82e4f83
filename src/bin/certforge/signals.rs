//! Signals that end the command: what it has in the making goes first, and a terminal
//! shows again what is typed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use certforge::store::{remember_temporary, remove_temporary};
use signal_hook::consts::{
    SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::environment;

/// The signals that end a command that does not care for them, and that it can watch over.
pub const ENDING_ONES: [i32; 9] =
    [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU];

/// Whether a signal is about to end the command.
static ENDING: AtomicBool = AtomicBool::new(false);

/// A file that gets larger than is allowed is an error that is told, as a full disk is,
/// not the end by a signal with half a file.
pub fn tell_of_limits() {
    // Without it the signal ends the command, as it would have.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// What watches over those of these signals that this process was not started to ignore, as
/// under `nohup`.
pub fn watched(wanted: &[i32]) -> std::io::Result<Signals> {
    let ignored = environment::ignored_signals();
    Signals::new(wanted.iter().filter(|signal| ignored & (1 << (*signal - 1)) == 0))
}

/// From now on nothing is left of what is in the making where a signal ends the command.
/// What is ignored, as under `nohup`, stays so.
pub fn clean_up_at_the_end() {
    remember_temporary();
    // Where there can be no watch, a later run sweeps up.
    let Ok(mut signals) = watched(&ENDING_ONES) else { return };
    let watch = move || {
        if let Some(signal) = signals.forever().next() {
            ENDING.store(true, Ordering::SeqCst);
            remove_temporary();
            environment::restore_terminal();
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(watch);
}

/// Does not return where a signal is about to end the command: what failed because its
/// files were removed is not worth telling.
pub fn wait_where_ending() {
    while ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

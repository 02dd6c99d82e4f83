//! Work for several threads. Where none is to be had, as below a limit of processes or in a
//! container of few, this one does it alone.

#[cfg(feature = "aws")]
use std::panic::resume_unwind;
#[cfg(feature = "aws")]
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "aws")]
use std::thread::{Builder, scope};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::environment;

/// Threads that share work out among themselves, one a core.
pub struct Shared(Option<ThreadPool>);

impl Shared {
    /// Starts them. Of what comes from a seed this thread makes all: a seed is one thread's own.
    pub fn start() -> Self {
        let alone = || ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok();
        let many = if environment::is_seeded() { None } else { ThreadPoolBuilder::new().build().ok() };
        Self(many.or_else(alone))
    }

    /// Does work that rayon splits.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(threads) => threads.install(work),
            None => work(),
        }
    }
}

impl Drop for Shared {
    /// Overwrites what calls that have returned left on their stacks.
    fn drop(&mut self) {
        if let Some(threads) = &self.0 {
            threads.broadcast(|_| environment::wipe_stack());
        }
    }
}

/// Does each piece of work in a thread of its own, a single one on this thread, and gives what
/// came of them in their order.
#[cfg(feature = "aws")]
pub fn at_once<T: Send>(work: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    if work.len() == 1 {
        return work.into_iter().map(|piece| piece()).collect();
    }
    // A thread that is not started takes nothing with it.
    let work: Vec<_> = work.into_iter().map(|piece| Mutex::new(Some(piece))).collect();
    scope(|scope| {
        let start = |place| {
            let done = move || {
                let done = taken(place);
                // Keys may have passed through it.
                environment::wipe_stack();
                done
            };
            Builder::new().spawn_scoped(scope, done).map_err(|_| place)
        };
        let started: Vec<_> = work.iter().map(start).collect();
        let done = started.into_iter().map(|thread| match thread {
            // A panic has ended the command already.
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(place) => taken(place),
        });
        done.flatten().collect()
    })
}

/// Does a piece of work, unless it was done.
#[cfg(feature = "aws")]
fn taken<T>(place: &Mutex<Option<impl FnOnce() -> T>>) -> Option<T> {
    let piece = place.lock().unwrap_or_else(PoisonError::into_inner).take();
    piece.map(|piece| piece())
}

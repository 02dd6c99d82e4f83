//! Work for several threads. Where none is to be had, as below a limit of processes or in a
//! container of few, this one does it alone.

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

/// Does each piece of work in a thread of its own, and gives what came of them in their order;
/// none of one whose thread came to no end.
#[cfg(feature = "aws")]
pub fn at_once<T: Send>(work: Vec<impl FnOnce() -> T + Send>) -> Vec<Option<T>> {
    // A thread that is not started takes nothing with it.
    let work: Vec<_> = work.into_iter().map(|piece| Mutex::new(Some(piece))).collect();
    let take = |place: &Mutex<Option<_>>| place.lock().unwrap_or_else(PoisonError::into_inner).take();
    scope(|scope| {
        let started: Vec<_> = work
            .iter()
            .map(|place| {
                let thread = Builder::new().spawn_scoped(scope, move || take(place).map(|piece| piece()));
                thread.map_err(|_| place)
            })
            .collect();
        let done = started.into_iter().map(|thread| match thread {
            Ok(thread) => thread.join().ok().flatten(),
            Err(place) => take(place).map(|piece| piece()),
        });
        done.collect()
    })
}

//! How often a call is made, and what is waited for between.

use aws_sdk_acm::config::http::HttpResponse;
use aws_sdk_acm::error::{ProvideErrorMetadata, SdkError};

use super::call::{Calls, Failed};
use super::pace::Progress;
use crate::error::{Error, Result};

/// How often a call that only reads, or whose outcome is not known, is made in all, where
/// nothing refuses it.
const MOST: u32 = 5;
/// How often a call that cannot be sent is tried in all.
const MOST_UNSENT: u32 = 3;

/// The attempts at one call.
pub(super) struct Attempts<'a> {
    calls: &'a Calls,
    action: &'static str,
    /// How many failed.
    failed: u32,
    /// How many of these the service was only too busy for.
    throttled: u32,
}

/// That nobody knows what a call did.
pub(super) struct Lost {
    pub(super) error: Error,
    /// Whether it got no answer in time, and may still be at work.
    pub(super) late: bool,
}

impl Calls {
    /// A call that changes nothing, or that may be made twice: made again until
    /// there is an answer.
    pub(super) async fn ask<T, E, F>(&self, action: &'static str, call: impl Fn() -> F) -> Result<T>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut attempts = self.attempts(action);
        loop {
            attempts.pace().await;
            let failed = match call().await {
                Ok(answer) => return Ok(answer),
                Err(e) => self.failed(action, &e),
            };
            if let Some(lost) = attempts.settle(failed).await? {
                attempts.again(lost.error).await?;
            }
        }
    }

    /// The attempts at one call, of which none is made yet.
    pub(super) const fn attempts(&self, action: &'static str) -> Attempts<'_> {
        Attempts { calls: self, action, failed: 0, throttled: 0 }
    }
}

impl Attempts<'_> {
    /// Waits until the call may be made.
    pub(super) async fn pace(&self) {
        self.calls.pace(self.action).await;
    }

    /// Waits after a failure until the call may be made again. One after which nobody
    /// knows what the call did is given back: the caller looks, or asks
    /// [for it again](Attempts::again).
    ///
    /// # Errors
    /// The failure's own, where the call is not to be made again.
    pub(super) async fn settle(&mut self, failed: Failed) -> Result<Option<Lost>> {
        self.failed += 1;
        match failed {
            Failed::Refused(e) => return Err(e),
            Failed::Unsent(e) if self.counted() >= MOST_UNSENT => return Err(e),
            Failed::Unsent(e) => self.repeat(e).await?,
            Failed::Throttled(e) => {
                self.back_off(e).await?;
                self.throttled += 1;
            }
            Failed::Unknown(error) => return Ok(Some(Lost { error, late: false })),
            Failed::Late(error) => return Ok(Some(Lost { error, late: true })),
        }
        Ok(None)
    }

    /// Waits until a call that did nothing, or may be made twice, may be made again.
    ///
    /// # Errors
    /// What is known of the last attempt, where there were enough.
    pub(super) async fn again(&mut self, e: Error) -> Result<()> {
        if self.counted() >= MOST {
            return Err(e);
        }
        self.repeat(e).await
    }

    async fn repeat(&self, e: Error) -> Result<()> {
        self.back_off(e).await?;
        self.calls.tell(&Progress::Repeating { action: self.action, attempt: self.failed + 1 });
        Ok(())
    }

    const fn counted(&self) -> u32 {
        self.failed - self.throttled
    }

    async fn back_off(&self, e: Error) -> Result<()> {
        self.calls.back_off(self.failed, e).await
    }
}

//! Time: how fast AWS may be asked, and how long is waited.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::key::random;

/// Where time comes from. The virtual one is for tests of long runs: waiting
/// moves it and takes no time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Clock {
    /// The system's, since this moment.
    System(Instant),
    /// Milliseconds since some moment.
    Virtual(Arc<AtomicU64>),
}

impl Default for Clock {
    fn default() -> Self {
        Self::System(Instant::now())
    }
}

impl Clock {
    /// The time since the clock's beginning.
    #[must_use]
    pub fn now(&self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            Self::Virtual(millis) => Duration::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        match self {
            Self::System(_) => tokio::time::sleep(duration).await,
            Self::Virtual(millis) => {
                let step = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                millis.fetch_add(step.saturating_add(1), Ordering::SeqCst);
            }
        }
    }
}

/// What is going on while somebody waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The service takes so many of these calls a second.
    Pacing {
        /// The API action.
        action: &'static str,
        /// How long is waited.
        wait: Duration,
    },
    /// The service said that it was called too often, or was busy.
    Throttled {
        /// The API action.
        action: &'static str,
        /// How long is waited.
        wait: Duration,
    },
    /// What a call did is not known: the service is asked.
    Looking {
        /// The API action.
        action: &'static str,
        /// What became of the call.
        reason: String,
    },
    /// The call did nothing, or was looked for and not found, and is made again.
    Repeating {
        /// The API action.
        action: &'static str,
        /// The number of this attempt, from 2.
        attempt: u32,
    },
}

/// Lets calls go no faster than AWS takes them. ACM user guide, "Quotas": one
/// import or list a second, five `AddTags`, ten of the others; nothing is known of
/// `SearchCertificates`. API Gateway developer guide, "Quotas": one import a second, one
/// deployment in five, ten calls otherwise.
pub(super) struct Pace {
    clock: Clock,
    next: BTreeMap<&'static str, Duration>,
}

fn interval(action: &str) -> Duration {
    // A little more than the quota: networks bring calls nearer together.
    match action {
        "ImportCertificate" | "ListCertificates" | "PutRestApi" => Duration::from_millis(1_020),
        "AddTagsToCertificate" | "SearchCertificates" => Duration::from_millis(205),
        "CreateDeployment" => Duration::from_millis(5_100),
        _ => Duration::from_millis(102),
    }
}

impl Pace {
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, next: BTreeMap::new() }
    }

    /// How long a call has to wait; the time after it is taken.
    pub(super) fn take(&mut self, action: &'static str) -> Duration {
        let now = self.clock.now();
        let at = self.next.get(action).copied().unwrap_or(now).max(now);
        self.next.insert(action, at + interval(action));
        at.saturating_sub(now)
    }
}

/// How long to wait before attempt `n + 1`: longer each time, and never for all
/// callers alike.
pub(super) fn back_off(attempt: u32) -> Duration {
    let base = 1_000_u64.saturating_mul(1 << attempt.saturating_sub(1).min(3));
    let jitter = random::<2>().map_or(500, |b| u64::from(u16::from_le_bytes(b)) % 1_000);
    // From three quarters of it to five quarters.
    Duration::from_millis(base * (750 + jitter / 2) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_spaced_and_the_first_is_free() {
        let clock = Clock::Virtual(Arc::default());
        let mut pace = Pace::new(clock.clone());
        assert_eq!(pace.take("ImportCertificate"), Duration::ZERO);
        assert_eq!(pace.take("ImportCertificate"), Duration::from_millis(1_020));
        assert_eq!(pace.take("DescribeCertificate"), Duration::ZERO, "each action has its own");
        let Clock::Virtual(millis) = &clock else { unreachable!() };
        millis.store(10_000, Ordering::SeqCst);
        assert_eq!(pace.take("ImportCertificate"), Duration::ZERO);
    }

    #[test]
    fn waits_grow_and_differ() {
        for attempt in 1..8 {
            let wait = back_off(attempt);
            let base = 1_000 << (attempt - 1).min(3);
            assert!(
                (base * 3 / 4..=base * 5 / 4).contains(&u64::try_from(wait.as_millis()).unwrap()),
                "{wait:?}"
            );
        }
        let all: std::collections::BTreeSet<_> = (0..20).map(|_| back_off(4)).collect();
        assert!(all.len() > 5);
    }
}

//! The same bytes each time, for snapshots.

use time::OffsetDateTime;

use crate::key::{Sha256, seeded};

/// A seed and a time, from which keys, serial numbers and signatures come out the same to
/// the byte, in every run and on every machine, for as long as this version is used.
///
/// **What is made so is nobody's secret: whoever knows the seed has the keys.** A CA made so
/// says it in its subject (`OU=seeded: anybody can make this key`). The feature `seeded` is
/// in no build that is released.
///
/// ```
/// use certforge::harness::Seeded;
/// use certforge::{Authority, LeafRequest};
/// use time::macros::datetime;
///
/// let snapshot = || {
///     Seeded::new(7, datetime!(2030-01-01 0:00 UTC)).run(|| {
///         let ca = Authority::generate("test CA")?;
///         ca.issue(&LeafRequest::new(["localhost"])?)?.fullchain_pem()
///     })
/// };
/// assert_eq!(snapshot()?, snapshot()?);
/// # Ok::<(), certforge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    seed: [u8; 32],
    at: OffsetDateTime,
}

impl Seeded {
    /// From this seed, at this time.
    #[must_use]
    pub fn new(seed: u64, at: OffsetDateTime) -> Self {
        Self { seed: *Sha256::of(&seed.to_le_bytes()).as_bytes(), at }
    }

    /// The same for something else: other keys and serial numbers, and the same ones for
    /// the same `what`. Two runs from one seed draw the same numbers otherwise.
    #[must_use]
    pub fn apart(self, what: &str) -> Self {
        Self { seed: *Sha256::of(&[&self.seed[..], what.as_bytes()].concat()).as_bytes(), ..self }
    }

    /// Runs `work`. What it makes on this thread comes from the seed, in the order it makes
    /// it; what other threads make does not, nor what an authority signs that was made
    /// before, nor [`shared_ca`](super::shared_ca).
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        seeded::during(self.seed, self.at, work)
    }

    /// The time that it is said to be on this thread; none outside of [`Seeded::run`].
    #[must_use]
    pub fn now() -> Option<OffsetDateTime> {
        seeded::now()
    }
}

//! What a process makes once: one CA, and keys where a test does not care whose they are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::authority::Authority;
use crate::error::Result;
use crate::key::{KeyAlgorithm, KeyForm, PrivateKey};
use zeroize::Zeroizing;

static SHARED: OnceLock<Authority> = OnceLock::new();

/// The CA of this process: made when it is first asked for, gone with the process.
///
/// # Errors
/// [`Error::Internal`](crate::Error::Internal) where the system gives no random numbers.
pub fn shared_ca() -> Result<&'static Authority> {
    if let Some(ca) = SHARED.get() {
        return Ok(ca);
    }
    let make = || Authority::generate("certforge test CA");
    // It belongs to the whole process, and to no seed.
    #[cfg(feature = "seeded")]
    let make = || crate::key::seeded::outside(make);
    let new = make()?;
    // Whoever was first wins: all get the same.
    Ok(SHARED.get_or_init(|| new))
}

/// Keys that are made once and then used again. Searching for RSA primes takes tens of
/// milliseconds; in a test it seldom matters that two leaves share a key.
///
/// ```
/// # #[cfg(feature = "rsa")] {
/// use certforge::harness::KeyPool;
/// use certforge::{Authority, KeyAlgorithm, LeafRequest};
///
/// let pool = KeyPool::new(KeyAlgorithm::Rsa2048, 1);
/// let ca = Authority::generate("test CA")?;
/// for name in ["a.test", "b.test", "c.test"] {
///     let plan = LeafRequest::new([name])?.plan(std::time::SystemTime::now().into())?;
///     let server = ca.issue_for(&plan, pool.key()?)?;
/// #   drop(server);
/// }
/// # }
/// # Ok::<(), certforge::Error>(())
/// ```
pub struct KeyPool {
    algorithm: KeyAlgorithm,
    size: usize,
    next: AtomicUsize,
    /// PKCS#8, as a key itself cannot be had twice.
    made: Vec<Mutex<Option<Zeroizing<Vec<u8>>>>>,
}

impl KeyPool {
    /// A pool that makes this many keys in all: one at least, and no more than 65,536.
    #[must_use]
    pub fn new(algorithm: KeyAlgorithm, size: usize) -> Self {
        let size = size.clamp(1, 1 << 16);
        let made = std::iter::repeat_with(Mutex::default).take(size).collect();
        Self { algorithm, size, next: AtomicUsize::new(0), made }
    }

    /// The next key, in turn.
    ///
    /// # Errors
    /// As [`PrivateKey::generate`].
    pub fn key(&self) -> Result<PrivateKey> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.size;
        let mut place = self.made[turn].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(der) = place.as_ref() {
            return PrivateKey::from_der(der, KeyForm::Pkcs8);
        }
        let key = PrivateKey::generate(self.algorithm)?;
        *place = Some(Zeroizing::new(key.secret_der().to_vec()));
        Ok(key)
    }
}

impl std::fmt::Debug for KeyPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPool")
            .field("algorithm", &self.algorithm)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

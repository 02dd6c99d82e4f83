//! A CA that exists already.

use std::sync::Mutex;

use time::OffsetDateTime;

use super::Authority;
use super::path::{check_ca, check_chain, constraints, empty_chain, purposes};
use crate::certificate::{Certificate, Chain};
use crate::error::Result;
use crate::key::{PrivateKey, Signer};

impl Authority {
    /// A CA of a chain that was made or checked just now.
    pub(super) fn known(chain: Vec<Certificate>, key: PrivateKey, signer: Signer) -> Result<Self> {
        let certificate = chain.first().cloned().ok_or_else(empty_chain)?;
        let mut validity = *certificate.validity();
        for issuer in &chain {
            validity = validity.intersection(issuer.validity()).unwrap_or(validity);
        }
        let constraints = constraints(&chain)?;
        let purposes = purposes(&chain)?;
        let key_identifier =
            certificate.subject_key_identifier().unwrap_or_else(|| key.public().key_identifier().to_vec());
        let chain = Chain::known(chain);
        let stencil = Mutex::default();
        Ok(Self { certificate, key, signer, chain, validity, constraints, purposes, key_identifier, stencil })
    }

    /// A CA that exists: its certificate, its key and its issuers (in order,
    /// root last; none for a root). Its name is kept to the byte.
    ///
    /// Not checked: whether it has been revoked.
    ///
    /// # Errors
    /// [`Error::NotACa`], [`Error::KeyMismatch`]; [`Error::CaNotValid`] where it, or one of
    /// its issuers, is not valid at `now`; [`Error::PathLength`], [`Error::Chain`].
    ///
    /// [`Error::NotACa`]: crate::Error::NotACa
    /// [`Error::KeyMismatch`]: crate::Error::KeyMismatch
    /// [`Error::CaNotValid`]: crate::Error::CaNotValid
    /// [`Error::PathLength`]: crate::Error::PathLength
    /// [`Error::Chain`]: crate::Error::Chain
    pub fn load(
        certificate: Certificate,
        key: PrivateKey,
        issuers: &Chain,
        now: OffsetDateTime,
    ) -> Result<Self> {
        Self::loaded(certificate, key, issuers, (now, now))
    }

    /// As [`Authority::load`], of a CA that may have ended: to be renewed. Those above it
    /// have to be valid all the same; they may have been renewed since it ended.
    ///
    /// # Errors
    /// As [`Authority::load`].
    pub fn load_ended(
        certificate: Certificate,
        key: PrivateKey,
        issuers: &Chain,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let own = now.min(certificate.validity().not_after());
        Self::loaded(certificate, key, issuers, (own, now))
    }

    /// `own` is when it has to be valid itself, `now` when its issuers have to be.
    fn loaded(
        certificate: Certificate,
        key: PrivateKey,
        issuers: &Chain,
        (own, now): (OffsetDateTime, OffsetDateTime),
    ) -> Result<Self> {
        check_ca(&certificate)?;
        certificate.check_key(key.public())?;
        let mut chain = vec![certificate];
        chain.extend_from_slice(issuers.certificates());
        let chain = Chain::new(chain)?;
        check_chain(&chain, own, now)?;
        let signer = key.signer()?;
        Self::known(chain.certificates().to_vec(), key, signer)
    }
}

//! A CA that can sign. Every rule about issuers is here.

mod content;
mod load;
mod path;
mod stencil;

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

use crate::bundle::Bundle;
use crate::certificate::{Certificate, Chain, PathLength, TrustAnchor};
use crate::constraint::Constraints;
use crate::encode::{self, Content, Issuer};
use crate::error::{Error, Result};
#[cfg(feature = "seeded")]
use crate::key;
use crate::key::{PrivateKey, PublicKey, Signer};
use crate::name::{Names, San};
use crate::plan::{CaPlan, CaRequest, LeafPlan, LeafRequest};
use crate::revocation::{ListNumber, RevocationList, Revoked, serial_number};
use crate::template::{ExtendedKeyUsage, KeyUsage, Template};
use crate::validity::{Validity, rfc3339};
pub use content::ToBeSigned;
use content::{Own, ca_content, check_serial, finish, leaf_content, serial};
use stencil::Stencil;

/// A CA: its certificate, its key and its own issuers.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
    signer: Signer,
    /// Itself first, then its issuers, root last.
    chain: Chain,
    /// The time that it and all of its issuers are valid.
    validity: Validity,
    /// The limits of it and all of its issuers, each with whose they are.
    constraints: Vec<(String, Constraints)>,
    /// The purposes that it and its issuers are limited to, each with whose they are.
    purposes: Vec<(String, Vec<ExtendedKeyUsage>)>,
    key_identifier: Vec<u8>,
    /// The last leaf, for others by the same plan.
    stencil: Mutex<Option<Arc<Stencil>>>,
}

/// The serial number of a renewed CA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RenewedSerial {
    /// One of its own, as RFC 5280 §4.1.2.2 wants it.
    #[default]
    Fresh,
    /// That of a certificate it takes the place of ([`Certificate::serial`]): for what was issued before
    /// with the issuer's serial number in it, which verifies under no other. Firefox refuses
    /// to know two certificates of one issuer and serial number at once.
    Kept(Vec<u8>),
}

impl Authority {
    /// A new root CA with this common name and a P-256 key, valid for ten years.
    ///
    /// ```
    /// use certforge::{Authority, LeafRequest};
    ///
    /// let ca = Authority::generate("test CA")?;
    /// let server = ca.issue(&LeafRequest::new(["localhost", "127.0.0.1"])?)?;
    /// assert_eq!(server.leaf().issuer(), "CN=test CA");
    /// # Ok::<(), certforge::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Subject`] where the name is empty or longer than 64 characters.
    pub fn generate(common_name: &str) -> Result<Self> {
        let plan = CaRequest::new(common_name)?.plan(clock())?;
        let key = PrivateKey::generate(plan.key())?;
        Self::create(&plan, key)
    }

    /// A new root CA by plan, with this key.
    ///
    /// # Errors
    /// [`Error::Lint`] where the certificate would break a rule.
    pub fn create(plan: &CaPlan, key: PrivateKey) -> Result<Self> {
        let subject = plan.subject(key.public())?.to_der()?;
        let signer = key.signer()?;
        let id = key.public().key_identifier();
        let certificate = finish(
            &ca_content(
                Issuer { algorithm: signer.algorithm(), name: &subject, key_identifier: &id },
                plan,
                &Own { public_key: key.public(), serial: &serial()?, subject: &subject, key_identifier: &id },
            ),
            &signer,
        )?;
        Self::known(vec![certificate], key, signer)
    }

    /// A new CA below this one, with this key. The plan must end no later than this
    /// CA: see [`CaPlan::within`].
    ///
    /// # Errors
    /// [`Error::PathLength`] where this CA or one above it allows no more CAs below,
    /// or not as many as the new one would; [`Error::OutlivesIssuer`];
    /// [`Error::Constrained`] where its names may not stand below, or nothing that it
    /// permits; [`Error::Purpose`]; [`Error::Lint`].
    pub fn create_under(&self, plan: &CaPlan, key: PrivateKey) -> Result<Self> {
        self.check_under(plan)?;
        let subject = plan.subject(key.public())?.to_der()?;
        self.check_names(&subject, None)?;
        let id = key.public().key_identifier();
        let certificate = finish(
            &ca_content(
                self.issuer(),
                plan,
                &Own { public_key: key.public(), serial: &serial()?, subject: &subject, key_identifier: &id },
            ),
            &self.signer,
        )?;
        let signer = key.signer()?;
        let mut chain = vec![certificate];
        chain.extend_from_slice(self.chain.certificates());
        Self::known(chain, key, signer)
    }

    /// Whether [`Authority::create_under`] would refuse this plan, asked without a key
    /// and without a signature.
    ///
    /// # Errors
    /// As [`Authority::create_under`], but for [`Error::Lint`].
    pub fn check_under(&self, plan: &CaPlan) -> Result<()> {
        self.check_end(plan.validity())?;
        self.check_depth(plan.path_length())?;
        self.check_purposes(plan.template())?;
        path::check_limits(&self.constraints, plan.constraints())?;
        // Where the key is to be a part of the name, any stands for it.
        self.check_names(&plan.subject(self.key.public())?.to_der()?, None)
    }

    /// This CA with a new certificate: the same key, subject, key identifier and limits, so
    /// that what it issued before goes on verifying, and the same usages with those that a CA
    /// needs (`keyCertSign`, `cRLSign`). `issuer` is the CA above it; none for a root.
    ///
    /// # Errors
    /// [`Error::Chain`] where `issuer` is another's; as [`Authority::create_under`].
    pub fn renewed(
        self,
        issuer: Option<&Self>,
        validity: &Validity,
        serial_number: &RenewedSerial,
    ) -> Result<Self> {
        let old = &self.certificate;
        let limits = old.name_constraints()?.unwrap_or_default();
        let path_length = old.ca().and_then(|limit| limit.0);
        let mut usages: Vec<KeyUsage> =
            old.key_usage().unwrap_or_default().iter().filter_map(|u| u.parse().ok()).collect();
        usages.extend([KeyUsage::KeyCertSign, KeyUsage::CrlSign]);
        usages.sort_unstable();
        usages.dedup();
        let template = Template::CA.with_usages(usages, old.extended_key_usage());
        let above = issuer.map_or_else(|| self.issuer(), Self::issuer);
        if old.issuer_der() != above.name {
            let reason = "the CA that is to sign it has another name";
            return Err(Error::Chain { index: 0, issuer: old.issuer(), reason });
        }
        if let Some(issuer) = issuer {
            issuer.check_end(validity)?;
            issuer.check_depth(path_length)?;
            issuer.check_purposes(&template)?;
            path::check_limits(&issuer.constraints, &limits)?;
            issuer.check_names(old.subject_der(), None)?;
        }
        let fresh = serial()?;
        let serial = match serial_number {
            RenewedSerial::Fresh => &fresh[..],
            RenewedSerial::Kept(serial) => serial,
        };
        check_serial(serial)?;
        let content = Content {
            serial,
            issuer: above,
            subject: old.subject_der(),
            validity,
            public_key: self.key.public(),
            subject_key_identifier: &self.key_identifier,
            names: None,
            template: &template,
            path_length,
            constraints: &limits,
        };
        let certificate = finish(&content, issuer.map_or(&self.signer, |issuer| &issuer.signer))?;
        let mut chain = vec![certificate];
        chain.extend_from_slice(issuer.map_or(&[], |issuer| issuer.chain.certificates()));
        Self::known(chain, self.key, self.signer)
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The time that it and all of its issuers are valid: what it issues ends
    /// no later.
    #[must_use]
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Its private key.
    #[must_use]
    pub const fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Itself and its issuers in order, root last: the chain of what it issues.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What clients have to trust: the root it stands under.
    #[must_use]
    pub fn trust_anchor(&self) -> TrustAnchor {
        TrustAnchor::new(self.chain.certificates().last().unwrap_or(&self.certificate).clone())
    }

    /// How many CAs may stand below it.
    #[must_use]
    pub fn path_length(&self) -> Option<PathLength> {
        self.certificate.ca()
    }

    /// Issues a leaf with a new key, at the clock's time: the paved path. The
    /// leaf ends no later than this CA.
    ///
    /// # Errors
    /// [`Error::CaNotValid`] where this CA, or one above it, has ended meanwhile; as
    /// [`LeafRequest::plan`] and [`Authority::sign`].
    pub fn issue(&self, request: &LeafRequest) -> Result<Bundle> {
        let now = clock();
        // A process may live longer than its CAs.
        self.chain.certificates().iter().try_for_each(|ca| path::check_validity(ca, now))?;
        let plan = self.fit(request.plan(now)?);
        let key = PrivateKey::generate(plan.key())?;
        self.issue_for(&plan, key)
    }

    /// The plan as this CA can sign it: cut to end no later than the CA, and without
    /// a common name that clients would hold against the CA's limits. Findings say so.
    #[must_use]
    pub fn fit(&self, plan: LeafPlan) -> LeafPlan {
        let plan = plan.within(&self.validity);
        let has_dns = plan.names().iter().any(|name| matches!(name, San::Dns(_)));
        let bars = |cn| self.constraints.iter().any(|(_, limits)| limits.bars_common_name(cn).is_some());
        if has_dns || !plan.subject().common_name().is_some_and(bars) {
            return plan;
        }
        plan.without_common_name(
            "it has no common name: OpenSSL would take it for a DNS name, which this CA may not issue",
        )
    }

    /// Issues a leaf by plan for a key that is there.
    ///
    /// # Errors
    /// As [`Authority::sign`].
    pub fn issue_for(&self, plan: &LeafPlan, key: PrivateKey) -> Result<Bundle> {
        let leaf = self.sign(plan, key.public())?;
        Bundle::known(leaf, key, self.chain.clone(), plan.template().send_root())
    }

    /// Signs a leaf by plan for a public key. The plan must end no later than
    /// this CA: see [`LeafPlan::within`].
    ///
    /// # Errors
    /// [`Error::OutlivesIssuer`]; [`Error::Constrained`] or [`Error::Purpose`] where
    /// this CA, or one above it, may not issue such a leaf; [`Error::Lint`] where the
    /// certificate would break a rule: the key is not used then.
    pub fn sign(&self, plan: &LeafPlan, public_key: &PublicKey) -> Result<Certificate> {
        let tbs = self.prepare(plan, public_key)?;
        let signature = self.signer.sign(tbs.bytes())?;
        tbs.close(&signature)
    }

    /// Everything of [`Authority::sign`] but the signature: the bytes that this
    /// CA's key has to sign. The rules have passed them. For who wants to see them first, or has
    /// them signed by another program that has the same key.
    ///
    /// # Errors
    /// As [`Authority::sign`].
    pub fn prepare(&self, plan: &LeafPlan, public_key: &PublicKey) -> Result<ToBeSigned> {
        if let Some(reason) = public_key.weakness() {
            return Err(Error::PublicKey { reason });
        }
        let public_key = &*public_key.as_usual()?;
        // Whoever uses the leaf would hold the CA's key.
        if self.chain.certificates().iter().any(|ca| ca.public_key() == public_key) {
            return Err(Error::PublicKey { reason: "it is a CA's own key".to_owned() });
        }
        let serial = serial()?;
        let last = self.stencil.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(filled) = last.and_then(|stencil| stencil.fill(plan, &serial, public_key)) {
            return Ok(filled);
        }
        let subject = plan.subject().to_der()?;
        self.check_with(plan, &subject)?;
        let own = Own {
            public_key,
            serial: &serial,
            subject: &subject,
            key_identifier: &public_key.key_identifier(),
        };
        let tbs = ToBeSigned::new(&leaf_content(self.issuer(), plan, &own))?;
        let stencil = Stencil::of(plan, &tbs).map(Arc::new);
        *self.stencil.lock().unwrap_or_else(PoisonError::into_inner) = stencil;
        Ok(tbs)
    }

    /// Whether [`Authority::sign`] would refuse this plan, asked without a key and without
    /// a signature.
    ///
    /// # Errors
    /// As [`Authority::sign`], but for [`Error::Lint`] and what is wrong with a key.
    pub fn check(&self, plan: &LeafPlan) -> Result<()> {
        self.check_with(plan, &plan.subject().to_der()?)
    }

    fn check_with(&self, plan: &LeafPlan, subject: &[u8]) -> Result<()> {
        self.check_end(plan.validity())?;
        self.check_purposes(plan.template())?;
        self.check_names(subject, Some(plan.names()))
    }

    /// The list of what this CA takes back, signed. `number` must be greater than that
    /// of its last list (RFC 5280 §5.2.3).
    ///
    /// # Errors
    /// [`Error::NotACa`] where its key may not sign lists; [`Error::Validity`] where
    /// `next_update` is not a second after `this_update`, or either is of a year that no
    /// certificate can name; [`Error::Serial`] where a serial number has no octets, or more
    /// than 20 (RFC 5280 §4.1.2.2).
    pub fn revocation_list(
        &self,
        revoked: &[Revoked],
        number: impl Into<ListNumber>,
        (this_update, next_update): (OffsetDateTime, OffsetDateTime),
    ) -> Result<RevocationList> {
        self.check_lists()?;
        // As they are written: in whole seconds.
        if next_update.unix_timestamp() <= this_update.unix_timestamp() {
            let input = format!("{} to {}", rfc3339(this_update), rfc3339(next_update));
            return Err(Error::Validity { input, reason: "the next list is not after this one".to_owned() });
        }
        Validity::between(this_update, next_update)?;
        for revoked in revoked {
            let number = serial_number(&revoked.serial);
            if revoked.serial.is_empty() || number.len() > 20 {
                return Err(Error::Serial { input: revoked.serial_hex() });
            }
        }
        let unsigned =
            encode::revocation_list(self.issuer(), revoked, &number.into(), (this_update, next_update))?;
        RevocationList::from_der(unsigned.close(&self.signer.sign(&unsigned.message)?)?)
    }

    /// Whether this CA may sign lists (RFC 5280 §4.2.1.3).
    ///
    /// # Errors
    /// [`Error::NotACa`] where it may not.
    pub fn check_lists(&self) -> Result<()> {
        if self.certificate.key_usage().is_some_and(|usage| !usage.contains(&"cRLSign")) {
            let reason = "its key usage has no cRLSign";
            return Err(Error::NotACa { subject: self.certificate.subject(), reason });
        }
        Ok(())
    }

    /// What signs for it.
    #[cfg(feature = "fixtures")]
    pub(crate) const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// What it puts into what it signs.
    fn issuer(&self) -> Issuer<'_> {
        Issuer {
            algorithm: self.signer.algorithm(),
            name: self.certificate.subject_der(),
            key_identifier: &self.key_identifier,
        }
    }

    /// Refuses a CA below this one, with this path length, where a CA above it has room for
    /// fewer.
    fn check_depth(&self, path_length: Option<u8>) -> Result<()> {
        for (below, ca) in self.chain.certificates().iter().enumerate() {
            let Some(limit) = ca.ca().and_then(|limit| limit.0) else { continue };
            // The CA, those it may have below it, and those between it and this one.
            // RFC 5280 §4.2.1.9 does not count a CA of its issuer's own name; Go does, so
            // that what is counted here is refused by nobody.
            let depth = path_length.map(|own| usize::from(own) + below + 1);
            if depth.is_none_or(|depth| depth > usize::from(limit)) {
                return Err(Error::PathLength { subject: ca.subject(), limit });
            }
        }
        Ok(())
    }

    /// Refuses what would be valid longer than this CA.
    fn check_end(&self, validity: &Validity) -> Result<()> {
        let (end, issuer) = (validity.not_after(), self.validity.not_after());
        if end <= issuer {
            return Ok(());
        }
        Err(Error::OutlivesIssuer { leaf: rfc3339(end), issuer: rfc3339(issuer) })
    }

    /// Refuses purposes that this CA, or one above it, is not for: clients hold the
    /// extended key usage of every CA of a path against what stands below.
    fn check_purposes(&self, template: &Template) -> Result<()> {
        let wanted = template.extended_key_usage();
        for (ca, allowed) in &self.purposes {
            if let Some(purpose) = wanted.iter().find(|usage| !allowed.contains(usage)) {
                let allowed = allowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                return Err(Error::Purpose { ca: ca.clone(), purpose: purpose.to_string(), allowed });
            }
        }
        Ok(())
    }

    /// Refuses names that this CA, or one above it, may not issue for.
    fn check_names(&self, subject: &[u8], names: Option<&Names>) -> Result<()> {
        // What has its issuer's name looks self-signed, and clients take it for that.
        if subject == self.certificate.subject_der() {
            return Err(Error::SubjectIsIssuer { subject: self.certificate.subject() });
        }
        for (ca, limits) in &self.constraints {
            let refused = |name: String, limit| Error::Constrained { name, ca: ca.clone(), limit };
            for name in names.into_iter().flatten() {
                if let Some(limit) = limits.refuses(name) {
                    return Err(refused(name.to_string(), limit));
                }
            }
            if let Some(limit) = limits.refuses_subject(subject)?.or(limits.refuses_mailboxes(subject)?) {
                return Err(refused("this subject".to_owned(), limit));
            }
        }
        Ok(())
    }
}

/// The time it is.
fn clock() -> OffsetDateTime {
    #[cfg(feature = "seeded")]
    if let Some(said) = key::seeded::now() {
        return said;
    }
    OffsetDateTime::now_utc()
}

/// A leaf that signs itself: no CA, so the certificate itself is what clients
/// have to trust.
///
/// # Errors
/// [`Error::Lint`] where the certificate would break a rule.
pub fn self_signed(plan: &LeafPlan, key: PrivateKey) -> Result<Bundle> {
    let signer = key.signer()?;
    let subject = plan.trusted_subject()?.to_der()?;
    let id = key.public().key_identifier();
    let leaf = finish(
        &leaf_content(
            Issuer { algorithm: signer.algorithm(), name: &subject, key_identifier: &id },
            plan,
            &Own { public_key: key.public(), serial: &serial()?, subject: &subject, key_identifier: &id },
        ),
        &signer,
    )?;
    Bundle::known(leaf, key, Chain::default(), plan.template().send_root())
}

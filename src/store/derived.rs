//! Files that are made of a leaf's set: of no use once the set is another one.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::{LeafParts, TRUST_ANCHOR, file};
use crate::bundle::fullchain_pem;
#[cfg(feature = "pkcs12")]
use crate::certificate::TrustAnchor;
use crate::error::{Error, Result};
use crate::key::{KeyForm, PrivateKey};

/// A file in another form, beside the set it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Derived {
    /// `ca.der`: the trust anchor.
    AnchorDer,
    /// `cert.der`.
    CertificateDer,
    /// `combined.pem`: key, leaf, intermediates.
    Combined,
    /// `k8s-secret.yaml`.
    K8sSecret,
    /// `key.pkcs1.pem` and its like.
    Key(KeyForm),
    /// `key.der`.
    KeyDer,
    /// `bundle.p12`.
    Pkcs12,
    /// `bundle.p7b`.
    Pkcs7,
    /// `truststore.p12`.
    TrustStore,
}

impl Derived {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AnchorDer,
        Self::CertificateDer,
        Self::Combined,
        Self::K8sSecret,
        Self::Key(KeyForm::Pkcs1),
        Self::Key(KeyForm::Pkcs8),
        Self::Key(KeyForm::Sec1),
        Self::KeyDer,
        Self::Pkcs12,
        Self::Pkcs7,
        Self::TrustStore,
    ];

    /// The file's name.
    #[must_use]
    pub fn file_name(self) -> String {
        match self {
            Self::AnchorDer => "ca.der".to_owned(),
            Self::CertificateDer => "cert.der".to_owned(),
            Self::Combined => "combined.pem".to_owned(),
            Self::K8sSecret => "k8s-secret.yaml".to_owned(),
            Self::Key(form) => format!("key.{}.pem", form.as_str()),
            Self::KeyDer => "key.der".to_owned(),
            Self::Pkcs12 => "bundle.p12".to_owned(),
            Self::Pkcs7 => "bundle.p7b".to_owned(),
            Self::TrustStore => "truststore.p12".to_owned(),
        }
    }

    /// Whether it holds a private key.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Combined | Self::K8sSecret | Self::Key(_) | Self::KeyDer | Self::Pkcs12)
    }

    /// Whether a file of this name is one.
    pub(super) fn is_name(name: &str) -> bool {
        Self::ALL.iter().any(|derived| derived.file_name() == name)
    }
}

/// The files of a folder that can be made again for the leaf that takes its place, without
/// asking anybody: all but those with a pass phrase or with values of their own. A form
/// that the new key does not have is left out.
pub(super) fn made_again(folder: &Path, parts: &LeafParts<'_>) -> Result<Vec<(Derived, Zeroizing<Vec<u8>>)>> {
    let mut made = Vec::new();
    for derived in Derived::ALL {
        let old = match file::read_optional(&folder.join(derived.file_name())) {
            Ok(Some(old)) => old,
            Err(Error::Io { source, doing, path }) if source.kind() != io::ErrorKind::PermissionDenied => {
                return Err(Error::Io { doing, path, source });
            }
            // Somebody else's is left behind as it is.
            Ok(None) | Err(_) => continue,
        };
        if let Some(bytes) = again(derived, &old, folder, parts)? {
            made.push((derived, bytes));
        }
    }
    Ok(made)
}

fn again(
    derived: Derived,
    old: &Zeroizing<Vec<u8>>,
    folder: &Path,
    parts: &LeafParts<'_>,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    const FORMS: [KeyForm; 3] = [KeyForm::Pkcs8, KeyForm::Pkcs1, KeyForm::Sec1];
    let anchor = parts.chain.certificates().last().unwrap_or(parts.leaf);
    let public = |bytes: &[u8]| Ok(Some(Zeroizing::new(bytes.to_vec())));
    let has = |label: &str| old.windows(label.len()).any(|w| w == label.as_bytes());
    match derived {
        Derived::AnchorDer => public(anchor.der()),
        Derived::CertificateDer => public(parts.leaf.der()),
        #[cfg(feature = "pkcs12")]
        Derived::Pkcs7 => public(crate::bundle::pkcs7_pem(parts.leaf, parts.chain)?.as_bytes()),
        #[cfg(not(feature = "pkcs12"))]
        Derived::Pkcs7 => Ok(None),
        Derived::Combined => {
            let form = FORMS.into_iter().find(|form| has(&format!("-----BEGIN {}-----", form.label())));
            let key = form.and_then(|form| parts.key?.secret_pem_as(form).ok());
            let Some(key) = key else { return Ok(None) };
            let rest = fullchain_pem(parts.leaf, parts.chain, parts.send_root)?;
            // Room for all of it: growing would leave copies of the key behind.
            let mut all = Zeroizing::new(Vec::with_capacity(key.len() + rest.len()));
            all.extend_from_slice(key.as_bytes());
            all.extend_from_slice(rest.as_bytes());
            Ok(Some(all))
        }
        Derived::Key(form) => {
            let key = if has("ENCRYPTED") { None } else { parts.key };
            let pem = key.and_then(|key| key.secret_pem_as(form).ok());
            Ok(pem.map(|pem| Zeroizing::new(pem.as_bytes().to_vec())))
        }
        Derived::KeyDer => {
            let form = FORMS.into_iter().find(|form| PrivateKey::from_der(old, *form).is_ok());
            Ok(form.and_then(|form| parts.key?.secret_der_as(form).ok()))
        }
        Derived::TrustStore => {
            // It holds the trust anchor alone.
            let before = file::read_optional(&folder.join(TRUST_ANCHOR)).ok().flatten();
            let same =
                before.is_some_and(|pem| anchor.pem().is_ok_and(|new| new.as_bytes() == pem.as_slice()));
            if same {
                return Ok(Some(old.clone()));
            }
            #[cfg(feature = "pkcs12")]
            return Ok(TrustAnchor::new(anchor.clone()).trust_store_after(old)?.map(Zeroizing::new));
            #[cfg(not(feature = "pkcs12"))]
            Ok(None)
        }
        Derived::K8sSecret | Derived::Pkcs12 => Ok(None),
    }
}

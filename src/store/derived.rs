//! Files that are made of a leaf's set: of no use once the set is another one.

use crate::key::KeyForm;

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
    const ALL: [Self; 11] = [
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

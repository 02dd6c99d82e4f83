//! Private keys in the forms that other programs want.

use der::Sequence;
use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef};
use der::pem::LineEnding;
use zeroize::Zeroizing;

use super::private::{EcParts, Pkcs8Parts, encoded};
use super::{KeyAlgorithm, KeyForm, PrivateKey};
use crate::error::{Error, Result};

/// `ECPrivateKey` (RFC 5915 §3) that stands alone: it names its curve.
#[derive(Sequence)]
struct Sec1<'a> {
    version: u8,
    scalar: &'a OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    curve: ObjectIdentifier,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    point: BitStringRef<'a>,
}

impl PrivateKey {
    /// The secret itself in one of its forms, in DER.
    ///
    /// # Errors
    /// [`Error::KeyForm`] for a form that this kind of key does not have: PKCS#1 is
    /// RSA's, SEC 1 that of elliptic curves, and Ed25519 has PKCS#8 alone.
    pub fn secret_der_as(&self, form: KeyForm) -> Result<Zeroizing<Vec<u8>>> {
        let refuse = || Error::KeyForm { algorithm: self.algorithm().label(), form: form.as_str() };
        let broken = |e: der::Error| Error::Key { reason: e.to_string() };
        let elliptic =
            matches!(self.algorithm(), KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521);
        match form {
            KeyForm::Pkcs8 => Ok(Zeroizing::new(self.secret_der().to_vec())),
            KeyForm::Pkcs1 if self.algorithm().is_rsa() => {
                Ok(Zeroizing::new(Pkcs8Parts::read(self.secret_der())?.inner.to_vec()))
            }
            KeyForm::Sec1 if elliptic => {
                let outer = Pkcs8Parts::read(self.secret_der())?;
                let inner = EcParts::read(outer.inner)?;
                let (Some(curve), Some(point)) = (outer.curve, inner.point) else { return Err(refuse()) };
                encoded(&Sec1 {
                    version: 1,
                    scalar: OctetStringRef::new(inner.scalar).map_err(broken)?,
                    curve,
                    point: BitStringRef::from_bytes(point).map_err(broken)?,
                })
            }
            _ => Err(refuse()),
        }
    }

    /// The same in PEM, with the label of the form; wiped when dropped.
    ///
    /// # Errors
    /// As [`PrivateKey::secret_der_as`].
    pub fn secret_pem_as(&self, form: KeyForm) -> Result<Zeroizing<String>> {
        let broken = |e: der::pem::Error| Error::Internal { doing: "writing PEM", reason: e.to_string() };
        let der = self.secret_der_as(form)?;
        let length = der::pem::encapsulated_len(form.label(), LineEnding::LF, der.len()).map_err(broken)?;
        let mut buffer = Zeroizing::new(vec![0; length]);
        let written = der::pem::encode(form.label(), LineEnding::LF, &der, &mut buffer).map_err(broken)?;
        Ok(Zeroizing::new(written.to_owned()))
    }
}

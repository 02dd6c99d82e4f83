//! Which of its issuer's certificates a list tells of (RFC 5280 §5.2.4, §5.2.5).

use std::collections::BTreeSet;
use std::fmt;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::crl::TbsCertList;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};

/// `issuingDistributionPoint`. The type that is read has another one's identifier.
const POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
/// `deltaCRLIndicator`.
const DELTA: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");

/// `authorityKeyIdentifier`: it need not be critical, and changes nothing where it is. A critical
/// `cRLNumber` is refused, as OpenSSL does (RFC 5280 §5.2.3: it must not be).
const KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
/// `reasonCode`, `invalidityDate`.
const KNOWN_OF_ENTRIES: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("2.5.29.21"), ObjectIdentifier::new_unwrap("2.5.29.24")];

/// The certificates that a list tells of: all of its issuer's, or those of CAs, those of
/// others, those of one distribution point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    only: Option<Only>,
    /// The names of the distribution point; none where it is all of them.
    points: Option<Vec<Point>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Users,
    Authorities,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    /// In DER, as certificates name it too.
    der: Vec<u8>,
    text: String,
}

impl Extent {
    /// What a list says of it, or in words why that cannot be followed.
    pub(super) fn of(list: &TbsCertList) -> Result<Self, String> {
        let mut extent = Self::default();
        let mut seen = BTreeSet::new();
        for extension in list.crl_extensions.iter().flatten() {
            if !seen.insert(extension.extn_id) {
                return Err(format!("it has the extension {} twice", extension.extn_id));
            }
            match extension.extn_id {
                POINT => extent = Self::read(extension.extn_value.as_bytes())?,
                DELTA => {
                    return Err("it is a delta list, which tells what is new since another one".to_owned());
                }
                oid if extension.critical && oid != KEY_IDENTIFIER => {
                    return Err(format!("it has the critical extension {oid}, which is not known"));
                }
                _ => {}
            }
        }
        let entries = list.revoked_certificates.iter().flatten();
        let unknown = entries
            .flat_map(|entry| entry.crl_entry_extensions.iter().flatten())
            .find(|extension| extension.critical && !KNOWN_OF_ENTRIES.contains(&extension.extn_id));
        match unknown.map(|extension| extension.extn_id) {
            Some(oid) => Err(format!("an entry has the critical extension {oid}, which is not known")),
            None => Ok(extent),
        }
    }

    fn read(der: &[u8]) -> Result<Self, String> {
        let said = IssuingDistributionPoint::from_der(der)
            .map_err(|e| format!("which certificates it tells of cannot be read: {e}"))?;
        if said.indirect_crl {
            return Err("it is an indirect list, which tells of other issuers' certificates too".to_owned());
        }
        if said.only_some_reasons.is_some() {
            return Err("it covers certificates that were revoked for some reasons alone".to_owned());
        }
        let only = match (said.only_contains_user_certs, said.only_contains_ca_certs) {
            _ if said.only_contains_attribute_certs => {
                return Err("it tells of attribute certificates alone".to_owned());
            }
            (true, true) => return Err("it tells of no certificates at all".to_owned()),
            (true, false) => Some(Only::Users),
            (false, true) => Some(Only::Authorities),
            (false, false) => None,
        };
        let points = match said.distribution_point {
            None => None,
            Some(DistributionPointName::FullName(names)) => Some(names.iter().filter_map(point).collect()),
            Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => {
                return Err(
                    "it names its distribution point by a part of a name, which is not followed".to_owned()
                );
            }
        };
        Ok(Self { only, points })
    }

    /// Whether it is all certificates of the issuer.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.only.is_none() && self.points.is_none()
    }

    /// In words, why it leaves out a certificate that is a CA's or not and names these
    /// distribution points, each in DER (RFC 5280 §6.3.3 (b)(2)).
    #[cfg(feature = "verify")]
    pub(crate) fn leaves_out(&self, ca: bool, named: &BTreeSet<Vec<u8>>) -> Option<String> {
        let outside = match self.only {
            Some(Only::Users) => ca,
            Some(Only::Authorities) => !ca,
            None => false,
        };
        let elsewhere =
            self.points.as_ref().is_some_and(|points| !points.iter().any(|p| named.contains(&p.der)));
        let which = match (outside, elsewhere) {
            (true, _) if ca => "is a CA's",
            (true, _) => "is no CA's",
            (false, true) if named.is_empty() => "names no distribution point",
            (false, true) => "names another distribution point",
            (false, false) => return None,
        };
        Some(format!("{self}, and this one {which}"))
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.only {
            None => "it tells of certificates",
            Some(Only::Users) => "it tells of certificates that are no CA's",
            Some(Only::Authorities) => "it tells of CAs' certificates alone",
        })?;
        for (n, point) in self.points.iter().flatten().enumerate() {
            f.write_str(if n == 0 { " that name the distribution point " } else { " or " })?;
            f.write_str(&point.text)?;
        }
        Ok(())
    }
}

fn point(name: &GeneralName) -> Option<Point> {
    let text = match name {
        GeneralName::UniformResourceIdentifier(uri) => uri.as_str().to_owned(),
        GeneralName::DirectoryName(name) => format!("`{}`", crate::subject::describe(name)),
        _ => "of another kind of name".to_owned(),
    };
    Some(Point { der: name.to_der().ok()?, text })
}

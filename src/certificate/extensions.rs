//! What a certificate's extensions say (RFC 5280 §4.2).

#[cfg(feature = "verify")]
use der::Encode;
use der::Sequence;
use der::asn1::{ObjectIdentifier, Uint};
use der::oid::AssociatedOid;
use x509_cert::ext::pkix::ExtendedKeyUsage as ExtendedKeyUsageExtension;
#[cfg(feature = "verify")]
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, KeyUsage, NameConstraints, SubjectAltName,
    SubjectKeyIdentifier,
};
#[cfg(feature = "verify")]
use x509_cert::ext::pkix::{CertificatePolicies, CrlDistributionPoints, PolicyConstraints};

use super::{Certificate, WrittenName};
use crate::constraint::Constraints;
use crate::error::Result;
use crate::name::San;
use crate::template::ExtendedKeyUsage;

impl Certificate {
    /// The names in its subject alternative name, as far as certforge has types
    /// for them: other kinds and malformed ones are left out.
    #[must_use]
    pub fn names(&self) -> Vec<San> {
        self.general_names().iter().filter_map(san_of).collect()
    }

    /// The names in its subject alternative name as they stand there, of whatever kinds. One that
    /// cannot be read hides none of the others: most clients pass over it.
    pub(crate) fn general_names(&self) -> Vec<GeneralName> {
        if let Ok(found) = self.read().extension::<SubjectAltName>() {
            return found.map_or_else(Vec::new, |(_, names)| names.0);
        }
        self.name_list().names().collect()
    }

    /// The same, to be shown.
    #[must_use]
    pub fn names_as_written(&self) -> Vec<WrittenName> {
        self.general_names().iter().map(WrittenName::of).collect()
    }

    /// Whether it says that it is a CA (`basicConstraints`), and if so how many
    /// CAs may stand below it. More than 255 count as 255: no path is that long.
    #[must_use]
    pub fn ca(&self) -> Option<PathLength> {
        match self.read().extension::<BasicConstraints>() {
            Ok(Some((_, constraints))) if constraints.ca => Some(PathLength(constraints.path_length())),
            _ => None,
        }
    }

    /// Whether it says at all whether it is a CA.
    #[cfg(feature = "verify")]
    pub(crate) fn has_basic_constraints(&self) -> bool {
        matches!(self.read().extension::<BasicConstraints>(), Ok(Some(_)))
    }

    /// Whether its key may sign certificates: `keyCertSign`, or no key usage at all.
    #[must_use]
    pub fn may_sign_certificates(&self) -> bool {
        match self.read().extension::<KeyUsage>() {
            Ok(Some((_, usage))) => usage.key_cert_sign(),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Its extended key usages, in order; none where it has no such extension.
    #[must_use]
    pub fn extended_key_usage(&self) -> Vec<ExtendedKeyUsage> {
        let Ok(Some((_, usages))) = self.read().extension::<ExtendedKeyUsageExtension>() else {
            return Vec::new();
        };
        usages.0.iter().map(|oid| ExtendedKeyUsage::of(*oid)).collect()
    }

    /// The usages that it limits what it issues to, if it does: a CA's extended
    /// key usage binds those below it in every client that builds paths.
    ///
    /// # Errors
    /// [`crate::Error::MalformedCertificate`] where that cannot be told.
    pub(crate) fn allowed_usages(&self) -> Result<Option<Vec<ExtendedKeyUsage>>> {
        let malformed = |e: der::Error| crate::error::Error::MalformedCertificate {
            reason: format!("its extended key usage cannot be read: {e}"),
        };
        let found = self.read().extension::<ExtendedKeyUsageExtension>().map_err(malformed)?;
        if found.is_none() {
            return Ok(None);
        }
        let usages = self.extended_key_usage();
        Ok((!usages.contains(&ExtendedKeyUsage::ANY)).then_some(usages))
    }

    /// A critical extension that clients do not know, and so refuse the certificate for.
    pub(crate) fn unknown_critical(&self) -> Option<String> {
        // Key usage, names, basic and name constraints, policies and their kin (RFC 5280 §4.2.1).
        const KNOWN: [&str; 10] = [
            "2.5.29.31",
            "2.5.29.15",
            "2.5.29.17",
            "2.5.29.19",
            "2.5.29.30",
            "2.5.29.32",
            "2.5.29.33",
            "2.5.29.36",
            "2.5.29.37",
            "2.5.29.54",
        ];
        let critical = self.read().extensions().filter(|(_, critical, _)| *critical);
        critical.map(|(oid, ..)| oid.to_string()).find(|oid| !KNOWN.contains(&oid.as_str()))
    }

    /// Whether Netscape's certificate type is there, and servers are not in it: what was before
    /// extended key usages goes on being read by OpenSSL and Java.
    #[cfg(feature = "verify")]
    pub(crate) fn is_netscapes_other(&self) -> bool {
        const SERVER: u8 = 0x40;
        let mut all = self.read().extensions();
        let found = all.find(|(oid, ..)| oid.to_string() == "2.16.840.1.113730.1.1");
        let bits = found
            .and_then(|(_, _, value)| <der::asn1::BitStringRef<'_> as der::Decode>::from_der(value).ok());
        bits.is_some_and(|bits| bits.raw_bytes().first().is_none_or(|octet| octet & SERVER == 0))
    }

    /// How many certificates may stand below it until one has to have a policy (RFC 5280
    /// §4.2.1.11), if it wants that.
    #[cfg(feature = "verify")]
    pub(crate) fn required_policy(&self) -> Option<u32> {
        let found = self.read().extension::<PolicyConstraints>().ok()??;
        found.1.require_explicit_policy
    }

    /// Whether it has certificate policies (RFC 5280 §4.2.1.4).
    #[cfg(feature = "verify")]
    pub(crate) fn has_policies(&self) -> bool {
        self.read().extensions().any(|(oid, ..)| oid == CertificatePolicies::OID)
    }

    /// The object identifiers of its critical extensions.
    #[cfg(feature = "verify")]
    pub(crate) fn critical_oids(&self) -> Vec<String> {
        self.read()
            .extensions()
            .filter(|(_, critical, _)| *critical)
            .map(|(oid, ..)| oid.to_string())
            .collect()
    }

    /// What it limits the names below it to (RFC 5280 §4.2.1.10), if it does.
    ///
    /// # Errors
    /// [`crate::Error::MalformedCertificate`] where that cannot be told.
    pub fn name_constraints(&self) -> Result<Option<Constraints>> {
        let found = self.read().extension::<NameConstraints>();
        let malformed = |e: der::Error| crate::error::Error::MalformedCertificate {
            reason: format!("its name constraints cannot be read: {e}"),
        };
        found.map_err(malformed)?.map(|(_, extension)| Constraints::read(&extension)).transpose()
    }

    /// The names of its CRL distribution points, each in DER: of those whose lists its own
    /// issuer makes, for all reasons (RFC 5280 §4.2.1.13).
    #[cfg(feature = "verify")]
    pub(crate) fn distribution_points(&self) -> Vec<Vec<u8>> {
        let Ok(Some((_, points))) = self.read().extension::<CrlDistributionPoints>() else {
            return Vec::new();
        };
        let own = points.0.into_iter().filter(|p| p.reasons.is_none() && p.crl_issuer.is_none());
        let names = own.filter_map(|p| match p.distribution_point {
            Some(DistributionPointName::FullName(names)) => Some(names),
            _ => None,
        });
        names.flatten().filter_map(|name| name.to_der().ok()).collect()
    }

    /// All of its extensions as they stand there: object identifier in dots, whether it is
    /// critical, value in DER.
    #[must_use]
    pub fn extensions(&self) -> Vec<(String, bool, Vec<u8>)> {
        let all = self.read().extensions();
        all.map(|(oid, critical, value)| (oid.to_string(), critical, value.to_vec())).collect()
    }

    /// The object identifiers of all of its extensions, in dots.
    #[must_use]
    pub fn extension_oids(&self) -> Vec<String> {
        self.read().extensions().map(|(oid, ..)| oid.to_string()).collect()
    }

    /// Its subject key identifier, if it has one.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<Vec<u8>> {
        let found = self.read().extension::<SubjectKeyIdentifier>().ok()??;
        Some(found.1.0.as_bytes().to_vec())
    }

    /// The key identifier of its issuer that it names, if it names one.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let found = self.read().extension::<AuthorityKeyIdentifier>().ok()??;
        found.1.key_identifier.map(|id| id.as_bytes().to_vec())
    }

    /// The serial number's octets of its issuer's certificate, if it names one: clients
    /// then want that certificate, and no other of the same issuer (RFC 5280 §4.2.1.1).
    #[must_use]
    pub fn authority_serial(&self) -> Option<Vec<u8>> {
        let found = self.read().extension::<AuthorityKeyIdentifier>().ok()??;
        found.1.authority_cert_serial_number.map(|serial| serial.as_bytes().to_vec())
    }

    /// The DNS names of its subject alternative name as they stand there, well
    /// formed or not. Foreign text: not escaped.
    #[must_use]
    pub fn dns_names_as_written(&self) -> Vec<String> {
        let dns = |name: &GeneralName| match name {
            GeneralName::DnsName(dns) => Some(dns.as_str().to_owned()),
            _ => None,
        };
        self.general_names().iter().filter_map(dns).collect()
    }

    /// Whether it has a subject alternative name, of whatever kinds.
    #[must_use]
    pub fn has_alternative_names(&self) -> bool {
        !self.general_names().is_empty()
    }

    /// What its key may be used for; none where it does not say, which allows all
    /// (RFC 5280 §4.2.1.3).
    #[must_use]
    pub fn key_usage(&self) -> Option<Vec<&'static str>> {
        let (_, usage) = self.read().extension::<KeyUsage>().ok()??;
        let all = [
            (usage.digital_signature(), "digitalSignature"),
            (usage.non_repudiation(), "nonRepudiation"),
            (usage.key_encipherment(), "keyEncipherment"),
            (usage.data_encipherment(), "dataEncipherment"),
            (usage.key_agreement(), "keyAgreement"),
            (usage.key_cert_sign(), "keyCertSign"),
            (usage.crl_sign(), "cRLSign"),
            (usage.encipher_only(), "encipherOnly"),
            (usage.decipher_only(), "decipherOnly"),
        ];
        Some(all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect())
    }

    /// The object identifiers of its extended key usages, in dots; none where it
    /// has no such extension, which allows all (RFC 5280 §4.2.1.12).
    #[must_use]
    pub fn extended_key_usage_oids(&self) -> Option<Vec<String>> {
        let (_, usages) = self.read().extension::<ExtendedKeyUsageExtension>().ok()??;
        Some(usages.0.iter().map(ToString::to_string).collect())
    }

    /// The addresses in its authority information access: OCSP responders and
    /// issuers (RFC 5280 §4.2.2.1). Foreign text: not escaped.
    #[must_use]
    pub fn authority_information(&self) -> Vec<String> {
        let Ok(Some((_, access))) = self.read().extension::<AuthorityInfoAccessSyntax>() else {
            return Vec::new();
        };
        let address = |location: &GeneralName| match location {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str().to_owned()),
            _ => None,
        };
        access.0.iter().filter_map(|a| address(&a.access_location)).collect()
    }
}

/// `BasicConstraints` (RFC 5280 §4.2.1.9), with a path length of any size: it has no limit
/// there.
#[derive(Sequence)]
pub(crate) struct BasicConstraints {
    #[asn1(default = "bool::default")]
    pub(crate) ca: bool,
    #[asn1(optional = "true")]
    pub(crate) path_length: Option<Uint>,
}

impl AssociatedOid for BasicConstraints {
    const OID: ObjectIdentifier = x509_cert::ext::pkix::BasicConstraints::OID;
}

impl BasicConstraints {
    fn path_length(&self) -> Option<u8> {
        self.path_length.as_ref().map(|length| match length.as_bytes() {
            [octet] => *octet,
            _ => u8::MAX,
        })
    }
}

/// How many CAs may stand below a CA; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathLength(pub Option<u8>);

/// The name as certforge's own type, if it is well formed.
pub(crate) fn san_of(name: &GeneralName) -> Option<San> {
    match name {
        // The dot of a root is no part of a name (RFC 5280 §4.2.1.6), which is read without it.
        GeneralName::DnsName(dns) if dns.as_str().ends_with('.') => None,
        GeneralName::DnsName(dns) => format!("dns:{}", dns.as_str()).parse().ok(),
        GeneralName::Rfc822Name(email) => format!("email:{}", email.as_str()).parse().ok(),
        GeneralName::UniformResourceIdentifier(uri) => format!("uri:{}", uri.as_str()).parse().ok(),
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            [a, b, c, d] => Some(San::Ip(std::net::Ipv4Addr::new(*a, *b, *c, *d).into())),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|b| San::Ip(std::net::Ipv6Addr::from(b).into())),
        },
        _ => None,
    }
}

//! Certificate signing requests (PKCS#10, RFC 2986): made for somebody else's CA,
//! and read from those who want a certificate. A request is a wish: nothing in it
//! is taken over but its key, its names and its subject.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::pem::LineEnding;
use der::{Decode, Encode, Reader, SliceReader};
use x509_cert::attr::Attributes;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::request::{CertReq, ExtensionReq};

use crate::certificate::san_of;
use crate::encode;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::{PrivateKey, PublicKey, SignatureAlgorithm};
use crate::name::{Names, San};
use crate::plan::{LeafPlan, LeafRequest};
use crate::subject::Subject;
use crate::template::Template;

const LABEL: &str = "CERTIFICATE REQUEST";
const LABELS: [&str; 2] = [LABEL, "NEW CERTIFICATE REQUEST"];

const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
/// Microsoft's own, older than PKCS#9's.
const MICROSOFT_EXTENSIONS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.14");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");

/// A request whose own signature was checked: whoever made it has the key.
#[derive(Clone, Debug)]
pub struct SigningRequest {
    der: Vec<u8>,
    view: CertReq,
    public_key: PublicKey,
}

impl SigningRequest {
    /// A request for a planned leaf, signed with the leaf's own key.
    ///
    /// # Errors
    /// [`Error::Subject`], [`Error::UnsupportedAlgorithm`].
    pub fn create(plan: &LeafPlan, key: &PrivateKey) -> Result<Self> {
        let unsigned = encode::signing_request(plan, key.public(), &plan.subject().to_der()?)?;
        let signature = key.signer()?.sign(&unsigned.message)?;
        Self::from_der(unsigned.close(&signature)?)
    }

    /// Reads a request in DER; nothing may follow it.
    ///
    /// # Errors
    /// [`Error::MalformedRequest`] where it is none, or its signature is not by its key.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self> {
        let der = der.into();
        let view = CertReq::from_der(&der).map_err(|e| malformed(&e.to_string()))?;
        let spki = view.info.public_key.to_der().map_err(|e| malformed(&e.to_string()))?;
        let public_key = PublicKey::from_der(&spki)?;
        let info = info(&der).map_err(|e| malformed(&e.to_string()))?;
        let signature =
            view.signature.as_bytes().ok_or_else(|| malformed("its signature is no whole octets"))?;
        let algorithm = SignatureAlgorithm::of(&(&view.algorithm).into());
        if !public_key.verify(&algorithm, info, signature)? {
            return Err(malformed("its signature is not by the key in it"));
        }
        Ok(Self { der, view, public_key })
    }

    /// Reads a request, in PEM or DER.
    ///
    /// # Errors
    /// As [`SigningRequest::from_der`].
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let is_text = bytes.windows(11).any(|w| w == b"-----BEGIN ");
        if !is_text && crate::pem::is_der(bytes) {
            return Self::from_der(bytes);
        }
        if !is_text {
            return Err(malformed("it is neither PEM nor DER"));
        }
        let block = crate::pem::block(bytes, |label| LABELS.contains(&label));
        let (label, mut der) = crate::pem::decode(block).map_err(|e| malformed(&e.to_string()))?;
        if !LABELS.contains(&label) {
            return Err(malformed(&format!("it is a `{label}` block")));
        }
        Self::from_der(std::mem::take(&mut *der))
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its PEM (RFC 7468 §7).
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn pem(&self) -> Result<String> {
        der::pem::encode_string(LABEL, LineEnding::LF, &self.der)
            .map_err(|e| Error::Internal { doing: "writing PEM", reason: e.to_string() })
    }

    /// The key it is for.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its subject as text. Foreign text: not escaped.
    #[must_use]
    pub fn subject(&self) -> String {
        crate::subject::describe(&self.view.info.subject)
    }

    /// The algorithm it was signed with.
    #[must_use]
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::of(&(&self.view.algorithm).into())
    }

    /// Whether it asks to become a CA, which a request never does here.
    #[must_use]
    pub fn asks_for_ca(&self) -> bool {
        self.extensions(&mut Vec::new()).is_ok_and(|all| {
            let constraints = all.iter().filter(|e| e.extn_id == BASIC_CONSTRAINTS);
            constraints.filter_map(|e| BasicConstraints::from_der(e.extn_value.as_bytes()).ok()).any(|b| b.ca)
        })
    }

    /// Whether it has a subject alternative name, of whatever kinds.
    #[must_use]
    pub fn has_alternative_names(&self) -> bool {
        self.extensions(&mut Vec::new()).map_or(true, |all| all.iter().any(|e| e.extn_id == SUBJECT_ALT_NAME))
    }

    /// The request for a leaf that comes of it, and what of it is not taken over.
    /// `more` are names besides those that it has.
    ///
    /// A common name that is a name is among the names, with its own type: an IP
    /// address becomes an `iPAddress`. One that is none is left out where the template is
    /// for servers.
    ///
    /// # Errors
    /// [`Error::Name`] for a name that no certificate can carry; [`Error::NoNames`];
    /// [`Error::MalformedRequest`] where its extensions cannot be read.
    pub fn wanted(&self, template: &Template, more: &[San]) -> Result<(LeafRequest, Vec<Finding>)> {
        let mut findings = Vec::new();
        let mut names = Vec::new();
        let is_rsa = self.public_key.algorithm().is_some_and(crate::key::KeyAlgorithm::is_rsa);
        for extension in self.extensions(&mut findings)? {
            if extension.extn_id == SUBJECT_ALT_NAME {
                alternative_names(&extension, &mut names, &mut findings)?;
            } else {
                findings.extend(self.dropped(&extension, template, is_rsa));
            }
        }
        names.extend_from_slice(more);
        let subject = self.kept_subject(template, &mut names, &mut findings)?;
        let mut of_names = findings.iter().filter(|f| matches!(f.place.as_str(), "names" | "subject"));
        if let (true, Some(why)) = (names.is_empty(), of_names.find(|f| f.severity == Severity::Warning)) {
            return Err(malformed(&format!("no name is left for the certificate; {}", why.message)));
        }
        let request = LeafRequest::for_names(Names::new(names)?).subject(subject).template(template.clone());
        Ok((request, findings))
    }

    /// Its subject without a common name that is no name of a server; one that is a name
    /// goes before the other names, if it is not among them.
    fn kept_subject(
        &self,
        template: &Template,
        names: &mut Vec<San>,
        findings: &mut Vec<Finding>,
    ) -> Result<Subject> {
        let subject = Subject::from_name(&self.view.info.subject)?;
        if subject.common_names() > 1 {
            findings.push(left_out("csr.common-name", "subject", "its common names: it has several"));
            return Ok(subject.without_common_name());
        }
        let Some(common) = subject.common_name() else { return Ok(subject) };
        match LeafRequest::name_of(common, template) {
            Ok(Some(name)) => {
                names.retain(|n| *n != name);
                names.insert(0, name);
                Ok(subject)
            }
            Ok(None) => {
                // What is called by a word alone has that for its name, as one that is typed in.
                names.extend(common.parse::<San>().ok().filter(|_| names.is_empty()));
                Ok(subject)
            }
            Err(e) if names.is_empty() => Err(e),
            Err(_) => {
                let message = format!("its common name `{common}`: it is no name that clients look at");
                findings.push(left_out("csr.common-name", "subject", message));
                Ok(subject.without_common_name())
            }
        }
    }

    /// All extensions that are asked for.
    fn extensions(&self, findings: &mut Vec<Finding>) -> Result<Vec<Extension>> {
        let mut all = Vec::new();
        let attributes: &Attributes = &self.view.info.attributes;
        for attribute in attributes.iter() {
            if attribute.oid != EXTENSION_REQUEST && attribute.oid != MICROSOFT_EXTENSIONS {
                let message = format!("the attribute {}", attribute.oid);
                findings.push(Finding::new(
                    "csr.attribute",
                    Severity::Info,
                    "request",
                    format!("left out: {message}"),
                ));
                continue;
            }
            for value in attribute.values.iter() {
                let request = value.decode_as::<ExtensionReq>().map_err(|e| malformed(&e.to_string()))?;
                all.extend(request.0);
            }
        }
        Ok(all)
    }

    /// That an extension is not taken over; nothing where the certificate has the same.
    fn dropped(&self, extension: &Extension, template: &Template, is_rsa: bool) -> Option<Finding> {
        let value = extension.extn_value.as_bytes();
        let wish = |what: &str| {
            let text = format!("{what}: the template `{}` decides", template.name());
            Finding::new("csr.extension", Severity::Info, "request", format!("left out: {text}"))
        };
        let unreadable =
            |what: &str| Some(left_out("csr.extension", "request", format!("{what} that cannot be read")));
        match extension.extn_id {
            BASIC_CONSTRAINTS => match BasicConstraints::from_der(value) {
                Ok(constraints) if constraints.ca => {
                    Some(left_out("csr.ca", "request", "CA:TRUE: a request never makes a CA"))
                }
                Ok(_) => None,
                Err(_) => unreadable("basic constraints"),
            },
            KEY_USAGE => match KeyUsage::from_der(value) {
                Ok(usage) if usage.key_cert_sign() || usage.crl_sign() => {
                    Some(left_out("csr.ca", "request", "keyCertSign or cRLSign: a request never makes a CA"))
                }
                Ok(usage) => {
                    let narrowed = usage.encipher_only() || usage.decipher_only();
                    (narrowed || key_usages(usage) != template.key_usage(is_rsa))
                        .then(|| wish("the key usage"))
                }
                Err(_) => unreadable("a key usage"),
            },
            EXTENDED_KEY_USAGE => match ExtendedKeyUsage::from_der(value) {
                Ok(usages) => {
                    let own = template.extended_key_usage();
                    let same = !extension.critical
                        && usages.0.len() == own.len()
                        && own.iter().all(|u| usages.0.contains(&u.oid()));
                    let asked: Vec<String> = usages
                        .0
                        .iter()
                        .map(|oid| crate::template::ExtendedKeyUsage::of(*oid).to_string())
                        .collect();
                    (!same).then(|| wish(&format!("the extended key usage {}", asked.join(", "))))
                }
                Err(_) => unreadable("an extended key usage"),
            },
            SUBJECT_KEY_IDENTIFIER => {
                let own = OctetStringRef::new(&self.public_key.key_identifier()).and_then(|o| o.to_der());
                (own.ok().as_deref() != Some(value)).then(|| {
                    let message = "left out: the subject key identifier, which comes of the key";
                    Finding::new("csr.identifier", Severity::Info, "request", message)
                })
            }
            other if extension.critical => {
                Some(left_out("csr.critical", "request", format!("the critical extension {other}")))
            }
            other => Some(Finding::new(
                "csr.extension",
                Severity::Info,
                "request",
                format!("left out: the extension {other}"),
            )),
        }
    }
}

/// The names of a subject alternative name. A malformed one is an error: leaving it
/// out would make a certificate that its owner does not expect.
fn alternative_names(extension: &Extension, names: &mut Vec<San>, findings: &mut Vec<Finding>) -> Result<()> {
    let found = SubjectAltName::from_der(extension.extn_value.as_bytes())
        .map_err(|e| malformed(&format!("its subject alternative name cannot be read: {e}")))?;
    for name in &found.0 {
        let text = match name {
            // What many write, and no client looks at (RFC 5280 §4.2.1.6).
            GeneralName::DnsName(dns) if dns.as_str().parse::<std::net::IpAddr>().is_ok() => {
                let message =
                    format!("the DNS name {} is an address, and becomes an IP address", dns.as_str());
                findings.push(Finding::new("csr.name", Severity::Warning, "names", message));
                format!("ip:{}", dns.as_str())
            }
            GeneralName::DnsName(dns) => format!("dns:{}", dns.as_str()),
            GeneralName::Rfc822Name(email) => format!("email:{}", email.as_str()),
            GeneralName::UniformResourceIdentifier(uri) => format!("uri:{}", uri.as_str()),
            GeneralName::IpAddress(_) => match san_of(name) {
                // By the rules that hold for a name that is typed in.
                Some(name) => format!("ip:{name}"),
                None => return Err(malformed("an iPAddress in it has neither 4 nor 16 octets")),
            },
            GeneralName::OtherName(other) => {
                findings.push(left_out("csr.name", "names", format!("an otherName {}", other.type_id)));
                continue;
            }
            GeneralName::DirectoryName(_) | GeneralName::EdiPartyName(_) | GeneralName::RegisteredId(_) => {
                findings.push(left_out("csr.name", "names", "a name of a type that leaves do not have"));
                continue;
            }
        };
        names.push(text.parse()?);
    }
    Ok(())
}

/// What a key usage says, in the order of its bits.
fn key_usages(usage: KeyUsage) -> Vec<crate::template::KeyUsage> {
    use crate::template::KeyUsage as Named;
    let said = [
        usage.digital_signature(),
        usage.non_repudiation(),
        usage.key_encipherment(),
        usage.data_encipherment(),
        usage.key_agreement(),
        usage.key_cert_sign(),
        usage.crl_sign(),
    ];
    Named::ALL.into_iter().zip(said).filter(|(_, set)| *set).map(|(named, _)| named).collect()
}

fn left_out(code: &'static str, place: &str, what: impl std::fmt::Display) -> Finding {
    Finding::new(code, Severity::Warning, place, format!("left out: {what}"))
}

fn malformed(reason: &str) -> Error {
    Error::MalformedRequest { reason: reason.to_owned() }
}

/// The exact bytes that are signed.
fn info(der: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(der)?;
    let _header = der::Header::decode(&mut reader)?;
    reader.tlv_bytes()
}

//! Certificates with something wrong with them: what tests of TLS code need and no CA issues.
//! Each is made new, so none of them ends while it lies in somebody's repository.

mod fault;
mod form;

use der::asn1::ObjectIdentifier;
use time::{Duration, OffsetDateTime};

use crate::authority::{Authority, self_signed};
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::constraint::Constraints;
use crate::error::Result;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::plan::{CaRequest, LeafRequest};
use crate::revocation::{Reason, RevocationList, Revoked};
use crate::validity::Lifetime;
pub use fault::Fault;
use fault::What;
use form::{Form, dns_names, for_clients, key_usage};

// RFC 5280 §4.2.1.
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// Of nobody: below the enterprise number for examples (RFC 5612).
const UNKNOWN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");

// `BasicConstraints` (RFC 5280 §4.2.1.9): a CA, one with no CA below it, none.
const IS_CA: &[u8] = &[0x30, 0x03, 0x01, 0x01, 0xff];
const IS_LAST_CA: &[u8] = &[0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00];
const IS_NO_CA: &[u8] = &[0x30, 0x00];
const NULL: &[u8] = &[0x05, 0x00];
// Bits of `KeyUsage` (RFC 5280 §4.2.1.3).
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;

const ROOT: &str = "fixtures root";
/// Longer than any test suite runs, shorter than any client minds.
const LEAF_DAYS: u32 = 365;

/// The host that most of them are for.
pub const HOST: &str = "server.test";
/// The address that the others are for.
pub const ADDRESS: &str = "127.0.0.1";

/// What a server shows, what a client believes, and the name it asks for.
#[derive(Debug)]
pub struct Fixture {
    /// What is wrong.
    pub fault: Fault,
    /// The host name or address that the server is asked for.
    pub host: &'static str,
    /// What the server sends, the leaf first.
    pub certificates: Vec<Certificate>,
    /// The server's private key.
    pub key: PrivateKey,
    /// What the client believes.
    pub trust_anchor: Certificate,
    /// The revocation list that it is on.
    pub list: Option<RevocationList>,
}

impl Fixture {
    /// What the server sends, in PEM.
    ///
    /// # Errors
    /// [`Error::Internal`](crate::Error::Internal) where it cannot be written.
    pub fn fullchain_pem(&self) -> Result<String> {
        self.certificates.iter().map(Certificate::pem).collect()
    }
}

/// Makes fixtures, all of them under CAs that are made once.
#[derive(Debug)]
pub struct Fixtures {
    now: OffsetDateTime,
    root: Authority,
    middle: Authority,
}

/// A certificate that may be wrong, and what goes with it.
struct Made {
    certificates: Vec<Certificate>,
    key: PrivateKey,
    anchor: Certificate,
    host: &'static str,
    list: Option<RevocationList>,
}

impl Made {
    fn of(bundle: Bundle) -> Self {
        let mut certificates = vec![bundle.leaf().clone()];
        certificates.extend(bundle.chain().intermediates().cloned());
        let anchor = bundle.trust_anchor().certificate().clone();
        Self { certificates, anchor, host: HOST, list: None, key: bundle.into_key() }
    }

    /// The same, asked for by another name.
    fn asked_for(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    fn with_leaf(mut self, leaf: Certificate) -> Self {
        self.certificates[0] = leaf;
        self
    }

    fn with_issuer(mut self, issuer: Certificate) -> Self {
        self.certificates[1] = issuer;
        self
    }

    fn leaf(&self) -> Result<Form> {
        Form::of(&self.certificates[0])
    }
}

impl Fixtures {
    /// CAs for fixtures whose dates are counted from `now`.
    ///
    /// # Errors
    /// [`Error::Internal`](crate::Error::Internal) where the system gives no random numbers.
    pub fn new(now: OffsetDateTime) -> Result<Self> {
        let root = new_root(ROOT, now)?;
        let middle = below(&root, "fixtures intermediate", now)?;
        Ok(Self { now, root, middle })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`](crate::Error::UnsupportedAlgorithm) for `weak-rsa`
    /// without the feature `rsa`; [`Error::Internal`](crate::Error::Internal).
    pub fn make(&self, fault: Fault) -> Result<Fixture> {
        let what = fault.0.what;
        let made = match self.names(what)? {
            Some(made) => made,
            None => match self.leaves(what)? {
                Some(made) => made,
                None => self.paths(what)?,
            },
        };
        Ok(Fixture {
            fault,
            host: made.host,
            certificates: made.certificates,
            key: made.key,
            trust_anchor: made.anchor,
            list: made.list,
        })
    }

    /// A leaf under a CA, with a key of its own.
    fn leaf_of(&self, ca: &Authority, names: &[&str]) -> Result<Made> {
        let request = LeafRequest::new(names)?.lifetime(Lifetime::days(LEAF_DAYS));
        Ok(Made::of(ca.issue_for(&request.plan(self.now)?, PrivateKey::generate(KeyAlgorithm::P256)?)?))
    }

    /// Such a leaf under the root, changed and signed again.
    fn changed(&self, change: impl FnOnce(Form) -> Result<Form>) -> Result<Made> {
        let made = self.leaf_of(&self.root, &[HOST])?;
        let leaf = change(made.leaf()?)?.sign(self.root.signer())?;
        Ok(made.with_leaf(leaf))
    }

    /// A leaf under the intermediate, which is changed and signed again.
    fn under_changed(&self, change: impl FnOnce(Form) -> Result<Form>) -> Result<Made> {
        let made = self.leaf_of(&self.middle, &[HOST])?;
        let issuer = change(Form::of(self.middle.certificate())?)?.sign(self.root.signer())?;
        Ok(made.with_issuer(issuer))
    }

    fn days(&self, days: i64) -> OffsetDateTime {
        self.now + Duration::days(days)
    }

    /// Those whose names are what is wrong, or right.
    fn names(&self, what: What) -> Result<Option<Made>> {
        let of = |names: &[&str]| self.leaf_of(&self.root, names);
        let written =
            |name: &str| self.changed(|form| form.with(SUBJECT_ALT_NAME, false, &dns_names(&[name])?));
        let common_name = |name: &str| -> Result<Made> {
            let made = of(&[name])?;
            let leaf = made.leaf()?.without(SUBJECT_ALT_NAME).sign(self.root.signer())?;
            Ok(made.with_leaf(leaf))
        };
        Ok(Some(match what {
            What::Good => of(&[HOST])?,
            What::GoodAddress => of(&[ADDRESS])?.asked_for(ADDRESS),
            What::WrongHost => of(&["other.test"])?,
            What::WrongAddress => of(&["10.103.10.95"])?.asked_for(ADDRESS),
            What::NameForAddress => of(&[HOST])?.asked_for(ADDRESS),
            What::AddressAsDnsName => written(ADDRESS)?.asked_for(ADDRESS),
            What::CommonNameOnly => common_name(HOST)?,
            What::CommonNameOnlyAddress => common_name(ADDRESS)?.asked_for(ADDRESS),
            What::WildcardTooDeep => of(&["*.server.test"])?.asked_for("a.b.server.test"),
            What::WildcardInLabel => written("ser*.test")?,
            What::ManyNames => {
                let names: Vec<String> = (1..100).map(|n| format!("n{n}.test")).collect();
                let all: Vec<&str> = std::iter::once(HOST).chain(names.iter().map(String::as_str)).collect();
                of(&all)?
            }
            _ => return Ok(None),
        }))
    }

    /// Those whose leaf is what is wrong in another way.
    fn leaves(&self, what: What) -> Result<Option<Made>> {
        let good = || self.leaf_of(&self.root, &[HOST]);
        Ok(Some(match what {
            What::NoExtendedKeyUsage => self.changed(|form| Ok(form.without(EXTENDED_KEY_USAGE)))?,
            What::Expired => self.changed(|form| form.valid(self.days(-100), self.days(-50)))?,
            What::NotYetValid => self.changed(|form| form.valid(self.days(50), self.days(100)))?,
            What::LongLived => self.changed(|form| form.valid(self.days(-1), self.days(2_000)))?,
            What::Version1 => self.changed(|form| Ok(form.version_1()))?,
            What::SerialZero => self.changed(|form| form.serial(&[0]))?,
            What::CaAsLeaf => self.changed(|form| form.with(BASIC_CONSTRAINTS, true, IS_CA))?,
            What::ClientPurpose => {
                self.changed(|form| form.with(EXTENDED_KEY_USAGE, false, &for_clients()?))?
            }
            What::KeyUsage => self.changed(|form| form.with(KEY_USAGE, true, &key_usage(KEY_CERT_SIGN)?))?,
            What::UnknownCritical => self.changed(|form| form.and(UNKNOWN, true, NULL))?,
            What::DuplicateExtension => self.changed(|form| form.twice(EXTENDED_KEY_USAGE))?,
            What::BadSignature => {
                let made = good()?;
                let leaf = made.leaf()?.sign_badly(self.root.signer())?;
                made.with_leaf(leaf)
            }
            What::Sha1 => {
                let made = good()?;
                let leaf = made.leaf()?.sign_with_sha1(self.root.key())?;
                made.with_leaf(leaf)
            }
            What::WeakRsa => {
                let key = PrivateKey::generate_weak()?;
                let made = self.changed(|form| form.with_key_of(&key))?;
                Made { key, ..made }
            }
            What::KeyMismatch => Made { key: PrivateKey::generate(KeyAlgorithm::P256)?, ..good()? },
            What::SelfSigned => Made { anchor: self.root.certificate().clone(), ..self.own()? },
            What::SelfSignedExpired => {
                let made = self.own()?;
                let leaf = made.leaf()?.valid(self.days(-100), self.days(-50))?.sign(&made.key.signer()?)?;
                Made { anchor: leaf.clone(), ..made.with_leaf(leaf) }
            }
            What::Revoked => {
                let made = good()?;
                let serial = made.certificates[0].serial().to_vec();
                let revoked = Revoked { serial, at: self.now, reason: Reason::KeyCompromise };
                let dates = (self.now, self.days(i64::from(LEAF_DAYS)));
                Made { list: Some(self.root.revocation_list(&[revoked], 1, dates)?), ..made }
            }
            _ => return Ok(None),
        }))
    }

    /// A leaf that signed itself.
    fn own(&self) -> Result<Made> {
        let plan = LeafRequest::new([HOST])?.lifetime(Lifetime::days(LEAF_DAYS)).plan(self.now)?;
        Ok(Made::of(self_signed(&plan, PrivateKey::generate(KeyAlgorithm::P256)?)?))
    }

    /// Those whose path is what is wrong.
    fn paths(&self, what: What) -> Result<Made> {
        let root = self.root.certificate();
        let usage = |bits: u8| move |form: Form| form.with(KEY_USAGE, true, &key_usage(bits)?);
        match what {
            What::MissingIntermediate => {
                let mut made = self.leaf_of(&self.middle, &[HOST])?;
                made.certificates.truncate(1);
                Ok(made)
            }
            What::UnknownCa | What::SameNameCa | What::UnknownCaSent => {
                let name = if what == What::SameNameCa { ROOT } else { "another root" };
                let other = new_root(name, self.now)?;
                let mut made = self.leaf_of(&other, &[HOST])?;
                if what == What::UnknownCaSent {
                    made.certificates.push(other.certificate().clone());
                }
                Ok(Made { anchor: root.clone(), ..made })
            }
            What::CrossSigned => {
                let old = new_root("an older root", self.now)?;
                let sibling = Form::of(below(&old, "sibling", self.now)?.certificate())?;
                let cross = Form::of(root)?.issued_by(old.certificate())?;
                let cross = cross.without(AUTHORITY_KEY_IDENTIFIER);
                let cross = cross.with_that_of(AUTHORITY_KEY_IDENTIFIER, &sibling)?.sign(old.signer())?;
                let mut made = self.leaf_of(&self.middle, &[HOST])?;
                made.certificates.push(cross);
                Ok(Made { anchor: old.certificate().clone(), ..made })
            }
            What::WrongOrder => {
                let second = below(&self.middle, "second intermediate", self.now)?;
                let mut made = self.leaf_of(&second, &[HOST])?;
                made.certificates.swap(1, 2);
                Ok(made)
            }
            What::LongChain => {
                let mut ca = below(&self.root, "intermediate 1", self.now)?;
                for n in 2..9 {
                    ca = below(&ca, &format!("intermediate {n}"), self.now)?;
                }
                self.leaf_of(&ca, &[HOST])
            }
            What::PathLength => {
                let second = below(&self.middle, "second intermediate", self.now)?;
                let mut made = self.leaf_of(&second, &[HOST])?;
                let short = Form::of(self.middle.certificate())?.with(BASIC_CONSTRAINTS, true, IS_LAST_CA)?;
                made.certificates[2] = short.sign(self.root.signer())?;
                Ok(made)
            }
            What::ExpiredRoot => {
                let old = Form::of(root)?.valid(self.days(-1_000), self.days(-10))?;
                Ok(Made { anchor: old.sign(self.root.signer())?, ..self.leaf_of(&self.root, &[HOST])? })
            }
            What::ExpiredIntermediate => self.under_changed(|f| f.valid(self.days(-1_000), self.days(-10))),
            What::NotYetValidIntermediate => self.under_changed(|f| f.valid(self.days(50), self.days(1_000))),
            What::LeafAsCa => self.under_changed(|f| {
                f.with(BASIC_CONSTRAINTS, true, IS_NO_CA).and_then(usage(DIGITAL_SIGNATURE))
            }),
            What::IntermediateWithoutConstraints => self.under_changed(|f| Ok(f.without(BASIC_CONSTRAINTS))),
            What::IntermediateKeyUsage => self.under_changed(usage(CRL_SIGN)),
            What::IntermediateVersion1 => self.under_changed(|f| Ok(f.version_1())),
            What::IntermediatePurpose => {
                self.under_changed(|f| f.and(EXTENDED_KEY_USAGE, false, &for_clients()?))
            }
            What::IntermediateCritical => self.under_changed(|f| f.and(UNKNOWN, true, NULL)),
            What::IntermediateSha1 => {
                let made = self.leaf_of(&self.middle, &[HOST])?;
                let issuer = Form::of(self.middle.certificate())?.sign_with_sha1(self.root.key())?;
                Ok(made.with_issuer(issuer))
            }
            What::NotPermitted => {
                let limits = Constraints::new(vec!["other.test".parse()?], Vec::new()).to_der()?;
                self.under_changed(|f| f.and(NAME_CONSTRAINTS, true, &limits))
            }
            What::Excluded => {
                let limits = Constraints::new(Vec::new(), vec![HOST.parse()?]).to_der()?;
                self.under_changed(|f| f.and(NAME_CONSTRAINTS, true, &limits))
            }
            _ => self.leaf_of(&self.middle, &[HOST]),
        }
    }
}

fn new_root(name: &str, now: OffsetDateTime) -> Result<Authority> {
    let plan = CaRequest::new(name)?.path_length(None).plan(now)?;
    Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256)?)
}

fn below(ca: &Authority, name: &str, now: OffsetDateTime) -> Result<Authority> {
    let plan = CaRequest::new(name)?.path_length(None).plan(now)?.within(ca.validity());
    ca.create_under(&plan, PrivateKey::generate(KeyAlgorithm::P256)?)
}

//! What AWS Certificate Manager refuses, what surprises later, and what the
//! services behind it refuse, as a table of rules with stable names. All rules are
//! asked, not only the first that is broken.
//!
//! The sources are the ACM user guide ("Prerequisites for importing
//! certificates", "Reimporting a certificate", "Quotas"), the ACM API reference,
//! the guides of the services, and what the clients themselves said when asked.

mod chain;
mod material;
mod names;
mod reimport;
mod rules;
mod services;

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::PublicKey;

pub use reimport::Held;
pub use rules::RULES;

/// A service that is to use the certificate, and that has rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// A listener of an Application Load Balancer.
    Alb,
    /// A TLS listener of a Network Load Balancer.
    Nlb,
    /// A distribution of `CloudFront`.
    CloudFront,
    /// A custom domain of API Gateway.
    ApiGatewayDomain,
    /// A back end that API Gateway calls.
    ApiGatewayBackend,
    /// A Client VPN endpoint.
    ClientVpn,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Alb,
        Self::Nlb,
        Self::CloudFront,
        Self::ApiGatewayDomain,
        Self::ApiGatewayBackend,
        Self::ClientVpn,
    ];

    /// The word that flags use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alb => "alb",
            Self::Nlb => "nlb",
            Self::CloudFront => "cloudfront",
            Self::ApiGatewayDomain => "apigw-domain",
            Self::ApiGatewayBackend => "apigw-backend",
            Self::ClientVpn => "client-vpn",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Service {
    type Err = Error;

    fn from_str(input: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == input).ok_or_else(|| Error::Service {
            input: input.to_owned(),
            known: Self::ALL.map(Self::as_str).to_vec(),
        })
    }
}

/// What is about to be imported.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    /// The leaf.
    pub certificate: &'a Certificate,
    /// The public half of the private key; none where it could not be read, which
    /// is a finding of its own.
    pub key: Option<&'a PublicKey>,
    /// How many octets the key's PEM has.
    pub key_octets: usize,
    /// The issuers in order; empty for a self-signed leaf.
    pub chain: &'a Chain,
    /// The services that are to use it.
    pub services: &'a [Service],
    /// The region it goes to, where it is known.
    pub region: Option<&'a str>,
    /// The region of the ARN it goes to, where there is one.
    pub arn_region: Option<&'a str>,
    /// The tags, keys and values.
    pub tags: &'a [(String, String)],
}

impl<'a> Import<'a> {
    /// A leaf with its chain and key, without anything else.
    #[must_use]
    pub const fn new(certificate: &'a Certificate, chain: &'a Chain, key: Option<&'a PublicKey>) -> Self {
        let (services, tags): (&[Service], &[(String, String)]) = (&[], &[]);
        Self { certificate, key, key_octets: 0, chain, services, region: None, arn_region: None, tags }
    }

    fn is_for(&self, service: Service) -> bool {
        self.services.contains(&service)
    }

    /// The leaf and its issuers.
    fn all(&self) -> impl Iterator<Item = &'a Certificate> {
        std::iter::once(self.certificate).chain(self.chain.certificates())
    }

    /// The last of the chain where it is a root; the leaf itself where it is self-signed.
    fn root(&self) -> Option<&'a Certificate> {
        let last = self.chain.certificates().last().unwrap_or(self.certificate);
        last.is_self_signed().then_some(last)
    }
}

/// One rule.
pub struct Rule {
    /// The finding's code: `acm.` and the rule's name, such as `acm.K06`.
    pub code: &'static str,
    /// How much it matters where it is broken; some cases of a rule matter less.
    pub severity: Severity,
    /// Whether `--allow` makes a warning of it: where ACM may take it nevertheless.
    pub may_be_allowed: bool,
    /// What it says, in a few words.
    pub title: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// The findings of `gather` that it stands for.
    pub gathered: &'static [&'static str],
    judge: Judge,
}

/// How a rule is judged.
#[derive(Clone, Copy)]
enum Judge {
    /// While files are gathered, arguments are read or the call is made.
    Elsewhere,
    /// By what is about to be imported, and the time.
    Offline(fn(&Import<'_>, OffsetDateTime) -> Vec<Broken>),
    /// By that and by what ACM holds already.
    Online(fn(&Import<'_>, &Held) -> Vec<Broken>),
}

impl Rule {
    /// Its name alone: `K06`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        &self.code["acm.".len()..]
    }

    /// Whether it needs answers of ACM.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        matches!(self.judge, Judge::Online(_))
    }

    /// The rule of this name, in whatever case and with or without `acm.`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.strip_prefix("acm.").unwrap_or(name);
        RULES.iter().find(|r| r.name().eq_ignore_ascii_case(name))
    }

    fn finding(&self, broken: Broken, allowed: &Allowed) -> Finding {
        let mut severity = broken.severity.unwrap_or(self.severity);
        let mut message = broken.message;
        if severity == Severity::Error && allowed.0.contains(&self.code) {
            severity = Severity::Warning;
            message.push_str(": allowed");
        }
        Finding::new(self.code, severity, broken.place, message).fix(self.fix)
    }
}

/// That a rule is broken, and by what.
struct Broken {
    place: String,
    message: String,
    /// Where this case matters more or less than the rule in general.
    severity: Option<Severity>,
}

impl Broken {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into(), severity: None }
    }

    fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}

/// The rules that may be broken.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Vec<&'static str>);

impl Allowed {
    /// The rules of these names.
    ///
    /// # Errors
    /// [`Error::Rule`] for one that is not known, or that ACM itself insists on.
    pub fn named<S: AsRef<str>>(names: &[S]) -> Result<Self> {
        let known = |name: &S| match Rule::named(name.as_ref()) {
            Some(rule) if rule.may_be_allowed => Ok(rule.code),
            Some(_) => Err(Error::Rule { input: name.as_ref().to_owned(), reason: "ACM insists on it" }),
            None => Err(Error::Rule { input: name.as_ref().to_owned(), reason: "there is no such rule" }),
        };
        names.iter().map(known).collect::<Result<_>>().map(Self)
    }
}

/// Everything that can be said at `now` without asking ACM: errors first, then in
/// the table's order. `gathered` is what reading the files had to say.
#[must_use]
pub fn import(
    import: &Import<'_>,
    gathered: &[Finding],
    allowed: &Allowed,
    now: OffsetDateTime,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = gathered.iter().map(of_gathered).collect();
    for rule in RULES {
        if let Judge::Offline(judge) = rule.judge {
            findings.extend(judge(import, now).into_iter().map(|broken| rule.finding(broken, allowed)));
        }
    }
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    findings
}

/// What reading the files had to say, where it found no certificate to judge.
#[must_use]
pub fn unreadable(gathered: &[Finding]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = gathered.iter().map(of_gathered).collect();
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    findings
}

/// Everything that is to be said of an import in the place of what ACM holds.
#[must_use]
pub fn reimport(import: &Import<'_>, held: &Held, allowed: &Allowed) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        if let Judge::Online(judge) = rule.judge {
            findings.extend(judge(import, held).into_iter().map(|broken| rule.finding(broken, allowed)));
        }
    }
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    findings
}

/// A finding of `gather` under the name of the rule it stands for.
fn of_gathered(finding: &Finding) -> Finding {
    let rule = RULES.iter().find(|r| r.gathered.contains(&finding.code));
    let mut finding = finding.clone();
    if let Some(rule) = rule {
        finding.code = rule.code;
    }
    finding
}

/// What is wrong with a tag, if anything is (ACM API reference, Tag).
#[must_use]
pub fn tag_fault(key: &str, value: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    if key.is_empty() || key.chars().count() > 128 {
        return Some("its key does not have 1 to 128 characters");
    }
    if value.chars().count() > 256 {
        return Some("its value has more than 256 characters");
    }
    if !key.chars().all(allowed) || !value.chars().all(allowed) {
        return Some("it has a character other than letters, digits, spaces and _ . : / = + - @");
    }
    key.to_ascii_lowercase().starts_with("aws:").then_some("keys that start with aws: are AWS's own")
}

//! Requests (what was asked) and plans (all that is settled). A plan is made
//! from a request and a time alone: equal inputs give equal plans.

mod ca;

use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::KeyAlgorithm;
use crate::name::{Names, San};
use crate::subject::{MAX_COMMON_NAME, Subject};
use crate::template::{KeyUsage, Template};
use crate::validity::{LEAF_LIMIT_DAYS, LEAF_WARNING_DAYS, Lifetime, Validity, rfc3339};

pub use ca::{CaPlan, CaRequest};

/// What a leaf should be. Everything but the names has a default.
#[derive(Clone, Debug)]
pub struct LeafRequest {
    names: Names,
    subject: Subject,
    lifetime: Option<Lifetime>,
    key: Option<KeyAlgorithm>,
    template: Template,
    allow_long: bool,
}

impl LeafRequest {
    /// A leaf for these names; the first is shown as the common name.
    ///
    /// # Errors
    /// [`Error::Name`] for a text that is no name, [`Error::NoNames`] where there is none.
    pub fn new<I>(names: I) -> Result<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Ok(Self::for_names(Names::parse(names)?))
    }

    /// A leaf for names that are typed already.
    #[must_use]
    pub fn for_names(names: Names) -> Self {
        Self {
            names,
            subject: Subject::default(),
            lifetime: None,
            key: None,
            template: Template::SERVER,
            allow_long: false,
        }
    }

    /// What a certificate would be asked for as: for one that nobody has a record of.
    /// Names, subject, usages, length and kind of key are its own.
    ///
    /// # Errors
    /// [`Error::NotRenewable`] where it has names or usages that cannot be asked for.
    pub fn like(certificate: &Certificate) -> Result<Self> {
        let refuse = |reason| Error::NotRenewable { subject: certificate.subject(), reason };
        let names = certificate.names();
        if certificate.has_unread_names() {
            return Err(refuse("it has names that cannot be read"));
        }
        if names.len() != certificate.general_names().len() {
            return Err(refuse("it has names of a kind that cannot be asked for"));
        }
        let algorithm = certificate.public_key().algorithm();
        let (usage, extended) = (certificate.key_usage(), certificate.extended_key_usage());
        let is_like = |t: &&Template| {
            let own = t.key_usage(algorithm.is_some_and(KeyAlgorithm::is_rsa));
            !t.is_ca()
                && !t.send_root()
                && t.extended_key_usage() == extended
                && usage
                    .as_deref()
                    .is_some_and(|usage| own.iter().map(|u| u.as_str()).eq(usage.iter().copied()))
        };
        let template = match Template::builtin().iter().find(is_like) {
            Some(builtin) => builtin.clone(),
            None if certificate.ca().is_some() => return Err(refuse("it is a CA's")),
            None => {
                let usage = usage.ok_or_else(|| refuse("it says nothing of its key's usage"))?;
                let usage: Result<Vec<KeyUsage>> = usage.into_iter().map(str::parse).collect();
                Template::SERVER.with_usages(usage?, extended)
            }
        };
        let subject = certificate.subject_as_ours()?;
        let request = Self::for_names(Names::new(names)?).template(template).allow_long(true);
        let rest = certificate.validity().length();
        // A common name that is among the names comes of them again.
        let subject = match subject.common_name().map(|common| Self::name_of(common, &request.template)) {
            Some(Ok(None)) => subject,
            _ => subject.without_common_name(),
        };
        let request = request.lifetime(Lifetime::For { months: 0, rest }).subject(subject);
        Ok(match algorithm {
            Some(algorithm) => request.key(algorithm),
            None => request,
        })
    }

    /// The name that a common name stands for. None where it is what a person, a device or a
    /// program is called, as only a certificate that is not for servers may say: what is no
    /// name, one word alone, and what would be written otherwise among the names. Who looks at
    /// clients tells `JDoe` and `jdoe` apart.
    ///
    /// # Errors
    /// [`Error::Name`] where a server's common name is no name (RFC 9525 §2).
    pub fn name_of(common_name: &str, template: &Template) -> Result<Option<San>> {
        if template.is_for_servers() {
            common_name.parse().map(Some)
        } else {
            Ok(San::of_client(common_name))
        }
    }

    /// The subject's attributes. A common name among them becomes the first
    /// name, or stays what a person or a program is called where the template is not for
    /// servers ([`LeafRequest::name_of`]); without one the first name becomes the common name.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// How long it is valid; the template's days by default.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The kind of its key; the template's by default, else P-256.
    #[must_use]
    pub const fn key(mut self, key: KeyAlgorithm) -> Self {
        self.key = Some(key);
        self
    }

    /// What it is for; [`Template::SERVER`] by default.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.template = template;
        self
    }

    /// Whether more than 825 days are allowed.
    #[must_use]
    pub const fn allow_long(mut self, allow: bool) -> Self {
        self.allow_long = allow;
        self
    }

    /// The names that are asked for.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The subject that is asked for; empty where none is.
    #[must_use]
    pub const fn wanted_subject(&self) -> &Subject {
        &self.subject
    }

    /// The lifetime that is asked for.
    #[must_use]
    pub const fn wanted_lifetime(&self) -> Option<Lifetime> {
        self.lifetime
    }

    /// The kind of key that is asked for.
    #[must_use]
    pub const fn wanted_key(&self) -> Option<KeyAlgorithm> {
        self.key
    }

    /// The template that is asked for.
    #[must_use]
    pub const fn wanted_template(&self) -> &Template {
        &self.template
    }

    /// Whether more than 825 days are allowed.
    #[must_use]
    pub const fn allows_long(&self) -> bool {
        self.allow_long
    }

    /// Settles everything at `now`.
    ///
    /// # Errors
    /// [`Error::ValidityTooLong`], [`Error::Validity`], [`Error::Clock`];
    /// [`Error::Name`] where the subject's common name is no name.
    pub fn plan(&self, now: OffsetDateTime) -> Result<LeafPlan> {
        if self.template.is_ca() {
            return Err(Error::TemplateKind { name: self.template.name().to_owned(), kind: "CAs" });
        }
        let mut findings = Vec::new();
        let (names, subject) = self.names_and_subject(&mut findings)?;
        let server = self.template.is_for_servers();
        if server && !names.iter().any(|name| matches!(name, San::Dns(_) | San::Ip(_))) {
            findings.push(Finding::new(
                "name.no-host",
                Severity::Warning,
                "names",
                "no DNS name and no IP address: no client will take it for a server",
            ));
        }
        let lifetime = self.lifetime.unwrap_or_else(|| Lifetime::days(self.template.days()));
        let validity = lifetime.starting(now)?;
        // A started day counts as one: 825 days and a second are too long. The limits
        // are those of clients that look at servers.
        let days = if server { (validity.length().whole_seconds() + 86_399) / 86_400 } else { 0 };
        if days > LEAF_LIMIT_DAYS && !self.allow_long {
            return Err(Error::ValidityTooLong { days, limit: LEAF_LIMIT_DAYS });
        }
        if days > LEAF_LIMIT_DAYS {
            findings.push(Finding::new(
                "validity.apple",
                Severity::Warning,
                "validity",
                format!("{days} days: Apple's platforms refuse more than {LEAF_LIMIT_DAYS}"),
            ));
        } else if days > LEAF_WARNING_DAYS {
            findings.push(Finding::new(
                "validity.long",
                Severity::Warning,
                "validity",
                format!("{days} days: some clients refuse more than {LEAF_WARNING_DAYS}"),
            ));
        }
        let key = self.key.or(self.template.key()).unwrap_or_default();
        Ok(LeafPlan { names, subject, validity, key, template: self.template.clone(), findings })
    }

    /// Makes the common name and the first name one.
    fn names_and_subject(&self, findings: &mut Vec<Finding>) -> Result<(Names, Subject)> {
        let given = match self.template.subject() {
            Some(subject) if self.subject.is_empty() => subject,
            _ => &self.subject,
        };
        if given.common_names() > 1 {
            let reason = "it has more than one common name".to_owned();
            return Err(Error::Subject { input: given.to_string(), reason });
        }
        if let Some(common) = given.common_name() {
            let Some(name) = Self::name_of(common, &self.template)? else {
                return Ok((self.names.clone(), given.clone()));
            };
            // The subject shows the name as it stands among the names, or not at all.
            let subject = given.with_common_name(&name.to_string());
            let first = std::iter::once(name).chain(self.names.iter().cloned());
            return Ok((Names::new(first)?, subject));
        }
        let common = self.names.first().to_string();
        let subject = if common.chars().count() > MAX_COMMON_NAME {
            findings.push(Finding::new(
                "subject.no-common-name",
                Severity::Info,
                "subject",
                format!("the first name is longer than {MAX_COMMON_NAME} characters, so it stands in the SAN alone"),
            ));
            given.clone()
        } else {
            given.clone().with("CN", &common)?
        };
        Ok((self.names.clone(), subject))
    }
}

/// A leaf with everything settled but its key, serial and signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafPlan {
    names: Names,
    subject: Subject,
    validity: Validity,
    key: KeyAlgorithm,
    template: Template,
    findings: Vec<Finding>,
}

impl LeafPlan {
    /// The names it vouches for.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Its subject.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Its subject where clients have to trust it itself.
    pub(crate) fn trusted_subject(&self) -> Result<Subject> {
        match seed_mark() {
            Some((kind, value)) => self.subject.clone().with(kind, value),
            None => Ok(self.subject.clone()),
        }
    }

    /// From when to when it is valid.
    #[must_use]
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// The kind of its key.
    #[must_use]
    pub const fn key(&self) -> KeyAlgorithm {
        self.key
    }

    /// What it is for.
    #[must_use]
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// What was noticed while planning.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The same plan, cut to end no later than its issuer, with a finding that says so.
    #[must_use]
    pub fn within(mut self, issuer: &Validity) -> Self {
        let (validity, clamped) = cut(self.validity, issuer);
        self.findings.extend(clamped);
        self.validity = validity;
        self
    }

    /// The same plan without a common name, with a finding that says why.
    pub(crate) fn without_common_name(mut self, why: impl Into<String>) -> Self {
        self.subject = self.subject.without_common_name();
        self.findings.push(Finding::new("subject.no-common-name", Severity::Info, "subject", why));
        self
    }
}

/// A validity that ends no later than its issuer's, and that it was cut.
fn cut(validity: Validity, issuer: &Validity) -> (Validity, Option<Finding>) {
    let (within, clamped) = validity.within(issuer);
    let message = || {
        let (asked, end) = (rfc3339(validity.not_after()), rfc3339(within.not_after()));
        format!("cut from {asked} to the issuer's end {end}")
    };
    let finding = clamped.then(|| Finding::new("validity.clamped", Severity::Warning, "validity", message()));
    (within, finding)
}

/// What is trusted says so where it comes from a seed.
#[cfg(feature = "seeded")]
fn seed_mark() -> Option<(&'static str, &'static str)> {
    crate::key::seeded::now().map(|_| crate::key::seeded::MARK)
}

#[cfg(not(feature = "seeded"))]
const fn seed_mark() -> Option<(&'static str, &'static str)> {
    None
}

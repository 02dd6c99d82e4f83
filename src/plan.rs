//! Requests (what was asked) and plans (all that is settled). A plan is made
//! from a request and a time alone: equal inputs give equal plans.

use time::OffsetDateTime;

use crate::certificate::PathLength;
use crate::constraint::Constraints;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::{KeyAlgorithm, PublicKey};
use crate::name::{Names, San};
use crate::subject::{MAX_COMMON_NAME, Subject};
use crate::template::{ExtendedKeyUsage, Template};
use crate::validity::{LEAF_LIMIT_DAYS, LEAF_WARNING_DAYS, Lifetime, Validity, rfc3339};

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

    /// The subject's attributes. A common name among them becomes the first
    /// name; without one the first name becomes the common name.
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
        let server = self.template.extended_key_usage().contains(&ExtendedKeyUsage::ServerAuth);
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
            let name: San = common.parse()?;
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

/// What a CA should be.
#[derive(Clone, Debug)]
pub struct CaRequest {
    subject: CaSubject,
    lifetime: Option<Lifetime>,
    key: KeyAlgorithm,
    template: Template,
    path_length: Option<PathLength>,
    constraints: Constraints,
}

/// A CA's subject: given, or made distinct by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CaSubject {
    Given(Subject),
    /// A common name of this text and a short key identifier behind it.
    WithKeyId(String),
}

impl CaRequest {
    /// A CA with this common name, exactly.
    ///
    /// # Errors
    /// [`Error::Subject`] where it is empty or too long.
    pub fn new(common_name: &str) -> Result<Self> {
        Ok(Self::with_subject(Subject::common(common_name)?))
    }

    /// A CA with this subject, exactly.
    #[must_use]
    pub const fn with_subject(subject: Subject) -> Self {
        Self::from_subject(CaSubject::Given(subject))
    }

    /// A CA whose common name says whose it is (`user@host`) and ends in a short
    /// identifier of its key, so that no two CAs share a name: clients that find
    /// an issuer by name would take one's key for the other's.
    #[must_use]
    pub fn distinct(owner: &str) -> Self {
        // "certforge CA " and " 0123abcd" leave this many characters of 64.
        let owner: String = owner.chars().filter(|c| !c.is_control()).take(MAX_COMMON_NAME - 22).collect();
        let text = if owner.is_empty() { "certforge CA".to_owned() } else { format!("certforge CA {owner}") };
        Self::from_subject(CaSubject::WithKeyId(text))
    }

    const fn from_subject(subject: CaSubject) -> Self {
        Self {
            subject,
            lifetime: None,
            key: KeyAlgorithm::P256,
            template: Template::CA,
            path_length: None,
            constraints: Constraints::NONE,
        }
    }

    /// How long it is valid; ten years by default.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The kind of its key; P-256 by default.
    #[must_use]
    pub const fn key(mut self, key: KeyAlgorithm) -> Self {
        self.key = key;
        self
    }

    /// What it is for; [`Template::CA`] by default, [`Template::INTERMEDIATE`] for a
    /// CA below another one.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.template = template;
        self
    }

    /// The names that what stands below it may have; all by default.
    #[must_use]
    pub fn constraints(mut self, constraints: Constraints) -> Self {
        self.constraints = constraints;
        self
    }

    /// How many CAs may stand below it; `None` is no limit. The template's by default.
    #[must_use]
    pub const fn path_length(mut self, limit: Option<u8>) -> Self {
        self.path_length = Some(PathLength(limit));
        self
    }

    /// Settles everything at `now`.
    ///
    /// # Errors
    /// [`Error::Validity`], [`Error::Clock`]; [`Error::TemplateKind`] for a template
    /// of leaves.
    pub fn plan(&self, now: OffsetDateTime) -> Result<CaPlan> {
        if !self.template.is_ca() {
            return Err(Error::TemplateKind { name: self.template.name().to_owned(), kind: "leaves" });
        }
        let lifetime = self.lifetime.unwrap_or_else(|| Lifetime::days(self.template.days()));
        Ok(CaPlan {
            subject: self.subject.clone(),
            validity: lifetime.starting(now)?,
            key: self.key,
            path_length: self.path_length.map_or(self.template.path_length(), |limit| limit.0),
            template: self.template.clone(),
            constraints: self.constraints.clone(),
            findings: Vec::new(),
        })
    }
}

/// A CA with everything settled but its key, serial and signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaPlan {
    subject: CaSubject,
    validity: Validity,
    key: KeyAlgorithm,
    template: Template,
    path_length: Option<u8>,
    constraints: Constraints,
    findings: Vec<Finding>,
}

impl CaPlan {
    /// Its subject, for this key.
    ///
    /// # Errors
    /// [`Error::Subject`] where it is too long.
    pub fn subject(&self, key: &PublicKey) -> Result<Subject> {
        match &self.subject {
            CaSubject::Given(subject) => Ok(subject.clone()),
            CaSubject::WithKeyId(text) => {
                let id = key.key_identifier();
                Subject::common(&format!("{text} {:02x}{:02x}{:02x}{:02x}", id[0], id[1], id[2], id[3]))
            }
        }
    }

    /// Its subject as text, with `<key id>` where the key decides.
    #[must_use]
    pub fn subject_text(&self) -> String {
        match &self.subject {
            CaSubject::Given(subject) => subject.to_string(),
            CaSubject::WithKeyId(text) => format!("CN={text} <key id>"),
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

    /// How many CAs may stand below it; `None` is no limit.
    #[must_use]
    pub const fn path_length(&self) -> Option<u8> {
        self.path_length
    }
    /// The names that what stands below it may have.
    #[must_use]
    pub const fn constraints(&self) -> &Constraints {
        &self.constraints
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
}

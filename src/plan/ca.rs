//! CAs: what was asked for, and what is settled.

use time::OffsetDateTime;

use super::cut;
use crate::certificate::PathLength;
use crate::constraint::Constraints;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::key::{KeyAlgorithm, PublicKey};
use crate::subject::{MAX_COMMON_NAME, Subject};
use crate::template::Template;
use crate::validity::{Lifetime, Validity};

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
    /// of leaves; [`Error::Constraint`] for limits that leave nothing.
    pub fn plan(&self, now: OffsetDateTime) -> Result<CaPlan> {
        if !self.template.is_ca() {
            return Err(Error::TemplateKind { name: self.template.name().to_owned(), kind: "leaves" });
        }
        let limits = &self.constraints;
        if !limits.permitted().is_empty() && limits.permitted().iter().all(|s| limits.closes(s).is_some()) {
            let input = limits.excluded().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::Constraint { input, reason: "it excludes all that is permitted".to_owned() });
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
            mark: super::seed_mark(),
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
    /// What a CA from a seed says of itself.
    mark: Option<(&'static str, &'static str)>,
}

impl CaPlan {
    /// Its subject, for this key.
    ///
    /// # Errors
    /// [`Error::Subject`] where it is too long.
    pub fn subject(&self, key: &PublicKey) -> Result<Subject> {
        let subject = match &self.subject {
            CaSubject::Given(subject) => subject.clone(),
            CaSubject::WithKeyId(text) => {
                let id = key.key_identifier();
                Subject::common(&format!("{text} {:02x}{:02x}{:02x}{:02x}", id[0], id[1], id[2], id[3]))?
            }
        };
        match self.mark {
            Some((kind, value)) => subject.with(kind, value),
            None => Ok(subject),
        }
    }

    /// Its subject as text, with `<key id>` where the key decides.
    #[must_use]
    pub fn subject_text(&self) -> String {
        let text = match &self.subject {
            CaSubject::Given(subject) => subject.to_string(),
            CaSubject::WithKeyId(text) => format!("CN={text} <key id>"),
        };
        match self.mark {
            Some((kind, value)) => format!("{text}, {kind}={value}"),
            None => text,
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

//! The facts that are told of a certificate, and their names.

use std::collections::BTreeSet;

/// The facts of a certificate as a server shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeSet<String>);

impl Facts {
    /// Whether a fact holds; with `!` in front, whether it does not.
    #[must_use]
    pub fn hold(&self, fact: &str) -> bool {
        match fact.strip_prefix('!') {
            Some(fact) => !self.0.contains(fact),
            None => self.0.contains(fact),
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn insert(&mut self, fact: impl Into<String>) {
        self.0.insert(fact.into());
    }

    pub(super) fn extend(&mut self, facts: impl IntoIterator<Item = String>) {
        self.0.extend(facts);
    }
}

/// Names that facts may have; others are the codes of [`crate::check::path`]'s findings without `path.`,
/// `@`, and `leaf`, `issuer` or `anchor`.
pub const NAMES: &[&str] = &[
    "san.not-ascii",
    "san.cut",
    "san.address-length",
    "san.directory-malformed",
    "san.malformed",
    "san.empty",
    "unread.names-alone",
    "always",
    "peer.ip",
    "peer.dns",
    "name.ok",
    "name.partial-wildcard",
    "name.top-level-wildcard",
    "name.common",
    "san.none",
    "san.dns",
    "san.ip",
    "san.domain",
    "leaf.v1",
    "leaf.ca",
    "leaf.self-issued",
    "leaf.usage-not-tls",
    "leaf.usage-no-signature",
    "leaf.purpose-none",
    "leaf.purpose-any",
    "leaf.long",
    "leaf.duplicate-extension",
    "anchored",
    "anchor.partial",
    "anchor.leaf",
    "anchor.v1",
    "anchor.not-a-ca",
    "anchor.no-cert-sign",
    "issuer.v1",
    "issuer.no-constraints",
    "issuer.no-cert-sign",
    "issuer.purpose-none",
    "issuer.purpose-any",
    "anchor.purpose-none",
    "anchor.purpose-any",
    "limit.permits@anchor",
    "limit.permits@issuer",
    "limit.excludes@anchor",
    "limit.excludes@issuer",
    "key.rsa-small",
    "key.rsa-large",
    "key.p384",
    "key.p521",
    "key.ed25519",
    "strict.constraints-not-critical@ca",
    "strict.no-key-usage@ca",
    "strict.length-without-cert-sign@ca",
    "strict.issuer-empty@ca",
    "strict.subject-empty@ca",
    "strict.names-not-critical@ca",
    "strict.names-empty@ca",
    "strict.authority-id-critical@ca",
    "strict.subject-id-critical@ca",
    "strict.no-authority-id@ca",
    "strict.no-subject-id@ca",
    "strict.version@ca",
    "critical.identifiers",
    "issuer.no-key-usage",
    "key-identifier.below-anchor",
    "leaf.extensions-before-v3",
    "key.rsa-pss",
    "key.ed448",
    "key.rsa-tiny",
    "key.explicit-curve",
    "ca.key-tiny",
    "ca.key-explicit-curve",
    "ca.key-other-curve@anchor",
    "ca.key-other-curve@issuer",
    "signature.digest",
    "signature.pss-odd",
    "signature.ecdsa-sha512",
    "issuer.signature-digest",
    "issuer.signature-md5",
    "name.common-none",
    "name.common-top-level-wildcard",
    "peer.underscore-below-wildcard",
    "leaf.seems-self-signed",
    "anchor.ca-by-key-usage",
    "top.no-ca",
    "top.no-cert-sign",
    "limit.common-name-java",
    "limit.no-dns-java",
    "limit.other-family-java",
    "limit.crossed-java",
    "unread@leaf",
    "unread@issuer",
    "unread@anchor",
    "unread.constraints-or-key-usage",
    "unread.read-by-rustls",
    "peer.underscore",
    "san.alone-not-critical",
    "critical.points",
    "critical.policies",
    "critical.policy-constraints",
    "critical.policy-rules",
    "critical.policy-constraints@anchor",
    "critical.policy-rules@anchor",
    "limit.of-others",
    "limit.wildcard",
    "key.unusual",
    "ca.key-small",
    "signature.weak",
    "signature.sha1",
    "signature.ids-differ",
    "anchor.impostor",
    "root.sent",
    "path.long",
    "path.faulty",
    "limit.common-name",
    "text.unread",
    "text.character",
    "text.lenient",
    "leaf.netscape-other",
    "strict.constraints-not-critical",
    "strict.no-key-usage",
    "strict.length-without-cert-sign",
    "strict.cert-sign",
    "strict.issuer-empty",
    "strict.subject-empty",
    "strict.names-not-critical",
    "strict.names-empty",
    "strict.authority-id-critical",
    "strict.subject-id-critical",
    "strict.no-authority-id",
    "strict.no-subject-id",
    "strict.version",
];

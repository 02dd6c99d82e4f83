//! Name constraints: the names that what stands below a CA may have (RFC 5280
//! §4.2.1.10). Written into CAs, and asked before anything is signed, so that
//! nobody learns of them from a client that refuses.

mod subtree;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use der::{Decode, Encode};
use x509_cert::ext::pkix::constraints::name::{GeneralSubtree, NameConstraints};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::error::{Error, Result};
use crate::name::San;
use crate::subject;
pub(crate) use subtree::Side;
pub use subtree::Subtree;
use subtree::address_of;
use subtree::{Presented, uri_host};

/// How many comparisons of a name with a limit are made for one certificate, or one path: rustls
/// makes as many.
pub(crate) const MOST_COMPARISONS: usize = 250_000;

/// What a CA limits the names below it to. An excluded name is refused even where
/// it is permitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

impl Constraints {
    /// No limits.
    pub const NONE: Self = Self { permitted: Vec::new(), excluded: Vec::new() };

    /// Limits of one's own. Where anything is permitted, the types of names that are
    /// not mentioned are closed, which RFC 5280 would leave open: DNS names and
    /// addresses in the certificate, mailboxes and URIs when something is issued.
    #[must_use]
    pub fn new(permitted: Vec<Subtree>, excluded: Vec<Subtree>) -> Self {
        let mut all = Self { permitted, excluded };
        if all.permitted.is_empty() {
            return all;
        }
        let has = |all: &Self, kind: &str| all.permitted.iter().any(|s| s.kind() == kind);
        // As the baseline requirements of the CA/Browser Forum write it (§7.1.2.10.8).
        if !has(&all, "dns") {
            all.excluded.push(Subtree::Dns(String::new()));
        }
        if !has(&all, "ip") {
            // Where one family is permitted the other is closed by that: both are one type.
            // Java 17 stumbles over an excluded ::/0 when it looks at an IPv4 address.
            for every in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
                all.excluded.push(Subtree::Ip { address: every, mask: every });
            }
        }
        all
    }

    /// Whether there is no limit at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.permitted.is_empty() && self.excluded.is_empty()
    }

    /// What is permitted: of a type that is mentioned nothing else is.
    #[must_use]
    pub fn permitted(&self) -> &[Subtree] {
        &self.permitted
    }

    /// What is excluded.
    #[must_use]
    pub fn excluded(&self) -> &[Subtree] {
        &self.excluded
    }

    /// The limits on DNS names that begin with a dot, which is no form of RFC 5280: when
    /// they are written again the dot goes, and with it the host itself comes in.
    #[must_use]
    pub fn dotted(&self) -> Vec<String> {
        let dotted = |s: &&Subtree| matches!(s, Subtree::Dns(base) if base.starts_with('.'));
        self.permitted.iter().chain(&self.excluded).filter(dotted).map(ToString::to_string).collect()
    }

    /// Whether these are the same limits as they are written here: a leading dot of others
    /// goes when they are written again.
    #[must_use]
    pub fn is_written_as(&self, other: &Self) -> bool {
        let plain = |subtrees: &[Subtree]| -> Vec<Subtree> {
            let plain = |subtree: &Subtree| match subtree {
                Subtree::Dns(base) => Subtree::Dns(base.trim_start_matches('.').to_owned()),
                other => other.clone(),
            };
            subtrees.iter().map(plain).collect()
        };
        plain(&self.permitted) == plain(&other.permitted) && plain(&self.excluded) == plain(&other.excluded)
    }

    /// Why a common name may not stand below, where a certificate has no DNS name: OpenSSL, and
    /// all that is built on it, takes one that looks like one for one (`NAME_CONSTRAINTS_check_CN`).
    pub(crate) fn bars_common_name(&self, common_name: &str) -> Option<String> {
        if is_dns_to_openssl(common_name) { self.bars_dns(common_name, Side::Excludes) } else { None }
    }

    /// Why a name may not stand below: the limit it breaks, in words.
    ///
    /// A mailbox or a URI stands below no CA that permits something and mentions neither.
    /// In the certificate such a limit cannot be written: the baseline requirements of the
    /// CA/Browser Forum know none for these types, and clients read an empty one in
    /// different ways.
    #[must_use]
    pub fn refuses(&self, name: &San) -> Option<String> {
        let kind = name.kind();
        let all = || self.permitted.iter().chain(&self.excluded);
        if let Some(reason) = self.unmentioned(kind) {
            return Some(reason);
        }
        if let San::Uri(uri) = name
            && all().any(|subtree| subtree.kind() == kind)
            && uri_host(uri).is_none()
        {
            let reason =
                "its limits on URIs let none stand below but with a host name, without a user before it";
            return Some(reason.to_owned());
        }
        let presented = Presented::of(name);
        self.broken(kind, |s| s.holds(presented, Side::Refuses), |s| s.holds(presented, Side::Permits))
    }

    /// Why no name that a CA below permits may stand below this one: it would never issue
    /// anything of that kind.
    #[must_use]
    pub fn closes(&self, below: &Subtree) -> Option<String> {
        let kind = below.kind();
        self.unmentioned(kind).or_else(|| self.broken(kind, |s| below.lies_within(s), |s| below.meets(s)))
    }

    /// That mailboxes or URIs stand below no CA that permits something and mentions neither.
    fn unmentioned(&self, kind: &str) -> Option<String> {
        let mentioned = self.permitted.iter().chain(&self.excluded).any(|subtree| subtree.kind() == kind);
        let closed = matches!(kind, "email" | "uri") && !self.permitted.is_empty() && !mentioned;
        closed.then(|| format!("its limits mention no name of the type {kind}"))
    }

    /// Why a subject (an X.501 Name in DER) may not stand below. Its e-mail
    /// addresses count as names (RFC 5280 §4.2.1.10).
    ///
    /// # Errors
    /// [`Error::MalformedCertificate`] where it is no name.
    pub fn refuses_subject(&self, subject: &[u8]) -> Result<Option<String>> {
        let name =
            Name::from_der(subject).map_err(|e| Error::MalformedCertificate { reason: e.to_string() })?;
        if name.is_empty() {
            return Ok(None);
        }
        for address in subject::email_addresses(&name) {
            let email = Presented::Email(&address);
            let holds = |side| move |subtree: &Subtree| subtree.holds(email, side);
            if let Some(reason) = self.broken("email", holds(Side::ExcludesAny), holds(Side::Permits)) {
                return Ok(Some(reason));
            }
        }
        let parts = subject::folded(&name);
        let begins = |subtree: &Subtree| {
            let Subtree::Directory(der) = subtree else { return false };
            Name::from_der(der).is_ok_and(|base| parts.starts_with(&subject::folded(&base)))
        };
        Ok(self.broken("directory", begins, begins))
    }

    /// Why a subject with a mailbox in it may not stand below: as such names among the others,
    /// where something is permitted and no mailbox is.
    ///
    /// # Errors
    /// [`Error::MalformedCertificate`] where it is no name.
    pub(crate) fn refuses_mailboxes(&self, subject: &[u8]) -> Result<Option<String>> {
        let Some(reason) = self.unmentioned("email") else { return Ok(None) };
        let name =
            Name::from_der(subject).map_err(|e| Error::MalformedCertificate { reason: e.to_string() })?;
        Ok((!subject::email_addresses(&name).is_empty()).then_some(reason))
    }

    /// How many limits there are.
    pub(crate) const fn count(&self) -> usize {
        self.permitted.len() + self.excluded.len()
    }

    /// Why a name of a certificate, well formed or not, may not stand below, as clients
    /// judge it (RFC 5280 §4.2.1.10). A name that cannot be compared with a limit on its
    /// type breaks it. Whether a wildcard is one name or all that it stands for, `excludes`
    /// says: clients differ.
    pub(crate) fn bars(&self, name: &GeneralName, excludes: Side) -> Option<String> {
        let (kind, presented) = match name {
            GeneralName::DnsName(dns) => return self.bars_dns(dns.as_str(), excludes),
            GeneralName::Rfc822Name(email) if !email.as_str().contains('@') => {
                return self.bars_type("email");
            }
            GeneralName::Rfc822Name(email) => ("email", Presented::Email(email.as_str())),
            GeneralName::UniformResourceIdentifier(uri) => ("uri", Presented::Uri(uri.as_str())),
            GeneralName::IpAddress(octets) => match address_of(octets.as_bytes()) {
                Some(ip) => ("ip", Presented::Ip(ip)),
                None => return self.bars_type("ip"),
            },
            GeneralName::DirectoryName(name) => {
                return name.to_der().ok().and_then(|der| self.refuses_subject(&der).ok()?);
            }
            GeneralName::EdiPartyName(_) => return self.bars_type("ediPartyName"),
            GeneralName::RegisteredId(_) => return self.bars_type("registeredID"),
            GeneralName::OtherName(_) => return self.bars_type("otherName"),
        };
        if let Presented::Uri(uri) = presented
            && uri_host(uri).is_none()
        {
            return self.bars_type("uri");
        }
        self.bars_presented(kind, presented, excludes)
    }

    /// The same of a DNS name, or of what a client takes for one.
    pub(crate) fn bars_dns(&self, name: &str, excludes: Side) -> Option<String> {
        if name.split('.').any(str::is_empty) {
            return self.bars_type("dns");
        }
        self.bars_presented("dns", Presented::Dns(&name.to_ascii_lowercase()), excludes)
    }

    fn bars_presented(&self, kind: &str, name: Presented<'_>, excludes: Side) -> Option<String> {
        self.broken(kind, |s| s.holds(name, excludes), |s| s.holds(name, Side::Permits))
    }

    /// That names of this type are limited at all.
    fn bars_type(&self, kind: &str) -> Option<String> {
        let limited = self.permitted.iter().chain(&self.excluded).any(|s| s.kind() == kind);
        limited.then(|| format!("it limits names of the type {kind}, and this one cannot be compared"))
    }

    fn broken(
        &self,
        kind: &str,
        excludes: impl Fn(&Subtree) -> bool,
        permits: impl Fn(&Subtree) -> bool,
    ) -> Option<String> {
        let of_kind = || self.permitted.iter().filter(|s| s.kind() == kind);
        // As OpenSSL looks at them: what is permitted first.
        if of_kind().next().is_some() && !of_kind().any(permits) {
            let all: Vec<String> = of_kind().map(ToString::to_string).collect();
            return Some(format!("it permits {}", all.join(", ")));
        }
        self.excluded.iter().find(|s| excludes(s)).map(|subtree| format!("it excludes {subtree}"))
    }

    /// The extension's value in DER.
    ///
    /// # Errors
    /// [`Error::Internal`] where it cannot be encoded.
    pub(crate) fn to_der(&self) -> Result<Vec<u8>> {
        let broken = |e: der::Error| Error::Internal { doing: "encoding constraints", reason: e.to_string() };
        let list = |subtrees: &[Subtree]| {
            let all = subtrees.iter().map(Subtree::encode).collect::<der::Result<Vec<_>>>()?;
            Ok((!all.is_empty()).then_some(all))
        };
        let extension = NameConstraints {
            permitted_subtrees: list(&self.permitted).map_err(broken)?,
            excluded_subtrees: list(&self.excluded).map_err(broken)?,
        };
        extension.to_der().map_err(broken)
    }

    /// What an extension says.
    ///
    /// # Errors
    /// [`Error::MalformedCertificate`] where it limits in a way that RFC 5280 does
    /// not allow: a minimum, a maximum, an address without a mask.
    pub(crate) fn read(extension: &NameConstraints) -> Result<Self> {
        let list = |subtrees: &Option<Vec<GeneralSubtree>>| {
            subtrees.iter().flatten().map(Subtree::decode).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            permitted: list(&extension.permitted_subtrees)?,
            excluded: list(&extension.excluded_subtrees)?,
        })
    }
}

/// Whether OpenSSL takes a common name for a DNS name (`cn2dnsid`): two labels or more of
/// letters, digits, `_` and, within, `-`.
fn is_dns_to_openssl(text: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        !label.is_empty() && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(permitted: &[&str], excluded: &[&str]) -> Constraints {
        let read = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect();
        Constraints::new(read(permitted), read(excluded))
    }

    fn allowed(limits: &Constraints, name: &str) -> bool {
        limits.refuses(&name.parse().unwrap()).is_none()
    }

    #[test]
    fn names_within_are_allowed_and_others_not() {
        let l = limits(
            &[".internal", "10.103.0.0/16", "fd00::/8", "email:corp.example"],
            &["dns:secret.b.internal"],
        );
        for name in
            ["internal", "a.internal", "*.a.internal", "10.103.255.1", "fd12::1", "email:me@corp.example"]
        {
            assert!(allowed(&l, name), "{name}");
        }
        for name in [
            "a.example",
            "notinternal",
            "secret.b.internal",
            "x.secret.b.internal",
            "*.secret.b.internal",
            // It would stand for secret.b.internal.
            "*.b.internal",
            "10.104.0.1",
            "fe80::1",
            "email:me@sub.corp.example",
            "email:me@x.example",
            "uri:https://a.internal/",
        ] {
            assert!(!allowed(&l, name), "{name}");
        }
    }

    #[test]
    fn what_is_not_mentioned_is_closed_where_anything_is_permitted() {
        let l = limits(&["10.0.0.0/8"], &[]);
        for name in ["a.example", "fd00::1", "email:a@b.example", "uri:spiffe://a/b"] {
            assert!(!allowed(&l, name), "{name}");
        }
        let l = limits(&[], &["10.0.0.0/8"]);
        for name in ["a.example", "fd00::1", "11.0.0.1"] {
            assert!(allowed(&l, name), "{name}");
        }
        assert!(!allowed(&l, "10.1.1.1"));
    }

    #[test]
    fn hosts_of_uris_and_mailboxes() {
        let l = limits(&["uri:.corp.example", "email:boss@x.example", "email:.y.example", "@z.example"], &[]);
        for name in [
            "uri:https://a.corp.example:8443/x",
            "email:boss@x.example",
            "email:a@b.y.example",
            "email:a@z.example",
        ] {
            assert!(allowed(&l, name), "{name}");
        }
        for name in
            ["uri:https://corp.example/", "uri:urn:uuid:1", "email:staff@x.example", "email:a@y.example"]
        {
            assert!(!allowed(&l, name), "{name}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (input, part) in [
            ("10.103.10.95/16", "10.103.0.0/16"),
            ("10.0.0.0/33", "prefix length"),
            ("10.0.0.0/-1", "prefix length"),
            ("10.0.0/8", "not an IP address"),
            ("*.internal", "no `*`"),
            ("a b", "may not stand"),
            ("", "empty"),
            ("email:a@b@", "e-mail"),
            ("https://x/", "IP address"),
        ] {
            let e = input.parse::<Subtree>().unwrap_err();
            assert_eq!(e.code(), "ca.constraint", "{input}");
            assert!(e.to_string().contains(part), "{input}: {e}");
        }
    }

    #[test]
    fn the_extension_reads_as_it_was_written() {
        let l = limits(&[".internal", "10.0.0.0/8", "email:.corp.example"], &["fd00::/8", "dns:x.internal"]);
        let read = NameConstraints::from_der(&l.to_der().unwrap()).unwrap();
        assert_eq!(Constraints::read(&read).unwrap(), l);
        assert_eq!("10.0.0.0/8".parse::<Subtree>().unwrap().to_string(), "10.0.0.0/8");
    }

    #[test]
    fn a_subtree_has_no_wildcard_at_any_place() {
        for bad in
            ["*.a.example", ".*.a.example", "dns:.*.a.example", "uri:*.a.example", "email:@*.a.example"]
        {
            let refused = bad.parse::<Subtree>().unwrap_err().to_string();
            assert!(refused.contains("no `*`"), "{bad}: {refused}");
        }
    }
}

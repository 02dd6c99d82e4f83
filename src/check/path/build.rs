//! Looking for paths: from the certificate upwards, by name and by signature, with a
//! bound on how much is tried.

use std::collections::HashMap;

use super::judge::{self, place};
use super::{LONGEST, Question, Verdict};
use crate::certificate::Certificate;
use crate::finding::{Finding, Severity};
use crate::subject::folded_der as folded;

/// The most signatures that are checked, as in rustls-webpki: who sends a hundred CAs of
/// one name does not get to keep us busy.
const MOST_SIGNATURES: usize = 100;
/// The most paths that are judged.
const MOST_PATHS: usize = 100;

/// Whether one certificate signed another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Signed,
    /// The algorithm is not known here.
    Unknown,
    NotSigned,
}

pub(super) struct Search<'a> {
    question: &'a Question<'a>,
    /// The chain without what stands there twice.
    pool: Vec<&'a Certificate>,
    signatures: HashMap<(usize, usize), Link>,
    judged: usize,
    /// The path that is least wrong, with how many errors it has.
    best: Option<(usize, Verdict)>,
    /// How far a path went that reaches no anchor.
    dead: Option<(usize, Verdict)>,
}

/// The path while it grows.
#[derive(Default)]
struct Path<'a> {
    certificates: Vec<&'a Certificate>,
    /// A signature of it could not be checked.
    unknown: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(question: &'a Question<'a>) -> Self {
        let mut pool: Vec<&Certificate> = Vec::new();
        for certificate in question.chain {
            if certificate != question.certificate && !pool.contains(&certificate) {
                pool.push(certificate);
            }
        }
        // What lasts longest first: an old and a new certificate of one CA are often both there.
        pool.sort_by_key(|c| std::cmp::Reverse(c.validity().not_after()));
        Self { question, pool, signatures: HashMap::new(), judged: 0, best: None, dead: None }
    }

    pub(super) fn run(mut self) -> Verdict {
        let mut path = Path { certificates: vec![self.question.certificate], unknown: 0 };
        if let Some(verdict) = self.walk(&mut path) {
            return verdict;
        }
        let found = self.best.or(self.dead).map(|(_, verdict)| verdict);
        found.unwrap_or_else(|| Verdict {
            path: vec![self.question.certificate.clone()],
            anchored: false,
            findings: Vec::new(),
        })
    }

    /// The first path from here on that nothing is wrong with.
    fn walk(&mut self, path: &mut Path<'a>) -> Option<Verdict> {
        let question = self.question;
        let head = *path.certificates.last()?;
        if question.anchors.iter().any(|anchor| anchor.certificate() == head) {
            let found = self.judge(path);
            // One that is trusted itself may also be judged by its CA.
            if found.is_some() || head.is_self_issued() {
                return found;
            }
        }
        let (mut impostors, mut went) = (0, false);
        for anchor in question.anchors.iter().map(crate::certificate::TrustAnchor::certificate) {
            if anchor.subject_der() != head.issuer_der() {
                continue;
            }
            let Some(link) = self.link(head, anchor) else { return self.exhausted(path) };
            if link == Link::NotSigned {
                impostors += 1;
                continue;
            }
            went = true;
            let found = with(path, anchor, link, |path| self.judge(path));
            if found.is_some() {
                return found;
            }
        }
        for issuer in self.pool.clone() {
            if issuer.subject_der() != head.issuer_der() || repeats(path, issuer) {
                continue;
            }
            if path.certificates.len() + 2 > LONGEST {
                self.stop(path, "path.too-deep", format!("the path is longer than {LONGEST} certificates"));
                return None;
            }
            let Some(link) = self.link(head, issuer) else { return self.exhausted(path) };
            if link == Link::NotSigned {
                impostors += 1;
                continue;
            }
            went = true;
            let found = with(path, issuer, link, |path| self.walk(path));
            if found.is_some() {
                return found;
            }
        }
        if !went {
            self.dead_end(path, impostors);
        }
        None
    }

    /// Whether `above` signed `below`; none where too much was asked already.
    fn link(&mut self, below: &'a Certificate, above: &'a Certificate) -> Option<Link> {
        let key = (std::ptr::from_ref(below) as usize, std::ptr::from_ref(above) as usize);
        if let Some(known) = self.signatures.get(&key) {
            return Some(*known);
        }
        if self.signatures.len() == MOST_SIGNATURES {
            return None;
        }
        let link = match below.is_signed_by(above.public_key()) {
            Ok(true) => Link::Signed,
            Ok(false) => Link::NotSigned,
            Err(_) => Link::Unknown,
        };
        self.signatures.insert(key, link);
        Some(link)
    }

    fn judge(&mut self, path: &Path<'a>) -> Option<Verdict> {
        if self.judged == MOST_PATHS {
            return None;
        }
        self.judged += 1;
        let findings = judge::path(self.question, &path.certificates, path.unknown > 0);
        let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
        let verdict = Verdict { path: owned(path), anchored: true, findings };
        if errors == 0 {
            return Some(verdict);
        }
        if self.best.as_ref().is_none_or(|(least, _)| errors < *least) {
            self.best = Some((errors, verdict));
        }
        None
    }

    fn exhausted(&mut self, path: &Path<'a>) -> Option<Verdict> {
        let message =
            format!("after {MOST_SIGNATURES} signatures no path was found: too many CAs of one name");
        self.stop(path, "path.too-many", message);
        None
    }

    /// That nothing issued the last certificate of the path.
    fn dead_end(&mut self, path: &Path<'a>, impostors: usize) {
        let Some(head) = path.certificates.last().filter(|_| self.is_longest(path)) else { return };
        let issuer = head.issuer();
        if self.is_named_otherwise(head) {
            let message = format!(
                "its issuer `{issuer}` is there with its name in other string types: OpenSSL and Java take it \
                 for the same (RFC 5280 §7.1), Go and rustls do not"
            );
            return self.stop(path, "path.issuer-name", message);
        }
        let (code, message) = if impostors > 0 {
            let message = format!(
                "its issuer is `{issuer}`, and {} it: another key, or the file is damaged",
                if impostors == 1 {
                    "the certificate of that name did not sign"
                } else {
                    "none of the certificates of that name signed"
                }
            );
            ("path.signature", message)
        } else if head.is_self_signed() {
            (
                "path.untrusted",
                format!("`{}` issued itself, and is not among the trust anchors", head.subject()),
            )
        } else {
            let message =
                format!("its issuer `{issuer}` is neither among the trust anchors nor in the chain");
            ("path.no-issuer", message)
        };
        self.stop(path, code, message);
    }

    /// Whether a CA that is there signed it, whose name is the issuer's but for the string types.
    fn is_named_otherwise(&mut self, head: &'a Certificate) -> bool {
        let anchors = self.question.anchors.iter().map(crate::certificate::TrustAnchor::certificate);
        let all: Vec<&Certificate> = anchors.chain(self.pool.iter().copied()).collect();
        let name = folded(head.issuer_der());
        all.into_iter().any(|c| {
            c.subject_der() != head.issuer_der()
                && folded(c.subject_der()) == name
                && self.link(head, c) == Some(Link::Signed)
        })
    }

    /// Whether no path without an anchor was as long: the others are not told of.
    fn is_longest(&self, path: &Path<'_>) -> bool {
        self.dead.as_ref().is_none_or(|(longest, _)| path.certificates.len() > *longest)
    }

    /// Keeps a path that ends without an anchor, where it is the longest one.
    fn stop(&mut self, path: &Path<'a>, code: &'static str, message: String) {
        if !self.is_longest(path) {
            return;
        }
        let length = path.certificates.len();
        let place = place(length - 1, usize::MAX);
        let mut findings = judge::below(self.question, &path.certificates);
        let finding = Finding::new(code, Severity::Error, place, message).fix(judge::fix(code));
        findings.insert(0, finding);
        self.dead = Some((length, Verdict { path: owned(path), anchored: false, findings }));
    }
}

/// Goes on with one more certificate in the path, and takes it away again.
fn with<'a, T>(
    path: &mut Path<'a>,
    certificate: &'a Certificate,
    link: Link,
    go: impl FnOnce(&mut Path<'a>) -> T,
) -> T {
    let unknown = usize::from(link == Link::Unknown);
    path.certificates.push(certificate);
    path.unknown += unknown;
    let found = go(path);
    path.unknown -= unknown;
    path.certificates.pop();
    found
}

/// Whether the path has a certificate of this name and key already.
fn repeats(path: &Path<'_>, next: &Certificate) -> bool {
    let same =
        |c: &&Certificate| c.subject_der() == next.subject_der() && c.public_key() == next.public_key();
    path.certificates.iter().any(same)
}

fn owned(path: &Path<'_>) -> Vec<Certificate> {
    path.certificates.iter().map(|c| (*c).clone()).collect()
}

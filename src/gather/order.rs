//! From loose certificates to a leaf and its issuers in order. Issuers are told
//! by their signatures: a name can be anybody's.

use std::collections::BTreeMap;

use super::{Found, Gathered, Pile, Role};
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Shown};
use crate::finding::Severity;
use crate::key::PrivateKey;

/// How many combinations are tried: cross-signed CAs can form very many paths.
const MOST_STEPS: usize = 10_000;
/// How many pairs of certificates are looked at.
const MOST_LINKS: usize = 1_000;

impl Pile {
    /// Picks the leaf, builds its chain and says what was put right.
    #[must_use]
    pub fn sort(mut self) -> Gathered {
        let key = self.one_key();
        let (mut found, copies) = self.distinct();
        // Where the file that was given as the certificate holds none, a CA of the
        // chain is not taken for it.
        let lost = self.certificate_given && found.iter().all(|f| f.role != Role::Certificate);
        let Some(at) = leaf(&found, key.as_ref()).filter(|_| !lost) else {
            if !self.findings.iter().any(|f| f.severity == Severity::Error) {
                let message = "no certificate was given";
                self.wrong("gather.empty", "certificate".to_owned(), message, "give the certificate");
            }
            let (certificate, chain) = (None, Chain::default());
            return Gathered { certificate, chain, key, origin: None, findings: self.findings };
        };
        let given = found.iter().filter(|f| f.role == Role::Certificate).count();
        let leaf = found.remove(at);
        for copy in copies {
            let (code, message) = if copy.certificate == leaf.certificate && copy.role == Role::Chain {
                (
                    "gather.leaf-in-chain",
                    "the certificate stands in the chain too, and is left out there".to_owned(),
                )
            } else {
                ("gather.duplicate", format!("`{}` once more is left out", subject(&copy.certificate)))
            };
            self.fixed(code, copy.place, message);
        }
        if given > 1 {
            let message = format!("{given} certificates, where one belongs: the others go into the chain");
            self.fixed("gather.split", leaf.place.clone(), message);
        }
        let path = path(&leaf.certificate, &found);
        if path.is_empty() && !found.is_empty() && !leaf.certificate.is_self_signed() {
            self.no_issuer(&leaf.certificate, &found);
        } else {
            self.say_order(&path, &found);
        }
        let chain = Chain::known(path.iter().map(|&i| found[i].certificate.clone()).collect());
        let (certificate, origin) = (Some(leaf.certificate), Some(leaf.file));
        Gathered { certificate, chain, key, origin, findings: self.findings }
    }

    /// The private key, where there is exactly one.
    fn one_key(&mut self) -> Option<PrivateKey> {
        let keys = std::mem::take(&mut self.keys);
        let mut distinct: Vec<super::FoundKey> = Vec::new();
        for key in keys {
            if distinct.iter().all(|k| k.key.public() != key.key.public()) {
                distinct.push(key);
            } else {
                self.fixed("gather.duplicate", key.place, "the same private key once more is left out");
            }
        }
        if let [_, second, ..] = distinct.as_slice() {
            let message = format!("it is the second of {} private keys, where one belongs", distinct.len());
            let place = second.place.clone();
            self.wrong("gather.two-keys", place, message, "give the leaf's key alone");
            return None;
        }
        distinct.pop().map(|k| k.key)
    }

    /// Each certificate once, and the copies of it.
    fn distinct(&mut self) -> (Vec<Found>, Vec<Found>) {
        let (mut distinct, mut copies) = (Vec::<Found>::new(), Vec::new());
        for found in std::mem::take(&mut self.certificates) {
            match distinct.iter_mut().find(|d| d.certificate == found.certificate) {
                None => distinct.push(found),
                Some(first) => {
                    if found.role == Role::Certificate {
                        first.role = Role::Certificate;
                    }
                    copies.push(found);
                }
            }
        }
        (distinct, copies)
    }

    /// None of the certificates issued the leaf: says what is nearest.
    fn no_issuer(&mut self, leaf: &Certificate, found: &[Found]) {
        let issuer = leaf.issuer();
        let issuer = Shown(&issuer);
        let same_name = found.iter().find(|f| f.certificate.subject_der() == leaf.issuer_der());
        let (place, message) = match (same_name, found.first()) {
            (Some(other), _) => (
                other.place.clone(),
                format!("it has the issuer's name `{issuer}`, but not the key that signed the leaf"),
            ),
            (None, Some(first)) => {
                let other = subject(&first.certificate);
                let message = match found.len() {
                    1 => {
                        format!("the leaf's issuer is `{issuer}`, and the one other certificate is `{other}`")
                    }
                    n => format!(
                        "the leaf's issuer is `{issuer}`, and none of {n} certificates is: the first is `{other}`"
                    ),
                };
                (first.place.clone(), message)
            }
            (None, None) => return,
        };
        self.wrong("gather.other-issuer", place, message, "give the chain of the CA that issued the leaf");
    }

    /// Says what of the order was changed, and what was left out.
    fn say_order(&mut self, path: &[usize], found: &[Found]) {
        if path.windows(2).any(|pair| pair[0] > pair[1]) {
            let place = found[path[0]].place.clone();
            self.fixed(
                "gather.order",
                place,
                "the chain is put in order: the leaf's issuer first, the root last",
            );
        }
        for (_, left_out) in found.iter().enumerate().filter(|(i, _)| !path.contains(i)) {
            let message = format!(
                "`{}` is not on the way up from the leaf, and is left out",
                subject(&left_out.certificate)
            );
            self.fixed("gather.unrelated", left_out.place.clone(), message);
        }
    }
}

fn subject(certificate: &Certificate) -> String {
    Shown(&certificate.subject()).to_string()
}

/// The leaf: the key's own certificate, else the one given as such, else the one
/// that issued no other. Of several the newest that is no CA.
fn leaf(found: &[Found], key: Option<&PrivateKey>) -> Option<usize> {
    let best = |fits: &dyn Fn(&Found) -> bool| {
        let rank = |f: &Found| (f.certificate.ca().is_none(), f.certificate.validity().not_before());
        // Of equals the first: `max_by` would take the last.
        let fitting = found.iter().enumerate().rev().filter(|(_, f)| fits(f));
        fitting.max_by_key(|(_, f)| rank(f)).map(|(i, _)| i)
    };
    // What was given as the certificate is meant: a CA of the chain is no leaf,
    // though somebody gave its key.
    let given = found.iter().any(|f| f.role == Role::Certificate);
    let own = |f: &Found| {
        (!given || f.role == Role::Certificate)
            && key.is_some_and(|k| f.certificate.public_key().is_same_as(k.public()))
    };
    let bottom = |f: &Found| {
        let others = found.iter().filter(|o| o.certificate != f.certificate);
        !others.into_iter().any(|o| o.certificate.issuer_der() == f.certificate.subject_der())
    };
    best(&own)
        .or_else(|| best(&|f| f.role == Role::Certificate && bottom(f)))
        .or_else(|| found.iter().position(|f| f.role == Role::Certificate))
        .or_else(|| best(&bottom))
        .or_else(|| best(&|_| true))
}

/// The way up from the leaf: the longest that ends in a root, else the longest.
/// Of equal ways the one whose certificates end last, in whatever order they came.
fn path(leaf: &Certificate, found: &[Found]) -> Vec<usize> {
    if leaf.is_self_signed() {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|&i| {
        let certificate = &found[i].certificate;
        (std::cmp::Reverse(certificate.validity().not_after()), certificate.der().to_vec())
    });
    let known = BTreeMap::new();
    let mut search = Search { found, order, known, best: Vec::new(), rooted: false, steps: 0 };
    search.climb(None, leaf, &mut Vec::new());
    search.best
}

struct Search<'a> {
    found: &'a [Found],
    /// In which order issuers are tried.
    order: Vec<usize>,
    /// Whether one issued the other (none is the leaf): signatures are checked once.
    known: BTreeMap<(Option<usize>, usize), bool>,
    best: Vec<usize>,
    /// Whether the best way ends in a root.
    rooted: bool,
    steps: usize,
}

impl Search<'_> {
    fn climb(&mut self, at: Option<usize>, below: &Certificate, way: &mut Vec<usize>) {
        self.steps += 1;
        let rooted = !way.is_empty() && below.is_self_signed();
        if (rooted, way.len()) > (self.rooted, self.best.len()) {
            (self.rooted, self.best) = (rooted, way.clone());
        }
        if rooted || self.steps > MOST_STEPS {
            return;
        }
        for step in 0..self.order.len() {
            let i = self.order[step];
            if way.contains(&i) || !self.issued(at, below, i) {
                continue;
            }
            way.push(i);
            let found = self.found;
            self.climb(Some(i), &found[i].certificate, way);
            way.pop();
        }
    }

    fn issued(&mut self, at: Option<usize>, below: &Certificate, i: usize) -> bool {
        if let Some(known) = self.known.get(&(at, i)) {
            return *known;
        }
        // Past what any real pile needs nothing more is checked.
        let issued = self.known.len() < MOST_LINKS && issued(&self.found[i].certificate, below);
        self.known.insert((at, i), issued);
        issued
    }
}

/// Whether `above` issued `below`. A signature that cannot be checked here is
/// believed where the names fit: a rule says so later.
fn issued(above: &Certificate, below: &Certificate) -> bool {
    below.issuer_der() == above.subject_der()
        && match below.is_signed_by(above.public_key()) {
            Ok(signed) => signed,
            Err(Error::UnsupportedAlgorithm { .. }) => match below.authority_key_identifier() {
                Some(id) => above.subject_key_identifier().is_none_or(|own| own == id),
                None => true,
            },
            Err(_) => false,
        }
}

//! PKCS#12 (RFC 7292): what opening one would cost, and what is in it.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tagged};

use crate::key::{MOST_ROUNDS, MOST_SCRYPT};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const LOCKED_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const SECRET: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.5");
const SAFE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
/// How deep safes may stand in safes.
const DEPTH: u8 = 4;

/// What is in a PKCS#12 file.
pub(super) struct Archive(p12_keystore::Pkcs12Archive);

/// Why one is not opened.
pub(super) enum Closed {
    Passphrase,
    /// It cannot be read. Where nothing vouches for what came out, it may be the pass phrase's.
    Damaged,
    /// It is of no use to ask for one. With what to do instead.
    Unread(&'static str, &'static str),
}

impl Archive {
    /// Opens one with a pass phrase. Each of its parts may ask for a second of work: one that
    /// asks for more than a key may is left closed.
    pub(super) fn open(der: &[u8], passphrase: &str) -> Result<Self, Closed> {
        use p12_keystore::error::Error;
        let anew = "write it anew: openssl pkcs12 -in FILE -nodes, and of that openssl pkcs12 -export";
        let mut toll = Toll::default();
        toll.of_archive(der);
        if toll.rounds > u64::from(MOST_ROUNDS) || toll.scrypt > MOST_SCRYPT {
            return Err(Closed::Unread("its pass phrase would take too much work", anew));
        }
        crate::key::hold();
        p12_keystore::Pkcs12Archive::from_pkcs12(der, passphrase).map(Self).map_err(|e| match e {
            Error::MacError(_) | Error::Pkcs5Error(_) | Error::UnpadError => Closed::Passphrase,
            Error::InvalidParameters => Closed::Unread("its pass phrase would take too much work", anew),
            Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => Closed::Unread(
                "it is encrypted in a way that is not read",
                "write it as PEM: openssl pkcs12 -legacy -in FILE -nodes",
            ),
            _ => Closed::Damaged,
        })
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.certs.iter().map(|bag| bag.cert.as_der())
    }

    pub(super) fn secret_keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys.iter().map(|bag| bag.key.as_der())
    }
}

/// The work that a pass phrase is put through, all parts together.
#[derive(Default)]
struct Toll {
    rounds: u64,
    /// Octets that scrypt mixes.
    scrypt: u64,
}

impl Toll {
    /// What cannot be walked costs nothing: it cannot be opened either.
    fn of_archive(&mut self, der: &[u8]) {
        let [_, safes, mac @ ..] = &members(der)[..] else { return };
        if let Some(mac) = mac.first().map(|mac| elements(mac.value())) {
            // PBMAC1 derives a key (RFC 9579), the old ways have their rounds here.
            if let Some(algorithm) = mac.first().and_then(|info| elements(info.value()).first().copied()) {
                self.of_encryption(&algorithm);
            }
            self.rounds = self.rounds.saturating_add(mac.get(2).map_or(1, number));
        }
        let Some(safes) = content(safes) else { return };
        for safe in members(safes.value()) {
            let Some(inside) = content(&safe) else { continue };
            match kind(&safe) {
                Some(DATA) => self.of_bags(&members(inside.value()), DEPTH),
                Some(ENCRYPTED_DATA) => {
                    if let [_, info, ..] = &elements(inside.value())[..]
                        && let [_, algorithm, ..] = &elements(info.value())[..]
                    {
                        self.of_encryption(algorithm);
                    }
                }
                _ => {}
            }
        }
    }

    fn of_bags(&mut self, bags: &[AnyRef<'_>], depth: u8) {
        for bag in bags {
            match (kind(bag), content(bag)) {
                (Some(LOCKED_KEY), Some(key)) => {
                    if let Some(algorithm) = elements(key.value()).first() {
                        self.of_encryption(algorithm);
                    }
                }
                // What is locked there is in an OCTET STRING, behind what kind of secret it is.
                (Some(SECRET), Some(secret)) => {
                    let locked = content(&secret).map(|octets| members(octets.value()));
                    if let Some(algorithm) = locked.as_ref().and_then(|locked| locked.first()) {
                        self.of_encryption(algorithm);
                    }
                }
                (Some(SAFE), Some(inner)) if depth > 0 => self.of_bags(&elements(inner.value()), depth - 1),
                _ => {}
            }
        }
    }

    /// An algorithm that derives a key by itself, or names another one that does.
    fn of_encryption(&mut self, algorithm: &AnyRef<'_>) {
        match (kind(algorithm), &parameters(algorithm)[..]) {
            (Some(PBES2 | PBMAC1), [derivation, ..]) => self.of_derivation(derivation),
            _ => self.of_derivation(algorithm),
        }
    }

    fn of_derivation(&mut self, algorithm: &AnyRef<'_>) {
        let parts = parameters(algorithm);
        if kind(algorithm) == Some(SCRYPT) {
            let [n, r, p] = [1, 2, 3].map(|i| parts.get(i).map_or(1, number));
            let octets = n.saturating_mul(r).saturating_mul(p).saturating_mul(128);
            self.scrypt = self.scrypt.saturating_add(octets);
        } else {
            // The salt, then the rounds: PBKDF2 and the old ways alike.
            self.rounds = self.rounds.saturating_add(parts.get(1).map_or(0, number));
        }
    }
}

/// The parts of an algorithm's parameters.
fn parameters<'a>(algorithm: &AnyRef<'a>) -> Vec<AnyRef<'a>> {
    elements(algorithm.value()).get(1).map_or_else(Vec::new, |all| elements(all.value()))
}

/// The elements of a constructed value.
fn elements(inside: &[u8]) -> Vec<AnyRef<'_>> {
    let mut found = Vec::new();
    let Ok(mut reader) = SliceReader::new(inside) else { return found };
    while !reader.is_finished() {
        let Ok(element) = AnyRef::decode(&mut reader) else { break };
        found.push(element);
    }
    found
}

/// The elements of what is a SEQUENCE as a whole.
fn members(der: &[u8]) -> Vec<AnyRef<'_>> {
    AnyRef::from_der(der).map_or_else(|_| Vec::new(), |whole| elements(whole.value()))
}

/// The object identifier that a SEQUENCE begins with.
fn kind(of: &AnyRef<'_>) -> Option<ObjectIdentifier> {
    elements(of.value()).first()?.decode_as().ok()
}

/// What stands in `[0]` behind the object identifier, out of its OCTET STRING if it is in one.
fn content<'a>(of: &AnyRef<'a>) -> Option<AnyRef<'a>> {
    let inside = *elements(of.value()).get(1)?;
    AnyRef::from_der(inside.value()).ok()
}

/// A number; one that is larger than any is as large as can be.
fn number(of: &AnyRef<'_>) -> u64 {
    if of.tag() != der::Tag::Integer {
        return 0;
    }
    of.decode_as().unwrap_or(u64::MAX)
}

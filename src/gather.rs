//! From whatever files people have to the parts of a bundle: PEM in any shape,
//! DER, PKCS#12 and PKCS#7 go in; the leaf, its key and its issuers in order come
//! out, with a list of what was put right on the way. What cannot be put right is
//! a finding of its own, with file, block and line; nothing stops at the first.

#[cfg(feature = "pkcs12")]
mod archive;
mod binary;
mod content;
mod order;
mod text;

use std::path::{Path, PathBuf};

use crate::certificate::{Certificate, Chain};
use crate::error::{Result, Shown};
use crate::finding::{Finding, Severity};
use crate::key::{KeyForm, PrivateKey, Unlock};
use binary::Kind;
use text::Block;

/// How a Java keystore begins.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
/// How a private key of OpenSSH names its kind (RFC 8709 §4).
const SSH_ED25519: &[u8] = b"ssh-ed25519";
/// The most octets of a file of certificates.
const MOST: usize = 4 << 20;
/// The most octets of a file with a key.
const MOST_KEY: usize = 1 << 20;
/// The most certificates of a pile: path building tries combinations.
const MOST_CERTIFICATES: usize = 50;
/// The most certificates of a pile to look at: systems trust some 150 CAs.
const MOST_ANCHORS: usize = 1_000;
/// The most faults of a pile: after them nothing more is read.
const MOST_FAULTS: usize = 20;
/// The most encrypted keys that are opened: each may cost seconds.
const MOST_LOCKED: usize = 4;

/// What a file was given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The certificate; its issuers may stand behind it.
    Certificate,
    /// The issuers.
    Chain,
    /// The private key.
    PrivateKey,
    /// Whatever is in it.
    Any,
}

/// Files on their way to a [`Gathered`].
#[derive(Default)]
pub struct Pile {
    certificates: Vec<Found>,
    keys: Vec<FoundKey>,
    /// Where everything is looked at, what has no place in a bundle.
    others: Option<Others>,
    /// A private key was found that cannot be used; the finding says why.
    unusable_key: bool,
    /// A file was given as the certificate: nothing else can be it.
    certificate_given: bool,
    faults: usize,
    /// How many encrypted keys somebody gave a pass phrase for.
    opened: usize,
    findings: Vec<Finding>,
}

/// What has no place in a bundle.
#[derive(Debug, Default)]
pub struct Others {
    /// Signing requests in DER, each with its place.
    pub requests: Vec<(String, Vec<u8>)>,
    /// Revocation lists in DER, each with its place.
    pub lists: Vec<(String, Vec<u8>)>,
    /// Public keys in DER, each with its place.
    pub public_keys: Vec<(String, Vec<u8>)>,
    /// The places of private keys that are encrypted, and were not opened.
    pub locked: Vec<String>,
}

impl Others {
    const fn count(&self) -> usize {
        self.requests.len() + self.lists.len() + self.public_keys.len() + self.locked.len()
    }
}

/// A certificate, and where it was.
struct Found {
    certificate: Certificate,
    role: Role,
    place: String,
    file: PathBuf,
}

struct FoundKey {
    key: PrivateKey,
    place: String,
}

/// What is in a pile, as it came.
#[derive(Debug)]
pub struct Parts {
    /// Certificates, each with its place.
    pub certificates: Vec<(String, Certificate)>,
    /// Private keys, each with its place.
    pub keys: Vec<(String, PrivateKey)>,
    /// The rest; empty but for a pile [to look at](Pile::to_look_at).
    pub others: Others,
    /// What was put right, and what cannot be read.
    pub findings: Vec<Finding>,
}

/// What came of a pile.
#[derive(Debug)]
pub struct Gathered {
    /// The leaf; none where no certificate was found.
    pub certificate: Option<Certificate>,
    /// Its issuers in order, as far up as they go. Each is checked by its signature;
    /// one that cannot be checked here is believed where the names fit.
    pub chain: Chain,
    /// The private key; none where none was found that can be used.
    pub key: Option<PrivateKey>,
    /// The file that the leaf was in.
    pub origin: Option<PathBuf>,
    /// What was put right, and what cannot be.
    pub findings: Vec<Finding>,
}

/// The DER of the signing requests in a file: PEM as editors, shells and mail leave it,
/// with whatever stands around it.
#[must_use]
pub fn signing_requests(bytes: &[u8]) -> Vec<Vec<u8>> {
    if is_der(bytes) && text::begins(bytes) == 0 {
        return vec![bytes.to_vec()];
    }
    let read = text::read(bytes);
    let is_request = |block: &Block| is_request_label(&block.label);
    let blocks = read.blocks.into_iter().flatten().filter(is_request).map(|block| block.der.to_vec());
    blocks.chain(read.der.map(|der| der.to_vec())).collect()
}

/// The certificates of a text that holds them in clean PEM and nothing else: what most
/// files are, at a fraction of a [`Pile`]'s cost. None where it is anything else.
#[must_use]
pub fn clean_certificates(text: &str) -> Option<Vec<Certificate>> {
    let all = text::clean_certificates(text)?;
    all.into_iter().map(|der| Certificate::from_der(der).ok()).collect()
}

/// Whether a file begins as DER does, and not as a text with a zero in its first place.
#[must_use]
pub fn is_der(bytes: &[u8]) -> bool {
    crate::pem::is_der(bytes)
}

/// The PEM blocks of a file that have this label, whatever stands between them. One that has no
/// end goes on to where the next block begins.
pub fn pem_blocks<'a>(bytes: &'a [u8], label: &'a str) -> impl Iterator<Item = &'a [u8]> {
    crate::pem::blocks(bytes).filter_map(move |(found, block)| (found == label).then_some(block))
}

fn is_request_label(label: &str) -> bool {
    matches!(label, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST")
}

impl Pile {
    /// An empty pile.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty pile for whatever there is: signing requests, lists, public and locked keys
    /// are no faults in it, and it takes as many certificates as a file of trust anchors has.
    #[must_use]
    pub fn to_look_at() -> Self {
        Self { others: Some(Others::default()), ..Self::default() }
    }

    /// The most certificates of this pile.
    const fn room(&self) -> usize {
        if self.others.is_some() { MOST_ANCHORS } else { MOST_CERTIFICATES }
    }

    /// All that was found, without asking what belongs together: certificates with the
    /// places they were in, keys, and what was put right or cannot be read.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        let certificates = self.certificates.into_iter().map(|found| (found.place, found.certificate));
        let keys = self.keys.into_iter().map(|found| (found.place, found.key));
        Parts {
            certificates: certificates.collect(),
            keys: keys.collect(),
            others: self.others.unwrap_or_default(),
            findings: self.findings,
        }
    }

    /// Adds what is in a file. `path` is for messages only. What is wrong with the
    /// content becomes a finding.
    ///
    /// # Errors
    /// Those of `unlock`.
    pub fn add(&mut self, role: Role, path: &Path, bytes: &[u8], unlock: &mut Unlock<'_>) -> Result<()> {
        let file = Shown(&path.to_string_lossy()).to_string();
        let most = if role == Role::PrivateKey { MOST_KEY } else { MOST };
        if bytes.len() > most {
            let message = format!("it has {} octets, and {most} are read", bytes.len());
            self.wrong("gather.too-large", file, message, "give the file itself, not an archive");
            return Ok(());
        }
        let others = self.others.as_ref().map_or(0, Others::count);
        let before = (self.certificates.len(), self.keys.len(), self.findings.len());
        self.certificate_given |= role == Role::Certificate;
        let mut source = Source { role, path: path.to_owned(), file, unlock };
        if bytes.starts_with(&JKS) {
            let message = "it is a Java keystore of the old kind (JKS)";
            let fix = "write it as PKCS#12: keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12";
            self.no_key("gather.damaged", source.file.clone(), message, fix);
        } else if is_der(bytes) && text::begins(bytes) == 0 {
            self.binary(bytes, &mut source)?;
        } else {
            self.text(bytes, &mut source)?;
        }
        let wrong = self.findings[before.2..].iter().any(|f| f.severity == Severity::Error);
        let found = (self.certificates.len() - before.0, self.keys.len() - before.1);
        if self.others.as_ref().map_or(0, Others::count) == others {
            self.judge(&source, found, before.2, wrong);
        }
        Ok(())
    }

    /// Whether a file held what it was given for. `before` is how many findings were there
    /// before it.
    fn judge(
        &mut self,
        source: &Source<'_, '_>,
        (certificates, keys): (usize, usize),
        before: usize,
        wrong: bool,
    ) {
        let file = source.file.clone();
        match source.role {
            Role::Certificate | Role::Chain if keys > 0 => {
                // The key is not used from here, so that nobody gets used to it.
                self.keys.truncate(self.keys.len() - keys);
                self.unusable_key = true;
                if certificates == 0 {
                    let message = "it holds a private key, where a certificate was expected";
                    self.wrong("gather.swapped", file, message, "give the files the other way round");
                } else {
                    let message = "a private key stands among the certificates";
                    let fix =
                        "take the key out; or give the file with --from, where everything may be in one";
                    self.wrong("gather.key-among-certificates", file, message, fix);
                }
            }
            Role::PrivateKey if keys > 0 && certificates > 0 => {
                self.certificates.truncate(self.certificates.len() - certificates);
                self.fixed("gather.unrelated", file, "the certificates behind the key are passed over");
            }
            Role::PrivateKey if keys == 0 && certificates > 0 => {
                self.certificates.truncate(self.certificates.len() - certificates);
                let message = "it holds a certificate, where a private key was expected";
                self.wrong("gather.swapped", file, message, "give the files the other way round");
            }
            _ if certificates == 0 && keys == 0 && !wrong && !self.unusable_key => {
                let is_parameters = |f: &Finding| f.code == "gather.parameters";
                let (message, fix) = if self.findings[before..].iter().any(is_parameters) {
                    (
                        "it holds parameters of keys alone",
                        "give the key as well: openssl ecparam -genkey -name prime256v1",
                    )
                } else if self.findings.len() > before {
                    ("it has no certificate and no private key in it", "give certificates and a private key")
                } else {
                    (
                        "it is empty, or has no PEM block in it",
                        "look at the file: a shell variable may be unset",
                    )
                };
                self.wrong("gather.empty", file, message, fix);
            }
            _ => {}
        }
    }

    fn text(&mut self, bytes: &[u8], source: &mut Source<'_, '_>) -> Result<()> {
        let read = text::read(bytes);
        let (refused, read_by_others): (Vec<&str>, Vec<&str>) =
            read.repairs.iter().partition(|repair| text::is_refused_by_others(repair));
        for (code, what, repairs) in [
            ("gather.form", "PEM that most programs do not read:", refused),
            ("gather.encoding", "PEM written anew: it had", read_by_others),
        ] {
            if !repairs.is_empty() {
                self.fixed(code, source.file.clone(), format!("{what} {}", repairs.join(", ")));
            }
        }
        if let Some(layer) = read.layer {
            self.fixed("gather.base64", source.file.clone(), layer);
        }
        if let Some(der) = &read.der {
            return self.binary(der, source);
        }
        for (i, block) in read.blocks.into_iter().enumerate() {
            match block {
                Ok(block) => self.block(i + 1, &block, source)?,
                Err(damage) => {
                    let place = format!("{}, block {}, line {}", source.file, i + 1, damage.line);
                    self.wrong(
                        "gather.damaged",
                        place,
                        damage.reason,
                        "get the file anew from where it came",
                    );
                }
            }
            if self.is_hopeless() {
                break;
            }
        }
        Ok(())
    }

    /// A private key in a form that another program has to read.
    fn other_program_s(&mut self, block: &Block, place: String, source: &Source<'_, '_>) {
        let file = source.path.to_string_lossy().replace('\'', "'\\''");
        let (code, what, fix) = if block.encrypted {
            let fix = format!("turn it into PKCS#8: openssl pkcs8 -topk8 -in '{file}' -out '{file}.pk8'");
            ("gather.encrypted", "it is encrypted in the old PEM form", fix)
        } else if block.der.windows(SSH_ED25519.len()).any(|w| w == SSH_ED25519) {
            // ssh-keygen writes it in no other form.
            let fix = "issue the certificate with a key that is not for SSH: --key p256".to_owned();
            ("gather.key-kind", "it is OpenSSH's of the kind Ed25519", fix)
        } else {
            let fix = format!(
                "turn a copy into PEM: cp '{file}' '{file}.pem' && ssh-keygen -p -m PEM -f '{file}.pem'"
            );
            ("gather.encrypted", "it is OpenSSH's", fix)
        };
        self.no_key(code, place, what, &fix);
    }

    fn block(&mut self, number: usize, block: &Block, source: &mut Source<'_, '_>) -> Result<()> {
        let place = format!("{}, block {number}, line {}", source.file, block.line);
        match block.label.as_str() {
            "CERTIFICATE" => self.certificate(&block.der, place, source),
            "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                let message = format!("the label {} is written as CERTIFICATE", block.label);
                self.fixed("gather.label", place.clone(), message);
                self.certificate(binary::first_element(&block.der), place, source);
            }
            "PKCS7" | "CMS" => self.pkcs7(&block.der, place, source),
            "EC PARAMETERS" => self.fixed("gather.parameters", place, "the EC PARAMETERS block is left out"),
            "X509 CRL" if self.others.is_some() => self.list(&block.der, place),
            "X509 CRL" | "DH PARAMETERS" => {
                let message = format!("a block {} is passed over", block.label);
                self.fixed("gather.unrelated", place, message);
            }
            label if is_request_label(label) => self.request(&block.der, place),
            "PUBLIC KEY" => self.public_key(&block.der, place),
            "RSA PUBLIC KEY" => self.rsa_public_key(&block.der, place),
            "ENCRYPTED PRIVATE KEY" => self.encrypted(&block.der, place, source)?,
            label if block.encrypted || label == "OPENSSH PRIVATE KEY" => {
                self.other_program_s(block, place, source);
            }
            label => match KeyForm::of_label(label) {
                Some(form) => self.key(PrivateKey::from_der(&block.der, form), place),
                None if label.contains("PRIVATE KEY") => {
                    let message = format!("a key of the kind {} is not read", Shown(label));
                    self.no_key("gather.key-kind", place, message, "issue the leaf again with --key p256");
                }
                None => {
                    let message = format!("a block {}, and nobody knows what that is", Shown(label));
                    self.wrong("gather.damaged", place, message, "give certificates and a private key");
                }
            },
        }
        Ok(())
    }

    fn binary(&mut self, der: &[u8], source: &mut Source<'_, '_>) -> Result<()> {
        let place = source.file.clone();
        let kind = binary::kind(der);
        let said = match kind {
            Kind::Pkcs7 => ("gather.pkcs7", "PKCS#7 unpacked"),
            _ => ("gather.der", "DER written as PEM"),
        };
        let is_unpacked = matches!(kind, Kind::Certificate | Kind::Key(_) | Kind::EncryptedKey | Kind::Pkcs7);
        if is_unpacked {
            self.fixed(said.0, place.clone(), said.1);
        }
        match kind {
            Kind::Certificate => self.certificate(der, place, source),
            Kind::Key(form) => self.key(PrivateKey::from_der(der, form), place),
            Kind::EncryptedKey => self.encrypted(der, place, source)?,
            Kind::Pkcs7 => self.pkcs7(der, place, source),
            Kind::Pkcs12 => self.pkcs12(der, place, source)?,
            Kind::Request => self.request(der, place),
            Kind::PublicKey => self.public_key(der, place),
            Kind::RsaPublicKey => self.rsa_public_key(der, place),
            Kind::List if self.others.is_some() => self.list(der, place),
            Kind::Ber => {
                let message = "it is BER of indefinite length, which is not DER";
                self.wrong("gather.damaged", place, message, "write it anew with openssl");
            }
            Kind::List | Kind::Unknown => {
                let message = "it is neither PEM nor the DER of anything known";
                self.wrong("gather.damaged", place, message, "give PEM, DER or PKCS#12");
            }
        }
        Ok(())
    }

    fn no_key(&mut self, code: &'static str, place: String, message: impl Into<String>, fix: &str) {
        self.unusable_key = true;
        self.wrong(code, place, message, fix);
    }

    /// Whether so much is wrong that more would help nobody.
    const fn is_hopeless(&self) -> bool {
        self.faults >= MOST_FAULTS
    }

    fn wrong(&mut self, code: &'static str, place: String, message: impl Into<String>, fix: &str) {
        self.faults += 1;
        self.findings.push(Finding::new(code, Severity::Error, place, message).fix(fix));
    }

    fn fixed(&mut self, code: &'static str, place: String, message: impl Into<String>) {
        self.findings.push(Finding::new(code, Severity::Fixed, place, message));
    }
}

/// A file while it is read.
struct Source<'a, 'b> {
    role: Role,
    path: PathBuf,
    /// The path, made safe to show.
    file: String,
    unlock: &'a mut Unlock<'b>,
}

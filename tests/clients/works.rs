//! Certificates as OpenSSL makes them, at a time of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::der::{content, element};

/// One certificate as a server shows it, and who asks for it.
pub struct Case {
    pub name: String,
    /// The host that is asked for.
    pub host: String,
    pub folder: PathBuf,
}

impl Case {
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A certificate to make.
pub(super) struct Make<'a> {
    pub(super) subject: &'a str,
    pub(super) key: &'a str,
    pub(super) extensions: &'a str,
    pub(super) more: &'a [&'a str],
    /// When it is made, as faketime reads it.
    pub(super) at: &'a str,
    pub(super) days: &'a str,
    /// Its subject in `PrintableString`, not in `UTF8String`.
    pub(super) printable: bool,
}

pub(super) const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
pub(super) const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

impl Default for Make<'_> {
    fn default() -> Self {
        Self {
            subject: "/CN=leaf",
            key: "ec",
            extensions: LEAF,
            more: &[],
            at: "+0d",
            days: "60",
            printable: false,
        }
    }
}

/// A folder with keys and certificates by name.
pub(super) struct Works<'a> {
    pub(super) folder: &'a Path,
}

impl Works<'_> {
    fn run(&self, at: &str, args: &[&str]) {
        let output = Command::new("faketime")
            .args(["-f", at, "openssl"])
            .args(args)
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub(super) fn key(&self, name: &str, kind: &str) {
        let file = format!("{name}.key");
        if self.folder.join(&file).exists() {
            return;
        }
        let args: Vec<&str> = match kind.split_once(':') {
            Some(("rsa", bits)) => vec!["genrsa", "-out", &file, bits],
            Some(("ec", curve)) => vec!["ecparam", "-name", curve, "-genkey", "-noout", "-out", &file],
            Some(("written-out", curve)) => {
                vec!["ecparam", "-name", curve, "-param_enc", "explicit", "-genkey", "-noout", "-out", &file]
            }
            _ if kind == "ec" => vec!["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &file],
            _ => vec!["genpkey", "-algorithm", kind, "-out", &file],
        };
        self.run("+0d", &args);
    }

    /// Makes `name.pem`, signed by `issuer` or by itself.
    pub(super) fn make(&self, name: &str, issuer: Option<&str>, make: &Make<'_>) {
        self.key(name, make.key);
        let (key, request, pem, file) =
            (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"), format!("{name}.ext"));
        let mut asked = vec!["req", "-new", "-key", &key, "-subj", make.subject, "-out", &request];
        if make.printable {
            let config = "[req]\ndistinguished_name=dn\nstring_mask=default\n[dn]\n";
            std::fs::write(self.folder.join("printable.cnf"), config).unwrap();
            asked.extend(["-config", "printable.cnf"]);
        }
        self.run("+0d", &asked);
        let mut args = vec!["x509", "-req", "-in", &request, "-days", make.days, "-out", &pem];
        if !make.extensions.is_empty() {
            // OpenSSL makes no key identifier of an issuer that has none.
            let plain = issuer.is_some_and(|i| i.starts_with("v1"));
            let dropped = if plain { "authorityKeyIdentifier=keyid\n" } else { "\0" };
            std::fs::write(self.folder.join(&file), make.extensions.replace(dropped, "")).unwrap();
            args.extend(["-extfile", &file]);
        }
        let (ca, ca_key) =
            issuer.map_or((String::new(), String::new()), |i| (format!("{i}.pem"), format!("{i}.key")));
        if issuer.is_some() {
            args.extend(["-CA", &ca, "-CAkey", &ca_key]);
            if !make.more.contains(&"-set_serial") {
                args.push("-CAcreateserial");
            }
        } else {
            args.extend(["-signkey", &key]);
        }
        args.extend_from_slice(make.more);
        self.run(make.at, &args);
    }

    /// Writes something of the same length in a certificate that is its own issuer, and has its
    /// key sign it again: OpenSSL makes no name with a character that the string type has not.
    pub(super) fn write_over(&self, name: &str, from: &[u8], to: &[u8]) {
        let (pem, der) = (format!("{name}.pem"), format!("{name}.der"));
        self.run("+0d", &["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
        let whole = std::fs::read(self.folder.join(&der)).unwrap();
        let outer = content(&whole);
        let mut signed = element(0x30, content(outer));
        let algorithm = content(&outer[signed.len()..]).to_vec();
        while let Some(at) = signed.windows(from.len()).position(|window| window == from) {
            signed[at..at + to.len()].copy_from_slice(to);
        }
        std::fs::write(self.folder.join("signed"), &signed).unwrap();
        let key = format!("{name}.key");
        self.run("+0d", &["dgst", "-sha256", "-sign", &key, "-out", "signature", "signed"]);
        let signature = std::fs::read(self.folder.join("signature")).unwrap();
        let bits = element(3, &[&[0][..], &signature].concat());
        let again = element(0x30, &[signed, element(0x30, &algorithm), bits].concat());
        std::fs::write(self.folder.join(&der), again).unwrap();
        self.run("+0d", &["x509", "-inform", "DER", "-in", &der, "-out", &pem]);
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

/// A leaf for these names.
pub(super) fn named(san: &str) -> String {
    format!("{LEAF}subjectAltName={san}\n")
}

/// The leaf's extensions with one line written anew; an empty text leaves it out.
pub(super) fn with(line: &str, text: &str, san: &str) -> String {
    let kept: Vec<&str> = LEAF.lines().filter(|l| !l.starts_with(line)).collect();
    format!("{}\n{text}\nsubjectAltName={san}\n", kept.join("\n"))
}

pub(super) fn ca_with(line: &str, text: &str) -> String {
    let kept: Vec<&str> = CA.lines().filter(|l| !l.starts_with(line)).collect();
    format!("{}\n{text}\n", kept.join("\n"))
}

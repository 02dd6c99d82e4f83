//! `certforge bundle`: a leaf in the forms that other programs take.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::bundle::{Pkcs12Strength, TRUST_STORE_PASSPHRASE};
use certforge::error::Shown;
use certforge::key::KeyForm;
use certforge::store::{Derived, LeafEntry, NewFile, Overwrite};
use certforge::{Bundle, Error, Finding, Severity};
use zeroize::Zeroizing;

use crate::command::passphrase::PassphraseArgs;
use crate::command::snippet;
use crate::context::{Context, Failure};
use crate::report::{self, FileReport, FormsReport, Report, path};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge bundle 10.103.10.95 --to p12 --passphrase-file pass.txt
  certforge bundle 10.103.10.95 --to truststore,der,combined
  certforge bundle 10.103.10.95 --to key --key-format pkcs1
  certforge bundle 10.103.10.95 --to k8s-secret --set namespace=web --output - | kubectl apply -f -

The files are in the leaf's folder, those with keys 0600. When the leaf is renewed they are
made again with it; p12, k8s-secret and an encrypted key you have to make again yourself.")]
pub struct Args {
    /// The leaf, by name
    #[arg(value_name = "NAME")]
    name: String,
    /// The forms, by comma
    #[arg(long, value_enum, value_name = "FORM", value_delimiter = ',', required = true)]
    to: Vec<Form>,
    /// Where it goes instead, of one form; `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The alias in PKCS#12 [default: the leaf's name; of a trust store: certforge]
    #[arg(long, value_name = "ALIAS")]
    alias: Option<String>,
    /// PKCS#12 as old programs want it: 3DES and SHA-1
    #[arg(long)]
    legacy: bool,
    /// The form of the private key in key, combined and der
    #[arg(long, value_enum, value_name = "FORM", default_value = "pkcs8")]
    key_format: KeyFormat,
    /// A variable of the Secret, such as namespace=web
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Key, certificate and issuers as PKCS#12
    #[value(alias = "pkcs12", alias = "pfx")]
    P12,
    /// The root as a Java trust store (PKCS#12; its pass phrase is `changeit` where none is given)
    Truststore,
    /// Certificate, key and root in DER
    Der,
    /// Certificate and issuers as PKCS#7
    P7b,
    /// Key, certificate and intermediates in one PEM file
    Combined,
    /// A Kubernetes Secret of the type kubernetes.io/tls
    K8sSecret,
    /// The private key in another form, encrypted where there is a pass phrase
    Key,
}

impl Form {
    /// Its name on the command line and in manifests.
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self)
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum KeyFormat {
    /// PKCS#8, for every kind of key
    Pkcs8,
    /// PKCS#1, for RSA
    Pkcs1,
    /// SEC 1, for elliptic curves
    Sec1,
}

impl KeyFormat {
    const fn form(self) -> KeyForm {
        match self {
            Self::Pkcs8 => KeyForm::Pkcs8,
            Self::Pkcs1 => KeyForm::Pkcs1,
            Self::Sec1 => KeyForm::Sec1,
        }
    }
}

/// How long the end of an import of the leaf is waited for.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// One file of a form.
pub struct Piece {
    derived: Derived,
    bytes: Zeroizing<Vec<u8>>,
}

/// How forms are made.
pub struct FormOptions<'a> {
    pub alias: Option<&'a str>,
    pub passphrase: Option<&'a Zeroizing<String>>,
    pub strength: Pkcs12Strength,
    pub key_form: KeyForm,
    pub set: &'a [String],
}

impl Default for FormOptions<'_> {
    fn default() -> Self {
        Self {
            alias: None,
            passphrase: None,
            strength: Pkcs12Strength::Modern,
            key_form: KeyForm::Pkcs8,
            set: &[],
        }
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let entry = context.store.leaf(&args.name)?;
    let given = args.passphrase.is_given();
    check_flags(args)?;
    if given && args.to.contains(&Form::Key) && args.key_format != KeyFormat::Pkcs8 {
        return Err(Failure::usage(
            "a key is encrypted as PKCS#8 alone",
            "leave --key-format or --passphrase-file out",
        ));
    }
    let needs = given || args.to.contains(&Form::P12);
    let passphrase = if needs { Some(args.passphrase.fresh("the file")?) } else { None };
    let options = FormOptions {
        alias: args.alias.as_deref(),
        passphrase: passphrase.as_ref(),
        strength: if args.legacy { Pkcs12Strength::Legacy } else { Pkcs12Strength::Modern },
        key_form: args.key_format.form(),
        set: &args.set,
    };
    // Whoever renews the leaf meanwhile waits: files of the old key would be in its folder.
    let _lock = if args.output.is_none() { Some(entry.lock(PATIENCE)?) } else { None };
    let (mut pieces, mut said) = (Vec::new(), Vec::new());
    for (n, form) in args.to.iter().enumerate() {
        if !args.to[..n].contains(form) {
            pieces.extend(make(*form, &entry, &options, context)?);
            said.extend(notes(*form, &options));
        }
    }
    let findings = report::findings(&said);
    if let Some(output) = &args.output {
        let [piece] = pieces.as_slice() else {
            return Err(Failure::usage(
                "--output is for one form that is one file",
                "leave it out: the files go into the leaf's folder",
            ));
        };
        if output == Path::new("-") {
            let printed = Some(piece.bytes.clone());
            return Ok(Report::Forms(FormsReport { files: Vec::new(), content: printed, findings }));
        }
    }
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
    let files = write(&pieces, &entry, args.output.as_deref(), overwrite)?;
    Ok(Report::Forms(FormsReport { files, content: None, findings }))
}

/// What is to be said of a form and its pass phrase. Java reads no PKCS#12 with one that is not
/// ASCII: Java 17 says "Password is not ASCII", of the legacy form too.
pub fn notes(form: Form, options: &FormOptions<'_>) -> Option<Finding> {
    let plain = |secret: &Zeroizing<String>| secret.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    let store = matches!(form, Form::P12 | Form::Truststore);
    (store && !options.passphrase.is_none_or(plain)).then(|| {
        let message =
            format!("the pass phrase of {} is not plain ASCII, and Java does not take it", form.name());
        Finding::new("form.passphrase", Severity::Warning, "passphrase", message)
            .fix("give one of plain letters, digits and signs where Java is to read it")
    })
}

/// Refuses flags that mean nothing to any of the forms: passing over them would look like
/// having done them.
fn check_flags(args: &Args) -> Result<(), Failure> {
    let is_alias = |alias: &&String| {
        !alias.trim().is_empty() && !alias.chars().any(|c| c.is_control() || u32::from(c) > 0xffff)
    };
    if let Some(alias) = args.alias.as_ref().filter(|alias| !is_alias(alias)) {
        return Err(Failure::usage(
            format!("the alias `{}` is empty, or has a character that PKCS#12 has no room for", Shown(alias)),
            "give --alias letters, digits and hyphens",
        ));
    }
    let stores = &[Form::P12, Form::Truststore][..];
    let (locked, keys) =
        (&[Form::P12, Form::Truststore, Form::Key][..], &[Form::Key, Form::Combined, Form::Der][..]);
    for (given, flag, what, forms, which) in [
        (
            args.passphrase.is_given(),
            "--passphrase-file",
            "a pass phrase",
            locked,
            "p12, truststore and key have one",
        ),
        (args.alias.is_some(), "--alias", "an alias", stores, "p12 and truststore have one"),
        (args.legacy, "--legacy", "a legacy form", stores, "p12 and truststore have one"),
        (!args.set.is_empty(), "--set", "variables", &[Form::K8sSecret], "k8s-secret has them"),
        (
            args.key_format != KeyFormat::Pkcs8,
            "--key-format",
            "a key in another form",
            keys,
            "key, combined and der have one",
        ),
    ] {
        if given && !args.to.iter().any(|form| forms.contains(form)) {
            return Err(Failure::usage(
                format!("none of these forms has {what}"),
                format!("leave {flag} out; {which}"),
            ));
        }
    }
    Ok(())
}

/// Writes files of a leaf: all of them or none, as far as what is in the way shows
/// before the first is written.
pub fn write(
    pieces: &[Piece],
    entry: &LeafEntry,
    output: Option<&Path>,
    overwrite: Overwrite,
) -> Result<Vec<FileReport>, Failure> {
    let target = |piece: &Piece| match output {
        Some(output) => output.to_owned(),
        None => entry.folder.join(piece.derived.file_name()),
    };
    let mut files = Vec::new();
    for piece in pieces {
        files.push((NewFile::create(&target(piece), overwrite, piece.derived.is_secret())?, piece));
    }
    let mut written = Vec::new();
    for (mut file, piece) in files {
        let target = target(piece);
        let refused = |source| Error::Io { doing: "write", path: target.clone(), source };
        file.write_all(&piece.bytes).map_err(refused)?;
        let mode = file.finish(overwrite)?;
        written.push(FileReport { path: path(&target), mode: format!("{mode:04o}") });
    }
    Ok(written)
}

/// The files of a form.
pub fn files(form: Form, has_key: bool, options: &FormOptions<'_>) -> Vec<Derived> {
    match form {
        Form::P12 => vec![Derived::Pkcs12],
        Form::Truststore => vec![Derived::TrustStore],
        Form::Der if has_key => vec![Derived::CertificateDer, Derived::AnchorDer, Derived::KeyDer],
        Form::Der => vec![Derived::CertificateDer, Derived::AnchorDer],
        Form::P7b => vec![Derived::Pkcs7],
        Form::Combined => vec![Derived::Combined],
        Form::K8sSecret => vec![Derived::K8sSecret],
        Form::Key => vec![Derived::Key(options.key_form)],
    }
}

/// Whether all files of a form are there.
pub fn is_there(form: Form, entry: &LeafEntry, options: &FormOptions<'_>) -> bool {
    let files = files(form, entry.has_key(), options);
    files.iter().all(|derived| entry.has_file(&derived.file_name()))
}

/// The files of a form.
pub fn make(
    form: Form,
    entry: &LeafEntry,
    options: &FormOptions<'_>,
    context: &Context,
) -> Result<Vec<Piece>, Failure> {
    let text = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    let one = |derived, bytes| Ok(vec![Piece { derived, bytes }]);
    match form {
        Form::P12 => {
            let missing = || Error::Passphrase {
                of: "the PKCS#12 file".to_owned(),
                reason: "is needed, and none was given",
            };
            let secret = options.passphrase.ok_or_else(missing)?;
            let alias = options.alias.map_or_else(|| entry.name(), ToOwned::to_owned);
            let bytes = entry.bundle()?.secret_pkcs12(&alias, secret, options.strength)?;
            one(Derived::Pkcs12, Zeroizing::new(bytes))
        }
        Form::Truststore => {
            let secret = options.passphrase.map_or(TRUST_STORE_PASSPHRASE, |secret| secret.as_str());
            let alias = options.alias.unwrap_or("certforge");
            let bytes = entry.trust_anchor()?.pkcs12_trust_store(alias, secret, options.strength)?;
            one(Derived::TrustStore, Zeroizing::new(bytes))
        }
        Form::Der => {
            let der = |derived, der: &[u8]| Piece { derived, bytes: Zeroizing::new(der.to_vec()) };
            let mut pieces = vec![
                der(Derived::CertificateDer, entry.certificate.der()),
                der(Derived::AnchorDer, entry.trust_anchor()?.der()),
            ];
            if entry.has_key() {
                let bytes = entry.private_key()?.secret_der_as(options.key_form)?;
                pieces.push(Piece { derived: Derived::KeyDer, bytes });
            }
            Ok(pieces)
        }
        Form::P7b => {
            entry.trust_anchor()?;
            one(Derived::Pkcs7, text(&certforge::bundle::pkcs7_pem(&entry.certificate, &entry.chain)?))
        }
        Form::Combined => {
            one(Derived::Combined, text(&entry.bundle()?.secret_combined_pem(options.key_form)?))
        }
        Form::K8sSecret => one(Derived::K8sSecret, k8s_secret(options, &entry.bundle()?, entry, context)?),
        Form::Key => {
            let derived = Derived::Key(options.key_form);
            if let Some(secret) = options.passphrase {
                return one(derived, text(&entry.private_key()?.encrypted_pem(secret)?));
            }
            one(derived, text(&entry.private_key()?.secret_pem_as(options.key_form)?))
        }
    }
}

/// What stands for the key while the text around it is made.
const KEY_PLACE: &str = "@KEY@";

/// The Secret. The key is put in last, so that it is in no variable of the template.
fn k8s_secret(
    options: &FormOptions<'_>,
    bundle: &Bundle,
    entry: &LeafEntry,
    context: &Context,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let more = [
        ("tls_crt", STANDARD.encode(bundle.fullchain_pem()?)),
        ("tls_key", KEY_PLACE.to_owned()),
        ("ca_crt", STANDARD.encode(bundle.trust_anchor().pem()?)),
    ];
    let rendered = snippet::render("k8s-secret", entry, options.set, &more, context)?;
    if rendered.text.matches(KEY_PLACE).count() != 1 {
        return Err(Failure::usage(
            format!("{KEY_PLACE} is the place of the key, and stands in a value of --set"),
            "give another value",
        ));
    }
    let pem = bundle.key().secret_pem_as(options.key_form)?;
    let mut out = Zeroizing::new(Vec::with_capacity(rendered.text.len() + pem.len() * 2));
    let (before, after) = rendered.text.split_once(KEY_PLACE).unwrap_or((&rendered.text, ""));
    let mut encoded = Zeroizing::new(vec![0; pem.len() * 2]);
    let length = STANDARD
        .encode_slice(pem.as_bytes(), &mut encoded)
        .map_err(|e| Error::Internal { doing: "writing base64", reason: e.to_string() })?;
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(&encoded[..length]);
    out.extend_from_slice(after.as_bytes());
    Ok(out)
}

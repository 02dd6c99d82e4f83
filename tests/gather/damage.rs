//! PEM as editors, shells and mail leave it, and what is damaged or of another kind in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::gather::Role;

use super::{any, block, der, gathered, house, lines, says, subjects};

#[test]
fn pem_as_editors_shells_and_mail_leave_it() {
    let h = house();
    let pem = &h.root;
    let utf16 = |big: bool, mark: bool| {
        let text = if mark { format!("\u{feff}{pem}") } else { pem.clone() };
        text.encode_utf16()
            .flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() })
            .collect::<Vec<u8>>()
    };
    let one_line = {
        let body: String = pem.lines().filter(|l| !l.starts_with('-')).collect();
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    let bare: String = pem.lines().filter(|l| !l.starts_with('-')).map(|l| [l, "\n"].concat()).collect();
    let indent = pem.lines().map(|l| ["  ", l, "\n"].concat()).collect::<String>();
    let trailing = pem.lines().map(|l| [l, " \n"].concat()).collect::<String>();
    let quoted =
        format!("You wrote:\n{}", pem.lines().map(|l| ["> > ", l, "\n"].concat()).collect::<String>());
    let no_padding = pem.replace('=', "");
    let secret = format!("kind: Secret\ndata:\n  tls.crt: \"{}\"\n", STANDARD.encode(pem));
    for (bytes, repair) in [
        (
            pem.replace('\n', "\r\n").into_bytes(),
            "gather.encoding f: PEM written anew: it had Windows line ends",
        ),
        (
            pem.replace('\n', "\r").into_bytes(),
            "gather.form f: PEM that most programs do not read: line ends of one carriage return",
        ),
        (
            format!("\u{feff}{pem}").into_bytes(),
            "gather.form f: PEM that most programs do not read: a byte order mark",
        ),
        (
            utf16(false, true),
            "gather.form f: PEM that most programs do not read: UTF-16 text, as PowerShell's > writes it",
        ),
        (utf16(true, true), "gather.form f: PEM that most programs do not read: UTF-16 text"),
        (utf16(false, false), "gather.form f: PEM that most programs do not read: UTF-16 text"),
        (utf16(true, false), "gather.form f: PEM that most programs do not read: UTF-16 text"),
        (
            pem.replace('\n', "\\n").into_bytes(),
            "gather.form f: PEM that most programs do not read: line ends written as \\n",
        ),
        (
            pem.replace('\n', "\\r\\n").into_bytes(),
            "gather.form f: PEM that most programs do not read: line ends written as \\n",
        ),
        (one_line.into_bytes(), "gather.encoding f: PEM written anew: it had its base64 in one line"),
        (
            format!("subject=x\n{pem}").into_bytes(),
            "gather.encoding f: PEM written anew: it had text around the blocks",
        ),
        (
            format!("{pem}and so on\n").into_bytes(),
            "gather.encoding f: PEM written anew: it had text around the blocks",
        ),
        (
            quoted.into_bytes(),
            "gather.form f: PEM that most programs do not read: marks of quotation, as mail has them",
        ),
        (
            indent.into_bytes(),
            "gather.form f: PEM that most programs do not read: a BEGIN that is not at the beginning of a line, indented lines",
        ),
        (trailing.into_bytes(), "gather.encoding f: PEM written anew: it had blanks at line ends"),
        (bare.into_bytes(), "gather.form f: PEM that most programs do not read: no BEGIN and END lines"),
        (STANDARD.encode(pem).into_bytes(), "gather.base64 f: one layer of base64 around the PEM taken off"),
        (
            secret.into_bytes(),
            "gather.base64 f: PEM taken out of the base64 in it, as of a Kubernetes Secret",
        ),
        (der(pem), "gather.der f: DER written as PEM"),
        (no_padding.into_bytes(), ""),
        (pem.trim_end().as_bytes().to_vec(), ""),
        (format!("\n\n{pem}\n\n").into_bytes(), ""),
    ] {
        let found = gathered(&[(Role::Any, "f", bytes)], None);
        assert_eq!(subjects(&found), ["root"], "{repair}: {:?}", found.findings);
        let said = lines(&found.findings);
        let first = said.first().map(String::as_str).unwrap_or_default();
        assert_eq!(first, repair);
        let more: Vec<&String> = said.iter().skip(1).collect();
        let known = |line: &&String| line.starts_with("gather.der") || line.starts_with("gather.encoding");
        assert!(more.iter().all(known), "{more:?}");
    }
}

/// As `cat` makes it of files without a last line end, and editors of blank lines: no other program
/// reads that.
#[test]
fn what_only_certforge_reads_is_told_apart() {
    let h = house();
    let glued = format!("{}{}", h.middle.trim_end(), h.root);
    let spaced = h.root.replacen("-----\n", "-----\n\n", 1);
    for (text, n, what) in [
        (glued, 2, "a BEGIN that is not at the beginning of a line"),
        (format!("x {}", h.root), 1, "a BEGIN that is not at the beginning of a line"),
        (spaced, 1, "blank lines in a block"),
        (h.root.replacen("\n-----END", "\n\n-----END", 1), 1, "blank lines in a block"),
        (format!("{} # mine\n", h.root.trim_end()), 1, "text behind an END line"),
        (h.root.replacen("-----\n", "-----", 1), 1, "a BEGIN that is not alone in its line"),
        (h.root.replacen("\n-----END", "-----END", 1), 1, "an END that is not at the beginning of a line"),
    ] {
        let found = gathered(&[(Role::Any, "f", text.into_bytes())], None);
        assert_eq!(subjects(&found).len(), n, "{what}");
        let said = lines(&found.findings);
        assert_eq!(said[0], format!("gather.form f: PEM that most programs do not read: {what}"));
    }
}

#[test]
fn damage_is_told_with_its_block_and_line() {
    let h = house();
    let pem = &h.root;
    let lines_of = pem.lines().count();
    let cut = pem.replace("-----END CERTIFICATE-----\n", "");
    let star = pem.replacen("MII", "M*I", 1);
    let short: String =
        pem.lines().take(2).map(|l| [&l[..l.len().min(29)], "\n"].concat()).collect::<String>()
            + "-----END CERTIFICATE-----\n";
    let second = format!("{pem}{}", pem.replacen("MII", "M*I", 1));
    for (text, wanted) in [
        (cut, "!gather.damaged f, block 1, line 1: the END line of CERTIFICATE is missing".to_owned()),
        (star, "!gather.damaged f, block 1, line 2: a character that is not base64's".to_owned()),
        (
            second,
            format!("!gather.damaged f, block 2, line {}: a character that is not base64's", lines_of + 2),
        ),
        (
            format!("a: b\nc: {}%\nd: LS0tLS1CRUdJTiA=AA\n", STANDARD.encode(pem)),
            "!gather.damaged f, block 1, line 3: its base64 is cut off or damaged".to_owned(),
        ),
        (short, "!gather.damaged f, block 1, line 3: its base64 is cut off or damaged".to_owned()),
        (
            pem.replace("-----END CERTIFICATE", "-----END X"),
            "!gather.damaged f, block 1, line 1: its BEGIN line says CERTIFICATE, and its END line does not"
                .to_owned(),
        ),
        (
            pem.replace("-----END CERTIFICATE-----", "-----BEGIN"),
            "!gather.damaged f, block 1, line 1: the END line of CERTIFICATE is missing".to_owned(),
        ),
        (
            "-----BEGIN CERTIFICATE\n".to_owned(),
            "!gather.damaged f, block 1, line 1: its BEGIN line is not whole".to_owned(),
        ),
        (
            format!("-----BEGIN {}-----\n", "A ".repeat(40)),
            "!gather.damaged f, block 1, line 1: its BEGIN line is not whole".to_owned(),
        ),
        (
            "-----BEGIN ABCDEFGHIJKLM-----\n".to_owned(),
            "!gather.damaged f, block 1, line 1: its BEGIN line has something else than a label".to_owned(),
        ),
        (
            pem.replace("CERTIFICATE-----", "THING-----"),
            "!gather.damaged f, block 1, line 1: a block THING, and nobody knows what that is".to_owned(),
        ),
    ] {
        let found = gathered(&[(Role::Any, "f", text.into_bytes())], None);
        assert!(lines(&found.findings).contains(&wanted), "{wanted}: {:?}", lines(&found.findings));
    }
    says(b"", &["!gather.empty f: it is empty, or has no PEM block in it"]);
    says(b"nothing\n", &["!gather.empty f: it is empty, or has no PEM block in it"]);
    says(b"\x30\x80\x00\x00", &["!gather.damaged f: it is BER of indefinite length, which is not DER"]);
    says(b"\x30\x03\x02\x01\x01", &["!gather.damaged f: it is neither PEM nor the DER of anything known"]);
    let long = format!("\n-----BEGIN CERTIFICATE-----\n{}\n", "A".repeat(100_001));
    says(long.as_bytes(), &["!gather.damaged f, block 1, line 3: a line of more than 100000 octets"]);
    // As long as a line may be: it is looked at, and is no certificate.
    let fits = format!("\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "A".repeat(100_000));
    assert!(
        !lines(&gathered(&[(Role::Any, "f", fits.into_bytes())], None).findings)
            .concat()
            .contains("a line of")
    );
}

#[test]
fn a_file_of_what_is_passed_over_is_not_called_empty() {
    for (label, wanted) in [
        ("EC PARAMETERS", "it holds parameters of keys alone"),
        ("DH PARAMETERS", "it has no certificate and no private key in it"),
        ("X509 CRL", "it has no certificate and no private key in it"),
    ] {
        let said = lines(&gathered(&any(&block(label, b"\x05\x00")), None).findings);
        assert_eq!(said[1], format!("!gather.empty f.pem: {wanted}"), "{said:?}");
    }
}

#[test]
fn blocks_of_other_kinds_are_passed_over_told_or_kept() {
    let h = house();
    let bundle = h.leaf.clone() + &h.middle + &h.key;
    let line = 1 + bundle.lines().count();
    let place = format!("f, block 4, line {line}");
    for (extra, wanted) in [
        (block("EC PARAMETERS", b"\x05\x00"), format!("gather.parameters {place}: the EC PARAMETERS block is left out")),
        (block("X509 CRL", b"\x05\x00"), format!("gather.unrelated {place}: a block X509 CRL is passed over")),
        (block("DH PARAMETERS", b"\x05\x00"), format!("gather.unrelated {place}: a block DH PARAMETERS is passed over")),
        (h.request.clone(), format!("!gather.unsigned {place}: it is a signing request, and no certificate")),
        (
            h.request.replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT"),
            format!("!gather.unsigned {place}: it is a signing request, and no certificate"),
        ),
        (block("PUBLIC KEY", b"\x05\x00"), format!("!gather.unsigned {place}: it is a public key, and no certificate")),
        (block("RSA PUBLIC KEY", b"\x05\x00"), format!("!gather.unsigned {place}: it is a public key, and no certificate")),
        (
            block("OPENSSH PRIVATE KEY", b"\x05\x00"),
            format!("!gather.encrypted {place}: it is OpenSSH's"),
        ),
        (
            block("OPENSSH PRIVATE KEY", b"openssh-key-v1\0\0\0\0\x0bssh-ed25519"),
            format!("!gather.key-kind {place}: it is OpenSSH's of the kind Ed25519"),
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n".to_owned(),
            format!("!gather.encrypted {place}: it is encrypted in the old PEM form"),
        ),
        (
            block("DSA PRIVATE KEY", b"\x05\x00"),
            format!("!gather.key-kind {place}: a key of the kind DSA PRIVATE KEY is not read"),
        ),
        (block("PKCS7", b"\x05\x00"), format!("!gather.damaged {place}: it is PKCS#7 without certificates that can be read")),
        (block("CMS", b"\x05\x00"), format!("!gather.damaged {place}: it is PKCS#7 without certificates that can be read")),
    ] {
        let found = gathered(&[(Role::Any, "f", (bundle.clone() + &extra).into_bytes())], None);
        assert_eq!(lines(&found.findings), [wanted], "{extra}");
        assert_eq!(subjects(&found), ["a.example", "middle"]);
    }
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let mut trusted = der(&h.root);
        trusted.extend_from_slice(b"\x30\x00");
        let found = gathered(&[(Role::Any, "f", block(label, &trusted).into_bytes())], None);
        assert_eq!(subjects(&found), ["root"]);
        assert_eq!(
            lines(&found.findings),
            [format!("gather.label f, block 1, line 1: the label {label} is written as CERTIFICATE")]
        );
    }
    // The old form of encryption is told how to turn into the new one, whatever the file is called.
    let old =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let found = gathered(&[(Role::Any, "it's.key", old.as_bytes().to_vec())], None);
    assert!(
        found.findings[0].fix.contains(r"openssl pkcs8 -topk8 -in 'it'\''s.key' -out 'it'\''s.key.pk8'"),
        "{:?}",
        found.findings[0].fix
    );
}

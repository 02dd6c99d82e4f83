//! `certforge explain`: texts as programs print them find what is behind them.

mod support;

use std::io::Write;
use std::process::Stdio;

use support::{Sandbox, json, ran, refused};

#[test]
fn texts_as_they_are_met_are_explained() {
    let sandbox = Sandbox::new();
    for (text, id) in [
        (
            "Execution failed due to configuration error: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
            "apigw.pkix",
        ),
        (
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
            "java.pkix-path-building",
        ),
        (
            "javax.net.ssl.SSLHandshakeException: No subject alternative names matching IP address 10.103.10.95 found",
            "java.san-ip",
        ),
        (
            "Get \"https://10.103.10.95/\": tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead",
            "go.legacy-cn",
        ),
        (
            "x509: cannot validate certificate for 10.103.10.95 because it doesn't contain any IP SANs",
            "go.no-ip-san",
        ),
        ("x509: certificate is valid for a.internal, not b.internal", "go.name"),
        (
            "curl: (60) SSL certificate problem: unable to get local issuer certificate",
            "openssl.local-issuer",
        ),
        (
            "curl: (60) SSL: no alternative certificate subject name matches target host name '10.0.0.1'",
            "curl.san",
        ),
        (
            "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: IP address mismatch, certificate is not valid for '10.103.10.95'. (_ssl.c:992)",
            "python.ip",
        ),
        (
            "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: IP: 10.103.10.95 is not in the cert's list:",
            "node.altname",
        ),
        ("invalid peer certificate: UnknownIssuer", "rustls.unknown-issuer"),
        (
            "An error occurred (ValidationException) when calling the ImportCertificate operation: The certificate field contains more than one certificate. You can specify only one certificate in this field.",
            "acm.more-than-one",
        ),
        (
            "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.",
            "acm.not-self-signed",
        ),
        ("Tagging is not permitted on re-import.", "acm.tags-on-reimport"),
        ("NET::ERR_CERT_COMMON_NAME_INVALID", "browser.name"),
        ("remote error: tls: bad certificate", "alert.bad-certificate"),
        (
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: bad_certificate",
            "alert.bad-certificate",
        ),
        (
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: certificate_unknown",
            "alert.bad-certificate",
        ),
        ("remote error: tls: unknown certificate authority", "openssl.unknown-ca-alert"),
        ("tls: private key does not match public key", "openssl.key-mismatch"),
        ("tls: first record does not look like a TLS handshake", "plain.wrong-version"),
        ("curl: (35) error:0A00010B:SSL routines::wrong version number", "plain.wrong-version"),
        ("error:0A000410:SSL routines::sslv3 alert handshake failure", "alert.handshake-failure"),
        ("error:0A00045C:SSL routines::tlsv13 alert certificate required", "alert.certificate-required"),
        ("java.io.IOException: Invalid keystore format", "java.keystore-format"),
        ("curl: (58) unable to set private key file: 'key.pem' type PEM", "curl.private-key"),
        (
            "Error: error:0480006C:PEM routines::no start line code: 'ERR_OSSL_PEM_NO_START_LINE'",
            "openssl.pem-start",
        ),
        (
            "OSError: Could not find a suitable TLS CA certificate bundle, invalid path: ca.pem",
            "requests.no-bundle",
        ),
        ("javax.net.ssl.SSLHandshakeException: No name matching localhost found", "java.no-dns-name"),
        ("java.security.cert.CertificateException: No subject alternative names present", "java.no-san"),
    ] {
        let explained = sandbox.run_args(&["explain", "--json", text]);
        assert_eq!(explained.status, 0, "{text}");
        assert_eq!(json(&explained.stdout)["found"][0]["id"], id, "{text}");
    }
    let words = sandbox.ok("explain PKIX path building failed");
    for part in ["cause", "confirm", "fix", "certforge"] {
        assert!(words.stdout.contains(part), "{}", words.stdout);
    }
}

/// Lines as programs print them, most of them provoked: tests/explained.txt.
#[test]
fn each_line_finds_what_explains_it_best() {
    let sandbox = Sandbox::new();
    let lines = include_str!("explained.txt").lines().filter(|line| !line.starts_with('#'));
    let mut asked = 0;
    for (id, text) in lines.map(|line| line.split_once(" | ").unwrap()) {
        let explained = sandbox.run_args(&["explain", "--json", text]);
        assert_eq!(explained.status, 0, "{text} is not known");
        assert_eq!(json(&explained.stdout)["found"][0]["id"], id, "{text}");
        asked += 1;
    }
    assert!(asked > 200, "{asked}");
}

/// What `check --clients` forecasts can be pasted into `explain`.
#[test]
fn every_text_that_a_client_is_said_to_print_is_explained() {
    let table: toml::Table = include_str!("../templates/clients.toml").parse().unwrap();
    let rules = table["client"].as_array().unwrap().iter().flat_map(|client| match client.get("rules") {
        Some(toml::Value::Array(rules)) => rules.clone(),
        _ => Vec::new(),
    });
    let sandbox = Sandbox::new();
    let mut texts: Vec<String> =
        rules.filter_map(|rule| Some(rule.get("says")?.as_str()?.to_owned())).collect();
    texts.sort();
    texts.dedup();
    // Where nothing is printed there is nothing to explain, and a single word is in any log.
    texts.retain(|text| text.len() > 12 && !text.starts_with("no error"));
    assert!(texts.len() > 80, "{}", texts.len());
    let unknown: Vec<&String> =
        texts.iter().filter(|text| sandbox.run_args(&["explain", text]).status != 0).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

/// A text that differs in the word that matters is another one.
#[test]
fn what_says_something_else_is_not_explained_as_if_it_were_known() {
    let sandbox = Sandbox::new();
    for text in [
        "http: TLS handshake error from 10.0.0.1:4242: tls: blah",
        "The certificate for this server is valid.",
        "Certificate for <a> does match any of the subject alternative names",
        "remote error: tls: bad weather",
    ] {
        let told = sandbox.run_args(&["explain", text]);
        assert_eq!(told.status, 1, "{text}: {}", told.stdout);
    }
    // What PowerShell writes is UTF-16.
    let log: Vec<u8> =
        "\u{feff}PKIX path building failed\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(sandbox.file("log"), log).unwrap();
    let mut command = sandbox.command(["explain"]);
    command.stdin(std::fs::File::open(sandbox.file("log")).unwrap());
    assert_eq!(support::ran(command.output().unwrap()).status, 0);
}

#[test]
fn an_error_text_may_quote_a_certificate_and_no_key() {
    let sandbox = Sandbox::new();
    let quoted = |label: &str| format!("Invalid base64: \"-----BEGIN {label}-----\nMIIB");
    let explained = sandbox.run_args(&["explain", "--json", &quoted("CERTIFICATE")]);
    assert_eq!(json(&explained.stdout)["found"][0]["id"], "aws-cli.base64");
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let refused = sandbox.run_args(&["explain", &quoted(label)]);
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{label}");
        assert!(!refused.stderr.contains("MIIB"), "{}", refused.stderr);
    }
}

#[test]
fn a_log_is_read_and_what_is_not_known_names_what_is_near() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["explain", "--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let log = "starting\nGET / failed: x509: certificate signed by unknown authority\nagain: x509: certificate signed by unknown authority\nERR_TLS_CERT_ALTNAME_INVALID\n";
    child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let document = json(&ran(child.wait_with_output().unwrap()).stdout);
    let found: Vec<(&str, u64)> = document["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["id"].as_str().unwrap(), e["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("go.unknown-authority", 2), ("node.altname", 4)]);
    let unknown = sandbox.run_args(&["explain", "the certificate chain smells of a valid path"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (1, ""));
    assert!(
        unknown.stderr.contains("not known") && unknown.stderr.contains("near to it"),
        "{}",
        unknown.stderr
    );
    refused(&sandbox, "explain", 2, "usage");
    assert!(sandbox.ok("explain --list").stdout.lines().count() > 80);
}

//! What API Gateway checks of a back end that it calls, with and without
//! `insecureSkipVerification` (API Gateway developer guide,
//! `x-amazon-apigateway-integration.tlsConfig`; AWS knowledge centre on its PKIX errors).

use time::OffsetDateTime;

use super::path::{Peer, Purpose, Question, verify};
use crate::certificate::{Certificate, TrustAnchor};
use crate::finding::{Finding, Severity};

/// A back end as API Gateway meets it.
#[derive(Clone, Copy)]
pub struct Backend<'a> {
    /// What it shows first.
    pub certificate: &'a Certificate,
    /// What it shows behind that.
    pub sent: &'a [Certificate],
    /// The host of the integration's uri, where it is written out.
    pub host: Option<&'a Peer>,
    /// `insecureSkipVerification`.
    pub skip: bool,
    /// It is called by an HTTP API, which has no `insecureSkipVerification`.
    pub of_http_api: bool,
    /// The host is `serverNameToVerify`, and not the uri's.
    pub is_named_apart: bool,
    /// When.
    pub at: OffsetDateTime,
}

/// Why API Gateway will refuse it; empty where nothing is known against it.
#[must_use]
pub fn judge(backend: &Backend<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let roots: Vec<TrustAnchor> = std::iter::once(backend.certificate)
        .chain(backend.sent)
        .filter(|c| c.is_self_issued())
        .cloned()
        .map(TrustAnchor::new)
        .collect();
    let verdict = verify(&Question {
        certificate: backend.certificate,
        chain: backend.sent,
        anchors: &roots,
        peer: None,
        purpose: Purpose::Server,
        at: backend.at,
        lists: &[],
        strict: false,
    });
    let mut say = |code, place: &str, message: String, fix: &str| {
        found.push(Finding::new(code, Severity::Error, place, message).fix(fix));
    };
    if !verdict.anchored {
        let last = verdict.path.last().unwrap_or(backend.certificate);
        let message = format!(
            "the back end sends no certificate of `{}`, which issued `{}`: PKIX path building failed",
            last.issuer(),
            last.subject()
        );
        say(
            "acm.C10",
            "chain",
            message,
            "let it send the whole chain: certforge leaf --template apigw-backend",
        );
    } else if !backend.skip {
        let root = verdict.path.last().unwrap_or(backend.certificate);
        let message = format!(
            "`{}` is a CA of one's own, and API Gateway believes those that AWS lists alone: PKIX path building failed",
            root.subject()
        );
        say(
            "apigw.trust",
            "root",
            message,
            if backend.of_http_api {
                "a public certificate in front of it: an HTTP API checks always"
            } else {
                "a public certificate in front of it, or insecureSkipVerification"
            },
        );
    } else if let Some(root) = verdict.path.last()
        && (root.ca().is_none() || !root.may_sign_certificates())
    {
        let message = format!(
            "the root `{}` is no CA that may sign certificates, and that is asked for even with insecureSkipVerification",
            root.subject()
        );
        say("acm.C10", "root", message, "issue a leaf of a CA: certforge leaf --template apigw-backend");
    }
    if let Some(peer) = backend.host
        && !peer.is_named_by(backend.certificate)
    {
        let names = backend.certificate.names();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let has = if names.is_empty() { "no name that is looked at".to_owned() } else { names.join(", ") };
        let (code, kind) = match peer {
            Peer::Ip(_) => ("apigw.GW08", "the address "),
            Peer::Dns(_) => ("apigw.GW07", ""),
        };
        let asked = if backend.is_named_apart { "serverNameToVerify" } else { "the uri's host" };
        let message = format!("{asked} is {kind}{peer}, and the certificate is for {has}");
        let fix = match (backend.of_http_api, backend.is_named_apart) {
            (true, _) => "name one of the certificate's: certforge apigw patch FILE --server-name NAME",
            (false, true) => "write a name of the certificate there, or issue it with --san HOST",
            (false, false) => "write a host of the certificate in the uri, or issue it with --san HOST",
        };
        say(code, "certificate", message, fix);
    }
    // What is wrong with the path itself is refused in either way.
    let untrusted = ["path.no-issuer", "path.untrusted", "path.signature"];
    let wrong = verdict.findings.into_iter().filter(|f| f.severity == Severity::Error);
    found.extend(wrong.filter(|f| !untrusted.contains(&f.code)));
    found
}

//! What API Gateway checks of a back end that it calls, with and without
//! `insecureSkipVerification` (API Gateway developer guide,
//! `x-amazon-apigateway-integration.tlsConfig`; AWS knowledge centre on its PKIX errors).

use time::OffsetDateTime;

use super::clients::sent_roots;
use super::path::{Peer, Purpose, Question, Verdict, is_of_form, verify};
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
    /// Public roots, such as the system's: AWS may list them. None where they are not known.
    pub public: &'a [TrustAnchor],
    /// `insecureSkipVerification`.
    pub skip: bool,
    /// It is called by an HTTP API, which has no `insecureSkipVerification`.
    pub of_http_api: bool,
    /// The host is `serverNameToVerify`, and not the uri's.
    pub is_named_apart: bool,
    /// When.
    pub at: OffsetDateTime,
}

/// Why API Gateway will refuse it, and with warnings what cannot be known here; empty where
/// nothing is known against it.
#[must_use]
pub fn judge(backend: &Backend<'_>) -> Vec<Finding> {
    let mut roots = sent_roots(backend.certificate, backend.sent);
    if !backend.skip {
        roots.extend_from_slice(backend.public);
    }
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
    let mut found = Vec::from_iter(of_trust(backend, &verdict));
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
        found.push(Finding::new(code, Severity::Error, "certificate", message).fix(fix));
    }
    let untrusted = ["path.no-issuer", "path.untrusted", "path.signature"];
    let wrong = verdict.findings.into_iter().filter(|f| f.severity == Severity::Error);
    for mut finding in wrong.filter(|f| !untrusted.contains(&f.code)) {
        // With insecureSkipVerification dates, host and root are looked at, and of more the
        // guide says nothing.
        if backend.skip && is_of_form(finding.code) {
            finding.severity = Severity::Warning;
            finding.message.push_str(
                "; whether API Gateway looks at that with insecureSkipVerification, its guide does not say",
            );
        }
        found.push(finding);
    }
    found
}

/// What is to be said of whom the path leads to.
fn of_trust(backend: &Backend<'_>, verdict: &Verdict) -> Option<Finding> {
    let say = |code, severity, place: &str, message: String, fix: &str| {
        Some(Finding::new(code, severity, place, message).fix(fix))
    };
    let last = verdict.path.last().unwrap_or(backend.certificate);
    let is_public = |root: &Certificate| backend.public.iter().any(|public| public.certificate() == root);
    let unlisted = if backend.of_http_api {
        "a public certificate in front of it: an HTTP API checks always"
    } else {
        "a public certificate in front of it, or insecureSkipVerification"
    };
    if !verdict.anchored {
        let forged = verdict.findings.iter().find(|f| f.code == "path.signature");
        let (message, fix) = match forged {
            Some(forged) => {
                (forged.message.clone(), "let it send the chain of the CA whose key signed its certificate")
            }
            None if backend.skip => (
                format!(
                    "the back end sends no certificate of `{}`, which issued `{}`",
                    last.issuer(),
                    last.subject()
                ),
                "let it send the whole chain: certforge leaf --template apigw-backend",
            ),
            None => (
                format!(
                    "the back end sends no certificate of `{}`, which issued `{}` and is no CA that this system trusts",
                    last.issuer(),
                    last.subject()
                ),
                if backend.sent.is_empty() {
                    "let it send its intermediates: fullchain.pem"
                } else {
                    unlisted
                },
            ),
        };
        say("acm.C10", Severity::Error, "chain", format!("{message}: PKIX path building failed"), fix)
    } else if !backend.skip && is_public(last) {
        let message = format!("API Gateway believes `{}` only if AWS lists it", last.subject());
        let fix =
            "look for it in the API Gateway developer guide: API Gateway-supported certificate authorities";
        say("apigw.trust", Severity::Warning, "root", message, fix)
    } else if !backend.skip {
        let message = format!(
            "`{}` is a CA of one's own, and API Gateway believes those that AWS lists alone: PKIX path building failed",
            last.subject()
        );
        say("apigw.trust", Severity::Error, "root", message, unlisted)
    } else if last.ca().is_none() || !last.may_sign_certificates() {
        let message = format!(
            "the root `{}` is no CA that may sign certificates, and that is asked for even with insecureSkipVerification",
            last.subject()
        );
        let fix = "issue a leaf of a CA: certforge leaf --template apigw-backend";
        say("acm.C10", Severity::Error, "root", message, fix)
    } else {
        None
    }
}

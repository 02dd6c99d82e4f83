//! The ways out where API Gateway does not believe a back end, and what each still checks.

use super::{Api, Integration};

/// A way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// A few words.
    pub title: &'static str,
    /// What to do.
    pub how: &'static str,
    /// What API Gateway checks of the back end then.
    pub checks: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

const PUBLIC: Way = Way {
    title: "a public certificate in front of the back end",
    how: "give the NLB a TLS listener (or the ALB an HTTPS listener) with a certificate of a public CA, such as ACM's own, and write that certificate's name as the host of the uri; the target behind the load balancer may keep its private certificate, which no load balancer checks",
    checks: "everything: a chain to one of the CAs that AWS lists, dates, host name",
    source: "API Gateway developer guide, Supported certificate authorities; guide of Network Load Balancers, Target groups",
};

const SKIP: Way = Way {
    title: "insecureSkipVerification",
    how: "certforge apigw patch FILE --set insecureSkipVerification=true, then put-rest-api and create-deployment",
    checks: "that the certificate has not ended, that its names cover the host of the uri, and that a root is there whose certificate is a CA's with keyCertSign; not who issued it, so whoever is on the way can pretend to be the back end",
    source: "API Gateway developer guide, x-amazon-apigateway-integration.tlsConfig",
};

const SERVER_NAME: Way = Way {
    title: "serverNameToVerify",
    how: "certforge apigw patch FILE --server-name HOST, then reimport-api and create-deployment",
    checks: "the host name, against HOST in place of the address that is connected to; it is sent as SNI, and the connection speaks TLS because of it",
    source: "API Gateway V2 API reference, TlsConfig",
};

const PLAIN: Way = Way {
    title: "https in the uri",
    how: "write https:// in the uri; until then nothing is encrypted behind the gateway, and nothing is checked",
    checks: "nothing before that",
    source: "API Gateway developer guide, Set up API Gateway private integrations",
};

/// What people try, and what it does instead.
pub const DETOURS: [(&str, &str); 2] = [
    (
        "importing the private CA into ACM",
        "API Gateway trusts no CA because ACM holds it: ACM's certificates are for what API Gateway shows, not for what it believes",
    ),
    (
        "a trust store for mutual TLS",
        "it holds the CAs of clients that call the gateway; back ends are not judged by it",
    ),
];

/// The ways that fit an integration, the best first.
#[must_use]
pub fn ways(api: Api, integration: &Integration) -> Vec<Way> {
    if !integration.kind.speaks_tls() {
        return Vec::new();
    }
    match api {
        Api::Rest if integration.is_plain() => vec![PLAIN],
        Api::Rest => vec![PUBLIC, SKIP],
        Api::Http if integration.vpc_link => vec![PUBLIC, SERVER_NAME],
        Api::Http => vec![PUBLIC],
    }
}

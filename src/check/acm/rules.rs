//! The table.

use super::Judge::{Elsewhere, Offline, Online};
use super::{Judge, Rule, chain, material, names, reimport, services};
use crate::finding::Severity::{self, Error, Fixed, Info, Warning};

const GUIDE: &str = "ACM user guide, Prerequisites for importing certificates";
const API: &str = "ACM API reference, ImportCertificate";
const AGAIN: &str = "ACM user guide, Reimporting a certificate";
const CLIENTS: &str = "measured with OpenSSL, Java, Python, Go and Node";

const fn rule(
    code: &'static str,
    severity: Severity,
    title: &'static str,
    fix: &'static str,
    source: &'static str,
    judge: Judge,
) -> Rule {
    Rule { code, severity, may_be_allowed: false, title, fix, source, gathered: &[], judge }
}

impl Rule {
    /// The same, where ACM may take what breaks it.
    const fn lenient(self) -> Self {
        Self { may_be_allowed: true, ..self }
    }

    /// The same, found while files are gathered.
    const fn found(self, gathered: &'static [&'static str]) -> Self {
        Self { gathered, ..self }
    }
}

/// All rules, by name. P is about files, Z about sizes, K about keys, X about the
/// certificate's form, V about time, N about names, C about the chain, S about
/// services, R about re-imports, T, A and Q about tags, ARNs and quotas.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("acm.P01", Fixed, "the certificate file holds one certificate", "", "ACM's answer `more than one certificate`", Elsewhere)
        .found(&["gather.split"]),
    rule("acm.P02", Error, "each file holds what can be read", "look at the file: a shell variable may be unset", GUIDE, Elsewhere)
        .found(&["gather.empty", "gather.damaged"]),
    rule("acm.P03", Fixed, "everything is PEM", "", GUIDE, Elsewhere)
        .found(&["gather.der", "gather.pkcs12", "gather.pkcs7"]),
    rule("acm.P04", Fixed, "PEM is not in base64 once more", "", GUIDE, Elsewhere)
        .found(&["gather.base64"]),
    rule("acm.P05", Fixed, "PEM is written as RFC 7468 says", "", GUIDE, Elsewhere)
        .found(&["gather.encoding", "gather.form"]),
    rule("acm.P06", Fixed, "the label is CERTIFICATE", "", "RFC 7468 §5.1", Elsewhere)
        .found(&["gather.label"]),
    rule("acm.P07", Error, "certificate and key are not exchanged", "give the files the other way round", GUIDE, Elsewhere)
        .found(&["gather.swapped"]),
    rule("acm.P08", Error, "it is a certificate, no request and no public key", "have it signed by a CA first", GUIDE, Elsewhere)
        .found(&["gather.unsigned"]),
    rule("acm.P09", Error, "no private key stands among the certificates", "take the key out", GUIDE, Elsewhere)
        .found(&["gather.key-among-certificates"]),

    rule("acm.Z01", Error, "the certificate has 32,768 octets at most", "issue it with fewer names", API, Offline(material::certificate_size))
        .found(&["gather.too-large"]),
    rule("acm.Z02", Error, "the chain has 2,097,152 octets at most", "leave out what is no issuer of the leaf", API, Offline(material::chain_size)),
    rule("acm.Z03", Error, "the key has 5,120 octets at most", "issue the leaf again with --key p256", GUIDE, Offline(material::key_size)),

    rule("acm.K01", Error, "the key is not encrypted", "give its pass phrase with --passphrase-file", API, Elsewhere)
        .found(&["gather.encrypted", "gather.decrypted"]),
    rule("acm.K02", Error, "there is one private key", "give the leaf's key alone", API, Elsewhere)
        .found(&["gather.two-keys", "gather.no-key"]),
    rule("acm.K03", Error, "the key is RSA 1024, 2048, 3072 or 4096, or on a NIST curve", "issue the leaf again with an RSA 2048 or P-256 key", GUIDE, Offline(material::key_kind))
        .found(&["gather.key-kind"]),
    rule("acm.K04", Fixed, "no EC PARAMETERS block", "", GUIDE, Elsewhere)
        .found(&["gather.parameters"]),
    rule("acm.K05", Error, "the key names its curve", "make the key anew: openssl ecparam -name prime256v1 -genkey", "RFC 5480 §2.1.1", Offline(material::named_curve))
        .found(&["gather.curve"]),
    rule("acm.K06", Error, "the private key belongs to the certificate", "give the key that the certificate was made for", API, Offline(material::key_match)),
    rule("acm.K07", Warning, "RSA keys have 2048 bits or more", "issue it with --key rsa2048: many clients refuse less", "practice of clients", Offline(material::small_rsa)),

    rule("acm.X01", Error, "it is X.509 version 3", "issue it anew: `openssl x509 -req` without an extension file makes version 1", GUIDE, Offline(material::version))
        .lenient(),
    rule("acm.X02", Error, "its issuer has a name", "use a CA that has a name", API, Offline(material::issuer_name)),
    rule("acm.X03", Error, "OCSP addresses have 1000 characters at most", "issue it with a shorter address", API, Offline(material::ocsp_length)),
    rule("acm.X04", Warning, "it is signed with SHA-256 or better", "issue it with SHA-256", CLIENTS, Offline(material::digest)),
    rule("acm.X05", Warning, "the CA's key is of the leaf's kind, RSA or EC", "issue it from a CA with the same kind of key", API, Offline(material::issuer_kind)),
    rule("acm.X06", Warning, "it is no CA certificate", "import a leaf, and keep the CA's key to yourself", CLIENTS, Offline(material::leaf_is_ca))
        .lenient(),
    rule("acm.X07", Error, "it may be used by servers", "issue it with --template server", CLIENTS, Offline(material::server_usage))
        .lenient(),
    rule("acm.X08", Error, "its key may sign handshakes", "issue it with --template server", CLIENTS, Offline(material::signing_usage))
        .lenient(),
    rule("acm.X09", Warning, "its serial number has 2 to 20 octets and is positive", "issue it with a random serial number", "ACM API reference, SearchCertificates; RFC 5280 §4.1.2.2", Offline(material::serial)),
    rule("acm.X10", Error, "a self-signed certificate's signature is its own", "get the certificate anew", "ACM's answer `not a valid self signed`", Offline(chain::own_signature)),

    rule("acm.V01", Error, "it has not ended", "issue it anew", GUIDE, Offline(material::ended)),
    rule("acm.V02", Error, "it has begun", "wait, or set the clock; certforge dates five minutes back", GUIDE, Offline(material::begun)),
    rule("acm.V03", Warning, "it has 30 days left or more", "renew it soon: ACM does not renew imports", "practice", Offline(material::days_left)),
    rule("acm.V04", Error, "its issuers do not end before it", "use the renewed CA's certificate", CLIENTS, Offline(chain::ends))
        .lenient(),

    rule("acm.N01", Error, "it has a subject alternative name", "issue it with one: Go, Java, Python and browsers ignore the common name", CLIENTS, Offline(names::any))
        .lenient(),
    rule("acm.N02", Error, "addresses are written as addresses", "issue it with the address as an IP address: --san ip:ADDRESS", CLIENTS, Offline(names::addresses))
        .lenient(),
    rule("acm.N03", Warning, "it has a domain name", "add a DNS name with a dot in it where that matters", "ACM's answers to certificates without", Offline(names::domain)),
    rule("acm.N04", Warning, "its names have a dot", "use the full name", "ACM's answers to certificates without", Offline(names::single_label)),
    rule("acm.N05", Error, "its names are host names", "issue it with names of letters, digits and hyphens", API, Offline(names::form)),
    rule("acm.N06", Error, "a wildcard stands for one whole label at the left", "write *.internal.example", "guide of Application Load Balancers; RFC 9525 §6.3", Offline(names::wildcard)),
    rule("acm.N07", Warning, "its common name is one of its names", "issue it with the common name as a name too", "practice; CA/Browser Forum Baseline Requirements §7.1.4.3", Offline(names::common_name)),
    rule("acm.N08", Info, "it has 100 names at most", "", "ACM API reference, CertificateSummary", Offline(names::many)),

    rule("acm.C01", Error, "it is self-signed, or there is a chain", "give the issuers' certificates as the chain", GUIDE, Offline(chain::present))
        .lenient(),
    rule("acm.C02", Fixed, "the leaf is not in the chain", "leave it out there", GUIDE, Offline(chain::without_leaf))
        .found(&["gather.leaf-in-chain"]),
    rule("acm.C03", Fixed, "the chain is in order", "", GUIDE, Elsewhere)
        .found(&["gather.order"]),
    rule("acm.C04", Error, "each certificate signed the one before it", "give the chain of the CA that issued the leaf", CLIENTS, Offline(chain::links))
        .found(&["gather.other-issuer"]),
    rule("acm.C05", Fixed, "nothing else is in the chain", "", GUIDE, Elsewhere)
        .found(&["gather.unrelated", "gather.duplicate"]),
    rule("acm.C06", Warning, "no two CAs share a name", "make the CAs anew with names of their own", CLIENTS, Offline(chain::same_names)),
    rule("acm.C07", Error, "every issuer is a CA, and its limits are kept", "use a CA that is one", CLIENTS, Offline(chain::authorities)),
    rule("acm.C08", Info, "CloudFront takes chains without the root", "the root is left out", "CloudFront developer guide", Offline(chain::root_sent)),
    rule("acm.C09", Warning, "a chain for mutual TLS has four certificates at most", "use fewer intermediates", "API Gateway developer guide, mutual TLS", Offline(chain::depth)),
    rule("acm.C10", Error, "API Gateway finds a root that is a CA", "have the server send its root too: certforge leaf --template apigw-backend", "API Gateway developer guide, insecureSkipVerification", Offline(chain::gateway_root)),

    rule("acm.S01", Error, "the ARN is in the region it is imported to", "give --region with the ARN's own region", GUIDE, Offline(services::region)),
    rule("acm.S02", Error, "Application Load Balancers take the key", "issue it with --key rsa2048 or p256", "guide of Application Load Balancers", Offline(services::alb)),
    rule("acm.S03", Error, "Network Load Balancers take the key", "issue it with --key rsa2048 or p256: the listener would be made and not work", "guide of Network Load Balancers", Offline(services::nlb)),
    rule("acm.S04", Error, "CloudFront takes it", "use a certificate of a public CA, in us-east-1", "CloudFront developer guide", Offline(services::cloudfront)),
    rule("acm.S05", Warning, "API Gateway's domains take it", "give the domain an ownershipVerificationCertificate of ACM's own", "API Gateway developer guide", Offline(services::gateway_domain)),
    rule("acm.S06", Error, "Client VPN finds a domain", "issue it with a DNS name with a dot in it", "Client VPN's answer `does not have a domain`", Offline(services::client_vpn)),

    rule("acm.R01", Info, "no tags go with a re-import", "", "ACM's answer `Tagging is not permitted on re-import`", Elsewhere),
    rule("acm.R02", Error, "the kind of key stays", "keep the kind of key, or import it as a new certificate: certforge import-acm NAME --new", AGAIN, Online(reimport::key_kind)),
    rule("acm.R03", Error, "no key usage is taken away", "issue it with the usages of before, or import it with --new", AGAIN, Online(reimport::key_usage)),
    rule("acm.R04", Error, "no extended key usage is taken away", "issue it with the usages of before, or import it with --new", AGAIN, Online(reimport::extended_key_usage)),
    rule("acm.R05", Error, "a domain stays", "issue it with one of the names of before, or import it with --new", AGAIN, Online(reimport::domain)),
    rule("acm.R06", Error, "the certificate at the ARN is an imported one", "leave it to ACM, and import yours with --new", AGAIN, Online(reimport::imported)),
    rule("acm.R07", Warning, "usages are not new where there were none", "if ACM refuses it, import it with --new and move what uses the old one", "ACM user guide of 2023, Reimporting a certificate", Online(reimport::new_usages)),
    rule("acm.R08", Info, "what is there already is not sent again", "", "practice: imports are counted", Elsewhere),
    rule("acm.R09", Info, "what uses the certificate is told", "", "practice: ACM has no way back", Online(reimport::in_use)),
    rule("acm.R10", Warning, "the issuer stays where API Gateway's mutual TLS uses it", "keep the CA, or change the domain's certificate by hand", "API Gateway developer guide, mutual TLS", Online(reimport::issuer)),
    rule("acm.R11", Warning, "a name stays where there is no domain", "look whether the ARN is the one that is meant", "practice: another host's certificate", Online(reimport::other_name)),

    rule("acm.T01", Error, "tags are as AWS takes them", "write --tags Key=team,Value=edge", "ACM API reference, Tag", Offline(services::tags)),
    rule("acm.A01", Error, "the ARN is one of a certificate", "copy it from `certforge acm list`", API, Elsewhere),
    rule("acm.Q01", Warning, "the quota is not used up", "prune what nobody uses: `certforge acm prune`", "ACM user guide, Quotas", Online(reimport::quota)),
];

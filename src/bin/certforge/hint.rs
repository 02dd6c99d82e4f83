//! What to type next, by error. Hints name flags, so they live with the command
//! and not in the library.

use certforge::check::acm::{RULES, Rule};
use certforge::error::{Error, NameFault, Shown};
use certforge::{Finding, Severity};

/// The hint for findings that stop an import.
pub fn of_refusal(findings: &[Finding]) -> &'static str {
    let errors = findings.iter().filter(|f| f.severity == Severity::Error);
    let mut allowed = errors.map(|f| Rule::named(f.code).is_some_and(|r| r.may_be_allowed));
    if allowed.all(|a| a) {
        "put these right; or, where ACM may take it nevertheless, set the rule aside with --allow RULE"
    } else {
        "put these right first: an import cannot be undone"
    }
}

/// The hint for an error, if there is one.
#[expect(clippy::too_many_lines, reason = "one line an error, read as a page")]
pub fn of(error: &Error) -> Option<String> {
    let text = match error {
        Error::AlreadyExists { what: "CA", .. } => {
            "use it as it is, or give another name; `certforge ca new NAME --force` replaces it (what it issued then has no issuer)"
        }
        Error::AlreadyExists { what: "another CA", .. } => {
            "take it over under another name: certforge ca adopt PATH OTHER; `certforge ca list` shows the CAs there are"
        }
        Error::AlreadyExists { what: "request", .. } => "use the one that is there; --force makes another",
        Error::AlreadyExists { what: "folder", .. } => "remove it first, or choose another folder",
        Error::AlreadyExists { what: "file", .. } => "--force replaces it, or choose another file",
        Error::AlreadyExists { name, .. } => {
            return Some(format!(
                "use the one that is there; `certforge renew {name}` makes it anew as it is, --force makes another"
            ));
        }
        Error::Arn { .. } => "copy it from `certforge acm list` or from acm.json beside the leaf",
        Error::ArnPlace { .. } => "give --region with the ARN's own region",
        Error::AwsAnswer { action: "ImportCertificate", .. } => {
            "run it again: it looks at ACM for the certificate before it imports it a second time"
        }
        Error::AwsAnswer { action: "PutRestApi" | "CreateDeployment", .. } => {
            "look at the API and its stage before it is run again: what was done is not known"
        }
        Error::AwsAnswer { action: "AddTagsToCertificate" | "DeleteCertificate", .. } => {
            "whether it was done is not known: run the same command again, which looks at what is there first"
        }
        Error::AwsAnswer { .. } => {
            "run it again: nothing was changed, and an import looks at ACM for the certificate first"
        }
        Error::AwsConfig { .. } => {
            "look at --region, --profile, AWS_PROFILE, --endpoint-url, AWS_CA_BUNDLE and ~/.aws/config"
        }
        Error::AwsCredentials { reason } if reason.to_lowercase().contains("sso") => {
            "sign in again: aws sso login --profile NAME"
        }
        Error::AwsCredentials { .. } => {
            "set AWS_PROFILE or give --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        Error::AwsRefused { action: "DescribeCertificate", aws_code, .. }
            if aws_code.starts_with("AccessDenied") =>
        {
            "whether the ARN on record is of this account has to be asked: allow acm:DescribeCertificate (certforge acm iam), or say it with --certificate-arn ARN or --new"
        }
        Error::AwsRefused { action, aws_code, .. } => {
            api_gateway(action, aws_code).unwrap_or_else(|| aws(aws_code))
        }
        Error::AwsRegion => "give --region, set AWS_REGION, or give the profile a region in ~/.aws/config",
        Error::AwsUnresolved { .. } => {
            "run it again: it looks for the certificate before it imports (with acm:ListCertificates allowed)"
        }
        Error::ApiDocument { code: "apigw.setting", reason }
            if reason.contains("serverNameToVerify") && !reason.contains("insecureSkipVerification") =>
        {
            "--server-name backend.internal"
        }
        Error::ApiDocument { code, .. } => match *code {
            "apigw.GW01" => {
                "export it: aws apigateway get-export --rest-api-id ID --stage-name STAGE --export-type oas30 --parameters extensions=apigateway api.json"
            }
            "apigw.GW02" => {
                "export it with its extensions: aws apigateway get-export … --parameters extensions=apigateway"
            }
            "apigw.GW03" => "leave --path out: what has no tlsConfig is passed over then",
            "apigw.GW06" => {
                "of an HTTP API: --server-name HOST; of a REST API: --set insecureSkipVerification=true"
            }
            "apigw.GW09" => "split the API: API Gateway imports no more either",
            "apigw.shared" => {
                "leave --path out to change all of them, or write the integration out where it is to differ"
            }
            "apigw.unsure" => {
                "write a tlsConfig with the value into the integration by hand, in the document's own manner"
            }
            "apigw.setting" => "--set insecureSkipVerification=true",
            "apigw.operation" => "write --path as the document has it, and --method GET or ANY",
            _ => "look at that place of the file",
        },
        Error::Server { reason, .. } if reason.contains(certforge::probe::SUITES) => {
            "openssl s_client -showcerts -connect HOST:PORT shows its certificates; give the server a suite of those, as clients of today ask for them"
        }
        Error::Server { reason, .. } if reason.contains("UnrecognisedName") => {
            "it has no certificate for that name: --servername NAME asks for another one"
        }
        Error::Server { reason, .. } if reason.contains("InvalidContentType") => {
            "it speaks plain HTTP there, or something else before TLS: take its TLS port, or --starttls smtp, imap, postgres or mysql"
        }
        Error::Server { reason, .. } if reason.to_lowercase().contains("connection refused") => {
            "nothing listens there: look at host and port, and whether the server runs"
        }
        Error::Server { .. } => {
            "look at host and port; what speaks before TLS is named with --starttls smtp, imap, postgres or mysql"
        }
        Error::AwsUnreached { .. } => {
            "nothing was sent: look at the network, HTTPS_PROXY, the spelling of the region and --endpoint-url"
        }
        Error::CaNotValid { .. } => {
            "one that has ended gets more time: certforge ca renew NAME, or where the CA above it is not here another one: certforge ca new OTHER, and certforge renew --all --ca OTHER; otherwise set the clock"
        }
        Error::Changed { .. } => "run it again",
        Error::Chain { .. } => "put the leaf's issuer first and the root last",
        Error::Clock { .. } => "set the clock",
        Error::Constrained { .. } => {
            "issue it from another CA (--ca, --under), or make one that may: certforge ca new NAME --permit …"
        }
        Error::Constraint { .. } => {
            "write --permit internal.example, --permit 10.103.0.0/16, --permit email:corp.example"
        }
        Error::Fixture { .. } => "certforge fixtures --list names them",
        Error::Fault { .. } => "certforge acm-sim --help names the faults",
        Error::File { path, source, .. }
            if matches!(**source, Error::MalformedRecord { .. })
                && path.parent().is_some_and(|folder| folder.ends_with("revoked")) =>
        {
            "bring it back from a backup, or write it anew: move it away, then certforge revoke SERIAL --ca NAME --reason R"
        }
        Error::File { path, .. } if path.parent().is_some_and(|folder| folder.ends_with("issued")) => {
            RECORD_LOST
        }
        Error::File { path, source, .. }
            if matches!(**source, Error::MalformedRecord { .. }) && path.ends_with("crl.number") =>
        {
            "bring it back from a backup, or write into it a number above that of every list of this CA: clients keep the list with the higher one"
        }
        Error::File { path, source, .. }
            if matches!(**source, Error::MalformedRecord { .. }) && !path.ends_with("acm.json") =>
        {
            "bring it back from a backup"
        }
        Error::File { path, source, .. }
            if matches!(**source, Error::MalformedPem { .. }) && path.ends_with("ca.key") =>
        {
            "bring the CA's key back from a backup, or make a new CA with certforge ca new NAME"
        }
        Error::File { path, source, .. } if path.ends_with("cert.pem") && is_damage(source) => {
            "a leaf is made anew with certforge up NAME (what is there goes to archive/); of another file openssl x509 -in FILE shows what is wrong"
        }
        Error::Line { source, .. } if matches!(**source, Error::AlreadyExists { .. }) => {
            "--skip-existing passes over what is there, --force replaces it"
        }
        Error::File { source, .. } | Error::Line { source, .. } => return of(source),
        Error::ImportUnsaved { arn, .. } => {
            return Some(format!("next time give --certificate-arn {arn}"));
        }
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            "make room on the disk, then run it again"
        }
        Error::Io { source, path, .. }
            if source.kind() == std::io::ErrorKind::NotFound && path.ends_with("ca.key") =>
        {
            "the CA's private key has to be there to issue: bring it back from a backup, or make a new CA"
        }
        Error::Io { source, path, .. }
            if source.kind() == std::io::ErrorKind::NotFound && path.ends_with("certforge.toml") =>
        {
            "give the manifest with -f FILE; `certforge apply --help` shows one"
        }
        Error::Io { doing: "start", source, path }
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            return Some(format!(
                "chmod +x {0}, or name what runs it: certforge run -- sh {0}",
                Shown(&path.to_string_lossy())
            ));
        }
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            "this user may not: run it as the owner of that path, or change its permissions; --dir chooses another store"
        }
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory => {
            "a file stands where a folder is to be: move it away, or choose another directory with --dir"
        }
        Error::KeyEncryption { reason } if reason.contains("Proc-Type") => {
            "turn it into PKCS#8: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in OLD -out NEW"
        }
        Error::KeyEncryption { .. } => {
            "decrypt it first: openssl pkey -in KEY -out PLAIN-KEY (of DES and RC2 with -provider legacy -provider default)"
        }
        Error::Key { .. } => "give an unencrypted PEM key: PKCS#8, PKCS#1 or SEC1",
        Error::KeyAlgorithm { .. } => "--key takes p256, p384, ed25519, rsa2048, rsa3072 or rsa4096",
        Error::KeyForm { .. } => "pkcs8 is for every key, pkcs1 for RSA, sec1 for P-256 and P-384",
        Error::KeyMismatch { .. } => "give the certificate and the key that were made together",
        Error::Internal { .. } => "please report this with the command you ran",
        Error::Lint { .. } => {
            "change the field of --set, or of the template, that makes it so; where there is none, please report this with the command you ran"
        }
        Error::Listen { .. } => "give another address with --listen; port 0 is any that is free",
        Error::Lock { .. } => {
            "wait for the other one to end, then try again: a lock ends with its process, and no file has to be removed"
        }
        Error::MalformedPem { reason } | Error::MalformedCertificate { reason } => instead(reason),
        Error::Manifest { .. } => "certforge apply --help shows a manifest",
        Error::MalformedCrl { .. } => "move the file away, and make it anew: certforge crl",
        Error::MalformedRequest { .. } => "make one with `certforge csr NAME` or `openssl req -new`",
        Error::MalformedRecord { .. } => {
            "move the file away; `certforge import-acm` finds the certificate again, or takes --certificate-arn"
        }
        Error::Missing { what: "CA", name, .. } if name == "default" => {
            "make one with `certforge ca new`; one that is there already is in another store, which --dir or CERTFORGE_DIR names"
        }
        Error::Missing { what: "issuing CA", .. } => {
            "another CA of this store takes it over: certforge renew NAME --ca CA"
        }
        Error::Missing { what: "CA", .. } => "`certforge ca list` shows the CAs there are",
        Error::Missing { what: "private key", .. } => {
            "put it there (of a request it is in csr/NAME/key.pem), or make the leaf anew with a key: certforge leaf NAME --force; for ACM alone certforge up NAME --import-acm --ephemeral"
        }
        Error::Missing { what: "chain", name, .. } => {
            return Some(format!("certforge renew {} makes it anew, with its chain", Shown(name)));
        }
        Error::Missing { what: "store", .. } => {
            "choose the store with --dir or CERTFORGE_DIR; `certforge up NAME` makes one"
        }
        Error::Missing { what: "file or leaf", .. } => {
            "give a file, or a name that `certforge list` shows; a server is HOST:PORT"
        }
        Error::Missing { what: "import", .. } => "import it first: certforge import-acm NAME",
        Error::Missing { .. } => {
            "`certforge list` shows what there is, `certforge leaf NAME` makes it; --dir chooses the store"
        }
        Error::Name { input, fault } => return name(input, *fault),
        Error::NoAuthority { .. } => {
            "give the CA's certificate and --private-key FILE; --passphrase-file where the key is encrypted"
        }
        Error::NoNames => "give a name, such as 10.103.10.95, as an argument or with --san",
        Error::NotACa { reason: "its key usage has no cRLSign", .. } => {
            "certforge ca renew NAME, with the name of that CA, gives it that, with the same key and subject"
        }
        Error::NotACa { .. } => "sign with a CA certificate: CA:TRUE and keyCertSign",
        Error::NotRenewable { .. } => "issue it anew as you want it: certforge leaf NAME --force",
        Error::OutlivesIssuer { .. } => {
            "ask for a shorter time with --days, or give the CA more: certforge ca renew NAME"
        }
        Error::PathLength { .. } => {
            "a CA has room for as many CAs below it as it was made with: certforge ca new NAME --path-length 2, and of one under it certforge ca new NAME --under CA --path-length 1"
        }
        Error::Passphrase { reason: "is needed, and none was given", of }
            if of.ends_with("(the new one)") =>
        {
            "give it with --new-passphrase-file FILE or --new-passphrase-fd N, or run this on a terminal"
        }
        Error::Passphrase { reason: "is needed, and none was given", .. } => {
            "give it with --passphrase-file FILE or --passphrase-fd N, or run this on a terminal"
        }
        Error::Passphrase { reason: "has a character that PKCS#12 has no room for", .. } => {
            "give one of plain letters, digits and signs"
        }
        Error::Passphrase { reason: "is empty", .. } => "write it in the first line of the file",
        Error::Passphrase { reason: "was not the same twice", .. } => "type it again",
        Error::Passphrase { reason: "cannot be PEM text" | "cannot have a NUL in it", .. } => {
            "give a file whose first line is the pass phrase"
        }
        Error::Passphrase { of, .. } if of.starts_with("the CA ") => {
            "give that CA's: of the CA that issues with --passphrase-file, of one above it with --issuer-passphrase-file"
        }
        Error::Passphrase { .. } => {
            "give the right one: one that is lost cannot be recovered (certforge ca rekey-passphrase changes a CA's)"
        }
        Error::Path { reason: "is a folder", .. } => "give a file",
        Error::Path { reason: "is larger than 4 MiB", .. } => {
            "give less of it: a file that is looked into has 4 MiB at most"
        }
        Error::Path { .. } => "move it away, or choose another place: --output FILE, or --dir for the store",
        Error::Permissions { path, .. } => {
            return Some(format!("chmod 600 '{}'", Shown(&path.to_string_lossy())));
        }
        Error::Unrecordable { .. } => {
            "make that folder writable; for --certificate and --from, --record FILE chooses another one"
        }
        Error::PublicKey { .. } => "make another key: certforge csr NAME, or openssl req -newkey rsa:2048",
        Error::Purpose { purpose, .. } => {
            return Some(format!(
                "make a CA for it: certforge ca new NAME --under ROOT --set extended_key_usage={}",
                Shown(purpose)
            ));
        }
        Error::Reason { known, .. } => return Some(format!("the reasons are {}", known.join(", "))),
        Error::Row { .. } => {
            "one leaf a line: names by comma, CSV with a header such as name,san,days, or JSON"
        }
        Error::Rule { .. } => return Some(allowable()),
        Error::StoreName { .. } => "use letters, digits, `.`, `_` and `-`, up to 64 of them",
        Error::StoreVersion { .. } => "use a newer certforge",
        Error::SubjectIsIssuer { .. } => {
            "give it another subject with --cn or --subj, or the CA another name: certforge ca new NAME --cn 'Example CA'"
        }
        Error::Subject { .. } => "write it as OpenSSL does: --subj '/C=JP/O=Example/CN=10.103.10.95'",
        Error::Revoked { is_ca: true, reason: "keyCompromise" | "cACompromise", .. } => {
            "another CA takes its place: certforge ca new OTHER, and of its leaves: certforge renew --all --ca OTHER"
        }
        Error::Revoked { is_ca: true, .. } => {
            "certforge ca renew NAME with the name of this CA, or another one: certforge renew LEAF --ca OTHER"
        }
        Error::Revoked { reason: "keyCompromise" | "cACompromise", .. } => {
            "with another key: certforge renew NAME --rekey, or a new request"
        }
        Error::Revoked { .. } => {
            "where it is to come back all the same: certforge renew NAME; else take it out of the manifest, or remove its folder"
        }
        Error::NotOnHold { .. } => "issue another one: certforge renew NAME --rekey",
        Error::Serial { .. } => "openssl x509 -noout -serial -in cert.pem prints it",
        Error::Service { .. } => "write --target alb, or several by comma",
        Error::Tag { .. } => "write --tags Key=team,Value=edge",
        Error::Template { known, .. } => return Some(format!("the templates are {}", known.join(", "))),
        Error::TemplateKind { kind: "CAs", .. } => "make a CA with `certforge ca new`",
        Error::TemplateField { .. } => {
            "`certforge template show server` shows how fields are written, and docs/templates.md names all of them"
        }
        Error::Usage { known, .. } => return Some(format!("the usages are {}", known.join(", "))),
        Error::UnsupportedAlgorithm { algorithm }
            if algorithm.ends_with("SHA-1") || algorithm.ends_with("SHA1") =>
        {
            "sign it with SHA-256: openssl req -new -sha256 …, or certforge csr"
        }
        Error::UnsupportedAlgorithm { .. } => "use RSA 2048, 3072 or 4096, P-256, P-384 or Ed25519",
        Error::Validity { reason, .. } if reason.starts_with("it ends at") => {
            "give an end that is to come, or --days 90; for what had that end: certforge renew NAME --days 90"
        }
        Error::Validity { .. } => "write how long as 90d, 6mo or 1y6mo, and an end as 2030-01-31",
        Error::ValidityTooLong { .. } => {
            "leaf, up and sign take it with --allow-long; Apple's platforms will refuse it"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// The rules that `--allow` takes.
fn allowable() -> String {
    let names: Vec<&str> = RULES.iter().filter(|rule| rule.may_be_allowed).map(Rule::name).collect();
    format!("--allow takes {}", names.join(", "))
}

/// What helps where API Gateway refuses.
fn api_gateway(action: &str, code: &str) -> Option<&'static str> {
    Some(match (action, code) {
        ("CreateDeployment", _) => {
            "the document is in the API and in the file, and not deployed yet: aws apigateway create-deployment --rest-api-id ID --stage-name STAGE"
        }
        ("GetRestApi" | "GetStages", "NotFoundException") => {
            "it is not in this region and account: look at --region, --profile and `aws apigateway get-rest-apis`; nothing was changed"
        }
        ("PutRestApi", "BadRequestException") => {
            "API Gateway does not take the document, and nothing was changed: export it anew with its extensions, and patch that"
        }
        ("GetRestApi" | "GetStages" | "GetResources" | "GetModels" | "GetAuthorizers" | "PutRestApi", _)
            if code.starts_with("AccessDenied") =>
        {
            "give the credentials apigateway:GET and apigateway:PUT on arn:aws:apigateway:REGION::/restapis/ID and below, and apigateway:POST on its /deployments"
        }
        _ => return None,
    })
}

fn aws(code: &str) -> &'static str {
    match code {
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => {
            "give the credentials the rights that `certforge acm iam` prints"
        }
        "ExpiredTokenException" | "ExpiredToken" => "get new credentials: `aws sso login`, or your usual way",
        "LimitExceededException" => {
            "import to an ARN that is there with --certificate-arn, or delete what nobody uses: certforge acm prune (the imports of a year are not given back)"
        }
        "ResourceNotFoundException" => {
            "it is not in this region and account: look at `certforge acm list`; with --new, and without --certificate-arn, it is imported as a new one"
        }
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" => {
            "ACM takes one import a second from an account: try again later, or give a longer --timeout"
        }
        "ConflictException" => "somebody else changes this certificate: try again",
        "TooManyTagsException" => "a certificate has 50 tags at most, one of them certforge's own",
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => "these credentials are not valid here: look at --profile and the clock",
        _ => "certforge explain 'TEXT' says why, and what to do",
    }
}

fn name(input: &str, fault: NameFault) -> Option<String> {
    let text = match fault {
        NameFault::Url | NameFault::Path | NameFault::Port => return Some(host_alone(input)),
        NameFault::Cidr => "give one address; a certificate cannot vouch for a network",
        NameFault::EmptyLabel => "take out the extra dot",
        NameFault::Forbidden(' ') => {
            "what somebody is called is a client's common name, beside an address: certforge leaf --client --cn \"Jane Doe\" --san jane@example.com, or a request with such an address; host names have letters, digits, hyphens and dots"
        }
        NameFault::Forbidden('_') => "host names have no underscore: use a hyphen",
        NameFault::Forbidden(_) | NameFault::Hyphen => {
            "host names have letters, digits, hyphens and dots; the prefixes are dns:, ip:, email:, uri:"
        }
        NameFault::IpAsDns => "clients look for an address among the IP addresses: give it as ip:ADDRESS",
        NameFault::NotUri => {
            "a URI is a scheme, a colon and the rest, with `%` and two digits for what may not stand in it: spiffe://a.example/x"
        }
        NameFault::UriHost => {
            "the host is a DNS name without a dot at its end or `_`, an IPv4 address, or an IPv6 address in brackets"
        }
        NameFault::LeadingZero => "write the address without leading zeros: some programs read them as octal",
        NameFault::LongLabel(_) | NameFault::LongName(_) => "use a shorter name",
        NameFault::MappedIpv4 => "give the IPv4 address itself",
        NameFault::NotIp => {
            "an IPv4 address has four numbers from 0 to 255; a host name cannot end in a number"
        }
        NameFault::Prefix => "the prefixes are dns:, ip:, email:, uri:",
        NameFault::WildcardInside => "a wildcard stands for one whole label at the left: *.internal.example",
        NameFault::WildcardTopLevel => "clients refuse it: put one more label in, as in *.internal.example",
        NameFault::Zone => "leave out the `%` and what follows",
        NameFault::Empty => "give a host name or an IP address",
        _ => return None,
    };
    Some(text.to_owned())
}

/// What is left of a URL or a host with a port or a path.
fn host_alone(input: &str) -> String {
    let rest = input.split_once("://").map_or(input, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let advice = "give the host alone, without scheme, port or path";
    // Only what would be taken is suggested.
    if host.parse::<certforge::San>().is_ok() {
        format!("{advice}: {}", Shown(host))
    } else {
        advice.to_owned()
    }
}

/// What to do where the record of a certificate cannot be read.
pub const RECORD_LOST: &str =
    "bring it back from a backup, or move it away: the leaf is made anew as it is now, then";

/// Whether a certificate's file is not what it was, and not merely another kind of file than was
/// asked for.
fn is_damage(e: &Error) -> bool {
    match e {
        Error::MalformedPem { reason } => !reason.contains("private key"),
        Error::MalformedCertificate { .. } => true,
        _ => false,
    }
}

/// What to give instead of a file that has no certificate, or no key, that can be used.
fn instead(reason: &str) -> &'static str {
    let says = |part: &str| reason.contains(part);
    match () {
        () if says("pass phrase") => "--passphrase-file FILE opens it",
        () if says("PEM block of a private key") => {
            "give the key as PEM, without a pass phrase: openssl pkey -in KEY -out KEY.pem"
        }
        () if says("holds a private key") => {
            "give the certificate that belongs to it: cert.pem or fullchain.pem"
        }
        () if says("holds a signing request") => "have a CA sign it first: certforge sign FILE",
        () if says("holds a") => "give the certificate: cert.pem or fullchain.pem",
        () if says("empty") => "look at the file: a shell variable or a redirection may have gone wrong",
        () => "certforge check FILE says what is in it; openssl x509 -in FILE, what is wrong",
    }
}

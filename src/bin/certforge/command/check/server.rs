//! What a server shows.

use std::path::Path;
use std::time::Duration;

use certforge::probe::{StartTls, Target, TlsVersion, probe};
use certforge::{Certificate, Finding, Severity};

use super::{Args, page};
use crate::command::material;
use crate::context::{Context, Failure};
use crate::report::{CheckReport, Report, ServerReport, VersionReport, findings};

// How a server is asked.
#[derive(clap::Args)]
pub struct ServerArgs {
    /// Of a server: the name to ask for, where it is not the host
    #[arg(long, value_name = "NAME", alias = "sni")]
    servername: Option<String>,
    /// Of a server: what is spoken before TLS
    #[arg(long, value_name = "PROTOCOL")]
    starttls: Option<Protocol>,
    /// Of a server: the longest that each connection may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

impl ServerArgs {
    pub fn refuse(&self, why: &str) -> Result<(), Failure> {
        if self.servername.is_some() || self.starttls.is_some() {
            return Err(super::superfluous(why, "--servername or --starttls"));
        }
        Ok(())
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Protocol {
    Smtp,
    Imap,
    Postgres,
    Mysql,
}

pub fn run(args: &Args, (host, port): (String, u16), context: &Context) -> Result<Report, Failure> {
    let starttls = args.server.starttls.map(|protocol| match protocol {
        Protocol::Smtp => StartTls::Smtp,
        Protocol::Imap => StartTls::Imap,
        Protocol::Postgres => StartTls::Postgres,
        Protocol::Mysql => StartTls::Mysql,
    });
    let shown = probe(&Target {
        host: host.clone(),
        port,
        server_name: args.server.servername.clone(),
        starttls,
        timeout: Duration::from_secs(args.server.timeout),
    })?;
    let mut pile = certforge::gather::Pile::to_look_at();
    for (n, der) in shown.certificates.iter().enumerate() {
        let place = format!("certificate {}", n + 1);
        pile.add(certforge::gather::Role::Any, Path::new(&place), der, &mut |_| Ok(None))?;
    }
    let parts = pile.into_parts();
    let mut report = page::inspect(&args.what, &parts, args.text, context);
    let certificates: Vec<Certificate> = parts.certificates.iter().map(|(_, c)| c.clone()).collect();
    let mut said = Vec::new();
    // Its first is what a server shows: what comes behind one that cannot be read is not it.
    let readable =
        shown.certificates.first().is_some_and(|der| Certificate::from_der(der.as_slice()).is_ok());
    let unread = parts.findings.iter().find(|f| f.severity == Severity::Error).filter(|_| !readable);
    if let (Some(unread), Some(_)) = (unread, args.format) {
        return Err(page::damage(unread, &args.what));
    }
    if let Some((leaf, rest)) = certificates.split_first().filter(|_| readable) {
        // A server is judged for the name under which it was reached.
        let name = args.judge.name.clone().or_else(|| args.server.servername.clone()).unwrap_or(host);
        said.extend(page::judge(&mut report, leaf, rest.to_vec(), Some(&name), args, context)?);
        said.extend(chain(leaf, rest, args, context)?);
        if let Some(form) = args.format {
            report.content = Some(form.of(leaf)?);
        }
    }
    let spoken = |version: TlsVersion| shown.versions.iter().any(|(v, said)| *v == version && said.is_ok());
    if !spoken(TlsVersion::Tls13) {
        let message = "it does not speak TLS 1.3";
        said.push(Finding::new("server.version", Severity::Info, "server", message));
    }
    if shown.asks_for_certificate {
        let message = "it asks for a client's certificate (mutual TLS): who has none may be refused";
        let finding = Finding::new("server.client-certificate", Severity::Warning, "server", message);
        said.push(finding.fix("certforge leaf NAME --client, from a CA that the server believes"));
    }
    report.findings.extend(findings(&said));
    report.server = Some(ServerReport {
        address: shown.address.to_string(),
        server_name: shown.server_name,
        versions: shown
            .versions
            .into_iter()
            .map(|(version, said)| VersionReport {
                version: version.as_str(),
                offered: said.is_ok(),
                detail: said.unwrap_or_else(|reason| reason),
            })
            .collect(),
        alpn: shown.alpn,
    });
    page::due(&mut report, &parts, args, context)?;
    Ok(Report::Check(Box::new(CheckReport::judged(report))))
}

/// That the server leaves out what clients need and do not have, or sends it in another order.
fn chain(
    leaf: &Certificate,
    rest: &[Certificate],
    args: &Args,
    context: &Context,
) -> Result<Option<Finding>, Failure> {
    let mut top = leaf;
    let mut places = Vec::new();
    while !top.is_self_issued() {
        let next =
            |(i, c): &(usize, &Certificate)| !places.contains(i) && c.subject_der() == top.issuer_der();
        let Some((place, issuer)) = rest.iter().enumerate().find(next) else { break };
        places.push(place);
        top = issuer;
    }
    if !places.is_sorted() {
        let order: Vec<String> = places.iter().map(|place| (place + 2).to_string()).collect();
        let message = format!(
            "it sends its chain out of order: the issuers of its certificate stand at the places {} (RFC 5246 §7.4.2)",
            order.join(", ")
        );
        let finding = Finding::new("server.order", Severity::Warning, "server", message);
        return Ok(Some(
            finding.fix("let it send fullchain.pem as certforge writes it: some clients take no other order"),
        ));
    }
    if top.is_self_issued() {
        return Ok(None);
    }
    let trust = match material::trust(&args.judge.trust, Some(&args.passphrase), context, &mut Vec::new()) {
        Ok(trust) => trust,
        Err(_) if args.judge.trust.is_empty() => return Ok(None),
        Err(failure) => return Err(failure),
    };
    if trust.anchors.iter().any(|anchor| anchor.certificate().subject_der() == top.issuer_der()) {
        return Ok(None);
    }
    // One that is known to be no root is in no client; of others nobody here knows.
    let is_between = trust.more.iter().any(|ca| ca.subject_der() == top.issuer_der());
    let severity = if is_between { Severity::Error } else { Severity::Warning };
    let message =
        format!("it does not send the certificate of `{}`, which issued `{}`", top.issuer(), top.subject());
    let finding = Finding::new("server.incomplete", severity, "server", message);
    Ok(Some(finding.fix("let it send fullchain.pem: the certificate and every intermediate")))
}

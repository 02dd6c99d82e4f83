//! `certforge serve`: a TLS server for tests, with something wrong on order.

use std::net::SocketAddr;
use std::path::PathBuf;

use certforge::harness::rustls::ServerConfig;
use certforge::harness::{Fault, Fixtures, TempFiles, Tls, TlsServer};
use certforge::store::{NewFile, Overwrite};
use certforge::{Authority, Error, KeyAlgorithm, LeafRequest, PrivateKey, TrustAnchor};

use crate::command::offering::offering;
use crate::context::{Context, Failure, Waits};
use crate::render::{self, Format};
use crate::report::{Report, ServeReport, path};
use crate::signals::{ENDING_ONES, watched};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge serve                                     a good leaf for localhost
  certforge serve 10.103.10.95                        a leaf of the store
  certforge serve --fault expired --ca-file ca.pem
  curl --cacert ca.pem --connect-to server.test::127.0.0.1:PORT https://server.test/

It prints its URL once it is ready, and says which CA a client has to believe and which name
to ask for; --json prints both. Every request is answered alike. It ends with Ctrl-C or
SIGTERM. `certforge fixtures --list` names the faults.")]
pub struct Args {
    /// A leaf of the store [default: a new one for localhost, 127.0.0.1, `::1`]
    #[arg(value_name = "NAME", conflicts_with = "fault")]
    name: Option<String>,
    /// What is to be wrong with what it shows
    #[arg(long, value_name = "FAULT", value_parser = offering::<String>(Fault::all().map(Fault::as_str)), hide_possible_values = true)]
    fault: Option<String>,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Write the CA that a client has to believe there [default: a file that goes away]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Replace that file where it is there
    #[arg(long, requires = "ca_file")]
    force: bool,
}

impl Args {
    /// Whether it shows nothing of a store.
    pub const fn needs_no_store(&self) -> bool {
        self.name.is_none()
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    // From here on a signal waits until it is asked for.
    let internal =
        |e: std::io::Error| Error::Internal { doing: "watching over signals", reason: e.to_string() };
    let mut signals = watched(&ENDING_ONES).map_err(internal)?;
    let shown = shown(args, context)?;
    let told = context.waits != Waits::Quiet;
    let server = TlsServer::start_and_tell(args.listen, shown.config, ANSWER, move |reason| {
        if told {
            render::progress("tls", reason);
        }
    })?;
    // Behind what may fail: a file that stays is in the next one's way.
    let mut kept = TempFiles::empty()?;
    let ca_file = match &args.ca_file {
        None => kept.add("ca.pem", shown.anchor.pem()?.as_bytes())?,
        Some(file) => {
            let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
            NewFile::write(file, shown.anchor.pem()?.as_bytes(), overwrite)?;
            file.clone()
        }
    };
    let fault = args.fault.clone();
    let report = ServeReport {
        url: format!("https://{}", server.address()),
        host: shown.host,
        ca_file: path(&ca_file),
        fault,
    };
    render::serving(&report, Format { json: context.json, quiet: !told })?;
    signals.forever().next();
    Ok(Report::Exit(0))
}

/// What every request gets.
const ANSWER: &str = "certforge\n";

/// What is shown, and to whom it is good.
struct Shown {
    config: ServerConfig,
    anchor: TrustAnchor,
    host: String,
}

fn shown(args: &Args, context: &Context) -> Result<Shown, Failure> {
    if let Some(fault) = &args.fault {
        let fixture = Fixtures::new(context.now)?.make(fault.parse::<Fault>()?)?;
        if fixture.key.algorithm() == KeyAlgorithm::Rsa1024 {
            return Err(Failure::usage(
                "this server has no use for RSA below 2048 bits",
                format!(
                    "certforge fixtures DIR --only {fault}, and then: openssl s_server -accept PORT -cert DIR/{fault}/fullchain.pem -key DIR/{fault}/key.pem"
                ),
            ));
        }
        let config = Tls::new().server_showing(&fixture)?;
        return Ok(Shown {
            config,
            host: fixture.host.to_owned(),
            anchor: TrustAnchor::new(fixture.trust_anchor),
        });
    }
    let bundle = if let Some(name) = &args.name {
        context.store.leaf(name)?.bundle()?
    } else {
        let ca = Authority::generate("certforge serve CA")?;
        let plan = LeafRequest::new(["localhost", "127.0.0.1", "::1"])?.plan(context.now)?;
        ca.issue_for(&plan, PrivateKey::generate(plan.key())?)?
    };
    let names = bundle.leaf().names();
    let host = names.first().map(ToString::to_string).unwrap_or_default();
    // A client asks for one of those that a wildcard stands for.
    let host = host.strip_prefix("*.").map_or_else(|| host.clone(), |rest| format!("www.{rest}"));
    Ok(Shown { config: bundle.rustls_server_config()?, anchor: bundle.trust_anchor(), host })
}

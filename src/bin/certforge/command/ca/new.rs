//! `certforge ca new`, and the shapes of CAs that `up` makes too.

use certforge::check::clients::{facts_below, java_fails_below};
use certforge::constraint::Constraints;
use certforge::key::PrivateKey;
use certforge::store::Overwrite;
use certforge::{
    Authority, CaPlan, CaRequest, Certificate, Error, Finding, KeyAlgorithm, Severity, Subject, Template,
};

use crate::command::issue::{DEFAULT_KEY, LifetimeArgs, template};
use crate::command::offering::offering;
use crate::command::passphrase::{PassphraseArgs, from_file};
use crate::context::{Context, DEFAULT_CA, Failure};
use crate::environment;
use crate::report::{CaReport, Report, State, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge ca new
  certforge ca new staging --cn 'Staging CA' --days 1825 --key p256
  certforge ca new issuing --under default --permit .internal --permit 10.103.0.0/16
  certforge ca new --throw-away-root --permit .internal
  certforge ca new --encrypt --passphrase-file pass.txt

Clients trust ca.pem of the folder it prints (of a CA under another one: the root, which
its leaves carry as ca.pem). ca.key can issue for any name that --permit leaves it, so
keep it to yourself.")]
pub struct Args {
    /// The CA's name in the store
    #[arg(value_name = "NAME", default_value = DEFAULT_CA)]
    name: String,
    /// Its common name [default: certforge CA USER@HOST and a short key identifier]
    #[arg(long, value_name = "TEXT", conflicts_with = "subj")]
    cn: Option<String>,
    /// Its subject in OpenSSL's form
    #[arg(long, value_name = "SUBJECT")]
    subj: Option<String>,
    /// The CA that issues it: it is an intermediate then, and no root
    #[arg(long, value_name = "NAME", conflicts_with = "throw_away_root")]
    under: Option<String>,
    /// Make a root for this CA alone, and never write the root's key to a disk
    #[arg(long)]
    throw_away_root: bool,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    /// The kind of key: rsa2048, rsa3072, rsa4096, p256, p384, ed25519; `CERTFORGE_KEY` sets it [default: rsa2048]
    #[arg(long, value_name = "KIND", value_parser = offering::<KeyAlgorithm>(KeyAlgorithm::ALL.map(KeyAlgorithm::as_str)), hide_possible_values = true)]
    key: Option<KeyAlgorithm>,
    /// A template for CAs, by its name or file [default: ca, or intermediate under another]
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// A field of the template to change, such as `extended_key_usage=codeSigning`
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// How many CAs may stand below it [default: 1 of a root, 0 of an intermediate]
    #[arg(long, value_name = "N")]
    path_length: Option<u8>,
    /// Encrypt its key with a pass phrase; --passphrase-file implies it
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// A file with the pass phrase of the CA it is under [default: as for its own]
    #[arg(long, value_name = "FILE", requires = "under")]
    issuer_passphrase_file: Option<std::path::PathBuf>,
    /// Replace the CA that is there, which goes to archive/: what it issued then has no issuer
    #[arg(long)]
    force: bool,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

// The names that what stands below a CA may have.
#[derive(clap::Args)]
pub struct LimitArgs {
    /// Let it issue for these names alone: a DNS suffix, a network, email:HOST; by comma or repeated
    #[arg(long, value_name = "SUBTREE", value_delimiter = ',')]
    permit: Vec<String>,
    /// Never let it issue for these
    #[arg(long, value_name = "SUBTREE", value_delimiter = ',')]
    exclude: Vec<String>,
}

impl LimitArgs {
    pub const fn is_given(&self) -> bool {
        !self.permit.is_empty() || !self.exclude.is_empty()
    }

    pub fn constraints(&self) -> certforge::Result<Constraints> {
        let read = |texts: &[String]| texts.iter().map(|t| t.parse()).collect::<certforge::Result<_>>();
        Ok(Constraints::new(read(&self.permit)?, read(&self.exclude)?))
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let store = &context.store;
    let folder = store.ca_folder(&args.name)?;
    let plan = wanted(args)?.plan(context.now)?;
    let there = store.has_authority(&args.name)?;
    if there && !args.force {
        return Err(Error::AlreadyExists { what: "CA", name: args.name.clone(), path: folder }.into());
    }
    if args.under.as_ref() == Some(&args.name) {
        return Err(Failure::usage(
            "a CA cannot stand under itself",
            format!("certforge ca new OTHER --under {}", args.name),
        ));
    }
    let issuer = match &args.under {
        None => None,
        Some(under) => {
            let own = args.issuer_passphrase_file.as_deref();
            Some(match own {
                Some(path) => store.authority(under, context.now, &mut from_file(path))?,
                None => context.authority(under, &args.passphrase)?,
            })
        }
    };
    let plan = match &issuer {
        Some(issuer) => plan.within(issuer.authority.validity()),
        None => plan,
    };
    if args.dry_run {
        issuer.as_ref().map_or(Ok(()), |issuer| issuer.authority.check_under(&plan))?;
        let mut report = CaReport::planned(&args.name, &folder, &plan, context.now);
        let own = rehearsed(&plan)?;
        let between = match &issuer {
            Some(issuer) => issuer.authority.chain().certificates().split_last().map(|(_, between)| between),
            None => args.throw_away_root.then_some([].as_slice()),
        };
        report.findings.extend(findings(&for_java(own.certificate(), between)));
        return Ok(Report::Ca(Box::new(report)));
    }
    let passphrase = if args.encrypt || args.passphrase.is_given() {
        Some(args.passphrase.fresh(&format!("the CA {}", args.name))?)
    } else {
        None
    };
    let key = PrivateKey::generate(plan.key())?;
    let mut said = findings(plan.findings());
    let authority = match issuer {
        Some(issuer) => {
            said.extend(findings(&issuer.findings));
            issuer.authority.create_under(&plan, key)?
        }
        None if args.throw_away_root => under_lost_root(&plan, key, &args.name, context)?,
        None => Authority::create(&plan, key)?,
    };
    let chain = authority.chain().certificates();
    said.extend(findings(&for_java(authority.certificate(), between(chain))));
    let overwrite = if args.force { Overwrite::Archive } else { Overwrite::Refuse };
    let passphrase = passphrase.as_ref().map(|p| p.as_str());
    let saved = store.save_authority(&args.name, &authority, passphrase, args.under.as_deref(), overwrite)?;
    let state = if there { State::Replaced } else { State::Created };
    let mut report = CaReport::of(state, &args.name, &saved.folder, authority.certificate(), context.now);
    report.findings = said;
    Ok(Report::Ca(Box::new(report.saved(&saved))))
}

/// What Java makes of limits, and nobody else: of everything below an intermediate it says
/// something that names no cause (`sun.security.x509.NameConstraintsExtension`). `between` are the CAs
/// between this one and its root, whose limits Java does not look at; a root has no such place.
pub fn for_java(own: &Certificate, between: Option<&[Certificate]>) -> Vec<Finding> {
    let Some(between) = between else { return Vec::new() };
    let facts = facts_below(own, between);
    let warning = |code, message: &str, fix: &str| {
        Finding::new(code, Severity::Warning, own.subject(), message).fix(fix)
    };
    let mut found = Vec::new();
    if facts.hold("limit.common-name-java") || facts.hold("limit.no-dns-java") {
        found.push(warning(
            "ca.common-name",
            "Java takes its common name for a DNS name, which a CA above does not permit: Java will refuse all that it issues",
            "give it a common name with a blank in it: --cn 'Example Issuing CA'",
        ));
    }
    if own.name_constraints().ok().flatten().is_some_and(|limits| java_fails_below(&limits)) {
        found.push(warning(
            "ca.excluded-ipv6",
            "Java 17 fails at an IPv4 address below these limits, for it compares it with an IPv6 network (Index 4 out of bounds)",
            "permit what is wanted, IPv4 before IPv6, and exclude no IPv6 network: what is not permitted is closed then",
        ));
    }
    found
}

/// Of the chain of a CA, itself first, what is between it and its root.
pub fn between(chain: &[Certificate]) -> Option<&[Certificate]> {
    match chain {
        [_, between @ .., _root] => Some(between),
        _ => None,
    }
}

/// What the flags ask for.
fn wanted(args: &Args) -> Result<CaRequest, Failure> {
    let mut request = match (&args.cn, &args.subj) {
        (Some(cn), _) => CaRequest::new(cn)?,
        (None, Some(subj)) => {
            let subject: Subject = subj.parse()?;
            if subject.is_empty() {
                let reason = "a CA needs one".to_owned();
                return Err(Error::Subject { input: subj.clone(), reason }.into());
            }
            CaRequest::with_subject(subject)
        }
        (None, None) => request(&args.name),
    };
    let below = args.under.is_some() || args.throw_away_root;
    let template = match &args.template {
        Some(name) => template(name)?,
        None if below => Template::INTERMEDIATE,
        None => Template::CA,
    };
    let template = if args.set.is_empty() { template } else { template.with_fields(&args.set)? };
    request = request.key(args.key.or(template.key()).or(environment::key()?).unwrap_or(DEFAULT_KEY));
    request = request.template(template).constraints(args.limits.constraints()?);
    if let Some(lifetime) = args.lifetime.lifetime()? {
        request = request.lifetime(lifetime);
    } else if args.throw_away_root {
        // Nobody can issue it anew: it is to last as long as its root.
        request = request.lifetime(certforge::Lifetime::days(Template::CA.days()));
    }
    if let Some(limit) = args.path_length {
        request = request.path_length(Some(limit));
    }
    Ok(request)
}

/// A CA by plan that nobody keeps: to ask it what one that is not made yet may issue.
pub fn rehearsed(plan: &CaPlan) -> certforge::Result<Authority> {
    Authority::create(plan, PrivateKey::generate(KeyAlgorithm::P256)?)
}

/// The request for a CA whose subject nobody chose.
pub fn request(name: &str) -> CaRequest {
    let owner = environment::owner();
    if name == DEFAULT_CA {
        CaRequest::distinct(&owner)
    } else {
        CaRequest::distinct(&format!("{name} {owner}"))
    }
}

/// The name of the root that a three-tier CA of this name stands under.
pub fn root_name(name: &str) -> String {
    format!("{name}-root")
}

/// A CA under a root that signs it and is gone: the root's key is in memory alone.
pub fn under_lost_root(
    plan: &CaPlan,
    key: PrivateKey,
    name: &str,
    context: &Context,
) -> certforge::Result<Authority> {
    let root = request(&root_name(name)).key(plan.key());
    let depth = plan.path_length().map(|own| own.saturating_add(1));
    let root = root.path_length(depth).lifetime(certforge::Lifetime::Until(plan.validity().not_after()));
    let root = root.plan(context.now)?;
    let root = Authority::create(&root, PrivateKey::generate(root.key())?)?;
    root.create_under(&plan.clone().within(root.validity()), key)
}

//! The flags of everything that issues or asks for a leaf, and the request they make.

use std::path::Path;

use certforge::plan::LeafRequest;
use certforge::store::read_input;
use certforge::validity::rfc3339;
use certforge::{Authority, Error, Finding, KeyAlgorithm, LeafPlan, Lifetime, Names, San, Subject, Template};

use crate::command::offering::offering;
use crate::command::passphrase::PassphraseArgs;
use crate::context::Failure;
use crate::environment;

// How long something is valid: three spellings of one thing. (A doc comment
// would become the help of every command that takes these flags.)
#[derive(clap::Args)]
#[group(multiple = false)]
pub struct LifetimeArgs {
    /// Valid for so many days
    #[arg(long, value_name = "N", value_parser = days)]
    days: Option<u32>,
    /// Valid for a time, such as 90d, 12h or 1y6mo
    #[arg(long, value_name = "TIME", visible_alias = "for")]
    validity: Option<String>,
    /// Valid until a date (all of that day, UTC) or a time by RFC 3339
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
}

/// A number of days, one at least.
fn days(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) => Err("0 is not in 1..=4294967295".to_owned()),
        Ok(days) => Ok(days),
        Err(_) if text.parse::<Lifetime>().is_ok() => {
            Err("it is no number of days: --validity takes a time such as 90d or 1y, --until a date"
                .to_owned())
        }
        Err(_) => Err("it is no number of days".to_owned()),
    }
}

impl LifetimeArgs {
    pub const fn is_given(&self) -> bool {
        self.days.is_some() || self.validity.is_some() || self.until.is_some()
    }

    pub fn lifetime(&self) -> certforge::Result<Option<Lifetime>> {
        if let Some(days) = self.days {
            return Ok(Some(Lifetime::days(days)));
        }
        self.validity.as_ref().or(self.until.as_ref()).map(|text| text.parse()).transpose()
    }
}

// What a leaf is for: the flags of everything that issues one.
#[derive(clap::Args)]
pub struct TemplateArgs {
    /// What it is for: server, client, mutual, apigw-backend, code, device, email, or a file such as ./mine.toml [default: server]
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// Short for --template client
    #[arg(long, conflicts_with = "template")]
    client: bool,
    /// A field of the template to change, such as `days=30` or `extended_key_usage=serverAuth,clientAuth`
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

impl TemplateArgs {
    /// Whether a purpose was asked for.
    pub const fn is_given(&self) -> bool {
        self.client || self.template.is_some() || !self.set.is_empty()
    }

    /// The template that was asked for.
    pub fn template(&self) -> certforge::Result<Template> {
        let name = if self.client { "client" } else { self.template.as_deref().unwrap_or("server") };
        self.changed(template(name)?)
    }

    /// A template with the fields that are to be changed.
    fn changed(&self, template: Template) -> certforge::Result<Template> {
        if self.set.is_empty() { Ok(template) } else { template.with_fields(&self.set) }
    }
}

/// A built-in template by its name, or one of people's own by its file.
pub fn template(name: &str) -> certforge::Result<Template> {
    let path = Path::new(name);
    let is_toml = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if !is_toml && !name.contains('/') {
        return Template::named(name);
    }
    let text = read_input(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Template::from_toml(&stem, &String::from_utf8_lossy(&text)).map_err(|e| e.in_file(path))
}

// What is asked for: the names, the subject, the time, the key and the purpose.
#[derive(clap::Args)]
pub struct RequestArgs {
    /// DNS names, IP addresses, e-mail addresses; the first is the common name too
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The common name; it becomes the first of the names
    #[arg(long, value_name = "NAME")]
    cn: Option<String>,
    /// More names, by comma or repeated; dns:, ip:, email:, uri: force a type
    #[arg(long, value_name = "NAMES")]
    san: Vec<String>,
    /// The subject in OpenSSL's form, such as /C=JP/O=Example/CN=10.103.10.95
    #[arg(long, value_name = "SUBJECT")]
    subj: Option<String>,
    /// The kind of key: rsa2048, rsa3072, rsa4096, p256, p384, ed25519; `CERTFORGE_KEY` sets it [default: rsa2048]
    #[arg(long, value_name = "KIND", value_parser = offering::<KeyAlgorithm>(KeyAlgorithm::ALL.map(KeyAlgorithm::as_str)), hide_possible_values = true)]
    key: Option<KeyAlgorithm>,
    #[command(flatten)]
    purpose: TemplateArgs,
}

// What a CA may not do quietly.
#[derive(clap::Args)]
pub struct StrictArgs {
    /// Refuse what would be changed: an end after the CA's, and what a request may not ask for
    #[arg(long)]
    strict: bool,
}

impl StrictArgs {
    /// The plan as the CA can sign it.
    pub fn fit(&self, authority: &Authority, plan: LeafPlan) -> certforge::Result<LeafPlan> {
        let (asked, end) = (plan.validity().not_after(), authority.validity().not_after());
        if self.strict && asked > end {
            return Err(Error::OutlivesIssuer { leaf: rfc3339(asked), issuer: rfc3339(end) });
        }
        Ok(authority.fit(plan))
    }

    /// Refuses where a certificate would not have what was asked for. Attributes beside it and
    /// the identifier of its key are nobody's wish.
    pub fn refuse_changes(&self, left_out: &[Finding]) -> Result<(), Failure> {
        let is_wish = |f: &&Finding| !matches!(f.code, "csr.attribute" | "csr.identifier");
        match left_out.iter().find(is_wish) {
            Some(finding) if self.strict => {
                Err(Error::MalformedRequest { reason: finding.message.clone() }.into())
            }
            _ => Ok(()),
        }
    }
}

// What `leaf` and `up` ask for.
#[derive(clap::Args)]
pub struct IssueArgs {
    #[command(flatten)]
    pub request: RequestArgs,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    /// Allow more than 825 days, which Apple's platforms refuse
    #[arg(long)]
    allow_long: bool,
    #[command(flatten)]
    pub strict: StrictArgs,
    /// The CA that issues it
    #[arg(long, value_name = "NAME")]
    pub ca: Option<String>,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    /// Show what would be made, and stop
    #[arg(long)]
    pub dry_run: bool,
}

/// The kind of key the command makes where nobody says: what every service and
/// every listing of ACM takes.
pub const DEFAULT_KEY: KeyAlgorithm = KeyAlgorithm::Rsa2048;

impl IssueArgs {
    /// Whether a lifetime was asked for.
    pub const fn has_lifetime(&self) -> bool {
        self.lifetime.is_given()
    }

    /// The request, with this kind of key where none was asked for.
    pub fn request(&self, more: &[String], key: KeyAlgorithm) -> Result<LeafRequest, Failure> {
        let request = self.request.request(more, key)?.allow_long(self.allow_long);
        Ok(match self.lifetime.lifetime()? {
            Some(lifetime) => request.lifetime(lifetime),
            None => request,
        })
    }

    /// The request in the place of what is there: its kind of key stays where the command line
    /// asks for none, whatever the surroundings say.
    pub fn request_in_place(&self, more: &[String], there: KeyAlgorithm) -> Result<LeafRequest, Failure> {
        let request = self.request(more, there)?;
        let said = self.request.key.or(self.request.purpose.template()?.key());
        Ok(if said.is_some() { request } else { request.key(there) })
    }

    /// The template that was asked for; this one where it is said, changed as was asked.
    pub fn template(&self, said: Option<&str>) -> certforge::Result<Template> {
        match said {
            Some(name) => self.request.purpose.changed(template(name)?),
            None => self.request.purpose.template(),
        }
    }

    /// The request for one of many: with the CA's kind of key where none was asked for.
    pub fn batch_request(
        &self,
        names: Names,
        template: Template,
        ca_key: KeyAlgorithm,
    ) -> certforge::Result<LeafRequest> {
        let key = self.request.key(&template)?.unwrap_or(ca_key);
        let mut request =
            LeafRequest::for_names(names).key(key).template(template).allow_long(self.allow_long);
        if let Some(subject) = &self.request.subj {
            request = request.subject(subject.parse()?);
        }
        Ok(match self.lifetime.lifetime()? {
            Some(lifetime) => request.lifetime(lifetime),
            None => request,
        })
    }
}

impl RequestArgs {
    /// The kind of key that was asked for: here, by the template, or by the environment.
    fn key(&self, template: &Template) -> certforge::Result<Option<KeyAlgorithm>> {
        Ok(self.key.or(template.key()).or(environment::key()?))
    }

    /// Whether a subject was asked for.
    pub const fn has_subject(&self) -> bool {
        self.subj.is_some()
    }

    /// Whether a purpose was asked for.
    pub const fn has_template(&self) -> bool {
        self.purpose.is_given()
    }

    /// Whether any name was given, in whatever way.
    pub fn has_name(&self) -> bool {
        !self.names.is_empty()
            || self.cn.is_some()
            || !self.san.is_empty()
            // A subject that cannot be read has its own message.
            || self.subj.as_ref().is_some_and(|s| s.parse::<Subject>().map_or(true, |s| s.common_name().is_some()))
    }

    /// Refuses a command line without any name.
    pub fn require_name(&self, example: &str) -> Result<(), Failure> {
        if self.has_name() {
            return Ok(());
        }
        Err(Failure::usage("no name was given", example.to_owned()))
    }

    /// The request, with this kind of key where none was asked for.
    pub fn request(&self, more: &[String], key: KeyAlgorithm) -> Result<LeafRequest, Failure> {
        let subject: Subject = self.subj.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        if self.cn.is_some() && subject.common_name().is_some() {
            return Err(Failure::usage(
                "--cn and the CN of --subj are the same thing twice",
                "give one of them",
            ));
        }
        // A --cn holds one name: a comma in it is not a list.
        let common = self.cn.as_deref().or(subject.common_name());
        let template = self.purpose.template()?;
        let first = common.map(|common| LeafRequest::name_of(common, &template)).transpose()?;
        let mut names: Vec<San> = first.iter().flatten().cloned().collect();
        let texts = self
            .names
            .iter()
            .map(String::as_str)
            .chain(self.san.iter().map(String::as_str))
            .chain(more.iter().map(String::as_str));
        for text in texts {
            names.extend(Names::parse([text])?.iter().cloned());
        }
        let called = self.cn.as_deref().filter(|_| matches!(first, Some(None)));
        if let (Some(common), true) = (common, names.is_empty()) {
            // Nothing but what somebody is called: the message says what that is not.
            names.push(common.parse()?);
        }
        Ok(LeafRequest::for_names(Names::new(names)?)
            .subject(match called {
                Some(common) => subject.with("CN", common)?,
                None => subject,
            })
            .key(self.key(&template)?.unwrap_or(key))
            .template(template))
    }
}

//! `certforge snippet`: the lines that other programs are configured with, with the
//! real paths of a leaf in them. The lines are data, in `templates/snippets`.

use std::collections::BTreeMap;

use certforge::key::hex;
use certforge::store::{Derived, LeafEntry};
use certforge::{Error, San};
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::command::offering::offering;
use crate::context::{Context, Failure};
use crate::report::{Report, SnippetListReport, SnippetReport, path};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge snippet list
  certforge snippet nginx 10.103.10.95 > /etc/nginx/conf.d/backend.conf
  certforge snippet haproxy 10.103.10.95 --set port=8443
  certforge snippet trust 10.103.10.95 --set system=macos
  eval \"$(certforge snippet env 10.103.10.95)\"")]
pub struct Args {
    /// Which: nginx, haproxy, envoy, caddy, compose, k8s, springboot, terraform, cloudformation, apigw-terraform, apigw-cloudformation, alb, nlb, env, trust; or list
    #[arg(value_name = "SNIPPET", value_parser = offering::<String>(offered()), hide_possible_values = true)]
    snippet: String,
    /// The leaf, by name [default: the only one there is]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// A variable of it, such as port=8443
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

/// A snippet as it is written: what it is for, its variables, its lines.
struct Written {
    name: &'static str,
    head: Head,
    body: &'static str,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    description: String,
    /// What has to be there first: `arn`, `host`, `key`, or a form by the name it has here.
    #[serde(default)]
    needs: Vec<String>,
    /// What a path may not have in it: the form has no way to write it.
    #[serde(default)]
    refuses: Vec<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// Lines that are ready, and what has to be made first.
pub struct Rendered {
    pub text: String,
    missing: Vec<String>,
}

macro_rules! snippets {
    ($($name:literal => $file:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../templates/snippets/", $file)))),*]
    };
}

const SNIPPETS: &[(&str, &str)] = snippets![
    "alb" => "alb.sh",
    "apigw-cloudformation" => "apigw-cloudformation.yaml",
    "apigw-terraform" => "apigw-terraform.tf",
    "caddy" => "Caddyfile",
    "cloudformation" => "cloudformation.yaml",
    "compose" => "compose.yaml",
    "env" => "env.sh",
    "envoy" => "envoy.yaml",
    "haproxy" => "haproxy.cfg",
    "k8s" => "k8s.yaml",
    "k8s-secret" => "k8s-secret.yaml",
    "nginx" => "nginx.conf",
    "nlb" => "nlb.sh",
    "springboot" => "springboot.properties",
    "terraform" => "terraform.tf",
    "trust" => "trust.sh",
];

/// What completion offers: the snippets that have a use of their own, and `list`.
fn offered() -> impl Iterator<Item = &'static str> {
    SNIPPETS.iter().map(|(name, _)| *name).filter(|name| *name != FILLED).chain(["list"])
}

/// The one that `bundle --to k8s-secret` fills: it is of no use without the key.
const FILLED: &str = "k8s-secret";

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    if args.snippet == "list" {
        let all = SNIPPETS.iter().filter(|(name, _)| *name != FILLED).map(|(name, text)| read(name, text));
        let snippets = all.map(|s| s.map(|s| (s.name, s.head.description))).collect::<Result<_, _>>()?;
        return Ok(Report::SnippetList(SnippetListReport::of(snippets)));
    }
    let entry = match &args.name {
        Some(name) => context.store.leaf(name)?,
        None => only_leaf(context)?,
    };
    if args.snippet == FILLED {
        return Err(unknown(&args.snippet));
    }
    let rendered = render(&args.snippet, &entry, &args.set, &[], context)?;
    Ok(Report::Snippet(SnippetReport {
        name: args.snippet.clone(),
        text: rendered.text,
        missing: rendered.missing,
    }))
}

fn only_leaf(context: &Context) -> Result<LeafEntry, Failure> {
    let mut leaves = context.store.leaves()?;
    if leaves.len() == 1 {
        return Ok(leaves.remove(0));
    }
    Err(Failure::usage(
        match leaves.len() {
            0 => "there is no leaf in this store".to_owned(),
            n => format!("there are {n} leaves: which one was not said"),
        },
        "certforge snippet nginx NAME",
    ))
}

fn unknown(name: &str) -> Failure {
    let known: Vec<&str> = SNIPPETS.iter().map(|(name, _)| *name).filter(|name| *name != FILLED).collect();
    Failure::usage(
        format!("no snippet `{}`", certforge::error::Shown(name)),
        format!("the snippets are {}", known.join(", ")),
    )
}

fn read(name: &'static str, text: &'static str) -> Result<Written, Error> {
    let broken = |reason: String| Error::Internal { doing: "reading a snippet", reason };
    let rest = text.strip_prefix("+++\n").ok_or_else(|| broken("it has no head".to_owned()))?;
    let (head, body) = rest.split_once("\n+++\n").ok_or_else(|| broken("its head has no end".to_owned()))?;
    Ok(Written { name, head: toml::from_str(head).map_err(|e| broken(e.to_string()))?, body })
}

/// A snippet with a leaf's names and paths in it, and more values where there are any.
pub fn render(
    name: &str,
    entry: &LeafEntry,
    set: &[String],
    more: &[(&str, String)],
    context: &Context,
) -> Result<Rendered, Failure> {
    let (name, text) = SNIPPETS.iter().find(|(known, _)| *known == name).ok_or_else(|| unknown(name))?;
    let snippet = read(name, text)?;
    let mut values = values(entry, context)?;
    values.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.clone()))));
    values.extend(snippet.head.set.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))));
    for setting in set {
        let (key, value) = setting
            .split_once('=')
            .filter(|(key, _)| snippet.head.set.contains_key(*key))
            .ok_or_else(|| {
                Failure::usage(
                    format!("`{}` sets no variable of {name}", certforge::error::Shown(setting)),
                    format!(
                        "its variables are {}",
                        snippet.head.set.keys().cloned().collect::<Vec<_>>().join(", ")
                    ),
                )
            })?;
        if value.chars().any(char::is_control) {
            return Err(Failure::usage(
                format!("the value of {key} has a control character in it"),
                "give it in one line",
            ));
        }
        if let Some(fault) = fault(key, value) {
            return Err(Failure::usage(
                format!("`{}` is no {key}: {fault}", certforge::error::Shown(value)),
                format!("--set {key}={}", snippet.head.set.get(key).map_or("", String::as_str)),
            ));
        }
        values.insert(key.to_owned(), Value::from(value));
    }
    check_path(&snippet, entry, context)?;
    let mut missing = Vec::new();
    for need in &snippet.head.needs {
        if need == "host" && !entry.certificate.names().iter().any(is_host) {
            return Err(Failure::usage(
                format!("{} has no host name and no address: it is no server's", entry.name()),
                "certforge list shows the leaves there are",
            ));
        }
        if need == "key" && !entry.has_key() {
            let key = context.store.absolute(&entry.folder)?.join("key.pem");
            missing.push(format!("cp YOUR-KEY {}", shell(&path(&key))));
        }
        if need == "arn" && !values.contains_key("arn") {
            let (name, path) = (entry.name(), entry.folder.clone());
            return Err(Error::Missing { what: "import", name, path }.into());
        }
        let form = [("combined", Derived::Combined), ("p12", Derived::Pkcs12)];
        if let Some((form, derived)) = form.into_iter().find(|(form, _)| form == need)
            && !entry.has_file(&derived.file_name())
        {
            missing.push(format!("certforge bundle {} --to {form}", entry.name()));
        }
    }
    let broken = |e: minijinja::Error| Error::Internal { doing: "filling a snippet", reason: e.to_string() };
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.add_filter("quoted", quoted);
    engine.add_filter("yaml", yaml);
    engine.add_filter("compose", |text: &str| yaml(&text.replace('$', "$$")));
    engine.add_filter("shell", shell);
    engine.add_filter("property", property);
    let mut text = engine.render_str(snippet.body, &values).map_err(broken)?;
    // The engine drops the last line's end.
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Rendered { text, missing })
}

/// What a snippet knows of a leaf. Paths are whole, so that they hold wherever the
/// lines are put.
fn values(entry: &LeafEntry, context: &Context) -> Result<BTreeMap<String, Value>, Failure> {
    let folder = context.store.absolute(&entry.folder)?;
    let file = |name: &str| Value::from(path(&folder.join(name)));
    let names = entry.certificate.names();
    let texts = |of: fn(&San) -> bool| -> Vec<String> {
        names.iter().filter(|name| of(name)).map(ToString::to_string).collect()
    };
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    let mut put = |name: &str, value: Value| values.insert(name.to_owned(), value);
    put("name", Value::from(entry.name()));
    put("id", Value::from(identifier(&entry.name(), '_')));
    put("secret", Value::from(format!("{}-tls", identifier(&entry.name(), '-'))));
    put("alias", Value::from(entry.name()));
    // Of the root, which a renewal keeps, and not of the leaf: it is what is installed.
    let root = entry.chain.certificates().last().unwrap_or(&entry.certificate);
    let id = root.subject_key_identifier().map_or_else(|| root.sha256().to_string(), |id| hex(&id));
    put("ca_id", Value::from(id.chars().take(8).collect::<String>()));
    let in_url = |name: &San| match name {
        San::Ip(std::net::IpAddr::V6(address)) => format!("[{address}]"),
        other => other.to_string(),
    };
    put("url_hosts", Value::from(names.iter().filter(|n| is_host(n)).map(in_url).collect::<Vec<_>>()));
    put("ipv6", Value::from(names.iter().any(|n| matches!(n, San::Ip(address) if address.is_ipv6()))));
    put("dns", Value::from(texts(|n| n.kind() == "dns")));
    put("cert", file("cert.pem"));
    put("key", file("key.pem"));
    put("chain", file("chain.pem"));
    put("fullchain", file("fullchain.pem"));
    put("ca", file("ca.pem"));
    put("combined", file(&Derived::Combined.file_name()));
    put("p12", file(&Derived::Pkcs12.file_name()));
    let imports = entry.imports()?;
    if let Some(record) = imports.all().iter().rfind(|record| !record.is_simulated()) {
        put("arn", Value::from(record.arn.clone()));
        put("region", Value::from(record.region.clone()));
    }
    Ok(values)
}

/// Why a variable cannot have this value, wherever it is put.
fn fault(key: &str, value: &str) -> Option<&'static str> {
    let has_only = |more: &[u8]| value.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    match key {
        _ if value.trim().is_empty() => Some("it is empty"),
        "port" if !value.parse::<u16>().is_ok_and(|port| port > 0) => Some("ports are 1 to 65535"),
        // RFC 1123 §2.1, as Kubernetes has it for names.
        "namespace"
            if value.len() > 63
                || !has_only(b"-")
                || value.bytes().any(|b| b.is_ascii_uppercase())
                || value.starts_with('-')
                || value.ends_with('-') =>
        {
            Some("it has lower-case letters, digits and hyphens, 63 at most")
        }
        "system" if !["debian", "alpine", "fedora", "macos", "nss", "java"].contains(&value) => {
            Some("the systems are debian, alpine, fedora, macos, nss (Chromium) and java")
        }
        "service" if !has_only(b"-._") => Some("it has letters, digits, `-`, `.` and `_`"),
        _ => None,
    }
}

fn is_host(name: &San) -> bool {
    matches!(name.kind(), "dns" | "ip")
}

/// Refuses a path that the form cannot hold: a line that means something else is worse
/// than none.
fn check_path(snippet: &Written, entry: &LeafEntry, context: &Context) -> Result<(), Failure> {
    let folder = context.store.absolute(&entry.folder)?;
    let text = folder.to_str().unwrap_or("\0");
    let control = text.chars().find(|c| c.is_control()).map(|_| "control characters or what is not UTF-8");
    let refused = snippet.head.refuses.iter().find(|part| text.contains(part.as_str())).map(String::as_str);
    let Some(what) = control.or(refused) else { return Ok(()) };
    Err(Failure::usage(
        format!("the lines of {} cannot hold {what} in a path", snippet.name),
        "choose another directory with --dir",
    ))
}

/// A name of letters, digits and one other character, starting with a letter.
fn identifier(text: &str, other: char) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { other }).collect();
    let plain = plain.trim_matches(other);
    if plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
        plain.to_owned()
    } else {
        format!("leaf{other}{plain}")
    }
}

/// In double quotes, as nginx, HCL and Caddy read them.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// In double quotes, as YAML reads them: a string of JSON is one (YAML 1.2 §1.3).
fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// In single quotes, as a shell and HAProxy read them.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A value of a Java properties file, which may be read as ISO 8859-1
/// (`java.util.Properties.load`).
fn property(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        match c {
            '\\' => out.push_str("\\\\"),
            ' ' if i == 0 => out.push_str("\\ "),
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_snippet_has_a_head_and_every_file_is_known() {
        for (name, text) in SNIPPETS {
            assert!(!read(name, text).unwrap().head.description.is_empty(), "{name}");
        }
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/snippets");
        assert_eq!(folder.read_dir().unwrap().count(), SNIPPETS.len());
    }
}

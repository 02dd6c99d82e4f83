//! `certforge snippet`: the lines that other programs are configured with, with the
//! real paths of a leaf in them. The lines are data, in `templates/snippets`.

use std::collections::BTreeMap;

use certforge::store::{Derived, LeafEntry};
use certforge::{Error, San};
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::context::{Context, Failure};
use crate::report::{Report, SnippetListReport, SnippetReport, path};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge snippet list
  certforge snippet nginx 10.103.10.95 > /etc/nginx/conf.d/backend.conf
  certforge snippet haproxy 10.103.10.95 --set port=8443
  eval \"$(certforge snippet env 10.103.10.95)\"")]
pub struct Args {
    /// Which: nginx, haproxy, envoy, caddy, compose, k8s, springboot, terraform, cloudformation, alb, nlb, env; or list
    #[arg(value_name = "SNIPPET")]
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
    /// What has to be there first: `arn`, or a form by the name it has here.
    #[serde(default)]
    needs: Vec<String>,
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
];

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
    Err(Failure::Usage {
        message: format!("there are {} leaves: which one was not said", leaves.len()),
        hint: "certforge snippet nginx NAME".to_owned(),
    })
}

fn unknown(name: &str) -> Failure {
    let known: Vec<&str> = SNIPPETS.iter().map(|(name, _)| *name).filter(|name| *name != FILLED).collect();
    Failure::Usage {
        message: format!("no snippet `{}`", certforge::error::Shown(name)),
        hint: format!("the snippets are {}", known.join(", ")),
    }
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
            .ok_or_else(|| Failure::Usage {
                message: format!("`{}` sets no variable of {name}", certforge::error::Shown(setting)),
                hint: format!(
                    "its variables are {}",
                    snippet.head.set.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            })?;
        values.insert(key.to_owned(), Value::from(value));
    }
    let mut missing = Vec::new();
    for need in &snippet.head.needs {
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
    put("hosts", Value::from(texts(|n| matches!(n.kind(), "dns" | "ip"))));
    put("dns", Value::from(texts(|n| n.kind() == "dns")));
    put("cert", file("cert.pem"));
    put("key", file("key.pem"));
    put("chain", file("chain.pem"));
    put("fullchain", file("fullchain.pem"));
    put("ca", file("ca.pem"));
    put("combined", file(&Derived::Combined.file_name()));
    put("p12", file(&Derived::Pkcs12.file_name()));
    if let Some(record) = entry.imports()?.all().last() {
        put("arn", Value::from(record.arn.clone()));
        put("region", Value::from(record.region.clone()));
    }
    Ok(values)
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

/// In double quotes, as nginx, HAProxy, YAML, HCL and Caddy read them.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// In single quotes, as a shell reads them.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A value of a Java properties file.
fn property(text: &str) -> String {
    text.replace('\\', "\\\\")
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

//! Which client will refuse a certificate, why, and in which words: the rules of
//! templates/clients.toml over the facts of the certificate.

use certforge::check::clients::{Facts, facts, facts_of_sent};
use certforge::check::path::Question;
use certforge::{Certificate, Error};

use crate::report::ClientReport;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What the facts mean, in words.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the documentation"))]
    facts: std::collections::BTreeMap<String, String>,
    client: Vec<Client>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    name: String,
    title: String,
    /// Whether the client itself is asked in the tests.
    measured: bool,
    source: String,
    /// Whether it takes the roots that are sent for what they are.
    #[serde(default)]
    believes_what_is_sent: bool,
    rules: Vec<Rule>,
}

/// What a client makes of some facts: the first whose facts all hold is what it says.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    when: Vec<String>,
    /// A part of its own text.
    says: Option<String>,
    /// It accepts, whatever the rules below say.
    #[serde(default)]
    accepts: bool,
    /// It accepts under a condition that the certificate does not show.
    only_if: Option<String>,
    fix: Option<String>,
}

fn table() -> Result<Table, Error> {
    toml::from_str(include_str!("../../../../templates/clients.toml"))
        .map_err(|e| Error::Internal { doing: "reading the clients", reason: e.to_string() })
}

/// All clients that are known.
pub struct Clients(Table);

impl Clients {
    pub fn load() -> Result<Self, Error> {
        table().map(Self)
    }

    /// What every one of them will say of a question, and of what is sent where that is less
    /// than the question's chain.
    pub fn told(&self, question: &Question<'_>, sent: &[Certificate]) -> Vec<ClientReport> {
        let (asked, of_sent) = (facts(question), facts_of_sent(&Question { chain: sent, ..*question }));
        let judge =
            |client: &Client| client.judge(if client.believes_what_is_sent { &of_sent } else { &asked });
        self.0.client.iter().map(judge).collect()
    }
}

impl Client {
    fn judge(&self, facts: &Facts) -> ClientReport {
        let found = self.rules.iter().find(|rule| rule.when.iter().all(|fact| facts.hold(fact)));
        let found = found.filter(|rule| !rule.accepts);
        let verdict = match found {
            None => "accepts",
            Some(rule) if rule.only_if.is_some() => "only-if",
            Some(_) => "refuses",
        };
        ClientReport {
            client: self.name.clone(),
            title: self.title.clone(),
            verdict,
            says: found.and_then(|rule| rule.says.clone()),
            only_if: found.and_then(|rule| rule.only_if.clone()),
            fix: found.and_then(|rule| rule.fix.clone()),
            measured: self.measured,
            source: self.source.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use certforge::check::clients::NAMES;

    #[test]
    fn every_rule_names_facts_that_there_are_and_what_to_do() {
        let places = ["leaf", "issuer", "anchor"];
        let codes = [
            "no-issuer",
            "issuer-name",
            "key-identifier",
            "untrusted",
            "signature",
            "expired",
            "not-yet-valid",
            "anchor-expired",
            "not-a-ca",
            "ca-version",
            "ca-key-usage",
            "path-length",
            "policy",
            "name-constraint",
            "critical-unknown",
            "weak-signature",
            "weak-key",
        ];
        let Table { facts, client: clients } = table().unwrap();
        for client in clients {
            assert!(!client.source.is_empty(), "{}", client.name);
            for rule in &client.rules {
                for fact in &rule.when {
                    let fact = fact.trim_start_matches('!');
                    let known = NAMES.contains(&fact);
                    let of_path = fact
                        .split_once('@')
                        .is_some_and(|(code, place)| codes.contains(&code) && places.contains(&place));
                    assert!(known || of_path, "{}: {fact}", client.name);
                    assert!(facts.contains_key(fact), "{fact} has no words");
                }
                let says = usize::from(rule.says.is_some()) + usize::from(rule.only_if.is_some());
                assert_eq!(says + usize::from(rule.accepts), 1, "{}: {:?}", client.name, rule.when);
                assert_eq!(rule.fix.is_some(), !rule.accepts, "{}: {:?}", client.name, rule.when);
            }
        }
    }
}

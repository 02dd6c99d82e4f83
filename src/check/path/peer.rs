//! The name under which a peer was reached, and whether a certificate has it (RFC 9525 §6).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::certificate::Certificate;
use crate::error::{Error, NameFault, Result};
use crate::name::San;

/// A host name or an address that somebody connected to. Unlike a name that
/// a certificate is to have, a host name may have underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// A host name in lower case, without a dot at its end.
    #[non_exhaustive]
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Peer {
    /// Whether a certificate has this name among its subject alternative names: a DNS name
    /// without regard to case, with `*` for its whole leftmost label; an address octet by
    /// octet. The common name does not count.
    #[must_use]
    pub fn is_named_by(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Dns(host) => certificate.dns_names_as_written().iter().any(|name| stands_for(name, host)),
            Self::Ip(ip) => certificate.names().contains(&San::Ip(*ip)),
        }
    }

    /// The same as a name that a certificate can have, where it is one.
    #[must_use]
    pub fn to_san(&self) -> Option<San> {
        match self {
            Self::Dns(host) => format!("dns:{host}").parse().ok(),
            Self::Ip(ip) => Some(San::Ip(*ip)),
        }
    }
}

/// Whether a presented DNS name stands for a host.
fn stands_for(presented: &str, host: &str) -> bool {
    let presented = presented.to_ascii_lowercase();
    if presented == host {
        return true;
    }
    let Some(rest) = presented.strip_prefix("*.") else { return false };
    let below = host.split_once('.').is_some_and(|(label, below)| !label.is_empty() && below == rest);
    below && !rest.is_empty() && !rest.contains('*')
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => f.write_str(host),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl FromStr for Peer {
    type Err = Error;

    /// Reads a host name or an address, with or without `dns:` or `ip:`.
    ///
    /// # Errors
    /// [`Error::Name`].
    fn from_str(input: &str) -> Result<Self> {
        let refuse = |fault| Error::Name { input: input.to_owned(), fault };
        match input.parse::<San>() {
            Ok(San::Dns(host)) if host.contains('*') => Err(refuse(NameFault::Forbidden('*'))),
            Ok(San::Dns(host)) => Ok(Self::Dns(host)),
            Ok(San::Ip(ip)) => Ok(Self::Ip(ip)),
            Ok(_) => Err(refuse(NameFault::NotIp)),
            Err(e) => {
                // Clients connect to hosts that no certificate may name.
                let host = input.strip_prefix("dns:").unwrap_or(input);
                let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
                let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                let labels = host.split('.').all(|label| (1..=63).contains(&label.len()));
                if labels && host.len() <= 253 && host.chars().all(allowed) && host.contains(['_', '-']) {
                    Ok(Self::Dns(host))
                } else {
                    Err(e)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_whole_label() {
        for (presented, host, wanted) in [
            ("A.example", "a.example", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("a*.example.com", "ab.example.com", false),
            ("*", "com", false),
            ("*.", "com", false),
            ("*.*.com", "a.b.com", false),
            ("x.*.com", "x.b.com", false),
        ] {
            assert_eq!(stands_for(presented, host), wanted, "{presented} {host}");
        }
    }

    #[test]
    fn hosts_are_read_as_clients_write_them() {
        for (input, wanted) in
            [("A.Example.", "a.example"), ("foo_bar.example", "foo_bar.example"), ("fd00::0:1", "fd00::1")]
        {
            assert_eq!(input.parse::<Peer>().unwrap().to_string(), wanted);
        }
        for input in ["", "*.example.com", "https://a.example", "a@b.example", "a..b", "10.0.0.1:443"] {
            assert!(input.parse::<Peer>().is_err(), "{input}");
        }
    }
}

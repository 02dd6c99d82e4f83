//! What has the form of a server.

use std::path::Path;

use crate::context::Failure;

/// Host and port, as `HOST:PORT` or a URL says them.
pub fn of(what: &Path) -> Option<(String, u16)> {
    let text = what.to_str()?;
    if let Some(rest) = text.strip_prefix("https://") {
        let authority = rest.split(['/', '?', '#']).next()?;
        // A user or a password is no host, and would be asked of DNS.
        if authority.contains('@') || authority.ends_with(':') {
            return None;
        }
        let bare = authority.trim_start_matches('[').trim_end_matches(']');
        return host_and_port(authority).or_else(|| Some((bare.to_owned(), 443)));
    }
    host_and_port(text)
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    if host.is_empty() || host.contains(['/', '@']) || bare.is_none() && host.contains(':') {
        return None;
    }
    Some((bare.unwrap_or(host).to_owned(), port.parse().ok()?))
}

/// What has the form of a server and a number that is no port.
pub fn refuse_port(what: &Path) -> Result<(), Failure> {
    let text = what.to_str().unwrap_or_default();
    let text = match text.strip_prefix("https://") {
        Some(url) => url.split(['/', '?', '#']).next().unwrap_or_default(),
        None => text,
    };
    let Some((host, port)) = text.rsplit_once(':').filter(|(host, port)| {
        !host.contains('/') && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
    }) else {
        return Ok(());
    };
    let bare = host.parse::<std::net::Ipv6Addr>().is_err() && text.parse::<std::net::Ipv6Addr>().is_err();
    if !bare || port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{port} is no port: they go from 1 to 65535"),
        format!("certforge check {}:443", certforge::error::Shown(host)),
    ))
}

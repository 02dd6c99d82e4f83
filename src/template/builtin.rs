//! Generated from `templates/certificates/*.toml`: change those, then run
//! `CERTFORGE_BLESS=1 cargo test --test templates`.

use std::borrow::Cow::Borrowed;

use super::{ExtendedKeyUsage as Eku, KeyUsage as Ku, Template};

pub(super) const ALL: &[Template] = &[APIGW_BACKEND, CA, CLIENT, MUTUAL, SERVER];

pub(super) const NAMES: &[&str] = &["apigw-backend", "ca", "client", "mutual", "server"];

pub(super) const APIGW_BACKEND: Template = Template {
    name: Borrowed("apigw-backend"),
    description: Borrowed("a TLS server behind API Gateway, which sends its root too"),
    days: 365,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[Ku::KeyEncipherment]),
    extended_key_usage: Borrowed(&[Eku::ServerAuth]),
    send_root: true,
};

pub(super) const CA: Template = Template {
    name: Borrowed("ca"),
    description: Borrowed("a root CA"),
    days: 3650,
    ca: true,
    path_length: Some(1),
    key_usage: Borrowed(&[Ku::KeyCertSign, Ku::CrlSign]),
    key_usage_rsa: Borrowed(&[]),
    extended_key_usage: Borrowed(&[]),
    send_root: false,
};

pub(super) const CLIENT: Template = Template {
    name: Borrowed("client"),
    description: Borrowed("a TLS client"),
    days: 365,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[]),
    extended_key_usage: Borrowed(&[Eku::ClientAuth]),
    send_root: false,
};

pub(super) const MUTUAL: Template = Template {
    name: Borrowed("mutual"),
    description: Borrowed("a TLS server that is a client too"),
    days: 365,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[Ku::KeyEncipherment]),
    extended_key_usage: Borrowed(&[Eku::ServerAuth, Eku::ClientAuth]),
    send_root: false,
};

pub(super) const SERVER: Template = Template {
    name: Borrowed("server"),
    description: Borrowed("a TLS server"),
    days: 365,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[Ku::KeyEncipherment]),
    extended_key_usage: Borrowed(&[Eku::ServerAuth]),
    send_root: false,
};

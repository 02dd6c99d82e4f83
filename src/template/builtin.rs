//! Generated from `templates/certificates/*.toml`: change those, then run
//! `CERTFORGE_BLESS=1 cargo test --test templates`.

use std::borrow::Cow::Borrowed;

use super::{ExtendedKeyUsage as Eku, KeyUsage as Ku, Template};
use crate::key::KeyAlgorithm;

#[rustfmt::skip]
pub(super) const ALL: &[Template] = &[APIGW_BACKEND, CA, CLIENT, CODE, DEVICE, EMAIL, INTERMEDIATE, MUTUAL, SERVER];

#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &["apigw-backend", "ca", "client", "code", "device", "email", "intermediate", "mutual", "server"];

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
    key: None,
    subject: None,
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
    key: None,
    subject: None,
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
    key: None,
    subject: None,
};

pub(super) const CODE: Template = Template {
    name: Borrowed("code"),
    description: Borrowed("signing programs"),
    days: 365,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[]),
    extended_key_usage: Borrowed(&[Eku::CodeSigning]),
    send_root: false,
    key: None,
    subject: None,
};

pub(super) const DEVICE: Template = Template {
    name: Borrowed("device"),
    description: Borrowed("a device that is a TLS client"),
    days: 1825,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[]),
    extended_key_usage: Borrowed(&[Eku::ClientAuth]),
    send_root: false,
    key: Some(KeyAlgorithm::P256),
    subject: None,
};

pub(super) const EMAIL: Template = Template {
    name: Borrowed("email"),
    description: Borrowed("S/MIME mail"),
    days: 365,
    ca: false,
    path_length: None,
    key_usage: Borrowed(&[Ku::DigitalSignature]),
    key_usage_rsa: Borrowed(&[Ku::KeyEncipherment]),
    extended_key_usage: Borrowed(&[Eku::EmailProtection]),
    send_root: false,
    key: None,
    subject: None,
};

pub(super) const INTERMEDIATE: Template = Template {
    name: Borrowed("intermediate"),
    description: Borrowed("a CA below another one"),
    days: 1825,
    ca: true,
    path_length: Some(0),
    key_usage: Borrowed(&[Ku::KeyCertSign, Ku::CrlSign]),
    key_usage_rsa: Borrowed(&[]),
    extended_key_usage: Borrowed(&[Eku::ServerAuth, Eku::ClientAuth]),
    send_root: false,
    key: None,
    subject: None,
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
    key: None,
    subject: None,
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
    key: None,
    subject: None,
};

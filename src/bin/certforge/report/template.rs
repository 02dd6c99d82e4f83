//! What certificates can be for.

use certforge::Template;
use certforge::template::KeyUsage;
use serde::Serialize;

#[derive(Serialize)]
pub struct TemplateListReport {
    pub templates: Vec<TemplateReport>,
}

#[derive(Serialize)]
pub struct TemplateReport {
    pub name: String,
    pub description: String,
    pub days: u32,
    pub ca: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_length: Option<u8>,
    pub key_usage: Vec<&'static str>,
    /// What an RSA key has besides.
    pub key_usage_rsa: Vec<&'static str>,
    pub extended_key_usage: Vec<String>,
    pub send_root: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The file it would be.
    pub toml: String,
}

impl TemplateReport {
    pub fn of(template: &Template) -> Self {
        let key_usage: Vec<_> = template.key_usage(false).into_iter().map(KeyUsage::as_str).collect();
        let with_rsa = template.key_usage(true).into_iter().map(KeyUsage::as_str);
        Self {
            name: template.name().to_owned(),
            description: template.description().to_owned(),
            days: template.days(),
            ca: template.is_ca(),
            path_length: template.path_length(),
            key_usage_rsa: with_rsa.filter(|usage| !key_usage.contains(usage)).collect(),
            key_usage,
            extended_key_usage: template.extended_key_usage().iter().map(ToString::to_string).collect(),
            send_root: template.send_root(),
            key: template.key().map(certforge::KeyAlgorithm::as_str),
            subject: template.subject().map(certforge::Subject::to_openssl),
            toml: template.to_toml(),
        }
    }
}

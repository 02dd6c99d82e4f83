//! Tags.

use std::str::FromStr;

use crate::check::acm::tag_fault;
use crate::error::{Error, Result};

/// A tag (ACM API reference, Tag): a key of 1 to 128 characters, a value of up
/// to 256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value; may be empty.
    pub value: String,
}

impl Tag {
    /// A tag, checked.
    ///
    /// # Errors
    /// [`Error::Tag`].
    pub fn new(key: &str, value: &str) -> Result<Self> {
        if let Some(reason) = tag_fault(key, value) {
            return Err(Error::Tag { input: format!("{key}={value}"), reason });
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}

impl FromStr for Tag {
    type Err = Error;

    /// Reads `Key=team,Value=edge`, as the AWS CLI writes it, or `team=edge`.
    fn from_str(input: &str) -> Result<Self> {
        if let Some(rest) = input.strip_prefix("Key=") {
            let (key, value) = rest.split_once(",Value=").unwrap_or((rest, ""));
            return Self::new(key, value);
        }
        let (key, value) = input.split_once('=').ok_or(Error::Tag {
            input: input.to_owned(),
            reason: "it is neither Key=…,Value=… nor key=value",
        })?;
        Self::new(key, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_and_every_limit() {
        let tag = |text: &str| text.parse::<Tag>();
        assert_eq!(tag("Key=team,Value=edge").unwrap(), tag("team=edge").unwrap());
        assert_eq!(tag("Key=empty").unwrap().value, "");
        for bad in ["plain", "=x", "aws:x=y", "a=b\u{7}", "a=<b>"] {
            assert!(tag(bad).is_err(), "{bad}");
        }
        assert!(Tag::new(&"k".repeat(129), "").is_err());
        assert!(Tag::new("k", &"v".repeat(257)).is_err());
    }
}

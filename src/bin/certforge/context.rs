//! What every command gets.

use certforge::store::{LoadedAuthority, Store};
use time::OffsetDateTime;

use crate::command::passphrase::PassphraseArgs;
pub use crate::failure::Failure;

/// Whether people are told why it takes long.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    Told,
    /// A bar tells of the ordinary waits.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for imports alone"))]
    Bar,
    Quiet,
}

#[cfg(feature = "aws")]
impl Waits {
    pub fn with_bar(self) -> Self {
        if self == Self::Told { Self::Bar } else { self }
    }
}

/// What every handler gets.
pub struct Context {
    pub store: Store,
    pub now: OffsetDateTime,
    /// Whether the result is to be one JSON document.
    pub json: bool,
    pub waits: Waits,
}

/// The CA's name in the store where none was given.
pub const DEFAULT_CA: &str = "default";

impl Context {
    /// A CA with its key, for which there may be a pass phrase.
    pub fn authority(&self, name: &str, passphrase: &PassphraseArgs) -> Result<LoadedAuthority, Failure> {
        Ok(self.store.authority(name, self.now, &mut passphrase.unlock())?)
    }

    /// The same, of a CA that may have been taken back: to make its list.
    pub fn authority_for_list(
        &self,
        name: &str,
        passphrase: &PassphraseArgs,
    ) -> Result<LoadedAuthority, Failure> {
        Ok(self.store.authority_for_list(name, self.now, &mut passphrase.unlock())?)
    }

    /// The CA to use: the one asked for, else `default`, else the only one there is.
    pub fn choose_ca(&self, asked: Option<&str>) -> Result<String, Failure> {
        if let Some(name) = asked {
            return Ok(name.to_owned());
        }
        if self.store.has_authority(DEFAULT_CA)? {
            return Ok(DEFAULT_CA.to_owned());
        }
        let mut names = self.store.authority_names()?;
        match names.len() {
            0 => Ok(DEFAULT_CA.to_owned()),
            1 => Ok(names.remove(0)),
            _ => Err(Failure::usage(
                format!("there are several CAs and none is called `{DEFAULT_CA}`: {}", names.join(", ")),
                format!("name one: --ca {0}; with `certforge ca` the name alone: {0}", names[0]),
            )),
        }
    }
}

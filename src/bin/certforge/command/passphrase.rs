//! Pass phrases: from a file, from a file descriptor, or from the terminal. Never
//! from an argument or a variable, which other programs can read.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use certforge::Error;
use certforge::store::read_input;
use zeroize::Zeroizing;

use crate::environment;
use crate::failure::Failure;

#[derive(clap::Args)]
pub struct PassphraseArgs {
    /// A file with the pass phrase of an encrypted key or PKCS#12 in its first line
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read it from
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file", value_parser = clap::value_parser!(u32).range(0..=65_535))]
    passphrase_fd: Option<u32>,
    /// What was read: a pipe has nothing more the second time.
    #[arg(skip)]
    read: OnceLock<Zeroizing<String>>,
}

impl PassphraseArgs {
    /// What gives the pass phrase of what is named; none where nobody has one.
    pub fn unlock(&self) -> impl FnMut(&str) -> certforge::Result<Option<Zeroizing<String>>> + '_ {
        move |what| match self.given()? {
            None if environment::has_terminal() => {
                let question = format!("pass phrase of {what} (--passphrase-file): ");
                Ok(environment::ask_secret(&question))
            }
            given => Ok(given),
        }
    }

    /// What the file or the descriptor gives, which is read once a run.
    fn given(&self) -> certforge::Result<Option<Zeroizing<String>>> {
        if let Some(read) = self.read.get() {
            return Ok(Some(read.clone()));
        }
        let Some(path) = source(self.passphrase_file.as_deref(), self.passphrase_fd) else { return Ok(None) };
        let line = first_line(&path)?;
        Ok(Some(self.read.get_or_init(|| line).clone()))
    }

    /// Whether it is said where the pass phrase is.
    pub const fn is_given(&self) -> bool {
        self.passphrase_file.is_some() || self.passphrase_fd.is_some()
    }

    /// A pass phrase for something new.
    pub fn fresh(&self, of: &str) -> Result<Zeroizing<String>, Failure> {
        fresh(self.given()?, of, "--passphrase-file")
    }
}

/// A pass phrase for something new: from where it is said to be, or asked for twice.
pub fn fresh_from(
    file: Option<&Path>,
    fd: Option<u32>,
    of: &str,
    flag: &str,
) -> Result<Zeroizing<String>, Failure> {
    fresh(source(file, fd).map(|path| first_line(&path)).transpose()?, of, flag)
}

fn fresh(given: Option<Zeroizing<String>>, of: &str, flag: &str) -> Result<Zeroizing<String>, Failure> {
    let bad = |reason| Failure::from(Error::Passphrase { of: of.to_owned(), reason });
    let found = match given {
        Some(given) => given,
        None if environment::has_terminal() => {
            let first = environment::ask_secret(&format!("pass phrase of {of} ({flag}): "));
            let first = first.ok_or_else(|| bad("is empty"))?;
            if environment::ask_secret("the same once more: ").as_ref() != Some(&first) {
                return Err(bad("was not the same twice"));
            }
            first
        }
        None => return Err(bad("is needed, and none was given")),
    };
    if found.is_empty() { Err(bad("is empty")) } else { Ok(found) }
}

/// What gives the pass phrase that is in a file.
pub fn from_file(path: &Path) -> impl FnMut(&str) -> certforge::Result<Option<Zeroizing<String>>> + '_ {
    move |_| first_line(path).map(Some)
}

fn source(file: Option<&Path>, fd: Option<u32>) -> Option<PathBuf> {
    file.map(Path::to_owned).or_else(|| fd.map(|fd| PathBuf::from(format!("/dev/fd/{fd}"))))
}

/// The pass phrase that is in a file: its first line.
pub fn read_first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let secret = first_line(path)?;
    if secret.is_empty() {
        let of = path.to_string_lossy().into_owned();
        return Err(Error::Passphrase { of, reason: "is empty" }.into());
    }
    Ok(secret)
}

fn first_line(path: &Path) -> certforge::Result<Zeroizing<String>> {
    let bytes = read_input(path)?;
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // What is no UTF-8 would have to be changed to be a text, and other pass phrases with it.
    let text = std::str::from_utf8(line)
        .map_err(|_| Error::Passphrase { of: path.to_string_lossy().into_owned(), reason: "is not UTF-8" })?;
    // A key's own file, or a certificate's: its first line is no secret of anybody.
    for (mark, reason) in [(super::PEM, "cannot be PEM text"), ("\0", "cannot have a NUL in it")] {
        if text.contains(mark) {
            return Err(Error::Passphrase { of: path.to_string_lossy().into_owned(), reason });
        }
    }
    Ok(Zeroizing::new(text.to_owned()))
}

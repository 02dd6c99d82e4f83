//! Pass phrases: from a file, from a file descriptor, or from the terminal. Never
//! from an argument or a variable, which other programs can read.

use std::path::{Path, PathBuf};

use certforge::store::read_input;
use zeroize::Zeroizing;

use crate::environment;

#[derive(clap::Args)]
pub struct PassphraseArgs {
    /// A file with the pass phrase of an encrypted key or PKCS#12 in its first line
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read it from
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file", value_parser = clap::value_parser!(u32).range(0..=65_535))]
    passphrase_fd: Option<u32>,
}

impl PassphraseArgs {
    /// What gives the pass phrase of what is named; none where nobody has one. A file
    /// or descriptor is read once: a pipe has nothing more the second time.
    pub fn unlock(&self) -> impl FnMut(&str) -> certforge::Result<Option<Zeroizing<String>>> + '_ {
        let mut read: Option<Zeroizing<String>> = None;
        move |what| {
            let path = match (&self.passphrase_file, self.passphrase_fd) {
                (Some(path), _) => path.clone(),
                (None, Some(fd)) => PathBuf::from(format!("/dev/fd/{fd}")),
                (None, None) if environment::has_terminal() => {
                    return Ok(environment::ask_secret(&format!(
                        "pass phrase of {what} (--passphrase-file): "
                    )));
                }
                (None, None) => return Ok(None),
            };
            if read.is_none() {
                read = Some(first_line(&path)?);
            }
            Ok(read.clone())
        }
    }
}

fn first_line(path: &Path) -> certforge::Result<Zeroizing<String>> {
    let bytes = read_input(path)?;
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Zeroizing::new(String::from_utf8_lossy(line).into_owned()))
}

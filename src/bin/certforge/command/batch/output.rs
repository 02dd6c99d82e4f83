//! Many leaves in one file: it holds keys, so it is 0600 and appears as a whole.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use certforge::key::KeyForm;
use certforge::store::{NewFile, Overwrite, folder_name};
use certforge::{Bundle, Error, Names};
use serde::Serialize;
use zeroize::Zeroizing;

use super::Form;
use crate::context::Failure;

/// The files of one leaf, or its text.
pub struct Piece {
    name: String,
    files: Vec<(&'static str, u32, Zeroizing<Vec<u8>>)>,
}

#[derive(Serialize)]
struct Line<'a> {
    names: Vec<String>,
    serial: String,
    not_after: String,
    certificate: &'a str,
    private_key: &'a str,
    chain: &'a str,
}

/// What one leaf adds to the file.
pub fn piece(form: Form, names: &Names, bundle: &Bundle) -> certforge::Result<Piece> {
    let key = bundle.key().secret_pem()?;
    let name = folder_name(names.first());
    let leaf = bundle.leaf();
    let files = match form {
        Form::Jsonl => {
            let (certificate, chain) = (leaf.pem()?, bundle.chain().pem()?);
            let line = Line {
                names: names.iter().map(|n| format!("{}:{n}", n.kind())).collect(),
                serial: leaf.serial_hex(),
                not_after: certforge::validity::rfc3339(leaf.validity().not_after()),
                certificate: &certificate,
                private_key: &key,
                chain: &chain,
            };
            // Room for all of it, with an escape for the end of every line of 64: growing
            // would leave copies of the key behind, and much more takes time to wipe.
            let long = key.len() + certificate.len() + chain.len();
            let titles: usize = line.names.iter().map(|name| 2 * name.len() + 3).sum();
            let mut text = Zeroizing::new(Vec::with_capacity(long + long / 32 + titles + 512));
            serde_json::to_writer(&mut *text, &line).map_err(broken)?;
            text.push(b'\n');
            vec![("", 0o600, text)]
        }
        Form::Pem => {
            vec![("", 0o600, bytes(bundle.secret_combined_pem(KeyForm::Pkcs8)?))]
        }
        Form::Tar | Form::Files => vec![
            ("key.pem", 0o600, bytes(key)),
            ("cert.pem", 0o644, bytes(leaf.pem()?.into())),
            ("chain.pem", 0o644, bytes(bundle.chain().pem()?.into())),
            ("fullchain.pem", 0o644, bytes(bundle.fullchain_pem()?.into())),
            ("ca.pem", 0o644, bytes(bundle.trust_anchor().pem()?.into())),
        ],
    };
    Ok(Piece { name, files })
}

/// The octets of a text, where they are.
fn bytes(mut text: Zeroizing<String>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(std::mem::take(&mut *text).into_bytes())
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::Internal { doing: "writing leaves", reason: e.to_string() }
}

/// Where it goes.
pub enum Sink {
    File(Box<io::BufWriter<NewFile>>),
    Standard(io::StdoutLock<'static>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Standard(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Standard(out) => out.flush(),
        }
    }
}

/// The file in the making.
pub enum Stream {
    Plain(Sink),
    Tar(Box<tar::Builder<Sink>>),
}

impl Stream {
    pub fn open(form: Form, path: &Path, overwrite: Overwrite) -> Result<Self, Failure> {
        let sink = if path == Path::new("-") {
            let out = io::stdout();
            if out.is_terminal() {
                return Err(Failure::usage(
                    "private keys are not written to a terminal",
                    "give --output FILE, or send it through a pipe",
                ));
            }
            Sink::Standard(out.lock())
        } else {
            Sink::File(Box::new(io::BufWriter::with_capacity(
                1 << 16,
                NewFile::create(path, overwrite, true)?,
            )))
        };
        Ok(if form == Form::Tar {
            let mut builder = tar::Builder::new(sink);
            builder.mode(tar::HeaderMode::Deterministic);
            Self::Tar(Box::new(builder))
        } else {
            Self::Plain(sink)
        })
    }

    pub fn write(&mut self, piece: &Piece) -> Result<(), Error> {
        for (file, mode, text) in &piece.files {
            match self {
                Self::Plain(sink) => sink.write_all(text).map_err(|e| refused(&e))?,
                Self::Tar(builder) => {
                    let mut header = tar::Header::new_gnu();
                    header.set_size(text.len() as u64);
                    header.set_mode(*mode);
                    header.set_mtime(0);
                    let path = format!("{}/{file}", piece.name);
                    builder.append_data(&mut header, path, text.as_slice()).map_err(|e| refused(&e))?;
                }
            }
        }
        Ok(())
    }

    /// The file is there when this returns, and not before.
    pub fn finish(self, overwrite: Overwrite) -> Result<(), Error> {
        let sink = match self {
            Self::Plain(sink) => sink,
            Self::Tar(builder) => builder.into_inner().map_err(|e| refused(&e))?,
        };
        match sink {
            Sink::Standard(mut out) => out.flush().map_err(|e| refused(&e)),
            Sink::File(file) => {
                file.into_inner().map_err(|e| refused(e.error()))?.finish(overwrite).map(drop)
            }
        }
    }
}

fn refused(e: &io::Error) -> Error {
    Error::Output { source: io::Error::new(e.kind(), e.to_string()) }
}

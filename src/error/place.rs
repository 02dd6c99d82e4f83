//! Where trouble is: the file, and the line or the block of it.

use std::path::Path;

use super::Error;

impl Error {
    /// The same trouble, with the file it is in. What cannot be read or may not be used has its
    /// own path: a pass phrase is in another file than what it opens.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        match self {
            Self::File { .. } | Self::Io { .. } | Self::Path { .. } => self,
            other => Self::File { path: path.to_owned(), block: None, source: Box::new(other) },
        }
    }

    /// The same trouble, with the file and the line of it (from 1) it is in.
    #[must_use]
    pub fn in_line(self, path: &Path, line: usize) -> Self {
        match self {
            Self::File { .. } | Self::Line { .. } => self,
            other => Self::Line { path: path.to_owned(), line, source: Box::new(other) },
        }
    }

    /// The same trouble, with the file and the block of it (from 1) it is in.
    #[must_use]
    pub fn in_block(self, path: &Path, block: usize) -> Self {
        match self {
            Self::File { .. } => self,
            other => Self::File { path: path.to_owned(), block: Some(block), source: Box::new(other) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_once() {
        let e = Error::NoNames.in_file(Path::new("a")).in_file(Path::new("b"));
        assert_eq!(e.to_string(), "a: no name was given for the certificate");
        assert_eq!(e.code(), "name.none");
    }
}

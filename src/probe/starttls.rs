//! What some protocols speak before TLS begins.

use std::io::{Error, ErrorKind, Read, Result, Write};

/// A protocol that goes over to TLS on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartTls {
    /// RFC 3207.
    Smtp,
    /// RFC 9051 §6.2.1.
    Imap,
    /// PostgreSQL's `SSLRequest`.
    Postgres,
    /// MySQL's and MariaDB's `SSLRequest`.
    Mysql,
}

/// The longest answer that is read.
const LONGEST: usize = 8 << 10;

impl StartTls {
    /// Speaks until TLS may begin.
    pub(super) fn begin(self, stream: &mut (impl Read + Write)) -> Result<()> {
        match self {
            Self::Smtp => {
                reply(stream, "220")?;
                stream.write_all(b"EHLO certforge.invalid\r\n")?;
                reply(stream, "250")?;
                stream.write_all(b"STARTTLS\r\n")?;
                reply(stream, "220")
            }
            Self::Imap => {
                line(stream)?;
                stream.write_all(b"a1 STARTTLS\r\n")?;
                // Untagged lines may come before the answer.
                for _ in 0..100 {
                    let line = line(stream)?;
                    if let Some(answer) = line.strip_prefix("a1 ") {
                        return if answer.to_ascii_uppercase().starts_with("OK") {
                            Ok(())
                        } else {
                            Err(refused(&line))
                        };
                    }
                }
                Err(refused("no answer to STARTTLS"))
            }
            Self::Postgres => {
                // Length 8, and the number that asks for TLS.
                stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47])?;
                let mut answer = [0];
                stream.read_exact(&mut answer)?;
                match &answer {
                    b"S" => Ok(()),
                    b"N" => Err(refused("it answers that it has no TLS")),
                    _ => Err(refused("it answers with an error: is it PostgreSQL?")),
                }
            }
            Self::Mysql => {
                let mut head = [0; 4];
                stream.read_exact(&mut head)?;
                let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
                let mut greeting = vec![0; length.min(LONGEST)];
                stream.read_exact(&mut greeting)?;
                match &greeting[..] {
                    // An error instead: its number in two octets, then text.
                    [0xff, _, _, text @ ..] => return Err(refused(&String::from_utf8_lossy(text))),
                    [10, rest @ ..] if has_no_tls(rest) => return Err(refused("it has no TLS")),
                    [10, ..] => {}
                    _ => return Err(refused("it is no MySQL server of protocol 10")),
                }
                // 32 octets behind number 1: what the client can (4.1, TLS), the largest
                // packet, a character set, and 23 zeros.
                let mut request = vec![32, 0, 0, head[3].wrapping_add(1), 0x00, 0x8a, 0, 0, 0, 0, 0, 1, 45];
                request.resize(4 + 32, 0);
                stream.write_all(&request)
            }
        }
    }
}

/// Whether a MySQL greeting says so, behind its protocol: a version that ends in a zero, 4
/// octets for the connection, 8 of a challenge and a zero come before what the server can.
fn has_no_tls(greeting: &[u8]) -> bool {
    const TLS: u8 = 0x08;
    let version = greeting.iter().position(|octet| *octet == 0);
    let can = version.and_then(|end| greeting.get(end + 1 + 4 + 8 + 1 + 1));
    can.is_some_and(|high| high & TLS == 0)
}

fn refused(answer: &str) -> Error {
    Error::new(ErrorKind::ConnectionRefused, format!("STARTTLS was refused: {}", answer.trim()))
}

/// A reply of several lines that has to have this number.
fn reply(stream: &mut impl Read, number: &str) -> Result<()> {
    loop {
        let line = line(stream)?;
        if !line.starts_with(number) {
            return Err(refused(&line));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}

/// One line, octet by octet: what follows it may be TLS already.
fn line(stream: &mut impl Read) -> Result<String> {
    let mut line = Vec::new();
    let mut octet = [0];
    while line.len() < LONGEST {
        stream.read_exact(&mut octet)?;
        if octet[0] == b'\n' {
            break;
        }
        line.push(octet[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says what it says, whatever it hears.
    struct Says(std::io::Cursor<Vec<u8>>, Vec<u8>);

    impl Read for Says {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Says {
        fn write(&mut self, buffer: &[u8]) -> Result<usize> {
            self.1.extend_from_slice(buffer);
            Ok(buffer.len())
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_protocol_goes_over_or_says_why_not() {
        let mut greeting = vec![6, 0, 0, 0, 10];
        greeting.extend(*b"8.0.1");
        for (protocol, says, heard) in [
            (StartTls::Smtp, &b"220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n"[..], Some("STARTTLS")),
            (StartTls::Smtp, b"220 a\r\n250 a\r\n502 no\r\n", None),
            (StartTls::Imap, b"* OK hi\r\n* x\r\na1 OK go\r\n", Some("a1 STARTTLS")),
            (StartTls::Imap, b"* OK hi\r\na1 BAD no\r\n", None),
            (StartTls::Postgres, b"S", Some("\u{16}/")),
            (StartTls::Postgres, b"N", None),
            (StartTls::Mysql, &greeting, Some("\u{1}-")),
            (StartTls::Mysql, b"\x02\0\0\0\x09x", None),
        ] {
            let mut server = Says(std::io::Cursor::new(says.to_vec()), Vec::new());
            let ended = protocol.begin(&mut server);
            assert_eq!(ended.is_ok(), heard.is_some(), "{protocol:?}: {ended:?}");
            let said = String::from_utf8_lossy(&server.1).into_owned();
            assert!(heard.is_none_or(|part| said.contains(part)), "{protocol:?}: {said:?}");
        }
    }
}

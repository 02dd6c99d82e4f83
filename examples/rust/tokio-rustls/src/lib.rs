//! A server of your own over tokio-rustls: the test is in `tests/`.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// Answers the first line that comes with the same line in capitals.
///
/// # Errors
/// Where the connection breaks.
pub async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.write_all(line.to_uppercase().as_bytes()).await?;
    stream.shutdown().await
}

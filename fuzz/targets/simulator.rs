//! What a client may send to ACM's stand-in: there is always an answer, and the next
//! request is answered too.
#![no_main]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use certforge::harness::{AcmSim, Settings};

const ACTIONS: [&str; 8] = [
    "ImportCertificate",
    "ListCertificates",
    "DescribeCertificate",
    "GetCertificate",
    "AddTagsToCertificate",
    "SearchCertificates",
    "DeleteCertificate",
    "ListTagsForCertificate",
];

fn connected() -> &'static Mutex<TcpStream> {
    static SIM: OnceLock<AcmSim> = OnceLock::new();
    static STREAM: OnceLock<Mutex<TcpStream>> = OnceLock::new();
    STREAM.get_or_init(|| {
        let sim = SIM.get_or_init(|| AcmSim::start(Settings::default()).expect("a simulator"));
        let stream = TcpStream::connect(sim.url().trim_start_matches("http://")).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
        Mutex::new(stream)
    })
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((which, body)) = input.split_first() else { return };
    let mut stream = connected().lock().expect("one thread");
    let action = ACTIONS[usize::from(*which) % ACTIONS.len()];
    let head = format!(
        "POST / HTTP/1.1\r\nhost: acm\r\nx-amz-target: CertificateManager.{action}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/acm/aws4_request, \
         SignedHeaders=host, Signature=00\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("it listens");
    let mut answer = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        let read = match stream.read(&mut chunk) {
            // The fuzzer's own alarm.
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read.expect("it answers"),
        };
        assert!(read > 0, "it closed the connection");
        answer.extend_from_slice(&chunk[..read]);
        let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let length: usize = length.unwrap_or(0);
        if answer.len() >= head + 4 + length {
            assert!(text.starts_with("http/1.1 200") || text.starts_with("http/1.1 400"), "{text}");
            return;
        }
    }
});

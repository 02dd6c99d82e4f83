//! Chromium, asked through its driver.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::asked::Said;
use crate::support::{Sandbox, Server};
use crate::works::Case;

/// A browser for each set of anchors, which it reads when it starts; a few at once.
pub struct Browser {
    folder: PathBuf,
    /// The one that was asked last is the last one.
    started: Mutex<Vec<Session>>,
    made: AtomicUsize,
}

/// How many there are at once.
const MOST: usize = 4;

struct Session {
    trust: String,
    driver: Server,
    id: String,
}

impl Browser {
    pub fn new(sandbox: &Sandbox) -> Self {
        Self { folder: sandbox.file("browser"), started: Mutex::new(Vec::new()), made: AtomicUsize::new(0) }
    }

    /// What it says of what a server on this machine shows.
    pub fn ask(&self, case: &Case, port: u16) -> Said {
        let trust = std::fs::read_to_string(case.file("trust.pem")).unwrap();
        let mut started = self.started.lock().unwrap();
        let there = started.iter().position(|session| session.trust == trust);
        let session = if let Some(place) = there {
            started.remove(place)
        } else {
            if started.len() == MOST {
                started.remove(0);
            }
            let n = self.made.fetch_add(1, Ordering::Relaxed);
            Session::start(&self.folder.join(n.to_string()), trust)
        };
        let said = session.ask(&case.host, port);
        started.push(session);
        said
    }
}

/// What the page of an error does not need, and what waits for it.
const OFF: &str = "--disable-features=LocalNetworkAccessChecks,CaptivePortalInterstitial";

impl Session {
    fn start(folder: &Path, trust: String) -> Self {
        let store = folder.join(".pki/nssdb");
        std::fs::create_dir_all(&store).unwrap();
        let store = format!("sql:{}", store.display());
        let certutil = |args: &[&str]| {
            let output = Command::new("certutil").args(["-d", &store]).args(args).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        certutil(&["-N", "--empty-password"]);
        for (n, anchor) in trust.split_inclusive("-----END CERTIFICATE-----\n").enumerate() {
            let file = folder.join("anchor.pem");
            std::fs::write(&file, anchor).unwrap();
            certutil(&["-A", "-t", "C,,", "-n", &n.to_string(), "-i", file.to_str().unwrap()]);
        }
        let driver = Server::start(|port| {
            let mut command = Command::new("chromedriver");
            command.arg(format!("--port={port}")).env("HOME", folder);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        });
        let data = format!("--user-data-dir={}", folder.join("data").display());
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * 127.0.0.1",
            OFF,
            &data,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": false,
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": args},
        }}});
        let made = send(&format!("{}/session", driver.url()), &wanted);
        let id = made["sessionId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Self { trust, driver, id }
    }

    /// The certificate of a picture is judged as that of a page is, and no page of an error
    /// is drawn.
    fn ask(&self, host: &str, port: u16) -> Said {
        let session = format!("{}/session/{}", self.driver.url(), self.id);
        let page = format!("data:text/html,<img src=\"https://{host}:{port}/\">");
        send(&format!("{session}/url"), &json!({"url": page}));
        let log = send(&format!("{session}/se/log"), &json!({"type": "browser"}));
        let told = log.as_array().unwrap().iter().filter_map(|entry| entry["message"].as_str());
        let mut codes = told.filter_map(|text| text.rsplit_once("net::"));
        let code = codes.next_back().map(|(_, code)| code.to_owned())?;
        // As its own page says it.
        Some(if code.starts_with("ERR_CERT") { format!("NET::{code}") } else { code })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver's end alone would leave the browser.
        let url = format!("{}/session/{}", self.driver.url(), self.id);
        let _ = Command::new("curl").args(["-s", "-X", "DELETE", &url]).output();
    }
}

/// A command of the driver's protocol, and its value.
fn send(url: &str, body: &Value) -> Value {
    let args =
        ["-s", "--max-time", "60", "-H", "Content-Type: application/json", "-d", &body.to_string(), url];
    let output = Command::new("curl").args(args).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["value"].clone()
}

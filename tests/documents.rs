//! The console blocks of README.md are run, line by line, in an empty directory,
//! and must print what stands there. `…` in an expected line is any text.

mod support;

use std::path::Path;
use std::process::Command;

use certforge::harness::{AcmSim, Settings};
use support::{CERTFORGE, Sandbox, judge};

/// A command and the lines it should print, its status behind `? ` if it is not 0.
struct Step {
    command: String,
    expected: Vec<String>,
}

/// The steps of each console block.
fn blocks(text: &str) -> Vec<Vec<Step>> {
    let mut blocks = Vec::new();
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let mut steps: Vec<Step> = Vec::new();
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step { command: command.to_owned(), expected: Vec::new() }),
                None => {
                    steps.last_mut().expect("a block starts with a command").expected.push(line.to_owned());
                }
            }
        }
        blocks.push(steps);
    }
    blocks
}

/// Whether a line is as expected, where `…` stands for any text.
fn matches(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (i, part) in parts.iter().enumerate() {
        if i + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

fn run_document(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    if judge("openssl").is_none() {
        return;
    }
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "{} has no console block", path.display());
    for steps in blocks {
        let sandbox = Sandbox::new();
        let sim = AcmSim::start(Settings::default()).unwrap();
        let folder = Path::new(CERTFORGE).parent().unwrap();
        let search = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        for step in steps {
            let mut shell = Command::new("bash");
            sandbox.isolate(&mut shell);
            // Standard error first: that is how it looks on a terminal.
            shell.args(["-c", &format!("{{ {}; }} 2>&1", step.command)]);
            shell.env("PATH", &search).env("AWS_ENDPOINT_URL", sim.url()).env("AWS_REGION", "ap-northeast-1");
            shell.env("AWS_ACCESS_KEY_ID", "none").env("AWS_SECRET_ACCESS_KEY", "none");
            let ran = support::ran(shell.output().unwrap());
            let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
            if ran.status != 0 {
                lines.push(format!("? {}", ran.status));
            }
            let mut expected = step.expected.iter().peekable();
            let mut found = lines.iter().peekable();
            // A line that is all `…` behind its word stands for every line of that word.
            while let Some(line) = found.next() {
                let wanted =
                    expected.peek().unwrap_or_else(|| panic!("{}: unexpected: {line}", step.command));
                assert!(matches(wanted, line), "{}:\nexpected: {wanted}\n   found: {line}", step.command);
                let repeats =
                    wanted.ends_with(" …") && found.peek().is_some_and(|next| matches(wanted, next));
                if !repeats {
                    expected.next();
                }
            }
            assert_eq!(expected.next(), None, "{}: a line is missing", step.command);
        }
    }
}

/// How GitHub names a heading in a link: letters, digits, `-` and `_` in lower case, hyphens for
/// blanks.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [".", "docs", "benches", "templates", "tests"];
    let pages = folders.into_iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let pages =
        pages.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md"));
    let mut links = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {target}", page.display());
            if !heading.is_empty() {
                let text = std::fs::read_to_string(&file).unwrap();
                let mut headings = text
                    .lines()
                    .filter_map(|line| Some(line.trim_start_matches('#')).filter(|h| h.len() < line.len()));
                assert!(headings.any(|h| anchor(h) == heading), "{}: {target}", page.display());
            }
            links += 1;
        }
    }
    assert!(links > 40, "{links}");
}

#[test]
fn readme_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
}

#[test]
fn the_page_about_acm_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/acm.md"));
}

#[test]
fn the_page_about_cas_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ca.md"));
}

#[test]
fn the_page_about_api_gateway_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api-gateway.md"));
}

#[test]
fn the_page_about_checking_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checking.md"));
}

#[test]
fn the_page_about_json_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md"));
}

#[test]
fn the_page_about_test_suites_tells_the_truth() {
    run_document(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/testing.md"));
}

/// The manifest of the page is one: all but the places in ACM, which are none here.
#[test]
fn the_manifest_of_the_page_about_cas_can_be_applied() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ca.md")).unwrap();
    let (_, manifest) = text.split_once("```toml\n").unwrap();
    let (manifest, _) = manifest.split_once("```").unwrap();
    let manifest: Vec<&str> = manifest.lines().filter(|line| !line.starts_with("acm = ")).collect();
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("certforge.toml"), manifest.join("\n")).unwrap();
    sandbox.ok("apply --dry-run");
    assert_eq!(sandbox.ok("apply").stdout, "certforge/10.103.10.95\ncertforge/vpn.internal\n");
    assert_eq!(sandbox.ok("apply").stdout, "");
}

/// The first words of every command line that the page about other tools promises.
#[test]
fn every_line_of_the_page_about_other_tools_is_a_command() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migrating.md");
    let text = std::fs::read_to_string(path).unwrap();
    let sandbox = Sandbox::new();
    let mut asked = std::collections::BTreeSet::new();
    for span in text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("certforge ")) {
        let words: Vec<&str> = span.split(' ').skip(1).collect();
        let command: Vec<&str> = match words.as_slice() {
            [group @ ("ca" | "acm" | "template"), verb, ..] => vec![*group, *verb],
            [verb, ..] => vec![*verb],
            [] => continue,
        };
        let help = sandbox.run_args(&[&command[..], &["--help"]].concat());
        assert_eq!(help.status, 0, "{span}: {}", help.stderr);
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.stdout.contains(flag.trim_end_matches(',')), "{span}: {flag}");
        }
        asked.insert(command.join(" "));
    }
    assert!(asked.len() > 12, "{asked:?}");
}

#[test]
fn readme_starts_with_a_command_that_works() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let first = text.lines().position(|l| l.starts_with("$ ")).unwrap();
    assert!(first < 10, "the first command is in line {first}");
    let success = text.lines().position(|l| l.starts_with("arn:aws:acm:")).unwrap();
    assert!(success < 25, "the first success is in line {success}");
}

#[test]
fn every_builtin_template_is_documented_where_it_is_chosen() {
    let help = Sandbox::new().ok("leaf --help").stdout;
    for template in certforge::Template::builtin().iter().filter(|t| !t.is_ca()) {
        assert!(help.contains(template.name()), "{}", template.name());
    }
}

//! Many leaves at once: all or none, from lines, CSV or JSON, into folders or one file.

mod support;

use support::{CERTFORGE, Sandbox, json, judge, output, refused};

fn ca() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox
}

fn put(sandbox: &Sandbox, name: &str, text: &str) {
    std::fs::write(sandbox.file(name), text).unwrap();
}

fn verifies(sandbox: &Sandbox, leaf: &str) {
    let Some(program) = judge("openssl") else { return };
    let (ca, cert) = (format!("certforge/{leaf}/ca.pem"), format!("certforge/{leaf}/cert.pem"));
    let args = ["verify", "-x509_strict", "-CAfile", &ca, &cert];
    let (ok, text) = output(&program, &args, sandbox.path());
    assert!(ok, "{leaf}: {text}");
}

#[test]
fn a_line_is_a_leaf() {
    let sandbox = ca();
    put(&sandbox, "names", "# servers\na.example,10.0.0.1\n\n*.b.example\nfd00::1\n");
    let ran = sandbox.ok("leaf --batch names");
    assert_eq!(ran.stdout, "certforge/a.example\ncertforge/_wildcard.b.example\ncertforge/fd00__1\n");
    for leaf in ["a.example", "_wildcard.b.example", "fd00__1"] {
        verifies(&sandbox, leaf);
        let modes: Vec<String> =
            sandbox.snapshot().into_iter().filter(|l| l.contains(&format!("/{leaf}/"))).collect();
        assert_eq!(modes.len(), 5, "{modes:?}");
        assert!(modes.iter().any(|l| l.contains("key.pem 100600")), "{modes:?}");
    }
    let list = json(&sandbox.ok("list --json").stdout);
    let keys: Vec<&str> =
        list["leaves"].as_array().unwrap().iter().map(|l| l["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["p256"; 3], "the CA's kind of key");
    // They are leaves like any other: on record, and renewed from it.
    sandbox.ok("renew a.example");
    assert_eq!(json(&sandbox.ok("up a.example 10.0.0.1 --json").stdout)["leaf"]["state"], "unchanged");
}

#[test]
fn csv_and_json_say_more_than_names() {
    let sandbox = ca();
    put(
        &sandbox,
        "b.csv",
        "name,san,days,template,key,subject\na.example,\"10.0.0.1;b.example\",30,client,,/O=Acme\nc.example,,,,p384,\n",
    );
    let made = json(&sandbox.ok("leaf --batch b.csv --json").stdout);
    assert_eq!(made["leaves"].as_array().unwrap().len(), 2);
    let list = json(&sandbox.ok("list --json").stdout)["leaves"].clone();
    assert_eq!((&list[0]["subject"], &list[0]["days_left"]), (&"O=Acme, CN=a.example".into(), &29.into()));
    assert_eq!(list[0]["names"].as_array().unwrap().len(), 3);
    assert_eq!(list[1]["key"], "p384");
    put(
        &sandbox,
        "b.jsonl",
        "{\"name\":\"d.example\",\"san\":[\"10.0.0.2\"],\"until\":\"2027-01-01\"}\n{\"names\":\"e.example f.example\"}\n",
    );
    let script = format!("{CERTFORGE} leaf --batch - --days 7 --quiet < b.jsonl");
    let mut sh = std::process::Command::new("sh");
    let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
    assert_eq!(ran.stdout, "certforge/d.example\ncertforge/e.example\n", "{}", ran.stderr);
    let list = json(&sandbox.ok("list --json").stdout)["leaves"].clone();
    assert_eq!((&list[2]["not_after"], &list[3]["days_left"]), (&"2027-01-01T23:59:59Z".into(), &6.into()));
}

#[test]
fn what_is_in_the_way_of_one_stops_all_before_the_first() {
    let sandbox = ca();
    put(&sandbox, "names", "a.example\nb.example\nc.example\n");
    std::fs::create_dir_all(sandbox.file("certforge/b.example/mine")).unwrap();
    let said = refused(&sandbox, "leaf --batch names --force", 4, "file.kind");
    assert!(said.contains("b.example/mine"), "{said}");
    std::fs::remove_dir(sandbox.file("certforge/b.example/mine")).unwrap();
    std::os::unix::fs::symlink("key.pem", sandbox.file("certforge/b.example/server.key")).unwrap();
    refused(&sandbox, "leaf --batch names --force", 4, "file.kind");
    std::fs::remove_dir_all(sandbox.file("certforge/b.example")).unwrap();
    std::fs::write(sandbox.file("certforge/b.example"), "mine").unwrap();
    refused(&sandbox, "leaf --batch names --force", 4, "file.kind");
    refused(&sandbox, "leaf --batch names", 3, "store.exists");
}

#[test]
fn what_the_ca_may_not_issue_is_seen_before_the_first_key() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --permit .internal");
    let good = (0..600).map(|i| format!("h{i}.internal")).collect::<Vec<_>>().join("\n");
    put(&sandbox, "names", &format!("{good}\na.example\n"));
    for more in ["", " --dry-run", " --form jsonl --output -"] {
        let said = refused(&sandbox, &format!("leaf --batch names{more}"), 3, "ca.constrained");
        assert!(said.contains("line 601"), "{said}");
    }
}

#[test]
fn what_is_left_behind_is_told() {
    let sandbox = ca();
    put(&sandbox, "pass", "secret\n");
    put(&sandbox, "names", "a.example\n");
    sandbox.ok("leaf --batch names");
    sandbox.ok("bundle a.example --to p12,combined --passphrase-file pass");
    let told = sandbox.ok("leaf --batch names --force").stderr;
    assert!(told.contains("a.example/bundle.p12") && !told.contains("combined"), "{told}");
}

#[test]
fn what_goes_to_a_pipe_is_on_record_before() {
    let sandbox = ca();
    let names = (0..2_000).map(|i| format!("h{i}.example")).collect::<Vec<_>>().join("\n");
    put(&sandbox, "names", &names);
    // The reader goes away after the first leaves: what it has is on record.
    let script = format!(
        "{} leaf --batch names --form jsonl --output - --quiet | head -n 600 > got; ls certforge/ca/default/issued",
        support::CERTFORGE
    );
    let mut shell = std::process::Command::new("sh");
    sandbox.isolate(shell.args(["-c", &script]));
    let issued = support::ran(shell.output().unwrap()).stdout;
    let got = sandbox.read("got");
    assert_eq!(got.lines().count(), 600);
    for line in got.lines() {
        let serial = json(line)["serial"].as_str().unwrap().to_owned();
        assert!(issued.contains(&serial), "{serial}");
    }
    assert!(issued.lines().count() < 2_000, "it stopped when nobody read any more");
}

#[test]
fn flags_of_batches_are_refused_without_one() {
    let sandbox = ca();
    for flag in ["--form tar", "--output x.tar", "--skip-existing"] {
        refused(&sandbox, &format!("leaf a.example {flag}"), 2, "usage");
    }
}

#[test]
fn one_bad_line_and_nothing_is_made() {
    let sandbox = ca();
    for (text, status, code, part) in [
        ("a.example\nhttps://x/\n", 3, "name.url", "names, line 2"),
        ("a.example\nb.example\nA.example.\n", 3, "batch.row", "line 3: `a.example` is in line 1"),
        ("name,days\na.example,1\nb.example,9999\n", 3, "validity.too-long", "line 3"),
        ("name,template\na.example,none\n", 3, "template.unknown", "line 2"),
        ("name,key\na.example,dsa\n", 3, "key.algorithm", "line 2"),
        ("{\"name\":\"a.example\",\"days\":1,\"until\":\"2030-01-01\"}\n", 3, "batch.row", "three times"),
        ("# nothing\n", 3, "batch.row", "no line"),
    ] {
        put(&sandbox, "names", text);
        let said = refused(&sandbox, "leaf --batch names", status, code);
        assert!(said.contains(part), "{text}: {said}");
    }
    refused(&sandbox, "leaf --batch none", 4, "file.io");
    put(&sandbox, "names", "a.example\n");
    refused(&sandbox, "leaf --batch names --form tar", 2, "usage");
    refused(&sandbox, "leaf b.example --batch names", 2, "usage");
    sandbox.ok("ca new narrow --key p256 --permit .internal");
    put(&sandbox, "names", "a.internal\na.example\n");
    assert!(refused(&sandbox, "leaf --batch names --ca narrow", 3, "ca.constrained").contains("line 2"));
}

#[test]
fn what_is_there_stays_or_is_replaced_as_it_is_said() {
    let sandbox = ca();
    sandbox.ok("leaf a.example --key p256");
    let key = sandbox.read("certforge/a.example/key.pem");
    put(&sandbox, "names", "a.example\nb.example\n");
    assert!(refused(&sandbox, "leaf --batch names", 3, "store.exists").contains("line 1"));
    assert_eq!(sandbox.ok("leaf --batch names --skip-existing").stdout, "certforge/b.example\n");
    assert_eq!(sandbox.read("certforge/a.example/key.pem"), key);
    let before = sandbox.snapshot();
    assert_eq!(sandbox.ok("leaf --batch names --force --dry-run").stdout, "");
    assert_eq!(sandbox.snapshot(), before);
    std::fs::write(sandbox.file("certforge/a.example/acm.json"), "{}").unwrap();
    sandbox.ok("leaf --batch names --force");
    assert_ne!(sandbox.read("certforge/a.example/key.pem"), key);
    assert!(sandbox.file("certforge/a.example/acm.json").exists(), "its ARN is kept");
}

#[test]
fn a_file_of_all_of_them_is_whole_and_for_its_owner_alone() {
    let sandbox = ca();
    put(&sandbox, "names", "a.example\nb.example\n");
    sandbox.ok("leaf --batch names --form tar --output all.tar");
    sandbox.ok("leaf --batch names --form jsonl --output all.jsonl");
    sandbox.ok("leaf --batch names --form pem --output all.pem");
    for file in ["all.tar", "all.jsonl", "all.pem"] {
        assert!(sandbox.snapshot().iter().any(|l| l.starts_with(&format!("{file} 100600"))), "{file}");
    }
    let lines = sandbox.read("all.jsonl");
    let line = json(lines.lines().next().unwrap());
    assert_eq!(line["names"][0], "dns:a.example");
    let key = certforge::PrivateKey::from_pem(line["private_key"].as_str().unwrap().as_bytes()).unwrap();
    let leaf = certforge::Certificate::from_pem(line["certificate"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(key.public(), leaf.public_key());
    assert_eq!(sandbox.read("all.pem").matches("BEGIN PRIVATE KEY").count(), 2);
    if let Some(tar) = judge("tar") {
        let (ok, text) = output(&tar, &["-tvf", "all.tar"], sandbox.path());
        assert!(ok && text.contains("-rw------- ") && text.contains("b.example/key.pem"), "{text}");
        assert_eq!(text.lines().count(), 10);
    }
    assert!(!sandbox.file("certforge/a.example").exists());
    assert_eq!(json(&sandbox.ok("ca show --json").stdout)["issued"], 6, "all of it is on record");
    refused(&sandbox, "leaf --batch names --form tar --output all.tar", 3, "store.exists");
    refused(&sandbox, "leaf --batch names --form tar --output none/all.tar", 4, "file.io");
    let script =
        format!("{CERTFORGE} leaf --batch names --form pem --output - --json | grep -c 'BEGIN CERTIFICATE'");
    let mut sh = std::process::Command::new("sh");
    let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
    assert_eq!(ran.stdout, "2\n", "{}", ran.stderr);
}

#[test]
fn a_killed_batch_leaves_no_half_leaf() {
    let sandbox = ca();
    let names = (0..400).map(|i| format!("h{i}.example")).collect::<Vec<_>>().join("\n");
    put(&sandbox, "names", &names);
    for wait in [5, 15, 30, 60] {
        let mut child =
            sandbox.command(["leaf", "--batch", "names", "--skip-existing", "--quiet"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
        for entry in std::fs::read_dir(sandbox.file("certforge")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with('h') {
                let files = std::fs::read_dir(sandbox.file(&format!("certforge/{name}"))).unwrap().count();
                assert_eq!(files, 5, "{name}");
            }
        }
    }
    sandbox.ok("leaf --batch names --skip-existing --quiet");
    assert_eq!(sandbox.ok("list").stdout.lines().count(), 400);
    assert_eq!(sandbox.run("status").status, 0);
}

#[test]
fn all_lines_that_are_wrong_are_told_at_once() {
    let sandbox = ca();
    put(&sandbox, "names", "a.example\nb_c.example\nd.example\nhttps://e.example/\na.example\n");
    let ran = sandbox.run("leaf --batch names --json");
    let document = json(&ran.stderr);
    assert_eq!((ran.status, &document["code"]), (3, &"name.forbidden".into()), "{document}");
    assert!(document["message"].as_str().unwrap().contains("names, line 2"), "{document}");
    let more: Vec<(&str, bool)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["code"].as_str().unwrap(), f["message"].as_str().unwrap().contains("line ")))
        .collect();
    assert_eq!(more, [("name.url", true), ("batch.row", true)]);
    assert!(!sandbox.file("certforge/a.example").exists());
    // Not more than one reads.
    put(&sandbox, "names", &"not_a_name\n".repeat(50));
    let told = sandbox.run("leaf --batch names").stderr;
    assert!(told.contains("line 1:") && told.contains("line 21:") && !told.contains("line 22:"), "{told}");
    assert!(told.contains("29 more lines are wrong"), "{told}");
}

#[test]
fn a_field_that_is_set_is_set_in_the_template_of_a_row_too() {
    let sandbox = ca();
    put(&sandbox, "rows.csv", "name,template\na.example,mutual\nb.example,\n");
    sandbox.ok("leaf --batch rows.csv --set days=30");
    let list = json(&sandbox.ok("list --json").stdout);
    let days: Vec<i64> =
        list["leaves"].as_array().unwrap().iter().map(|l| l["days_left"].as_i64().unwrap()).collect();
    assert_eq!(days, [29, 29], "{list}");
    assert!(
        refused(&sandbox, "leaf --batch rows.csv --set colour=red --force", 3, "template.field")
            .contains("colour")
    );
}

/// A key without PEM's marks is lines of Base64. What is wrong with a line is told with the line,
/// so a file with a word that may be one of those is refused as a whole, and unseen.
#[test]
fn a_word_that_may_be_a_keys_refuses_the_file_unseen() {
    let sandbox = ca();
    let before = sandbox.snapshot();
    let word = "Kx9+/".repeat(13) + "==";
    for (text, line) in [
        (word.clone(), 1),
        (format!("a.example\n# a comment\n\t{word}  \n"), 3),
        (format!("name,days\na.example,30\n{word},30\n"), 3),
        (format!("name;names\na.example;\"b.example {word}\"\n"), 2),
        (format!("{{\"name\": \"a.example\"}}\n{{\"name\": \"{word}\"}}\n"), 2),
        (format!("data:\n  tls.key: {word}\n"), 2),
    ] {
        put(&sandbox, "rows", &text);
        let said = refused(&sandbox, "leaf --batch rows --key p256", 3, "batch.row");
        assert!(said.contains(&format!("rows, line {line}: ")), "{text}: {said}");
        for piece in [&word[..20], &word[word.len() - 20..]] {
            assert!(!said.contains(piece), "{text}: {said}");
        }
        std::fs::remove_file(sandbox.file("rows")).unwrap();
        assert_eq!(sandbox.snapshot(), before, "{text}");
    }
    // What is as long, and has what no Base64 has: dots, hyphens, colons; and the longest label.
    let long = "abcdefghij".repeat(6);
    let names = [
        format!("{long}.{long}.example"),
        format!("{long}abc"),
        format!("uri:spiffe://example.com/ns/{long}/sa/{long}"),
        format!("{long}@example.com"),
    ];
    put(
        &sandbox,
        "rows",
        &format!("a.example,{}\nb.example,{}\n", names[..2].join(","), names[2..].join(",")),
    );
    sandbox.ok("leaf --batch rows --key p256");
    let list = json(&sandbox.ok("list --json").stdout);
    assert_eq!(list["leaves"].as_array().unwrap().len(), 2);
}

/// As of a single leaf, and once for however many.
#[test]
fn what_is_to_be_known_of_the_leaves_is_told_once() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --days 30");
    std::fs::write(sandbox.file("names"), "a.example\nb.example\nc.example\n").unwrap();
    for args in ["leaf --batch names --key p256 --dry-run --json", "leaf --batch names --key p256 --json"] {
        let told = json(&sandbox.ok(args).stdout);
        let cut: Vec<&serde_json::Value> =
            told["findings"].as_array().unwrap().iter().filter(|f| f["code"] == "validity.clamped").collect();
        assert_eq!(cut.len(), 1, "{told}");
        assert_eq!(cut[0]["place"], "a.example and 2 more");
    }
}

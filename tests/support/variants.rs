//! One bundle in the many shapes that people have it in, made by OpenSSL and by
//! what editors, shells and mail do to files.

use super::{Sandbox, openssl};

/// A way to give the bundle to `import-acm`, and the rule that tells of its repair.
pub struct Variant {
    pub what: &'static str,
    pub args: Vec<String>,
    /// The rule that says what was put right; none where all was right.
    pub fixed: Option<&'static str>,
}

/// The pass phrase of what is locked.
pub const PASSPHRASE: &str = "not a secret";

/// A root, an intermediate and a leaf with a P-256 key: `root.pem`, `middle.pem`,
/// `leaf.pem`, `leaf.key` (PKCS#8), `chain.pem`; and `other.pem` of nobody here.
pub fn hierarchy(sandbox: &Sandbox) -> Option<()> {
    let path = sandbox.path();
    let run = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), path);
    let write = |file: &str, text: &str| std::fs::write(sandbox.file(file), text).unwrap();
    for name in ["root", "middle", "leaf", "other"] {
        run(&format!("genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"))?;
    }
    let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
    write("root.cnf", &format!("[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[e]\n{ca}"));
    write("middle.ext", &format!("{ca}authorityKeyIdentifier=keyid\n"));
    write(
        "leaf.ext",
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n\
         subjectAltName=DNS:a.example.com,IP:10.103.10.95\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    );
    for name in ["root", "other"] {
        run(&format!(
            "req -x509 -key {name}.key -config root.cnf -extensions e -subj /CN={name} -days 3650 -out {name}.pem"
        ));
    }
    for (name, subject, issuer) in [("middle", "/CN=middle", "root"), ("leaf", "/CN=a.example.com", "middle")]
    {
        run(&format!("req -new -key {name}.key -subj {subject} -out {name}.csr"));
        run(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 365 -extfile {name}.ext -out {name}.pem"
        ));
    }
    write("chain.pem", &(sandbox.read("middle.pem") + &sandbox.read("root.pem")));
    write("passphrase", PASSPHRASE);
    Some(())
}

/// What a shape is called, the rule that tells of its repair, and how it is made.
type Shape<'a> = (&'static str, Option<&'static str>, Box<dyn Fn(&str) -> Vec<u8> + 'a>);

/// The files of a hierarchy in other shapes.
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
pub fn all(sandbox: &Sandbox) -> Vec<Variant> {
    let run = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap();
    let read = |file: &str| sandbox.read(file);
    let write = |file: &str, bytes: &[u8]| std::fs::write(sandbox.file(file), bytes).unwrap();
    let (leaf, chain, key) = (read("leaf.pem"), read("chain.pem"), read("leaf.key"));
    let mut found = Vec::new();
    let mut add = |what: &'static str, args: &[&str], fixed: Option<&'static str>| {
        let args = args.iter().map(|a| (*a).to_owned()).collect();
        found.push(Variant { what, args, fixed });
    };
    let given = |c: &str, k: &str, i: &str| -> Vec<String> {
        let args = ["--certificate", c, "--private-key", k, "--certificate-chain", i];
        args.iter().map(|a| (*a).to_owned()).collect()
    };
    let strs = |args: &[String]| -> Vec<&'static str> {
        args.iter().map(|a| &*Box::leak(a.clone().into_boxed_str())).collect()
    };
    add(
        "as it is",
        &["--certificate", "leaf.pem", "--private-key", "leaf.key", "--certificate-chain", "chain.pem"],
        None,
    );
    add(
        "fileb://",
        &[
            "--certificate",
            "fileb://leaf.pem",
            "--private-key",
            "file://leaf.key",
            "--certificate-chain",
            "chain.pem",
        ],
        None,
    );

    // Every file of the three written anew in some way.
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let mark = if big { vec![0xfe, 0xff] } else { vec![0xff, 0xfe] };
        let unit = |u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() };
        mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
    };
    let lines =
        |text: &str, f: &dyn Fn(&str) -> String| text.lines().map(|l| f(l) + "\n").collect::<String>();
    let one_line = |text: &str| {
        let mut out = String::new();
        for line in text.lines() {
            let mark = line.starts_with("-----");
            if mark && !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(line);
            if mark {
                out.push('\n');
            }
        }
        out
    };
    let base64 = |bytes: &[u8]| {
        write("tmp.bin", bytes);
        run("base64 -in tmp.bin -out tmp.b64");
        read("tmp.b64")
    };
    let wrapped = |text: &str| {
        let body: String = text.lines().filter(|l| !l.starts_with("-----")).collect();
        let label = text.lines().next().unwrap().trim_matches('-').trim_start_matches("BEGIN ").to_owned();
        let body: Vec<String> =
            body.as_bytes().chunks(76).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.join("\n"))
    };
    let shapes: Vec<Shape<'_>> = vec![
        ("crlf", Some("acm.P05"), Box::new(|t| t.replace('\n', "\r\n").into_bytes())),
        ("cr", Some("acm.P05"), Box::new(|t| t.replace('\n', "\r").into_bytes())),
        ("bom", Some("acm.P05"), Box::new(|t| [b"\xef\xbb\xbf", t.as_bytes()].concat())),
        ("utf16le", Some("acm.P05"), Box::new(|t| utf16(t, false))),
        ("utf16be", Some("acm.P05"), Box::new(|t| utf16(t, true))),
        ("utf16 without mark", Some("acm.P05"), Box::new(|t| utf16(t, false)[2..].to_vec())),
        ("blanks", Some("acm.P05"), Box::new(|t| lines(t, &|l| format!("{l}  \t")).into_bytes())),
        ("indented", Some("acm.P05"), Box::new(|t| lines(t, &|l| format!("    {l}")).into_bytes())),
        ("one line body", Some("acm.P05"), Box::new(|t| one_line(t).into_bytes())),
        ("one line", Some("acm.P05"), Box::new(|t| t.replace('\n', " ").into_bytes())),
        ("backslash n", Some("acm.P05"), Box::new(|t| t.replace('\n', "\\n").into_bytes())),
        ("blank lines", Some("acm.P05"), Box::new(|t| lines(t, &|l| format!("{l}\n")).into_bytes())),
        ("no last line end", None, Box::new(|t| t.trim_end().as_bytes().to_vec())),
        (
            "bag attributes",
            Some("acm.P05"),
            Box::new(|t| format!("Bag Attributes\n    localKeyID: 01 02\nsubject=CN = x\n{t}").into_bytes()),
        ),
        ("base64 of PEM", Some("acm.P04"), Box::new(|t| base64(t.as_bytes()).into_bytes())),
    ];
    for (what, fixed, shape) in &shapes {
        let name = what.replace(' ', "-");
        for (file, text) in [("leaf", &leaf), ("chain", &chain), ("key", &key)] {
            write(&format!("{name}.{file}"), &shape(text));
        }
        let args = given(&format!("{name}.leaf"), &format!("{name}.key"), &format!("{name}.chain"));
        add(what, &strs(&args), *fixed);
    }
    write("wrapped.leaf", wrapped(&leaf).as_bytes());
    add("76 columns", &strs(&given("wrapped.leaf", "leaf.key", "chain.pem")), None);

    // Other forms.
    run("x509 -in leaf.pem -outform DER -out leaf.der");
    run("pkey -in leaf.key -outform DER -out key.der");
    add("DER", &strs(&given("leaf.der", "key.der", "chain.pem")), Some("acm.P03"));
    write("bare.leaf", base64(&std::fs::read(sandbox.file("leaf.der")).unwrap()).as_bytes());
    add("base64 of DER", &strs(&given("bare.leaf", "leaf.key", "chain.pem")), Some("acm.P05"));
    run("crl2pkcs7 -nocrl -certfile chain.pem -out chain.p7b");
    add("PKCS#7", &strs(&given("leaf.pem", "leaf.key", "chain.p7b")), Some("acm.C05"));
    run("crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out chain.p7c");
    add("PKCS#7 in DER", &strs(&given("leaf.pem", "leaf.key", "chain.p7c")), Some("acm.P03"));
    let p12 = "pkcs12 -export -in leaf.pem -inkey leaf.key -certfile chain.pem -passout file:passphrase";
    run(&format!("{p12} -out bundle.p12"));
    add("PKCS#12", &["--from", "bundle.p12", "--passphrase-file", "passphrase"], Some("acm.P03"));
    add(
        "PKCS#12 as certificate",
        &["--certificate", "bundle.p12", "--passphrase-file", "passphrase"],
        Some("acm.P03"),
    );
    run("pkcs12 -export -in leaf.pem -inkey leaf.key -certfile chain.pem -passout pass: -out empty.p12");
    add("PKCS#12 without pass phrase", &["--from", "empty.p12"], Some("acm.P03"));
    run(&format!("{p12} -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out old.p12"));
    add("old PKCS#12", &["--from", "old.p12", "--passphrase-file", "passphrase"], Some("acm.P03"));

    // Certificates in other places and orders.
    write("full.pem", (leaf.clone() + &chain).as_bytes());
    add(
        "full chain as certificate",
        &["--certificate", "full.pem", "--private-key", "leaf.key"],
        Some("acm.P01"),
    );
    add("full chain and chain", &strs(&given("full.pem", "leaf.key", "chain.pem")), Some("acm.C05"));
    write("reversed.pem", (read("root.pem") + &read("middle.pem")).as_bytes());
    add("reversed", &strs(&given("leaf.pem", "leaf.key", "reversed.pem")), Some("acm.C03"));
    add("leaf in chain", &strs(&given("leaf.pem", "leaf.key", "full.pem")), Some("acm.C02"));
    write("twice.pem", (chain.clone() + &chain).as_bytes());
    add("twice", &strs(&given("leaf.pem", "leaf.key", "twice.pem")), Some("acm.C05"));
    write("stranger.pem", (read("other.pem") + &chain).as_bytes());
    add("stranger", &strs(&given("leaf.pem", "leaf.key", "stranger.pem")), Some("acm.C05"));
    write("all.pem", (key.clone() + &read("root.pem") + &leaf + &read("middle.pem")).as_bytes());
    add("all in one", &["--from", "all.pem"], Some("acm.C03"));
    add("many files", &["--from", "root.pem", "leaf.key", "middle.pem", "leaf.pem"], Some("acm.C03"));

    // Labels and keys.
    run("x509 -in leaf.pem -trustout -addtrust serverAuth -out trusted.pem");
    add("TRUSTED CERTIFICATE", &strs(&given("trusted.pem", "leaf.key", "chain.pem")), Some("acm.P06"));
    write("x509.pem", leaf.replace("CERTIFICATE", "X509 CERTIFICATE").as_bytes());
    add("X509 CERTIFICATE", &strs(&given("x509.pem", "leaf.key", "chain.pem")), Some("acm.P06"));
    run("ec -in leaf.key -out sec1.key");
    add("SEC 1", &strs(&given("leaf.pem", "sec1.key", "chain.pem")), None);
    write("parameters.key", (run("ecparam -name prime256v1") + &read("sec1.key")).as_bytes());
    add("EC PARAMETERS", &strs(&given("leaf.pem", "parameters.key", "chain.pem")), Some("acm.K04"));
    run("ec -in leaf.key -conv_form compressed -out compressed.key");
    add("compressed point", &strs(&given("leaf.pem", "compressed.key", "chain.pem")), None);
    run("ec -in leaf.key -no_public -out private.key");
    add("no public half", &strs(&given("leaf.pem", "private.key", "chain.pem")), None);
    run("pkcs8 -topk8 -in leaf.key -passout file:passphrase -out locked.key");
    let locked =
        [&strs(&given("leaf.pem", "locked.key", "chain.pem"))[..], &["--passphrase-file", "passphrase"]]
            .concat();
    add("encrypted key", &locked, Some("acm.K01"));
    run("pkcs8 -topk8 -in leaf.key -v2 des3 -v2prf hmacWithSHA1 -passout file:passphrase -out des3.key");
    let des3 = [&strs(&given("leaf.pem", "des3.key", "chain.pem"))[..], &["--passphrase-file", "passphrase"]]
        .concat();
    add("key under 3DES", &des3, Some("acm.K01"));
    run("pkcs8 -topk8 -in leaf.key -scrypt -passout file:passphrase -out scrypt.key");
    let scrypt =
        [&strs(&given("leaf.pem", "scrypt.key", "chain.pem"))[..], &["--passphrase-file", "passphrase"]]
            .concat();
    add("key under scrypt", &scrypt, Some("acm.K01"));
    found
}

/// A leaf of a CA of its own that begins so many days from now: `{name}.pem`,
/// `{name}.key`, `{name}.chain`.
pub fn dated(sandbox: &Sandbox, name: &str, days: i64) {
    use certforge::{Authority, CaRequest, LeafRequest, Lifetime, PrivateKey};
    let then = time::OffsetDateTime::now_utc() + time::Duration::days(days);
    let plan = CaRequest::new("dated CA").unwrap().plan(then).unwrap();
    let ca = Authority::create(&plan, PrivateKey::generate(plan.key()).unwrap()).unwrap();
    let plan = LeafRequest::new(["a.example.com"]).unwrap().lifetime(Lifetime::days(60)).plan(then).unwrap();
    let bundle = ca.issue_for(&plan, PrivateKey::generate(plan.key()).unwrap()).unwrap();
    let write =
        |file: &str, text: &str| std::fs::write(sandbox.file(&format!("{name}.{file}")), text).unwrap();
    write("pem", &bundle.leaf().pem().unwrap());
    write("chain", &bundle.chain().pem().unwrap());
    write("key", &bundle.key().secret_pem().unwrap());
}

//! CAs of other tools, taken over: their leaves verify in OpenSSL, Java and Go.

mod refused;
mod since;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use serde_json::Value;
use support::{Sandbox, json, judge, output};

fn codes(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

/// Issues a leaf for an address and has three clients verify it.
fn issues(sandbox: &Sandbox, ca: &str, more: &str) {
    issues_for(sandbox, ca, more, &["-x509_strict"]);
}

/// The same, of a CA that OpenSSL does not take when it is strict: it is renewed then.
fn issues_after_renewal(sandbox: &Sandbox, ca: &str, more: &str) {
    issues_for(sandbox, ca, more.strip_suffix(" --keep-serial").unwrap_or(more), &[]);
    sandbox.ok(&format!("ca renew {ca}{more}"));
    issues(sandbox, ca, more.strip_suffix(" --keep-serial").unwrap_or(more));
}

fn issues_for(sandbox: &Sandbox, ca: &str, more: &str, strict: &[&str]) {
    sandbox.ok(&format!("leaf 10.103.10.95 --force --key p256 --ca {ca}{more}"));
    let path = |file: &str| format!("certforge/10.103.10.95/{file}");
    let (root, chain, full, cert) =
        (path("ca.pem"), path("chain.pem"), path("fullchain.pem"), path("cert.pem"));
    if let Some(program) = judge("openssl") {
        let args = ["-CAfile", &root, "-untrusted", &chain, "-verify_ip", "10.103.10.95", &cert];
        let (ok, text) = output(&program, &[&["verify"], strict, &args].concat(), sandbox.path());
        assert!(ok, "{text}");
    }
    let interop = |name: &str| format!("{}/tests/interop/{name}", env!("CARGO_MANIFEST_DIR"));
    if let Some(java) = judge("java") {
        let (_, text) = output(&java, &[&interop("Verify.java"), &format!("{root}={full}")], sandbox.path());
        assert!(text.starts_with("ACCEPT"), "{text}");
    }
    if let Some(go) = judge("go") {
        let args = ["run", &interop("verify.go"), &format!("{root}={full}=10.103.10.95")];
        let (_, text) = output(&go, &args, sandbox.path());
        assert!(text.contains("ACCEPT"), "{text}");
    }
}

fn shell(sandbox: &Sandbox, script: &str) {
    let mut sh = Command::new("sh");
    sandbox.isolate(sh.args(["-ec", script]));
    let ran = support::ran(sh.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

/// A folder as `create_ca.sh` leaves it.
const CREATE_CA: &str = "mkdir certdir; cd certdir
openssl genrsa -out privaterootca.key 2048
openssl req -x509 -new -key privaterootca.key -sha256 -days 366 -subj '/C=JP/ST=Osaka/O=mycorp./CN=testCN' -out myrootca.pem
openssl genrsa -out myintermediateca.key 2048
openssl req -new -key myintermediateca.key -subj '/C=JP/ST=Osaka/O=mycorp./CN=testCN' -out myintermediateca.csr
printf 'basicConstraints=CA:true,pathlen:0\\nkeyUsage=cRLSign,keyCertSign\\nnsCertType=sslCA,emailCA\\n' > myintermediateca.cnf
openssl x509 -req -in myintermediateca.csr -CA myrootca.pem -CAkey privaterootca.key -set_serial 01 -days 366 -extfile myintermediateca.cnf -out myintermediateca.pem
openssl genrsa -out myserver.key 2048
openssl req -new -key myserver.key -subj '/C=JP/ST=Osaka/O=mycorp./CN=myca.test.com' -out myserver.csr
openssl x509 -req -in myserver.csr -CA myintermediateca.pem -CAkey myintermediateca.key -set_serial 01 -days 366 -out myserver.pem";

#[test]
fn a_folder_of_create_ca_is_taken_over_and_its_faults_are_told() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    shell(&sandbox, CREATE_CA);
    let before = sandbox.snapshot();
    let planned = json(&sandbox.ok("ca adopt certdir --dry-run --json").stdout);
    assert_eq!(planned["authorities"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.snapshot(), before);
    let adopted = json(&sandbox.ok("ca adopt certdir --json").stdout);
    assert_eq!(adopted["authorities"][0]["subject"], "C=JP, ST=Osaka, O=mycorp., CN=testCN");
    let found = codes(&adopted);
    for code in ["ca.same-name", "certificate.version", "certificate.serial", "certificate.san-missing"] {
        assert!(found.contains(&code), "{code}: {adopted}");
    }
    issues_after_renewal(&sandbox, "default", "");
    // As it is told: an issuing CA with a name of its own.
    sandbox.ok("ca new issuing --under default --key p256 --path-length 0");
    issues(&sandbox, "issuing", "");
}

#[test]
fn the_root_of_mkcert_is_taken_over() {
    let Some(mkcert) = judge("mkcert") else { return };
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.file("root")).unwrap();
    let mut command = Command::new(mkcert);
    sandbox.isolate(command.args(["-cert-file", "x.pem", "-key-file", "x.key", "x.test"]));
    command.env("CAROOT", sandbox.file("root")).env("TRUST_STORES", "none");
    let ran = support::ran(command.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let adopted = json(&sandbox.ok("ca adopt root --json").stdout);
    assert!(adopted["authorities"][0]["subject"].as_str().unwrap().contains("mkcert"), "{adopted}");
    assert!(codes(&adopted).contains(&"certificate.key-usage"), "it may sign no lists: {adopted}");
    issues(&sandbox, "default", "");
    let no_list = sandbox.run("crl");
    assert_eq!(no_list.status, 3, "{}", no_list.stderr);
    // What it lacks it gets when it is renewed.
    sandbox.ok("ca renew");
    sandbox.ok("crl");
    issues(&sandbox, "default", "");
}

#[test]
fn a_pki_of_easy_rsa_is_taken_over_with_what_it_issued_and_took_back() {
    let program = std::path::Path::new("/usr/share/easy-rsa/easyrsa");
    if !program.is_file() {
        assert!(std::env::var_os("CI").is_none(), "easy-rsa is missing: scripts/test installs it");
        eprintln!("SKIPPED: easy-rsa is not installed");
        return;
    }
    let sandbox = Sandbox::new();
    let script = "E='/usr/share/easy-rsa/easyrsa --batch --use-algo=ec --curve=prime256v1'
$E init-pki; $E --req-cn=Office build-ca nopass
$E --subject-alt-name=DNS:a.example build-server-full a.example nopass
$E --subject-alt-name=DNS:b.example build-server-full b.example nopass
$E --subject-alt-name=DNS:c.example build-server-full c.example nopass
$E --subject-alt-name=DNS:d.example build-server-full d.example nopass
$E revoke b.example; $E gen-crl; $E revoke c.example keyCompromise";
    shell(&sandbox, script);
    // The next serial number, which easy-rsa draws, may begin with a zero: the tag of a SEQUENCE.
    std::fs::write(sandbox.file("pki/serial"), "0EB13A05CD569E89F6E763F59976A34F\n").unwrap();
    // A list is a list whatever its first line begins with.
    let list = std::fs::read_to_string(sandbox.file("pki/crl.pem")).unwrap();
    std::fs::write(sandbox.file("pki/crl.pem"), format!("0 lists before this one\n{list}")).unwrap();
    let adopted = json(&sandbox.ok("ca adopt pki office --json").stdout);
    assert_eq!((&adopted["certificates"], &adopted["revoked"]), (&4.into(), &2.into()), "{adopted}");
    // Each fault once, whatever has it and lies there twice; what is to be done now comes last.
    let told = codes(&adopted);
    assert!(told.len() <= 9 && told.last() == Some(&"ca.list-behind"), "{told:?}");
    assert!(
        !told.contains(&"gather.unsigned") && adopted.to_string().contains("(3 others too)"),
        "{adopted}"
    );
    // The second one is in no list yet: the database alone says so.
    let reasons: Vec<String> = std::fs::read_dir(sandbox.file("certforge/ca/office/revoked"))
        .unwrap()
        .map(|file| json(&std::fs::read_to_string(file.unwrap().path()).unwrap())["reason"].to_string())
        .collect();
    assert!(reasons.contains(&"\"keyCompromise\"".to_owned()), "{reasons:?}");
    // easy-rsa names the issuer by its serial number too, which is in no other certificate.
    let asked = sandbox.run("ca renew office");
    assert_eq!(asked.status, 2, "{}", asked.stderr);
    assert!(asked.stderr.contains("its serial number is named by 4 certificates"), "{}", asked.stderr);
    let warned = sandbox.run("ca renew office --new-serial");
    assert!(warned.stderr.contains("issue them anew"), "{}", warned.stderr);
    // What easy-rsa does meanwhile is taken over all the same.
    shell(&sandbox, "E='/usr/share/easy-rsa/easyrsa --batch'; $E revoke d.example superseded");
    let later = sandbox.ok("ca adopt pki --json");
    let later = (json(&later.stdout), later);
    assert_eq!((&later.0["certificates"], &later.0["revoked"]), (&0.into(), &1.into()), "{}", later.0);
    assert!(codes(&later.0).contains(&"ca.list-behind"), "{}", later.0);
    let issued = sandbox.ok("list --issued").stdout;
    assert!(issued.lines().count() == 4 && issued.matches("revoked").count() == 3, "{issued}");
    // What is done can be put right: the number that they name comes back.
    issues_after_renewal(&sandbox, "office", " --keep-serial");
    let Some(program) = judge("openssl") else { return };
    let (ok, text) = output(
        &program,
        &["verify", "-CAfile", "certforge/ca/office/ca.pem", "pki/issued/a.example.crt"],
        sandbox.path(),
    );
    assert!(ok, "what it issued before has to verify under the new certificate: {text}");
    sandbox.ok("crl --ca office");
    let args = ["verify", "-crl_check", "-CAfile", "pki/ca.crt", "-CRLfile", "certforge/ca/office/crl.pem"];
    let (ok, text) = output(&program, &[&args[..], &["pki/issued/a.example.crt"]].concat(), sandbox.path());
    assert!(ok, "{text}");
    for revoked in std::fs::read_dir(sandbox.file("pki/revoked/certs_by_serial")).unwrap() {
        let revoked = revoked.unwrap().path().to_string_lossy().into_owned();
        let (ok, text) = output(&program, &[&args[..], &[revoked.as_str()]].concat(), sandbox.path());
        assert!(!ok && text.contains("certificate revoked"), "{text}");
    }
}

#[test]
fn what_a_ca_below_a_long_path_took_back_is_its_own() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let deep = vec!["d".repeat(200); 2].join("/");
    let script = format!(
        "mkdir -p '{deep}'; cd '{deep}'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 100 -subj /CN=F -addext keyUsage=critical,keyCertSign,cRLSign
printf 'R\t301231000000Z\t260101000000Z\t0A0B\tunknown\t/CN=x\n' > index.txt"
    );
    shell(&sandbox, &script);
    let first = deep.split('/').next().unwrap();
    let adopted = json(&sandbox.ok(&format!("ca adopt {first} deep --json")).stdout);
    assert_eq!(adopted["revoked"], 1, "{adopted}");
}

#[test]
fn a_file_of_very_many_beginnings_is_read_once() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::create_dir(sandbox.file("pki")).unwrap();
    for (file, part) in [
        ("a.crl", "-----BEGIN X509 CRL-----\n"),
        ("b.pem", "x-----BEGIN "),
        ("c.pem", "-----BEGIN CERTIFICATE-----\n"),
    ] {
        std::fs::write(sandbox.file("pki").join(file), part.repeat(60_000)).unwrap();
    }
    // Once for each of them, this would take an hour.
    assert_eq!(sandbox.run("ca adopt pki old").status, 3);
    assert_eq!(sandbox.run("sign pki/b.pem").status, 3);
}

#[test]
fn a_root_and_an_encrypted_intermediate_as_step_lays_them_out() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("pass"), "step-secret\n").unwrap();
    let script = "mkdir -p step/certs step/secrets; cd step
printf '[ca]\\nbasicConstraints=critical,CA:TRUE,pathlen:1\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n[sub]\\nbasicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > x
openssl ecparam -name prime256v1 -genkey -noout -out k
openssl pkcs8 -topk8 -in k -out secrets/root_ca_key -passout file:../pass
openssl req -new -key k -subj '/O=Acme/CN=Acme Root CA' | openssl x509 -req -signkey k -days 300 -extfile x -extensions ca -out certs/root_ca.crt
openssl ecparam -name prime256v1 -genkey -noout -out i
openssl pkcs8 -topk8 -in i -out secrets/intermediate_ca_key -passout file:../pass
openssl req -new -key i -subj '/O=Acme/CN=Acme Intermediate CA' | openssl x509 -req -CA certs/root_ca.crt -CAkey k -CAcreateserial -days 200 -extfile x -extensions sub -out certs/intermediate_ca.crt
rm k i x";
    shell(&sandbox, script);
    let refused = sandbox.run("ca adopt step");
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("no private key that can be read"), "{}", refused.stderr);
    let adopted = json(&sandbox.ok("ca adopt step --passphrase-file pass --json").stdout);
    let names: Vec<&str> =
        adopted["authorities"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "default-root"]);
    assert!(adopted["authorities"][0]["subject"].as_str().unwrap().contains("Intermediate"));
    // Keys that came encrypted stay so.
    assert!(sandbox.read("certforge/ca/default/ca.key").contains("ENCRYPTED"));
    assert_eq!(sandbox.run("leaf x.example").status, 3);
    issues(&sandbox, "default", " --passphrase-file pass");
}

#[test]
fn loose_files_and_pkcs12_are_taken_over() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("pass"), "p12-secret\n").unwrap();
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj '/DC=com/DC=example/OU=A/OU=B/CN=OU CA'
openssl pkcs12 -export -in ca.pem -inkey ca.key -out ca.p12 -passout file:pass
mkdir minica; cp ca.pem minica/minica.pem; cp ca.key minica/minica-key.pem; chmod 644 minica/minica-key.pem";
    shell(&sandbox, script);
    for (args, name) in [
        ("ca.pem one --private-key ca.key", "one"),
        ("ca.p12 two --passphrase-file pass", "two"),
        ("minica three", "three"),
    ] {
        sandbox.ok(&format!("ca adopt {args}"));
        let more = if name == "two" { " --passphrase-file pass" } else { "" };
        issues_after_renewal(&sandbox, name, more);
        let key = format!("certforge/ca/{name}/ca.key 100600");
        assert!(sandbox.snapshot().iter().any(|l| l.starts_with(&key)), "{name}");
        std::fs::remove_dir_all(sandbox.file("certforge")).unwrap();
    }
    sandbox.ok("ca adopt ca.pem four --private-key ca.key --encrypt --passphrase-file pass");
    assert!(sandbox.read("certforge/ca/four/ca.key").contains("ENCRYPTED"));
}

/// A root and an intermediate by `openssl ca`, each with a database and serial numbers from
/// 1000, as the well-known walk-through lays them out.
const OPENSSL_CA: &str = "mkdir -p ca/certs ca/private ca/newcerts ca/intermediate/certs ca/intermediate/private ca/intermediate/newcerts
conf() { printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=%s/index.txt\\nnew_certs_dir=%s/newcerts\\nserial=%s/serial\\ndefault_md=sha256\\npolicy=p\\ncopy_extensions=copy\\nunique_subject=no\\ndefault_crl_days=30\\n[p]\\ncommonName=supplied\\n[sub]\\nbasicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n[leaf]\\nbasicConstraints=CA:FALSE\\nauthorityKeyIdentifier=keyid\\n' $1 $1 $1 > $1/conf; : > $1/index.txt; echo 1000 > $1/serial; }
conf ca; conf ca/intermediate
key() { openssl ecparam -name prime256v1 -genkey -noout -out $1; }
key ca/private/ca.key.pem; key ca/intermediate/private/intermediate.key.pem; key k
openssl req -x509 -new -key ca/private/ca.key.pem -days 300 -subj /CN=Root -addext keyUsage=critical,keyCertSign,cRLSign -out ca/certs/ca.cert.pem
sign() { openssl ca -batch -config $1/conf -keyfile $2 -cert $3 -extensions $4 -days 100 -notext -in r -out $5; }
for n in Old Intermediate; do openssl req -new -key ca/intermediate/private/intermediate.key.pem -subj /CN=$n -out r; sign ca ca/private/ca.key.pem ca/certs/ca.cert.pem sub ca/intermediate/certs/$n.pem; done
openssl ca -config ca/conf -keyfile ca/private/ca.key.pem -cert ca/certs/ca.cert.pem -revoke ca/intermediate/certs/Old.pem -crl_reason superseded
rm ca/intermediate/certs/Old.pem
cat ca/intermediate/certs/Intermediate.pem ca/certs/ca.cert.pem > ca/intermediate/certs/ca-chain.cert.pem
for n in good bad; do openssl req -new -key k -subj /CN=$n.example -addext subjectAltName=DNS:$n.example -out r; sign ca/intermediate ca/intermediate/private/intermediate.key.pem ca/intermediate/certs/Intermediate.pem leaf $n.pem; done
openssl ca -config ca/intermediate/conf -keyfile ca/intermediate/private/intermediate.key.pem -cert ca/intermediate/certs/Intermediate.pem -revoke bad.pem -crl_reason keyCompromise";

#[test]
fn each_database_is_taken_for_its_own_cas() {
    if judge("openssl").is_none() {
        return;
    }
    for with_root in [true, false] {
        let sandbox = Sandbox::new();
        shell(&sandbox, OPENSSL_CA);
        if !with_root {
            std::fs::remove_file(sandbox.file("ca/private/ca.key.pem")).unwrap();
        }
        let adopted = json(&sandbox.ok("ca adopt ca corp --json").stdout);
        assert_eq!(adopted["revoked"], 1 + i32::from(with_root), "{adopted}");
        let revoked = |ca: &str| {
            let found = std::fs::read_dir(sandbox.file(&format!("certforge/ca/{ca}/revoked"))).unwrap();
            found.map(|file| file.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        // The leaf `good` and the intermediate `Old` have the same serial number.
        assert_eq!(revoked("corp"), ["1001.json"], "with the root's key: {with_root}");
        if with_root {
            assert_eq!(revoked("corp-root"), ["1000.json"]);
        } else {
            assert!(codes(&adopted).contains(&"ca.database"), "{adopted}");
        }
    }
    // In files of its own, too: the database is beside them.
    let sandbox = Sandbox::new();
    shell(&sandbox, OPENSSL_CA);
    let key = "ca/intermediate/private/intermediate.key.pem";
    let args = format!("ca adopt ca/intermediate/certs/ca-chain.cert.pem corp --private-key {key} --json");
    assert_eq!(json(&sandbox.ok(&args).stdout)["revoked"], 1);
}

#[test]
fn a_database_of_the_ca_above_is_not_the_one_belows() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let script = "mkdir -p ca/sub; cd ca
printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index.txt\\nnew_certs_dir=.\\nserial=serial\\ndefault_md=sha256\\npolicy=p\\ndefault_crl_days=30\\n[p]\\ncommonName=supplied\\n[sub]\\nbasicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n[leaf]\\nbasicConstraints=CA:FALSE\\n' > conf; : > index.txt; echo 01 > serial
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 300 -subj /CN=Root
ca() { openssl req -new -key $3 -subj /CN=$1 | openssl ca -batch -config conf -keyfile ca.key -cert ca.pem -extensions $2 -days 100 -notext -in /dev/stdin -out $4; }
openssl genrsa -out k 2048; openssl genrsa -out sub/ca.key 2048
ca one leaf k one.pem; ca two leaf k two.pem; ca Sub sub sub/ca.key sub/ca.pem
openssl ca -config conf -keyfile ca.key -cert ca.pem -revoke one.pem
openssl req -new -key k -subj /CN=good | openssl x509 -req -CA sub/ca.pem -CAkey sub/ca.key -set_serial 1 -out sub/good.pem; rm ca.key";
    shell(&sandbox, script);
    for args in ["ca adopt ca/sub/ca.pem one --private-key ca/sub/ca.key", "--dir other ca adopt ca two"] {
        let adopted = json(&sandbox.ok(&format!("{args} --json")).stdout);
        assert_eq!(adopted["revoked"], 0, "{args}: {adopted}");
    }
}

#[test]
fn a_list_of_many_years_is_taken_over_whole() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let script = "mkdir big; cd big; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 300 -subj /CN=big -addext keyUsage=critical,keyCertSign,cRLSign
python3 -c 'for i in range(30000): print(\"R\", \"300101000000Z\", \"260101000000Z\", \"%06X\" % (i + 4096), \"unknown\", \"/CN=x\", sep=\"\\t\")' > db.txt
printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=db.txt\\ndefault_md=sha256\\ndefault_crl_days=30\\n' > conf
openssl ca -gencrl -config conf -keyfile ca.key -cert ca.crt -out crl.pem";
    shell(&sandbox, script);
    assert_eq!(json(&sandbox.ok("ca adopt big --json").stdout)["revoked"], 30_000);
}

#[test]
fn what_a_ca_did_since_is_taken_over_later() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    shell(&sandbox, OPENSSL_CA);
    sandbox.ok("ca adopt ca corp");
    sandbox.ok("revoke 1000 --ca corp --reason superseded");
    let later = "openssl ca -config ca/intermediate/conf -keyfile ca/intermediate/private/intermediate.key.pem -cert ca/intermediate/certs/Intermediate.pem";
    shell(
        &sandbox,
        &format!(
            "openssl req -new -key k -subj /CN=new.example -addext subjectAltName=DNS:new.example -out r
{later} -batch -extensions leaf -days 100 -notext -in r -out new.pem; {later} -revoke new.pem -crl_reason superseded"
        ),
    );
    let caught = json(&sandbox.ok("ca adopt ca corp --json").stdout);
    assert_eq!((&caught["certificates"], &caught["revoked"]), (&1.into(), &1.into()), "{caught}");
    let again = json(&sandbox.ok("ca adopt ca --json").stdout);
    assert_eq!((&again["certificates"], &again["revoked"]), (&0.into(), &0.into()), "{again}");
    let revoked = sandbox.ok("list --issued --ca corp").stdout;
    assert_eq!(revoked.matches("revoked").count(), 3, "{revoked}");
}

/// Clients that have a list keep it before one with a lower number.
#[test]
fn lists_go_on_from_the_number_of_one_that_was_made_elsewhere() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let script = "mkdir o; cd o; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 300 -subj /CN=o -addext keyUsage=critical,keyCertSign,cRLSign
printf 'R\\t300101000000Z\\t260101000000Z\\t1000\\tunknown\\t/CN=x\\n' > db.txt
printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=db.txt\\ndefault_md=sha256\\ndefault_crl_days=30\\ncrlnumber=number\\n' > conf
echo 0100000000000000000005 > number; openssl ca -gencrl -config conf -keyfile ca.key -cert ca.crt -out crl.pem";
    shell(&sandbox, script);
    sandbox.ok("ca adopt o one");
    let number = |text: &str| {
        // More than a JSON reader's numbers hold.
        let digits = text.split("\"number\":").nth(1).expect("a list's number").trim_start();
        digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap()].parse::<u128>().unwrap()
    };
    let foreign = 0x01_0000_0000_0000_0000_0005;
    assert_eq!(number(&sandbox.ok("crl --ca one --json").stdout), foreign + 1);
    // What was taken back here stays in the list, although theirs has a higher number now.
    sandbox.ok("leaf a.example --ca one --key p256");
    sandbox.ok("revoke a.example --ca one");
    shell(
        &sandbox,
        "cd o; echo 0200000000000000000000 > number; openssl ca -gencrl -config conf -keyfile ca.key -cert ca.crt -out crl.pem",
    );
    sandbox.ok("ca adopt o one");
    let listed = |sandbox: &Sandbox| {
        let list = certforge::RevocationList::from_pem(sandbox.read("certforge/ca/one/crl.pem").as_bytes());
        list.unwrap().revoked().len()
    };
    assert_eq!(listed(&sandbox), 2);
    assert_eq!(number(&sandbox.ok("crl --ca one --json").stdout), 0x02_0000_0000_0000_0000_0001);
    assert_eq!(listed(&sandbox), 2);
}

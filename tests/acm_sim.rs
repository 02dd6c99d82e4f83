//! The simulator, as AWS's own tools see it: boto3 and the AWS CLI ask, and its
//! answers have ACM's rules, codes and texts.

mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use certforge::harness::{AcmSim, Quota, Settings};
use serde_json::{Value, json};
use support::variants;
use support::{Ran, Sandbox, judge, openssl, ran};

fn python() -> Option<PathBuf> {
    judge("moto_server").map(|moto| moto.with_file_name("python3"))
}

fn surroundings(command: &mut Command, url: &str) {
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    command.env("AWS_MAX_ATTEMPTS", "1").env("AWS_PAGER", "");
}

/// Runs Python with boto3's client as `acm`; `read` reads a file, `refused` gives an
/// error's code and text. What it leaves in `out` comes back.
fn boto3(sandbox: &Sandbox, sim: &AcmSim, program: &str) -> Value {
    let head = "import boto3, json, datetime\n\
                acm = boto3.client('acm')\n\
                def read(name): return open(name, 'rb').read()\n\
                def refused(call, **more):\n\
                \x20   try:\n\
                \x20       call(**more)\n\
                \x20       return ['OK', '']\n\
                \x20   except acm.exceptions.ClientError as e:\n\
                \x20       return [e.response['Error']['Code'], e.response['Error']['Message']]\n\
                out = {}\n";
    let mut command = Command::new(python().unwrap());
    sandbox.isolate(&mut command);
    surroundings(&mut command, &sim.url());
    command.args(["-c", &format!("{head}{program}\nprint(json.dumps(out, default=str))")]);
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn aws(sandbox: &Sandbox, sim: &AcmSim, args: &str) -> Ran {
    let mut command = Command::new(python().unwrap());
    sandbox.isolate(&mut command);
    surroundings(&mut command, &sim.url());
    command.args(["-m", "awscli", "acm"]).args(args.split(' '));
    ran(command.output().unwrap())
}

fn start() -> Option<(Sandbox, AcmSim)> {
    python()?;
    judge("openssl")?;
    let sandbox = Sandbox::new();
    variants::hierarchy(&sandbox)?;
    Some((sandbox, AcmSim::start(Settings::default()).unwrap()))
}

#[test]
fn boto3_imports_and_reads_back() {
    let Some((sandbox, sim)) = start() else { return };
    let out = boto3(
        &sandbox,
        &sim,
        "arn = acm.import_certificate(Certificate=read('leaf.pem'), PrivateKey=read('leaf.key'), CertificateChain=read('chain.pem'), Tags=[{'Key': 'team', 'Value': 'edge'}])['CertificateArn']\n\
         out['arn'] = arn\n\
         out['describe'] = acm.describe_certificate(CertificateArn=arn)['Certificate']\n\
         out['get'] = acm.get_certificate(CertificateArn=arn)\n\
         acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{'Key': 'a', 'Value': 'b'}])\n\
         acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{'Key': 'team'}])\n\
         out['tags'] = acm.list_tags_for_certificate(CertificateArn=arn)['Tags']\n\
         out['default'] = len(acm.list_certificates()['CertificateSummaryList'])\n\
         out['listed'] = acm.list_certificates(Includes={'keyTypes': ['EC_prime256v1']})['CertificateSummaryList']\n\
         serial = out['describe']['Serial']\n\
         by = lambda f: [r['CertificateArn'] for r in acm.search_certificates(FilterStatement=f)['Results']]\n\
         out['serial'] = by({'Filter': {'X509AttributeFilter': {'SerialNumber': serial}}})\n\
         out['not'] = by({'Not': {'Filter': {'X509AttributeFilter': {'SerialNumber': serial}}}})\n\
         out['san'] = by({'And': [{'Filter': {'X509AttributeFilter': {'SubjectAlternativeName': {'DnsName': {'Value': 'a.example.com', 'ComparisonOperator': 'EQUALS'}}}}}]})\n\
         out['other'] = refused(boto3.client('acm', region_name='us-east-1').describe_certificate, CertificateArn=arn)\n\
         acm.delete_certificate(CertificateArn=arn)\n\
         out['gone'] = refused(acm.describe_certificate, CertificateArn=arn)",
    );
    let arn = out["arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:acm:eu-west-1:123456789012:certificate/"), "{arn}");
    let describe = &out["describe"];
    assert_eq!(describe["DomainName"], "a.example.com");
    assert_eq!((&describe["Type"], &describe["Status"]), (&json!("IMPORTED"), &json!("ISSUED")));
    assert_eq!(describe["KeyAlgorithm"], "EC-prime256v1");
    assert_eq!(describe["KeyUsages"][0]["Name"], "DIGITAL_SIGNATURE");
    assert_eq!(describe["ExtendedKeyUsages"][0]["Name"], "TLS_WEB_SERVER_AUTHENTICATION");
    assert_eq!(out["get"]["Certificate"], sandbox.read("leaf.pem"));
    assert_eq!(out["get"]["CertificateChain"], sandbox.read("chain.pem"));
    assert_eq!(out["tags"], json!([{"Key": "a", "Value": "b"}]));
    assert_eq!(out["default"], 0, "elliptic keys are not in the default list");
    assert_eq!(out["listed"][0]["SubjectAlternativeNameSummaries"], json!(["a.example.com"]));
    assert_eq!((&out["serial"], &out["san"]), (&json!([arn]), &json!([arn])));
    assert_eq!(out["not"], json!([]));
    assert_eq!(out["other"][0], "ResourceNotFoundException");
    assert_eq!(out["gone"][0], "ResourceNotFoundException");
}

#[test]
fn an_address_alone_has_no_domain_and_rsa_is_listed_by_default() {
    let Some((sandbox, sim)) = start() else { return };
    sandbox.ok("up 10.103.10.95");
    sandbox.ok("leaf b.example.com");
    let out = boto3(
        &sandbox,
        &sim,
        "def import_(name):\n\
         \x20   folder = 'certforge/' + name + '/'\n\
         \x20   return acm.import_certificate(Certificate=read(folder + 'cert.pem'), PrivateKey=read(folder + 'key.pem'), CertificateChain=read(folder + 'chain.pem'))['CertificateArn']\n\
         address, name = import_('10.103.10.95'), import_('b.example.com')\n\
         out['address'] = acm.describe_certificate(CertificateArn=address)['Certificate']\n\
         out['default'] = [c['CertificateArn'] == name for c in acm.list_certificates()['CertificateSummaryList']]\n\
         out['rsa'] = len(acm.list_certificates(Includes={'keyTypes': ['RSA_2048']})['CertificateSummaryList'])\n\
         pages = acm.get_paginator('list_certificates').paginate(Includes={'keyTypes': ['RSA_2048']}, PaginationConfig={'PageSize': 1})\n\
         out['pages'] = [len(p['CertificateSummaryList']) for p in pages]\n\
         out['expired'] = len(acm.list_certificates(CertificateStatuses=['EXPIRED'], Includes={'keyTypes': ['RSA_2048']})['CertificateSummaryList'])\n\
         out['size'] = refused(acm.list_certificates, NextToken='nonsense')",
    );
    assert!(out["address"].get("DomainName").is_none(), "{}", out["address"]);
    assert_eq!(out["address"]["SubjectAlternativeNames"], json!([]));
    assert_eq!(out["default"], json!([true]), "what has no domain is not in the default list");
    assert_eq!((&out["rsa"], &out["pages"], &out["expired"]), (&json!(2), &json!([1, 1]), &json!(0)));
    assert_eq!(out["size"][0], "ValidationException");
}

#[test]
fn what_acm_refuses_is_refused_in_its_words() {
    let Some((sandbox, sim)) = start() else { return };
    let make = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap();
    let (leaf, chain) = (sandbox.read("leaf.pem"), sandbox.read("chain.pem"));
    let write = |file: &str, text: &str| std::fs::write(sandbox.file(file), text).unwrap();
    write("full.pem", &(leaf.clone() + &chain));
    write("reversed.pem", &(sandbox.read("root.pem") + &sandbox.read("middle.pem")));
    write("inside.pem", &(leaf.clone() + &chain));
    write("crlf.pem", &leaf.replace('\n', " \r\n"));
    make("pkcs8 -topk8 -in leaf.key -passout file:passphrase -out locked.key");
    make("genpkey -algorithm ed25519 -out ed25519.key");
    make("req -x509 -key ed25519.key -subj /CN=a.example.com -out ed25519.pem");
    make("req -new -key leaf.key -subj /CN=a.example.com -out v1.csr");
    make("x509 -req -in v1.csr -signkey leaf.key -out v1.pem");
    make("x509 -in leaf.pem -outform DER -out leaf.der");
    make("genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1536 -out rsa.key");
    make("req -x509 -key rsa.key -subj /CN=a.example.com -out rsa.pem");
    variants::dated(&sandbox, "ended", -100);
    variants::dated(&sandbox, "future", 2);
    let cases = [
        ("leaf.pem", "leaf.key", "chain.pem", "OK", ""),
        (
            "full.pem",
            "leaf.key",
            "chain.pem",
            "ValidationException",
            "The certificate field contains more than one certificate",
        ),
        (
            "leaf.pem",
            "leaf.key",
            "reversed.pem",
            "ValidationException",
            "The index within the chain of the invalid certificate is: 0",
        ),
        (
            "leaf.pem",
            "leaf.key",
            "inside.pem",
            "ValidationException",
            "The index within the chain of the invalid certificate is: 0",
        ),
        ("leaf.pem", "leaf.key", "other.pem", "ValidationException", "certificate chain"),
        ("leaf.pem", "leaf.key", "", "ValidationException", "is not a valid self signed"),
        ("leaf.pem", "root.key", "chain.pem", "ValidationException", "does not match"),
        ("leaf.pem", "locked.key", "chain.pem", "ValidationException", "The private key is not supported"),
        ("leaf.pem", "leaf.pem", "chain.pem", "ValidationException", "The private key is not supported"),
        ("ed25519.pem", "ed25519.key", "", "ValidationException", "is not supported for key algorithm"),
        ("rsa.pem", "rsa.key", "", "ValidationException", "is not supported for key algorithm"),
        ("v1.pem", "leaf.key", "", "ValidationException", "version 3"),
        ("leaf.der", "leaf.key", "chain.pem", "ValidationException", "PEM"),
        ("crlf.pem", "leaf.key", "chain.pem", "ValidationException", "PEM"),
        ("leaf.key", "leaf.key", "chain.pem", "ValidationException", "PEM"),
        ("ended.pem", "ended.key", "ended.chain", "ValidationException", "expired"),
        ("future.pem", "future.key", "future.chain", "ValidationException", "not yet valid"),
    ];
    let list: Vec<[&str; 3]> = cases.iter().map(|c| [c.0, c.1, c.2]).collect();
    let program = format!(
        "def attempt(c, k, i):\n\
         \x20   more = {{'CertificateChain': read(i)}} if i else {{}}\n\
         \x20   return refused(acm.import_certificate, Certificate=read(c), PrivateKey=read(k), **more)\n\
         out = [attempt(*case) for case in json.loads('''{}''')]",
        json!(list)
    );
    let out = boto3(&sandbox, &sim, &program);
    for (case, answer) in cases.iter().zip(out.as_array().unwrap()) {
        assert_eq!(answer[0], case.3, "{case:?}: {answer}");
        assert!(answer[1].as_str().unwrap().contains(case.4), "{case:?}: {answer}");
    }
}

#[test]
fn a_reimport_keeps_acms_rules() {
    let Some((sandbox, sim)) = start() else { return };
    sandbox.ok("ca new --key p256");
    for args in ["a.example.com --key p256", "b.example.com --key p256", "r.example.com --key rsa2048"] {
        sandbox.ok(&format!("leaf {args}"));
    }
    sandbox.ok("leaf c.example.com --san a.example.com --key p256 --client");
    let out = boto3(
        &sandbox,
        &sim,
        "def files(name):\n\
         \x20   folder = 'certforge/' + name + '/'\n\
         \x20   return dict(Certificate=read(folder + 'cert.pem'), PrivateKey=read(folder + 'key.pem'), CertificateChain=read(folder + 'chain.pem'))\n\
         arn = acm.import_certificate(**files('a.example.com'), Tags=[{'Key': 'k', 'Value': 'v'}])['CertificateArn']\n\
         again = lambda name, **more: refused(acm.import_certificate, **files(name), CertificateArn=arn, **more)\n\
         out['same'] = again('a.example.com')\n\
         out['tags'] = again('a.example.com', Tags=[{'Key': 'x', 'Value': 'y'}])\n\
         out['key'] = again('r.example.com')\n\
         out['domain'] = again('b.example.com')\n\
         out['usage'] = again('c.example.com')\n\
         out['unknown'] = refused(acm.import_certificate, **files('a.example.com'), CertificateArn=arn[:-4] + '0000')\n\
         out['short'] = refused(acm.describe_certificate, CertificateArn='arn:aws:iam::123456789012:user/x')\n\
         out['kept'] = acm.list_tags_for_certificate(CertificateArn=arn)['Tags']\n\
         out['aws'] = refused(acm.add_tags_to_certificate, CertificateArn=arn, Tags=[{'Key': 'aws:x', 'Value': 'y'}])\n\
         out['many'] = refused(acm.add_tags_to_certificate, CertificateArn=arn, Tags=[{'Key': 'k%d' % i} for i in range(50)])",
    );
    assert_eq!(out["same"][0], "OK");
    assert_eq!(out["tags"], json!(["ValidationException", "Tagging is not permitted on re-import."]));
    for what in ["key", "domain", "usage"] {
        assert_eq!(out[what][0], "ValidationException", "{what}: {}", out[what]);
    }
    assert_eq!(out["unknown"][0], "ResourceNotFoundException");
    assert_eq!(out["short"][0], "InvalidArnException");
    assert_eq!(out["kept"], json!([{"Key": "k", "Value": "v"}]), "a re-import keeps the tags");
    assert_eq!(
        (&out["aws"][0], &out["many"][0]),
        (&json!("InvalidTagException"), &json!("TooManyTagsException"))
    );
}

/// A self-signed certificate `NAME.pem` by OpenSSL, with its key in `NAME.key`.
fn self_signed(sandbox: &Sandbox, name: &str, key: &[&str], extensions: &[&str]) {
    let (key_file, file) = (format!("{name}.key"), format!("{name}.pem"));
    let mut args = vec!["req", "-x509", "-nodes", "-days", "90", "-subj", "/CN=a.example.com"];
    args.extend(["-keyout", &key_file, "-out", &file]);
    args.extend_from_slice(key);
    for extension in extensions {
        args.extend(["-addext", extension]);
    }
    openssl(&args, sandbox.path());
}

const P256: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn each_kind_of_key_has_acms_name_for_it() {
    let Some((sandbox, sim)) = start() else { return };
    let kinds = [
        ("rsa:1024", "", "RSA-1024"),
        ("rsa:2048", "", "RSA-2048"),
        ("rsa:3072", "", "RSA-3072"),
        ("rsa:4096", "", "RSA-4096"),
        ("ec", "ec_paramgen_curve:P-256", "EC-prime256v1"),
        ("ec", "ec_paramgen_curve:P-384", "EC-secp384r1"),
        ("ec", "ec_paramgen_curve:P-521", "EC-secp521r1"),
    ];
    for (kind, option, name) in kinds {
        let mut args = vec!["-newkey", kind];
        if !option.is_empty() {
            args.extend(["-pkeyopt", option]);
        }
        self_signed(&sandbox, name, &args, &["subjectAltName=DNS:a.example.com"]);
    }
    let names: Vec<&str> = kinds.iter().map(|kind| kind.2).collect();
    let out = boto3(
        &sandbox,
        &sim,
        &format!(
            "for name in {}:\n\
             \x20   arn = acm.import_certificate(Certificate=read(name + '.pem'), PrivateKey=read(name + '.key'))['CertificateArn']\n\
             \x20   listed = acm.list_certificates(Includes={{'keyTypes': [name.replace('-', '_')]}})['CertificateSummaryList']\n\
             \x20   out[name] = [acm.describe_certificate(CertificateArn=arn)['Certificate']['KeyAlgorithm'], [c['CertificateArn'] == arn for c in listed]]",
            json!(names)
        ),
    );
    for name in names {
        assert_eq!(out[name], json!([name, [true]]), "{name}");
    }
}

#[test]
fn usages_and_domains_that_were_there_stay_at_a_reimport() {
    let Some((sandbox, sim)) = start() else { return };
    let rsa = ["-newkey", "rsa:2048"];
    let make = |name: &str, key: &[&str], usages: &str, purposes: &str, names: &str| {
        let all = [("keyUsage", usages), ("extendedKeyUsage", purposes), ("subjectAltName", names)];
        let all: Vec<String> =
            all.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={v}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self_signed(&sandbox, name, key, &all);
    };
    let (both, a) = ("digitalSignature,keyEncipherment", "DNS:a.example.com");
    make("rsa", &rsa, both, "serverAuth,clientAuth", "DNS:a.example.com,DNS:b.example.com");
    make("rsa-more", &rsa, &format!("{both},dataEncipherment"), "serverAuth,clientAuth,codeSigning", a);
    make("rsa-less", &rsa, "digitalSignature", "serverAuth,clientAuth", a);
    make("rsa-none", &rsa, "", "serverAuth,clientAuth", a);
    make("rsa-no-client", &rsa, both, "serverAuth", a);
    make("rsa-no-server", &rsa, both, "clientAuth", a);
    make("rsa-no-purposes", &rsa, both, "", a);
    let other = [rsa[0], rsa[1], "-subj", "/CN=c.example.com"];
    make("rsa-elsewhere", &other, both, "serverAuth,clientAuth", "DNS:c.example.com");
    make("ec", &P256, both, "serverAuth", a);
    make("ec-less", &P256, "digitalSignature", "serverAuth", a);
    make("bare", &rsa, "", "", a);
    let (usage, purposes) = ("The KeyUsage", "The ExtendedKeyUsage");
    let cases = [
        ("rsa", "rsa-more", ""),
        ("rsa", "rsa-less", usage),
        ("rsa", "rsa-none", usage),
        // clientAuth may go.
        ("rsa", "rsa-no-client", ""),
        ("rsa", "rsa-no-server", purposes),
        ("rsa", "rsa-no-purposes", purposes),
        ("rsa", "rsa-elsewhere", "The certificate must keep at least one of its domain names"),
        // Elliptic keys encipher nothing.
        ("ec", "ec-less", ""),
        ("ec", "rsa", "The key algorithm"),
        // What had no usages may have been used for all.
        ("bare", "rsa", ""),
    ];
    let list: Vec<[&str; 2]> = cases.iter().map(|c| [c.0, c.1]).collect();
    let out = boto3(
        &sandbox,
        &sim,
        &format!(
            "def files(name): return dict(Certificate=read(name + '.pem'), PrivateKey=read(name + '.key'))\n\
             def attempt(first, second):\n\
             \x20   arn = acm.import_certificate(**files(first))['CertificateArn']\n\
             \x20   return refused(acm.import_certificate, **files(second), CertificateArn=arn)\n\
             out = [attempt(*case) for case in {}]",
            json!(list)
        ),
    );
    for (case, answer) in cases.iter().zip(out.as_array().unwrap()) {
        let code = if case.2.is_empty() { "OK" } else { "ValidationException" };
        assert_eq!(answer[0], code, "{case:?}: {answer}");
        assert!(answer[1].as_str().unwrap().starts_with(case.2), "{case:?}: {answer}");
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let Some((sandbox, sim)) = start() else { return };
    self_signed(&sandbox, "good", &P256, &["subjectAltName=DNS:a.example.com"]);
    let most = |name: &str, most: usize| {
        format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have length less than or equal to {most}"
        )
    };
    let out = boto3(
        &sandbox,
        &sim,
        "c, k = read('good.pem'), read('good.key')\n\
         call = lambda c, k, **more: refused(acm.import_certificate, Certificate=c, PrivateKey=k, **more)\n\
         out['certificate'] = call(c + b'\\n' * (32769 - len(c)), k)\n\
         out['privateKey'] = call(c, k + b'\\n' * (5121 - len(k)))\n\
         out['certificateChain'] = call(c, k, CertificateChain=c + b'\\n' * (2097153 - len(c)))\n\
         out['just'] = call(c + b'\\n' * (32768 - len(c)), k + b'\\n' * (5120 - len(k)))\n\
         out['words'] = call(c, k, CertificateChain=b'words')\n\
         out['key'] = call(c, k, CertificateChain=k)\n\
         out['itself'] = call(c, k, CertificateChain=c)\n\
         out['latin'] = call(c.replace(b'a', b'\\xe4'), k)",
    );
    for (name, longest) in [("certificate", 32_768), ("privateKey", 5_120), ("certificateChain", 2_097_152)] {
        assert_eq!(out[name], json!(["ValidationException", most(name, longest)]), "{name}");
    }
    assert_eq!(out["just"][0], "OK", "{}", out["just"]);
    let chain = json!(["ValidationException", "The certificate chain is not in a valid PEM format."]);
    assert_eq!((&out["words"], &out["key"]), (&chain, &chain));
    let itself = out["itself"][1].as_str().unwrap();
    assert!(itself.ends_with("The index within the chain of the invalid certificate is: 0"), "{itself}");
    assert_eq!(out["latin"][1], "The certificate is not in a valid PEM format.");
}

#[test]
fn quotas_are_each_regions_and_a_tag_goes_by_its_value() {
    let Some((sandbox, _)) = start() else { return };
    let settings = Settings { quota: Quota { certificates: 10, imports_a_year: 1 }, ..Settings::default() };
    let sim = AcmSim::start(settings).unwrap();
    let out = boto3(
        &sandbox,
        &sim,
        "files = dict(Certificate=read('leaf.pem'), PrivateKey=read('leaf.key'), CertificateChain=read('chain.pem'))\n\
         arn = acm.import_certificate(**files, Tags=[{'Key': 'team', 'Value': 'edge'}, {'Key': 'a'}])['CertificateArn']\n\
         out['again'] = refused(acm.import_certificate, **files)\n\
         out['elsewhere'] = refused(boto3.client('acm', region_name='us-east-1').import_certificate, **files)\n\
         acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{'Key': 'team', 'Value': 'other'}])\n\
         out['kept'] = acm.list_tags_for_certificate(CertificateArn=arn)['Tags']\n\
         acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{'Key': 'team', 'Value': 'edge'}, {'Key': 'a'}])\n\
         out['gone'] = acm.list_tags_for_certificate(CertificateArn=arn)['Tags']\n\
         acm.delete_certificate(CertificateArn=arn)\n\
         out['deleted'] = refused(acm.import_certificate, **files)",
    );
    assert_eq!(out["again"][0], "LimitExceededException");
    assert_eq!(out["elsewhere"][0], "OK", "{}", out["elsewhere"]);
    assert_eq!(out["kept"].as_array().unwrap().len(), 2, "{}", out["kept"]);
    assert_eq!(out["gone"], json!([]));
    assert_eq!(out["deleted"][0], "LimitExceededException", "what is deleted gives none back");
}

#[test]
fn a_rate_that_is_none_lets_nothing_through_and_does_not_end_it() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    for rate in [0.0, -1.0, f64::NAN] {
        let sim = AcmSim::start(Settings { rate: Some(rate), ..Settings::default() }).unwrap();
        let mut command = sandbox.command("import-acm a.example.com --timeout 2".split(' '));
        surroundings(&mut command, &sim.url());
        assert_ne!(ran(command.output().unwrap()).status, 0, "{rate}");
        assert!(sim.arns().is_empty() && !sim.requests().is_empty(), "{rate}");
    }
}

#[test]
fn the_aws_cli_imports_and_is_told_of_the_quota_and_of_what_is_in_use() {
    let Some((sandbox, _)) = start() else { return };
    let settings = Settings { quota: Quota { certificates: 10, imports_a_year: 2 }, ..Settings::default() };
    let sim = AcmSim::start(settings).unwrap();
    let import = "import-certificate --certificate fileb://leaf.pem --private-key fileb://leaf.key --certificate-chain fileb://chain.pem";
    let first = aws(&sandbox, &sim, import);
    assert_eq!(first.status, 0, "{}", first.stderr);
    let document: Value = serde_json::from_str(&first.stdout).unwrap();
    let arn = document["CertificateArn"].as_str().unwrap();
    assert_eq!(
        aws(&sandbox, &sim, &format!("{import} --certificate-arn {arn}")).status,
        0,
        "it is not counted"
    );
    assert_eq!(aws(&sandbox, &sim, import).status, 0);
    let third = aws(&sandbox, &sim, import);
    assert!(third.stderr.contains("LimitExceededException"), "{}", third.stderr);
    assert!(sim.associate(arn, "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/1"));
    let used = aws(&sandbox, &sim, &format!("delete-certificate --certificate-arn {arn}"));
    assert!(used.stderr.contains("ResourceInUseException"), "{}", used.stderr);
    // Deleting gives no import back.
    let other = sim.arns()[1].clone();
    assert_eq!(aws(&sandbox, &sim, &format!("delete-certificate --certificate-arn {other}")).status, 0);
    assert!(aws(&sandbox, &sim, import).stderr.contains("LimitExceededException"));
    let unknown = aws(&sandbox, &sim, "request-certificate --domain-name a.example.com");
    assert!(unknown.stderr.contains("UnknownOperationException"), "{}", unknown.stderr);
}

#[test]
fn the_command_listens_where_it_says_and_ends_by_a_signal() {
    let Some(_) = python() else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    let mut child = sandbox
        .command([
            "acm-sim",
            "--rate",
            "1",
            "--faults",
            "ListCertificates=denied",
            "--account",
            "210987654321",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    let url = line.trim();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let mut command = sandbox.command(["import-acm", "a.example.com"]);
    surroundings(&mut command, url);
    let imported = ran(command.output().unwrap());
    assert!(
        imported.stdout.starts_with("arn:aws:acm:eu-west-1:210987654321:certificate/"),
        "{}",
        imported.stderr
    );
    let mut command = sandbox.command(["acm", "list"]);
    surroundings(&mut command, url);
    assert_eq!(ran(command.output().unwrap()).status, 5);
    child.kill().unwrap();
    child.wait().unwrap();
    for (args, status) in
        [("--faults nonsense", 3), ("--rate 0", 2), ("--account 1", 2), ("--listen 192.0.2.1:1", 4)]
    {
        assert_eq!(sandbox.run(&format!("acm-sim {args}")).status, status, "{args}");
    }
}

#[test]
fn too_many_calls_a_second_are_throttled() {
    let Some((sandbox, _)) = start() else { return };
    let settings = Settings { rate: Some(0.01), ..Settings::default() };
    let sim = AcmSim::start(settings).unwrap();
    let out = boto3(
        &sandbox,
        &sim,
        "call = lambda: refused(acm.list_certificates)\nout = [call(), call(), refused(acm.describe_certificate, CertificateArn='arn:aws:acm:eu-west-1:123456789012:certificate/x')]",
    );
    assert_eq!((&out[0][0], &out[1][0]), (&json!("OK"), &json!("ThrottlingException")));
    assert_eq!(out[2][0], "ResourceNotFoundException", "other calls have their own rate");
}

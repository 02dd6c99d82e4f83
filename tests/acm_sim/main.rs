//! The simulator, as AWS's own tools see it: boto3 and the AWS CLI ask, and its
//! answers have ACM's rules, codes and texts.

mod imports;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use certforge::harness::{AcmSim, Quota, Settings};
use serde_json::{Value, json};
use support::{Ran, Sandbox, judge, ran, variants};

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
         every = dict(Includes={'keyTypes': ['RSA_2048']})\n\
         out['order'] = [[c['CertificateArn'] == name for c in acm.list_certificates(SortBy='CREATED_AT', SortOrder=order, **every)['CertificateSummaryList']] for order in ['ASCENDING', 'DESCENDING']]\n\
         out['half'] = refused(acm.list_certificates, SortBy='CREATED_AT')\n\
         out['unknown'] = refused(acm.list_certificates, Includes={'keyUsage': ['DIGITAL_SIGNATURE']})\n\
         out['size'] = refused(acm.list_certificates, NextToken='nonsense')",
    );
    assert_eq!(out["order"], json!([[false, true], [true, false]]));
    assert_eq!(out["half"][0], "ValidationException");
    assert_eq!(out["unknown"][0], "ValidationException", "a filter that is not simulated is not passed over");
    assert_eq!(out["address"]["SignatureAlgorithm"], "SHA256WITHRSA");
    assert!(out["address"].get("DomainName").is_none(), "{}", out["address"]);
    assert_eq!(out["address"]["SubjectAlternativeNames"], json!([]));
    assert_eq!(out["default"], json!([true]), "what has no domain is not in the default list");
    assert_eq!((&out["rsa"], &out["pages"], &out["expired"]), (&json!(2), &json!([1, 1]), &json!(0)));
    assert_eq!(out["size"][0], "ValidationException");
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

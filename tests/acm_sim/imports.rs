//! What ACM takes, what it keeps of it, and what it refuses.

use serde_json::json;

use crate::support::{Sandbox, openssl, variants};

use super::{boto3, start};

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

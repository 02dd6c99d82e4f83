//! What clients say of a certificate, told beforehand and then asked of the real ones.

mod support;

use support::clients::{Clients, cases};
use support::{Sandbox, json, judge};

/// Every certificate of the corpus, shown by a server to every client that can run here:
/// what `check --clients` told of it is what it says, in its own words.
#[test]
fn what_is_told_of_clients_is_what_they_say() {
    let needed = ["openssl", "faketime", "curl", "java", "go", "node", "python3"];
    if needed.iter().any(|program| judge(program).is_none()) {
        return;
    }
    let sandbox = Sandbox::new();
    let clients = Clients::new(&sandbox);
    let (mut runs, mut wrong) = (0, Vec::new());
    let cases = cases(&sandbox);
    for case in &cases {
        let chain = case.file("chain.pem");
        let trust = case.file("trust.pem");
        let (chain, trust) = (chain.to_str().unwrap(), trust.to_str().unwrap());
        let args = ["check", chain, "--trust", trust, "--name", case.host, "--clients", "--json"];
        let document = json(&sandbox.run_args(&args).stdout);
        for (client, said) in clients.ask(case) {
            runs += 1;
            let told =
                document["clients"].as_array().unwrap().iter().find(|c| c["client"] == client).unwrap();
            assert_eq!(told["measured"], true, "{client}");
            let fits = match (told["verdict"].as_str().unwrap(), &said) {
                ("accepts", None) => true,
                ("refuses", Some(text)) => text.contains(told["says"].as_str().unwrap()),
                _ => false,
            };
            if !fits {
                let told = format!("{} {}", told["verdict"], told["says"]);
                wrong.push(format!("{}, {client}: told {told}, said {said:?}", case.name));
            }
        }
    }
    println!("{} certificates, {runs} runs", cases.len());
    assert!(cases.len() >= 40 && runs >= 280);
    assert!(wrong.is_empty(), "{} of {runs}:\n{}", wrong.len(), wrong.join("\n"));
}

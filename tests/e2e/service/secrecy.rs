//! No secret is in any answer.

use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};

use super::office::{Office, run_of};

#[test]
fn no_secret_is_in_any_answer_of_a_whole_story() {
    let office = Office::new();
    let client = office.admin();
    let mut answers = Vec::new();
    let mut ask = |method: &str, path: &str, body: Option<Value>| {
        let reply = client.send(method, path, &[], body);
        answers.push((format!("{method} {path}"), format!("{:?} {}", reply.headers, reply.text)));
        serde_json::from_str::<Value>(&reply.text).unwrap_or_default()
    };
    let made = ask("POST", "/connect/sessions", Some(json!({"integration": "confluence"})));
    let page = office.decide(made["connect_link"].as_str().unwrap(), Decision::Allow);
    let session = ask("GET", &format!("/connect/sessions/{}", made["id"].as_str().unwrap()), None);
    let connection = format!("/connections/{}", session["connection"].as_str().unwrap());
    ask("GET", &connection, None);
    ask("POST", &format!("{connection}/check"), None);
    ask("POST", &format!("{connection}/refresh"), None);
    ask("POST", "/profiles/app/test", None);
    ask("PATCH", "/profiles/app", Some(json!({"client_secret": "another-secret-of-theirs"})));
    ask("POST", "/profiles/app/test", None);
    ask("POST", &run_of("create-content"), Some(json!({"input": {"space": "DOCS", "title": "T"}})));
    ask("POST", &run_of("create-content"), Some(json!({"input": {"space": "NOWHERE", "title": "T"}})));
    for path in ["/connections", "/profiles", "/runs", "/audit", "/integrations", "/integrations/confluence"]
    {
        ask("GET", path, None);
    }
    answers.push(("the page".to_owned(), format!("{page:?}")));
    let canaries = &office.world.wire.canaries;
    assert_eq!(canaries.kinds(), ["access_token", "client_secret", "code", "refresh_token"]);
    canaries.learn(json!({"client_secret": "another-secret-of-theirs"}).to_string().as_bytes());
    for (what, answer) in answers {
        assert_eq!(canaries.found_in(answer.as_bytes()), Vec::<&str>::new(), "{what}: {answer}");
    }
}

//! The operator's configuration: every mistake is told at once, with where it is.

use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::serving::Service;
use crate::support::{Finished, Home, finish};

const WRONG: &str = r#"public-url = "connect.example.com"
behind-tls-proxy = "yes"

[service]
concurrent-requests = -1
keep-run-days = 30

[servce]
waiting-requests = 1

[policy]
allowed-hosts = [
    "https://*.atlassian.com",
    "http://",
]

[limits]
wall-clock = "long"

[limits.confluence]
requests = 1.5

[workspaces.acme]
edition = "huge"

[[profiles]]
id = "shared"
integration = "confluence"
client-id = "app"
client-secret-env = "SHARED_SECRET"
token-url = "nowhere"
scopes = ["two words"]
refresh-url = "https://auth.atlassian.com/oauth/token"

[[profiles]]
id = "odd"
integration = "conflunce"
client-id = "app"
client-secret-env = "SHARED_SECRET"
client-secret-file = "secret"

[[profiles]]
id = "other"
integration = "conflunce"
client-id = "app"
client-secret-env = "SHARED_SECRET"

[telemetry]
otlp-endpoint = "localhost:4318"
"#;

fn configured(text: &str) -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("config.toml"), text).unwrap();
    home
}

/// What a failure lists, as pairs of a pointer and the place that its sentence begins with.
fn listed(finished: &Finished) -> Vec<(String, String)> {
    let error = finished.json()["error"].clone();
    assert_eq!((finished.code, &error["code"]), (2, &json!("bad-configuration")), "{finished:?}");
    let violations = error["violations"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pair = |violation: &Value| {
        let message = text(&violation["message"]);
        (text(&violation["pointer"]), message.split(':').next().unwrap().to_owned())
    };
    violations.iter().map(pair).collect()
}

#[test]
fn every_mistake_of_the_configuration_is_listed_at_once_with_its_line() {
    let home = configured(WRONG);
    let mut command = home.command(&["--json", "serve", "--bind", "127.0.0.1:0"]);
    command.env("ACTIONBAY_ENGINE__CONCURRENT_CALLS", "many").env("ACTIONBAY_SERVICE__SPEED", "9");
    let expected = [
        ("/public-url", "line 1"),
        ("/behind-tls-proxy", "line 2"),
        ("/service/concurrent-requests", "line 5"),
        ("/service/keep-run-days", "line 6"),
        ("/servce", "line 8"),
        ("/policy/allowed-hosts/1", "line 14"),
        ("/limits/wall-clock", "line 18"),
        ("/limits/confluence/requests", "line 21"),
        ("/workspaces/acme/edition", "line 24"),
        ("/profiles/0/token-url", "line 31"),
        ("/profiles/0/scopes/0", "line 32"),
        ("/profiles/1/client-secret-env", "line 39"),
        ("/profiles/2", "line 42"),
        ("/telemetry/otlp-endpoint", "line 49"),
        ("/engine/concurrent-calls", "ACTIONBAY_ENGINE__CONCURRENT_CALLS"),
        ("/service/speed", "ACTIONBAY_SERVICE__SPEED"),
    ];
    let expected = expected.map(|(pointer, place)| (pointer.to_owned(), place.to_owned()));
    assert_eq!(listed(&finish(command)), expected);

    // A person reads a line for each.
    let told = home.run(&["serve", "--bind", "127.0.0.1:0"]).fails_with(2, "config.toml cannot be used:");
    assert!(told.stderr.contains("/servce  line 8: unknown field `servce`"), "{}", told.stderr);
    assert!(told.stderr.contains("hint: "), "{}", told.stderr);
    // What is wrong does not only stop the service.
    home.run(&["connections", "list"]).fails_with(2, "config.toml cannot be used:");
}

#[test]
fn a_text_that_is_no_toml_is_told_line_by_line_and_hides_no_other_mistake() {
    let home = configured("public-url = \n[service\nkeep-runs-days = 3\n\n[policy]\nallowed-host = []\n");
    let mistakes = listed(&home.run(&["--json", "serve", "--bind", "127.0.0.1:0"]));
    let lines: Vec<&str> = mistakes.iter().map(|(_, line)| line.as_str()).collect();
    assert!(["line 1", "line 2", "line 6"].iter().all(|line| lines.contains(line)), "{mistakes:?}");
}

#[test]
fn the_example_can_be_used_as_it_is_and_a_check_says_so() {
    let home = Home::new();
    assert!(home.run(&["config", "check"]).ok().stdout.contains("is not there"));
    let example = home.run(&["config", "example"]).ok().stdout;
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("config.toml"), example).unwrap();
    assert!(home.run(&["config", "check"]).ok().stdout.contains("can be used"));
    std::fs::write(home.data().join("config.toml"), WRONG).unwrap();
    assert_eq!(listed(&home.run(&["--json", "config", "check"])).len(), 14);
}

#[test]
fn what_nothing_can_work_with_is_a_mistake_and_no_text_at_all_is_one() {
    let home = configured(
        "[service]\nconcurrent-requests = 0\nwaiting-requests = 0\nrequests-per-minute = 0\n\
         [engine]\nstack-bytes = 1\nconcurrent-calls = 0\n",
    );
    let lines: Vec<String> =
        listed(&home.run(&["--json", "config", "check"])).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, ["line 2", "line 3", "line 4", "line 6", "line 7"]);
    std::fs::write(home.data().join("config.toml"), "[engine]\nstack-bytes = 67108864\n").unwrap();
    home.run(&["config", "check"]).ok();
    for large in ["stack-bytes = 67108865", "stack-bytes = 99999999999999999999", "concurrent-calls = 4097"] {
        std::fs::write(home.data().join("config.toml"), format!("[engine]\n{large}\n")).unwrap();
        home.run(&["config", "check"]).fails_with(2, "cannot be used: line 2, engine.");
    }
    std::fs::write(home.data().join("config.toml"), b"\xff\xfe\0").unwrap();
    home.run(&["config", "check"]).fails_with(2, "cannot be used: it is no text in UTF-8.");
}

#[test]
fn one_mistake_is_told_in_a_sentence() {
    let home = configured("[service]\nkeep-runs-days = -3\n");
    let told = home
        .run(&["serve", "--bind", "127.0.0.1:0"])
        .fails_with(2, "cannot be used: line 2, service.keep-runs-days: ");
    assert!(!told.stderr.contains("  /"), "{}", told.stderr);
}

#[test]
fn a_variable_of_the_environment_goes_over_the_file_at_any_level() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    let config = home.data().join("config.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        format!("public-url = \"http://localhost:1\"\n{before}\n[limits]\nrequests = 1\n"),
    )
    .unwrap();
    let list = |variables: &[(&str, &str)]| {
        let mut command = home.command(&["--json", "run", "confluence", "list-pages", "--space", "DOCS"]);
        command.envs(variables.iter().copied());
        finish(command)
    };
    assert_eq!(list(&[]).json()["error"]["code"], "requests-exceeded");
    list(&[("ACTIONBAY_LIMITS__REQUESTS", "9")]).ok();
    list(&[("ACTIONBAY_LIMITS__CONFLUENCE__REQUESTS", "9")]).ok();
    // Nothing may be called: the stand-in is no longer an origin that the operator lists for it.
    let nowhere = list(&[
        ("ACTIONBAY_LIMITS__REQUESTS", "9"),
        ("ACTIONBAY_POLICY__AUDIENCE_ORIGINS", "{}"),
        ("ACTIONBAY_POLICY__ALLOWED_HOSTS", "[]"),
    ]);
    assert_eq!(nowhere.json()["error"]["kind"], "denied", "{nowhere:?}");

    let mut serve = home.command(&["--json", "serve", "--bind", "127.0.0.1:0"]);
    serve.env("ACTIONBAY_PUBLIC_URL", "http://localhost:4321");
    let service = Service::of(serve);
    assert_eq!(service.told["public-url"], "http://localhost:4321");
    service.end();
}

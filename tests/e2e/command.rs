//! The command, as a process.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use atlassian_sandbox::consent;
use atlassian_sandbox::control::Control;
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::components::{ECHO, IMPORTS_WASI};
use crate::support::{Home, connected, port_of_nobody};

#[test]
fn quickstart_goes_the_whole_way_and_ends_with_the_page_and_its_body_as_markdown() {
    let home = Home::new();
    let mut command = home.command(&["quickstart"]);
    command.env_remove("ACTIONBAY_HOME").env_remove("ACTIONBAY_MASTER_KEY");
    let finished = crate::support::finish(command).ok();
    for part in
        ["title ", "id ", "url ", "Hello from Actionbay", "## What just happened", "- [x] Connect an account"]
    {
        assert!(finished.stdout.contains(part), "no {part:?} in {finished:?}");
    }
    assert!(finished.stderr.contains("A person allowed access"), "{finished:?}");
    assert!(home.files().is_empty(), "it leaves nothing behind");
}

#[test]
fn the_examples_of_the_help_name_an_integration_that_is_there() {
    let home = Home::new();
    for verb in ["authorize", "run"] {
        let help = home.run(&[verb, "--help"]).ok().stdout;
        assert!(help.contains(&format!("actionbay {verb} confluence")), "{help}");
    }
}

#[test]
fn what_a_page_holds_cannot_steer_the_terminal() {
    let (home, _sandbox) = connected();
    let body = "one\u{1b}]52;c;aGk=\u{7} two\n\nthree\u{202e} four, and enough words to be longer than a line of a hundred characters is";
    let storage = format!("<p>{}</p>", "x".repeat(120));
    let created = home
        .run(&[
            "--json",
            "run",
            "confluence",
            "create-content",
            "--set",
            "space=DOCS",
            "--set",
            "title=T",
            "--set",
            &format!("body={storage}"),
            "--set",
            "format=storage",
        ])
        .ok()
        .json();
    let id = created["output"]["id"].as_str().unwrap();
    let shown = home.run(&["run", "confluence", "view-content", "--set", &format!("id={id}")]).ok();
    assert!(shown.stdout.contains(&"x".repeat(120)));
    let title = home.run(&[
        "run",
        "confluence",
        "create-content",
        "--set",
        "space=DOCS",
        "--set",
        &format!("title={body}"),
    ]);
    assert!(!title.stdout.contains('\u{1b}') && !title.stderr.contains('\u{1b}'), "{title:?}");
    assert!(!title.stdout.contains('\u{202e}') && !title.stderr.contains('\u{202e}'), "{title:?}");
}

#[test]
fn quickstart_keeps_the_sandbox_up_so_that_the_link_opens() {
    let home = Home::new();
    let mut child = home.command(&["--json", "quickstart", "--keep"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let url = told["steps"][0]["outcome"]["output"]["url"].as_str().unwrap();
    let mut page = String::new();
    get(url).read_to_string(&mut page).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(page.contains("Hello from Actionbay") && page.contains("<table"), "{page}");
}

/// The body that a GET answers.
fn get(url: &str) -> impl Read {
    use std::io::Write;
    let url = url::Url::parse(url).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
        &url[url::Position::BeforePath..]
    )
    .unwrap();
    stream
}

#[test]
fn a_page_is_created_from_a_file_in_a_sandbox_of_another_process() {
    let home = Home::new();
    let mut sandbox = home.command(&["--json", "sandbox"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    for name in ["url", "client-id", "client-secret", "redirect-uri"] {
        assert!(told[name].is_string(), "{told}");
    }
    let url = told["url"].as_str().unwrap();
    home.run(&["authorize", "confluence", "--sandbox", url]).ok();
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let body = format!("body=@{readme}");
    let created = home
        .run(&[
            "--json",
            "run",
            "confluence",
            "create-content",
            "--set",
            "space=DOCS",
            "--set",
            "title=Readme",
            "--set",
            &body,
        ])
        .ok()
        .json();
    let id = created["output"]["id"].as_str().unwrap().to_owned();
    let stored = Control::new(url).page(&id).unwrap();
    let shown = home.run(&["run", "confluence", "view-content", "--set", &format!("id={id}")]).ok();
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    assert_eq!(stored["title"], "Readme");
    let heading = std::fs::read_to_string(readme).unwrap().lines().next().unwrap().to_owned();
    assert!(shown.stdout.contains(&heading), "{shown:?}");
}

#[test]
fn all_six_hundred_pages_of_a_space_are_listed() {
    let (home, sandbox) = connected();
    let seed = json!({"spaces": [{"key": "BIG", "name": "Big"}], "pages": {"space": "BIG", "count": 600, "title_prefix": "Page"}});
    Control::new(sandbox.url()).seed(seed).unwrap();
    let listed = home.run(&["--json", "run", "confluence", "list-pages", "--set", "space=BIG"]).ok().json();
    let pages = listed["output"]["pages"].as_array().unwrap();
    assert_eq!(pages.iter().filter(|page| page["title"].as_str().unwrap().starts_with("Page")).count(), 600);
}

#[test]
fn a_person_authorizes_at_the_printed_url_and_comes_back_to_the_fixed_port() {
    let port = port_of_nobody(0);
    let redirect_uri = format!("http://localhost:{port}/callback");
    let sandbox = Sandbox::start(SandboxConfig { redirect_uri, ..SandboxConfig::default() }).unwrap();
    let home = Home::new();
    // What `--sandbox` writes by itself an operator can write by hand.
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(
        home.data().join("config.toml"),
        format!("[policy.audience-origins.mine]\nsites = \"{0}\"\nconfluence = \"{0}\"\n", sandbox.url()),
    )
    .unwrap();
    let client = sandbox.client();
    let mut command = home.command(&[
        "--json",
        "authorize",
        "confluence",
        "--profile",
        "mine",
        "--client-id",
        &client.client_id,
        "--no-browser",
        "--callback-port",
        &port.to_string(),
    ]);
    command
        .env("ACTIONBAY_CLIENT_SECRET", &client.client_secret)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begun: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let url = begun["authorization-url"].as_str().unwrap();
    assert!(url.starts_with("https://auth.atlassian.com/authorize?"), "{url}");
    // Anybody can call: what belongs to no authorization does not end the waiting.
    for query in ["", "?code=x", "?state=x", "?state=x&code=y", "?state=x&state=y"] {
        let mut page = String::new();
        get(&format!("http://127.0.0.1:{port}/callback{query}")).read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 400") && page.contains("Begin the authorization again"), "{page}");
        assert!(page.contains("referrer-policy: no-referrer") && !page.contains("<script"), "{page}");
    }
    // The person's browser reaches the sandbox instead of Atlassian. Its code is exchanged at Atlassian's real
    // address, which this profile keeps, so the person declines.
    let here = url.replace("https://auth.atlassian.com", sandbox.url());
    let page = consent::deny(&here).unwrap();
    assert_eq!(page.status, 400);
    let last: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(last["error"]["kind"], "access-denied");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn what_is_wrong_is_said_in_a_sentence_with_a_hint_and_the_right_exit_code() {
    let (home, sandbox) = connected();
    let run = |arguments: &[&str]| home.run(&[&["run", "confluence"], arguments].concat());
    run(&["make-coffee"]).fails_with(2, "no template \"make-coffee\"");
    run(&["create-content", "--input", "{not json"]).fails_with(2, "no JSON");
    run(&["create-content", "--input", "[]"]).fails_with(2, "(input)");
    run(&["create-content", "--input", ""]).fails_with(2, "no JSON");
    run(&["create-content", "--set", "=x"]).fails_with(2, "no field before");
    run(&["create-content", "--input", "[]", "--set", "a=b"]).fails_with(2, "nothing to set");
    let binary = home.path().join("binary");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    run(&["create-content", "--set", "space=DOCS", "--set", "body=@binary"]).fails_with(2, "UTF-8");
    let config = home.data().join("config.toml");
    let sound = std::fs::read(&config).unwrap();
    std::fs::write(&config, "# mine\npolicy = [\n").unwrap();
    run(&["list-pages", "--set", "space=DOCS"]).fails_with(2, "line 2: ");
    std::fs::write(&config, sound).unwrap();
    run(&["create-content", "--set", "space=DOCS"]).fails_with(2, "title is required");
    run(&["create-content", "--set", "space=DOCS", "--set", "title=T", "--set", "colour=red"])
        .fails_with(2, "/colour");
    run(&["create-content", "--set", "space=DOCS", "--set", "body=@no-such-file"])
        .fails_with(2, "no-such-file");
    run(&["create-content", "--set", "space=NOPE", "--set", "title=T"]).fails_with(1, "NOPE");
    run(&["list-pages", "--set", "space=DOCS", "--set", "limit=many"]).fails_with(2, "/limit");
    run(&["view-content", "--set", "id=1", "--connection", "c-none"]).fails_with(2, "c-none");
    home.run(&["run", "jura", "create-content"]).fails_with(2, "no integration \"jura\"");
    home.run(&["templates", "show", "confluence", "nope"]).fails_with(2, "nope");
    home.run(&["connections", "show", "c-none"]).fails_with(2, "c-none");
    sandbox.stop();
    run(&["list-pages", "--set", "space=DOCS"]).fails_with(1, "took no connection");
    let error = run(&["make-coffee", "--json"]);
    assert_eq!((error.code, &error.json()["error"]["code"]), (2, &json!("unknown-template")));
}

#[test]
fn authorizing_wrongly_leaves_nothing_half_written() {
    let home = Home::new();
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"])
        .fails_with(3, "no connection to confluence");
    home.run(&["authorize", "confluence", "--sandbox", "http://127.0.0.1:9"]).fails_with(1, "no sandbox");
    home.run(&["authorize", "confluence", "--sandbox", "http://sandbox.example"])
        .fails_with(2, "not on this machine");
    home.run(&["authorize", "confluence"]).fails_with(2, "no profile \"confluence\"");
    home.run(&["authorize", "confluence", "--client-id", "id"]).fails_with(2, "no client secret");
    assert_eq!(home.run(&["--json", "connections", "list"]).ok().json(), json!([]));
    assert!(!home.data().join("config.toml").exists());
    assert_eq!(home.run(&["authorize"]).code, 2);
    assert_eq!(home.run(&["no-such-verb"]).code, 2);
}

#[test]
fn a_missing_or_wrong_master_key_of_an_existing_store_is_an_error_and_never_a_new_key() {
    let (home, _sandbox) = connected();
    let with_key = |key: Option<&str>| {
        let mut command = home.command(&["connections", "list"]);
        command.env_remove("ACTIONBAY_MASTER_KEY");
        if let Some(key) = key {
            command.env("ACTIONBAY_MASTER_KEY", key);
        }
        crate::support::finish(command)
    };
    with_key(Some("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="))
        .fails_with(1, "sealed with the master key");
    with_key(Some("short")).fails_with(1, "not 32 bytes");
    with_key(None).fails_with(1, "master key is missing");
    assert!(!home.path().join(".config/actionbay/master.key").exists());
    home.run(&["connections", "list"]).ok();
}

#[test]
fn the_master_key_is_made_with_the_first_store_outside_the_data_directory() {
    let home = Home::new();
    let mut command = home.command(&["connections", "list"]);
    command.env_remove("ACTIONBAY_MASTER_KEY");
    crate::support::finish(command).ok();
    assert!(home.path().join(".config/actionbay/master.key").is_file());
    let other = Home::new();
    let mut command = other.command(&["connections", "list"]);
    command.env_remove("ACTIONBAY_MASTER_KEY").env("ACTIONBAY_MASTER_KEY_FILE", other.data().join("key"));
    crate::support::finish(command).fails_with(1, "in the data directory");
}

#[test]
fn integrations_are_listed_and_a_component_is_shown_by_its_path() {
    let home = Home::new();
    let listed = home.run(&["--json", "integrations", "list"]).ok().json();
    assert_eq!(listed[0]["id"], "confluence");
    let shown = home.run(&["integrations", "show", ECHO]).ok();
    assert!(shown.stdout.contains("https://api.example.com/v1"), "{shown:?}");
    home.run(&["integrations", "show", IMPORTS_WASI]).fails_with(1, "wasi:sockets");
    home.run(&["integrations", "show", "./none.wasm"]).fails_with(2, "none.wasm");
    let text = home.path().join("letter.wasm");
    std::fs::write(&text, "dear component").unwrap();
    home.run(&["integrations", "show", text.to_str().unwrap()]).fails_with(1, "not a WebAssembly component");
    let half = std::fs::read(ECHO).unwrap();
    std::fs::write(&text, &half[..half.len() / 2]).unwrap();
    home.run(&["integrations", "show", text.to_str().unwrap()]).fails_with(1, "damaged or incomplete");
    assert!(home.files().iter().all(|(path, _)| path == &text), "looking leaves nothing behind");
}

#[test]
fn a_connection_is_renewed_and_forgotten_on_demand_and_not_without_a_yes() {
    let (home, sandbox) = connected();
    let id = home.run(&["--json", "connections", "list"]).ok().json()[0]["id"].as_str().unwrap().to_owned();
    home.run(&["connections", "check", &id]).ok();
    let idle = home.run(&["connections", "keep-alive"]).ok();
    assert!(idle.stdout.contains("No connection has been idle"), "{idle:?}");
    home.run(&["connections", "refresh", &id]).ok();
    let counters = Control::new(sandbox.url()).counters().unwrap();
    assert_eq!(counters["token_grants"]["refresh_token"], 1);
    home.run(&["connections", "delete", &id]).fails_with(2, "Nothing was deleted");
    home.run(&["connections", "show", &id]).ok();
    home.run(&["connections", "delete", &id, "--yes"]).ok();
    home.run(&["connections", "show", &id]).fails_with(2, "no connection");
    home.run(&["connections", "refresh", &id]).fails_with(2, "no connection");
    home.run(&["connections", "check", &id]).fails_with(2, "no connection");
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"]).fails_with(3, "no connection");
}

#[test]
fn two_people_of_one_sandbox_have_a_connection_each() {
    let (home, sandbox) = connected();
    let ada = ["authorize", "confluence", "--sandbox", sandbox.url(), "--user", "ada@example.com"];
    home.run(&ada).fails_with(2, "one connection serves everybody");
    home.run(&["integrations", "edit", "confluence", "--mode", "per-user"]).ok();
    home.run(&ada).ok();
    let listed = home.run(&["--json", "connections", "list"]).ok().json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS", "--user", "ada@example.com"]).ok();
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS", "--user", "bob"])
        .fails_with(3, "for bob");
}

#[test]
fn every_verb_of_workspaces_and_connections_says_in_a_sentence_what_it_cannot_do() {
    let (home, _sandbox) = connected();
    let long = "x".repeat(70);
    let cases: [(&[&str], i32, &str); 22] = [
        (&["integrations", "enable", "jura"], 2, "no integration \"jura\""),
        (&["integrations", "edit", "jura"], 2, "no integration \"jura\""),
        (&["integrations", "disable", "jura"], 2, "no integration \"jura\""),
        (&["integrations", "delete", "jura", "--yes"], 2, "no integration \"jura\""),
        (&["integrations", "enable", "confluence"], 1, "enabled already"),
        (&["integrations", "edit", "confluence", "--profile", "none"], 2, "no profile \"none\""),
        (&["integrations", "edit", "confluence", "--profile", "a/b"], 2, "cannot be the name"),
        (&["templates", "install", "jura", "x"], 2, "no integration \"jura\""),
        (&["templates", "install", "confluence", "../x"], 2, "no template"),
        (&["templates", "uninstall", "confluence", "a b"], 2, "cannot be the name"),
        (&["authorize", "confluence", "--connection", "c-none"], 2, "no connection \"c-none\""),
        (&["authorize", "confluence", "--connection", "a/b"], 2, "cannot be the name"),
        (&["authorize", "confluence", "--link"], 1, "no page for links"),
        (&["authorize", "confluence", "--user", "ann", "--link"], 2, "one connection serves everybody"),
        (&["connections", "show", "c-none"], 2, "no connection \"c-none\""),
        (&["connections", "refresh", "c-none"], 2, "no connection \"c-none\""),
        (&["connections", "check", "c-none"], 2, "no connection \"c-none\""),
        (&["connections", "delete", "c-none", "--yes"], 2, "no connection \"c-none\""),
        (&["--workspace", "", "connections", "list"], 2, "cannot be the name of a workspace"),
        (&["--workspace", "..", "connections", "list"], 2, "cannot be the name of a workspace"),
        (&["--workspace", &long, "connections", "list"], 2, "cannot be the name of a workspace"),
        (&["run", "confluence", "current-user", "--idempotency-key", " "], 2, "idempotency key"),
    ];
    for (arguments, code, words) in cases {
        home.run(arguments).fails_with(code, words);
    }
    // What the arguments' own rules refuse is told by them.
    for arguments in [
        &["integrations", "enable", "confluence", "--mode", "sometimes"][..],
        &["authorize", "confluence", "--method", "api-token"],
        &["authorize", "confluence", "--another-account"],
        &["authorize", "confluence", "--method", "m", "--username", "u", "--client-id", "c"],
    ] {
        let refused = home.run(arguments);
        assert!(refused.code == 2 && refused.stderr.starts_with("error: "), "{refused:?}");
    }
    let mut by_telepathy =
        home.command(&["authorize", "confluence", "--method", "telepathy", "--username", "u"]);
    by_telepathy.env("ACTIONBAY_API_TOKEN", "s3cret-s3cret");
    crate::support::finish(by_telepathy).fails_with(2, "is not connected by a method");
}

#[test]
fn a_dry_run_shows_the_change_and_sends_none() {
    let (home, sandbox) = connected();
    let create = [
        "run",
        "confluence",
        "create-content",
        "--set",
        "space=DOCS",
        "--set",
        "title=T",
        "--set",
        "body=old words",
    ];
    let created = home.run(&[&["--json"], &create[..]].concat()).ok().json();
    let id = format!("id={}", created["output"]["id"].as_str().unwrap());
    let update = ["run", "confluence", "update-content", "--set", &id, "--set", "body=new words"];
    let shown = home.run(&[&update[..], &["--dry-run"]].concat()).ok();
    assert!(shown.stdout.contains("-old words") && shown.stdout.contains("+new words"), "{shown:?}");
    let control = Control::new(sandbox.url());
    let puts = || control.requests().unwrap().iter().filter(|request| request["method"] == "PUT").count();
    assert_eq!(puts(), 0);
    home.run(&update).ok();
    assert_eq!(puts(), 1);
    home.run(&[&create[..], &["--dry-run"]].concat()).fails_with(2, "cannot show what it would send");
}

#[test]
fn a_run_that_is_repeated_with_its_idempotency_key_is_not_done_twice() {
    let (home, sandbox) = connected();
    let create = |key: &str, title: &str| {
        let run = ["--json", "run", "confluence", "create-content", "--space", "DOCS", "--title", title];
        home.run(&[&run[..], &["--idempotency-key", key]].concat())
    };
    let first = create("order-7", "Once").ok().json();
    let again = create("order-7", "Once").ok().json();
    assert_eq!(first["output"]["id"], again["output"]["id"]);
    let control = Control::new(sandbox.url());
    let made = |title: &str| {
        let sent = control.requests().unwrap();
        let is_create = |request: &&Value| request["method"] == "POST" && request["body"]["title"] == title;
        sent.iter().filter(is_create).count()
    };
    assert_eq!(made("Once"), 1);
    let other = create("order-7", "Another");
    assert_eq!((&other.json()["error"]["code"], made("Another")), (&json!("idempotency-key-reused"), 0));
    create("order-8", "Another").ok();
    assert_eq!(made("Another"), 1);
}

/// What is dear is made once for a process, and every call takes it as it is.
#[test]
fn no_engine_linker_or_http_client_is_made_for_a_call() {
    let home = Home::new();
    let told = home.run(&["--log", "debug", "quickstart"]).ok();
    let count = |text: &str, words: &str| text.lines().filter(|line| line.contains(words)).count();
    assert!(count(&told.stderr, "call started") >= 4, "{}", told.stderr);
    for made in ["an engine is made", "a linker is made"] {
        assert_eq!(count(&told.stderr, made), 1, "{made}: {}", told.stderr);
    }
    let (before, runs) = told.stderr.split_once("execute-template").unwrap();
    assert!(count(before, "an HTTP client is made") >= 1, "{before}");
    assert!(count(runs, "request audience") >= 3, "{runs}");
    assert_eq!(count(runs, "is made"), 0, "{runs}");
}

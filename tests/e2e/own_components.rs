//! Components that do not ship with the command: by their paths, and added to the data directory.

use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;

use crate::components::{DECLARES_ONE_MORE_REQUEST, ECHO, PLUGIN, TRAPS};
use crate::support::{Home, finish};

#[test]
fn a_component_is_used_by_its_path_wherever_an_integration_is_named() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    let path = home.path().join("mine.wasm");
    std::fs::copy(PLUGIN, &path).unwrap();
    // A name alone that ends so is a path too.
    for named in ["./mine.wasm", "mine.wasm", path.to_str().unwrap()] {
        let shown = home.run(&["--json", "integrations", "show", named]).ok().json();
        assert_eq!(shown["id"], "confluence");
        let help = home.run(&["run", named, "--help"]).ok().stdout;
        assert!(
            help.contains("create-content") && help.contains(&format!("actionbay run {named}")),
            "{help}"
        );
        let help = home.run(&["run", named, "create-content", "--help"]).ok().stdout;
        assert!(help.contains("--title <TEXT>"), "{help}");
        assert!(help.contains(&format!("actionbay run {named} create-content --space")), "{help}");
        let shown = home.run(&["templates", "show", named, "create-content"]).ok().stdout;
        assert!(shown.contains(&format!("actionbay run {named} create-content")), "{shown}");
    }
    home.run(&["authorize", "./mine.wasm", "--sandbox", sandbox.url()]).ok();
    let create = ["create-content", "--space", "DOCS", "--title", "By path"];
    let created = home.run(&[&["--json", "run", "./mine.wasm"], &create[..]].concat()).ok().json();
    let control = atlassian_sandbox::control::Control::new(sandbox.url());
    let posted = control.requests().unwrap().into_iter().any(|request| {
        request["method"] == "POST" && request["path"].as_str().unwrap().ends_with("/api/v2/pages")
    });
    assert!(posted, "{created}");
    home.run(&["run", "./mine.wasm", "none"]).fails_with(2, "no template");
    home.run(&["run", "./other.wasm", "create-content"]).fails_with(2, "./other.wasm");
    home.run(&["authorize", "other.wasm"]).fails_with(2, "other.wasm");
    std::fs::write(&path, "no component").unwrap();
    home.run(&["templates", "list", "./mine.wasm"]).fails_with(1, "not a WebAssembly component");
}

#[test]
fn an_added_component_is_known_by_its_id_until_it_is_removed() {
    let home = Home::new();
    home.run(&["run", "echo", "echo"]).fails_with(2, "integrations add");
    let added = home.run(&["--json", "integrations", "add", ECHO]).ok().json();
    assert_eq!((&added["id"], &added["replaced"]), (&Value::from("echo"), &Value::from(false)));
    let file = home.data().join("components/echo.wasm");
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(ECHO).unwrap());
    let listed = |home: &Home| -> Vec<(String, bool)> {
        let listed = home.run(&["--json", "integrations", "list"]).ok().json();
        let each = listed.as_array().unwrap().iter();
        each.map(|it| (it["id"].as_str().unwrap().to_owned(), it["added"].as_bool().unwrap())).collect()
    };
    assert_eq!(listed(&home), [("confluence".to_owned(), false), ("echo".to_owned(), true)]);
    assert!(home.run(&["run", "echo", "fetch", "--help"]).ok().stdout.contains("--audience"));
    home.run(&["run", "echo", "echo"]).fails_with(3, "no connection to echo");
    home.run(&["templates", "list", "echo"]).ok();
    let hosts = "[policy]\nallowed-hosts = [\"https://*.example.com\"]\n";
    std::fs::write(home.data().join("config.toml"), hosts).unwrap();
    let mut profiles = home.command(&["--json", "profiles", "list"]);
    profiles.env("ACTIONBAY_ECHO_CLIENT_ID", "mine").env("ACTIONBAY_ECHO_CLIENT_SECRET", "secret");
    assert_eq!(finish(profiles).ok().json()[0]["id"], "echo-system");
    assert_eq!(home.run(&["--json", "integrations", "add", ECHO]).ok().json()["replaced"], true);

    home.run(&["integrations", "remove", "echo"]).ok();
    assert!(!file.exists());
    home.run(&["run", "echo", "echo"]).fails_with(2, "no integration \"echo\"");
    home.run(&["integrations", "remove", "echo"]).fails_with(2, "echo");
    home.run(&["integrations", "remove", "confluence"]).fails_with(2, "ships with the command");
    home.run(&["integrations", "add", PLUGIN]).fails_with(2, "ships with the command");
    home.run(&["integrations", "add", "none.wasm"]).fails_with(2, "none.wasm");
    assert_eq!(listed(&home), [("confluence".to_owned(), false)]);
}

#[test]
fn an_added_file_that_is_damaged_or_says_another_id_is_no_integration_and_the_others_work() {
    let home = Home::new();
    home.run(&["integrations", "add", ECHO]).ok();
    let folder = home.data().join("components");
    std::fs::copy(ECHO, folder.join("other.wasm")).unwrap();
    std::fs::write(folder.join("echo.wasm"), "damaged").unwrap();
    let listed = home.run(&["--json", "integrations", "list"]).ok();
    assert_eq!(listed.json().as_array().unwrap().len(), 1, "{listed:?}");
    assert!(listed.stderr.contains("echo is left out") && listed.stderr.contains("other is left out"));
    home.run(&["run", "other", "echo"]).fails_with(1, "says that it is \"echo\"");
    home.run(&["integrations", "remove", "other"]).ok();
    home.run(&["integrations", "remove", "echo"]).ok();
}

#[test]
fn what_was_approved_of_an_integration_holds_for_components_by_path_and_added_ones() {
    let home = Home::new();
    home.run(&["integrations", "add", TRAPS]).ok();
    home.run(&["integrations", "approve", "traps", "--yes"]).ok();
    let more = DECLARES_ONE_MORE_REQUEST;
    let shown = home.run(&["integrations", "approve", more]).ok().stdout;
    assert!(shown.contains("not approved") && shown.contains("+ request"), "{shown}");
    home.run(&["run", more, "run"]).fails_with(1, "declares more");
    home.run(&["integrations", "add", more]).ok();
    home.run(&["run", "traps", "run"]).fails_with(1, "declares more");
    home.run(&["integrations", "approve", "traps", "--yes"]).ok();
    home.run(&["run", "traps", "run"]).fails_with(3, "no connection to traps");
    home.run(&["run", more, "run"]).fails_with(3, "no connection to traps");
}

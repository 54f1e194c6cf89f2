//! What a template looks like at the command: its help, its flags, its place in the overview.

use atlassian_sandbox::control::Control;
use serde_json::{Value, json};

use crate::support::{Home, connected, finish};

/// The templates, as `--json` gives them.
fn templates(home: &Home) -> Vec<Value> {
    home.run(&["--json", "templates", "show", "confluence"]).ok().json().as_array().unwrap().clone()
}

fn fields(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template["input-schema"]["properties"].as_object().into_iter().flatten()
}

/// The body of the one request with this method to content of this kind.
fn sent(control: &Control, method: &str, path: &str) -> Value {
    let requests = control.requests().unwrap();
    let fits = |request: &&Value| {
        request["method"] == method && request["path"].as_str().unwrap_or_default().contains(path)
    };
    let found: Vec<&Value> = requests.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{method} {path}: {found:?}");
    found[0].clone()
}

#[test]
fn the_help_of_every_template_names_all_its_fields_and_all_their_values() {
    let home = Home::new();
    let templates = templates(&home);
    assert!(templates.len() > 30, "{}", templates.len());
    for template in &templates {
        let id = template["id"].as_str().unwrap();
        let help = home.run(&["run", "confluence", id, "--help"]).ok().stdout;
        let one_line = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let head =
            format!("{}: {}", template["title"].as_str().unwrap(), template["summary"].as_str().unwrap());
        assert!(one_line.contains(&head), "{id}:\n{help}");
        assert!(
            help.contains(template["effect"].as_str().unwrap()) && help.contains("Example:"),
            "{id}:\n{help}"
        );
        for (name, field) in fields(template) {
            assert!(help.contains(&format!("--{name}")), "{id} does not name {name}:\n{help}");
            for value in field["enum"].as_array().into_iter().flatten() {
                assert!(one_line.contains(value.as_str().unwrap()), "{id} {name}: no {value} in\n{help}");
            }
            let described = field["description"].as_str().unwrap();
            assert!(name == "dry-run" || one_line.contains(described), "{id} {name}: {described}\n{help}");
        }
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{id}:\n{help}");
    }
}

#[test]
fn every_example_that_the_help_of_a_template_shows_is_understood_by_a_shell_and_by_run() {
    let (home, _sandbox) = connected();
    for template in templates(&home) {
        let id = template["id"].as_str().unwrap();
        let help = home.run(&["run", "confluence", id, "--help"]).ok().stdout;
        let line = help.lines().skip_while(|line| !line.starts_with("Example:")).nth(1).unwrap();
        let file = home.path().join("FILE");
        std::fs::write(&file, "text").unwrap();
        let mut shell = std::process::Command::new("sh");
        let script =
            format!("actionbay() {{ {} \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_actionbay-under-test"));
        let plain = home.command(&[]);
        shell.arg("-c").arg(script).env_clear().current_dir(home.path());
        shell
            .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("PATH", "/usr/bin:/bin");
        let finished = finish(shell);
        // What it names may not be there; what it says is understood.
        let misunderstood = ["does not fit", "Usage:", "cannot be read"];
        assert!(
            misunderstood.iter().all(|words| !finished.stderr.contains(words)),
            "{id}: {line}\n{finished:?}"
        );
    }
}

#[test]
fn fields_are_flags_and_go_over_the_input() {
    let (home, sandbox) = connected();
    let control = Control::new(sandbox.url());
    std::fs::write(home.path().join("hello.md"), "# Hi\n\nThere").unwrap();
    let line = [
        "run",
        "confluence",
        "create-content",
        "--input",
        r#"{"space": "DOCS", "title": "Old", "private": true}"#,
        "--title",
        "Hello",
        "--body",
        "@hello.md",
        "--private=false",
        "--root",
        "--status",
        "draft",
        "--json",
    ];
    let created = home.run(&line).ok().json();
    let post = sent(&control, "POST", "/api/v2/pages");
    assert_eq!((&post["body"]["title"], &post["body"]["status"]), (&json!("Hello"), &json!("draft")));
    assert_eq!(post["body"]["body"]["value"], "<h1>Hi</h1><p>There</p>");
    assert_eq!((&post["query"]["root-level"], post["query"].get("private")), (&json!("true"), None));
    let id = created["output"]["id"].as_str().unwrap();
    let shown = home.run(&["run", "confluence", "view-content", "--id", id, "--draft"]).ok();
    assert!(shown.stdout.contains("# Hi"), "{shown:?}");
}

#[test]
fn lists_and_numbers_are_flags_too_and_go_beside_set() {
    let (home, sandbox) = connected();
    let control = Control::new(sandbox.url());
    let page =
        home.run(&["--json", "run", "confluence", "create-content", "--space", "DOCS", "--set", "title=T"]);
    let id = page.ok().json()["output"]["id"].as_str().unwrap().to_owned();
    let listed = ["run", "confluence", "list-pages", "--space", "DOCS", "--limit", "3", "--sort", "oldest"];
    home.run(&listed).ok();
    let list = sent(&control, "GET", "/pages");
    assert_eq!((&list["query"]["limit"], &list["query"]["sort"]), (&json!("3"), &json!("created-date")));
    // The connection was not granted the scope; what is sent is decided before.
    let labels = ["run", "confluence", "add-labels", "--id", &id, "--labels", "two words", "--labels", "one"];
    home.run(&labels).fails_with(2, "/labels/0");
}

#[test]
fn wrong_usage_of_flags_ends_with_2_and_says_what_was_meant() {
    let (home, sandbox) = connected();
    let create = |arguments: &[&str]| {
        home.run(&[&["run", "confluence", "create-content", "--space", "DOCS"], arguments].concat())
    };
    for (arguments, words) in [
        (&["--titel", "T"][..], "'--title'"),
        (&["--title", "T", "--status", "gone"], "possible values: current, draft"),
        (&["--title", "T", "--root=perhaps"], "possible values: true, false"),
        (&["--title", "T", "--title", "U"], "cannot be used multiple times"),
        (&["--title", "T", "--set", "title=U"], "given twice"),
        (&["--body", "@nowhere.md"], "nowhere.md"),
        (&[], "title is required"),
    ] {
        let refused = create(arguments);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.starts_with("error: ") && refused.stderr.contains(words), "{refused:?}");
    }
    let limit = home.run(&["run", "confluence", "list-pages", "--space", "DOCS", "--limit", "0"]);
    assert!(limit.code == 2 && limit.stderr.contains("the least is 1"), "{limit:?}");
    for (name, line) in [
        ("create-content", &["create-contnt", "--title", "T"][..]),
        ("view-content", &["view-contents", "--help"]),
        ("list-pages", &["list-page"]),
    ] {
        let unknown = home.run(&[&["run", "confluence"], line].concat());
        unknown.fails_with(2, &format!("Did you mean {name}?"));
    }
    let unknown = home.run(&["run", "confluence", "make-coffee", "--milk", "--json"]);
    assert_eq!((unknown.code, &unknown.json()["error"]["code"]), (2, &json!("unknown-template")));
    home.run(&["run", "jura", "create-content", "--title", "T"]).fails_with(2, "no integration \"jura\"");
    for (line, words) in [
        (&["run", "confluence", "create-content", "--titel", "T"][..], "'--titel'"),
        (&["connections", "show"], "<CONNECTION>"),
        (&["brew"], "'brew'"),
    ] {
        let refused = home.run(&[line, &["--json"]].concat());
        let error = &refused.json()["error"];
        assert_eq!(
            (refused.code, &error["kind"], &error["code"]),
            (2, &json!("invalid-input"), &json!("wrong-usage"))
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words) && !message.contains("error:"), "{error}");
        assert!(error["hint"].as_str().unwrap().starts_with("Usage: actionbay"), "{error}");
        assert_eq!(refused.stderr, "");
    }
    let writes = Control::new(sandbox.url()).requests().unwrap();
    assert!(
        writes.iter().all(|request| !request["path"].as_str().unwrap().contains("/api/v2/")),
        "{writes:?}"
    );
}

#[test]
fn the_overview_says_of_every_template_what_it_does_to_what_and_what_it_needs() {
    let home = Home::new();
    let overview = home.run(&["templates", "show", "confluence"]).ok().stdout;
    for (id, facts) in [
        ("create-content", ["create", "space, title"]),
        ("view-content", ["read", "id or url or space + title"]),
        ("add-comment", ["create", "body; id or url or space + title"]),
        ("delete-content", ["delete", "id or url or space + title"]),
        ("list-pages", ["read", "space"]),
    ] {
        let line = overview.lines().find(|line| line.starts_with(&format!("{id} "))).unwrap();
        assert!(facts.iter().all(|fact| line.contains(fact)), "{line}");
    }
    let effects: Vec<&str> = overview
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    let mut grouped = effects.clone();
    grouped.dedup();
    assert_eq!(
        (effects.len(), grouped),
        (templates(&home).len(), vec!["read", "create", "update", "delete"])
    );
    let listed = home.run(&["run", "confluence", "--help"]).ok().stdout;
    for template in templates(&home) {
        assert!(listed.contains(template["id"].as_str().unwrap()), "{listed}");
    }
}

#[test]
fn the_overview_is_as_wide_as_the_terminal() {
    let home = Home::new();
    for width in [60, 80, 120] {
        let mut command = home.command(&["templates", "show", "confluence"]);
        command.env("COLUMNS", width.to_string());
        let overview = finish(command).ok().stdout;
        let table = overview.split("\n\n").next().unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= width), "{width}:\n{overview}");
        assert!(
            table.lines().skip(1).any(|line| line.starts_with(' ')),
            "{width}: nothing is wrapped\n{overview}"
        );
    }
}

#[test]
fn the_help_of_run_alone_is_about_every_template() {
    let home = Home::new();
    let help = home.run(&["run", "--help"]).ok().stdout;
    for part in ["<INTEGRATION>", "<TEMPLATE>", "--input", "--set", "--dry-run", "run confluence --help"] {
        assert!(help.contains(part), "no {part} in\n{help}");
    }
}

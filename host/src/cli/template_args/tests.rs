use super::*;
use crate::ids::TemplateId;
use crate::runtime::{Effect, Schema};
use serde_json::json;

fn template(schema: &Value) -> Template {
    Template {
        id: TemplateId::new("post").unwrap(),
        title: "Post".to_owned(),
        summary: "Posts a letter.".to_owned(),
        input: Schema::parse(&schema.to_string()).unwrap(),
        output: Schema::parse("{}").unwrap(),
        scopes: vec!["write:letter".to_owned()],
        effect: Effect::Create,
        repeatable: false,
        prompts: Vec::new(),
        utterances: Vec::new(),
        requests: Vec::new(),
    }
}

/// What a command line of flags gives, or what clap says of it.
fn read(schema: &Value, line: &[&str]) -> std::result::Result<Value, String> {
    let template = template(schema);
    let flags = Flags::of(&template);
    let command = run_of(&run(), "mail", &template, &flags);
    let matches = command
        .try_get_matches_from([&["run", "mail", "post"], line].concat())
        .map_err(|error| error.to_string())?;
    flags
        .given(&matches, &mut FolderFiles::new("."))
        .map(Value::Object)
        .map_err(|failure| failure.to_string())
}

fn run() -> Command {
    use clap::CommandFactory as _;
    crate::cli::Arguments::command().find_subcommand("run").unwrap().clone()
}

fn help(schema: &Value) -> String {
    let template = template(schema);
    let command = run_of(&run(), "mail", &template, &Flags::of(&template));
    command.clone().debug_assert();
    command.clone().render_long_help().to_string()
}

fn letter() -> Value {
    json!({"type": "object", "required": ["to"], "properties": {
        "text": {"type": "string", "description": "What it says."},
        "to": {"type": "string"},
        "by": {"enum": ["air", "sea"], "default": "sea"},
        "open": {"type": "boolean"},
        "copies": {"type": "integer", "minimum": 1, "maximum": 9},
        "weight": {"type": ["number", "null"]},
        "stamps": {"type": "array", "items": {"type": "string"}},
        "pages": {"type": "array", "items": {"type": "integer"}},
        "seal": {"type": "object"},
        "user": {"type": "string"},
        "a b": {"type": "string"},
    }})
}

#[test]
fn every_kind_of_field_has_a_flag_of_its_kind() {
    for (line, given) in [
        (&["--text", "- a\n- b"][..], json!({"text": "- a\n- b"})),
        (&["--text", ""], json!({"text": ""})),
        (&["--text", "@@home"], json!({"text": "@home"})),
        (&["--by=air", "--open"], json!({"by": "air", "open": true})),
        (&["--open=false", "--copies", "2"], json!({"open": false, "copies": 2})),
        (&["--weight", "-1.5"], json!({"weight": -1.5})),
        (&["--stamps", "1", "--stamps", "two"], json!({"stamps": ["1", "two"]})),
        (&["--stamps", r#"["1", "two"]"#], json!({"stamps": ["1", "two"]})),
        (&["--pages", "1", "--pages", "[2, 3]"], json!({"pages": [1, 2, 3]})),
        (&["--seal", r#"{"wax": "red"}"#], json!({"seal": {"wax": "red"}})),
        (&[], json!({})),
    ] {
        assert_eq!(read(&letter(), line), Ok(given), "{line:?}");
    }
}

#[test]
fn what_no_field_can_hold_is_refused_by_its_flag() {
    for (line, words) in [
        (&["--by", "rail"][..], "possible values: air, sea"),
        (&["--open=maybe"], "possible values: true, false"),
        (&["--copies", "0"], "the least is 1"),
        (&["--copies", "10"], "the most is 9"),
        (&["--copies", "1.5"], "no whole number"),
        (&["--copies", "many"], "no whole number"),
        (&["--weight", "light"], "no number"),
        (&["--pages", "one"], "no whole number"),
        (&["--text", "a", "--text", "b"], "cannot be used multiple times"),
        (&["--txt", "a"], "'--text'"),
        (&["--text", "@no-such-file"], "cannot be read"),
    ] {
        let told = read(&letter(), line).unwrap_err();
        assert!(told.contains(words), "{line:?}: {told}");
    }
}

#[test]
fn a_field_called_as_an_option_has_a_flag_with_a_prefix_and_one_that_cannot_be_a_flag_has_none() {
    assert_eq!(read(&letter(), &["--user", "ann", "--field-user", "bob"]), Ok(json!({"user": "bob"})));
    let help = help(&letter());
    assert!(help.contains("--field-user <TEXT>") && help.contains("--set or --input only: a b"), "{help}");
    let worse = json!({"properties": {"user": {}, "field-user": {}, "json": {}, "help": {}}});
    let line = ["--field-user", "a", "--field-field-user", "b", "--field-json", "c", "--field-help", "d"];
    let given = json!({"user": "b", "field-user": "a", "json": "c", "help": "d"});
    assert_eq!(read(&worse, &line), Ok(given));
}

#[test]
fn the_help_says_what_the_template_does_and_what_it_takes_the_required_first() {
    let help = help(&letter());
    for part in [
        "Post: Posts a letter.",
        "create",
        "does it again",
        "write:letter",
        "What it says.",
        "[default: sea]",
        "[possible values: air, sea]",
        "[1 to 9]",
        "--open[=<true|false>]",
        "--idempotency-key",
        "actionbay run mail post --to '…'",
    ] {
        assert!(help.contains(part), "no {part:?} in\n{help}");
    }
    assert!(help.find("--to <TEXT>").unwrap() < help.find("--text <TEXT>").unwrap(), "{help}");
    assert!(!help.contains("--dry-run"), "it has no such field\n{help}");
}

#[test]
fn an_example_is_written_as_a_shell_takes_it() {
    let mut schema = letter();
    schema["examples"] =
        json!([{"to": "Ann's", "open": true, "stamps": ["a", "b c"], "text": "a\nb", "a b": 1}]);
    let template = template(&schema);
    let written = example("mail", &template, &Flags::of(&template));
    assert_eq!(
        written,
        r"actionbay run mail post --to 'Ann'\''s' --open --stamps a --stamps 'b c' --text @FILE --set 'a b=1'"
    );
}

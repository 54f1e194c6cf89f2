//! Names what it takes and gives in characters that steer a terminal or reverse what is read.

use support::action::{Manifest, Prompt, Template, TemplateCall};
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;
use support::{manifest, template};

/// Clears the screen in two ways, and reverses what follows.
const STEERS: &str = "a\u{1b}[2J\u{9b}2Jb\u{202e}c";

struct SteersTerminals;

impl support::Behaviour for SteersTerminals {
    const ID: &str = "steers-terminals";

    fn describe() -> Manifest {
        let input = json!({
            "type": "object",
            "title": STEERS,
            "properties": {
                "text": {"type": "string", "default": STEERS, "description": STEERS, "examples": [STEERS]},
                "kind": {"enum": [STEERS, "plain", {(STEERS): STEERS}], "default": "plain"},
                "kinds": {"type": "array", "items": {"enum": [STEERS, "plain"]}},
                (STEERS): {"type": "string", "default": STEERS},
            },
            "examples": [{"text": STEERS, (STEERS): STEERS}],
        });
        let output =
            json!({"type": "object", "properties": {(STEERS): {"description": STEERS, "title": STEERS}}});
        let run = Template {
            title: STEERS.into(),
            summary: STEERS.into(),
            input_schema: input.to_string(),
            output_schema: output.to_string(),
            prompts: vec![Prompt { field: "text".into(), text: STEERS.into() }],
            utterances: vec![STEERS.into()],
            ..template("run")
        };
        Manifest { title: STEERS.into(), summary: STEERS.into(), templates: vec![run], ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let long = format!("{STEERS}\n{STEERS}\t{STEERS}");
        let inner = json!({(STEERS): STEERS, "list": [STEERS]});
        Ok(json!({(STEERS): STEERS, "inner": inner, "long": long, "list": [inner]}).to_string())
    }
}

support::export!(SteersTerminals);

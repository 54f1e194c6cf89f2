//! Describes itself, and answers, in what would be a script if somebody took it for markup. It is called confluence, for the
//! tests that know an integration by that name; what it creates has a kind and a count, and fails if the count is none.

use support::action::{Effect, Manifest, Prompt, Template, TemplateCall};
use support::connections::Connection;
use support::serde_json::{Value, json};
use support::types::{Failure, FailureKind};
use support::{field, manifest, oauth2, template};

/// Would be a script, an attribute, an end of a text field.
const MARKUP: &str = "\"'></textarea></select><script>alert(1)</script><img src=x onerror=alert(2)>";

/// The same in the letters that a scope may have.
const SCOPE: &str = "'></select><script>alert(1)</script>";

struct Markup;

impl support::Behaviour for Markup {
    const ID: &str = "confluence";

    fn describe() -> Manifest {
        let input = json!({
            "type": "object",
            "properties": {
                "kind": {"enum": [MARKUP, "plain"], "description": MARKUP},
                "count": {"type": "integer", "minimum": 0, "description": MARKUP},
                "behave": {"type": "boolean"},
            },
            "required": ["kind", "count"],
            "additionalProperties": false,
        });
        let output = json!({
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "url": {"type": "string", "format": "uri", "title": MARKUP},
                "count": {"type": "integer"},
                "kind": {"type": "string"},
            },
        });
        let prompt = |field: &str| Prompt { field: field.into(), text: format!("{field}? {MARKUP}") };
        let create = Template {
            title: MARKUP.into(),
            summary: MARKUP.into(),
            input_schema: input.to_string(),
            output_schema: output.to_string(),
            scopes: vec![SCOPE.into()],
            effect: Effect::Create,
            prompts: vec![prompt("kind"), prompt("count")],
            utterances: vec![format!("Make one {MARKUP}")],
            ..template("create-content")
        };
        let mut oauth2 = oauth2();
        oauth2.default_scopes = vec![SCOPE.into()];
        Manifest {
            title: MARKUP.into(),
            summary: MARKUP.into(),
            authorization: vec![support::action::AuthorizationMethod::Oauth2(oauth2)],
            templates: vec![create],
            ..manifest(Self::ID)
        }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let count = field(&call, "count");
        if count == Value::from(0) {
            let failure = support::failure("none", MARKUP);
            return Err(Failure { kind: FailureKind::NotFound, hint: Some(MARKUP.into()), ..failure });
        }
        let url = "https://example.com/?\"'><script>alert(1)</script>";
        Ok(json!({"title": MARKUP, "url": url, "count": count, "kind": field(&call, "kind")}).to_string())
    }
}

support::export!(Markup);

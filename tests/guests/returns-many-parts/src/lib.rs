//! Answers with lists of numbers, by schemas that want texts of them fifty times over.

use support::action::{Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;
use support::{manifest, template};

struct ReturnsManyParts;

/// A list of texts, said fifty times.
fn words() -> String {
    let word = vec![json!({"type": "string"}); 50];
    json!({"type": "object", "properties": {"items": {"type": "array", "items": {"allOf": word}}}})
        .to_string()
}

impl support::Behaviour for ReturnsManyParts {
    const ID: &str = "returns-many-parts";

    fn describe() -> Manifest {
        let run = Template { output_schema: words(), ..template("run") };
        let take = Template { input_schema: words(), ..template("take") };
        Manifest { templates: vec![run, take], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let parts = support::field(&call, "parts");
        let parts = parts.as_u64().map_or(0, |parts| parts as usize);
        // One allocation: the answer, not the memory, is what is too much.
        let mut answer = String::with_capacity(2 * parts + 16);
        answer.push_str(r#"{"items":["#);
        (0..parts).for_each(|part| answer.push_str(if part == 0 { "0" } else { ",0" }));
        answer.push_str("]}");
        Ok(answer)
    }
}

support::export!(ReturnsManyParts);

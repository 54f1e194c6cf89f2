//! Answers with JSON that its own manifest does not allow.

use support::action::{Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::types::Failure;
use support::{manifest, template};

struct ViolatesItsOutputSchema;

impl support::Behaviour for ViolatesItsOutputSchema {
    const ID: &str = "violates-its-output-schema";

    fn describe() -> Manifest {
        let output_schema =
            r#"{"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}"#;
        let run = Template { output_schema: output_schema.into(), ..template("run") };
        Manifest { templates: vec![run], ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(r#"{"answer": "forty-two"}"#.into())
    }
}

support::export!(ViolatesItsOutputSchema);

//! Describes a template whose input schema is JSON and no schema.

use support::action::{Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::types::Failure;
use support::{manifest, template};

struct DescribesABrokenSchema;

impl support::Behaviour for DescribesABrokenSchema {
    const ID: &str = "describes-a-broken-schema";

    fn describe() -> Manifest {
        let broken = Template { input_schema: r#"{"type": "thing"}"#.into(), ..template("run") };
        Manifest { templates: vec![broken], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(DescribesABrokenSchema);

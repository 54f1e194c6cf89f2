//! Describes two templates of one id: a harmless one and another.

use support::action::{Effect, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::types::Failure;
use support::{manifest, template};

struct DescribesTwoOfOneId;

impl support::Behaviour for DescribesTwoOfOneId {
    const ID: &str = "describes-two-of-one-id";

    fn describe() -> Manifest {
        let other = Template { effect: Effect::Delete, ..template("run") };
        Manifest { templates: vec![template("run"), other], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(DescribesTwoOfOneId);

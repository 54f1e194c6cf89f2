//! `view-space`: one space, with its description and its home page.

use serde::Deserialize;
use serde_json::Value;

use super::super::{Effect, Template, input, space};
use super::WholeSpaceOut;
use crate::confluence::client::Client;
use crate::confluence::requests;
use crate::confluence::scopes::READ_SPACE;
use crate::platform::{Failure, Parameter};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "view-space",
    title: "View space",
    summary: "Shows a space: its key, name, description and home page.",
    input_schema: schema!("view_space.input.json"),
    output_schema: schema!("view_space.output.json"),
    scopes: &[READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("space", "Which space? Give its key, such as DOCS.")],
    utterances: &[
        "Show the space DOCS",
        "What is this space about",
        "Which page is the home page of the space",
    ],
    requests: &[requests::SPACE],
    run,
};

#[derive(Deserialize)]
struct Input {
    space: String,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(&input)?;
    let description = [Parameter::new("description-format", "plain")];
    let space = space::resolve_with(client, &input.space, &description)?;
    input::write(&WholeSpaceOut::from(space))
}

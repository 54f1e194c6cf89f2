//! `list-spaces`: the spaces that the account can see.

use serde::Deserialize;
use serde_json::Value;

use super::super::listing::{self, Range};
use super::super::{Effect, Template, input};
use super::WholeSpaceOut;
use crate::confluence::client::Client;
use crate::confluence::model::Space;
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::READ_SPACE;
use crate::confluence::walk::List;
use crate::platform::{Failure, Parameter};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-spaces",
    title: "List spaces",
    summary: "Lists the spaces of the site that the account can see.",
    input_schema: schema!("list_spaces.input.json"),
    output_schema: schema!("list_spaces.output.json"),
    scopes: &[READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[],
    utterances: &["List the Confluence spaces", "Which spaces are there", "Show all spaces of the wiki"],
    requests: &[requests::SPACE],
    run,
};

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    status: Option<Status>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Global,
    Personal,
    Collaboration,
    KnowledgeBase,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Current,
    Archived,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let kind = input.kind.map(|kind| match kind {
        Kind::Global => "global",
        Kind::Personal => "personal",
        Kind::Collaboration => "collaboration",
        Kind::KnowledgeBase => "knowledge_base",
    });
    let status = input.status.map(|status| match status {
        Status::Current => "current",
        Status::Archived => "archived",
    });
    let query = [("type", kind), ("status", status)];
    let list = List {
        path: paths::spaces(),
        query: query.into_iter().filter_map(|(name, word)| Some(Parameter::new(name, word?))).collect(),
        subject: "list of spaces".to_owned(),
        not_found: "space-not-found",
    };
    let listed = range.list(client, vec![list], ("space", false), |_, value, base| {
        let space = Space::read(value, base).ok_or("a result has no id")?;
        Ok(Some(WholeSpaceOut::from(space)))
    })?;
    Ok(listing::output("spaces", listed).into())
}

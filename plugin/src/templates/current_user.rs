//! `current-user`: whose account the connection acts for.

use serde::Serialize;
use serde_json::Value;

use super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::model::text;
use crate::confluence::paths::CURRENT_USER;
use crate::confluence::requests;
use crate::confluence::scopes::READ_DETAILS;
use crate::platform::Failure;

pub(super) const TEMPLATE: Template = Template {
    id: "current-user",
    title: "Current user",
    summary: "Shows whose account the connection acts for.",
    input_schema: schema!("current_user.input.json"),
    output_schema: schema!("current_user.output.json"),
    scopes: &[READ_DETAILS],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[],
    utterances: &["Who am I in Confluence", "Which account is connected", "Show the current user"],
    requests: &[requests::ACCOUNT],
    run,
};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Output {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

fn run(client: &Client<'_>, _: Value) -> Result<Value, Failure> {
    let answer = client.get(CURRENT_USER).about("account", "account-not-found").answer()?;
    let said = |name: &str| text(&answer.json, name).filter(|text| !text.is_empty());
    input::write(&Output {
        id: said("accountId").ok_or_else(|| answer.unreadable("it has no account id"))?,
        name: said("displayName").or_else(|| said("publicName")),
        email: said("email"),
        kind: said("accountType"),
        time_zone: said("timeZone"),
    })
}

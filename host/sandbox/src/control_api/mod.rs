//! `/_sandbox/`: what scripts steer the sandbox by.
//!
//! A body must be sent as `application/json`: a page of another origin cannot send that without a preflight,
//! which is not answered.

mod access;
mod people;
mod seeding;
mod settings;

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::errors;
use crate::faults::Fault;
use crate::http::{Answer, Call, Reply, set};
use crate::oauth::scopes;
use crate::state::State;
use crate::v2::objects;

/// The longest step of the clock, a hundred years.
const LONGEST_STEP: u64 = 100 * 365 * 24 * 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    advance_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClient {
    redirect_uri: String,
    scopes: Option<Vec<String>>,
}

/// The default of numbers that are counted from 1.
fn first() -> usize {
    1
}

pub(crate) fn handle(state: &mut State, call: &Call) -> Reply {
    let path = call.path.strip_prefix("/_sandbox").unwrap_or_default();
    match (call.method.as_str(), path) {
        ("GET", "/counters") => Ok(Reply::json(200, &json!(state.counters))),
        ("GET", "/requests") => Ok(Reply::json(200, &json!({"requests": state.recorder.entries()}))),
        ("DELETE", "/requests") => {
            state.recorder.clear();
            Ok(Reply::empty(204))
        }
        ("POST", "/seed") => read(call).and_then(|seed| seeding::plant(state, seed)),
        ("GET", "/faults") => Ok(Reply::json(200, &json!({"left": state.faults.left()}))),
        ("POST", "/faults") => read(call).and_then(|fault| order(state, fault)),
        ("DELETE", "/faults") => {
            state.faults.clear();
            Ok(Reply::empty(204))
        }
        ("GET", "/settings") => Ok(settings::show(state)),
        ("POST", "/settings") => read(call).and_then(|change| settings::change(state, change)),
        ("GET", "/clock") => Ok(clock(state)),
        ("POST", "/clock") => read(call).and_then(|step| advance(state, &step)),
        ("GET", "/client") => match state.authorizations.first_client() {
            Some(client) => Ok(Reply::json(200, &json!(client.registration))),
            None => Err(errors::control(404, "There is no client.")),
        },
        ("POST", "/clients") => read(call).and_then(|client| register(state, client)),
        ("POST", "/revoke") => read(call).and_then(|whose| people::revoke(state, &whose)),
        ("POST", "/change-password") => read(call).and_then(|whose| people::change_password(state, &whose)),
        ("POST", "/api-tokens") => read(call).and_then(|wish| people::make_api_token(state, &wish)),
        ("GET", "/media") => Ok(Reply::json(200, &json!({"url": state.media.origin()}))),
        ("POST", "/restrictions") => read(call).and_then(|wish| access::restrict(state, &wish)),
        ("POST", "/spaces") => read(call).and_then(|change| access::change_space(state, change)),
        ("GET", path) if path.starts_with("/pages/") => stored(state, path),
        _ => Err(errors::control(404, "There is no such endpoint under /_sandbox/.")),
    }
    .unwrap_or_else(|refusal| refusal)
    .header("cache-control", "no-store")
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Reply> {
    if call.media_type() != "application/json" {
        return Err(errors::control(415, "The body must be sent as application/json."));
    }
    serde_json::from_slice(&call.body).map_err(|error| errors::control(400, format!("The body: {error}.")))
}

fn order(state: &mut State, fault: Fault) -> Answer {
    fault.check().map_err(|why| errors::control(400, why))?;
    state.faults.add(fault);
    Ok(Reply::json(200, &json!({"left": state.faults.left()})))
}

fn clock(state: &State) -> Reply {
    let advanced = state.clock.advanced().as_secs();
    Reply::json(200, &json!({"now": state.clock.now().iso(), "advanced_seconds": advanced}))
}

fn advance(state: &mut State, step: &Step) -> Answer {
    if step.advance_seconds > LONGEST_STEP {
        return Err(errors::control(400, "advance_seconds is more than a hundred years."));
    }
    state.clock.advance(Duration::from_secs(step.advance_seconds));
    Ok(clock(state))
}

fn register(state: &mut State, client: NewClient) -> Answer {
    if url::Url::parse(&client.redirect_uri).is_err() {
        return Err(errors::control(400, "redirect_uri is not a URL."));
    }
    for scope in client.scopes.iter().flatten() {
        if scopes::in_words(scope).is_none() {
            return Err(errors::control(400, format!("The scope {scope} is not known.")));
        }
    }
    Ok(Reply::json(200, &json!(state.authorizations.register(client.redirect_uri, client.scopes))))
}

/// A page or blog post as it is stored, whatever its status.
fn stored(state: &State, path: &str) -> Answer {
    let id = path.strip_prefix("/pages/").and_then(|id| id.parse().ok());
    let found = id.and_then(|id| Some((state.site_of(id)?, id)));
    let found = found.and_then(|(site, id)| Some((site, site.contents.get(&id)?)));
    let (site, content) = found.ok_or_else(|| errors::control(404, "There is no such page."))?;
    let mut object = objects::content(site, content, None);
    let body = &content.text.body;
    set(&mut object, "body", json!({"representation": body.representation.as_str(), "value": body.value}));
    set(&mut object, "private", Value::Bool(content.private));
    set(&mut object, "cloudId", site.cloud_id.as_str());
    Ok(Reply::json(200, &object))
}

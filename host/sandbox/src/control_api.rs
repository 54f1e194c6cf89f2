//! `/_sandbox/`: what scripts steer the sandbox by.
//!
//! A body must be sent as `application/json`: a page of another origin cannot send that without a preflight,
//! which is not answered.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::errors;
use crate::faults::Fault;
use crate::http::{Answer, Call, Reply, set};
use crate::oauth::scopes;
use crate::site::seed;
use crate::state::State;
use crate::v2::objects;

/// The most pages that one call may seed: making them takes time that grows with the square.
const MOST_PAGES: usize = 10_000;
/// The most sites that a sandbox has.
const MOST_SITES: usize = 100;
/// The longest step of the clock, a hundred years.
const LONGEST_STEP: u64 = 100 * 365 * 24 * 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    token_lifetime: Option<u64>,
    token_type: Option<bool>,
    jira_entry: Option<bool>,
    sites: Option<usize>,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    /// Counted from 1.
    #[serde(default = "first")]
    site: usize,
    #[serde(default)]
    spaces: Vec<NewSpace>,
    pages: Option<NewPages>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSpace {
    key: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPages {
    space: String,
    count: usize,
    #[serde(default = "prefix")]
    title_prefix: String,
}

fn first() -> usize {
    1
}

fn prefix() -> String {
    "Seeded page".to_owned()
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
        ("POST", "/seed") => read(call).and_then(|seed| plant(state, seed)),
        ("GET", "/faults") => Ok(Reply::json(200, &json!({"left": state.faults.left()}))),
        ("POST", "/faults") => read(call).and_then(|fault| order(state, fault)),
        ("DELETE", "/faults") => {
            state.faults.clear();
            Ok(Reply::empty(204))
        }
        ("GET", "/settings") => Ok(settings(state)),
        ("POST", "/settings") => read(call).and_then(|settings| change(state, settings)),
        ("GET", "/clock") => Ok(clock(state)),
        ("POST", "/clock") => read(call).and_then(|step| advance(state, &step)),
        ("GET", "/client") => match state.authorizations.first_client() {
            Some(client) => Ok(Reply::json(200, &json!(client.registration))),
            None => Err(errors::control(404, "There is no client.")),
        },
        ("POST", "/clients") => read(call).and_then(|client| register(state, client)),
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

fn settings(state: &State) -> Reply {
    Reply::json(
        200,
        &json!({
            "token_lifetime": state.settings.token_lifetime.as_secs(),
            "token_type": state.settings.token_type,
            "jira_entry": state.settings.jira_entry,
            "sites": state.sites.len(),
        }),
    )
}

fn change(state: &mut State, change: Settings) -> Answer {
    if change.sites.is_some_and(|sites| !(1..=MOST_SITES).contains(&sites)) {
        return Err(errors::control(400, format!("sites must lie between 1 and {MOST_SITES}.")));
    }
    if let Some(sites) = change.sites {
        state.set_sites(sites);
    }
    let settings = &mut state.settings;
    settings.token_lifetime = change.token_lifetime.map_or(settings.token_lifetime, Duration::from_secs);
    settings.token_type = change.token_type.unwrap_or(settings.token_type);
    settings.jira_entry = change.jira_entry.unwrap_or(settings.jira_entry);
    Ok(self::settings(state))
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

fn plant(state: &mut State, wish: Seed) -> Answer {
    let now = state.clock.now();
    let site = wish.site.checked_sub(1).and_then(|number| state.sites.get_mut(number));
    let site = site.ok_or_else(|| errors::control(400, "There is no such site."))?;
    let mut spaces = Vec::new();
    for space in wish.spaces {
        let valid = !space.key.is_empty() && space.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '~');
        if !valid {
            return Err(errors::control(400, format!("{:?} is not a space key.", space.key)));
        }
        if site.space_by_key(&space.key).is_some() {
            return Err(errors::control(400, format!("There is a space {} already.", space.key)));
        }
        let (id, homepage) = seed::space(site, &mut state.ids, now, &space.key, &space.name);
        let (id, homepage) = (id.to_string(), homepage.to_string());
        spaces.push(json!({"id": id, "key": space.key, "name": space.name, "homepageId": homepage}));
    }
    let mut pages = Vec::new();
    if let Some(wish) = wish.pages {
        if wish.count > MOST_PAGES {
            return Err(errors::control(400, format!("At most {MOST_PAGES} pages at a time.")));
        }
        let space = site.space_by_key(&wish.space).map(|space| space.id);
        let space =
            space.ok_or_else(|| errors::control(400, format!("There is no space {}.", wish.space)))?;
        pages = seed::pages(site, &mut state.ids, now, space, wish.count, &wish.title_prefix);
    }
    let pages: Vec<_> = pages.iter().map(u64::to_string).collect();
    Ok(Reply::json(200, &json!({"spaces": spaces, "pages": pages})))
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

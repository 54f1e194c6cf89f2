//! `POST /oauth/token`: codes and refresh tokens against access tokens.
//!
//! JSON is the documented encoding of the request; forms and client credentials in a Basic header work too.
//! Bodies of refusals are those that Atlassian documents or that were measured.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Moment;
use crate::errors;
use crate::http::{Answer, Call, Reply, set};
use crate::state::{Settings, State};

use super::grants::{Family, Refusal};
use super::{Authorizations, scopes};

type Fields = HashMap<String, String>;

/// The token endpoint.
pub(crate) fn exchange(state: &mut State, call: &Call) -> Reply {
    let answer = fields(call).and_then(|fields| {
        let now = state.clock.now();
        authenticate(&state.authorizations, call, &fields).and_then(|client_id| {
            match text(&fields, "grant_type")? {
                "authorization_code" => {
                    code(&mut state.authorizations, &state.settings, now, &client_id, &fields)
                }
                "refresh_token" => {
                    refresh(&mut state.authorizations, &state.settings, now, &client_id, &fields)
                }
                other => Err(errors::oauth(
                    403,
                    "unsupported_grant_type",
                    &format!("Unsupported grant type: {other}"),
                )),
            }
        })
    });
    match answer {
        Ok(reply) => {
            let kind = fields(call).ok().and_then(|fields| fields.get("grant_type").cloned());
            state.counters.granted(&kind.unwrap_or_default());
            reply.header("cache-control", "no-store")
        }
        Err(refusal) => {
            let error = serde_json::from_slice::<Value>(&refusal.body).ok();
            let error = error.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str);
            state.counters.refused(error.unwrap_or("other"));
            refusal
        }
    }
}

fn fields(call: &Call) -> Result<Fields, Reply> {
    let invalid = |why: &str| errors::oauth(400, "invalid_request", why);
    match call.media_type().as_str() {
        "application/json" => {
            let Ok(Value::Object(object)) = serde_json::from_slice(&call.body) else {
                return Err(invalid("The body is not a JSON object."));
            };
            let mut fields = Fields::new();
            for (name, value) in object {
                let Value::String(value) = value else {
                    return Err(invalid(&format!("The parameter {name} must be a string.")));
                };
                fields.insert(name, value);
            }
            Ok(fields)
        }
        "application/x-www-form-urlencoded" => {
            let mut fields = Fields::new();
            for (name, value) in call.form() {
                if fields.insert(name.clone(), value).is_some() {
                    return Err(invalid(&format!("The parameter {name} was sent twice.")));
                }
            }
            Ok(fields)
        }
        _ => Err(invalid("The body must be application/json or application/x-www-form-urlencoded.")),
    }
}

fn text<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Reply> {
    match fields.get(name).map(String::as_str) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(errors::oauth(403, "invalid_request", &format!("Missing required parameter: {name}"))),
    }
}

/// The client id, once its secret is proved. `access_denied` means bad credentials here, unlike at the callback.
fn authenticate(authorizations: &Authorizations, call: &Call, fields: &Fields) -> Result<String, Reply> {
    let denied = || errors::oauth(401, "access_denied", "Unauthorized");
    // A form encodes both halves (RFC 6749, section 2.3.1).
    let plain = |text: String| percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
    let (id, secret) = match call.basic() {
        Some((id, secret)) => (plain(id), plain(secret)),
        None => (text(fields, "client_id")?.to_owned(), text(fields, "client_secret")?.to_owned()),
    };
    let client = authorizations.client(&id).ok_or_else(denied)?;
    // Compared by digest, so that the time it takes says nothing of how much of a guess was right.
    let same = Sha256::digest(&secret) == Sha256::digest(&client.registration.client_secret);
    if same { Ok(id) } else { Err(denied()) }
}

fn code(
    authorizations: &mut Authorizations,
    settings: &Settings,
    now: Moment,
    client_id: &str,
    fields: &Fields,
) -> Answer {
    let invalid = |why: &str| errors::oauth(403, "invalid_grant", why);
    let redirect_uri = text(fields, "redirect_uri")?;
    // Removed before it is judged: a code is good for one try.
    let code = authorizations
        .codes
        .remove(text(fields, "code")?)
        .filter(|code| code.asked.client_id == client_id && now < code.expires)
        .ok_or_else(|| invalid("Invalid authorization code"))?;
    if code.asked.redirect_uri != redirect_uri {
        return Err(invalid("The redirect URI is not the one the code was made for."));
    }
    if let Some(challenge) = &code.asked.challenge {
        let verifier = fields.get("code_verifier").map(String::as_str).unwrap_or_default();
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != *challenge {
            return Err(invalid("Failed to verify code verifier"));
        }
    }
    let family = authorizations.grants.family(code.grant);
    let offline = code.asked.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS);
    Ok(issue(authorizations, settings, now, family, offline))
}

fn refresh(
    authorizations: &mut Authorizations,
    settings: &Settings,
    now: Moment,
    client_id: &str,
    fields: &Fields,
) -> Answer {
    let unknown = || errors::oauth(403, "unauthorized_client", "refresh_token is invalid");
    let lapsed = || errors::oauth(403, "invalid_grant", "Unknown or invalid refresh token.");
    if fields.contains_key("scope") {
        return Err(errors::oauth(
            403,
            "invalid_request",
            "The parameter scope must not be sent on refresh.",
        ));
    }
    let sent = text(fields, "refresh_token")?;
    let family = authorizations.grants.refresh(sent, client_id, now).map_err(|refusal| match refusal {
        Refusal::Unknown => unknown(),
        Refusal::Lapsed => lapsed(),
    })?;
    Ok(issue(authorizations, settings, now, family, true))
}

fn issue(
    authorizations: &mut Authorizations,
    settings: &Settings,
    now: Moment,
    family: Family,
    offline: bool,
) -> Reply {
    let Authorizations { grants, credentials, .. } = authorizations;
    let access = credentials.token();
    grants.add_access(access.clone(), family, now.plus(settings.token_lifetime));
    let mut body = json!({
        "access_token": access,
        "expires_in": settings.token_lifetime.as_secs(),
        "scope": grants.scopes(family).join(" "),
    });
    if settings.token_type {
        set(&mut body, "token_type", "Bearer");
    }
    if offline {
        let refresh = credentials.token();
        grants.add_refresh(refresh.clone(), family, now);
        set(&mut body, "refresh_token", refresh);
    }
    Reply::json(200, &body)
}

//! What comes back from authorization servers.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::check_failure;
use crate::authorization::fuzzing::{Callback, read};
use crate::egress::Response;
use crate::runtime::{TokenErrorMeaning, TokenErrorRule};
use crate::secret::Secrets;

/// The parameters of a callback that are the host's; what else there is the plugin gets.
const HOSTS: [&str; 5] = ["state", "code", "error", "error_description", "iss"];

/// Of a client.
const CLIENT_SECRET: &str = "client-secret-0123456789";

/// Ten years in seconds.
const LONGEST_LIFE: u64 = 315_360_000;

/// The query of a callback.
pub fn callback_query(query: &str) {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        said.entry(name).or_default().push(value);
    }
    let is_ambiguous = HOSTS.iter().any(|name| said.get(*name).is_some_and(|values| values.len() > 1));
    let once =
        |name: &str| said.get(name).and_then(|values| values.first()).filter(|value| !value.is_empty());
    match Callback::parse(query) {
        Ok(callback) => {
            assert!(!is_ambiguous, "read in one of two ways");
            assert_eq!(Some(callback.state.expose_secret()), once("state").map(String::as_str));
            assert_eq!(
                callback.code.as_ref().map(|code| code.expose_secret()),
                once("code").map(String::as_str)
            );
            assert!(
                callback.rest.iter().all(|(name, _)| !HOSTS.contains(&name.as_str())),
                "the plugin sees the host's"
            );
        }
        Err(failure) => {
            assert!(is_ambiguous || once("state").is_none(), "refused without need");
            assert!(["callback-ambiguous", "state-missing"].contains(&failure.code.as_ref()));
            check_failure(&failure);
        }
    }
}

/// A line with the status, and the body of an answer of the token endpoint.
pub fn token_answer(text: &str) {
    let (status, body) = text.split_once('\n').unwrap_or(("200", text));
    let status = status.parse().unwrap_or(200);
    let mut secrets = Secrets::new();
    secrets.add(&CLIENT_SECRET.to_owned().into());
    let rules = [TokenErrorRule {
        status: Some(403),
        error: "unauthorized_client".to_owned(),
        meaning: TokenErrorMeaning::AuthorizationRequired,
    }];
    let headers = vec![("retry-after".to_owned(), body.chars().take(12).collect())];
    let response = Response { status, headers, body: body.as_bytes().to_vec() };
    match read(response, &rules, &secrets) {
        Ok(answer) => {
            assert!((200..300).contains(&status) && !answer.access_token.expose_secret().is_empty());
            assert!(answer.expires_in.is_none_or(|life| life <= LONGEST_LIFE));
        }
        Err(failure) => {
            let failure = failure.without(&secrets);
            check_failure(&failure);
            assert!(failure.request_sent && failure.upstream_status == Some(status));
            let shown = format!("{failure:?} {}", serde_json::to_string(&failure).expect("it is written"));
            assert!(!secrets.found_in(shown.as_bytes()), "{shown}");
        }
    }
}

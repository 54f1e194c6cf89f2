//! Token requests (RFC 6749 sections 4.1.3 and 6), and what their answers mean.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::profile::{FieldPlace, Profile};
use super::profile_url::UrlTemplate;
use crate::egress::{Body, Credential, Egress, ExchangeLimits, Method, Request, Response};
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{ClientAuthentication, TokenErrorMeaning, TokenErrorRule, TokenRequestEncoding};
use crate::secret::{SecretString, Secrets};

/// The most that one token request may take, however much time the call has left.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The most that an answer may have: tokens of a few kilobytes.
const MAX_ANSWER: u64 = 256 << 10;

/// Tokens, as the endpoint gives them (RFC 6749 section 5.1). `token_type` is not asked for, since
/// there are vendors whose documented answer has none.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: Option<SecretString>,
    #[serde(default, deserialize_with = "seconds")]
    pub(crate) expires_in: Option<u64>,
    pub(crate) scope: Option<String>,
}

impl TokenAnswer {
    /// Whether one of these secrets, or of the tokens, stands in what plugins and people are told of it.
    fn tells(&self, secrets: &Secrets) -> bool {
        let Some(scope) = &self.scope else { return false };
        let mut tokens = Secrets::new();
        tokens.add(&self.access_token);
        self.refresh_token.iter().for_each(|token| tokens.add(token));
        secrets.found_in(scope.as_bytes()) || tokens.found_in(scope.as_bytes())
    }
}

/// The longest that a token is taken to live, in seconds: ten years.
const LONGEST_LIFE: u64 = 315_360_000;

/// A number of seconds as servers write it: `3600`, `3600.0`, `"3600"`. Anything else is as good as absent, since an
/// answer with a token in it must not be thrown away for it.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    let seconds = match &value {
        Some(serde_json::Value::Number(number)) => number.as_f64(),
        Some(serde_json::Value::String(text)) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    // In range after `min`: a float converts by cutting its fraction.
    Ok(seconds.map(|seconds| seconds.min(LONGEST_LIFE as f64) as u64))
}

/// An error, as the endpoint gives it (RFC 6749 section 5.2).
#[derive(Deserialize, Default)]
struct TokenError {
    #[serde(default)]
    error: String,
    error_description: Option<String>,
}

/// What a token request proves its right to tokens with.
pub(super) enum Grant<'a> {
    /// A code, the redirect URI it was given for, and the verifier of its challenge.
    Code { code: &'a SecretString, redirect_uri: &'a str, verifier: Option<&'a SecretString> },
    /// A refresh token.
    RefreshToken(&'a SecretString),
}

impl Grant<'_> {
    fn parameters(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Code { code, redirect_uri, verifier } => {
                let mut parameters = vec![
                    ("grant_type", "authorization_code"),
                    ("code", code.expose_secret()),
                    ("redirect_uri", *redirect_uri),
                ];
                if let Some(verifier) = verifier {
                    parameters.push(("code_verifier", verifier.expose_secret()));
                }
                parameters
            }
            Self::RefreshToken(token) => {
                vec![("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())]
            }
        }
    }

    fn endpoint<'p>(&self, profile: &'p Profile) -> &'p UrlTemplate {
        match self {
            Self::Code { .. } => &profile.token_url,
            Self::RefreshToken(_) => &profile.refresh_url,
        }
    }

    fn secrets(&self, client_secret: &SecretString) -> Secrets {
        let mut secrets = Secrets::new();
        secrets.add(client_secret);
        match self {
            Self::Code { code, verifier, .. } => {
                secrets.add(code);
                if let Some(verifier) = verifier {
                    secrets.add(verifier);
                }
            }
            Self::RefreshToken(token) => secrets.add(token),
        }
        secrets
    }
}

/// Asks for tokens.
pub(super) fn request(
    egress: &Egress,
    profile: &Profile,
    client_secret: &SecretString,
    rules: &[TokenErrorRule],
    grant: &Grant<'_>,
    deadline: Instant,
) -> Result<TokenAnswer> {
    let response = send(egress, profile, client_secret, grant, deadline)?;
    let secrets = grant.secrets(client_secret);
    read(response, rules, &secrets).map_err(|failure| failure.without(&secrets))
}

/// Sends a token request: the standard's parameters, and the profile's authorization fields beside them.
pub(super) fn send(
    egress: &Egress,
    profile: &Profile,
    client_secret: &SecretString,
    grant: &Grant<'_>,
    deadline: Instant,
) -> Result<Response> {
    let mut url = grant.endpoint(profile).url()?;
    for (name, value) in profile.fields(FieldPlace::Query) {
        url.query_pairs_mut().append_pair(name, value);
    }
    let route = egress.endpoint(&url, profile.id.as_str())?;
    // The host's own come last: of two fields of one name in JSON, the last stands.
    let mut parameters: Vec<(&str, &str)> = profile.fields(FieldPlace::Payload).collect();
    parameters.extend(grant.parameters());
    let credential = match profile.client_authentication {
        ClientAuthentication::RequestBody => {
            parameters.push(("client_id", &profile.client_id));
            parameters.push(("client_secret", client_secret.expose_secret()));
            None
        }
        ClientAuthentication::Basic => {
            Some(Credential::Basic { id: profile.client_id.clone(), secret: client_secret.clone() })
        }
    };
    let own = profile.fields(FieldPlace::Header).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let accept = ("accept".to_owned(), "application/json".to_owned());
    let request = Request {
        method: Method::new(Method::POST),
        path: String::new(),
        query: Vec::new(),
        headers: own.chain([accept]).collect(),
        body: encoded(profile.token_request_encoding, &parameters),
    };
    let timeout = TIMEOUT.min(deadline.saturating_duration_since(Instant::now()));
    let limits = ExchangeLimits { timeout, max_response_bytes: MAX_ANSWER };
    // The answer goes to nobody but us, and may rightly hold the refresh token that was sent. What of it is told is looked
    // at when it is read.
    egress.send(&route, &request, credential.as_ref(), &Secrets::new(), limits)
}

fn encoded(encoding: TokenRequestEncoding, parameters: &[(&str, &str)]) -> Body {
    match encoding {
        TokenRequestEncoding::Json => {
            let object: serde_json::Map<String, serde_json::Value> =
                parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            Body::Json(serde_json::Value::Object(object).to_string())
        }
        TokenRequestEncoding::Form => Body::Form(
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ),
    }
}

pub(crate) fn read(response: Response, rules: &[TokenErrorRule], secrets: &Secrets) -> Result<TokenAnswer> {
    let status = response.status;
    let body = Zeroizing::new(response.body);
    if !(200..300).contains(&status) {
        return Err(refused(status, &response.headers, &body, rules, secrets));
    }
    // The parser's own message may quote what it read, so it is left out.
    let answer = serde_json::from_slice::<TokenAnswer>(&body).ok();
    let mut answer =
        answer.filter(|answer| !answer.access_token.expose_secret().is_empty()).ok_or_else(|| {
            Failure::new(
                FailureKind::Upstream,
                "token-answer-unreadable",
                "The token endpoint answered without a token.",
            )
            .hint("Check the token URL of the profile.")
            .sent(true)
            .status(status)
        })?;
    // The tokens are kept: those before them may be good for nothing any more.
    if answer.tells(secrets) {
        log::warn!(
            "a token endpoint named a secret among the scopes: they are taken as if it had named none"
        );
        answer.scope = None;
    }
    Ok(answer)
}

fn refused(
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    rules: &[TokenErrorRule],
    secrets: &Secrets,
) -> Failure {
    let error: TokenError = serde_json::from_slice(body).unwrap_or_default();
    let said = match (&error.error, &error.error_description) {
        (code, Some(description)) if !code.is_empty() => format!("{code}: {description}"),
        (code, None) if !code.is_empty() => code.clone(),
        _ => format!("status {status}"),
    };
    // Before it is cut to length: a part of a secret would not be found any more.
    let said = secrets.remove_from(&said);
    let mut failure = match meaning(status, &error.error, rules) {
        TokenErrorMeaning::AuthorizationRequired => Failure::new(
            FailureKind::AuthorizationRequired,
            "grant-refused",
            format!("The authorization server no longer accepts this authorization ({said})."),
        )
        .hint("Authorize again."),
        TokenErrorMeaning::BadClientCredentials => Failure::new(
            FailureKind::BadClientCredentials,
            "client-refused",
            format!("The authorization server does not accept the client id and secret ({said})."),
        )
        .hint("Correct client id and secret of the profile; authorizing again does not help."),
        TokenErrorMeaning::Temporary | TokenErrorMeaning::Other(_) => Failure::new(
            FailureKind::Upstream,
            "token-endpoint-failed",
            format!("The authorization server gave no token ({said})."),
        )
        .hint("Try again later; if it stays so, check the URLs of the profile."),
    };
    failure.retry_after = headers
        .iter()
        .find(|(name, _)| name == "retry-after")
        .and_then(|(_, seconds)| seconds.trim().parse().ok());
    failure.sent(true).status(status)
}

/// What an answer to a code says of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The client is known; the code is refused.
    GrantRefused,
    /// The client is refused.
    ClientRefused,
    /// There are tokens.
    Granted,
    /// Neither: it says nothing of the client.
    Other,
}

/// Reads an answer to a code as one that proves the client, or does not.
pub(super) fn verdict(response: &Response, rules: &[TokenErrorRule]) -> Verdict {
    if (200..300).contains(&response.status) {
        let is_answer = serde_json::from_slice::<TokenAnswer>(&response.body).is_ok();
        return if is_answer { Verdict::Granted } else { Verdict::Other };
    }
    let error: TokenError = serde_json::from_slice(&response.body).unwrap_or_default();
    match meaning(response.status, &error.error, rules) {
        TokenErrorMeaning::AuthorizationRequired => Verdict::GrantRefused,
        TokenErrorMeaning::BadClientCredentials => Verdict::ClientRefused,
        TokenErrorMeaning::Temporary | TokenErrorMeaning::Other(_) => Verdict::Other,
    }
}

/// What the manifest says of an error, or else what the standard says.
fn meaning(status: u16, error: &str, rules: &[TokenErrorRule]) -> TokenErrorMeaning {
    let fits =
        |rule: &&TokenErrorRule| rule.error == error && rule.status.is_none_or(|wanted| wanted == status);
    if let Some(rule) = rules.iter().find(fits) {
        return rule.meaning.clone();
    }
    match error {
        "invalid_grant" => TokenErrorMeaning::AuthorizationRequired,
        "invalid_client" => TokenErrorMeaning::BadClientCredentials,
        _ => TokenErrorMeaning::Temporary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// AUTH-6
    #[test]
    fn an_answer_without_refresh_token_and_token_type_is_taken() {
        let answer = read(
            answer(200, r#"{"access_token": "t", "expires_in": 3600, "scope": "a b"}"#),
            &[],
            &Secrets::new(),
        )
        .ok()
        .unwrap();
        assert!(answer.refresh_token.is_none());
        assert_eq!(answer.expires_in, Some(3600));
    }

    #[test]
    fn an_answer_that_is_no_json_or_has_no_token_is_the_servers_fault_and_is_not_quoted() {
        for body in ["<html>secret-canary", "{\"access_token\": 7}", "{\"access_token\": \"\"}", "", "[]"] {
            let failure = read(answer(200, body), &[], &Secrets::new()).err().unwrap();
            assert_eq!(
                (failure.kind.clone(), failure.code.as_ref()),
                (FailureKind::Upstream, "token-answer-unreadable")
            );
            assert!(!format!("{failure:?}").contains("canary"));
        }
    }

    #[test]
    fn a_life_of_any_length_and_spelling_is_read() {
        let life = |text: &str| {
            let body = format!(r#"{{"access_token": "t", "expires_in": {text}}}"#);
            read(answer(200, &body), &[], &Secrets::new()).ok().unwrap().expires_in
        };
        assert_eq!(life("3600"), Some(3600));
        assert_eq!(life("3600.0"), Some(3600));
        assert_eq!(life("\"3600\""), Some(3600));
        assert_eq!(life("315360000000000"), Some(LONGEST_LIFE));
        for none in ["null", "\"soon\"", "-1", "[]", "1e999"] {
            let body = format!(r#"{{"access_token": "t", "expires_in": {none}}}"#);
            let read = read(answer(200, &body), &[], &Secrets::new());
            assert!(read.is_err() || read.is_ok_and(|answer| answer.expires_in.is_none()), "{none}");
        }
    }

    #[test]
    fn the_manifests_rules_come_before_the_standard() {
        let rule = |status, error: &str, meaning| TokenErrorRule { status, error: error.into(), meaning };
        let rules = [
            rule(Some(401), "access_denied", TokenErrorMeaning::BadClientCredentials),
            rule(None, "unauthorized_client", TokenErrorMeaning::AuthorizationRequired),
        ];
        let kind = |status, error: &str| {
            read(answer(status, &format!(r#"{{"error": "{error}"}}"#)), &rules, &Secrets::new())
                .err()
                .unwrap()
                .kind
        };
        assert_eq!(kind(401, "access_denied"), FailureKind::BadClientCredentials);
        assert_eq!(kind(403, "access_denied"), FailureKind::Upstream);
        assert_eq!(kind(403, "unauthorized_client"), FailureKind::AuthorizationRequired);
        assert_eq!(kind(400, "invalid_grant"), FailureKind::AuthorizationRequired);
        assert_eq!(kind(401, "invalid_client"), FailureKind::BadClientCredentials);
        assert_eq!(kind(503, "x"), FailureKind::Upstream);
    }
}

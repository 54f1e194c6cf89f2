//! Trying a profile out: a token request that cannot succeed, whose refusal tells whether the client is known.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::Authorizations;
use super::profile::{FieldPlace, Profile};
use super::token_endpoint::{self, Grant, Verdict};
use crate::egress::Response;
use crate::failure::{Failure, FailureKind, Result, UpstreamAnswer, plain_text};
use crate::ids::{ProfileId, WorkspaceId, random_id};
use crate::secret::{SecretString, Secrets};

/// How long a test may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The most of a header and of the body that is shown, in characters: an error page's beginning.
const MAX_SHOWN: usize = 4_000;

/// What members of a JSON answer hold tokens (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
const TOKENS: &[&str] = &["access_token", "refresh_token", "id_token", "client_secret"];

/// A profile that passed its test.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ProfileTest {
    /// The profile.
    pub profile: ProfileId,
    /// The endpoint that was asked.
    pub token_url: Url,
    /// The status it answered with: that of a refusal.
    pub status: u16,
    /// What that means, in a sentence.
    pub message: String,
}

impl Authorizations {
    /// Asks a profile's token endpoint to exchange a code that nobody was given. An endpoint that refuses the code
    /// has accepted the client (RFC 6749 section 5.2: `invalid_client` comes before `invalid_grant`).
    ///
    /// # Errors
    /// `BadClientCredentials` and `Upstream` with what was answered, secrets removed; `InvalidInput` where the
    /// tenant does not fit; `NotFound`, `Denied`, `Unreachable`, `TimedOut`.
    pub fn test_profile(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        tenant: Option<&str>,
    ) -> Result<ProfileTest> {
        let profile = self.profile_for(workspace, id, tenant)?;
        let plugin = self.approved_plugin(&profile.integration)?;
        let client_secret = self.client_secret(workspace, id)?;
        let redirect_uri = self.callbacks.redirect_uri(&profile.integration, id)?;
        let code: SecretString = random_id("made-up-")?.into();
        // As long as a verifier has to be: 43 characters (RFC 7636 section 4.1).
        let verifier: SecretString = random_id("made-up-verifier-")?.into();
        let verifier = (profile.pkce == crate::runtime::Pkce::S256).then_some(&verifier);
        let grant = Grant::Code { code: &code, redirect_uri: &redirect_uri, verifier };
        let deadline = Instant::now() + TIMEOUT;
        let response = token_endpoint::send(&self.egress, &profile, &client_secret, &grant, deadline)?;
        let rules = plugin.manifest().oauth2().map(|oauth2| oauth2.token_errors.as_slice());
        let status = response.status;
        let failed = |kind, code: &'static str, message: &str, hint: &str| {
            let answer = shown(&response, &secrets(&profile, &client_secret));
            Err(Failure::new(kind, code, message).hint(hint).status(status).sent(true).answer(answer))
        };
        match token_endpoint::verdict(&response, rules.unwrap_or_default()) {
            Verdict::GrantRefused => Ok(ProfileTest {
                profile: profile.id.clone(),
                token_url: profile.token_url.url()?,
                status,
                message: "The token endpoint accepts the client id and secret.".to_owned(),
            }),
            Verdict::ClientRefused => failed(
                FailureKind::BadClientCredentials,
                "client-refused",
                "The test failed: the token endpoint does not accept the client id and secret.",
                "Correct client id and secret of the profile.",
            ),
            Verdict::Granted => failed(
                FailureKind::Upstream,
                "profile-test-failed",
                "The test failed: the token endpoint accepted a code that nobody was given.",
                "Check the token URL of the profile: whatever answers there checks nothing.",
            ),
            Verdict::Other => failed(
                FailureKind::Upstream,
                "profile-test-failed",
                "The test failed: the token endpoint answered with neither a token nor a refusal of the code.",
                "Check the token URL of the profile, and its authorization fields.",
            ),
        }
    }
}

fn secrets(profile: &Profile, client_secret: &SecretString) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.add(client_secret);
    // No place for a secret, and some will be put there.
    for place in [FieldPlace::Header, FieldPlace::Payload] {
        profile.fields(place).for_each(|(_, value)| secrets.add(&value.to_owned().into()));
    }
    secrets
}

fn shown(response: &Response, secrets: &Secrets) -> UpstreamAnswer {
    let clean = |text: &str| plain_text(&secrets.remove_from(text), MAX_SHOWN);
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(mut json) => {
            hide_tokens(&mut json);
            json.to_string()
        }
        Err(_) => String::from_utf8_lossy(&response.body).into_owned(),
    };
    UpstreamAnswer {
        status: response.status,
        headers: response.headers.iter().map(|(name, value)| (clean(name), clean(value))).collect(),
        body: clean(&body),
    }
}

fn hide_tokens(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if TOKENS.contains(&name.as_str()) {
                    *value = Value::from("[secret removed]");
                } else {
                    hide_tokens(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_tokens),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row 21
    #[test]
    fn what_is_shown_of_an_answer_holds_no_secret() {
        let mut secrets = Secrets::new();
        secrets.add(&"canary-client-secret".to_owned().into());
        let response = |body: &str| Response {
            status: 400,
            headers: vec![("x-echo".into(), "is canary-client-secret".into())],
            body: body.as_bytes().to_vec(),
        };
        let told = shown(
            &response(r#"{"a": [{"access_token": "canary-token"}], "b": "canary-client-secret"}"#),
            &secrets,
        );
        assert_eq!(told.body, r#"{"a":[{"access_token":"[secret removed]"}],"b":"[secret removed]"}"#);
        assert_eq!(told.headers, [("x-echo".to_owned(), "is [secret removed]".to_owned())]);
        let told = shown(&response("<p>canary-client-secret</p>\u{1b}[2J"), &secrets);
        assert_eq!(told.body, "<p>[secret removed]</p> [2J");
    }
}

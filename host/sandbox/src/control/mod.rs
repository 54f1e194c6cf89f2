//! A client of `/_sandbox/`, for scripts and tests; the sandbox may run in another process.

mod settings;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;

use crate::{ApiToken, ClientRegistration};

pub use settings::SettingsChange;

/// Why a control call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The sandbox was not reached, or did not answer in JSON.
    #[error("the sandbox did not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The sandbox refused the call.
    #[error("the sandbox refused the call ({status}): {sentence}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// Its sentence.
        sentence: String,
    },
}

/// Steers a sandbox over HTTP.
///
/// ```
/// use atlassian_sandbox::control::Control;
/// use atlassian_sandbox::{Sandbox, SandboxConfig};
///
/// let sandbox = Sandbox::start(SandboxConfig::default())?;
/// let control = Control::new(sandbox.url());
/// control.faults(serde_json::json!({"match": {"path": "/oauth/token"}, "status": 503}))?;
/// assert_eq!(control.counters()?["token_grants"]["refresh_token"], 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Control {
    base: String,
    agent: Agent,
}

impl Control {
    /// A client of the sandbox at a URL such as [`Sandbox::url`](crate::Sandbox::url) gives.
    pub fn new(url: &str) -> Self {
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        Self { base: format!("{}/_sandbox", url.trim_end_matches('/')), agent }
    }

    /// What was counted: `requests` by method and path template, `answers` by status, `token_grants` by type,
    /// `token_refusals` by error, `consents`, `faults`.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn counters(&self) -> Result<Value, ControlError> {
        self.get("/counters")
    }

    /// The last requests as they were received, oldest first, credentials as fingerprints.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn requests(&self) -> Result<Vec<Value>, ControlError> {
        match self.get("/requests")?.get_mut("requests").map(Value::take) {
            Some(Value::Array(requests)) => Ok(requests),
            _ => Ok(Vec::new()),
        }
    }

    /// Forgets the recorded requests. Counters stay.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn clear_requests(&self) -> Result<(), ControlError> {
        self.delete("/requests")
    }

    /// Adds spaces and pages: `{"spaces": [{key, name, owner}], "pages": {space, count, title_prefix}, "site": 1}`,
    /// each optional. A space with an `owner`, the number of an account, is that person's personal space; its key
    /// begins with `~`, and is `~` and the account's id where none is given. Searches find at once what is seeded.
    /// Gives what was made.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or refuses what was asked.
    pub fn seed(&self, seed: Value) -> Result<Value, ControlError> {
        self.post("/seed", &seed)
    }

    /// Orders a fault: `{"match": {method, path}, "times": 1, "status", "headers", "body", "delay_ms",
    /// "after_effect", "cut"}`. The path is a template, or a path in which `*` stands for anything; behind the
    /// gateway it starts at `/wiki`.
    ///
    /// | fault | what the caller meets |
    /// |---|---|
    /// | `status`, with or without `headers` and `body` | this answer; the work is not done |
    /// | `status`, `"after_effect": true` | this answer; the work was done |
    /// | `delay_ms` alone | the real answer, later; with any other fault, that fault later |
    /// | `"cut": "before"` | a connection that ends without a byte; the work is not done |
    /// | `"cut": "before", "after_effect": true` | the same; the work was done |
    /// | `"cut": "during"` | the real answer's head and half of its body; the work was done |
    /// | `"cut": "during"`, `status` | the same of this answer; the work was done with `after_effect` only |
    ///
    /// `headers` and `body` need a `status`, which `"cut": "before"` cannot have. A request that was cut before
    /// its answer is recorded with the status `null`.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or refuses what was asked.
    pub fn faults(&self, fault: Value) -> Result<Value, ControlError> {
        self.post("/faults", &fault)
    }

    /// Takes back every fault that has not happened.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn clear_faults(&self) -> Result<(), ControlError> {
        self.delete("/faults")
    }

    /// Changes settings and gives all of them.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or refuses what was asked.
    pub fn settings(&self, change: &SettingsChange) -> Result<Value, ControlError> {
        self.post("/settings", &json!(change))
    }

    /// Moves the sandbox's clock forward.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn advance_clock(&self, by: Duration) -> Result<Value, ControlError> {
        self.post("/clock", &json!({"advance_seconds": by.as_secs()}))
    }

    /// The registration of the first app.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn client(&self) -> Result<ClientRegistration, ControlError> {
        typed(self.get("/client")?)
    }

    /// Registers another app with every scope that the sandbox knows.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or refuses what was asked.
    pub fn register_client(&self, redirect_uri: &str) -> Result<ClientRegistration, ControlError> {
        typed(self.post("/clients", &json!({"redirect_uri": redirect_uri}))?)
    }

    /// Registers another app with these scopes enabled.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or does not know a scope.
    pub fn register_client_with_scopes(
        &self,
        redirect_uri: &str,
        scopes: &[&str],
    ) -> Result<ClientRegistration, ControlError> {
        typed(self.post("/clients", &json!({"redirect_uri": redirect_uri, "scopes": scopes}))?)
    }

    /// Removes every app from the account's settings, and every API token: refresh tokens are refused as
    /// `unauthorized_client` and access tokens are unknown from here on. The account is counted from 1; `None` is
    /// who is signed in. Gives how many tokens that ended: `refresh_tokens`, `access_tokens`, `api_tokens`.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or has no such account.
    pub fn revoke(&self, account: Option<usize>) -> Result<Value, ControlError> {
        self.post("/revoke", &whose(account))
    }

    /// Changes the account's password: refresh tokens are refused as `invalid_grant` from here on, access tokens
    /// and API tokens stay good. The account is counted from 1; `None` is who is signed in. Gives how many
    /// `refresh_tokens` that ended.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or has no such account.
    pub fn change_password(&self, account: Option<usize>) -> Result<Value, ControlError> {
        self.post("/change-password", &whose(account))
    }

    /// Makes an API token of an account for a site, both counted from 1. It is good for a year, at the site's own
    /// address only.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or has no such account or site.
    pub fn api_token(&self, account: usize, site: usize) -> Result<ApiToken, ControlError> {
        typed(self.post("/api-tokens", &json!({"account": account, "site": site}))?)
    }

    /// Says who may view and who may edit a page or blog post, by the numbers of their accounts; `None` is everybody.
    /// Who may not view it does not see what is below it either.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or has no such page or account.
    pub fn restrict(
        &self,
        id: &str,
        view: Option<&[usize]>,
        edit: Option<&[usize]>,
    ) -> Result<Value, ControlError> {
        self.post("/restrictions", &json!({"id": id, "view": view, "edit": edit}))
    }

    /// Changes a space: `{"key", "site": 1, "hidden_from": [account numbers], "archived"}`; what is left out stays.
    /// Accounts from which a space is hidden do not see what is in it.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or has no such space or account.
    pub fn change_space(&self, change: Value) -> Result<Value, ControlError> {
        self.post("/spaces", &change)
    }

    /// Where the media host answers, which downloads of attachments lead to, without a slash at the end.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached.
    pub fn media_url(&self) -> Result<String, ControlError> {
        let answer = self.get("/media")?;
        Ok(answer.get("url").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// A page or blog post as it is stored, whatever its status.
    ///
    /// # Errors
    ///
    /// When the sandbox cannot be reached or has no such page.
    pub fn page(&self, id: &str) -> Result<Value, ControlError> {
        self.get(&format!("/pages/{}", crate::html::percent(id)))
    }

    fn get(&self, path: &str) -> Result<Value, ControlError> {
        read(self.agent.get(format!("{}{path}", self.base)).call())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, ControlError> {
        read(self.agent.post(format!("{}{path}", self.base)).send_json(body))
    }

    fn delete(&self, path: &str) -> Result<(), ControlError> {
        read(self.agent.delete(format!("{}{path}", self.base)).call()).map(|_| ())
    }
}

type Sent = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

/// The largest answer that is read: a thousand requests with their bodies.
const LARGEST_ANSWER: u64 = 512 * 1024 * 1024;

fn read(sent: Sent) -> Result<Value, ControlError> {
    let unreachable = |error: ureq::Error| ControlError::Unreachable(Box::new(error));
    let mut answer = sent.map_err(unreachable)?;
    let status = answer.status().as_u16();
    if status == 204 {
        return Ok(Value::Null);
    }
    let body = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec().map_err(unreachable)?;
    let value: Value =
        serde_json::from_slice(&body).map_err(|error| ControlError::Unreachable(Box::new(error)))?;
    if answer.status().is_success() {
        return Ok(value);
    }
    let sentence = value.get("error").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
    Err(ControlError::Refused { status, sentence })
}

fn whose(account: Option<usize>) -> Value {
    account.map_or_else(|| json!({}), |account| json!({"account": account}))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ControlError> {
    serde_json::from_value(value).map_err(|error| ControlError::Unreachable(Box::new(error)))
}

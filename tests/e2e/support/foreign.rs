//! The authorization server of `tests/interop`, which was not written here: a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::REDIRECT_URI;

/// A server of its own for each test. It ends when this is dropped, and when the test's process does.
pub(crate) struct ForeignServer {
    process: Child,
    pub(crate) client: ForeignClient,
}

/// What the server says when it is up.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForeignClient {
    pub(crate) url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// What the server noted of a request, or of a grant that is over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub(crate) enum Noted {
    /// A token request that brought tokens.
    Granted { grant: String, fields: Vec<String>, authorization: Option<String> },
    /// A token request that was refused, and why.
    Refused { grant: String, error: String, detail: Option<String> },
    /// A grant was revoked, with all its tokens.
    Revoked,
    /// A request to the API.
    Api { status: u16 },
}

impl ForeignServer {
    /// Starts a server whose client proves itself in this way, by its name in RFC 7591 section 2.
    pub(crate) fn start(client_authentication: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        assert!(
            folder.join("node_modules/oidc-provider").is_dir(),
            "the authorization server that this test talks to is not installed: run `cargo xtask setup`"
        );
        let settings = json!({"redirectUri": REDIRECT_URI, "clientAuthentication": client_authentication});
        let mut process = Command::new("node")
            .arg(folder.join("server.mjs"))
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs Node.js: run `cargo xtask setup`");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let client = serde_json::from_str(&line).expect("the server did not start; why stands above");
        Self { process, client }
    }

    /// What it noted so far, in order.
    pub(crate) fn log(&self) -> Vec<Noted> {
        ureq::get(self.url("_log")).call().unwrap().body_mut().read_json().unwrap()
    }

    /// The statuses that its API answered with, in order.
    pub(crate) fn api_statuses(&self) -> Vec<u16> {
        let status = |noted| if let Noted::Api { status } = noted { Some(status) } else { None };
        self.log().into_iter().filter_map(status).collect()
    }

    /// How many refresh tokens it took.
    pub(crate) fn refreshes(&self) -> usize {
        let is_refresh =
            |noted: &&Noted| matches!(noted, Noted::Granted { grant, .. } if grant == "refresh_token");
        self.log().iter().filter(is_refresh).count()
    }

    /// Puts its clock forward.
    pub(crate) fn advance_clock(&self, seconds: u64) {
        ureq::post(self.url("_clock")).send(seconds.to_string()).unwrap();
    }

    /// Sends a refresh token from outside the host, as a thief would who has the client's secret too; status and
    /// body of the answer.
    pub(crate) fn replay(&self, refresh_token: &str) -> (u16, Value) {
        let ForeignClient { client_id, client_secret, .. } = &self.client;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", client_id),
            ("client_secret", client_secret),
        ];
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut answer = agent.post(self.url("token")).send_form(form).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    /// A URL at this server.
    pub(crate) fn url(&self, path: &str) -> String {
        self.client.url.join(path).unwrap().into()
    }
}

impl Drop for ForeignServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

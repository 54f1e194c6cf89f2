//! A small client of the sandbox, as every test uses it.

use std::collections::HashMap;
use std::time::Duration;

use atlassian_sandbox::consent::{self, Decision};
use atlassian_sandbox::control::{Control, SettingsChange};
use atlassian_sandbox::{ClientRegistration, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use ureq::Agent;
use url::Url;

pub(crate) const GRANULAR: &str =
    "read:page:confluence write:page:confluence delete:page:confluence read:space:confluence offline_access";
/// Every granular scope that an operation asks for.
pub(crate) const WIDE: &str = "read:page:confluence write:page:confluence delete:page:confluence \
     read:space:confluence read:hierarchical-content:confluence read:content.metadata:confluence \
     read:content-details:confluence read:comment:confluence write:comment:confluence \
     delete:comment:confluence read:attachment:confluence write:attachment:confluence \
     delete:attachment:confluence read:label:confluence write:label:confluence delete:content:confluence \
     offline_access";
pub(crate) const CLASSIC: &str = "write:confluence-content read:confluence-content.all read:confluence-user";

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// `errors[0].title` of v2's shape.
    pub(crate) fn title(&self) -> String {
        self.json()["errors"][0]["title"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    pub(crate) agent: Agent,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(SandboxConfig::default())
    }

    pub(crate) fn with(config: SandboxConfig) -> Self {
        let sandbox = Sandbox::start(config).unwrap();
        let control = Control::new(sandbox.url());
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        Self { sandbox, control, agent }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    /// The authorize URL with everything in order.
    pub(crate) fn authorize_url(&self, client: &ClientRegistration, scopes: &str) -> String {
        authorize_url(self.sandbox.url(), &parameters(client, scopes))
    }

    /// A code, by the automatic consent.
    pub(crate) fn code(&self, client: &ClientRegistration, scopes: &str) -> String {
        let callback = consent::redirect(&self.authorize_url(client, scopes), Decision::Allow).unwrap();
        query(&callback)["code"].clone()
    }

    pub(crate) fn token(&self, body: &Value) -> Answer {
        self.send("POST", "/oauth/token", None, Some(body))
    }

    pub(crate) fn exchange(&self, client: &ClientRegistration, code: &str) -> Answer {
        self.token(&json!({
            "grant_type": "authorization_code",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "code": code,
            "redirect_uri": client.redirect_uri,
        }))
    }

    pub(crate) fn refresh(&self, refresh_token: &str) -> Answer {
        let client = self.sandbox.client();
        self.token(&json!({
            "grant_type": "refresh_token",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "refresh_token": refresh_token,
        }))
    }

    /// The tokens of a new grant.
    pub(crate) fn grant(&self, scopes: &str) -> Tokens {
        let client = self.sandbox.client();
        Tokens::of(&self.exchange(client, &self.code(client, scopes)))
    }

    /// Signs an account in in the browser, counted from 1.
    pub(crate) fn sign_in(&self, account: usize) {
        let change = SettingsChange { account: Some(account), ..Default::default() };
        self.control.settings(&change).unwrap();
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control.advance_clock(Duration::from_secs(seconds)).unwrap();
    }

    pub(crate) fn cloud_id(&self, tokens: &Tokens) -> String {
        let answer = self.send("GET", "/oauth/token/accessible-resources", Some(&tokens.access), None);
        answer.json()[0]["id"].as_str().unwrap().to_owned()
    }

    /// The API behind the gateway, with a grant.
    pub(crate) fn api(&self, scopes: &str) -> Api<'_> {
        let tokens = self.grant(scopes);
        let cloud_id = self.cloud_id(&tokens);
        Api { world: self, tokens, cloud_id }
    }

    /// The API behind the gateway for an account, counted from 1, who stays signed in.
    pub(crate) fn api_of(&self, account: usize, scopes: &str) -> Api<'_> {
        self.sign_in(account);
        self.api(scopes)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None)
    }

    pub(crate) fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string()).unwrap())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        answer(sent.unwrap())
    }
}

pub(crate) fn answer(mut answer: ureq::http::Response<ureq::Body>) -> Answer {
    Answer {
        status: answer.status().as_u16(),
        headers: answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        text: answer.body_mut().read_to_string().unwrap(),
    }
}

pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let text = |name: &str| answer.json()[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

pub(crate) struct Api<'a> {
    pub(crate) world: &'a World,
    pub(crate) tokens: Tokens,
    pub(crate) cloud_id: String,
}

impl Api<'_> {
    /// The first version of Confluence's API.
    pub(crate) fn v1(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, &format!("/wiki/rest/api{path}"), body)
    }

    /// Sends a form of several parts, each a name, perhaps a file name and a type, and what it holds.
    pub(crate) fn upload(&self, method: &str, path: &str, parts: &[Part<'_>], token: Option<&str>) -> Answer {
        let url = self.world.url(&format!("/ex/confluence/{}/wiki/rest/api{path}", self.cloud_id));
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {}", self.tokens.access))
            .header("content-type", "multipart/form-data; boundary=sandbox-boundary");
        if let Some(token) = token {
            request = request.header("x-atlassian-token", token);
        }
        answer(self.world.agent.run(request.body(form(parts)).unwrap()).unwrap())
    }

    /// Puts a text file onto content, as careful clients do.
    pub(crate) fn attach(&self, content: &Value, name: &str, bytes: &[u8]) -> Value {
        let parts = [("file", Some((name, "text/plain")), bytes), ("minorEdit", None, &b"true"[..])];
        let path = format!("/content/{}/child/attachment", id(content));
        let answer = self.upload("PUT", &path, &parts, Some("no-check"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["results"][0].clone()
    }

    /// The field of every result of a list.
    pub(crate) fn column(&self, path: &str, field: &str) -> Vec<String> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        column(&answer.json(), field)
    }

    /// A page in DOCS below another.
    pub(crate) fn page_below(&self, parent: &Value, title: &str) -> Value {
        let mut body = draft(&self.space("DOCS"), title, "<p>x</p>");
        body["parentId"] = parent["id"].clone();
        let answer = self.post("/pages", body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Below the gateway: `path` starts at `/wiki`.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let path = format!("/ex/confluence/{}{path}", self.cloud_id);
        self.world.send(method, &path, Some(&self.tokens.access), body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("/wiki/api/v2{path}"), None)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", &format!("/wiki/api/v2{path}"), Some(&body))
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", &format!("/wiki/api/v2{path}"), Some(&body))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", &format!("/wiki/api/v2{path}"), None)
    }

    pub(crate) fn space(&self, key: &str) -> String {
        let answer = self.get(&format!("/spaces?keys={key}"));
        answer.json()["results"][0]["id"].as_str().unwrap().to_owned()
    }

    /// A page in DOCS with a storage body.
    pub(crate) fn page(&self, title: &str, storage: &str) -> Value {
        let answer = self.post("/pages", draft(&self.space("DOCS"), title, storage));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

pub(crate) fn draft(space: &str, title: &str, storage: &str) -> Value {
    json!({
        "spaceId": space,
        "status": "current",
        "title": title,
        "body": {"representation": "storage", "value": storage},
    })
}

/// The name of a part; of a file also its name and its type, which may be empty; and the bytes.
pub(crate) type Part<'a> = (&'a str, Option<(&'a str, &'a str)>, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, file, bytes) in parts {
        form.extend(format!("--sandbox-boundary\r\nContent-Disposition: form-data; name=\"{name}\"").bytes());
        if let Some((file, media_type)) = file {
            form.extend(format!("; filename=\"{file}\"").bytes());
            if !media_type.is_empty() {
                form.extend(format!("\r\nContent-Type: {media_type}").bytes());
            }
        }
        form.extend(b"\r\n\r\n");
        form.extend_from_slice(bytes);
        form.extend(b"\r\n");
    }
    form.extend(b"--sandbox-boundary--\r\n");
    form
}

/// The field of every result, as text.
pub(crate) fn column(list: &Value, field: &str) -> Vec<String> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|one| one[field].as_str().map_or_else(|| one[field].to_string(), str::to_owned)).collect()
}

/// The next version of a page, with another body.
pub(crate) fn update(page: &Value, number: u32, title: &str, storage: &str) -> Value {
    json!({
        "id": page["id"],
        "status": "current",
        "title": title,
        "body": {"representation": "storage", "value": storage},
        "version": {"number": number, "message": "a change"},
    })
}

pub(crate) fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

pub(crate) fn parameters(client: &ClientRegistration, scopes: &str) -> Vec<(&'static str, String)> {
    vec![
        ("audience", "api.atlassian.com".to_owned()),
        ("client_id", client.client_id.clone()),
        ("scope", scopes.to_owned()),
        ("redirect_uri", client.redirect_uri.clone()),
        ("state", "a state + more".to_owned()),
        ("response_type", "code".to_owned()),
        ("prompt", "consent".to_owned()),
    ]
}

pub(crate) fn authorize_url(base: &str, parameters: &[(&str, String)]) -> String {
    Url::parse_with_params(&format!("{base}/authorize"), parameters).unwrap().into()
}

pub(crate) fn query(url: &str) -> HashMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

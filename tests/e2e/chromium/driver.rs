//! A browser, steered by the WebDriver protocol (W3C).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

/// How long a page may take to say what it is to say: the console's script looks every other second, and the machine may
/// be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name by which the protocol says that something is an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The keys of the protocol.
pub(super) const TAB: &str = "\u{e004}";
pub(super) const ENTER: &str = "\u{e007}";

/// A browser with nothing in it.
pub(super) struct Chromium {
    driver: Child,
    agent: Agent,
    session: String,
}

impl Chromium {
    pub(super) fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is not installed: run `cargo xtask setup`");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            line.rsplit_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver says no port");
        // It must not stop for want of somebody who reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        let agent = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let base = format!("http://127.0.0.1:{port}/session");
        let arguments = [
            "--headless=new",
            // A test may run as root, and in a container, where the browser's own sandbox does not.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-proxy-server",
            "--window-size=1200,900",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
        }}});
        let mut chromium = Self { driver, agent, session: base.clone() };
        let made = chromium.send("POST", "", Some(wanted));
        chromium.session = format!("{base}/{}", made["sessionId"].as_str().unwrap());
        chromium
    }

    fn send(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// What the driver answers, or its error.
    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.session));
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut answer = self.agent.run(request.body(body).unwrap()).map_err(|error| error.to_string())?;
        let is_good = answer.status().is_success();
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        let value = serde_json::from_str::<Value>(&text).unwrap()["value"].take();
        if is_good { Ok(value) } else { Err(value["message"].as_str().unwrap_or_default().to_owned()) }
    }

    fn post(&self, path: &str, body: Value) -> Value {
        self.send("POST", path, Some(body))
    }

    pub(super) fn open(&self, url: &str) {
        self.post("/url", json!({"url": url}));
    }

    pub(super) fn url(&self) -> String {
        self.send("GET", "/url", None).as_str().unwrap().to_owned()
    }

    /// What a script returns that is run in the page.
    pub(super) fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []}))
    }

    /// The same, of a script that calls its last argument when it is done.
    pub(super) fn script_that_calls(&self, script: &str) -> Value {
        self.post("/execute/async", json!({"script": script, "args": []}))
    }

    /// What the page says to those who see it.
    pub(super) fn text(&self) -> String {
        // Between two pages there is none.
        let script = json!({"script": "return document.body.innerText", "args": []});
        let said = self.ask("POST", "/execute/sync", Some(script)).unwrap_or_default();
        said.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says this.
    pub(super) fn waits_for(&self, text: &str) {
        self.until(&format!("\"{text}\""), || self.text().contains(text).then_some(()));
    }

    fn until<T>(&self, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = found() {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "no {what} at {}: {}", self.url(), self.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The element of an XPath, once it is there.
    fn element(&self, path: &str) -> String {
        self.until(path, || {
            let found = self.ask("POST", "/element", Some(json!({"using": "xpath", "value": path}))).ok()?;
            found[ELEMENT].as_str().map(str::to_owned)
        })
    }

    pub(super) fn click_at(&self, path: &str) {
        let element = self.element(path);
        self.post(&format!("/element/{element}/click"), json!({}));
    }

    /// Presses the button, follows the link, or chooses what is labelled so.
    pub(super) fn click(&self, label: &str) {
        let of = |tag: &str| format!("//{tag}[normalize-space()=\"{label}\"]");
        self.click_at(&["button", "a", "label", "summary"].map(of).join(" | "));
    }

    /// Writes into the field of this id.
    pub(super) fn fill(&self, id: &str, text: &str) {
        let element = self.element(&format!("//*[@id=\"{id}\"]"));
        self.post(&format!("/element/{element}/clear"), json!({}));
        if !text.is_empty() {
            self.post(&format!("/element/{element}/value"), json!({"text": text}));
        }
    }

    /// Chooses a file in the field of this id.
    pub(super) fn choose(&self, id: &str, file: &Path) {
        let element = self.element(&format!("//*[@id=\"{id}\"]"));
        self.post(&format!("/element/{element}/value"), json!({"text": file}));
    }

    /// Presses keys, one after the other.
    pub(super) fn keys(&self, keys: &str) {
        let presses: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})))
            .collect();
        self.post("/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": presses}]}));
    }

    /// The windows and tabs.
    pub(super) fn tabs(&self) -> Vec<String> {
        let tabs = self.send("GET", "/window/handles", None);
        tabs.as_array().unwrap().iter().map(|tab| tab.as_str().unwrap().to_owned()).collect()
    }

    pub(super) fn switch_to(&self, tab: &str) {
        self.post("/window", json!({"handle": tab}));
    }

    /// Goes to a tab that was opened beside this one, once it is there.
    pub(super) fn switch_to_another(&self, known: &str) -> String {
        let other = self.until("other tab", || self.tabs().into_iter().find(|tab| tab != known));
        self.switch_to(&other);
        other
    }

    /// Shows pages as to somebody who asked for light or dark ones.
    pub(super) fn prefers(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.post("/goog/cdp/execute", command);
    }

    /// A picture of the whole page.
    pub(super) fn picture(&self) -> Vec<u8> {
        let params = json!({"format": "png", "captureBeyondViewport": true});
        let command = json!({"cmd": "Page.captureScreenshot", "params": params});
        let taken = self.post("/goog/cdp/execute", command);
        STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.ask("DELETE", "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

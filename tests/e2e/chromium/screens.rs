//! Screens: kept as pictures, and judged for people who see or hear them otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use actionbay::authorization::UrlTemplate;
use actionbay::ids::ProfileId;
use atlassian_sandbox::consent::Decision;
use serde_json::Value;

use super::driver::Chromium;
use crate::console::desk::Desk;
use crate::support::workspace;

/// Judges a page by all rules of WCAG 2.2 AA and good practice that axe-core has.
const JUDGE: &str = "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']})\
    .then(result => done(result.violations.map(({id, impact, help, nodes}) => \
    ({id, impact, help, at: nodes.map(node => node.html)})))).catch(error => done(String(error)));";

/// A browser at the console of an office, whose screens are kept under the walk's name.
pub(super) struct Walk {
    pub(super) desk: Desk,
    pub(super) browser: Chromium,
    pictures: PathBuf,
    count: usize,
}

impl Walk {
    /// At the door: nobody is logged in. Profiles send people to the sandbox by its own address.
    pub(super) fn new(name: &str, desk: Desk) -> Self {
        let at = format!("{}/authorize", desk.office.world.sandbox.url());
        let app = ProfileId::new("app").unwrap();
        let edit = |profile: &mut actionbay::authorization::Profile| {
            profile.authorization_url = UrlTemplate::new(&at)
        };
        desk.office.world.host.edit_profile(&workspace(), &app, None, edit).unwrap();
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots").join(name);
        let _ = fs::remove_dir_all(&pictures);
        fs::create_dir_all(&pictures).unwrap();
        let browser = Chromium::start();
        browser.open(desk.url("").as_str());
        Self { desk, browser, pictures, count: 0 }
    }

    /// Keeps the screen in light and in dark, and judges both.
    pub(super) fn screen(&mut self, name: &str) {
        self.count += 1;
        for scheme in ["dark", "light"] {
            self.browser.prefers(scheme);
            let file = self.pictures.join(format!("{:02}-{name}-{scheme}.png", self.count));
            fs::write(file, self.browser.picture()).unwrap();
            let violations = self.violations();
            assert!(violations.is_empty(), "{name} in {scheme}: {violations:#?}");
        }
    }

    /// What is serious or critical.
    fn violations(&self) -> Vec<Value> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(axe).expect("axe-core is not installed: run `cargo xtask setup`");
        self.browser.script(&format!("if (!window.axe) {{ {axe} }}"));
        let judged = self.browser.script_that_calls(JUDGE);
        let violations = judged.as_array().unwrap_or_else(|| panic!("axe-core: {judged}")).clone();
        let is_bad =
            |violation: &Value| ["serious", "critical"].iter().any(|bad| violation["impact"] == *bad);
        violations.into_iter().filter(is_bad).collect()
    }

    /// Logs in, and is at *Actions*.
    pub(super) fn log_in(&mut self) {
        self.browser.waits_for("Log in");
        self.screen("log-in");
        self.browser.fill("key", &self.desk.key);
        self.browser.click("Log in");
        self.browser.waits_for("Nothing is configured yet.");
        self.screen("actions-available");
    }

    /// Decides on the vendor's page.
    pub(super) fn decide(&self, decision: Decision) {
        self.browser.waits_for("Allow access");
        self.browser.click(match decision {
            Decision::Allow => "Allow access",
            Decision::Deny => "Deny",
        });
    }

    /// The pages that the sandbox was asked to create.
    pub(super) fn created(&self) -> usize {
        self.desk.office.created()
    }
}

/// A desk with an app of the system too, which leads to the sandbox by its own address.
pub(super) fn with_system_app(desk: Desk) -> Desk {
    let at = format!("{}/authorize", desk.office.world.sandbox.url());
    desk.with_system_app_at(&at)
}

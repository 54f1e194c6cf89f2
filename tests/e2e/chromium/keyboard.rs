//! A walk without a mouse.

use serde_json::Value;

use super::driver::{Chromium, ENTER, TAB};
use super::screens::Walk;
use crate::console::desk::Desk;

/// How often Tab is pressed at most until something is reached.
const MOST_STEPS: usize = 120;

/// What the focus is on: its text, its label, or its id.
const FOCUS: &str = "const at = document.activeElement; return [at.innerText, at.labels?.[0]?.innerText, at.id, \
    getComputedStyle(at).outlineStyle];";

/// Presses Tab until the focus is on what is called so, where it can be seen.
fn tab_to(browser: &Chromium, name: &str) {
    for _ in 0..MOST_STEPS {
        browser.keys(TAB);
        let focus = browser.script(FOCUS);
        let is_it = |text: &Value| text.as_str().is_some_and(|text| text.trim() == name);
        if focus.as_array().unwrap().iter().take(3).any(is_it) {
            assert_ne!(focus[3], "none", "the focus on {name} cannot be seen");
            return;
        }
    }
    panic!("Tab does not lead to {name}: {}", browser.text());
}

/// Goes there with Tab, and presses Enter.
fn press(browser: &Chromium, name: &str) {
    tab_to(browser, name);
    browser.keys(ENTER);
}

fn write(browser: &Chromium, id: &str, text: &str) {
    tab_to(browser, id);
    browser.keys(text);
}

#[test]
fn with_tab_and_enter_alone_a_page_is_created() {
    let walk = Walk::new("keyboard", Desk::new());
    let browser = &walk.browser;
    browser.waits_for("Log in");
    write(browser, "key", &walk.desk.key);
    browser.keys(ENTER);
    browser.waits_for("Nothing is configured yet.");
    press(browser, "Skip to the content");
    press(browser, "Configure Confluence");
    browser.waits_for("Authorization Type");
    press(browser, "Authorize");
    browser.waits_for("Allow access");
    press(browser, "Allow access");
    browser.waits_for("Integration Successful");
    press(browser, "Explore Templates");
    browser.waits_for("Create content");
    // The button is called as others are: what stands before it says which it is.
    let index = browser.script(
        "return [...document.querySelectorAll('main button')].findIndex(button => button.form.action.includes('/create-content/'))",
    );
    for _ in 0..=index.as_u64().unwrap() {
        tab_to(browser, "Install");
    }
    browser.keys(ENTER);
    browser.waits_for("is installed");
    press(browser, "Go to Dialog");
    browser.waits_for("createContentMessage");
    press(browser, "Talk to Bot");
    browser.waits_for("Say something to begin with");
    write(browser, "text", "type: page, space: DOCS, title: By keys, body: Words");
    browser.keys(ENTER);
    browser.waits_for("By keys has been created.");
    assert_eq!(walk.created(), 1);
    press(browser, "Log out");
    browser.waits_for("Log in");
}

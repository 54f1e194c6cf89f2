//! The four ways of authorizing, each from *Available* to a page that *Talk to Bot* created.

use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::screens::{Walk, with_system_app};
use crate::console::desk::Desk;

/// From *Available* through consent, where an admin gives it, and *Integration Successful* to *Explore Templates*.
fn configures(walk: &mut Walk, who: &str, app: &str) {
    walk.browser.click("Configure Confluence");
    walk.browser.waits_for("Authorization Type");
    walk.browser.click("Instructions");
    walk.browser.waits_for("Register this callback URL");
    walk.screen("instructions");
    walk.browser.click("Authorization");
    walk.browser.waits_for("Authorization Type");
    walk.browser.click(who);
    walk.browser.click(app);
    walk.screen("authorization");
    if who.starts_with("Pre-authorize") {
        walk.browser.click("Authorize");
        walk.decide(Decision::Allow);
    } else {
        walk.browser.click("Enable");
    }
    walk.browser.waits_for("Integration Successful");
    walk.screen("integration-successful");
    walk.browser.click("Explore Templates");
    walk.browser.waits_for("Create content");
    walk.screen("templates");
}

/// Installs *Create content*, and goes to its dialog and to the bot.
fn installs(walk: &mut Walk) {
    let install = "//li[h2=\"Create content\"]//button[normalize-space()=\"Install\"]";
    walk.browser.click_at(install);
    walk.browser.waits_for("is installed");
    walk.screen("installed");
    walk.browser.click("Go to Dialog");
    walk.browser.waits_for("createContentMessage");
    walk.screen("dialog");
    walk.browser.click("Edit createContentService");
    walk.browser.waits_for("Edit Request");
    walk.screen("dialog-edit-service");
    walk.browser.click("Talk to Bot");
    walk.browser.waits_for("Say something to begin with");
}

/// Answers what the bot asks, up to the body.
fn talks(walk: &mut Walk, user: &str, title: &str) {
    walk.browser.fill("text", "Put this into the wiki");
    walk.browser.fill("user", user);
    walk.screen("talk");
    walk.browser.click("Talk to Bot");
    walk.browser.waits_for("Should it be a page or a blog post?");
    walk.screen("conversation");
    walk.browser.click("page");
    for (asked, answer) in
        [("In which space?", "DOCS"), ("What is the title?", title), ("What should it say?", "Words")]
    {
        walk.browser.waits_for(asked);
        walk.browser.fill("text", answer);
        walk.browser.click("Send");
    }
}

/// The page is there: in the conversation, and in the sandbox.
fn is_created(walk: &mut Walk, title: &str) {
    walk.browser.waits_for(&format!("{title} has been created."));
    walk.browser.waits_for("View Content");
    walk.screen("created");
    assert_eq!(walk.created(), 1);
    let requests = walk.desk.office.world.received("/api/v2/pages");
    assert!(requests.iter().any(|request| request["body"].to_string().contains(title)), "{requests:?}");
}

/// The other screens, with something in them.
fn looks_around(walk: &mut Walk) {
    for (link, said, name) in [
        ("Dialogs", "Create Dialog", "dialogs"),
        ("Connections", "Status", "connections"),
        ("Runs", "Runs", "runs"),
        ("Audit log", "configure_integration", "audit-log"),
        ("Integrations", "Enabled.", "actions-configured"),
    ] {
        walk.browser.click(link);
        walk.browser.waits_for(said);
        walk.screen(name);
    }
}

fn pre_authorized(name: &str, app: &str) {
    let mut walk = Walk::new(name, with_system_app(Desk::new()));
    walk.log_in();
    configures(&mut walk, "Pre-authorize the Integration", app);
    installs(&mut walk);
    talks(&mut walk, "", name);
    is_created(&mut walk, name);
    looks_around(&mut walk);
}

fn per_user(name: &str, app: &str) {
    let mut walk = Walk::new(name, with_system_app(Desk::new()));
    walk.log_in();
    configures(&mut walk, "Allow Users to Authorize the Integration", app);
    installs(&mut walk);
    talks(&mut walk, "ann", name);
    walk.browser.waits_for("connect your Confluence account");
    walk.screen("link");
    assert_eq!(walk.created(), 0);
    let conversation = walk.browser.tabs().remove(0);
    walk.browser.click("Connect Confluence");
    walk.browser.switch_to_another(&conversation);
    walk.browser.waits_for("Connect");
    walk.screen("connect");
    walk.browser.click_at("//button[@type=\"submit\"]");
    walk.decide(Decision::Allow);
    walk.browser.waits_for("You can close this page.");
    walk.screen("connected");
    walk.browser.switch_to(&conversation);
    // Nobody touches it: the script finds that it went on.
    is_created(&mut walk, name);
    looks_around(&mut walk);
}

/// Rows 1, 3, 4, 7, 8, 24, 29, 32, 33, 57
#[test]
fn everybody_uses_one_account_of_the_systems_app() {
    pre_authorized("pre-authorized-system", "System");
}

/// Rows 1, 3, 5, 7, 8, 24, 29, 32, 33, 57
#[test]
fn everybody_uses_one_account_of_the_workspaces_app() {
    pre_authorized("pre-authorized-custom", "Custom");
}

/// Rows 1, 3, 6, 7, 8, 24, 35, 38
#[test]
fn each_user_connects_with_the_systems_app() {
    per_user("per-user-system", "System");
}

/// Rows 1, 3, 6, 7, 8, 24, 35, 38
#[test]
fn each_user_connects_with_the_workspaces_app() {
    per_user("per-user-custom", "Custom");
}

/// Rows 5, 11, 12, 21, 22, 50, 52: what else an admin does.
#[test]
fn an_app_is_entered_tested_and_deleted_and_the_integration_disabled_and_deleted() {
    let mut walk = Walk::new("profiles", Desk::new());
    walk.log_in();
    walk.browser.click("Configure Confluence");
    walk.browser.click("Create New");
    walk.browser.waits_for("Callback URL");
    walk.screen("create-new");
    let client = walk.desk.office.world.client.clone();
    walk.browser.fill("name", "mine");
    walk.browser.fill("client-id", &client.client_id);
    walk.browser.fill("client-secret", &client.client_secret);
    walk.browser.fill("token-url", "no-url");
    walk.browser.click("Save Auth");
    walk.browser.waits_for("/token-url");
    walk.screen("refused");
    walk.browser.fill("name", "mine");
    walk.browser.fill("client-secret", &client.client_secret);
    walk.browser.fill("token-url", "https://auth.atlassian.com/oauth/token");
    walk.browser.click("Save Auth");
    walk.browser.waits_for("Authorization Type");
    walk.browser.click("Edit mine");
    walk.browser.waits_for("Authorization mine");
    walk.browser.click("Test");
    walk.browser.waits_for("Test passed");
    walk.screen("test-passed");
    walk.browser.fill("client-secret", "wrong-secret");
    walk.browser.click("Save Auth");
    walk.browser.waits_for("Saved.");
    walk.browser.click("Test");
    walk.browser.waits_for("Auth Test Failed");
    walk.screen("test-failed");
    walk.browser.click("Delete…");
    walk.browser.waits_for("This cannot be undone");
    walk.screen("delete-authorization");
    walk.browser.click("Delete");
    walk.browser.waits_for("Authorization Type");
    walk.browser.click("Allow Users to Authorize the Integration");
    walk.browser.click("Enable");
    walk.browser.click("Skip for Now");
    walk.browser.click("Disable");
    walk.browser.waits_for("Disabled.");
    walk.screen("disabled");
    walk.browser.click("Delete…");
    walk.browser.waits_for("This cannot be undone");
    walk.screen("delete-integration");
    walk.browser.click("Delete");
    walk.browser.waits_for("Nothing is configured yet.");
    assert_eq!(walk.desk.office.world.host.configurations(&crate::support::workspace()).unwrap(), []);
    walk.desk.office.world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
}

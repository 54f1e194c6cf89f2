//! From *Available* to *Configured*.

use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;

use super::desk::{Desk, Shown};
use crate::support::{integration, workspace};

/// Whether the integration is under *Configured*, as it is then not under *Available*.
fn is_configured(page: &Shown) -> bool {
    let configured = page.between("id=\"configured\"", "</section>").contains("Confluence");
    let available = page.between("id=\"available\"", "</section>").contains("Confluence");
    assert_ne!(configured, available, "{page:?}");
    configured
}

/// What the workspace's configuration says: mode and profile.
fn configuration(desk: &Desk) -> (&'static str, String) {
    let known = desk.office.world.host.configuration(&workspace(), &integration()).unwrap().unwrap();
    assert!(known.enabled);
    (known.mode.as_str(), known.profile.unwrap().to_string())
}

/// The whole way with one of the four combinations: the success is shown once.
fn goes_from_available_to_configured(mode: &str, app: &str, profile: &str) {
    let mut desk = Desk::new().with_system_app();
    let actions = desk.open("/actions");
    assert!(actions.says("Integrations › Actions") && !is_configured(&actions));
    let done = if mode == "per-user" {
        desk.configure(mode, app, "save")
    } else {
        let sent = desk.configure(mode, app, "authorize");
        assert_eq!((sent.at.host_str(), sent.at.path()), (Some("auth.atlassian.com"), "/authorize"));
        assert!(desk.office.world.wire.seen().is_empty(), "nothing is sent before consent");
        assert!(!is_configured(&desk.open("/actions")), "nor is anything configured");
        desk.decide(&sent, Decision::Allow)
    };
    assert_eq!(done.at.path(), "/console/actions/confluence");
    for text in ["Integration Successful", "Explore Templates", "Skip for Now"] {
        assert!(done.says(text), "no {text}: {done:?}");
    }
    let skipped = desk.submit(done.form("/introduced").with("to", "actions"));
    assert_eq!(skipped.at.path(), "/console/actions");
    assert!(is_configured(&skipped));
    let (known_mode, known_profile) = configuration(&desk);
    assert_eq!((known_mode, known_profile.as_str()), (mode, profile));
    assert!(!desk.open("/actions/confluence").says("Integration Successful"), "it is shown once");
    assert!(desk.office.world.host.dialogs(&workspace()).unwrap().is_empty());
    assert!(desk.install("create-content").says("Go to Dialog"), "what was skipped can be done later");
    assert_eq!(desk.office.world.host.dialogs(&workspace()).unwrap()[0].name, "createContent");
}

/// Rows 1, 5, 23: the pages say what the component says of itself, and by which words what is chosen is saved.
#[test]
fn the_pages_say_what_there_is_and_by_which_words_it_is_chosen() {
    let mut desk = Desk::new();
    let manifest = crate::support::confluence().manifest().clone();
    let actions = desk.open("/actions");
    let available = actions.between("id=\"available\"", "</section>");
    assert!(available.contains(&format!("<p>{}</p>", manifest.summary)), "{available}");
    let shown = desk.open("/actions/confluence");
    assert!(shown.says(">Select Authorization</label>") && shown.says(">Create New</a>"), "{shown:?}");
    assert!(shown.says(">Enable</button>") && !shown.says(">Save</button>"), "{shown:?}");
    let mut desk = desk.configured();
    assert!(desk.open("/actions/confluence").says(">Save</button>"));
    let new = desk.open("/actions/confluence/profiles/new");
    assert!(new.says(">Save Auth</button>"), "{new:?}");
    let templates = desk.open("/actions/confluence/templates");
    for template in &manifest.templates {
        let summary = template.summary.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let said = format!("<h2>{}</h2><p>{summary}</p>", template.title);
        assert!(templates.says(&said), "no {said}: {templates:?}");
    }
}

/// Rows 1, 2, 3, 4, 7, 8, 9
#[test]
fn the_integration_is_authorized_for_everybody_with_the_app_of_the_system() {
    goes_from_available_to_configured("pre-authorized", "system", "shipped");
}

/// Rows 1, 3, 5, 7, 8, 9
#[test]
fn the_integration_is_authorized_for_everybody_with_an_app_of_the_workspace() {
    goes_from_available_to_configured("pre-authorized", "custom", "app");
}

/// Rows 1, 3, 6, 7, 8, 9
#[test]
fn users_authorize_the_integration_with_the_app_of_the_system() {
    goes_from_available_to_configured("per-user", "system", "shipped");
}

/// Rows 1, 3, 6, 7, 8, 9
#[test]
fn users_authorize_the_integration_with_an_app_of_the_workspace() {
    goes_from_available_to_configured("per-user", "custom", "app");
}

/// Row 5: what was made with *Create New* is selected, authorized, and its consent is told.
#[test]
fn an_authorization_that_was_just_made_is_selected_and_leads_to_consent() {
    let mut desk = Desk::new();
    let client = desk.office.world.client.clone();
    let form = desk.open("/actions/confluence/profiles/new").form("/profiles/new");
    let form = form.with("name", "mine").with("client-id", &client.client_id);
    let selected = desk.submit(form.with("client-secret", &client.client_secret));
    assert_eq!(selected.at.path(), "/console/actions/confluence", "{selected:?}");
    assert!(selected.says("value=\"mine\" selected"), "{selected:?}");
    let form = selected.form("/authorize").with("app", "custom").with("profile", "mine");
    let sent = desk.submit(form.with("do", "authorize"));
    assert!(desk.decide(&sent, Decision::Allow).says("Integration Successful"));
    assert_eq!(configuration(&desk).1, "mine");
}

/// Row 7: it is shown with the first success only, and its other button leads to the templates.
#[test]
fn explore_templates_leads_there_and_no_later_edit_shows_the_success_again() {
    let mut desk = Desk::new();
    let done = desk.configure("per-user", "custom", "save");
    let explored = desk.submit(done.form("/introduced").with("to", "templates"));
    assert_eq!(explored.at.path(), "/console/actions/confluence/templates");
    assert!(explored.says("Create content"), "{explored:?}");
    let edited = desk.configure("pre-authorized", "custom", "authorize");
    let back = desk.decide(&edited, Decision::Allow);
    assert!(!back.says("Integration Successful") && back.says("Authorized"), "{back:?}");
}

#[test]
fn whoever_denies_access_is_told_so_and_nothing_is_configured() {
    let mut desk = Desk::new();
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    let denied = desk.decide(&sent, Decision::Deny);
    assert!(denied.says("Not connected"), "{denied:?}");
    let back = denied.links().into_iter().find(|link| link.path().ends_with("/console/actions")).unwrap();
    assert!(desk.open(back.path().trim_start_matches("/console")).says("Available"));
    assert!(!is_configured(&desk.open("/actions")));
    assert!(desk.office.world.connections().is_empty());
}

#[test]
fn an_admin_whose_account_reaches_several_sites_chooses_one_and_is_led_back() {
    let mut desk = Desk::new();
    let change = SettingsChange { sites: Some(2), ..SettingsChange::default() };
    desk.office.world.control.settings(&change).unwrap();
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    let asked = desk.decide(&sent, Decision::Allow);
    assert!(asked.says("Which site?"), "{asked:?}");
    let second = desk.office.world.connections()[0].offered_sites[1].site.id.clone();
    let back = desk.submit(asked.form("/connect/site").with("site", &second));
    assert!(back.says("Integration Successful"), "{back:?}");
}

#[test]
fn without_an_app_it_is_said_what_to_do() {
    let mut desk = Desk::new();
    let shown = desk.configure("pre-authorized", "system", "authorize");
    assert_eq!(shown.answer.status, 400);
    assert!(shown.says("This deployment ships no app for it.") && shown.says("Choose Custom"), "{shown:?}");
}

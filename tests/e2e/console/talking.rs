//! Templates, their dialogs, and *Talk to Bot*.

use actionbay::authorization::{AuthorizationMode, Profile, UrlTemplate};
use actionbay::dialog::{Node, Words};
use actionbay::ids::ConversationId;
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::desk::{Desk, Shown};
use crate::support::{integration, profile, workspace};

/// Row 10: without anything configured there is only the way to what can be.
#[test]
fn a_dialog_cannot_be_made_before_something_is_configured() {
    let mut desk = Desk::new();
    let shown = desk.open("/dialogs");
    assert!(shown.says("Explore Integrations"), "{shown:?}");
    assert!(shown.links().iter().any(|link| link.path() == "/console/actions"));
    let templates = desk.open("/actions/confluence/templates");
    assert!(templates.says("It is not configured yet.") && templates.says("Create content"), "{templates:?}");
    assert!(templates.forms().iter().all(|form| !form.action.path().ends_with("/install")));
}

/// Rows 23, 24, 25, 28, 57: a template says what it does and needs; installing it makes its dialog, drawn node by node.
#[test]
fn installing_leads_to_the_dialog_whose_nodes_are_drawn() {
    let mut desk = Desk::new().configured();
    let templates = desk.open("/actions/confluence/templates");
    for text in ["Create content", "<dt>Effect</dt><dd>create</dd>", "write:page:confluence"] {
        assert!(templates.says(text), "no {text}: {templates:?}");
    }
    let installed = desk.install("create-content");
    assert!(installed.says("Go to Dialog"), "{installed:?}");
    let way = installed.links().into_iter().find(|link| link.path().contains("/dialogs/createContent"));
    assert_eq!(way.unwrap().path(), "/console/dialogs/createContent");
    let dialog = desk.open("/dialogs/createContent");
    let mut rest = dialog.between("class=\"flow\"", "</ol>");
    for name in [
        "createContent",
        "contentType",
        "spaceKey",
        "contentTitle",
        "contentBody",
        "getResourceIdService",
        "createContentService",
        "createContentMessage",
    ] {
        rest = rest.split_once(&format!("<h2>{name}</h2>")).unwrap_or_else(|| panic!("no {name}")).1;
    }
    assert!(dialog.says("Edit Request") && dialog.says("Sample responses"), "{dialog:?}");
    let again = desk.open("/actions/confluence/templates");
    assert!(again.says("Go to Dialog"), "{again:?}");
    desk.press("/actions/confluence/templates", "/templates/create-content/uninstall");
    assert_eq!(desk.open("/dialogs/createContent").answer.status, 404);
}

/// Rows 26, 27, 29, 32, 33, 57: *Talk to Bot* asks for what is missing, and the page is in the sandbox, by a request to the
/// site of the connection.
#[test]
fn talking_to_the_bot_creates_the_page() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let mut talk = desk.talk("createContent", "", "Put this into the wiki");
    assert!(talk.says("Should it be a page or a blog post?"), "{talk:?}");
    assert!(talk.says("name=\"choice\" value=\"page\""), "choices are buttons: {talk:?}");
    let id = talk.at.path().rsplit('/').next().unwrap().to_owned();
    for answer in ["page", "DOCS", "From the console", "# Hello"] {
        talk = desk.submit(talk.form(&format!("/conversations/{id}")).with("text", answer));
    }
    assert!(talk.says("From the console has been created."), "{talk:?}");
    assert!(talk.says("The conversation is over.") && talk.says("View Content"), "{talk:?}");
    let page = desk.office.world.run("view-content", json!({"space": "DOCS", "title": "From the console"}));
    let page = page.unwrap();
    assert_eq!(page["body"]["value"], "# Hello\n");
    let button = page["url"].as_str().unwrap();
    assert!(talk.links().iter().any(|link| link.as_str() == button), "{talk:?}");
    let sent = desk.office.world.received("/api/v2/pages");
    let [sent] = &sent.iter().filter(|request| request["method"] == "POST").collect::<Vec<_>>()[..] else {
        panic!("not one: {sent:?}")
    };
    let body = &sent["body"];
    assert_eq!((&body["title"], &body["status"]), (&json!("From the console"), &json!("current")), "{sent}");
    assert_eq!(body["body"]["representation"], "storage", "{sent}");
    let site = desk.office.world.connections()[0].site.clone().unwrap();
    assert!(sent["path"].as_str().unwrap().contains(&site.id), "{sent}");
    let gone = desk.submit(talk.form("/logout"));
    assert_eq!(gone.at.path(), "/console/login");
}

/// Rows 35, 38: where users authorize it themselves, the link is in the conversation, and it goes on by itself.
#[test]
fn the_link_is_in_the_conversation_which_goes_on_by_itself() {
    let mut desk = Desk::new();
    desk.configure("per-user", "custom", "save");
    desk.install("create-content");
    let talk = desk.talk("createContent", "ann", "type: page, space: DOCS, title: Mine, body: Words");
    assert!(talk.says("connect your Confluence account") && talk.says("data-waits"), "{talk:?}");
    let link = talk.links().into_iter().find(|link| link.path().starts_with("/connect/")).unwrap();
    assert_eq!(desk.office.decide(link.as_str(), Decision::Allow).status, 200);
    let path = talk.at.path().strip_prefix("/console").unwrap().to_owned();
    let after = desk.open(&path);
    assert!(after.says("Mine has been created.") && !after.says("data-waits"), "{after:?}");
    assert_eq!(desk.office.created(), 1);
    assert!(desk.open("/connections").says("<h2>confluence: ann</h2>"));
}

/// Row 28: a node's texts, its request and its sample responses are changed, and what will not do is refused.
#[test]
fn nodes_are_edited_one_by_one() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let nodes = |desk: &Desk| desk.office.world.host.dialog(&workspace(), "createContent").unwrap();
    let form = |desk: &mut Desk, index: usize| {
        let forms = desk.open("/dialogs/createContent").forms();
        let index = index.to_string();
        forms
            .into_iter()
            .find(|form| form.fields.iter().any(|(name, value)| name == "node" && *value == index))
            .unwrap()
    };
    let prompt = form(&mut desk, 3);
    let prompt = prompt.with("prompt", "What shall it be called?").with("presence", "mandatory");
    let saved = desk.submit(prompt.clone());
    assert!(saved.says("Saved as version 2."), "{saved:?}");
    let stale = desk.submit(prompt);
    assert!(stale.says("role=\"alert\""), "somebody else was faster: {stale:?}");
    let talk = desk.talk("createContent", "", "type: page, space: DOCS");
    assert!(talk.says("What shall it be called?"), "{talk:?}");

    let service = form(&mut desk, 6);
    let request = r#"{"type":"page","space":"DOCS","title":"Always this","body":"x"}"#;
    let service = service.with("request", request).with("sample-responses", r#"[{"id":"1"}]"#);
    assert!(desk.submit(service).says("Saved as version 3."));
    let Node::Service(service) = nodes(&desk).nodes[6].clone() else { panic!("no service") };
    assert_eq!(service.request["title"], "Always this");
    assert_eq!(service.sample_responses, [json!({"id": "1"})]);
    for (field, wrong) in
        [("request", "{"), ("timeout-seconds", "0"), ("timeout-seconds", "61"), ("timeout-seconds", "x")]
    {
        let service = form(&mut desk, 6).with("request", request).with("sample-responses", "[]");
        let refused = desk.submit(service.with(field, wrong));
        assert!(refused.says("role=\"alert\""), "{field} {wrong}: {refused:?}");
    }
    assert_eq!(nodes(&desk).version, 3);

    let intent = form(&mut desk, 0).with("utterances", "Note this down\n\n  Keep a page  ");
    assert!(desk.submit(intent).says("Saved as version 4."));
    let message = form(&mut desk, 7).with("text", "There it is: {{context.createContentService.title}}");
    let message = message.with("button-label", "Look").with("button-url", "https://a.example/look");
    assert!(desk.submit(message).says("Saved as version 5."));
    let dialog = nodes(&desk);
    let utterances: Vec<_> = dialog.utterances().collect();
    assert_eq!(utterances, ["Note this down", "Keep a page"]);
    assert!(desk.open("/dialogs/createContent/talk").says("value=\"Keep a page\""));
    let talk = desk.talk("createContent", "", "type: page, space: DOCS, title: x, body: y");
    assert!(talk.says("There it is: Always this") && talk.says(">Look</a>"), "{talk:?}");
    let broken = form(&mut desk, 7).with("text", "{{ open");
    assert!(desk.submit(broken).says("role=\"alert\""));

    desk.install("delete-content");
    let dialog = desk.office.world.host.dialog(&workspace(), "deleteContent").unwrap();
    let is_confirmation = |node: &Node| matches!(node, Node::Confirmation(_));
    let index = dialog.nodes.iter().position(is_confirmation).unwrap().to_string();
    let of_node = ("node".to_owned(), index);
    let forms = desk.open("/dialogs/deleteContent").forms();
    let confirmation = forms.into_iter().find(|form| form.fields.contains(&of_node));
    let saved = desk.submit(confirmation.unwrap().with("prompt", "Really?"));
    assert!(saved.says("Saved as version 2."), "{saved:?}");
    assert!(desk.talk("deleteContent", "", "id: 1").says("Really?"));
}

#[test]
fn what_was_run_is_told() {
    let mut desk = Desk::new().configured();
    assert!(desk.open("/runs").says("Nothing was run yet."));
    let client = desk.office.admin();
    client.post(&crate::service::office::run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    let runs = desk.open("/runs");
    assert!(runs.says("list-pages") && runs.says(" ms"), "{runs:?}");
    let told = client.get("/runs").done()["items"][0].clone();
    assert!(told["requests"].as_u64().unwrap() > 0, "{told}");
    let row = format!(
        "<td>succeeded</td><td>{} ms</td><td>{}</td><td></td>",
        told["milliseconds"], told["requests"]
    );
    assert!(runs.says(&row), "no {row}: {runs:?}");
    desk.office.world.fault("POST", "/wiki/api/v2/pages", 1, json!({"cut": "before", "after_effect": true}));
    let body = json!({"input": {"space": "DOCS", "title": "Lost"}});
    let failed = client.post(&crate::service::office::run_of("create-content"), body).json();
    let runs = desk.open("/runs");
    let outcome = format!("<td>{}, and something may have come of it</td>", failed["code"].as_str().unwrap());
    assert!(runs.says("<td>failed</td>") && runs.says(&outcome), "no {outcome}: {runs:?}");
}

/// Row 31: the node to go on with after the allowed retries is set in the form.
#[test]
fn where_to_go_on_after_the_allowed_retries_is_set_in_the_form() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let of_node = ("node".to_owned(), "3".to_owned());
    let form = |desk: &mut Desk| {
        let forms = desk.open("/dialogs/createContent").forms();
        let form = forms.into_iter().find(|form| form.fields.contains(&of_node)).unwrap();
        form.with("prompt", "Title?").with("presence", "mandatory")
    };
    let earlier = form(&mut desk).with("on-failure", "contentType");
    let refused = desk.submit(earlier);
    assert!(refused.says("There is no later node"), "{refused:?}");
    let later = form(&mut desk).with("on-failure", "createContentMessage").with("retries", "1");
    let saved = desk.submit(later);
    assert!(saved.says("Saved as version 2."), "{saved:?}");
    let shown = form(&mut desk);
    assert!(
        shown.fields.contains(&("on-failure".to_owned(), "createContentMessage".to_owned())),
        "{shown:?}"
    );
    let mut talk = desk.talk("createContent", "", "type: page, space: DOCS");
    let at = talk.at.path().strip_prefix("/console").unwrap().to_owned();
    for _ in 0..2 {
        talk = desk.submit(talk.form(&at).with("text", &"x".repeat(256)));
    }
    assert!(talk.says("has been created.") && talk.says("The conversation is over."), "{talk:?}");
    assert_eq!(desk.office.created(), 0);
}

/// Row 18: who authorizes it for everybody says for which tenant.
#[test]
fn the_form_that_authorizes_has_the_tenant_that_the_profile_needs() {
    let mut desk = Desk::new();
    assert!(!desk.open("/actions/confluence").says("name=\"tenant\""), "nobody needs one");
    let with_tenant = UrlTemplate::new("https://auth.atlassian.com/oauth/token?team={tenant}");
    let edit = |app: &mut Profile| {
        (app.token_url, app.refresh_url) = (with_tenant.clone(), with_tenant);
    };
    let host = desk.office.world.host.clone();
    host.edit_profile(&workspace(), &profile(), None, edit).unwrap();
    let authorize = |desk: &mut Desk, tenant: &str| {
        let form = desk.open("/actions/confluence").form("/authorize");
        assert!(form.fields.iter().any(|(name, _)| name == "tenant"), "{form:?}");
        let form = form.with("mode", "pre-authorized").with("app", "custom").with("profile", "app");
        desk.submit(form.with("do", "authorize").with("tenant", tenant))
    };
    assert!(authorize(&mut desk, "").says("needs the tenant to connect to"));
    assert!(authorize(&mut desk, "a.b").says("cannot be a tenant"));
    for tenant in ["acme", ""] {
        let sent = authorize(&mut desk, tenant);
        let back = desk.decide(&sent, Decision::Allow);
        if tenant == "acme" {
            desk.submit(back.form("/introduced").with("to", "actions"));
        }
        let connections = desk.office.world.connections();
        assert_eq!(connections.len(), 1, "{connections:?}");
        assert_eq!(connections[0].tenant.as_deref(), Some("acme"), "it is kept where it is not said anew");
    }
    let seen = desk.office.world.wire.seen();
    let tokens: Vec<_> = seen.iter().filter(|seen| seen.url.path() == "/oauth/token").collect();
    assert_eq!(tokens.len(), 2);
    assert!(tokens.iter().all(|seen| seen.url.query() == Some("team=acme")), "{tokens:?}");
}

/// A dialog goes only after it was asked whether it should, and alone.
#[test]
fn one_dialog_is_deleted_after_a_confirmation_and_the_others_stay() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    desk.install("list-pages");
    let shown = desk.open("/dialogs/createContent");
    assert!(
        shown.links().iter().any(|link| link.path() == "/console/dialogs/createContent/delete"),
        "{shown:?}"
    );
    let asked = desk.open("/dialogs/createContent/delete");
    assert!(asked.says("This cannot be undone") && asked.says("Keep it"), "{asked:?}");
    assert_eq!(desk.open("/dialogs/createContent").answer.status, 200, "asking deletes nothing");
    let left = desk.press("/dialogs/createContent/delete", "/dialogs/createContent/delete");
    assert_eq!(left.at.path(), "/console/dialogs");
    assert!(left.says("listPages") && !left.says("createContent"), "{left:?}");
    assert_eq!(desk.open("/dialogs/createContent").answer.status, 404);
    let log = desk.office.admin().get("/audit").done().to_string();
    assert!(log.contains("delete_dialog") && log.contains("createContent"), "{log}");
}

/// What is said is announced to whoever hears the page, in its turn.
#[test]
fn a_conversation_is_a_log_that_is_read_out_politely() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let talk = desk.talk("createContent", "", "Put this into the wiki");
    let log = talk.between("<div role=\"log\" aria-live=\"polite\" aria-label=\"Conversation\">", "</div>");
    for said in ["Put this into the wiki", "Should it be a page or a blog post?"] {
        assert!(log.contains(said), "{log}");
    }
    assert!(!log.contains("<form"), "what is to be answered with is beside it: {log}");
    let script = desk.open("/script.js");
    assert!(script.says("[role=log]"), "{script:?}");
}

/// The script adds those lines whose numbers are above those that are shown.
#[test]
fn lines_keep_their_numbers_where_the_first_are_kept_no_longer() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let host = desk.office.world.host.clone();
    host.edit_configuration(&workspace(), &integration(), Some(AuthorizationMode::PerUser), None).unwrap();
    let talk = desk.talk("createContent", "ann", "type: page, space: DOCS, title: x, body: y");
    let numbers = |page: &Shown| -> Vec<usize> {
        let lines = page.answer.body.split("data-at=\"").skip(1);
        lines.map(|line| line.split_once('"').unwrap().0.parse().unwrap()).collect()
    };
    assert_eq!(numbers(&talk), [0, 1]);
    // While a link is awaited anything can be said.
    let id = talk.at.path().rsplit('/').next().unwrap().to_owned();
    let conversation = ConversationId::new(&*id).unwrap();
    for _ in 0..40 {
        host.say(&workspace(), &conversation, &Words::new("x".repeat(60 << 10))).unwrap();
    }
    let shown = numbers(&desk.open(&format!("/conversations/{id}")));
    let all = host.conversation(&workspace(), &conversation).unwrap().said;
    assert!(all > 40 && shown.len() < all, "{shown:?} of {all}");
    assert_eq!(shown, (all - shown.len()..all).collect::<Vec<_>>());
}

//! The form of an authorization profile: what it takes and what it refuses.

use actionbay::authorization::{FieldPlace, Profile};
use actionbay::ids::ProfileId;
use serde_json::json;

use super::desk::{Desk, Shown};
use crate::support::{Form, workspace};

fn empty_form(desk: &mut Desk) -> Form {
    desk.open("/actions/confluence/profiles/new").form("/profiles/new")
}

/// The form as somebody fills it in who means it.
fn filled(desk: &mut Desk) -> Form {
    let client = desk.office.world.client.clone();
    empty_form(desk)
        .with("name", "mine")
        .with("client-id", &client.client_id)
        .with("client-secret", &client.client_secret)
}

fn stored(desk: &Desk) -> Profile {
    desk.office.world.host.profile(&workspace(), &ProfileId::new("mine").unwrap()).unwrap()
}

/// Sends a form with one field that is wrong: it is shown again as it was, with the reason, and nothing is stored.
fn refused(desk: &mut Desk, field: &str, value: &str, why: &str) -> Shown {
    let before = desk.office.world.host.profiles(&workspace()).unwrap();
    let form = filled(desk).with(field, value);
    let shown = desk.submit(form);
    assert!(shown.says("role=\"alert\"") && shown.says(why), "{field}: no {why} in {shown:?}");
    assert!((400..500).contains(&shown.answer.status), "{field}: {shown:?}");
    assert_eq!(desk.office.world.host.profiles(&workspace()).unwrap(), before, "{field}");
    assert!(!shown.says(&desk.office.world.client.client_secret), "{field}: the secret is shown");
    shown
}

/// Rows 11, 15, 17: the callback URL is the host's and cannot be written; the rest is filled in as the integration knows it.
#[test]
fn the_form_begins_with_what_the_integration_knows() {
    let mut desk = Desk::new();
    let shown = desk.open("/actions/confluence/profiles/new");
    let callback = format!("id=\"callback-url\" readonly value=\"{}\"", desk.office.public.callback_url());
    assert!(shown.says(&callback), "no {callback} in {shown:?}");
    let form = shown.form("/profiles/new");
    assert!(form.fields.iter().all(|(name, _)| name != "callback-url"), "it is not sent");
    let field = |name: &str| form.fields.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(field("authorization-url"), "https://auth.atlassian.com/authorize");
    assert_eq!(field("token-url"), "https://auth.atlassian.com/oauth/token");
    assert_eq!(field("token-url"), field("refresh-url"));
}

/// Row 12: without what is required nothing is saved.
#[test]
fn what_is_required_is_asked_for() {
    let mut desk = Desk::new();
    for (field, pointer) in [
        ("identity-provider", "/identity-provider"),
        ("client-id", "/client-id"),
        ("client-secret", "/client-secret"),
        ("authorization-url", "/authorization-url"),
        ("token-url", "/token-url"),
    ] {
        refused(&mut desk, field, "", pointer);
    }
    refused(&mut desk, "name", "", "role=\"alert\"");
    refused(&mut desk, "name", "../x", "role=\"alert\"");
}

/// Row 13: client id and secret have at most 255 characters.
#[test]
fn a_client_id_or_secret_that_is_too_long_is_refused() {
    let mut desk = Desk::new();
    for field in ["client-id", "client-secret"] {
        let long = "x".repeat(256);
        refused(&mut desk, field, &long, "longer than 255 characters");
    }
    let form = filled(&mut desk).with("client-id", &"x".repeat(255)).with("client-secret", &"y".repeat(255));
    assert_eq!(desk.submit(form).at.path(), "/console/actions/confluence");
}

/// Row 14: the three URLs are URLs of at most 3000 characters.
#[test]
fn a_url_that_is_none_or_too_long_is_refused() {
    let mut desk = Desk::new();
    let long = format!("https://auth.atlassian.com/{}", "x".repeat(3_000));
    for field in ["authorization-url", "token-url", "refresh-url"] {
        for (wrong, why) in [
            ("no url", "holds a space"),
            ("auth.atlassian.com/authorize", "is no URL"),
            ("javascript:alert(1)", "is not an https URL"),
            ("https://user@auth.atlassian.com/", "names a user"),
            ("http://169.254.169.254/latest", "is refused"),
            (long.as_str(), "is longer than 3000 characters"),
        ] {
            refused(&mut desk, field, wrong, why);
        }
    }
}

/// Row 15: scopes are taken as they are written.
#[test]
fn scopes_are_taken_as_they_are_written() {
    let mut desk = Desk::new();
    refused(&mut desk, "scope", "good b\"ad", "is no scope");
    let form = filled(&mut desk).with("scope", "  write:confluence-content   offline_access ");
    desk.submit(form);
    assert_eq!(stored(&desk).scopes, ["write:confluence-content", "offline_access"]);
}

/// Rows 16, 18: a query is kept, and `{tenant}` is taken and asked for.
#[test]
fn a_query_and_a_tenant_may_stand_in_a_url() {
    let mut desk = Desk::new();
    refused(&mut desk, "authorization-url", "https://{tenant}/authorize", "must name a domain");
    refused(&mut desk, "authorization-url", "https://a.example/?state=x", "may not set");
    let url = "https://{tenant}.atlassian.com/authorize?audience=api.atlassian.com";
    let form = filled(&mut desk).with("authorization-url", url);
    desk.submit(form);
    assert_eq!(stored(&desk).authorization_url.as_str(), url);
    let shown = desk.open("/profiles/mine");
    assert!(shown.says("id=\"tenant\"") && shown.says(url), "{shown:?}");
}

/// Rows 19, 20: what people are shown, and what the vendor wants besides, a line each.
#[test]
fn additional_and_authorization_fields_are_lines_and_a_line_that_is_none_is_told() {
    let mut desk = Desk::new();
    for (field, line, why) in [
        ("additional-fields", "no sign", "has no equals sign"),
        ("authorization-fields", "query", "has no equals sign"),
        ("authorization-fields", "prompt=consent", "does not say where it goes"),
        ("authorization-fields", "cookie a=b", "is no place"),
        ("authorization-fields", "query state=x", "which the host sets"),
        ("authorization-fields", "header host=x", "which the host sets"),
    ] {
        let shown = refused(&mut desk, field, line, why);
        assert!(shown.says(&format!(">{line}</textarea>")), "what was written is kept: {shown:?}");
    }
    let form = filled(&mut desk)
        .with("additional-fields", "Ask=the admin = Ann\r\n\r\nRoom=4")
        .with("authorization-fields", "query prompt=consent\r\nheader x-app=actionbay");
    desk.submit(form);
    let profile = stored(&desk);
    let shown: Vec<_> =
        profile.additional_fields.iter().map(|field| (field.key.as_str(), field.value.as_str())).collect();
    assert_eq!(shown, [("Ask", "the admin = Ann"), ("Room", "4")]);
    let sent: Vec<_> =
        profile.authorization_fields.iter().map(|field| (field.place, field.key.as_str())).collect();
    assert_eq!(sent, [(FieldPlace::Query, "prompt"), (FieldPlace::Header, "x-app")]);
}

/// Row 21: a test says that it passed, or what came back.
#[test]
fn a_test_passes_or_shows_headers_and_response() {
    let mut desk = Desk::new();
    let form = filled(&mut desk);
    desk.submit(form);
    assert!(desk.press("/profiles/mine", "/test").says("Test passed"));
    let form = desk.open("/profiles/mine").form("/profiles/mine");
    desk.submit(form.with("client-secret", "a-secret-that-is-wrong"));
    let failed = desk.press("/profiles/mine", "/test");
    for text in ["Auth Test Failed", "<summary>Headers</summary>", "<summary>Response</summary>"] {
        assert!(failed.says(text), "no {text}: {failed:?}");
    }
    assert!(!failed.says("a-secret-that-is-wrong"), "{failed:?}");
}

/// Row 22: a profile is edited, its secret stays where none is given, and deleting asks first.
#[test]
fn a_profile_is_edited_and_deleted_after_a_question() {
    let mut desk = Desk::new();
    let form = filled(&mut desk);
    desk.submit(form);
    let form = desk.open("/profiles/mine").form("/profiles/mine");
    let saved = desk.submit(form.clone().with("identity-provider", "Our Atlassian"));
    assert!(saved.says("Saved."), "{saved:?}");
    assert_eq!(stored(&desk).identity_provider, "Our Atlassian");
    assert!(desk.press("/profiles/mine", "/test").says("Test passed"), "the secret stayed");
    let refused = desk.submit(form.with("token-url", "nonsense"));
    assert!(refused.says("is no URL") && refused.says("value=\"nonsense\""), "{refused:?}");
    assert_eq!(stored(&desk).token_url.as_str(), "https://auth.atlassian.com/oauth/token");

    let asked = desk.open("/profiles/mine/delete");
    assert!(asked.says("This cannot be undone") && asked.says("Keep it"), "{asked:?}");
    assert_eq!(stored(&desk).id.as_str(), "mine");
    assert_eq!(desk.submit(asked.form("/delete")).at.path(), "/console/actions/confluence");
    assert_eq!(desk.open("/profiles/mine").answer.status, 404);
}

#[test]
fn the_app_of_the_system_is_neither_shown_nor_changed() {
    let mut desk = Desk::new().with_system_app();
    assert_eq!(desk.open("/profiles/shipped").answer.status, 404);
    let form = desk.open("/actions").form("/logout");
    for action in ["/profiles/shipped", "/profiles/shipped/delete"] {
        let sent = Form { action: desk.url(action), ..form.clone() };
        let shown = desk.submit(sent.with("identity-provider", "Mine now"));
        assert!(shown.answer.status >= 400, "{shown:?}");
    }
    let shipped = ProfileId::new("shipped").unwrap();
    let profile = desk.office.world.host.profile(&workspace(), &shipped).unwrap();
    assert_ne!(profile.identity_provider, "Mine now");
    assert_eq!(json!(profile.kind), json!("system"));
}

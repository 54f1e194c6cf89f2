use atlassian_sandbox::control::{ControlError, SettingsChange};
use serde_json::{Value, json};

use crate::support::{Api, GRANULAR, World, id};

/// The API as the account that is signed in then.
fn api_of(world: &World, account: usize) -> Api<'_> {
    world.sign_in(account);
    world.api(&format!("{GRANULAR} read:confluence-user"))
}

fn current_user(api: &Api<'_>) -> Value {
    let answer = api.send("GET", "/wiki/rest/api/user/current", None);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[test]
fn the_first_person_is_signed_in_until_another_one_is() {
    let world = World::start();
    let page = |world: &World| {
        let url = world.authorize_url(world.sandbox.client(), GRANULAR);
        world.get(url.strip_prefix(world.sandbox.url()).unwrap()).text
    };
    assert!(page(&world).contains("You are signed in as Robin Okafor."));
    world.sign_in(2);
    let second = page(&world);
    assert!(second.contains("You are signed in as Ada Lindqvist."));
    assert!(second.contains("ada.lindqvist@example.com") && !second.contains("Robin"));
}

#[test]
fn each_of_five_accounts_is_its_own_current_user() {
    let world = World::start();
    let users: Vec<Value> = (1..=5).map(|account| current_user(&api_of(&world, account))).collect();
    assert_eq!(users[0]["accountId"], "712020:5c0b6a52-9a44-4d7e-8f0e-2f6c1b0e7d31");
    assert_eq!((&users[0]["displayName"], &users[0]["email"]), (&json!("Robin Okafor"), &json!("")));
    assert_eq!(users[1]["email"], "ada.lindqvist@example.com");
    for field in ["accountId", "displayName", "publicName", "email"] {
        let mut values: Vec<_> = users.iter().map(|user| user[field].as_str().unwrap()).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 5, "{field}");
    }
    assert!(users[4]["_links"]["self"].as_str().unwrap().ends_with(users[4]["accountId"].as_str().unwrap()));
}

#[test]
fn a_grant_stays_with_the_account_that_gave_it() {
    let world = World::start();
    let (first, second) = (api_of(&world, 1), api_of(&world, 2));
    assert_eq!(current_user(&first)["displayName"], "Robin Okafor");
    assert_eq!(current_user(&second)["displayName"], "Ada Lindqvist");
}

#[test]
fn the_consent_is_that_of_the_person_whom_the_page_named() {
    let world = World::start();
    let url = world.authorize_url(world.sandbox.client(), &format!("{GRANULAR} read:confluence-user"));
    let page = world.get(url.strip_prefix(world.sandbox.url()).unwrap()).text;
    let (_, after) = page.split_once("name=\"ticket\" value=\"").unwrap();
    let ticket = after.split_once('"').unwrap().0;
    world.sign_in(3);
    let form = [("ticket", ticket), ("decision", "allow")];
    let sent = world.agent.post(world.url("/authorize/decision")).send_form(form).unwrap();
    let code = crate::support::query(sent.headers()["location"].to_str().unwrap())["code"].clone();
    let tokens = crate::support::Tokens::of(&world.exchange(world.sandbox.client(), &code));
    let cloud_id = world.cloud_id(&tokens);
    assert_eq!(current_user(&Api { world: &world, tokens, cloud_id })["displayName"], "Robin Okafor");
}

#[test]
fn content_has_the_account_that_made_it_as_its_author_and_each_version_its_own() {
    let world = World::start();
    let (first, second) = (api_of(&world, 1), api_of(&world, 2));
    let (robin, ada) =
        (current_user(&first)["accountId"].clone(), current_user(&second)["accountId"].clone());
    let page = second.page("Made by Ada", "<p>x</p>");
    assert_eq!((&page["authorId"], &page["ownerId"], &page["version"]["authorId"]), (&ada, &ada, &ada));
    let change = json!({
        "id": id(&page), "status": "current", "title": "Made by Ada",
        "body": {"representation": "storage", "value": "<p>y</p>"}, "version": {"number": 2},
    });
    let changed = first.put(&format!("/pages/{}", id(&page)), change).json();
    assert_eq!((&changed["authorId"], &changed["version"]["authorId"]), (&ada, &robin));
    let earlier = first.get(&format!("/pages/{}?version=1", id(&page))).json();
    assert_eq!(earlier["version"]["authorId"], ada);
    let shown = world.get(&format!("/wiki{}", page["_links"]["webui"].as_str().unwrap())).text;
    assert!(shown.contains("By Robin Okafor, version 2"));
    assert_eq!(
        first.get("/pages/131073").json()["authorId"],
        robin,
        "what was there at the start is Robin's"
    );
}

#[test]
fn an_account_that_does_not_exist_cannot_sign_in() {
    let world = World::start();
    for account in [0, 6] {
        let change = SettingsChange { account: Some(account), ..Default::default() };
        let refused = world.control.settings(&change);
        assert!(matches!(refused, Err(ControlError::Refused { status: 400, .. })), "{refused:?}");
    }
}

#[test]
fn settings_that_are_refused_in_part_change_nothing() {
    let world = World::start();
    let change = SettingsChange { sites: Some(4), account: Some(9), ..Default::default() };
    assert!(world.control.settings(&change).is_err());
    assert_eq!(world.control.settings(&SettingsChange::default()).unwrap()["sites"], 1);
}

//! Conversations that lack an account.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actionbay::Clock as _;
use actionbay::authorization::{AuthorizationMode, Authorize, Connection, Profile, UrlTemplate};
use actionbay::dialog::{ConversationStatus, Start, Words};
use actionbay::runtime::{Event, EventSink};
use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use serde_json::json;

use super::{Chat, created, install};
use crate::support::{Setup, Town, Visitor, World, integration, profile, workspace};

/// A town where each user connects for themselves, with the dialog.
fn town() -> Town {
    let town = Town::new();
    town.world.host.enable(&workspace(), &integration(), Some(AuthorizationMode::PerUser), None).unwrap();
    install(&town.world.host, "create-content");
    town
}

const ALL: &str = "type: page, space: DOCS, title: Mine, body: Words";

/// A time in UTC as RFC 3339 has it, by the calendar that the formats of HTTP know.
fn written(seconds: u64) -> String {
    let (day, time) = (seconds / 86_400, seconds % 86_400);
    // The civil date of a day since 1970, with years that begin in March.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) =
        if month < 10 { (month + 3, year + era * 400) } else { (month - 9, year + era * 400 + 1) };
    format!("{year:04}-{month:02}-{date:02}T{:02}:{:02}:{:02}Z", time / 3_600, time / 60 % 60, time % 60)
}

fn decide(town: &Town, link: &str, decision: Decision) {
    let mut visitor = Visitor::new();
    let opened = visitor.post(link);
    visitor.get(&town.decided(&opened, decision));
}

/// Rows 2, 35, 37 and 38: nothing is sent before; the link comes with the message; the conversation goes on after consent;
/// and the next one needs no link.
#[test]
fn a_link_is_sent_and_the_waiting_conversation_goes_on_after_consent() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    assert!(town.world.wire.seen().is_empty());
    assert_eq!(chat.status, ConversationStatus::AwaitingAuthorization);
    let wish = Authorize::new(workspace(), integration(), profile()).user(Some("ann".to_owned()));
    // The clock stands, so that a link of the same moment is good for as long.
    let until = town.world.host.issue_link(&wish).unwrap().expires_at;
    assert_eq!(until, town.world.clock.now().unwrap() + 30 * 60);
    let words = "Before I can go on, connect your Confluence account. The link is good until ";
    assert_eq!(chat.text(), format!("{words}{}.", written(until)));
    let link = chat.button();
    assert!(link.starts_with(&format!("{}/connect/", town.public)), "{link}");
    assert_eq!(chat.poll(), "");
    assert!(chat.say("hello?").starts_with("I am waiting for you"), "{}", chat.text());
    assert_eq!(chat.button(), link, "it is the same link");
    assert_eq!(town.connect(&link).status, 200);
    assert_eq!(chat.meanwhile(), "Mine has been created.");
    let said = town.world.host.transcript(&workspace(), &chat.id).unwrap();
    assert_eq!(said[said.len() - 2].said.text, "Thank you, your Confluence account is connected.");
    assert_eq!(chat.poll(), "", "nothing is said twice");
    assert_eq!(created(&town.world).len(), 1);
    let again = ALL.replace("Mine", "Second");
    let chat = Chat::with_user(&town.world.host, "ann", "createContent", &again);
    assert_eq!(chat.text(), "Second has been created.");
    let chat = Chat::with_user(&town.world.host, "bob", "createContent", ALL);
    assert_eq!(chat.status, ConversationStatus::AwaitingAuthorization, "and it is hers alone");
}

/// Row 36: a workspace's own message has the link as `authorizationURL`, beside the button that leads there.
#[test]
fn the_message_that_asks_to_connect_can_say_where_in_its_own_words() {
    let town = town();
    let text = "Sign in [here]({{ authorizationURL }}).";
    town.world.host.set_response(&workspace(), "en", "authorize", Some(text)).unwrap();
    let chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    assert_eq!(chat.text(), format!("Sign in [here]({}).", chat.button()));
    assert_eq!(town.connect(&chat.button()).status, 200);
}

#[test]
fn whoever_takes_the_callback_lets_the_waiting_conversations_go_on() {
    let town = town();
    let host = &town.world.host;
    let chats = ["One", "Two"]
        .map(|title| Chat::with_user(host, "ann", "createContent", &ALL.replace("Mine", title)));
    let bobs = Chat::with_user(host, "bob", "createContent", ALL);
    town.connect(&chats[1].button());
    for chat in &chats {
        assert_eq!(host.conversation(&workspace(), &chat.id).unwrap().status, ConversationStatus::Done);
        let said = host.transcript(&workspace(), &chat.id).unwrap();
        assert!(said.last().unwrap().said.text.ends_with("has been created."), "{said:?}");
    }
    let bobs = host.conversation(&workspace(), &bobs.id).unwrap();
    assert_eq!(bobs.status, ConversationStatus::AwaitingAuthorization);
    assert_eq!(created(&town.world).len(), 2);
}

/// Row 39: a refusal has its own words and a new link; the third ends it with a message of its own.
#[test]
fn refusals_have_their_own_words_and_the_third_ends_it() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    let first = chat.button();
    decide(&town, &first, Decision::Deny);
    assert!(chat.poll().starts_with("You did not allow access."), "{}", chat.text());
    let second = chat.button();
    assert_ne!(first, second);
    assert_eq!(chat.poll(), "", "and it is said once");
    decide(&town, &second, Decision::Deny);
    assert!(chat.poll().starts_with("You did not allow access."), "{}", chat.text());
    decide(&town, &chat.button(), Decision::Deny);
    assert!(chat.poll().starts_with("Connecting did not work three times"), "{}", chat.text());
    assert_eq!(chat.status, ConversationStatus::Failed);
    assert!(created(&town.world).is_empty());
}

/// What went wrong is no refusal, and is not called one.
#[test]
fn an_authorization_that_fails_has_words_of_its_own_and_a_new_link() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    let first = chat.button();
    town.world.fault("POST", "/oauth/token", 9, json!({"status": 400, "body": {"error": "canary"}}));
    town.connect(&first);
    town.world.control.clear_faults().unwrap();
    let until = written(town.world.clock.now().unwrap() + 30 * 60);
    assert_eq!(chat.poll(), format!("Connecting did not work. Here is another link, good until {until}."));
    assert_ne!(chat.button(), first);
    assert!(created(&town.world).is_empty());
    town.connect(&chat.button());
    assert_eq!(chat.meanwhile(), "Mine has been created.");
}

/// Two people are at it at once, and each comes back with what is the other's.
#[test]
fn conversations_whose_callbacks_are_exchanged_do_not_go_on() {
    let town = town();
    let mut chats = ["ann", "bob"].map(|user| Chat::with_user(&town.world.host, user, "createContent", ALL));
    let mut people = [Visitor::new(), Visitor::new()];
    let [anns, bobs] = [0, 1].map(|who| {
        let opened = people[who].post(&chats[who].button());
        town.decided(&opened, Decision::Allow)
    });
    let [ann, bob] = &mut people;
    for answer in [ann.get(&bobs), bob.get(&anns)] {
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    assert!(town.world.connections().is_empty());
    assert_eq!(town.world.grants("authorization_code"), 0, "no code was redeemed");
    for chat in &mut chats {
        chat.poll();
        assert_eq!(chat.status, ConversationStatus::AwaitingAuthorization, "{:?}", chat.replies);
    }
    assert!(created(&town.world).is_empty());
}

#[test]
fn discard_ends_it_while_a_link_is_awaited_and_what_comes_of_the_link_begins_nothing() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    let link = chat.button();
    assert_eq!(chat.say("discard"), "All right, I have dropped it.");
    assert_eq!(chat.status, ConversationStatus::Discarded);
    assert_eq!(town.connect(&link).status, 200);
    assert_eq!(chat.meanwhile(), "All right, I have dropped it.");
    assert!(created(&town.world).is_empty());
}

#[test]
fn an_expired_link_is_told_and_a_new_one_comes_when_asked_for() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    let first = chat.button();
    town.world.clock.advance(30 * 60);
    assert!(chat.poll().starts_with("The link has expired."), "{}", chat.text());
    assert_eq!(chat.poll(), "");
    assert!(chat.say("please").starts_with("Before I can go on"), "{}", chat.text());
    assert_ne!(chat.button(), first);
    town.connect(&chat.button());
    assert_eq!(chat.meanwhile(), "Mine has been created.");
}

#[test]
fn a_link_that_was_opened_and_left_is_replaced_when_the_person_says_something() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    let first = chat.button();
    Visitor::new().post(&first);
    assert_eq!(chat.poll(), "");
    assert!(chat.say("again").starts_with("Before I can go on"), "{}", chat.text());
    town.connect(&chat.button());
    assert_eq!(chat.meanwhile(), "Mine has been created.");
}

/// Row 42: whose account is over is asked to connect it again, and nobody else is.
#[test]
fn an_account_that_is_over_is_connected_again_by_its_person() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    town.connect(&chat.button());
    chat.poll();
    town.world.control.revoke(None).unwrap();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", &ALL.replace("Mine", "Later"));
    if chat.status != ConversationStatus::AwaitingAuthorization {
        panic!("{:?}", chat.replies);
    }
    assert!(chat.text().starts_with("Your Confluence account has to be connected again"), "{}", chat.text());
    town.connect(&chat.button());
    assert_eq!(chat.meanwhile(), "Later has been created.");
    assert_eq!(created(&town.world).iter().filter(|request| request["status"] == 200).count(), 2);
}

/// What happened that an admin has to know.
#[derive(Default, Clone)]
pub(super) struct Admin(pub(super) Arc<Mutex<Vec<String>>>);

impl EventSink for Admin {
    fn event(&self, event: Event<'_>) {
        if let Event::AdminNeeded { workspace, integration, code, .. } = event {
            self.0.lock().unwrap().push(format!("{workspace} {integration} {code}"));
        }
    }
}

/// Rows 44 and 45: the admin is told, and the user sees that something went wrong, and no link.
#[test]
fn where_the_connection_for_everybody_is_over_the_admin_is_told_and_the_user_sees_no_internals() {
    let admin = Admin::default();
    let server = actionbay::authorization::PublicUrl::new("https://platform.example").unwrap();
    let sandbox = SandboxConfig { redirect_uri: server.callback_url(), ..SandboxConfig::default() };
    let events = Arc::new(admin.clone());
    let world = World::new(Setup { sandbox, events, public_url: Some(server), ..Setup::default() });
    world.authorize().unwrap();
    install(&world.host, "create-content");
    world.control.revoke(None).unwrap();
    for user in [None, Some("ann")] {
        let start = actionbay::dialog::Start::new(workspace(), "createContent").user(user.map(str::to_owned));
        let chat = Chat::of(&world.host, start.words(Some(actionbay::dialog::Words::new(ALL))));
        assert_eq!(chat.text(), "Something went wrong. Please try again later.", "{user:?}");
        assert_eq!(chat.status, ConversationStatus::Failed);
        assert!(chat.replies.iter().all(|reply| reply.button.is_none()));
    }
    let told = admin.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.starts_with("default confluence ")), "{told:?}");
}

/// Rows 44 and 45: which of the connections that serve everybody is meant is not for whoever talks to say, nor to see.
#[test]
fn of_several_connections_for_everybody_none_is_shown_and_the_admin_is_told() {
    let admin = Admin::default();
    let world = World::new(Setup { events: Arc::new(admin.clone()), ..Setup::default() });
    world.authorize().unwrap();
    let signed_in = SettingsChange { account: Some(2), ..SettingsChange::default() };
    world.control.settings(&signed_in).unwrap();
    world.authorize().unwrap();
    assert_eq!(world.connections().len(), 2);
    install(&world.host, "create-content");
    for user in [None, Some("ann")] {
        let start = Start::new(workspace(), "createContent").user(user.map(str::to_owned));
        let chat = Chat::of(&world.host, start.words(Some(Words::new(ALL))));
        let said: Vec<&str> = chat.replies.iter().map(|reply| reply.text.as_str()).collect();
        assert_eq!(said, ["Something went wrong. Please try again later."], "{user:?}");
        assert_eq!(chat.status, ConversationStatus::Failed);
        let last = chat.last();
        assert!(last.choices.is_empty() && last.details.is_empty() && last.button.is_none(), "{last:?}");
    }
    assert!(created(&world).is_empty());
    let told = admin.0.lock().unwrap().clone();
    assert_eq!(told, ["default confluence several-connections"; 2]);
}

/// Row 37: the account that was connected serves another task too, without a second link.
#[test]
fn the_account_that_was_connected_serves_another_task_too() {
    let town = town();
    install(&town.world.host, "list-pages");
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    town.connect(&chat.button());
    chat.poll();
    let known = town.world.connections();
    let chat = Chat::with_user(&town.world.host, "ann", "listPages", "space: DOCS");
    assert_eq!(chat.status, ConversationStatus::Done, "{:?}", chat.replies);
    assert!(chat.text().contains("Mine ("), "{}", chat.text());
    assert!(chat.replies.iter().all(|reply| !reply.text.contains("connect your")), "{:?}", chat.replies);
    let after = town.world.connections();
    assert_eq!((after.len(), &after[0].id), (1, &known[0].id));
    assert_eq!(town.world.grants("authorization_code"), 1);
}

/// Row 18: where the profile's URLs have a tenant the person is asked for it before the link is sent, once.
#[test]
fn who_connects_is_asked_for_the_tenant_that_the_profile_needs() {
    let town = town();
    let host = &town.world.host;
    let with_tenant = UrlTemplate::new("https://auth.atlassian.com/oauth/token?team={tenant}");
    let edit = |app: &mut Profile| {
        (app.token_url, app.refresh_url) = (with_tenant.clone(), with_tenant);
    };
    host.edit_profile(&workspace(), &profile(), None, edit).unwrap();
    let asked = "At which tenant should I connect your Confluence account? \
                 Give its name, as in acme for acme.example.com.";
    let mut chat = Chat::with_user(host, "ann", "createContent", ALL);
    assert_eq!((chat.text(), chat.status), (asked, ConversationStatus::AwaitingAnswer));
    assert!(chat.last().button.is_none() && town.world.wire.seen().is_empty());
    let said = chat.say("acme.example.com").to_owned();
    assert!(said.starts_with("That will not do: \"acme.example.com\" cannot be a tenant"), "{said}");
    assert!(said.ends_with(asked), "{said}");
    assert!(
        chat.say("acme").starts_with("Before I can go on, connect your Confluence account."),
        "{}",
        chat.text()
    );
    assert_eq!(town.connect(&chat.button()).status, 200);
    assert_eq!(chat.meanwhile(), "Mine has been created.");
    let sent = town.world.wire.seen();
    let tokens: Vec<_> = sent.iter().filter(|seen| seen.url.path() == "/oauth/token").collect();
    assert!(tokens.len() == 1 && tokens[0].url.query() == Some("team=acme"), "{tokens:?}");
    let chat = Chat::with_user(host, "ann", "createContent", &ALL.replace("Mine", "Second"));
    assert_eq!(chat.text(), "Second has been created.", "the account that is connected has its tenant");

    // A link that expired is replaced without asking again.
    let mut chat = Chat::with_user(host, "bob", "createContent", &ALL.replace("Mine", "Bobs"));
    chat.say("other");
    let first = chat.button();
    town.world.clock.advance(30 * 60);
    assert!(chat.say("please").starts_with("The link has expired."), "{}", chat.text());
    assert!(chat.say("please").starts_with("Before I can go on"), "{}", chat.text());
    assert_ne!(chat.button(), first);

    // One that was opened, and from which nobody came back, may have led to a tenant that there is not.
    Visitor::new().post(&chat.button());
    assert_eq!(chat.say("that is not there"), asked);
    assert!(chat.say("acme").starts_with("Before I can go on"), "{}", chat.text());
    assert_eq!(town.connect(&chat.button()).status, 200);
    assert_eq!(chat.meanwhile(), "Bobs has been created.");

    let german = Start::new(workspace(), "createContent").user(Some("cleo".to_owned())).language("de");
    let mut chat = Chat::of(host, german.words(Some(Words::new(ALL))));
    assert!(chat.text().starts_with("Bei welchem Mandanten"), "{}", chat.text());
    for _ in 0..5 {
        assert!(chat.say("a b").starts_with("Das passt nicht: "), "{}", chat.text());
    }
    chat.say("a b");
    assert_eq!(chat.status, ConversationStatus::Discarded);
}

/// What is asked for may begin with the words of a command.
#[test]
fn a_text_that_begins_as_a_command_does_is_an_answer_where_one_is_asked_for() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    town.connect(&chat.button());
    chat.poll();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", "type: page, space: DOCS");
    assert!(
        chat.say("Delete account data after a year").starts_with("What should it say?"),
        "{}",
        chat.text()
    );
    assert_eq!(chat.say("Disconnect account 2 first."), "Delete account data after a year has been created.");
    assert_eq!(town.world.connections().len(), 1);
    // Where nothing is asked for it is the command.
    let mut chat = Chat::with_user(&town.world.host, "bob", "createContent", ALL);
    assert!(chat.say("delete account 2").starts_with("I am waiting for you to connect"), "{}", chat.text());
    assert_eq!(chat.replies[0].text, "You have connected no Confluence account.");
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", "");
    assert_eq!(chat.say("Delete account."), "Which of your Confluence accounts should I use?");
}

/// Whoever can talk while a link is awaited cannot fill the store.
#[test]
fn what_is_said_while_a_link_is_awaited_is_kept_within_bounds() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    for _ in 0..40 {
        chat.say(&"ü".repeat(50_000));
    }
    let lines = town.world.host.transcript(&workspace(), &chat.id).unwrap();
    let kept: usize = lines.iter().map(|line| line.said.text.len()).sum();
    assert!(kept <= 1 << 20 && lines.len() > 20, "{} lines, {kept} bytes", lines.len());
    assert!(lines.iter().any(|line| line.said.text.ends_with("ü…")), "of a long line the beginning is kept");
    assert_eq!(town.connect(&chat.button()).status, 200);
    assert_eq!(chat.meanwhile(), "Mine has been created.");
}

/// Ann's second account, of another person at the vendor.
fn second_account(town: &Town) -> Connection {
    let signed_in = SettingsChange { account: Some(2), ..SettingsChange::default() };
    town.world.control.settings(&signed_in).unwrap();
    let wish = Authorize::new(workspace(), integration(), profile()).user(Some("ann".to_owned()));
    let link = town.world.host.issue_link(&wish).unwrap();
    town.connect(link.url.as_str());
    let connections = town.world.connections();
    connections
        .into_iter()
        .find(|known| known.account.as_ref().unwrap().name.as_deref() == Some("Ada Lindqvist"))
        .unwrap()
}

/// Rows 40 and 41: of several accounts one is asked for, and a person may look at them and disconnect one.
#[test]
fn of_several_accounts_one_is_chosen_and_one_may_be_disconnected_by_its_person() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    town.connect(&chat.button());
    chat.poll();
    let ada = second_account(&town);
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", &ALL.replace("Mine", "By one"));
    assert_eq!(chat.text(), "Which of your Confluence accounts should I use?");
    let ada_is =
        chat.last().choices.iter().position(|choice| choice.starts_with("Ada Lindqvist")).unwrap() + 1;
    let mut dropped = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    assert_eq!(dropped.say("discard"), "All right, I have dropped it.");
    assert_eq!(dropped.status, ConversationStatus::Discarded);
    assert_eq!(chat.say("somebody else"), "Which one do you mean?");
    assert_eq!(chat.say(&ada_is.to_string()), "By one has been created.");

    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", "");
    assert!(chat.say("manage accounts").contains("\n- "), "{:?}", chat.replies);
    let listed = chat.replies[0].text.clone();
    assert!(listed.contains("Ada Lindqvist") && listed.contains("Robin Okafor"), "{listed}");
    chat.say("delete account");
    let ada_is =
        chat.last().choices.iter().position(|choice| choice.starts_with("Ada Lindqvist")).unwrap() + 1;
    chat.say(&ada_is.to_string());
    assert!(chat.replies[0].text.contains("is disconnected"), "{:?}", chat.replies);
    let left: Vec<_> = town.world.connections().into_iter().map(|known| known.id).collect();
    assert!(left.len() == 1 && !left.contains(&ada.id), "{left:?}");
}

#[test]
fn an_account_is_not_chosen_from_those_of_others() {
    let town = town();
    let mut anns = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    town.connect(&anns.button());
    anns.poll();
    let mut bobs = Chat::with_user(&town.world.host, "bob", "createContent", "");
    assert_eq!(bobs.say("manage accounts"), "You have connected no Confluence account.");
    assert_eq!(bobs.say("delete account"), "You have connected no Confluence account.");
    assert_eq!(town.world.connections().len(), 1);
}

#[test]
fn the_access_token_is_renewed_while_a_conversation_waits_and_nobody_is_asked() {
    let town = town();
    let mut chat = Chat::with_user(&town.world.host, "ann", "createContent", ALL);
    town.connect(&chat.button());
    chat.poll();
    let mut chat =
        Chat::with_user(&town.world.host, "ann", "createContent", "type: page, space: DOCS, title: Late");
    town.world.clock.advance(3_601);
    town.world.control.advance_clock(Duration::from_secs(3_601)).unwrap();
    assert_eq!(chat.say("skip"), "Late has been created.");
}

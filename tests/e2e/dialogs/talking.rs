//! What a conversation asks, understands and does.

use actionbay::dialog::{ConversationStatus, Node, Start, Words};
use serde_json::json;

use super::{Chat, created, install, world_with};
use crate::support::workspace;

/// Rows 29, 32 and 33: it asks for what is missing in the order of the nodes, and the page is there with a button.
#[test]
fn a_page_is_created_by_answering_what_is_asked() {
    let world = world_with("create-content");
    let mut chat = Chat::start(&world.host, "createContent", "Put this into the wiki");
    assert_eq!(chat.text(), "Should it be a page or a blog post? You can say \"skip\".");
    assert_eq!(chat.last().choices, ["page", "blogpost"]);
    assert_eq!(chat.say("1"), "In which space? Give its key, such as DOCS.");
    assert_eq!(chat.say("DOCS"), "What is the title?");
    assert_eq!(chat.say("By talking"), "What should it say? Markdown is welcome. You can say \"skip\".");
    assert!(created(&world).is_empty());
    assert_eq!(chat.say("# Hello\n\nFrom **chat**."), "By talking has been created.");
    assert_eq!(chat.status, ConversationStatus::Done);
    let sent = created(&world);
    assert_eq!(sent.len(), 1, "{sent:?}");
    let page = world.run("view-content", json!({"space": "DOCS", "title": "By talking"})).unwrap();
    assert_eq!(page["body"]["value"], "# Hello\n\nFrom **chat**.\n");
    let button = chat.last().button.clone().unwrap();
    assert_eq!((button.label.as_str(), button.url.as_str()), ("View Content", page["url"].as_str().unwrap()));
    let details: Vec<_> = chat.last().details.iter().map(|detail| detail.label.as_str()).collect();
    assert!(details.contains(&"Id") && details.contains(&"Space"), "{details:?}");
    assert_eq!(chat.say("and now?"), "This conversation is over. Start a new one.");
    assert_eq!(created(&world).len(), 1);
}

/// Rows 30, 34: what was said is not asked for, by name, as in a sample utterance, or as a choice; a page and a blog post.
#[test]
fn what_the_first_message_says_is_not_asked_again() {
    for (first, kind) in [
        ("Create a Confluence page in the space DOCS, title: One, body: Two words", "/pages"),
        ("Write a blog post\nspace: DOCS\ntitle: \"One\"\nbody: Two words", "/blogposts"),
        ("type = blogpost spaceKey = DOCS contentTitle = One contentBody = Two words", "/blogposts"),
        ("Add a page to the space DOCS. Title: One\nBody:\nTwo words", "/pages"),
    ] {
        let world = world_with("create-content");
        let chat = Chat::start(&world.host, "createContent", first);
        assert_eq!(
            (chat.text(), chat.status),
            ("One has been created.", ConversationStatus::Done),
            "{first}"
        );
        let sent = created(&world);
        assert!(sent[0]["path"].as_str().unwrap().ends_with(kind), "{first}: {sent:?}");
        let kind = if kind == "/pages" { "page" } else { "blogpost" };
        let page = world.run("view-content", json!({"space": "DOCS", "title": "One", "type": kind})).unwrap();
        assert_eq!(page["body"]["value"], "Two words\n", "{first}");
    }
}

#[test]
fn what_could_be_meant_otherwise_is_asked() {
    let world = world_with("create-content");
    for first in ["Make a page or a blog post", "Write this", "https://a.example/type:page", ""] {
        let chat = Chat::start(&world.host, "createContent", first);
        assert!(chat.text().starts_with("Should it be a page or a blog post?"), "{first}: {}", chat.text());
    }
    // An ordinary word after "space" is no key.
    let chat = Chat::start(&world.host, "createContent", "a page in the space of my team");
    assert_eq!(chat.text(), "In which space? Give its key, such as DOCS.");
}

/// Row 31: what will not do is asked again with the reason, five times, and the sixth answer ends it.
#[test]
fn an_answer_that_will_not_do_is_asked_again_with_the_reason_five_times_and_the_next_ends_it() {
    let world = world_with("create-content");
    let mut chat = Chat::start(&world.host, "createContent", "Create content, type: page, space: DOCS");
    assert_eq!(chat.text(), "What is the title?");
    for _ in 0..5 {
        let said = chat.say(&"x".repeat(256)).to_owned();
        assert!(said.starts_with("That will not do: ") && said.ends_with("\nWhat is the title?"), "{said}");
        assert!(said.contains("255"), "{said}");
        assert_eq!(chat.status, ConversationStatus::AwaitingAnswer);
    }
    assert!(chat.say("   ").starts_with("That did not work 6 times"), "{}", chat.text());
    assert_eq!(chat.status, ConversationStatus::Discarded);
    assert!(created(&world).is_empty());
}

#[test]
fn fewer_tries_and_words_of_its_own_are_an_entitys_to_say() {
    let world = world_with("create-content");
    let edit = |dialog: &mut actionbay::dialog::Dialog| {
        for node in &mut dialog.nodes {
            if let Node::Entity(entity) = node {
                (entity.retries, entity.error_prompt) = (2, Some("Hm.".into()));
            }
        }
    };
    world.host.edit_dialog(&workspace(), "createContent", None, edit).unwrap();
    let mut chat = Chat::start(&world.host, "createContent", "");
    assert!(chat.say("whiteboard").starts_with("Hm. page, blogpost\n"), "{}", chat.text());
    assert!(chat.say("whiteboard").starts_with("Hm. page, blogpost\n"), "{}", chat.text());
    chat.say("whiteboard");
    assert_eq!(chat.status, ConversationStatus::Discarded);
}

#[test]
fn discard_ends_it_wherever_it_is_and_nothing_is_sent() {
    let world = world_with("create-content");
    let mut chat = Chat::start(&world.host, "createContent", "type: page, space: DOCS, title: Gone");
    assert_eq!(chat.say("Discard."), "All right, I have dropped it.");
    assert_eq!(chat.status, ConversationStatus::Discarded);
    assert!(world.received("").is_empty(), "{:?}", world.received(""));
}

#[test]
fn what_may_be_left_out_is_asked_for_once() {
    let world = world_with("create-content");
    let mut chat = Chat::start(&world.host, "createContent", "space: DOCS, title: Empty");
    assert!(chat.text().starts_with("Should it be"), "{}", chat.text());
    assert!(chat.say("skip").starts_with("What should it say?"), "{}", chat.text());
    assert_eq!(chat.say("-"), "Empty has been created.");
    let page = world.run("view-content", json!({"space": "DOCS", "title": "Empty"})).unwrap();
    assert_eq!((page["type"].as_str().unwrap(), page["body"]["value"].as_str().unwrap()), ("page", ""));
}

#[test]
fn what_is_deleted_is_confirmed_first() {
    let world = world_with("delete-content");
    // Consent asks for what the installed template needs.
    world.authorize().unwrap();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "Doomed"})).unwrap();
    let id = page["id"].as_str().unwrap();
    let is_there = || world.run("view-content", json!({"id": id})).unwrap()["status"] == "current";
    let mut chat = Chat::start(&world.host, "deleteContent", &format!("Delete a page, id: {id}"));
    assert!(chat.text().starts_with("Shall I go on with \"Delete content\"?"), "{}", chat.text());
    assert!(chat.text().contains(id), "{}", chat.text());
    assert!(chat.say("maybe").starts_with("Shall I go on"), "{}", chat.text());
    assert_eq!(chat.say("no"), "All right, I have not done it.");
    assert!(is_there());
    let mut chat = Chat::start(&world.host, "deleteContent", &format!("id: {id}"));
    assert_eq!(chat.say("discard"), "All right, I have dropped it.");
    assert_eq!(chat.status, ConversationStatus::Discarded);
    assert!(is_there());
    let mut chat = Chat::start(&world.host, "deleteContent", &format!("id: {id}"));
    chat.say("yes");
    assert_eq!(chat.status, ConversationStatus::Done, "{}", chat.text());
    assert!(!is_there());
}

/// Rows 59 and 60: the pages of a space are listed, and one is shown.
#[test]
fn pages_are_listed_and_shown() {
    let world = world_with("list-pages");
    let chat = Chat::start(&world.host, "listPages", "Which pages are in the space DOCS?");
    assert!(chat.text().contains("\n- Getting started ("), "{}", chat.text());
    install(&world.host, "view-content");
    let mut chat = Chat::start(&world.host, "viewContent", "Show a Confluence page, space: DOCS");
    assert_eq!(chat.text(), "What is its title?");
    chat.say("Getting started");
    assert_eq!(chat.status, ConversationStatus::Done);
    assert_eq!(chat.last().button.as_ref().unwrap().label, "View Content");
}

/// Row 47: what fails ends the dialog, or goes on at a node of its own.
#[test]
fn a_failure_ends_the_dialog_without_internals_or_goes_on_where_the_dialog_says() {
    let world = world_with("list-pages");
    let break_once =
        || world.fault("GET", "/wiki/api/v2/spaces", 9, json!({"status": 500, "body": "canary"}));
    break_once();
    let chat = Chat::start(&world.host, "listPages", "space: DOCS");
    assert_eq!(chat.text(), "Something went wrong. Please try again later.");
    assert_eq!(chat.status, ConversationStatus::Failed);
    let edit = |dialog: &mut actionbay::dialog::Dialog| {
        let mut told = dialog.nodes.last().unwrap().clone();
        if let Node::Message(message) = &mut told {
            (message.name, message.text) =
                ("sorry".into(), "Sorry: {{context.listPagesService.failure.kind}}".into());
        }
        for node in &mut dialog.nodes {
            if let Node::Service(service) = node {
                service.on_failure = Some("sorry".into());
            }
        }
        dialog.nodes.push(told);
    };
    world.host.edit_dialog(&workspace(), "listPages", None, edit).unwrap();
    world.control.clear_faults().unwrap();
    break_once();
    let chat = Chat::start(&world.host, "listPages", "space: DOCS");
    assert_eq!((chat.text(), chat.status), ("Sorry: upstream", ConversationStatus::Done));
    assert!(!format!("{:?}", chat.replies).contains("canary"));
}

/// Row 48: a workspace says its own words for a status of the vendor; without them it is told as any failure is.
#[test]
fn a_workspace_has_words_of_its_own_for_a_status_of_the_vendor() {
    let world = world_with("list-pages");
    let fails_with = |status: u16| {
        world.control.clear_faults().unwrap();
        world.fault("GET", "/wiki/api/v2/spaces", 9, json!({"status": status, "body": "canary"}));
        let chat = Chat::start(&world.host, "listPages", "space: DOCS");
        assert_eq!(chat.status, ConversationStatus::Failed);
        assert!(!format!("{:?}", chat.replies).contains("canary"));
        chat.text().to_owned()
    };
    let set = |name: &str, text| world.host.set_response(&workspace(), "en", name, text);
    set("http-500", Some("Confluence is unwell ({{ status }}).")).unwrap();
    assert_eq!(fails_with(500), "Confluence is unwell (500).");
    assert_eq!(fails_with(501), "Something went wrong. Please try again later.");
    set("http-500", None).unwrap();
    assert_eq!(fails_with(500), "Something went wrong. Please try again later.");
    for name in ["http-200", "http-0500", "http-", "http-+50"] {
        assert_eq!(set(name, Some("x")).unwrap_err().code, "unknown-response", "{name}");
    }
}

#[test]
fn what_the_vendor_says_of_the_things_that_were_named_is_told() {
    let world = world_with("create-content");
    let chat = Chat::start(&world.host, "createContent", "type: page, space: NOPE, title: X, body: Y");
    assert!(
        chat.text().starts_with("That did not work: ") && chat.text().contains("NOPE"),
        "{}",
        chat.text()
    );
    assert_eq!(chat.status, ConversationStatus::Failed);
    assert!(created(&world).is_empty());
}

#[test]
fn a_language_is_spoken_and_a_workspace_says_it_in_its_own_words() {
    let world = world_with("create-content");
    let start = || {
        let words = Some(Words::new("type: page, space: DOCS, title: Hallo"));
        Start::new(workspace(), "createContent").language("de").words(words)
    };
    let mut chat = Chat::of(&world.host, start());
    assert!(chat.text().ends_with("Mit „weglassen“ geht es ohne."), "{}", chat.text());
    assert_eq!(chat.say("weglassen"), "Hallo ist angelegt.");
    world.host.set_response(&workspace(), "de", "discarded", Some("Vergessen: {{ x }}.")).unwrap();
    let mut chat = Chat::of(&world.host, start());
    assert_eq!(chat.say("verwerfen"), "Vergessen: .");
    world.host.set_response(&workspace(), "de", "discarded", None).unwrap();
    assert_eq!(Chat::of(&world.host, start()).say("verwerfen"), "Gut, ich habe es verworfen.");
    let refused = |name: &str, text: &str| world.host.set_response(&workspace(), "en", name, Some(text));
    assert_eq!(refused("nothing", "x").unwrap_err().code, "unknown-response");
    assert_eq!(refused("done", "{{").unwrap_err().code, "bad-text");
    assert_eq!(refused("done", " ").unwrap_err().code, "bad-response");
}

#[test]
fn what_people_say_is_never_filled_in_as_a_text() {
    let world = world_with("create-content");
    let title = "{{ context.entities }}{% for %}";
    let mut chat = Chat::start(&world.host, "createContent", "type: page, space: DOCS");
    chat.say(title);
    assert_eq!(chat.say("skip"), format!("{title} has been created."));
    assert_eq!(world.run("view-content", json!({"space": "DOCS", "title": title})).unwrap()["title"], title);
}

//! What a conversation asks, understands and does.

use actionbay::dialog::{ConversationStatus, Node, Start, Words};
use serde_json::json;

use super::{Chat, created, install, world_with};
use crate::support::{Visitor, workspace};

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

/// Row 31: what is said by name is an answer as any other: it counts, with its reason, and what else is said by name and will
/// do is taken without counting.
#[test]
fn an_answer_by_name_that_will_not_do_counts_as_any_other() {
    let world = world_with("create-content");
    let asks_six_times = |first: &str, said: &str, again: &str, reason: &str| {
        let mut chat = Chat::start(&world.host, "createContent", first);
        for _ in 0..5 {
            chat.say(said);
            let text: Vec<&str> = chat.replies.iter().map(|reply| reply.text.as_str()).collect();
            let text = text.join("\n");
            assert!(text.ends_with(again) && text.contains(reason), "{said}: {text}");
            assert_eq!(chat.status, ConversationStatus::AwaitingAnswer);
        }
        assert!(chat.say(said).starts_with("That did not work 6 times"), "{said}: {}", chat.text());
        assert_eq!(chat.status, ConversationStatus::Discarded);
    };
    let (at_title, title) = ("type: page, space: DOCS", "What is the title?");
    asks_six_times(at_title, &format!("title: {}", "x".repeat(256)), title, "255");
    asks_six_times("", "type: p", "Which one do you mean?", "");
    asks_six_times("", "type: whiteboard", "You can say \"skip\".", "page, blogpost");
    asks_six_times(at_title, "type: p", title, "That will not do: page, blogpost");
    asks_six_times(at_title, "type: whiteboard", title, "That will not do: page, blogpost");
    // What is known already is said again.
    asks_six_times(at_title, "space: DOCS", title, "");

    let mut chat = Chat::start(&world.host, "createContent", at_title);
    for _ in 0..5 {
        chat.say("   ");
    }
    assert_eq!(chat.say("body: Words"), title);
    assert_eq!(chat.say("title: In the end"), "In the end has been created.");
    assert_eq!(created(&world).len(), 1);
}

/// Row 31: after the allowed retries it goes on at the node that the entity names.
#[test]
fn after_the_allowed_retries_the_dialog_goes_on_at_the_node_that_is_set() {
    let world = world_with("create-content");
    let edit = |next: &'static str| {
        move |dialog: &mut actionbay::dialog::Dialog| {
            let mut sorry = dialog.nodes.last().unwrap().clone();
            if let Node::Message(message) = &mut sorry {
                (message.name, message.text) = ("sorry".into(), "Ask a colleague.".into());
                (message.button, message.details) = (None, Vec::new());
            }
            if let Node::Entity(entity) = &mut dialog.nodes[3] {
                (entity.retries, entity.on_failure) = (1, Some(next.into()));
            }
            dialog.nodes.push(sorry);
        }
    };
    let change = |next| world.host.edit_dialog(&workspace(), "createContent", None, edit(next));
    let violations = change("spaceKey").unwrap_err().violations;
    let pointers: Vec<&str> = violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/nodes/3/on-failure"], "what comes earlier is no way on");
    change("sorry").unwrap();
    let mut chat = Chat::start(&world.host, "createContent", "type: page, space: DOCS");
    assert!(chat.say(" ").starts_with("That will not do: "), "{}", chat.text());
    assert_eq!(chat.say(" "), "Ask a colleague.");
    assert_eq!((chat.replies.len(), chat.status), (1, ConversationStatus::Done));
    assert!(created(&world).is_empty());
    let export = serde_json::to_value(world.host.export_dialogs(&workspace()).unwrap()).unwrap();
    assert_eq!(export["dialogs"][0]["nodes"][3]["on-failure"], "sorry", "{export}");
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

/// Rows 32 and 60: the button leads to what was created, be it a page or a blog post, and it is there.
#[test]
fn the_button_leads_to_what_was_created_a_page_or_a_blog_post() {
    let world = world_with("create-content");
    for (kind, title) in [("page", "A page"), ("blogpost", "A post")] {
        let words = format!("type: {kind}, space: DOCS, title: {title}, body: Words of the {kind}");
        let chat = Chat::start(&world.host, "createContent", &words);
        let button = chat.last().button.clone().unwrap();
        assert_eq!(button.label, "View Content");
        let input = json!({"space": "DOCS", "title": title, "type": kind});
        let known = world.run("view-content", input).unwrap();
        assert_eq!(button.url, known["url"].as_str().unwrap());
        assert!(button.url.starts_with(world.sandbox.url()), "{}", button.url);
        let page = Visitor::new().get(&button.url);
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains(title) && page.body.contains(&format!("Words of the {kind}")), "{page:?}");
    }
}

/// Row 26: the service sends title, kind, space, status, and the body's value and representation, by POST.
#[test]
fn the_request_of_the_service_has_all_that_was_said() {
    let world = world_with("create-content");
    for (kind, path) in [("page", "/wiki/api/v2/pages"), ("blogpost", "/wiki/api/v2/blogposts")] {
        world.control.clear_requests().unwrap();
        let words = format!("type: {kind}, space: DOCS, title: All of it, body: Two *words*");
        Chat::start(&world.host, "createContent", &words);
        let [sent] = &created(&world)[..] else { panic!("not one: {:?}", created(&world)) };
        assert_eq!(sent["method"], "POST");
        assert!(sent["path"].as_str().unwrap().ends_with(path), "{sent}");
        let spaces = world.wire.answered_like("/wiki/api/v2/spaces");
        let space =
            spaces["results"].as_array().unwrap().iter().find(|space| space["key"] == "DOCS").unwrap();
        let wanted = json!({
            "title": "All of it",
            "spaceId": space["id"],
            "status": "current",
            "body": {"representation": "storage", "value": "<p>Two <em>words</em></p>"},
        });
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(sent["body"][field], *value, "{sent}");
        }
    }
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

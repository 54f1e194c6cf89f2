//! Conversations and dialogs that are kept: over restarts, for a time, elsewhere, and out of sight.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Barrier;
use std::time::Duration;

use actionbay::authorization::{Authorize, FixedCallback, Profile};
use actionbay::dialog::{ConversationStatus, Dialog, Export, Import, Node, Presence, Start, Words};
use actionbay::egress::OperatorPolicy;
use actionbay::ids::WorkspaceId;
use actionbay::runtime::Pkce;
use actionbay::vault::{KeySource, SqliteStore};
use actionbay::{FailureKind, Host};
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::{Chat, created, install, world_with};
use crate::support::{
    MASTER_KEY, REDIRECT_URI, Setup, World, confluence, connected, integration, profile, workspace,
};

/// Two hosts of the store in a folder, as two processes have it.
fn replicas(world: &World, folder: &tempfile::TempDir) -> [Host; 2] {
    [0, 1].map(|_| {
        let store = SqliteStore::open(&folder.path().join("store.db")).unwrap();
        let key = KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap();
        let host = Host::builder()
            .transport(world.wire.clone())
            .store(store, key)
            .policy(OperatorPolicy::every_public_host())
            .clock(world.clock.clone())
            .callbacks(FixedCallback(REDIRECT_URI.to_owned()))
            .build()
            .unwrap();
        host.add(confluence()).unwrap();
        host
    })
}

/// A world whose connection is in the store of two replicas.
fn replicated() -> (World, [Host; 2], tempfile::TempDir) {
    let world = World::new(Setup::default());
    let folder = tempfile::tempdir().unwrap();
    let hosts = replicas(&world, &folder);
    let app = Profile::custom(profile(), confluence().manifest(), &world.client.client_id).unwrap();
    hosts[0].put_profile(&workspace(), &app, &world.client.client_secret.clone().into()).unwrap();
    let begun = hosts[0].begin(&Authorize::new(workspace(), integration(), profile())).unwrap();
    let query = world.consent(&begun.authorization_url, Decision::Allow);
    hosts[0].handle_callback(&query, None).unwrap();
    install(&hosts[0], "create-content");
    world.control.clear_requests().unwrap();
    (world, hosts, folder)
}

#[test]
fn a_conversation_goes_on_at_another_replica_and_after_a_restart() {
    let (world, hosts, folder) = replicated();
    let chat = Chat::start(&hosts[0], "createContent", "type: page, space: DOCS");
    let id = chat.id.clone();
    let said = hosts[1].say(&workspace(), &id, &Words::new("Elsewhere")).unwrap();
    assert!(said.replies[0].text.starts_with("What should it say?"), "{said:?}");
    drop(hosts);
    let [again, _] = replicas(&world, &folder);
    let said = again.say(&workspace(), &id, &Words::new("skip")).unwrap();
    assert_eq!(said.replies[0].text, "Elsewhere has been created.");
    assert_eq!(again.transcript(&workspace(), &id).unwrap().len(), 6);
    assert_eq!(created(&world).len(), 1);
}

#[test]
fn of_two_turns_at_the_same_moment_one_is_told_and_the_page_is_made_once() {
    let (world, hosts, _folder) = replicated();
    let chat = Chat::start(&hosts[0], "createContent", "type: page, space: DOCS, title: Once");
    let start = Barrier::new(2);
    let results = std::thread::scope(|scope| {
        let threads = [&hosts[0], &hosts[1]].map(|host| {
            let (id, start) = (&chat.id, &start);
            scope.spawn(move || {
                start.wait();
                host.say(&workspace(), id, &Words::new("skip"))
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    let (done, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert!(!done.is_empty());
    assert!(
        refused.iter().all(|result| result.as_ref().unwrap_err().kind == FailureKind::Conflict),
        "{refused:?}"
    );
    assert_eq!(created(&world).len(), 1);
}

#[test]
fn what_was_said_and_the_links_are_nowhere_in_the_store_as_they_are() {
    let (_world, hosts, folder) = replicated();
    let mut chat = Chat::start(&hosts[0], "createContent", "type: page, space: DOCS, title: canary-title");
    chat.say("canary-body-of-the-page");
    assert_eq!(chat.status, ConversationStatus::Done);
    for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"canary"), "{:?}", file.path());
    }
}

#[test]
fn a_conversation_is_kept_for_a_month_and_forgotten_when_its_person_is() {
    let world = world_with("create-content");
    let host = &world.host;
    let old = Chat::start(host, "createContent", "");
    world.clock.advance(20 * 24 * 60 * 60);
    let anns = Chat::with_user(host, "ann", "createContent", "");
    let bobs = Chat::with_user(host, "bob", "createContent", "");
    world.clock.advance(10 * 24 * 60 * 60);
    assert_eq!(host.sweep_conversations(&workspace()).unwrap(), 1);
    let gone = |chat: &Chat<'_>| host.conversation(&workspace(), &chat.id).is_err();
    assert!(gone(&old) && !gone(&anns) && !gone(&bobs));
    assert_eq!(host.erase_conversations(&workspace(), "ann").unwrap(), 1);
    assert!(gone(&anns) && !gone(&bobs));
    assert_eq!(host.transcript(&workspace(), &anns.id).unwrap_err().code, "unknown-conversation");
}

#[test]
fn a_conversation_is_kept_for_as_long_as_the_host_was_told() {
    const DAY: u64 = 24 * 60 * 60;
    let world = World::with(Setup::default(), |host| host.keep_conversations(Duration::from_secs(2 * DAY)));
    world.authorize().unwrap();
    install(&world.host, "create-content");
    let mut chat = Chat::start(&world.host, "createContent", "");
    world.clock.advance(DAY);
    chat.say("page");
    world.clock.advance(2 * DAY - 1);
    assert_eq!(world.host.sweep_conversations(&workspace()).unwrap(), 0, "something was said since");
    world.clock.advance(1);
    assert_eq!(world.host.sweep_conversations(&workspace()).unwrap(), 1);
}

#[test]
fn another_workspace_sees_neither_dialogs_nor_conversations() {
    let world = world_with("create-content");
    let chat = Chat::start(&world.host, "createContent", "");
    let other = WorkspaceId::new("other").unwrap();
    let code = |failure: actionbay::Failure| failure.code.into_owned();
    assert_eq!(code(world.host.dialog(&other, "createContent").unwrap_err()), "unknown-dialog");
    assert_eq!(
        code(world.host.start_conversation(&Start::new(other.clone(), "createContent")).unwrap_err()),
        "unknown-dialog"
    );
    assert_eq!(code(world.host.say(&other, &chat.id, &Words::new("1")).unwrap_err()), "unknown-conversation");
    assert_eq!(code(world.host.transcript(&other, &chat.id).unwrap_err()), "unknown-conversation");
    assert_eq!(code(world.host.poll_conversation(&other, &chat.id).unwrap_err()), "unknown-conversation");
}

/// Row 54: tasks and profile definitions are exported, and never a secret or a token.
#[test]
fn an_export_has_dialogs_and_profiles_and_no_secret() {
    let world = World::new(Setup::default());
    // With a proof of its own, so that each kind of secret goes over the wire.
    world.host.edit_profile(&workspace(), &profile(), None, |app| app.pkce = Pkce::S256).unwrap();
    world.authorize().unwrap();
    install(&world.host, "create-content");
    world.host.set_response(&workspace(), "de", "discarded", Some("Weg damit.")).unwrap();
    let export = serde_json::to_string(&world.host.export_dialogs(&workspace()).unwrap()).unwrap();
    assert!(export.contains("createContentService") && export.contains(&world.client.client_id), "{export}");
    assert!(export.contains("Weg damit."), "{export}");
    assert!(!export.contains(&world.client.client_secret));
    assert_eq!((world.connections().len(), export.contains("connection")), (1, false));
    assert_eq!(
        world.wire.canaries.kinds(),
        ["access_token", "client_secret", "code", "code_verifier", "refresh_token"],
        "all that went over the wire is looked for"
    );
    assert_eq!(world.wire.canaries.found_in(export.as_bytes()), [] as [&str; 0]);
}

/// Row 55: what is imported is as it was configured elsewhere; its profile is named, and it works once that is there and
/// authorized.
#[test]
fn what_was_imported_works_once_its_profile_is_made_and_authorized_anew() {
    let world = world_with("create-content");
    let host = &world.host;
    let other = WorkspaceId::new("other").unwrap();
    let export = host.export_dialogs(&workspace()).unwrap();
    let imported = host.import_dialogs(&other, &export, Import::Merge).unwrap();
    assert_eq!(
        (imported.added.as_slice(), imported.profiles_to_make.as_slice()),
        (&["createContent".to_owned()][..], &["app".to_owned()][..])
    );
    let there = host.dialog(&other, "createContent").unwrap();
    assert_eq!(there, host.dialog(&workspace(), "createContent").unwrap());
    let talk = || {
        let words = Words::new("type: page, space: DOCS, title: Taken, body: Words");
        Chat::of(host, Start::new(other.clone(), "createContent").words(Some(words)))
    };
    assert_eq!(talk().status, ConversationStatus::Failed, "nobody authorized it there");
    assert!(created(&world).is_empty());
    let secret = world.client.client_secret.clone().into();
    host.put_profile(&other, &export.profiles[0], &secret).unwrap();
    assert!(host.import_dialogs(&other, &export, Import::Merge).unwrap().profiles_to_make.is_empty());
    let begun = host.begin(&Authorize::new(other.clone(), integration(), profile())).unwrap();
    host.handle_callback(&world.consent(&begun.authorization_url, Decision::Allow), None).unwrap();
    assert_eq!(talk().text(), "Taken has been created.");
    assert_eq!(created(&world).len(), 1);
}

#[test]
fn an_import_of_which_a_part_is_refused_changes_nothing_standard_responses_included() {
    let world = world_with("create-content");
    let host = &world.host;
    host.set_response(&workspace(), "en", "ended", Some("Ours.")).unwrap();
    let export = serde_json::to_value(host.export_dialogs(&workspace()).unwrap()).unwrap();
    let state = || serde_json::to_string(&host.export_dialogs(&workspace()).unwrap()).unwrap();
    let before = state();
    let theirs = |responses: serde_json::Value| {
        let mut json = export.clone();
        json["responses"] = responses;
        json["dialogs"][0]["title"] = json!("Theirs");
        serde_json::from_value::<Export>(json).unwrap()
    };
    for (code, responses) in [
        ("unknown-response", json!({"en": {"ended": "Theirs.", "nothing": "x"}})),
        ("bad-text", json!({"de": {"ended": "Theirs."}, "en": {"done": "Theirs.", "ended": "{{"}})),
        ("bad-response", json!({"de": {"ended": "Theirs."}, "en": {"yes": " "}})),
        ("bad-language", json!({"de": {"ended": "Theirs."}, "no language": {"ended": "Theirs."}})),
    ] {
        for how in [Import::Merge, Import::Full] {
            assert_eq!(
                host.import_dialogs(&workspace(), &theirs(responses.clone()), how).unwrap_err().code,
                code
            );
            assert_eq!(state(), before, "{code}");
        }
    }
    let good = theirs(json!({"en": {"done": "Done."}, "de": {"ended": "Vorbei."}}));
    host.import_dialogs(&workspace(), &good, Import::Merge).unwrap();
    let own: Export = serde_json::from_str(&state()).unwrap();
    assert_eq!(own.dialogs[0].title, "Theirs");
    assert_eq!(
        json!(own.responses),
        json!({"de": {"ended": "Vorbei."}, "en": {"done": "Done.", "ended": "Ours."}})
    );
}

/// Row 55: a merge knows a dialog by its reference, which it keeps wherever it goes and however it is changed.
#[test]
fn a_merge_finds_a_dialog_by_its_reference_under_whatever_name_and_else_by_its_name() {
    let world = world_with("create-content");
    let host = &world.host;
    let reference = host.dialog(&workspace(), "createContent").unwrap().reference;
    assert!(reference.len() > 20, "{reference}");
    host.edit_dialog(&workspace(), "createContent", None, |dialog| {
        (dialog.title, dialog.reference) = ("Ours".into(), "other".into());
    })
    .unwrap();
    host.update_dialog(&workspace(), "createContent", true).unwrap();
    assert_eq!(host.dialog(&workspace(), "createContent").unwrap().reference, reference);

    let other = WorkspaceId::new("other").unwrap();
    let export = host.export_dialogs(&workspace()).unwrap();
    host.import_dialogs(&other, &export, Import::Merge).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = serde_json::to_value(&export).unwrap();
        change(&mut json["dialogs"][0]);
        serde_json::from_value::<Export>(json).unwrap()
    };
    let there = || host.dialogs(&other).unwrap();
    let renamed = changed(&|dialog| (dialog["name"], dialog["title"]) = (json!("write"), json!("Theirs")));
    let imported = host.import_dialogs(&other, &renamed, Import::Merge).unwrap();
    assert_eq!(imported.replaced, ["write"]);
    assert_eq!(imported.removed, ["createContent"]);
    let [dialog] = &there()[..] else { panic!("{:?}", there()) };
    assert_eq!((dialog.name.as_str(), dialog.title.as_str(), dialog.version), ("write", "Theirs", 2));
    assert_eq!(dialog.reference, reference);

    // Of no reference that is known there it is found by its name.
    let by_name =
        changed(&|dialog| (dialog["name"], dialog["reference"]) = (json!("write"), json!("dialog-2")));
    assert_eq!(host.import_dialogs(&other, &by_name, Import::Merge).unwrap().replaced, ["write"]);
    assert_eq!((there().len(), there()[0].reference.as_str()), (1, "dialog-2"));
    let without = changed(&|dialog| {
        dialog["name"] = json!("write");
        dialog.as_object_mut().unwrap().remove("reference");
    });
    host.import_dialogs(&other, &without, Import::Merge).unwrap();
    assert_eq!((there().len(), there()[0].reference.as_str()), (1, "dialog-2"), "it is not taken away");

    // Nor is it given to two, where another one of the export has it by now.
    let both = {
        let mut json = serde_json::to_value(&export).unwrap();
        let mut again = json["dialogs"][0].clone();
        (again["name"], json["dialogs"][0]["name"]) = (json!("write"), json!("other"));
        json["dialogs"][0]["reference"] = json!("dialog-2");
        again.as_object_mut().unwrap().remove("reference");
        json["dialogs"].as_array_mut().unwrap().push(again);
        serde_json::from_value::<Export>(json).unwrap()
    };
    host.import_dialogs(&other, &both, Import::Full).unwrap();
    let references: Vec<String> = there().into_iter().map(|dialog| dialog.reference).collect();
    assert!(references.len() == 2 && references[0] != references[1], "{references:?}");
    host.import_dialogs(&other, &without, Import::Full).unwrap();

    // A dialog that is not in the export is not written over for its name's sake.
    host.import_dialogs(&other, &export, Import::Merge).unwrap();
    assert_eq!(there().len(), 2);
    let taken = host.import_dialogs(&other, &renamed, Import::Merge).unwrap_err();
    assert_eq!(taken.code, "dialog-exists");
    assert_eq!(there().len(), 2);
    let twice = {
        let mut json = serde_json::to_value(&export).unwrap();
        let mut again = json["dialogs"][0].clone();
        again["name"] = json!("again");
        json["dialogs"].as_array_mut().unwrap().push(again);
        serde_json::from_value::<Export>(json).unwrap()
    };
    assert_eq!(host.import_dialogs(&other, &twice, Import::Full).unwrap_err().code, "dialog-twice");
    let bad = changed(&|dialog| dialog["reference"] = json!("no reference"));
    assert_eq!(host.import_dialogs(&other, &bad, Import::Merge).unwrap_err().code, "invalid-dialog");
    assert_eq!(host.import_dialogs(&other, &renamed, Import::Full).unwrap().removed, ["createContent"]);
    assert_eq!(there().len(), 1);
}

/// Row 55: a full import replaces all, and a merge those of the same reference or name.
#[test]
fn an_import_replaces_all_or_merges_and_takes_all_of_it_or_nothing() {
    let world = world_with("create-content");
    let export = world.host.export_dialogs(&workspace()).unwrap();
    let target = World::new(Setup::default());
    let host = &target.host;
    target.authorize().unwrap();
    install(host, "list-pages");
    let imported = host.import_dialogs(&workspace(), &export, Import::Merge).unwrap();
    assert_eq!((imported.added, imported.replaced.len()), (vec!["createContent".to_owned()], 0));
    let names =
        || host.dialogs(&workspace()).unwrap().into_iter().map(|dialog| dialog.name).collect::<Vec<_>>();
    assert_eq!(names(), ["createContent", "listPages"]);
    let imported = host.import_dialogs(&workspace(), &export, Import::Full).unwrap();
    assert_eq!(
        (imported.replaced, imported.removed),
        (vec!["createContent".to_owned()], vec!["listPages".to_owned()])
    );
    assert_eq!(host.dialog(&workspace(), "createContent").unwrap().version, 2);
    let mut json = serde_json::to_value(&export).unwrap();
    json["dialogs"][0]["nodes"][7]["text"] = json!("{{");
    let broken: Export = serde_json::from_value(json).unwrap();
    assert_eq!(host.import_dialogs(&workspace(), &broken, Import::Full).unwrap_err().code, "invalid-dialog");
    assert_eq!(names(), ["createContent"]);
}

/// Three answers as long as a body may be fit, and the fourth does not; of each a beginning is in the transcript.
#[test]
fn a_conversation_holds_so_much_and_refuses_what_is_more_by_its_limit() {
    let world = world_with("create-content");
    let host = &world.host;
    let edit = |dialog: &mut Dialog| {
        let body = dialog.nodes.iter().find(|node| node.name() == "contentBody").unwrap().clone();
        let Node::Entity(body) = body else { panic!("no entity") };
        let more = (0..4).map(|number| {
            let mut more = body.clone();
            (more.name, more.presence) = (format!("more{number}"), Presence::Mandatory);
            Node::Entity(more)
        });
        dialog.nodes.splice(4..5, more);
    };
    host.edit_dialog(&workspace(), "createContent", None, edit).unwrap();
    let mut chat = Chat::start(host, "createContent", "type: page, space: DOCS, title: Large");
    let id = chat.id.clone();
    let say = |text: &str| host.say(&workspace(), &id, &Words::new(text));
    let failure = say(&"x".repeat((8 << 20) + 1)).unwrap_err();
    assert_eq!((failure.code.as_ref(), &failure.kind), ("text-too-long", &FailureKind::InvalidInput));
    assert!(failure.message.contains("8388608"), "{failure}");
    // Of the longest that a body may be, each letter takes two bytes where it is kept.
    let long = format!("x{}x", "\n".repeat(4_999_998));
    for _ in 0..3 {
        assert!(say(&long).unwrap().replies[0].text.starts_with("What should it say?"));
    }
    let failure = say(&long).unwrap_err();
    assert_eq!((failure.code.as_ref(), &failure.kind), ("conversation-too-large", &FailureKind::TooLarge));
    assert!(failure.message.contains("33554432"), "{failure}");
    assert!(created(&world).is_empty());
    let lines = host.transcript(&workspace(), &chat.id).unwrap();
    assert!(
        lines.iter().all(|line| line.said.text.len() <= (64 << 10) + 3),
        "of a line its beginning is kept"
    );
    assert_eq!(chat.say("short"), "Large has been created.");
    assert_eq!(created(&world).len(), 1);
}

/// The body of a large page is said at once.
#[test]
fn the_body_of_a_large_page_is_said_at_once() {
    let world = world_with("create-content");
    let mut chat = Chat::start(&world.host, "createContent", "type: page, space: DOCS, title: Large");
    let body = "Long. ".repeat(200_000);
    assert_eq!(chat.say(&body), "Large has been created.");
    let seen = world.wire.seen();
    let sent = seen.iter().find(|seen| seen.method == "POST" && seen.url.path().ends_with("/pages")).unwrap();
    assert!(sent.body.len() >= body.trim().len(), "{}", sent.body.len());
}

#[test]
fn a_conversation_in_the_terminal_creates_a_page() {
    let (home, sandbox) = connected();
    home.run(&["templates", "install", "confluence", "create-content"]).ok();
    let mut command = home.command(&["dialog", "createContent", "--say", "Create a Confluence page"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::fs::write(home.path().join("body.md"), "From a *file*.").unwrap();
    child.stdin.take().unwrap().write_all(b"DOCS\nIn the terminal\n@body.md\n").unwrap();
    let ended = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{stdout}{:?}", String::from_utf8(ended.stderr));
    assert!(
        stdout.contains("In which space?") && stdout.contains("In the terminal has been created."),
        "{stdout}"
    );
    assert!(stdout.contains("[View Content] "), "{stdout}");
    let found = home.run(&[
        "--json",
        "run",
        "confluence",
        "view-content",
        "--space",
        "DOCS",
        "--title",
        "In the terminal",
    ]);
    assert_eq!(found.ok().json()["output"]["body"]["value"], "From a _file_.\n");
    let listed = home.run(&["--json", "dialogs", "list"]).ok().json();
    assert_eq!(listed[0]["name"], "createContent");
    home.run(&["dialog", "nothing"]).fails_with(2, "There is no dialog");
    let unfinished = home.run(&["dialog", "createContent"]);
    assert_eq!(unfinished.code, 1, "{unfinished:?}");
    drop(sandbox);
}

#[test]
fn a_dialog_is_edited_and_taken_elsewhere_by_files() {
    let (home, _sandbox) = connected();
    home.run(&["templates", "install", "confluence", "create-content"]).ok();
    let shown = home.run(&["--json", "dialogs", "show", "createContent"]).ok();
    let edited = shown.stdout.replace("What is the title?", "Which title?");
    std::fs::write(home.path().join("dialog.json"), &edited).unwrap();
    home.run(&["dialogs", "edit", "createContent", "dialog.json"]).ok();
    home.run(&["dialogs", "edit", "createContent", "dialog.json"]).fails_with(1, "somebody else changed it");
    assert!(home.run(&["dialogs", "show", "createContent"]).ok().stdout.contains("Which title?"));
    home.run(&["dialogs", "update", "createContent"]).fails_with(1, "was changed here");
    let export = home.run(&["dialogs", "export"]).ok().stdout;
    std::fs::write(home.path().join("export.json"), export).unwrap();
    home.run(&["--workspace", "other", "dialogs", "import", "export.json"]).ok();
    let there = home.run(&["--workspace", "other", "dialogs", "show", "createContent"]).ok();
    assert!(there.stdout.contains("Which title?"), "{there:?}");
    home.run(&["dialogs", "import", "export.json", "--full"]).fails_with(2, "would be gone");
    home.run(&["dialogs", "delete", "createContent"]).fails_with(2, "would be gone");
    home.run(&["dialogs", "show", "createContent"]).ok();
    home.run(&["dialogs", "delete", "createContent", "--yes"]).ok();
    home.run(&["dialogs", "delete", "createContent", "--yes"]).fails_with(2, "There is no dialog");
    home.run(&["--workspace", "other", "dialogs", "show", "createContent"]).ok();
    home.run(&["dialogs", "import", "body.md"]).fails_with(2, "cannot be read");
}

//! Files in *Talk to Bot*: what is chosen there, and what comes of it.

use actionbay::Run;
use actionbay::ids::ConversationId;
use actionbay::runtime::FolderFiles;
use actionbay::service::Settings;
use serde_json::{Value, json};

use super::desk::{Desk, Shown};
use crate::service::office::Office;
use crate::support::{integration, workspace};

const TEXT: &str = "<script>alert(1)</script> Übersicht\r\n--betwee";

/// A desk whose connection may send and fetch files, with a page; its id.
fn desk(settings: Settings, template: &str) -> (Desk, String) {
    let mut desk = Desk::at(Office::with(settings));
    desk.office.world.authorize_for_files();
    desk.install(template);
    let page = desk.office.world.run("create-content", json!({"space": "DOCS", "title": "Hello"})).unwrap();
    (desk, page["id"].as_str().unwrap().to_owned())
}

/// The form of a page that a file is chosen in.
fn file_form(shown: &Shown) -> crate::support::Form {
    let forms = shown.forms();
    let found = forms.iter().find(|form| form.fields.iter().any(|(name, _)| name == "file"));
    found.unwrap_or_else(|| panic!("no file is asked for: {shown:?}")).clone()
}

fn stored(desk: &Desk) -> Value {
    let log = desk.office.admin().get("/audit").done();
    let items = log["items"].as_array().unwrap();
    json!(items.iter().filter(|entry| entry["action"] == "upload_file").count())
}

fn sent(desk: &Desk) -> Vec<Value> {
    let received = desk.office.world.received("/child/attachment");
    received.into_iter().filter(|request| request["method"] == "PUT").collect()
}

#[test]
fn a_file_is_chosen_where_the_bot_asks_for_one_and_is_attached_under_its_name() {
    let (mut desk, page) = desk(Settings::default(), "upload-attachment");
    let talk = desk.talk("uploadAttachment", "", &format!("id: {page}"));
    assert!(talk.says("type=\"file\"") && talk.says("enctype=\"multipart/form-data\""), "{talk:?}");
    let form = file_form(&talk);
    let id = form.action.path().rsplit('/').next().unwrap().to_owned();
    let again = desk.submit_file(&form, "", "");
    assert!(again.says("type=\"file\""), "none was chosen: {again:?}");
    let done = desk.submit_file(&file_form(&again), "Übersicht & \u{1f600}.html", TEXT);
    assert!(done.says("The conversation is over."), "{done:?}");
    let shown = ">Übersicht &amp; \u{1f600}.html</a>";
    assert!(done.says(shown), "its name stands for it: {done:?}");
    let part = sent(&desk)[0]["body"]["parts"][0].clone();
    assert_eq!(part["file_name"], "Übersicht & \u{1f600}.html");
    assert_eq!((&part["size"], &part["media_type"]), (&json!(TEXT.len()), &json!("text/html")));
    assert_eq!(stored(&desk), 1);
    let lines = desk.office.world.host.transcript(&workspace(), &ConversationId::new(id).unwrap()).unwrap();
    let said = lines.iter().rfind(|line| line.by_user).unwrap();
    assert!(said.said.text.starts_with("file-"), "{said:?}");
    let link = done.links().into_iter().find(|link| link.path().starts_with("/console/files/")).unwrap();
    let answer = desk.admin.get(link.as_str());
    assert_eq!(answer.body, TEXT);
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "attachment; filename*=UTF-8''%C3%9Cbersicht%20%26%20%F0%9F%98%80.html"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[test]
fn what_is_fetched_is_a_link_in_the_conversation() {
    let (mut desk, page) = desk(Settings::default(), "download-attachment");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.txt"), TEXT).unwrap();
    let input = json!({"id": page, "file": "plan.txt"});
    let run = Run::new(workspace(), integration(), "upload-attachment", input);
    let attached = desk.office.world.host.run(&run.files(FolderFiles::new(folder.path()))).unwrap().output;
    let text = format!("attachment: {}", attached["id"].as_str().unwrap());
    let mut talk = desk.talk("downloadAttachment", "", &text);
    while !talk.says("The conversation is over.") {
        let path = talk.at.path().to_owned();
        talk = desk.submit(talk.form(&path).with("text", "skip"));
    }
    let link = talk.links().into_iter().find(|link| link.path().starts_with("/console/files/"));
    let link = link.unwrap_or_else(|| panic!("no link: {talk:?}"));
    assert!(talk.says(">plan.txt</a>"), "{talk:?}");
    let answer = desk.admin.get(link.as_str());
    assert_eq!((answer.body.as_str(), answer.header("content-type")), (TEXT, "text/plain"));
    // It is gone once its time is over, and the conversation is shown all the same.
    desk.office.world.clock.advance(6 * 60 * 60);
    let later = desk.open(talk.at.path().strip_prefix("/console").unwrap());
    assert!(later.says(">plan.txt</a>"), "{later:?}");
}

#[test]
fn no_file_is_kept_of_a_form_that_is_not_of_the_session_or_too_large() {
    let mut settings = Settings::default();
    settings.file_bytes = 1000;
    let (mut desk, page) = desk(settings, "upload-attachment");
    let talk = desk.talk("uploadAttachment", "", &format!("id: {page}"));
    let form = file_form(&talk);
    for token in ["", "x"] {
        let refused = desk.submit_file(&form.clone().with("form-token", token), "a.txt", "a");
        assert_eq!(refused.answer.status, 403, "{refused:?}");
    }
    assert_eq!(stored(&desk), 0);
    let refused = desk.submit_file(&form, "a.txt", &"a".repeat(1001));
    assert!(refused.says("larger than this service keeps") && refused.answer.status >= 400, "{refused:?}");
    let huge = desk.submit_file(&form, "a.txt", &"a".repeat(9 << 20));
    assert_eq!(huge.answer.status, 413);
    assert!(sent(&desk).is_empty());
    let talk = desk.open(talk.at.path().strip_prefix("/console").unwrap());
    assert!(talk.says("type=\"file\""), "it still asks: {talk:?}");
}

//! Files over HTTP: what the sandbox receives of them, what comes back from it, and for whom they are there.

use std::path::Path;

use actionbay::Run;
use actionbay::authorization::AuthorizationMode;
use actionbay::runtime::FolderFiles;
use actionbay::service::Settings;
use actionbay::service::keys::Scope;
use actionbay::vault::{Collection, MasterKey, SqliteStore, Store as _};
use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};

use super::office::{Client, Office, run_of};
use crate::support::{World, integration, workspace};

/// Bytes that are no text.
const BYTES: &[u8] = b"\0\xff\xfe a canary in a file \r\n--boundary\r\n";

/// An office whose connection may send and fetch files, with its store in this folder.
fn office(folder: &Path, settings: Settings) -> Office {
    let office = Office::of("", settings, |setup| {
        let store = SqliteStore::open(&folder.join("store.db")).unwrap();
        World::with(setup, |host| host.store(store, MasterKey::random().unwrap()))
    });
    office.world.authorize_for_files();
    office.world.control.clear_requests().unwrap();
    office
}

fn usual() -> (tempfile::TempDir, Office) {
    let folder = tempfile::tempdir().unwrap();
    let office = office(folder.path(), Settings::default());
    (folder, office)
}

/// The page that things are attached to.
fn page(office: &Office) -> Value {
    office.world.run("create-content", json!({"space": "DOCS", "title": "Hello"})).unwrap()["id"].clone()
}

/// A file that was sent; what is answered.
fn sent(client: &Client, query: &str, bytes: &[u8]) -> Value {
    let reply = client.upload(query, &[("Content-Type", "application/x-report")], bytes);
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.done()
}

/// What is attached, as the sandbox gives it.
fn attached(office: &Office, id: &Value) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(workspace(), integration(), "download-attachment", json!({"attachment": id}));
    let output = office.world.host.run(&run.files(FolderFiles::new(folder.path()))).unwrap().output;
    let bytes = std::fs::read(folder.path().join(output["file"].as_str().unwrap())).unwrap();
    (output["file-name"].as_str().unwrap().to_owned(), bytes)
}

/// Attaches something without the service; its id.
fn attach(office: &Office, page: &Value, name: &str, bytes: &[u8]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let run = Run::new(workspace(), integration(), "upload-attachment", json!({"id": page, "file": name}));
    office.world.host.run(&run.files(FolderFiles::new(folder.path()))).unwrap().output["id"].clone()
}

fn records(folder: &Path, collection: Collection) -> usize {
    SqliteStore::open(&folder.join("store.db")).unwrap().list_all(collection).unwrap().len()
}

#[test]
fn a_file_that_is_sent_is_attached_with_its_bytes_under_its_name() {
    let (_folder, office) = usual();
    let client = office.client(&[Scope::Run]);
    let file = sent(&client, "name=%C3%9Cbersicht%20%F0%9F%98%80.bin", BYTES);
    assert_eq!((&file["name"], &file["size"]), (&json!("Übersicht 😀.bin"), &json!(BYTES.len())));
    assert_eq!((&file["media_type"], file.get("user")), (&json!("application/x-report"), None));
    let input = json!({"id": page(&office), "file": file["id"]});
    let output =
        client.post(&run_of("upload-attachment"), json!({ "input": input })).done()["output"].clone();
    assert_eq!(attached(&office, &output["id"]), ("Übersicht 😀.bin".to_owned(), BYTES.to_vec()));
    let received = office.world.received("/child/attachment");
    let part =
        received.iter().find(|request| request["method"] == "PUT").unwrap()["body"]["parts"][0].clone();
    assert_eq!((&part["file_name"], &part["media_type"]), (&file["name"], &file["media_type"]));
}

#[test]
fn what_a_run_fetches_is_a_file_with_the_bytes_of_the_vendor() {
    let (_folder, office) = usual();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let attachment = attach(&office, &page(&office), "plan.pdf", BYTES);
    let input = json!({"attachment": attachment, "save-as": "../Plan für \"alle\".pdf"});
    let output =
        client.post(&run_of("download-attachment"), json!({ "input": input })).done()["output"].clone();
    let id = output["file"].as_str().unwrap();
    assert!(id.starts_with("file-") && output["size"] == BYTES.len(), "{output}");
    let fetched = client.fetch(&format!("/files/{id}"));
    assert_eq!((fetched.status, fetched.bytes.as_slice()), (200, BYTES));
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-disposition", "attachment; filename*=UTF-8''_Plan%20f%C3%BCr%20_alle_.pdf"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(fetched.header(name), value, "{name}");
    }
}

#[test]
fn what_a_browser_could_run_comes_as_bytes_to_be_saved() {
    let (_folder, office) = usual();
    let client = office.admin();
    for (name, media_type) in [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.pdf", "TEXT/HTML ;x")]
    {
        let reply = client.upload(&format!("name={name}"), &[("Content-Type", media_type)], b"<script>");
        let fetched = client.fetch(&format!("/files/{}", reply.done()["id"].as_str().unwrap()));
        assert_eq!(fetched.header("content-type"), "application/octet-stream", "{media_type}");
        assert!(fetched.header("content-disposition").starts_with("attachment;"), "{media_type}");
    }
    let by_name = client.upload("name=a.png", &[], b"x").done();
    assert_eq!(by_name["media_type"], "image/png");
    let plain = client.upload("name=..%2F..%2Fa%3Ab.txt", &[], b"x").done();
    assert_eq!(plain["name"], "_.._a_b.txt", "no folder, no drive");
}

#[test]
fn a_file_is_there_for_its_workspace_and_its_user_and_nobody_else() {
    let (_folder, office) = usual();
    let (client, stranger) = (office.admin(), office.stranger());
    let page = page(&office);
    let of_ann = sent(&client, "name=a.bin&user=ann", BYTES);
    assert_eq!(of_ann["user"], "ann");
    let run = |file: &Value, user: Option<&str>| {
        let input = json!({"id": page, "file": file["id"]});
        client.post(&run_of("upload-attachment"), json!({"input": input, "user": user}))
    };
    run(&of_ann, None).refused(404, "unknown-file");
    run(&of_ann, Some("bob")).refused(404, "unknown-file");
    run(&sent(&stranger, "name=a.bin", BYTES), None).refused(404, "unknown-file");
    run(&json!({"id": "file-none"}), None).refused(404, "unknown-file");
    run(&json!({"id": "../a"}), None).refused(403, "bad-file-name");
    assert_eq!(office.world.received("/child/attachment"), Vec::<Value>::new());
    run(&of_ann, Some("ann")).done();
    run(&sent(&client, "name=b.bin", BYTES), Some("ann")).done();
    let path = format!("/files/{}", of_ann["id"].as_str().unwrap());
    stranger.get(&path).refused(404, "unknown-file");
    stranger.send("DELETE", &path, &[], None).refused(404, "unknown-file");
    client.send("DELETE", &path, &[], None).done();
    client.get(&path).refused(404, "unknown-file");
    run(&of_ann, Some("ann")).refused(404, "unknown-file");
}

#[test]
fn a_file_is_kept_for_a_day_and_then_nothing_of_it() {
    let (folder, office) = usual();
    let client = office.admin();
    let before = (records(folder.path(), Collection::Secrets), records(folder.path(), Collection::DataKeys));
    let file = sent(&client, "name=a.bin", BYTES);
    let path = format!("/files/{}", file["id"].as_str().unwrap());
    office.world.clock.advance(24 * 60 * 60 - 1);
    office.service.tidy();
    assert_eq!(client.fetch(&path).bytes, BYTES);
    office.world.clock.advance(1);
    client.get(&path).refused(404, "unknown-file");
    office.service.tidy();
    assert_eq!(records(folder.path(), Collection::Files), 0);
    let after = (records(folder.path(), Collection::Secrets), records(folder.path(), Collection::DataKeys));
    assert_eq!(after, before);
}

#[test]
fn an_end_users_files_are_erased_with_their_data_and_nobody_elses() {
    let (folder, office) = usual();
    let client = office.admin();
    let page = page(&office);
    let of = |user: &str| {
        let attachment = attach(&office, &page, &format!("{user}.bin"), BYTES);
        let input = json!({"attachment": attachment});
        let run = json!({"input": input, "user": user});
        let made = client.post(&run_of("download-attachment"), run).done()["output"]["file"].clone();
        [sent(&client, &format!("name=a.bin&user={user}"), BYTES)["id"].clone(), made]
    };
    let (anns, bobs) = (of("ann"), of("bob"));
    let erased = client.send("DELETE", "/users/ann/data", &[], None).done();
    assert_eq!(erased["files"], 2, "{erased}");
    for id in &anns {
        client.get(&format!("/files/{}", id.as_str().unwrap())).refused(404, "unknown-file");
    }
    for id in &bobs {
        assert_eq!(client.fetch(&format!("/files/{}", id.as_str().unwrap())).bytes, BYTES);
    }
    assert_eq!(records(folder.path(), Collection::Files), 2);
}

#[test]
fn what_is_larger_than_the_operator_says_is_refused_either_way_and_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.file_bytes = 1000;
    let office = office(folder.path(), settings);
    let client = office.admin();
    sent(&client, "name=a.bin", &[7; 1000]);
    for headers in [&[][..], &[("Idempotency-Key", "k")]] {
        client.upload("name=a.bin", headers, &[7; 1001]).refused(413, "body-too-large");
    }
    let attachment = attach(&office, &page(&office), "large.bin", &[7; 1001]);
    let input = json!({"attachment": attachment});
    let problem = client.post(&run_of("download-attachment"), json!({ "input": input }));
    let problem = problem.refused(413, "file-too-large");
    assert!(problem["hint"].as_str().unwrap().contains("file-bytes"), "{problem}");
    assert_eq!(records(folder.path(), Collection::Files), 1);
}

#[test]
fn a_workspace_has_so_many_files_and_no_more_until_one_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.file_bytes = 100;
    let office = office(folder.path(), settings);
    let client = office.admin();
    let files: Vec<Value> = (0..40).map(|_| sent(&client, "name=a.bin", &[7; 100])).collect();
    client.upload("name=a.bin", &[], &[7; 100]).refused(413, "files-full");
    assert_eq!(records(folder.path(), Collection::Files), 40);
    sent(&office.stranger(), "name=a.bin", &[7; 100]);
    let first = format!("/files/{}", files[0]["id"].as_str().unwrap());
    assert_eq!(client.send("DELETE", &first, &[], None).status, 204);
    sent(&client, "name=a.bin", &[7; 100]);
}

#[test]
fn neither_bytes_nor_names_are_in_the_store_in_the_clear_and_the_log_has_only_ids() {
    let (folder, office) = usual();
    let client = office.admin();
    let file = sent(&client, "name=canary-in-a-name.bin&user=ann", BYTES);
    let input = json!({"id": page(&office), "file": file["id"]});
    client.post(&run_of("upload-attachment"), json!({"input": input, "user": "ann"})).done();
    let log = client.get("/audit");
    assert!(!log.text.contains("canary"), "{log:?}");
    let log = log.done();
    let entry =
        log["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "upload_file").unwrap();
    assert_eq!((&entry["file"], &entry["outcome"]), (&file["id"], &json!("done")));
    let runs = client.get("/runs").text;
    assert!(!runs.contains("canary"), "{runs}");
    let mut looked_at = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let stored = std::fs::read(entry.unwrap().path()).unwrap();
        looked_at += stored.len();
        assert!(!stored.windows(6).any(|window| window == b"canary"));
        for encoded in ["Y2FuYXJ5", "NhbmFye", "jYW5hcn"] {
            assert!(!stored.windows(encoded.len()).any(|window| window == encoded.as_bytes()), "in base64");
        }
    }
    assert!(looked_at > 10_000, "{looked_at} bytes are no store");
}

#[test]
fn a_file_that_is_sent_twice_under_one_name_is_one_and_another_file_is_another_request() {
    let (folder, office) = usual();
    let client = office.admin();
    let send = |query: &str, media_type: &str, bytes: &[u8]| {
        client.upload(query, &[("Idempotency-Key", "k"), ("Content-Type", media_type)], bytes)
    };
    let first = send("name=a.bin", "a/b", BYTES).done();
    let again = send("name=a.bin", "a/b", BYTES);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.done(), first);
    for (query, media_type, bytes) in
        [("name=b.bin", "a/b", BYTES), ("name=a.bin", "a/c", BYTES), ("name=a.bin", "a/b", b"other")]
    {
        send(query, media_type, bytes).refused(422, "idempotency-key-reused");
    }
    assert_eq!(records(folder.path(), Collection::Files), 1);
}

fn install(client: &Client, template: &str) {
    let path = format!("/integrations/confluence/templates/{template}/installation");
    client.send("PUT", &path, &[], None).done();
}

fn last(turn: &Value) -> Value {
    turn["replies"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn a_conversation_takes_a_file_by_its_id_and_asks_again_for_one_that_there_is_not() {
    let (_folder, office) = usual();
    let client = office.admin();
    install(&client, "upload-attachment");
    let page = page(&office);
    let start = json!({"text": format!("id: {}", page.as_str().unwrap())});
    let turn = client.post("/dialogs/uploadAttachment/conversations", start).done();
    assert_eq!(last(&turn)["asks_for"], "file", "{turn}");
    let at = format!("/conversations/{}/messages", turn["id"].as_str().unwrap());
    let say = |text: &Value| client.post(&at, json!({ "text": text })).done();
    let foreign = sent(&office.stranger(), "name=a.bin", BYTES);
    for wrong in [&json!("report.bin"), &foreign["id"]] {
        let turn = say(wrong);
        assert_eq!((&turn["status"], &last(&turn)["asks_for"]), (&json!("awaiting-answer"), &json!("file")));
        assert!(last(&turn)["text"].as_str().unwrap().contains("There is no such file."), "{turn}");
    }
    let turn = say(&sent(&client, "name=report.bin", BYTES)["id"]);
    assert_eq!(turn["status"], "done", "{turn}");
    let received = office.world.received("/child/attachment");
    let put = received.iter().find(|request| request["method"] == "PUT").unwrap();
    let part = &put["body"]["parts"][0];
    assert_eq!((&part["file_name"], &part["size"]), (&json!("report.bin"), &json!(BYTES.len())));
}

#[test]
fn a_conversation_that_goes_on_by_itself_after_consent_has_the_files_of_its_user() {
    let (_folder, office) = usual();
    let page = page(&office);
    let mode = Some(AuthorizationMode::PerUser);
    office.world.host.edit_configuration(&workspace(), &integration(), mode, None).unwrap();
    let client = office.admin();
    install(&client, "upload-attachment");
    let file = sent(&client, "name=report.bin&user=ann", BYTES);
    let text = format!("id: {}, file: {}", page.as_str().unwrap(), file["id"].as_str().unwrap());
    let start = json!({"user": "ann", "text": text});
    let turn = client.post("/dialogs/uploadAttachment/conversations", start).done();
    assert_eq!(turn["status"], "awaiting-authorization", "{turn}");
    let link = turn["replies"][0]["button"]["url"].as_str().unwrap();
    assert_eq!(office.decide(link, Decision::Allow).status, 200);
    let received = office.world.received("/child/attachment");
    let put = received.iter().find(|request| request["method"] == "PUT").unwrap();
    assert_eq!(put["body"]["parts"][0]["file_name"], "report.bin");
    let at = format!("/conversations/{}", turn["id"].as_str().unwrap());
    assert_eq!(client.get(&at).done()["conversation"]["status"], "done");
}

//! A file that is chosen with the browser's own field.

use actionbay::Run;
use actionbay::runtime::FolderFiles;
use serde_json::json;

use super::screens::Walk;
use crate::console::desk::Desk;
use crate::support::{integration, workspace};

const NAME: &str = "Übersicht & mehr.bin";

#[test]
fn a_file_that_is_chosen_in_talk_to_bot_is_attached_byte_by_byte() {
    let mut desk = Desk::new();
    desk.office.world.authorize_for_files();
    desk.install("upload-attachment");
    let page = desk.office.world.run("create-content", json!({"space": "DOCS", "title": "Hello"})).unwrap();
    let page = page["id"].as_str().unwrap();
    let (chosen, saved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    std::fs::write(chosen.path().join(NAME), &bytes).unwrap();

    let mut walk = Walk::new("file", desk);
    walk.browser.waits_for("Log in");
    walk.browser.fill("key", &walk.desk.key);
    walk.browser.click("Log in");
    walk.browser.waits_for("Audit log");
    walk.browser.open(walk.desk.url("/dialogs/uploadAttachment/talk").as_str());
    walk.browser.fill("text", &format!("id: {page}"));
    walk.browser.click("Talk to Bot");
    walk.browser.waits_for("Which file?");
    walk.screen("asks-for-a-file");
    walk.browser.choose("file", &chosen.path().join(NAME));
    walk.browser.click("Send the file");
    walk.browser.waits_for("The conversation is over.");
    walk.browser.waits_for(NAME);
    walk.screen("attached");

    let input = json!({"id": page, "file-name": NAME});
    let run = Run::new(workspace(), integration(), "download-attachment", input);
    let output = walk.desk.office.world.host.run(&run.files(FolderFiles::new(saved.path()))).unwrap().output;
    assert_eq!(std::fs::read(saved.path().join(output["file"].as_str().unwrap())).unwrap(), bytes);
}

//! Files, by the templates: what the sandbox and its host of files received, and what lies on the disk.

use std::path::Path;

use actionbay::runtime::FolderFiles;
use actionbay::{Failure, FailureKind, Run};
use serde_json::{Value, json};

use super::{able, only, page};
use crate::support::{Home, World, integration, peak, workspace};
use atlassian_sandbox::control::Control;
use atlassian_sandbox::{Sandbox, SandboxConfig};

/// What the largest test sends.
const LARGE: u64 = 200 << 20;

/// What the command may have in memory meanwhile, the runtime and the component included.
const MEMORY: u64 = 120 << 20;

fn run(world: &World, folder: &Path, template: &str, input: Value) -> Result<Value, Failure> {
    let run = Run::new(workspace(), integration(), template, input).files(FolderFiles::new(folder));
    world.host.run(&run).map(|outcome| outcome.output)
}

fn folder_with(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// API-24
#[test]
fn a_file_is_attached_by_put_with_its_name_and_type_and_a_second_one_is_its_next_version() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("logo.svg", b"<svg/>");
    let input = json!({"id": page["id"], "file": "logo.svg", "comment": "Über", "minor-edit": true});
    let uploaded = run(&world, folder.path(), "upload-attachment", input).unwrap();
    assert_eq!(uploaded["version"], 1);
    assert_eq!(
        (&uploaded["file-name"], &uploaded["media-type"]),
        (&json!("logo.svg"), &json!("image/svg+xml"))
    );
    let sent = only(&world, "PUT", "/child/attachment");
    assert!(matches!(sent["headers"]["x-atlassian-token"].as_str(), Some("no-check" | "nocheck")));
    assert!(sent["headers"]["content-length"].is_string() && sent["headers"]["transfer-encoding"].is_null());
    assert_eq!(
        sent["body"]["parts"],
        json!([
            {"name": "file", "size": 6, "media_type": "image/svg+xml", "file_name": "logo.svg"},
            {"name": "minorEdit", "size": 4, "media_type": null, "value": "true"},
            {"name": "comment", "size": 5, "media_type": "text/plain; charset=utf-8", "value": "Über"},
        ])
    );
    std::fs::write(folder.path().join("logo.svg"), b"<svg> </svg>").unwrap();
    let by_title = json!({"space": "DOCS", "title": "Hello", "file": "logo.svg"});
    let again = run(&world, folder.path(), "upload-attachment", by_title).unwrap();
    assert_eq!((&again["id"], &again["version"], &again["size"]), (&uploaded["id"], &json!(2), &json!(12)));
}

/// API-25
#[test]
fn a_download_ends_in_the_folder_and_the_host_of_files_sees_no_credential() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("plan.bin", &[0, 1, 2, 255]);
    let upload = json!({"id": page["id"], "file": "plan.bin", "file-name": "تقرير 😀 \"q\".bin"});
    let uploaded = run(&world, folder.path(), "upload-attachment", upload).unwrap();
    let name = uploaded["file-name"].as_str().unwrap();
    let saved = tempfile::tempdir().unwrap();
    let by_name = json!({"id": page["id"], "file-name": name, "save-as": "../../out.bin"});
    let told = run(&world, saved.path(), "download-attachment", by_name).unwrap();
    assert_eq!((&told["file"], &told["size"]), (&json!("_.._out.bin"), &json!(4)));
    assert_eq!(std::fs::read(saved.path().join("_.._out.bin")).unwrap(), [0, 1, 2, 255]);
    let by_id = json!({"attachment": uploaded["id"]});
    let told = run(&world, saved.path(), "download-attachment", by_id).unwrap();
    let made = told["file"].as_str().unwrap();
    assert!(made.starts_with("تقرير 😀"), "{told}");
    assert_eq!(std::fs::read(saved.path().join(made)).unwrap(), [0, 1, 2, 255]);
    let of_files = world.received("/file/");
    assert_eq!(of_files.len(), 2);
    for request in of_files {
        assert!(request["headers"]["authorization"].is_null(), "{request}");
        assert_eq!(request["status"], 200);
    }
}

#[test]
fn an_empty_file_goes_there_and_back() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("empty.txt", b"");
    let input = json!({"url": page["url"], "file": "empty.txt"});
    let uploaded = run(&world, folder.path(), "upload-attachment", input).unwrap();
    assert_eq!(uploaded["size"], 0);
    let told =
        run(&world, folder.path(), "download-attachment", json!({"attachment": uploaded["id"]})).unwrap();
    assert_eq!((&told["file"], &told["size"]), (&json!("empty (1).txt"), &json!(0)));
    assert_eq!(std::fs::read(folder.path().join("empty (1).txt")).unwrap(), b"");
}

#[test]
fn an_older_version_is_fetched_where_it_is_asked_for() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("a.txt", b"one");
    let input = json!({"id": page["id"], "file": "a.txt"});
    run(&world, folder.path(), "upload-attachment", input.clone()).unwrap();
    std::fs::write(folder.path().join("a.txt"), b"two!").unwrap();
    let uploaded = run(&world, folder.path(), "upload-attachment", input).unwrap();
    let saved = tempfile::tempdir().unwrap();
    for (version, content) in [(Some(1), &b"one"[..]), (None, b"two!")] {
        let input = json!({"attachment": uploaded["id"]});
        let mut input = input.as_object().unwrap().clone();
        input.extend(version.map(|version| ("version".to_owned(), json!(version))));
        let told = run(&world, saved.path(), "download-attachment", input.into()).unwrap();
        assert_eq!(std::fs::read(saved.path().join(told["file"].as_str().unwrap())).unwrap(), content);
    }
}

#[test]
fn an_upload_whose_answer_is_lost_may_have_happened_and_is_not_sent_twice() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("a.txt", b"one");
    world.fault("PUT", "*/child/attachment", 1, json!({"cut": "before", "after_effect": true}));
    let input = json!({"id": page["id"], "file": "a.txt"});
    let failure = run(&world, folder.path(), "upload-attachment", input).unwrap_err();
    assert_eq!((failure.code.as_ref(), failure.request_sent), ("unknown-outcome", true));
    assert!(failure.hint.unwrap().contains("a.txt"));
    only(&world, "PUT", "/child/attachment");
}

#[test]
fn a_file_is_read_again_from_its_beginning_where_the_token_was_renewed_meanwhile() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("a.txt", b"the whole of it");
    world.fault(
        "PUT",
        "*/child/attachment",
        1,
        json!({"status": 401, "body": {"code": 401, "message": "Unauthorized"}}),
    );
    let input = json!({"id": page["id"], "file": "a.txt"});
    let uploaded = run(&world, folder.path(), "upload-attachment", input).unwrap();
    assert_eq!(uploaded["size"], 15);
    let sizes: Vec<Value> = world
        .received("/child/attachment")
        .iter()
        .map(|request| request["body"]["parts"][0]["size"].clone())
        .collect();
    assert_eq!(sizes, [15, 15], "both times it was sent whole");
}

#[test]
fn a_file_over_the_vendors_limit_is_told_and_so_is_one_that_is_not_there() {
    let world = able();
    let page = page(&world, "Hello", "");
    let folder = folder_with("a.txt", b"one");
    let upload = |file: &str| {
        run(&world, folder.path(), "upload-attachment", json!({"id": page["id"], "file": file})).unwrap_err()
    };
    for (status, kind) in [(404, FailureKind::NotFound), (413, FailureKind::TooLarge)] {
        world
            .control
            .settings(&atlassian_sandbox::control::SettingsChange {
                attachment_limit: Some(2),
                attachment_too_large_status: Some(status),
                ..Default::default()
            })
            .unwrap();
        let failure = upload("a.txt");
        assert_eq!(failure.kind, kind);
        let told = format!("{} {}", failure.message, failure.hint.unwrap_or_default());
        assert!(told.contains("limit") || told.contains("larger"), "{told}");
    }
    assert_eq!(upload("b.txt").code, "file-not-found");
    let failure =
        run(&world, folder.path(), "download-attachment", json!({"id": page["id"], "file-name": "b.txt"}))
            .unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::NotFound, "attachment-not-found"));
}

/// Two hundred megabytes each way, by the command.
#[test]
fn a_large_file_goes_there_and_back_in_little_memory() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    let authorize = ["authorize", "confluence", "--sandbox", sandbox.url()];
    home.run(&authorize).ok();
    for template in ["create-content", "upload-attachment", "download-attachment"] {
        home.run(&["templates", "install", "confluence", template]).ok();
    }
    home.run(&authorize).ok();
    let create =
        ["run", "confluence", "create-content", "--set", "space=DOCS", "--set", "title=Large", "--json"];
    let page = home.run(&create).ok().json()["output"]["id"].as_str().unwrap().to_owned();
    let file = std::fs::File::create(home.path().join("large.bin")).unwrap();
    file.set_len(LARGE).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"end", LARGE - 3).unwrap();

    let upload = home.command(&[
        "run",
        "confluence",
        "upload-attachment",
        "--set",
        &format!("id={page}"),
        "--set",
        "file=@large.bin",
        "--json",
    ]);
    let (finished, memory) = peak(upload);
    let uploaded = finished.ok().json()["output"].clone();
    assert_eq!((&uploaded["size"], &uploaded["file-name"]), (&json!(LARGE), &json!("large.bin")));
    assert!(memory > 1 << 20 && memory < MEMORY, "{memory} bytes");

    std::fs::create_dir(home.path().join("saved")).unwrap();
    let attachment = format!("attachment={}", uploaded["id"].as_str().unwrap());
    let download = home.command(&[
        "run",
        "confluence",
        "download-attachment",
        "--set",
        &attachment,
        "--files",
        "saved",
        "--json",
    ]);
    let (finished, memory) = peak(download);
    let told = finished.ok().json();
    let path = home.path().join("saved/large.bin");
    assert_eq!(told["files"], json!([path]));
    assert!(memory > 1 << 20 && memory < MEMORY, "{memory} bytes");
    let saved = std::fs::File::open(&path).unwrap();
    let mut end = [0; 4];
    std::os::unix::fs::FileExt::read_exact_at(&saved, &mut end, LARGE - 4).unwrap();
    assert_eq!((saved.metadata().unwrap().len(), &end), (LARGE, b"\0end"));
    let requests = Control::new(sandbox.url()).requests().unwrap();
    let of_files =
        requests.iter().find(|request| request["path"].as_str().unwrap().starts_with("/file/")).unwrap();
    assert!(of_files["headers"]["authorization"].is_null(), "{of_files}");
}

#[test]
fn the_command_takes_a_file_by_its_path_or_from_its_folder_and_says_what_is_wrong() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    let upload = |more: &[&str]| {
        home.run(&[&["run", "confluence", "upload-attachment", "--set", "id=1"], more].concat())
    };
    upload(&["--set", "file=@absent.bin"]).fails_with(2, "absent.bin");
    upload(&["--set", "file=@/dev/null"]).fails_with(2, "no plain file");
    upload(&["--set", "file=@/"]).fails_with(2, "no plain file");
    upload(&["--set", "file=a", "--files", "absent"]).fails_with(2, "There is no folder absent");
    drop(sandbox);
}

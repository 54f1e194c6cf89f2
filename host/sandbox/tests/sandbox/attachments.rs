use serde_json::json;

use crate::support::{Answer, Part, WIDE, World, answer, column, id};

const MINOR: Part<'_> = ("minorEdit", None, b"true");

fn get(world: &World, url: &str, authorization: Option<&str>) -> Answer {
    let mut request = world.agent.get(url);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    answer(request.call().unwrap())
}

#[test]
fn a_file_is_uploaded_by_v1_and_listed_by_v2() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("With a file", "");
    let path = format!("/content/{}/child/attachment", id(&page));
    let parts =
        [("file", Some(("plan.svg", "image/svg+xml")), &b"<svg/>"[..]), MINOR, ("comment", None, b"first")];
    let uploaded = api.upload("POST", &path, &parts, Some("nocheck"));
    assert_eq!(uploaded.status, 200, "{}", uploaded.text);
    let file = &uploaded.json()["results"][0];
    assert!(id(file).starts_with("att"));
    assert_eq!(file["extensions"]["fileSize"], 6);
    assert_eq!((&file["version"]["minorEdit"], &file["version"]["message"]), (&json!(true), &json!("first")));

    let listed = api.get(&format!("/pages/{}/attachments?filename=plan.svg", id(&page))).json();
    let listed = &listed["results"][0];
    assert_eq!((&listed["id"], &listed["mediaType"]), (&file["id"], &json!("image/svg+xml")));
    assert_ne!(listed["fileId"], listed["id"]);
    let link = listed["downloadLink"].as_str().unwrap();
    assert!(link.starts_with(&format!("/download/attachments/{}/plan.svg?version=1", id(&page))), "{link}");
    assert!(api.column(&format!("/pages/{}/attachments?mediaType=text/plain", id(&page)), "id").is_empty());
    assert_eq!(api.get(&format!("/attachments/{}", id(file))).json()["pageId"], page["id"]);

    let record = world.control.requests().unwrap();
    let record =
        record.iter().find(|one| one["method"] == "POST" && one["body"].get("parts").is_some()).unwrap();
    assert_eq!(
        record["body"]["parts"][0],
        json!({
            "name": "file", "size": 6, "media_type": "image/svg+xml", "file_name": "plan.svg",
        })
    );
    assert_eq!(record["body"]["parts"][1]["value"], "true");
}

#[test]
fn an_upload_without_the_header_against_forged_requests_is_refused_in_plain_text() {
    let world = World::start();
    let api = world.api(WIDE);
    let path = format!("/content/{}/child/attachment", id(&api.page("P", "")));
    let parts = [("file", Some(("a", "text/plain")), &b"x"[..]), MINOR];
    for token in [None, Some("yes")] {
        let refused = api.upload("PUT", &path, &parts, token);
        assert_eq!((refused.status, refused.text.as_str()), (403, "XSRF check failed"));
    }
}

#[test]
fn a_name_that_is_there_is_refused_by_post_and_becomes_a_version_by_put() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("P", "");
    let path = format!("/content/{}/child/attachment", id(&page));
    let first = api.attach(&page, "a.txt", b"one");
    let again =
        api.upload("POST", &path, &[("file", Some(("a.txt", "text/plain")), b"x"), MINOR], Some("no-check"));
    assert_eq!(again.status, 400);
    assert!(
        again.json()["message"]
            .as_str()
            .unwrap()
            .ends_with("Cannot add a new attachment with same file name as an existing attachment: a.txt")
    );
    let untyped = api.upload("PUT", &path, &[("file", Some(("a.txt", "")), b"two"), MINOR], Some("no-check"));
    let second = &untyped.json()["results"][0];
    assert_eq!((&second["id"], &second["version"]["number"]), (&first["id"], &json!(2)));
    assert_eq!(second["metadata"]["mediaType"], "application/octet-stream", "the type of the first is lost");
    let data = format!("{path}/{}/data", id(second));
    let third =
        api.upload("POST", &data, &[("file", Some(("b.txt", "text/plain")), b"3"), MINOR], Some("no-check"));
    assert_eq!((&third.json()["title"], &third.json()["version"]["number"]), (&json!("a.txt"), &json!(3)));
    assert_eq!(api.column(&format!("/attachments/{}/versions", id(second)), "number"), ["3", "2", "1"]);
    assert_eq!(api.get(&format!("/attachments/{}?version=2", id(second))).json()["fileSize"], 3);
    assert_eq!(api.get(&format!("/attachments/{}?version=4", id(second))).status, 404);
}

#[test]
fn a_form_needs_a_file_and_says_whether_the_edit_is_minor() {
    let world = World::start();
    let api = world.api(WIDE);
    let path = format!("/content/{}/child/attachment", id(&api.page("P", "")));
    let file: Part<'_> = ("file", Some(("a", "text/plain")), b"x");
    for parts in [
        &[MINOR][..],
        &[file][..],
        &[("file", None, &b"x"[..]), MINOR][..],
        &[file, file, MINOR, ("comment", None, b"")][..],
    ] {
        assert_eq!(api.upload("PUT", &path, parts, Some("no-check")).status, 400);
    }
    assert_eq!(
        api.upload("PUT", "/content/7/child/attachment", &[file, MINOR], Some("no-check")).status,
        404
    );
}

#[test]
fn a_download_leads_to_another_host_that_refuses_the_credential_of_this_one() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("P", "");
    let file = api.attach(&page, "a b.txt", b"hello");
    let path = format!("/content/{}/child/attachment/{}/download", id(&page), id(&file));
    let found = api.v1("GET", &path, None);
    assert_eq!(found.status, 302);
    let location = &found.headers["location"];
    assert!(location.starts_with(world.sandbox.media_url()));
    assert_eq!(world.control.media_url().unwrap(), world.sandbox.media_url());
    assert_ne!(world.sandbox.media_url(), world.sandbox.url());
    let bearer = format!("Bearer {}", api.tokens.access);
    assert_eq!(get(&world, location, Some(&bearer)).status, 400);
    let read = get(&world, location, None);
    assert_eq!((read.status, read.text.as_str()), (200, "hello"));
    assert_eq!(read.headers["content-type"], "text/plain");
    assert_eq!(get(&world, location.split_once("token=").unwrap().0, None).status, 403);
    let token = location.split_once("token=").unwrap().1.split('&').next().unwrap();
    assert!(!json!(world.control.requests().unwrap()).to_string().contains(token));
    world.advance(601);
    assert_eq!(get(&world, location, None).status, 403);
    assert_eq!(api.v1("GET", &format!("{path}?version=2"), None).status, 400);
}

#[test]
fn the_old_address_of_a_file_is_closed_to_apps() {
    let world = World::start();
    let api = world.api(WIDE);
    assert_eq!(api.send("GET", "/wiki/download/attachments/1/a.txt", None).status, 401);
}

#[test]
fn an_attachment_goes_to_the_trash_before_it_is_purged() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("P", "");
    let file = api.attach(&page, "a.txt", b"x");
    let path = format!("/attachments/{}", id(&file));
    assert_eq!(api.delete(&format!("{path}?purge=true")).status, 400);
    assert_eq!(api.delete(&path).status, 204);
    assert!(api.column("/attachments", "id").is_empty());
    assert_eq!(api.column("/attachments?status=trashed", "id"), [id(&file)]);
    assert_ne!(id(&api.attach(&page, "a.txt", b"x")), id(&file));
    assert_eq!(api.delete(&format!("{path}?purge=true")).status, 204);
    assert_eq!(api.get(&path).status, 404);
}

#[test]
fn fifty_attachments_come_at_a_time() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("P", "");
    for number in 0..51 {
        api.attach(&page, &format!("{number}.txt"), b"x");
    }
    let list = api.get(&format!("/pages/{}/attachments", id(&page))).json();
    assert_eq!(column(&list, "id").len(), 50);
    assert!(list["_links"]["next"].as_str().unwrap().ends_with("&limit=50"));
}

#[test]
fn an_attachment_is_never_seen_by_who_may_not_see_its_page() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, WIDE), world.api_of(2, WIDE));
    let body = crate::support::draft(&ada.space("DOCS"), "Diary", "");
    let page = ada.post("/pages?private=true", body).json();
    let file = ada.attach(&page, "a.txt", b"x");
    assert_eq!(robin.get(&format!("/attachments/{}", id(&file))).status, 404);
    assert!(robin.column("/attachments", "id").is_empty());
}

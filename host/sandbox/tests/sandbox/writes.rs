use atlassian_sandbox::control::SettingsChange;
use serde_json::{Value, json};

use crate::support::{Part, WIDE, World, answer, draft, id};

#[test]
fn bodies_over_five_megabytes_are_too_large_for_both_versions() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("P", "");
    let large = "x".repeat(5 * 1024 * 1024);
    assert_eq!(api.post("/pages", draft(&api.space("DOCS"), "Large", &large)).status, 413);
    let label = json!([{"prefix": "global", "name": large}]);
    let refused = api.v1("POST", &format!("/content/{}/label", id(&page)), Some(&label));
    assert_eq!((refused.status, &refused.json()["statusCode"]), (413, &json!(413)));
}

#[test]
fn a_file_over_the_sites_limit_is_refused_as_documented_or_as_too_large() {
    let world = World::start();
    let api = world.api(WIDE);
    let path = format!("/content/{}/child/attachment", id(&api.page("P", "")));
    let upload = |bytes: &[u8]| {
        let parts: [Part<'_>; 2] = [("file", Some(("a", "text/plain")), bytes), ("minorEdit", None, b"true")];
        api.upload("PUT", &path, &parts, Some("no-check")).status
    };
    world.control.settings(&SettingsChange { attachment_limit: Some(10), ..Default::default() }).unwrap();
    assert_eq!((upload(b"0123456789"), upload(b"0123456789a")), (200, 404));
    let change = SettingsChange { attachment_too_large_status: Some(413), ..Default::default() };
    world.control.settings(&change).unwrap();
    assert_eq!(upload(b"0123456789a"), 413);
    assert!(
        world
            .control
            .settings(&SettingsChange { attachment_too_large_status: Some(500), ..Default::default() })
            .is_err()
    );
}

#[test]
fn a_file_of_twenty_megabytes_comes_back_whole() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("P", "");
    let bytes = vec![b'z'; 20 * 1024 * 1024];
    let file = api.attach(&page, "large.txt", &bytes);
    assert_eq!(file["extensions"]["fileSize"], bytes.len());
    let path = format!("/content/{}/child/attachment/{}/download", id(&page), id(&file));
    let location = api.v1("GET", &path, None).headers["location"].clone();
    let mut read = world.agent.get(&location).call().unwrap();
    assert_eq!(read.body_mut().with_config().limit(u64::MAX).read_to_vec().unwrap().len(), bytes.len());
}

#[test]
fn a_write_of_v1_that_a_web_page_could_have_forged_is_refused() {
    let world = World::start();
    let api = world.api(WIDE);
    let path = format!("/content/{}/label", id(&api.page("P", "")));
    let body = json!([{"prefix": "global", "name": "x"}]);
    let url = world.url(&format!("/ex/confluence/{}/wiki/rest/api{path}", api.cloud_id));
    let send = |headers: &[(&str, &str)]| {
        let mut request =
            world.agent.post(&url).header("authorization", format!("Bearer {}", api.tokens.access));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send_json(&body).unwrap()).status
    };
    let browser = ("user-agent", "Mozilla/5.0");
    assert_eq!(send(&[]), 200);
    assert_eq!(send(&[browser]), 403);
    assert_eq!(send(&[browser, ("x-atlassian-token", "no-check")]), 200);
    world.control.settings(&SettingsChange { xsrf_always: Some(true), ..Default::default() }).unwrap();
    assert_eq!(send(&[]), 403);
    assert_eq!(send(&[("x-atlassian-token", "nocheck")]), 200);
}

#[test]
fn adf_that_no_editor_could_have_made_is_refused() {
    let world = World::start();
    let api = world.api(WIDE);
    let space = api.space("DOCS");
    let create = |title: &str, document: Value| {
        let body = json!({"representation": "atlas_doc_format", "value": document.to_string()});
        api.post("/pages", json!({"spaceId": space, "title": title, "body": body}))
    };
    let doc = |content: Value| json!({"type": "doc", "version": 1, "content": content});
    let text = |text: &str, marks: Value| json!({"type": "text", "text": text, "marks": marks});
    let paragraph = |content: Value| json!({"type": "paragraph", "content": content});
    let good = doc(json!([paragraph(json!([text("a", json!([{"type": "strong"}]))]))]));
    let made = create("Good", good.clone());
    assert_eq!(made.status, 200, "{}", made.text);
    let read = api.get(&format!("/pages/{}?body-format=atlas_doc_format", id(&made.json()))).json();
    assert_eq!(
        read["body"]["atlas_doc_format"]["value"],
        good.to_string(),
        "it comes back as it was written"
    );
    for wrong in [
        json!({"type": "doc", "content": []}),
        json!({"version": 1, "type": "doc"}),
        doc(json!([{"type": "sparkles"}])),
        doc(json!(["text"])),
        doc(json!([{"content": []}])),
        doc(json!([paragraph(json!([text("", json!([]))]))])),
        doc(json!([paragraph(json!([{"type": "text"}]))])),
        doc(json!([paragraph(json!([text("a", json!([{"type": "glitter"}]))]))])),
        doc(json!([text("not in a paragraph", json!([]))])),
        doc(json!([paragraph(json!([paragraph(json!([]))]))])),
    ] {
        assert_eq!(create("Wrong", wrong.clone()).status, 400, "{wrong}");
    }
}

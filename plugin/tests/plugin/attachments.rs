use serde_json::json;

use crate::support::{Host, answer, list, missing, no_content, no_xsrf_check, ok, unreachable};

fn file(id: &str, name: &str) -> serde_json::Value {
    json!({
        "id": id, "title": name, "status": "current", "mediaType": "application/pdf", "fileSize": 51234,
        "comment": "", "version": {"number": 2}, "createdAt": "T", "webuiLink": "/pages/viewpageattachments.action",
        "downloadLink": "/download/attachments/5/plan.pdf",
    })
}

#[test]
fn attachments_are_listed_and_names_are_compared_here() {
    let host = Host::with([list(&[file("att1", "plan.pdf"), file("att2", "plan.pdf.bak")], None)]);
    let output =
        host.run("list-attachments", &json!({"id": "5", "file-name": "plan.pdf", "limit": 3})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/5/attachments?filename=plan.pdf&limit=250"]);
    assert_eq!(
        output["attachments"],
        json!([{
            "id": "att1", "file-name": "plan.pdf", "media-type": "application/pdf", "size": 51234,
            "status": "current", "version": 2, "created": "T",
            "url": "https://acme.atlassian.net/wiki/pages/viewpageattachments.action",
        }])
    );
}

/// API-14
#[test]
fn an_attachment_is_deleted_by_its_id() {
    let host = Host::with([no_content()]);
    let output = host.run("delete-attachment", &json!({"attachment": "att12"})).unwrap();
    assert_eq!(
        (host.requests(), output),
        (
            vec!["DELETE confluence/api/v2/attachments/att12".to_owned()],
            json!({"id": "att12", "outcome": "trashed"}),
        )
    );
    let host = Host::with([no_content()]);
    host.run("delete-attachment", &json!({"attachment": "12", "purge": true})).unwrap();
    assert_eq!(host.requests(), ["DELETE confluence/api/v2/attachments/12?purge=true"]);
    let failure = Host::with([missing()]).fail("delete-attachment", &json!({"attachment": "att12"}));
    assert!(failure.message.contains("attachment att12"), "{failure:?}");
}

/// What v1 answers to an upload.
fn uploaded(name: &str) -> serde_json::Value {
    json!({
        "results": [{
            "id": "att7", "type": "attachment", "title": name, "version": {"number": 2, "minorEdit": false},
            "extensions": {"mediaType": "application/pdf", "fileSize": 7},
            "_links": {"webui": "/pages/viewpageattachments.action?pageId=5"},
        }],
        "_links": {"base": "https://acme.atlassian.net/wiki", "context": "/wiki"},
    })
}

/// API-24
#[test]
fn a_file_is_attached_as_a_form_with_its_name_and_type() {
    let host = Host::with([ok(&uploaded("plan.pdf"))]);
    let output = host.run("upload-attachment", &json!({"id": "5", "file": "plan.pdf"})).unwrap();
    assert_eq!(host.requests(), ["PUT confluence/rest/api/content/5/child/attachment"]);
    assert_eq!(host.last_headers(), no_xsrf_check());
    assert_eq!(
        host.last_form(),
        ["file | plan.pdf | application/pdf | <plan.pdf>", "minorEdit | - | - | \"false\""]
    );
    assert_eq!(
        output,
        json!({
            "id": "att7", "content": "5", "file-name": "plan.pdf", "media-type": "application/pdf", "size": 7,
            "version": 2, "url": "https://acme.atlassian.net/wiki/pages/viewpageattachments.action?pageId=5",
        })
    );
    let host = Host::with([ok(&uploaded("Plan.pdf"))]);
    let input = json!({
        "id": "5", "file": "plan.pdf", "file-name": "Plan.pdf", "media-type": "text/x", "comment": "c", "minor-edit": true,
    });
    host.run("upload-attachment", &input).unwrap();
    assert_eq!(
        host.last_form(),
        [
            "file | Plan.pdf | text/x | <plan.pdf>",
            "minorEdit | - | - | \"true\"",
            "comment | - | text/plain; charset=utf-8 | \"c\"",
        ]
    );
}

#[test]
fn an_upload_that_may_have_happened_is_told_as_that() {
    let failure = Host::failing_after([], unreachable())
        .fail("upload-attachment", &json!({"id": "5", "file": "plan.pdf"}));
    assert_eq!((failure.code.as_str(), failure.request_sent), ("unknown-outcome", true));
    assert!(failure.hint.unwrap().contains("\"plan.pdf\""));
    for name in ["a/b", "..\\b"] {
        let host = Host::with([]);
        let input = json!({"id": "5", "file": "plan.pdf", "file-name": name});
        assert_eq!(host.fail("upload-attachment", &input).code, "invalid-input", "{name}");
    }
}

/// API-25
#[test]
fn a_file_is_downloaded_by_its_id_or_by_its_name_on_the_content() {
    let details = json!({
        "id": "att7", "title": "../../plan.pdf", "pageId": "5", "mediaType": "application/pdf", "version": {"number": 2},
    });
    let host = Host::with([ok(&details), answer(200, "")]);
    let output = host.run("download-attachment", &json!({"attachment": "att7"})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/attachments/att7",
            "GET confluence/rest/api/content/5/child/attachment/att7/download",
        ]
    );
    assert_eq!(*host.wished.borrow(), [("../../plan.pdf".to_owned(), "application/pdf".to_owned())]);
    assert_eq!(
        output,
        json!({
            "file": "made.pdf", "id": "att7", "content": "5", "file-name": "../../plan.pdf",
            "media-type": "application/pdf", "size": 7, "version": 2,
        })
    );
    let files = [file("att1", "plan.pdf.bak"), file("att2", "plan.pdf")];
    let host = Host::with([list(&files, None), answer(200, "")]);
    let input = json!({"id": "5", "file-name": "plan.pdf", "version": 1, "save-as": "old.pdf"});
    let output = host.run("download-attachment", &input).unwrap();
    assert_eq!(
        host.requests()[1],
        "GET confluence/rest/api/content/5/child/attachment/att2/download?version=1"
    );
    assert_eq!((host.wished.borrow()[0].0.as_str(), &output["version"]), ("old.pdf", &json!(1)));
    let host = Host::with([list(&files, None)]);
    let failure = host.fail("download-attachment", &json!({"id": "5", "file-name": "PLAN.pdf"}));
    assert_eq!(failure.code, "attachment-not-found");
    let host = Host::with([ok(&details), missing()]);
    let failure = host.fail("download-attachment", &json!({"attachment": "att7"}));
    assert_eq!(failure.code, "attachment-not-found");
}

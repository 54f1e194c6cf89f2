use serde_json::json;

use crate::support::{Host, list, missing, no_content};

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

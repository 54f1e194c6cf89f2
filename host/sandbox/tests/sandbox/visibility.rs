use crate::support::{GRANULAR, World, draft, id, update};

#[test]
fn a_private_page_is_there_for_its_creator_only() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, GRANULAR), world.api_of(2, GRANULAR));
    let page = ada.post("/pages?private=true", draft(&ada.space("DOCS"), "Diary", "<p>x</p>")).json();
    let path = format!("/pages/{}", id(&page));
    assert_eq!(ada.get(&path).status, 200);
    assert_eq!(ada.column("/pages?title=Diary", "title"), ["Diary"]);
    assert_eq!(robin.get(&path).status, 404);
    assert_eq!(robin.put(&path, update(&page, 2, "Diary", "")).status, 404);
    assert_eq!(robin.delete(&path).status, 404);
    assert!(robin.column("/pages?title=Diary", "title").is_empty());
    assert_eq!(ada.get(&path).json()["version"]["number"], 1);
}

#[test]
fn a_draft_that_was_never_published_is_its_authors_alone() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, GRANULAR), world.api_of(2, GRANULAR));
    let mut body = draft(&ada.space("DOCS"), "Not yet", "");
    body["status"] = "draft".into();
    let path = format!("/pages/{}", id(&ada.post("/pages", body).json()));
    assert_eq!(ada.get(&format!("{path}?get-draft=true")).status, 200);
    assert_eq!(robin.get(&format!("{path}?get-draft=true")).status, 404);
    assert_eq!(robin.delete(&format!("{path}?draft=true")).status, 404);
    assert_eq!(ada.delete(&path).status, 404, "a draft is not deleted like a page");
    assert_eq!(ada.delete(&format!("{path}?draft=true")).status, 204);
    assert_eq!(ada.get(&format!("{path}?get-draft=true")).status, 404);
}

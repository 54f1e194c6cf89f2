//! Another workspace, on every route.

use actionbay::ids::WorkspaceId;
use actionbay::service::keys::Scope;
use serde_json::json;

use super::desk::{Desk, key, log_in, submit};
use super::routes::{owned, routes};
use crate::support::{Form, Visitor, workspace};

#[test]
fn what_another_workspace_owns_is_not_there_on_any_route() {
    let mut desk = Desk::new().configured();
    let ids = owned(&mut desk);
    let state = |desk: &Desk| {
        let host = &desk.office.world.host;
        let id = actionbay::ids::ConversationId::new(ids["conversation"].clone()).unwrap();
        json!([
            host.configurations(&workspace()).unwrap(),
            host.profiles(&workspace()).unwrap(),
            host.connections(&workspace()).unwrap(),
            host.dialogs(&workspace()).unwrap(),
            host.transcript(&workspace(), &id).unwrap(),
        ])
    };
    let before = state(&desk);
    let elsewhere = WorkspaceId::new("elsewhere").unwrap();
    let text = key(&desk.office, &elsewhere, &[Scope::Admin]);
    let mut stranger = Visitor::new();
    let token = log_in(&desk.office, &mut stranger, &text).form("/logout").fields[0].clone();
    let site = desk.office.world.connections()[0].site.clone().unwrap();
    let routes = || routes().into_iter().filter(|route| !["/login", "/logout"].contains(&route.path));
    for route in routes().filter(|route| route.gets) {
        let at = desk.url(&route.at(&ids));
        let answer = stranger.get(at.as_str());
        if route.names_what_is_owned() {
            assert_eq!(answer.status, 404, "{}: {answer:?}", route.path);
        }
        // What was asked for may be said again, and nothing else.
        for (name, id) in
            ids.iter().filter(|(name, _)| !["integration", "template", "profile"].contains(name))
        {
            let is_asked_for = route.path.contains(&format!("{{{name}}}"));
            assert!(is_asked_for || !answer.body.contains(id.as_str()), "{} tells of {name}", route.path);
        }
        assert!(!answer.body.contains(&site.url), "{} tells of the site", route.path);
    }
    for route in routes().filter(|route| route.posts) {
        let at = desk.url(&route.at(&ids));
        let fields = vec![
            token.clone(),
            ("app".to_owned(), "custom".to_owned()),
            ("profile".to_owned(), ids["profile"].clone()),
            ("do".to_owned(), "authorize".to_owned()),
            ("node".to_owned(), "0".to_owned()),
            ("text".to_owned(), "theirs".to_owned()),
        ];
        let shown = submit(&mut stranger, Form { action: at, is_post: true, fields });
        let status = shown.answer.status;
        if route.names_what_is_owned() {
            assert_eq!(status, 404, "{}: {shown:?}", route.path);
        } else {
            assert!(status < 500 && shown.at.host_str() == Some("localhost"), "{}: {shown:?}", route.path);
        }
    }
    assert_eq!(state(&desk), before);
}

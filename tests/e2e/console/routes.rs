//! The routes of the console, as its source has them: none can be forgotten in a test of all.

use std::collections::BTreeMap;

use super::desk::Desk;
use crate::support::workspace;

const SOURCE: &str = include_str!("../../../host/src/service/console/mod.rs");

/// A route.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) gets: bool,
    pub(super) posts: bool,
}

impl Route {
    /// Its path, with these in the place of names.
    pub(super) fn at(&self, ids: &BTreeMap<&str, String>) -> String {
        ids.iter().fold(self.path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id))
    }

    /// Whether something that a workspace owns stands in its path.
    pub(super) fn names_what_is_owned(&self) -> bool {
        let owned = ["{profile}", "{name}", "{conversation}", "{connection}", "{file}"];
        owned.iter().any(|name| self.path.contains(name))
    }
}

/// All of them.
pub(super) fn routes() -> Vec<Route> {
    let lines = SOURCE.lines().filter_map(|line| line.trim().strip_prefix(".route(\""));
    let routes: Vec<Route> = lines
        .filter_map(|line| line.split_once("\", "))
        .map(|(path, what)| Route { path, gets: what.contains("get("), posts: what.contains("post(") })
        .collect();
    assert!(routes.len() > 25 && routes.iter().filter(|route| route.posts).count() > 15, "{routes:?}");
    routes
}

/// One of everything that a workspace has, of a desk that is configured.
pub(super) fn owned(desk: &mut Desk) -> BTreeMap<&'static str, String> {
    desk.install("create-content");
    let file = desk.office.admin().upload("name=theirs.txt", &[], b"theirs").done();
    let talk = desk.talk("createContent", "", "Create content");
    let connection = desk.office.world.host.connections(&workspace()).unwrap()[0].id.to_string();
    BTreeMap::from([
        ("integration", "confluence".to_owned()),
        ("template", "create-content".to_owned()),
        ("profile", "app".to_owned()),
        ("name", "createContent".to_owned()),
        ("conversation", talk.at.path().rsplit('/').next().unwrap().to_owned()),
        ("connection", connection),
        ("file", file["id"].as_str().unwrap().to_owned()),
    ])
}

//! What a site holds when the sandbox starts, and what `POST /_sandbox/seed` adds.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::accounts::Account;
use crate::clock::Moment;

use super::body::Body;
use super::{Draft, Ids, Kind, Site, Space, Status};

/// A site with two spaces and some pages. `number` counts from 0; the first site lives at the origin itself,
/// others below `/site/N`.
pub(crate) fn site(origin: &str, number: usize, ids: &mut Ids, now: Moment) -> Site {
    let (name, url) = match number {
        0 => ("sandbox".to_owned(), origin.to_owned()),
        _ => (format!("sandbox-{}", number + 1), format!("{origin}/site/{}", number + 1)),
    };
    let mut site = Site::empty(cloud_id(number), name, url);
    documentation(&mut site, ids, now);
    team(&mut site, ids, now);
    let all: Vec<u64> = site.contents.keys().copied().collect();
    site.index_at_once(&all);
    site
}

/// The same for the same number, so that a restarted sandbox keeps its cloud ids.
fn cloud_id(number: usize) -> String {
    let hex: String =
        Sha256::digest(format!("site {number}")).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Adds a space with its homepage.
pub(crate) fn space(site: &mut Site, ids: &mut Ids, now: Moment, key: &str, name: &str) -> (u64, u64) {
    let id = ids.space();
    let homepage = ids.content();
    site.spaces.push(Space {
        id,
        key: key.to_owned(),
        name: name.to_owned(),
        description: format!("The space {name}"),
        created: now,
        homepage: Some(homepage),
        personal: None,
        archived: false,
        hidden_from: BTreeSet::new(),
    });
    let draft = Draft {
        author: Account::first(),
        kind: Kind::Page,
        status: Status::Current,
        space: id,
        parent: None,
        title: format!("{name} Home"),
        body: Body::storage(format!("<p>Welcome to {}.</p>", crate::html::escape(name))),
    };
    site.add(homepage, now, draft);
    (id, homepage)
}

/// Adds `count` pages below a space's homepage and gives their ids. Titles that are taken are passed over.
pub(crate) fn pages(
    site: &mut Site,
    ids: &mut Ids,
    now: Moment,
    space: u64,
    count: usize,
    prefix: &str,
) -> Vec<u64> {
    let parent = site.space(space).and_then(|space| space.homepage);
    let taken: std::collections::HashSet<String> = site
        .contents
        .values()
        .filter(|content| content.space == space && content.kind == Kind::Page)
        .map(|content| content.text.title.to_lowercase())
        .collect();
    let titles = (1..).map(|number: u64| format!("{prefix} {number}"));
    titles
        .filter(|title| !taken.contains(&title.to_lowercase()))
        .take(count)
        .map(|title| {
            let id = ids.content();
            let body = Body::storage(format!("<p>{}</p>", crate::html::escape(&title)));
            site.add(
                id,
                now,
                Draft {
                    author: Account::first(),
                    kind: Kind::Page,
                    status: Status::Current,
                    space,
                    parent,
                    title,
                    body,
                },
            );
            id
        })
        .collect()
}

fn documentation(site: &mut Site, ids: &mut Ids, now: Moment) {
    let (space, home) = space(site, ids, now, "DOCS", "Documentation");
    let mut page = |parent, status, title: &str, body: &str| {
        let id = ids.content();
        let (title, body) = (title.to_owned(), Body::storage(body));
        let (author, parent) = (Account::first(), Some(parent));
        site.add(id, now, Draft { author, kind: Kind::Page, status, space, parent, title, body });
        id
    };
    let start = page(
        home,
        Status::Current,
        "Getting started",
        "<h2>Install</h2>\
         <ac:structured-macro ac:name=\"code\"><ac:parameter ac:name=\"language\">bash</ac:parameter>\
         <ac:plain-text-body><![CDATA[curl -fsSL https://example.com/install | sh]]></ac:plain-text-body></ac:structured-macro>\
         <p>Then read <strong>the next page</strong>.</p>",
    );
    page(
        start,
        Status::Current,
        "First steps",
        "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status>\
         <ac:task-body>Sign in</ac:task-body></ac:task><ac:task><ac:task-id>2</ac:task-id>\
         <ac:task-status>incomplete</ac:task-status><ac:task-body>Write a page</ac:task-body></ac:task></ac:task-list>",
    );
    page(
        home,
        Status::Current,
        "Release notes",
        "<table><tbody><tr><th>Version</th><th>Date</th></tr><tr><td>1.0</td><td>2026-11-02</td></tr></tbody></table>",
    );
    // A title that contains another: a search by title finds both, a caller has to compare.
    page(home, Status::Current, "Release notes (archive)", "<p>Older releases.</p>");
    page(home, Status::Archived, "Roadmap 2024", "<p>Kept for reference.</p>");
    page(home, Status::Draft, "An unfinished thought", "<p>Not published.</p>");
}

fn team(site: &mut Site, ids: &mut Ids, now: Moment) {
    let (space, home) = space(site, ids, now, "TEAM", "Team");
    let mut add = |kind, parent, title: &str, body: &str| {
        let id = ids.content();
        let (title, body) = (title.to_owned(), Body::storage(body));
        let (author, status) = (Account::first(), Status::Current);
        site.add(id, now, Draft { author, kind, status, space, parent, title, body });
    };
    add(Kind::Page, Some(home), "Meeting notes", "<p>Wednesday, <em>ten o&#8217;clock</em>.</p>");
    add(Kind::Page, Some(home), "On call", "<ul><li>Week 47: Robin</li><li>Week 48: Ada</li></ul>");
    add(Kind::BlogPost, None, "We shipped", "<p>It works, and here is how.</p>");
}

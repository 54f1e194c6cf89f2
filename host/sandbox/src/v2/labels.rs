//! Labels, which v2 only reads.

use std::cmp::Ordering;

use crate::http::Answer;
use crate::routes::Visit;
use crate::site::labels::Label;
use crate::site::{Kind, Site, Status};

use super::query::{Kind as Param, Known, Query};
use super::{objects, paging};

const SORT: &[&str] = &["created-date", "-created-date", "id", "-id", "name", "-name"];
const OF_CONTENT: &[Known] = &[
    ("prefix", Param::Word(&["my", "team", "global", "system"])),
    ("sort", Param::Word(SORT)),
    ("cursor", Param::Text),
    ("limit", Param::Limit),
];
const ALL: &[Known] = &[
    ("label-id", Param::Integers(usize::MAX)),
    ("prefix", Param::Texts(usize::MAX)),
    ("sort", Param::Word(SORT)),
    ("cursor", Param::Text),
    ("limit", Param::Limit),
];

/// The labels of a page or blog post.
pub(crate) fn of_content(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let query = Query::check(visit.call, OF_CONTENT)?;
    let site = visit.site()?;
    let content = visit.seen(kind)?;
    let labels = content.labels.iter().filter_map(|id| Some((*id, site.labels.get(*id)?)));
    list(site, &query, labels.filter(|(_, label)| query.text("prefix").is_none_or(|one| one == label.prefix)))
}

/// The labels of the site: those of content that the caller may view.
pub(crate) fn all(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, ALL)?;
    let site = visit.site()?;
    let (ids, prefixes) = (query.ids("label-id"), query.list("prefix"));
    let used: std::collections::BTreeSet<u64> = site
        .contents
        .values()
        .filter(|content| content.status != Status::Trashed && site.sees(visit.account, content))
        .flat_map(|content| content.labels.iter().copied())
        .collect();
    list(
        site,
        &query,
        site.labels.all().filter(|(id, label)| {
            used.contains(id)
                && (ids.is_empty() || ids.contains(id))
                && (prefixes.is_empty() || prefixes.contains(&label.prefix.as_str()))
        }),
    )
}

fn list<'a>(site: &Site, query: &Query<'_>, labels: impl Iterator<Item = (u64, &'a Label)>) -> Answer {
    let mut labels: Vec<_> = labels.collect();
    if let Some(sort) = query.text("sort") {
        labels.sort_by(|(a, one), (b, other)| {
            let by_name = if sort.ends_with("name") { one.name.cmp(&other.name) } else { Ordering::Equal };
            let ordering = by_name.then(a.cmp(b));
            if sort.starts_with('-') { ordering.reverse() } else { ordering }
        });
    }
    let (part, next) = paging::cut(labels, |(id, _)| *id, query)?;
    let results = part.iter().filter_map(|(id, _)| objects::label(site, *id)).collect();
    Ok(paging::answer(query, &site.base(), results, next))
}

//! `GET /search`, `GET /content/search` and `GET /search/user`.
//!
//! Results are paged by the cursor of `_links.next`, whose address starts at `/rest`, where v2's starts at `/wiki`.
//! `start` is taken and not honoured (measured).

use serde_json::{Value, json};

use crate::accounts::Account;
use crate::cql::{self, Context, Domain, Query, Searched as _};
use crate::errors;
use crate::html::percent;
use crate::http::{Answer, Call, Reply, set};
use crate::routes::Visit;
use crate::site::Site;
use crate::v2::{attachments, paging};

use super::found::{Found, everything};
use super::{expansions, objects};

const DEFAULT_LIMIT: usize = 25;
/// More than this is not given at a time, whatever is asked for, and without a word about it.
const LARGEST_LIMIT: usize = 250;
/// The same with bodies expanded that have to be rendered.
const LARGEST_RENDERED: usize = 25;
/// How many characters of a text an excerpt has.
const EXCERPT: usize = 300;

/// Searches content and spaces; the answer has results with excerpts.
pub(crate) fn search(visit: &mut Visit<'_>) -> Answer {
    let (query, found) = find(visit, Domain::Content)?;
    let excerpts = Excerpts::read(visit.call, &query)?;
    let expand = expanded(visit.call, "content.");
    let site = visit.site()?;
    let part = Part::cut(visit, found, &expand)?;
    let results = part.results.iter().map(|one| result(site, *one, &excerpts, &expand)).collect();
    Ok(part.answer(visit, "/rest/api/search", results, true))
}

/// Searches content; the answer has the content itself.
pub(crate) fn content(visit: &mut Visit<'_>) -> Answer {
    let (_, mut found) = find(visit, Domain::Content)?;
    found.retain(|one| !matches!(one, Found::Space(_)));
    let expand = expanded(visit.call, "");
    let site = visit.site()?;
    let part = Part::cut(visit, found, &expand)?;
    let results = part.results.iter().filter_map(|one| object(site, *one, &expand)).collect();
    Ok(part.answer(visit, "/rest/api/content/search", results, false))
}

/// Searches people.
pub(crate) fn users(visit: &mut Visit<'_>) -> Answer {
    let (_, found) = find(visit, Domain::Users)?;
    let part = Part::cut(visit, found, &[])?;
    let results = part.results.iter().filter_map(|one| match one {
        Found::User(account) => Some(json!({
            "user": objects::user(account),
            "title": account.name,
            "excerpt": "",
            "url": format!("/people/{}", account.id),
            "breadcrumbs": [],
            "entityType": "user",
            "iconCssClass": "aui-icon content-type-profile",
            "lastModified": "",
            "score": 0.0,
        })),
        _ => None,
    });
    let results = results.collect();
    Ok(part.answer(visit, "/rest/api/search/user", results, true))
}

/// The query of a call, and all that fits it, in its order.
fn find<'a>(visit: &'a Visit<'_>, domain: Domain) -> Result<(Query, Vec<Found<'a>>), Reply> {
    let cql = visit.call.query("cql").unwrap_or_default();
    if cql.trim().is_empty() {
        return Err(errors::v1_invalid("The query parameter cql is required"));
    }
    let query = cql::parse(cql, domain).map_err(errors::v1_invalid)?;
    let context = match visit.call.query("cqlcontext") {
        None => json!({}),
        Some(text) => match serde_json::from_str(text) {
            Ok(context @ Value::Object(_)) => context,
            _ => return Err(errors::v1_invalid("The cqlcontext is not a JSON object")),
        },
    };
    let text = |name: &str| context.get(name).and_then(Value::as_str);
    let statuses: Vec<&str> = match context.get("contentStatuses").and_then(Value::as_array) {
        Some(statuses) => statuses.iter().filter_map(Value::as_str).collect(),
        None => vec!["current"],
    };
    let now = visit.state.clock.now();
    let here = Context { now, account: visit.account, space: text("spaceKey"), content: text("contentId") };
    let site = visit.site()?;
    let mut found: Vec<Found<'a>> = match domain {
        Domain::Content => everything(site, visit.account, (now, visit.state.settings.search_lag), &statuses),
        Domain::Users => (1..=Account::count()).filter_map(Account::numbered).map(Found::User).collect(),
    };
    found.retain(|one| cql::fits(&query.expression, one, &here));
    found.sort_by(|a, b| cql::order(&query, a, b));
    Ok((query, found))
}

/// One part of the results.
struct Part<'a> {
    results: Vec<Found<'a>>,
    start: usize,
    limit: usize,
    total: usize,
    next: Option<String>,
}

impl<'a> Part<'a> {
    fn cut(visit: &Visit<'_>, mut found: Vec<Found<'a>>, expand: &[String]) -> Result<Self, Reply> {
        let call = visit.call;
        let limit = match call.query("limit") {
            None => DEFAULT_LIMIT,
            Some(limit) => limit.parse().map_err(|_| errors::v1_invalid("The limit is not a number"))?,
        };
        if call.query("start").is_some_and(|start| start.parse::<u32>().is_err()) {
            return Err(errors::v1_invalid("The start is not a number"));
        }
        let rendered =
            expand.iter().any(|name| matches!(name.as_str(), "body.export_view" | "body.styled_view"));
        let limit = limit.min(if rendered { LARGEST_RENDERED } else { LARGEST_LIMIT });
        let start = match call.query("cursor") {
            None => 0,
            Some(cursor) => {
                let (id, at) =
                    paging::decode(cursor).ok_or_else(|| errors::v1_invalid("The cursor is not valid"))?;
                found.iter().position(|one| one.id() == id).map_or(at.min(found.len()), |at| at + 1)
            }
        };
        let total = found.len();
        let mut results = found.split_off(start);
        let more = results.len() > limit;
        results.truncate(limit);
        let next =
            results.last().filter(|_| more).map(|last| paging::encode(last.id(), start + results.len()));
        Ok(Self { results, start, limit, total, next })
    }

    fn answer(&self, visit: &Visit<'_>, path: &str, results: Vec<Value>, counted: bool) -> Reply {
        let call = visit.call;
        let base = visit.site().map(Site::base).unwrap_or_default();
        let mut links = json!({"base": base, "context": "/wiki", "self": format!("{base}{path}")});
        if let Some(cursor) = &self.next {
            let mut next = format!("{path}?next=true&cursor={cursor}");
            let kept = call
                .query
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "cursor" | "next" | "limit" | "start"));
            next.push_str(&format!("&limit={}&start={}", self.limit, self.start + results.len()));
            for (name, value) in kept {
                next.push_str(&format!("&{}={}", percent(name), percent(value)));
            }
            set(&mut links, "next", next);
        }
        let mut answer =
            json!({"results": results, "start": self.start, "limit": self.limit, "size": results.len()});
        if counted {
            set(&mut answer, "totalSize", self.total);
            set(&mut answer, "cqlQuery", call.query("cql").unwrap_or_default());
            set(&mut answer, "searchDuration", 12);
        }
        set(&mut answer, "_links", links);
        Reply::json(200, &answer)
    }
}

/// How results show where they fit.
struct Excerpts {
    none: bool,
    highlighted: bool,
    escaped: bool,
    terms: Vec<String>,
}

impl Excerpts {
    fn read(call: &Call, query: &Query) -> Result<Self, Reply> {
        let strategy = call.query("excerpt").unwrap_or("highlight");
        if !["highlight", "indexed", "none", "highlight_unescaped", "indexed_unescaped"].contains(&strategy) {
            return Err(errors::v1_invalid(format!("The excerpt strategy {strategy} is not known")));
        }
        Ok(Self {
            none: strategy == "none",
            highlighted: strategy.starts_with("highlight"),
            escaped: !strategy.ends_with("unescaped"),
            terms: cql::terms(&query.expression),
        })
    }

    fn show(&self, text: &str) -> String {
        let terms: &[String] = if self.highlighted { &self.terms } else { &[] };
        cql::highlight(text, terms, self.escaped)
    }
}

fn result(site: &Site, one: Found<'_>, excerpts: &Excerpts, expand: &[String]) -> Value {
    let mut result = json!({});
    match one {
        Found::Space(space) => set(&mut result, "space", objects::space(site, space)),
        _ => set(&mut result, "content", object(site, one, expand)),
    }
    let text: String = one.text().chars().take(EXCERPT).collect();
    let entity = if matches!(one, Found::Space(_)) { "space" } else { "content" };
    set(&mut result, "title", excerpts.show(one.title()));
    set(&mut result, "excerpt", if excerpts.none { String::new() } else { excerpts.show(&text) });
    set(&mut result, "url", address(site, one));
    if let (Some(space), false) = (one.space(), entity == "space") {
        let container = json!({"title": space.name, "displayUrl": format!("/spaces/{}", space.key)});
        set(&mut result, "resultGlobalContainer", container);
    }
    set(&mut result, "breadcrumbs", json!([]));
    set(&mut result, "entityType", entity);
    set(&mut result, "iconCssClass", format!("aui-icon content-type-{}", one.kind()));
    set(&mut result, "lastModified", one.modified().iso());
    set(&mut result, "friendlyLastModified", one.modified().iso().chars().take(10).collect::<String>());
    set(&mut result, "score", 0.0);
    result
}

/// The address for people, below the site's base.
fn address(site: &Site, one: Found<'_>) -> String {
    let content = |content: &crate::site::Content| {
        site.space(content.space).map(|space| content.webui(space)).unwrap_or_default()
    };
    match one {
        Found::Content(_, page) => content(page),
        Found::Comment(_, page, comment) => format!("{}?focusedCommentId={}", content(page), comment.id),
        Found::Attachment(_, _, attachment, _) => attachments::webui(attachment),
        Found::Space(space) => format!("/spaces/{}", space.key),
        Found::User(account) => format!("/people/{}", account.id),
    }
}

fn object(site: &Site, one: Found<'_>, expand: &[String]) -> Option<Value> {
    let expand: Vec<&str> = expand.iter().map(String::as_str).collect();
    let mut object = match one {
        Found::Content(_, content) => Some(objects::content(site, content, &expand)),
        Found::Attachment(_, _, attachment, file) => Some(objects::attachment(site, attachment, file)),
        Found::Comment(_, _, comment) => Some(json!({
            "id": comment.id.to_string(),
            "type": "comment",
            "status": "current",
            "title": format!("Re: {}", one.title()),
            "_expandable": {},
            "_links": {
                "webui": address(site, one),
                "self": format!("{}/rest/api/content/{}", site.base(), comment.id),
            },
        })),
        Found::Space(_) | Found::User(_) => None,
    }?;
    if let (true, Some(space)) = (expand.contains(&"space"), one.space()) {
        set(&mut object, "space", objects::space(site, space));
    }
    Some(object)
}

/// The names to expand, of those that begin with a prefix, without it.
fn expanded(call: &Call, prefix: &str) -> Vec<String> {
    expansions(call).iter().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect()
}

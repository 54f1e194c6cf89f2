//! Pages for people: the start page, a space, and a page at its `webui` address.

use crate::html::{document, escape};
use crate::http::{Answer, Reply};
use crate::margin;
use crate::routes::Visit;
use crate::site::{Content, Site, Space, Status};

/// How many pages of a space are listed; a seeded space may have thousands.
const SHOWN: usize = 200;

/// What this is, and everything that is in it.
pub(crate) fn start(visit: &mut Visit<'_>) -> Reply {
    let mut body = String::from(
        "<h1>Atlassian sandbox</h1>\n\
         <p>A stand-in for Atlassian&#8217;s authorization server, its API gateway and Confluence Cloud, on one \
         loopback port. Everything is kept in memory and gone when the sandbox stops.</p>\n",
    );
    for site in &visit.state.sites {
        body.push_str(&format!(
            "<section class=\"card\">\n<h2>{}</h2>\n<p class=\"meta\">cloud id <code>{}</code></p>\n",
            escape(&site.name),
            escape(&site.cloud_id)
        ));
        for space in &site.spaces {
            body.push_str(&space_section(site, space));
        }
        body.push_str("</section>\n");
    }
    body.push_str(
        "<p class=\"note\">Scripts: <a href=\"/_sandbox/counters\">counters</a>, \
         <a href=\"/_sandbox/requests\">the last requests</a>.</p>",
    );
    Reply::html(200, document("Atlassian sandbox", &body))
}

/// A space and its pages.
pub(crate) fn space(visit: &mut Visit<'_>) -> Answer {
    let site = site(visit).ok_or_else(nothing)?;
    let space = site.space_by_key(visit.parameter("key")).ok_or_else(nothing)?;
    Ok(Reply::html(200, document(&space.name, &space_section(site, space))))
}

/// A page or blog post, by its id; the rest of the address may be out of date.
pub(crate) fn content(visit: &mut Visit<'_>) -> Answer {
    let site = site(visit).ok_or_else(nothing)?;
    let content = visit.id().ok().and_then(|id| site.contents.get(&id)).ok_or_else(nothing)?;
    let space = site.space(content.space).ok_or_else(nothing)?;
    if !space.key.eq_ignore_ascii_case(visit.parameter("key")) {
        return Err(nothing());
    }
    Ok(page(site, space, content))
}

/// A page as its draft stands, at its `editui` address.
pub(crate) fn draft(visit: &mut Visit<'_>) -> Answer {
    let site = site(visit).ok_or_else(nothing)?;
    let id = visit.call.query("draftId").and_then(|id| id.parse().ok()).ok_or_else(nothing)?;
    let content = site.contents.get(&id).ok_or_else(nothing)?;
    let space = site.space(content.space).ok_or_else(nothing)?;
    Ok(page(site, space, &content.as_draft()))
}

/// The short address: leads to the long one.
pub(crate) fn short(visit: &mut Visit<'_>) -> Answer {
    let site = site(visit).ok_or_else(nothing)?;
    let content = visit.id().ok().and_then(|id| site.contents.get(&id)).ok_or_else(nothing)?;
    let space = site.space(content.space).ok_or_else(nothing)?;
    Ok(Reply::found(&format!("{}{}", site.base(), content.webui(space))))
}

/// The answer where there is nothing to see.
pub(crate) fn nothing() -> Reply {
    let body = "<h1>There is nothing here</h1>\n<p><a href=\"/\">What the sandbox holds</a></p>";
    Reply::html(404, document("Not found", body))
}

fn site<'a>(visit: &'a Visit<'_>) -> Option<&'a Site> {
    let number = match visit.parameter("site") {
        "" => 1,
        number => number.parse().ok().filter(|number: &usize| *number > 1)?,
    };
    visit.state.sites.get(number.checked_sub(1)?)
}

/// A picture for a product's entry in accessible-resources.
pub(crate) fn avatar(visit: &mut Visit<'_>) -> Answer {
    let colour = match visit.parameter("name") {
        "confluence.svg" => "#0c5bd0",
        "jira.svg" => "#6b4fbb",
        _ => return Err(nothing()),
    };
    let picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\">\
         <rect width=\"24\" height=\"24\" rx=\"5\" fill=\"{colour}\"/></svg>"
    );
    let mut reply = Reply::text(200, picture);
    reply.headers = vec![("content-type".to_owned(), "image/svg+xml".to_owned())];
    Ok(reply)
}

fn space_section(site: &Site, space: &Space) -> String {
    let mut items = String::new();
    let contents: Vec<_> = site.contents.values().filter(|content| content.space == space.id).collect();
    for content in contents.iter().take(SHOWN) {
        items.push_str(&format!(
            "<li><a href=\"{}{}\">{}</a>{}</li>\n",
            escape(&site.base()),
            escape(&content.webui(space)),
            escape(title(content)),
            lozenge(content)
        ));
    }
    if contents.len() > SHOWN {
        items.push_str(&format!("<li class=\"meta\">and {} more</li>\n", contents.len() - SHOWN));
    }
    format!(
        "<h3><a href=\"{}/spaces/{}\">{}</a> <span class=\"meta\">{}</span></h3>\n<ul>\n{items}</ul>\n",
        escape(&site.base()),
        escape(&space.key),
        escape(&space.name),
        escape(&space.key)
    )
}

fn page(site: &Site, space: &Space, content: &Content) -> Reply {
    let version = &content.text.version;
    let body = format!(
        "<p class=\"meta\"><a href=\"{base}/spaces/{key}\">{space}</a></p>\n<h1>{title}</h1>\n\
         <p class=\"meta\">By {person}, version {number}, {when}{lozenge}</p>\n<article>\n{body}\n</article>\n{margin}",
        base = escape(&site.base()),
        key = escape(&space.key),
        space = escape(&space.name),
        title = escape(title(content)),
        person = escape(version.author.name),
        number = version.number,
        when = version.at.iso(),
        lozenge = lozenge(content),
        body = content.text.body.as_html(),
        margin = margin::html(site, content),
    );
    Reply::html(200, document(title(content), &body))
}

fn title(content: &Content) -> &str {
    if content.text.title.is_empty() { "(untitled)" } else { &content.text.title }
}

fn lozenge(content: &Content) -> String {
    let mut out = String::new();
    if content.status != Status::Current {
        out.push_str(&format!(" <span class=\"lozenge\">{}</span>", content.status.as_str()));
    }
    if content.private {
        out.push_str(" <span class=\"lozenge\">private</span>");
    }
    out
}

//! `PUT /pages/{id}/title`: a new title without sending the body again.

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::{Kind, Status, Text, Version};

use super::create::duplicate_title;
use super::fields::Fields;
use super::objects;
use super::query::Query;

/// Gives a page another title, as a new version; or its draft, as it stands.
pub(crate) fn update(visit: &mut Visit<'_>) -> Answer {
    Query::check(visit.call, &[])?;
    let fields = Fields::read(visit.call, &["status", "title"])?;
    let status = fields.word("status", &["current", "draft"])?;
    let status = status.ok_or_else(|| errors::invalid("Field 'status' is required."))?;
    let title = fields.text("title")?.map(str::trim).filter(|title| !title.is_empty());
    let title = title.ok_or_else(|| errors::invalid("Field 'title' is required."))?.to_owned();
    let (id, now, author) = (visit.id()?, visit.state.clock.now(), visit.account);
    let page = visit.editable(Kind::Page)?;
    let draft = status == "draft";
    let fits = match page.status {
        Status::Draft => draft,
        Status::Current | Status::Archived => !draft || page.draft.is_some(),
        Status::Trashed => false,
    };
    if !fits {
        return Err(errors::invalid(format!("The page has no version of status {status}.")));
    }
    if !draft && visit.site()?.title_taken(page.space, Kind::Page, &title, Some(id)) {
        return Err(duplicate_title(Kind::Page));
    }
    let site = visit.site_mut()?;
    let page = site.contents.get_mut(&id).ok_or_else(errors::not_found)?;
    match (&mut page.draft, draft) {
        (Some(draft), true) => draft.title = title,
        (None, true) => page.text.title = title,
        (_, false) => {
            let number = page.text.version.number + 1;
            let version = Version { number, author, message: String::new(), minor: false, at: now };
            let text = Text { title, body: page.text.body.clone(), version };
            page.history.push(std::mem::replace(&mut page.text, text));
        }
    }
    let shown = if draft { page.as_draft() } else { page.clone() };
    Ok(Reply::json(200, &objects::single(site, &shown, Some(shown.text.body.shown_as()))))
}

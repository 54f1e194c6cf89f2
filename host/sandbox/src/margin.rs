//! What stands below a page for people: its labels, its files and what was said about it.

use crate::html::escape;
use crate::site::comments::{Comment, Subject};
use crate::site::{Content, Site, Status};

/// How many answers to answers are shown inside of each other.
const DEEPEST: usize = 20;

/// The labels, attachments and comments of a page, as an HTML fragment; empty where there are none.
pub(crate) fn html(site: &Site, content: &Content) -> String {
    let labels: String = content
        .labels
        .iter()
        .filter_map(|id| site.labels.get(*id))
        .map(|label| format!(" <span class=\"lozenge\">{}</span>", escape(&label.name)))
        .collect();
    let files: String = site
        .attachments
        .values()
        .filter(|file| file.container == content.id && file.status == Status::Current)
        .filter_map(|one| Some((one, one.file(None)?)))
        .map(|(one, file)| {
            let (title, kind) = (escape(&one.title), escape(&file.media_type));
            format!("<li>{title} <span class=\"meta\">{kind}, {} bytes</span></li>\n", file.bytes.len())
        })
        .collect();
    let mut out = String::new();
    if !labels.is_empty() {
        out.push_str(&format!("<p class=\"meta\">Labels:{labels}</p>\n"));
    }
    if !files.is_empty() {
        out.push_str(&format!("<h2>Attachments</h2>\n<ul>\n{files}</ul>\n"));
    }
    let comments = thread(site, content, None, DEEPEST);
    if !comments.is_empty() {
        out.push_str(&format!("<h2>Comments</h2>\n{comments}"));
    }
    out
}

/// The answers to a comment, or the comments that answer none, each with the answers to it.
fn thread(site: &Site, content: &Content, parent: Option<u64>, depth: usize) -> String {
    if depth == 0 {
        return String::new();
    }
    let about =
        |comment: &&Comment| comment.subject == Subject::Content(content.id) && comment.parent == parent;
    let items: String = site
        .comments
        .values()
        .filter(about)
        .filter_map(|comment| Some((comment, comment.version(None)?)))
        .map(|(comment, (version, body))| {
            let mark = match &comment.mark {
                Some(mark) => {
                    let (selection, status) = (escape(&mark.selection), comment.resolution_status(content));
                    format!(" on <q>{selection}</q> <span class=\"lozenge\">{status}</span>")
                }
                None => String::new(),
            };
            let (author, replies) =
                (escape(version.author.name), thread(site, content, Some(comment.id), depth - 1));
            format!("<li><p class=\"meta\">{author}{mark}</p>\n{}\n{replies}</li>\n", body.as_html())
        })
        .collect();
    if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") }
}

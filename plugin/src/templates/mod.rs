//! What the integration can do: one template per file, each with its schemas beside it.
//!
//! A template is data (what the manifest says of it) and one function. The schemas are files of JSON, so
//! that they can be read and checked as what they are; the host validates against them, and every function
//! still checks what would lead to a wrong request, since a schema is a promise and not a guard.

/// The schema of a file beside its template, as the build script has made it.
macro_rules! schema {
    ($file:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"))
    };
}

mod attachments;
mod body;
mod comments;
mod content_list;
mod create_content;
mod current_user;
mod delete_content;
mod excerpt;
mod input;
mod items;
mod labels;
mod list_blogposts;
mod list_pages;
mod listing;
mod outcome;
mod part;
mod publish_draft;
mod replacement;
mod restore_content;
mod search_content;
mod space;
mod spaces;
mod target;
mod tree;
mod update_content;
mod versions;
mod view_content;

use serde_json::Value;

use crate::confluence::client::Client;
use crate::confluence::requests::Rule;
use crate::confluence::scopes::Need;
use crate::platform::{Failure, Session};

/// What a template does to Confluence's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changes.
    Read,
    /// Something is added.
    Create,
    /// Something is changed.
    Update,
    /// Something is removed, for good or into the trash.
    Delete,
}

/// One action of the integration, as the contract's `template` has it.
#[derive(Debug)]
pub struct Template {
    /// Its id.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What the input may be.
    pub input_schema: Schema,
    /// What the output is.
    pub output_schema: Schema,
    /// The OAuth scopes it cannot do without.
    pub scopes: &'static [&'static str],
    /// What it does to Confluence's data.
    pub effect: Effect,
    /// Whether a repeat leaves things as one call does.
    pub repeatable: bool,
    /// What to ask for its fields: the field and the question, in the order of asking.
    pub prompts: &'static [(&'static str, &'static str)],
    /// What people say when they want it.
    pub utterances: &'static [&'static str],
    /// What it may send.
    pub requests: &'static [&'static [Rule]],
    run: fn(&Client<'_>, Value) -> Result<Value, Failure>,
}

/// A JSON Schema 2020-12.
#[derive(Debug)]
pub struct Schema {
    pieces: &'static [&'static str],
    fields: &'static [&'static str],
}

impl Schema {
    /// Its text.
    pub fn text(&self) -> String {
        self.pieces.concat()
    }

    /// The properties that it knows.
    pub fn fields(&self) -> &'static [&'static str] {
        self.fields
    }
}

/// Every template.
pub static ALL: &[Template] = &[
    create_content::TEMPLATE,
    view_content::TEMPLATE,
    update_content::TEMPLATE,
    list_pages::TEMPLATE,
    list_blogposts::TEMPLATE,
    search_content::TEMPLATE,
    publish_draft::TEMPLATE,
    delete_content::TEMPLATE,
    restore_content::TEMPLATE,
    versions::list_versions::TEMPLATE,
    versions::compare_versions::TEMPLATE,
    tree::move_content::TEMPLATE,
    tree::copy_content::TEMPLATE,
    tree::archive_content::TEMPLATE,
    tree::list_children::TEMPLATE,
    tree::list_descendants::TEMPLATE,
    tree::list_ancestors::TEMPLATE,
    comments::add_comment::TEMPLATE,
    comments::reply_to_comment::TEMPLATE,
    comments::list_comments::TEMPLATE,
    comments::resolve_comment::TEMPLATE,
    comments::update_comment::TEMPLATE,
    comments::delete_comment::TEMPLATE,
    labels::add_labels::TEMPLATE,
    labels::remove_label::TEMPLATE,
    labels::list_labels::TEMPLATE,
    attachments::list_attachments::TEMPLATE,
    attachments::upload_attachment::TEMPLATE,
    attachments::download_attachment::TEMPLATE,
    attachments::delete_attachment::TEMPLATE,
    spaces::list_spaces::TEMPLATE,
    spaces::view_space::TEMPLATE,
    current_user::TEMPLATE,
];

/// Runs a template on behalf of the session's connection. Input and output are JSON texts.
///
/// # Errors
/// Any failure: of the input, of the host, of Confluence.
pub fn execute(session: &dyn Session, template: &str, input: &str) -> Result<String, Failure> {
    let Some(template) = ALL.iter().find(|known| known.id == template) else {
        let ids: Vec<_> = ALL.iter().map(|known| known.id).collect();
        return Err(Failure::invalid_input(
            "unknown-template",
            format!("There is no template {template:?}."),
        )
        .hint(format!("There are: {}.", ids.join(", "))));
    };
    let input = serde_json::from_str(input).map_err(|error| {
        Failure::invalid_input("input-not-json", format!("The input is not JSON: {error}."))
    })?;
    input::check(template, &input)?;
    let client = Client::new(session, Need { template: template.id, scopes: template.scopes });
    (template.run)(&client, input).map(|output| output.to_string())
}

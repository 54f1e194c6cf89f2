//! The table of operations: method, path template, the scopes it takes, and its handler.

use percent_encoding::percent_decode_str;

use crate::accounts::Account;
use crate::errors;
use crate::http::{Answer, Call, Reply};
use crate::oauth::{authorize, resources, token};
use crate::site::comments::Place;
use crate::site::{Content, Kind, Site};
use crate::state::State;
use crate::v1::attachments::{self as files, Existing};
use crate::v1::{copy, labels as label_writes, moves, search, tasks};
use crate::v2::{attachments, comments, create, labels, lists, read, spaces, title, tree, update, versions};
use crate::{v1, view};

/// What a handler works on.
pub(crate) struct Visit<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) call: &'a Call,
    /// Who calls; outside of Confluence's API, who is signed in in the browser.
    pub(crate) account: &'static Account,
    /// The values of the template's parameters, decoded.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// Which site the call is for.
    pub(crate) site: usize,
}

impl Visit<'_> {
    pub(crate) fn site(&self) -> Result<&Site, Reply> {
        self.state.sites.get(self.site).ok_or_else(errors::not_found)
    }

    pub(crate) fn site_mut(&mut self) -> Result<&mut Site, Reply> {
        self.state.sites.get_mut(self.site).ok_or_else(errors::not_found)
    }

    /// The page or blog post that the path names, where the caller may view it.
    pub(crate) fn seen(&self, kind: Kind) -> Result<&Content, Reply> {
        let id = self.id()?;
        self.site()?.seen_by(self.account, kind, id).ok_or_else(errors::not_found)
    }

    /// The page or blog post that the path names, where the caller may change it. v2 masks what may not be
    /// changed like what may not be viewed.
    pub(crate) fn editable(&self, kind: Kind) -> Result<&Content, Reply> {
        let content = self.seen(kind)?;
        if self.site()?.may_edit(self.account, content) { Ok(content) } else { Err(errors::not_found()) }
    }

    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value)
    }

    /// The parameter `id`, an int64 in Confluence's paths.
    pub(crate) fn id(&self) -> Result<u64, Reply> {
        self.parameter("id").parse().map_err(|_| errors::wrong_type("id", "long"))
    }
}

/// Sets of scopes: any one of the sets suffices, all of a set are needed together.
pub(crate) type Access = &'static [&'static [&'static str]];

pub(crate) struct Route {
    method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: fn(&mut Visit<'_>) -> Answer,
}

const fn route(
    method: &'static str,
    template: &'static str,
    access: Access,
    handler: fn(&mut Visit<'_>) -> Answer,
) -> Route {
    Route { method, template, access, handler }
}

const ANYONE: Access = &[];
const READ_PAGE: Access = &[&["read:page:confluence"]];
const WRITE_PAGE: Access = &[&["write:page:confluence"]];
const DELETE_PAGE: Access = &[&["delete:page:confluence"]];
const READ_TREE: Access = &[&["read:hierarchical-content:confluence"]];
const READ_METADATA: Access = &[&["read:content.metadata:confluence"]];
const READ_LABEL: Access = &[&["read:label:confluence"]];
const READ_COMMENT: Access = &[&["read:comment:confluence"]];
const WRITE_COMMENT: Access = &[&["write:comment:confluence"]];
const DELETE_COMMENT: Access = &[&["delete:comment:confluence"]];
const READ_ATTACHMENT: Access = &[&["read:attachment:confluence"]];
const DELETE_ATTACHMENT: Access = &[&["delete:attachment:confluence"]];
/// v1 takes a classic scope or a set of granular ones; a set is needed whole.
const MOVE: Access = &[&["write:confluence-content"], &["write:page:confluence"]];
const COPY: Access =
    &[&["write:confluence-content"], &["read:content-details:confluence", "write:page:confluence"]];
const ARCHIVE: Access =
    &[&["write:confluence-content"], &["read:content.metadata:confluence", "write:page:confluence"]];
const DELETE_TREE: Access = &[&["write:confluence-content"], &["delete:content:confluence"]];
const READ_TASK: Access = &[&["read:confluence-space.summary"], &["read:content.metadata:confluence"]];
const ADD_LABEL: Access =
    &[&["write:confluence-content"], &["read:label:confluence", "write:label:confluence"]];
const REMOVE_LABEL: Access = &[&["write:confluence-content"], &["write:label:confluence"]];
const UPLOAD: Access =
    &[&["write:confluence-file"], &["read:content-details:confluence", "write:attachment:confluence"]];
const DOWNLOAD: Access = &[&["readonly:content.attachment:confluence"], &["read:attachment:confluence"]];
const SEARCH: Access = &[&["search:confluence"], &["read:content-details:confluence"]];
const SEARCH_USERS: Access = &[&["read:content-details:confluence"]];
const READ_SPACE: Access = &[&["read:space:confluence"]];
const READ_USER: Access = &[&["read:confluence-user"], &["read:content-details:confluence"]];

/// What people and authorization clients reach without the gateway.
pub(crate) const OUTER: &[Route] = &[
    route("GET", "/", ANYONE, |visit| Ok(view::start(visit))),
    route("GET", "/authorize", ANYONE, |visit| Ok(authorize::page(visit.state, visit.call))),
    route("POST", "/authorize/decision", ANYONE, |visit| Ok(authorize::decide(visit.state, visit.call))),
    route("POST", "/oauth/token", ANYONE, |visit| Ok(token::exchange(visit.state, visit.call))),
    route("GET", "/oauth/token/accessible-resources", ANYONE, |visit| {
        Ok(resources::list(visit.state, visit.call))
    }),
    route("GET", "/avatars/{name}", ANYONE, view::avatar),
    route("GET", "/wiki/spaces/{key}", ANYONE, view::space),
    route("GET", "/wiki/spaces/{key}/pages/{id}", ANYONE, view::content),
    route("GET", "/wiki/spaces/{key}/pages/{id}/{slug}", ANYONE, view::content),
    route("GET", "/wiki/spaces/{key}/blog/{year}/{month}/{day}/{id}/{slug}", ANYONE, view::content),
    route("GET", "/wiki/pages/resumedraft.action", ANYONE, view::draft),
    route("GET", "/wiki/x/{id}", ANYONE, view::short),
    route("GET", "/site/{site}/wiki/spaces/{key}", ANYONE, view::space),
    route("GET", "/site/{site}/wiki/spaces/{key}/pages/{id}", ANYONE, view::content),
    route("GET", "/site/{site}/wiki/spaces/{key}/pages/{id}/{slug}", ANYONE, view::content),
    route(
        "GET",
        "/site/{site}/wiki/spaces/{key}/blog/{year}/{month}/{day}/{id}/{slug}",
        ANYONE,
        view::content,
    ),
    route("GET", "/site/{site}/wiki/pages/resumedraft.action", ANYONE, view::draft),
    route("GET", "/site/{site}/wiki/x/{id}", ANYONE, view::short),
];

/// What lies behind the gateway, for every site. v2 takes granular scopes only, and blog posts take those of
/// pages (Confluence's v2 document).
pub(crate) const CONFLUENCE: &[Route] = &[
    route("GET", "/wiki/api/v2/spaces", READ_SPACE, spaces::all),
    route("GET", "/wiki/api/v2/spaces/{id}", READ_SPACE, spaces::one),
    route("GET", "/wiki/api/v2/spaces/{id}/pages", READ_PAGE, |visit| lists::of_space(visit, Kind::Page)),
    route("GET", "/wiki/api/v2/spaces/{id}/blogposts", READ_PAGE, |visit| {
        lists::of_space(visit, Kind::BlogPost)
    }),
    route("GET", "/wiki/api/v2/pages", READ_PAGE, |visit| lists::all(visit, Kind::Page)),
    route("POST", "/wiki/api/v2/pages", WRITE_PAGE, |visit| create::create(visit, Kind::Page)),
    route("GET", "/wiki/api/v2/pages/{id}", READ_PAGE, |visit| read::one(visit, Kind::Page)),
    route("PUT", "/wiki/api/v2/pages/{id}", WRITE_PAGE, |visit| update::update(visit, Kind::Page)),
    route("DELETE", "/wiki/api/v2/pages/{id}", DELETE_PAGE, |visit| update::delete(visit, Kind::Page)),
    route("GET", "/wiki/api/v2/blogposts", READ_PAGE, |visit| lists::all(visit, Kind::BlogPost)),
    route("POST", "/wiki/api/v2/blogposts", WRITE_PAGE, |visit| create::create(visit, Kind::BlogPost)),
    route("GET", "/wiki/api/v2/blogposts/{id}", READ_PAGE, |visit| read::one(visit, Kind::BlogPost)),
    route("PUT", "/wiki/api/v2/blogposts/{id}", WRITE_PAGE, |visit| update::update(visit, Kind::BlogPost)),
    route("DELETE", "/wiki/api/v2/blogposts/{id}", DELETE_PAGE, |visit| {
        update::delete(visit, Kind::BlogPost)
    }),
    route("PUT", "/wiki/api/v2/pages/{id}/title", WRITE_PAGE, title::update),
    route("GET", "/wiki/api/v2/pages/{id}/versions", READ_PAGE, |visit| versions::all(visit, Kind::Page)),
    route("GET", "/wiki/api/v2/pages/{id}/versions/{number}", READ_PAGE, |visit| {
        versions::one(visit, Kind::Page)
    }),
    route("GET", "/wiki/api/v2/blogposts/{id}/versions", READ_PAGE, |visit| {
        versions::all(visit, Kind::BlogPost)
    }),
    route("GET", "/wiki/api/v2/blogposts/{id}/versions/{number}", READ_PAGE, |visit| {
        versions::one(visit, Kind::BlogPost)
    }),
    route("GET", "/wiki/api/v2/pages/{id}/direct-children", READ_TREE, tree::direct_children),
    route("GET", "/wiki/api/v2/pages/{id}/children", READ_PAGE, tree::child_pages),
    route("GET", "/wiki/api/v2/pages/{id}/descendants", READ_TREE, tree::descendants),
    route("GET", "/wiki/api/v2/pages/{id}/ancestors", READ_METADATA, tree::ancestors),
    route("POST", "/wiki/api/v2/content/convert-ids-to-types", READ_METADATA, tree::convert_ids),
    route("GET", "/wiki/api/v2/labels", READ_LABEL, labels::all),
    route("GET", "/wiki/api/v2/labels/{id}/pages", READ_PAGE, |visit| lists::of_label(visit, Kind::Page)),
    route("GET", "/wiki/api/v2/labels/{id}/blogposts", READ_PAGE, |visit| {
        lists::of_label(visit, Kind::BlogPost)
    }),
    route("GET", "/wiki/api/v2/pages/{id}/labels", READ_PAGE, |visit| labels::of_content(visit, Kind::Page)),
    route("GET", "/wiki/api/v2/blogposts/{id}/labels", READ_PAGE, |visit| {
        labels::of_content(visit, Kind::BlogPost)
    }),
    route("GET", "/wiki/api/v2/footer-comments", READ_COMMENT, |visit| comments::all(visit, Place::Footer)),
    route("POST", "/wiki/api/v2/footer-comments", WRITE_COMMENT, |visit| {
        comments::create(visit, Place::Footer)
    }),
    route("GET", "/wiki/api/v2/footer-comments/{id}", READ_COMMENT, |visit| {
        comments::one(visit, Place::Footer)
    }),
    route("PUT", "/wiki/api/v2/footer-comments/{id}", WRITE_COMMENT, |visit| {
        comments::update(visit, Place::Footer)
    }),
    route("DELETE", "/wiki/api/v2/footer-comments/{id}", DELETE_COMMENT, |visit| {
        comments::delete(visit, Place::Footer)
    }),
    route("GET", "/wiki/api/v2/footer-comments/{id}/children", READ_COMMENT, |visit| {
        comments::children(visit, Place::Footer)
    }),
    route("GET", "/wiki/api/v2/pages/{id}/footer-comments", READ_COMMENT, |visit| {
        comments::of_content(visit, Kind::Page, Place::Footer)
    }),
    route("GET", "/wiki/api/v2/blogposts/{id}/footer-comments", READ_COMMENT, |visit| {
        comments::of_content(visit, Kind::BlogPost, Place::Footer)
    }),
    route("GET", "/wiki/api/v2/inline-comments", READ_COMMENT, |visit| comments::all(visit, Place::Inline)),
    route("POST", "/wiki/api/v2/inline-comments", WRITE_COMMENT, |visit| {
        comments::create(visit, Place::Inline)
    }),
    route("GET", "/wiki/api/v2/inline-comments/{id}", READ_COMMENT, |visit| {
        comments::one(visit, Place::Inline)
    }),
    route("PUT", "/wiki/api/v2/inline-comments/{id}", WRITE_COMMENT, |visit| {
        comments::update(visit, Place::Inline)
    }),
    route("DELETE", "/wiki/api/v2/inline-comments/{id}", DELETE_COMMENT, |visit| {
        comments::delete(visit, Place::Inline)
    }),
    route("GET", "/wiki/api/v2/inline-comments/{id}/children", READ_COMMENT, |visit| {
        comments::children(visit, Place::Inline)
    }),
    route("GET", "/wiki/api/v2/pages/{id}/inline-comments", READ_COMMENT, |visit| {
        comments::of_content(visit, Kind::Page, Place::Inline)
    }),
    route("GET", "/wiki/api/v2/blogposts/{id}/inline-comments", READ_COMMENT, |visit| {
        comments::of_content(visit, Kind::BlogPost, Place::Inline)
    }),
    route("GET", "/wiki/api/v2/pages/{id}/attachments", READ_ATTACHMENT, |visit| {
        attachments::of_content(visit, Kind::Page)
    }),
    route("GET", "/wiki/api/v2/blogposts/{id}/attachments", READ_ATTACHMENT, |visit| {
        attachments::of_content(visit, Kind::BlogPost)
    }),
    route("GET", "/wiki/api/v2/attachments", READ_ATTACHMENT, attachments::all),
    route("GET", "/wiki/api/v2/attachments/{id}", READ_ATTACHMENT, attachments::one),
    route("DELETE", "/wiki/api/v2/attachments/{id}", DELETE_ATTACHMENT, attachments::delete),
    route("GET", "/wiki/api/v2/attachments/{id}/versions", READ_ATTACHMENT, attachments::all_versions),
    route("PUT", "/wiki/rest/api/content/{id}/child/attachment", UPLOAD, |visit| {
        files::attach(visit, Existing::Updated)
    }),
    route("POST", "/wiki/rest/api/content/{id}/child/attachment", UPLOAD, |visit| {
        files::attach(visit, Existing::Refused)
    }),
    route("POST", "/wiki/rest/api/content/{id}/child/attachment/{attachment}/data", UPLOAD, files::update),
    route(
        "GET",
        "/wiki/rest/api/content/{id}/child/attachment/{attachment}/download",
        DOWNLOAD,
        files::download,
    ),
    route("GET", "/wiki/download/attachments/{id}/{name}", ANYONE, files::old_download),
    route("POST", "/wiki/rest/api/content/{id}/label", ADD_LABEL, label_writes::add),
    route("DELETE", "/wiki/rest/api/content/{id}/label", REMOVE_LABEL, label_writes::remove),
    route("DELETE", "/wiki/rest/api/content/{id}/label/{label}", REMOVE_LABEL, label_writes::remove_named),
    route("PUT", "/wiki/rest/api/content/{id}/move/{position}/{target}", MOVE, moves::place),
    route("POST", "/wiki/rest/api/content/{id}/copy", COPY, copy::copy),
    route("POST", "/wiki/rest/api/content/archive", ARCHIVE, moves::archive),
    route("DELETE", "/wiki/rest/api/content/{id}/pageTree", DELETE_TREE, moves::delete_tree),
    route("GET", "/wiki/rest/api/longtask/{id}", READ_TASK, tasks::one),
    route("GET", "/wiki/rest/api/user/current", READ_USER, v1::current_user),
    route("GET", "/wiki/rest/api/search", SEARCH, search::search),
    route("GET", "/wiki/rest/api/search/user", SEARCH_USERS, search::users),
    route("GET", "/wiki/rest/api/content/search", SEARCH, search::content),
    route("GET", "/wiki/rest/api/content", ANYONE, v1::gone),
    route("POST", "/wiki/rest/api/content", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}", ANYONE, v1::gone),
    route("PUT", "/wiki/rest/api/content/{id}", ANYONE, v1::gone),
    route("DELETE", "/wiki/rest/api/content/{id}", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}/child", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}/child/{type}", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}/history", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}/label", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}/property", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/content/{id}/version", ANYONE, v1::gone),
    route("POST", "/wiki/rest/api/contentbody/convert/{to}", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/space", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/space/{key}", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/space/{key}/content", ANYONE, v1::gone),
    route("GET", "/wiki/rest/api/space/{key}/content/{type}", ANYONE, v1::gone),
];

/// What a path leads to.
pub(crate) enum Found {
    /// A route, and the values of its parameters.
    Route(&'static Route, Vec<(&'static str, String)>),
    /// A template, but not with this method.
    OtherMethod(&'static str),
    Nothing,
}

/// Looks a path up in a table.
pub(crate) fn find(table: &'static [Route], method: &str, path: &str) -> Found {
    let mut found = Found::Nothing;
    for route in table {
        if let Some(parameters) = parameters(route.template, path) {
            if route.method == method {
                return Found::Route(route, parameters);
            }
            found = Found::OtherMethod(route.template);
        }
    }
    found
}

fn parameters(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut parameters = Vec::new();
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(given)) => {
                match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(_) if given.is_empty() => return None,
                    Some(name) => {
                        parameters.push((name, percent_decode_str(given).decode_utf8().ok()?.into_owned()));
                    }
                    None if wanted == given => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

//! The media host, where the bytes of attachments are: another origin than Confluence.
//!
//! Its addresses carry a token of their own. A request that brings an `Authorization` header along is answered
//! 400: the credential for one host was sent to another.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::header;
use serde_json::json;

use crate::clock::Moment;
use crate::html::percent;
use crate::http::{Call, Reply};
use crate::oauth::Credentials;
use crate::site::attachments::Attachment;
use crate::state::State;

/// The name that counters and faults know every request by.
pub(crate) const TEMPLATE: &str = "/file/{file}/binary";
/// How long an address is good.
const LIFETIME: Duration = Duration::from_secs(600);

/// What a token opens.
struct Ticket {
    site: usize,
    attachment: u64,
    version: u32,
    expires: Moment,
}

/// The addresses that were given out.
pub(crate) struct Media {
    origin: String,
    tickets: HashMap<String, Ticket>,
}

impl Media {
    pub(crate) fn new(origin: String) -> Self {
        Self { origin, tickets: HashMap::new() }
    }

    /// Where the host answers.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// An address for one version of a file.
    pub(crate) fn address(
        &mut self,
        credentials: &mut Credentials,
        (site, attachment, version): (usize, &Attachment, u32),
        now: Moment,
    ) -> String {
        self.tickets.retain(|_, ticket| now < ticket.expires);
        let token = credentials.secret("media-", 32);
        let ticket = Ticket { site, attachment: attachment.id, version, expires: now.plus(LIFETIME) };
        self.tickets.insert(token.clone(), ticket);
        let (file, name) = (&attachment.file_id, percent(&attachment.title));
        format!("{}/file/{file}/binary?token={token}&name={name}", self.origin)
    }
}

/// Answers a request for a file.
pub(crate) fn serve(state: &State, call: &Call) -> Reply {
    if call.headers.contains_key(header::AUTHORIZATION) {
        return refusal(400, "The credential of another host was sent along.");
    }
    if call.method != "GET" {
        return refusal(405, "Files are only read here.");
    }
    let now = state.clock.now();
    let ticket = call.query("token").and_then(|token| state.media.tickets.get(token));
    let Some(ticket) = ticket.filter(|ticket| now < ticket.expires) else {
        return refusal(403, "The token is missing, unknown or too old.");
    };
    let attachment = state.sites.get(ticket.site).and_then(|site| site.attachments.get(&ticket.attachment));
    let named = attachment.filter(|one| call.path == format!("/file/{}/binary", one.file_id));
    let Some((attachment, file)) = named.and_then(|one| Some((one, one.file(Some(ticket.version))?))) else {
        return refusal(404, "There is no such file.");
    };
    Reply::bytes(200, &file.media_type, file.bytes.clone())
        .header("content-disposition", format!("attachment; filename*=UTF-8''{}", percent(&attachment.title)))
        .header("x-content-type-options", "nosniff")
        .header("cache-control", "private, no-store")
}

fn refusal(status: u16, title: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": status, "title": title}}))
}

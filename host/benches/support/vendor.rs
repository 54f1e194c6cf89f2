//! The vendor, in memory: what it answers is always the same.

use actionbay::egress::{OutboundRequest, RawResponse, Transport, TransportError};
use serde_json::{Value, json};

/// Answers every request at once.
pub(crate) struct Vendor;

impl Transport for Vendor {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let body = answer(request.url.path());
        Ok(RawResponse { status: 200, headers: Default::default(), body: body.to_string().into_bytes() })
    }
}

/// An access token as long as those of Atlassian are.
pub(crate) fn access_token() -> String {
    "eyJhbGciOiJSUzI1NiJ9.".to_owned() + &"0123456789abcdef".repeat(120)
}

pub(crate) fn answer(path: &str) -> Value {
    let scopes = ["read:page:confluence", "write:page:confluence", "read:space:confluence"];
    match path.rsplit('/').next().unwrap_or_default() {
        "token" => json!({
            "access_token": access_token(), "refresh_token": "refresh-".repeat(100), "expires_in": 3_600,
            "scope": format!("{} read:content-details:confluence offline_access", scopes.join(" ")),
        }),
        "accessible-resources" => json!([{
            "id": "11223344-a1b2-4c3d-8e9f-1a2b3c4d5e6f", "name": "acme", "url": "https://acme.atlassian.net",
            "scopes": scopes, "avatarUrl": "https://acme.atlassian.net/avatar.png",
        }]),
        "current" => json!({"accountId": "5b10a2844c20165700ede21g", "displayName": "Ada"}),
        "spaces" => json!({"results": [{"id": "131073", "key": "DOCS", "name": "Documentation"}]}),
        _ => json!({
            "id": "131075", "status": "current", "title": "Release notes", "spaceId": "131073",
            "version": {"number": 3, "createdAt": "2026-11-21T09:30:00.000Z"},
            "body": {"storage": {"representation": "storage", "value": "<p>Hello</p>"}},
            "_links": {"webui": "/spaces/DOCS/pages/131075/Release+notes"},
        }),
    }
}

//! Whom a request is addressed to.

use axum::extract::Request;
use axum::http::header;

use crate::authorization::PublicUrl;

/// Whether a request names the host of the public URL, and no other: a page of another name that leads here (DNS
/// rebinding) could have a browser do anything.
pub(super) fn is_meant(request: &Request, public: &PublicUrl) -> bool {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    let authority = request.uri().authority().map(|authority| authority.as_str());
    // HTTP/2 has the authority only.
    let is_named = host.is_some() || (authority.is_some() && !request.headers().contains_key(header::HOST));
    is_named && host.into_iter().chain(authority).all(|named| public.is_authority(named))
}

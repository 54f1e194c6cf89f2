//! A transport that stands in for an authorization server, and sends everything else.

use std::sync::atomic::{AtomicU32, Ordering};

use actionbay::egress::{
    OutboundRequest, RawResponse, StreamedResponse, Transport, TransportError, UreqTransport,
};
use serde_json::json;

/// The access token of the first connection.
pub(crate) const TOKEN: &str = "canary-access-token-0123456789";

/// Answers token requests itself, each with another token, and sends everything else.
#[derive(Default)]
pub(crate) struct WithTokens {
    inner: UreqTransport,
    granted: AtomicU32,
}

impl WithTokens {
    /// The same, over another transport.
    pub(crate) fn over(inner: UreqTransport) -> Self {
        Self { inner, ..Self::default() }
    }
}

/// The access token of the connection that was made as the so-many-eth, from 0.
pub(crate) fn token(connection: u32) -> String {
    if connection == 0 { TOKEN.to_owned() } else { format!("{TOKEN}-{connection}") }
}

impl Transport for WithTokens {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        if request.url.path() != "/token" {
            return self.inner.round_trip(request);
        }
        let token = token(self.granted.fetch_add(1, Ordering::SeqCst));
        let body =
            json!({"access_token": token, "expires_in": 3600, "refresh_token": "canary-refresh-token"});
        Ok(RawResponse { status: 200, headers: http::HeaderMap::new(), body: body.to_string().into_bytes() })
    }

    fn open(&self, request: OutboundRequest) -> Result<StreamedResponse, TransportError> {
        self.inner.open(request)
    }
}

//! A transport that remembers the token requests that passed, and can lose an answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use actionbay::egress::{
    OutboundRequest, RawResponse, Transport, TransportError, TransportErrorKind, UreqTransport,
};

/// The form that a request carried.
type Fields = BTreeMap<String, String>;

/// Sends everything where it shall go. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Tap {
    inner: UreqTransport,
    token_requests: Arc<Mutex<Vec<Fields>>>,
    loses_next_answer: Arc<AtomicBool>,
}

impl Tap {
    /// The fields of the token requests, in order.
    pub(crate) fn token_requests(&self) -> Vec<Fields> {
        self.token_requests.lock().unwrap().clone()
    }

    /// The next request arrives, and its answer does not.
    pub(crate) fn lose_next_answer(&self) {
        self.loses_next_answer.store(true, Ordering::SeqCst);
    }
}

impl Transport for Tap {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let fields: Fields = url::form_urlencoded::parse(request.body.bytes()).into_owned().collect();
        if fields.contains_key("grant_type") {
            self.token_requests.lock().unwrap().push(fields);
        }
        let answer = self.inner.round_trip(request);
        if self.loses_next_answer.swap(false, Ordering::SeqCst) {
            return Err(TransportError::new(TransportErrorKind::Broken, true, "The answer was lost."));
        }
        answer
    }
}

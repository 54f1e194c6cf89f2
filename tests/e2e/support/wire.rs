//! The wire between a host that calls the vendor's real addresses and the sandbox that stands in for them.

use std::sync::{Arc, Mutex};

use actionbay::egress::{
    Origin, OutboundRequest, RawResponse, Reach, StreamedResponse, Transport, TransportError, UreqTransport,
};
use url::Url;

use super::Canaries;

/// The vendor's hosts, as facts say: anything else that is called fails the test.
const VENDOR: [&str; 3] = ["auth.atlassian.com", "api.atlassian.com", "acme.atlassian.net"];

/// A request as it left the host.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A path, and the body that was answered to a request for it.
type Answered = (String, Vec<u8>);

/// What a test does when a request leaves.
type Hook = Box<dyn FnOnce() + Send>;

/// Sends everything on to the sandbox and remembers what was sent to whom, and which secrets went over it.
#[derive(Clone)]
pub(crate) struct Wire {
    sandbox: Url,
    /// The sandbox's host of files, which is called by its own address.
    files: Option<Origin>,
    inner: UreqTransport,
    seen: Arc<Mutex<Vec<Seen>>>,
    answered: Arc<Mutex<Vec<Answered>>>,
    at_next: Arc<Mutex<Option<Hook>>>,
    pub(crate) canaries: Canaries,
}

impl Wire {
    pub(crate) fn to(sandbox: &str) -> Self {
        Self {
            sandbox: Url::parse(sandbox).unwrap(),
            files: None,
            inner: UreqTransport::new(),
            seen: Arc::default(),
            answered: Arc::default(),
            at_next: Arc::default(),
            canaries: Canaries::default(),
        }
    }

    /// The same, to this host of files too.
    pub(crate) fn and_files(mut self, files: &Origin) -> Self {
        self.files = Some(files.clone());
        self
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The bodies of the answers to requests for a path, in order.
    pub(crate) fn answered(&self, path: &str) -> Vec<Vec<u8>> {
        let answered = self.answered.lock().unwrap();
        answered.iter().filter(|(known, _)| known == path).map(|(_, body)| body.clone()).collect()
    }

    /// The last answer to a request for a path that ends so.
    pub(crate) fn answered_like(&self, end: &str) -> serde_json::Value {
        let answered = self.answered.lock().unwrap();
        let last = answered.iter().rev().find(|(known, _)| known.ends_with(end));
        serde_json::from_slice(&last.unwrap_or_else(|| panic!("nothing was asked of {end}")).1).unwrap()
    }

    /// Does this when the next request leaves.
    pub(crate) fn at_next_request(&self, what: impl FnOnce() + Send + 'static) {
        *self.at_next.lock().unwrap() = Some(Box::new(what));
    }

    pub(crate) fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }
}

impl Wire {
    /// Remembers a request, and turns it to the sandbox.
    fn turned(&self, mut request: OutboundRequest) -> OutboundRequest {
        let to_files = self.files.as_ref() == Some(&Origin::of(&request.url));
        let host = request.url.host_str().unwrap().to_owned();
        assert!(
            to_files || VENDOR.contains(&host.as_str()) && request.url.scheme() == "https",
            "{} was called",
            request.url
        );
        let header = |name| {
            request.headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned())
        };
        self.seen.lock().unwrap().push(Seen {
            method: request.method.to_string(),
            url: request.url.clone(),
            authorization: header("authorization"),
            content_type: header("content-type"),
            headers: request.headers.clone(),
            body: request.body.bytes().to_vec(),
        });
        let what = self.at_next.lock().unwrap().take();
        if let Some(what) = what {
            what();
        }
        self.canaries.learn(request.body.bytes());
        if to_files {
            return request;
        }
        request.url.set_scheme("http").unwrap();
        request.url.set_host(self.sandbox.host_str()).unwrap();
        request.url.set_port(self.sandbox.port()).unwrap();
        request.reach = Reach::Listed;
        request
    }
}

impl Transport for Wire {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let path = request.url.path().to_owned();
        let response = self.inner.round_trip(self.turned(request))?;
        self.canaries.learn(&response.body);
        self.answered.lock().unwrap().push((path, response.body.clone()));
        Ok(response)
    }

    fn open(&self, request: OutboundRequest) -> Result<StreamedResponse, TransportError> {
        self.inner.open(self.turned(request))
    }
}

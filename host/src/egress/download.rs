//! Answers that end in a file: streamed, bounded, and wherever the vendor keeps them.

use std::io::Write;
use std::time::Instant;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};

use super::echo::{self, Echo, Stopped};
use super::transport::StreamedResponse;
use super::{
    Body, Credential, Egress, ExchangeLimits, Method, Origin, Request, Response, Route, TransportErrorKind,
    encoding, headers, outbound, redirect, timed_out,
};
use crate::failure::{Failure, FailureKind, Result};
use crate::secret::Secrets;

/// Where a body goes, and how much of it.
pub struct Download<'a> {
    /// Takes the body of a success. What it took is worth nothing unless that came to its end.
    pub into: &'a mut dyn Write,
    /// The most bytes, after decompression.
    pub limit: u64,
    /// Whether a redirect to this path below the audience may take the credential along, as a request to it might.
    pub may_follow: &'a dyn Fn(&str) -> bool,
}

/// The headers that are told of an answer from elsewhere.
const FROM_ELSEWHERE: [http::HeaderName; 3] = [CONTENT_TYPE, CONTENT_LENGTH, RETRY_AFTER];

impl Egress {
    /// Sends a request that reads, and writes the body of a success into `download`; the response has none then. At
    /// most five redirects are followed, as `redirect.rs` says.
    ///
    /// # Errors
    /// What [`Egress::send`] gives; `Denied` (another method than GET, a redirect to where nothing may be sent, an
    /// answer that holds a credential), `LimitExceeded`, `InvalidInput` (it cannot be written). Whatever was written is
    /// to be thrown away then.
    pub fn download(
        &self,
        route: &Route,
        request: &Request,
        credential: Option<&Credential>,
        secrets: &Secrets,
        limits: ExchangeLimits,
        download: &mut Download<'_>,
    ) -> Result<Response> {
        if request.method.as_str() != Method::GET {
            return Err(Failure::new(
                FailureKind::Denied,
                "method-refused",
                "A file is downloaded by GET and no other method.",
            ));
        }
        let echo = Echo::of(credential, secrets)?;
        let end = Instant::now() + limits.timeout;
        let mut step = Step { route: route.clone(), is_within: true };
        for _ in 0..=redirect::MOST {
            let timeout = end.saturating_duration_since(Instant::now());
            if timeout.is_zero() {
                return Err(timed_out());
            }
            let answer =
                self.fetch(&step, request, credential, ExchangeLimits { timeout, ..limits }, download)?;
            encoding::check(&answer.headers, &step.origin(), false)?;
            echo.refuse(answer.status, &answer.headers, &[], false)?;
            let Some(location) = location(&answer) else {
                return step.end(answer, &echo, limits, download);
            };
            step = self.follow(&step, location?, download)?;
        }
        Err(redirect::too_many(&Origin::of(step.route.url())))
    }

    fn fetch(
        &self,
        step: &Step,
        request: &Request,
        credential: Option<&Credential>,
        limits: ExchangeLimits,
        download: &Download<'_>,
    ) -> Result<StreamedResponse> {
        let headers = redirect::headers_for(step.is_within, &request.headers);
        let body = if step.is_within { request.body.clone() } else { Body::None };
        let request = Request { headers, body, ..request.clone() };
        let mut outbound = outbound(&step.route, &request, credential.filter(|_| step.is_within), limits)?;
        outbound.max_response_bytes = download.limit.max(limits.max_response_bytes);
        self.transport.open(outbound).map_err(|error| self.failed(error, &step.origin(), false))
    }

    /// The next step, where the policy allows it.
    fn follow(&self, step: &Step, location: &str, download: &Download<'_>) -> Result<Step> {
        let current = &step.route;
        let url = redirect::redirect_target(current.url(), location)?;
        let is_within = step.is_within
            && redirect::below(current.url(), &current.prefix, &url).is_some_and(download.may_follow);
        let reach = if is_within {
            current.reach
        } else {
            self.policy.check_url(&url, current.profile.as_deref(), "target of a redirect")?
        };
        Ok(Step { route: Route { url, reach, ..current.clone() }, is_within })
    }
}

/// Where the target stands, if the answer is a redirect that leads to one (RFC 9110 section 15.4).
fn location(answer: &StreamedResponse) -> Option<Result<&str>> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers.get(LOCATION)?;
    Some(std::str::from_utf8(location.as_bytes()).map_err(|_| {
        Failure::new(FailureKind::Denied, "redirect-refused", "A redirect leads to what is no text.")
    }))
}

/// One request on the way to the file.
struct Step {
    route: Route,
    /// Whether no step before it led out of the audience.
    is_within: bool,
}

impl Step {
    fn origin(&self) -> Origin {
        Origin::of(self.route.url())
    }

    /// Takes the answer that is no redirect.
    fn end(
        &self,
        mut answer: StreamedResponse,
        echo: &Echo<'_>,
        limits: ExchangeLimits,
        download: &mut Download<'_>,
    ) -> Result<Response> {
        let is_success = (200..=299).contains(&answer.status);
        let mut body = Vec::new();
        let passed = if is_success {
            echo.pass(&mut answer.body, download.into, download.limit)
        } else {
            echo.pass(&mut answer.body, &mut body, limits.max_response_bytes)
        };
        let limit = match is_success {
            true => ("file-bytes", download.limit),
            false => ("response-bytes", limits.max_response_bytes),
        };
        passed.map_err(|stopped| self.failure(stopped, answer.status, limit))?;
        if self.is_within {
            if (300..=399).contains(&answer.status) {
                answer.headers.remove(LOCATION);
                body.clear();
            }
            let headers = headers::for_guest(&answer.headers);
            return Ok(Response { status: answer.status, headers, body });
        }
        if (400..=499).contains(&answer.status) && answer.status != 429 {
            // Not the vendor's word about the connection, and not to be taken for it.
            return Err(Failure::new(
                FailureKind::Upstream,
                "file-store-refused",
                format!("{}, where the vendor leads to for the file, refused to give it.", self.origin()),
            )
            .hint("Try again: the address that the vendor gives is good for a short time.")
            .status(answer.status));
        }
        // What a store of files says of itself names addresses that open them.
        let told: HeaderMap = FROM_ELSEWHERE
            .into_iter()
            .filter_map(|name| Some((name.clone(), answer.headers.get(&name)?.clone())))
            .collect();
        Ok(Response { status: answer.status, headers: headers::for_guest(&told), body: Vec::new() })
    }

    fn failure(&self, stopped: Stopped, status: u16, (limit, most): (&str, u64)) -> Failure {
        let origin = self.origin();
        match stopped {
            Stopped::Echo => echo::refusal(status, false),
            Stopped::TooLarge => Failure::new(
                FailureKind::LimitExceeded,
                format!("{limit}-exceeded"),
                format!(
                    "The answer of {origin} is larger than the call may take: the limit {limit} is {most}."
                ),
            )
            .hint(format!("Ask for less, or raise the limit {limit}.")),
            Stopped::Unread(error) => match echo::transport_error(error) {
                Some(error) => error.into_failure(false),
                None => super::TransportError::new(
                    TransportErrorKind::Broken,
                    true,
                    format!("The connection to {origin} broke before the answer was whole."),
                )
                .into_failure(false),
            },
            Stopped::Unwritten(error) => error.downcast::<Failure>().unwrap_or_else(|error| {
                Failure::new(
                    FailureKind::InvalidInput,
                    "file-unwritable",
                    format!("The file cannot be written: {error}."),
                )
                .hint("Check that the disk has room, and that the folder may be written.")
            }),
        }
    }
}

impl std::fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("limit", &self.limit).finish_non_exhaustive()
    }
}

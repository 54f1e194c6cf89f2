//! What a guest can call: the host's side of the contract's imports.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::Resource;

use super::bindings::integration::action::{connections, http, log, oauth, progress, types};
use super::call::{Authority, Handle, Purpose, State};
use super::convert;
use super::file_imports::written_already;
use super::files::NewFileHandle;
use super::{AudienceFacts, CallContext, CallCost, Event, Site};
use crate::egress::{Credential, ExchangeLimits, Origin, Request, Response, Route, timed_out};
use crate::failure::{Failure, FailureKind, Result, plain_text};

/// The longest line of log or progress that is kept, in characters.
pub(super) const MAX_LOG_LINE: usize = 2_000;

impl State {
    /// Lets a host call begin, and whoever watches see it. While describing, every import traps.
    pub(super) fn enter(&mut self, function: &'static str) -> wasmtime::Result<()> {
        if self.purpose == Purpose::Describe {
            self.ended = Some(super::manifest::bad(&format!("cannot be had: describe called {function}")));
            return Err(wasmtime::format_err!("{function} is denied while describing"));
        }
        // Whoever calls has done with less than it asked for.
        self.meter.exceeded = None;
        self.raise(Event::HostCall { function });
        Ok(())
    }

    pub(super) fn context(&self) -> wasmtime::Result<CallContext> {
        self.context.clone().ok_or_else(|| wasmtime::format_err!("the call has no context"))
    }

    fn authority(&self, handle: &Resource<Handle>) -> wasmtime::Result<Arc<dyn Authority>> {
        Ok(Arc::clone(&self.table.get(handle)?.0))
    }

    /// Checks, sends and reports one request.
    pub(super) fn exchange(
        &mut self,
        audience: &str,
        request: Request,
        connection: Option<Arc<dyn Authority>>,
    ) -> wasmtime::Result<Result<Response>> {
        let context = self.context()?;
        let (method, path) = (request.method.as_str().to_owned(), request.path.clone());
        let started = Instant::now();
        let result = self.try_exchange(&context, audience, request, connection);
        self.raise(Event::Request {
            audience: &self.told(audience, 64),
            method: &self.told(&method, 16),
            path: &self.told(&path, MAX_LOG_LINE),
            status: result.as_ref().ok().map(|response| response.status),
            duration: started.elapsed(),
        });
        Ok(result)
    }

    fn try_exchange(
        &mut self,
        context: &CallContext,
        audience: &str,
        request: Request,
        connection: Option<Arc<dyn Authority>>,
    ) -> Result<Response> {
        let AudienceFacts { audience, cost } = self.audience(audience)?;
        let audience = match &connection {
            Some(connection) => connection.audience(audience)?,
            None => audience,
        };
        if request.body.len() > self.limits.request_bytes {
            return Err(self
                .limits
                .exceeded("request-bytes", "The request's body is larger than a request may be"));
        }
        self.count_file(&request)?;
        let site = connection.as_ref().and_then(|connection| connection.facts().site);
        let profile =
            connection.as_ref().map(|connection| connection.profile().to_owned()).or(self.profile.clone());
        let route = context.egress.route(
            &audience,
            profile.as_deref(),
            site.as_ref().map(|site| site.id.as_str()),
            &request,
        )?;
        let paced = pace_of(&route, site.as_ref());
        // Only templates are repeated and paced: who authorizes is told of trouble at once.
        let is_paced = self.purpose == Purpose::Execute;
        let mut tries = 1;
        loop {
            if is_paced {
                context.pacer.admit(&paced, cost.as_ref(), self.time_left())?;
            }
            let result = self.send_renewing(context, &route, &request, connection.as_deref())?;
            if let Ok(response) = &result {
                let counts = cost.is_some() && request.method.is_safe();
                let objects = if counts { objects_in(&response.body) } else { 0 };
                self.count_points(cost.as_ref(), objects);
                context.pacer.settle(&paced, cost.as_ref(), objects, response);
            }
            let may_repeat = is_paced && self.requests < self.limits.requests;
            let is_safe = request.method.is_safe();
            if !may_repeat || !context.pacer.again(&paced, &result, is_safe, tries, self.time_left())? {
                return result;
            }
            tries += 1;
        }
    }

    /// Sends a request, and once more where the connection was renewed because of the answer.
    ///
    /// # Errors
    /// What keeps the connection's credential from being had; what came of the request itself is the value.
    fn send_renewing(
        &mut self,
        context: &CallContext,
        route: &Route,
        request: &Request,
        connection: Option<&dyn Authority>,
    ) -> Result<Result<Response>> {
        let credential = self.credential(connection)?;
        let result = self.send_once(context, route, request, credential.as_ref());
        let (Ok(response), Some(connection)) = (&result, connection) else { return Ok(result) };
        // What a renewal sent says nothing of the request that wanted it.
        if !connection.renewed_after(response, self.deadline()).map_err(|failure| failure.sent(false))? {
            return Ok(result);
        }
        let credential = self.credential(Some(connection))?;
        Ok(self.send_once(context, route, request, credential.as_ref()))
    }

    /// The credential that a connection has now.
    fn credential(&mut self, connection: Option<&dyn Authority>) -> Result<Option<Credential>> {
        let Some(connection) = connection else { return Ok(None) };
        let credential = connection.credential(self.deadline()).map_err(|failure| failure.sent(false))?;
        self.secrets.add(credential.secret());
        Ok(Some(credential))
    }

    /// What a request cost that read so many objects, as the manifest says.
    fn count_points(&mut self, cost: Option<&CallCost>, objects: u64) {
        let Some(cost) = cost else { return };
        let spent = u64::from(cost.request) + u64::from(cost.object) * objects;
        self.points = Some(self.points.unwrap_or_default() + spent);
    }

    /// Sends a request on its route.
    fn send_once(
        &mut self,
        context: &CallContext,
        route: &Route,
        request: &Request,
        credential: Option<&Credential>,
    ) -> Result<Response> {
        self.count_request()?;
        let mut limits =
            ExchangeLimits { timeout: self.time_left(), max_response_bytes: self.limits.response_bytes };
        let moves_file = self.target.is_some() || request.body.file_len() > 0;
        if limits.timeout.is_zero() {
            return Err(timed_out().hint(self.limits.time_hint(moves_file)));
        }
        if moves_file {
            limits.timeout += self.limits.transfer.saturating_sub(self.transferred);
        }
        let started = Instant::now();
        let result = match self.target.take() {
            Some(mut target) => {
                let result = self.fetch(context, route, request, credential, limits, &mut target);
                self.target = Some(target);
                result
            }
            None => context.egress.send(route, request, credential, &self.secrets, limits),
        };
        if moves_file {
            // What is over it counts as the call's own time.
            self.transferred = (self.transferred + started.elapsed()).min(self.limits.transfer);
        }
        let arrived = result.as_ref().map_or_else(|failure| failure.request_sent, |_| true);
        self.effect_sent |= arrived && !request.method.is_safe();
        result.map_err(|failure| match failure.code.as_ref() {
            "timed-out" | "call-timed-out" => failure.hint(self.limits.time_hint(moves_file)),
            _ => failure,
        })
    }

    pub(super) fn audience(&self, name: &str) -> Result<AudienceFacts> {
        let found = self.audiences.iter().find(|facts| facts.audience.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.audiences.iter().map(|facts| facts.audience.name.as_str()).collect();
            Failure::new(
                FailureKind::Denied,
                "unknown-audience",
                format!(
                    "The manifest has no audience \"{}\". It has: {}.",
                    self.told(name, 64),
                    known.join(", ")
                ),
            )
        })?;
        if found.audience.authorization_only && !matches!(self.purpose, Purpose::Authorize | Purpose::Refresh)
        {
            return Err(Failure::new(
                FailureKind::Denied,
                "authorization-only",
                format!("The audience \"{name}\" is for authorizing only."),
            ));
        }
        Ok(found.clone())
    }

    fn count_request(&mut self) -> Result<()> {
        if self.requests >= self.limits.requests {
            return Err(self.limits.exceeded("requests", "The call has sent as many requests as it may"));
        }
        self.requests += 1;
        Ok(())
    }

    /// A guest's text as it may leave the call, at most so long. Secrets are removed before it is cut: a part of one would
    /// not be found any more.
    pub(super) fn told(&self, text: &str, most: usize) -> String {
        plain_text(&self.secrets.remove_from_beginning(text, most.saturating_mul(4)), most)
    }

    /// The same of a line of log or progress, while the call has lines left.
    fn line(&mut self, text: &str) -> Option<String> {
        self.lines = self.lines.saturating_add(1);
        (self.lines <= self.limits.log_lines).then(|| self.told(text, MAX_LOG_LINE))
    }
}

/// Whose pauses a request keeps: those of its site at its origin.
fn pace_of(route: &Route, site: Option<&Site>) -> String {
    let origin = Origin::of(route.url());
    format!("{origin} {}", site.map(|site| site.id.as_str()).unwrap_or_default())
}

/// How many objects an answer holds: those of its list of results, or the one that it is.
fn objects_in(body: &[u8]) -> u64 {
    let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let results = answer.as_ref().and_then(|answer| answer.get("results")).and_then(|list| list.as_array());
    results.map_or(1, |results| results.len() as u64)
}

/// No code, or no refresh token, in this call.
fn no_tokens(function: &str) -> Failure {
    Failure::new(
        FailureKind::Denied,
        "no-token-request-here",
        format!("{function} is not allowed in this call."),
    )
}

impl types::Host for State {}

impl connections::Host for State {}

impl connections::HostConnection for State {
    fn facts(&mut self, handle: Resource<Handle>) -> wasmtime::Result<connections::Facts> {
        self.enter("connection.facts")?;
        let facts = self.taped_facts(self.authority(&handle)?.as_ref());
        self.raise(Event::HostCall { function: "connection.facts" });
        Ok(convert::facts_to_wit(facts))
    }

    fn drop(&mut self, handle: Resource<Handle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl http::Host for State {
    fn send(
        &mut self,
        request: http::Request,
        on_behalf_of: Option<Resource<Handle>>,
    ) -> wasmtime::Result<Result<http::Response, types::Failure>> {
        self.enter("http.send")?;
        let connection = on_behalf_of.map(|handle| self.authority(&handle)).transpose()?;
        let result = self.taped_send(request, connection)?;
        self.raise(Event::HostCall { function: "http.send" });
        Ok(result
            .map(convert::response_to_wit)
            .map_err(|failure| convert::failure_to_wit(failure.without(&self.secrets))))
    }

    fn download(
        &mut self,
        request: http::Request,
        on_behalf_of: Option<Resource<Handle>>,
        into: Resource<NewFileHandle>,
    ) -> wasmtime::Result<Result<http::Response, types::Failure>> {
        self.enter("http.download")?;
        let connection = on_behalf_of.map(|handle| self.authority(&handle)).transpose()?;
        let result = if self.table.get(&into)?.size.is_some() {
            Err(written_already())
        } else {
            self.taped_download(request, connection, &into)?
        };
        self.raise(Event::HostCall { function: "http.download" });
        Ok(result
            .map(convert::response_to_wit)
            .map_err(|failure| convert::failure_to_wit(failure.without(&self.secrets))))
    }
}

impl oauth::Host for State {
    fn exchange_code(&mut self) -> wasmtime::Result<Result<Resource<Handle>, types::Failure>> {
        self.enter("oauth.exchange-code")?;
        let deadline = self.deadline();
        let result = match self.context()?.tokens {
            Some(tokens) if self.purpose == Purpose::Authorize => tokens.exchange_code(deadline),
            _ => Err(no_tokens("oauth.exchange-code")),
        };
        self.raise(Event::HostCall { function: "oauth.exchange-code" });
        match result {
            Ok(authority) => {
                self.profile = Some(authority.profile().to_owned());
                Ok(Ok(self.table.push(Handle(authority))?))
            }
            Err(failure) => Ok(Err(convert::failure_to_wit(failure.without(&self.secrets)))),
        }
    }

    fn refresh_token(
        &mut self,
        handle: Resource<Handle>,
    ) -> wasmtime::Result<Result<connections::Facts, types::Failure>> {
        self.enter("oauth.refresh-token")?;
        let deadline = self.deadline();
        let connection = self.authority(&handle)?;
        let result = match self.context()?.tokens {
            Some(tokens) if self.purpose == Purpose::Refresh => {
                tokens.refresh_token(connection.as_ref(), deadline)
            }
            _ => Err(no_tokens("oauth.refresh-token")),
        };
        self.raise(Event::HostCall { function: "oauth.refresh-token" });
        Ok(result
            .map(convert::facts_to_wit)
            .map_err(|failure| convert::failure_to_wit(failure.without(&self.secrets))))
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.enter("log.write")?;
        if let Some(message) = self.line(&message) {
            self.raise(Event::Log { level: convert::level_from_wit(&level), message: &message });
        }
        Ok(())
    }
}

impl progress::Host for State {
    fn report(&mut self, done: u64, total: Option<u64>, message: String) -> wasmtime::Result<()> {
        self.enter("progress.report")?;
        if let Some(message) = self.line(&message) {
            self.raise(Event::Progress { done, total, message: &message });
        }
        Ok(())
    }
}

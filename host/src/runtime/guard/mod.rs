//! What a template may send, and what of the workspace's content it may reach.
//!
//! It guards the wire against a plugin that does other than it said. Two things are enforced while a template runs, at
//! the one place that every request passes on its way out:
//!
//! - a request fits one of the rules that the manifest gives this template, in audience, method and path;
//! - where the workspace's policy restricts containers, everything that the request concerns is in containers that the
//!   policy allows, for reading or for changing by the method alone. What cannot be decided is denied.
//!
//! | file | subject |
//! |---|---|
//! | `rules.rs` | what a manifest says of requests, items and containers |
//! | `path.rs` | patterns of paths |
//! | `pointer.rs` | places in JSON, and JSON that can be read in one way only |
//! | `access.rs` | the policy for containers |
//! | `judge.rs` | the decision |
//! | `learned.rs` | what is remembered from run to run |

mod access;
mod judge;
mod learned;
mod path;
mod pointer;
mod rules;

use std::sync::Arc;

use serde_json::Value;

pub use access::{Access, ContainerName, ContainerPolicy};
pub(in crate::runtime) use learned::{LearnedKeys, Remembered};
pub use path::PathPattern;
pub use pointer::Pointer;
pub use rules::{Condition, Containers, ItemKind, Lookup, Naming, Place, Reference, RequestRule, Subject};

use self::judge::{Answered, Ask, Asked, Judge, Known, Left, Refusal};
use super::call::{Authority, Purpose, State};
use super::files::Target;
use super::{Event, Manifest, Template};
use crate::egress::{self, Body, Method, Request, Response};
use crate::failure::{Failure, FailureKind, Result, plain_text};

/// The headers of an answer out of which elements were taken: others may tell of what was in it.
const HEADERS_KEPT: [&str; 3] = ["content-type", "link", "retry-after"];

/// What guards the requests of one run of a template.
pub(super) struct Guard {
    manifest: Arc<Manifest>,
    template: String,
    policy: Arc<ContainerPolicy>,
    known: Known,
}

/// A request that may be sent, and what it left to its answer.
#[must_use = "what was left to the answer has to be judged by it"]
struct Pass(Option<(RequestRule, Left)>);

impl Guard {
    pub(super) fn new(
        manifest: Arc<Manifest>,
        template: &str,
        policy: Arc<ContainerPolicy>,
        remembered: Remembered,
    ) -> Self {
        Self { manifest, template: template.to_owned(), policy, known: Known::with(remembered) }
    }

    /// The rule that a request fits, and the containers that have to be judged by it.
    fn rule(
        &self,
        audience: &str,
        method: &Method,
        path: &[String],
    ) -> Option<(&RequestRule, Option<&Containers>)> {
        let rule = self.template().and_then(|template| template.rule(audience, method, path))?;
        let judged = self.policy.restricts() && rule.subjects.is_some();
        Some((rule, self.manifest.container.as_ref().filter(|_| judged)))
    }

    fn template(&self) -> Option<&Template> {
        self.manifest.template(&self.template)
    }

    /// Whether a download may go on at this path with the credential: a request that the template declares, and that
    /// nothing has to be asked of.
    pub(super) fn may_follow(&self, audience: &str, path: &str) -> bool {
        let path = egress::decoded_segments(audience, path);
        let rule = path.ok().and_then(|path| self.rule(audience, &Method::new(Method::GET), &path));
        matches!(rule, Some((_, None)))
    }

    /// `told` gives a text of the guest as it may be told.
    fn not_declared(
        &self,
        audience: &str,
        method: &Method,
        path: &[String],
        told: impl Fn(&str, usize) -> String,
    ) -> Failure {
        let template = self.template();
        let rules = template.map(|template| template.requests.as_slice()).unwrap_or_default();
        let declared: Vec<String> = rules
            .iter()
            .filter(|rule| rule.audience == audience)
            .map(|rule| format!("{} {}", rule.method.as_str(), rule.path))
            .collect();
        Failure::new(
            FailureKind::Denied,
            "request-not-declared",
            format!(
                "The template {} may not send {} /{} to the audience \"{}\": its manifest does not say so.",
                self.template,
                told(method.as_str(), 16),
                told(&path.join("/"), 300),
                told(audience, 64)
            ),
        )
        .hint(match declared.as_slice() {
            [] => "It says nothing of this audience.".to_owned(),
            declared => format!("There it may send: {}.", declared.join(", ")),
        })
    }

    /// A refusal, as the caller is told it.
    fn refused(&self, refusal: Refusal, rule: &RequestRule) -> Failure {
        let integration = &self.manifest.id;
        let name =
            self.manifest.container.as_ref().map_or("container", |containers| containers.name.as_str());
        let request = format!("{} {}", rule.method.as_str(), rule.path);
        let denied = |code: &'static str, message: String| Failure::new(FailureKind::Denied, code, message);
        match refusal {
            Refusal::Policy { container, access, named } => {
                let label = plain_text(&container.label(), 300);
                let which = if named { String::new() } else { format!(", as every {name} that it does not name") };
                let (code, what) = match access {
                    Access::ReadOnly => ("container-read-only", "read only"),
                    _ => ("container-denied", "denied"),
                };
                denied(
                    code,
                    format!(
                        "The policy of this workspace has the {name} {label} {what}{which}. The template {} may not send {request} for it.",
                        self.template
                    ),
                )
                .hint(format!("To allow it: actionbay integrations policy {integration} --container {label}=allow"))
            }
            Refusal::Undecided(why) => denied(
                "container-undecided",
                format!("It cannot be decided which {name} {request} of the template {} concerns: {why}.", self.template),
            )
            .hint(format!(
                "While the policy restricts any {name}, what cannot be decided is denied. To allow all: actionbay integrations policy {integration} --clear"
            )),
        }
    }
}

impl State {
    /// Sends a request of the guest, if it may be sent, and gives what it may have of the answer.
    pub(super) fn guarded(
        &mut self,
        audience: &str,
        request: Request,
        connection: Option<Arc<dyn Authority>>,
    ) -> wasmtime::Result<Result<Response>> {
        let pass = match self.admit(audience, &request, connection.clone(), true) {
            Ok(pass) => pass,
            Err(failure) => return Ok(Err(failure)),
        };
        match self.exchange(audience, request, connection.clone())? {
            Ok(response) => Ok(self.give(pass, response, connection)),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// The same for a request whose answer ends in a file. It is not looked into, so that the request alone decides.
    pub(super) fn guarded_download(
        &mut self,
        audience: &str,
        request: Request,
        connection: Option<Arc<dyn Authority>>,
        target: Target,
    ) -> wasmtime::Result<Result<Response>> {
        if let Err(failure) = self.admit(audience, &request, connection.clone(), false) {
            return Ok(Err(failure));
        }
        // Only from here on: what was looked up in between is no part of the file.
        self.target = Some(target);
        self.exchange(audience, request, connection)
    }

    /// Whether a request of the guest may be sent. Every way out for a guest begins here.
    ///
    /// # Errors
    /// `Denied`.
    fn admit(
        &mut self,
        audience: &str,
        request: &Request,
        connection: Option<Arc<dyn Authority>>,
        answer_is_read: bool,
    ) -> Result<Pass> {
        if self.purpose != Purpose::Execute {
            return self.admit_authorizing(audience, &request.method).map(|()| Pass(None));
        }
        let mut guard =
            self.guard.take().ok_or_else(|| Failure::internal("A template runs without its rules."))?;
        let mut known = std::mem::take(&mut guard.known);
        let admitted = self.admit_by(&guard, &mut known, audience, request, connection, answer_is_read);
        guard.known = known;
        self.guard = Some(guard);
        admitted.inspect_err(|failure| self.raise_denial(failure))
    }

    /// While authorizing and refreshing no template's rules say what may be sent: what is for that alone may be read.
    fn admit_authorizing(&self, audience: &str, method: &Method) -> Result<()> {
        let facts = self.audience(audience)?;
        if facts.audience.authorization_only && method.is_safe() {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Denied,
            "not-while-authorizing",
            format!(
                "{} to the audience \"{}\" may not be sent while authorizing.",
                self.told(method.as_str(), 16),
                self.told(audience, 64)
            ),
        )
        .hint("There a plugin may read what its manifest marks as authorization-only."))
    }

    fn admit_by(
        &mut self,
        guard: &Guard,
        known: &mut Known,
        audience: &str,
        request: &Request,
        connection: Option<Arc<dyn Authority>>,
        answer_is_read: bool,
    ) -> Result<Pass> {
        let Request { method, path, query, body, .. } = request;
        self.audience(audience)?;
        method.to_http()?;
        let path = egress::decoded_segments(audience, path)?;
        let (rule, judged) = guard
            .rule(audience, method, &path)
            .ok_or_else(|| guard.not_declared(audience, method, &path, |text, most| self.told(text, most)))?;
        let Some(containers) = judged else { return Ok(Pass(None)) };
        let asked = Asked { method, path: &path, query, body: body.into(), answer_is_read };
        let mut ask = Vendor { state: self, connection };
        let left = Judge { containers, policy: &guard.policy, known, ask: &mut ask }.request(rule, &asked);
        let left = left.map_err(|refusal| guard.refused(refusal, rule))?;
        let waits = rule.reads_answer() && answer_is_read;
        Ok(Pass(waits.then(|| (rule.clone(), left))))
    }

    /// What the guest may have of an answer.
    ///
    /// # Errors
    /// `Denied`.
    fn give(
        &mut self,
        pass: Pass,
        mut response: Response,
        connection: Option<Arc<dyn Authority>>,
    ) -> Result<Response> {
        let Pass(Some((rule, left))) = pass else { return Ok(response) };
        // An error says nothing of content.
        if response.status >= 400 {
            return Ok(response);
        }
        let mut guard =
            self.guard.take().ok_or_else(|| Failure::internal("A template runs without its rules."))?;
        let manifest = Arc::clone(&guard.manifest);
        let judged = match (&manifest.container, serde_json::from_slice::<Value>(&response.body)) {
            (Some(containers), Ok(answer)) => {
                let policy = Arc::clone(&guard.policy);
                let mut ask = Vendor { state: &mut *self, connection };
                Judge { containers, policy: &policy, known: &mut guard.known, ask: &mut ask }
                    .answer(&rule, left, answer)
            }
            _ => Err(Refusal::Undecided("the answer is no JSON".to_owned())),
        };
        let judged = judged.map_err(|refusal| guard.refused(refusal, &rule));
        self.guard = Some(guard);
        let given = judged.inspect_err(|failure| self.raise_denial(failure))?;
        if rule
            .subjects()
            .iter()
            .any(|subject| matches!(&subject.place, Place::Answer(pointer) if pointer.stars() > 0))
        {
            response.headers.retain(|(name, _)| HEADERS_KEPT.contains(&name.as_str()));
            response.body = given.to_string().into_bytes();
        }
        Ok(response)
    }

    fn raise_denial(&self, failure: &Failure) {
        self.raise(Event::Denied {
            code: &failure.code,
            message: &self.told(&failure.message, super::imports::MAX_LOG_LINE),
        });
    }
}

/// Lookups on behalf of the connection of the request that is judged.
struct Vendor<'s> {
    state: &'s mut State,
    connection: Option<Arc<dyn Authority>>,
}

impl Ask for Vendor<'_> {
    fn ask(&mut self, audience: &str, path: String, query: Vec<(String, String)>) -> Answered {
        let request =
            Request { method: Method::new(Method::GET), path, query, headers: Vec::new(), body: Body::None };
        match self.state.exchange(audience, request, self.connection.clone()) {
            Ok(Ok(response)) if response.status == 200 => serde_json::from_slice(&response.body)
                .map_or_else(|_| Answered::Nothing("the answer is no JSON".to_owned()), Answered::Json),
            Ok(Ok(response)) if response.status == 404 => Answered::NotThere,
            Ok(Ok(response)) => Answered::Nothing(format!("the answer had the status {}", response.status)),
            Ok(Err(failure)) => Answered::Nothing(plain_text(failure.message.trim_end_matches('.'), 300)),
            Err(_) => Answered::Nothing("the call has no way out".to_owned()),
        }
    }
}

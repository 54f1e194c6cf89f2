//! What a component's functions do while everything is denied: no request leaves, no credential is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Report, sample};
use crate::clock::SystemClock;
use crate::egress::{Credential, DenyTransport, Egress, OperatorPolicy, Response};
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{
    Authority, AuthorizationOutcome, AuthorizationStep, CallContext, CallReport, ConnectionFacts, Effect,
    Pacer, Plugin, Site, Template,
};

/// How long one denied call may take: there is nothing to wait for.
const LONGEST: Duration = Duration::from_secs(5);

/// A connection that has no credential.
struct Nobody {
    scopes: Vec<String>,
}

impl Authority for Nobody {
    fn facts(&self) -> ConnectionFacts {
        ConnectionFacts {
            id: "conformance".to_owned(),
            scopes: self.scopes.clone(),
            expires_at: None,
            refreshable: false,
            site: Some(Site {
                id: "sample-site".to_owned(),
                name: "Sample".to_owned(),
                url: "https://sample.example".to_owned(),
            }),
            attributes: Vec::new(),
        }
    }

    fn profile(&self) -> &str {
        "conformance"
    }

    fn credential(&self, _: Instant) -> Result<Credential> {
        Err(denied())
    }

    fn renewed_after(&self, _: &Response, _: Instant) -> Result<bool> {
        Ok(false)
    }
}

fn denied() -> Failure {
    Failure::new(FailureKind::Denied, "conformance", "Everything is denied during this check.")
}

pub(super) fn check(plugin: &Plugin, report: &mut Report) {
    authorizes(plugin, report);
    refreshes(plugin, report);
    let found = report.findings.len();
    for template in &plugin.manifest().templates {
        runs(plugin, template, report);
    }
    if report.findings.len() == found {
        report.passed("templates", "Each fails in order while everything is denied, and the same way twice.");
    }
}

fn context() -> CallContext {
    let egress = Egress::new(Arc::new(DenyTransport), OperatorPolicy::default());
    let mut context = CallContext::new(egress, Pacer::new(Arc::new(SystemClock)));
    context.limits = context.limits.wall_clock(LONGEST);
    context
}

fn nobody(plugin: &Plugin) -> Arc<dyn Authority> {
    let mut scopes: Vec<String> =
        plugin.manifest().templates.iter().flat_map(|template| template.scopes.clone()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    Arc::new(Nobody { scopes })
}

fn authorizes(plugin: &Plugin, report: &mut Report) {
    let Some(oauth2) = plugin.manifest().oauth2() else { return };
    let begin = AuthorizationStep::Begin { scopes: oauth2.default_scopes.clone() };
    match plugin.authorize(context(), "conformance", begin).0 {
        Ok(AuthorizationOutcome::Redirect(_)) => {
            report.passed("authorize", "Its first step sends the person to the consent page.");
        }
        Ok(_) => report.failed(
            "authorize",
            "Its first step did not send the person to the consent page.",
            "Answer `begin` with `redirect`.",
        ),
        Err(failure) => report.failed(
            "authorize",
            format!("Its first step failed: {}", failure.message),
            "Answer `begin` with `redirect`, without sending anything.",
        ),
    }
    let callback = AuthorizationStep::Callback { parameters: Vec::new() };
    match plugin.authorize(context(), "conformance", callback).0 {
        Err(failure) if is_orderly(&failure) => {
            report.passed("authorize", "A refused exchange comes back as a failure.");
        }
        Err(failure) => crashed(report, "authorize", "`callback`", &failure),
        Ok(_) => report.failed(
            "authorize",
            "It said that a connection is ready although no code could be exchanged.",
            "Give the failure of `oauth.exchange-code` back.",
        ),
    }
}

fn refreshes(plugin: &Plugin, report: &mut Report) {
    if plugin.manifest().oauth2().is_none() {
        return;
    }
    match plugin.refresh(context(), nobody(plugin)).0 {
        Err(failure) if is_orderly(&failure) => {
            report.passed("refresh", "A refused renewal comes back as a failure.");
        }
        Err(failure) => crashed(report, "refresh", "`refresh`", &failure),
        Ok(()) => report.failed(
            "refresh",
            "It said that a connection was renewed although it was not.",
            "Give the failure of `oauth.refresh-token` back.",
        ),
    }
}

fn runs(plugin: &Plugin, template: &Template, report: &mut Report) {
    let Some(input) = sample::input(&template.input) else {
        report.advice(
            "templates",
            format!("{} was not run: no example fits its input schema.", template.id),
            "Give required properties `examples` that fit.",
        );
        return;
    };
    let (first, took) = run(plugin, template, &input);
    match &first {
        Ok(_) if took.requests == 0 && template.effect != Effect::Read => report.advice(
            "templates",
            format!("{} says it is done, and sent nothing.", template.id),
            "Where the input asks for nothing, say so in the output.",
        ),
        Ok(_) => {}
        Err(failure) if is_orderly(failure) && !failure.request_sent => {}
        Err(failure) if is_orderly(failure) => report.failed(
            "templates",
            format!("{} says that a request left, and none did.", template.id),
            "Take `request-sent` from the failure of `http.send`.",
        ),
        Err(failure) => crashed(report, "templates", &format!("`{}`", template.id), failure),
    }
    let (second, _) = run(plugin, template, &input);
    if told(&first) != told(&second) {
        report.failed(
            "determinism",
            format!("{} ended otherwise the second time, with the same input.", template.id),
            "Let what it does depend on its input and on answers alone.",
        );
    }
}

fn run(plugin: &Plugin, template: &Template, input: &Value) -> (Result<Value>, CallReport) {
    plugin.execute(context(), template.id.as_str(), input, nobody(plugin))
}

/// What came of a run, to be compared.
fn told(result: &Result<Value>) -> Value {
    match result {
        Ok(output) => output.clone(),
        Err(failure) => json!([failure.code, failure.message]),
    }
}

/// Whether the component itself answered, and within its limits.
fn is_orderly(failure: &Failure) -> bool {
    !matches!(failure.code.as_ref(), "plugin-crashed" | "call-timed-out" | "invalid-output")
        && failure.kind != FailureKind::LimitExceeded
}

fn crashed(report: &mut Report, check: &'static str, what: &str, failure: &Failure) {
    report.failed(
        check,
        format!("{what} did not end in order: {}", failure.message),
        "Give a failure back; do not trap, loop, or use more than the limits.",
    );
}

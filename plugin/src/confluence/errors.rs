//! From an answer that is not a success to one failure that says what happened and what to do.
//!
//! Confluence and the gateway before it answer errors in four shapes:
//!
//! | from | shape |
//! |---|---|
//! | REST v2 | `{"errors":[{"status":409,"code":"CONFLICT","title":"…","detail":null}]}`, `status` also as text |
//! | what is left of v1 | `{"statusCode":410,"data":{"errors":[{"message":{"translation":"…"}}]},"message":"…"}` |
//! | gateway | `{"code":401,"message":"Unauthorized; scope does not match"}` |
//! | gateway, unknown path | `{"timestamp":…,"status":404,"error":"Not Found","message":…}` |
//!
//! A proxy on the way answers with HTML, or with nothing. So the kind of a failure comes from the HTTP status
//! alone, and the body only adds words; it is never needed, and no shape of it can make this fail.

use serde_json::Value;

use super::scopes::{self, Need};
use crate::platform::{Failure, FailureKind, Response, shortened};

/// How much of the vendor's own words is quoted, in characters.
const LONGEST_QUOTE: usize = 500;
/// How many of the vendor's errors are quoted where it lists several.
const MOST_QUOTED: usize = 3;

/// What was attempted, in the words of its failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    /// What the request was about, such as `page 131073`.
    pub(crate) subject: &'a str,
    /// The code of the failure where the subject is not there.
    pub(crate) not_found: &'static str,
    /// Whether it would have changed something.
    pub(crate) writes: bool,
    /// Whether it was to go on at a cursor.
    pub(crate) at_cursor: bool,
    /// The template that acts.
    pub(crate) need: Option<Need>,
    /// The scopes of the connection.
    pub(crate) granted: &'a [String],
}

/// The failure that an answer stands for.
pub(crate) fn failure(response: &Response, attempt: &Attempt<'_>) -> Failure {
    let said = said(&response.body);
    let failure = match response.status {
        400 => rejected(said.as_deref(), attempt),
        401 if scopes::is_mismatch(response) => scopes::lacking(attempt.need, attempt.granted),
        401 => Failure::new(
            FailureKind::AuthorizationRequired,
            "not-authorized",
            with_quote("Atlassian does not accept the connection's access token.", said.as_deref()),
        )
        .hint("Authorize again."),
        403 => Failure::new(
            FailureKind::NotFound,
            "not-permitted",
            with_quote(&format!("This account is not permitted: {}.", attempt.subject), said.as_deref()),
        )
        .hint("Ask an admin of the space for the permission. Under load Confluence also says this for a minute."),
        404 => not_found(said.as_deref(), attempt),
        409 => conflict(said.as_deref(), attempt),
        410 => Failure::new(
            FailureKind::Gone,
            "endpoint-removed",
            with_quote("Atlassian removed this function of its API.", said.as_deref()),
        )
        .hint("A repeat cannot help: the plugin needs an update."),
        413 => too_large(said.as_deref()),
        429 => rate_limited(response),
        status @ 500..=599 => Failure::new(
            FailureKind::Upstream,
            "server-error",
            with_quote(&format!("Confluence answered with an error of its own, {status}."), said.as_deref()),
        ),
        status => Failure::new(
            FailureKind::Upstream,
            "unexpected-status",
            with_quote(&format!("Confluence answered {status}, which makes no sense here."), said.as_deref()),
        ),
    };
    let retry_after = matches!(response.status, 429 | 503).then(|| retry_after(response)).flatten();
    Failure { retry_after, ..answered(failure, response, attempt.writes) }
}

/// The failure of a success that cannot be read.
pub(crate) fn unreadable(response: &Response, subject: &str, writes: bool, lacks: &str) -> Failure {
    let failure = Failure::new(
        FailureKind::Upstream,
        "unreadable-answer",
        format!("Confluence's answer about {subject} cannot be read: {lacks}."),
    );
    answered(failure, response, writes)
}

/// The failure of a request that creates, of which no answer arrived that can be read: it may have been carried out.
/// `check` is a sentence that says where to look.
pub(crate) fn unknown_outcome(failure: Failure, check: &str) -> Failure {
    let message = format!(
        "Whether Confluence did it is not known, since no answer arrived that can be read. {}",
        shortened(failure.message.clone(), LONGEST_QUOTE)
    );
    let told = Failure::new(failure.kind.clone(), "unknown-outcome", message)
        .hint(format!("{check} Run it again only if it was not done: a repeat would do it twice."));
    Failure { message: told.message, hint: told.hint, code: told.code, request_sent: true, ..failure }
}

/// The failure, with what is known of the answer it comes from.
pub(crate) fn answered(failure: Failure, response: &Response, writes: bool) -> Failure {
    let request_id = response.header("atl-request-id").or_else(|| response.header("atl-traceid"));
    Failure {
        request_sent: writes,
        upstream_status: Some(response.status),
        upstream_request_id: request_id.map(|id| shortened(clean(id), 128)).filter(|id| !id.is_empty()),
        ..failure
    }
}

fn rejected(said: Option<&str>, attempt: &Attempt<'_>) -> Failure {
    if said.is_some_and(is_about_a_duplicate_title) {
        return title_exists(said);
    }
    if attempt.at_cursor && said.is_some_and(is_about_a_cursor) {
        let sentence = with_quote("Confluence does not know this cursor.", said);
        return Failure::invalid_input("invalid-cursor", sentence).hint("Leave `cursor` out to begin anew.");
    }
    if said.is_some_and(|said| said.contains("Error parsing xhtml")) {
        return Failure::new(
            FailureKind::Upstream,
            "body-rejected",
            with_quote("Confluence cannot read the body as storage format.", said),
        )
        .hint("The position in brackets is row and column in the body. Every tag has to be closed.");
    }
    Failure::new(
        FailureKind::Upstream,
        "request-rejected",
        with_quote(&format!("Confluence rejects the request about {}.", attempt.subject), said),
    )
}

fn not_found(said: Option<&str>, attempt: &Attempt<'_>) -> Failure {
    let subject = attempt.subject;
    // Atlassian answers a missing permission with 404 by design, so neither may be claimed.
    if attempt.writes {
        let sentence =
            format!("There is no {subject}, or this account has no permission to change anything there.");
        return Failure::new(FailureKind::NotFound, attempt.not_found, with_quote(&sentence, said))
            .hint("Ask an admin of the space whether this account has the permission for it.");
    }
    let sentence = format!("There is no {subject}, or this account has no permission to see it.");
    Failure::new(FailureKind::NotFound, attempt.not_found, sentence)
}

fn conflict(said: Option<&str>, attempt: &Attempt<'_>) -> Failure {
    if said.is_some_and(is_about_a_duplicate_title) {
        return title_exists(said);
    }
    let about_version = said.is_some_and(|said| said.contains("Version must be incremented"));
    let code = if about_version { "version-conflict" } else { "conflict" };
    let versions = said.and_then(|said| {
        Some((number_after(said, "Current Version: [")?, number_after(said, "Provided version: [")?))
    });
    let sentence = match versions {
        Some((current, provided)) => format!(
            "Somebody else changed the {} in between: it is at version {current}, and version {provided} was sent.",
            attempt.subject
        ),
        None => format!("Somebody else changed the {} in between.", attempt.subject),
    };
    Failure::new(FailureKind::Conflict, code, with_quote(&sentence, said))
        .hint("Read it again and decide anew: a blind repeat would overwrite the other change.")
}

fn number_after(said: &str, mark: &str) -> Option<u64> {
    let (_, rest) = said.split_once(mark)?;
    rest.split(']').next()?.trim().parse().ok()
}

fn title_exists(said: Option<&str>) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        "title-exists",
        with_quote("Content with this title already exists in the space.", said),
    )
    .hint("Choose another title. An archived page keeps its title reserved.")
}

fn is_about_a_duplicate_title(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    said.contains("title") && said.contains("already exists")
}

fn is_about_a_cursor(said: &str) -> bool {
    said.contains("cursor") && (said.contains("not valid") || said.contains("not the correct type"))
}

/// The failure of a body that Confluence does not take.
pub(crate) fn too_large(said: Option<&str>) -> Failure {
    Failure::new(
        FailureKind::TooLarge,
        "body-too-large",
        with_quote("The body is larger than the 5 MB that Confluence takes.", said),
    )
    .hint("Divide the content over several pages.")
}

fn rate_limited(response: &Response) -> Failure {
    let message = match retry_after(response) {
        Some(seconds) => format!("Confluence asks to slow down, for {seconds} seconds."),
        None => "Confluence asks to slow down, and does not say for how long.".to_owned(),
    };
    let failure = Failure::new(FailureKind::RateLimited, "rate-limited", message);
    match response.header("x-ratelimit-reset") {
        Some(reset) => failure.hint(format!("The budget is renewed at {}.", shortened(clean(reset), 64))),
        None => failure,
    }
}

/// How many seconds to wait: what `Retry-After` says, else the structured `RateLimit` header.
fn retry_after(response: &Response) -> Option<u32> {
    let plain = response.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    plain.or_else(|| response.header("ratelimit").and_then(reset_of_spent_budgets))
}

/// The longest `t` in `"name";r=0;t=1800, …` of a budget that is spent. `r` may be missing, and any part of it may
/// be something else.
fn reset_of_spent_budgets(header: &str) -> Option<u32> {
    let parameter = |budget: &str, name: &str| {
        budget.split(';').find_map(|part| {
            let (known, value) = part.split_once('=')?;
            (known.trim() == name).then(|| value.trim().parse::<u32>().ok())?
        })
    };
    header
        .split(',')
        .filter(|budget| parameter(budget, "r").is_none_or(|remaining| remaining == 0))
        .filter_map(|budget| parameter(budget, "t"))
        .max()
}

fn with_quote(sentence: &str, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("{sentence} Confluence says: {said}"),
        None => sentence.to_owned(),
    }
}

/// The vendor's own words, in whichever shape they came.
fn said(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let words = listed(body.get("errors"))
        .or_else(|| listed(body.get("data").and_then(|data| data.get("errors"))))
        .or_else(|| sentence(body.get("message")))
        .or_else(|| sentence(body.get("error_description")))
        .or_else(|| sentence(body.get("error")))?;
    Some(shortened(words, LONGEST_QUOTE))
}

fn listed(errors: Option<&Value>) -> Option<String> {
    let sentences: Vec<String> = errors?.as_array()?.iter().filter_map(one).take(MOST_QUOTED).collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

fn one(error: &Value) -> Option<String> {
    let message = error.get("message");
    let title = sentence(error.get("title"))
        .or_else(|| sentence(message.and_then(|message| message.get("translation"))))
        .or_else(|| sentence(message))
        .or_else(|| sentence(Some(error)));
    let detail = sentence(error.get("detail")).filter(|detail| Some(detail) != title.as_ref());
    match (title, detail) {
        (Some(title), Some(detail)) => Some(format!("{title} ({detail})")),
        (title, detail) => title.or(detail),
    }
}

fn sentence(value: Option<&Value>) -> Option<String> {
    let text = clean(without_java_class(value?.as_str()?));
    (!text.is_empty()).then_some(text)
}

/// v1 puts the name of an exception's class before its message.
fn without_java_class(text: &str) -> &str {
    match text.split_once(": ") {
        Some((class, message)) if is_java_class(class) => without_java_class(message),
        _ => text,
    }
}

fn is_java_class(text: &str) -> bool {
    text.contains('.')
        && !text.ends_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
}

/// On one line, without control characters.
fn clean(text: &str) -> String {
    let visible = text.replace(|character: char| character.is_control(), " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

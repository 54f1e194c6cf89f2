//! The automatic consent: the browser of a person who allows everything, or denies it.
//!
//! Every step goes over real HTTP: the consent page is fetched, its form is read and submitted as it stands,
//! and the redirect is followed by hand. It serves quick starts and tests against the sandbox and refuses every
//! address that is not loopback: no consent is ever given at a real authorization server.

use std::net::IpAddr;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use ureq::Agent;
use url::{Host, Url};

/// What the person does on the consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Presses *Allow access*.
    Allow,
    /// Presses *Deny*.
    Deny,
}

/// A consent that reached the callback.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The callback URL, with `code` and `state`, or with `error`, `error_description` and `state`. It carries
    /// a credential, so `Debug` leaves its query out.
    pub callback_url: String,
    /// The status of the callback's answer.
    pub status: u16,
}

impl std::fmt::Debug for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = self.callback_url.split('?').next().unwrap_or_default();
        f.debug_struct("Delivered").field("callback", &address).field("status", &self.status).finish()
    }
}

/// Why a consent did not come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsentError {
    /// The authorize URL is not an HTTP URL of this machine.
    #[error("the automatic consent works at a sandbox on a loopback address only")]
    NotASandbox,
    /// The authorization server shows an error page: an unknown client, a wrong `redirect_uri`, a scope that is
    /// not enabled, a missing parameter.
    #[error("the authorization server refused the request: {sentence}")]
    Refused {
        /// The sentence of the page.
        sentence: String,
        /// The status of the page.
        status: u16,
    },
    /// The page has no form with the button, or the answer to the form is no redirect.
    #[error("the consent page is not as expected: {0}")]
    UnexpectedPage(&'static str),
    /// A request failed.
    #[error("the request to {what} failed")]
    Http {
        /// What was asked.
        what: &'static str,
        /// The failure, boxed so that the transport may change.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Allows access and delivers the callback, as a browser does.
///
/// # Errors
///
/// When the request is refused, or a step fails.
pub fn allow(authorize_url: &str) -> Result<Delivered, ConsentError> {
    deliver(authorize_url, Decision::Allow)
}

/// Denies access and delivers the callback, as a browser does.
///
/// # Errors
///
/// When the request is refused, or a step fails.
pub fn deny(authorize_url: &str) -> Result<Delivered, ConsentError> {
    deliver(authorize_url, Decision::Deny)
}

/// Decides, and stops at the redirect: the callback URL is returned and not fetched.
///
/// # Errors
///
/// When the request is refused, or a step fails.
pub fn redirect(authorize_url: &str, decision: Decision) -> Result<String, ConsentError> {
    let at = Url::parse(authorize_url).map_err(|_| ConsentError::NotASandbox)?;
    if !is_loopback(&at) {
        return Err(ConsentError::NotASandbox);
    }
    let agent = agent();
    let failed =
        |source: ureq::Error| ConsentError::Http { what: "the consent page", source: Box::new(source) };
    let mut answer = agent.get(at.as_str()).call().map_err(failed)?;
    let page = answer.body_mut().read_to_string().map_err(failed)?;
    if answer.status().as_u16() != 200 {
        return Err(refused(&page, answer.status().as_u16()));
    }
    let form = Form::read(&page, decision).ok_or(ConsentError::UnexpectedPage("no form with this button"))?;
    let action =
        at.join(&form.action).map_err(|_| ConsentError::UnexpectedPage("no address to send the form to"))?;
    if action.origin() != at.origin() {
        return Err(ConsentError::UnexpectedPage("the form leads to another server"));
    }
    let mut answer = agent.post(action.as_str()).send_form(form.fields).map_err(failed)?;
    if !answer.status().is_redirection() {
        let page = answer.body_mut().read_to_string().map_err(failed)?;
        return Err(refused(&page, answer.status().as_u16()));
    }
    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
    let location = location.ok_or(ConsentError::UnexpectedPage("a redirect that leads nowhere"))?;
    let location = action.join(location).map_err(|_| ConsentError::UnexpectedPage("a redirect to no URL"))?;
    Ok(location.into())
}

fn deliver(authorize_url: &str, decision: Decision) -> Result<Delivered, ConsentError> {
    let callback_url = redirect(authorize_url, decision)?;
    let answer = agent()
        .get(&callback_url)
        .call()
        .map_err(|source| ConsentError::Http { what: "the callback", source: Box::new(source) })?;
    Ok(Delivered { callback_url, status: answer.status().as_u16() })
}

fn agent() -> Agent {
    Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .new_agent()
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

fn refused(page: &str, status: u16) -> ConsentError {
    match alert(page) {
        Some(sentence) => ConsentError::Refused { sentence, status },
        None => ConsentError::UnexpectedPage("neither a consent nor an error that says why"),
    }
}

/// What a browser would send.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// The form of the page, with the button of the decision pressed.
    fn read(page: &str, decision: Decision) -> Option<Self> {
        let wanted = match decision {
            Decision::Allow => "allow",
            Decision::Deny => "deny",
        };
        let mut form = Self { action: String::new(), fields: Vec::new() };
        let mut pressed = false;
        let mut reader = Reader::from_str(page);
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                    "form" => form.action = attribute(&tag, "action")?,
                    "input" => form.fields.push((attribute(&tag, "name")?, attribute(&tag, "value")?)),
                    "button" if attribute(&tag, "value").as_deref() == Some(wanted) => {
                        pressed = true;
                        form.fields.push((attribute(&tag, "name")?, wanted.to_owned()));
                    }
                    _ => {}
                },
                Event::Eof => return pressed.then_some(form),
                _ => {}
            }
        }
    }
}

/// The text of the element with the role of an alert.
fn alert(page: &str) -> Option<String> {
    let mut reader = Reader::from_str(page);
    let mut inside = false;
    let mut sentence = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => inside = inside || attribute(&tag, "role").as_deref() == Some("alert"),
            Event::End(_) if inside => return Some(sentence),
            Event::Text(text) if inside => sentence.push_str(&text),
            Event::GeneralRef(entity) if inside => {
                sentence.push_str(&quick_xml::escape::unescape(&format!("&{};", &*entity)).ok()?);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    quick_xml::escape::unescape(&attribute.value).ok().map(|value| value.into_owned())
}

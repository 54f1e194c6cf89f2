//! A browser for the pages of an authorization server: it keeps cookies, follows redirects and fills in forms.

use std::time::Duration;

use ureq::Agent;
use url::Url;

use super::cookies::Cookies;
use super::html::{self, Form};

/// How many redirects in a row are not yet a circle.
const MOST_REDIRECTS: usize = 20;

/// A browser of one person. It follows redirects up to where it shall stop: that URL is not fetched.
pub(crate) struct Browser {
    agent: Agent,
    cookies: Cookies,
    stop_at: String,
}

/// Where the browser is.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    /// The status of the answer; at the stop, that of the redirect which led there.
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Page {
    /// The forms of the page.
    pub(crate) fn forms(&self) -> Vec<Form> {
        html::forms(&self.url, &self.body)
    }

    /// The only form of the page.
    pub(crate) fn form(&self) -> Form {
        let [form] = <[Form; 1]>::try_from(self.forms()).unwrap_or_else(|_| panic!("not one form: {self:?}"));
        form
    }

    /// The link of the page whose URL has this in it.
    pub(crate) fn link(&self, part: &str) -> Url {
        let mut links = html::links(&self.url, &self.body).into_iter();
        links.find(|url| url.as_str().contains(part)).unwrap_or_else(|| panic!("no link {part}: {self:?}"))
    }
}

/// One step: a URL, and the body where something is posted.
type Step = (Url, Option<Vec<(String, String)>>);

impl Browser {
    /// A browser without cookies that stops at URLs that begin so.
    pub(crate) fn stopping_at(stop: &str) -> Self {
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        Self { agent, cookies: Cookies::default(), stop_at: stop.to_owned() }
    }

    /// Opens a URL.
    pub(crate) fn get(&mut self, url: &Url) -> Page {
        self.go((url.clone(), None))
    }

    /// Sends a form.
    pub(crate) fn submit(&mut self, form: Form) -> Page {
        if form.is_post {
            return self.go((form.action, Some(form.fields)));
        }
        let mut url = form.action;
        url.query_pairs_mut().clear().extend_pairs(form.fields);
        self.go((url, None))
    }

    fn go(&mut self, mut step: Step) -> Page {
        let mut status = 0;
        for _ in 0..=MOST_REDIRECTS {
            if step.0.as_str().starts_with(&self.stop_at) {
                return Page { url: step.0, status, body: String::new() };
            }
            let (answered, location, body) = self.fetch(&step);
            status = answered;
            let Some(location) = location else { return Page { url: step.0, status, body } };
            let (url, posted) = step;
            // RFC 9110 section 15.4: only these two repeat what was posted.
            step = (url.join(&location).unwrap(), posted.filter(|_| matches!(status, 307 | 308)));
        }
        panic!("redirected in a circle, now at {}", step.0);
    }

    /// Status, target of a redirect, and body of one answer.
    fn fetch(&mut self, (url, posted): &Step) -> (u16, Option<String>, String) {
        let cookie = self.cookies.header(url);
        let mut answer = match posted {
            Some(fields) => {
                let request = self.agent.post(url.as_str());
                let request = cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie));
                request.send_form(fields.iter().map(|(name, value)| (name, value))).unwrap()
            }
            None => {
                let request = self.agent.get(url.as_str());
                let request = cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie));
                request.call().unwrap()
            }
        };
        for header in answer.headers().get_all("set-cookie") {
            self.cookies.take(url, header.to_str().unwrap());
        }
        let status = answer.status();
        let location = answer.headers().get("location").filter(|_| status.is_redirection());
        let location = location.map(|location| location.to_str().unwrap().to_owned());
        (status.as_u16(), location, answer.body_mut().read_to_string().unwrap())
    }
}

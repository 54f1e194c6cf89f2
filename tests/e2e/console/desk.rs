//! An admin at the console.

use actionbay::authorization::{Profile, UrlTemplate};
use actionbay::ids::{ProfileId, WorkspaceId};
use actionbay::secret::ExposeSecret as _;
use actionbay::service::keys::{Keys, NewKey, Scope};
use atlassian_sandbox::consent::Decision;
use url::Url;

use crate::service::office::Office;
use crate::support::{Answer, Form, Visitor, confluence, forms, links, workspace};

/// An office, and an admin who is logged in at its console.
pub(crate) struct Desk {
    pub(crate) office: Office,
    pub(crate) admin: Visitor,
    /// The key that the admin logged in with.
    pub(crate) key: String,
}

/// A page, and where it is.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) at: Url,
    pub(crate) answer: Answer,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::at(Office::new())
    }

    /// With a connection that serves everybody.
    pub(crate) fn connected() -> Self {
        Self::at(Office::connected())
    }

    pub(crate) fn at(office: Office) -> Self {
        let key = key(&office, &workspace(), &[Scope::Admin]);
        let mut admin = Visitor::new();
        let landed = log_in(&office, &mut admin, &key);
        assert_eq!(landed.at.path(), "/console/actions", "{landed:?}");
        Self { office, admin, key }
    }

    /// The system's app for the integration.
    pub(crate) fn with_system_app(self) -> Self {
        self.with_system_app_at("https://auth.atlassian.com/authorize")
    }

    /// The same, which sends people to this address.
    pub(crate) fn with_system_app_at(self, authorization_url: &str) -> Self {
        let client = &self.office.world.client;
        let id = ProfileId::new("shipped").unwrap();
        let mut profile = Profile::custom(id, confluence().manifest(), &client.client_id).unwrap();
        profile.authorization_url = UrlTemplate::new(authorization_url);
        let secret = client.client_secret.clone().into();
        self.office.world.host.add_system_profile(profile, Ok(secret)).unwrap();
        self
    }

    /// The address of a page.
    pub(crate) fn url(&self, path: &str) -> Url {
        url(&self.office, path)
    }

    /// Opens a page, wherever that leads.
    pub(crate) fn open(&mut self, path: &str) -> Shown {
        let url = self.url(path);
        let answer = self.admin.get(url.as_str());
        follow(&mut self.admin, url, answer)
    }

    /// Sends a form of a page.
    pub(crate) fn submit(&mut self, form: Form) -> Shown {
        submit(&mut self.admin, form)
    }

    /// Sends the form of a page with a file in it, as browsers do.
    pub(crate) fn submit_file(&mut self, form: &Form, name: &str, bytes: &str) -> Shown {
        let origin = form.action.origin().ascii_serialization();
        let headers = [
            ("Origin", origin.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "multipart/form-data; boundary=between"),
        ];
        let mut body = String::new();
        for (field, value) in form.fields.iter().filter(|(field, _)| field != "file") {
            body.push_str(&format!(
                "--between\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--between\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/html\r\n\r\n{bytes}\r\n--between--\r\n"
        ));
        let answer = self.admin.send("POST", form.action.as_str(), &headers, &body);
        follow(&mut self.admin, form.action.clone(), answer)
    }

    /// Sends the form of a page that goes to an address which ends so.
    pub(crate) fn press(&mut self, path: &str, action: &str) -> Shown {
        let form = self.open(path).form(action);
        self.submit(form)
    }

    /// Sends the form of *Configurations*.
    pub(crate) fn configure(&mut self, mode: &str, app: &str, what: &str) -> Shown {
        let form = self.open("/actions/confluence").form("/authorize");
        let form = form.with("mode", mode).with("app", app).with("profile", "app").with("do", what);
        self.submit(form)
    }

    /// The admin decides at the vendor, and comes back.
    pub(crate) fn decide(&mut self, sent: &Shown, decision: Decision) -> Shown {
        let query = self.office.world.consent(&sent.at, decision);
        let url = Url::parse(&format!("{}?{query}", self.office.public.callback_url())).unwrap();
        let answer = self.admin.get(url.as_str());
        follow(&mut self.admin, url, answer)
    }

    /// Configures it for everybody with the workspace's own app, and skips what comes then.
    pub(crate) fn configured(mut self) -> Self {
        let sent = self.configure("pre-authorized", "custom", "authorize");
        let introduced = self.decide(&sent, Decision::Allow).form("/introduced").with("to", "actions");
        self.submit(introduced);
        self
    }

    /// Has a template's dialog.
    pub(crate) fn install(&mut self, template: &str) -> Shown {
        self.press("/actions/confluence/templates", &format!("/templates/{template}/install"))
    }

    /// Begins to talk to a dialog.
    pub(crate) fn talk(&mut self, dialog: &str, user: &str, text: &str) -> Shown {
        let form = self.open(&format!("/dialogs/{dialog}/talk")).form("/talk");
        self.submit(form.with("text", text).with("user", user))
    }
}

impl Shown {
    /// The form that goes to an address which ends so.
    pub(crate) fn form(&self, action: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.action.path().ends_with(action));
        found.unwrap_or_else(|| panic!("no form for {action}: {self:?}"))
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        forms(&self.at, &self.answer.body)
    }

    /// Where its links lead.
    pub(crate) fn links(&self) -> Vec<Url> {
        links(&self.at, &self.answer.body)
    }

    /// Whether it says this, as it stands in the HTML.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.answer.body.contains(text)
    }

    /// What is between two texts.
    pub(crate) fn between(&self, from: &str, to: &str) -> &str {
        let after = self.answer.body.split_once(from).unwrap_or_else(|| panic!("no {from}: {self:?}")).1;
        after.split_once(to).map_or(after, |(part, _)| part)
    }
}

/// A key of a workspace.
pub(crate) fn key(office: &Office, workspace: &WorkspaceId, scopes: &[Scope]) -> String {
    let new = NewKey::new("console", scopes.iter().copied());
    let (_, text) = Keys::of(&office.world.host).create(workspace, &new).unwrap();
    text.expose_secret().to_owned()
}

pub(crate) fn url(office: &Office, path: &str) -> Url {
    Url::parse(&format!("{}/console{path}", office.public)).unwrap()
}

/// Logs in with a key; the page that it leads to.
pub(crate) fn log_in(office: &Office, visitor: &mut Visitor, key: &str) -> Shown {
    let at = url(office, "/login");
    let answer = visitor.get(at.as_str());
    submit(visitor, Shown { at, answer }.form("/login").with("key", key))
}

/// Sends a form as browsers of today do, and follows where it leads on this site.
pub(crate) fn submit(visitor: &mut Visitor, form: Form) -> Shown {
    assert!(form.is_post, "{form:?}");
    let origin = form.action.origin().ascii_serialization();
    let headers = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let answer = visitor.send("POST", form.action.as_str(), &headers, &body(&form));
    follow(visitor, form.action, answer)
}

/// The body of a form.
pub(crate) fn body(form: &Form) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish()
}

/// Follows redirects on this site; where another one is meant, that is where it ends.
fn follow(visitor: &mut Visitor, mut at: Url, mut answer: Answer) -> Shown {
    for _ in 0..5 {
        if answer.status != 303 {
            return Shown { at, answer };
        }
        let next = at.join(answer.header("location")).unwrap();
        if next.origin() != at.origin() {
            return Shown { at: next, answer };
        }
        answer = visitor.get(next.as_str());
        at = next;
    }
    panic!("redirected in a circle, at {at}");
}

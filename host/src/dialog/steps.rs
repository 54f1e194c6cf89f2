//! The services of a conversation: connections, runs, and what becomes of failures.

use std::time::Duration;

use serde_json::{Value, json};

use super::conversation::{Conversation, ConversationStatus, Reply, WaitsFor};
use super::model::{Action, Button, Node, RETRIES, Service};
use super::responses::Responses;
use super::talk::Talk;
use crate::authorization::{
    Authorize, Connection, NOT_APPROVED, NOT_AUTHORIZED, SEVERAL_CONNECTIONS, SessionState, Usual,
};
use crate::clock::date;
use crate::failure::{AuthorizationLink, Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ConnectionId, SessionId};
use crate::outcomes::{STILL_RUNNING, UNKNOWN_OUTCOME};
use crate::run::Run;
use crate::runtime::Event;

/// How often connecting may fail, one time after the other.
const MOST_FAILURES: u8 = 3;

/// The longest field of an output that is kept where there is no room for the longer ones, in bytes.
const LONGEST_KEPT: usize = 1 << 10;

/// Until when a run that was interrupted can be asked for, in seconds: what came of it is kept for a day.
const KNOWN_FOR: u64 = 23 * 60 * 60;

impl Host {
    /// Goes on with the conversations that wait for this connection.
    ///
    /// # Errors
    /// `Storage`. What goes wrong in one of them does not keep the others from going on.
    pub fn resume_conversations(&self, connection: &Connection) -> Result<()> {
        for conversation in self.conversations(&connection.workspace)? {
            let waits = conversation.status == ConversationStatus::AwaitingAuthorization
                && conversation.integration == connection.integration
                && conversation.user == connection.user;
            if waits && let Err(failure) = self.poll_conversation(&connection.workspace, &conversation.id) {
                log::warn!("the conversation {} does not go on: {failure}", conversation.id);
            }
        }
        Ok(())
    }
}

impl Talk<'_> {
    pub(super) fn step_service(&mut self, service: &Service) -> Result<bool> {
        match service.does {
            Action::FindSite => match self.host.ready(&self.run_of(service, Value::Null)) {
                Ok(connection) => {
                    let site = connection
                        .site
                        .map(|site| json!({ "id": site.id, "name": site.name, "url": site.url }));
                    self.content.results.insert(service.name.clone(), site.unwrap_or(Value::Null));
                    self.go_to(self.content.at + 1);
                    Ok(true)
                }
                Err(failure) => self.failed(service, failure),
            },
            Action::RunTemplate => {
                self.content.runs += 1;
                let key = format!("{}-{}", self.conversation.id, self.content.runs);
                self.content.waits_for = WaitsFor::Run { key };
                // Before anything is sent: whoever finds it interrupted knows its name.
                self.store()?;
                Ok(true)
            }
        }
    }

    /// Runs the template under a name, or takes what came of it before.
    pub(super) fn run(&mut self, key: &str) -> Result<bool> {
        let Some(Node::Service(service)) = self.node() else { return Ok(self.lost()) };
        if self.now.saturating_sub(self.conversation.updated_at) > KNOWN_FOR {
            self.content.waits_for = WaitsFor::Nothing;
            return Ok(self.give_up(&service, forgotten()));
        }
        let result = self.input(&service.request).and_then(|input| {
            let run = self.run_of(&service, input).idempotency_key(Some(key.to_owned()));
            self.host.run_in(&run, &self.conversation.id)
        });
        self.content.waits_for = WaitsFor::Nothing;
        match result.map(|outcome| outcome.output) {
            Ok(output) => {
                // What was done is done, whether there is room for all that came of it or not.
                let output = if self.content.has_room(&output)? { output } else { beginning_of(output) };
                self.content.failed_authorizations = 0;
                self.content.results.insert(service.name, output);
                self.go_to(self.content.at + 1);
                Ok(true)
            }
            Err(failure) if failure.code == STILL_RUNNING => {
                self.content.waits_for = WaitsFor::Run { key: key.to_owned() };
                if self.heard {
                    self.tell("busy", &json!({}));
                }
                Ok(false)
            }
            Err(failure) => self.failed(&service, failure),
        }
    }

    /// What becomes of a service that failed: a link, a question, another node, or the end.
    fn failed(&mut self, service: &Service, failure: Failure) -> Result<bool> {
        // What serves everybody is not for whoever talks to connect, whoever that is.
        let link = failure.authorization.as_deref().filter(|_| self.conversation.user.is_some());
        if let Some((link, session)) = link.and_then(|link| Some((link, link.session.clone()?))) {
            let is_new = failure.code == NOT_AUTHORIZED;
            self.ask_to_connect(link, session, is_new);
            return Ok(false);
        }
        let serves_everybody = self.serves_everybody();
        let is_ambiguous = failure.code == SEVERAL_CONNECTIONS;
        // Which of the accounts that serve everybody is meant is not for whoever talks to say, nor to see.
        if is_ambiguous && !serves_everybody && self.choose_account(false)? {
            return Ok(false);
        }
        if failure.code == NOT_AUTHORIZED && !serves_everybody && self.ask_for_tenant()? {
            return Ok(false);
        }
        if needs_an_admin(&failure) || is_ambiguous {
            self.call_an_admin(&failure)?;
        }
        Ok(self.give_up(service, failure))
    }

    /// Tells who runs the workspace of what nobody else can mend.
    fn call_an_admin(&self, failure: &Failure) -> Result<()> {
        let Conversation { workspace, integration, id, .. } = &self.conversation;
        self.host.authorizations().events.event(Event::AdminNeeded {
            workspace: workspace.as_str(),
            integration: integration.as_str(),
            code: &failure.code,
            message: &failure.message,
        });
        match self.host.authorizations().keeper() {
            Some(keeper) => keeper.admin_needed(workspace, integration, id, failure),
            None => Ok(()),
        }
    }

    /// Goes on at the node that the service names for that, or ends it with words for what failed.
    fn give_up(&mut self, service: &Service, failure: Failure) -> bool {
        let message = told(&failure).map(str::to_owned);
        if let Some(next) = service.on_failure.as_deref().and_then(|name| self.later(name)) {
            let failure = json!({ "kind": failure.kind.as_str(), "code": failure.code, "message": message });
            self.content.results.insert(service.name.clone(), json!({ "failure": failure }));
            self.go_to(next);
            return true;
        }
        let of_status = failure.upstream_status.map(Responses::of_status);
        let name = match (of_status.filter(|name| self.responses.has(name)), &failure) {
            (Some(of_status), _) => of_status,
            (None, Failure { kind: FailureKind::TimedOut, .. }) => "timed-out".to_owned(),
            (None, Failure { code, .. }) if code == UNKNOWN_OUTCOME => "interrupted".to_owned(),
            (None, _) if message.is_some() => "failed".to_owned(),
            (None, _) => "something-went-wrong".to_owned(),
        };
        self.tell(&name, &json!({ "message": message, "status": failure.upstream_status }));
        self.fail(failure);
        false
    }

    /// Ends a conversation that waits for a service where there is none.
    fn lost(&mut self) -> bool {
        self.tell("something-went-wrong", &json!({}));
        self.fail(Failure::internal("A conversation waits for a service where its dialog has none."));
        false
    }

    /// Whether the conversation uses the connection that serves everybody.
    fn serves_everybody(&self) -> bool {
        let Conversation { workspace, integration, user, .. } = &self.conversation;
        let whose = self.host.authorizations().acting_for(workspace, integration, user.as_deref());
        matches!(whose, Ok(None))
    }

    fn ask_to_connect(&mut self, link: &AuthorizationLink, session: SessionId, is_new: bool) {
        let is_first = self.link_words == "authorize";
        let words = if is_first && !is_new { "reauthorize" } else { self.link_words };
        self.link_words = "authorize";
        self.send_link(words, link.url.as_str(), link.expires_at);
        let url = link.url.to_string();
        self.content.waits_for = WaitsFor::Authorization { session, url, is_expired: false };
    }

    /// Asks at which tenant an account is to be connected, or sends the link to that, where the profile's URLs need one.
    fn ask_for_tenant(&mut self) -> Result<bool> {
        let Some(wish) = self.wish_for_tenant()? else { return Ok(false) };
        if let Some(tenant) = self.content.tenant.clone() {
            let (session, link) = self.host.authorizations().begin_session(&wish.tenant(Some(tenant)))?;
            self.ask_to_connect(&link, session.id, true);
            return Ok(true);
        }
        let asked = self.response("ask-tenant", &json!({ "integration": self.title() }));
        self.say_reply(Reply::text(asked));
        self.content.tries = 0;
        self.content.waits_for = WaitsFor::Tenant;
        Ok(true)
    }

    pub(super) fn hear_tenant(&mut self, text: &str) -> Result<()> {
        let Some(wish) = self.wish_for_tenant()? else {
            self.content.waits_for = WaitsFor::Nothing;
            return Ok(());
        };
        let tenant = Some(text.trim().to_owned());
        match self.host.authorizations().begin_session(&wish.tenant(tenant.clone())) {
            Ok((session, link)) => {
                self.content.tenant = tenant;
                // What was said is used: it does not ask after the link.
                self.heard = false;
                self.ask_to_connect(&link, session.id, true);
            }
            Err(failure) if failure.kind == FailureKind::InvalidInput => {
                let said = self.response("invalid", &json!({ "reason": failure.message }));
                let asked = self.response("ask-tenant", &json!({ "integration": self.title() }));
                self.ask_again(RETRIES, None, Reply::text(format!("{said}\n{asked}")));
            }
            Err(failure) => {
                self.call_an_admin(&failure)?;
                self.tell("something-went-wrong", &json!({}));
                self.fail(failure);
            }
        }
        Ok(())
    }

    /// What the person connects an account by, where that takes a tenant.
    fn wish_for_tenant(&self) -> Result<Option<Authorize>> {
        let Conversation { workspace, integration, user, .. } = &self.conversation;
        let authorizations = self.host.authorizations();
        let Usual::One(profile) = authorizations.usual_profile(workspace, integration)? else {
            return Ok(None);
        };
        if !authorizations.profile(workspace, &profile)?.needs_tenant() {
            return Ok(None);
        }
        Ok(Some(Authorize::new(workspace.clone(), integration.clone(), profile).user(user.clone())))
    }

    fn send_link(&mut self, words: &str, url: &str, expires_at: u64) {
        let values =
            json!({ "integration": self.title(), "until": date(expires_at), "authorizationURL": url });
        let button = Button { label: self.response("authorize-button", &values), url: url.to_owned() };
        let reply = Reply { button: Some(button), ..Reply::text(self.response(words, &values)) };
        self.say_reply(reply);
    }

    /// Looks whether the account is connected by now, and what else may have come of the link.
    pub(super) fn look_at_authorization(
        &mut self,
        id: &SessionId,
        url: &str,
        is_expired: bool,
    ) -> Result<bool> {
        let Some(Node::Service(service)) = self.node() else { return Ok(self.lost()) };
        if self.host.is_connected(&self.run_of(&service, Value::Null)) {
            let integration = self.title();
            self.tell("authorized", &json!({ "integration": integration }));
            self.content.failed_authorizations = 0;
            self.content.waits_for = WaitsFor::Nothing;
            return Ok(true);
        }
        let session = match self.host.authorizations().session(&self.conversation.workspace, id) {
            Ok(session) => Some(session),
            Err(failure) if failure.kind == FailureKind::NotFound => None,
            Err(failure) => return Err(failure),
        };
        let state = session.as_ref().map_or(SessionState::Expired, |session| session.state);
        match state {
            // The account that was connected is not the one that is needed, or lacks something still.
            SessionState::Connected | SessionState::Failed => {
                let refused = FailureKind::AccessDenied;
                let failure = session.and_then(|session| session.failure);
                let is_refused = failure.is_some_and(|failure| failure.kind == refused.as_str());
                Ok(self.failed_to_connect(is_refused))
            }
            SessionState::Expired if !is_expired => {
                self.tell("authorization-expired", &json!({}));
                let (session, url) = (id.clone(), url.to_owned());
                self.content.waits_for = WaitsFor::Authorization { session, url, is_expired: true };
                Ok(false)
            }
            SessionState::Expired if self.heard => Ok(self.ask_anew()),
            // A link that was opened is used up, and may have led nowhere: to a tenant that there is not, perhaps.
            SessionState::Opened if self.heard => {
                self.content.tenant = None;
                Ok(self.ask_anew())
            }
            SessionState::Waiting if self.heard => {
                let until = session.map(|session| session.expires_at).unwrap_or_default();
                self.send_link("authorization-awaited", url, until);
                Ok(false)
            }
            SessionState::Waiting | SessionState::Opened | SessionState::Expired => Ok(false),
        }
    }

    /// Sends another link, unless that was done often enough.
    fn failed_to_connect(&mut self, is_refused: bool) -> bool {
        self.content.failed_authorizations += 1;
        if self.content.failed_authorizations >= MOST_FAILURES {
            self.tell("authorization-failed-three-times", &json!({}));
            self.fail(Failure::new(
                if is_refused { FailureKind::AccessDenied } else { FailureKind::AuthorizationRequired },
                "authorization-failed",
                format!("Connecting an account failed {MOST_FAILURES} times in a row."),
            ));
            return false;
        }
        self.link_words = if is_refused { "authorization-refused" } else { "authorization-failed" };
        self.ask_anew()
    }

    /// Lets the service ask for an account again.
    fn ask_anew(&mut self) -> bool {
        self.content.waits_for = WaitsFor::Nothing;
        true
    }

    /// Whether the person wants to see or delete their accounts, which is done then.
    pub(super) fn heard_of_accounts(&mut self, text: &str) -> Result<bool> {
        // What is asked for may begin with these words.
        let is_asked = matches!(
            self.content.waits_for,
            WaitsFor::Value | WaitsFor::Confirmation | WaitsFor::Account { .. } | WaitsFor::Tenant
        );
        let deletes = self.responses.is("delete-account", text)
            || !is_asked && self.after("delete-account", text).is_some();
        if !deletes && self.after("manage-accounts", text) != Some("") {
            return Ok(false);
        }
        if self.conversation.user.is_none() {
            return Ok(false);
        }
        let integration = self.title();
        if deletes {
            if !self.choose_account(true)? {
                self.tell("no-accounts", &json!({ "integration": integration }));
            }
            return Ok(true);
        }
        let accounts = self.accounts()?;
        if accounts.is_empty() {
            self.tell("no-accounts", &json!({ "integration": integration }));
        } else {
            let names = accounts.into_iter().map(|(_, name)| name);
            let text = self.response("accounts", &json!({ "integration": integration }));
            let text = [text].into_iter().chain(names.map(|name| format!("- {name}"))).collect::<Vec<_>>();
            self.say_reply(Reply::text(text.join("\n")));
        }
        Ok(true)
    }

    /// Asks which of the person's accounts is meant, if there are any.
    fn choose_account(&mut self, deletes: bool) -> Result<bool> {
        let accounts = self.accounts()?;
        if accounts.is_empty() {
            return Ok(false);
        }
        let text = self.response("choose-account", &json!({ "integration": self.title() }));
        let choices = accounts.iter().map(|(_, name)| name.clone()).collect();
        self.say_reply(Reply { choices, ..Reply::text(text) });
        self.content.tries = 0;
        self.content.waits_for = WaitsFor::Account { accounts, deletes };
        Ok(true)
    }

    pub(super) fn hear_account(
        &mut self,
        accounts: &[(ConnectionId, String)],
        deletes: bool,
        text: &str,
    ) -> Result<()> {
        let wanted = super::answers::plain(text);
        let by_number = wanted.parse::<usize>().ok().and_then(|number| accounts.get(number.checked_sub(1)?));
        let by_name = || accounts.iter().find(|(_, name)| super::answers::plain(name) == wanted);
        let Some((id, name)) = by_number.or_else(by_name) else {
            let choices = accounts.iter().map(|(_, name)| name.clone()).collect();
            let text = self.response("ambiguous", &json!({}));
            self.ask_again(RETRIES, None, Reply { choices, ..Reply::text(text) });
            return Ok(());
        };
        self.content.waits_for = WaitsFor::Nothing;
        if deletes {
            let connection = self.host.connection(&self.conversation.workspace, id)?;
            self.host.forget_in(&connection, &self.conversation.id)?;
            self.tell("account-deleted", &json!({ "account": name }));
            self.content.account = self.content.account.take().filter(|account| account != id);
        } else {
            self.content.account = Some(id.clone());
        }
        Ok(())
    }

    /// The accounts that the person connected, with what they are called.
    fn accounts(&self) -> Result<Vec<(ConnectionId, String)>> {
        let mut connections = self.host.connections(&self.conversation.workspace)?;
        connections.retain(|connection| {
            connection.integration == self.conversation.integration
                && connection.user == self.conversation.user
        });
        let mut accounts: Vec<(ConnectionId, String)> = Vec::new();
        for connection in connections {
            let account =
                connection.account.as_ref().map(|account| account.name.as_ref().unwrap_or(&account.id));
            let site = connection.site.as_ref().map(|site| &site.name);
            let name = match (account, site) {
                (Some(account), Some(site)) => format!("{account}, {site}"),
                (Some(name), None) | (None, Some(name)) => name.clone(),
                (None, None) => connection.id.to_string(),
            };
            let is_taken = accounts.iter().any(|(_, known)| *known == name);
            let name = if is_taken { format!("{name} ({})", connection.id) } else { name };
            accounts.push((connection.id, name));
        }
        Ok(accounts)
    }

    /// The run that a service is, for whom the conversation is held with.
    fn run_of(&self, service: &Service, input: Value) -> Run {
        let Self { conversation, content, .. } = self;
        let mut run = Run::new(
            conversation.workspace.clone(),
            conversation.integration.clone(),
            content.dialog.template.as_str(),
            input,
        )
        .user(conversation.user.clone())
        .connection(content.account.clone());
        run.files = std::sync::Arc::clone(&self.files);
        run.awaits = true;
        let mut limits = self.host.authorizations().limits(&conversation.integration);
        limits.wall_clock = limits.wall_clock.min(Duration::from_secs(service.timeout_seconds.into()));
        run.limits(Some(limits))
    }

    fn title(&self) -> String {
        self.plugin.manifest().title.clone()
    }
}

/// Whether it is not the person's to mend: the connection that serves everybody is over, the app is not known, or its component is
/// another one than was approved.
fn needs_an_admin(failure: &Failure) -> bool {
    let is_of_connection = matches!(
        failure.kind,
        FailureKind::AuthorizationRequired
            | FailureKind::BadClientCredentials
            | FailureKind::InsufficientScope(_)
    );
    is_of_connection || failure.code == NOT_APPROVED
}

/// The short fields of an output, where there is no room for all of it.
fn beginning_of(output: Value) -> Value {
    match output {
        Value::Object(mut fields) => {
            fields.retain(|_, field| field.to_string().len() <= LONGEST_KEPT);
            Value::Object(fields)
        }
        _ => Value::Null,
    }
}

/// What came of a run is known no longer.
fn forgotten() -> Failure {
    Failure::new(
        FailureKind::Conflict,
        UNKNOWN_OUTCOME,
        "The run was interrupted, and what came of it is known no longer.",
    )
}

/// What the person may be told of a failure: what is about the things that they named, and not how it is set up here.
fn told(failure: &Failure) -> Option<&str> {
    if [SEVERAL_CONNECTIONS, UNKNOWN_OUTCOME, NOT_APPROVED, "bad-text"].contains(&&*failure.code) {
        return None;
    }
    matches!(
        failure.kind,
        FailureKind::InvalidInput
            | FailureKind::NotFound
            | FailureKind::Conflict
            | FailureKind::Denied
            | FailureKind::TooLarge
            | FailureKind::RateLimited
    )
    .then_some(failure.message.as_str())
}

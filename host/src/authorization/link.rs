//! Links at which people connect accounts.
//!
//! A run that lacks a connection gives one, and whoever runs the platform passes it to the person it is about. Looking
//! at a link does nothing, so that a chat may show a preview of it; opening it uses it up, and ties what follows to the
//! browser it is opened in.
//!
//! All links of one subject (who connects what where) are in one record, so that using one uses all of them up in
//! a single write, and at most a few are good at a time. Of a link's secret only a fingerprint is stored.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::browser::{Browser, fingerprint, random_secret};
use super::connection::Account;
use super::consent::{Authorize, Begun, Prepared};
use super::profile::AdditionalField;
use crate::failure::{AuthorizationLink, Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, WorkspaceId};
use crate::runtime::Site;
use crate::secret::{ExposeSecret as _, SecretString};
use crate::vault::{Collection, Expect, Record, RecordKey, Write};

/// How long a link is good, in seconds.
const LIFETIME: u64 = 30 * 60;

/// The most links of one subject that are good at a time: each failing run makes one, and none that was passed on should
/// be over before its half hour because of a run that is repeated every minute.
const MOST: usize = 64;

/// How often a write is tried again that somebody else came before.
const TRIES: usize = 16;

/// The length of a subject's hash in hexadecimal digits, and of a secret in base64.
const TOKEN_PARTS: (usize, usize) = (64, 43);

/// The connection that a link renews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Renewed {
    /// Its id.
    pub id: ConnectionId,
    /// Whose account it is, where that is known.
    pub account: Option<Account>,
    /// The site it works in.
    pub site: Option<Site>,
}

/// What the page of a link tells the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LinkFacts {
    /// The workspace that will own the connection.
    pub workspace: WorkspaceId,
    /// The integration's id.
    pub integration: IntegrationId,
    /// What people call the integration.
    pub title: String,
    /// The end user; absent: the connection serves everybody.
    pub user: Option<String>,
    /// What people call who lets them in.
    pub identity_provider: String,
    /// What the profile has the person told.
    pub additional_fields: Vec<AdditionalField>,
    /// The scopes that will be asked for.
    pub scopes: Vec<String>,
    /// The connection that is authorized again, if it is one.
    pub renews: Option<Renewed>,
    /// Until when the link is good, in seconds since 1970 UTC.
    pub expires_at: u64,
}

/// The links of one subject.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Links {
    /// Oldest first.
    issued: Vec<Issued>,
}

/// One link, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Issued {
    fingerprint: String,
    expires_at: u64,
    /// Kept until it expires, to tell a link that was used from one that never was.
    used: bool,
    request: Authorize,
}

impl Links {
    fn read(record: &Record) -> Result<Self> {
        serde_json::from_slice(&record.body)
            .map_err(|_| Failure::storage("record-unreadable", "A stored link cannot be read."))
    }

    fn write(&self, subject: &str, expect: Expect) -> Result<Write> {
        let body = serde_json::to_vec(self).map_err(|_| Failure::internal("A link cannot be written."))?;
        Ok(Write::put(key(subject), expect, body))
    }
}

impl Authorizations {
    /// Makes a link at which a person connects an account, good for half an hour.
    ///
    /// Each call makes a new one. Those made before for the same workspace, integration, user and connection stay good
    /// until they expire, one of them is used, or many newer ones came.
    ///
    /// # Errors
    /// `Denied` where the host has no page for links; `NotFound` (integration, profile, connection); `InvalidInput`;
    /// `Storage`.
    pub fn issue_link(&self, request: &Authorize) -> Result<AuthorizationLink> {
        let Prepared { scopes, .. } = self.prepare(request)?;
        let (subject, secret) = (subject(request)?, random_secret()?);
        let url = self.callbacks.link_url(&format!("{subject}.{}", secret.expose_secret()))?;
        let now = self.clock.now()?;
        let expires_at = now.saturating_add(LIFETIME);
        let issued = Issued {
            fingerprint: fingerprint(secret.expose_secret()),
            expires_at,
            used: false,
            request: request.clone(),
        };
        self.change_links(&subject, |links| {
            links.issued.retain(|link| now < link.expires_at);
            links.issued.push(issued.clone());
            let surplus = links.issued.len().saturating_sub(MOST);
            links.issued.drain(..surplus);
            Ok(())
        })?;
        Ok(AuthorizationLink::new(url, expires_at, scopes))
    }

    /// What the page of a link tells. Nothing comes of it, however often it is asked.
    ///
    /// # Errors
    /// `NotFound`, code `link-unknown`; `AuthorizationRequired`, code `link-expired` or `link-used`; `Storage`.
    pub fn link(&self, token: &str) -> Result<LinkFacts> {
        let token = Token::read(token)?;
        let link = token.find(&self.links(token.subject)?.0, self.clock.now()?)?.clone();
        let request = link.request;
        let Prepared { plugin, profile, scopes, before } = self.prepare(&request)?;
        let renews = before.map(|connection| Renewed {
            id: connection.id,
            account: connection.account,
            site: connection.site,
        });
        Ok(LinkFacts {
            title: plugin.manifest().title.clone(),
            workspace: request.workspace,
            integration: request.integration,
            user: request.user,
            identity_provider: profile.identity_provider,
            additional_fields: profile.additional_fields,
            scopes,
            renews,
            expires_at: link.expires_at,
        })
    }

    /// Uses a link up, with all others of its subject, and begins its authorization, to be ended in this browser only.
    ///
    /// The authorization is begun first and the link used up after it: where it cannot be begun, or the process dies,
    /// the link is good as before. Of several who open it at the same moment one goes on; what was begun for the others
    /// is known to nobody and expires.
    ///
    /// # Errors
    /// As [`link`](Self::link) and [`begin`](Self::begin).
    pub fn open_link(
        self: &Arc<Self>,
        token: &str,
        browser: &Browser,
        another_account: bool,
    ) -> Result<Begun> {
        let token = Token::read(token)?;
        let now = self.clock.now()?;
        let request = token.find(&self.links(token.subject)?.0, now)?.request.clone();
        // Another account may not reach the site of the one before.
        let site = request.site.clone().filter(|_| !another_account);
        let authorize = request.site(site).another_account(another_account).browser(browser.clone());
        let begun = self.begin(&authorize)?;
        self.change_links(token.subject, |links| {
            token.find(links, now)?;
            links.issued.iter_mut().for_each(|link| link.used = true);
            Ok(())
        })?;
        self.session_opened(&authorize, begun.expires_at);
        Ok(begun)
    }

    /// The links of a subject, with what is expected of their record when they are written.
    fn links(&self, subject: &str) -> Result<(Links, Expect)> {
        match self.vault.get(&key(subject))? {
            Some(record) => Ok((Links::read(&record)?, Expect::Generation(record.generation))),
            None => Ok((Links::default(), Expect::Absent)),
        }
    }

    /// Changes the links of a subject, looking again where somebody else did so in between.
    fn change_links(&self, subject: &str, change: impl Fn(&mut Links) -> Result<()>) -> Result<()> {
        let mut tries = 1..=TRIES;
        loop {
            let (mut links, expect) = self.links(subject)?;
            change(&mut links)?;
            match self.vault.commit(&[links.write(subject, expect)?]) {
                Err(failure) if failure.kind == FailureKind::Conflict && tries.next().is_some() => {}
                result => return result,
            }
        }
    }

    /// The writes that forget the links to what is theirs.
    pub(super) fn link_removals(&self, is_theirs: impl Fn(&Authorize) -> bool) -> Result<Vec<Write>> {
        let stored = self.vault.list(Collection::Links, "")?;
        let theirs = stored.iter().filter(|(_, record)| {
            Links::read(record).is_ok_and(|links| links.issued.iter().any(|link| is_theirs(&link.request)))
        });
        Ok(theirs.map(|(subject, _)| Write::delete(key(subject), Expect::Any)).collect())
    }

    /// Forgets the subjects whose links have all expired.
    pub(super) fn drop_expired_links(&self, now: u64) -> Result<()> {
        for (subject, record) in self.vault.list(Collection::Links, "")? {
            let expired = Links::read(&record)
                .map_or(true, |links| links.issued.iter().all(|link| link.expires_at <= now));
            if expired {
                let gone = Write::delete(key(&subject), Expect::Generation(record.generation));
                match self.vault.commit(&[gone]) {
                    // Somebody made a new one meanwhile.
                    Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(())
    }
}

/// A link's token, of the form that they have.
struct Token<'a> {
    subject: &'a str,
    secret: SecretString,
}

impl<'a> Token<'a> {
    fn read(token: &'a str) -> Result<Self> {
        let (subject, secret) = token.split_once('.').ok_or_else(unknown)?;
        let is_subject = subject.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_secret =
            (subject.len(), secret.len()) == TOKEN_PARTS && URL_SAFE_NO_PAD.decode(secret).is_ok();
        if !is_subject || !is_secret {
            return Err(unknown());
        }
        Ok(Self { subject, secret: secret.to_owned().into() })
    }

    /// The link that is meant, if it is still good. Hashes are compared, so how long it takes tells nothing of use.
    fn find<'l>(&self, links: &'l Links, now: u64) -> Result<&'l Issued> {
        let wanted = fingerprint(self.secret.expose_secret());
        let link = links.issued.iter().find(|link| link.fingerprint == wanted).ok_or_else(unknown)?;
        if link.used {
            return Err(spent("link-used", "This link was used before, or one that was made for the same."));
        }
        if link.expires_at <= now {
            return Err(spent("link-expired", "This link has expired."));
        }
        Ok(link)
    }
}

/// The id of the record of all links to the same end: who connects what where, and not how.
fn subject(request: &Authorize) -> Result<String> {
    // JSON keeps the parts apart, whatever a user is called.
    let subject = (&request.workspace, &request.integration, &request.user, &request.reconnect);
    let text =
        serde_json::to_string(&subject).map_err(|_| Failure::internal("A link's subject makes no JSON."))?;
    Ok(fingerprint(&text))
}

/// A link belongs to the deployment until it is known whose it is.
fn key(subject: &str) -> RecordKey {
    RecordKey::new(Collection::Links, "", subject)
}

fn unknown() -> Failure {
    Failure::new(FailureKind::NotFound, "link-unknown", "There is no such link, or it has long expired.")
        .hint("Check that it was copied as a whole, or ask for a new one where you got this one.")
}

fn spent(code: &'static str, message: &str) -> Failure {
    Failure::new(FailureKind::AuthorizationRequired, code, message)
        .hint("Ask for a new one where you got this one.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProfileId;

    fn request(user: Option<&str>) -> Authorize {
        let [workspace, integration, profile] = ["w", "i", "p"];
        Authorize::new(
            WorkspaceId::new(workspace).unwrap(),
            IntegrationId::new(integration).unwrap(),
            ProfileId::new(profile).unwrap(),
        )
        .user(user.map(str::to_owned))
    }

    #[test]
    fn a_subject_is_who_connects_what_where_and_not_how() {
        let subject = |request: Authorize| super::subject(&request).unwrap();
        let anns = subject(request(Some("ann")));
        assert_eq!(subject(request(Some("ann")).site(Some("docs".into()))), anns);
        for other in [
            request(None),
            request(Some("null")),
            request(Some("bob")),
            request(Some("ann\",null")),
            request(Some("ann")).reconnect(Some(ConnectionId::new("c-1").unwrap())),
        ] {
            assert_ne!(subject(other), anns);
        }
    }

    #[test]
    fn what_has_not_the_form_of_a_token_is_not_looked_for() {
        let sound = format!("{}.{}", "a".repeat(64), "A".repeat(43));
        assert!(Token::read(&sound).is_ok());
        for token in [
            "",
            ".",
            "a.b",
            "../../etc/passwd",
            "\u{1F980}",
            &sound[1..],
            &format!("{sound}A"),
            &format!("{sound}.x"),
            &sound.replace('a', "A"),
            &sound.replace('A', "*"),
            &"a".repeat(100_000),
        ] {
            assert_eq!(Token::read(token).map(|_| ()).unwrap_err().code, "link-unknown", "{token}");
        }
    }
}

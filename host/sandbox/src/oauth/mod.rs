//! The authorization server: apps, consents, grants and the tokens made from them.
//!
//! What it promises, each with a test:
//!
//! - A code is good once, for ten minutes, for the client and redirect URI it was made for.
//! - Every refresh gives a new refresh token. The old one may be exchanged again for ten minutes (the reuse
//!   interval); after that its use breaks the whole grant.
//! - A refresh token that is not used for ninety days expires.
//! - The access token that a refresh replaces dies ten minutes later, whatever its own lifetime says.
//!
//! Each consent makes a grant of its own, so that several connections of the one person live side by side;
//! Atlassian keeps one grant per app and account.
//!
//! Sources: Atlassian, *OAuth 2.0 (3LO) apps*; Atlassian staff on rotation, reuse and revocation.

pub(crate) mod authorize;
pub(crate) mod resources;
pub(crate) mod scopes;
pub(crate) mod token;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;

use crate::client::ClientRegistration;
use crate::clock::Moment;

/// How long a consent page may stay open, and how long its code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// Atlassian's reuse interval for a rotated refresh token, and the rest of life of a replaced access token.
const LEEWAY: Duration = Duration::from_secs(600);
/// The inactivity expiry of refresh tokens.
const INACTIVITY: Duration = Duration::from_secs(90 * 24 * 3600);

/// An app of the developer console.
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) registration: ClientRegistration,
    pub(crate) scopes: BTreeSet<String>,
}

/// What a consent is asked for, carried from the page to the code.
#[derive(Clone)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    scopes: Vec<String>,
    challenge: Option<String>,
}

struct Ticket {
    asked: Asked,
    state: String,
    expires: Moment,
}

struct Code {
    asked: Asked,
    expires: Moment,
}

struct Grant {
    client_id: String,
    scopes: Vec<String>,
    broken: bool,
}

struct AccessToken {
    grant: usize,
    expires: Moment,
    replaced: Option<Moment>,
}

struct RefreshToken {
    grant: usize,
    issued: Moment,
    used: Option<Moment>,
}

/// What an access token is worth at a moment.
pub(crate) enum Bearer {
    /// Never issued, or revoked.
    Unknown,
    /// Past its lifetime.
    Expired,
    /// Good for these scopes.
    Good(Vec<String>),
}

/// All of the authorization server's state.
#[derive(Default)]
pub(crate) struct Authorizations {
    clients: Vec<Client>,
    tickets: HashMap<String, Ticket>,
    codes: HashMap<String, Code>,
    grants: Vec<Grant>,
    access: HashMap<String, AccessToken>,
    refresh: HashMap<String, RefreshToken>,
    issued: HashSet<String>,
}

impl Authorizations {
    /// Registers an app. With no scopes named it has every scope that the sandbox knows.
    pub(crate) fn register(
        &mut self,
        redirect_uri: String,
        scopes: Option<Vec<String>>,
    ) -> ClientRegistration {
        let registration = ClientRegistration {
            client_id: random(24),
            client_secret: self.secret("ATOA", 48),
            redirect_uri,
        };
        let scopes = match scopes {
            Some(named) => named.into_iter().collect(),
            None => scopes::known().map(str::to_owned).collect(),
        };
        let name = match self.clients.len() {
            0 => "Actionbay (sandbox)".to_owned(),
            others => format!("Actionbay (sandbox app {})", others + 1),
        };
        self.clients.push(Client { name, registration: registration.clone(), scopes });
        registration
    }

    pub(crate) fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.registration.client_id == client_id)
    }

    pub(crate) fn first_client(&self) -> Option<&Client> {
        self.clients.first()
    }

    /// Whether a string is a credential that this server has issued.
    pub(crate) fn is_credential(&self, text: &str) -> bool {
        self.issued.contains(text)
    }

    pub(crate) fn bearer(&self, token: &str, now: Moment) -> Bearer {
        let Some(access) = self.access.get(token) else { return Bearer::Unknown };
        if access.replaced.is_some_and(|dies| now >= dies) {
            return Bearer::Unknown;
        }
        if now >= access.expires {
            return Bearer::Expired;
        }
        match self.grants.get(access.grant) {
            Some(grant) => Bearer::Good(grant.scopes.clone()),
            None => Bearer::Unknown,
        }
    }

    /// A fresh credential, long and random, remembered so that no record of a request can show it.
    fn secret(&mut self, prefix: &str, bytes: usize) -> String {
        let secret = format!("{prefix}{}", random(bytes));
        self.issued.insert(secret.clone());
        secret
    }

    /// A credential of the length and look of Atlassian's, which are signed tokens in three parts.
    fn long_secret(&mut self) -> String {
        let secret = format!("eyJ{}.{}.{}", random(45), random(420), random(192));
        self.issued.insert(secret.clone());
        secret
    }
}

fn random(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    rand::rng().fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

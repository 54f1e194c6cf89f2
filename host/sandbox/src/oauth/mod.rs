//! The authorization server: apps, consents, grants and the tokens made from them.
//!
//! What it promises, each with a test:
//!
//! - A code is good once, for ten minutes, for the client and redirect URI it was made for.
//! - Every refresh gives a new refresh token. The old one may be exchanged again for ten minutes (the reuse
//!   interval); after that its use breaks the whole grant.
//! - A refresh token that is not used for ninety days expires.
//! - The access token that a refresh replaces dies ten minutes later, whatever its own lifetime says.
//! - There is one grant per app and account; a new consent's scopes replace the old ones.
//! - Taking the app out of the account's settings ends every token at once; a new password ends refresh tokens.
//!
//! Sources: Atlassian, *OAuth 2.0 (3LO) apps*; Atlassian staff on rotation, reuse and revocation.

mod api_tokens;
pub(crate) mod authorize;
mod credentials;
mod grants;
pub(crate) mod resources;
pub(crate) mod scopes;
pub(crate) mod token;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::accounts::Account;
use crate::client::ClientRegistration;
use crate::clock::Moment;

use api_tokens::ApiTokens;
use credentials::random;
use grants::Grants;

pub(crate) use api_tokens::Holder;
pub(crate) use credentials::Credentials;
pub(crate) use grants::{Bearer, Ended};

/// How long a consent page may stay open, and how long its code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// Atlassian's reuse interval for a rotated refresh token, and the rest of life of a replaced access token.
const LEEWAY: Duration = Duration::from_secs(600);
/// The inactivity expiry of refresh tokens.
const INACTIVITY: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long an API token is good, which is what Atlassian proposes.
const API_TOKEN_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// An app of the developer console.
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) registration: ClientRegistration,
    pub(crate) scopes: BTreeSet<String>,
}

/// What a consent is asked for, carried from the page to the code.
#[derive(Clone)]
struct Asked {
    /// Who was signed in when the page was opened.
    account: &'static Account,
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
    /// The number of the grant that the consent belongs to.
    grant: usize,
    expires: Moment,
}

/// What taking the apps out of an account's settings has ended.
pub(crate) struct Revoked {
    pub(crate) tokens: Ended,
    pub(crate) api_tokens: usize,
}

/// All of the authorization server's state.
#[derive(Default)]
pub(crate) struct Authorizations {
    clients: Vec<Client>,
    tickets: HashMap<String, Ticket>,
    codes: HashMap<String, Code>,
    grants: Grants,
    api_tokens: ApiTokens,
    pub(crate) credentials: Credentials,
}

impl Authorizations {
    /// Registers an app. With no scopes named it has every scope that the sandbox knows.
    pub(crate) fn register(
        &mut self,
        redirect_uri: String,
        scopes: Option<Vec<String>>,
    ) -> ClientRegistration {
        let registration = ClientRegistration {
            // Letters and digits only, as Atlassian's are.
            client_id: random(24).replace(['-', '_'], "x"),
            client_secret: self.credentials.secret("ATOA", 48),
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

    /// What an access token is worth.
    pub(crate) fn bearer(&self, token: &str, now: Moment) -> Bearer {
        self.grants.bearer(token, now)
    }

    /// Makes an API token and gives it.
    pub(crate) fn make_api_token(&mut self, holder: Holder, now: Moment) -> String {
        let token = self.credentials.api_token(holder.account.email);
        self.api_tokens.add(&token, holder, now);
        token
    }

    /// Who signs in with an address and an API token.
    pub(crate) fn api_token(&self, email: &str, token: &str, now: Moment) -> Option<Holder> {
        self.api_tokens.holder(email, token, now)
    }

    /// The person takes every app and every API token out of the account's settings. Tokens and codes that were
    /// made before are dead at once.
    pub(crate) fn revoke(&mut self, account: &Account) -> Revoked {
        self.codes.retain(|_, code| code.asked.account != account);
        Revoked { tokens: self.grants.revoke(account), api_tokens: self.api_tokens.revoke(account) }
    }

    /// The person has a new password: refresh tokens lapse, access tokens and API tokens live on. Gives how many
    /// lapsed.
    pub(crate) fn change_password(&mut self, account: &Account) -> usize {
        self.grants.lapse(account)
    }
}

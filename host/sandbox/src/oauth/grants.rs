//! What accounts have granted to apps, and the tokens made from it.
//!
//! There is one grant per app and account, and a new consent's scopes replace the old ones, for every token of
//! the grant. The tokens that descend from one code, refresh by refresh, are a family: families of a grant live
//! side by side, but what ends the grant ends all of them.
//!
//! A token that is not kept here was never issued, or is dead: a new consent does not bring it back.

use std::collections::HashMap;

use crate::accounts::Account;
use crate::clock::Moment;

use super::{INACTIVITY, LEEWAY};

struct Grant {
    client_id: String,
    account: &'static Account,
    scopes: Vec<String>,
}

/// The tokens that descend from one code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Family {
    grant: usize,
    number: usize,
}

struct AccessToken {
    family: Family,
    expires: Moment,
    /// When it dies because a refresh has replaced it.
    replaced: Option<Moment>,
}

struct RefreshToken {
    family: Family,
    issued: Moment,
    used: Option<Moment>,
    /// Whether the account's password was changed since.
    lapsed: bool,
}

/// Whom an access token speaks for, and what it may do.
pub(crate) struct Granted {
    /// The app.
    pub(crate) client_id: String,
    pub(crate) account: &'static Account,
    pub(crate) scopes: Vec<String>,
}

/// What an access token is worth at a moment.
pub(crate) enum Bearer {
    /// Never issued, or revoked.
    Unknown,
    /// Past its lifetime.
    Expired,
    /// Good.
    Good(Granted),
}

/// Why a refresh token is not taken.
pub(super) enum Refusal {
    /// Never issued to this client, reused too late, or revoked.
    Unknown,
    /// Not used for too long, or older than the account's password.
    Lapsed,
}

/// How many tokens an event has ended.
pub(crate) struct Ended {
    pub(crate) refresh: usize,
    pub(crate) access: usize,
}

/// Every grant with its living tokens.
#[derive(Default)]
pub(super) struct Grants {
    grants: Vec<Grant>,
    families: usize,
    access: HashMap<String, AccessToken>,
    refresh: HashMap<String, RefreshToken>,
}

impl Grants {
    /// Notes a consent and gives the number of its grant.
    pub(super) fn consent(
        &mut self,
        client_id: &str,
        account: &'static Account,
        scopes: Vec<String>,
    ) -> usize {
        let same = |grant: &&mut Grant| grant.client_id == client_id && grant.account == account;
        match self.grants.iter_mut().enumerate().find(|(_, grant)| same(grant)) {
            Some((number, grant)) => {
                grant.scopes = scopes;
                number
            }
            None => {
                self.grants.push(Grant { client_id: client_id.to_owned(), account, scopes });
                self.grants.len() - 1
            }
        }
    }

    /// A new family of tokens of a grant.
    pub(super) fn family(&mut self, grant: usize) -> Family {
        self.families += 1;
        Family { grant, number: self.families }
    }

    /// The scopes that a family has, at present.
    pub(super) fn scopes(&self, family: Family) -> &[String] {
        self.grants.get(family.grant).map_or(&[], |grant| &grant.scopes)
    }

    pub(super) fn add_access(&mut self, token: String, family: Family, expires: Moment) {
        self.access.insert(token, AccessToken { family, expires, replaced: None });
    }

    pub(super) fn add_refresh(&mut self, token: String, family: Family, issued: Moment) {
        self.refresh.insert(token, RefreshToken { family, issued, used: None, lapsed: false });
    }

    pub(super) fn bearer(&self, token: &str, now: Moment) -> Bearer {
        let Some(access) = self.access.get(token) else { return Bearer::Unknown };
        if access.replaced.is_some_and(|dies| now >= dies) {
            return Bearer::Unknown;
        }
        if now >= access.expires {
            return Bearer::Expired;
        }
        match self.grants.get(access.family.grant) {
            Some(grant) => Bearer::Good(Granted {
                client_id: grant.client_id.clone(),
                account: grant.account,
                scopes: grant.scopes.clone(),
            }),
            None => Bearer::Unknown,
        }
    }

    /// Uses a refresh token: from here on the family's access tokens have the leeway left to live. Using one
    /// again after the leeway ends all refresh tokens of the grant.
    pub(super) fn refresh(&mut self, token: &str, client_id: &str, now: Moment) -> Result<Family, Refusal> {
        let token = self.refresh.get_mut(token).ok_or(Refusal::Unknown)?;
        let family = token.family;
        let grant = self.grants.get(family.grant).ok_or(Refusal::Unknown)?;
        if grant.client_id != client_id {
            return Err(Refusal::Unknown);
        }
        if token.lapsed {
            return Err(Refusal::Lapsed);
        }
        match token.used {
            None if now >= token.issued.plus(INACTIVITY) => return Err(Refusal::Lapsed),
            None => token.used = Some(now),
            Some(used) if now < used.plus(LEEWAY) => {}
            Some(_) => {
                self.refresh.retain(|_, other| other.family.grant != family.grant);
                return Err(Refusal::Unknown);
            }
        }
        let dies = now.plus(LEEWAY);
        for access in self.access.values_mut().filter(|access| access.family == family) {
            access.replaced.get_or_insert(dies);
        }
        Ok(family)
    }

    /// Ends every token of the account at once.
    pub(super) fn revoke(&mut self, account: &Account) -> Ended {
        let before = Ended { refresh: self.refresh.len(), access: self.access.len() };
        let grants = &self.grants;
        let others = |family: Family| grants.get(family.grant).is_some_and(|grant| grant.account != account);
        self.refresh.retain(|_, token| others(token.family));
        self.access.retain(|_, token| others(token.family));
        Ended { refresh: before.refresh - self.refresh.len(), access: before.access - self.access.len() }
    }

    /// Lets every refresh token of the account lapse; access tokens live on. Gives how many lapsed.
    pub(super) fn lapse(&mut self, account: &Account) -> usize {
        let grants = &self.grants;
        let of_account =
            |family: Family| grants.get(family.grant).is_some_and(|grant| grant.account == account);
        let tokens = self.refresh.values_mut().filter(|token| !token.lapsed && of_account(token.family));
        tokens.map(|token| token.lapsed = true).count()
    }
}

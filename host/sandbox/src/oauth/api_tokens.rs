//! API tokens: what a person makes in the account's settings and gives to a script, which signs in with it and
//! the account's address (Atlassian, *Manage API tokens for your Atlassian account*).

use sha2::{Digest as _, Sha256};

use crate::accounts::Account;
use crate::clock::Moment;

use super::API_TOKEN_LIFETIME;

struct Token {
    digest: [u8; 32],
    holder: Holder,
    expires: Moment,
}

/// Whom an API token stands for, and where.
#[derive(Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) account: &'static Account,
    /// The index of the site that the token was made for.
    pub(crate) site: usize,
}

/// Every API token that is good.
#[derive(Default)]
pub(super) struct ApiTokens {
    tokens: Vec<Token>,
}

impl ApiTokens {
    pub(super) fn add(&mut self, token: &str, holder: Holder, now: Moment) {
        let expires = now.plus(API_TOKEN_LIFETIME);
        self.tokens.push(Token { digest: Sha256::digest(token).into(), holder, expires });
    }

    /// Who signs in with an address and a token. Addresses are compared without regard to case.
    pub(super) fn holder(&self, email: &str, token: &str, now: Moment) -> Option<Holder> {
        // Compared by digest, so that the time it takes says nothing of how much of a guess was right.
        let digest: [u8; 32] = Sha256::digest(token).into();
        let token = self.tokens.iter().find(|token| token.digest == digest && now < token.expires)?;
        email.eq_ignore_ascii_case(token.holder.account.email).then_some(token.holder)
    }

    /// Takes every token of an account back, and gives how many there were.
    pub(super) fn revoke(&mut self, account: &Account) -> usize {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.holder.account != account);
        before - self.tokens.len()
    }
}

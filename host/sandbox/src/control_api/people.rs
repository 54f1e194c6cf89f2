//! What people do in their account's settings.

use serde::Deserialize;
use serde_json::json;

use crate::accounts::Account;
use crate::api_token::ApiToken;
use crate::errors;
use crate::http::{Answer, Reply};
use crate::oauth::Holder;
use crate::state::State;

/// Whose settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// Counted from 1; absent: who is signed in.
    account: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiToken {
    /// Counted from 1.
    #[serde(default = "super::first")]
    account: usize,
    /// Counted from 1.
    #[serde(default = "super::first")]
    site: usize,
}

impl Whose {
    fn account(&self, state: &State) -> Result<&'static Account, Reply> {
        self.account.map_or(Ok(state.settings.account), account)
    }
}

/// The account with a number.
pub(super) fn account(number: usize) -> Result<&'static Account, Reply> {
    Account::numbered(number)
        .ok_or_else(|| errors::control(400, format!("account must lie between 1 and {}.", Account::count())))
}

/// Removes every app and every API token.
pub(super) fn revoke(state: &mut State, whose: &Whose) -> Answer {
    let account = whose.account(state)?;
    let revoked = state.authorizations.revoke(account);
    Ok(Reply::json(
        200,
        &json!({
            "account": account.number(),
            "refresh_tokens": revoked.tokens.refresh,
            "access_tokens": revoked.tokens.access,
            "api_tokens": revoked.api_tokens,
        }),
    ))
}

/// Changes the password.
pub(super) fn change_password(state: &mut State, whose: &Whose) -> Answer {
    let account = whose.account(state)?;
    let lapsed = state.authorizations.change_password(account);
    Ok(Reply::json(200, &json!({"account": account.number(), "refresh_tokens": lapsed})))
}

/// Makes an API token.
pub(super) fn make_api_token(state: &mut State, wish: &NewApiToken) -> Answer {
    let account = account(wish.account)?;
    let index = wish.site.checked_sub(1).filter(|index| *index < state.sites.len());
    let index = index.ok_or_else(|| errors::control(400, "There is no such site."))?;
    let now = state.clock.now();
    let token = state.authorizations.make_api_token(Holder { account, site: index }, now);
    let site = state.sites.get(index).ok_or_else(errors::not_found)?;
    let made = ApiToken {
        email: account.email.to_owned(),
        token,
        site_url: site.url.clone(),
        site: site.name.clone(),
    };
    Ok(Reply::json(200, &json!(made)))
}

//! What people do in their account's settings.

use serde::Deserialize;
use serde_json::json;

use crate::accounts::Account;
use crate::errors;
use crate::http::{Answer, Reply};
use crate::state::State;

/// Whose settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// Counted from 1; absent: who is signed in.
    account: Option<usize>,
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

/// Removes every app.
pub(super) fn revoke(state: &mut State, whose: &Whose) -> Answer {
    let account = whose.account(state)?;
    let revoked = state.authorizations.revoke(account);
    Ok(Reply::json(
        200,
        &json!({
            "account": account.number(),
            "refresh_tokens": revoked.refresh,
            "access_tokens": revoked.access,
        }),
    ))
}

/// Changes the password.
pub(super) fn change_password(state: &mut State, whose: &Whose) -> Answer {
    let account = whose.account(state)?;
    let lapsed = state.authorizations.change_password(account);
    Ok(Reply::json(200, &json!({"account": account.number(), "refresh_tokens": lapsed})))
}

//! Asking before something is gone for good.

use std::io::{IsTerminal as _, Write as _};

use crate::failure::{Failure, FailureKind, Result};

/// Asks a person, who is told what would be lost; `yes`: it was said beforehand.
///
/// # Errors
/// `InvalidInput` where nobody can be asked, or the answer is not yes.
pub(super) fn confirm(what: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    let not_done = |code: &'static str, hint: &str| {
        Failure::new(FailureKind::InvalidInput, code, format!("Nothing was deleted. {what}")).hint(hint)
    };
    if !std::io::stdin().is_terminal() {
        return Err(not_done("confirmation-needed", "To delete it without being asked, add --yes."));
    }
    let mut error = std::io::stderr();
    let mut answer = String::new();
    let _ = write!(error, "{what} Delete it? [y/N] ").and_then(|()| error.flush());
    let _ = std::io::stdin().read_line(&mut answer);
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(not_done("not-confirmed", "Answer y to delete it."))
    }
}

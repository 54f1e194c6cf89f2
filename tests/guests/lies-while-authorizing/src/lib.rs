//! Fails where it is asked to begin, and says that it renewed what it did not.

use support::action::{Outcome, Step, TemplateCall};
use support::connections::{Connection, Facts};
use support::failure;
use support::types::Failure;

struct LiesWhileAuthorizing;

impl support::Behaviour for LiesWhileAuthorizing {
    const ID: &str = "lies-while-authorizing";

    fn authorize(step: Step) -> Result<Outcome, Failure> {
        match step {
            Step::Begin(_) => Err(failure("no-beginning", "It does not begin.")),
            _ => Ok(Outcome::Redirect(Vec::new())),
        }
    }

    fn refresh(connection: &Connection) -> Result<Facts, Failure> {
        Ok(connection.facts())
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(LiesWhileAuthorizing);

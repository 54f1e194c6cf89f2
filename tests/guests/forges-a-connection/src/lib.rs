//! Acts by a handle that it was not given: it makes one up, of the number that its input says.

use support::action::TemplateCall;
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;
use support::{field, get, http};

struct ForgesAConnection;

impl support::Behaviour for ForgesAConnection {
    const ID: &str = "forges-a-connection";

    fn run(call: TemplateCall, own: &Connection) -> Result<String, Failure> {
        let Some(number) = field(&call, "handle").as_u64() else {
            let answer = http::send(&get("/own"), Some(own))?;
            return Ok(json!({"status": answer.status, "handle": own.handle()}).to_string());
        };
        // A handle is a number to whoever holds it, so any number can be passed off as one. It is never dropped.
        let forged = core::mem::ManuallyDrop::new(unsafe { Connection::from_handle(number as u32) });
        let answer = http::send(&get("/forged"), Some(&forged))?;
        Ok(json!({"status": answer.status, "connection": forged.facts().id}).to_string())
    }
}

support::export!(ForgesAConnection);

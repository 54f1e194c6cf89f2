//! Returns 64 bytes, and does nothing else: what is left of a call is what calls cost.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct Returns64Bytes;

impl support::Behaviour for Returns64Bytes {
    const ID: &str = "returns-64-bytes";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(r#"{"padding":"01234567890123456789012345678901234567890123456789"}"#.to_owned())
    }
}

support::export!(Returns64Bytes);

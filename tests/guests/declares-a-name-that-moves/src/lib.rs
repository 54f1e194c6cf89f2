//! Declares a name of its maker's, which leads to a public address when it is checked and to a private one after that.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;
use support::{field, get, http, manifest, outcome};

struct DeclaresANameThatMoves;

impl support::Behaviour for DeclaresANameThatMoves {
    const ID: &str = "declares-a-name-that-moves";

    fn describe() -> Manifest {
        let mut manifest = manifest(Self::ID);
        manifest.audiences[0].origin = "https://moves.example.com".into();
        manifest
    }

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let times = field(&call, "times").as_u64().unwrap_or(1);
        let attempts: Vec<_> =
            (0..times).map(|_| outcome(http::send(&get("/x"), Some(connection)))).collect();
        Ok(json!({"attempts": attempts}).to_string())
    }
}

support::export!(DeclaresANameThatMoves);

//! What all guests share. A guest is a [`Behaviour`]: a plugin that behaves well except in what it
//! overrides.
//!
//! ```ignore
//! struct Traps;
//!
//! impl support::Behaviour for Traps {
//!     const ID: &str = "traps";
//!
//!     fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
//!         panic!("as it should")
//!     }
//! }
//!
//! support::export!(Traps);
//! ```

mod manifest;

use actionbay_heap as _;

pub use bindings::exports::integration::action::action;
pub use bindings::integration::action::{connections, files, http, log, oauth, progress, types};
pub use manifest::{manifest, oauth2, request, template};
pub use serde_json;

use action::{Grant, Guest, Manifest, Outcome, Step, TemplateCall};
use connections::{Connection, Facts};
use types::{Failure, FailureKind};

/// The generated code.
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "integration",
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "support::bindings",
    });
}

/// A plugin that behaves well: one OAuth method, the audiences `api` and `accounts`, one template `run`.
pub trait Behaviour {
    /// The integration's id.
    const ID: &str;

    /// See `action.describe`.
    fn describe() -> Manifest {
        manifest(Self::ID)
    }

    /// See `action.authorize`.
    fn authorize(step: Step) -> Result<Outcome, Failure> {
        match step {
            Step::Begin(_) => Ok(Outcome::Redirect(Vec::new())),
            Step::Callback(_) => {
                let connection = oauth::exchange_code()?;
                Ok(Outcome::Granted(Grant { connection, site: None, attributes: Vec::new() }))
            }
            Step::ChooseSite(_) => Err(failure("no-sites", "there is no site to choose")),
        }
    }

    /// See `action.refresh`.
    fn refresh(connection: &Connection) -> Result<Facts, Failure> {
        oauth::refresh_token(connection)
    }

    /// See `action.execute-template`. Whatever it does, a call whose input says `"behave": true` gives its input back.
    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure>;
}

impl<B: Behaviour> Guest for B {
    fn describe() -> Manifest {
        B::describe()
    }

    fn authorize(step: Step) -> Result<Outcome, Failure> {
        B::authorize(step)
    }

    fn refresh(connection: &Connection) -> Result<Facts, Failure> {
        B::refresh(connection)
    }

    fn execute_template(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        // By it tests see that a guest works as before, whatever its last call did.
        if field(&call, "behave") == serde_json::Value::Bool(true) {
            Ok(call.input)
        } else {
            B::run(call, connection)
        }
    }
}

/// Makes a [`Behaviour`] the component's.
#[macro_export]
macro_rules! export {
    ($guest:ident) => {
        $crate::bindings::export_plugin!($guest with_types_in $crate::bindings);
    };
}

/// A plain `get` to the audience `api`.
pub fn get(path: &str) -> http::Request<'static> {
    http::Request {
        audience: "api".into(),
        method: http::Method::Get,
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: http::Body::None,
    }
}

/// A header.
pub fn header(name: &str, value: &str) -> http::Header {
    http::Header { name: name.into(), value: value.into() }
}

/// What became of an attempt, in a word: `sent`, or the code of the failure.
pub fn outcome<T>(result: Result<T, Failure>) -> String {
    result.map_or_else(|failure| failure.code, |_| "sent".into())
}

/// A failure that is the guest's own.
pub fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure {
        kind: FailureKind::InvalidInput,
        code: code.into(),
        message: message.into(),
        hint: None,
        request_sent: false,
        retry_after: None,
        upstream_status: None,
        upstream_request_id: None,
    }
}

/// A field of the input, which the host has validated.
pub fn field(call: &TemplateCall, name: &str) -> serde_json::Value {
    let input: serde_json::Value = serde_json::from_str(&call.input).expect("the host validates the input");
    input[name].clone()
}

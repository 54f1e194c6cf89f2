//! Imports more than the contract: the network of WASI, which no plugin may have.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::manifest;
use support::types::Failure;

wit_bindgen::generate!({ path: "wit", world: "opens-sockets" });

struct ImportsWasi;

impl support::Behaviour for ImportsWasi {
    const ID: &str = "imports-wasi";

    fn describe() -> Manifest {
        manifest(Self::ID)
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        // An import that nothing calls would not be in the component.
        drop(wasi::sockets::instance_network::instance_network());
        Ok(call.input)
    }
}

support::export!(ImportsWasi);

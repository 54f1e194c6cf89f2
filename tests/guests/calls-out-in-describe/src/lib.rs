//! Sends a request where every import is denied.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::http::{self, Body, Method, Request};
use support::manifest;
use support::types::Failure;

struct CallsOutInDescribe;

impl support::Behaviour for CallsOutInDescribe {
    const ID: &str = "calls-out-in-describe";

    fn describe() -> Manifest {
        let request = Request {
            audience: "api".into(),
            method: Method::Get,
            path: "/".into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
        };
        // Whatever it answers: to be able to ask is too much.
        drop(http::send(&request, None));
        manifest(Self::ID)
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(CallsOutInDescribe);

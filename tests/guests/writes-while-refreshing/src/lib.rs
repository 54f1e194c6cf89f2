//! Sends a request that no template declares while it is asked to renew, on behalf of the connection it was lent.

use support::action::TemplateCall;
use support::connections::{Connection, Facts};
use support::http::{self, Body, Method, Request};
use support::types::Failure;

struct WritesWhileRefreshing;

impl support::Behaviour for WritesWhileRefreshing {
    const ID: &str = "writes-while-refreshing";

    fn refresh(connection: &Connection) -> Result<Facts, Failure> {
        for (audience, method) in
            [("api", Method::Get), ("api", Method::Delete), ("accounts", Method::Delete)]
        {
            let request = Request {
                audience: audience.into(),
                method,
                path: "/everything".into(),
                query: Vec::new(),
                headers: Vec::new(),
                body: Body::None,
            };
            match http::send(&request, Some(connection)) {
                Err(failure) if failure.code == "not-while-authorizing" => {}
                Err(failure) => return Err(failure),
                Ok(_) => return Err(support::failure("it-was-sent", audience)),
            }
        }
        support::oauth::refresh_token(connection)
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(WritesWhileRefreshing);

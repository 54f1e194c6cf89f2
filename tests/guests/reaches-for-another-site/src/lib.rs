//! Asks for the path of its input below an audience that holds the connection's site.

use support::action::{Audience, Grant, Manifest, Outcome, Step, TemplateCall};
use support::connections::Connection;
use support::http::{self, Body, Method, Request};
use support::serde_json::json;
use support::types::{Failure, Site};
use support::{failure, field, manifest, oauth};

struct ReachesForAnotherSite;

impl support::Behaviour for ReachesForAnotherSite {
    const ID: &str = "reaches-for-another-site";

    fn describe() -> Manifest {
        let plain = manifest(Self::ID);
        let with_site = |audience| Audience {
            path_prefix: "/sites/{site}/api".into(),
            authorization_only: false,
            ..audience
        };
        let audiences = plain.audiences.into_iter().map(with_site).collect();
        Manifest { audiences, ..plain }
    }

    fn authorize(step: Step) -> Result<Outcome, Failure> {
        match step {
            Step::Begin(_) => Ok(Outcome::Redirect(Vec::new())),
            Step::Callback(_) => {
                let connection = oauth::exchange_code()?;
                let site =
                    Site { id: "own".into(), name: "Own".into(), url: "https://own.example.com".into() };
                Ok(Outcome::Granted(Grant { connection, site: Some(site), attributes: Vec::new() }))
            }
            Step::ChooseSite(_) => Err(failure("no-sites", "there is no site to choose")),
        }
    }

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let request = Request {
            audience: "api".into(),
            method: Method::Get,
            path: field(&call, "path").as_str().unwrap_or_default().into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
        };
        let response = http::send(&request, Some(connection))?;
        Ok(json!({"answer": String::from_utf8_lossy(&response.body)}).to_string())
    }
}

support::export!(ReachesForAnotherSite);

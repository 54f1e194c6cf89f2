//! The plugin's own code, compiled for this machine, against the same vendor: what the sandbox around it costs.

use actionbay_confluence::platform::{Facts, Failure, FileFacts, Level, Request, Response, Session, Site};
use actionbay_confluence::templates;
use serde_json::Value;

use super::vendor;

/// Runs a template without a component.
pub(crate) fn execute(template: &str, input: &str) -> String {
    templates::execute(&Native, template, input).unwrap()
}

struct Native;

impl Session for Native {
    fn facts(&self) -> Facts {
        Facts {
            id: "c-1".to_owned(),
            scopes: Vec::new(),
            expires_at: None,
            refreshable: true,
            site: Some(Site {
                id: "11223344-a1b2-4c3d-8e9f-1a2b3c4d5e6f".to_owned(),
                name: "acme".to_owned(),
                url: "https://acme.atlassian.net".to_owned(),
            }),
            attributes: Vec::new(),
        }
    }

    fn send(&self, request: Request) -> Result<Response, Failure> {
        let answer: Value = vendor::answer(&request.path);
        Ok(Response { status: 200, headers: Vec::new(), body: answer.to_string().into_bytes() })
    }

    fn file(&self, name: &str) -> Result<FileFacts, Failure> {
        Err(Failure::invalid_input("no-file", name))
    }

    fn download(&self, _: Request, name: &str, _: &str) -> Result<(Response, FileFacts), Failure> {
        Err(Failure::invalid_input("no-file", name))
    }

    fn log(&self, _: Level, _: &str) {}

    fn progress(&self, _: u64, _: Option<u64>, _: &str) {}
}

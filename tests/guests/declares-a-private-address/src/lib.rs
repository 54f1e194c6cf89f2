//! Declares 169.254.169.254, where clouds hand out their machines' credentials, as its audiences, in spellings that
//! resolvers and URL parsers take for it.

use support::action::{Audience, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::http::{self, Method, Request};
use support::serde_json::json;
use support::types::Failure;
use support::{get, manifest, outcome, template};

const ORIGINS: &[&str] = &[
    "https://169.254.169.254",
    "https://2852039166",
    "https://0xa9fea9fe",
    "https://0251.0376.0251.0376",
    "https://0xA9.0xFE.0xA9.0xFE",
    "https://169.0376.0xa9fe",
    "https://169.16689662",
    "https://169.254.169.254.",
    "https://[::ffff:169.254.169.254]",
    "https://[0:0:0:0:0:FFFF:a9fe:a9fe]",
    "https://[::169.254.169.254]",
    "https://[64:ff9b::169.254.169.254]",
    "https://[2002:a9fe:a9fe::]",
    "https://%31%36%39.254.169.254",
    "https://169%2E254%2E169%2E254",
    "https://\u{ff11}\u{ff16}\u{ff19}.254.169.254",
    "https://169\u{3002}254\u{3002}169\u{3002}254",
    "https://\u{2460}\u{2465}\u{2468}.254.169.254",
];

struct DeclaresAPrivateAddress;

impl support::Behaviour for DeclaresAPrivateAddress {
    const ID: &str = "declares-a-private-address";

    fn describe() -> Manifest {
        let audience = |(number, origin): (usize, &&str)| Audience {
            name: format!("metadata-{number}"),
            origin: (*origin).into(),
            path_prefix: String::new(),
            authorization_only: false,
            cost: None,
        };
        let audiences: Vec<Audience> = ORIGINS.iter().enumerate().map(audience).collect();
        let request = |audience: &Audience| support::action::RequestRule {
            audience: audience.name.clone(),
            ..support::request(Method::Get, "/{any}", support::action::Concern::Nothing)
        };
        let run = Template { requests: audiences.iter().map(request).collect(), ..template("run") };
        Manifest { audiences, templates: vec![run], ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let attempt = |(number, origin): (usize, &&str)| {
            let request = Request { audience: format!("metadata-{number}"), ..get("/latest") };
            json!([origin, outcome(http::send(&request, Some(connection)))])
        };
        Ok(json!({"attempts": ORIGINS.iter().enumerate().map(attempt).collect::<Vec<_>>()}).to_string())
    }
}

support::export!(DeclaresAPrivateAddress);

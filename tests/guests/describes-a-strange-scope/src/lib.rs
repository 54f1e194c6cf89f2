//! Describes a scope that would steer a terminal, and the parameters of an authorization too.

use support::action::{AuthorizationMethod, Manifest, Oauth2, TemplateCall};
use support::connections::Connection;
use support::types::Failure;
use support::{manifest, oauth2};

struct DescribesAStrangeScope;

impl support::Behaviour for DescribesAStrangeScope {
    const ID: &str = "describes-a-strange-scope";

    fn describe() -> Manifest {
        let oauth2 = Oauth2 { offline_scope: Some("offline\u{1b}[2J other".into()), ..oauth2() };
        Manifest { authorization: vec![AuthorizationMethod::Oauth2(oauth2)], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(DescribesAStrangeScope);

//! A world whose pages are served, and what people do at them.

use actionbay::authorization::PublicUrl;
use actionbay::service::{self, Server, Serving};
use actionbay::{AuthorizationLink, Failure, Host, Run};
use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};

use super::{Answer, Setup, Visitor, World, integration, workspace};

/// A world whose pages are served.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) public: PublicUrl,
    _serving: Serving,
}

impl Town {
    pub(crate) fn new() -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let public = PublicUrl::new(&format!("http://localhost:{}", server.address().port())).unwrap();
        let world = world_at(&public);
        let serving = server.start(&service::routes(world.host.clone(), &public)).unwrap();
        Self { world, public, _serving: serving }
    }

    pub(crate) fn run(&self, user: Option<&str>) -> Result<Value, Failure> {
        run(&self.world.host, user)
    }

    /// The link that a run for this user comes with.
    pub(crate) fn link(&self, user: Option<&str>) -> String {
        link_of(self.run(user).unwrap_err()).url.into()
    }

    /// The callback URL, after the person decided at the vendor.
    pub(crate) fn decided(&self, opened: &Answer, decision: Decision) -> String {
        let query = self.world.consent(&opened.location(), decision);
        format!("{}?{query}", self.public.callback_url())
    }

    /// The whole way of a person with one browser.
    pub(crate) fn connect(&self, link: &str) -> Answer {
        let mut visitor = Visitor::new();
        let opened = visitor.post(link);
        visitor.get(&self.decided(&opened, Decision::Allow))
    }
}

/// Of a world whose pages are there.
pub(crate) fn setup_at(public: &PublicUrl) -> Setup {
    let sandbox = SandboxConfig { redirect_uri: public.callback_url(), ..SandboxConfig::default() };
    Setup { sandbox, public_url: Some(public.clone()), ..Setup::default() }
}

pub(crate) fn world_at(public: &PublicUrl) -> World {
    World::new(setup_at(public))
}

pub(crate) fn run(host: &Host, user: Option<&str>) -> Result<Value, Failure> {
    let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
    host.run(&run.user(user.map(str::to_owned))).map(|outcome| outcome.output)
}

pub(crate) fn link_of(failure: Failure) -> AuthorizationLink {
    *failure.authorization.unwrap_or_else(|| panic!("no link"))
}

pub(crate) fn token_of(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

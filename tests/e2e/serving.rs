//! `actionbay serve`: the pages at which people connect, as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use atlassian_sandbox::consent::{self, Decision};
use atlassian_sandbox::control::Control;
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;

use crate::support::{Home, Visitor, port_of_nobody};

/// The command as it serves, and what it printed.
pub(crate) struct Service {
    pub(crate) process: Child,
    pub(crate) told: Value,
}

impl Service {
    pub(crate) fn start(home: &Home, bind: &str) -> Self {
        Self::of(home.command(&["--json", "serve", "--bind", bind]))
    }

    /// A command that serves, once it says that it does.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, told: serde_json::from_str(&line).unwrap() }
    }

    /// Asks it to end, as a service manager does; its exit code.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> Option<i32> {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

/// A home whose profile is an app of the sandbox with this callback URL, and whose people come to this address.
fn home_at(public: &str, sandbox: &Sandbox) -> Home {
    let home = Home::new();
    let at = sandbox.url();
    let client = Control::new(at).register_client(&format!("{public}/oauth/callback")).unwrap();
    std::fs::create_dir_all(home.data()).unwrap();
    let config = format!(
        "public-url = \"{public}\"\n[policy]\nallowed-origins = [\"{at}\"]\n\
         [policy.audience-origins.mine]\nsites = \"{at}\"\nconfluence = \"{at}\"\n"
    );
    std::fs::write(home.data().join("config.toml"), config).unwrap();
    let authorization_url = format!("{at}/authorize?audience=api.atlassian.com&prompt=consent");
    let token_url = format!("{at}/oauth/token");
    let mut create = home.command(&["profiles", "create", "mine", "--integration", "confluence"]);
    create
        .args(["--client-id", &client.client_id, "--authorization-url", &authorization_url])
        .args(["--token-url", &token_url])
        .env("ACTIONBAY_CLIENT_SECRET", &client.client_secret);
    crate::support::finish(create).ok();
    home
}

#[cfg(unix)]
#[test]
fn the_command_serves_the_link_that_a_run_prints_until_it_is_told_to_end() {
    let port = port_of_nobody(1);
    let public = format!("http://localhost:{port}");
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = home_at(&public, &sandbox);
    let service = Service::start(&home, &format!("127.0.0.1:{port}"));
    assert_eq!(service.told["address"], format!("127.0.0.1:{port}"));
    assert_eq!(service.told["public-url"], public);
    assert_eq!(service.told["callback-url"], format!("{public}/oauth/callback"));

    let run = ["run", "confluence", "list-pages", "--set", "space=DOCS", "--user", "ann"];
    let told = home.run(&run).fails_with(3, "no connection to confluence");
    assert!(told.stderr.contains(&format!("authorize: {public}/connect/")), "{told:?}");
    let told = home.run(&[&["--json"], &run[..]].concat()).json();
    let link = told["error"]["authorization"]["url"].as_str().unwrap().to_owned();
    let mut visitor = Visitor::new();
    let at = visitor.post(&link).location();
    let back = consent::redirect(at.as_str(), Decision::Allow).unwrap();
    let done = visitor.get(&back);
    assert_eq!(done.status, 200, "{done:?}");
    home.run(&run).ok();

    let for_bob = home.run(&["--json", "authorize", "confluence", "--user", "bob", "--link"]).ok().json();
    let mut visitor = Visitor::new();
    let at = visitor.post(for_bob["url"].as_str().unwrap()).location();
    assert_eq!(visitor.get(&consent::redirect(at.as_str(), Decision::Allow).unwrap()).status, 200);
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS", "--user", "bob"]).ok();
    assert_eq!(service.end(), Some(0));
}

#[cfg(unix)]
#[test]
fn without_a_public_url_this_machine_is_served_at_localhost() {
    let service = Service::start(&Home::new(), "127.0.0.1:0");
    let address: std::net::SocketAddr = service.told["address"].as_str().unwrap().parse().unwrap();
    let public = format!("http://localhost:{}", address.port());
    assert_eq!(service.told["public-url"], public);
    assert_eq!(Visitor::new().get(&format!("{public}/connect/x")).status, 404);
    assert_eq!(service.end(), Some(0));
}

/// The command serves this machine alone where nothing else is said; the port may be in use here, so that it is asked.
#[test]
fn nothing_but_this_machine_is_served_unless_that_is_said() {
    let help = Home::new().run(&["serve", "--help"]).ok().stdout;
    let default = help.split_once("--bind").unwrap().1.split_once("[default: ").unwrap().1;
    let address: std::net::SocketAddr = default.split_once(']').unwrap().0.parse().unwrap();
    assert!(address.ip().is_loopback(), "{help}");
}

#[test]
fn a_service_that_does_not_know_where_people_reach_it_is_not_begun() {
    let home = Home::new();
    home.run(&["serve", "--bind", "0.0.0.0:0"]).fails_with(2, "where people reach");
    home.run(&["serve", "--public-url", "http://connect.example.com"]).fails_with(2, "not https");
    home.run(&["serve", "--public-url", "https://a.example/?x"]).fails_with(2, "query");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    home.run(&["serve", "--bind", &taken.local_addr().unwrap().to_string()])
        .fails_with(1, "Nothing can be served");
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("config.toml"), "public-url = \"ftp://a.example\"\n").unwrap();
    home.run(&["serve", "--bind", "127.0.0.1:0"]).fails_with(2, "config.toml");
}

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use atlassian_sandbox::{Sandbox, SandboxConfig};

use crate::support::World;

#[test]
fn a_host_that_is_not_loopback_is_refused_everywhere() {
    let world = World::start();
    for path in ["/", "/authorize", "/_sandbox/client", "/ex/confluence/x/wiki/api/v2/spaces"] {
        let mut stream = TcpStream::connect(world.sandbox.url().strip_prefix("http://").unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 421 "), "{path}: {answer}");
        assert!(!answer.contains(&world.sandbox.client().client_secret));
    }
}

#[test]
fn the_sandbox_listens_on_loopback_only() {
    let world = World::start();
    assert!(world.sandbox.url().starts_with("http://127.0.0.1:"));
    assert!(!world.sandbox.url().ends_with('/'));
}

#[test]
fn dropping_ends_it_at_once_although_connections_are_kept_alive() {
    let world = World::start();
    let mut stream = TcpStream::connect(world.sandbox.url().strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut buffer = [0; 64];
    assert!(stream.read(&mut buffer).unwrap() > 0);
    // The client never closes: whoever waited for it would never return.
    drop(world);
}

#[test]
fn waiting_lasts_until_the_end_of_the_server_and_a_taken_port_is_an_error() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let port = sandbox.url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(Sandbox::start(SandboxConfig { port, ..Default::default() }).is_err());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| sandbox.wait());
        assert!(!waiting.is_finished());
        sandbox.stop();
        waiting.join().unwrap();
    });
}

//! Components whose requests are to go where they may not, with what they may not have. Each makes all of its attempts in
//! one call and goes on whatever becomes of them; what counts is what the server received.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actionbay::egress::{OutboundRequest, RawResponse, Transport, TransportError, UreqTransport};
use actionbay::ids::WorkspaceId;
use actionbay::{CallLimits, FailureKind};
use serde_json::{Value, json};

use crate::components::{
    DECLARES_A_NAME_THAT_MOVES, DECLARES_A_PRIVATE_ADDRESS, FORGES_A_CONNECTION, HIDES_ITS_AUDIENCE,
    LEAVES_ITS_PATH_PREFIX, SETS_AUTHORIZATION, SMUGGLES_LINES,
};
use crate::guests::{Guest, Vendor};
use crate::support::{Script, SetClock, WithTokens, answer, engine, listening, token};

/// A server that is content with everything.
fn content() -> Script {
    Script::new(|_| answer("200 OK", &[], b"{}"))
}

/// What became of each attempt: what was tried, and `sent` or the code of the refusal.
fn attempts(guest: &Guest) -> Vec<(String, String)> {
    let told = guest.run("run", json!({})).unwrap();
    guest.works_as_before();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let attempt = |attempt: &Value| {
        let parts = attempt.as_array().unwrap();
        let tried: Vec<String> = parts[..parts.len() - 1].iter().map(text).collect();
        (tried.join(" "), text(parts.last().unwrap()))
    };
    told["attempts"].as_array().unwrap().iter().map(attempt).collect()
}

#[test]
fn no_path_leads_out_of_the_audiences_prefix_by_dots_or_by_an_encoding_of_them() {
    let server = content();
    let guest = Guest::facing(LEAVES_ITS_PATH_PREFIX, &server, CallLimits::default());
    for (path, outcome) in attempts(&guest) {
        let refusals = [
            "dot-segment",
            "hidden-separator",
            "double-encoding",
            "bad-encoding",
            "empty-segment",
            "path-character",
            "path-not-absolute",
        ];
        assert!(refusals.contains(&outcome.as_str()), "{path:?}: {outcome}");
    }
    assert_eq!(server.heads(), [] as [&str; 0], "nothing was sent");
}

#[test]
fn no_header_that_is_the_hosts_alone_is_a_components_to_set_in_any_case_or_spelling() {
    let server = content();
    let guest = Guest::facing(SETS_AUTHORIZATION, &server, CallLimits::default());
    for (name, outcome) in attempts(&guest) {
        assert!(["header-refused", "bad-header"].contains(&outcome.as_str()), "{name:?}: {outcome}");
    }
    // One more was allowed: without a connection, and so without a credential.
    let heads = server.heads();
    assert!(heads.len() == 1 && heads[0].starts_with("get /v1/last "), "{heads:?}");
    assert!(heads[0].contains("x-api-key: of-the-guest") && !heads[0].contains("authorization"), "{heads:?}");
}

#[test]
fn no_line_is_smuggled_into_a_request_by_any_part_of_it() {
    let server = content();
    let guest = Guest::facing(SMUGGLES_LINES, &server, CallLimits::default());
    let attempts = attempts(&guest);
    assert!(attempts.len() > 80, "{}", attempts.len());
    for (tried, outcome) in &attempts {
        // In a query it is data, which the host encodes; the marks beyond ASCII end no line of HTTP.
        let may_be_sent =
            tried.starts_with("query-") || ["\u{85}", "\u{2028}"].iter().any(|mark| tried.contains(mark));
        assert!(may_be_sent || outcome != "sent", "{tried:?}: {outcome}");
    }
    let heads = server.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert_eq!(head.matches("http/1.1").count(), head.matches("http/1.1\r\n").count(), "{head}");
        assert_eq!(head.matches(" http/1.1\r\n").count(), 1, "one request: {head}");
        assert!(!head.lines().any(|line| line.starts_with("x-smuggled")), "{head}");
        assert!(!head.trim_end_matches("\r\n").replace("\r\n", "").contains(['\r', '\n', '\0']), "{head:?}");
    }
}

/// Grants tokens; counts everything else that it is asked for.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Transport for Counting {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        if request.url.path() != "/token" {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        Vendor.round_trip(request)
    }
}

#[test]
fn the_metadata_of_a_cloud_is_no_audience_in_any_spelling_of_its_address() {
    let vendor = Counting::default();
    let guest = Guest::with(DECLARES_A_PRIVATE_ADDRESS, vendor.clone());
    let attempts = attempts(&guest);
    assert!(attempts.len() >= 12);
    for (origin, outcome) in attempts {
        assert_eq!(outcome, "address-not-public", "{origin}");
    }
    assert_eq!(
        vendor.0.load(Ordering::SeqCst),
        0,
        "the transport, which resolves and connects, was never asked"
    );
    let failure = engine().load(&std::fs::read(HIDES_ITS_AUDIENCE).unwrap()).unwrap_err();
    assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::BadPlugin, "bad-audience"));
    assert!(failure.message.contains("names a user") && failure.hint.is_some(), "{failure:?}");
}

#[test]
fn a_name_that_moves_to_a_private_address_leads_to_the_one_that_was_checked_or_nowhere() {
    // In the place of a public address stands one of this machine that nobody else uses.
    const PUBLIC: &str = "127.0.0.2";
    let ((public, reached), (private, attacked)) = (listening(PUBLIC), listening("127.0.0.1"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let names = move |name: &str| {
        assert_eq!(name, "moves.example.com");
        // Public, private, and then both at once, in either order.
        match count.fetch_add(1, Ordering::SeqCst) % 4 {
            0 => vec![public],
            1 => vec![private],
            2 => vec![public, private],
            _ => vec![private, public],
        }
    };
    let is_public = |address: IpAddr| address.to_string() == PUBLIC;
    let transport = WithTokens::over(UreqTransport::with_names(names, is_public));
    let plugin = engine().load(&std::fs::read(DECLARES_A_NAME_THAT_MOVES).unwrap()).unwrap();
    let guest =
        Guest::of(plugin, CallLimits::default(), |host| host.transport(transport).clock(SetClock::new()));
    let told = guest.run("run", json!({"times": 8})).unwrap();
    let outcomes = told["attempts"].as_array().unwrap();
    assert!(outcomes.contains(&json!("address-not-public")) && !outcomes.contains(&json!("sent")), "{told}");
    let (asked, reached) = (asked.load(Ordering::SeqCst), reached.load(Ordering::SeqCst));
    assert_eq!(reached, asked.div_ceil(4), "each connection was preceded by a look-up of its own");
    assert_eq!(attacked.load(Ordering::SeqCst), 0);
    guest.works_as_before();
}

#[test]
fn a_component_acts_by_the_connection_that_it_was_given_and_by_none_of_another_workspace() {
    let server = content();
    let guest = Guest::facing(FORGES_A_CONNECTION, &server, CallLimits::default());
    let other = WorkspaceId::new("other").unwrap();
    guest.connect_in(&other);
    let own = guest.run("run", json!({})).unwrap()["handle"].as_u64().unwrap();
    guest.run_in(&other, "run", json!({})).unwrap();
    for handle in (0..=64).chain([1 << 16, 1 << 28, u32::MAX.into()]).filter(|handle| *handle != own) {
        let failure = guest.run("run", json!({"handle": handle})).unwrap_err();
        assert_eq!(failure.code, "plugin-crashed", "{handle}");
    }
    guest.run("run", json!({"handle": own})).unwrap();
    guest.works_as_before();
    let sent: Vec<String> = server.heads().iter().map(|head| credential(head)).collect();
    assert_eq!(sent, [token(1), token(2), token(1)].map(|token| format!("bearer {token}")));

    // Nor does whoever runs it reach the connection of another workspace by its id.
    let theirs = guest.connections(&other).remove(0);
    let failure = guest.outcome(&guest.to_run(json!({})).connection(Some(theirs))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound, "{failure:?}");
    assert_eq!(server.heads().len(), 3);
}

fn credential(head: &str) -> String {
    let line = head.lines().find_map(|line| line.strip_prefix("authorization: "));
    line.unwrap_or_default().to_owned()
}

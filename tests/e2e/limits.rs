//! Limits that operators and callers set: of all calls, of one integration's, of one call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use actionbay::egress::{
    OperatorPolicy, Origin, OutboundRequest, RawResponse, Transport, TransportError, UreqTransport,
};
use actionbay::{CallLimits, Engine, FailureKind, Run};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::components::{
    ALLOCATES_WITHOUT_END, CALLS_OUT_AT_EVERY_DEPTH, DOES_WITH_LESS, ECHO, EXITS, PANICS, RECURSES,
    RETURNS_64_BYTES, RETURNS_INVALID_JSON, TRAPS, VIOLATES_ITS_OUTPUT_SCHEMA,
};
use crate::guests::{Guest, Vendor};
use crate::support::{Home, Script, World, answer, connected, engine, integration, load, workspace};

/// Without a stack of its own the call would end the process.
#[test]
fn a_component_that_calls_itself_without_end_harms_no_thread_however_small_its_stack() {
    let guest = Guest::new(RECURSES, CallLimits::default());
    let small = thread::Builder::new().stack_size(256 << 10);
    let failure = small.spawn(move || guest.run("run", json!({})).unwrap_err()).unwrap().join().unwrap();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "stack-bytes-exceeded"));
    assert!(failure.message.ends_with("the limit stack-bytes is 1048576."), "{}", failure.message);
}

/// Sends one request of so many, and answers the others itself.
struct NowAndThen {
    asked: AtomicUsize,
    inner: UreqTransport,
}

impl Transport for NowAndThen {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let is_sent =
            request.url.path() != "/token" && self.asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(64);
        if is_sent { self.inner.round_trip(request) } else { Vendor.round_trip(request) }
    }
}

/// Where the plugin's stack ends the host has its own yet, and what it does there is real.
#[test]
fn a_component_that_calls_the_host_from_the_end_of_its_stack_finds_its_own_end_and_not_the_processs() {
    let server = Script::new(|_| answer("200 OK", &[], b"{}"));
    let policy =
        OperatorPolicy::every_public_host().replace("app", "api", Origin::parse(&server.origin).unwrap());
    let vendor = NowAndThen { asked: AtomicUsize::new(0), inner: UreqTransport::default() };
    let limits = CallLimits::default().requests(u32::MAX);
    let plugin = load(engine(), CALLS_OUT_AT_EVERY_DEPTH);
    let guest = Guest::of(plugin, limits, |host| host.transport(vendor).policy(policy));
    let small = thread::Builder::new().stack_size(256 << 10);
    let failure = small.spawn(move || guest.run("run", json!({})).unwrap_err()).unwrap().join().unwrap();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "stack-bytes-exceeded"));
    let sent = server.heads().len();
    assert!(sent > 16, "it came to {sent} times 64 depths");
}

/// Notes how long each request may take.
#[derive(Clone, Default)]
struct Times(Arc<Mutex<Vec<Duration>>>);

impl Transport for Times {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        if request.url.path() != "/token" {
            self.0.lock().unwrap().push(request.timeout);
        }
        Vendor.round_trip(request)
    }
}

#[test]
fn each_request_of_a_call_has_what_is_left_of_its_time() {
    let times = Times::default();
    let limits = CallLimits::default().requests(64).wall_clock(Duration::from_secs(30));
    let plugin = load(engine(), CALLS_OUT_AT_EVERY_DEPTH);
    let guest = Guest::of(plugin, limits, |host| host.transport(times.clone()));
    guest.run("run", json!({})).unwrap_err();
    let times = times.0.lock().unwrap();
    assert_eq!(times.len(), 64);
    assert!(times[0] <= Duration::from_secs(30));
    assert!(times.is_sorted_by(|earlier, later| earlier > later), "{times:?}");
}

fn limits(name: &str, value: u64) -> CallLimits {
    serde_json::from_value(json!({ name: value })).unwrap()
}

/// Some are known by the words of wasmtime alone.
#[test]
fn what_is_exceeded_is_told_by_its_name_with_its_value_and_the_setting() {
    let guest = Guest::new(ECHO, CallLimits::default());
    let long = "x".repeat(100_000);
    let get = json!({"audience": "api", "path": "/x"});
    let with = |name: &str, value: Value| {
        let mut input = get.clone();
        input[name] = value;
        input
    };
    for (template, input, limit, value) in [
        ("echo", json!({}), "instances", 1),
        ("echo", json!({}), "table-elements", 1),
        ("echo", json!({}), "memory-bytes", 65_536),
        ("echo", json!({"a": &long}), "hostcall-bytes", 10_000),
        ("fetch", with("body", json!(&long)), "hostcall-bytes", 10_000),
        ("fetch", with("body", json!(&long)), "request-bytes", 10_000),
        ("fetch", get.clone(), "requests", 0),
        ("echo", json!({"a": &long}), "output-bytes", 10_000),
    ] {
        let failure = guest.run_within(limits(limit, value), template, input).unwrap_err();
        assert_eq!(
            (&failure.kind, &*failure.code),
            (&FailureKind::LimitExceeded, &*format!("{limit}-exceeded")),
            "{failure:?}"
        );
        assert!(failure.message.ends_with(&format!("the limit {limit} is {value}.")), "{failure}");
        assert!(failure.hint.unwrap().ends_with(&format!("raise the limit {limit}.")));
        guest.works_as_before();
    }
}

/// Holds a request to `/wait` back until it is let go.
struct Gate {
    arrived: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl Transport for Gate {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        if request.url.path().ends_with("/wait") {
            self.arrived.lock().unwrap().send(()).unwrap();
            let _ = self.go.lock().unwrap().recv();
        }
        Vendor.round_trip(request)
    }
}

#[test]
fn one_call_more_than_the_engine_runs_at_once_is_refused_until_another_is_over() {
    let engine = Engine::builder().concurrent_calls(1).build().unwrap();
    let ((arrived, has_arrived), (go, let_go)) = (channel(), channel());
    let gate = Gate { arrived: Mutex::new(arrived), go: Mutex::new(let_go) };
    let guest = Guest::of(load(&engine, ECHO), CallLimits::default(), |host| host.transport(gate));
    thread::scope(|scope| {
        // Dropped where something fails, so that nobody waits for ever.
        let go = go;
        let waiting = scope.spawn(|| guest.run("fetch", json!({"audience": "api", "path": "/wait"})));
        has_arrived.recv_timeout(Duration::from_secs(60)).unwrap();
        let failure = guest.run("echo", json!({})).unwrap_err();
        assert_eq!((&failure.kind, &*failure.code), (&FailureKind::LimitExceeded, "host-busy"));
        assert!(failure.message.ends_with("the limit concurrent-calls is 1."), "{failure}");
        assert!(failure.hint.unwrap().ends_with("raise the limit concurrent-calls."));
        go.send(()).unwrap();
        waiting.join().unwrap().unwrap();
    });
    guest.works_as_before();
}

/// One in the midst of its request, while others end in every other way.
#[test]
fn a_call_that_waits_for_its_answer_gets_it_whatever_becomes_of_others_meanwhile() {
    let limits = CallLimits::default().memory_bytes(32 << 20).wall_clock(Duration::from_secs(60));
    for (path, code) in [
        (TRAPS, "plugin-crashed"),
        (PANICS, "plugin-crashed"),
        (EXITS, "plugin-crashed"),
        (ALLOCATES_WITHOUT_END, "memory-bytes-exceeded"),
        (RECURSES, "stack-bytes-exceeded"),
        (RETURNS_INVALID_JSON, "invalid-output"),
        (VIOLATES_ITS_OUTPUT_SCHEMA, "invalid-output"),
    ] {
        let ((arrived, has_arrived), (go, let_go)) = (channel(), channel());
        let gate = Gate { arrived: Mutex::new(arrived), go: Mutex::new(let_go) };
        let guest = Guest::of(load(engine(), path), limits, |host| host.transport(gate));
        thread::scope(|scope| {
            let go = go;
            let waiting =
                scope.spawn(|| guest.run_other("fetch", json!({"audience": "api", "path": "/wait"})));
            has_arrived.recv_timeout(Duration::from_secs(60)).unwrap();
            for _ in 0..3 {
                assert_eq!(guest.run("run", json!({})).unwrap_err().code, code, "{path}");
            }
            go.send(()).unwrap();
            let answer = waiting.join().unwrap().unwrap();
            assert_eq!(answer["status"], 200, "{path}: {answer}");
        });
        guest.works_as_before();
    }
}

/// A component that did with less memory than it asked for is told of what ended it then.
#[test]
fn a_growth_that_was_refused_is_not_what_a_later_end_is_told_by() {
    let limits = CallLimits::default().wall_clock(Duration::from_millis(500));
    let guest = Guest::new(DOES_WITH_LESS, limits);
    for (then, code) in
        [("loops", "call-timed-out"), ("recurses", "stack-bytes-exceeded"), ("traps", "plugin-crashed")]
    {
        let failure = guest.run("run", json!({"then": then})).unwrap_err();
        assert_eq!(failure.code, code, "{failure:?}");
        guest.works_as_before();
    }
    assert_eq!(guest.run("run", json!({})).unwrap(), json!({}));
}

#[test]
fn more_memory_than_any_call_can_have_is_refused_where_it_is_said() {
    let (home, _sandbox) = connected();
    let list = ["--json", "run", "confluence", "list-pages", "--space", "DOCS", "--call-limit"];
    let most = actionbay::runtime::LARGEST_MEMORY;
    home.run(&[&list[..], &[&format!("memory-bytes={most}")]].concat()).ok();
    let refused = home.run(&[&list[..], &[&format!("memory-bytes={}", most + 1)]].concat());
    assert_eq!(refused.code, 2, "{refused:?}");
    let told = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(told.contains("memory-bytes") && told.contains("1073741824"), "{told}");
}

/// The names of all limits.
const NAMES: [&str; 14] = [
    "component-handles",
    "file-bytes",
    "handles",
    "hostcall-bytes",
    "instances",
    "log-lines",
    "memory-bytes",
    "output-bytes",
    "request-bytes",
    "requests",
    "response-bytes",
    "table-elements",
    "transfer",
    "wall-clock",
];

#[test]
fn every_limit_is_settable_by_its_name_in_the_configuration_and_for_one_run() {
    let defaults = serde_json::to_value(CallLimits::default()).unwrap();
    let mut names: Vec<&String> = defaults.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, NAMES);
    let (home, _sandbox) = connected();
    let config = home.data().join("config.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let mut titles = 0;
    let mut code = |limits: &[(&str, u64)], more: &[&str]| {
        let limits: String = limits.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        std::fs::write(&config, format!("{before}\n[limits.confluence]\n{limits}")).unwrap();
        titles += 1;
        let title = format!("T{titles}");
        let create = ["--json", "run", "confluence", "create-content", "--space", "DOCS", "--title", &title];
        home.run(&[&create[..], more].concat()).json()["error"]["code"].as_str().map(str::to_owned)
    };
    // What a run that saves a page without files cannot do without.
    let needed = |name: &str| !["file-bytes", "log-lines", "transfer"].contains(&name);
    for name in NAMES {
        let expected = match name {
            _ if !needed(name) => None,
            "wall-clock" => Some("call-timed-out".to_owned()),
            "response-bytes" => Some("response-too-large".to_owned()),
            _ => Some(format!("{name}-exceeded")),
        };
        let flag = format!("{name}=0");
        assert_eq!(code(&[], &["--call-limit", &flag]), expected, "{flag}");
        assert_eq!(code(&[(name, 0)], &[]), expected, "{name} in the configuration");
        let default = format!("{name}={}", defaults[name]);
        assert_eq!(code(&[(name, 0)], &["--call-limit", &default]), None, "{default}");
    }
}

#[test]
fn the_stack_of_an_engine_is_settable_and_named_when_it_is_exceeded() {
    // Those that a configuration may say at the most and at the least, and one between.
    for bytes in [64 << 10, 128 << 10, 64 << 20] {
        let engine = Engine::builder().stack_bytes(bytes).build().unwrap();
        let guest = Guest::of(load(&engine, RECURSES), CallLimits::default(), |host| host.transport(Vendor));
        let failure = guest.run("run", json!({})).unwrap_err();
        let words = format!("the limit stack-bytes is {bytes}.");
        assert!(failure.message.ends_with(&words), "{}", failure.message);
    }
}

#[test]
fn a_small_component_runs_within_small_limits() {
    let limits =
        CallLimits::default().memory_bytes(2 << 20).requests(0).hostcall_bytes(4 << 10).output_bytes(64);
    let output = Guest::new(RETURNS_64_BYTES, limits).run("run", json!({})).unwrap();
    assert_eq!(output.to_string().len(), 64);
}

#[test]
fn a_run_has_limits_of_its_own_before_those_of_its_integration() {
    let world = World::authorized();
    let run = |limits| {
        let input = json!({"space": "DOCS", "title": "T"});
        let run = Run::new(workspace(), integration(), "view-content", input);
        world.host.run(&run.limits(limits)).unwrap_err()
    };
    assert_eq!(run(None).code, "content-not-found");
    let failure = run(Some(CallLimits::default().requests(1)));
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "requests-exceeded"));
    assert!(failure.message.ends_with("the limit requests is 1."), "{}", failure.message);
}

#[test]
fn the_configuration_limits_all_calls_and_those_of_an_integration_and_a_flag_one_run() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    let config = home.data().join("config.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let configured = |limits: &str| std::fs::write(&config, format!("{before}\n{limits}")).unwrap();
    let list = |more: &[&str]| {
        home.run(&[&["--json", "run", "confluence", "list-pages", "--space", "DOCS"], more].concat())
    };
    let limit_of = |limits: &str, more: &[&str]| {
        configured(limits);
        list(more).json()["error"]["message"]
            .as_str()
            .map(|said| said.rsplit("the limit ").next().unwrap().to_owned())
    };
    let refused = |more: &[&str], words: &str| {
        let refused = list(more);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.json()["error"]["message"].as_str().unwrap().contains(words), "{refused:?}");
    };
    assert_eq!(limit_of("[limits]\nrequests = 1\n", &[]).as_deref(), Some("requests is 1."));
    assert_eq!(limit_of("[limits]\nrequests = 1\n[limits.confluence]\nrequests = 2\n", &[]), None);
    assert_eq!(limit_of("[limits]\nrequests = 9\n[limits.other]\nrequests = 1\n", &[]), None);
    let of_call = ["--call-limit", "requests=1"];
    assert_eq!(limit_of("[limits]\nrequests = 9\n", &of_call).as_deref(), Some("requests is 1."));
    assert_eq!(limit_of("[limits]\nrequests = 1\n", &["--call-limit", "requests=2"]), None);
    assert_eq!(limit_of("[engine]\nstack-bytes = 2097152\nconcurrent-calls = 4\n", &[]), None);

    for (limits, words) in [
        ("[limits]\nwalls = 1\n", "unknown field `walls`"),
        ("[limits.other]\nrequests = \"many\"\n", "limits.other.requests: invalid type: string \"many\""),
        ("[engine]\nstack = 1\n", "unknown field `stack`"),
    ] {
        configured(limits);
        refused(&[], words);
    }
    configured("");
    refused(&["--call-limit", "walls=1"], "unknown field `walls`");
    refused(&["--call-limit", "requests=many"], "and a number");
}

//! What the service takes under load: clients that keep their connections run a template through it against the sandbox,
//! beside the same runs through the library.
//!
//! The clients are of several sites, since the host spends no more than the points that Atlassian gives for an hour, by site,
//! and one site's are spent in less than the bench lasts.
//!
//! Not criterion's: what counts are throughput, percentiles and that nothing fails.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a benchmark may stop")]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use actionbay::authorization::{Authorize, Profile, PublicUrl};
use actionbay::egress::{
    OperatorPolicy, OutboundRequest, RawResponse, Reach, Transport, TransportError, UreqTransport,
};
use actionbay::ids::ProfileId;
use actionbay::secret::ExposeSecret as _;
use actionbay::service::keys::{Keys, NewKey, Scope};
use actionbay::service::{Server, Service, Settings};
use actionbay::vault::{MasterKey, SqliteStore};
use actionbay::{Host, Run, SystemClock};
use atlassian_sandbox::consent::{self, Decision};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;
use support::{TEMPLATE, integration, plugin, workspace};

/// How many clients there are.
const CLIENTS: usize = 64;

/// How many sites they are of.
const SITES: usize = 24;

/// For how many seconds they run, where nothing else is said.
const LASTS: u64 = 60;

/// The environment's word on how many seconds.
const SECONDS: &str = "ACTIONBAY_BENCH_SECONDS";

fn main() {
    let seconds = std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(LASTS);
    let lasts = Duration::from_secs(seconds);
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = server.address();
    let public = PublicUrl::new(&format!("http://localhost:{}", address.port())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let redirect_uri = public.callback_url();
    let sandbox =
        Sandbox::start(SandboxConfig { redirect_uri, sites: SITES, ..SandboxConfig::default() }).unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db")).unwrap();
    let host = connected(&sandbox, &public, store);
    let runs: Vec<Run> = (0..SITES).map(|site| page_of(&host, site)).collect();

    let mut settings = Settings::default();
    settings.requests_per_minute = u32::MAX;
    let service = Service::new(&host, &public, settings).unwrap();
    let _serving = server.start(&service.router()).unwrap();
    let (_, key) = Keys::of(&host).create(&workspace(), &NewKey::new("load", [Scope::Run])).unwrap();
    let served = load(lasts, |number| {
        let mut client = Client::new(address);
        let request = request(&address, key.expose_secret(), &runs[number % SITES]);
        move || client.send(&request)
    });
    let called = load(lasts, |number| {
        let run = &runs[number % SITES];
        || host.run(run).is_ok()
    });
    println!("| what | a second | p50 | p99 | failed |\n|---|---|---|---|---|");
    println!("| `{TEMPLATE}` through the service, {CLIENTS} clients | {served} |");
    println!("| the same through the library | {called} |");
    assert_eq!(served.failed + called.failed, 0, "something failed");
}

/// Turns what is for the vendor to the sandbox.
struct Turned {
    sandbox: url::Url,
    inner: UreqTransport,
}

impl Transport for Turned {
    fn round_trip(&self, mut request: OutboundRequest) -> Result<RawResponse, TransportError> {
        request.url.set_scheme("http").unwrap();
        request.url.set_host(self.sandbox.host_str()).unwrap();
        request.url.set_port(self.sandbox.port()).unwrap();
        request.reach = Reach::Listed;
        self.inner.round_trip(request)
    }
}

/// A host with a store on disk, and a connection to each site, of a user each.
fn connected(sandbox: &Sandbox, public: &PublicUrl, store: SqliteStore) -> Host {
    let plugin = plugin();
    let at = url::Url::parse(sandbox.url()).unwrap();
    let host = Host::builder()
        .transport(Turned { sandbox: at, inner: UreqTransport::new() })
        .store(store, MasterKey::random().unwrap())
        .clock(SystemClock)
        .callbacks(public.clone())
        .policy(OperatorPolicy::every_public_host())
        .build()
        .unwrap();
    host.add(plugin.clone()).unwrap();
    let app = ProfileId::new("app").unwrap();
    let client = sandbox.client();
    let profile = Profile::custom(app.clone(), plugin.manifest(), &client.client_id).unwrap();
    host.put_profile(&workspace(), &profile, &client.client_secret.clone().into()).unwrap();
    for number in 0..SITES {
        let authorize = Authorize::new(workspace(), integration(), app.clone());
        let authorize = authorize.user(Some(user(number))).site(Some(site(sandbox, number)));
        let begun = host.begin(&authorize).unwrap();
        let url = format!("{}/authorize?{}", sandbox.url(), begun.authorization_url.query().unwrap());
        let back = url::Url::parse(&consent::redirect(&url, Decision::Allow).unwrap()).unwrap();
        host.handle_callback(back.query().unwrap(), None).unwrap();
    }
    host
}

/// The user who is connected to the site of this number.
fn user(number: usize) -> String {
    format!("user-{number}")
}

/// The address of the site of this number.
fn site(sandbox: &Sandbox, number: usize) -> String {
    match number {
        0 => sandbox.url().to_owned(),
        _ => format!("{}/site/{}", sandbox.url(), number + 1),
    }
}

/// A run that reads a page, which is made for it, of the site of this number.
fn page_of(host: &Host, number: usize) -> Run {
    let of_user =
        |template, input| Run::new(workspace(), integration(), template, input).user(Some(user(number)));
    let page = json!({"space": "DOCS", "title": "Under load", "body": "Words of a page.\n".repeat(100)});
    let made = host.run(&of_user("create-content", page)).unwrap();
    of_user(TEMPLATE, json!({"id": made.output["id"], "type": "page"}))
}

/// The HTTP request for a run.
fn request(address: &SocketAddr, key: &str, run: &Run) -> Vec<u8> {
    let body = json!({ "input": run.input, "user": run.user }).to_string();
    format!(
        "POST /v1/integrations/{}/templates/{TEMPLATE}/run HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        integration(),
        address.port(),
        body.len()
    )
    .into_bytes()
}

/// A client that keeps its connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request, and says whether it was done.
    fn send(&mut self, request: &[u8]) -> bool {
        self.0.get_mut().write_all(request).unwrap();
        let (mut status, mut length, mut line) = (String::new(), 0, String::new());
        self.0.read_line(&mut status).unwrap();
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        status.starts_with("HTTP/1.1 200 ")
    }
}

/// What a load came to.
struct Load {
    per_second: f64,
    p50: Duration,
    p99: Duration,
    failed: usize,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let Self { per_second, p50, p99, failed } = self;
        write!(f, "{per_second:.0} | {:.1} ms | {:.1} ms | {failed}", millis(*p50), millis(*p99))
    }
}

/// So many clients at the same time, each of whom calls again and again.
fn load<C: FnMut() -> bool>(lasts: Duration, client: impl Fn(usize) -> C + Sync) -> Load {
    let start = Barrier::new(CLIENTS);
    let (mut times, mut failed) = (Vec::new(), 0);
    let (client, start) = (&client, &start);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || {
                    let mut call = client(number);
                    let is_warm = call();
                    start.wait();
                    let end = Instant::now() + lasts;
                    let (mut times, mut failed) = (Vec::new(), usize::from(!is_warm));
                    while Instant::now() < end {
                        let begun = Instant::now();
                        failed += usize::from(!call());
                        times.push(begun.elapsed());
                    }
                    (times, failed)
                })
            })
            .collect();
        for thread in threads {
            let (its_times, its_failed) = thread.join().unwrap();
            times.extend(its_times);
            failed += its_failed;
        }
    });
    times.sort_unstable();
    Load {
        per_second: times.len() as f64 / lasts.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        failed,
    }
}

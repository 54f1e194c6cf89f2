//! What a process costs: calls over loopback beside a bare HTTP client, its memory, and the command; and the table of
//! all figures, with those that `calls` measured before.
//!
//! Not criterion's: what counts are throughput, percentiles under load and the memory of processes.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a benchmark may stop")]

#[allow(dead_code, reason = "other benchmarks use the rest")]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use actionbay::egress::{
    OperatorPolicy, Origin, OutboundRequest, RawResponse, Transport, TransportError, UreqTransport,
};
use actionbay::{Engine, Plugin};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;
use support::server::Server;
use support::vendor::Vendor;
use support::{COMPONENT, World, plugin};

/// How long each load lasts.
const LASTS: Duration = Duration::from_secs(3);

/// What stands in the place of a figure that another benchmark did not leave.
const NOT_MEASURED: &str = "not measured: run `calls` first";

/// Says to this program that it is the process that is measured, and what it does.
const CHILD: &str = "ACTIONBAY_BENCH_CHILD";

fn main() {
    match std::env::var(CHILD).as_deref() {
        Ok("idle") => return println!("{}", idle()),
        Ok("calls") => return many_calls(),
        _ => {}
    }
    let mut table = Table::default();
    figures_of_criterion(&mut table);
    end_to_end(&mut table);
    memory(&mut table);
    command(&mut table);
    table.row("component", format!("{} KB", COMPONENT.len() / 1_000), "≤ 900 KB");
    table.print();
}

/// What was measured, and what is asked for.
#[derive(Default)]
struct Table(Vec<[String; 3]>);

impl Table {
    fn row(&mut self, what: &str, figure: String, limit: &str) {
        eprintln!("{what}: {figure}");
        self.0.push([what.to_owned(), figure, limit.to_owned()]);
    }

    fn print(&self) {
        println!("| what | measured | limit |\n|---|---|---|");
        self.0.iter().for_each(|[what, figure, limit]| println!("| {what} | {figure} | {limit} |"));
    }
}

fn micros(time: Duration) -> String {
    match time.as_secs_f64() * 1e6 {
        micros if micros < 100.0 => format!("{micros:.1} µs"),
        micros if micros < 10_000.0 => format!("{micros:.0} µs"),
        micros => format!("{:.1} ms", micros / 1e3),
    }
}

/// The medians that `calls` left.
fn figures_of_criterion(table: &mut Table) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../criterion");
    let median = |group: &str, name: &str| {
        let file = folder.join(group).join(name).join("new/estimates.json");
        let estimates: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        Some(Duration::from_nanos(estimates["median"]["point_estimate"].as_f64()? as u64))
    };
    for (group, name, limit) in [
        ("load", "compiled", ""),
        ("load", "from its artifact", "≤ 1 ms"),
        ("load", "from its artifact, with its digest taken", "≤ 1 ms"),
        ("load", "warm", ""),
        ("call", "64 bytes", "≤ 15 µs"),
        ("call", "64 bytes, without pagemap_scan", "≤ 35 µs"),
        ("call", "store and instance, wasmtime alone", ""),
        ("call", "store and instance of Confluence, wasmtime alone", ""),
        ("create-content, 4 KB", "component, prose", "≤ 300 µs"),
        ("create-content, 4 KB", "component, dense", ""),
    ] {
        let figure = median(group, name).map_or_else(|| NOT_MEASURED.to_owned(), micros);
        table.row(&format!("{group}: {name}"), figure, limit);
    }
    for text in ["prose", "dense"] {
        let group = "create-content, 4 KB";
        let component = median(group, &format!("component, {text}"));
        let native = median(group, &format!("native, {text}"));
        let figure = component.zip(native).map(|(component, native)| {
            format!("{:.1} times {}", component.as_secs_f64() / native.as_secs_f64(), micros(native))
        });
        let figure = figure.unwrap_or_else(|| NOT_MEASURED.to_owned());
        table.row(&format!("component beside native, {text}"), figure, "≤ 2.5 times");
    }
}

/// Authorizes in memory, and sends everything else to a server on loopback.
struct Wire(UreqTransport);

impl Transport for Wire {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        match request.url.host_str() {
            Some("127.0.0.1") => self.0.round_trip(request),
            _ => Vendor.round_trip(request),
        }
    }
}

/// A host that is connected and calls a server.
fn world(plugin: &Plugin, server: &Server) -> World {
    let origin = Origin::parse(&server.origin).unwrap();
    let connected = World::new(plugin, None);
    let audience =
        plugin.manifest().audiences.iter().find(|facts| !facts.audience.authorization_only).unwrap();
    let name = audience.audience.name.clone();
    drop(connected);
    let policy = OperatorPolicy::every_public_host().replace("app", &name, origin);
    World::with(plugin, None, Wire(UreqTransport::new()), policy)
}

/// What a load came to.
struct Load {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

/// So many callers at the same time, each of whom calls again and again.
fn load(callers: usize, call: impl Fn() + Sync) -> Load {
    let start = Barrier::new(callers);
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    call();
                    let end = Instant::now() + LASTS;
                    let mut times = Vec::new();
                    while Instant::now() < end {
                        let begun = Instant::now();
                        call();
                        times.push(begun.elapsed());
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    times.sort_unstable();
    Load {
        per_second: times.len() as f64 / LASTS.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    }
}

/// The same requests by the HTTP client alone.
fn bare(request: &str, origin: &str) -> impl Fn() + Sync + use<> {
    let config = ureq::Agent::config_builder()
        .proxy(None)
        .max_idle_connections(256)
        .max_idle_connections_per_host(256)
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let mut lines = request.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap();
    let url = format!("{origin}{path}");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    move || {
        let request =
            headers.iter().fold(agent.get(&url), |request, (name, value)| request.header(name, value));
        let body = request.call().unwrap().into_body().read_to_vec().unwrap();
        assert!(!body.is_empty());
    }
}

fn end_to_end(table: &mut Table) {
    let plugin = plugin();
    for (after, how) in [(Duration::ZERO, "at once"), (Duration::from_millis(20), "after 20 ms")] {
        let server = Server::start(after);
        for callers in [1, 16, 256] {
            // A host of its own for each: it spends no more than the points that the vendor gives for an hour.
            let world = world(&plugin, &server);
            let run = world.run();
            server.seen();
            world.host.run(&run).unwrap();
            let request = server.seen().remove(0).1;
            let bare = bare(&request, &server.origin);
            let ours = load(callers, || drop(world.host.run(&run).unwrap()));
            let theirs = load(callers, &bare);
            let figure = format!(
                "{:.0}/s, p50 {}, p99 {}; bare client {:.0}/s, p50 {}, p99 {}",
                ours.per_second,
                micros(ours.p50),
                micros(ours.p99),
                theirs.per_second,
                micros(theirs.p50),
                micros(theirs.p99)
            );
            let limit = match (callers, after.is_zero()) {
                (1, true) => "≤ 250 µs more at p50",
                (_, true) => "",
                (_, false) => "within 5 %",
            };
            table.row(&format!("answers {how}, {callers} callers"), figure, limit);
        }
    }
}

/// The memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
}

/// The folder of artifacts of all processes that are measured.
fn artifacts() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-artifacts")
}

fn kept_plugin() -> Plugin {
    Engine::builder().artifacts(artifacts()).build().unwrap().load(COMPONENT).unwrap()
}

/// A host that is idle, with the plugin from its artifact.
fn idle() -> u64 {
    let world = World::new(&kept_plugin(), None);
    let resident = resident();
    drop(world);
    resident
}

/// Calls one after the other, then many at once.
fn many_calls() {
    const AT_ONCE: usize = 64;
    let plugin = kept_plugin();
    let quick = Server::start(Duration::ZERO);
    let of_quick = world(&plugin, &quick);
    let run = of_quick.run();
    (0..1_000).for_each(|_| drop(of_quick.host.run(&run).unwrap()));
    let before = resident();
    (0..10_000).for_each(|_| drop(of_quick.host.run(&run).unwrap()));
    let after = resident();

    let slow = Server::start(Duration::from_secs(1));
    let of_slow = Arc::new(world(&plugin, &slow));
    let (started, done) = (Arc::new(Barrier::new(AT_ONCE + 1)), Arc::new(Barrier::new(AT_ONCE + 1)));
    let threads: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (world, started, done) = (Arc::clone(&of_slow), Arc::clone(&started), Arc::clone(&done));
            thread::spawn(move || {
                started.wait();
                world.host.run(&world.run()).unwrap();
                done.wait();
            })
        })
        .collect();
    let alone = resident();
    started.wait();
    thread::sleep(Duration::from_millis(700));
    let together = resident();
    done.wait();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("{before} {after} {alone} {together} {AT_ONCE}");
}

fn child(what: &str) -> Vec<u64> {
    let output = Command::new(std::env::current_exe().unwrap()).env(CHILD, what).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn memory(table: &mut Table) {
    kept_plugin();
    let idle = child("idle")[0];
    table.row("memory of an idle host", format!("{:.1} MB", idle as f64 / 1_024.0), "≤ 40 MB");
    let [before, after, alone, together, at_once] = child("calls").try_into().unwrap();
    let per_call = together.saturating_sub(alone) as f64 / at_once as f64;
    table.row("memory of a concurrent call", format!("{per_call:.0} KB"), "≤ 1 MB");
    let growth = i64::try_from(after).unwrap() - i64::try_from(before).unwrap();
    table.row("growth over 10,000 calls", format!("{growth} KB"), "none");
}

/// From the start of the process to its request.
fn command(table: &mut Table) {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let server = Server::start(Duration::ZERO);
    let home = tempfile::tempdir().unwrap();
    let actionbay = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actionbay"));
        command
            .args(arguments)
            .env("ACTIONBAY_HOME", home.path().join("data"))
            .env("XDG_CACHE_HOME", home.path().join("cache"))
            .env("ACTIONBAY_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    };
    assert!(actionbay(&["authorize", "confluence", "--sandbox", sandbox.url()]).status().unwrap().success());
    let config = home.path().join("data/config.toml");
    let text = std::fs::read_to_string(&config).unwrap().replace(sandbox.url(), &server.origin);
    std::fs::write(config, text).unwrap();
    let mut times: Vec<Duration> = (0..30)
        .map(|_| {
            server.seen();
            let begun = Instant::now();
            let run = ["run", "confluence", "view-content", "--id", "131075", "--type", "page"];
            assert!(actionbay(&run).status().unwrap().success());
            server.seen()[0].0 - begun
        })
        .collect();
    times.sort_unstable();
    table.row("`run`, from its start to its request", micros(times[times.len() / 2]), "≤ 25 ms");
}

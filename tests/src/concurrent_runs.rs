//! One of several processes that share a store: runs a template on many threads at the same moment.
//!
//! ```text
//! concurrent-runs STORE SANDBOX COMPONENT THREADS SECONDS      the clock goes ahead by SECONDS
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use actionbay::egress::{OperatorPolicy, Origin, UreqTransport};
use actionbay::ids::WorkspaceId;
use actionbay::vault::{KeySource, SqliteStore};
use actionbay::{Clock, Engine, Failure, Host, Run, SystemClock};
use anyhow::{Context, Result, anyhow};

/// The profile that `authorize --sandbox` makes.
const PROFILE: &str = "sandbox";

struct Ahead(u64);

impl Clock for Ahead {
    fn now(&self) -> Result<u64, Failure> {
        Ok(SystemClock.now()? + self.0)
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, sandbox, component, threads, seconds] =
        <[String; 5]>::try_from(arguments).map_err(|_| anyhow!("five arguments"))?;
    let threads: usize = threads.parse()?;
    let artifacts = std::env::var_os("ARTIFACTS").context("ARTIFACTS")?;
    let plugin = Engine::builder().artifacts(artifacts).build()?.load(&std::fs::read(component)?)?;
    let integration = plugin.manifest().id.clone();
    let sandbox = Origin::parse(&sandbox)?;
    let audiences = plugin.manifest().audiences.iter().map(|facts| facts.audience.name.as_str());
    let policy =
        audiences.fold(OperatorPolicy::default(), |p, name| p.replace(PROFILE, name, sandbox.clone()));
    let key = KeySource::Text(std::env::var("ACTIONBAY_MASTER_KEY")?.into()).read(false)?;
    let host = Host::builder()
        .transport(UreqTransport::new())
        .store(SqliteStore::open(store.as_ref())?, key)
        .clock(Ahead(seconds.parse()?))
        .policy(policy)
        .build()?;
    host.add(plugin)?;

    let input = serde_json::json!({"space": "DOCS", "limit": 1});
    let run = Run::new(WorkspaceId::default_workspace(), integration, "list-pages", input);
    let (failures, start) = (AtomicUsize::new(0), Arc::new(Barrier::new(threads)));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                start.wait();
                if let Err(failure) = host.run(&run) {
                    eprintln!("{failure:?}");
                    failures.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    println!("{threads} runs, {} failures", failures.load(Ordering::SeqCst));
    Ok(())
}

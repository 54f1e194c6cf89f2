//! The engine: made once, shared by all plugins and calls.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, MemoryCreator, PoolingAllocationConfig};

use super::call::State;
use super::limits::LARGEST_MEMORY;
use crate::failure::{Failure, Result};

/// How often the clock that ends calls ticks: how late an endless loop is noticed at most.
const TICK: Duration = Duration::from_millis(10);

/// The wasm stack of a call: enough for a recursive parser, and a guest cannot use more.
const STACK_BYTES: usize = 1 << 20;

/// What the host's own functions have above it: a TLS handshake and a schema's check take some tens of KiB.
const STACK_OF_THE_HOST: usize = 512 << 10;

/// Calls that run at the same time in one process, nested refreshes included.
const CONCURRENT_CALLS: u32 = 256;

/// What can be said instead: less is no stack that a component starts on, and more is a mistake.
pub(crate) const STACK_RANGE: std::ops::RangeInclusive<usize> = 64 << 10..=64 << 20;

/// What can be said instead. Some eight gigabytes of address space are set aside for each, and for no fewer than 32.
pub(crate) const CALLS_RANGE: std::ops::RangeInclusive<u32> = 1..=4_096;

/// What is kept of a memory between calls: about what a small call touches, so that the next one finds it warm.
const KEEP_RESIDENT: usize = 512 << 10;

/// Memories, tables and core instances in one component: one of Python is made of some forty.
const PARTS_PER_COMPONENT: u32 = 64;

/// Compiles and runs components. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    wasmtime: wasmtime::Engine,
    artifacts: Option<Arc<PathBuf>>,
    stack_bytes: usize,
    concurrent_calls: u32,
    linker: Arc<OnceLock<Linker<State>>>,
    _ticker: Arc<Ticker>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("artifacts", &self.artifacts).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine with the defaults.
    ///
    /// # Errors
    /// `Internal` where this machine cannot run components.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// An engine with settings.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.wasmtime
    }

    /// What the imports of components are linked to.
    pub(super) fn linker(&self) -> &OnceLock<Linker<State>> {
        &self.linker
    }

    pub(super) fn artifacts(&self) -> Option<&PathBuf> {
        self.artifacts.as_deref()
    }

    /// The stack that a plugin has.
    pub(super) fn stack_bytes(&self) -> usize {
        self.stack_bytes
    }

    /// How many calls can run at the same time.
    pub(super) fn concurrent_calls(&self) -> u32 {
        self.concurrent_calls
    }

    /// Does what a call does with room for the plugin's stack and the host's above it. Where the thread has less left, as
    /// in a call from within another one or on a thread of a small stack, a stack of its own is taken for that long: a
    /// plugin that runs out of its stack must find its own end there, and not the process's.
    pub(super) fn on_enough_stack<T>(&self, work: impl FnOnce() -> T) -> T {
        let needed = self.stack_bytes.saturating_add(STACK_OF_THE_HOST);
        stacker::maybe_grow(needed, needed.saturating_add(STACK_OF_THE_HOST), work)
    }

    /// The deadline of a call in ticks, rounded up, so that no call ends early.
    pub(super) fn ticks(wall_clock: Duration) -> u64 {
        u64::try_from(wall_clock.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX / 2) + 1
    }
}

/// Settings of an engine.
pub struct EngineBuilder {
    artifacts: Option<PathBuf>,
    stack_bytes: usize,
    concurrent_calls: u32,
    memory_creator: Option<Arc<dyn MemoryCreator>>,
    pagemap_scan: Enabled,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            artifacts: None,
            stack_bytes: STACK_BYTES,
            concurrent_calls: CONCURRENT_CALLS,
            memory_creator: None,
            pagemap_scan: Enabled::Auto,
        }
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder").field("artifacts", &self.artifacts).finish_non_exhaustive()
    }
}

impl EngineBuilder {
    /// Keeps compiled components in this folder, which only its owner may write.
    #[must_use]
    pub fn artifacts(mut self, folder: impl Into<PathBuf>) -> Self {
        self.artifacts = Some(folder.into());
        self
    }

    /// The wasm stack of every call, in bytes; 1 MiB where nothing is said.
    #[must_use]
    pub fn stack_bytes(mut self, bytes: usize) -> Self {
        self.stack_bytes = bytes.clamp(*STACK_RANGE.start(), *STACK_RANGE.end());
        self
    }

    /// How many calls can run at the same time, nested ones included; 256 where nothing is said. One more is refused as
    /// `host-busy`. Each takes address space for its memories, and memory only as far as it uses it.
    #[must_use]
    pub fn concurrent_calls(mut self, calls: u32) -> Self {
        self.concurrent_calls = calls.clamp(*CALLS_RANGE.start(), *CALLS_RANGE.end());
        self
    }

    /// Allocates every linear memory through this, on demand and not from a pool: for whoever has to look into
    /// the memory of guests.
    #[must_use]
    pub fn memory_creator(mut self, creator: Arc<dyn MemoryCreator>) -> Self {
        self.memory_creator = Some(creator);
        self
    }

    /// Does without the kernel's word on which pages a call wrote to (`PAGEMAP_SCAN`, Linux 6.7), as on a machine that does
    /// not have it.
    #[must_use]
    pub fn without_pagemap_scan(mut self) -> Self {
        self.pagemap_scan = Enabled::No;
        self
    }

    /// Makes the engine.
    ///
    /// # Errors
    /// `Internal` where this machine cannot run components.
    pub fn build(self) -> Result<Engine> {
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            .concurrency_support(false)
            .epoch_interruption(true)
            .max_wasm_stack(self.stack_bytes)
            .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(20));
        // No call runs on a stack of wasmtime's own, but the one that it would have must not be the smaller.
        #[cfg(feature = "wasi")]
        config.async_stack_size(self.stack_bytes + STACK_OF_THE_HOST);
        match self.memory_creator {
            Some(creator) => on_demand(&mut config, creator),
            None => {
                let pool = pool(self.concurrent_calls, self.pagemap_scan);
                config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
            }
        }
        let wasmtime = wasmtime::Engine::new(&config)
            .map_err(|error| Failure::internal(format!("This machine cannot run components: {error}.")))?;
        log::debug!("an engine is made");
        let ticker = Arc::new(Ticker::start(wasmtime.clone())?);
        let artifacts = self.artifacts.map(Arc::new);
        Ok(Engine {
            wasmtime,
            artifacts,
            stack_bytes: self.stack_bytes,
            concurrent_calls: self.concurrent_calls,
            linker: Arc::default(),
            _ticker: ticker,
        })
    }
}

fn pool(calls: u32, pagemap_scan: Enabled) -> PoolingAllocationConfig {
    // Without the kernel's word all of it would be wiped, written to or not, and a call begins at its far end: its stack.
    let scans = match pagemap_scan {
        Enabled::No => false,
        Enabled::Yes => true,
        Enabled::Auto => PoolingAllocationConfig::is_pagemap_scan_available(),
    };
    let kept = if scans { KEEP_RESIDENT } else { 0 };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls * PARTS_PER_COMPONENT)
        // Most components have one memory and a table or two, and any may have as many parts as one can.
        .total_memories((calls * 2).max(PARTS_PER_COMPONENT))
        .total_tables((calls * 4).max(PARTS_PER_COMPONENT))
        .max_core_instances_per_component(PARTS_PER_COMPONENT)
        .max_memories_per_component(PARTS_PER_COMPONENT)
        .max_tables_per_component(PARTS_PER_COMPONENT)
        .max_memory_size(LARGEST_MEMORY)
        .linear_memory_keep_resident(kept)
        .table_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(pagemap_scan);
    // No call runs on a stack of wasmtime's own. A thousand of them, each with a page that is protected, would be a tenth of
    // what a command takes.
    #[cfg(feature = "wasi")]
    pool.total_stacks(0);
    pool
}

/// Memories that may move, have no guard and are filled by copying: a creator that allocates plainly is enough.
fn on_demand(config: &mut Config, creator: Arc<dyn MemoryCreator>) {
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .with_host_memory(creator)
        .memory_init_cow(false)
        .memory_may_move(true)
        .memory_reservation(0)
        .memory_guard_size(0)
        .memory_reservation_for_growth(0);
}

/// The thread that moves the epoch on, until the engine is dropped.
struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: wasmtime::Engine) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("actionbay-epoch".to_owned())
            .spawn(move || {
                while !seen.load(Ordering::Relaxed) {
                    thread::park_timeout(TICK);
                    engine.increment_epoch();
                }
            })
            .map_err(|error| Failure::internal(format!("No thread for the clock of calls: {error}.")))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

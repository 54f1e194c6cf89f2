//! WASI for components whose language brings it along: there, and empty.
//!
//! Compilers of other languages import parts of WASI whether a plugin uses them or not. Those parts are linked to a
//! context that holds nothing: no arguments, no environment, input that is at its end, output that goes nowhere, the
//! host's clock, randomness, and timers that end with the call. Files and sockets are not linked at all: who imports
//! them is refused by name.
//!
//! In a call that is recorded or replayed, time and randomness come from the recording.
//!
//! While a component describes itself, the time is zero and randomness is constant, so that it says the same each time.
//!
//! Waiting uses a runtime of its own: a call of such a component must not be made on a thread that drives asynchronous
//! tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView, WasiClocksView as _};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::{cli, clocks, random, sync};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, I32Exit, WasiCtx, WasiCtxView, WasiView,
};

use super::call::State;
use super::recording::Fixed;
use crate::clock::Clock;

/// What is linked: interfaces of WASI 0.2 in these packages.
const LINKED: &[&str] = &["wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/"];

/// What a component may import, for whoever imports more.
pub(super) const MAY_BE_IMPORTED: &str = "A plugin may import integration:action/*, and of WASI 0.2 the packages cli, \
                                          clocks, io and random, which lead nowhere. There are no files and no sockets.";

/// The most random bytes at once: a key has 32.
const MAX_RANDOM: u64 = 64 << 10;

/// Whether an import is of the part that is linked.
pub(super) fn is_linked(import: &str) -> bool {
    LINKED.iter().any(|package| import.starts_with(package)) && import.contains("@0.2.")
}

/// Links the part of WASI that does no harm.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let table: fn(&mut State) -> &mut ResourceTable = |state| &mut state.table;
    sync::io::error::add_to_linker::<State, Table>(linker, table)?;
    sync::io::poll::add_to_linker::<State, Table>(linker, table)?;
    sync::io::streams::add_to_linker::<State, Table>(linker, table)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    monotonic_clock::add_to_linker::<State, EndingClocks>(linker, |state| EndsWithCall {
        left: state.deadline().saturating_duration_since(Instant::now()),
        clocks: state.clocks(),
    })?;
    random::random::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    random::insecure::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    link_cli(linker)
}

fn link_cli(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)
}

/// The status with which a guest ended itself, if that is what happened.
pub(super) fn exit_status(error: &wasmtime::Error) -> Option<i32> {
    error.downcast_ref::<I32Exit>().map(|exit| exit.0)
}

/// The context of one call, made when the guest first asks for something of it.
#[derive(Default)]
pub(super) struct Wasi(Option<WasiCtx>);

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = match &mut self.wasi.0 {
            Some(ctx) => ctx,
            none => none.insert(match &self.context {
                None => empty(None, None),
                Some(context) => empty(Some(context.pacer.clock()), context.tape.fixed()),
            }),
        };
        WasiCtxView { ctx, table: &mut self.table }
    }
}

fn empty(clock: Option<Arc<dyn Clock>>, fixed: Option<Fixed>) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder.max_random_size(MAX_RANDOM);
    match (clock, fixed) {
        (_, Some(Fixed { clock, random })) => {
            let ticking = Ticking { since: clock, ticks: Arc::default() };
            builder
                .wall_clock(ticking.clone())
                .monotonic_clock(ticking)
                .secure_random(Deterministic::new(random.clone()))
                .insecure_random(Deterministic::new(random))
                .insecure_random_seed(u128::from(clock))
        }
        (Some(clock), None) => {
            builder.wall_clock(HostTime(clock)).monotonic_clock(SinceStart(Instant::now()))
        }
        (None, None) => builder
            .wall_clock(Still)
            .monotonic_clock(Still)
            .secure_random(Deterministic::new(vec![0]))
            .insecure_random(Deterministic::new(vec![0]))
            .insecure_random_seed(0),
    };
    builder.build()
}

/// The time of a call that is recorded or replayed: a millisecond passes whenever somebody looks, so that it is the same
/// again, and whoever waits for a time to come sees it come.
#[derive(Clone)]
struct Ticking {
    since: u64,
    ticks: Arc<AtomicU64>,
}

impl Ticking {
    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }
}

impl HostWallClock for Ticking {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.since).saturating_add(Duration::from_millis(self.tick()))
    }
}

impl HostMonotonicClock for Ticking {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        self.tick().saturating_mul(1_000_000)
    }
}

/// The host's clock, in whole seconds.
struct HostTime(Arc<dyn Clock>);

impl HostWallClock for HostTime {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.0.now().unwrap_or_default())
    }
}

/// The time of the call.
struct SinceStart(Instant);

impl HostMonotonicClock for SinceStart {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A clock that stands.
struct Still;

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Still {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Timers that end no later than the call: a guest that waits in the host cannot be interrupted there.
struct EndsWithCall<'a> {
    clocks: WasiClocksCtxView<'a>,
    left: Duration,
}

struct EndingClocks;

impl HasData for EndingClocks {
    type Data<'a> = EndsWithCall<'a>;
}

impl monotonic_clock::Host for EndsWithCall<'_> {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Instant> {
        monotonic_clock::Host::now(&mut self.clocks)
    }

    fn resolution(&mut self) -> wasmtime::Result<monotonic_clock::Duration> {
        monotonic_clock::Host::resolution(&mut self.clocks)
    }

    fn subscribe_instant(
        &mut self,
        when: monotonic_clock::Instant,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let now = monotonic_clock::Host::now(&mut self.clocks)?;
        self.subscribe_duration(when.saturating_sub(now))
    }

    fn subscribe_duration(
        &mut self,
        duration: monotonic_clock::Duration,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let left = u64::try_from(self.left.as_nanos()).unwrap_or(u64::MAX);
        self.clocks.subscribe_duration(duration.min(left))
    }
}

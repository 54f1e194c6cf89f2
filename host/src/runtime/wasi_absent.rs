//! In the place of `wasi.rs` where the feature `wasi` is off: a component imports the contract and nothing else.

use wasmtime::component::Linker;

use super::call::State;

/// What a component may import, for whoever imports more.
pub(super) const MAY_BE_IMPORTED: &str = "A plugin may import integration:action/* and nothing else.";

/// Whether an import is of the part that is linked: there is none.
pub(super) fn is_linked(_: &str) -> bool {
    false
}

/// Links nothing.
pub(super) fn link(_: &mut Linker<State>) -> wasmtime::Result<()> {
    Ok(())
}

/// The status with which a guest ended itself: it has no way to.
pub(super) fn exit_status(_: &wasmtime::Error) -> Option<i32> {
    None
}

/// Nothing.
#[derive(Default)]
pub(super) struct Wasi;

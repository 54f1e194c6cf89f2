//! Builds Rust crates into WebAssembly components of the `integration:action` contract.
//!
//! A component that imports the contract and nothing else has to be built for
//! `wasm32-unknown-unknown`: every other WebAssembly target of Rust brings WASI along. Stable Rust does
//! not come with that target's standard library, so this crate answers two questions:
//!
//! | question | answer |
//! |---|---|
//! | What is there to build with? | [`Machine::toolchain`]; [`ensure_target`] installs what is missing |
//! | What is the component? | [`build()`]: a nested cargo, then `wit-component` |
//!
//! A build script calls [`build()`] and never installs anything; `cargo xtask` calls [`ensure_target`] first.
//!
//! ```no_run
//! # #[cfg(feature = "build")]
//! # fn main() -> Result<(), actionbay_component::BuildError> {
//! use actionbay_component::{Source, build};
//!
//! let source = Source::new("plugin/Cargo.toml", "target/component").package("actionbay-confluence");
//! for component in build(&source)? {
//!     println!("{}: {} bytes", component.package, component.bytes.len());
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "build"))]
//! # fn main() {}
//! ```

#[cfg(feature = "build")]
mod build;
#[cfg(feature = "build")]
mod dep_info;
mod ensure;
mod machine;

#[cfg(feature = "build")]
pub use build::{BuildError, Built, Source, build, shared_target_dir, write_if_changed};
pub use ensure::{announced, ensure_target};
pub use machine::{Machine, MissingTarget, Toolchain};

/// The target of every component.
pub const TARGET: &str = "wasm32-unknown-unknown";

//! The console in a real browser: whole walks against the sandbox. `cargo xtask setup` installs the browser.
//!
//! Each screen is kept as a picture in light and in dark, below `target/tmp/screenshots`, and judged by axe-core: none may
//! have what is serious or critical for people who see or hear it otherwise.

mod driver;
mod files;
mod keyboard;
mod screens;
mod walks;

//! Sets up `tests/browser`: the browser in which the end-to-end tests walk through the console, and what judges how its
//! pages are for people who see or hear them otherwise.

use std::path::Path;

use crate::programs::{CHROMIUM, NODE, npm_ci};

/// Sees to it that they are there. What is there is left alone; whatever is installed is announced on standard error
/// first.
pub(crate) fn ensure() -> Result<(), String> {
    CHROMIUM.ensure()?;
    NODE.ensure()?;
    npm_ci(&Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("browser"))
}

//! Sets up `tests/interop`: an authorization server that was written elsewhere, which the end-to-end tests talk to.

use std::path::Path;

use crate::programs::{NODE, npm_ci};

/// Sees to it that the server's packages are installed, as its lock file says. What is there is left alone;
/// whatever is installed is announced on standard error first.
pub(crate) fn ensure() -> Result<(), String> {
    NODE.ensure()?;
    npm_ci(&Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("interop"))
}

//! Sets up `tests/openapi`: the tools that read the OpenAPI document of the service and try what it says.

use std::path::Path;

use crate::programs::pip;

/// Sees to it that the tools are installed, as their file of requirements says. What is there is left alone; whatever is
/// installed is announced on standard error first.
pub(crate) fn ensure() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("openapi");
    pip(&folder.join("requirements.txt"), &folder.join("target/python"), "schemathesis").map(drop)
}

//! The values of fields from what is written for them on a command line.

use std::path::Path;

use serde_json::Value;

use super::fields::Kind;
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{FolderFiles, plain_name};

/// The value of a field; of an unknown field, text. A file that is given goes among the files of the run.
///
/// # Errors
/// `InvalidInput` where it names a file that cannot be read.
pub(super) fn value(kind: Option<&Kind>, written: &str, files: &mut FolderFiles) -> Result<Value> {
    let kind = kind.unwrap_or(&Kind::Text);
    let text = match written.strip_prefix('@') {
        Some(rest) if rest.starts_with('@') => rest.to_owned(),
        Some(path) if *kind == Kind::File => given_file(path, files)?,
        Some(path) => read_file(path)?,
        None => written.to_owned(),
    };
    Ok(kind.read(text))
}

/// The text of a file that an argument names.
///
/// # Errors
/// `InvalidInput`.
pub(super) fn read_file(path: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::InvalidData => "Give a file of text in UTF-8.",
            _ => "Check the path. For a value that begins with @, write @@.",
        };
        wrong(format!("The file {path} cannot be read: {error}."), hint)
    })
}

/// The name by which a run finds the file at a path. Its bytes are read when they are sent.
fn given_file(path: &str, files: &mut FolderFiles) -> Result<String> {
    let unusable = |why: String| wrong(format!("The file {path} cannot be sent: {why}."), "Check the path.");
    let path = Path::new(path);
    let known = std::fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
    let name = path.file_name().filter(|_| known.is_file());
    let name = name.ok_or_else(|| unusable("it is no plain file".to_owned()))?;
    let name = plain_name(&name.to_string_lossy());
    files.give(&name, path).map_err(|_| unusable(format!("another one is called {name} too")))?;
    Ok(name)
}

fn wrong(message: String, hint: &'static str) -> Failure {
    Failure::new(FailureKind::InvalidInput, "bad-input", message).hint(hint)
}

//! Takes the white space out of the schemas, which are written to be read and would be an eighth of the component:
//! each lies in `OUT_DIR` under its own name.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const TEMPLATES: &str = "src/templates";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={TEMPLATES}");
    let out_dir = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    schemas(Path::new(TEMPLATES), &out_dir)
}

fn schemas(folder: &Path, out_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            schemas(&path, out_dir)?;
        } else if let Some(name) =
            path.file_name().filter(|_| path.extension().is_some_and(|end| end == "json"))
        {
            println!("cargo::rerun-if-changed={}", path.display());
            let schema = compact(&fs::read_to_string(&path)?);
            let file = out_dir.join(name);
            // What is built from it stays fresh where nothing changed.
            if fs::read(&file).ok().as_deref() != Some(schema.as_bytes()) {
                fs::write(file, schema)?;
            }
        }
    }
    Ok(())
}

/// JSON without the white space between its parts.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let stays = |each: &char| {
        let stays = quoted || !each.is_ascii_whitespace();
        quoted ^= *each == '"' && !escaped;
        escaped = *each == '\\' && !escaped;
        stays
    };
    json.chars().filter(stays).collect()
}

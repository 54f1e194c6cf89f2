//! A nested cargo compiles core modules, `wit-component` turns them into components.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};
use wasm_encoder::{RawSection, Section as _};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::dep_info;
use crate::{Machine, MissingTarget, TARGET, Toolchain};

/// How components are compiled, in a profile named `component`, whatever a workspace itself says of it: for size, since
/// most of a component runs seldom (a workspace's `profile.component.package` still says which crates are worth more or
/// less); without unwinding, which the target does not have; and without names and debug information, which would be
/// most of the file.
const PROFILE: [(&str, &str); 9] = [
    ("INHERITS", "release"),
    ("OPT_LEVEL", "s"),
    ("LTO", "fat"),
    ("CODEGEN_UNITS", "1"),
    ("PANIC", "abort"),
    ("STRIP", "symbols"),
    ("DEBUG", "false"),
    ("DEBUG_ASSERTIONS", "false"),
    ("INCREMENTAL", "false"),
];

/// Crates of one workspace, each of which is to become a component.
#[derive(Debug, Clone)]
pub struct Source {
    manifest: PathBuf,
    target_dir: PathBuf,
    packages: Vec<String>,
}

/// A component.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Built {
    /// The package it was built from.
    pub package: String,
    /// The component, validated.
    pub bytes: Vec<u8>,
    /// The files it was built from, the manifests that they belong to, and the workspace's manifest and
    /// lock file.
    pub sources: Vec<PathBuf>,
}

impl Built {
    /// The SHA-256 of the component, in hex: what a host knows it by.
    pub fn digest(&self) -> String {
        Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing here compiles for the target.
    #[error(transparent)]
    MissingTarget(#[from] MissingTarget),
    /// Cargo failed. These are its words.
    #[error("cargo could not compile {packages} for {TARGET}:\n\n{output}")]
    Compile {
        /// What was to be compiled.
        packages: String,
        /// What cargo and rustc wrote.
        output: String,
    },
    /// The core module is none of a component: its crate uses no `wit-bindgen`, or a line of it that this
    /// line of `wit-component` does not read.
    #[error("{package} compiles, but it is not a component: {reason}")]
    Componentize {
        /// The package.
        package: String,
        /// Why not.
        reason: String,
    },
    /// A file or a program could not be used.
    #[error("{what}: {error}")]
    Io {
        /// What was to be done.
        what: String,
        /// Why it could not.
        error: io::Error,
    },
}

impl Source {
    /// Of the workspace that this manifest belongs to, compiled in `target_dir`.
    ///
    /// That must not be the target directory of a cargo that is running: the nested cargo would wait for
    /// it forever. One directory for all components compiles their standard library once; builds that
    /// run at the same time wait for each other there. See [`shared_target_dir`].
    pub fn new(manifest: impl Into<PathBuf>, target_dir: impl Into<PathBuf>) -> Self {
        Self { manifest: manifest.into(), target_dir: target_dir.into(), packages: Vec::new() }
    }

    /// Adds a package: a library crate with the crate type `cdylib`.
    #[must_use]
    pub fn package(mut self, name: impl Into<String>) -> Self {
        self.packages.push(name.into());
        self
    }
}

/// Builds components, in the order of the source's packages.
///
/// # Errors
///
/// See [`BuildError`]. Its text is all that a person needs to see.
pub fn build(source: &Source) -> Result<Vec<Built>, BuildError> {
    compile(source, &Machine::probe().toolchain()?)?;
    source.packages.iter().map(|package| componentize(source, package)).collect()
}

/// The target directory of all components of a workspace, from the `OUT_DIR` of a build script in it:
/// `target/component`, beside the `debug` and `release` of the cargo that runs the build script.
///
/// # Errors
///
/// The folder is not one of a build script.
pub fn shared_target_dir(out_dir: &Path) -> Result<PathBuf, BuildError> {
    // target/debug/build/<package>/out
    out_dir.ancestors().nth(4).map(|target| target.join("component")).ok_or_else(|| BuildError::Io {
        what: format!("{} is not a build script's OUT_DIR", out_dir.display()),
        error: io::ErrorKind::NotFound.into(),
    })
}

/// Writes a file unless it holds these bytes: what is built from it stays fresh.
///
/// # Errors
///
/// The file or its folder cannot be written.
pub fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    if fs::read(file).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, bytes))
        .map_err(|error| BuildError::Io { what: format!("cannot write {}", file.display()), error })
}

fn compile(source: &Source, toolchain: &Toolchain) -> Result<(), BuildError> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os().filter(|(name, _)| leaks(name)) {
        cargo.env_remove(name);
    }
    for (setting, value) in PROFILE {
        cargo.env(format!("CARGO_PROFILE_COMPONENT_{setting}"), value);
    }
    // A crate that is an rlib too, for its tests, would be compiled with everything below it into code
    // that fits both uses: twice the work, and a standard library that other components cannot share.
    // Cargo leaves the rlib out only where there is one package.
    match &*source.packages {
        [_] => cargo.args(["rustc", "--crate-type=cdylib"]),
        _ => cargo.arg("build"),
    };
    cargo
        .args(["--profile=component", "--quiet", "--color=never", "--lib", "--target", TARGET])
        .arg("--manifest-path")
        .arg(&source.manifest)
        .arg("--target-dir")
        .arg(&source.target_dir)
        .args(source.packages.iter().flat_map(|package| ["--package", package]))
        // Empty, not absent: what a person's own configuration says of wrappers and flags is for the host.
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths(toolchain));
    match toolchain {
        Toolchain::Target { rustc } => {
            cargo.env("RUSTC", rustc);
        }
        Toolchain::Sources { rustc, linker, .. } => {
            // No features of the library: backtraces are of no use where nothing unwinds and nothing prints.
            cargo
                .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="])
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1");
            if let Some(linker) = linker {
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            }
        }
    }
    let output =
        cargo.output().map_err(|error| BuildError::Io { what: "cannot start cargo".to_owned(), error })?;
    if output.status.success() {
        return Ok(());
    }
    Err(BuildError::Compile {
        packages: source.packages.join(", "),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Whether a variable of the cargo that runs us is none of the nested cargo's business: what it says of
/// its own package, target and flags, and what wraps its compiler, such as clippy.
fn leaks(name: &OsStr) -> bool {
    const OWN: [&str; 16] = [
        "CLIPPY_ARGS",
        "CLIPPY_CONF_DIR",
        "DEBUG",
        "HOST",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTDOC",
        "RUSTDOCFLAGS",
        "RUSTFLAGS",
        "TARGET",
        "__CARGO_DEFAULT_LIB_METADATA",
    ];
    // Where crates come from and how many jobs run is the same for both.
    const SHARED: [&str; 9] = [
        "CARGO_BUILD_JOBS",
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_MAKEFLAGS",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
        "CARGO_RESOLVER_",
        "CARGO_SOURCE_",
    ];
    let name = name.to_string_lossy();
    let shared = SHARED.iter().any(|prefix| name.starts_with(prefix));
    let cargos = (name.starts_with("CARGO") && !shared) || name.starts_with("DEP_");
    cargos || OWN.contains(&&*name)
}

/// Flags that keep the folders of this machine out of the messages of panics, so that the same sources
/// make the same component wherever they are built.
fn remapped_paths(toolchain: &Toolchain) -> OsString {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let registry = home.map(|home| (home.join("registry/src"), "registry"));
    let library = match toolchain {
        Toolchain::Target { .. } => None,
        Toolchain::Sources { library, .. } => Some((library.clone(), "library")),
    };
    let mut flags = OsString::new();
    for (folder, name) in registry.into_iter().chain(library) {
        for spelling in [Some(folder.clone()), folder.canonicalize().ok().filter(|real| *real != folder)] {
            let Some(spelling) = spelling else { continue };
            if !flags.is_empty() {
                flags.push("\x1f");
            }
            flags.push("--remap-path-prefix=");
            flags.push(spelling);
            flags.push(format!("={name}"));
        }
    }
    flags
}

fn componentize(source: &Source, package: &str) -> Result<Built, BuildError> {
    let artifact = source.target_dir.join(TARGET).join("component").join(package.replace('-', "_"));
    let read = |file: PathBuf| {
        fs::read(&file)
            .map_err(|error| BuildError::Io { what: format!("cannot read {}", file.display()), error })
    };
    let module = read(artifact.with_extension("wasm"))?;
    let broken = |reason: String| BuildError::Componentize { package: package.to_owned(), reason };
    let module = without_names(&module).map_err(|error| broken(error.to_string()))?;
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder.validate(true).module(&module).and_then(|encoder| encoder.encode());
    let bytes = encoded.map_err(|error| broken(format!("{error:#}")))?;

    let rule = read(artifact.with_extension("d"))?;
    let mut sources = dep_info::prerequisites(&String::from_utf8_lossy(&rule));
    sources.extend(dep_info::manifests(&sources));
    let lock_file = dep_info::nearest_above(&source.manifest, "Cargo.lock");
    sources.extend(lock_file.iter().map(|file| file.with_extension("toml")));
    sources.extend(lock_file);
    Ok(Built { package: package.to_owned(), bytes, sources })
}

/// A module without the names of its functions. Some linkers leave them whatever they are asked for, and they would be
/// a sixth of a component.
fn without_names(module: &[u8]) -> wasmparser::Result<Vec<u8>> {
    let mut kept = wasm_encoder::Module::HEADER.to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let is_names = matches!(&payload, Payload::CustomSection(section) if section.name() == "name");
        if let Some((id, range)) = payload.as_section().filter(|_| !is_names) {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let data = module.get(place(range.start)..place(range.end)).unwrap_or_default();
            RawSection { id, data }.append_to(&mut kept);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_loses_the_names_of_its_functions_and_nothing_else() {
        let custom =
            |name: &'static str| wasm_encoder::CustomSection { name: name.into(), data: (&[1u8, 2]).into() };
        let mut module = wasm_encoder::Module::new();
        module.section(&custom("before")).section(&wasm_encoder::MemorySection::new());
        let expected = {
            let mut expected = module.clone();
            expected.section(&custom("after")).clone().finish()
        };
        let named = module.section(&custom("name")).section(&custom("after")).clone().finish();
        assert_eq!(without_names(&named).unwrap(), expected);
        assert!(without_names(b"\0asm").is_err());
    }

    #[test]
    fn what_an_outer_cargo_says_of_its_own_build_does_not_reach_the_nested_one() {
        for name in [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "CARGO_FEATURE_BUILTIN",
            "CARGO_CFG_UNIX",
            "CARGO_PROFILE_RELEASE_LTO",
            "RUSTFLAGS",
            "TARGET",
            "DEP_SQLITE3_INCLUDE",
        ] {
            assert!(leaks(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn where_crates_come_from_and_the_jobserver_are_shared_with_the_nested_cargo() {
        for name in
            ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_NET_OFFLINE", "PATH", "RUSTUP_TOOLCHAIN", "HTTPS_PROXY"]
        {
            assert!(!leaks(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn the_shared_target_directory_lies_beside_the_profiles() {
        let out_dir = Path::new("/w/target/debug/build/actionbay-0123/out");
        assert_eq!(shared_target_dir(out_dir).unwrap(), Path::new("/w/target/component"));
        assert!(shared_target_dir(Path::new("out")).is_err());
    }

    #[test]
    fn a_file_that_holds_the_bytes_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/component.wasm");
        write_if_changed(&file, b"one").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();

        write_if_changed(&file, b"one").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
        write_if_changed(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
    }

    #[test]
    fn cargos_own_words_reach_the_person() {
        let folder = tempfile::tempdir().unwrap();
        let source =
            Source::new(folder.path().join("Cargo.toml"), folder.path().join("target")).package("absent");
        let toolchain = Toolchain::Target { rustc: "rustc".into() };
        let message = compile(&source, &toolchain).unwrap_err().to_string();
        assert!(
            message.starts_with("cargo could not compile absent for wasm32-unknown-unknown:"),
            "{message}"
        );
        assert!(message.contains("Cargo.toml"), "{message}");
    }
}

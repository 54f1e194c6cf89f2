//! What this machine can build components with.
//!
//! [`Machine::probe`] looks, everything else decides on what was seen; so the order of the choices is
//! tested with machines that do not exist.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::TARGET;

/// How to compile for [`TARGET`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// The compiler has the target's standard library.
    Target {
        /// The compiler.
        rustc: PathBuf,
    },
    /// The compiler has the sources of the standard library, which are compiled along.
    Sources {
        /// The compiler.
        rustc: PathBuf,
        /// The folder that the sources are in.
        library: PathBuf,
        /// The linker, where one was found; else the compiler looks for `rust-lld` itself.
        linker: Option<PathBuf>,
    },
}

/// What was found on a machine.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The compilers, the active one first.
    pub(crate) compilers: Vec<Compiler>,
    /// Whether packages are Debian's or Ubuntu's.
    pub(crate) debian: bool,
    /// Whether this process may install packages.
    pub(crate) root: bool,
    /// Whether there is a rustup.
    pub(crate) rustup: bool,
    /// Whether rustup may download, which `RUSTUP_AUTO_INSTALL=0` forbids.
    pub(crate) rustup_may_install: bool,
}

/// One compiler and what lies around it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compiler {
    pub(crate) rustc: PathBuf,
    pub(crate) version: Version,
    /// Whether it has the standard library of [`TARGET`].
    pub(crate) target: bool,
    /// The sources of its standard library.
    pub(crate) library: Option<PathBuf>,
    pub(crate) linker: Option<PathBuf>,
}

/// Nothing on this machine compiles for [`TARGET`]. The message holds the commands that change it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "building a component needs the standard library of {TARGET}, which is not on this machine. Install it with one of\n\
     \n    rustup target add {TARGET}\
     \n    apt-get install rustc-web rust-web-src        (Debian 12, as root)\n{}",
    .remarks.iter().map(|remark| format!("\n({remark})")).collect::<String>()
)]
pub struct MissingTarget {
    /// Why what is there, or what was tried, did not do.
    pub remarks: Vec<String>,
}

/// Major and minor version of a compiler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

impl Machine {
    /// Looks at this machine.
    pub fn probe() -> Self {
        let active = env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
        let mut compilers: Vec<Compiler> = Compiler::probe(active).into_iter().collect();
        if !compilers.iter().any(|active| active.target) {
            // Debian's place comes by name too: the PATH of a build need not lead there.
            for rustc in on_path("rustc").chain([PathBuf::from("/usr/bin/rustc")]) {
                if !compilers.iter().any(|known| known.rustc == rustc) {
                    compilers.extend(Compiler::probe(rustc));
                }
            }
        }
        let os_release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        Self {
            compilers,
            debian: is_debian(&os_release),
            root: output(Command::new("id").arg("-u")).is_some_and(|uid| uid.trim() == "0"),
            rustup: output(Command::new("rustup").arg("--version")).is_some(),
            rustup_may_install: env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0"),
        }
    }

    /// Whether this process may install Debian's packages here.
    pub fn takes_debian_packages(&self) -> bool {
        self.debian && self.root
    }

    /// What to build with, or why there is nothing.
    ///
    /// The active compiler's own copy of the standard library comes first, then sources of one: those of
    /// the active compiler (rustup's component `rust-src`), then those of another (Debian's packages
    /// `rustc-web` and `rust-web-src`, which belong together).
    ///
    /// # Errors
    ///
    /// Neither is there.
    pub fn toolchain(&self) -> Result<Toolchain, MissingTarget> {
        if let Some(active) = self.compilers.first().filter(|active| active.target) {
            return Ok(Toolchain::Target { rustc: active.rustc.clone() });
        }
        let mut remarks = Vec::new();
        for Compiler { rustc, version, library, .. } in &self.compilers {
            let Some(library) = library else { continue };
            let oldest = Version::oldest();
            if *version < oldest {
                let rustc = rustc.display();
                remarks
                    .push(format!("{rustc} has the library's sources, but is {version}: {oldest} is needed"));
                continue;
            }
            // The active toolchain's linker is the one that is always there; Debian's is a recommendation.
            let linker = self.compilers.iter().find_map(|compiler| compiler.linker.clone());
            return Ok(Toolchain::Sources { rustc: rustc.clone(), library: library.clone(), linker });
        }
        Err(MissingTarget { remarks })
    }
}

impl Compiler {
    fn probe(rustc: PathBuf) -> Option<Self> {
        let described = output(Command::new(&rustc).arg("-vV"))?;
        let field = |name: &str| described.lines().find_map(|line| line.strip_prefix(name));
        let version = Version::parse(field("release: ")?)?;
        let host = field("host: ")?;
        let sysroot = PathBuf::from(output(Command::new(&rustc).args(["--print", "sysroot"]))?.trim());
        let rustlib = sysroot.join("lib/rustlib");
        let library = rustlib.join("src/rust/library");
        let linkers = [rustlib.join(host).join("bin/rust-lld"), sysroot.join("bin/rust-lld")];
        Some(Self {
            rustc,
            version,
            target: has_std(&rustlib.join(TARGET).join("lib")),
            library: Some(library).filter(|folder| folder.join("std/Cargo.toml").is_file()),
            linker: linkers.into_iter().find(|file| file.is_file()),
        })
    }
}

impl Version {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split(|character: char| !character.is_ascii_digit());
        let mut number = || numbers.next()?.parse().ok();
        Some(Self { major: number()?, minor: number()? })
    }

    /// The oldest compiler that builds the workspace, as its manifest says.
    pub(crate) fn oldest() -> Self {
        Self::parse(env!("CARGO_PKG_RUST_VERSION")).unwrap_or_default()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// What a command prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn on_path(program: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let files: Vec<_> = env::split_paths(&path).map(|folder| folder.join(program)).collect();
    files.into_iter().filter(|file| file.is_file())
}

fn has_std(folder: &Path) -> bool {
    let Ok(files) = folder.read_dir() else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Whether the `ID` or `ID_LIKE` of an os-release file names Debian or Ubuntu.
fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .any(|name| name == "debian" || name == "ubuntu")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiler(rustc: &str) -> Compiler {
        Compiler {
            rustc: rustc.into(),
            version: Version::oldest(),
            linker: Some(format!("{rustc}-lld").into()),
            ..Compiler::default()
        }
    }

    fn debians_pair() -> Compiler {
        Compiler { library: Some("/usr/src/library".into()), ..compiler("/usr/bin/rustc") }
    }

    #[test]
    fn the_targets_own_library_comes_before_sources() {
        let active = Compiler { target: true, ..compiler("rustc") };
        let machine = Machine { compilers: vec![active, debians_pair()], ..Machine::default() };
        assert_eq!(machine.toolchain(), Ok(Toolchain::Target { rustc: "rustc".into() }));
    }

    #[test]
    fn debians_compiler_is_taken_with_its_sources_and_the_active_toolchains_linker() {
        let machine = Machine { compilers: vec![compiler("rustc"), debians_pair()], ..Machine::default() };
        let expected = Toolchain::Sources {
            rustc: "/usr/bin/rustc".into(),
            library: "/usr/src/library".into(),
            linker: Some("rustc-lld".into()),
        };
        assert_eq!(machine.toolchain(), Ok(expected));
    }

    #[test]
    fn a_compiler_too_old_for_the_workspace_is_passed_over_and_the_message_says_so() {
        let old = Compiler { version: Version::parse("1.63.0").unwrap(), ..debians_pair() };
        let machine = Machine { compilers: vec![compiler("rustc"), old], ..Machine::default() };
        let message = machine.toolchain().unwrap_err().to_string();
        assert!(message.contains("/usr/bin/rustc has the library's sources, but is 1.63"), "{message}");
    }

    #[test]
    fn the_message_of_a_missing_target_holds_both_commands() {
        let message = Machine::default().toolchain().unwrap_err().to_string();
        assert!(message.contains("rustup target add wasm32-unknown-unknown\n"), "{message}");
        assert!(message.contains("apt-get install rustc-web rust-web-src"), "{message}");
    }

    #[test]
    fn debian_and_its_children_are_recognized() {
        assert!(is_debian("NAME=x\nID=debian\n"));
        assert!(is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\nHOME_URL=debian\n"));
    }

    #[test]
    fn versions_are_read_from_rustc_and_from_debians_packages() {
        assert_eq!(Version::parse("1.96.0"), Version::parse("1.96.0+dfsg1-1~deb12u2"));
        assert!(Version::parse("1.100.0-nightly") > Version::parse("1.99.1"));
        assert_eq!(Version::parse("(none)"), None);
    }
}

//! The set-up step: what a build script may not do, installing what a component is built with.

use std::process::Command;

use crate::TARGET;
use crate::machine::{Machine, MissingTarget, Toolchain, Version, output};

/// A way to get the target on a machine that lacks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// Debian's packages with a compiler and the sources of its standard library.
    DebianPair,
    /// The target's standard library for rustup's toolchain.
    RustupTarget,
}

/// Sees to it that components can be built, and says what they are built with. Whatever is installed is
/// announced on standard error first.
///
/// In this order: what is there is used; on Debian or Ubuntu, root installs Debian's pair of packages;
/// rustup adds the target, unless `RUSTUP_AUTO_INSTALL` is `0`.
///
/// # Errors
///
/// None of this works here. The message holds the commands for a person, and why they did not do.
pub fn ensure_target() -> Result<Toolchain, MissingTarget> {
    ensure(Machine::probe, apply)
}

fn ensure(
    probe: impl Fn() -> Machine,
    apply: impl Fn(Remedy) -> Result<(), String>,
) -> Result<Toolchain, MissingTarget> {
    let machine = probe();
    let mut missing = match machine.toolchain() {
        Ok(toolchain) => return Ok(toolchain),
        Err(missing) => missing,
    };
    for remedy in remedies(&machine) {
        match apply(remedy) {
            Ok(()) => match probe().toolchain() {
                Ok(toolchain) => return Ok(toolchain),
                Err(still) => missing = still,
            },
            Err(remark) => missing.remarks.push(remark),
        }
    }
    Err(missing)
}

fn remedies(machine: &Machine) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    if machine.takes_debian_packages() {
        remedies.push(Remedy::DebianPair);
    }
    if machine.rustup && machine.rustup_may_install {
        remedies.push(Remedy::RustupTarget);
    }
    remedies
}

fn apply(remedy: Remedy) -> Result<(), String> {
    match remedy {
        Remedy::DebianPair => {
            run(Command::new("apt-get").arg("update"))?;
            check_candidate(
                &output(Command::new("apt-cache").args(["policy", "rustc-web"])).unwrap_or_default(),
            )?;
            run(Command::new("apt-get")
                .args(["install", "-y", "rustc-web", "rust-web-src"])
                .env("DEBIAN_FRONTEND", "noninteractive"))
        }
        Remedy::RustupTarget => run(Command::new("rustup").args(["target", "add", TARGET])),
    }
}

/// Refuses the packages before they are installed where they would not do.
fn check_candidate(policy: &str) -> Result<(), String> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"));
    let oldest = Version::oldest();
    match candidate.and_then(Version::parse) {
        None => Err("this release has no package rustc-web".to_owned()),
        Some(version) if version < oldest => {
            Err(format!("this release's rustc-web is {version}: {oldest} is needed"))
        }
        Some(_) => Ok(()),
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    announced("installing what components are built with", command)
}

/// Runs what takes its time, after saying on standard error what for.
///
/// # Errors
/// The command as it would be typed, and what became of it.
pub fn announced(what_for: &str, command: &mut Command) -> Result<(), String> {
    let spelled: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    let spelled = spelled.join(" ");
    eprintln!("{what_for}: {spelled}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{spelled}` failed: {status}")),
        Err(error) => Err(format!("`{spelled}` did not start: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::machine::Compiler;

    fn bare() -> Machine {
        Machine { debian: true, root: true, rustup: true, rustup_may_install: true, ..Machine::default() }
    }

    /// Runs the set-up step on a machine where `works` is the only remedy that does anything; gives what
    /// was tried, and the outcome.
    fn set_up(machine: &Machine, works: Option<Remedy>) -> (Vec<Remedy>, Result<Toolchain, MissingTarget>) {
        let tried = RefCell::new(Vec::new());
        let probe = || {
            let target = works.is_some_and(|works| tried.borrow().contains(&works));
            let compiler = Compiler { rustc: "rustc".into(), target, ..Compiler::default() };
            Machine { compilers: vec![compiler], ..machine.clone() }
        };
        let outcome = ensure(probe, |remedy| {
            tried.borrow_mut().push(remedy);
            if works == Some(remedy) { Ok(()) } else { Err(format!("{remedy:?} failed")) }
        });
        (tried.into_inner(), outcome)
    }

    #[test]
    fn nothing_is_installed_where_the_target_is_present() {
        let compiler = Compiler { rustc: "rustc".into(), target: true, ..Compiler::default() };
        let probe = || Machine { compilers: vec![compiler.clone()], ..bare() };
        let outcome = ensure(probe, |remedy| Err(format!("{remedy:?} was tried")));
        assert_eq!(outcome, Ok(Toolchain::Target { rustc: "rustc".into() }));
    }

    #[test]
    fn root_on_debian_installs_the_pair_before_rustup_is_asked() {
        let (tried, outcome) = set_up(&bare(), Some(Remedy::DebianPair));
        assert_eq!(tried, [Remedy::DebianPair]);
        assert!(outcome.is_ok());
    }

    #[test]
    fn rustup_adds_the_target_where_debians_pair_is_not_to_be_had() {
        let (tried, outcome) = set_up(&bare(), Some(Remedy::RustupTarget));
        assert_eq!(tried, [Remedy::DebianPair, Remedy::RustupTarget]);
        assert!(outcome.is_ok());
    }

    #[test]
    fn packages_are_left_alone_without_root_and_rustup_where_it_may_not_download() {
        let machine = Machine { root: false, rustup_may_install: false, ..bare() };
        let (tried, outcome) = set_up(&machine, None);
        assert_eq!(tried, []);
        assert!(outcome.unwrap_err().to_string().contains("rustup target add"));
    }

    #[test]
    fn a_failed_set_up_says_what_was_tried_and_both_commands() {
        let (_, outcome) = set_up(&bare(), None);
        let message = outcome.unwrap_err().to_string();
        for part in ["rustup target add", "apt-get install", "DebianPair failed", "RustupTarget failed"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_package_that_is_absent_or_too_old_is_refused_by_name() {
        let policy = |candidate| format!("rustc-web:\n  Installed: (none)\n  Candidate: {candidate}\n");
        assert_eq!(check_candidate(&policy("1.999.0+dfsg1-1~deb12u2")), Ok(()));
        assert!(check_candidate(&policy("1.63.0+dfsg1")).unwrap_err().contains("rustc-web is 1.63"));
        assert!(check_candidate(&policy("(none)")).unwrap_err().contains("no package"));
        assert!(check_candidate("").unwrap_err().contains("no package"));
    }
}

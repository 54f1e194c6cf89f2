//! Sets up `tests/interop`: an authorization server that was written elsewhere, which the end-to-end tests talk to.
//!
//! It needs Node.js with npm; where they are missing, root on Debian or Ubuntu installs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use actionbay_component::Machine;

/// The oldest Node.js that runs the server, by its major version: Debian 12 has it.
const OLDEST_NODE: u32 = 18;

/// What a person can do where nothing else did.
const ADVICE: &str = "the tests talk to an authorization server that runs on Node.js 18 or later. Install it with\n\
    \n    apt-get install nodejs npm        (Debian 12, Ubuntu 24.04 or later, as root)\n\
    \nor from https://nodejs.org, so that `node` and `npm` are on the PATH.";

/// Sees to it that the server's packages are installed, as its lock file says. What is there is left alone;
/// whatever is installed is announced on standard error first.
pub(crate) fn ensure() -> Result<(), String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../interop"));
    ensure_node()?;
    // npm writes the second file when it is done.
    let (lock, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    if is_current(changed(&lock), changed(&installed)) {
        return Ok(());
    }
    install(Command::new("npm").arg("ci").current_dir(&folder))
}

fn ensure_node() -> Result<(), String> {
    let Err(missing) = node() else { return Ok(()) };
    if !Machine::probe().takes_debian_packages() {
        return Err(format!("{missing}: {ADVICE}"));
    }
    let packages = ["install", "-y", "--no-install-recommends", "nodejs", "npm"];
    install(Command::new("apt-get").arg("update"))
        .and_then(|()| {
            install(Command::new("apt-get").args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
        })
        .and_then(|()| node())
        .map_err(|remark| format!("{missing}: {ADVICE}\n\n({remark})"))
}

/// Whether Node.js and npm are here and new enough, or what is not.
fn node() -> Result<(), String> {
    check_node(version("node").as_deref())?;
    version("npm").map(drop).ok_or_else(|| "npm is not on this machine".to_owned())
}

fn check_node(version: Option<&str>) -> Result<(), String> {
    let Some(version) = version else { return Err("Node.js is not on this machine".to_owned()) };
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    match major {
        Some(OLDEST_NODE..) => Ok(()),
        _ => Err(format!("Node.js on this machine is {}", version.trim())),
    }
}

/// What a program says its version is.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|facts| facts.modified()).ok()
}

/// Whether what is installed is not older than the lock file that says what to install.
fn is_current(lock: Option<SystemTime>, installed: Option<SystemTime>) -> bool {
    installed.is_some() && installed >= lock
}

fn install(command: &mut Command) -> Result<(), String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let spelled = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    eprintln!("installing what tests talk to: {spelled}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{spelled}` failed: {status}")),
        Err(error) => Err(format!("`{spelled}` did not start: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_node_that_is_absent_or_too_old_is_named() {
        assert_eq!(check_node(Some("v18.20.4\n")), Ok(()));
        assert_eq!(check_node(Some("v22.1.0")), Ok(()));
        assert_eq!(check_node(Some("v16.20.2\n")), Err("Node.js on this machine is v16.20.2".to_owned()));
        assert!(check_node(Some("nonsense")).is_err());
        assert!(check_node(None).unwrap_err().contains("not on this machine"));
    }

    #[test]
    fn packages_are_installed_where_there_are_none_or_the_lock_file_is_newer() {
        let (earlier, later) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        assert!(is_current(Some(earlier), Some(later)) && is_current(Some(earlier), Some(earlier)));
        assert!(!is_current(Some(later), Some(earlier)));
        assert!(!is_current(Some(earlier), None));
    }
}

//! The programs that tests need: whether they are here, and how to get them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use actionbay_component::Machine;

/// A program that tests need, with what belongs to it.
pub(crate) struct Program {
    /// What says its version.
    program: &'static str,
    /// What people call it.
    name: &'static str,
    /// The oldest version that does, as major and minor.
    oldest: (u32, u32),
    /// What has to work besides, as a command.
    besides: &'static [&'static str],
    /// Debian's packages of it.
    packages: &'static [&'static str],
    /// What a person can do where nothing else did.
    advice: &'static str,
}

/// Debian 12 has it.
pub(crate) const NODE: Program = Program {
    program: "node",
    name: "Node.js",
    oldest: (18, 0),
    besides: &["npm", "--version"],
    packages: &["nodejs", "npm"],
    advice: "the tests talk to an authorization server that runs on Node.js 18 or later, and to a component that is made \
             by it. Install it with\n\
             \n    apt-get install nodejs npm        (Debian 12, Ubuntu 24.04 or later, as root)\n\
             \nor from https://nodejs.org, so that `node` and `npm` are on the PATH.",
};

/// What the tools run on that make components and try the API.
pub(crate) const PYTHON: Program = Program {
    program: "python3",
    name: "Python",
    oldest: (3, 11),
    besides: &["python3", "-c", "import ensurepip, venv"],
    packages: &["python3", "python3-venv"],
    advice: "the tests run tools of Python 3.11 or later, and a component that is made by it. Install it with\n\
             \n    apt-get install python3 python3-venv        (Debian, Ubuntu, as root)\n\
             \nor from https://python.org, so that `python3` is on the PATH.",
};

/// The browser that walks through the console, and what steers it.
pub(crate) const CHROMIUM: Program = Program {
    program: "chromium",
    name: "Chromium",
    // The first whose headless mode is the browser itself.
    oldest: (112, 0),
    besides: &["chromedriver", "--version"],
    packages: &["chromium", "chromium-driver"],
    advice: "the tests walk through the console with Chromium 112 or later. Install it with\n\
             \n    apt-get install chromium chromium-driver        (Debian, as root)\n\
             \nor from https://www.chromium.org, so that `chromium` and its `chromedriver` are on the PATH.",
};

impl Program {
    /// Sees to it that it is here: where it is missing, root on Debian or Ubuntu installs it.
    pub(crate) fn ensure(&self) -> Result<(), String> {
        let Err(missing) = self.is_here() else { return Ok(()) };
        let advice = self.advice;
        if !Machine::probe().takes_debian_packages() {
            return Err(format!("{missing}: {advice}"));
        }
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-y", "--no-install-recommends"]).args(self.packages);
        announced(Command::new("apt-get").arg("update"))
            .and_then(|()| announced(apt.env("DEBIAN_FRONTEND", "noninteractive")))
            .and_then(|()| self.is_here())
            .map_err(|remark| format!("{missing}: {advice}\n\n({remark})"))
    }

    /// Whether it is here and new enough, or what is not.
    fn is_here(&self) -> Result<(), String> {
        self.check(output(&[self.program, "--version"]).as_deref())?;
        let besides = self.besides.join(" ");
        output(self.besides).map(drop).ok_or_else(|| format!("`{besides}` does not work on this machine"))
    }

    fn check(&self, version: Option<&str>) -> Result<(), String> {
        let name = self.name;
        let Some(version) = version else { return Err(format!("{name} is not on this machine")) };
        let version = version.trim();
        let number = version.strip_prefix(name).unwrap_or(version).trim_start().trim_start_matches('v');
        let mut parts = number.split('.').map_while(|part| part.parse::<u32>().ok());
        match (parts.next(), parts.next()) {
            (Some(major), Some(minor)) if (major, minor) >= self.oldest => Ok(()),
            _ => Err(format!("{name} on this machine is {number}")),
        }
    }
}

/// What a command writes, if it succeeds.
fn output(command: &[&str]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Installs a folder's packages as its lock file says, unless they are there.
pub(crate) fn npm_ci(folder: &Path) -> Result<(), String> {
    // npm writes the second file when it is done.
    let (lock, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    if is_current(changed(&lock), changed(&installed)) {
        return Ok(());
    }
    announced(Command::new("npm").arg("ci").current_dir(folder))
}

/// Installs what a file of requirements says into an environment of its own, unless it is there; where one of its tools is.
pub(crate) fn pip(requirements: &Path, environment: &Path, tool: &str) -> Result<PathBuf, String> {
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let tool = programs.join(tool);
    if is_current(changed(requirements), changed(&tool)) {
        return Ok(tool);
    }
    PYTHON.ensure()?;
    announced(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
        "--require-hashes",
    ];
    announced(Command::new(programs.join("python")).args(install).arg("-r").arg(requirements))?;
    touch(&tool)?;
    Ok(tool)
}

/// An installed file has the time of its package, not that of its installation.
fn touch(file: &Path) -> Result<(), String> {
    let touched =
        fs::File::options().append(true).open(file).and_then(|file| file.set_modified(SystemTime::now()));
    touched.map_err(|error| format!("{}: {error}", file.display()))
}

/// When a file was written last.
pub(crate) fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|facts| facts.modified()).ok()
}

/// Whether what was made is not older than what it was made of.
pub(crate) fn is_current(source: Option<SystemTime>, made: Option<SystemTime>) -> bool {
    made.is_some() && made >= source
}

/// Runs what takes its time, after saying so on standard error.
pub(crate) fn announced(command: &mut Command) -> Result<(), String> {
    actionbay_component::announced("setting up what tests talk to", command)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_program_that_is_absent_or_too_old_is_named() {
        assert_eq!(NODE.check(Some("v18.20.4\n")), Ok(()));
        assert_eq!(NODE.check(Some("v22.1.0")), Ok(()));
        assert_eq!(NODE.check(Some("v16.20.2\n")), Err("Node.js on this machine is 16.20.2".to_owned()));
        assert!(NODE.check(Some("nonsense")).is_err());
        assert!(NODE.check(None).unwrap_err().contains("not on this machine"));
        assert_eq!(PYTHON.check(Some("Python 3.11.2\n")), Ok(()));
        assert_eq!(PYTHON.check(Some("Python 3.10.2\n")), Err("Python on this machine is 3.10.2".to_owned()));
        assert!(PYTHON.check(Some("Python 2.7.18")).is_err());
        assert_eq!(
            CHROMIUM.check(Some("Chromium 156.0.8078.108 built on Debian GNU/Linux 12 (bookworm)\n")),
            Ok(())
        );
        assert!(CHROMIUM.check(Some("Chromium 90.0.4430.212")).is_err());
    }

    #[test]
    fn what_was_made_is_made_again_where_its_source_is_newer() {
        let (earlier, later) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        assert!(is_current(Some(earlier), Some(later)) && is_current(Some(earlier), Some(earlier)));
        assert!(!is_current(Some(later), Some(earlier)));
        assert!(!is_current(Some(earlier), None));
    }
}

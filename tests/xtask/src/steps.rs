//! The commands that chores are made of.

use std::env;
use std::process::Command;
use std::time::Instant;

/// One command of a chore: cargo, with arguments.
#[derive(Debug)]
pub(crate) struct Step {
    name: &'static str,
    arguments: Vec<String>,
    environment: &'static [(&'static str, &'static str)],
}

/// Everything that has to be right before a change is. What fails quickly comes first.
pub(crate) fn checks() -> Vec<Step> {
    vec![
        Step::new("format", "fmt --all -- --check"),
        Step::new("format of the guests", "fmt --manifest-path tests/guests/Cargo.toml --all -- --check"),
        Step::new("lock file of the guests", "fetch --locked --manifest-path tests/guests/Cargo.toml"),
        Step::new("lints", "clippy --workspace --all-targets -- -D warnings"),
        // Nothing else builds it, and it calls what changes. That of the host would compile the engine once more. What it is
        // linked with to run takes a compiler of C++, and is not needed here: so that it is said to be elsewhere.
        Step {
            environment: &[("CUSTOM_LIBFUZZER_PATH", "/nowhere/libfuzzer.a")],
            ..Step::new(
                "fuzz targets of the plugin",
                "check --locked --manifest-path plugin/fuzz/Cargo.toml --target-dir target/fuzz",
            )
        },
        // A test runs it.
        Step::new("embedding example", "build --package actionbay --no-default-features --example embed"),
        // Documentation tests are among them.
        Step::new("tests", "test --workspace"),
        Step {
            environment: &[("RUSTDOCFLAGS", "-D warnings")],
            ..Step::new("documentation", "doc --workspace --no-deps")
        },
    ]
}

/// What is measured; the last one prints the table of all figures.
pub(crate) fn figures() -> Vec<Step> {
    vec![
        Step::new("calls", "bench --package actionbay --bench calls"),
        Step::new("long pages", "bench --package actionbay --bench bodies"),
        Step::new("the service under load", "bench --package actionbay --bench service"),
        Step::new("processes, and the table", "bench --package actionbay --bench processes"),
    ]
}

/// The quickstart with its own arguments.
pub(crate) fn quickstart(arguments: &[String]) -> Step {
    // Without a package, so that what is compiled serves the tests too.
    let mut step = Step::new("quickstart", "run --bin actionbay -- quickstart");
    step.arguments.extend_from_slice(arguments);
    step
}

/// Runs steps in the repository's root and in their order, up to the first that fails; says which runs,
/// and how long it took.
pub(crate) fn run_in_root(steps: &[Step]) -> Result<(), String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    env::set_current_dir(root).map_err(|error| format!("cannot change to {root}: {error}"))?;
    let count = steps.len();
    for (index, step) in steps.iter().enumerate() {
        eprintln!("[{}/{count}] {}: {}", index + 1, step.name, step.spelled());
        let start = Instant::now();
        step.run()?;
        eprintln!("[{}/{count}] {}: done in {} s", index + 1, step.name, start.elapsed().as_secs());
    }
    Ok(())
}

impl Step {
    fn new(name: &'static str, arguments: &str) -> Self {
        let arguments = arguments.split(' ').map(str::to_owned).collect();
        Self { name, arguments, environment: &[] }
    }

    /// Runs the command where the person is, whose relative paths it may carry.
    pub(crate) fn run(&self) -> Result<(), String> {
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(&self.arguments)
            .envs(self.environment.iter().copied())
            .status()
            .map_err(|error| format!("{}: cargo did not start: {error}", self.name))?;
        if status.success() { Ok(()) } else { Err(format!("{} failed: {}", self.name, self.spelled())) }
    }

    /// The command as a person would type it.
    fn spelled(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| format!("{name}=\"{value}\" "));
        format!("{}cargo {}", variables.collect::<String>(), self.arguments.join(" "))
    }
}

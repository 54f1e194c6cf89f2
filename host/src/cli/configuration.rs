//! `actionbay config`

use clap::Subcommand;
use serde_json::json;

use super::config;
use super::home::Home;
use super::output::{Output, facts};
use crate::failure::Result;

/// The settings of a deployment.
#[derive(Debug, Subcommand)]
pub(super) enum Configuration {
    /// Check the file and the environment: every mistake is listed with its line
    #[command(after_help = "Example:
  actionbay config check")]
    Check,
    /// Print a file with every setting and what it is for
    #[command(after_help = "Example:
  actionbay config example > config.toml")]
    Example,
}

impl Configuration {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        match self {
            Self::Check => {
                home.check_configuration()?;
                let file = config::file(&home.folder()?);
                let is_there = file.is_file();
                output.result(&json!({ "file": file, "is-there": is_there }), || {
                    let state = if is_there { "can be used" } else { "is not there: all is as by default" };
                    facts(&[("file", file.display().to_string()), ("state", state.to_owned())])
                })
            }
            Self::Example => {
                output.result(&json!({ "example": config::EXAMPLE }), || config::EXAMPLE.to_owned())
            }
        }
    }
}

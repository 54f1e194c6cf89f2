//! What a person or an operator sees while a call runs.

use std::sync::Mutex;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use tracing::{debug, error, info, trace, warn};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::output::Output;
use crate::runtime::{Event, EventSink, LogLevel};
use crate::service::traces::{self, Traces};

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// An object a line, for programs
    Json,
}

/// Logs to standard error from this level on, and makes traces, if there are any. Only our own events are in either,
/// which hold no secret: what HTTP and TLS libraries write at their finest level is what goes over the wire.
pub(super) fn start(level: &str, format: LogFormat, traces: Option<&Traces>) {
    let level: LevelFilter = level.parse().unwrap_or(LevelFilter::WARN);
    let ours = |level| Targets::new().with_target("actionbay", level);
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let log = match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    // What neither takes is off for everybody: a library that would write what goes over the wire can tell.
    let all = if traces.is_some() { level.max(LevelFilter::INFO) } else { level };
    let _ = tracing_subscriber::registry()
        .with(ours(all))
        .with(log.with_filter(ours(level)))
        .with(traces.map(|traces| traces.layer().with_filter(ours(LevelFilter::INFO))))
        .try_init();
}

/// Shows the progress of a call on a terminal, and logs the rest.
pub(super) struct Watch {
    bar: Option<Mutex<Option<ProgressBar>>>,
}

impl Watch {
    pub(super) fn new(output: &Output) -> Self {
        Self { bar: output.is_watched().then(Mutex::default) }
    }

    fn progress(&self, done: u64, total: Option<u64>, message: &str) {
        let Some(bar) = &self.bar else { return };
        let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(ProgressBar::new_spinner);
        if let Some(total) = total {
            bar.set_length(total);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
                bar.set_style(style);
            }
        }
        bar.set_position(done);
        bar.set_message(message.to_owned());
    }

    /// Shows how much of a file is over.
    fn transfer(&self, done: u64, total: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(ProgressBar::new_spinner);
        let (total, template) = match total {
            Some(total) => (total, "{bar:30} {bytes}/{total_bytes} {bytes_per_sec}"),
            None => (done, "{spinner} {bytes} {bytes_per_sec}"),
        };
        if done == 0 || bar.length() != Some(total) {
            bar.set_length(total);
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
        }
        bar.set_position(done);
    }

    fn finish(&self) {
        let bar = self
            .bar
            .as_ref()
            .and_then(|bar| bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

impl EventSink for Watch {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::CallStarted { integration, function } => debug!(integration, function, "call started"),
            Event::HostCall { function } => trace!(function, "host call"),
            Event::Request { audience, method, path, status, duration } => {
                info!(audience, method, path, status, milliseconds = duration.as_millis() as u64, "request");
                traces::vendor_request(audience, method, path, status, duration);
            }
            Event::AdminNeeded { workspace, integration, code, message } => {
                warn!(workspace, integration, code, message, "an admin is needed");
            }
            Event::ConversationFailed { workspace, dialog, conversation, code } => {
                warn!(workspace, dialog, conversation, code, "a conversation failed");
            }
            Event::Denied { code, message } => warn!(code, message, "denied"),
            Event::Log { level, message } => match level {
                LogLevel::Trace => trace!(message, "plugin"),
                LogLevel::Debug => debug!(message, "plugin"),
                LogLevel::Info => info!(message, "plugin"),
                LogLevel::Warn => warn!(message, "plugin"),
                LogLevel::Error => error!(message, "plugin"),
            },
            Event::Progress { done, total, message } => self.progress(done, total, message),
            Event::Transfer { done, total } => self.transfer(done, total),
            Event::CallFinished { integration, function, failure } => {
                self.finish();
                debug!(integration, function, failure, "call finished");
            }
        }
    }
}

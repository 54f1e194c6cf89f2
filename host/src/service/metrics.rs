//! What can be measured of the service, for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::runs::RunRecord;
use crate::failure::{Failure, Result};

/// The media type of what is written.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The bounds of durations, in seconds: from a look into the store to the longest call.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Place {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    integration: String,
    template: String,
    state: String,
}

/// What can be measured. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Metrics(Arc<Known>);

#[derive(Debug)]
struct Known {
    registry: Registry,
    answers: Family<Answer, Counter>,
    durations: Family<Place, Histogram>,
    runs: Family<Run, Counter>,
    running: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("actionbay");
        let (answers, runs, running) = (Family::default(), Family::default(), Gauge::default());
        let durations = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> Histogram);
        registry.register("http_requests", "Requests of the API that were answered", answers.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long answers of the API took",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("runs", "Runs that ended", runs.clone());
        registry.register("runs_running", "Runs that are running", running.clone());
        Self(Arc::new(Known { registry, answers, durations, runs, running }))
    }

    /// A request was answered. The names of routes are few, whatever stands in their paths.
    pub(super) fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = if route.is_empty() { "other".to_owned() } else { method.to_string() };
        let answer = Answer { method, route: route.to_owned(), status: status.as_u16() };
        self.0.answers.get_or_create(&answer).inc();
        let place = Place { route: route.to_owned() };
        self.0.durations.get_or_create(&place).observe(took.as_secs_f64());
    }

    /// A run begins.
    pub(super) fn run_began(&self) {
        self.0.running.inc();
    }

    /// A run ended.
    pub(super) fn run_ended(&self, record: &RunRecord) {
        self.0.running.dec();
        self.count(record);
    }

    /// A run of another process, which died, was found to be over.
    pub(super) fn run_was_interrupted(&self, record: &RunRecord) {
        self.count(record);
    }

    fn count(&self, record: &RunRecord) {
        let run = Run {
            integration: record.integration.to_string(),
            template: record.template.clone(),
            state: record.state.as_str().to_owned(),
        };
        self.0.runs.get_or_create(&run).inc();
    }

    /// All of it.
    pub(super) fn written(&self) -> Result<String> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)
            .map(|()| text)
            .map_err(|_| Failure::internal("What was measured cannot be written."))
    }
}

//! Traces: what the service does, as spans for an OpenTelemetry collector.
//!
//! A span is a request to the service, a run, or a request that left for the vendor. They say what the log says: no body, no
//! secret. Whoever sends a request may say which trace it is part of (W3C *Trace Context*); vendors are not told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::http::{HeaderMap, Method, StatusCode};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Span, Subscriber, info_span};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;
use url::Url;
use zeroize::Zeroizing;

use crate::egress::{OutboundBody, OutboundRequest, Reach, Transport, UreqTransport};
use crate::failure::{Failure, Result};

/// What the spans are of, where OTEL_SERVICE_NAME does not say it.
const NAME: &str = "actionbay";

/// Whether spans go to a collector. The process has one subscriber of `tracing`, and it cannot be asked without an event.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// How long a collector may take for one request.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer of a collector that is read, in bytes: a sentence.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Spans on their way to a collector. What is not sent yet is sent when it is dropped.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Traces that go to the collector at this address, by OTLP over HTTP in JSON, to its `/v1/traces`. Headers are taken from
    /// OTEL_EXPORTER_OTLP_HEADERS, the service's name from OTEL_SERVICE_NAME (*OpenTelemetry Environment Variable
    /// Specification*).
    ///
    /// # Errors
    /// `Internal` where the exporter cannot be made.
    pub fn to(collector: &Url) -> Result<Self> {
        let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector { transport: UreqTransport::new(), fails: AtomicBool::new(false) })
            .with_protocol(Protocol::HttpJson)
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::internal(format!("No traces can be sent: {error}.")))?;
        let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => Resource::builder(),
            None => Resource::builder().with_service_name(NAME),
        };
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.with_attribute(version).build())
            .build();
        global::set_tracer_provider(provider.clone());
        IS_ON.store(true, Ordering::Relaxed);
        Ok(Self { provider })
    }

    /// What makes spans of those of `tracing`.
    pub fn layer<S: Subscriber + for<'span> LookupSpan<'span>>(&self) -> OpenTelemetryLayer<S, SdkTracer> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(NAME))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Where spans go to, by the way that everything leaves by.
#[derive(Debug)]
struct Collector {
    transport: UreqTransport,
    /// Whether the last request failed: that is said once.
    fails: AtomicBool,
}

#[async_trait]
impl HttpClient for Collector {
    /// It blocks, as the thread that sends spans may.
    async fn send_bytes(&self, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, HttpError> {
        let sent = self.send(request);
        let why = match &sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers with {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let failed_before = self.fails.swap(why.is_some(), Ordering::Relaxed);
        if let Some(why) = why.filter(|_| !failed_before) {
            tracing::warn!(why, "the collector does not take traces");
        }
        sent
    }
}

impl Collector {
    fn send(&self, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.transport.round_trip(OutboundRequest {
            method: parts.method,
            url: parts.uri.to_string().parse()?,
            // The operator names it.
            reach: Reach::Listed,
            headers: parts.headers,
            body: OutboundBody::Bytes(Zeroizing::new(body.to_vec())),
            timeout: PATIENCE,
            max_response_bytes: LONGEST_ANSWER,
        })?;
        let mut response = Response::builder().status(answer.status).body(Bytes::from(answer.body))?;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// The span of a request to the service.
pub(super) fn request(id: &str, method: &Method, headers: &HeaderMap) -> Span {
    if !IS_ON.load(Ordering::Relaxed) {
        return info_span!("request", id, %method);
    }
    let span = info_span!("request", id, %method, otel.kind = "server", http.request.method = %method);
    let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    if caller.span().span_context().is_valid() {
        let _ = span.set_parent(caller);
    }
    span
}

/// What came of a request to the service.
pub(super) fn answered(span: &Span, method: &Method, route: &str, status: StatusCode) {
    if !IS_ON.load(Ordering::Relaxed) {
        return;
    }
    let told = span.context();
    let told = told.span();
    told.update_name(format!("{method} {route}").trim_end().to_owned());
    told.set_attribute(KeyValue::new("http.route", route.to_owned()));
    told.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        told.set_status(Status::error(""));
    }
}

/// A request that left for the vendor, and took so long until now.
pub(crate) fn vendor_request(audience: &str, method: &str, path: &str, status: Option<u16>, took: Duration) {
    if !IS_ON.load(Ordering::Relaxed) {
        return;
    }
    let tracer = global::tracer(NAME);
    let mut attributes = vec![
        KeyValue::new("actionbay.audience", audience.to_owned()),
        KeyValue::new("http.request.method", method.to_owned()),
        KeyValue::new("url.path", path.to_owned()),
    ];
    attributes.extend(status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
    let mut span = tracer
        .span_builder(format!("{method} {audience}"))
        .with_kind(SpanKind::Client)
        .with_start_time(SystemTime::now().checked_sub(took).unwrap_or(SystemTime::UNIX_EPOCH))
        .with_attributes(attributes)
        .start_with_context(&tracer, &Context::current());
    if status.is_none_or(|status| status >= 400) {
        span.set_status(Status::error(""));
    }
    span.end();
}

//! What a call may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::ResourceLimiter;

use crate::failure::{Failure, FailureKind};

/// What one call of a plugin may use. What is exceeded ends the call with a failure that names the limit;
/// of memory and tables the component is told first that they cannot grow, and may do with less.
///
/// As JSON, or in a configuration, every limit has the name of its field, in kebab-case; one that is left out has its
/// default. Times are in seconds there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CallLimits {
    /// From start to end, waiting in host calls included.
    #[serde(with = "seconds")]
    pub wall_clock: Duration,
    /// Linear memory, all memories of the call together, in bytes; [`LARGEST_MEMORY`] at the most.
    #[serde(deserialize_with = "memory")]
    pub memory_bytes: usize,
    /// Elements of all tables together.
    pub table_elements: usize,
    /// The parts that a component is made of: its core instances, its memories and its tables, of each so many.
    pub instances: usize,
    /// Handles that the host keeps something behind: connections, files, what of WASI there is.
    pub handles: usize,
    /// Handles that the guest holds, those of things of its own among them, of which the host knows nothing else.
    pub component_handles: usize,
    /// What the guest hands to the host in one call of an import or one return, in bytes: the host has to hold it too.
    pub hostcall_bytes: usize,
    /// Requests sent.
    pub requests: u32,
    /// The body of one request, in bytes.
    pub request_bytes: usize,
    /// The body of one response, after decompression, in bytes.
    pub response_bytes: u64,
    /// The files that are sent, all together, in bytes; as many may come back. They are not counted elsewhere.
    pub file_bytes: u64,
    /// How long sending and fetching files may take, all together. The clock of the call stands still meanwhile.
    #[serde(with = "seconds")]
    pub transfer: Duration,
    /// The output of a template, in bytes; each part of it counts for eight at least, since the host has to hold it too.
    pub output_bytes: usize,
    /// Lines of log and reports of progress together; what is over is dropped, not an error.
    pub log_lines: u32,
}

/// The most memory that a call can be allowed: as much address space is set aside for each.
pub const LARGEST_MEMORY: usize = 1 << 30;

fn memory<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    use serde::de::Error as _;
    match usize::deserialize(deserializer)? {
        bytes @ ..=LARGEST_MEMORY => Ok(bytes),
        _ => Err(D::Error::custom(format_args!("memory-bytes is more than {LARGEST_MEMORY}"))),
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            // A person waits for the answer, and listing a large space takes a minute.
            wall_clock: Duration::from_secs(120),
            // The largest page that a known vendor takes is 5 MB; read, converted and written it is held a few times.
            memory_bytes: 128 << 20,
            // Rust components use a few hundred.
            table_elements: 20_000,
            // Rust components have four, one of Python some forty.
            instances: 64,
            // A connection and some files; each open file is one of the process's.
            handles: 256,
            // Components of several parts hand each other thousands; each costs the host some 30 bytes.
            component_handles: 10_000,
            // The largest body or output that the limits below allow, and as much again around it.
            hostcall_bytes: 32 << 20,
            // 250 pages of a list each: 125,000 objects.
            requests: 500,
            // Above the largest body that a vendor is known to take (5 MB), with room for escapes.
            request_bytes: 16 << 20,
            // 250 pages of a list with bodies left out are under 1 MB; one page with its body is under 10.
            response_bytes: 32 << 20,
            // Four times the largest attachment that known vendors take by default; streamed, it costs no memory.
            file_bytes: 1 << 30,
            // That much at 5 Mbit/s.
            transfer: Duration::from_secs(30 * 60),
            // What a chat or a script can still use.
            output_bytes: 16 << 20,
            // A page of log per call.
            log_lines: 200,
        }
    }
}

impl CallLimits {
    /// The same, with another time from start to end.
    #[must_use]
    pub fn wall_clock(mut self, wall_clock: Duration) -> Self {
        self.wall_clock = wall_clock;
        self
    }

    /// The same, with another size of memory, up to [`LARGEST_MEMORY`].
    #[must_use]
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.memory_bytes = bytes.min(LARGEST_MEMORY);
        self
    }

    /// The same, with another size of what is handed over at once.
    #[must_use]
    pub fn hostcall_bytes(mut self, bytes: usize) -> Self {
        self.hostcall_bytes = bytes;
        self
    }

    /// The same, with another size of files.
    #[must_use]
    pub fn file_bytes(mut self, bytes: u64) -> Self {
        self.file_bytes = bytes;
        self
    }

    /// The same, with another time for files.
    #[must_use]
    pub fn transfer(mut self, transfer: Duration) -> Self {
        self.transfer = transfer;
        self
    }

    /// The same, with another size of output.
    #[must_use]
    pub fn output_bytes(mut self, bytes: usize) -> Self {
        self.output_bytes = bytes;
        self
    }

    /// The same, with another size of response.
    #[must_use]
    pub fn response_bytes(mut self, bytes: u64) -> Self {
        self.response_bytes = bytes;
        self
    }

    /// The same, with another number of requests.
    #[must_use]
    pub fn requests(mut self, requests: u32) -> Self {
        self.requests = requests;
        self
    }
}

impl CallLimits {
    /// The failure of a call that would use more than one of these limits, by its name.
    pub(super) fn exceeded(&self, limit: &'static str, what: &str) -> Failure {
        let limits = serde_json::to_value(self).unwrap_or_default();
        exceeded(limit, &limits.get(limit).unwrap_or_default().to_string(), what)
    }

    /// What to do about a request that took too long; `moves_file`: files have a time of their own.
    pub(super) fn time_hint(&self, moves_file: bool) -> String {
        let seconds = |time: Duration| time.as_secs_f32();
        let wall_clock = format!("raise the limit wall-clock, which is {} seconds", seconds(self.wall_clock));
        match moves_file {
            true => format!(
                "Try again, or {wall_clock}, or for files the limit transfer, which is {} seconds.",
                seconds(self.transfer)
            ),
            false => format!("Ask for less at once, or {wall_clock}."),
        }
    }
}

/// The failure of what is more than a limit.
pub(super) fn exceeded(limit: &str, value: &str, what: &str) -> Failure {
    Failure::new(
        FailureKind::LimitExceeded,
        format!("{limit}-exceeded"),
        format!("{what}: the limit {limit} is {value}."),
    )
    .hint(format!("Ask for less at once, or raise the limit {limit}."))
}

/// Times as seconds, with a fraction where there is one.
mod seconds {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        match time.subsec_nanos() {
            0 => serializer.serialize_u64(time.as_secs()),
            _ => serializer.serialize_f64(time.as_secs_f64()),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(|_| D::Error::custom("is no number of seconds"))
    }
}

/// Counts memory and tables of one store over all of its instances.
#[derive(Debug)]
pub(super) struct Meter {
    memory_left: usize,
    table_left: usize,
    parts: usize,
    /// The limit that the last growth ran into, if nothing showed since that the guest goes on without.
    pub(super) exceeded: Option<&'static str>,
}

impl Meter {
    pub(super) fn new(limits: &CallLimits) -> Self {
        Self {
            memory_left: limits.memory_bytes,
            table_left: limits.table_elements,
            parts: limits.instances,
            exceeded: None,
        }
    }

    fn take(left: &mut usize, current: usize, desired: usize) -> bool {
        let growth = desired.saturating_sub(current);
        match left.checked_sub(growth) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    /// Whether it was granted is what the guest knows of it: one that goes on has done with less.
    fn settle(&mut self, granted: bool, limit: &'static str) -> bool {
        self.exceeded = (!granted).then_some(limit);
        granted
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = Self::take(&mut self.memory_left, current, desired);
        Ok(self.settle(granted, "memory-bytes"))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = Self::take(&mut self.table_left, current, desired);
        Ok(self.settle(granted, "table-elements"))
    }

    fn instances(&self) -> usize {
        self.parts
    }

    fn tables(&self) -> usize {
        self.parts
    }

    fn memories(&self) -> usize {
        self.parts
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_read_by_their_names_and_what_is_left_out_has_its_default() {
        let read: CallLimits = serde_json::from_value(json!({"wall-clock": 2.5, "requests": 7})).unwrap();
        assert_eq!(read, CallLimits::default().wall_clock(Duration::from_millis(2_500)).requests(7));
        let written = serde_json::to_value(read).unwrap();
        assert_eq!((&written["wall-clock"], &written["transfer"]), (&json!(2.5), &json!(1800)));
        assert_eq!(serde_json::from_value::<CallLimits>(written).unwrap(), read);
        assert_eq!(CallLimits::default().memory_bytes(usize::MAX).memory_bytes, LARGEST_MEMORY);
        let most = json!({"memory-bytes": LARGEST_MEMORY});
        assert_eq!(serde_json::from_value::<CallLimits>(most).unwrap().memory_bytes, LARGEST_MEMORY);
        let more = serde_json::from_value::<CallLimits>(json!({"memory-bytes": LARGEST_MEMORY + 1}));
        assert!(more.unwrap_err().to_string().contains("memory-bytes is more than 1073741824"));
        for bad in [json!({"wall-clock": -1}), json!({"walls": 1}), json!({"requests": "many"})] {
            assert!(serde_json::from_value::<CallLimits>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_failure_names_the_limit_its_value_and_the_setting() {
        let failure = CallLimits::default().exceeded("requests", "It has sent as many requests as it may");
        assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "requests-exceeded"));
        assert_eq!(failure.message, "It has sent as many requests as it may: the limit requests is 500.");
        assert!(failure.hint.unwrap().ends_with("raise the limit requests."));
    }
}

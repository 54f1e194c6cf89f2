//! How connections are made: all those of an agent with one TLS configuration.

use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};

/// Connects as `ureq` does. For a request with settings of its own that would make a TLS configuration for each
/// connection, which copies every authority and knows no session of another connection. The settings of the requests here
/// are how long they may take, and nothing of TLS.
///
/// So a connection may go on with the session of an earlier one to the same name, whose certificate was looked at then
/// (RFC 8446 section 2.2), for as long as the server's ticket is good: seven days at most.
#[derive(Debug, Default)]
pub(super) struct OneTls(DefaultConnector);

impl Connector<()> for OneTls {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let details = ConnectionDetails {
            request_level: false,
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        self.0.connect(&details, chained)
    }
}

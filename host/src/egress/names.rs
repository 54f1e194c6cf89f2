//! Asking for a host's addresses as seldom as is right.
//!
//! The HTTP library asks before every request, also where a connection is open, and for a question that may take only so
//! long it starts a thread. So an address is taken as it is, and what a name led to is good for some seconds. Addresses
//! that were remembered pass the same check as those that were just found.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long a name leads where it led: no longer than the library keeps an idle connection to there.
const LASTS: Duration = Duration::from_secs(10);

/// How many names are remembered at most.
const MOST: usize = 256;

/// What names led to lately. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Found>>>);

struct Found {
    addresses: Vec<SocketAddr>,
    until: Instant,
}

impl Names {
    /// Has the name of a URL asked for again: it may have moved.
    pub(super) fn forget(&self, uri: &Uri) {
        if let Some(authority) = uri.authority() {
            self.found().remove(&key(uri, authority.as_str()));
        }
    }

    fn recall(&self, key: &str) -> Option<Vec<SocketAddr>> {
        let found = self.found();
        found.get(key).filter(|found| Instant::now() < found.until).map(|found| found.addresses.clone())
    }

    fn remember(&self, key: String, addresses: &[SocketAddr]) {
        let now = Instant::now();
        let mut found = self.found();
        if found.len() >= MOST {
            found.retain(|_, found| now < found.until);
        }
        if found.len() < MOST {
            found.insert(key, Found { addresses: addresses.to_vec(), until: now + LASTS });
        }
    }

    fn found(&self) -> MutexGuard<'_, HashMap<String, Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves by another resolver what is no address and is not remembered.
pub(super) struct Remembering<R> {
    pub(super) inner: R,
    pub(super) names: Names,
}

impl<R> fmt::Debug for Remembering<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembering")
    }
}

impl<R: Resolver> Resolver for Remembering<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if let Some(address) = literal(uri) {
            return Ok(self.all(&[address]));
        }
        let Some(authority) = uri.authority() else { return self.inner.resolve(uri, config, timeout) };
        let key = key(uri, authority.as_str());
        if let Some(addresses) = self.names.recall(&key) {
            return Ok(self.all(&addresses));
        }
        let addresses = self.inner.resolve(uri, config, timeout)?;
        self.names.remember(key, &addresses);
        Ok(addresses)
    }
}

impl<R: Resolver> Remembering<R> {
    fn all(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut all = self.empty();
        addresses.iter().for_each(|address| all.push(*address));
        all
    }
}

/// The scheme stands for the port where none is said.
fn key(uri: &Uri, authority: &str) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or_default(), authority.to_ascii_lowercase())
}

/// The address that a URL names as such.
fn literal(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let address: IpAddr = host.parse().ok()?;
    let port = uri.port_u16().or_else(|| match uri.scheme_str()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })?;
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_with_the_port_of_its_scheme() {
        for (url, address) in [
            ("http://127.0.0.1:8080/a", Some("127.0.0.1:8080")),
            ("https://[2001:db8::1]/", Some("[2001:db8::1]:443")),
            ("http://8.8.8.8/", Some("8.8.8.8:80")),
            ("https://api.example/", None),
            ("https://2130706433/", None),
        ] {
            let expected = address.map(|address| address.parse::<SocketAddr>().unwrap());
            assert_eq!(literal(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn names_that_are_many_are_not_all_remembered() {
        let names = Names::default();
        let here: SocketAddr = "127.0.0.1:80".parse().unwrap();
        (0..2 * MOST).for_each(|name| names.remember(name.to_string(), &[here]));
        assert_eq!(names.found().len(), MOST);
    }
}

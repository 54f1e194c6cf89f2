//! A person's browser, as far as the service sees it: cookies of its own, and no redirect that it follows unasked.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use url::Url;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> Url {
        assert_eq!(self.status, 303, "{self:?}");
        Url::parse(self.header("location")).unwrap()
    }
}

/// One browser.
#[derive(Debug, Default)]
pub(crate) struct Visitor {
    cookies: BTreeMap<String, String>,
    /// The port that is called instead of the URL's, as by a proxy.
    pub(crate) port: Option<u16>,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> &str {
        &self.cookies[name]
    }

    pub(crate) fn get(&mut self, url: &str) -> Answer {
        self.send("GET", url, &[], "")
    }

    /// Sends the page's form, as browsers of today do.
    pub(crate) fn post(&mut self, url: &str) -> Answer {
        let origin = Url::parse(url).unwrap().origin().ascii_serialization();
        self.send("POST", url, &[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")], "")
    }

    /// Sends a request; a header that is given goes over one that a browser sets.
    pub(crate) fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let url = Url::parse(url).unwrap();
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        self.send_to(&url, method, target, headers, body)
    }

    /// The same, with a target that no URL holds.
    pub(crate) fn send_to(
        &mut self,
        at: &Url,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let port = self.port.or_else(|| at.port_or_known_default()).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let host = at[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut own = vec![
            ("Host".to_owned(), host),
            ("Connection".to_owned(), "close".to_owned()),
            ("Content-Length".to_owned(), body.len().to_string()),
        ];
        if !cookies.is_empty() {
            own.push(("Cookie".to_owned(), cookies.join("; ")));
        }
        own.retain(|(name, _)| !headers.iter().any(|(given, _)| given == name));
        own.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut request = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in own.iter().filter(|(_, value)| !value.is_empty()) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        // The server may have refused before it read everything.
        let _ = stream.write_all(format!("{request}\r\n{body}").as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let answer = parsed(&String::from_utf8(bytes).unwrap());
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

fn parsed(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    };
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer: {text:?}")),
        headers: lines.filter_map(header).collect(),
        body: body.to_owned(),
    }
}

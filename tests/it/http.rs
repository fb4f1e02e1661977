//! A plain HTTP client, one connection at a time: what goes over the socket is what a test says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leveret::broker::Broker;
use serde_json::Value as Json;

/// Longer than any answer is expected to take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks one management API, as one user.
#[derive(Clone)]
pub(crate) struct Http {
    /// `127.0.0.1:15672`.
    pub(crate) address: String,
    /// User and password; none sends no credentials.
    pub(crate) login: Option<(String, String)>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// 200.
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    /// Without its chunks.
    pub(crate) body: Vec<u8>,
}

impl Heard {
    /// A header; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body as a text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Http {
    /// The API of `broker`, as guest.
    pub(crate) fn of(broker: &Broker) -> Self {
        let uri = broker.management_uri().unwrap();
        Self {
            address: uri.strip_prefix("http://").unwrap().to_owned(),
            login: Some(("guest".to_owned(), "guest".to_owned())),
        }
    }

    /// The one at `address`, without credentials.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            address: address.to_string(),
            login: None,
        }
    }

    /// The same as another user.
    pub(crate) fn by(&self, user: &str, password: &str) -> Self {
        Self {
            login: Some((user.to_owned(), password.to_owned())),
            ..self.clone()
        }
    }

    /// The same without credentials.
    pub(crate) fn unknown(&self) -> Self {
        Self {
            login: None,
            ..self.clone()
        }
    }

    /// An open connection.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The head of a request, without the empty line.
    pub(crate) fn head(&self, method: &str, path: &str) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        if let Some((user, password)) = &self.login {
            let both = STANDARD.encode(format!("{user}:{password}"));
            head.push_str(&format!("authorization: Basic {both}\r\n"));
        }
        head
    }

    /// Asks with more headers, each with its end of line.
    #[track_caller]
    pub(crate) fn ask_with<B: AsRef<[u8]> + ?Sized>(
        &self,
        request: (&str, &str),
        headers: &str,
        body: &B,
    ) -> Heard {
        let body = body.as_ref();
        let (method, path) = request;
        let mut text = self.head(method, path) + headers + "connection: close\r\n";
        if !body.is_empty() {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        let mut stream = self.connect();
        stream.write_all(&[text.as_bytes(), body].concat()).unwrap();
        let mut octets = Vec::new();
        // A server that refuses early may reset what it has not read.
        drop(stream.read_to_end(&mut octets));
        let heard = heard(&octets);
        crate::openapi::check(request, &heard);
        heard
    }

    /// Asks.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Heard {
        self.ask_with((method, path), "", body)
    }

    /// Asks for what is there.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Heard {
        self.ask("GET", path, "")
    }
}

/// Takes an answer apart.
#[track_caller]
pub(crate) fn heard(octets: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(octets);
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {text:?}"));
    let head = String::from_utf8(octets[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    let mut heard = Heard {
        status: status.parse().unwrap(),
        headers: headers.collect(),
        body: octets[end + 4..].to_vec(),
    };
    if heard.header("transfer-encoding") == "chunked" {
        heard.body = whole(&heard.body);
    }
    heard
}

/// The chunks of a body put together.
fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[(end + 4 + size).min(chunks.len())..];
    }
    body
}

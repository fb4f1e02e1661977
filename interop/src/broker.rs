//! The broker under test: ours, a RabbitMQ, or one that runs already.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::error::{self, InteropError};
use crate::node::{Login, Node, Use};

/// How long a broker may take to answer a protocol header.
const ANSWER: Duration = Duration::from_secs(5);
/// A connection.start is far smaller; what is larger is no broker's greeting.
const GREETING_LEN_MAX: usize = 64 * 1024;

/// How many ports above that for AMQP the management API is, with the program's defaults and with
/// the oracle's.
const MANAGEMENT: u16 = 10_000;
/// The same for metrics, of a Leveret.
const OUR_METRICS: u16 = 10_020;
/// The same for metrics, of a RabbitMQ that the oracle's script starts.
const RABBITMQ_METRICS: u16 = 11_000;

/// Which broker to test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Built from this workspace and started for the run.
    Leveret,
    /// Started for the run by the oracle's script.
    RabbitMq,
    /// `user:password@host:port` of a broker that runs already.
    Running(String),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "leveret" => Ok(Self::Leveret),
            "rabbitmq" => Ok(Self::RabbitMq),
            _ => {
                let rest = text
                    .strip_prefix("amqp://")
                    .ok_or("not leveret, rabbitmq or amqp://…")?;
                let rest = rest.split('/').next().unwrap_or_default();
                let (login, address) = rest.rsplit_once('@').unwrap_or(("guest:guest", rest));
                let port = if address.contains(':') { "" } else { ":5672" };
                Ok(Self::Running(format!("{login}@{address}{port}")))
            }
        }
    }
}

/// A broker that accepts connections; one that was started ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Broker {
    /// `user:password@host:port`.
    authority: String,
    /// What it says it is.
    pub(crate) identity: Identity,
    /// What was started, if it was.
    pub(crate) node: Option<Arc<Mutex<Node>>>,
}

/// Where brokers come from and where their files go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The broker to start or use.
    pub(crate) choice: &'a Choice,
    /// The script that starts RabbitMQ.
    pub(crate) oracle: Option<&'a Path>,
    /// The workspace.
    pub(crate) root: &'a Path,
}

/// What a broker calls itself in connection.start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Leveret, RabbitMQ or another product.
    pub(crate) product: String,
    /// As announced, for Leveret the version of RabbitMQ that it behaves like.
    pub(crate) version: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

impl Broker {
    /// Starts or finds the broker and waits until it greets; its files go below `work`.
    pub(crate) fn start(source: Source<'_>, work: &Path, use_: Use) -> Result<Self, InteropError> {
        let node = match source.choice {
            Choice::Running(authority) => return Self::greeted(authority.clone(), None),
            Choice::Leveret => Node::leveret(source.root, work, use_)?,
            Choice::RabbitMq => Node::rabbitmq(source.oracle, work, use_)?,
        };
        let authority = format!("guest:guest@127.0.0.1:{}", node.port);
        Self::greeted(authority, Some(Arc::new(Mutex::new(node))))
    }

    fn greeted(authority: String, node: Option<Arc<Mutex<Node>>>) -> Result<Self, InteropError> {
        let greeting = greet(address_of(&authority))
            .map_err(|error| InteropError::Broker(format!("{authority}: {error}")))?;
        Ok(Self {
            authority,
            identity: identity(&greeting),
            node,
        })
    }

    /// Makes a user who may do everything; a broker that was not started here must know them.
    pub(crate) fn admit(&self, login: &Login) -> Result<(), InteropError> {
        match &self.node {
            Some(node) => error::lock(node).admit(login),
            None => Ok(()),
        }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        address_of(&self.authority)
    }

    /// `host:port` for AMQP, the management API and metrics.
    pub(crate) fn doors(&self) -> [String; 3] {
        let metrics = match self.identity.product.as_str() {
            "RabbitMQ" => RABBITMQ_METRICS,
            _ => OUR_METRICS,
        };
        [0, MANAGEMENT, metrics].map(|distance| self.further(distance))
    }

    /// `host:port` of the listener that is `distance` ports further up.
    fn further(&self, distance: u16) -> String {
        let address = self.address();
        let parts = address.rsplit_once(':');
        let port = parts.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        match port {
            Some((host, port)) => format!("{host}:{}", port.saturating_add(distance)),
            None => address.to_owned(),
        }
    }

    /// The URI of the default vhost, through `address` if one is given.
    pub(crate) fn uri(&self, through: Option<&str>) -> String {
        match (through, self.authority.rsplit_once('@')) {
            (Some(address), Some((login, _))) => format!("amqp://{login}@{address}/%2F"),
            _ => format!("amqp://{}/%2F", self.authority),
        }
    }
}

fn address_of(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address)
}

/// Sends the protocol header and reads the first frame, a connection.start.
pub(crate) fn greet(address: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(b"AMQP\0\0\x09\x01")?;
    let mut head = [0; 7];
    stream.read_exact(&mut head)?;
    let [kind, _, _, a, b, c, d] = head;
    let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if kind != 1 || len > GREETING_LEN_MAX {
        return Err(std::io::Error::other("this is no AMQP 0-9-1 broker"));
    }
    let mut frame = vec![0; len];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

/// Reads product and version out of a connection.start.
fn identity(greeting: &[u8]) -> Identity {
    let text = |key| long_string(greeting, key).unwrap_or_default();
    let (product, platform) = (text("product"), text("platform"));
    let ours = [platform, text("information")]
        .into_iter()
        .any(|text| text.contains("Leveret"));
    let product = if ours { "Leveret".to_owned() } else { product };
    Identity {
        product,
        version: text("version"),
    }
}

/// The value of a long string in an encoded table, wherever its key is.
fn long_string(table: &[u8], key: &str) -> Option<String> {
    let mut pattern = vec![u8::try_from(key.len()).ok()?];
    pattern.extend_from_slice(key.as_bytes());
    pattern.push(b'S');
    let at = table
        .windows(pattern.len())
        .position(|window| window == pattern)?;
    let value = table.get(at + pattern.len()..)?;
    let (len, rest) = value.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    rest.get(..len)
        .map(|text| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests;

//! A client that says and hears what the scripts say and hear, driven from Rust.
//!
//! Sentences are those of `tests/scripts`, with `'` for `"`. A channel other than 1 is written in
//! front: `2> channel.open`, heard as `2< channel.open-ok`. What differs from one run to the next
//! must not be compared as a whole.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use leveret::broker::Broker;

use crate::script::connection::{Connection, PATIENCE};
use crate::script::expect::default_channel;
use crate::script::syntax::{Act, parse};
use crate::script::term::Captures;
use crate::script::wire::{Heard, encode};

/// The frames of a login as guest, up to connection.open.
pub(crate) const LOGIN: [&str; 4] = [
    "protocol-header 'AMQP\\x00\\x00\\x09\\x01'",
    "connection.start-ok mechanism='PLAIN' response='\\x00guest\\x00guest' locale='en_US' \
     client-properties={capabilities: {authentication_failure_close: true, \
     'connection.blocked': true, consumer_cancel_notify: true}}",
    "connection.tune-ok channel-max=2047 frame-max=131072 heartbeat=0",
    "connection.open virtual-host='/'",
];

/// One connection.
pub(crate) struct Client {
    connection: Connection,
}

/// The octets of a sentence, with contents cut into frames of 128 KiB.
pub(crate) fn octets(line: &str) -> Vec<u8> {
    let (head, line) = match line.split_once("> ") {
        Some((channel, line)) if channel.parse::<u16>().is_ok() => (format!("C1.{channel}"), line),
        _ => ("C1".to_owned(), line),
    };
    let script = format!("# Spec: none\n{head}> {}", line.replace('\'', "\""));
    let steps = parse(&script).unwrap_or_else(|problem| panic!("{problem} in {line}"));
    let [step] = steps.as_slice() else {
        panic!("more than one sentence: {line}")
    };
    let Act::Say(sentence) = &step.act else {
        panic!("not something to say: {line}")
    };
    let channel = step.channel.unwrap_or_else(|| default_channel(sentence));
    encode(sentence, channel, 131_072, &Captures::new()).unwrap()
}

/// The octets of many sentences in a row.
pub(crate) fn all_octets(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|line| octets(line)).collect()
}

/// Waits until `done`, for as long as a client would; then the test fails.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "this never came true: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Waits until nothing listens there. A program that another test starts has all sockets of this
/// process until it is itself.
pub(crate) fn closed(address: SocketAddr) {
    eventually("nothing listens", || TcpStream::connect(address).is_err());
}

impl Client {
    /// A socket on which nothing has been said.
    pub(crate) fn raw(broker: &Broker) -> Self {
        Self::raw_at(broker.addresses()[0])
    }

    /// The same at any broker.
    pub(crate) fn raw_at(address: SocketAddr) -> Self {
        let connection = Connection::open(address).unwrap();
        Self { connection }
    }

    /// Logged in as guest, without a channel.
    pub(crate) fn connected(broker: &Broker) -> Self {
        Self::connected_at(broker.addresses()[0])
    }

    fn connected_at(address: SocketAddr) -> Self {
        Self::logged_in(address, &LOGIN)
    }

    /// Logged in as guest in another vhost than `/`, with channel 1 open.
    pub(crate) fn in_vhost(address: SocketAddr, vhost: &str) -> Self {
        let [header, start_ok, tune_ok, _] = LOGIN;
        let open = format!("connection.open virtual-host='{vhost}'");
        let mut client = Self::logged_in(address, &[header, start_ok, tune_ok, &open]);
        assert_eq!(client.ask("channel.open"), "channel.open-ok");
        client
    }

    /// After these lines, a protocol header and what follows on it.
    pub(crate) fn logged_in(address: SocketAddr, login: &[&str]) -> Self {
        let mut client = Self::raw_at(address);
        client.send(&all_octets(login));
        for answer in [
            "connection.start ",
            "connection.tune ",
            "connection.open-ok",
        ] {
            let heard = client.hear();
            assert!(heard.starts_with(answer), "{heard}");
        }
        client
    }

    /// Logged in as guest, with channel 1 open.
    pub(crate) fn new(broker: &Broker) -> Self {
        Self::at(broker.addresses()[0])
    }

    /// Logged in as guest at any broker, with channel 1 open.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let mut client = Self::connected_at(address);
        assert_eq!(client.ask("channel.open"), "channel.open-ok");
        client
    }

    /// Is gone without a word.
    pub(crate) fn leave(&mut self) {
        self.connection.leave();
    }

    /// Sends octets again and again, until there is no room for more and that is `enough`.
    pub(crate) fn cram(&mut self, octets: &[u8], enough: impl FnMut() -> bool) {
        self.connection.cram(octets, enough);
    }

    /// Sends octets.
    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.connection.send(octets);
    }

    /// Says a sentence.
    pub(crate) fn say(&mut self, line: &str) {
        self.send(&octets(line));
    }

    /// What comes next within `patience`, heartbeats aside.
    pub(crate) fn hear_within(&mut self, patience: Duration) -> Option<String> {
        let heard = loop {
            let heard = self.connection.hear(patience).unwrap()?;
            if heard != Heard::Heartbeat {
                break heard;
            }
        };
        let text = heard.render(1).replace('"', "'");
        Some(match text.strip_prefix("S1< ") {
            Some(text) => text.to_owned(),
            None => text.replacen("S1.", "", 1),
        })
    }

    /// What comes next.
    pub(crate) fn hear(&mut self) -> String {
        self.hear_within(PATIENCE)
            .unwrap_or_else(|| panic!("nothing came within {PATIENCE:?}"))
    }

    /// Says a sentence and gives what comes next.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    /// A round trip on channel 1: all that was said before is done.
    pub(crate) fn sync(&mut self) {
        assert_eq!(self.ask("channel.flow active"), "channel.flow-ok active");
    }

    /// Whether the server ends the connection without another word.
    pub(crate) fn hears_the_end(&mut self) -> bool {
        matches!(self.connection.hear(PATIENCE), Ok(Some(Heard::Closed)))
    }

    /// Publishes to the default exchange.
    pub(crate) fn publish(&mut self, queue: &str, body: &str) {
        self.say(&format!(
            "basic.publish routing-key='{queue}' body='{body}'"
        ));
    }

    /// Declares a queue with `arguments` (`x-max-length: 1`).
    pub(crate) fn declare(&mut self, queue: &str, arguments: &str) {
        let heard = self.ask(&format!(
            "queue.declare queue='{queue}' durable arguments={{{arguments}}}"
        ));
        let told = format!("queue.declare-ok queue='{queue}' message-count=0 consumer-count=0");
        assert_eq!(heard, told);
    }

    /// Bodies of all that is ready in the queue, taken without acknowledgement.
    pub(crate) fn drain(&mut self, queue: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let heard = self.ask(&format!("basic.get queue='{queue}' no-ack"));
            if heard == "basic.get-empty" {
                return bodies;
            }
            let body = heard
                .split("body='")
                .nth(1)
                .and_then(|rest| rest.split('\'').next());
            bodies.push(body.unwrap_or_else(|| panic!("{heard}")).to_owned());
        }
    }

    /// Ready messages of the queue.
    pub(crate) fn ready(&mut self, queue: &str) -> u64 {
        let heard = self.ask(&format!("queue.declare queue='{queue}' passive"));
        let count = heard.split("message-count=").nth(1);
        let count = count.and_then(|rest| rest.split(' ').next());
        count
            .and_then(|count| count.parse().ok())
            .unwrap_or_else(|| panic!("{heard}"))
    }
}

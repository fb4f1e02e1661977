//! A client without a socket: hands octets to a connection and throws away what it answers.

use std::io::IoSlice;
use std::sync::Arc;
use std::task::Waker;

use bytes::BufMut as _;
use leveret::clock::{Clock, Now};
use leveret::internals::DeskInside as _;
use leveret::internals::auth::PermissionDefinition;
use leveret::internals::config::Settings;
use leveret::internals::connection::Connection;
use leveret::internals::desk::session::Origin;
use leveret::internals::desk::{Desk, VhostDefinition};
use leveret::internals::env::Environment;
use leveret::internals::limits::WRITE_SLICES;
use leveret::internals::protocol::{Flow, Protocol as _};
use leveret::internals::store::MemoryStore;
use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::frame::{Decoded, FRAME_METHOD, decode};
use leveret_codec::methods::{
    BasicConsume, BasicPublish, ChannelOpen, ConnectionOpen, ConnectionStartOk, ConnectionTuneOk,
    ExchangeDeclare, Method, QueueBind, QueueDeclare,
};
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ChannelId, ShortBytes, ShortStr};

use crate::uncounted;

/// The channel of everything.
pub(crate) const CHANNEL: ChannelId = ChannelId(1);

/// Octets of a read, about.
pub(crate) const READ: usize = 64 * 1024;

/// Class of messages.
const BASIC: u16 = 60;

/// A broker in memory, with the vhost `/` and the user `guest`.
pub(crate) fn broker() -> Arc<Desk> {
    let store = Arc::new(MemoryStore::default());
    let env = Environment::new(Settings::default(), Clock::test(), store);
    let desk = Desk::on(env);
    let administration = desk.administration();
    administration
        .put_vhost("/", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    administration
        .add_user("guest", "guest")
        .unwrap()
        .unwaited();
    let all = || ".*".to_owned();
    let permission = PermissionDefinition {
        user: "guest".to_owned(),
        vhost: "/".to_owned(),
        configure: all(),
        write: all(),
        read: all(),
    };
    administration
        .put_permission(&permission)
        .unwrap()
        .unwaited();
    desk
}

/// A connection with a channel.
pub(crate) struct Peer {
    connection: Connection,
    now: Now,
}

impl Peer {
    /// Opens a connection and its channel.
    pub(crate) fn open(desk: &Arc<Desk>) -> Self {
        let now = Now::default();
        let address = "127.0.0.1:50000".parse().unwrap();
        let local = "127.0.0.1:5672".parse().unwrap();
        let origin = Origin::new(desk.env().next_connection(), address, local, now);
        let mut peer = Self {
            connection: Connection::new(desk, origin),
            now,
        };
        peer.feed(b"AMQP\x00\x00\x09\x01");
        peer.say(
            ChannelId::ZERO,
            ConnectionStartOk {
                client_properties: TableRef::EMPTY,
                mechanism: ShortStr::literal("PLAIN"),
                response: b"\0guest\0guest",
                locale: ShortStr::literal("en_US"),
            },
        );
        let tune = ConnectionTuneOk {
            channel_max: 2047,
            frame_max: 131_072,
            heartbeat: 0,
        };
        peer.say(ChannelId::ZERO, tune);
        let open = ConnectionOpen {
            virtual_host: ShortStr::literal("/"),
            ..ConnectionOpen::default()
        };
        peer.say(ChannelId::ZERO, open);
        peer.say(CHANNEL, ChannelOpen::default());
        peer.heard();
        peer
    }

    /// Takes octets, in as many reads as it has room for.
    pub(crate) fn feed(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() {
            let mut target = self.connection.read_into();
            let room = target.room();
            let (read, later) = rest.split_at(room.remaining_mut().min(rest.len()));
            uncounted(&mut || room.put_slice(read));
            self.connection.on_read(self.now, read.len());
            assert_ne!(self.connection.flow(), Flow::Pause);
            rest = later;
        }
    }

    /// Reads its mail and writes what there is to write, until there is nothing; gives the octets.
    pub(crate) fn turn(&mut self) -> usize {
        let mut octets = 0;
        loop {
            let has_mail = self.connection.on_mail(self.now, Waker::noop());
            let written = self.write(|_| {});
            octets += written;
            if !has_mail && written == 0 {
                return octets;
            }
        }
    }

    /// The same, with what was written.
    pub(crate) fn heard(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        loop {
            let has_mail = self.connection.on_mail(self.now, Waker::noop());
            let written = self.write(|slice| octets.extend_from_slice(slice));
            if !has_mail && written == 0 {
                return octets;
            }
        }
    }

    fn write(&mut self, mut each: impl FnMut(&[u8])) -> usize {
        let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
        let used = self.connection.transmit(&mut slices);
        let slices = slices.get(..used).unwrap_or_default();
        slices.iter().for_each(|slice| each(slice));
        let octets = slices.iter().map(|slice| slice.len()).sum();
        if octets > 0 {
            self.connection.on_written(self.now, octets);
        }
        assert!(!matches!(self.connection.flow(), Flow::Close(_)));
        octets
    }

    /// Says a method, and nothing else in the same read.
    pub(crate) fn say<'a>(&mut self, channel: ChannelId, method: impl Into<Method<'a>>) {
        let mut octets = Vec::new();
        encode_method(&mut octets, channel, &method.into());
        self.feed(&octets);
    }

    /// Declares a queue.
    pub(crate) fn queue(&mut self, name: &str) {
        let queue = ShortStr::new(name).unwrap();
        self.say(
            CHANNEL,
            QueueDeclare {
                queue,
                ..QueueDeclare::default()
            },
        );
        assert_eq!(methods(&self.heard()), ["queue.declare-ok"]);
    }

    /// Declares an exchange.
    pub(crate) fn exchange(&mut self, name: &str, kind: &str) {
        self.say(
            CHANNEL,
            ExchangeDeclare {
                ticket: 0,
                exchange: ShortStr::new(name).unwrap(),
                type_: ShortStr::new(kind).unwrap(),
                passive: false,
                durable: false,
                auto_delete: false,
                internal: false,
                nowait: false,
                arguments: TableRef::EMPTY,
            },
        );
        assert_eq!(methods(&self.heard()), ["exchange.declare-ok"]);
    }

    /// Binds a queue.
    pub(crate) fn bind(&mut self, queue: &str, exchange: &str, key: &str, arguments: &Table) {
        let arguments = arguments.to_bytes();
        self.say(
            CHANNEL,
            QueueBind {
                ticket: 0,
                queue: ShortStr::new(queue).unwrap(),
                exchange: ShortStr::new(exchange).unwrap(),
                routing_key: ShortStr::new(key).unwrap(),
                nowait: false,
                arguments: TableRef::new(&arguments),
            },
        );
        assert_eq!(methods(&self.heard()), ["queue.bind-ok"]);
    }

    /// Starts a consumer without waiting for the answer, behind which deliveries may follow.
    pub(crate) fn consume(&mut self, queue: &str, no_ack: bool) {
        self.say(
            CHANNEL,
            BasicConsume {
                ticket: 0,
                queue: ShortStr::new(queue).unwrap(),
                consumer_tag: ShortStr::EMPTY,
                no_local: false,
                no_ack,
                exclusive: false,
                nowait: false,
                arguments: TableRef::EMPTY,
            },
        );
    }
}

/// One message as a client sends it.
#[derive(Clone, Copy)]
pub(crate) struct Letter<'a> {
    pub(crate) exchange: &'a str,
    pub(crate) key: &'a str,
    /// Its message-id; empty for none.
    pub(crate) id: &'a str,
    pub(crate) headers: Option<&'a Table>,
    pub(crate) size: usize,
}

impl Letter<'_> {
    /// Appends its frames.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let publish = BasicPublish {
            ticket: 0,
            exchange: ShortStr::new(self.exchange).unwrap().into(),
            routing_key: ShortStr::new(self.key).unwrap().into(),
            mandatory: false,
            immediate: false,
        };
        encode_method(out, CHANNEL, &publish.into());
        let headers = self.headers.map(Table::to_bytes);
        let properties = Properties {
            headers: headers.as_deref().map(TableRef::new),
            message_id: ShortBytes::new(self.id.as_bytes()).filter(|id| !id.is_empty()),
            ..Properties::default()
        };
        let mut list = Vec::new();
        properties.encode(&mut list);
        let size = u64::try_from(self.size).unwrap();
        encode_content_header(out, CHANNEL, BASIC, size, PropertiesRef::new(&list));
        encode_body(out, CHANNEL, &vec![7; self.size], 131_072);
    }
}

/// As many rounds of `letters` as a read holds, at least one; gives the number of messages too.
pub(crate) fn read_of(letters: &[Letter<'_>]) -> (Vec<u8>, usize) {
    let mut octets = Vec::new();
    let mut count = 0;
    loop {
        letters.iter().for_each(|letter| letter.write(&mut octets));
        count += letters.len();
        let round = octets.len() / (count / letters.len());
        if octets.len() + round > READ {
            return (octets, count);
        }
    }
}

/// The names of the methods in these frames.
pub(crate) fn methods(octets: &[u8]) -> Vec<String> {
    let mut rest = octets;
    let mut names = Vec::new();
    while let Ok(Decoded::Frame { frame, consumed }) = decode(rest, u32::MAX) {
        if frame.kind == FRAME_METHOD {
            let method = Method::decode(frame.payload).unwrap().to_string();
            names.push(method.split(' ').next().unwrap_or_default().to_owned());
        }
        rest = rest.get(consumed..).unwrap_or_default();
    }
    names
}

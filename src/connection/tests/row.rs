//! Publishes like the one before, which differ in key, properties and body: the same octets on a
//! connection that takes all of them the plain way come to the same, and tell listeners the same.

use std::sync::Mutex;

use leveret_codec::encode::{encode_body, encode_content_header};
use leveret_codec::properties::{Properties, PropertiesRef};
use proptest::prelude::*;

use super::*;
use crate::auth::TopicPermissionDefinition;
use crate::events::{Event, Interest, Listener, ListenerGuard};

const QUEUES: [&str; 3] = ["a", "b", "c"];
const EXCHANGES: [&str; 8] = [
    "",
    "amq.direct",
    "amq.topic",
    "amq.headers",
    "amq.fanout",
    "hash",
    "delayed",
    "inner",
];
const KEYS: [&[u8]; 10] = [
    b"a", b"b", b"k1", b"k2", b"k3", b"t.x", b"t.y.z", b"", b"nowhere", b"\xff",
];

/// One publish.
#[derive(Clone, Debug)]
struct Letter {
    channel: u16,
    exchange: &'static str,
    key: &'static [u8],
    /// Bits of basic.publish: mandatory and immediate.
    flags: u8,
    properties: Vec<u8>,
    body: Vec<u8>,
    /// Octets in a body frame.
    frame_len: usize,
}

impl Letter {
    fn write(&self, octets: &mut Vec<u8>) {
        let mut method = vec![0, 60, 0, 40, 0, 0];
        for text in [self.exchange.as_bytes(), self.key] {
            method.push(u8::try_from(text.len()).unwrap());
            method.extend(text);
        }
        method.push(self.flags);
        octets.extend(raw_frame(FRAME_METHOD, self.channel, &method, 0xCE));
        let (channel, size) = (ChannelId(self.channel), self.body.len() as u64);
        if self.properties.len() < 2 {
            // The encoder would put flags there.
            let mut header = vec![0, 60, 0, 0];
            header.extend(size.to_be_bytes());
            header.extend(&self.properties);
            octets.extend(raw_frame(FRAME_HEADER, self.channel, &header, 0xCE));
        } else {
            let properties = PropertiesRef::new(&self.properties);
            encode_content_header(octets, channel, 60, size, properties);
        }
        let frame_max = u32::try_from(self.frame_len + 8).unwrap();
        encode_body(octets, channel, &self.body, frame_max);
    }
}

/// What is asked for between two rows of publishes.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    Confirms,
    FewTopics,
    AllTopics,
    NoRights,
    AllRights,
    Bind,
    Unbind,
    QueueAnew,
}

/// What was told: queue, fate, key, properties and body of each message.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Listener for Ear {
    fn on_event(&self, event: &Event) {
        let Event {
            queue,
            copy,
            order,
            message,
            fate,
            ..
        } = event;
        let (key, properties) = (message.routing_key(), message.properties());
        let body = message.body();
        let line = format!("{queue} {copy:?} {order} {fate:?} {key:?} {properties} {body:?}");
        self.0.lock().unwrap().push(line);
    }
}

/// How publishes in a row are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Quick,
    OneByOne,
}

/// A client, and what listeners are told of its messages.
fn overheard(way: Way) -> (Script, Arc<Ear>, ListenerGuard) {
    let client = client(way);
    let ear = Arc::new(Ear::default());
    let events = &client.broker.env.events;
    let guard = events.listen(Interest::Messages, Arc::clone(&ear) as _);
    (client, ear, guard)
}

fn client(way: Way) -> Script {
    let broker = broker(|settings| settings.max_message_size = 40);
    let mut client = Script::tuned(broker, TUNE_OK);
    client.connection.tools.one_by_one = way == Way::OneByOne;
    for id in 1..=3 {
        client.say(ChannelId(id), ChannelOpen::default());
    }
    for queue in QUEUES {
        client.say(ONE, declared(queue));
    }
    let exchanges = [
        (
            "hash",
            "x-consistent-hash",
            false,
            Table::new().with("hash-property", "message_id"),
        ),
        (
            "delayed",
            "x-delayed-message",
            false,
            Table::new().with("x-delayed-type", "direct"),
        ),
        ("inner", "direct", true, Table::new()),
    ];
    for (exchange, kind, internal, arguments) in exchanges {
        let arguments = arguments.to_bytes();
        let declare = ExchangeDeclare {
            exchange: short(exchange),
            type_: short(kind),
            internal,
            arguments: TableRef::new(&arguments),
            ..Default::default()
        };
        client.say(ONE, declare);
    }
    let site = Table::new().with("site", "north");
    for (exchange, key, queue) in [
        ("amq.direct", "k1", "a"),
        ("amq.direct", "k2", "b"),
        ("amq.direct", "k3", "a"),
        ("amq.direct", "k3", "b"),
        ("amq.topic", "t.*", "a"),
        ("amq.topic", "t.#", "b"),
        ("amq.headers", "", "c"),
        ("amq.fanout", "", "a"),
        ("amq.fanout", "", "c"),
        ("hash", "1", "a"),
        ("hash", "1", "b"),
        ("delayed", "k1", "c"),
    ] {
        client.say(ONE, bound(exchange, key, queue, &site.to_bytes()));
    }
    assert_eq!(client.heard().len(), 3 + 3 + 3 + 12);
    client
}

fn declared(queue: &str) -> QueueDeclare<'_> {
    QueueDeclare {
        queue: short(queue),
        ..Default::default()
    }
}

fn bound<'a>(exchange: &'a str, key: &'a str, queue: &'a str, site: &'a [u8]) -> QueueBind<'a> {
    QueueBind {
        queue: short(queue),
        exchange: short(exchange),
        routing_key: short(key),
        arguments: TableRef::new(site),
        ..Default::default()
    }
}

fn change(client: &mut Script, change: Change) {
    let (user, vhost) = ("guest".to_owned(), "/".to_owned());
    let topics = |write: &str| TopicPermissionDefinition {
        user: user.clone(),
        vhost: vhost.clone(),
        exchange: "amq.topic".to_owned(),
        write: write.to_owned(),
        read: ".*".to_owned(),
    };
    let rights = |write: &str| PermissionDefinition {
        user: user.clone(),
        vhost: vhost.clone(),
        configure: ".*".to_owned(),
        write: write.to_owned(),
        read: ".*".to_owned(),
    };
    let three = ChannelId(3);
    let broker = Arc::clone(&client.broker);
    match change {
        Change::Nothing => {}
        Change::Confirms => client.say(ONE, ConfirmSelect { nowait: false }),
        Change::FewTopics => drop(
            broker
                .administration()
                .put_topic_permission(&topics(r"^t\.x$"))
                .unwrap(),
        ),
        Change::AllTopics => drop(
            broker
                .administration()
                .put_topic_permission(&topics(".*"))
                .unwrap(),
        ),
        Change::NoRights => drop(
            broker
                .administration()
                .put_permission(&rights("^amq.topic$"))
                .unwrap(),
        ),
        Change::AllRights => drop(
            broker
                .administration()
                .put_permission(&rights(".*"))
                .unwrap(),
        ),
        Change::Bind => client.say(three, bound("amq.direct", "k1", "c", &[])),
        Change::Unbind => {
            let unbind = QueueUnbind {
                queue: short("c"),
                exchange: short("amq.direct"),
                routing_key: short("k1"),
                ..Default::default()
            };
            client.say(three, unbind);
        }
        Change::QueueAnew => {
            let queue = short("a");
            let delete = QueueDelete {
                queue,
                ..Default::default()
            };
            client.say(three, delete);
            client.say(three, declared("a"));
        }
    }
}

/// Channels that the broker closed are opened again.
fn reopen(client: &mut Script, heard: &[u8]) {
    let mut rest = heard;
    while let Ok(Decoded::Frame { frame, consumed }) = decode(rest, u32::MAX) {
        if frame.kind == FRAME_METHOD
            && let Ok(Method::ChannelClose(_)) = Method::decode(frame.payload)
        {
            client.say(frame.channel, ChannelCloseOk::default());
            client.say(frame.channel, ChannelOpen::default());
        }
        rest = &rest[consumed..];
    }
}

/// What is in the queues in the end.
fn emptied(client: &mut Script) -> Vec<Vec<u8>> {
    change(client, Change::AllRights);
    let mut all = Vec::new();
    for queue in QUEUES {
        loop {
            let get = BasicGet {
                queue: short(queue),
                no_ack: true,
                ..Default::default()
            };
            client.say(ChannelId(3), get);
            all.push(client.raw());
            if all
                .last()
                .is_some_and(|answer| answer[7..11] == [0, 60, 0, 72])
            {
                break;
            }
        }
    }
    all
}

fn headers() -> impl Strategy<Value = Option<Vec<u8>>> {
    let list = |key: &str| Value::Array(vec![key.into()]);
    let tables = [
        Table::new().with("site", "north"),
        Table::new().with("site", "south").with("trace", "1"),
        Table::new().with("x-delay", 5),
        Table::new().with("CC", list("b")),
        Table::new().with("BCC", list("k2")),
    ];
    let good = prop::sample::select(tables.map(|table| table.to_bytes()).to_vec());
    let bad = prop::sample::select(vec![
        Table::new().with("CC", 1).to_bytes(),
        b"\x04site".to_vec(),
    ]);
    prop_oneof![8 => Just(None), 8 => good.prop_map(Some), 1 => bad.prop_map(Some)]
}

fn properties() -> impl Strategy<Value = Vec<u8>> {
    let one_of =
        |texts: &[&'static [u8]]| prop::option::weighted(0.2, prop::sample::select(texts.to_vec()));
    let ids = (
        one_of(&[b"1", b"2", b"three", b"\xff"]),
        one_of(&[b"x", b"yy", b"\xc3"]),
        one_of(&[b"r", b"r\xff", b"amq.rabbitmq.reply-to"]),
        one_of(&[b"60000", b"60000", b"+7", b"soon", b"\xff"]),
        one_of(&[b"guest", b"guest", b"guest", b"bob", b"\xff"]),
    );
    let numbers = (
        prop::option::of(1_u8..3),
        prop::option::weighted(0.1, 0_u8..6),
        prop::option::of(0_u64..3),
    );
    let good = (ids, numbers, headers()).prop_map(|(ids, numbers, headers)| {
        let (message_id, correlation_id, reply_to, expiration, user_id) = ids;
        let (delivery_mode, priority, timestamp) = numbers;
        Properties {
            headers: headers.as_deref().map(TableRef::new),
            message_id: message_id.and_then(ShortBytes::new),
            correlation_id: correlation_id.and_then(ShortBytes::new),
            reply_to: reply_to.and_then(ShortBytes::new),
            expiration: expiration.and_then(ShortBytes::new),
            user_id: user_id.and_then(ShortBytes::new),
            delivery_mode,
            priority,
            timestamp,
            ..Properties::default()
        }
        .to_bytes()
    });
    let bad = prop::sample::select(vec![
        vec![],
        vec![0],
        vec![0, 0, 1],
        vec![0x80, 0, 5, b'x'],
        vec![0x04, 0, 1, 0xFF],
    ]);
    prop_oneof![20 => Just(vec![0, 0]), 60 => good, 1 => bad]
}

/// A row of publishes with the same channel, exchange and flags.
fn row() -> impl Strategy<Value = Vec<Letter>> {
    let flags = prop_oneof![10 => Just(0_u8), 10 => Just(1_u8), 1 => Just(2_u8)];
    let exchange = prop::sample::select(EXCHANGES.to_vec());
    let body = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..8),
        1 => Just(vec![7; 41]),
    ];
    let key = prop_oneof![30 => 0..KEYS.len() - 1, 1 => Just(KEYS.len() - 1)];
    let few = (key, properties(), body, 2_usize..20);
    let letters = prop::collection::vec(few, 1..10);
    (1_u16..3, exchange, flags, letters).prop_map(|(channel, exchange, flags, letters)| {
        let letter =
            |(key, properties, body, frame_len): (usize, Vec<u8>, Vec<u8>, usize)| Letter {
                channel,
                exchange,
                key: KEYS[key],
                flags,
                properties,
                body,
                frame_len,
            };
        letters.into_iter().map(letter).collect()
    })
}

fn changes() -> impl Strategy<Value = Change> {
    prop::sample::select(vec![
        Change::Nothing,
        Change::Confirms,
        Change::FewTopics,
        Change::AllTopics,
        Change::NoRights,
        Change::AllRights,
        Change::Bind,
        Change::Unbind,
        Change::QueueAnew,
    ])
}

#[test]
fn a_key_in_a_row_may_be_one_that_the_user_may_not_write_to() {
    for (refused, closed) in [(&b"t.y"[..], true), (b"t.x", false)] {
        let mut client = client(Way::Quick);
        change(&mut client, Change::FewTopics);
        let publish = |key| {
            let letter = Letter {
                channel: 1,
                exchange: "amq.topic",
                key,
                flags: 0,
                properties: vec![0, 0],
                body: vec![1],
                frame_len: 100,
            };
            let mut octets = Vec::new();
            letter.write(&mut octets);
            octets
        };
        client.octets(&publish(b"t.x").repeat(4));
        assert_eq!(client.heard(), [""; 0]);
        client.octets(&publish(refused).repeat(2));
        if closed {
            assert_eq!(client.closed_with().1, 403);
        } else {
            assert_eq!(client.heard(), [""; 0]);
        }
    }
}

proptest! {
    #[test]
    fn rows_of_publishes_come_to_what_they_come_to_one_by_one(
        steps in prop::collection::vec((changes(), row(), 1_usize..600), 1..30),
    ) {
        let (mut quick, quick_ear, _quick_guard) = overheard(Way::Quick);
        let (mut plain, plain_ear, _plain_guard) = overheard(Way::OneByOne);
        for (to_change, letters, at_once) in steps {
            let mut octets = Vec::new();
            letters.iter().for_each(|letter| letter.write(&mut octets));
            let mut heard = Vec::new();
            for client in [&mut quick, &mut plain] {
                change(client, to_change);
                octets.chunks(at_once).for_each(|read| client.octets(read));
                heard.push(client.raw());
                reopen(client, heard.last().unwrap());
            }
            prop_assert_eq!(&heard[0], &heard[1]);
            prop_assert_eq!(quick.connection.flow(), plain.connection.flow());
            // Behind connection.close everything is dropped.
            if heard[0].windows(4).any(|four| *four == [0, 10, 0, 50]) {
                return Ok(());
            }
        }
        prop_assert_eq!(emptied(&mut quick), emptied(&mut plain));
        let (quick, plain) = (quick_ear.0.lock().unwrap(), plain_ear.0.lock().unwrap());
        prop_assert_eq!(&*quick, &*plain);
    }

    /// Bodies are numbers; what goes to one queue is placed there together, however it came.
    #[test]
    fn queues_that_are_used_in_turn_get_what_is_theirs_in_order(
        ways in prop::collection::vec(0_usize..5, 1..100),
        at_once in 1_usize..3_000,
    ) {
        let all = [
            ("amq.direct", &b"k1"[..], &["a"][..]),
            ("amq.direct", b"k2", &["b"]),
            ("amq.direct", b"k3", &["a", "b"]),
            ("amq.fanout", b"", &["a", "c"]),
            ("", b"c", &["c"]),
        ];
        let mut client = client(Way::Quick);
        let mut octets = Vec::new();
        for (number, way) in (1..).zip(&ways) {
            let (exchange, key, _) = all[*way];
            let letter = Letter {
                channel: 1,
                exchange,
                key,
                flags: 0,
                properties: vec![0, 0],
                body: vec![number],
                frame_len: 100,
            };
            letter.write(&mut octets);
        }
        octets.chunks(at_once).for_each(|read| client.octets(read));
        let goes_to = |queue: &'static str| {
            let here = (1..).zip(&ways).filter(move |(_, way)| all[**way].2.contains(&queue));
            here.map(|(number, _)| number)
        };
        let expected: Vec<u8> = QUEUES.into_iter().flat_map(goes_to).collect();
        // A body of one octet is in front of the last frame's end.
        let answers = emptied(&mut client);
        let with_body = answers.iter().filter(|answer| answer[7..11] == [0, 60, 0, 71]);
        let bodies: Vec<u8> = with_body.map(|answer| answer[answer.len() - 2]).collect();
        prop_assert_eq!(bodies, expected);
    }
}

//! The cases: what is set up, and what of it counts.

use std::hint::black_box;
use std::sync::Arc;

use leveret::internals::desk::Desk;
use leveret::internals::exchange::{ExchangeType, RouteInput, Router};
use leveret_codec::encode::encode_method;
use leveret_codec::frame::{Decoded, FRAME_HEADER, FRAME_METHOD, decode};
use leveret_codec::methods::{BasicAck, BasicQos, ConfirmSelect, Method};
use leveret_codec::properties::{ContentHeader, PropertiesRef};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::DeliveryTag;

use crate::peer::{CHANNEL, Letter, Peer, broker, methods, read_of};
use crate::work_that_counts;

/// Reads that are counted, behind one that warms caches up.
const READS: usize = 4;

/// Octets of a `basic.ack`, frame and all.
const ACK: usize = 21;

/// Something to count.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) operation: &'static str,
    /// Sets up, works, and gives the number of operations that counted.
    pub(crate) run: fn() -> usize,
}

const fn case(name: &'static str, operation: &'static str, run: fn() -> usize) -> Case {
    Case {
        name,
        operation,
        run,
    }
}

/// All of them, along the corridor.
pub(crate) const CASES: &[Case] = &[
    case("decode", "publish in a read, frames to methods", decoded),
    case("publish", "message of 16 B, read to queue", || {
        published(0, false)
    }),
    case("publish-confirmed", "the same with its confirm", || {
        published(0, true)
    }),
    case("publish-behind-100000", "the same, on a backlog", || {
        published(100_000, false)
    }),
    case("deliver", "message of 16 B, queue to octets", || {
        delivered(None)
    }),
    case("ack-each", "delivery, acked by itself", || {
        delivered(Some(1))
    }),
    case("ack-multiple", "delivery, acked with 50 others", || {
        delivered(Some(50))
    }),
    case("route-direct", "lookup among 1,000 bindings", || {
        routed(&ExchangeType::Direct, 1_000)
    }),
    case("route-topic", "lookup among 1,000 patterns", || {
        routed(&ExchangeType::Topic, 1_000)
    }),
    case("route-headers", "lookup among 100 bindings", || {
        routed(&ExchangeType::Headers, 100)
    }),
    case("whole-16B", "message, read to octets, no acks", || {
        whole(&Load::default())
    }),
    case("whole-16B-alone", "the same, a message in a read", || {
        whole(&Load {
            is_alone: true,
            ..Load::default()
        })
    }),
    case(
        "whole-16B-acks",
        "the same, acks each 50, prefetch 200",
        || {
            whole(&Load {
                ack_every: Some(50),
                ..Load::default()
            })
        },
    ),
    case("whole-1KiB", "message, no acks", || {
        whole(&Load {
            size: 1024,
            ..Load::default()
        })
    }),
    case("whole-64KiB", "message, no acks", || {
        whole(&Load {
            size: 65_536,
            ..Load::default()
        })
    }),
    case("whole-8-queues", "message to one of 8 queues", || {
        whole(&Load {
            queues: 8,
            ..Load::default()
        })
    }),
    case("whole-ids", "message with an id of its own", || {
        whole(&Load {
            ids: 100,
            ..Load::default()
        })
    }),
    case("whole-fanout-10", "delivery from one of 10 queues", || {
        whole(&Load {
            queues: 10,
            exchange: Some(("fanout", 10)),
            ..Load::default()
        })
    }),
    case("whole-direct-1000", "message, 1,000 bindings", || {
        whole(&Load {
            exchange: Some(("direct", 1_000)),
            ..Load::default()
        })
    }),
    case("whole-topic-1000", "message, 1,000 patterns", || {
        whole(&Load {
            exchange: Some(("topic", 1_000)),
            ..Load::default()
        })
    }),
    case("whole-headers-100", "message, 100 bindings", || {
        whole(&Load {
            exchange: Some(("headers", 100)),
            ..Load::default()
        })
    }),
    case(
        "whole-among-10000",
        "message, 10,000 other queues and bindings",
        || {
            whole(&Load {
                others: 10_000,
                ..Load::default()
            })
        },
    ),
];

fn letter(key: &str) -> Letter<'_> {
    Letter {
        exchange: "",
        key,
        id: "",
        headers: None,
        size: 16,
    }
}

/// The codec alone.
fn decoded() -> usize {
    let (read, count) = read_of(&[letter("jobs")]);
    let decode_all = || {
        let mut rest = &read[..];
        while let Ok(Decoded::Frame { frame, consumed }) = decode(rest, 131_072) {
            match frame.kind {
                FRAME_METHOD => drop(black_box(Method::decode(frame.payload))),
                FRAME_HEADER => drop(black_box(ContentHeader::decode(frame.payload))),
                _ => drop(black_box(frame.payload)),
            }
            rest = rest.get(consumed..).unwrap_or_default();
        }
    };
    decode_all();
    work_that_counts(&mut || (0..READS).for_each(|_| decode_all()));
    READS * count
}

/// Publishes into a queue without consumers, which has a backlog already.
fn published(backlog: usize, confirms: bool) -> usize {
    let desk = broker();
    let mut publisher = Peer::open(&desk);
    publisher.queue("jobs");
    let (read, count) = read_of(&[letter("jobs")]);
    for _ in 0..backlog.div_ceil(count) {
        publisher.feed(&read);
    }
    if confirms {
        publisher.say(CHANNEL, ConfirmSelect { nowait: false });
        assert_eq!(methods(&publisher.heard()), ["confirm.select-ok"]);
    }
    publisher.feed(&read);
    publisher.turn();
    work_that_counts(&mut || {
        for _ in 0..READS {
            publisher.feed(&read);
            publisher.turn();
        }
    });
    READS * count
}

/// Delivers a backlog; with `acked` that is preparation, and one ack for so many is what counts.
fn delivered(acked: Option<usize>) -> usize {
    let desk = broker();
    let mut publisher = Peer::open(&desk);
    publisher.queue("jobs");
    let (read, count) = read_of(&[letter("jobs")]);
    (0..READS).for_each(|_| publisher.feed(&read));
    let mut consumer = Peer::open(&desk);
    let Some(every) = acked else {
        let mut octets = 0;
        work_that_counts(&mut || {
            consumer.consume("jobs", true);
            octets = consumer.turn();
        });
        assert!(octets > READS * count * 16, "all of them: {octets}");
        return READS * count;
    };
    consumer.consume("jobs", false);
    let deliveries = methods(&consumer.heard());
    assert_eq!(deliveries.len(), READS * count + 1, "and consume-ok");
    let acks = acks(READS * count / every, every);
    work_that_counts(&mut || {
        acks.chunks(READS * ACK * 100).for_each(|read| {
            consumer.feed(read);
            consumer.turn();
        });
    });
    READS * count / every * every
}

/// So many acks, for the deliveries 1, 2, … or for every `every`-th and those before it.
fn acks(count: usize, every: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    for ack in 1..=count {
        let ack = BasicAck {
            delivery_tag: DeliveryTag(u64::try_from(ack * every).unwrap()),
            multiple: every > 1,
        };
        encode_method(&mut octets, CHANNEL, &ack.into());
    }
    assert_eq!(octets.len(), count * ACK);
    octets
}

/// The binding number `n`, as key and arguments.
fn binding(kind: &str, n: usize) -> (String, Table) {
    match kind {
        "topic" if n.is_multiple_of(2) => (format!("site.{n}.*.temperature"), Table::new()),
        "topic" => (format!("site.{n}.#"), Table::new()),
        "headers" => (String::new(), headers(n).with("x-match", "all")),
        _ => (format!("k{n}"), Table::new()),
    }
}

/// The key of a message that binding number `n` matches, and no other.
fn key(kind: &str, n: usize) -> String {
    match kind {
        "topic" => format!("site.{n}.room{}.temperature", n % 7),
        "headers" | "fanout" => String::new(),
        _ => format!("k{n}"),
    }
}

fn headers(n: usize) -> Table {
    Table::new()
        .with("site", format!("s{n}"))
        .with("kind", "temperature")
}

/// The exchange alone: one lookup that each binding answers in turn.
fn routed(kind: &ExchangeType, bindings: usize) -> usize {
    let name = match kind {
        ExchangeType::Topic => "topic",
        ExchangeType::Headers => "headers",
        _ => "direct",
    };
    let mut router = Router::new(kind, &Table::new()).unwrap();
    for n in 0..bindings {
        let (key, arguments) = binding(name, n);
        router.bind(&key, TableRef::new(&arguments.to_bytes()), Arc::new(n));
    }
    let keys: Vec<_> = (0..bindings).map(|n| key(name, n)).collect();
    let tables: Vec<_> = (0..bindings).map(|n| headers(n).to_bytes()).collect();
    let mut out = Vec::with_capacity(4);
    let mut route_all = || {
        for (key, table) in keys.iter().zip(&tables) {
            out.clear();
            let input = RouteInput {
                keys: &[key.as_bytes()],
                headers: Some(TableRef::new(table)),
                properties: PropertiesRef::new(&[0, 0]),
                random: 0,
            };
            router.route(&input, &mut out);
            assert_eq!(out.len(), 1);
        }
    };
    route_all();
    work_that_counts(&mut route_all);
    bindings
}

/// One publisher, and one consumer for all queues.
struct Load {
    size: usize,
    queues: usize,
    /// Type of an exchange, and its bindings.
    exchange: Option<(&'static str, usize)>,
    /// Ids that messages have in turn; none for 0.
    ids: usize,
    ack_every: Option<usize>,
    /// A read has one message.
    is_alone: bool,
    /// Queues and bindings that have nothing to do with it.
    others: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            size: 16,
            queues: 1,
            exchange: None,
            ids: 0,
            ack_every: None,
            is_alone: false,
            others: 0,
        }
    }
}

impl Load {
    /// Declares everything; gives a read of messages, and how many deliveries that makes.
    fn set_up(&self, desk: &Arc<Desk>) -> (Vec<u8>, usize) {
        let mut operator = Peer::open(desk);
        let names: Vec<_> = (0..self.queues).map(|n| format!("jobs{n}")).collect();
        names.iter().for_each(|name| operator.queue(name));
        for n in 0..self.others {
            let name = format!("other{n}");
            operator.queue(&name);
            operator.bind(&name, "amq.topic", &format!("other.{n}.#"), &Table::new());
        }
        if self.ids > 0 {
            let ids: Vec<_> = (0..self.ids).map(|n| format!("id-{n}")).collect();
            let letter = |id| Letter {
                id,
                ..self.letter("", "jobs0")
            };
            let letters: Vec<_> = ids.iter().map(|id| letter(id)).collect();
            return self.read(&letters, 1);
        }
        let Some((kind, bindings)) = self.exchange else {
            let letters: Vec<_> = names.iter().map(|name| self.letter("", name)).collect();
            return self.read(&letters, 1);
        };
        operator.exchange("bench", kind);
        for n in 0..bindings {
            let (key, arguments) = binding(kind, n);
            let queue = names.get(n % self.queues).unwrap();
            operator.bind(queue, "bench", &key, &arguments);
        }
        if kind == "fanout" {
            return self.read(&[self.letter("bench", "")], self.queues);
        }
        let keys: Vec<_> = (0..bindings).map(|n| key(kind, n)).collect();
        let tables: Vec<_> = (0..bindings).map(headers).collect();
        let letters = keys.iter().zip(&tables).map(|(key, table)| Letter {
            headers: (kind == "headers").then_some(table),
            ..self.letter("bench", key)
        });
        self.read(&letters.collect::<Vec<_>>(), 1)
    }

    fn letter<'a>(&self, exchange: &'a str, key: &'a str) -> Letter<'a> {
        Letter {
            exchange,
            key,
            id: "",
            headers: None,
            size: self.size,
        }
    }

    fn read(&self, letters: &[Letter<'_>], copies: usize) -> (Vec<u8>, usize) {
        if self.is_alone {
            let mut octets = Vec::new();
            letters.iter().for_each(|letter| letter.write(&mut octets));
            return (octets, letters.len() * copies);
        }
        let (octets, count) = read_of(letters);
        (octets, count * copies)
    }
}

/// From the publisher's read to the consumer's octets, and the way of the acks.
fn whole(load: &Load) -> usize {
    let desk = broker();
    let (read, deliveries) = load.set_up(&desk);
    let mut publisher = Peer::open(&desk);
    let mut consumer = Peer::open(&desk);
    if load.ack_every.is_some() {
        consumer.say(
            CHANNEL,
            BasicQos {
                prefetch_size: 0,
                prefetch_count: 200,
                global: false,
            },
        );
    }
    for n in 0..load.queues {
        consumer.consume(&format!("jobs{n}"), load.ack_every.is_none());
    }
    consumer.heard();
    let reads = if load.is_alone { 1_000 } else { READS };
    let mut way = Way::new(load.ack_every, (reads + 1) * deliveries);
    // The octets of a delivery do not depend on its tag, except for the last few unacked ones.
    let octets = way.walk(&mut publisher, &mut consumer, &read, 0);
    assert!(octets >= deliveries * load.size, "all of them: {octets}");
    work_that_counts(&mut || {
        for _ in 0..reads {
            way.walk(&mut publisher, &mut consumer, &read, octets);
        }
    });
    reads * deliveries
}

/// Where the acks are.
struct Way {
    every: usize,
    acks: Vec<u8>,
    /// Octets of acks that were sent.
    acked: usize,
    /// Octets of deliveries so far, and of one read of messages.
    heard: usize,
    /// Octets of one delivery.
    delivery: usize,
}

impl Way {
    fn new(ack_every: Option<usize>, deliveries: usize) -> Self {
        let every = ack_every.unwrap_or(0);
        let count = deliveries.checked_div(every).unwrap_or_default();
        Self {
            every,
            acks: acks(count, every),
            acked: 0,
            heard: 0,
            delivery: 0,
        }
    }

    /// One read goes through; with `expected` octets of deliveries, if that is known.
    fn walk(
        &mut self,
        publisher: &mut Peer,
        consumer: &mut Peer,
        read: &[u8],
        expected: usize,
    ) -> usize {
        publisher.feed(read);
        publisher.turn();
        let mut octets = 0;
        loop {
            octets += self.hear(consumer);
            if !self.ack(consumer, octets) {
                break;
            }
        }
        self.heard += octets;
        assert!(self.every > 0 || expected == 0 || octets == expected);
        octets
    }

    fn hear(&mut self, consumer: &mut Peer) -> usize {
        if self.every == 0 || self.delivery > 0 {
            return consumer.turn();
        }
        // The first deliveries say how long one is.
        let heard = consumer.heard();
        let deliveries = methods(&heard).len();
        self.delivery = heard.len() / deliveries;
        heard.len()
    }

    /// Acks what is due of all that came; false if nothing is.
    fn ack(&mut self, consumer: &mut Peer, octets: usize) -> bool {
        let Some(batch) = (self.delivery * self.every).checked_sub(1) else {
            return false;
        };
        let due = (self.heard + octets) / (batch + 1) * ACK;
        let acks = self.acks.get(self.acked..due).unwrap_or_default();
        self.acked += acks.len();
        consumer.feed(acks);
        !acks.is_empty()
    }
}

//! What the network can do to a broker: split, cut, flood, mangle, and not read.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use leveret::broker::Broker;
use leveret::internals::DeskInside as _;
use leveret::internals::limits::IDLE_MS;
use leveret_codec::methods::{
    BasicAck, BasicConsume, BasicDeliver, BasicGet, ChannelOpen, ConfirmSelect, ConnectionClose,
    Method, QueueDeclare, QueueDelete,
};
use leveret_codec::types::{ChannelId, ShortStr};

use crate::client::{Client, ONE, handshake, octets, publish};
use crate::talker::{Client as Talker, octets as sentence};

fn broker() -> (Broker, SocketAddr) {
    let broker = Broker::builder().start().expect("a free port");
    let address = *broker.addresses().first().expect("a broker listens");
    (broker, address)
}

const Q: ShortStr<'static> = ShortStr::literal("q");

fn declare() -> QueueDeclare<'static> {
    QueueDeclare {
        queue: Q,
        ..QueueDeclare::default()
    }
}

/// A connection that declares a queue, fills and reads it, without waiting for any answer.
fn whole_conversation(body: &[u8]) -> Vec<u8> {
    let mut all = handshake();
    all.extend(octets(ONE, ChannelOpen::default()));
    all.extend(octets(ONE, declare()));
    all.extend(publish(ONE, "q", body));
    all.extend(octets(
        ONE,
        BasicGet {
            queue: Q,
            no_ack: true,
            ..BasicGet::default()
        },
    ));
    all.extend(octets(ChannelId::ZERO, ConnectionClose::default()));
    all
}

/// The answers to it, in order; the body of the message that came back.
fn answers(client: &mut Client) -> io::Result<Vec<u8>> {
    for step in [
        "connection.start",
        "connection.tune",
        "connection.open-ok",
        "channel.open-ok",
    ] {
        client.expect(step)?;
    }
    client.expect("queue.declare-ok")?;
    let got = client.expect("basic.get-ok")?;
    client.expect("connection.close-ok")?;
    Ok(got.body)
}

fn serves_as_always(address: SocketAddr) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    client.call(ONE, declare(), "queue.declare-ok")?;
    client.call(
        ONE,
        QueueDelete {
            queue: Q,
            ..Default::default()
        },
        "queue.delete-ok",
    )?;
    Ok(())
}

/// Waits for something that the broker does in its own time.
fn eventually(done: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < until, "it did not happen");
        std::thread::yield_now();
    }
}

#[test]
fn any_split_of_the_input_gives_the_same_answers() {
    let (_broker, address) = broker();
    let all = whole_conversation(b"split anywhere");
    for size in [1, 2, 3, 7, 8, 64, all.len()] {
        let mut client = Client::raw(address).unwrap();
        for piece in all.chunks(size) {
            client.write(piece).unwrap();
        }
        assert_eq!(
            answers(&mut client).unwrap(),
            b"split anywhere",
            "in pieces of {size}"
        );
    }
}

#[test]
fn any_split_of_a_large_body_gives_the_same_body() {
    let (_broker, address) = broker();
    let body: Vec<u8> = (0..=250).cycle().take(3_000_000).collect();
    let all = whole_conversation(&body);
    for size in [999, 65_536, 131_072, 131_080, all.len()] {
        let mut client = Client::raw(address).unwrap();
        for piece in all.chunks(size) {
            client.write(piece).unwrap();
        }
        assert!(
            answers(&mut client).unwrap() == body,
            "another body in pieces of {size}"
        );
    }
}

#[test]
fn a_client_that_vanishes_anywhere_leaves_nothing() {
    let (broker, address) = broker();
    let mut exclusive = handshake();
    exclusive.extend(octets(ONE, ChannelOpen::default()));
    exclusive.extend(octets(
        ONE,
        QueueDeclare {
            exclusive: true,
            ..declare()
        },
    ));
    let consume = BasicConsume {
        queue: Q,
        ..BasicConsume::default()
    };
    exclusive.extend(octets(ONE, consume));
    exclusive.extend(publish(ONE, "q", &[7; 300]));
    for end in (1..exclusive.len()).step_by(5) {
        let mut client = Client::raw(address).unwrap();
        client.write(&exclusive[..end]).unwrap();
    }
    // While one of them still owns the name, a declare is refused.
    eventually(|| serves_as_always(address).is_ok());
    let desk = broker.desk();
    eventually(|| desk.sessions().is_empty());
    let vhost = desk.find_vhost("/").unwrap();
    assert!(vhost.queue("q").is_err());
}

#[test]
fn garbage_hurts_only_its_own_connection() {
    let (_broker, address) = broker();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let good = whole_conversation(b"to be mangled");
    for round in 0..300 {
        let mut bad = good.clone();
        for _ in 0..=round % 4 {
            let at = usize::try_from(random()).unwrap() % bad.len();
            bad[at] = random().to_be_bytes()[0];
        }
        let mut client = Client::raw(address).unwrap();
        // The broker may hang up before it has taken everything.
        drop(client.write(&bad));
    }
    serves_as_always(address).unwrap();
}

#[test]
fn a_flood_of_publishes_is_confirmed_once_and_kept_in_order() {
    const COUNT: u32 = 20_000;
    let (_broker, address) = broker();
    let mut publisher = Client::connect(address).unwrap();
    publisher.call(ONE, declare(), "queue.declare-ok").unwrap();
    publisher
        .call(ONE, ConfirmSelect::default(), "confirm.select-ok")
        .unwrap();
    let flood: Vec<u8> = (0..COUNT)
        .flat_map(|number| publish(ONE, "q", &number.to_be_bytes()))
        .collect();
    publisher.write(&flood).unwrap();
    let mut missing: BTreeSet<u64> = (1..=u64::from(COUNT)).collect();
    while !missing.is_empty() {
        let heard = publisher.expect("basic.ack").unwrap();
        let Method::BasicAck(BasicAck {
            delivery_tag,
            multiple,
        }) = heard.method()
        else {
            panic!("{}", heard.text());
        };
        let before = missing.len();
        if multiple {
            missing = missing.split_off(&(delivery_tag.0 + 1));
        } else {
            missing.remove(&delivery_tag.0);
        }
        assert!(
            missing.len() < before,
            "{} confirms nothing new",
            heard.text()
        );
    }
    let mut consumer = Client::connect(address).unwrap();
    let consume = BasicConsume {
        queue: Q,
        no_ack: true,
        ..BasicConsume::default()
    };
    consumer.call(ONE, consume, "basic.consume-ok").unwrap();
    for number in 0..COUNT {
        assert_eq!(
            consumer.expect("basic.deliver").unwrap().body,
            number.to_be_bytes()
        );
    }
}

#[test]
fn a_consumer_that_does_not_read_holds_up_nobody_else() {
    const COUNT: usize = 2_000;
    let (_broker, address) = broker();
    let mut lazy = Client::connect(address).unwrap();
    lazy.call(ONE, declare(), "queue.declare-ok").unwrap();
    let consume = BasicConsume {
        queue: Q,
        no_ack: true,
        ..BasicConsume::default()
    };
    lazy.call(ONE, consume, "basic.consume-ok").unwrap();
    let mut publisher = Client::connect(address).unwrap();
    publisher
        .call(ONE, ConfirmSelect::default(), "confirm.select-ok")
        .unwrap();
    let body = vec![1; 16_384];
    let mut other = Client::connect(address).unwrap();
    let writer = std::thread::spawn(move || {
        for _ in 0..COUNT {
            publisher.write(&publish(ONE, "q", &body))?;
        }
        Ok::<_, io::Error>(publisher)
    });
    let p = ShortStr::literal("p");
    other
        .call(
            ONE,
            QueueDeclare {
                queue: p,
                ..declare()
            },
            "queue.declare-ok",
        )
        .unwrap();
    for _ in 0..100 {
        other.write(&publish(ONE, "p", b"quick")).unwrap();
        let get = BasicGet {
            queue: p,
            no_ack: true,
            ..BasicGet::default()
        };
        assert_eq!(other.call(ONE, get, "basic.get-ok").unwrap().body, b"quick");
    }
    for tag in 1..=COUNT {
        let heard = lazy.expect("basic.deliver").unwrap();
        let Method::BasicDeliver(BasicDeliver { delivery_tag, .. }) = heard.method() else {
            panic!("{}", heard.text());
        };
        assert_eq!((delivery_tag.0, heard.body.len()), (tag as u64, 16_384));
    }
    drop(writer.join().unwrap().unwrap());
}

#[test]
fn answers_nobody_reads_stop_the_questions_not_the_broker() {
    const COUNT: usize = 300_000;
    let (_broker, address) = broker();
    let mut client = Client::connect(address).unwrap();
    client.call(ONE, declare(), "queue.declare-ok").unwrap();
    let mut reader = client.twin().unwrap();
    let questions = octets(
        ONE,
        QueueDeclare {
            passive: true,
            ..declare()
        },
    )
    .repeat(COUNT);
    let writer = std::thread::spawn(move || client.write(&questions));
    serves_elsewhere(address).unwrap();
    for _ in 0..COUNT {
        reader.expect("queue.declare-ok").unwrap();
    }
    writer.join().unwrap().unwrap();
}

fn serves_elsewhere(address: SocketAddr) -> io::Result<()> {
    let mut client = Client::connect(address)?;
    let queue = ShortStr::literal("elsewhere");
    client.call(ONE, QueueDeclare { queue, ..declare() }, "queue.declare-ok")?;
    Ok(())
}

#[test]
fn an_exclusive_name_is_free_as_soon_as_its_owner_has_closed() {
    let (_broker, address) = broker();
    for _ in 0..200 {
        let mut client = Client::connect(address).unwrap();
        let mine = QueueDeclare {
            exclusive: true,
            ..declare()
        };
        client.call(ONE, mine, "queue.declare-ok").unwrap();
        let close = ConnectionClose::default();
        client
            .call(ChannelId::ZERO, close, "connection.close-ok")
            .unwrap();
    }
}

// The beginning of a frame was thrown away with the buffers of an idle connection; what came of it
// later was read as a new frame, and answered with 501.
#[test]
fn a_frame_may_pause_for_longer_than_idle_buffers_are_kept() {
    const COUNT: usize = 1_000;
    let (broker, _) = broker();
    let mut client = Talker::new(&broker);
    // Answers in a row make a buffer that is worth giving back.
    client.send(&sentence("channel.flow active").repeat(COUNT));
    for _ in 0..COUNT {
        assert_eq!(client.hear(), "channel.flow-ok active");
    }
    let declare = sentence("queue.declare queue='slow' exclusive");
    let (begin, end) = declare.split_at(declare.len() / 2);
    client.send(begin);
    let pause = Duration::from_millis(IDLE_MS * 3 / 2);
    assert_eq!(client.hear_within(pause), None);
    client.send(end);
    assert!(client.hear().starts_with("queue.declare-ok "));
}

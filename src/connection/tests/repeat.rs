//! Publishes that repeat the one before, which are neither decoded nor checked again.

use leveret_codec::encode::{encode_body, encode_content_header};
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::types::DeliveryTag;
use proptest::prelude::*;

use super::*;

/// What one publish says.
#[derive(Clone, Debug)]
struct Letter {
    key: &'static str,
    properties: Vec<u8>,
    body: Vec<u8>,
    /// Octets in a body frame on the way in.
    frame_len: usize,
}

impl Letter {
    fn plain(key: &'static str) -> Self {
        Self {
            key,
            properties: vec![0, 0],
            body: b"body".to_vec(),
            frame_len: 100,
        }
    }

    fn content(&self, octets: &mut Vec<u8>, frame_len: usize) {
        let properties = PropertiesRef::new(&self.properties);
        encode_content_header(octets, ONE, 60, self.body.len() as u64, properties);
        let frame_max = u32::try_from(frame_len + 8).unwrap();
        encode_body(octets, ONE, &self.body, frame_max);
    }

    fn publish(&self) -> Vec<u8> {
        let publish = BasicPublish {
            routing_key: short(self.key).into(),
            mandatory: true,
            ..Default::default()
        };
        let mut octets = Vec::new();
        encode_method(&mut octets, ONE, &publish.into());
        self.content(&mut octets, self.frame_len);
        octets
    }

    /// The answer to the `tag`-th basic.get, with `left` messages behind it.
    fn got(&self, tag: usize, left: usize) -> Vec<u8> {
        let ok = BasicGetOk {
            delivery_tag: DeliveryTag(tag as u64),
            redelivered: false,
            exchange: ShortBytes::EMPTY,
            routing_key: short(self.key).into(),
            message_count: u32::try_from(left).unwrap(),
        };
        let mut octets = Vec::new();
        encode_method(&mut octets, ONE, &ok.into());
        self.content(&mut octets, 1000);
        octets
    }
}

fn declare(client: &mut Script, queue: &'static str) {
    let declare = QueueDeclare {
        queue: short(queue),
        ..Default::default()
    };
    client.say(ONE, declare);
    client.raw();
}

/// A client whose last publishes, to the queue `q`, were the same.
fn in_a_row(change: impl FnOnce(&mut Settings)) -> Script {
    let mut client = Script::tuned(broker(change), TUNE_OK);
    client.say(ONE, ChannelOpen::default());
    declare(&mut client, "q");
    for _ in 0..4 {
        client.octets(&Letter::plain("q").publish());
    }
    assert_eq!(client.heard(), [""; 0]);
    client
}

#[test]
fn a_repetition_notices_that_its_queue_is_gone() {
    let mut client = in_a_row(|_| {});
    let delete = QueueDelete {
        queue: short("q"),
        nowait: true,
        ..Default::default()
    };
    client.say(ONE, delete);
    client.octets(&Letter::plain("q").publish());
    let heard = client.heard();
    assert!(heard[0].contains("basic.return"), "{heard:?}");
}

#[test]
fn a_repetition_notices_that_a_right_was_taken_away() {
    let mut client = in_a_row(|_| {});
    let permission = PermissionDefinition {
        user: "guest".to_owned(),
        vhost: "/".to_owned(),
        configure: String::new(),
        write: "^$".to_owned(),
        read: String::new(),
    };
    client
        .broker
        .administration()
        .put_permission(&permission)
        .unwrap()
        .unwaited();
    client.octets(&Letter::plain("q").publish());
    assert_eq!(client.closed_with().1, 403);
}

#[test]
fn a_repetition_may_be_too_large() {
    let mut client = in_a_row(|settings| settings.max_message_size = 4);
    let letter = Letter {
        body: b"five.".to_vec(),
        ..Letter::plain("q")
    };
    client.octets(&letter.publish());
    assert_eq!(client.closed_with().1, 406);
}

#[test]
fn repetitions_are_confirmed_and_counted_like_others() {
    let mut client = in_a_row(|_| {});
    client.say(ONE, ConfirmSelect { nowait: true });
    let letters = Letter::plain("q").publish().repeat(3);
    client.octets(&letters);
    let confirmed = "1 basic.ack delivery-tag=3 multiple";
    assert_eq!(client.heard(), [confirmed]);
    let purge = QueuePurge {
        queue: short("q"),
        ..Default::default()
    };
    client.say(ONE, purge);
    assert_eq!(client.heard(), ["1 queue.purge-ok message-count=7"]);
}

#[test]
fn a_repetition_waits_while_publishers_are_blocked() {
    let mut client = in_a_row(|_| {});
    client.mail(Mail::Blocked(Some("low on memory")));
    client.octets(&Letter::plain("q").publish().repeat(2));
    let heard = client.heard();
    assert!(heard[0].contains("connection.blocked"), "{heard:?}");
    assert_eq!(client.connection.flow(), Flow::Pause);
    client.mail(Mail::Blocked(None));
    client.feed();
    let purge = QueuePurge {
        queue: short("q"),
        ..Default::default()
    };
    client.say(ONE, purge);
    let heard = client.heard();
    assert_eq!(heard.last().unwrap(), "1 queue.purge-ok message-count=6");
}

#[test]
fn a_repetition_must_be_made_of_whole_frames() {
    let good = Letter::plain("q").publish();
    // Behind the method: head, class, weight, size, no properties; then the body.
    let header = good.len() - 12 - 22;
    for (at, code) in [
        (header + 7, 505),
        (header + 9, 505),
        (header + 19, 541),
        (good.len() - 1, 501),
    ] {
        let mut bad = good.clone();
        bad[at] ^= 0x20;
        let mut client = in_a_row(|_| {});
        client.octets(&bad);
        assert_eq!(client.closed_with().1, code, "octet {at} of {good:?}");
    }
}

/// Publishes with the same method and properties.
fn letters() -> impl Strategy<Value = Vec<Letter>> {
    let properties = prop::sample::select(vec![
        Properties::default(),
        Properties {
            delivery_mode: Some(2),
            priority: Some(3),
            ..Properties::default()
        },
        Properties {
            expiration: Some(ShortBytes::literal("60000")),
            ..Properties::default()
        },
    ]);
    let body = (prop::collection::vec(any::<u8>(), 0..4), 2_usize..6);
    let bodies = prop::collection::vec(body, 1..8);
    let key = prop::sample::select(vec!["p", "q"]);
    (key, properties, bodies).prop_map(|(key, properties, bodies)| {
        let letter = |(body, frame_len)| Letter {
            key,
            properties: properties.to_bytes(),
            body,
            frame_len,
        };
        bodies.into_iter().map(letter).collect()
    })
}

proptest! {
    #[test]
    fn what_is_published_in_any_order_comes_out_as_it_was(
        letters in prop::collection::vec(letters(), 1..12),
        at_once in 1_usize..400,
    ) {
        let letters: Vec<Letter> = letters.into_iter().flatten().collect();
        let mut client = Script::open(1);
        declare(&mut client, "p");
        declare(&mut client, "q");
        let octets: Vec<u8> = letters.iter().flat_map(Letter::publish).collect();
        for read in octets.chunks(at_once) {
            client.octets(read);
        }
        let mut tag = 0;
        for queue in ["p", "q"] {
            let here: Vec<&Letter> = letters.iter().filter(|letter| letter.key == queue).collect();
            for (number, letter) in here.iter().enumerate() {
                tag += 1;
                let queue = short(queue);
                client.say(ONE, BasicGet { queue, ..Default::default() });
                prop_assert_eq!(client.raw(), letter.got(tag, here.len() - 1 - number));
            }
        }
    }
}

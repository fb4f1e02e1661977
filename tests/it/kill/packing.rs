//! Kills that fall into packing: the program is ended while it copies what is alive in segments of
//! which little is.
//!
//! A large message of which nothing stays comes with each small one that does; then all large ones
//! go at once. The half-made packed segment, which is seen in the directory, is the sign to kill,
//! at once or a few looks later. `LEVERET_KILL_ROUNDS` says how often, as for the other kills.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::methods::{
    BasicGet, BasicPublish, ConfirmSelect, Method, QueueDeclare, QueuePurge,
};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortStr;

use super::Dice;
use crate::client::{Client, FRAME_MAX, ONE};
use crate::process::Process;
use crate::talker::eventually;

/// Rounds of an ordinary test run.
const ROUNDS: u64 = 2;
const KEPT: ShortStr<'static> = ShortStr::literal("kept");
const GONE: ShortStr<'static> = ShortStr::literal("gone");
/// Messages of a round that stay, each beside four large ones: more than 64 MiB of the log.
const STAY: u64 = 350;
const LARGE: usize = 60_000;
const SMALL: usize = 4_000;
/// Octets of properties that say nothing but delivery-mode 2.
const PERSISTENT: [u8; 3] = [0x10, 0, 2];

fn publish(queue: ShortStr<'_>, body: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let method = BasicPublish {
        routing_key: queue.into(),
        ..BasicPublish::default()
    };
    encode_method(&mut octets, ONE, &method.into());
    let properties = PropertiesRef::new(&PERSISTENT);
    encode_content_header(&mut octets, ONE, 60, body.len() as u64, properties);
    encode_body(&mut octets, ONE, body, FRAME_MAX);
    octets
}

/// The body of the `number`-th message that stays.
fn body(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(SMALL / 8)
}

/// Fills the log with messages of which few stay, and waits for their confirms.
fn fill(client: &mut Client, first: u64) {
    let select = ConfirmSelect::default();
    client.call(ONE, select, "confirm.select-ok").unwrap();
    let large = publish(GONE, &vec![7; LARGE]);
    let mut waiting = BTreeSet::new();
    for number in 1..=STAY {
        client.write(&large.repeat(4)).unwrap();
        client
            .write(&publish(KEPT, &body(first + number - 1)))
            .unwrap();
        waiting.extend(number * 5 - 4..=number * 5);
        while !waiting.is_empty() {
            // A later one may be confirmed before an earlier one: the highest number is not all.
            let (tag, multiple) = confirm(client);
            if multiple {
                waiting = waiting.split_off(&(tag + 1));
            } else {
                waiting.remove(&tag);
            }
        }
    }
}

/// The number of the next confirm, and whether it speaks for all before it, too.
fn confirm(client: &mut Client) -> (u64, bool) {
    let heard = client.expect("basic.ack").unwrap();
    let Method::BasicAck(ack) = heard.method() else {
        unreachable!("it was one");
    };
    (ack.delivery_tag.0, ack.multiple)
}

/// Names in the data directory with this ending, and how long they are.
fn files(data: &Path, ending: &str) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(data).unwrap().filter_map(Result::ok);
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some((name, entry.metadata().ok()?.len()))
    });
    named.filter(|(name, _)| name.ends_with(ending)).collect()
}

/// Takes what stays and puts it back, and compares it with what was published.
fn check(client: &mut Client, stored: u64) {
    for number in 0..stored {
        let get = BasicGet {
            queue: KEPT,
            ..BasicGet::default()
        };
        let heard = client.call(ONE, get, "basic.get-ok");
        let heard = heard.unwrap_or_else(|error| panic!("{number} of {stored}: {error}"));
        assert!(heard.body == body(number), "another body for {number}");
    }
    let get = BasicGet {
        queue: KEPT,
        ..BasicGet::default()
    };
    client.call(ONE, get, "basic.get-empty").unwrap();
}

#[test]
fn nothing_that_stays_is_lost_by_kills_while_it_is_packed() {
    let rounds = std::env::var("LEVERET_KILL_ROUNDS");
    let rounds = rounds.map_or(ROUNDS, |text| text.parse().expect("a number of rounds"));
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut dice = Dice(rounds);
    let (mut halves, mut wholes) = (0, 0);
    for round in 0..=rounds {
        let broker = Process::start(&data, dir.path(), &["durability=os"]);
        assert!(!broker.log().contains("damaged"), "{}", broker.log());
        let mut client = Client::connect(broker.address()).unwrap();
        for queue in [KEPT, GONE] {
            let declare = QueueDeclare {
                queue,
                durable: true,
                ..QueueDeclare::default()
            };
            client.call(ONE, declare, "queue.declare-ok").unwrap();
        }
        check(&mut client, round * STAY);
        drop(client);
        if round == rounds {
            break;
        }
        let mut client = Client::connect(broker.address()).unwrap();
        fill(&mut client, round * STAY);
        let before = files(&data, ".pack");
        let mut looks = dice.below(4);
        let mut last = STAY * 5;
        eventually("something is packed", || {
            let begun = !files(&data, ".pack.tmp").is_empty() || files(&data, ".pack") != before;
            if !begun {
                // What is packed must lie before a checkpoint, and the log must go on for one.
                client.write(&publish(GONE, &[7; LARGE])).unwrap();
                last += 1;
                assert_eq!(confirm(&mut client).0, last);
                let purge = QueuePurge {
                    queue: GONE,
                    ..QueuePurge::default()
                };
                client.call(ONE, purge, "queue.purge-ok").unwrap();
            }
            let enough = begun && looks == 0;
            looks -= u64::from(begun && looks > 0);
            enough
        });
        broker.kill();
        if files(&data, ".pack.tmp").is_empty() {
            wholes += 1;
        } else {
            halves += 1;
        }
    }
    println!("{halves} kills left half a packed segment, {wholes} a whole one");
}

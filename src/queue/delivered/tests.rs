use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ShortBytes, ShortStr};

use super::*;
use crate::entry::Facts;
use crate::message::{Body, MessageBuilder, Traits};

fn entry(headers: &Table, acquired_count: u32, delivery_count: u32) -> Entry {
    let octets = headers.to_bytes();
    let properties = Properties {
        headers: (!headers.is_empty()).then(|| TableRef::new(&octets)),
        correlation_id: ShortBytes::new(b"id"),
        expiration: ShortBytes::new(b"50"),
        timestamp: Some(77),
        ..Properties::default()
    };
    let mut encoded = Vec::new();
    properties.encode(&mut encoded);
    let traits = Traits {
        has_bcc: headers.get("BCC").is_some(),
        ..Traits::default()
    };
    let message = MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::literal("k"),
        PropertiesRef::new(&encoded),
        Body::Copied(b"x"),
        traits,
    );
    Entry {
        message,
        facts: Facts {
            position: 9,
            delivery_count,
            acquired_count,
            ..Facts::default()
        },
    }
}

fn check(headers: &Table, counts: (u32, u32), kind: QueueKind, expected: Option<&Table>) {
    let octets = delivered_properties(&entry(headers, counts.0, counts.1), kind);
    let Some(octets) = octets else {
        assert_eq!(expected, None);
        return;
    };
    let properties = PropertiesRef::new(&octets)
        .decode()
        .expect("they can be read");
    assert_eq!(
        properties
            .headers
            .unwrap_or_default()
            .to_table()
            .as_ref()
            .ok(),
        expected
    );
    assert_eq!(properties.correlation_id, ShortBytes::new(b"id"));
    assert_eq!(properties.expiration, ShortBytes::new(b"50"));
    assert_eq!(properties.timestamp, Some(77));
}

#[test]
fn message_is_delivered_as_it_came_where_nothing_is_added() {
    let own = Table::new().with("a", 1i64);
    check(&own, (3, 2), QueueKind::Classic, None);
    check(&own, (0, 0), QueueKind::Quorum, None);
}

#[test]
fn quorum_queue_adds_its_counts_among_the_sorted_headers() {
    let own = Table::new().with("x-z", 1i64).with("a", 1i64);
    let with = Table::new().with("a", 1i64).with("x-acquired-count", 2i64);
    let nacked = with.clone().with("x-z", 1i64);
    check(&own, (2, 0), QueueKind::Quorum, Some(&nacked));
    let rejected = with.with("x-delivery-count", 1i64).with("x-z", 1i64);
    check(&own, (2, 1), QueueKind::Quorum, Some(&rejected));
}

#[test]
fn stream_adds_the_offset() {
    let expected = Table::new().with("x-stream-offset", 9i64);
    check(&Table::new(), (0, 0), QueueKind::Stream, Some(&expected));
}

#[test]
fn stream_keeps_of_headers_what_amqp_1_0_can_say() {
    let nested = Value::Array(vec![1i64.into()]);
    let kept = Table::new()
        .with("CC", nested.clone())
        .with("x-list", nested.clone())
        .with("z", "text");
    let own = kept
        .clone()
        .with("list", nested.clone())
        .with("table", Table::new())
        .with("x-death", nested)
        .with("octets", Value::Bytes(b"o".into()));
    let mut expected = kept.with("octets", "o").with("x-stream-offset", 9i64);
    expected.sort_keys();
    check(&own, (0, 0), QueueKind::Stream, Some(&expected));
}

#[test]
fn stream_says_a_delivery_mode_and_forgets_the_cluster() {
    let delivered = |delivery_mode| {
        let mut entry = entry(&Table::new(), 0, 0);
        let mut octets = Vec::new();
        Properties {
            delivery_mode,
            cluster_id: ShortBytes::new(b"c"),
            app_id: ShortBytes::new(b"a"),
            ..Properties::default()
        }
        .encode(&mut octets);
        entry.message = entry.message.rewritten(
            &mut MessageBuilder::default(),
            ShortStr::EMPTY,
            ShortStr::EMPTY,
            PropertiesRef::new(&octets),
            Traits::default(),
        );
        let octets = delivered_properties(&entry, QueueKind::Stream).expect("rewritten");
        let properties = PropertiesRef::new(&octets).decode().expect("readable");
        assert_eq!(properties.app_id, ShortBytes::new(b"a"));
        assert_eq!(properties.cluster_id, None);
        properties.delivery_mode
    };
    assert_eq!(delivered(Some(2)), Some(2));
    assert_eq!(delivered(Some(1)), Some(1));
    assert_eq!(delivered(Some(7)), Some(1));
    assert_eq!(delivered(None), Some(1));
}

#[test]
fn bcc_is_taken_out() {
    let own = Table::new()
        .with("BCC", Vec::<Value>::new())
        .with("a", 1i64);
    let expected = Table::new().with("a", 1i64);
    check(&own, (0, 0), QueueKind::Classic, Some(&expected));
    let only = Table::new().with("BCC", Vec::<Value>::new());
    check(&only, (0, 0), QueueKind::Classic, Some(&Table::new()));
}

#[test]
fn texts_that_are_not_utf8_pass_untouched() {
    // correlation-id of one octet 0xff, then expiration "5".
    let octets = [0x05, 0x00, 1, 0xff, 1, b'5'];
    let message = MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::EMPTY,
        PropertiesRef::new(&octets),
        Body::Copied(b""),
        Traits::default(),
    );
    let entry = Entry {
        message,
        ..entry(&Table::new(), 1, 0)
    };
    let out = delivered_properties(&entry, QueueKind::Quorum).expect("changed");
    assert_eq!(out.first_chunk(), Some(&[0x25, 0x00]));
    assert!(out.ends_with(&[1, 0xff, 1, b'5']));
}

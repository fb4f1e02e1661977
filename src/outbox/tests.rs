use std::io::IoSlice;

use leveret_codec::methods::BasicDeliver;
use leveret_codec::types::{DeliveryTag, ShortBytes, ShortStr};

use super::*;
use crate::message::{Body, MessageBuilder, Traits};

const CHANNEL: ChannelId = ChannelId(3);

fn message(body: &[u8]) -> Message {
    let body = Bytes::copy_from_slice(body);
    MessageBuilder::default().build(
        ShortStr::literal("x"),
        ShortStr::literal("key"),
        PropertiesRef::EMPTY,
        Body::by_size(&body),
        Traits::default(),
    )
}

fn with_frame_max(frame_max: u32) -> Outbox {
    let mut outbox = Outbox::new();
    outbox.set_frame_max(frame_max);
    outbox
}

/// Writes everything, `step` octets at a time.
fn drain(outbox: &mut Outbox, step: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    while !outbox.is_empty() {
        let mut slices = [IoSlice::new(&[]); 4];
        let used = outbox.slices(&mut slices);
        let all: Vec<u8> = slices[..used]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        assert!(!all.is_empty());
        let taken = all.len().min(step);
        wire.extend(&all[..taken]);
        outbox.advance(taken);
    }
    wire
}

fn plain(body: &[u8], frame_max: u32) -> Vec<u8> {
    let message = message(body);
    let mut wire = Vec::new();
    let method = Method::from(BasicDeliver {
        consumer_tag: ShortStr::literal("tag"),
        delivery_tag: DeliveryTag(7),
        redelivered: true,
        exchange: ShortBytes::literal("x"),
        routing_key: ShortBytes::literal("key"),
    });
    encode_method(&mut wire, CHANNEL, &method);
    let size = body.len() as u64;
    encode_content_header(&mut wire, CHANNEL, 60, size, message.properties());
    encode_body(&mut wire, CHANNEL, body, frame_max);
    wire
}

fn deliver(outbox: &mut Outbox, message: &Message) {
    let tag = ShortString::new("tag").unwrap();
    outbox.deliver(CHANNEL, &tag, 7, true, message, None);
}

#[test]
fn delivery_is_what_the_plain_encoding_gives() {
    for len in [0, 1, 100, 4088, 4089, 16_383, 16_384, 70_000, 300_000] {
        let body: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        for frame_max in [0, 4096, 131_072] {
            for step in [1000, usize::MAX] {
                let mut outbox = with_frame_max(frame_max);
                deliver(&mut outbox, &message(&body));
                let same = drain(&mut outbox, step) == plain(&body, frame_max);
                assert!(same, "{len} octets, frame_max {frame_max}, step {step}");
            }
        }
    }
}

#[test]
fn rewritten_properties_replace_the_own_ones() {
    let mut outbox = with_frame_max(4096);
    let tag = ShortString::new("t").unwrap();
    outbox.deliver(CHANNEL, &tag, 1, false, &message(b"b"), Some(&[0x10, 0, 2]));
    let wire = drain(&mut outbox, usize::MAX);
    assert!(
        wire.windows(4)
            .any(|window| window == [0x10, 0, 2, FRAME_END])
    );
}

#[test]
fn large_bodies_are_not_copied() {
    let body = vec![1; 100_000];
    let mut outbox = with_frame_max(131_072);
    deliver(&mut outbox, &message(&body));
    assert!(outbox.copied.len() < 200);
    assert_eq!(outbox.len(), outbox.copied.len() + body.len());
}

#[test]
fn order_is_kept_between_copied_and_shared() {
    let mut outbox = with_frame_max(131_072);
    let (large, small) = (vec![9; 20_000], vec![8; 20]);
    let mut expected = Vec::new();
    for _ in 0..5 {
        deliver(&mut outbox, &message(&large));
        deliver(&mut outbox, &message(&small));
        outbox.heartbeat();
        expected.extend(plain(&large, 131_072));
        expected.extend(plain(&small, 131_072));
        encode_heartbeat(&mut expected);
    }
    assert!(drain(&mut outbox, 777) == expected);
}

#[test]
fn relief_comes_when_the_delivery_is_written() {
    let mut outbox = with_frame_max(0);
    let message = message(b"one");
    deliver(&mut outbox, &message);
    let len = outbox.len();
    assert_eq!(outbox.advance(len - 1), 0);
    assert_eq!(outbox.advance(1), message.memory());
    assert_eq!(outbox.advance(0), 0);
}

#[test]
fn relief_adds_up_over_many_deliveries() {
    let mut outbox = with_frame_max(4096);
    let message = message(&[5; 3000]);
    let mut relief = 0;
    for _ in 0..100 {
        deliver(&mut outbox, &message);
    }
    assert!(outbox.debts.len() < 20, "debts are reported together");
    while !outbox.is_empty() {
        let step = outbox.len().min(10_000);
        relief += outbox.advance(step);
    }
    assert_eq!(relief, 100 * message.memory());
}

#[test]
fn held_output_waits_for_the_store_and_so_does_what_follows() {
    let mut outbox = with_frame_max(0);
    outbox.heartbeat();
    outbox.hold_until(Position(5));
    outbox.heartbeat();
    outbox.hold_until(Position(7));
    outbox.heartbeat();
    assert_eq!((outbox.ready(), outbox.len()), (8, 24));
    let mut slices = [IoSlice::new(&[]); 4];
    let used = outbox.slices(&mut slices);
    assert_eq!(
        slices[..used]
            .iter()
            .map(|slice| slice.len())
            .sum::<usize>(),
        8
    );
    outbox.advance(8);
    assert_eq!(outbox.ready(), 0);
    outbox.release(Position(6));
    assert_eq!(
        (outbox.ready(), outbox.held_until()),
        (8, Some(Position(7)))
    );
    outbox.release(Position(7));
    assert_eq!(outbox.ready(), 16);
    outbox.hold_until(Position(7));
    assert_eq!(outbox.ready(), 16);
}

#[test]
fn slow_writing_does_not_keep_what_is_written() {
    let mut outbox = with_frame_max(4096);
    let message = message(&[5; 1000]);
    for _ in 0..1000 {
        deliver(&mut outbox, &message);
        outbox.advance(1000);
    }
    assert!(outbox.copied.len() < outbox.len() * 2 + 2 * BUFFER_KEEP);
}

#[test]
fn shrinking_an_empty_outbox_frees_it() {
    let mut outbox = with_frame_max(0);
    deliver(&mut outbox, &message(&[5; 1000]));
    outbox.shrink();
    assert!(!outbox.is_empty());
    drain(&mut outbox, usize::MAX);
    outbox.shrink();
    assert_eq!(outbox.spare(), 0);
}

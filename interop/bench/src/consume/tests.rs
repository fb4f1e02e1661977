use leveret_codec::methods::{BasicDeliver, Method};
use leveret_codec::types::{ShortBytes, ShortStr};

use super::*;

#[test]
fn tag_and_mark_are_those_the_codec_reads() {
    for (consumer_tag, delivery_tag, redelivered) in [("", 1, false), ("c", u64::MAX, true)] {
        let deliver = Method::from(BasicDeliver {
            consumer_tag: ShortStr::new(consumer_tag).unwrap(),
            delivery_tag: DeliveryTag(delivery_tag),
            redelivered,
            exchange: ShortBytes::literal("x"),
            routing_key: ShortBytes::literal("k"),
        });
        let mut payload = Vec::new();
        deliver.encode(&mut payload);
        assert_eq!(delivery(&payload), Some((delivery_tag, redelivered)));
        for end in 0..13 {
            assert_eq!(delivery(&payload[..end]), None);
        }
    }
}

#[test]
fn other_methods_are_no_deliveries() {
    let mut payload = Vec::new();
    let ack = BasicAck {
        delivery_tag: DeliveryTag(1),
        multiple: false,
    };
    Method::from(ack).encode(&mut payload);
    assert_eq!(delivery(&payload), None);
}

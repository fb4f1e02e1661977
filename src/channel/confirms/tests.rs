use leveret_codec::frame::{Decoded, decode};
use leveret_codec::methods::Method;
use leveret_codec::types::ChannelId;

use super::{ByExchange, Confirms};
use crate::outbox::Outbox;
use crate::store::Position;
use crate::vhost::Placed;

/// Confirms of one channel, and what they say.
#[derive(Default)]
struct Fixture {
    confirms: Confirms,
    durable: Position,
    counts: ByExchange,
}

impl Fixture {
    /// Publishes whose messages are stored at these positions; 0 is nothing to store.
    fn accepted(&mut self, positions: &[u64]) -> &mut Self {
        for position in positions {
            self.placed(Placed::Accepted(Position(*position)));
        }
        self
    }

    fn placed(&mut self, placed: Placed) -> &mut Self {
        let number = self.confirms.number();
        self.confirms.placed(number, placed, self.durable);
        self
    }

    fn durable(&mut self, position: u64) -> &mut Self {
        self.durable = Position(position);
        self.confirms.on_durable(self.durable);
        self
    }

    fn said(&mut self) -> String {
        let mut outbox = Outbox::new();
        self.confirms
            .send(ChannelId(1), &mut self.counts, &mut outbox);
        let mut slices = [std::io::IoSlice::new(&[]); 4];
        let used = outbox.slices(&mut slices);
        let octets: Vec<u8> = slices[..used]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        let mut said = Vec::new();
        let mut rest = octets.as_slice();
        while let Ok(Decoded::Frame { frame, consumed }) = decode(rest, 4096) {
            let method = Method::decode(frame.payload).expect("the outbox writes methods");
            said.push(method.to_string());
            rest = &rest[consumed..];
        }
        said.join(", ")
    }
}

#[test]
fn a_batch_is_confirmed_with_one_ack() {
    let mut f = Fixture::default();
    assert_eq!(
        f.accepted(&[0, 0, 0]).said(),
        "basic.ack delivery-tag=3 multiple"
    );
    assert_eq!(f.said(), "");
}

#[test]
fn a_single_publish_is_confirmed_singly() {
    assert_eq!(
        Fixture::default().accepted(&[0]).said(),
        "basic.ack delivery-tag=1"
    );
}

#[test]
fn what_is_to_be_stored_waits_for_the_store() {
    let mut f = Fixture::default();
    assert_eq!(f.accepted(&[10, 20, 30]).said(), "");
    assert_eq!(f.confirms.waits_for(), Some(Position(10)));
    assert_eq!(f.durable(25).said(), "basic.ack delivery-tag=2 multiple");
    assert_eq!(f.durable(30).said(), "basic.ack delivery-tag=3");
    assert_eq!(f.confirms.waits_for(), None);
}

#[test]
fn what_is_done_out_of_order_is_confirmed_alone() {
    let mut f = Fixture::default();
    assert_eq!(
        f.accepted(&[10, 0, 0]).said(),
        "basic.ack delivery-tag=2, basic.ack delivery-tag=3"
    );
    assert_eq!(f.durable(10).said(), "basic.ack delivery-tag=1");
}

#[test]
fn a_refused_publish_is_nacked_in_its_place() {
    let mut f = Fixture::default();
    f.accepted(&[0, 0]).placed(Placed::Refused).accepted(&[0]);
    assert_eq!(
        f.said(),
        "basic.ack delivery-tag=2 multiple, basic.nack delivery-tag=3 requeue, \
         basic.ack delivery-tag=4"
    );
}

use leveret_codec::types::ShortString;

use super::*;

#[test]
fn each_type_of_queue_counts_apart() {
    let tally = Tally::default();
    let quorum = tally.of(QueueKind::Quorum);
    quorum.delivered.raise(2);
    quorum.got_no_ack.add(1);
    quorum.redelivered.raise(2);
    let totals = tally.totals();
    assert_eq!((totals.quorum.delivered, totals.quorum.redelivered), (2, 2));
    assert_eq!(totals.quorum.sent(), 3);
    assert_eq!(totals.classic, ReadTotals::default());
    assert_eq!(totals.read(), totals.quorum);
}

#[test]
fn totals_of_two_doors_add_up_field_by_field() {
    let (one, other) = (Tally::default(), Tally::default());
    one.published.raise(2);
    one.routed.raise(6);
    other.published.raise(3);
    other.direct_reply.delivered_no_ack.raise(1);
    let both = one.totals().plus(other.totals());
    assert_eq!((both.published, both.routed), (5, 6));
    assert_eq!(both.read().delivered_no_ack, 1);
}

#[test]
fn exchange_counts_what_comes_in_and_what_goes_out() {
    let tally = ExchangeTally::new(ShortString::default());
    tally.placed(4, 8);
    tally.confirmed(3);
    tally.unroutable(true);
    tally.unroutable(false);
    tally.unroutable(false);
    let expected = ExchangeTotals {
        published_in: 4,
        published_out: 8,
        confirmed: 3,
        returned_unroutable: 1,
        dropped_unroutable: 2,
    };
    assert_eq!(tally.totals(), expected);
}

#[test]
fn bodies_in_a_row_are_counted_by_their_sizes() {
    let tally = Tally::default();
    let mut run = SizeRun::default();
    for octets in [0, 16, 16, 101, 16] {
        run.add(octets, &tally.sizes);
    }
    run.give(&tally.sizes);
    run.give(&tally.sizes);
    let sizes = tally.totals().sizes;
    assert_eq!((sizes.ranges[..2].to_vec(), sizes.bytes), (vec![4, 1], 149));
}

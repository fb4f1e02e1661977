use super::*;

#[test]
fn messages_sent_again_count_as_sent_and_as_redelivered() {
    let tally = Tally::default();
    tally.of(QueueKind::Quorum).delivered.raise(false);
    tally.of(QueueKind::Quorum).delivered.raise(true);
    tally.of(QueueKind::Quorum).got_no_ack.add(true);
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
    other.direct_reply.delivered_no_ack.raise(false);
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

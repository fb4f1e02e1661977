//! Texts as seen on RabbitMQ 4.3.6.

use super::*;
use crate::queue::tests::fixture::DURABLE;

const Q: &str = "queue 'q' in vhost '/'";

fn parse(table: &Table) -> Result<Arguments, String> {
    Arguments::parse(table, QueueKind::Classic, DURABLE, Q).map_err(|error| error.explanation)
}

fn of(kind: &str) -> Table {
    Table::new().with("x-queue-type", kind)
}

/// Checks the text behind `invalid arg 'name' for queue 'q' in vhost '/'`.
fn refuse(kind: &str, name: &str, value: impl Into<Value>, words: &str) {
    let error = parse(&of(kind).with(name, value)).expect_err(name);
    assert_eq!(error, format!("invalid arg '{name}' for {Q}{words}"));
}

fn accept(kind: &str, name: &str, value: impl Into<Value>) {
    parse(&of(kind).with(name, value)).expect(name);
}

#[test]
fn integers_are_checked_by_type_and_range() {
    refuse(
        "classic",
        "x-message-ttl",
        "x",
        ": \"expected integer, got longstr\"",
    );
    refuse(
        "classic",
        "x-message-ttl",
        true,
        ": \"expected integer, got bool\"",
    );
    refuse(
        "classic",
        "x-message-ttl",
        Value::Void,
        ": \"expected integer, got void\"",
    );
    refuse("classic", "x-message-ttl", -1i64, ": {value_negative,-1}");
    refuse(
        "classic",
        "x-message-ttl",
        315_360_000_001i64,
        ": {value_too_large,315360000001}",
    );
    accept("classic", "x-message-ttl", 315_360_000_000i64);
    accept("classic", "x-message-ttl", 0u8);
    refuse("classic", "x-expires", 0i64, ": {value_zero,0}");
    refuse(
        "quorum",
        "x-quorum-initial-group-size",
        0i64,
        ": {value_zero,0}",
    );
    refuse(
        "classic",
        "x-max-priority",
        256i64,
        ": {max_value_exceeded,256}",
    );
    refuse(
        "classic",
        "x-max-priority",
        -10i64,
        ": {value_negative,-10}",
    );
    accept("classic", "x-max-priority", 255i64);
    refuse(
        "classic",
        "x-queue-version",
        1i64,
        ": \"unsupported queue version '1'\"",
    );
    accept("classic", "x-queue-version", 2i64);
    accept("quorum", "x-delivery-limit", "anything");
}

#[test]
fn words_are_checked() {
    refuse("classic", "x-overflow", "x", ": invalid_overflow");
    refuse(
        "classic",
        "x-overflow",
        5i32,
        ": {unacceptable_type,signedint}",
    );
    refuse(
        "quorum",
        "x-dead-letter-strategy",
        "x",
        ": invalid_dlx_strategy",
    );
    refuse(
        "classic",
        "x-queue-leader-locator",
        "x",
        ": invalid_queue_locator_arg",
    );
    refuse(
        "classic",
        "x-single-active-consumer",
        "x",
        ": {unacceptable_type,longstr}",
    );
    refuse("stream", "x-max-age", "5x", ": invalid_max_age");
    refuse("stream", "x-max-age", "D", ": invalid_max_age");
    accept("stream", "x-max-age", "7D");
    let alone = ": routing_key_but_no_dlx_defined";
    refuse("classic", "x-dead-letter-routing-key", "k", alone);
    refuse(
        "classic",
        "x-dead-letter-routing-key",
        5i32,
        ": {unacceptable_type,signedint}",
    );
    refuse(
        "foo",
        "x-queue-type",
        "foo",
        ": \"unsupported queue type 'foo'\"",
    );
    refuse("", "x-queue-type", 5i32, ": {unacceptable_type,signedint}");
    accept("classic", "x-queue-mode", 5i32);
}

#[test]
fn some_texts_are_of_their_own_shape() {
    let error = |table: Table| parse(&table).unwrap_err();
    assert_eq!(
        error(Table::new().with("x-dead-letter-exchange", 5i32)),
        "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'"
    );
    assert_eq!(
        error(of("stream").with("x-stream-max-segment-size-bytes", 3_000_000_001i64)),
        "Exceeded max value for x-stream-max-segment-size-bytes"
    );
    assert_eq!(
        error(of("stream").with("x-stream-filter-size-bytes", 15i64)),
        "Invalid value for x-stream-filter-size-bytes"
    );
}

#[test]
fn argument_of_another_type_of_queue_is_refused() {
    let classic = " of queue type rabbit_classic_queue";
    refuse("classic", "x-delivery-limit", 5i64, classic);
    refuse("classic", "x-consumer-timeout", "x", classic);
    refuse(
        "quorum",
        "x-max-priority",
        "x",
        " of queue type rabbit_quorum_queue",
    );
    refuse(
        "stream",
        "x-message-ttl",
        5i64,
        " of queue type rabbit_stream_queue",
    );
    accept("classic", "x-foo", 5i64);
}

#[test]
fn flags_that_a_type_cannot_have_are_refused() {
    let error = |change: fn(&mut Flags)| {
        let mut flags = DURABLE;
        change(&mut flags);
        let parsed = Arguments::parse(&of("quorum"), QueueKind::Classic, flags, Q);
        parsed.unwrap_err().explanation
    };
    let invalid = |property| format!("invalid property '{property}' for {Q}");
    assert_eq!(error(|flags| flags.durable = false), invalid("non-durable"));
    assert_eq!(
        error(|flags| flags.exclusive = true),
        invalid("exclusive-owner")
    );
    assert_eq!(
        error(|flags| flags.auto_delete = true),
        invalid("auto-delete")
    );
    assert_eq!(
        error(|flags| flags.generated_name = true),
        "Cannot declare a server-named queue for type rabbit_quorum_queue"
    );
}

#[test]
fn default_type_gives_way_to_flags_it_cannot_have() {
    let kind = |flags| {
        let parsed = Arguments::parse(&Table::new(), QueueKind::Quorum, flags, Q);
        parsed.unwrap().kind()
    };
    assert_eq!(kind(DURABLE), QueueKind::Quorum);
    let transient = Flags {
        durable: false,
        ..DURABLE
    };
    assert_eq!(kind(transient), QueueKind::Classic);
}

#[test]
fn type_is_always_stored() {
    let arguments = parse(&Table::new().with("x-foo", 1i64)).unwrap();
    let expected = Table::new()
        .with("x-foo", 1i64)
        .with("x-queue-type", "classic");
    assert_eq!(arguments.table(), &expected);
}

#[test]
fn limits_are_read() {
    let table = of("quorum")
        .with("x-message-ttl", 5i64)
        .with("x-max-length", 6u8)
        .with("x-overflow", "reject-publish")
        .with("x-dead-letter-exchange", "")
        .with("x-dead-letter-routing-key", "k")
        .with("x-delivery-limit", 3i64);
    let limits = parse(&table).unwrap().limits();
    assert_eq!(
        (limits.message_ttl_ms, limits.max_length),
        (Some(5), Some(6))
    );
    assert_eq!(limits.overflow, Overflow::RejectPublish);
    assert_eq!(limits.dead_letter_exchange.as_deref(), Some(&b""[..]));
    assert_eq!(limits.dead_letter_routing_key.as_deref(), Some(&b"k"[..]));
    assert_eq!(limits.delivery_limit, Some(3));
    let age = parse(&of("stream").with("x-max-age", "2h"))
        .unwrap()
        .limits();
    assert_eq!(age.max_age_ms, Some(7_200_000));
}

/// What is said when a queue declared with `current` is declared with `received`.
fn differ(current: &Table, received: &Table) -> String {
    differ_with_default(QueueKind::Classic, DURABLE, current, received)
}

/// The same for a second declare that is made with `flags` where queues are `default`.
fn differ_with_default(
    default: QueueKind,
    flags: Flags,
    current: &Table,
    received: &Table,
) -> String {
    let arguments = parse(current).expect("the first declare is right");
    match arguments.check_equivalent(received, default, flags, Q) {
        Ok(()) => "equal".to_owned(),
        Err(error) => error.explanation,
    }
}

fn inequivalent(name: &str, words: &str) -> String {
    format!("inequivalent arg '{name}' for {Q}: {words}")
}

#[test]
fn different_values_are_named() {
    let length = |value: Value| Table::new().with("x-max-length", value);
    let five = length(Value::I32(5));
    let check = |received: &Table, words: &str| {
        assert_eq!(differ(&five, received), inequivalent("x-max-length", words));
    };
    check(&length(Value::I64(6)), "received '6' but current is '5'");
    check(&length(Value::from("5")), "received '5' but current is '5'");
    check(
        &length(Value::from(true)),
        "received 'true' but current is '5'",
    );
    check(&length(Value::Void), "received none but current is '5'");
    let list = Value::Array(vec![Value::I32(1), Value::I32(2)]);
    check(
        &length(list),
        "received '[{signedint,1},{signedint,2}]' but current is '5'",
    );
    let table = Value::from(Table::new().with("a", 1i32));
    check(
        &length(table),
        "received '[{<<\"a\">>,signedint,1}]' but current is '5'",
    );
    let gone = "received none but current is the value '5' of type 'signedint'";
    check(&Table::new(), gone);
    let new = "received the value '5' of type 'signedint' but current is none";
    assert_eq!(
        differ(&Table::new(), &five),
        inequivalent("x-max-length", new)
    );
    assert_eq!(
        differ(&five, &length(Value::U8(5))),
        "equal",
        "whatever the width"
    );
}

#[test]
fn type_of_the_queue_is_compared_first() {
    let none = Table::new();
    let text = |received, current| {
        inequivalent(
            "x-queue-type",
            &format!("received '{received}' but current is '{current}'"),
        )
    };
    assert_eq!(differ(&none, &of("quorum")), text("quorum", "classic"));
    assert_eq!(differ(&of("quorum"), &none), text("classic", "quorum"));
    assert_eq!(differ(&none, &of("classic")), "equal");
    assert_eq!(differ(&of("classic"), &none), "equal");
    assert_eq!(
        differ(&none, &Table::new().with("x-queue-type", 5i32)),
        text("5", "classic")
    );
}

#[test]
fn a_declare_without_a_type_means_what_is_the_default_by_then() {
    let none = Table::new();
    let quorum =
        |flags, current: &Table| differ_with_default(QueueKind::Quorum, flags, current, &none);
    assert_eq!(quorum(DURABLE, &of("quorum")), "equal");
    let text = "received 'quorum' but current is 'classic'";
    assert_eq!(quorum(DURABLE, &none), inequivalent("x-queue-type", text));
    let auto_delete = Flags {
        auto_delete: true,
        ..DURABLE
    };
    assert_eq!(quorum(auto_delete, &none), "equal", "none other can be");
}

#[test]
fn arguments_the_type_does_not_know_may_differ() {
    let none = Table::new();
    assert_eq!(differ(&none, &Table::new().with("x-foo", 1i64)), "equal");
    assert_eq!(
        differ(&none, &Table::new().with("x-delivery-limit", 1i64)),
        "equal"
    );
    assert_eq!(differ(&Table::new().with("x-foo", 1i64), &none), "equal");
}

#[test]
fn ages_are_compared_in_milliseconds() {
    let age = |text: &str| of("stream").with("x-max-age", text);
    assert_eq!(differ(&age("1D"), &age("24h")), "equal");
    let words = "received '172800000' but current is '86400000'";
    assert_eq!(
        differ(&age("1D"), &age("2D")),
        inequivalent("x-max-age", words)
    );
    let words = "received 'bad' but current is '86400000'";
    assert_eq!(
        differ(&age("1D"), &age("bad")),
        inequivalent("x-max-age", words)
    );
    let words = "received none but current is the value '86400000' of type 'longstr'";
    assert_eq!(
        differ(&age("1D"), &of("stream")),
        inequivalent("x-max-age", words)
    );
}

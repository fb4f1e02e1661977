use leveret_codec::properties::Properties;
use leveret_codec::table::TableRef;
use leveret_codec::types::ShortBytes;

use proptest::prelude::*;

use super::*;
use crate::entry::Facts;
use crate::events::DeathReason;
use crate::message::Body;
use crate::queue::Entry;

fn message(headers: &Table, expiration: Option<&'static str>) -> Message {
    let octets = headers.to_bytes();
    let properties = Properties {
        headers: (!headers.is_empty()).then(|| TableRef::new(&octets)),
        expiration: expiration.and_then(|text| ShortBytes::new(text.as_bytes())),
        delivery_mode: Some(2),
        ..Properties::default()
    };
    let mut encoded = Vec::new();
    properties.encode(&mut encoded);
    MessageBuilder::default().build(
        ShortBytes::literal("ex"),
        ShortBytes::literal("rk"),
        PropertiesRef::new(&encoded),
        Body::Copied(b"body"),
        Traits::default(),
    )
}

fn letter(message: Message, reason: DeathReason, key: Option<&str>) -> DeadLetter {
    DeadLetter {
        entry: Entry {
            message,
            facts: Facts {
                redelivered: true,
                ..Facts::default()
            },
        },
        reason,
        exchange: b"dlx"[..].into(),
        routing_key: key.and_then(|key| ShortByteBuf::new(key.as_bytes())),
        confirm: false,
        again: false,
        sent: None,
    }
}

fn dlx() -> ShortString {
    ShortString::new("dlx").expect("short")
}

/// `message` dies in `queue` at the given second.
fn die(message: Message, queue: &str, reason: DeathReason, second: u64) -> Message {
    let now = Now {
        wall: Wall::from_millis(second * 1000),
        ..Now::default()
    };
    let letter = letter(message, reason, None);
    rewrite(&letter, &dlx(), queue, now, &mut MessageBuilder::default()).message
}

fn headers(message: &Message) -> Table {
    headers_of(message.properties())
}

fn text(table: &Table, key: &str) -> String {
    let text = table.get(key).and_then(Value::as_str).unwrap_or(b"(none)");
    String::from_utf8_lossy(text).into_owned()
}

/// `queue/reason/count` of each death.
fn history(message: &Message) -> String {
    let words = |death: &Table| {
        let count = death.get("count").and_then(Value::as_integer).unwrap_or(-1);
        format!("{}/{}/{count}", text(death, "queue"), text(death, "reason"))
    };
    let deaths: Vec<String> = deaths(&headers(message)).iter().map(words).collect();
    deaths.join(" ")
}

/// What happens to a message next: the queue it dies in, why, and the key of that queue, if any.
type Fate = (usize, DeathReason, Option<&'static str>);

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let reason = prop_oneof![
        Just(DeathReason::Expired),
        Just(DeathReason::MaxLen),
        Just(DeathReason::Rejected),
        Just(DeathReason::DeliveryLimit),
    ];
    let key = prop_oneof![Just(None), Just(Some("k"))];
    prop::collection::vec((0..6_usize, reason, key), 1..30)
}

proptest! {
    #[test]
    fn a_history_is_continued_as_if_it_were_taken_apart(
        fates in fates(),
        odd in prop::collection::vec(("[a-z-]{0,12}", 0..3_i32), 0..4),
        expiration in prop_oneof![Just(None), Just(Some("7"))],
    ) {
        let mut own = Table::new().with("CC", vec![Value::from("cc")]);
        for (name, value) in odd {
            own.insert(&*name, value);
        }
        own.insert("x-death", "a client's own");
        own.insert("x-last-death-queue", 1);
        let mut message = message(&own, expiration);
        for (place, reason, key) in fates {
            let queue = format!("queue {place}");
            let letter = letter(message.clone(), reason, key);
            let now = Now { wall: Wall::from_millis(5_000), ..Now::default() };
            let source = message.exchange();
            let story = [&*source, queue.as_bytes(), reason.as_str().as_bytes()];
            let plain = buried(&message, story, now.wall);
            let plain = with_headers(message.properties(), plain, Others::WithoutExpiration);
            let quick = history::continued(&message, story, || {
                first_time(&message, story, now.wall).to_bytes()
            });
            prop_assert_eq!(quick.is_some(), message.traits().died_before);
            let rewritten = rewrite(&letter, &dlx(), &queue, now, &mut MessageBuilder::default());
            let next = rewritten.message;
            prop_assert_eq!(next.properties().as_bytes(), &plain[..]);
            let deaths = deaths(&headers_of(next.properties()));
            let mut since = deaths.iter().take_while(|death| !is(death, "reason", b"rejected"));
            let circles = since.any(|death| is(death, "queue", b"queue 3"));
            prop_assert_eq!(Circles::of(&next).lead_to("queue 3"), circles);
            message = next;
        }
    }
}

#[test]
fn first_death_is_written_down() {
    let keys = vec![Value::from("cc1")];
    let own = Table::new().with("foo", "bar").with("CC", keys);
    let dead = die(
        message(&own, Some("100")),
        "src",
        DeathReason::Rejected,
        1234,
    );
    let death = Table::new()
        .with("original-expiration", "100")
        .with("count", 1i64)
        .with("reason", "rejected")
        .with("queue", "src")
        .with("time", Value::Timestamp(1234))
        .with("exchange", "ex")
        .with("routing-keys", vec![Value::from("rk"), Value::from("cc1")]);
    let expected = Table::new()
        .with("CC", vec![Value::from("cc1")])
        .with("foo", "bar")
        .with("x-death", vec![Value::from(death)])
        .with("x-first-death-exchange", "ex")
        .with("x-first-death-queue", "src")
        .with("x-first-death-reason", "rejected")
        .with("x-last-death-exchange", "ex")
        .with("x-last-death-queue", "src")
        .with("x-last-death-reason", "rejected");
    assert_eq!(headers(&dead), expected);
    assert_eq!(
        (&*dead.exchange(), &*dead.routing_key()),
        (&b"dlx"[..], &b"rk"[..])
    );
    assert_eq!(dead.properties().expiration(), Ok(None));
    assert_eq!(dead.properties().delivery_mode(), Ok(Some(2)));
    assert!(dead.traits().died_before);
    assert_eq!(dead.body(), b"body");
}

#[test]
fn newest_death_comes_first_and_repeats_are_counted() {
    let dead = die(message(&Table::new(), None), "a", DeathReason::Rejected, 1);
    let dead = die(dead, "b", DeathReason::Expired, 2);
    assert_eq!(history(&dead), "b/expired/1 a/rejected/1");
    let dead = die(dead, "a", DeathReason::Rejected, 3);
    assert_eq!(history(&dead), "a/rejected/2 b/expired/1");
    let newest = &deaths(&headers(&dead))[0];
    assert_eq!(
        newest.get("time"),
        Some(&Value::Timestamp(1)),
        "of the first"
    );
    let dead = die(dead, "a", DeathReason::MaxLen, 4);
    assert_eq!(history(&dead), "a/maxlen/1 a/rejected/2 b/expired/1");
    assert_eq!(text(&headers(&dead), "x-first-death-queue"), "a");
    assert_eq!(text(&headers(&dead), "x-last-death-reason"), "maxlen");
}

#[test]
fn history_that_a_client_made_up_is_replaced() {
    let fake = Table::new()
        .with("queue", "a")
        .with("reason", "rejected")
        .with("count", 9i64);
    let own = Table::new()
        .with("x-death", vec![Value::from(fake)])
        .with("x-first-death-queue", "mine");
    let dead = die(message(&own, None), "a", DeathReason::Rejected, 1);
    assert_eq!(history(&dead), "a/rejected/1");
    assert_eq!(text(&headers(&dead), "x-first-death-queue"), "a");
    assert!(!Circles::of(&message(&own, None)).lead_to("a"));
}

#[test]
fn circle_without_rejection_is_a_cycle() {
    let expired = die(message(&Table::new(), None), "a", DeathReason::Expired, 1);
    assert!(Circles::of(&expired).lead_to("a"));
    assert!(!Circles::of(&expired).lead_to("b"));
    let further = die(expired.clone(), "b", DeathReason::MaxLen, 2);
    assert!(Circles::of(&further).lead_to("a"));
    let rejected = die(expired, "b", DeathReason::Rejected, 2);
    assert!(
        !Circles::of(&rejected).lead_to("a"),
        "a client saw it on the way"
    );
    let again = die(rejected, "a", DeathReason::Expired, 3);
    assert!(Circles::of(&again).lead_to("a"), "no client did since");
}

#[test]
fn letter_goes_by_its_own_keys_or_by_that_of_the_queue() {
    let own = Table::new()
        .with("CC", vec![Value::from("cc")])
        .with("BCC", vec![Value::from("bcc"), Value::from(1i64)]);
    let keys = |key| {
        let letter = letter(message(&own, None), DeathReason::Expired, key);
        let builder = &mut MessageBuilder::default();
        let rewritten = rewrite(&letter, &dlx(), "q", Now::default(), builder);
        let keys: Vec<&[u8]> = rewritten.keys.iter().map(|key| &**key).collect();
        (keys.join(&b' '), rewritten.message.routing_key().to_vec())
    };
    assert_eq!(keys(None), (b"rk cc bcc".into(), b"rk".into()));
    assert_eq!(keys(Some("dead")), (b"dead".into(), b"dead".into()));
}

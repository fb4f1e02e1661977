use leveret_codec::properties::Properties;
use leveret_codec::table::Value;
use leveret_codec::types::ShortBytes;

use super::*;

fn ring(weights: &[u64]) -> Ring<usize> {
    let mut ring = Ring::default();
    weights
        .iter()
        .enumerate()
        .for_each(|(n, weight)| ring.add(&weight.to_string(), n));
    ring
}

fn place(ring: &Ring<usize>, key: usize) -> usize {
    *ring
        .pick(placement_hash(format!("order-{key}").as_bytes()))
        .unwrap()
}

/// Messages per destination out of `messages`.
fn counts(ring: &Ring<usize>, messages: usize) -> Vec<usize> {
    let mut counts = vec![0; ring.entries.len()];
    (0..messages).for_each(|key| counts[place(ring, key)] += 1);
    counts
}

#[test]
fn destinations_get_their_share_of_the_keys() {
    let weights = [1, 1, 2, 4, 10];
    let counts = counts(&ring(&weights), 90_000);
    for (weight, count) in weights.into_iter().zip(counts) {
        let expected = 5000 * usize::try_from(weight).unwrap();
        assert!(
            count.abs_diff(expected) < expected / 20,
            "{count} for weight {weight}"
        );
    }
}

#[test]
fn further_destination_takes_keys_only_for_itself() {
    let (before, after) = (ring(&[1, 2, 3]), ring(&[1, 2, 3, 2]));
    for key in 0..10_000 {
        let now = place(&after, key);
        assert!(
            now == 3 || now == place(&before, key),
            "order-{key} moved to {now}"
        );
    }
}

#[test]
fn second_binding_of_a_destination_changes_nothing() {
    let mut ring = ring(&[1, 1]);
    ring.add("9", 0);
    let counts = counts(&ring, 10_000);
    assert!(counts[0].abs_diff(counts[1]) < 500, "{counts:?}");
    ring.remove(&0);
    assert!((0..100).all(|key| place(&ring, key) == 1));
}

#[test]
fn empty_ring_and_pool_pick_nothing() {
    assert_eq!(Ring::<usize>::default().pick(7), None);
    assert_eq!(Pool::<usize>::default().pick(u64::MAX), None);
}

#[test]
fn heaviest_ring_is_reached_to_its_end() {
    let ring = ring(&[WEIGHT_MAX; 1000]);
    let last = (0..100_000).map(|key| place(&ring, key)).max();
    assert_eq!(last, Some(999));
}

#[test]
fn weight_is_an_integer_from_1_to_10000() {
    for (key, weight) in [("1", 1), ("+1", 1), ("01", 1), ("10000", 10_000)] {
        assert_eq!(parse_weight(key), Ok(weight), "{key:?}");
    }
    let refused = |key: &str, text: &str| assert_eq!(check_weight(key), Err(text.to_owned()));
    for key in ["0", "-1", "-0"] {
        refused(key, "The binding key must be greater than 0");
    }
    for key in ["10001", "99999999999999999999"] {
        refused(key, "The binding key must not exceed 10000");
    }
    refused("", "The binding key must be an integer: <<>>");
    refused("１", r#"The binding key must be an integer: <<"１"/utf8>>"#);
    for key in ["abc", "1.5", " 1", "1 ", "1_0", "16#a", "+", "-", "+-1"] {
        refused(
            key,
            &format!(r#"The binding key must be an integer: <<"{key}">>"#),
        );
    }
}

#[test]
fn declaration_says_what_is_hashed() {
    let parse = |name: &str, value: &str| Hashed::parse(&Table::new().with(name, value));
    assert_eq!(Hashed::parse(&Table::new()), Ok(Hashed::RoutingKey));
    assert_eq!(parse("hash-header", "h"), Ok(Hashed::Header("h".into())));
    assert_eq!(
        parse("hash-property", "message_id"),
        Ok(Hashed::Property(Property::MessageId))
    );
    assert_eq!(
        parse("hash-property", "foo"),
        Err("Unsupported property: foo".to_owned())
    );
    let both = Table::new()
        .with("hash-header", "h")
        .with("hash-property", "foo");
    let text = "hash-header and hash-property are mutually exclusive".to_owned();
    assert_eq!(Hashed::parse(&both), Err(text));
    for value in [Value::from(1), Value::Void, Value::from(vec![0xFF])] {
        assert!(Hashed::parse(&Table::new().with("hash-header", value)).is_err());
    }
}

fn hash_of(hashed: &Hashed, key: &str, headers: &Table, properties: Properties<'_>) -> u64 {
    let (headers, properties) = (headers.to_bytes(), properties.to_bytes());
    hashed.hash(
        key.as_bytes(),
        Some(TableRef::new(&headers)),
        PropertiesRef::new(&properties),
    )
}

#[test]
fn only_what_is_asked_for_is_hashed() {
    let header = Hashed::Header("h".into());
    let hash = |key: &str, value: Value| {
        hash_of(
            &header,
            key,
            &Table::new().with("h", value),
            Properties::default(),
        )
    };
    assert_eq!(hash("a", 7.into()), hash("b", 7_i64.into()));
    assert_ne!(hash("a", 7.into()), hash("a", 8.into()));
    let id = Hashed::Property(Property::MessageId);
    let hash = |key: &str, text: &'static str| {
        let message_id = Some(ShortBytes::literal(text));
        let properties = Properties {
            message_id,
            ..Properties::default()
        };
        hash_of(&id, key, &Table::new(), properties)
    };
    assert_eq!(hash("a", "x"), hash("b", "x"));
    assert_ne!(hash("a", "x"), hash("a", "y"));
    let time = Hashed::Property(Property::Timestamp);
    let hash = |seconds| {
        let properties = Properties {
            timestamp: Some(seconds),
            ..Properties::default()
        };
        hash_of(&time, "", &Table::new(), properties)
    };
    assert_ne!(hash(1), hash(2));
}

#[test]
fn messages_without_the_hashed_part_stay_together() {
    let hashed = [
        Hashed::Header("h".into()),
        Hashed::Property(Property::CorrelationId),
        Hashed::Property(Property::Timestamp),
    ];
    for hashed in hashed {
        let hash = |key| hash_of(&hashed, key, &Table::new(), Properties::default());
        assert_eq!(hash("a"), hash("b"));
        assert_eq!(hash("a"), hashed.hash(b"c", None, PropertiesRef::EMPTY));
    }
}

#[test]
fn pool_picks_each_binding_alike() {
    let mut pool = Pool::default();
    [7, 8, 7, 9].into_iter().for_each(|member| pool.add(member));
    let quarter = 1 << 62;
    let picked = |pool: &Pool<u8>| {
        (0..4)
            .map(|n| *pool.pick(n * quarter).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(picked(&pool), [7, 8, 7, 9]);
    assert_eq!(pool.pick(u64::MAX), Some(&9));
    pool.remove(&7);
    pool.remove(&5);
    assert_eq!(pool.members, [8, 7, 9]);
}

#[test]
fn all_keys_are_hashed_for_the_remainder() {
    assert_eq!(hash_of_keys(&[b"a"]), hash_of_keys(&[b"a"]));
    assert_ne!(hash_of_keys(&[b"a", b"b"]), hash_of_keys(&[b"b", b"a"]));
    assert_ne!(hash_of_keys(&[b"a", b"b"]), hash_of_keys(&[b"a"]));
}

use super::*;

/// A message to `exchange` with `key`, no properties, and what else is given.
fn message(body: Body<'_>, traits: Traits) -> Message {
    let (exchange, key) = (ShortStr::literal("exchange"), ShortStr::literal("key"));
    MessageBuilder::default().build(exchange, key, PropertiesRef::EMPTY, body, traits)
}

#[test]
fn every_trait_comes_back_as_it_was_given() {
    for bits in 0..16 {
        let traits = Traits {
            persistent: bits & 1 != 0,
            priority: bits * 7,
            expiration_ms: (bits & 2 != 0).then_some(315_360_000_000),
            has_bcc: bits & 4 != 0,
            died_before: bits & 8 != 0,
        };
        let message = message(Body::Copied(b"body"), traits);
        assert_eq!(message.traits(), traits);
        assert_eq!(message.body(), b"body");
        assert_eq!(message.properties().as_bytes(), [0, 0]);
        assert_eq!(&*message.routing_key(), "key");
        assert_eq!(&*message.exchange(), "exchange");
    }
}

#[test]
fn an_expiration_leaves_a_large_body_alone() {
    let traits = Traits {
        expiration_ms: Some(7),
        ..Traits::default()
    };
    let body = Bytes::from(vec![3; LARGE_BODY]);
    let large = message(Body::by_size(&body), traits);
    assert_eq!(large.body(), body);
    assert_eq!(large.expiration_ms(), Some(7));
    let again = large.rewritten(
        &mut MessageBuilder::default(),
        ShortStr::EMPTY,
        ShortStr::EMPTY,
        PropertiesRef::EMPTY,
        Traits::default(),
    );
    assert_eq!((again.body(), again.expiration_ms()), (&*body, None));
}

/// Millions of them are queued: what a message takes beyond its own octets is counted.
#[test]
fn a_message_takes_thirty_two_octets_beside_its_own() {
    let small = message(Body::Copied(&[0; 128]), Traits::default());
    let own = 1 + "exchange".len() + 1 + "key".len() + 2 + 128;
    assert_eq!(small.memory(), own + 32);
}

#[test]
fn a_template_makes_what_the_builder_makes() {
    for expiration_ms in [None, Some(5)] {
        let traits = Traits {
            persistent: true,
            priority: 3,
            expiration_ms,
            ..Traits::default()
        };
        let mut template = Template::of(&message(Body::Copied(b"first"), traits));
        for body in [&b"a longer body"[..], b"", b"short"] {
            let (made, built) = (template.message(body), message(Body::Copied(body), traits));
            assert_eq!(made.body(), body);
            assert_eq!(made.traits(), traits);
            assert_eq!(made.routing_octets(), built.routing_octets());
            assert_eq!(made.properties(), built.properties());
            assert_eq!(made.memory(), built.memory());
        }
    }
}

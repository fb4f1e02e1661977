use super::*;

/// A message to `exchange` with `key`, no properties, and what else is given.
fn message(body: Body<'_>, traits: Traits) -> Message {
    let (exchange, key) = (ShortBytes::literal("exchange"), ShortBytes::literal("key"));
    MessageBuilder::default().build(exchange, key, PropertiesRef::EMPTY, body, traits)
}

#[test]
fn every_trait_comes_back_as_it_was_given() {
    for bits in 0..32 {
        let traits = Traits {
            persistent: bits & 1 != 0,
            priority: bits * 7,
            expiration_ms: (bits & 2 != 0).then_some(315_360_000_000),
            has_bcc: bits & 4 != 0,
            died_before: bits & 8 != 0,
            keys_replaced: bits & 16 != 0,
        };
        let message = message(Body::Copied(b"body"), traits);
        assert_eq!(message.traits(), traits);
        assert_eq!(message.body(), b"body");
        assert_eq!(message.properties().as_bytes(), [0, 0]);
        assert_eq!(&*message.routing_key(), b"key");
        assert_eq!(&*message.exchange(), b"exchange");
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
        ShortBytes::EMPTY,
        ShortBytes::EMPTY,
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

/// The template makes what the builder makes of `key` and the rest.
fn check(template: &mut Template, key: &str, properties: &[u8], traits: Traits, body: &[u8]) {
    let (exchange, key) = (
        ShortBytes::literal("exchange"),
        ShortBytes::new(key.as_bytes()).unwrap(),
    );
    let properties = PropertiesRef::new(properties);
    let built =
        MessageBuilder::default().build(exchange, key, properties, Body::Copied(body), traits);
    let made = template.message(body);
    assert_eq!(made.body(), body);
    assert_eq!(made.traits(), traits);
    assert_eq!(made.routing_octets(), built.routing_octets());
    assert_eq!(made.properties().as_bytes(), properties.as_bytes());
    assert_eq!(made.memory(), built.memory());
    assert_eq!(template.routing_key(), key.as_bytes());
    assert_eq!(template.properties(), properties.as_bytes());
}

#[test]
fn a_template_makes_what_the_builder_makes() {
    let of = |expiration_ms, priority| Traits {
        persistent: true,
        priority,
        expiration_ms,
        ..Traits::default()
    };
    for expiration_ms in [None, Some(5)] {
        let traits = of(expiration_ms, 3);
        let mut template = Template::default();
        template.imitate(&message(Body::Copied(b"first"), traits));
        for body in [&b"a longer body"[..], b"", b"short"] {
            check(&mut template, "key", &[0, 0], traits, body);
        }
        for key in ["a longer key", "", "kez", "kex", "k"] {
            template.set_routing_key(key.as_bytes());
            check(&mut template, key, &[0, 0], traits, b"body");
        }
        for (properties, traits) in [
            (&[0x80, 0, 1, b'x'][..], of(None, 0)),
            (&[0, 0][..], of(Some(9), 255)),
            (&[0x80, 0, 2, b'x', b'y'][..], of(Some(1), 1)),
        ] {
            template.set_properties(properties, traits);
            check(&mut template, "k", properties, traits, b"body");
            template.set_routing_key(b"other");
            check(&mut template, "other", properties, traits, b"");
            template.set_routing_key(b"k");
        }
    }
}

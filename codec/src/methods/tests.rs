use proptest::prelude::*;

use super::*;
use crate::types::ShortString;

/// A method of the basic class on the wire: numbers and arguments.
fn basic(method: u8, arguments: &[u8]) -> Vec<u8> {
    [&[0, 60, 0, method], arguments].concat()
}

/// The octets of a method, after it was read back from them.
fn octets(method: Method<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    method.encode(&mut out);
    assert_eq!(out.len(), method.encoded_len(), "{method}");
    assert_eq!(Method::decode(&out), Ok(method));
    out
}

#[test]
fn publish_has_its_octets() {
    let publish = BasicPublish {
        exchange: ShortBytes::literal("ex"),
        routing_key: ShortBytes::literal("key"),
        immediate: true,
        ..BasicPublish::default()
    };
    let expected = basic(40, b"\x00\x00\x02ex\x03key\x02");
    assert_eq!(octets(publish.into()), expected);
}

#[test]
fn publish_alone_may_say_octets_that_are_no_text() {
    let publish = BasicPublish {
        exchange: ShortBytes::new(b"\xff").unwrap(),
        routing_key: ShortBytes::new(b"\xc3").unwrap(),
        ..BasicPublish::default()
    };
    assert_eq!(octets(publish.into()), basic(40, b"\0\0\x01\xff\x01\xc3\0"));
    assert_eq!(
        Method::from(publish).to_string(),
        r#"basic.publish exchange="\xff" routing-key="\xc3""#
    );
    let (class, method) = (60, 70);
    assert_eq!(
        Method::decode(&basic(70, b"\0\0\x01\xff\0")),
        Err(MethodError::BadUtf8 { class, method })
    );
}

#[test]
fn bits_fill_an_octet_from_below() {
    let declare = QueueDeclare {
        passive: true,
        exclusive: true,
        nowait: true,
        ..QueueDeclare::default()
    };
    assert_eq!(
        octets(declare.into()),
        b"\x00\x32\x00\x0a\x00\x00\x00\x15\x00\x00\x00\x00"
    );
    let nack = BasicNack {
        delivery_tag: DeliveryTag(1),
        multiple: false,
        requeue: true,
    };
    assert_eq!(octets(nack.into()), basic(120, b"\0\0\0\0\0\0\0\x01\x02"));
}

#[test]
fn field_between_bits_starts_a_new_octet() {
    let deliver = BasicDeliver {
        redelivered: true,
        ..BasicDeliver::default()
    };
    assert_eq!(
        octets(deliver.into()),
        basic(60, b"\0\0\0\0\0\0\0\0\0\x01\0\0")
    );
}

#[test]
fn unused_bits_of_an_octet_are_ignored() {
    let decoded = Method::decode(b"\x00\x3c\x00\x0a\0\0\0\0\0\x01\xfe");
    let qos = BasicQos {
        prefetch_size: 0,
        prefetch_count: 1,
        global: false,
    };
    assert_eq!(decoded, Ok(qos.into()));
}

#[test]
fn fewer_than_four_octets_are_too_short() {
    for len in 0..4 {
        assert_eq!(
            Method::decode(&[0, 60, 0][..len.min(3)]),
            Err(MethodError::TooShort)
        );
    }
}

#[test]
fn unknown_numbers_are_told() {
    let unknown = |class, method| Err(MethodError::UnknownMethod { class, method });
    assert_eq!(Method::decode(&[0, 60, 0, 99]), unknown(60, 99));
    assert_eq!(Method::decode(&[1, 0, 0, 10]), unknown(256, 10));
    assert_eq!(Method::decode(&[0, 40, 0, 41]), unknown(40, 41));
}

#[test]
fn missing_octets_are_truncated() {
    let arguments = &[0, 0, 3, 97, 98];
    let expected = MethodError::Truncated {
        class: 60,
        method: 40,
        arguments,
    };
    assert_eq!(Method::decode(&basic(40, arguments)), Err(expected));
}

#[test]
fn octets_behind_the_last_argument_are_malformed() {
    let expected = MethodError::Malformed {
        class: 90,
        method: 10,
        arguments: b"abc",
    };
    assert_eq!(Method::decode(b"\x00\x5a\x00\x0aabc"), Err(expected));
}

#[test]
fn text_must_be_utf8() {
    let expected = MethodError::BadUtf8 {
        class: 60,
        method: 30,
    };
    assert_eq!(
        Method::decode(&basic(30, b"\x02\xff\xfe\x00")),
        Err(expected)
    );
}

#[test]
fn tables_are_measured_but_not_read() {
    let declare = b"\x00\x32\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x03\x01kU";
    let Ok(Method::QueueDeclare(declare)) = Method::decode(declare) else {
        panic!("a declare")
    };
    assert!(declare.arguments.check().is_err());
}

#[test]
fn every_cut_of_every_method_is_truncated() {
    for name in Method::NAMES {
        let method = Method::from_fields(name, &mut |_, _| None).unwrap();
        let whole = octets(method);
        for len in 4..whole.len() {
            let error = Method::decode(&whole[..len]);
            assert!(
                matches!(error, Err(MethodError::Truncated { .. })),
                "{name}: {error:?}"
            );
        }
    }
}

#[test]
fn names_and_numbers_belong_together() {
    for name in Method::NAMES {
        let method = Method::from_fields(name, &mut |_, _| None).unwrap();
        assert_eq!(method.name(), *name);
        assert_eq!(
            Method::name_of(method.class_id(), method.method_id()),
            Some(*name)
        );
    }
    assert_eq!(Method::NAMES.len(), 66);
    assert_eq!(Method::name_of(60, 99), None);
    assert_eq!(ExchangeUnbindOk::METHOD_ID, 51);
}

#[test]
fn content_follows_four_methods() {
    let with_content = Method::NAMES.iter().filter(|name| {
        Method::from_fields(name, &mut |_, _| None)
            .unwrap()
            .has_content()
    });
    let expected = [
        "basic.publish",
        "basic.return",
        "basic.deliver",
        "basic.get-ok",
    ];
    assert_eq!(
        with_content.collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
}

#[test]
fn request_without_wait_expects_nothing() {
    let declare = QueueDeclare::default();
    assert!(Method::from(declare).expects_reply());
    assert!(
        !Method::from(QueueDeclare {
            nowait: true,
            ..declare
        })
        .expects_reply()
    );
    assert!(Method::from(TxSelect {}).expects_reply());
    assert!(!Method::from(BasicPublish::default()).expects_reply());
    assert!(!Method::from(QueueDeclareOk::default()).expects_reply());
    assert!(!Method::from(BasicRecoverAsync::default()).expects_reply());
}

/// Every request has an answer that is called like it.
#[test]
fn requests_have_answers() {
    for name in Method::NAMES {
        let method = Method::from_fields(name, &mut |_, _| None).unwrap();
        let answers = Method::NAMES.iter().filter(|other| {
            other
                .strip_prefix(name)
                .is_some_and(|rest| rest == "-ok" || rest == "-empty")
        });
        assert_eq!(method.expects_reply(), answers.count() > 0, "{name}");
    }
}

#[test]
fn method_reads_well() {
    let arguments = crate::table::Table::new()
        .with("x-max-length", 10_i64)
        .to_bytes();
    let declare = QueueDeclare {
        queue: ShortStr::literal("a \"b\""),
        durable: true,
        arguments: TableRef::new(&arguments),
        ..QueueDeclare::default()
    };
    assert_eq!(
        Method::from(declare).to_string(),
        r#"queue.declare queue="a \"b\"" durable arguments={x-max-length:l10}"#
    );
    let ack = BasicAck {
        delivery_tag: DeliveryTag(0),
        multiple: true,
    };
    assert_eq!(
        Method::from(ack).to_string(),
        "basic.ack delivery-tag=0 multiple"
    );
    let exchange = ExchangeDeclare {
        type_: ShortStr::literal("topic"),
        ..Default::default()
    };
    assert_eq!(
        Method::from(exchange).to_string(),
        r#"exchange.declare type="topic""#
    );
    let secure = ConnectionSecureOk {
        response: b"\0guest\xff",
    };
    assert_eq!(
        Method::from(secure).to_string(),
        r#"connection.secure-ok response="\x00guest\xff""#
    );
}

#[test]
fn fields_by_name_make_the_method() {
    let mut asked = Vec::new();
    let made = Method::from_fields("basic.get", &mut |name, kind| {
        asked.push((name, kind));
        (name == "queue").then_some(Field::ShortStr(ShortStr::literal("q")))
    });
    let expected = BasicGet {
        queue: ShortStr::literal("q"),
        ..BasicGet::default()
    };
    assert_eq!(made, Some(expected.into()));
    let kinds = [("ticket", FieldKind::Short), ("queue", FieldKind::ShortStr)];
    assert_eq!(asked, [&kinds[..], &[("no_ack", FieldKind::Bit)]].concat());
    assert_eq!(Method::from_fields("basic.nothing", &mut |_, _| None), None);
    assert_eq!(
        Method::from_fields("basic.get", &mut |_, _| Some(Field::Bit(true))),
        None
    );
}

/// What arguments of any method are drawn from.
#[derive(Clone, Debug)]
struct Pool {
    bits: u64,
    number: u64,
    text: ShortString,
    octets: Vec<u8>,
    table: Vec<u8>,
}

fn any_pool() -> impl Strategy<Value = Pool> {
    let text = ".{0,60}".prop_map(|text| ShortString::new(&text).unwrap());
    let octets = prop::collection::vec(any::<u8>(), 0..40);
    let table = crate::table::tests::any_table().prop_map(|table| table.to_bytes());
    (any::<u64>(), any::<u64>(), text, octets, table).prop_map(
        |(bits, number, text, octets, table)| Pool {
            bits,
            number,
            text,
            octets,
            table,
        },
    )
}

/// The method of that name with arguments from the pool.
fn draw<'a>(name: &str, pool: &'a Pool) -> Method<'a> {
    let [_, _, _, _, n4, n5, n6, n7] = pool.number.to_be_bytes();
    let mut bits = pool.bits;
    let drawn = Method::from_fields(name, &mut |_, kind| {
        bits = bits.rotate_right(1);
        Some(match kind {
            FieldKind::Bit => Field::Bit(bits & 1 == 1),
            FieldKind::Octet => Field::Octet(n7),
            FieldKind::Short => Field::Short(u16::from_be_bytes([n6, n7])),
            FieldKind::Long => Field::Long(u32::from_be_bytes([n4, n5, n6, n7])),
            FieldKind::LongLong => Field::LongLong(pool.number),
            FieldKind::ShortStr => Field::ShortStr(pool.text.as_short()),
            FieldKind::ShortBytes => Field::ShortBytes(ShortBytes::new(&pool.octets).unwrap()),
            FieldKind::LongStr => Field::LongStr(&pool.octets),
            FieldKind::Table => Field::Table(TableRef::new(&pool.table)),
        })
    });
    drawn.unwrap()
}

proptest! {
    #[test]
    fn any_method_survives_the_wire(pool in any_pool()) {
        for name in Method::NAMES {
            let method = draw(name, &pool);
            octets(method);
            let fields = method.fields();
            let mut next = fields.iter();
            let again = Method::from_fields(name, &mut |_, _| next.next().map(|field| field.1));
            prop_assert_eq!(again, Some(method));
        }
    }

    #[test]
    fn junk_never_panics(junk in prop::collection::vec(any::<u8>(), 0..60)) {
        for name in Method::NAMES {
            let method = Method::from_fields(name, &mut |_, _| None).unwrap();
            let [_, class] = method.class_id().to_be_bytes();
            let [_, number] = method.method_id().to_be_bytes();
            let payload = [&[0, class, 0, number], &junk[..]].concat();
            if let Ok(decoded) = Method::decode(&payload) {
                prop_assert_eq!(decoded.name(), *name);
                prop_assert_eq!(decoded.encoded_len(), payload.len());
                prop_assert!(!decoded.to_string().is_empty());
            }
        }
    }
}

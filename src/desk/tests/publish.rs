//! The list of checks of a publish, asked without channel and connection.

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::{ShortBytes, ShortStr};

use super::operations::{actors, exchange};
use crate::desk::Actor;
use crate::desk::publish::{Change, Draft, ExtraKeys, check, check_change};
use crate::vhost::REPLY_TO;

const PLAIN: Draft<'static> = Draft {
    exchange: ShortBytes::literal("low"),
    routing_key: ShortBytes::literal("k"),
    properties: PropertiesRef::EMPTY,
    body_len: 1,
    reply_name: None,
};

fn refused(actor: &Actor, draft: &Draft<'_>) -> String {
    check(actor, draft, None).expect_err("refused").to_string()
}

#[test]
fn first_check_that_fails_answers() {
    let (desk, _, high, low) = actors();
    assert!(high.declare_exchange(exchange("low", "direct")).is_ok());
    let properties = |user_id: &'static str, expiration: &'static str| {
        Properties {
            user_id: Some(ShortBytes::literal(user_id)),
            expiration: Some(ShortBytes::literal(expiration)),
            reply_to: Some(REPLY_TO.as_octets()),
            ..Properties::default()
        }
        .to_bytes()
    };
    let wrong = properties("other", "soon");
    let mut draft = Draft {
        exchange: ShortBytes::new(b"\xff").unwrap(),
        properties: PropertiesRef::new(&wrong),
        body_len: usize::MAX,
        ..PLAIN
    };
    let max = desk.env.settings.max_message_size;
    assert!(refused(&low, &draft).contains(&format!("max size {max}")));
    draft.body_len = 1;
    assert!(refused(&low, &draft).starts_with("403 ACCESS_REFUSED - write access to exchange 'ÿ'"));
    assert!(refused(&high, &draft).starts_with("404 NOT_FOUND - no exchange 'ÿ'"));
    draft.exchange = PLAIN.exchange;
    draft.properties = PropertiesRef::new(b"\x80");
    assert_eq!(refused(&low, &draft), "541 INTERNAL_ERROR");
    draft.properties = PropertiesRef::new(&wrong);
    assert!(refused(&low, &draft).contains("fast reply consumer does not exist"));
    draft.reply_name = Some(ShortStr::literal("mine"));
    assert!(refused(&low, &draft).contains("invalid expiration 'soon': no_integer"));
    let wrong = properties("other", "5");
    draft.properties = PropertiesRef::new(&wrong);
    assert!(refused(&low, &draft).contains("user_id property set to 'other'"));
    let good = properties("low", "+5");
    draft.properties = PropertiesRef::new(&good);
    let passed = check(&low, &draft, None).unwrap();
    assert_eq!(passed.content.traits.expiration_ms, Some(5));
    let rewritten = passed.content.rewritten.unwrap();
    let rewritten = PropertiesRef::new(&rewritten).decode().unwrap();
    assert_eq!(rewritten.reply_to, ShortBytes::new(b"mine"));
    assert_eq!(rewritten.expiration, ShortBytes::new(b"5"));
    assert_eq!(rewritten.user_id, ShortBytes::new(b"low"));
}

#[test]
fn exchange_that_is_known_is_not_asked_for_again() {
    let (_desk, _, high, low) = actors();
    assert!(high.declare_exchange(exchange("high", "direct")).is_ok());
    let draft = Draft {
        exchange: ShortBytes::literal("high"),
        ..PLAIN
    };
    let passed = check(&high, &draft, None).unwrap();
    assert!(check(&low, &draft, None).is_err());
    assert!(check(&low, &draft, Some(&passed.exchange)).is_ok());
}

/// Properties, whether they pass, and whether they do so as nothing but a change.
fn properties<'a>(cc: &'a [u8], no_array: &'a [u8]) -> [(Properties<'a>, bool, bool); 9] {
    let none = Properties::default();
    let expiration = |octets| Properties {
        expiration: ShortBytes::new(octets),
        ..none
    };
    let user_id = |octets| Properties {
        user_id: ShortBytes::new(octets),
        ..none
    };
    let headers = |octets| Properties {
        headers: Some(TableRef::new(octets)),
        ..none
    };
    let priority = Some(3);
    [
        (none, true, true),
        (Properties { priority, ..none }, true, true),
        (expiration(b"5"), true, true),
        (expiration(b"05"), true, false),
        (expiration(b"\xff"), false, false),
        (user_id(b"high"), true, true),
        (user_id(b"\xff"), false, false),
        (headers(cc), true, false),
        (headers(no_array), false, false),
    ]
}

#[test]
fn change_is_checked_as_the_whole_would_be() {
    let (_desk, _, high, _) = actors();
    assert!(high.declare_exchange(exchange("low", "direct")).is_ok());
    let exchange = check(&high, &PLAIN, None).unwrap().exchange;
    let headers = |name: &str, value: Value| Table::new().with(name, value).to_bytes();
    let cc = headers("CC", Value::Array(vec!["k".into()]));
    let no_array = headers("BCC", 1.into());
    for (properties, passes, alone) in properties(&cc, &no_array) {
        let octets = properties.to_bytes();
        let properties = PropertiesRef::new(&octets);
        let draft = Draft {
            properties,
            ..PLAIN
        };
        let whole = check(&high, &draft, None);
        assert_eq!(whole.is_ok(), passes, "{properties}");
        let change = Change {
            properties: Some(properties),
            ..Change::default()
        };
        let changed = check_change(&high, &exchange, change).flatten();
        assert_eq!(changed.is_some(), alone, "{properties}");
        if let Some(traits) = changed {
            let content = whole.unwrap().content;
            assert_eq!(content.traits, traits);
            assert_eq!(content.extra_keys, ExtraKeys::None);
        }
    }
}

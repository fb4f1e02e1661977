use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::table::Table;
use crate::types::ShortByteBuf;

const ALL: Properties<'static> = Properties {
    content_type: Some(ShortBytes::literal("text/plain")),
    content_encoding: Some(ShortBytes::literal("utf-8")),
    headers: Some(TableRef::new(b"\x01kt\x01")),
    delivery_mode: Some(2),
    priority: Some(9),
    correlation_id: Some(ShortBytes::literal("c-1")),
    reply_to: Some(ShortBytes::literal("answers")),
    expiration: Some(ShortBytes::literal("60000")),
    message_id: Some(ShortBytes::literal("m-1")),
    timestamp: Some(1_700_000_000),
    type_: Some(ShortBytes::literal("order")),
    user_id: Some(ShortBytes::literal("guest")),
    app_id: Some(ShortBytes::literal("shop")),
    cluster_id: Some(ShortBytes::literal("c")),
};

/// The only property of `octets` is read by its accessor just as by `decode`.
fn agree(octets: &[u8]) {
    let raw = PropertiesRef::new(octets);
    let Ok(all) = raw.decode() else { return };
    assert_eq!(raw.content_type(), Ok(all.content_type));
    assert_eq!(raw.content_encoding(), Ok(all.content_encoding));
    assert_eq!(raw.headers(), Ok(all.headers));
    assert_eq!(raw.delivery_mode(), Ok(all.delivery_mode));
    assert_eq!(raw.priority(), Ok(all.priority));
    assert_eq!(raw.correlation_id(), Ok(all.correlation_id));
    assert_eq!(raw.reply_to(), Ok(all.reply_to));
    assert_eq!(raw.expiration(), Ok(all.expiration));
    assert_eq!(raw.message_id(), Ok(all.message_id));
    assert_eq!(raw.timestamp(), Ok(all.timestamp));
    assert_eq!(raw.type_(), Ok(all.type_));
    assert_eq!(raw.user_id(), Ok(all.user_id));
    assert_eq!(raw.app_id(), Ok(all.app_id));
    assert_eq!(raw.cluster_id(), Ok(all.cluster_id));
}

#[test]
fn all_properties_survive_the_wire() {
    let octets = ALL.to_bytes();
    assert_eq!(octets.len(), ALL.encoded_len());
    assert_eq!(octets[..2], [0xFF, 0xFC]);
    assert_eq!(PropertiesRef::new(&octets).decode(), Ok(ALL));
    assert_eq!(PropertiesRef::new(&octets).check(), Ok(()));
    agree(&octets);
}

#[test]
fn none_is_two_octets() {
    assert_eq!(
        Properties::default().to_bytes(),
        PropertiesRef::EMPTY.as_bytes()
    );
    assert_eq!(PropertiesRef::EMPTY.decode(), Ok(Properties::default()));
    assert_eq!(PropertiesRef::EMPTY.check(), Ok(()));
}

#[test]
fn undefined_flags_are_ignored_and_not_passed_on() {
    let raw = PropertiesRef::new(&[0x10, 0x03, 2]);
    assert_eq!(raw.check(), Ok(()));
    assert_eq!((raw.flags(), raw.delivery_mode()), (0x1000, Ok(Some(2))));
    let header = ContentHeader {
        class_id: 60,
        weight: 0,
        body_size: 0,
        properties: raw,
    };
    let mut out = Vec::new();
    header.encode(&mut out);
    assert_eq!(out[12..], [0x10, 0x00, 2]);
}

#[test]
fn missing_flags_are_an_error_and_written_as_none() {
    for octets in [&[][..], &[0x80]] {
        let properties = PropertiesRef::new(octets);
        assert_eq!(properties.check(), Err(PropertyError::Truncated));
        assert_eq!(properties.decode(), Err(PropertyError::Truncated));
        assert_eq!(properties.headers(), Ok(None));
        let header = ContentHeader {
            class_id: 60,
            weight: 0,
            body_size: 0,
            properties,
        };
        let mut out = Vec::new();
        header.encode(&mut out);
        assert_eq!((out.len(), &out[12..]), (header.encoded_len(), &[0, 0][..]));
    }
}

#[test]
fn every_cut_is_truncated() {
    let octets = ALL.to_bytes();
    for len in 0..octets.len() {
        let cut = PropertiesRef::new(&octets[..len]);
        assert_eq!(cut.check(), Err(PropertyError::Truncated), "{len} octets");
        assert_eq!(cut.decode(), Err(PropertyError::Truncated), "{len} octets");
    }
}

#[test]
fn octets_behind_the_last_property_are_an_error() {
    let raw = PropertiesRef::new(b"\x10\x00\x02z");
    assert_eq!(raw.check(), Err(PropertyError::Trailing));
    assert_eq!(raw.decode(), Err(PropertyError::Trailing));
    assert_eq!(raw.delivery_mode(), Ok(Some(2)));
}

#[test]
fn short_strings_are_any_octets() {
    let raw = PropertiesRef::new(b"\x84\x00\x01\xff\x01c");
    assert_eq!(raw.check(), Ok(()));
    assert_eq!(raw.content_type(), Ok(ShortBytes::new(b"\xff")));
    assert_eq!(raw.correlation_id(), Ok(ShortBytes::new(b"c")));
    let all = raw.decode().unwrap();
    assert_eq!(all.content_type, ShortBytes::new(b"\xff"));
    assert_eq!(all.to_bytes(), raw.as_bytes());
    assert_eq!(raw.to_string(), r#"content-type="\xff" correlation-id="c""#);
}

#[test]
fn check_reads_headers_but_decode_does_not() {
    let raw = PropertiesRef::new(b"\x20\x00\x00\x00\x00\x03\x01kU");
    assert_eq!(raw.check(), Err(TableError::UnknownType(b'U').into()));
    assert_eq!(raw.headers(), Ok(Some(TableRef::new(b"\x01kU"))));
    assert!(raw.decode().is_ok());
}

#[test]
fn header_is_read_without_its_properties() {
    let payload = b"\x00\x3c\x00\x01\x00\x00\x00\x00\x00\x00\x01\x00junk";
    let properties = PropertiesRef::new(b"junk");
    let header = ContentHeader {
        class_id: 60,
        weight: 1,
        body_size: 256,
        properties,
    };
    assert_eq!(ContentHeader::decode(payload), Ok(header));
    assert_eq!(
        ContentHeader::decode(&payload[..11]),
        Err(PropertyError::Truncated)
    );
}

#[test]
fn properties_read_well() {
    assert_eq!(
        ALL.to_string(),
        "content-type=\"text/plain\" content-encoding=\"utf-8\" headers={k:true} delivery-mode=2 \
         priority=9 correlation-id=\"c-1\" reply-to=\"answers\" expiration=\"60000\" \
         message-id=\"m-1\" timestamp=1700000000 type=\"order\" user-id=\"guest\" app-id=\"shop\" \
         cluster-id=\"c\""
    );
    assert_eq!(PropertiesRef::EMPTY.to_string(), "");
    assert_eq!(
        PropertiesRef::new(b"\x80").to_string(),
        "<properties end within a property>"
    );
}

/// Which properties there are, in two halves, since tuples end at ten.
type Shorts = [Option<ShortByteBuf>; 10];

fn any_shorts() -> impl Strategy<Value = Shorts> {
    prop::array::uniform10(option::of(
        prop::collection::vec(any::<u8>(), 0..20)
            .prop_map(|octets| ShortByteBuf::new(&octets).unwrap()),
    ))
}

proptest! {
    #[test]
    fn any_properties_survive_the_wire(
        shorts in any_shorts(),
        headers in option::of(crate::table::tests::any_table()),
        (delivery_mode, priority, timestamp) in any::<(Option<u8>, Option<u8>, Option<u64>)>(),
    ) {
        let headers = headers.as_ref().map(Table::to_bytes);
        let short = |at: usize| shorts[at].as_ref().map(ShortByteBuf::as_short);
        let all = Properties {
            content_type: short(0),
            content_encoding: short(1),
            headers: headers.as_deref().map(TableRef::new),
            delivery_mode,
            priority,
            correlation_id: short(2),
            reply_to: short(3),
            expiration: short(4),
            message_id: short(5),
            timestamp,
            type_: short(6),
            user_id: short(7),
            app_id: short(8),
            cluster_id: short(9),
        };
        let octets = all.to_bytes();
        prop_assert_eq!(octets.len(), all.encoded_len());
        prop_assert_eq!(PropertiesRef::new(&octets).decode(), Ok(all));
        prop_assert_eq!(PropertiesRef::new(&octets).check(), Ok(()));
        agree(&octets);
    }

    #[test]
    fn junk_never_panics(octets in prop::collection::vec(any::<u8>(), 0..100)) {
        let raw = PropertiesRef::new(&octets);
        agree(&octets);
        if raw.decode().is_err() {
            prop_assert!(raw.check().is_err());
        }
    }
}

use std::collections::HashMap;

use super::*;

#[test]
fn short_string_ends_at_255_octets() {
    let long = "x".repeat(256);
    assert_eq!(ShortStr::new(&long), None);
    assert_eq!(ShortString::new(&long), None);
    assert_eq!(ShortStr::new(&long[1..]).map(|text| text.len()), Some(255));
}

#[test]
fn limit_counts_octets_not_characters() {
    assert!(ShortStr::new(&"é".repeat(127)).is_some());
    assert!(ShortStr::new(&"é".repeat(128)).is_none());
}

#[test]
fn owned_string_is_found_by_str() {
    let key = ShortString::new("orders").unwrap();
    let map = HashMap::from([(key, 1), (ShortString::default(), 2)]);
    assert_eq!(map.get("orders"), Some(&1));
    assert_eq!(map.get(""), Some(&2));
}

#[test]
fn empty_string_allocates_nothing() {
    assert!(ShortString::new("").unwrap().0.is_none());
    assert_eq!(ShortString::new("").unwrap(), ShortString::default());
    assert_eq!(size_of::<ShortString>(), size_of::<Arc<str>>());
}

#[test]
fn both_forms_print_as_text() {
    let text = ShortStr::literal("a\"b");
    assert_eq!(format!("{text} {text:?}"), r#"a"b "a\"b""#);
    let owned = ShortString::from(text);
    assert_eq!(format!("{owned} {owned:?}"), r#"a"b "a\"b""#);
    assert_eq!(owned.as_short(), text);
}

#[test]
fn short_octets_end_at_255_and_may_be_no_text() {
    let octets = [0xff; 256];
    assert_eq!(ShortBytes::new(&octets), None);
    assert_eq!(ShortByteBuf::new(&octets), None);
    let longest = ShortBytes::new(&octets[1..]).unwrap();
    assert_eq!((longest.len(), longest.to_text()), (255, None));
    assert_eq!(format!("{:?}", ShortBytes(b"a\xff\"")), r#""a\xff\"""#);
}

#[test]
fn octets_of_a_text_are_that_text_again() {
    let text = ShortStr::literal("é");
    assert_eq!(&*text.as_octets(), b"\xc3\xa9");
    assert_eq!(text.as_octets().to_text(), Some(text));
    assert_eq!(format!("{:?}", ShortByteBuf::from(text)), r#""é""#);
}

#[test]
fn owned_octets_are_shared_and_equal_the_borrowed_ones() {
    let owned = ShortByteBuf::new(b"k\xff").unwrap();
    assert_eq!(owned, owned.as_short());
    assert!(owned != ShortBytes::EMPTY);
    assert!(ShortByteBuf::from(ShortBytes::EMPTY).0.is_none());
    assert_eq!(size_of::<ShortByteBuf>(), size_of::<Arc<[u8]>>());
}

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

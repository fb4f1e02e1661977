use leveret_codec::methods::BasicPublish;
use leveret_codec::properties::{ContentHeader, PropertiesRef};
use leveret_codec::types::ShortBytes;

use super::{Complete, Content, ContentBody};

fn header(body_size: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    let properties = PropertiesRef::EMPTY;
    ContentHeader {
        class_id: 60,
        weight: 0,
        body_size,
        properties,
    }
    .encode(&mut octets);
    octets
}

fn begun() -> Content {
    let mut content = Content::default();
    let publish = BasicPublish {
        exchange: ShortBytes::literal("x"),
        routing_key: ShortBytes::literal("k"),
        ..BasicPublish::default()
    };
    content.begin(publish);
    content
}

/// Feeds bodies after a header of `size`; the body that came out, or the error.
fn assembled(size: u64, bodies: &[&[u8]]) -> Result<Option<Vec<u8>>, String> {
    let mut content = begun();
    let header = header(size);
    let mut done = content
        .on_header(&header)
        .map_err(|error| error.to_string())?;
    for body in bodies {
        assert!(done.is_none(), "the content was complete too early");
        done = content.on_body(body).map_err(|error| error.to_string())?;
    }
    Ok(done.map(|complete| match complete.body {
        ContentBody::Frame(body) => body.to_vec(),
        ContentBody::Assembled(body) => body.to_vec(),
    }))
}

#[test]
fn a_body_in_one_frame_is_not_copied() {
    let mut content = begun();
    let header = header(3);
    assert!(content.on_header(&header).expect("a good header").is_none());
    let complete = content
        .on_body(b"abc")
        .expect("a good body")
        .expect("the last body");
    assert!(matches!(complete.body, ContentBody::Frame(b"abc")));
}

#[test]
fn bodies_are_put_together_and_empty_ones_passed_over() {
    assert_eq!(
        assembled(5, &[b"ab", b"", b"c", b"de"]),
        Ok(Some(b"abcde".to_vec()))
    );
    assert_eq!(assembled(5, &[b"ab"]), Ok(None));
    assert_eq!(assembled(0, &[]), Ok(Some(Vec::new())));
}

#[test]
fn a_body_past_the_announced_size_is_a_frame_error() {
    let error = "501 FRAME_ERROR - content body frame exceeds remaining content size";
    assert_eq!(assembled(3, &[b"abcd"]), Err(error.to_owned()));
    assert_eq!(assembled(3, &[b"ab", b"cd"]), Err(error.to_owned()));
}

#[test]
fn a_size_that_nobody_can_want_is_refused_before_anything_is_kept() {
    let error = "501 FRAME_ERROR - content body size 536870913 exceeds maximum allowed size \
                 536870912";
    assert_eq!(assembled(536_870_913, &[]), Err(error.to_owned()));
}

#[test]
fn frames_out_of_place_are_unexpected() {
    let expected = |error: crate::error::AmqpError| (error.code.number(), error.method);
    let mut content = Content::default();
    assert_eq!(
        content.on_body(b"x").map_err(expected).err(),
        Some((505, Some((0, 0))))
    );
    let mut content = begun();
    assert_eq!(
        content.on_body(b"x").map_err(expected).err(),
        Some((505, Some((60, 40))))
    );
    assert_eq!(
        content.check_no_content_open().map_err(expected).err(),
        Some((505, Some((60, 40))))
    );
}

/// Completes a content of one octet; whether it is said to be like the one before it.
fn is_alike(content: &mut Content, exchange: &'static str, key: &str, mandatory: bool) -> bool {
    let publish = BasicPublish {
        exchange: ShortBytes::literal(exchange),
        routing_key: ShortBytes::new(key.as_bytes()).unwrap(),
        mandatory,
        ..BasicPublish::default()
    };
    content.begin(publish);
    let header = header(1);
    assert!(content.on_header(&header).expect("a good header").is_none());
    let complete = content.on_body(b"x").expect("a good body");
    let Complete {
        method,
        properties,
        is_alike,
        ..
    } = complete.expect("the last body");
    let said = (&*method.exchange, &*method.routing_key);
    assert_eq!(said, (exchange.as_bytes(), key.as_bytes()));
    assert_eq!(method.mandatory, mandatory);
    content.reuse(method, properties);
    is_alike
}

#[test]
fn contents_with_the_same_exchange_and_flags_are_alike() {
    let mut content = Content::default();
    for (exchange, key, mandatory, expected) in [
        ("x", "a", false, false),
        ("x", "a", false, true),
        ("x", "b", false, true),
        ("x", "b", true, false),
        ("x", "", true, true),
        ("y", "", true, false),
        ("", "", true, false),
        ("", "a", true, true),
    ] {
        let alike = is_alike(&mut content, exchange, key, mandatory);
        assert_eq!(alike, expected, "{exchange} {key} {mandatory}");
    }
}

#[test]
fn a_forgotten_content_waits_for_no_frame_that_has_begun() {
    for (size, rest) in [(5, 3), (2, 0)] {
        let mut content = begun();
        let header = header(size);
        assert!(content.on_header(&header).expect("a good header").is_none());
        assert!(content.begin_part(2));
        content.on_part(b"x");
        content.forget();
        assert_eq!(content.is_idle(), rest == 0);
        assert!(content.drop_body(rest + 1).is_err());
        if rest > 0 {
            content.drop_body(rest).expect("what is left");
        }
        assert!(content.is_idle());
    }
}

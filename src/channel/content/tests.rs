use leveret_codec::methods::BasicPublish;
use leveret_codec::properties::{ContentHeader, PropertiesRef};
use leveret_codec::types::ShortStr;

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
        exchange: ShortStr::literal("x"),
        routing_key: ShortStr::literal("k"),
        ..BasicPublish::default()
    };
    content.begin(publish, b"octets");
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

/// Completes a content of one octet; whether it was known from the one before it.
fn is_repeated(content: &mut Content, octets: &[u8], header: &[u8]) -> bool {
    if !content.begin_again(octets) {
        content.begin(BasicPublish::default(), octets);
    }
    assert!(content.on_header(header).expect("a good header").is_none());
    let complete = content.on_body(b"x").expect("a good body");
    let Complete {
        method,
        properties,
        is_repeated,
        ..
    } = complete.expect("the last body");
    assert_eq!(properties, header[12..]);
    content.reuse(method, properties);
    is_repeated
}

#[test]
fn only_the_same_method_and_properties_are_a_repetition() {
    let mut content = Content::default();
    let plain = header(1);
    let persistent = [&header(1)[..12], &[0x10, 0, 2]].concat();
    assert!(!is_repeated(&mut content, b"one", &plain));
    assert!(is_repeated(&mut content, b"one", &plain));
    assert!(!is_repeated(&mut content, b"one", &persistent));
    assert!(is_repeated(&mut content, b"one", &persistent));
    assert!(!is_repeated(&mut content, b"two", &persistent));
    assert!(is_repeated(&mut content, b"two", &persistent));
    assert!(!is_repeated(&mut content, b"one", &persistent));
}

#[test]
fn no_content_begins_again_within_another() {
    let mut content = Content::default();
    assert!(!is_repeated(&mut content, b"one", &header(1)));
    assert!(content.begin_again(b"one"));
    assert!(!content.begin_again(b"one"));
    assert!(content.check_no_content_open().is_err());
}

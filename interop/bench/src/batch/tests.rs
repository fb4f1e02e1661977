use leveret_codec::frame::{Decoded, FRAME_BODY, FRAME_METHOD, decode};
use leveret_codec::methods::Method;

use super::*;

fn slot(key: &str) -> Slot {
    Slot {
        key: key.to_owned(),
        queues: vec![0],
        ..Slot::default()
    }
}

fn form(size: usize) -> Form {
    Form {
        size,
        frame_max: 4096,
        ..Form::default()
    }
}

/// Keys and bodies of encoded publishes.
fn read(mut octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut messages = Vec::new();
    while let Ok(Decoded::Frame { frame, consumed }) = decode(octets, 4096) {
        octets = &octets[consumed..];
        if frame.kind == FRAME_METHOD {
            let Ok(Method::BasicPublish(publish)) = Method::decode(frame.payload) else {
                panic!("another method");
            };
            messages.push((
                publish.routing_key.to_text().unwrap().to_string(),
                Vec::new(),
            ));
        } else if frame.kind == FRAME_BODY {
            messages
                .last_mut()
                .unwrap()
                .1
                .extend_from_slice(frame.payload);
        }
    }
    assert!(octets.is_empty());
    messages
}

fn sequence(body: &[u8]) -> u64 {
    u64::from_be_bytes(*body.first_chunk().unwrap())
}

#[test]
fn slots_take_turns_over_all_writes() {
    let mut batch = Batch::new(&[slot("a"), slot("b"), slot("c")], &form(16)).unwrap();
    let mut sent = 0;
    for most in [1, 4, 2, 10_000, 10_000] {
        let (octets, count) = batch.next(3, sent, most);
        let messages = read(octets);
        assert_eq!(messages.len() as u64, count);
        for (at, (key, body)) in (sent..).zip(&messages) {
            assert_eq!(key, ["a", "b", "c"][(at % 3) as usize]);
            assert_eq!(sequence(body), stamp_of(3, at));
        }
        sent += count;
    }
}

#[test]
fn write_has_about_its_size_and_no_more_messages_than_allowed() {
    let mut batch = Batch::new(&[slot("a")], &form(1000)).unwrap();
    let (octets, count) = batch.next(0, 0, u64::MAX);
    assert!((60..70).contains(&count), "{count}");
    assert!(octets.len() <= WRITE + 1100);
    let mut large = Batch::new(&[slot("a")], &form(200_000)).unwrap();
    assert_eq!(large.next(0, 0, 5).1, 1);
    assert_eq!(batch.next(0, count, 0).1, 0);
}

#[test]
fn body_of_many_frames_is_stamped_at_its_start() {
    let mut batch = Batch::new(&[slot("a")], &form(10_000)).unwrap();
    let (octets, _) = batch.next(1, 77, 1);
    let (_, body) = &read(octets)[0];
    assert_eq!(body.len(), 10_000);
    assert_eq!(sequence(body), stamp_of(1, 77));
    assert_eq!(body[STAMP..], filled(10_000)[STAMP..]);
}

#[test]
fn short_bodies_keep_their_frames_whole() {
    for size in 0..20 {
        let mut batch = Batch::new(&[slot("a")], &form(size)).unwrap();
        let (octets, _) = batch.next(9, u64::MAX >> 16, 3);
        assert!(
            read(octets).iter().all(|(_, body)| body.len() == size),
            "{size}"
        );
    }
}

//! Contents whose frames come in parts, over both ways in: octets that are fed, and octets that are
//! read to where the body is put together.

use std::collections::VecDeque;

use bytes::BufMut as _;
use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::frame::FRAME_BODY;
use leveret_codec::methods::{BasicGet, BasicPublish, ChannelOpen, QueueDeclare};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::reply::ReplyCode;
use leveret_codec::types::ChannelId;

use super::LARGE_BODY;
use crate::connection::tests::fixture::{ONE, Script, ZERO, raw_frame, short};
use crate::error::AmqpError;
use crate::limits::READ_BUDGET;
use crate::mail::Mail;
use crate::protocol::Protocol as _;

const FRAME_MAX: u32 = 131_072;

/// A socket between a client and the core, read as the pump reads it.
struct Wire {
    client: Script,
    sent: VecDeque<u8>,
    /// Octets that were read to where they stay.
    direct: usize,
}

impl Wire {
    fn new() -> Self {
        let mut client = Script::open(1);
        let queue = short("q");
        client.say(
            ONE,
            QueueDeclare {
                queue,
                ..QueueDeclare::default()
            },
        );
        client.heard();
        Self {
            client,
            sent: VecDeque::new(),
            direct: 0,
        }
    }

    /// Reads once, at most `most` octets.
    fn read(&mut self, most: usize) {
        let connection = &mut self.client.connection;
        let mut target = connection.read_into();
        let room = target.room();
        let read = most.min(room.remaining_mut()).min(self.sent.len());
        room.put_slice(&self.sent.drain(..read).collect::<Vec<u8>>());
        if connection.reads_body {
            self.direct += read;
        }
        connection.on_read(self.client.now, read);
    }

    fn read_all(&mut self, most: usize) {
        while !self.sent.is_empty() {
            self.read(most);
        }
    }

    /// The body of the next message of the queue.
    fn get(&mut self) -> Option<Vec<u8>> {
        self.client.heard();
        self.client.say(
            ONE,
            BasicGet {
                queue: short("q"),
                no_ack: true,
                ..BasicGet::default()
            },
        );
        let octets = self.client.raw();
        let mut rest = &octets[..];
        let mut body = Vec::new();
        let mut frames = 0;
        while let Ok(super::Decoded::Frame { frame, consumed }) = super::decode(rest, u32::MAX) {
            if frame.kind == FRAME_BODY {
                body.extend_from_slice(frame.payload);
            }
            frames += 1;
            rest = &rest[consumed..];
        }
        (frames > 1).then_some(body)
    }
}

/// Octets that come again in no distance between two frames.
fn body(len: usize) -> Vec<u8> {
    let period = (0..=250).chain(0..=240);
    period.cycle().take(len).collect()
}

fn publish(body: &[u8], frame_max: u32) -> Vec<u8> {
    let mut octets = Vec::new();
    let method = BasicPublish {
        routing_key: short("q").into(),
        ..BasicPublish::default()
    };
    encode_method(&mut octets, ONE, &method.into());
    encode_content_header(
        &mut octets,
        ONE,
        60,
        body.len() as u64,
        PropertiesRef::EMPTY,
    );
    encode_body(&mut octets, ONE, body, frame_max);
    octets
}

#[test]
fn a_large_body_is_the_same_however_its_frames_arrive() {
    let sizes = [
        LARGE_BODY,
        65_536,
        READ_BUDGET - 8,
        READ_BUDGET,
        3 * READ_BUDGET + 1,
        1024 * 1024 + 3,
    ];
    for size in sizes {
        for most in [1_009, 65_536, READ_BUDGET, usize::MAX] {
            for frame_max in [20_000, FRAME_MAX] {
                let mut wire = Wire::new();
                let sent = body(size);
                wire.sent.extend(publish(&sent, frame_max));
                wire.sent.extend(publish(b"small", frame_max));
                wire.sent.extend(publish(&sent, frame_max));
                wire.read_all(most);
                for expected in [&sent[..], b"small", &sent] {
                    let got = wire.get();
                    assert!(
                        got.as_deref() == Some(expected),
                        "{} octets instead of {}, read by {most}, frames of {frame_max}",
                        got.unwrap_or_default().len(),
                        expected.len(),
                    );
                }
            }
        }
    }
}

#[test]
fn a_large_body_is_read_to_where_it_stays() {
    let mut wire = Wire::new();
    let size = 4 * 1024 * 1024;
    wire.sent.extend(publish(&body(size), FRAME_MAX));
    wire.read_all(READ_BUDGET);
    assert!(
        wire.direct > size - 2 * READ_BUDGET,
        "only {} octets",
        wire.direct
    );
    assert_eq!(wire.get().map(|body| body.len()), Some(size));
}

#[test]
fn room_follows_what_has_come_and_not_what_was_announced() {
    let mut wire = Wire::new();
    let announced = 128 * 1024 * 1024;
    let mut octets = Vec::new();
    let method = BasicPublish::default();
    encode_method(&mut octets, ONE, &method.into());
    encode_content_header(&mut octets, ONE, 60, announced, PropertiesRef::EMPTY);
    octets.extend(&raw_frame(FRAME_BODY, 1, &body(100_000), 0xCE)[..8]);
    wire.sent.extend(octets);
    wire.read_all(usize::MAX);
    let mut come = 1;
    for _ in 0..40 {
        let connection = &mut wire.client.connection;
        let room = super::body_room(&mut connection.phase, connection.begun);
        let has = room.expect("a frame has begun").0.capacity();
        assert!(has <= 1024 * 1024_usize.max(16 * come), "{has} for {come}");
        wire.sent.extend(body(99_999));
        wire.sent.push_back(0xCE);
        wire.sent
            .extend(&raw_frame(FRAME_BODY, 1, &body(100_000), 0xCE)[..8]);
        come += 100_000;
        wire.read_all(usize::MAX);
    }
}

#[test]
fn a_bad_end_of_a_frame_in_parts_is_the_same_error() {
    for most in [1_000, usize::MAX] {
        let mut wire = Wire::new();
        let payload = vec![b'x'; 50_000];
        let mut octets = publish(&payload, FRAME_MAX);
        *octets.last_mut().expect("a frame") = 7;
        wire.sent.extend(octets);
        wire.read_all(most);
        wire.client.check_close(
            ReplyCode::FrameError,
            "FRAME_ERROR - type 3, first 16 octets = <<\"xxxxxxxxxxxxxxxx\">>: \
             {invalid_frame_end_marker,7}",
            (0, 0),
        );
    }
}

#[test]
fn a_frame_beyond_the_announced_size_is_an_error_when_it_is_whole() {
    let mut wire = Wire::new();
    let mut octets = Vec::new();
    encode_method(&mut octets, ONE, &BasicPublish::default().into());
    encode_content_header(&mut octets, ONE, 60, 20_000, PropertiesRef::EMPTY);
    octets.extend(raw_frame(FRAME_BODY, 1, &body(20_001), 0xCE));
    wire.sent.extend(octets);
    wire.read_all(1_000);
    wire.client.check_close(
        ReplyCode::FrameError,
        "FRAME_ERROR - content body frame exceeds remaining content size",
        (60, 40),
    );
}

#[test]
fn a_frame_that_is_under_way_when_its_connection_closes_is_passed_over() {
    let mut wire = Wire::new();
    let octets = publish(&body(60_000), FRAME_MAX);
    let (first, second) = octets.split_at(30_000);
    wire.sent.extend(first);
    wire.read_all(usize::MAX);
    let error = AmqpError::new(ReplyCode::ConnectionForced, "bye");
    wire.client.mail(Mail::Close(error));
    wire.client.check_close(
        ReplyCode::ConnectionForced,
        "CONNECTION_FORCED - bye",
        (0, 0),
    );
    wire.sent.extend(second);
    let mut close_ok = Vec::new();
    let method = leveret_codec::methods::ConnectionCloseOk::default();
    encode_method(&mut close_ok, ZERO, &method.into());
    wire.sent.extend(close_ok);
    wire.read_all(1_000);
    assert_eq!(
        wire.client.connection.flow(),
        crate::connection::tests::fixture::DONE
    );
}

#[test]
fn other_channels_between_large_frames_are_served() {
    let mut wire = Wire::new();
    let two = ChannelId(2);
    let large = body(300_000);
    let octets = publish(&large, FRAME_MAX);
    let mut rest = &octets[..];
    let mut opened = Vec::new();
    encode_method(&mut opened, two, &ChannelOpen::default().into());
    while let Ok(super::Decoded::Frame { frame, consumed }) = super::decode(rest, u32::MAX) {
        wire.sent.extend(&rest[..consumed]);
        rest = &rest[consumed..];
        if frame.kind == FRAME_BODY && !opened.is_empty() {
            wire.sent.extend(opened.drain(..));
        }
    }
    wire.read_all(READ_BUDGET);
    assert_eq!(wire.client.heard(), ["2 channel.open-ok"]);
    assert_eq!(wire.get(), Some(large));
}

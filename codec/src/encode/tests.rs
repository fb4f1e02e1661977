use super::*;
use crate::frame::{Decoded, decode};
use crate::methods::TxSelect;

/// Kind, channel and payload length of each frame in `wire`, which must end with a frame.
fn frames(mut wire: &[u8]) -> Vec<(u8, u16, usize)> {
    let mut found = Vec::new();
    while !wire.is_empty() {
        let Ok(Decoded::Frame { frame, consumed }) = decode(wire, u32::MAX) else {
            panic!("no whole frame in {wire:?}");
        };
        found.push((frame.kind, frame.channel.0, frame.payload.len()));
        wire = &wire[consumed..];
    }
    found
}

fn body(len: usize, frame_max: u32) -> Vec<(u8, u16, usize)> {
    let mut wire = Vec::new();
    encode_body(&mut wire, ChannelId(7), &vec![1; len], frame_max);
    assert_eq!(wire.len(), body_frames_len(len, frame_max));
    let lens: Vec<usize> = body_chunks(len, frame_max).collect();
    let found = frames(&wire);
    assert_eq!(lens, found.iter().map(|frame| frame.2).collect::<Vec<_>>());
    found
}

#[test]
fn body_is_split_where_the_frame_is_full() {
    assert_eq!(body(4088, 4096), [(3, 7, 4088)]);
    assert_eq!(body(4089, 4096), [(3, 7, 4088), (3, 7, 1)]);
    assert_eq!(body(8176, 4096), [(3, 7, 4088), (3, 7, 4088)]);
}

#[test]
fn empty_body_has_no_frame() {
    assert_eq!(body(0, 4096), []);
}

#[test]
fn frame_max_zero_is_no_limit() {
    assert_eq!(body(1_000_000, 0), [(3, 7, 1_000_000)]);
}

#[test]
fn absurd_frame_max_still_gets_on() {
    assert_eq!(body(3, 8), [(3, 7, 1), (3, 7, 1), (3, 7, 1)]);
}

#[test]
fn heartbeat_is_eight_octets() {
    let mut wire = Vec::new();
    encode_heartbeat(&mut wire);
    assert_eq!(wire, [8, 0, 0, 0, 0, 0, 0, 0xCE]);
}

#[test]
fn method_and_header_frames_are_whole() {
    let mut wire = Vec::new();
    encode_method(&mut wire, ChannelId(258), &TxSelect {}.into());
    assert_eq!(wire, [1, 1, 2, 0, 0, 0, 4, 0, 90, 0, 10, 0xCE]);
    wire.clear();
    encode_content_header(&mut wire, ChannelId(1), 60, 5, PropertiesRef::EMPTY);
    assert_eq!(
        wire,
        [
            2, 0, 1, 0, 0, 0, 14, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0xCE
        ]
    );
}

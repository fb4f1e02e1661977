use super::*;

/// One frame of kind 1 on channel 2 around `payload`.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut wire = vec![FRAME_METHOD, 0, 2];
    wire.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes());
    wire.extend_from_slice(payload);
    wire.push(FRAME_END);
    wire
}

#[test]
fn whole_frame_is_found_and_measured() {
    let mut wire = frame(b"abc");
    wire.extend_from_slice(b"next");
    let expected = RawFrame {
        kind: FRAME_METHOD,
        channel: ChannelId(2),
        payload: b"abc",
    };
    assert_eq!(
        decode(&wire, 3),
        Ok(Decoded::Frame {
            frame: expected,
            consumed: 11
        })
    );
}

#[test]
fn every_prefix_asks_for_more() {
    let wire = frame(b"abc");
    for len in 0..wire.len() {
        let needed = if len < FRAME_HEAD {
            FRAME_HEAD
        } else {
            wire.len()
        };
        assert_eq!(
            decode(&wire[..len], 100),
            Ok(Decoded::NeedMore(needed)),
            "{len} octets"
        );
    }
}

#[test]
fn size_is_checked_as_soon_as_it_is_there() {
    let wire = [FRAME_BODY, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF];
    let expected = FrameError::TooLarge {
        kind: 3,
        channel: ChannelId(1),
        size: u32::MAX,
        payload_max: 4096,
    };
    assert_eq!(decode(&wire, 4096), Err(expected));
    assert_eq!(decode(&wire[..6], 4096), Ok(Decoded::NeedMore(7)));
}

#[test]
fn largest_size_needs_more_without_overflow() {
    let wire = [FRAME_BODY, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF];
    assert!(matches!(decode(&wire, u32::MAX), Ok(Decoded::NeedMore(needed)) if needed > 7));
}

#[test]
fn wrong_end_octet_is_told_with_the_payload() {
    let mut wire = frame(&[0, 20, 0, 10]);
    *wire.last_mut().unwrap() = 205;
    let expected = FrameError::BadEnd {
        kind: 1,
        channel: ChannelId(2),
        payload: &[0, 20, 0, 10],
        octet: 205,
    };
    assert_eq!(decode(&wire, 4096), Err(expected));
}

#[test]
fn unknown_kind_is_handed_out() {
    let mut wire = frame(b"");
    wire[0] = 65;
    assert!(matches!(decode(&wire, 0), Ok(Decoded::Frame { frame, .. }) if frame.kind == 65));
}

#[test]
fn protocol_headers_are_told_apart() {
    assert_eq!(decode_protocol_header(&PROTOCOL_HEADER[..7]), None);
    assert_eq!(
        decode_protocol_header(&PROTOCOL_HEADER),
        Some(ProtocolHeader::Amqp091)
    );
    assert_eq!(
        decode_protocol_header(b"AMQP\x01\x01\x00\x09"),
        Some(ProtocolHeader::Amqp09)
    );
    assert_eq!(
        decode_protocol_header(b"AMQP\x01\x01\x08\x00"),
        Some(ProtocolHeader::Amqp08)
    );
    assert_eq!(
        decode_protocol_header(b"GET / HTTP/1.1"),
        Some(ProtocolHeader::Other(*b"GET / HT"))
    );
}

#[test]
fn a_head_is_read_without_its_payload() {
    let wire = frame(b"abc");
    let head = FrameHead {
        kind: FRAME_METHOD,
        channel: ChannelId(2),
        size: 3,
    };
    assert_eq!(decode_head(&wire[..FRAME_HEAD]), Some(head));
    assert_eq!(decode_head(&wire), Some(head));
    assert_eq!(decode_head(&wire[..FRAME_HEAD - 1]), None);
}

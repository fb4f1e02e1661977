//! A stream of frames, cut anywhere, gives the same frames; whatever is in them can be looked at.
#![no_main]

use leveret_codec::encode::{encode_body, encode_content_header, encode_method, frame_head};
use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD, RawFrame, decode,
    decode_protocol_header,
};
use leveret_codec::methods::Method;
use leveret_codec::properties::ContentHeader;
use libfuzzer_sys::fuzz_target;

const PAYLOAD_MAX: u32 = 4096;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, stream) = input;
    let whole = frames(stream, usize::MAX);
    assert_eq!(frames(stream, usize::from(piece).max(1)), whole);
    assert_eq!(decode_protocol_header(stream).is_some(), stream.len() >= 8);
});

/// The frames up to the first error, each written anew by what it means.
fn frames(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut written = Vec::new();
    let mut buffer = Vec::new();
    for part in stream.chunks(piece.min(stream.len().max(1))) {
        buffer.extend_from_slice(part);
        loop {
            match decode(&buffer, PAYLOAD_MAX) {
                Ok(Decoded::Frame { frame, consumed }) => {
                    written.push(rewrite(frame));
                    buffer.drain(..consumed);
                }
                Ok(Decoded::NeedMore(_)) => break,
                Err(_) => return written,
            }
        }
    }
    written
}

fn rewrite(frame: RawFrame<'_>) -> Vec<u8> {
    let RawFrame {
        kind,
        channel,
        payload,
    } = frame;
    let mut out = Vec::new();
    match kind {
        FRAME_METHOD => {
            if let Ok(method) = Method::decode(payload) {
                assert!(!method.to_string().is_empty());
                encode_method(&mut out, channel, &method);
            }
        }
        FRAME_HEADER => {
            if let Ok(header) = ContentHeader::decode(payload) {
                let ContentHeader {
                    class_id,
                    body_size,
                    properties,
                    ..
                } = header;
                assert!(properties.check().is_err() || properties.to_string() != "<");
                encode_content_header(&mut out, channel, class_id, body_size, properties);
            }
        }
        FRAME_BODY => encode_body(&mut out, channel, payload, PAYLOAD_MAX),
        _ => {
            out.extend_from_slice(&frame_head(kind, channel, 0));
            out.push(FRAME_END);
        }
    }
    out
}

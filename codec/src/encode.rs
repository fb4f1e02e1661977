//! Whole frames to a buffer: methods, contents, heartbeats.
//!
//! Knows how a body is cut into frames; does not know who may send what when. Keeps I7 on the way
//! out for bodies; methods and content headers are never split, so their senders keep them small.
//!
//! `frame_max` is the negotiated size of a whole frame in octets, 8 of them overhead; 0 means no
//! limit. Spec: AMQP 0-9-1, section 4.2.6.

use bytes::BufMut;

use crate::frame::{
    FRAME_BODY, FRAME_END, FRAME_HEAD, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, FRAME_OVERHEAD,
};
use crate::methods::Method;
use crate::parse::len32;
use crate::properties::{ContentHeader, PropertiesRef};
use crate::types::ChannelId;

/// The seven octets in front of a payload of `len` octets, for writers that gather.
#[inline]
pub fn frame_head(kind: u8, channel: ChannelId, len: u32) -> [u8; FRAME_HEAD] {
    let [c0, c1] = channel.0.to_be_bytes();
    let [l0, l1, l2, l3] = len.to_be_bytes();
    [kind, c0, c1, l0, l1, l2, l3]
}

/// Writes a method frame.
#[inline]
pub fn encode_method(out: &mut impl BufMut, channel: ChannelId, method: &Method<'_>) {
    out.put_slice(&frame_head(
        FRAME_METHOD,
        channel,
        len32(method.encoded_len()),
    ));
    method.encode(out);
    out.put_u8(FRAME_END);
}

/// Writes the header frame of a content of `body_size` octets.
#[inline]
pub fn encode_content_header(
    out: &mut impl BufMut,
    channel: ChannelId,
    class_id: u16,
    body_size: u64,
    properties: PropertiesRef<'_>,
) {
    let header = ContentHeader {
        class_id,
        weight: 0,
        body_size,
        properties,
    };
    out.put_slice(&frame_head(
        FRAME_HEADER,
        channel,
        len32(header.encoded_len()),
    ));
    header.encode(out);
    out.put_u8(FRAME_END);
}

/// Writes a body in as many frames as it takes; an empty one takes none.
#[inline]
pub fn encode_body(out: &mut impl BufMut, channel: ChannelId, body: &[u8], frame_max: u32) {
    for chunk in body.chunks(payload_max(frame_max)) {
        out.put_slice(&frame_head(FRAME_BODY, channel, len32(chunk.len())));
        out.put_slice(chunk);
        out.put_u8(FRAME_END);
    }
}

/// Writes a heartbeat.
pub fn encode_heartbeat(out: &mut impl BufMut) {
    out.put_slice(&frame_head(FRAME_HEARTBEAT, ChannelId::ZERO, 0));
    out.put_u8(FRAME_END);
}

/// The lengths of the frames' payloads that carry a body of `body_len` octets, in order.
#[inline]
pub fn body_chunks(body_len: usize, frame_max: u32) -> impl Iterator<Item = usize> + Clone {
    let most = payload_max(frame_max);
    (0..body_len)
        .step_by(most)
        .map(move |start| most.min(body_len - start))
}

/// Octets that a body of `body_len` octets takes as frames.
#[inline]
pub fn body_frames_len(body_len: usize, frame_max: u32) -> usize {
    body_len + body_len.div_ceil(payload_max(frame_max)) * FRAME_OVERHEAD
}

/// The most octets of payload in one frame; at least 1, so that writing always gets on.
#[inline]
fn payload_max(frame_max: u32) -> usize {
    let whole = if frame_max == 0 { u32::MAX } else { frame_max };
    usize::try_from(whole)
        .unwrap_or(usize::MAX)
        .saturating_sub(FRAME_OVERHEAD)
        .max(1)
}

#[cfg(test)]
mod tests;

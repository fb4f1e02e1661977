//! Frames: the envelope of everything after the protocol header.
//!
//! Owns the frame's head, the check of its size before anything else is read, and the end octet.
//! Does not know which kinds of frame exist beyond their numbers: any kind is handed out, and the
//! caller answers unknown ones. Keeps I7 on the way in.
//!
//! Spec: AMQP 0-9-1, section 4.2.3. Docs: RabbitMQ's grammar errata.

use std::fmt;

use crate::parse::{Parsed, long, octet, short};
use crate::types::ChannelId;

/// Kind of a frame that carries a method.
pub const FRAME_METHOD: u8 = 1;
/// Kind of a frame that carries the header of a content.
pub const FRAME_HEADER: u8 = 2;
/// Kind of a frame that carries a part of a content's body.
pub const FRAME_BODY: u8 = 3;
/// Kind of a frame that carries nothing but a sign of life.
pub const FRAME_HEARTBEAT: u8 = 8;
/// The octet behind every payload.
pub const FRAME_END: u8 = 0xCE;
/// Octets in front of a payload: kind, channel, size.
pub const FRAME_HEAD: usize = 7;
/// Octets of a frame that are not payload.
pub const FRAME_OVERHEAD: usize = FRAME_HEAD + 1;
/// The smallest `frame_max` the specification lets a peer ask for, in octets.
pub const FRAME_MIN_SIZE: u32 = 4096;
/// What a client sends first.
pub const PROTOCOL_HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// A frame whose size and end octet have been checked, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawFrame<'a> {
    /// The kind, any octet: one of `FRAME_…` if the peer is sane.
    pub kind: u8,
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// What is between head and end octet.
    pub payload: &'a [u8],
}

/// What the start of a buffer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decoded<'a> {
    /// A whole frame, and how many octets of the buffer it took.
    Frame {
        /// The frame.
        frame: RawFrame<'a>,
        /// Octets from the start of the input to behind the frame.
        consumed: usize,
    },
    /// Not enough yet: the buffer must hold at least this many octets, counted from its start.
    NeedMore(usize),
}

/// Why the start of a buffer cannot be a frame. The stream is lost behind either of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameError<'a> {
    /// The head announces more than is allowed; the payload was not looked at.
    TooLarge {
        /// Kind of the frame.
        kind: u8,
        /// Its channel.
        channel: ChannelId,
        /// Announced octets of payload.
        size: u32,
        /// The limit that was given to [`decode`].
        payload_max: u32,
    },
    /// Behind the payload is something else than [`FRAME_END`].
    BadEnd {
        /// Kind of the frame.
        kind: u8,
        /// Its channel.
        channel: ChannelId,
        /// Its payload.
        payload: &'a [u8],
        /// What was found instead.
        octet: u8,
    },
}

impl fmt::Display for FrameError<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge {
                kind,
                size,
                payload_max,
                ..
            } => {
                write!(
                    out,
                    "frame of type {kind} has {size} octets, allowed are {payload_max}"
                )
            }
            Self::BadEnd { kind, octet, .. } => {
                write!(
                    out,
                    "frame of type {kind} ends with octet {octet} instead of {FRAME_END}"
                )
            }
        }
    }
}

impl std::error::Error for FrameError<'_> {}

/// Reads the frame at the start of `input`.
///
/// `payload_max`: octets of payload that are accepted, 0 ..= `u32::MAX`. RabbitMQ forgives the
/// eight octets of overhead, so a broker passes the negotiated `frame_max` itself.
/// # Errors
/// [`FrameError`]: 501 `FRAME_ERROR` on the connection; nothing behind it can be read.
///
/// Spec: 4.2.3. Seen: RabbitMQ 4.3.6, tests/scripts/framing.
#[inline]
pub fn decode(input: &[u8], payload_max: u32) -> Result<Decoded<'_>, FrameError<'_>> {
    let Ok((rest, (kind, channel, size))) = head(input) else {
        return Ok(Decoded::NeedMore(FRAME_HEAD));
    };
    if size > payload_max {
        return Err(FrameError::TooLarge {
            kind,
            channel,
            size,
            payload_max,
        });
    }
    let len = usize::try_from(size).unwrap_or(usize::MAX);
    let consumed = len.saturating_add(FRAME_OVERHEAD);
    let Some((payload, [end, ..])) = rest.split_at_checked(len) else {
        return Ok(Decoded::NeedMore(consumed));
    };
    if *end != FRAME_END {
        return Err(FrameError::BadEnd {
            kind,
            channel,
            payload,
            octet: *end,
        });
    }
    Ok(Decoded::Frame {
        frame: RawFrame {
            kind,
            channel,
            payload,
        },
        consumed,
    })
}

/// What is in front of a payload; nothing in it has been checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHead {
    /// The kind, any octet.
    pub kind: u8,
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// Announced octets of payload.
    pub size: u32,
}

/// Reads the head at the start of `input`, which [`decode`] does too; `None` while there are fewer
/// than [`FRAME_HEAD`] octets.
///
/// Spec: 4.2.3.
#[must_use]
pub fn decode_head(input: &[u8]) -> Option<FrameHead> {
    let (_, (kind, channel, size)) = head(input).ok()?;
    Some(FrameHead {
        kind,
        channel,
        size,
    })
}

#[inline]
fn head(input: &[u8]) -> Parsed<'_, (u8, ChannelId, u32), ()> {
    let (input, kind) = octet(input)?;
    let (input, channel) = short(input)?;
    let (input, size) = long(input)?;
    Ok((input, (kind, ChannelId(channel), size)))
}

/// What a client opened the conversation with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProtocolHeader {
    /// `AMQP` 0 0 9 1.
    Amqp091,
    /// `AMQP` 1 1 0 9, which RabbitMQ takes for 0-9-1 as well.
    Amqp09,
    /// `AMQP` 1 1 8 0.
    Amqp08,
    /// Anything else: another version, another protocol, junk.
    Other([u8; 8]),
}

/// Reads the first eight octets of a conversation; `None` while there are fewer.
///
/// Spec: 4.2.2. Seen: RabbitMQ 4.3.6, tests/scripts/handshake.
pub fn decode_protocol_header(input: &[u8]) -> Option<ProtocolHeader> {
    let header = *input.first_chunk::<8>()?;
    Some(match &header {
        b"AMQP\x00\x00\x09\x01" => ProtocolHeader::Amqp091,
        b"AMQP\x01\x01\x00\x09" => ProtocolHeader::Amqp09,
        b"AMQP\x01\x01\x08\x00" => ProtocolHeader::Amqp08,
        _ => ProtocolHeader::Other(header),
    })
}

#[cfg(test)]
mod tests;

//! What a client hears, octet by octet, and what must be true of it by itself: tags rise by one
//! (I4), nothing comes between the parts of a content (I6), no frame is longer than was agreed
//! (I7), and nothing follows a close (I8).

use leveret_codec::frame::{FRAME_HEADER, FRAME_OVERHEAD, RawFrame};
use leveret_codec::properties::ContentHeader;
use leveret_codec::types::DeliveryTag;

use super::super::*;
use super::CHANNELS;

/// One thing that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A message for the consumer with this tag.
    Delivered {
        channel: u16,
        consumer: String,
        tag: u64,
        number: u64,
    },
    /// A message that was asked for.
    Got { channel: u16, tag: u64, number: u64 },
    /// A message that no queue takes.
    Returned(u64),
    /// A confirm.
    Confirmed {
        channel: u16,
        up_to: u64,
        multiple: bool,
    },
    /// Any other method, as text.
    Said(u16, String),
}

/// A content that has begun.
struct Open {
    method: Heard,
    channel: u16,
    body: Vec<u8>,
    /// Octets that are to come, once the header has.
    left: Option<u64>,
}

/// See the module.
pub(super) struct Ear {
    frame_max: usize,
    /// The last delivery tag of each channel.
    tags: [u64; CHANNELS as usize + 1],
    /// Channels that were closed by the broker, and whether all of them were.
    closed: [bool; CHANNELS as usize + 1],
    open: Option<Open>,
}

impl Ear {
    pub(super) fn new(frame_max: u32) -> Self {
        Self {
            frame_max: usize::try_from(frame_max).unwrap(),
            tags: Default::default(),
            closed: Default::default(),
            open: None,
        }
    }

    /// Reads `octets`, which are whole frames.
    pub(super) fn read(&mut self, octets: &[u8]) -> Vec<Heard> {
        let mut rest = octets;
        let mut heard = Vec::new();
        while !rest.is_empty() {
            let Ok(Decoded::Frame { frame, consumed }) = decode(rest, u32::MAX) else {
                panic!("I6: not whole frames: {rest:?}");
            };
            let len = frame.payload.len() + FRAME_OVERHEAD;
            assert!(len <= self.frame_max, "I7: a frame of {len} octets");
            heard.extend(self.on_frame(&frame));
            rest = &rest[consumed..];
        }
        assert!(self.open.is_none(), "I6: a content is not whole");
        heard
    }

    fn on_frame(&mut self, frame: &RawFrame<'_>) -> Option<Heard> {
        let channel = frame.channel.0;
        assert!(!self.closed[0], "I8: a frame behind connection.close");
        let Some(open) = &mut self.open else {
            return (frame.kind == FRAME_METHOD).then(|| self.on_method(frame))?;
        };
        assert_eq!(open.channel, channel, "I6: between the parts of a content");
        match (frame.kind, open.left) {
            (FRAME_HEADER, None) => {
                let header = ContentHeader::decode(frame.payload).unwrap();
                open.left = Some(header.body_size);
            }
            (FRAME_BODY, Some(left)) => {
                open.body.extend(frame.payload);
                let left = left.checked_sub(frame.payload.len() as u64);
                open.left = Some(left.expect("I6: more body than was announced"));
            }
            (kind, _) => panic!("I6: a frame of kind {kind} within a content"),
        }
        self.open.take_if(|open| open.left == Some(0)).map(whole)
    }

    fn on_method(&mut self, frame: &RawFrame<'_>) -> Option<Heard> {
        let channel = frame.channel.0;
        let method = Method::decode(frame.payload).unwrap();
        let closed = &mut self.closed[usize::from(channel)];
        let is_last_word = matches!(method, Method::ChannelOpenOk(_) | Method::ChannelCloseOk(_));
        assert!(
            !*closed || is_last_word,
            "I8: {method} behind channel.close"
        );
        let begins = match &method {
            Method::BasicDeliver(deliver) => Heard::Delivered {
                channel,
                consumer: deliver.consumer_tag.to_string(),
                tag: self.next_tag(channel, deliver.delivery_tag),
                number: 0,
            },
            Method::BasicGetOk(got) => Heard::Got {
                channel,
                tag: self.next_tag(channel, got.delivery_tag),
                number: 0,
            },
            Method::BasicReturn(_) => Heard::Returned(0),
            Method::BasicAck(ack) => {
                return Some(Heard::Confirmed {
                    channel,
                    up_to: ack.delivery_tag.0,
                    multiple: ack.multiple,
                });
            }
            Method::ChannelClose(_) | Method::ConnectionClose(_) => {
                *closed = true;
                return Some(Heard::Said(channel, method.to_string()));
            }
            Method::ChannelOpenOk(_) => {
                *closed = false;
                self.tags[usize::from(channel)] = 0;
                return Some(Heard::Said(channel, method.to_string()));
            }
            _ => return Some(Heard::Said(channel, method.to_string())),
        };
        self.open = Some(Open {
            method: begins,
            channel,
            body: Vec::new(),
            left: None,
        });
        None
    }

    fn next_tag(&mut self, channel: u16, tag: DeliveryTag) -> u64 {
        let last = &mut self.tags[usize::from(channel)];
        assert_eq!(tag.0, *last + 1, "I4: on channel {channel}");
        *last = tag.0;
        tag.0
    }
}

/// The method with the number that its body begins with.
fn whole(open: Open) -> Heard {
    let body = open.body;
    let found = u64::from_be_bytes(body[..8].try_into().unwrap());
    assert!(
        body[8..].iter().all(|octet| *octet == 0),
        "I6: another body"
    );
    let mut heard = open.method;
    match &mut heard {
        Heard::Delivered { number, .. } | Heard::Got { number, .. } | Heard::Returned(number) => {
            *number = found;
        }
        Heard::Confirmed { .. } | Heard::Said(..) => {}
    }
    heard
}

//! Publishes like one before: their octets recognised and taken apart without decoding a method.
//!
//! A publisher mostly says the same again around another body, another key or other properties.
//! [`PublishLike`] knows what publishes to one exchange have in common and takes such a publish
//! apart; [`PublishAgain`] knows one publish whole and only looks for another body. Both say `None`
//! to whatever they do not know: another method, a frame that is not whole, a content without a
//! body or with several body frames. The decoder is the measure of both, and says what is wrong.
//!
//! Owns no check of what a publish asks for; keeps I7 on the way in, as the decoder does.
//!
//! Spec: AMQP 0-9-1, sections 4.2.3 and 4.2.6, and `basic.publish`.

use crate::frame::{FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD};
use crate::types::{ChannelId, ShortBytes};

/// Class id and method id of basic.publish, and the ticket of 0 that every client sends.
const BASIC_PUBLISH: [u8; 6] = [0, 60, 0, 40, 0, 0];
/// Class id of basic, and the weight that is always 0.
const BASIC_HEADER: [u8; 4] = [0, 60, 0, 0];
/// Octets of a header in front of its properties.
const HEADER_LEN: usize = BASIC_HEADER.len() + size_of::<u64>();
/// The flag of basic.publish that asks for messages without a queue to be returned.
const MANDATORY: u8 = 1;

/// Frames of a publish that is recognised: method, header, one body frame.
pub const PUBLISH_FRAMES: u64 = 3;

/// The longest publish that is recognised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublishMax {
    /// Octets of a payload: what [`decode`](crate::frame::decode) is given.
    pub payload: u32,
    /// Octets of a body; not above `payload`.
    pub body: u32,
}

/// A publish whose body is one frame, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublishParts<'a> {
    /// Its routing key.
    pub routing_key: &'a [u8],
    /// Its properties, which have not been looked at.
    pub properties: &'a [u8],
    /// Its body.
    pub body: &'a [u8],
    /// What is behind it.
    pub rest: &'a [u8],
}

/// What publishes on one channel to one exchange with the same flags have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishLike {
    channel: [u8; 2],
    /// The method up to the exchange.
    method: Vec<u8>,
    /// The flags behind the key.
    flags: u8,
}

/// One publish whole but for its body: comparing octets is quicker than taking them apart.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct PublishAgain {
    /// Up to the size of the body; empty for none.
    start: Vec<u8>,
    /// From the properties to the length of the body's frame.
    middle: Vec<u8>,
}

impl PublishLike {
    /// Publishes on `channel` to `exchange`, never immediate.
    ///
    /// ```
    /// use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
    /// use leveret_codec::methods::BasicPublish;
    /// use leveret_codec::properties::PropertiesRef;
    /// use leveret_codec::repeat::{PublishLike, PublishMax};
    /// use leveret_codec::types::{ChannelId, ShortBytes};
    ///
    /// let (channel, exchange) = (ChannelId(1), ShortBytes::literal("orders"));
    /// let mut wire = Vec::new();
    /// let routing_key = ShortBytes::literal("paid");
    /// let publish = BasicPublish { exchange, routing_key, ..BasicPublish::default() };
    /// encode_method(&mut wire, channel, &publish.into());
    /// encode_content_header(&mut wire, channel, 60, 4, PropertiesRef::EMPTY);
    /// encode_body(&mut wire, channel, b"body", 0);
    ///
    /// let like = PublishLike::new(channel, exchange, false);
    /// let longest = PublishMax { payload: 131_064, body: 131_064 };
    /// let parts = like.split(&wire, longest).expect("it is like that");
    /// assert_eq!((parts.routing_key, parts.body), (&b"paid"[..], &b"body"[..]));
    /// ```
    #[must_use]
    pub fn new(channel: ChannelId, exchange: ShortBytes<'_>, mandatory: bool) -> Self {
        let mut method = BASIC_PUBLISH.to_vec();
        method.extend(octets(exchange.len()).last());
        method.extend(exchange.as_bytes());
        Self {
            channel: channel.0.to_be_bytes(),
            method,
            flags: if mandatory { MANDATORY } else { 0 },
        }
    }

    /// Takes apart the publish that `input` begins with; `None` if it is another one, is not there
    /// yet, is too long, or its body is none of one frame with an octet at least.
    #[inline]
    #[must_use]
    pub fn split<'a>(&self, input: &'a [u8], longest: PublishMax) -> Option<PublishParts<'a>> {
        let (method, rest) = self.frame(FRAME_METHOD, input)?;
        let (key_len, method) = method.strip_prefix(&*self.method)?.split_first()?;
        let (routing_key, flags) = method.split_at_checked(usize::from(*key_len))?;
        let (header, rest) = self.frame(FRAME_HEADER, rest)?;
        let (size, properties) = header.strip_prefix(&BASIC_HEADER)?.split_first_chunk()?;
        let (body, rest) = self.frame(FRAME_BODY, rest)?;
        let as_expected = flags == [self.flags]
            && header.len() as u64 <= u64::from(longest.payload)
            && u64::from_be_bytes(*size) == body.len() as u64
            && !body.is_empty()
            && body.len() as u64 <= u64::from(longest.body);
        as_expected.then_some(PublishParts {
            routing_key,
            properties,
            body,
            rest,
        })
    }

    /// The payload of the frame that `input` begins with, and what is behind it.
    #[inline]
    fn frame<'a>(&self, kind: u8, input: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (head, rest) = input.split_first_chunk::<7>()?;
        let [its_kind, high, low, len @ ..] = *head;
        if [its_kind, high, low] != self.head(kind) {
            return None;
        }
        let len = usize::try_from(u32::from_be_bytes(len)).ok()?;
        let (payload, rest) = rest.split_at_checked(len)?;
        match rest {
            [FRAME_END, rest @ ..] => Some((payload, rest)),
            _ => None,
        }
    }

    /// The first octets of a frame.
    #[inline]
    fn head(&self, kind: u8) -> [u8; 3] {
        let [high, low] = self.channel;
        [kind, high, low]
    }
}

impl PublishAgain {
    /// From now on the publish like `like` with this key, of at most 255 octets, and these
    /// properties.
    pub fn set(&mut self, like: &PublishLike, routing_key: &[u8], properties: &[u8]) {
        let (start, middle) = (&mut self.start, &mut self.middle);
        start.clear();
        start.extend(like.head(FRAME_METHOD));
        start.extend(octets(like.method.len() + 1 + routing_key.len() + 1));
        start.extend(&like.method);
        start.extend(octets(routing_key.len()).last());
        start.extend(routing_key);
        start.extend([like.flags, FRAME_END]);
        start.extend(like.head(FRAME_HEADER));
        start.extend(octets(HEADER_LEN + properties.len()));
        start.extend(BASIC_HEADER);
        middle.clear();
        middle.extend(properties);
        middle.push(FRAME_END);
        middle.extend(like.head(FRAME_BODY));
    }

    /// No publish from now on.
    pub fn forget(&mut self) {
        self.start.clear();
    }

    /// The body of the publish that `input` begins with, and what is behind it; `None` if it is
    /// another one, is not there yet, or its body is none of one frame with 1 ..= `body_max`
    /// octets.
    #[inline]
    #[must_use]
    pub fn split<'a>(&self, input: &'a [u8], body_max: u32) -> Option<(&'a [u8], &'a [u8])> {
        if self.start.is_empty() {
            return None;
        }
        let rest = input.strip_prefix(&*self.start)?;
        let (size, rest) = rest.split_first_chunk()?;
        let rest = rest.strip_prefix(&*self.middle)?;
        let (len, rest) = rest.split_first_chunk()?;
        let len = u32::from_be_bytes(*len);
        if u64::from_be_bytes(*size) != u64::from(len) || len == 0 || len > body_max {
            return None;
        }
        let (body, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        match rest {
            [FRAME_END, rest @ ..] => Some((body, rest)),
            _ => None,
        }
    }
}

/// A length, which is that of a part of a frame.
fn octets(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

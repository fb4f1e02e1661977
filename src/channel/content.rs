//! Puts a content together: method, header, bodies until the announced size (invariant I6).
//!
//! ```text
//!            basic.publish            header, size > 0
//!   Idle ───────────────────▶ Header ─────────────────▶ Body ─┐ body, more to come
//!    ▲                          │                        │ ▲──┘
//!    └──────────────────────────┴────────────────────────┘
//!           header, size 0                last body
//! ```

use bytes::Bytes;
use leveret_codec::methods::BasicPublish;
use leveret_codec::properties::ContentHeader;
use leveret_codec::reply::ReplyCode;
use leveret_codec::types::ShortByteBuf;

use crate::error::AmqpError;

/// Class `basic`, the only one with content.
const CLASS_BASIC: u16 = 60;
/// Largest body that can be announced, in octets.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/publish/announced_size_beyond_512_mib_is_501.amqp.
const BODY_SIZE_MAX: u64 = 536_870_912;
/// Room that is made for a body at first, in octets, if so much was announced.
const ROOM_MIN: usize = 1024 * 1024;
/// Room that is made later, as a multiple of what has come. More at a time is less to copy, and
/// room that nothing was written to yet takes no memory.
const ROOM_FACTOR: usize = 16;

/// What a publish has said before its header.
#[derive(Clone, Debug)]
pub(super) struct PublishMethod {
    pub(super) exchange: ShortByteBuf,
    pub(super) routing_key: ShortByteBuf,
    pub(super) mandatory: bool,
    pub(super) immediate: bool,
}

/// A content that is complete.
#[derive(Debug)]
pub(super) struct Complete<'a> {
    pub(super) method: PublishMethod,
    /// The properties' octets.
    pub(super) properties: Vec<u8>,
    pub(super) body: ContentBody<'a>,
    /// The content before it went to the same exchange with the same flags.
    pub(super) is_alike: bool,
}

/// A body: one frame's payload, or put together from several.
#[derive(Debug)]
pub(super) enum ContentBody<'a> {
    Frame(&'a [u8]),
    Assembled(Bytes),
}

impl ContentBody<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Frame(body) => body.len(),
            Self::Assembled(body) => body.len(),
        }
    }
}

/// Where a channel is in a content.
#[derive(Debug, Default)]
pub(super) struct Content {
    state: State,
    /// The method of the content at hand; kept between contents so that a publisher to one
    /// exchange and key allocates nothing.
    method: Option<PublishMethod>,
    /// Properties of the content at hand, or of the last one.
    properties: Vec<u8>,
    /// Exchange and flags are those of the content before.
    is_alike: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Header,
    Body {
        /// Octets that have not come.
        left: u64,
        /// Those of them that belong to a frame that has begun to come in parts.
        part: u64,
        assembled: Vec<u8>,
    },
}

impl Content {
    /// A publish begins.
    pub(super) fn begin(&mut self, publish: BasicPublish<'_>) {
        assert!(self.is_idle(), "I6: a publish within a content");
        self.state = State::Header;
        let (mandatory, immediate) = (publish.mandatory, publish.immediate);
        let Some(method) = &mut self.method else {
            self.is_alike = false;
            self.method = Some(PublishMethod {
                exchange: publish.exchange.into(),
                routing_key: publish.routing_key.into(),
                mandatory,
                immediate,
            });
            return;
        };
        let same_exchange = method.exchange == publish.exchange;
        self.is_alike =
            same_exchange && method.mandatory == mandatory && method.immediate == immediate;
        if !same_exchange {
            method.exchange = publish.exchange.into();
        }
        if method.routing_key != publish.routing_key {
            method.routing_key = publish.routing_key.into();
        }
        method.mandatory = mandatory;
        method.immediate = immediate;
    }

    /// Whether no content is open.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Gives the parts of a content back, for the next one.
    #[inline]
    pub(super) fn reuse(&mut self, method: PublishMethod, properties: Vec<u8>) {
        self.method = Some(method);
        self.properties = properties;
    }

    /// A method frame arrives.
    ///
    /// # Errors
    /// 505 if a content is open.
    pub(super) fn check_no_content_open(&self) -> Result<(), AmqpError> {
        match self.state {
            State::Idle => Ok(()),
            State::Header => Err(expected_header("non content header frame")),
            State::Body { .. } => Err(expected_body()),
        }
    }

    /// A header frame arrives.
    ///
    /// # Errors
    /// 505 out of place or of another class, 501 for a size that is too large.
    pub(super) fn on_header<'a>(
        &mut self,
        payload: &'a [u8],
    ) -> Result<Option<Complete<'a>>, AmqpError> {
        match self.state {
            State::Idle => return Err(expected_method()),
            State::Body { .. } => return Err(expected_body()),
            State::Header => {}
        }
        let Ok(header) = ContentHeader::decode(payload) else {
            return Err(expected_header("non content header frame"));
        };
        if header.weight != 0 {
            return Err(expected_header("non content header frame"));
        }
        if header.class_id != CLASS_BASIC {
            return Err(expected_header(&format!(
                "one for class {}",
                header.class_id
            )));
        }
        if header.body_size > BODY_SIZE_MAX {
            return Err(frame_error(format!(
                "content body size {} exceeds maximum allowed size {BODY_SIZE_MAX}",
                header.body_size
            )));
        }
        self.properties.clear();
        self.properties
            .extend_from_slice(header.properties.as_bytes());
        if header.body_size == 0 {
            return Ok(Some(self.complete(ContentBody::Frame(&[]))));
        }
        self.state = State::Body {
            left: header.body_size,
            part: 0,
            assembled: Vec::new(),
        };
        Ok(None)
    }

    /// A body frame arrives.
    ///
    /// # Errors
    /// 505 out of place, 501 past the announced size.
    pub(super) fn on_body<'a>(
        &mut self,
        payload: &'a [u8],
    ) -> Result<Option<Complete<'a>>, AmqpError> {
        let State::Body {
            left, assembled, ..
        } = &mut self.state
        else {
            return Err(self.no_body_due());
        };
        let len = payload.len() as u64;
        if len > *left {
            return Err(too_much_body());
        }
        let whole = *left == len && assembled.is_empty();
        if !whole {
            make_room(assembled, payload.len(), *left);
            assembled.extend_from_slice(payload);
        }
        *left -= len;
        if *left > 0 {
            return Ok(None);
        }
        let body = if whole {
            ContentBody::Frame(payload)
        } else {
            ContentBody::Assembled(std::mem::take(assembled).into())
        };
        Ok(Some(self.complete(body)))
    }

    /// A body frame of `len` octets arrives, to be dropped.
    ///
    /// # Errors
    /// 505 out of place, 501 past the announced size.
    pub(super) fn drop_body(&mut self, len: u64) -> Result<(), AmqpError> {
        let State::Body { left, .. } = &mut self.state else {
            return Err(self.no_body_due());
        };
        if len > *left {
            return Err(too_much_body());
        }
        *left -= len;
        if *left == 0 {
            self.state = State::Idle;
        }
        Ok(())
    }

    /// Keeps nothing of the content at hand but how much of it is to come, without the rest of a
    /// frame that has begun: that goes to no channel.
    pub(super) fn forget(&mut self) {
        self.properties = Vec::new();
        if let State::Body {
            assembled,
            left,
            part,
            ..
        } = &mut self.state
        {
            *assembled = Vec::new();
            *left -= std::mem::take(part);
            if *left == 0 {
                self.state = State::Idle;
            }
        }
    }

    /// 505 for a body frame outside a body.
    fn no_body_due(&self) -> AmqpError {
        match self.state {
            State::Header => expected_header("non content header frame"),
            _ => expected_method(),
        }
    }

    /// A body frame of `size` octets begins. Whether its payload may be given in parts: not if it
    /// is out of place or too long, because the answer to that takes the whole frame.
    pub(super) fn begin_part(&mut self, size: usize) -> bool {
        match &mut self.state {
            State::Body { left, part, .. } if size as u64 <= *left => {
                *part = size as u64;
                true
            }
            _ => false,
        }
    }

    /// The next octets of the frame that has begun.
    pub(super) fn on_part(&mut self, octets: &[u8]) {
        if let State::Body {
            left,
            part,
            assembled,
        } = &mut self.state
        {
            make_room(assembled, octets.len(), *left);
            assembled.extend_from_slice(octets);
            *left -= octets.len() as u64;
            *part -= octets.len() as u64;
        }
    }

    /// The body so far, with room for at least the next octet of the frame that has begun; `None`
    /// if none is missing.
    pub(super) fn room(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.state {
            State::Body {
                left,
                part: 1..,
                assembled,
            } => {
                make_room(assembled, 1, *left);
                Some(assembled)
            }
            _ => None,
        }
    }

    /// `octets` have been read into [`Content::room`]. Those behind the end of the frame are moved
    /// to the end of `input`.
    pub(super) fn on_read(&mut self, octets: usize, input: &mut Vec<u8>) {
        if let State::Body {
            left,
            part,
            assembled,
        } = &mut self.state
        {
            let inside = (*part).min(octets as u64);
            *left -= inside;
            *part -= inside;
            let behind = octets - usize::try_from(inside).unwrap_or(octets);
            let end = assembled.len().saturating_sub(behind);
            input.extend_from_slice(assembled.get(end..).unwrap_or_default());
            assembled.truncate(end);
        }
    }

    /// The frame that had begun is whole.
    pub(super) fn end_part(&mut self) -> Option<Complete<'static>> {
        let State::Body {
            left: 0, assembled, ..
        } = &mut self.state
        else {
            return None;
        };
        let body = std::mem::take(assembled).into();
        Some(self.complete(ContentBody::Assembled(body)))
    }

    /// The last `octets` octets of the body so far.
    pub(super) fn last_octets(&self, octets: usize) -> &[u8] {
        let State::Body { assembled, .. } = &self.state else {
            return &[];
        };
        let from = assembled.len().saturating_sub(octets);
        assembled.get(from..).unwrap_or_default()
    }

    /// Octets of the body at hand that belong to no frame so far; 0 if there is none.
    pub(super) fn missing(&self) -> u64 {
        match self.state {
            State::Body { left, part, .. } => left - part,
            _ => 0,
        }
    }

    #[inline]
    fn complete<'a>(&mut self, body: ContentBody<'a>) -> Complete<'a> {
        self.state = State::Idle;
        let method = self.method.take();
        Complete {
            method: method.expect("a content is complete only after its method"),
            properties: std::mem::take(&mut self.properties),
            body,
            is_alike: self.is_alike,
        }
    }
}

/// Makes room for the next `octets` of the `left` octets that a body misses, unless there is some.
/// Memory follows what has come, not what was announced.
fn make_room(body: &mut Vec<u8>, octets: usize, left: u64) {
    let needed = body.len() + octets;
    if body.capacity() < needed {
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let earned = body.len().saturating_mul(ROOM_FACTOR).max(ROOM_MIN);
        let room = earned.max(needed).min(body.len().saturating_add(left));
        body.reserve_exact(room.saturating_sub(body.len()));
    }
}

fn unexpected_frame(explanation: String) -> AmqpError {
    AmqpError::new(ReplyCode::UnexpectedFrame, explanation)
}

fn expected_method() -> AmqpError {
    unexpected_frame("expected method frame, got non method frame instead".to_owned())
        .in_method(0, 0)
}

fn expected_header(got: &str) -> AmqpError {
    unexpected_frame(format!(
        "expected content header for class {CLASS_BASIC}, got {got} instead"
    ))
    .in_method(60, 40)
}

fn expected_body() -> AmqpError {
    unexpected_frame("expected content body, got non content body frame instead".to_owned())
        .in_method(60, 40)
}

fn too_much_body() -> AmqpError {
    frame_error("content body frame exceeds remaining content size")
}

fn frame_error(explanation: impl Into<String>) -> AmqpError {
    AmqpError::new(ReplyCode::FrameError, explanation).in_method(60, 40)
}

#[cfg(test)]
mod tests;

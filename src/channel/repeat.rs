//! Publishes that differ from the one before in nothing but the body.
//!
//! Most publishers repeat themselves: the same exchange, key and properties, frame by frame the
//! same octets around another body. Once two in a row were the same, what came of them is kept:
//! every check was passed, and the router's answer lasts. The next ones are recognised by comparing
//! octets, as long as nothing has changed that they were checked against; whatever differs goes the
//! plain way, which is the measure of this one.

use leveret_codec::frame::{FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD};
use leveret_codec::types::ChannelId;

use super::content::ContentBody;
use super::publish::{Checked, HELD_MAX};
use super::{Channel, Context};
use crate::message::{LARGE_BODY, Template};
use crate::vhost::Routes;

/// Class id of basic, and the weight that is always 0.
const BASIC_HEADER: [u8; 4] = [0, 60, 0, 0];

/// What is known of the last publish and holds for the next one, if that is the same.
pub(super) struct Repeat {
    pub(super) times: Times,
    pub(super) frames: Frames,
    pub(super) template: Template,
    pub(super) routes: Routes,
}

/// As long as these stay, nothing has changed that a publish is checked against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    topology: u64,
    rights: u64,
}

impl Times {
    #[inline]
    pub(super) fn now(cx: &Context<'_>) -> Self {
        Self {
            topology: cx.session.vhost.generation(),
            rights: cx.session.broker.auth.generation(),
        }
    }
}

/// The three frames of a publish, without what may differ.
pub(super) struct Frames {
    /// Up to the size of the body.
    start: Vec<u8>,
    /// From the properties to the length of the body's frame.
    middle: Vec<u8>,
}

impl Frames {
    /// Those of a publish with this method and these properties.
    pub(super) fn new(channel: ChannelId, method: &[u8], properties: &[u8]) -> Self {
        let mut start = head(FRAME_METHOD, channel).to_vec();
        start.extend(octets(method.len()));
        start.extend(method);
        start.push(FRAME_END);
        start.extend(head(FRAME_HEADER, channel));
        start.extend(octets(
            BASIC_HEADER.len() + size_of::<u64>() + properties.len(),
        ));
        start.extend(BASIC_HEADER);
        let mut middle = properties.to_vec();
        middle.push(FRAME_END);
        middle.extend(head(FRAME_BODY, channel));
        Self { start, middle }
    }

    /// The body of the publish that `input` begins with, and how many octets the publish takes;
    /// `None` if it is another one, is not there yet, or its body is none of one frame with
    /// 1 ..= `body_max` octets.
    #[inline]
    pub(super) fn split<'a>(&self, input: &'a [u8], body_max: u32) -> Option<(&'a [u8], usize)> {
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
            [FRAME_END, rest @ ..] => Some((body, input.len() - rest.len())),
            _ => None,
        }
    }
}

/// The first octets of a frame.
fn head(kind: u8, channel: ChannelId) -> [u8; 3] {
    let [high, low] = channel.0.to_be_bytes();
    [kind, high, low]
}

/// A length, which is that of a part of a frame.
fn octets(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

impl Channel {
    /// Publishes what `input` begins with, as long as it repeats the last publish; returns how
    /// many octets that took. Stops now and then, to be called again.
    ///
    /// `payload_max`: as for the decoder of frames.
    pub fn publish_repeats(
        &mut self,
        input: &[u8],
        payload_max: u32,
        cx: &mut Context<'_>,
    ) -> usize {
        let env = cx.session.vhost.env();
        let is_plain =
            self.content.is_idle() && self.transaction.is_none() && !env.events.listening();
        let publisher = &mut self.publisher;
        let Some(repeat) = publisher.repeat.as_mut().filter(|_| is_plain) else {
            return 0;
        };
        if repeat.times != Times::now(cx) {
            return 0;
        }
        let size_max = u32::try_from(env.settings.max_message_size).unwrap_or(u32::MAX);
        let small_max = u32::try_from(LARGE_BODY - 1).unwrap_or(u32::MAX);
        let body_max = payload_max.min(size_max).min(small_max);
        let mut rest = input;
        while publisher.held.len() < HELD_MAX
            && let Some((body, octets)) = repeat.frames.split(rest, body_max)
        {
            let message = repeat.template.message(body);
            publisher.held.push(message, &repeat.routes);
            if let Some(confirms) = &mut self.confirms {
                publisher.numbers.push(confirms.number());
            }
            rest = rest.get(octets..).unwrap_or_default();
        }
        self.flush_if_full(cx);
        input.len() - rest.len()
    }

    /// Publishes one message whose method and properties are known to be those of the last one;
    /// `false` if what is known of that is not enough.
    pub(super) fn publish_again(&mut self, body: &ContentBody<'_>, cx: &mut Context<'_>) -> bool {
        let ContentBody::Frame(body) = *body else {
            return false;
        };
        let Some(repeat) = &mut self.publisher.repeat else {
            return false;
        };
        let size_max = cx.session.vhost.env().settings.max_message_size;
        let holds = repeat.times == Times::now(cx)
            && body.len() < LARGE_BODY
            && body.len() as u64 <= size_max;
        if !holds {
            return false;
        }
        let checked = Checked {
            message: repeat.template.message(body),
            routes: Routes::clone(&repeat.routes),
            mandatory: false,
            held_back: false,
            number: self.confirms.as_mut().map(super::Confirms::number),
        };
        self.hold(checked, cx);
        true
    }
}

//! Publishes like the one before: to the same exchange, with the same flags.
//!
//! Most publishers repeat themselves: frame by frame the same octets around another body, or around
//! another key or other properties. Once two in a row went to the same exchange, what was found
//! out about them is kept. The next ones are recognised by comparing octets, or taken apart without
//! the decoder: a key that is another one is looked up among the router's answers, and its topic is
//! checked; properties that are other ones are checked in full. All else holds as long as nothing
//! has changed that it was checked against. Whatever is not as expected goes the plain way, which
//! is the measure of this one, and says what is wrong.

use std::sync::Arc;

use leveret_codec::frame::{FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ChannelId;

use super::publish::{Checked, HELD_MAX};
use super::{Channel, Context};
use crate::desk::publish::{self, Change, ExtraKeys, Times};
use crate::message::{LARGE_BODY, Message, Template};
use crate::vhost::{Answer, Exchange, Routes};

/// Class id and method id of basic.publish, and a ticket of 0, which is what everybody sends.
const BASIC_PUBLISH: [u8; 6] = [0, 60, 0, 40, 0, 0];
/// Class id of basic, and the weight that is always 0.
const BASIC_HEADER: [u8; 4] = [0, 60, 0, 0];
/// Octets of a header in front of its properties.
const HEADER_LEN: usize = BASIC_HEADER.len() + size_of::<u64>();
/// Frames of a publish that is taken here.
const FRAMES: u64 = 3;
/// The flag of basic.publish that asks for messages without a queue to be returned.
const MANDATORY: u8 = 1;

/// What is known of the last publish and holds for the next one, if that is like it.
pub(super) struct Repeat {
    times: Times,
    exchange: Arc<Exchange>,
    mandatory: bool,
    /// The exchange is one with topics, and the user may not write to all of them.
    is_restricted: bool,
    shape: Shape,
    frames: Frames,
    /// Has key and properties of the last publish.
    template: Template,
    /// Where its key leads, if every message with this key goes to these queues.
    routes: Option<Routes>,
    /// Has been of use since it was made, or since another publish would have been better kept.
    is_useful: bool,
}

/// The frames of the last publish, without what may differ, as long as publishes repeat it: to
/// compare them is quicker than to take them apart.
#[derive(Default)]
struct Frames {
    /// Up to the size of the body; empty for none.
    start: Vec<u8>,
    /// From the properties to the length of the body's frame.
    middle: Vec<u8>,
}

impl Frames {
    /// From now on those of a publish of this shape, with what `template` has.
    fn set(&mut self, shape: &Shape, template: &Template) {
        let (key, properties) = (template.routing_key(), template.properties());
        let (start, middle) = (&mut self.start, &mut self.middle);
        start.clear();
        start.extend(shape.head(FRAME_METHOD));
        start.extend(octets(shape.method.len() + 1 + key.len() + 1));
        start.extend(&shape.method);
        start.extend(octets(key.len()).last());
        start.extend(key);
        start.extend([shape.flags, FRAME_END]);
        start.extend(shape.head(FRAME_HEADER));
        start.extend(octets(HEADER_LEN + properties.len()));
        start.extend(BASIC_HEADER);
        middle.clear();
        middle.extend(properties);
        middle.push(FRAME_END);
        middle.extend(shape.head(FRAME_BODY));
    }

    fn forget(&mut self) {
        self.start.clear();
    }

    /// The body of the publish that `input` begins with, and what is behind it; `None` if it is
    /// another one, is not there yet, or its body is none of one frame with 1 ..= `body_max`
    /// octets.
    #[inline]
    fn split<'a>(&self, input: &'a [u8], body_max: u32) -> Option<(&'a [u8], &'a [u8])> {
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

/// What publishes to an exchange have in common.
#[derive(Default)]
struct Shape {
    channel: [u8; 2],
    /// The method up to the exchange.
    method: Vec<u8>,
    /// The flags behind the key.
    flags: u8,
}

/// A publish whose body is one frame.
struct Parts<'a> {
    key: &'a [u8],
    properties: &'a [u8],
    body: &'a [u8],
    /// What is behind it.
    rest: &'a [u8],
}

/// The longest frames and bodies of a publish that is taken here, in octets.
#[derive(Clone, Copy)]
struct Longest {
    payload: u32,
    body: u32,
}

impl Shape {
    fn new(channel: ChannelId, exchange: &str, mandatory: bool) -> Self {
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
    fn split<'a>(&self, input: &'a [u8], longest: Longest) -> Option<Parts<'a>> {
        let (method, rest) = self.frame(FRAME_METHOD, input)?;
        let (key_len, method) = method.strip_prefix(&*self.method)?.split_first()?;
        let (key, flags) = method.split_at_checked(usize::from(*key_len))?;
        let (header, rest) = self.frame(FRAME_HEADER, rest)?;
        let (size, properties) = header.strip_prefix(&BASIC_HEADER)?.split_first_chunk()?;
        let (body, rest) = self.frame(FRAME_BODY, rest)?;
        let as_expected = flags == [self.flags]
            && header.len() as u64 <= u64::from(longest.payload)
            && u64::from_be_bytes(*size) == body.len() as u64
            && !body.is_empty()
            && body.len() as u64 <= u64::from(longest.body);
        as_expected.then_some(Parts {
            key,
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

impl Repeat {
    /// The body of the publish that `input` begins with, and what is behind it, if that publish
    /// has passed every check once its key has a way. The template is set to it then.
    #[inline]
    fn next<'a>(
        &mut self,
        input: &'a [u8],
        longest: Longest,
        cx: &mut Context<'_>,
    ) -> Option<(&'a [u8], &'a [u8])> {
        let again = self.frames.split(input, longest.body);
        again.or_else(|| self.next_other(input, longest, cx))
    }

    fn next_other<'a>(
        &mut self,
        input: &'a [u8],
        longest: Longest,
        cx: &mut Context<'_>,
    ) -> Option<(&'a [u8], &'a [u8])> {
        let parts = self.shape.split(input, longest)?;
        let same_properties = *self.template.properties() == *parts.properties;
        let same_key = *self.template.routing_key() == *parts.key;
        if same_properties && same_key {
            self.frames.set(&self.shape, &self.template);
            return Some((parts.body, parts.rest));
        }
        self.frames.forget();
        let other_key = self.is_restricted && !same_key;
        let change = Change {
            routing_key: other_key.then_some(parts.key),
            properties: (!same_properties).then(|| PropertiesRef::new(parts.properties)),
        };
        if let Some(traits) = publish::check_change(cx.session, &self.exchange, change)? {
            self.template.set_properties(parts.properties, traits);
        }
        if !same_key {
            self.turn_to(parts.key, cx);
        }
        Some((parts.body, parts.rest))
    }

    /// Takes over another key, which the user may write to.
    fn turn_to(&mut self, key: &[u8], cx: &mut Context<'_>) {
        let kept = &mut cx.bench.routes;
        let found = kept.find(self.times, &self.exchange, key);
        match (&mut self.routes, found.filter(|routes| !routes.is_empty())) {
            (Some(routes), Some(found)) if Arc::ptr_eq(routes, found) => {}
            (routes, found) => *routes = found.map(Arc::clone),
        }
        self.template.set_routing_key(key);
    }
}

impl Channel {
    /// Keeps what is known of a publish that passed the checks at `times`, and is one of several
    /// to `exchange`. It has no keys but its routing key, and its properties are as they came.
    pub(super) fn keep(
        &mut self,
        times: Times,
        exchange: Arc<Exchange>,
        mandatory: bool,
        message: &Message,
        cx: &Context<'_>,
    ) {
        if let Some(repeat) = &mut self.publisher.repeat
            && repeat.times == times
        {
            let is_known =
                repeat.mandatory == mandatory && Arc::ptr_eq(&repeat.exchange, &exchange);
            // Of two exchanges in turn one is known, instead of none.
            if is_known || std::mem::take(&mut repeat.is_useful) {
                return;
            }
        }
        let mut template = Template::default();
        template.imitate(message);
        self.publisher.repeat = Some(Box::new(Repeat {
            times,
            mandatory,
            is_restricted: publish::is_restricted(cx.session, &exchange),
            shape: Shape::new(self.id, &exchange.spec.name, mandatory),
            frames: Frames::default(),
            template,
            routes: None,
            is_useful: false,
            exchange,
        }));
    }

    /// Publishes what `input` begins with, as long as it is like the last publish; returns how
    /// many octets that took. Stops now and then, to be called again.
    ///
    /// `payload_max`: as for the decoder of frames.
    pub fn publish_row(&mut self, input: &[u8], payload_max: u32, cx: &mut Context<'_>) -> usize {
        let is_plain =
            self.content.is_idle() && self.transaction.is_none() && !cx.bench.one_by_one();
        let times = Times::now(cx.session);
        let known = |repeat: &mut Box<Repeat>| is_plain && repeat.times == times;
        let Some(mut repeat) = self.publisher.repeat.take_if(known) else {
            return 0;
        };
        let taken = self.publish_like(&mut repeat, input, payload_max, cx);
        self.publisher.repeat = Some(repeat);
        self.flush_if_full(cx);
        taken
    }

    /// Until there is a reason to look around: publishes were flushed, or one was returned.
    fn publish_like(
        &mut self,
        repeat: &mut Repeat,
        input: &[u8],
        payload_max: u32,
        cx: &mut Context<'_>,
    ) -> usize {
        let max = cx.session.vhost.env().settings.max_message_size;
        let size_max = u32::try_from(max).unwrap_or(u32::MAX);
        let small_max = u32::try_from(LARGE_BODY - 1).unwrap_or(u32::MAX);
        let longest = Longest {
            payload: payload_max,
            body: payload_max.min(size_max).min(small_max),
        };
        let listening = cx.session.vhost.env().events.listening();
        let mut rest = input;
        let mut publishes = 0;
        while self.publisher.held.len() < HELD_MAX
            && let Some((body, behind)) = repeat.next(rest, longest, cx)
        {
            publishes += 1;
            let message = repeat.template.message(body);
            rest = behind;
            if let Some(routes) = &repeat.routes {
                if listening {
                    let vhost = &cx.session.vhost;
                    vhost.emit_routed(cx.now, &message, routes, repeat.mandatory);
                }
                self.publisher.held.push(message, routes);
                let confirms = self.confirms.as_mut();
                let number = confirms.map(super::Confirms::number);
                self.publisher.numbers.extend(number);
            } else {
                self.publish_anew(repeat, message, cx);
                break;
            }
        }
        cx.bench.frames_in += publishes * FRAMES;
        repeat.is_useful |= rest.len() < input.len();
        input.len() - rest.len()
    }

    /// Publishes a message whose way the router is asked for.
    fn publish_anew(&mut self, repeat: &mut Repeat, message: Message, cx: &mut Context<'_>) {
        let number = self.confirms.as_mut().map(super::Confirms::number);
        let Answer {
            routes,
            held_back,
            lasting,
        } = Self::routes(
            repeat.times,
            &repeat.exchange,
            &message,
            ExtraKeys::None,
            cx,
        );
        if lasting && !routes.is_empty() {
            repeat.routes = Some(Arc::clone(&routes));
        }
        let checked = Checked {
            message,
            routes,
            mandatory: repeat.mandatory && !held_back,
            held_back,
            number,
        };
        self.place_later(checked, cx);
    }
}

//! Publishes like the one before: to the same exchange, with the same flags.
//!
//! Most publishers repeat themselves: frame by frame the same octets around another body, or around
//! another key or other properties. Once two in a row went to the same exchange, what was found
//! out about them is kept. The codec recognises the next ones by comparing octets, or takes them
//! apart without decoding (`leveret_codec::repeat`): a key that is another one is looked up among
//! the router's answers, and its topic is checked; properties that are other ones are checked in
//! full. All else holds as long as nothing has changed that it was checked against. Whatever is
//! not as expected goes the plain way, which is the measure of this one, and says what is wrong.

use std::sync::Arc;

use leveret_codec::properties::PropertiesRef;
use leveret_codec::repeat::{PUBLISH_FRAMES, PublishAgain, PublishLike, PublishMax, PublishParts};

use super::publish::{Checked, HELD_MAX};
use super::{Channel, Context};
use crate::desk::publish::{self, Change, ExtraKeys, Times};
use crate::message::{LARGE_BODY, Message, Template};
use crate::vhost::{Answer, Exchange, Routes};

/// What is known of the last publish and holds for the next one, if that is like it.
pub(super) struct Repeat {
    times: Times,
    exchange: Arc<Exchange>,
    mandatory: bool,
    /// The exchange is one with topics, and the user may not write to all of them.
    is_restricted: bool,
    like: PublishLike,
    /// The last publish, as long as publishes repeat it.
    again: PublishAgain,
    /// Has key and properties of the last publish.
    template: Template,
    /// Where its key leads, if every message with this key goes to these queues.
    routes: Option<Routes>,
    /// Has been of use since it was made, or since another publish would have been better kept.
    is_useful: bool,
}

impl Repeat {
    /// The body of the publish that `input` begins with, and what is behind it, if that publish
    /// has passed every check once its key has a way. The template is set to it then.
    #[inline]
    fn next<'a>(
        &mut self,
        input: &'a [u8],
        longest: PublishMax,
        cx: &mut Context<'_>,
    ) -> Option<(&'a [u8], &'a [u8])> {
        let again = self.again.split(input, longest.body);
        again.or_else(|| self.next_other(input, longest, cx))
    }

    fn next_other<'a>(
        &mut self,
        input: &'a [u8],
        longest: PublishMax,
        cx: &mut Context<'_>,
    ) -> Option<(&'a [u8], &'a [u8])> {
        let PublishParts {
            routing_key: key,
            properties,
            body,
            rest,
        } = self.like.split(input, longest)?;
        let same_properties = *self.template.properties() == *properties;
        let same_key = *self.template.routing_key() == *key;
        if same_properties && same_key {
            self.again.set(&self.like, key, properties);
            return Some((body, rest));
        }
        self.again.forget();
        let other_key = self.is_restricted && !same_key;
        let change = Change {
            routing_key: other_key.then_some(key),
            properties: (!same_properties).then(|| PropertiesRef::new(properties)),
        };
        if let Some(traits) = publish::check_change(cx.session, &self.exchange, change)? {
            self.template.set_properties(properties, traits);
        }
        if !same_key {
            self.turn_to(key, cx);
        }
        Some((body, rest))
    }

    /// Takes over another key, which the user may write to.
    fn turn_to(&mut self, key: &[u8], cx: &mut Context<'_>) {
        let kept = &mut cx.tools.routes;
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
        exchange: &Arc<Exchange>,
        mandatory: bool,
        message: &Message,
        cx: &Context<'_>,
    ) {
        if let Some(repeat) = &mut self.publisher.repeat
            && repeat.times == times
        {
            let is_known = repeat.mandatory == mandatory && Arc::ptr_eq(&repeat.exchange, exchange);
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
            is_restricted: publish::is_restricted(cx.session, exchange),
            like: PublishLike::new(
                self.id,
                exchange.spec.name.as_short().as_octets(),
                mandatory,
            ),
            again: PublishAgain::default(),
            template,
            routes: None,
            is_useful: false,
            exchange: Arc::clone(exchange),
        }));
    }

    /// Publishes what `input` begins with, as long as it is like the last publish; returns how
    /// many octets that took. Stops now and then, to be called again.
    ///
    /// `payload_max`: as for the decoder of frames.
    pub fn publish_row(&mut self, input: &[u8], payload_max: u32, cx: &mut Context<'_>) -> usize {
        let is_plain =
            self.content.is_idle() && self.transaction.is_none() && !cx.tools.one_by_one();
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
        let max = cx.session.vhost.env().live.max_message_size();
        let size_max = u32::try_from(max).unwrap_or(u32::MAX);
        let small_max = u32::try_from(LARGE_BODY - 1).unwrap_or(u32::MAX);
        let longest = PublishMax {
            payload: payload_max,
            body: payload_max.min(size_max).min(small_max),
        };
        let mut rest = input;
        let before = self.publisher.held.len();
        let mut other = None;
        let sizes = &cx.session.tally.sizes;
        self.publisher.held.published_to(&repeat.exchange.tally);
        while self.publisher.held.len() < HELD_MAX
            && let Some((body, behind)) = repeat.next(rest, longest, cx)
        {
            let message = repeat.template.message(body);
            rest = behind;
            let Some(routes) = &repeat.routes else {
                other = Some(message);
                break;
            };
            self.publisher.sizes.add(body.len(), sizes);
            self.publisher.held.push(message, routes);
        }
        let known = self.publisher.held.len() - before;
        if let Some(confirms) = &mut self.confirms {
            let numbers = std::iter::repeat_with(|| confirms.number());
            self.publisher.numbers.extend(numbers.take(known));
        }
        cx.tools.frames_in += (known as u64 + u64::from(other.is_some())) * PUBLISH_FRAMES;
        if let Some(message) = other {
            self.publish_anew(repeat, message, cx);
        }
        repeat.is_useful |= rest.len() < input.len();
        input.len() - rest.len()
    }

    /// Publishes a message whose way the router is asked for.
    fn publish_anew(&mut self, repeat: &mut Repeat, message: Message, cx: &mut Context<'_>) {
        let number = self.confirms.as_mut().map(super::Confirms::number);
        let Answer {
            routes,
            delayed,
            lasting,
            delays,
        } = self.routes(
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
            exchange: Arc::clone(&repeat.exchange),
            message,
            routes,
            mandatory: repeat.mandatory && delayed.is_none(),
            delayed,
            delays,
            number,
        };
        self.place_later(checked, cx);
    }
}

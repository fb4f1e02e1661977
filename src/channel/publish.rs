//! basic.publish: RabbitMQ's checks in RabbitMQ's order, then held until the end of the batch.
//!
//! Spec: AMQP 0-9-1 `basic.publish`. Seen: RabbitMQ 4.3.6, tests/scripts/publish and
//! tests/scripts/mandatory.

use std::sync::Arc;

use leveret_codec::methods::{BasicReturn, Method};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::reply::ReplyCode;
use leveret_codec::types::{ShortStr, ShortString};

use super::content::{Complete, ContentBody, PublishMethod};
use super::repeat::Repeat;
use super::{Channel, Context};
use crate::desk::publish::{self, Content, Draft, ExtraKeys, Passed, Times};
use crate::error::AmqpError;
use crate::message::{Body, LARGE_BODY, Message, routing_keys};
use crate::queue::returned_properties;
use crate::store::Position;
use crate::tally::SizeRun;
use crate::turns;
use crate::vhost::{Answer, Delay, Exchange, Placed, Publishes, Question, Routes};

/// Publishes held before they are placed without waiting for the end of the batch.
pub(super) const HELD_MAX: usize = 256;

/// Copies for queues that are placed together; with them the rest waits for the next batch.
const PUSHES_MAX: usize = 4096;

/// Publishes of a transaction that are placed together, if they are for a queue each.
const COMMIT_PIECE: usize = 4096;

/// Publishes on their way, and the last answer of the router.
#[derive(Default)]
pub(super) struct Publisher {
    pub(super) held: Publishes,
    /// Confirm numbers of `held`, when the channel is in confirm mode.
    pub(super) numbers: Vec<u64>,
    placed: Vec<Placed>,
    /// How far the store must be for what exchanges keep of `held`.
    kept: Position,
    /// Sizes of bodies in `held` that are not counted yet.
    pub(super) sizes: SizeRun,
    pub(super) repeat: Option<Box<Repeat>>,
}

/// A publish that passed the checks.
pub(super) struct Checked {
    /// Where it counts.
    pub(super) exchange: Arc<Exchange>,
    pub(super) message: Message,
    pub(super) routes: Routes,
    pub(super) mandatory: bool,
    /// An exchange keeps it for later, in the store up to this position: having nowhere to go is
    /// no news then.
    pub(super) delayed: Option<Position>,
    /// Exchanges that are to keep it once its transaction is committed.
    pub(super) delays: Box<[Delay]>,
    pub(super) number: Option<u64>,
}

impl Checked {
    /// Whether any queue gets it.
    pub(super) fn is_routed(&self) -> bool {
        !self.routes.is_empty()
    }
}

impl Channel {
    /// A publish whose content is complete.
    pub(super) fn publish(
        &mut self,
        complete: Complete<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let Complete {
            method,
            properties,
            body,
            is_alike,
        } = complete;
        let result = self.check_and_hold(&method, &properties, body, is_alike, cx);
        self.content.reuse(method, properties);
        if result.is_err() {
            // What was published before the mistake stays published.
            self.flush_publishes(cx);
        }
        result
    }

    fn check_and_hold(
        &mut self,
        method: &PublishMethod,
        properties: &[u8],
        body: ContentBody<'_>,
        is_alike: bool,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        // Asked first, so that what changes from now on is noticed by the next publish.
        let times = Times::now(cx.session);
        if method.immediate {
            return Err(AmqpError::not_implemented("immediate=true"));
        }
        let draft = Draft {
            exchange: method.exchange.as_short(),
            routing_key: method.routing_key.as_short(),
            properties: PropertiesRef::new(properties),
            body_len: body.len(),
            reply_name: self.consumers.reply_name().map(ShortString::as_short),
        };
        let known = cx.tools.routes.exchange(times, draft.exchange);
        let Passed { exchange, content } = publish::check(cx.session, &draft, known)?;
        let Content {
            traits,
            extra_keys,
            rewritten,
        } = content;
        let properties = match &rewritten {
            Some(octets) => PropertiesRef::new(octets),
            None => draft.properties,
        };
        let number = self.confirms.as_mut().map(super::Confirms::number);
        let body = match &body {
            ContentBody::Frame(frame) if frame.len() < LARGE_BODY => Body::Copied(frame),
            ContentBody::Frame(frame) => Body::Shared(bytes::Bytes::copy_from_slice(frame)),
            ContentBody::Assembled(body) => Body::by_size(body),
        };
        let (name, key) = (draft.exchange, draft.routing_key);
        let message = cx.tools.builder.build(name, key, properties, body, traits);
        let Answer {
            routes,
            delayed,
            delays,
            ..
        } = self.routes(times, &exchange, &message, extra_keys, cx);
        if is_alike && rewritten.is_none() && extra_keys == ExtraKeys::None {
            self.keep(times, &exchange, method.mandatory, &message, cx);
        }
        // Where a delayed message will go is not known yet, so it is never returned.
        let mandatory = method.mandatory && delayed.is_none();
        self.hold(
            Checked {
                exchange,
                message,
                routes,
                mandatory,
                delayed,
                delays,
                number,
            },
            cx,
        );
        Ok(())
    }

    /// Where `message` goes, kept or asked for.
    pub(super) fn routes(
        &mut self,
        times: Times,
        exchange: &Arc<Exchange>,
        message: &Message,
        extra_keys: ExtraKeys,
        cx: &mut Context<'_>,
    ) -> Answer {
        let vhost = &cx.session.vhost;
        let in_transaction = self.transaction.is_some();
        let route = |now, exchange: &Arc<Exchange>, question: Question<'_>| match in_transaction {
            true => vhost.route_ahead(now, exchange, question),
            false => vhost.route(now, exchange, question),
        };
        let key = message.routing_key();
        let kept = &mut cx.tools.routes;
        if extra_keys == ExtraKeys::Some {
            let keys = routing_keys(message);
            let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
            kept.keep(times, exchange, None);
            let publisher = self.heard_party(cx.session);
            let question = Question {
                keys: &keys,
                message,
                publisher: publisher.as_ref(),
                from: None,
            };
            return route(cx.now, exchange, question);
        }
        if let Some(routes) = kept.find(times, exchange, &key) {
            return Answer {
                routes: Arc::clone(routes),
                lasting: true,
                delayed: None,
                delays: Box::default(),
            };
        }
        let publisher = self.heard_party(cx.session);
        let question = Question {
            keys: &[&*key],
            message,
            publisher: publisher.as_ref(),
            from: None,
        };
        let answer = route(cx.now, exchange, question);
        let lasting = answer.lasting.then_some((&*key, &answer.routes));
        kept.keep(times, exchange, lasting);
        answer
    }

    pub(super) fn hold(&mut self, checked: Checked, cx: &mut Context<'_>) {
        match self.transaction {
            Some(_) => self.hold_uncommitted(checked, cx),
            None => self.place_later(checked, cx),
        }
    }

    /// Holds a publish until its transaction is committed. The firehose has it at once.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/firehose/a_transaction_is_copied_before_its_commit.amqp.
    fn hold_uncommitted(&mut self, checked: Checked, cx: &mut Context<'_>) {
        cx.session.tally.published.raise(1);
        cx.session.tally.published_confirm.raise(1);
        cx.session.tally.sizes.raise(checked.message.body_len(), 1);
        if let Some(party) = self.heard_party(cx.session) {
            let (message, routes) = (&checked.message, &checked.routes);
            let vhost = &cx.session.vhost;
            vhost.trace_publish(cx.now, &party, message, routes);
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.publish(checked);
        }
    }

    /// Returns an unroutable message if it is mandatory; holds the rest for the end of the batch.
    pub(super) fn place_later(&mut self, checked: Checked, cx: &mut Context<'_>) {
        let Checked {
            exchange,
            message,
            routes,
            mandatory,
            delayed,
            number,
            ..
        } = checked;
        if routes.is_empty() && delayed.is_none() {
            if cx.session.vhost.env().events.listening() {
                self.publisher.held.note_unroutable(mandatory);
            }
            self.unroutable(&exchange, &message, mandatory, cx);
        }
        self.publisher.held.published_to(&exchange.tally);
        let sizes = &cx.session.tally.sizes;
        self.publisher.sizes.add(message.body_len(), sizes);
        self.publisher.held.push(message, &routes);
        self.publisher.kept = self.publisher.kept.max(delayed.unwrap_or_default());
        self.publisher.numbers.extend(number);
        self.flush_if_full(cx);
    }

    #[inline]
    pub(super) fn flush_if_full(&mut self, cx: &mut Context<'_>) {
        let held = &self.publisher.held;
        if held.len() >= HELD_MAX || held.pushes() >= PUSHES_MAX {
            self.flush_publishes(cx);
        }
    }

    /// A message without a queue goes back to its publisher if it is mandatory, and else nowhere.
    fn unroutable(
        &mut self,
        exchange: &Exchange,
        message: &Message,
        mandatory: bool,
        cx: &mut Context<'_>,
    ) {
        let tally = &cx.session.tally;
        self.exchanges.unroutable(&exchange.tally, mandatory);
        if mandatory {
            self.counters.returned_unroutable += 1;
            tally.returned_unroutable.raise(1);
            self.send_return(message, cx);
        } else {
            self.counters.dropped_unroutable += 1;
            tally.dropped_unroutable.raise(1);
        }
    }

    fn send_return(&self, message: &Message, cx: &mut Context<'_>) {
        let method: Method<'_> = BasicReturn {
            reply_code: ReplyCode::NoRoute.number(),
            reply_text: ShortStr::literal("NO_ROUTE"),
            exchange: message.exchange(),
            routing_key: message.routing_key(),
        }
        .into();
        let rewritten = returned_properties(message);
        let properties = match &rewritten {
            Some(octets) => PropertiesRef::new(octets),
            None => message.properties(),
        };
        cx.outbox.content(self.id, &method, properties, message);
    }

    /// Places what is held and confirms what can be confirmed. What comes back to consumers of this
    /// channel is delivered before that.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/confirm/own_deliveries_come_before_the_ack.amqp.
    pub(super) fn flush_publishes(&mut self, cx: &mut Context<'_>) {
        if self.publisher.held.is_empty() {
            return;
        }
        self.place_held(cx);
        if self.confirms.is_some() {
            self.read_mail_early(cx);
        }
        self.send_confirms(cx);
    }

    /// Places what is held.
    pub(super) fn place_held(&mut self, cx: &mut Context<'_>) {
        if self.publisher.held.is_empty() {
            return;
        }
        let party = self.heard_party(cx.session);
        self.count_held(cx);
        let publisher = &mut self.publisher;
        let held = publisher.held.len();
        assert!(held <= HELD_MAX, "I11: {held} publishes are held");
        if let Some(party) = party {
            publisher.held.published_by(party);
        }
        let copies = cx
            .session
            .vhost
            .place(cx.now, &mut publisher.held, &mut publisher.placed);
        cx.session.tally.routed.raise(copies as u64);
        let kept = std::mem::take(&mut publisher.kept);
        if kept > Position::default() {
            // The whole batch is confirmed together, so that positions do not fall within it.
            let positions = publisher.placed.iter().map(Placed::position);
            let last = positions.fold(kept, Position::max);
            for placed in &mut publisher.placed {
                placed.wait_for(last);
            }
        }
        note_staged(&publisher.placed, cx);
        if let Some(confirms) = &mut self.confirms {
            let durable = cx.session.vhost.env().store.durable();
            for (number, placed) in publisher.numbers.iter().zip(&publisher.placed) {
                confirms.placed(*number, *placed, durable);
            }
        }
        publisher.numbers.clear();
        publisher.placed.clear();
    }

    /// Counts the channel as a publisher, if it has not published before.
    fn note_publisher(&self, cx: &Context<'_>) {
        if self.counters.published == 0 {
            cx.session.tally.publishers_begun.raise(1);
        }
    }

    /// Counts what is held as published.
    fn count_held(&mut self, cx: &Context<'_>) {
        self.note_publisher(cx);
        let publisher = &mut self.publisher;
        let held = publisher.held.len() as u64;
        let tally = &cx.session.tally;
        self.counters.published += held;
        tally.published.raise(held);
        publisher.sizes.give(&tally.sizes);
        let Some(confirms) = &mut self.confirms else {
            let exchanges = &mut self.exchanges;
            let published = |exchange: &_, messages| exchanges.published(exchange, messages as u64);
            publisher.held.by_exchange(published);
            return;
        };
        tally.published_confirm.raise(held);
        let mut number = publisher.numbers.first().map_or(0, |first| first - 1);
        publisher.held.by_exchange(|exchange, messages| {
            self.exchanges.published(exchange, messages as u64);
            number += messages as u64;
            confirms.published_to(exchange, number);
        });
    }

    #[inline]
    pub(super) fn send_confirms(&mut self, cx: &mut Context<'_>) {
        if self.confirms.is_some() {
            self.send_confirms_due(cx);
        }
    }

    #[inline(never)]
    fn send_confirms_due(&mut self, cx: &mut Context<'_>) {
        if let Some(confirms) = &mut self.confirms {
            let confirmed = confirms.send(self.id, &mut self.exchanges, cx.outbox);
            cx.session.tally.confirmed.raise(confirmed);
        }
    }

    /// Places some publishes of a transaction; says whether every queue took them, and up to where
    /// the store must be durable before the commit is true.
    pub(super) fn place_some(
        &mut self,
        publishes: &mut std::vec::IntoIter<Checked>,
        cx: &mut Context<'_>,
    ) -> Placed {
        let mut run = self.publisher.held.part();
        let mut kept = Position::default();
        let party = self.heard_party(cx.session);
        while run.len() < COMMIT_PIECE
            && run.pushes() < PUSHES_MAX
            && let Some(checked) = publishes.next()
        {
            for delay in &checked.delays {
                kept = kept.max(delay.begin(cx.now, &checked.message, party.as_ref()));
            }
            if checked.routes.is_empty() && checked.delayed.is_none() {
                if party.is_some() {
                    run.note_unroutable(checked.mandatory);
                }
                self.unroutable(&checked.exchange, &checked.message, checked.mandatory, cx);
            }
            run.published_to(&checked.exchange.tally);
            run.push(checked.message, &checked.routes);
        }
        turns::spend(run.len());
        if !run.is_empty() {
            self.note_publisher(cx);
        }
        self.counters.published += run.len() as u64;
        let exchanges = &mut self.exchanges;
        run.by_exchange(|exchange, messages| exchanges.published(exchange, messages as u64));
        if let Some(party) = party {
            run.committed_by(party);
        }
        let mut placed = Vec::with_capacity(run.len());
        let copies = cx.session.vhost.place(cx.now, &mut run, &mut placed);
        self.publisher.held.join(run);
        cx.session.tally.routed.raise(copies as u64);
        note_staged(&placed, cx);
        placed.into_iter().fold(Placed::Accepted(kept), Placed::and)
    }
}

/// Notes how far the store is to go for what this batch has published.
fn note_staged(placed: &[Placed], cx: &mut Context<'_>) {
    let last = placed.iter().map(Placed::position).max();
    cx.tools.staged = cx.tools.staged.max(last.unwrap_or_default());
}

//! Messages without a channel: published one at a time, and looked at where they wait.
//!
//! Publishing goes through the list of checks in [`super::publish`] and then the way of every
//! message: routed, stored once, pushed into each queue. Looking takes nothing and counts as no
//! use of the queue.
//!
//! Spec: AMQP 0-9-1 `basic.publish`. Seen: RabbitMQ 4.3.6, tests/scripts/publish.

use std::sync::Arc;

use bytes::Bytes;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::Value;
use leveret_codec::types::ShortBytes;

use super::publish::{self, Content, Draft, ExtraKeys, Passed};
use super::{Actor, Stored};
use crate::auth::Operation;
use crate::clock::Now;
use crate::entry::Entry;
use crate::erlang;
use crate::error::AmqpError;
use crate::events::Party;
use crate::kind::QueueKind;
use crate::limits::PEEK_MAX;
use crate::message::{Body, Message, MessageBuilder, routing_keys};
use crate::queue::{Bookmark, PeekMax, delivered_properties};
use crate::tally::Tally;
use crate::vhost::{Answer, Exchange, Placed, Publishes, Question};

/// A message to be published.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The exchange; the default exchange has no name.
    pub exchange: ShortBytes<'a>,
    /// The routing key.
    pub routing_key: ShortBytes<'a>,
    /// The properties, which are checked as a client's are.
    pub properties: PropertiesRef<'a>,
    /// The body.
    pub body: &'a Bytes,
}

/// What became of a message that was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// This many queues took it, or clients that wait for a direct reply.
    Queued(usize),
    /// An exchange keeps it, to route it when its delay is over.
    Delayed,
    /// No queue was found for it, and it is dropped. A client that published it as mandatory would
    /// have got it back.
    Unroutable,
    /// A queue that is full refused it; others may have it. A client's channel in confirm mode
    /// would have got basic.nack.
    Refused,
}

impl Actor {
    /// Publishes a message. An alarm does not keep it from being published.
    ///
    /// # Errors
    /// The first that applies: 406 for a body that is too large, 403 without permission to write to
    /// the exchange, 404 if there is none, 403 if it is internal, 541 for properties that cannot be
    /// decoded, 406 for a direct reply, an invalid expiration and CC or BCC that are no arrays, 403
    /// without permission for one of the keys, 406 for another user's name.
    pub fn publish(
        &self,
        now: Now,
        publication: Publication<'_>,
    ) -> Result<Stored<Published>, AmqpError> {
        let Publication {
            exchange: name,
            routing_key: key,
            properties,
            body,
        } = publication;
        let draft = Draft {
            exchange: name,
            routing_key: key,
            properties,
            body_len: body.len(),
            reply_name: None,
        };
        let Passed { exchange, content } = publish::check(self, &draft, None)?;
        let Content {
            traits,
            extra_keys,
            rewritten,
        } = content;
        let properties = rewritten.as_deref().map_or(properties, PropertiesRef::new);
        let body = Body::by_size(body);
        let message = MessageBuilder::default().build(name, key, properties, body, traits);
        let keys = match extra_keys {
            ExtraKeys::None => vec![key.into()],
            ExtraKeys::Some => routing_keys(&message),
        };
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        let publisher = self.heard_party();
        let question = Question {
            keys: &keys,
            message: &message,
            publisher: publisher.as_ref(),
            from: None,
        };
        let answer = self.vhost.route(now, &exchange, question);
        Ok(self.place(now, &exchange, message, &answer, publisher))
    }

    /// Who this is, while messages are listened to.
    pub(crate) fn heard_party(&self) -> Option<Arc<Party>> {
        let listening = self.desk.env.events.listening();
        listening.then(|| {
            Arc::new(Party {
                user: self.user_name().to_owned(),
                connection: self.connection,
                ..Party::default()
            })
        })
    }

    fn count_confirmed(&self, exchange: &Exchange) {
        exchange.tally.confirmed(1);
        self.count(|tally| tally.confirmed.add(1));
    }

    /// Counts what comes without a connection, in the vhost and in the broker: as what comes by
    /// RabbitMQ's HTTP API, which publishes as mandatory and in confirm mode.
    ///
    /// Seen: RabbitMQ 4.3.6, `/metrics` after `POST /api/exchanges/V/X/publish`.
    pub(super) fn count(&self, count: impl Fn(&Tally)) {
        count(&self.desk.tally);
        count(&self.vhost.tally);
    }

    /// Places a message where the router says.
    fn place(
        &self,
        now: Now,
        exchange: &Exchange,
        message: Message,
        answer: &Answer,
        publisher: Option<Arc<Party>>,
    ) -> Stored<Published> {
        let routes = &answer.routes;
        let vhost = &self.vhost;
        let size = message.body_len();
        self.count(|tally| {
            tally.published.add(1);
            tally.published_confirm.add(1);
            tally.sizes.add(size);
        });
        if routes.is_empty()
            && let Some(until) = answer.delayed
        {
            exchange.tally.placed(1, 0);
            if let Some(party) = publisher {
                vhost.trace_publish(now, &party, &message, routes);
            }
            self.count_confirmed(exchange);
            let value = Published::Delayed;
            return Stored { value, until };
        }
        let mut publishes = Publishes::default();
        if let Some(party) = publisher {
            publishes.published_by(party);
            if routes.is_empty() {
                publishes.note_unroutable(false);
            }
        }
        if routes.is_empty() {
            exchange.tally.unroutable(true);
            self.count(|tally| tally.returned_unroutable.add(1));
        }
        publishes.published_to(&exchange.tally);
        publishes.push(message, routes);
        let mut placed = Vec::with_capacity(1);
        let copies = vhost.place(now, &mut publishes, &mut placed);
        self.count(|tally| tally.routed.add(copies as u64));
        let value = match (placed.first(), routes.len()) {
            (Some(Placed::Refused), _) => Published::Refused,
            (_, 0) => Published::Unroutable,
            (_, queues) => Published::Queued(queues),
        };
        if value != Published::Refused {
            self.count_confirmed(exchange);
        }
        let placed = placed.first().map(Placed::position).unwrap_or_default();
        let until = placed.max(answer.delayed.unwrap_or_default());
        Stored { value, until }
    }

    /// The messages of a queue that would leave first, in that order, without taking them: at most
    /// `max`, and no more than [`PEEK_MAX`] allows. Those of a stream are its oldest.
    ///
    /// # Errors
    /// 403 without permission, 404 if the queue is missing, 405 if it belongs to another
    /// connection.
    pub fn peek(&self, name: &str, max: usize) -> Result<Vec<QueuedMessage>, AmqpError> {
        let browsed = self.browse(name, Bookmark::default(), max)?;
        let messages = browsed.messages.into_iter().map(|(message, _)| message);
        Ok(messages.collect())
    }

    /// The same behind a bookmark, so that a queue can be looked through piece by piece.
    ///
    /// # Errors
    /// As [`peek`](Self::peek).
    pub fn browse(
        &self,
        name: &str,
        from: Bookmark,
        max: usize,
    ) -> Result<QueuedMessages, AmqpError> {
        self.check_queue(Operation::Read, name)?;
        let queue = self.vhost.queue(name)?;
        queue.check_owner(self.connection)?;
        let (messages, bytes) = PEEK_MAX;
        let max = PeekMax {
            messages: max.min(messages),
            bytes,
        };
        let browsed = queue.look(|queue| queue.browse(from, max));
        let kind = queue.declared().kind;
        let messages = browsed.messages.into_iter();
        let messages = messages.map(|(entry, next)| (QueuedMessage::new(entry, kind), next));
        Ok(QueuedMessages {
            messages: messages.collect(),
            is_all: browsed.is_all,
        })
    }
}

/// Some of the messages that wait in a queue.
#[derive(Clone, Debug)]
pub struct QueuedMessages {
    /// In the order in which they would leave, each with the bookmark behind it.
    pub messages: Vec<(QueuedMessage, Bookmark)>,
    /// Whether there is nothing behind them.
    pub is_all: bool,
}

/// A message that waits in a queue, as a consumer would get it.
#[derive(Clone, Debug)]
pub struct QueuedMessage {
    entry: Entry,
    /// The properties with which it would be delivered, if they are not its own.
    delivered: Option<Vec<u8>>,
}

impl QueuedMessage {
    pub(crate) fn new(entry: Entry, kind: QueueKind) -> Self {
        let delivered = delivered_properties(&entry, kind);
        Self { entry, delivered }
    }

    /// The message as its queue has it.
    #[cfg(feature = "management")]
    pub(super) fn stored_message(&self) -> &Message {
        &self.entry.message
    }

    /// The exchange it was published to; octets that are no UTF-8 as Latin-1.
    #[must_use]
    pub fn exchange(&self) -> String {
        erlang::text(&self.entry.message.exchange()).into_owned()
    }

    /// Its routing key; octets that are no UTF-8 as Latin-1.
    #[must_use]
    pub fn routing_key(&self) -> String {
        erlang::text(&self.entry.message.routing_key()).into_owned()
    }

    /// Its properties.
    #[must_use]
    pub fn properties(&self) -> PropertiesRef<'_> {
        match &self.delivered {
            Some(octets) => PropertiesRef::new(octets),
            None => self.entry.message.properties(),
        }
    }

    /// One of its headers.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Value> {
        let headers = self.properties().headers().ok()??;
        headers.find(name).ok()??.to_value().ok()
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.entry.message.body()
    }

    /// Whether it was delivered before and came back.
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.entry.redelivered
    }

    /// Deliveries that counted towards the delivery limit and came back.
    #[must_use]
    pub fn delivery_count(&self) -> u32 {
        self.entry.delivery_count
    }

    /// Whether it is stored: it survives a restart.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.entry.at.is_stored()
    }

    /// Milliseconds until it expires, if it can: 0 if it is only to be taken away.
    #[must_use]
    pub fn expires_in(&self, now: Now) -> Option<u64> {
        let left = self.entry.expires.since(now.mono).as_millis();
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        self.entry.can_expire().then_some(left)
    }

    /// Its offset in a stream; in other queues a number that rises from message to message.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.entry.position
    }
}

//! Messages that a user picks where they wait, to drop them, to move them elsewhere, or to give
//! them back to the queue where they died first.
//!
//! What is picked is taken out only once it is known where it goes and that it has room there; it
//! is stored in its new place and settled in its old one as one group ([`Vhost::move_messages`]).
//! What stays is told with the reason, and is as it was. It counts as no delivery, no
//! acknowledgement and no publish: a queue counts it as dropped or moved.
//!
//! The user needs what an AMQP client would need to consume it and to publish it again: read on the
//! queue, write on the exchange (the default one for a queue) and, where topic permissions are,
//! write for the key. A `user_id` is not checked again, and neither are other properties: they
//! passed when the message was published.
//!
//! [`Vhost::move_messages`]: crate::vhost::Vhost::move_messages

use std::sync::Arc;

use leveret_codec::types::{ShortBytes, ShortString};

use super::messages::QueuedMessage;
use super::{Actor, Stored, publish};
use crate::auth::Operation;
use crate::clock::Now;
use crate::erlang;
use crate::error::AmqpError;
use crate::events::{Party, audit};
use crate::kind::QueueKind;
use crate::limits::PEEK_MAX;
use crate::log::Shown;
use crate::message::{Message, MessageBuilder, Traits, routing_keys};
use crate::queue::dead_letter::{FirstDeath, first_death};
use crate::queue::{PeekMax, Search};
use crate::store::Position;
use crate::vhost::{Answer, Exchange, Move, Question, QueueHandle};

/// What becomes of messages that are picked.
#[derive(Clone, Debug)]
pub enum Goal {
    /// They are dropped, and not dead-lettered.
    Drop,
    /// They are published again to the exchange of this name, with this routing key in place of all
    /// their keys, or with their own.
    Exchange(ShortString, Option<ShortString>),
    /// They are moved into the queue of this name.
    Queue(ShortString),
    /// Each is moved into the queue where it died first.
    FirstDeath,
}

/// Why a message stays where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// It is not there any more.
    Gone,
    /// It would come to no queue.
    Unroutable,
    /// This queue is full and refuses it.
    Refused(ShortString),
    /// It never died, so no queue is named in its headers.
    NeverDied,
    /// The queue where it died first is there no more.
    NoQueue(String),
    /// It would come back to the queue that it is in.
    HereAlready,
    /// The user has no right to write to its topic.
    Forbidden(String),
}

impl Stays {
    /// A word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Unroutable => "unroutable",
            Self::Refused(_) => "refused",
            Self::NeverDied => "never_died",
            Self::NoQueue(_) => "no_queue",
            Self::HereAlready => "here_already",
            Self::Forbidden(_) => "forbidden",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Gone => "it is not there any more".to_owned(),
            Self::Unroutable => "no queue would get it".to_owned(),
            Self::Refused(queue) => format!("queue '{queue}' is full and refuses it"),
            Self::NeverDied => "it was never dead-lettered".to_owned(),
            Self::NoQueue(queue) => format!("queue '{queue}', where it died first, is gone"),
            Self::HereAlready => "it would come back to the queue that it is in".to_owned(),
            Self::Forbidden(why) => why.clone(),
        }
    }
}

/// What became of messages that were picked.
#[derive(Debug, Default)]
pub struct Acted {
    /// Messages that were dropped or moved.
    pub done: Vec<u64>,
    /// Messages that stay, by position.
    pub stays: Vec<(u64, Stays)>,
}

/// A user who picks messages of a queue.
pub struct Picking<'a> {
    actor: &'a Actor,
    queue: Arc<QueueHandle>,
    goal: Way,
    by: Option<Arc<Party>>,
    builder: MessageBuilder,
}

/// A goal whose names were looked up.
enum Way {
    Drop,
    Exchange(Arc<Exchange>, Option<ShortString>),
    Queue(Arc<QueueHandle>),
    FirstDeath,
}

impl Actor {
    /// Begins to pick messages of the queue `name`.
    ///
    /// # Errors
    /// 403 without permission to read the queue, or to write where the messages go; 404 if the
    /// queue is missing, or the exchange or queue that they go to; 405 if the queue belongs to
    /// another connection, 403 for an internal exchange, 540 for a stream, which keeps what is in
    /// it, 406 for a goal that is the queue itself.
    pub fn pick(&self, name: &str, goal: Goal) -> Result<Picking<'_>, AmqpError> {
        self.check_queue(Operation::Read, name)?;
        let queue = self.vhost.queue(name)?;
        queue.check_owner(self.connection)?;
        if queue.declared().kind == QueueKind::Stream {
            return Err(AmqpError::not_implemented(format!(
                "{} is a stream: its messages stay until retention takes them",
                queue.words()
            )));
        }
        let goal = match goal {
            Goal::Drop => Way::Drop,
            Goal::Exchange(exchange, key) => {
                let exchange = publish::find_exchange(self, exchange.as_short().as_octets())?;
                Way::Exchange(exchange, key)
            }
            Goal::Queue(to) => {
                self.check_exchange(Operation::Write, "")?;
                let to = self.vhost.queue(&to)?;
                if *to == *queue {
                    let words = queue.words();
                    let text = format!("messages of {words} cannot be moved into itself");
                    return Err(AmqpError::precondition_failed(text));
                }
                Way::Queue(to)
            }
            Goal::FirstDeath => {
                self.check_exchange(Operation::Write, "")?;
                Way::FirstDeath
            }
        };
        Ok(Picking {
            actor: self,
            queue,
            goal,
            by: self.heard_party(),
            builder: MessageBuilder::default(),
        })
    }
}

/// A message as it is to be, and where it goes.
struct Plan {
    message: Message,
    answer: Answer,
}

impl Picking<'_> {
    /// The messages that wait at these positions, in the order of their positions: all, or the
    /// first ones, as many as [`PEEK_MAX`] allows.
    #[must_use]
    pub fn find(&self, positions: &[u64]) -> Vec<QueuedMessage> {
        let kind = self.queue.declared().kind;
        let mut search = Search::of(positions.to_vec());
        let (messages, bytes) = PEEK_MAX;
        let mut left = PeekMax { messages, bytes };
        let mut found = Vec::new();
        while !search.is_over() {
            let entries = self.queue.look(|queue| queue.look_at(&mut search, left));
            for entry in entries {
                left.messages = left.messages.saturating_sub(1);
                left.bytes = left.bytes.saturating_sub(entry.size());
                found.push(QueuedMessage::new(entry, kind));
            }
        }
        found.sort_by_key(QueuedMessage::position);
        found
    }

    /// Does with `messages` of the queue what is to be done, in this order. One that has left the
    /// queue meanwhile is told as gone.
    pub fn act(&mut self, now: Now, messages: &[QueuedMessage]) -> Stored<Acted> {
        let mut acted = Acted::default();
        let mut until = Position::default();
        if matches!(self.goal, Way::Drop) {
            let positions: Vec<u64> = messages.iter().map(QueuedMessage::position).collect();
            let (queue, by) = (&self.queue, self.by.clone());
            let vhost = &self.actor.vhost;
            let done = vhost.drop_messages(now, queue, positions.clone(), by);
            acted.add(positions, done);
            return Stored {
                value: acted,
                until,
            };
        }
        let mut some = Vec::new();
        for message in messages {
            let position = message.position();
            match self.plan(now, message) {
                Err(why) => acted.stays.push((position, why)),
                Ok(Plan { message, answer }) => {
                    let vhost = &self.actor.vhost;
                    let can_refuse = vhost.can_refuse(&answer.routes);
                    if can_refuse {
                        // What it asks for may be taken by those before it.
                        until = until.max(self.put(now, &mut some, &mut acted));
                        if let Some(full) = vhost.who_refuses(now, &answer.routes, &message) {
                            acted.stays.push((position, Stays::Refused(full)));
                            continue;
                        }
                    }
                    some.push(Move {
                        position,
                        message,
                        routes: answer.routes,
                        delays: answer.delays,
                    });
                    if can_refuse {
                        until = until.max(self.put(now, &mut some, &mut acted));
                    }
                }
            }
        }
        until = until.max(self.put(now, &mut some, &mut acted));
        Stored {
            value: acted,
            until,
        }
    }

    /// Moves messages that have room where they go.
    fn put(&self, now: Now, some: &mut Vec<Move>, acted: &mut Acted) -> Position {
        if some.is_empty() {
            return Position::default();
        }
        let moves = std::mem::take(some);
        let positions = moves.iter().map(|one| one.position).collect();
        let vhost = &self.actor.vhost;
        let (done, until) = vhost.move_messages(now, &self.queue, moves, self.by.clone());
        acted.add(positions, done);
        until
    }

    /// What a message is to be, and where it goes.
    fn plan(&mut self, now: Now, queued: &QueuedMessage) -> Result<Plan, Stays> {
        let message = queued.stored_message();
        let vhost = &self.actor.vhost;
        let to_queue = |queue: &Arc<QueueHandle>| Answer {
            routes: vhost.way_to(queue),
            lasting: false,
            delayed: None,
            delays: Box::default(),
        };
        let plan = match &self.goal {
            Way::Drop => return Err(Stays::Gone),
            Way::Queue(queue) => {
                let key = queue.name().as_short().as_octets();
                let message = with_keys(message, ShortBytes::EMPTY, Some(key), &mut self.builder);
                let answer = to_queue(queue);
                Plan { message, answer }
            }
            Way::FirstDeath => {
                let first = first_death(message).ok_or(Stays::NeverDied)?;
                let queue = vhost.queue_named(&first.queue);
                let name = || erlang::text(&first.queue).into_owned();
                let queue = queue.ok_or_else(|| Stays::NoQueue(name()))?;
                let message = as_it_came(message, &first, &mut self.builder);
                let answer = to_queue(&queue);
                Plan { message, answer }
            }
            Way::Exchange(exchange, key) => {
                let name = exchange.spec.name.as_short().as_octets();
                let key = key.as_ref().map(|key| key.as_short().as_octets());
                let message = with_keys(message, name, key, &mut self.builder);
                let answer = self.route(now, exchange, &message)?;
                Plan { message, answer }
            }
        };
        if vhost.leads_to(&plan.answer.routes, &self.queue) {
            return Err(Stays::HereAlready);
        }
        Ok(plan)
    }

    /// Where the exchange leads.
    fn route(&self, now: Now, to: &Arc<Exchange>, message: &Message) -> Result<Answer, Stays> {
        let keys = routing_keys(message);
        if publish::is_restricted(self.actor, to) {
            for key in &keys {
                let allowed = publish::check_topic(self.actor, to, key);
                allowed.map_err(|error| Stays::Forbidden(error.to_string()))?;
            }
        }
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        let question = Question {
            keys: &keys,
            message,
            publisher: self.by.as_ref(),
            from: None,
        };
        let answer = self.actor.vhost.route_ahead(now, to, question);
        match answer.routes.is_empty() && answer.delays.is_empty() {
            true => Err(Stays::Unroutable),
            false => Ok(answer),
        }
    }

    /// Says in the log what was done with so many messages, and up to where the store must be
    /// before that is for good.
    pub fn end(self, done: u64) -> Position {
        if done == 0 {
            return Position::default();
        }
        let words = Shown(self.queue.name());
        let (act, to) = match &self.goal {
            Way::Drop => ("dropped", String::new()),
            Way::Exchange(exchange, _) => {
                let name = Shown(&exchange.spec.name);
                ("moved", format!(" exchange={name:?}"))
            }
            Way::Queue(queue) => ("moved", format!(" queue={:?}", Shown(queue.name()))),
            Way::FirstDeath => ("requeued", String::new()),
        };
        let what = format_args!("messages.{act} name={words:?} messages={done}{to}");
        audit::say_act(&self.actor.author, self.actor.vhost.name(), what);
        match self.queue.stores(true) {
            true => self.actor.desk.env.store.sync(),
            false => Position::default(),
        }
    }
}

impl Acted {
    /// Of messages at `positions` those in `done` are done, and the others are gone.
    fn add(&mut self, positions: Vec<u64>, mut done: Vec<u64>) {
        done.sort_unstable();
        let gone = positions.into_iter();
        let gone = gone.filter(|position| done.binary_search(position).is_err());
        self.stays
            .extend(gone.map(|position| (position, Stays::Gone)));
        self.done.extend(done);
    }
}

/// The message with this exchange and, if there is one, this key in place of all its keys.
fn with_keys(
    message: &Message,
    exchange: ShortBytes<'_>,
    key: Option<ShortBytes<'_>>,
    builder: &mut MessageBuilder,
) -> Message {
    let traits = message.traits();
    let traits = Traits {
        keys_replaced: traits.keys_replaced || key.is_some(),
        ..traits
    };
    let key = key.unwrap_or(message.routing_key());
    message.rewritten(builder, exchange, key, message.properties(), traits)
}

/// The message with the exchange and the key with which it came to the queue where it died first.
fn as_it_came(message: &Message, first: &FirstDeath, builder: &mut MessageBuilder) -> Message {
    let exchange = first.exchange.clone().unwrap_or_default();
    let queue = &first.queue;
    let key = first.routing_key.as_ref().unwrap_or(queue).as_short();
    let (exchange, traits) = (exchange.as_short(), message.traits());
    message.rewritten(builder, exchange, key, message.properties(), traits)
}

//! Messages that wait in an x-delayed-message exchange.
//!
//! A message with an `x-delay` header of n > 0 milliseconds is routed n milliseconds later by the
//! exchange's inner type, with the header negated. Waiting messages are in no queue's count and
//! are gone with the exchange. A persistent message in a durable exchange is stored with the time
//! at which it is due, under a queue incarnation that belongs to the exchange.
//!
//! Docs: the rabbitmq_delayed_message_exchange plugin's README.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use leveret_codec::table::Value;
use leveret_codec::types::ShortStr;
use parking_lot::Mutex;

use super::Vhost;
use super::placing::Question;
use super::restore::read_all;
use super::routing::Exchange;
use crate::clock::timers::Timed;
use crate::clock::{Mono, Now, Wall};
use crate::events::Fate;
use crate::ids::QueueId;
use crate::message::{Message, MessageBuilder, routing_keys, with_headers};
use crate::store::{Op, Position, RecordAt, Recovered};

/// The header that asks for a delay, and tells of it afterwards.
const DELAY: &str = "x-delay";
/// In the store only: when the message is due, in milliseconds since 1970.
const DUE: &str = "x-leveret-due";

/// The waiting messages of one exchange.
pub(super) struct Delayed {
    vhost: Weak<Vhost>,
    me: Weak<Delayed>,
    /// Names its messages in the store.
    id: QueueId,
    held: Mutex<Held>,
}

/// What came of a removal under the topology lock, to be finished without it.
#[derive(Default)]
#[must_use]
pub(super) struct Removed {
    waiting: Vec<Arc<Delayed>>,
    stored: Position,
}

impl Removed {
    /// What waited in this exchange is to be dropped.
    pub(super) fn add(&mut self, exchange: &Exchange) {
        self.waiting.extend(exchange.delayed.clone());
    }

    /// The store must be durable up to `position` before the removal is.
    pub(super) fn reach(&mut self, position: Position) {
        self.stored = self.stored.max(position);
    }

    /// Drops what waited; listeners are told, so no lock may be held. Says up to where the store
    /// must be durable before the removal is.
    pub(super) fn finish(self) -> Position {
        for delayed in self.waiting {
            delayed.clear();
        }
        self.stored
    }
}

#[derive(Default)]
struct Held {
    by_due: BTreeMap<(Mono, u64), Waiting>,
    next: u64,
    armed: Option<Mono>,
}

struct Waiting {
    exchange: Weak<Exchange>,
    message: Message,
    at: RecordAt,
}

impl Delayed {
    pub(super) fn new(vhost: &Weak<Vhost>, id: QueueId) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            vhost: Weak::clone(vhost),
            me: Weak::clone(me),
            id,
            held: Mutex::default(),
        })
    }

    /// Names its messages in the store.
    pub(super) fn id(&self) -> QueueId {
        self.id
    }

    /// Keeps `message` for `delay_ms`.
    pub(super) fn hold(
        &self,
        now: Now,
        delay_ms: u64,
        exchange: &Arc<Exchange>,
        message: &Message,
    ) {
        let due = Wall::from_millis(now.wall.as_millis().saturating_add(delay_ms));
        let mut at = RecordAt::NONE;
        if exchange.spec.durable
            && message.is_persistent()
            && let Some(vhost) = self.vhost.upgrade()
        {
            let stored = with_due(message, due);
            let mut ops = [Op::Message {
                message: &stored,
                queues: &[self.id],
                sequences: &[],
                at: &mut at,
            }];
            vhost.env().store.submit(&mut ops);
        }
        self.keep(now.mono.plus_ms(delay_ms), exchange, message.clone(), at);
    }

    /// Takes back messages that waited when the broker stopped.
    pub(super) fn restore(&self, now: Now, exchange: &Arc<Exchange>, recovered: &[Recovered]) {
        if let Some(vhost) = self.vhost.upgrade() {
            read_all(
                vhost.env(),
                self.id,
                recovered,
                &mut |recovered, message| {
                    self.restore_one(now, exchange, &message, recovered.at);
                },
            );
        }
    }

    fn restore_one(&self, now: Now, exchange: &Arc<Exchange>, message: &Message, at: RecordAt) {
        let headers = message.properties().headers().ok().flatten();
        let due = headers.and_then(|headers| headers.find(DUE).ok().flatten());
        let due_ms = due
            .and_then(|due| due.as_integer())
            .and_then(|due| u64::try_from(due).ok());
        let left = due_ms.unwrap_or(0).saturating_sub(now.wall.as_millis());
        let message = rewrite(message, |table| {
            table.remove(DUE);
        });
        self.keep(now.mono.plus_ms(left), exchange, message, at);
    }

    fn keep(&self, due: Mono, exchange: &Arc<Exchange>, message: Message, at: RecordAt) {
        let mut held = self.held.lock();
        held.next += 1;
        let key = (due, held.next);
        held.by_due.insert(
            key,
            Waiting {
                exchange: Arc::downgrade(exchange),
                message,
                at,
            },
        );
        self.arm(&mut held);
    }

    fn arm(&self, held: &mut Held) {
        let Some((&(due, _), _)) = held.by_due.first_key_value() else {
            return;
        };
        if held.armed.is_none_or(|armed| due < armed)
            && let Some(vhost) = self.vhost.upgrade()
        {
            held.armed = Some(due);
            let me: Weak<dyn Timed> = self.me.clone();
            vhost.env().timers.arm(due, me);
        }
    }

    /// The exchange is deleted: so are its messages.
    fn clear(&self) {
        let held = std::mem::take(&mut self.held.lock().by_due);
        if let Some(vhost) = self.vhost.upgrade() {
            let now = vhost.env().now();
            for waiting in held.values() {
                vhost.emit(now, &waiting.message, Fate::Purged);
            }
        }
        let records: Vec<RecordAt> = held
            .into_values()
            .map(|waiting| waiting.at)
            .filter(|at| at.is_stored())
            .collect();
        self.settle(&records);
    }

    fn settle(&self, records: &[RecordAt]) {
        if !records.is_empty()
            && let Some(vhost) = self.vhost.upgrade()
        {
            vhost.env().store.submit(&mut [Op::Settled {
                queue: self.id,
                records,
            }]);
        }
    }

    fn pop_due(&self, now: Mono) -> Option<Waiting> {
        let mut held = self.held.lock();
        let entry = held
            .by_due
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}

impl Timed for Delayed {
    fn on_deadline(&self, now: Now) {
        self.held.lock().armed = None;
        let Some(vhost) = self.vhost.upgrade() else {
            return;
        };
        while let Some(waiting) = self.pop_due(now.mono) {
            if let Some(exchange) = waiting.exchange.upgrade() {
                let message = rewrite(&waiting.message, |table| {
                    if let Some(delay) = table.get(DELAY).and_then(Value::as_integer) {
                        table.insert(DELAY, Value::I64(delay.saturating_neg()));
                    }
                });
                let keys = routing_keys(&message);
                let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
                let question = Question {
                    keys: &keys,
                    message: &message,
                };
                let routes = vhost.route_released(now, &exchange, question);
                vhost.emit_routed(now, &message, &routes, false);
                vhost.place_one(now, message.clone(), &routes);
            }
            if waiting.at.is_stored() {
                self.settle(&[waiting.at]);
            }
        }
        self.arm(&mut self.held.lock());
    }
}

fn with_due(message: &Message, due: Wall) -> Message {
    let due = i64::try_from(due.as_millis()).unwrap_or(i64::MAX);
    rewrite(message, |table| {
        table.insert(DUE, Value::I64(due));
    })
}

fn rewrite(message: &Message, change: impl FnOnce(&mut leveret_codec::table::Table)) -> Message {
    let exchange: ShortStr<'_> = message.exchange();
    let properties = with_headers(message.properties(), change);
    message.rewritten(
        &mut MessageBuilder::default(),
        exchange,
        message.routing_key(),
        leveret_codec::properties::PropertiesRef::new(&properties),
        message.traits(),
    )
}

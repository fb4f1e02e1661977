//! Messages that wait in an x-delayed-message exchange.
//!
//! A message with an `x-delay` header of n > 0 milliseconds is routed n milliseconds later by the
//! exchange's inner type, with the header negated. Due messages are in no queue's count and
//! are gone with the exchange. A persistent message in a durable exchange is stored with the time
//! at which it is due, under a queue incarnation that belongs to the exchange.
//!
//! Docs: the rabbitmq_delayed_message_exchange plugin's README.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use leveret_codec::table::Value;
use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use super::Question;
use super::directory::emit;
use super::exchange::Exchange;
use crate::clock::timers::Timed;
use crate::clock::{Mono, Now, Wall};
use crate::env::Environment;
use crate::events::{CopyId, Fate};
use crate::ids::QueueId;
use crate::message::{Message, MessageBuilder, change_headers};
use crate::store::{Op, Position, RecordAt, Recovered};
use crate::turns::{self, Left};
use crate::vhost::read_back::read_all;

/// Messages that are dropped without a look at the turn.
const PIECE: usize = 256;
/// Steps that it takes to drop a message.
const CLEAR_STEPS: usize = 4;
/// Steps that the release of a message takes, besides those of placing it.
const RELEASE_STEPS: usize = 8;

/// The header that asks for a delay, and tells of it afterwards.
const DELAY: &str = "x-delay";
/// In the store only: when the message is due, in milliseconds since 1970.
const DUE: &str = "x-leveret-due";

/// Where messages go whose delay is over: the vhost.
pub(in crate::vhost) trait Release: Send + Sync {
    /// Routes `message`, which was kept as `kept`, on from `exchange` and places it.
    fn release(&self, now: Now, exchange: &Arc<Exchange>, message: Message, kept: CopyId);
}

/// The waiting messages of one exchange.
pub(in crate::vhost) struct Delayed {
    env: Arc<Environment>,
    /// The name of the vhost.
    vhost: ShortString,
    to: Weak<dyn Release>,
    me: Weak<Delayed>,
    /// Names its messages in the store.
    id: QueueId,
    schedule: Mutex<Schedule>,
}

#[derive(Default)]
struct Schedule {
    by_due: BTreeMap<(Mono, u64), Due>,
    next: u64,
    armed: Option<Mono>,
}

impl Schedule {
    /// The next moment at which a message is due, unless a timer is armed for it already.
    fn wants_timer(&mut self) -> Option<Mono> {
        let (&(due, _), _) = self.by_due.first_key_value()?;
        if self.armed.is_some_and(|armed| armed <= due) {
            return None;
        }
        self.armed = Some(due);
        self.armed
    }
}

struct Due {
    exchange: Weak<Exchange>,
    message: Message,
    at: RecordAt,
}

impl Delayed {
    /// Nothing waits yet; `id` names what will in the store.
    pub(in crate::vhost) fn new(
        env: &Arc<Environment>,
        vhost: &ShortString,
        to: Weak<dyn Release>,
        id: QueueId,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            env: Arc::clone(env),
            vhost: vhost.clone(),
            to,
            me: Weak::clone(me),
            id,
            schedule: Mutex::default(),
        })
    }

    /// Names its messages in the store.
    pub(in crate::vhost) fn id(&self) -> QueueId {
        self.id
    }

    /// Keeps the message of `question` for `delay_ms`; listeners are told where it came from.
    pub(super) fn keep(
        &self,
        now: Now,
        delay_ms: u64,
        exchange: &Arc<Exchange>,
        question: &Question<'_>,
    ) -> Position {
        let number = self.next_number();
        let message = question.message;
        let fate = Fate::Delayed {
            publisher: question.publisher.cloned(),
            from: question.from,
            ms: delay_ms,
        };
        self.emit(now, number, message, fate);
        let due = Wall::from_millis(now.wall.as_millis().saturating_add(delay_ms));
        let mut at = RecordAt::NONE;
        let mut position = Position::default();
        if exchange.spec.durable && message.is_persistent() {
            let stored = with_due(message, due);
            let mut ops = [Op::Message {
                message: &stored,
                queues: &[self.id],
                sequences: &[],
                at: &mut at,
            }];
            position = self.env.store.submit(&mut ops);
        }
        let key = (now.mono.plus_ms(delay_ms), number);
        self.insert(key, exchange, message.clone(), at);
        position
    }

    /// Takes back messages that waited when the broker stopped.
    pub(in crate::vhost) fn restore(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        recovered: &[Recovered],
    ) {
        read_all(&self.env, self.id, recovered, &mut |recovered, message| {
            self.restore_one(now, exchange, &message, recovered.at);
        });
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
        let key = (now.mono.plus_ms(left), self.next_number());
        self.insert(key, exchange, message, at);
    }

    /// The number of the next message that is kept.
    fn next_number(&self) -> u64 {
        let mut schedule = self.schedule.lock();
        schedule.next += 1;
        schedule.next
    }

    /// What listeners know a message by that is kept.
    fn copy_id(&self, number: u64) -> CopyId {
        CopyId {
            queue: self.id,
            position: number,
        }
    }

    fn emit(&self, now: Now, number: u64, message: &Message, fate: Fate) {
        let copy = Some(self.copy_id(number));
        emit(&self.env, &self.vhost, now, message, copy, fate);
    }

    /// `key`: when it is due, and its number.
    fn insert(&self, key: (Mono, u64), exchange: &Arc<Exchange>, message: Message, at: RecordAt) {
        let mut schedule = self.schedule.lock();
        schedule.by_due.insert(
            key,
            Due {
                exchange: Arc::downgrade(exchange),
                message,
                at,
            },
        );
        let at = schedule.wants_timer();
        drop(schedule);
        self.arm(at);
    }

    fn arm(&self, at: Option<Mono>) {
        if let Some(at) = at {
            let me: Weak<dyn Timed> = self.me.clone();
            self.env.timers.arm(at, me);
        }
    }

    /// The exchange is deleted: so are its messages, as many as this turn has room for. Listeners
    /// are told, so no lock may be held.
    pub(in crate::vhost) fn clear(&self, now: Now) -> Left {
        while !turns::is_over() {
            let mut schedule = self.schedule.lock();
            let first = std::iter::from_fn(|| schedule.by_due.pop_first());
            let some: Vec<_> = first.take(PIECE).collect();
            drop(schedule);
            if some.is_empty() {
                return Left::Nothing;
            }
            turns::spend(CLEAR_STEPS * some.len());
            for ((_, number), waiting) in &some {
                self.emit(now, *number, &waiting.message, Fate::Purged);
            }
            let records = some.iter().map(|(_, waiting)| waiting.at);
            let records: Vec<RecordAt> = records.filter(|at| at.is_stored()).collect();
            self.settle(&records);
        }
        Left::More
    }

    fn settle(&self, records: &[RecordAt]) {
        if !records.is_empty() {
            self.env.store.submit(&mut [Op::Settled {
                queue: self.id,
                records,
            }]);
        }
    }

    fn pop_due(&self, now: Mono) -> Option<(u64, Due)> {
        let mut schedule = self.schedule.lock();
        let entry = schedule
            .by_due
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        let number = entry.key().1;
        Some((number, entry.remove()))
    }
}

impl Timed for Delayed {
    fn on_deadline(&self, now: Now) {
        self.schedule.lock().armed = None;
        let Some(to) = self.to.upgrade() else {
            return;
        };
        while !turns::is_over()
            && let Some((number, waiting)) = self.pop_due(now.mono)
        {
            turns::spend(RELEASE_STEPS);
            if let Some(exchange) = waiting.exchange.upgrade() {
                let message = released(&waiting.message);
                to.release(now, &exchange, message, self.copy_id(number));
            }
            if waiting.at.is_stored() {
                self.env.store.submit(&mut [Op::Moved {
                    queue: self.id,
                    records: &[waiting.at],
                }]);
            }
        }
        let at = self.schedule.lock().wants_timer();
        self.arm(at);
    }
}

fn with_due(message: &Message, due: Wall) -> Message {
    let due = i64::try_from(due.as_millis()).unwrap_or(i64::MAX);
    rewrite(message, |table| {
        table.insert(DUE, Value::I64(due));
    })
}

/// The message as it goes on when its delay is over.
pub(crate) fn released(message: &Message) -> Message {
    rewrite(message, |table| {
        if let Some(delay) = table.get(DELAY).and_then(Value::as_integer) {
            table.insert(DELAY, Value::I64(delay.saturating_neg()));
        }
    })
}

fn rewrite(message: &Message, change: impl FnOnce(&mut leveret_codec::table::Table)) -> Message {
    let properties = change_headers(message.properties(), change);
    message.rewritten(
        &mut MessageBuilder::default(),
        message.exchange(),
        message.routing_key(),
        leveret_codec::properties::PropertiesRef::new(&properties),
        message.traits(),
    )
}

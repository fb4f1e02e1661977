//! A queue with fake consumers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, Value};
use leveret_codec::types::{ChannelId, ShortStr, ShortString};

use super::shelf::Shelf;
use crate::clock::{Mono, Now, Wall};
use crate::error::AmqpError;
use crate::events::DeathReason;
use crate::ids::{ConnectionId, ConsumerId, QueueId};
use crate::mail::{Mail, Mailbox, Resume};
use crate::message::{Body, Message, MessageBuilder, Traits, filter_value};
use crate::queue::{
    Arguments, Arrival, ChannelCredit, Declared, Effects, Entry, Flags, Held, NewConsumer, Outcome,
    Pushed, Queue, QueueKind, ReturnCause,
};
use crate::store::{RecordAt, Recovered, Returns};

pub(in crate::queue) const DURABLE: Flags = Flags {
    durable: true,
    exclusive: false,
    auto_delete: false,
    generated_name: false,
};

/// Whether the queue was called back since this was looked at.
#[derive(Default)]
struct CalledBack(AtomicBool);

impl Resume for CalledBack {
    fn resume(&self, _now: Now) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A message with the body `body`; `shape` changes what it says about itself.
pub(in crate::queue) fn message(body: &str, shape: impl FnOnce(&mut Traits)) -> Message {
    let mut traits = Traits::default();
    shape(&mut traits);
    let mut octets = Vec::new();
    let priority = (traits.priority > 0).then_some(traits.priority);
    let properties = Properties {
        priority,
        ..Properties::default()
    };
    properties.encode(&mut octets);
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        ShortStr::literal("q"),
        PropertiesRef::new(&octets),
        Body::Copied(body.as_bytes()),
        traits,
    )
}

pub(in crate::queue) fn body(entry: &Entry) -> String {
    String::from_utf8(entry.message.body().to_vec()).expect("bodies are text here")
}

/// A consumer number `id` on its own connection and channel.
pub(in crate::queue) fn consumer(id: u64, prefetch: u16) -> NewConsumer {
    NewConsumer {
        id: ConsumerId(id),
        connection: ConnectionId(id),
        channel: ChannelId(1),
        party: Arc::default(),
        tag: ShortString::new(&format!("c{id}")).expect("short"),
        mailbox: Arc::default(),
        no_ack: false,
        exclusive: false,
        prefetch,
        channel_credit: Arc::default(),
        arguments: Table::new(),
    }
}

pub(in crate::queue) struct Fixture {
    pub(in crate::queue) queue: Queue,
    pub(in crate::queue) fx: Effects,
    pub(in crate::queue) now: Now,
    boxes: BTreeMap<u64, Arc<Mailbox>>,
    credits: BTreeMap<u64, Arc<ChannelCredit>>,
    /// What each consumer holds unacked; 0 for basic.get.
    pub(in crate::queue) held: BTreeMap<u64, Vec<Entry>>,
    stored: u64,
    called_back: Arc<CalledBack>,
    /// How often the queue let others go first.
    pub(in crate::queue) resumed: u64,
    /// Where messages go that leave memory, once there is such a place.
    pub(in crate::queue) shelf: Option<Arc<Shelf>>,
}

impl Fixture {
    /// Settles what left the queue all at once, as its vhost does.
    pub(in crate::queue) fn clear_away(&mut self) {
        if let Some(mut remains) = self.fx.remains.take() {
            while remains.settle_some(&mut self.fx) > 0 {}
        }
    }

    pub(in crate::queue) fn classic(arguments: Table) -> Self {
        Self::new(arguments, DURABLE)
    }

    pub(in crate::queue) fn quorum(arguments: Table) -> Self {
        Self::new(arguments.with("x-queue-type", "quorum"), DURABLE)
    }

    pub(in crate::queue) fn new(arguments: Table, flags: Flags) -> Self {
        let arguments = Arguments::parse(&arguments, QueueKind::Classic, flags, "queue 'q'")
            .expect("the arguments are right");
        let declared = Declared {
            name: ShortString::new("q").expect("short"),
            vhost: ShortString::new("/").expect("short"),
            kind: arguments.kind(),
            durable: flags.durable,
            auto_delete: flags.auto_delete,
            exclusive: None,
            arguments,
            declared_by: "guest".into(),
        };
        let called_back = Arc::<CalledBack>::default();
        let resume: Weak<CalledBack> = Arc::downgrade(&called_back);
        let now = Now::default();
        let mut fixture = Self {
            queue: Queue::new(Arc::new(declared), QueueId(1), resume, now),
            fx: Effects::default(),
            now,
            boxes: BTreeMap::new(),
            credits: BTreeMap::new(),
            held: BTreeMap::new(),
            stored: 0,
            called_back,
            resumed: 0,
            shelf: None,
        };
        fixture.queue.touch(now, &mut fixture.fx);
        fixture
    }

    /// Moves the clock to `ms` and fires the deadline.
    pub(in crate::queue) fn at(&mut self, ms: u64) {
        self.time(ms);
        self.queue.on_deadline(self.now, &mut self.fx);
    }

    /// Moves the clock to `ms` without firing anything.
    pub(in crate::queue) fn time(&mut self, ms: u64) {
        self.now.mono = Mono::from_millis(ms);
        self.now.wall = Wall::from_millis(1_000_000 + ms);
    }

    /// Its messages can leave memory, and must once they hold more than `budget` octets.
    pub(in crate::queue) fn on_shelf(mut self, budget: u64) -> Self {
        let shelf = Arc::new(Shelf::new(budget));
        self.queue.page_to(Arc::<Shelf>::clone(&shelf));
        self.shelf = Some(shelf);
        self
    }

    /// Publishes messages that are not stored.
    pub(in crate::queue) fn publish_transient(&mut self, bodies: &str) {
        for body in bodies.split_whitespace() {
            let message = message(body, |_| ());
            self.queue.push(
                self.now,
                message,
                RecordAt::NONE,
                Arrival::default(),
                &mut self.fx,
            );
            self.dispatch();
        }
    }

    pub(in crate::queue) fn push_message(&mut self, message: Message) -> Pushed {
        self.stored += 1;
        let at = RecordAt(self.stored);
        if let Some(shelf) = &self.shelf {
            shelf.keep(at, &message);
        }
        self.queue
            .push(self.now, message, at, Arrival::default(), &mut self.fx)
    }

    /// Gives a stored message back as the store tells of it at start; `shape` changes what it says.
    pub(in crate::queue) fn recovered(
        &mut self,
        message: &Message,
        shape: impl FnOnce(&mut Recovered),
    ) -> Recovered {
        self.stored += 1;
        let at = RecordAt(self.stored);
        if let Some(shelf) = &self.shelf {
            shelf.keep(at, message);
        }
        let head_len = message.routing_octets().len() + message.properties().as_bytes().len();
        let mut recovered = Recovered {
            at,
            body_len: u32::try_from(message.body_len()).expect("short"),
            head_len: u32::try_from(head_len).expect("short"),
            mark: filter_value::mark(message.properties()),
            priority: message.properties().priority().expect("readable"),
            ttl_ms: message.traits().expiration_ms,
            stored_at: self.now.wall,
            sequence: 0,
            returns: Returns::default(),
            redelivered: false,
        };
        shape(&mut recovered);
        recovered
    }

    /// Restores one message for each word, in calls of `run` messages each.
    pub(in crate::queue) fn restore(&mut self, bodies: &str, run: usize) {
        let told: Vec<Recovered> = bodies
            .split_whitespace()
            .map(|body| self.recovered(&message(body, |_| ()), |_| ()))
            .collect();
        for run in told.chunks(run) {
            self.queue.restore(self.now, run);
        }
        self.dispatch();
    }

    pub(in crate::queue) fn dispatch(&mut self) {
        self.queue.dispatch(self.now, &mut self.fx);
    }

    /// Publishes one message for each word.
    pub(in crate::queue) fn publish(&mut self, bodies: &str) -> Vec<Pushed> {
        let publish = |body| self.publish_message(message(body, |_| ()));
        bodies.split_whitespace().map(publish).collect()
    }

    pub(in crate::queue) fn publish_message(&mut self, message: Message) -> Pushed {
        let pushed = self.push_message(message);
        self.dispatch();
        pushed
    }

    /// Publishes messages whose priority stands behind a dot: `a.5`.
    pub(in crate::queue) fn publish_by_priority(&mut self, bodies: &str) {
        for body in bodies.split_whitespace() {
            let (_, priority) = body.split_once('.').expect("body.priority");
            let priority = priority.parse().expect("a number");
            self.publish_message(message(body, |traits| traits.priority = priority));
        }
    }

    pub(in crate::queue) fn add(&mut self, consumer: NewConsumer) -> Result<(), AmqpError> {
        let id = consumer.id.0;
        let mailbox = Arc::clone(&consumer.mailbox);
        let credit = Arc::clone(&consumer.channel_credit);
        self.queue.add_consumer(self.now, consumer, &mut self.fx)?;
        self.boxes.insert(id, mailbox);
        self.credits.insert(id, credit);
        self.dispatch();
        Ok(())
    }

    pub(in crate::queue) fn consume(&mut self, id: u64, prefetch: u16) {
        self.add(consumer(id, prefetch)).expect("it may consume");
    }

    pub(in crate::queue) fn consume_with(&mut self, id: u64, prefetch: u16, arguments: Table) {
        let consumer = NewConsumer {
            arguments,
            ..consumer(id, prefetch)
        };
        self.add(consumer).expect("it may consume");
    }

    pub(in crate::queue) fn cancel(&mut self, id: u64) -> bool {
        self.queue
            .remove_consumer(self.now, ConsumerId(id), &mut self.fx)
    }

    /// Consumers go with all they hold, and with the mail that they have not read.
    pub(in crate::queue) fn leave(&mut self, ids: &[u64], cause: ReturnCause) {
        let kind = self.queue.declared().kind;
        let mut held = Held::default();
        for id in ids {
            let entries = self.held.remove(id).unwrap_or_default();
            let consumer = Some(ConsumerId(*id));
            entries
                .into_iter()
                .for_each(|entry| held.add(kind, consumer, entry));
        }
        let mut unread = Vec::new();
        let boxes = ids.iter().filter_map(|id| self.boxes.get(id));
        let mut read = || {
            let mut mail = VecDeque::new();
            boxes.clone().for_each(|one| one.take_now(&mut mail));
            unread.extend(mail.into_iter().map(|mail| match mail {
                Mail::Deliver(delivery) => (Some(delivery.consumer), delivery.entry),
                other => panic!("not a delivery: {other:?}"),
            }));
        };
        let consumers: Vec<_> = ids.iter().copied().map(ConsumerId).collect();
        let (queue, fx, now) = (&mut self.queue, &mut self.fx, self.now);
        queue.leave(now, &consumers, &mut read, fx);
        while let Some(piece) = held.next_piece() {
            queue.give_back(now, piece, cause, fx);
        }
        queue.give_back(now, unread, ReturnCause::Undelivered, fx);
        queue.end_leaving(now, fx);
    }

    /// Reads a consumer's mail, with what the queue has for it when it is called back, and holds
    /// what is in it. Consumers that share a mailbox read the first one's.
    pub(in crate::queue) fn mail(&mut self, id: u64) -> String {
        let mut mail_box = VecDeque::new();
        self.boxes[&id].take_now(&mut mail_box);
        let mut bodies = Vec::new();
        while let Some(mail) = mail_box.pop_front() {
            if let Mail::Resume(_) = mail {
                self.resumed += 1;
                self.queue.resume(self.now, &mut self.fx);
                self.boxes[&id].take_now(&mut mail_box);
                continue;
            }
            let Mail::Deliver(delivery) = mail else {
                panic!("not a delivery: {mail:?}");
            };
            bodies.push(body(&delivery.entry));
            let octets = delivery.entry.message.memory();
            let held = self.held.entry(delivery.consumer.0).or_default();
            held.push(delivery.entry);
            self.boxes[&id].relieve(octets, self.now);
            if self.called_back.0.swap(false, Ordering::Relaxed) {
                self.queue.resume(self.now, &mut self.fx);
                self.boxes[&id].take_now(&mut mail_box);
            }
        }
        bodies.join(" ")
    }

    /// Settles the messages with these bodies, in this order, of a consumer (0 for basic.get).
    pub(in crate::queue) fn settle(&mut self, id: u64, bodies: &str, outcome: Outcome) {
        let mut entries = Vec::new();
        let held = self.held.entry(id).or_default();
        for wanted in bodies.split_whitespace() {
            let place = held.iter().position(|entry| body(entry) == wanted);
            entries.push(held.remove(place.expect("it holds this one")));
        }
        let settled = entries.len() as u64;
        let consumer = (id > 0).then_some(ConsumerId(id));
        self.queue
            .settle(self.now, consumer, &mut entries, outcome, &mut self.fx);
        if let Some(credit) = self.credits.get(&id) {
            credit.give_back(settled, self.now);
        }
    }

    pub(in crate::queue) fn ack(&mut self, id: u64, bodies: &str) {
        self.settle(id, bodies, Outcome::Ack);
    }

    pub(in crate::queue) fn requeue(&mut self, id: u64, bodies: &str, cause: ReturnCause) {
        self.settle(id, bodies, Outcome::Requeue(cause));
    }

    /// basic.get of one message after the other; what it gets is held under 0.
    pub(in crate::queue) fn get(&mut self, n: usize) -> String {
        let mut bodies = Vec::new();
        for _ in 0..n {
            let got = self.queue.get(self.now, false, &mut self.fx);
            let Some(got) = got.expect("get is allowed") else {
                break;
            };
            bodies.push(body(&got.entry));
            self.held.entry(0).or_default().push(got.entry);
        }
        bodies.join(" ")
    }

    /// Whether anything but the test keeps a consumer's mailbox.
    pub(in crate::queue) fn has_ghosts(&self) -> bool {
        self.boxes.values().any(|mail| Arc::strong_count(mail) > 1)
    }

    pub(in crate::queue) fn ready(&self) -> String {
        let ready = self.queue.peek(usize::MAX);
        let bodies: Vec<String> = ready.iter().map(body).collect();
        assert_eq!(bodies.len() as u64, self.queue.ready_count());
        bodies.join(" ")
    }

    /// Dead letters so far: `body:reason`.
    pub(in crate::queue) fn dead(&mut self) -> String {
        let letters = std::mem::take(&mut self.fx.dead_letters);
        let words =
            |(entry, reason): (&Entry, DeathReason)| format!("{}:{}", body(entry), reason.as_str());
        let letters: Vec<String> = letters
            .iter()
            .map(|letter| words((&letter.entry, letter.reason)))
            .collect();
        letters.join(" ")
    }
}

/// Arguments from integers.
pub(in crate::queue) fn numbers<const N: usize>(arguments: [(&str, i64); N]) -> Table {
    arguments.into_iter().collect()
}

/// Arguments with a dead-letter exchange.
pub(in crate::queue) fn with_dlx(arguments: Table) -> Table {
    arguments.with("x-dead-letter-exchange", "dlx")
}

pub(in crate::queue) fn single_active() -> Table {
    Table::new().with("x-single-active-consumer", Value::Bool(true))
}

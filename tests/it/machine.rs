//! Any operations on one queue and its store, over the protocol, against a plain list: publish,
//! get, settle, requeue, expire, purge, stop in order and power cuts. Nothing stays in memory
//! (`body_budget = 0`), and segments are so small that checkpoints and packing come all the time.
//!
//! Invariants I1, I2, I3, I10. A failure prints the operations that lead to it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::BuilderInside as _;
use leveret::internals::config::Durability;
use leveret::internals::store::disk::{Fault, FaultDisk};
use leveret::internals::store::{LogStore, Options, Store};
use proptest::prelude::*;

use self::mixed::Mixed;
use crate::talker::Client;

mod mixed;

/// Time to live of every message.
const TTL_MS: u64 = 60_000;
/// No number of these steps is exactly the time to live.
const STEP_MS: u64 = 7_001;

#[derive(Clone, Debug)]
enum Op {
    Publish {
        count: u64,
        len: u64,
        persistent: bool,
    },
    Get {
        count: u64,
    },
    Ack {
        nth: usize,
    },
    Requeue {
        nth: usize,
    },
    Purge,
    /// Lets time pass.
    Wait {
        steps: u64,
    },
    /// Stops the broker in order and starts another.
    Restart,
    /// The power goes; what was not synced is there or not as the seed wills.
    Crash {
        seed: u64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let publish = (1..6u64, 0..3000u64, prop::bool::weighted(0.8));
    prop_oneof![
        8 => publish.prop_map(|(count, len, persistent)| Op::Publish { count, len, persistent }),
        4 => (1..4u64).prop_map(|count| Op::Get { count }),
        4 => (0..8usize).prop_map(|nth| Op::Ack { nth }),
        2 => (0..8usize).prop_map(|nth| Op::Requeue { nth }),
        1 => Just(Op::Purge),
        2 => (1..6u64).prop_map(|steps| Op::Wait { steps }),
        1 => Just(Op::Restart),
        2 => any::<u64>().prop_map(|seed| Op::Crash { seed }),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// With the client, under this delivery tag.
    Held(u64),
    /// Settled, but perhaps not durably: a power cut may bring it back.
    Settled,
    /// It must never be seen again.
    Gone,
}

#[derive(Clone, Debug)]
struct Message {
    id: u64,
    persistent: bool,
    born_ms: u64,
    was_delivered: bool,
    state: State,
}

/// A broker, its only client, and what must be true of them.
struct Machine {
    disk: FaultDisk,
    shim: Shim,
    clock: Clock,
    now_ms: u64,
    /// `None` only while one broker gives way to the next.
    broker: Option<Broker>,
    client: Client,
    tag: u64,
    confirmed: u64,
    messages: Vec<Message>,
}

/// What a broker gets for the store that it is to have.
type Shim = fn(LogStore) -> Arc<dyn Store>;

fn start(disk: &FaultDisk, clock: &Clock, shim: Shim) -> Result<(Broker, Client), String> {
    let options = Options {
        segment_len: 12 * 1024,
        ..Options::default()
    };
    let store = LogStore::open(Arc::new(disk.clone()), options, clock.clone());
    let store = store.map_err(|error| error.to_string())?;
    let builder = Broker::builder()
        .store(shim(store))
        .clock(clock.clone())
        .configure(|settings| {
            settings.durability = Durability::Fsync;
            settings.body_budget = 0;
            settings.workers = 1;
        });
    let broker = builder.start().unwrap();
    let mut client = Client::new(&broker);
    let declare = format!("queue.declare queue='q' durable arguments={{x-message-ttl: I{TTL_MS}}}");
    let heard = client.ask(&declare);
    assert!(heard.starts_with("queue.declare-ok queue='q'"), "{heard}");
    assert_eq!(client.ask("confirm.select"), "confirm.select-ok");
    Ok((broker, client))
}

/// The number behind `message-id=`, and whether it is redelivered.
fn parse(heard: &str) -> Option<(u64, bool)> {
    let (head, id) = heard.split_once("message-id='")?;
    let id = id.split('\'').next()?.parse().ok()?;
    Some((id, head.contains(" redelivered")))
}

impl Machine {
    fn new(disk: FaultDisk, shim: Shim) -> Self {
        let clock = Clock::test();
        let (broker, client) = start(&disk, &clock, shim).unwrap();
        Self {
            disk,
            shim,
            clock,
            now_ms: 0,
            broker: Some(broker),
            client,
            tag: 0,
            confirmed: 0,
            messages: Vec::new(),
        }
    }

    fn is_expired(&self, message: &Message) -> bool {
        self.now_ms - message.born_ms >= TTL_MS
    }

    /// Messages that are ready, in order.
    fn ready(&self) -> Vec<usize> {
        let all = self.messages.iter().enumerate();
        let ready =
            all.filter(|(_, message)| message.state == State::Ready && !self.is_expired(message));
        ready.map(|(at, _)| at).collect()
    }

    /// The `nth` of those that the client holds, going round.
    fn held(&self, nth: usize) -> Option<(usize, u64)> {
        let held = self.messages.iter().enumerate();
        let held: Vec<_> = held
            .filter_map(|(at, message)| match message.state {
                State::Held(tag) => Some((at, tag)),
                _ => None,
            })
            .collect();
        held.get(nth.checked_rem(held.len())?).copied()
    }

    fn message(&mut self, at: usize) -> &mut Message {
        self.messages.get_mut(at).unwrap()
    }

    fn apply(&mut self, op: &Op) -> Result<(), String> {
        match *op {
            Op::Publish {
                count,
                len,
                persistent,
            } => (0..count).for_each(|_| self.publish(len, persistent)),
            Op::Get { count } => {
                for _ in 0..count {
                    self.get()?;
                }
            }
            Op::Ack { nth } => {
                if let Some((at, tag)) = self.held(nth) {
                    self.client.say(&format!("basic.ack delivery-tag={tag}"));
                    self.message(at).state = State::Settled;
                }
            }
            Op::Requeue { nth } => {
                if let Some((at, tag)) = self.held(nth) {
                    self.client
                        .say(&format!("basic.reject delivery-tag={tag} requeue"));
                    self.message(at).state = State::Ready;
                }
            }
            Op::Purge => self.purge()?,
            Op::Wait { steps } => {
                self.client.sync();
                self.now_ms += steps * STEP_MS;
                self.clock.advance(Duration::from_millis(steps * STEP_MS));
            }
            Op::Restart => self.restart()?,
            Op::Crash { seed } => self.crash(seed)?,
        }
        self.client.sync();
        let (found, expected) = (self.client.ready("q"), self.ready().len() as u64);
        if found == expected {
            Ok(())
        } else {
            Err(format!("{found} are ready instead of {expected}"))
        }
    }

    fn publish(&mut self, len: u64, persistent: bool) {
        let id = self.messages.len() as u64;
        let mode = if persistent { 2 } else { 1 };
        self.confirmed += 1;
        let heard = self.client.ask(&format!(
            "basic.publish routing-key='q' body=zeros:{len} \
             {{delivery-mode={mode} message-id='{id}'}}"
        ));
        assert_eq!(heard, format!("basic.ack delivery-tag={}", self.confirmed));
        if persistent {
            // Its confirm says that everything before it is durable too.
            for message in &mut self.messages {
                if message.state == State::Settled {
                    message.state = State::Gone;
                }
            }
        }
        self.messages.push(Message {
            id,
            persistent,
            born_ms: self.now_ms,
            was_delivered: false,
            state: State::Ready,
        });
    }

    fn get(&mut self) -> Result<(), String> {
        let heard = self.client.ask("basic.get queue='q'");
        let expected = self.ready().first().copied();
        match (parse(&heard), expected) {
            (None, None) => Ok(()),
            (Some((id, redelivered)), Some(at)) => {
                self.tag += 1;
                let tag = self.tag;
                let message = self.message(at);
                if (id, redelivered) != (message.id, message.was_delivered) {
                    return Err(format!("{heard} instead of {message:?}"));
                }
                message.was_delivered = true;
                message.state = State::Held(tag);
                Ok(())
            }
            _ => Err(format!("{heard} instead of {expected:?}")),
        }
    }

    fn purge(&mut self) -> Result<(), String> {
        let heard = self.client.ask("queue.purge queue='q'");
        let ready = self.ready();
        for at in &ready {
            self.message(*at).state = State::Settled;
        }
        let told = format!("queue.purge-ok message-count={}", ready.len());
        (heard == told)
            .then_some(())
            .ok_or_else(|| format!("{heard} instead of {told}"))
    }

    fn restart(&mut self) -> Result<(), String> {
        self.client.sync();
        // It goes first: a broker that stops waits for clients.
        self.client.leave();
        if let Some(broker) = self.broker.take() {
            broker.stop("a test");
        }
        for message in &mut self.messages {
            match message.state {
                State::Settled => message.state = State::Gone,
                State::Held(_) => message.state = State::Ready,
                _ => {}
            }
        }
        self.resume(|_| false)
    }

    fn crash(&mut self, seed: u64) -> Result<(), String> {
        self.client.sync();
        let image = self.disk.crash_image(self.disk.changes(), seed);
        self.disk = FaultDisk::with_disk(&image);
        for message in &mut self.messages {
            // A power cut takes away what had been delivered.
            message.was_delivered = true;
            if let State::Held(_) = message.state {
                message.state = State::Ready;
            }
        }
        self.resume(|message| message.state == State::Settled)
    }

    /// Starts a broker on what is there and looks at everything; those that `may` be there are,
    /// or are gone.
    fn resume(&mut self, may: impl Fn(&Message) -> bool) -> Result<(), String> {
        self.client.leave();
        let (broker, client) = start(&self.disk, &self.clock, self.shim)?;
        (self.broker, self.client) = (Some(broker), client);
        (self.tag, self.confirmed) = (0, 0);
        let mut found = Vec::new();
        while let Some(heard) = parse(&self.client.ask("basic.get queue='q'")) {
            found.push(heard);
        }
        if !found.is_sorted_by(|(one, _), (other, _)| one < other) {
            return Err(format!("out of order: {found:?}"));
        }
        let now_ms = self.now_ms;
        for message in &mut self.messages {
            let seen = found.iter().find(|(id, _)| *id == message.id);
            let is_fresh = now_ms - message.born_ms < TTL_MS;
            let must = message.state == State::Ready && message.persistent && is_fresh;
            match seen {
                None if must => return Err(format!("{message:?} is lost")),
                Some((_, redelivered)) if must || (may(message) && is_fresh) => {
                    if *redelivered != message.was_delivered {
                        return Err(format!("{message:?} is redelivered: {redelivered}"));
                    }
                    message.state = State::Ready;
                    message.was_delivered = true;
                }
                Some(_) => return Err(format!("{message:?} has come back")),
                None => message.state = State::Gone,
            }
        }
        if let Some((id, _)) = found
            .iter()
            .find(|(id, _)| *id >= self.messages.len() as u64)
        {
            return Err(format!("{id} is invented"));
        }
        // All of them go back to their places.
        let back = "basic.nack delivery-tag=0 multiple requeue";
        if !found.is_empty() {
            self.client.say(back);
        }
        self.tag = found.len() as u64;
        Ok(())
    }
}

/// Runs the operations and a last restart; what is wrong, if anything is.
fn run(disk: &FaultDisk, ops: &[Op]) -> Result<(), String> {
    run_with(disk, |store| Arc::new(store), ops)
}

/// The same with a shim before the store.
fn run_with(disk: &FaultDisk, shim: Shim, ops: &[Op]) -> Result<(), String> {
    let mut machine = Machine::new(disk.clone(), shim);
    for (at, op) in ops.iter().enumerate() {
        machine
            .apply(op)
            .map_err(|wrong| format!("operation {at}, {op:?}: {wrong}"))?;
    }
    machine.apply(&Op::Restart)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    })]

    #[test]
    fn queue_and_store_do_what_a_list_does(ops in prop::collection::vec(op(), 1..50)) {
        let wrong = run(&FaultDisk::default(), &ops).err();
        prop_assert!(wrong.is_none(), "{wrong:?}");
    }
}

/// Publishes some and loses power.
fn some_and_a_crash(seed: u64) -> [Op; 2] {
    let publish = Op::Publish {
        count: 5,
        len: 600,
        persistent: true,
    };
    [publish, Op::Crash { seed }]
}

// A confirm before the sync is what the store must never do: a disk whose syncs do nothing makes
// it do so, and the model has to notice.
#[test]
fn confirms_before_the_sync_are_found_out() {
    let found_out = (0..8).any(|seed| {
        let disk = FaultDisk::default();
        assert_eq!(
            run(&disk, &some_and_a_crash(seed)),
            Ok(()),
            "an honest disk"
        );
        let liar = FaultDisk::default();
        (0..10_000).for_each(|nth| liar.plan(Fault::LostSync(nth)));
        let wrong = run(&liar, &some_and_a_crash(seed)).err();
        wrong.is_some_and(|wrong| wrong.contains("is lost"))
    });
    assert!(found_out, "a lie about syncs goes unnoticed");
}

// Order is the other promise: a store that gives two messages back in the wrong order, or reads the
// one where the other is asked for, must be noticed, by way of a real broker and its client.
#[test]
fn messages_that_change_places_are_found_out() {
    let shims: [(&str, Shim); 2] = [
        ("at start", |store| Arc::new(Mixed::at_start(store))),
        ("when read", |store| Arc::new(Mixed::when_read(store))),
    ];
    let ops = some_and_a_crash(1);
    assert_eq!(run(&FaultDisk::default(), &ops), Ok(()), "in order");
    for (when, shim) in shims {
        let wrong = run_with(&FaultDisk::default(), shim, &ops).err();
        let is_noticed = wrong
            .as_ref()
            .is_some_and(|wrong| wrong.contains("out of order") || wrong.contains("instead of"));
        assert!(is_noticed, "{when}: {wrong:?}");
    }
}

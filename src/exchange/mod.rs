//! Exchanges: from the keys and headers of a message to its destinations.
//!
//! Owns: the types of exchanges, what they look bindings up by, and the choice of destinations. A
//! destination is anything that can be told apart. Deliberately knows of queues only their types,
//! and no message, no lock, no clock and no source of random numbers: what it needs of those it is
//! handed. One exchange is one [`Router`]; the way from one exchange to the next, and the list of
//! bindings, are the vhost's.
//!
//! Invariants: routing reads only (I12: the same bindings made in the same order, and the same
//! input, give the same destinations in the same order), and its cost is bounded by the message
//! and the bindings that come close to it, whatever patterns a client binds (I11).
//!
//! Spec: AMQP 0-9-1 §3.1.3. Docs: RabbitMQ's page on exchanges. Seen: RabbitMQ 4.3.6,
//! tests/scripts/routing.

mod kind;

mod direct;
mod hash;
mod headers;
mod topic;

mod dedup;
mod history;

mod hasher;
mod targets;
mod term;
mod value;

use std::hash::Hash;

use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{Table, TableRef};

pub use dedup::DedupCache;
use direct::Direct;
use hash::{Hashed, Pool, Ring};
pub use hasher::TableHash as NameHash;
use headers::Headers;
use history::history_length;
pub use history::{History, belongs_to_history};
pub use kind::ExchangeType;
use targets::Targets;
use topic::Topic;

use crate::kind::QueueKind;

/// What of a message decides where it goes.
#[derive(Clone, Copy, Debug)]
pub struct RouteInput<'a> {
    /// The routing key, then those of the headers `CC` and `BCC`.
    pub keys: &'a [&'a [u8]],
    /// The message's headers, if it has any.
    pub headers: Option<TableRef<'a>>,
    /// The message's properties.
    pub properties: PropertiesRef<'a>,
    /// Drawn by the caller from all of `u64`, for the exchanges that choose by chance.
    pub random: u64,
}

/// What a binding leads to, as far as some exchanges care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    /// A queue of this type.
    Queue(QueueKind),
    /// Another exchange.
    Exchange,
}

/// One exchange's bindings, arranged as its type looks at them. Which bindings there are, and
/// whether two are the same, is known to the list of all bindings of a vhost, not here.
#[derive(Clone, Debug)]
pub struct Router<D> {
    index: Index<D>,
}

/// The bindings as the type of exchange looks at them.
#[derive(Clone, Debug)]
enum Index<D> {
    Direct(Direct<D>),
    Fanout(Targets<D>),
    Topic(Topic<D>),
    Headers(Headers<D>),
    ConsistentHash(Hashed, Ring<D>),
    Random(Pool<D>),
    LocalRandom(Pool<D>),
    ModulusHash(Pool<D>),
}

impl<D: Clone + Eq + Hash> Router<D> {
    /// An exchange without bindings.
    ///
    /// # Errors
    /// The explanation of a 406 `PRECONDITION_FAILED` if the type does not take these arguments of
    /// its `exchange.declare`. Arguments it does not know are ignored.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/exchange/consistent_hash_wants_weights.amqp and
    /// tests/scripts/exchange/unknown_arguments_do_not_matter_on_redeclare.amqp.
    pub fn new(exchange_type: &ExchangeType, arguments: &Table) -> Result<Self, String> {
        let index = match exchange_type.routing() {
            ExchangeType::Direct => Index::Direct(Direct::default()),
            ExchangeType::Topic => Index::Topic(Topic::default()),
            ExchangeType::Headers => Index::Headers(Headers::default()),
            ExchangeType::ConsistentHash => {
                Index::ConsistentHash(Hashed::parse(arguments)?, Ring::default())
            }
            ExchangeType::Random => Index::Random(Pool::default()),
            ExchangeType::LocalRandom => Index::LocalRandom(Pool::default()),
            ExchangeType::ModulusHash => Index::ModulusHash(Pool::default()),
            ExchangeType::RecentHistory => {
                history_length(arguments)?;
                Index::Fanout(Targets::default())
            }
            ExchangeType::Fanout | ExchangeType::Delayed(_) => Index::Fanout(Targets::default()),
        };
        Ok(Self { index })
    }

    /// Whether this exchange takes such a binding. To be asked before [`bind`](Self::bind), not
    /// before [`unbind`](Self::unbind).
    ///
    /// # Errors
    /// The explanation of a 406 `PRECONDITION_FAILED`: too many `#` in a topic's pattern, an
    /// `x-match` that is no such word, a key that is no weight, or a destination or key that an
    /// `x-local-random` exchange cannot have.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/binding,
    /// tests/scripts/exchange/consistent_hash_wants_weights.amqp and
    /// tests/scripts/routing/local_random_takes_classic_queues_without_a_key.amqp.
    pub fn check_binding(
        &self,
        key: &str,
        arguments: &Table,
        destination: DestinationKind,
    ) -> Result<(), String> {
        match &self.index {
            Index::Topic(_) => topic::check_pattern(key),
            Index::Headers(_) => headers::check_arguments(arguments),
            Index::ConsistentHash(..) => hash::check_weight(key),
            Index::LocalRandom(_) => check_local(key, destination),
            Index::Direct(_) | Index::Fanout(_) | Index::Random(_) | Index::ModulusHash(_) => {
                Ok(())
            }
        }
    }

    /// Adds a binding, which must not be there yet: same destination, key and `arguments`, these
    /// ordered by name. Returns the number by which [`unbind`](Self::unbind) finds it.
    pub fn bind(&mut self, key: &str, arguments: TableRef<'_>, destination: D) -> usize {
        match &mut self.index {
            Index::Direct(direct) => direct.add(key.as_bytes(), destination),
            Index::Fanout(targets) => targets.add(destination),
            Index::Topic(topic) => topic.add(key, destination),
            Index::Headers(headers) => return headers.add(arguments, destination),
            Index::ConsistentHash(_, ring) => ring.add(key, destination),
            Index::Random(pool) | Index::LocalRandom(pool) | Index::ModulusHash(pool) => {
                pool.add(destination);
            }
        }
        0
    }

    /// Removes a binding, which must be there; `number` is what [`bind`](Self::bind) returned for
    /// it.
    pub fn unbind(&mut self, key: &str, number: usize, destination: &D) {
        match &mut self.index {
            Index::Direct(direct) => direct.remove(key.as_bytes(), destination),
            Index::Fanout(targets) => targets.remove(destination),
            Index::Topic(topic) => topic.remove(key, destination),
            Index::Headers(headers) => headers.remove(number),
            Index::ConsistentHash(_, ring) => ring.remove(destination),
            Index::Random(pool) | Index::LocalRandom(pool) | Index::ModulusHash(pool) => {
                pool.remove(destination);
            }
        }
    }

    /// Appends the destinations of a message to `out`.
    ///
    /// A destination that several bindings lead to may come more than once (topic and headers
    /// exchanges, and direct ones given several keys): the caller, who follows further exchanges
    /// anyway, keeps the first of each. Appends at most one for the exchanges that choose one.
    #[inline]
    pub fn route(&self, input: &RouteInput<'_>, out: &mut Vec<D>) {
        match &self.index {
            Index::Direct(direct) => {
                input
                    .keys
                    .iter()
                    .for_each(|key| out.extend_from_slice(direct.targets(key)));
            }
            Index::Fanout(targets) => out.extend_from_slice(targets.as_slice()),
            Index::Topic(topic) => input.keys.iter().for_each(|key| topic.route(key, out)),
            Index::Headers(headers) => headers.route(input.headers, out),
            Index::ConsistentHash(hashed, ring) => {
                let key = input.keys.first().copied().unwrap_or_default();
                let hash = hashed.hash(key, input.headers, input.properties);
                out.extend(ring.pick(hash).cloned());
            }
            Index::Random(pool) | Index::LocalRandom(pool) => {
                out.extend(pool.pick(input.random).cloned());
            }
            Index::ModulusHash(pool) => {
                out.extend(pool.pick(hash::hash_of_keys(input.keys)).cloned());
            }
        }
    }
}

/// What an `x-local-random` exchange takes: an empty key, and queues that have one place.
fn check_local(key: &str, destination: DestinationKind) -> Result<(), String> {
    if !key.is_empty() {
        return Err(format!("Non empty binding '{key}' key not permitted"));
    }
    let queue_type = match destination {
        DestinationKind::Queue(QueueKind::Classic) => return Ok(()),
        DestinationKind::Queue(QueueKind::Quorum) => "rabbit_quorum_queue",
        DestinationKind::Queue(QueueKind::Stream) => "rabbit_stream_queue",
        DestinationKind::Exchange => return Err("Destination not found".to_owned()),
    };
    Err(format!(
        "Queue type {queue_type} not valid for this exchange type"
    ))
}

#[cfg(test)]
mod tests;

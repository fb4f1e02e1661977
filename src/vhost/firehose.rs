//! The firehose: while a vhost is traced, what clients publish to it and what is delivered out of
//! it goes to the topic exchange `amq.rabbitmq.trace` too, with the keys `publish.EXCHANGE` and
//! `deliver.QUEUE`.
//!
//! Whether a vhost is traced is asked only where listeners to messages are told, so that it costs
//! nothing while none is: a traced vhost counts as a listener. Copies are not traced themselves.
//! Dead letters, what an exchange has delayed and an exchange's history are published by no client,
//! and traced only where they are delivered.
//!
//! Docs: RabbitMQ, firehose tracer. Seen: RabbitMQ 4.3.6, tests/scripts/firehose.

use std::collections::BTreeSet;
use std::sync::Arc;

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::ShortBytes;

use super::Vhost;
use super::placing::Publishes;
use super::queue_handle::QueueHandle;
use super::routing::{Routes, Target};
use crate::clock::Now;
use crate::config::node_name;
use crate::events::{Fate, Interest, Listener, Party};
use crate::message::{Body, Message, MessageBuilder, Traits, routing_keys};
use crate::queue::{Noted, first_death_exchange, returned_properties};

/// Where the copies go.
const TRACE: &str = "amq.rabbitmq.trace";

/// Has fates of messages noted while a vhost is traced, and needs none of them itself.
struct Tap;

impl Listener for Tap {}

/// A message as it passes.
#[derive(Clone, Copy)]
struct Passing<'a> {
    message: &'a Message,
    /// Its properties, as clients see them.
    properties: PropertiesRef<'a>,
    /// The channel that it passes through.
    party: &'a Party,
    way: Way<'a>,
}

/// Which way it passes.
#[derive(Clone, Copy)]
enum Way<'a> {
    Published(&'a Routes),
    Delivered { queue: &'a str, redelivered: bool },
}

impl Vhost {
    /// Whether copies of its messages go to `amq.rabbitmq.trace`. Asked only while messages are
    /// listened to.
    pub(crate) fn is_traced(&self) -> bool {
        self.metadata.load().tracing
    }

    /// Begins or ends to trace, as its metadata say.
    pub(super) fn tap(&self, tracing: bool) {
        let mut tap = self.tap.lock();
        let before = match (tracing, &*tap) {
            (true, None) => {
                *tap = Some(self.env.events.listen(Interest::Messages, Arc::new(Tap)));
                None
            }
            (false, Some(_)) => tap.take(),
            _ => None,
        };
        drop(tap);
        drop(before);
    }

    /// A client publishes `message`, or will have published it once its transaction is committed.
    pub(crate) fn trace_publish(
        &self,
        now: Now,
        party: &Party,
        message: &Message,
        routes: &Routes,
    ) {
        if self.is_traced() {
            let copy = self.copy_of_publish(party, message, routes);
            self.outflow.pour(self, now, copy.into_iter().collect());
        }
    }

    /// A client publishes a batch.
    #[cold]
    pub(super) fn trace_publishes(&self, now: Now, publishes: &Publishes) {
        if let Some(party) = publishes.source.publisher() {
            let each = publishes.iter();
            let copies = each
                .filter_map(|(routes, message, _)| self.copy_of_publish(party, message, routes));
            self.outflow.pour(self, now, copies.collect());
        }
    }

    /// Messages went to consumers of `queue`, or answered a get.
    #[cold]
    pub(super) fn trace_deliveries(&self, now: Now, queue: &QueueHandle, noted: &[Noted]) {
        let copies = noted.iter().filter_map(|noted| {
            let Fate::Delivered {
                to: Some(party),
                redelivered,
                ..
            } = &noted.fate
            else {
                return None;
            };
            let rewritten = noted.delivered.as_deref().map(PropertiesRef::new);
            self.copy_of_delivery(Passing {
                message: &noted.message,
                properties: rewritten.unwrap_or_else(|| noted.message.properties()),
                party,
                way: Way::Delivered {
                    queue: queue.name(),
                    redelivered: *redelivered,
                },
            })
        });
        self.outflow.pour(self, now, copies.collect());
    }

    /// A direct reply went to the channel that waits for it as `name`.
    pub(crate) fn trace_reply(&self, now: Now, party: &Party, name: &str, message: &Message) {
        if !self.is_traced() {
            return;
        }
        let copy = self.copy_of_delivery(Passing {
            message,
            properties: message.properties(),
            party,
            way: Way::Delivered {
                queue: name,
                redelivered: false,
            },
        });
        self.outflow.pour(self, now, copy.into_iter().collect());
    }

    fn copy_of_publish(
        &self,
        party: &Party,
        message: &Message,
        routes: &Routes,
    ) -> Option<Message> {
        if !self.traces_go_anywhere(b"publish.", &message.exchange()) {
            return None;
        }
        let without_bcc = returned_properties(message);
        let without_bcc = without_bcc.as_deref().map(PropertiesRef::new);
        Some(self.copy_of(Passing {
            message,
            properties: without_bcc.unwrap_or_else(|| message.properties()),
            party,
            way: Way::Published(routes),
        }))
    }

    /// The copy for a delivery; none of what is a copy itself.
    fn copy_of_delivery(&self, passing: Passing<'_>) -> Option<Message> {
        let Way::Delivered { queue, .. } = passing.way else {
            return None;
        };
        let goes =
            !is_copy(passing.message) && self.traces_go_anywhere(b"deliver.", queue.as_bytes());
        goes.then(|| self.copy_of(passing))
    }

    /// Whether a copy with that key would come to a queue, as far as its key decides.
    fn traces_go_anywhere(&self, prefix: &[u8], suffix: &[u8]) -> bool {
        self.own_goes_anywhere(TRACE, &key(prefix, suffix))
    }

    fn copy_of(&self, passing: Passing<'_>) -> Message {
        let key = match passing.way {
            Way::Published(_) => key(b"publish.", &passing.message.exchange()),
            Way::Delivered { queue, .. } => key(b"deliver.", queue.as_bytes()),
        };
        let octets = self.headers_of(passing, false);
        let mut properties = only_headers(&octets);
        // Headers that are as deep as they may be cannot be nested in others.
        if PropertiesRef::new(&properties).check().is_err() {
            properties = only_headers(&self.headers_of(passing, true));
        }
        let body = match passing.message.large_body() {
            Some(body) => Body::Shared(body.clone()),
            None => Body::Copied(passing.message.body()),
        };
        let exchange = ShortBytes::new(TRACE.as_bytes()).unwrap_or_default();
        let key = ShortBytes::new(&key).unwrap_or_default();
        let properties = PropertiesRef::new(&properties);
        MessageBuilder::default().build(exchange, key, properties, body, Traits::default())
    }

    /// Its headers, sorted as RabbitMQ sorts them; those of the message are among them unless they
    /// are `too_deep`.
    fn headers_of(&self, passing: Passing<'_>, too_deep: bool) -> Vec<u8> {
        let Passing {
            message,
            properties,
            party,
            way,
        } = passing;
        let keys = routing_keys(message);
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        let mut table = Table::new()
            .with("channel", Value::I32(party.channel.0.into()))
            .with("connection", party.connection_name.as_str())
            .with("exchange_name", Value::LongStr(message.exchange().to_vec()))
            .with("node", node_name())
            .with("properties", table_of(properties, too_deep));
        match way {
            Way::Delivered { redelivered, .. } => {
                table.insert("redelivered", Value::I32(redelivered.into()));
            }
            // The default exchange looks for no queues in RabbitMQ, and tells all keys.
            Way::Published(_) if message.exchange().is_empty() => {
                let all: BTreeSet<&[u8]> = keys.iter().copied().collect();
                table.insert("routed_queues", array(all));
            }
            Way::Published(routes) => {
                let first = keys.first().copied().unwrap_or_default();
                let queues = routes.iter().map(|target| match target {
                    Target::Queue(queue) => queue.name().as_bytes(),
                    Target::Reply(_) => first,
                });
                // Seen: RabbitMQ 4.3.6,
                // tests/scripts/firehose/queues_are_told_last_name_first.amqp.
                let queues: BTreeSet<&[u8]> = queues.collect();
                table.insert("routed_queues", array(queues.into_iter().rev()));
            }
        }
        table.insert("routing_keys", array(keys));
        table.insert("user", party.user.as_str());
        table.insert("vhost", Value::LongStr(self.name.as_bytes().to_vec()));
        table.to_bytes()
    }
}

/// Whether it is a copy, or one that has died on its way: what it is delivered as, in a queue for
/// dead letters that is traced as well, would be copied for ever.
fn is_copy(message: &Message) -> bool {
    let trace = TRACE.as_bytes();
    *message.exchange() == *trace || first_death_exchange(message) == Some(trace)
}

fn array<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Value {
    let names = names.into_iter();
    Value::Array(names.map(|name| Value::LongStr(name.to_vec())).collect())
}

/// A routing key of two parts; what is too long for one is cut.
fn key(prefix: &[u8], suffix: &[u8]) -> Vec<u8> {
    let mut key = [prefix, suffix].concat();
    key.truncate(usize::from(u8::MAX));
    key
}

fn only_headers(octets: &[u8]) -> Vec<u8> {
    let headers = Some(TableRef::new(octets));
    Properties {
        headers,
        ..Properties::default()
    }
    .to_bytes()
}

/// Properties by RabbitMQ's names, the last one first. Numbers are those 32 bits that RabbitMQ
/// writes of them.
fn table_of(properties: PropertiesRef<'_>, too_deep: bool) -> Table {
    let Ok(all) = properties.decode() else {
        return Table::new();
    };
    let headers = all.headers.filter(|_| !too_deep);
    let headers = headers.and_then(|headers| headers.to_table().ok());
    let short = |value: Option<ShortBytes<'_>>| value.map(|text| Value::LongStr(text.to_vec()));
    let octet = |value: Option<u8>| value.map(|number| Value::I32(number.into()));
    #[expect(clippy::cast_possible_truncation, reason = "as RabbitMQ does")]
    let time = all.timestamp.map(|seconds| Value::I32(seconds as i32));
    let fields = [
        ("cluster_id", short(all.cluster_id)),
        ("app_id", short(all.app_id)),
        ("user_id", short(all.user_id)),
        ("type", short(all.type_)),
        ("timestamp", time),
        ("message_id", short(all.message_id)),
        ("expiration", short(all.expiration)),
        ("reply_to", short(all.reply_to)),
        ("correlation_id", short(all.correlation_id)),
        ("priority", octet(all.priority)),
        ("delivery_mode", octet(all.delivery_mode)),
        ("headers", headers.map(Value::Table)),
        ("content_encoding", short(all.content_encoding)),
        ("content_type", short(all.content_type)),
    ];
    let there = fields.into_iter();
    there
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

//! What listeners are told of queues, exchanges and bindings, by RabbitMQ's names.
//!
//! Docs: RabbitMQ, event exchange plugin.

use leveret_codec::table::{Table, Value};
use leveret_codec::types::{ChannelId, ShortString};

use super::Vhost;
use super::queue_handle::QueueHandle;
use super::routing::{Binding, DestinationName, ExchangeSpec};
use crate::clock::Now;
use crate::events::{Author, Change, ChangeKind, process};
use crate::kind::QueueKind;
use crate::queue::{ConsumerChange, Declared};

impl Vhost {
    /// A queue was made.
    pub(super) fn queue_created(&self, by: &Author, queue: &QueueHandle) -> Option<Change> {
        self.queue_change(ChangeKind::QueueCreated, by, queue.declared())
    }

    /// An exchange was made.
    pub(super) fn exchange_created(&self, by: &Author, spec: &ExchangeSpec) -> Option<Change> {
        self.exchange_change(ChangeKind::ExchangeCreated, by, spec)
    }

    /// A queue was made, deleted, paused or resumed.
    pub(super) fn queue_change(
        &self,
        kind: ChangeKind,
        by: &Author,
        declared: &Declared,
    ) -> Option<Change> {
        self.env.change(kind, &self.name, by, || {
            let fields = Table::new()
                .with("name", text(&declared.name))
                .with("type", format!("rabbit_{}_queue", declared.kind.as_str()));
            if kind != ChangeKind::QueueCreated {
                return fields;
            }
            let mut arguments = declared.arguments.table().clone();
            if arguments.get("x-queue-type").is_none() {
                arguments.insert("x-queue-type", declared.kind.as_str());
            }
            arguments.sort_keys();
            let fields = fields
                .with("durable", declared.durable)
                .with("auto_delete", declared.auto_delete)
                .with("arguments", arguments);
            let owner = declared
                .exclusive
                .map(|owner| process(owner, ChannelId::ZERO));
            match (declared.kind, owner) {
                (QueueKind::Stream, _) => fields,
                (_, None) => fields.with("exclusive", false),
                (_, Some(owner)) => fields.with("exclusive", true).with("owner_pid", owner),
            }
        })
    }

    /// An exchange was made or deleted.
    pub(super) fn exchange_change(
        &self,
        kind: ChangeKind,
        by: &Author,
        spec: &ExchangeSpec,
    ) -> Option<Change> {
        self.env.change(kind, &self.name, by, || {
            let fields = Table::new().with("name", text(&spec.name));
            if kind == ChangeKind::ExchangeDeleted {
                return fields;
            }
            fields
                .with("type", text(&spec.type_name))
                .with("durable", spec.durable)
                .with("auto_delete", spec.auto_delete)
                .with("internal", spec.internal)
                .with("arguments", spec.arguments.clone())
        })
    }

    /// A binding was made or removed.
    pub(super) fn binding_change(
        &self,
        kind: ChangeKind,
        by: &Author,
        binding: &Binding,
    ) -> Option<Change> {
        let (destination_kind, destination) = match &binding.destination {
            DestinationName::Queue(name) => ("queue", name),
            DestinationName::Exchange(name) => ("exchange", name),
        };
        self.env.change(kind, &self.name, by, || {
            Table::new()
                .with("source_kind", "exchange")
                .with("source_name", text(&binding.source))
                .with("destination_kind", destination_kind)
                .with("destination_name", text(destination))
                .with("routing_key", text(&binding.key))
                .with(
                    "arguments",
                    binding.arguments().to_table().unwrap_or_default(),
                )
        })
    }

    /// The exchanges that a vhost has that was just made.
    pub fn predeclared_changes(&self, by: &Author) -> Vec<Change> {
        let exchanges = self.all_exchanges();
        let changes = exchanges.iter();
        changes
            .filter_map(|exchange| self.exchange_created(by, &exchange.spec))
            .collect()
    }
}

impl Vhost {
    /// A consumer of `queue` came or went.
    pub(super) fn tell_consumer(&self, now: Now, queue: &QueueHandle, change: ConsumerChange) {
        let ConsumerChange {
            kind,
            party,
            order,
            fields,
        } = change;
        let channel = party
            .connection
            .map(|connection| process(connection, party.channel));
        self.env.events.tell(&Change {
            order,
            now,
            kind,
            by: party.user.as_str().into(),
            vhost: self.name.clone(),
            fields: fields
                .with("queue", text(queue.name()))
                .with("channel", channel.unwrap_or_default())
                .with("user_who_performed_action", party.user.as_str()),
        });
    }
}

fn text(text: &ShortString) -> Value {
    Value::LongStr(text.as_bytes().to_vec())
}

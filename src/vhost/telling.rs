//! What listeners are told of queues, exchanges and bindings, by RabbitMQ's names.
//!
//! Docs: RabbitMQ, event exchange plugin.

use leveret_codec::table::{Table, Value};
use leveret_codec::types::{ChannelId, ShortString};

use super::Vhost;
use super::queue_handle::QueueHandle;
use super::routing::{Binding, DestinationName, ExchangeSpec};
use crate::clock::Now;
use crate::events::{Change, ChangeKind, process};
use crate::kind::QueueKind;
use crate::queue::{ConsumerChange, Declared};

impl Vhost {
    /// A queue was made, by the user who declared it.
    pub(super) fn queue_created(&self, queue: &QueueHandle) -> Option<Change> {
        let declared = queue.declared();
        self.queue_change(ChangeKind::QueueCreated, &declared.declared_by, declared)
    }

    /// An exchange was made, by the user who declared it.
    pub(super) fn exchange_created(&self, spec: &ExchangeSpec) -> Option<Change> {
        self.exchange_change(ChangeKind::ExchangeCreated, &spec.declared_by, spec)
    }

    /// A queue was made or deleted.
    pub(super) fn queue_change(
        &self,
        kind: ChangeKind,
        by: &str,
        declared: &Declared,
    ) -> Option<Change> {
        self.env.change(kind, &self.name, by, || {
            let fields = Table::new()
                .with("name", text(&declared.name))
                .with("type", format!("rabbit_{}_queue", declared.kind.as_str()));
            if kind == ChangeKind::QueueDeleted {
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
        by: &str,
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
        by: &str,
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

    /// The exchanges that a new vhost has.
    pub fn predeclared_changes(&self) -> Vec<Change> {
        let exchanges = self.all_exchanges().into_iter();
        let change =
            |exchange: std::sync::Arc<super::Exchange>| self.exchange_created(&exchange.spec);
        exchanges.filter_map(change).collect()
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

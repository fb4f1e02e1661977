//! What of a vhost survives a restart, and how it comes back.
//!
//! Durable exchanges, durable queues and the bindings between them go to the store as they are
//! made, and out of it as they are removed. The shapes of the records are those of
//! [`crate::definitions`].

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leveret_codec::types::ShortString;

use super::Vhost;
use super::queue_handle::QueueHandle;
use super::routing::{Binding, Destination, DestinationName, Exchange, ExchangeSpec};
use crate::clock::Now;
use crate::definitions::{
    BindingRecord, DestinationType, ExchangeRecord, QueueRecord, Record, Unreadable, decode, encode,
};
use crate::env::Environment;
use crate::error::queue_words;
use crate::ids::QueueId;
use crate::kind::QueueKind;
use crate::queue::{Arguments, Declared, Flags};
use crate::store::{Position, Recovered};

/// Why something found in the store cannot be restored.
#[derive(Debug)]
pub struct RestoreError(String);

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RestoreError {}

fn short(text: &str) -> Result<ShortString, RestoreError> {
    ShortString::new(text).ok_or_else(|| RestoreError(format!("'{text}' is over 255 octets")))
}

impl From<Unreadable> for RestoreError {
    fn from(Unreadable(text): Unreadable) -> Self {
        Self(text)
    }
}

/// The record of a durable exchange.
pub(super) fn exchange_record(exchange: &Exchange) -> Option<ExchangeRecord> {
    let spec = &exchange.spec;
    spec.durable.then(|| ExchangeRecord {
        name: spec.name.to_string(),
        vhost: spec.vhost.to_string(),
        type_name: spec.type_name.to_string(),
        auto_delete: spec.auto_delete,
        internal: spec.internal,
        arguments: encode(&spec.arguments),
        delayed_id: exchange.delayed.as_ref().map(|delayed| delayed.id().0),
        declared_by: spec.declared_by.to_string(),
    })
}

/// The record of a durable queue.
pub(super) fn queue_record(queue: &QueueHandle) -> Option<QueueRecord> {
    let declared = queue.declared();
    declared.durable.then(|| QueueRecord {
        id: queue.id().0,
        name: declared.name.to_string(),
        vhost: declared.vhost.to_string(),
        auto_delete: declared.auto_delete,
        arguments: encode(declared.arguments.table()),
        declared_by: declared.declared_by.to_string(),
    })
}

/// The record of a binding, whether its ends survive or not.
pub(super) fn binding_record(vhost: &ShortString, binding: &Binding) -> BindingRecord {
    let (destination, destination_type) = match &binding.destination {
        DestinationName::Queue(name) => (name, DestinationType::Queue),
        DestinationName::Exchange(name) => (name, DestinationType::Exchange),
    };
    BindingRecord {
        vhost: vhost.to_string(),
        source: binding.source.to_string(),
        destination: destination.to_string(),
        destination_type,
        routing_key: binding.key.to_string(),
        arguments: STANDARD.encode(&binding.arguments),
    }
}

fn put(env: &Environment, record: Option<impl Record>) -> Position {
    let changes = record.as_ref().map(Record::put);
    env.store.define(changes.as_slice())
}

fn forget(env: &Environment, record: Option<impl Record>) -> Position {
    let changes = record.as_ref().map(Record::delete);
    env.store.define(changes.as_slice())
}

pub(super) fn store_exchange(env: &Environment, exchange: &Exchange) -> Position {
    put(env, exchange_record(exchange))
}

pub(super) fn forget_exchange(env: &Environment, exchange: &Exchange) -> Position {
    forget(env, exchange_record(exchange))
}

pub(super) fn store_queue(env: &Environment, queue: &QueueHandle) -> Position {
    put(env, queue_record(queue))
}

pub(super) fn forget_queue(env: &Environment, queue: &QueueHandle) -> Position {
    forget(env, queue_record(queue))
}

/// Stores a binding if both of its ends survive.
pub(super) fn store_binding(
    env: &Environment,
    binding: &Binding,
    source: &ExchangeSpec,
    destination: &Destination,
) -> Position {
    let survives = source.durable && destination.is_durable();
    put(
        env,
        survives.then(|| binding_record(&source.vhost, binding)),
    )
}

pub(super) fn forget_binding(
    env: &Environment,
    binding: &Binding,
    source: &ExchangeSpec,
) -> Position {
    let survives = source.durable;
    forget(
        env,
        survives.then(|| binding_record(&source.vhost, binding)),
    )
}

impl Vhost {
    /// Brings an exchange back.
    ///
    /// # Errors
    /// [`RestoreError`] if the record does not fit what is there.
    pub fn restore_exchange(&self, record: ExchangeRecord) -> Result<(), RestoreError> {
        let spec = ExchangeSpec {
            name: short(&record.name)?,
            vhost: self.name.clone(),
            type_name: short(&record.type_name)?,
            durable: true,
            auto_delete: record.auto_delete,
            internal: record.internal,
            arguments: decode(&record.arguments)?,
            declared_by: record.declared_by.into(),
        };
        let id = record
            .delayed_id
            .map_or_else(|| self.env.store.next_queue_id(), QueueId);
        let exchange = Exchange::new(spec, || self.delayed(id))
            .map_err(|error| RestoreError(error.to_string()))?;
        exchange.apply(&self.exchange_policy(&exchange));
        let name = exchange.spec.name.clone();
        self.directory.exchanges.insert(name, Arc::new(exchange));
        Ok(())
    }

    /// Brings a queue back.
    ///
    /// # Errors
    /// [`RestoreError`] if the record does not fit what is there.
    pub fn restore_queue(&self, now: Now, record: QueueRecord) -> Result<(), RestoreError> {
        let name = short(&record.name)?;
        let flags = Flags {
            durable: true,
            exclusive: false,
            auto_delete: record.auto_delete,
            generated_name: false,
        };
        let words = queue_words(&name, &self.name);
        let table = decode(&record.arguments)?;
        let arguments = Arguments::parse(&table, QueueKind::Classic, flags, &words)
            .map_err(|error| RestoreError(error.to_string()))?;
        let declared = Declared {
            name,
            vhost: self.name.clone(),
            kind: arguments.kind(),
            durable: true,
            auto_delete: record.auto_delete,
            exclusive: None,
            arguments,
            declared_by: record.declared_by.into(),
        };
        let queue = self.make_queue(now, QueueId(record.id), declared);
        self.add_queue(&queue);
        Ok(())
    }

    /// Brings a binding, whose ends must be there back.
    ///
    /// # Errors
    /// [`RestoreError`] if the record does not fit what is there.
    pub fn restore_binding(&self, record: BindingRecord) -> Result<(), RestoreError> {
        let missing = || RestoreError(format!("an end of the binding {record:?} is missing"));
        let source = self.find_exchange(&record.source).ok_or_else(missing)?;
        let name = short(&record.destination)?;
        let name = match record.destination_type {
            DestinationType::Queue => DestinationName::Queue(name),
            DestinationType::Exchange => DestinationName::Exchange(name),
        };
        let destination = self.find_destination(&name).ok_or_else(missing)?;
        let key = short(&record.routing_key)?;
        let arguments = decode(&record.arguments)?;
        let binding = Arc::new(Binding::new(&source.spec.name, name, &key, &arguments));
        self.add_binding(&mut self.topology.lock(), &binding, &source, &destination);
        Ok(())
    }

    /// Tells `owners` which stored messages belong to this vhost's queues and delayed exchanges.
    pub fn add_owners(&self, owners: &mut Owners) {
        for queue in self.all_queues() {
            owners.0.insert(queue.id(), Owner::Queue(queue));
        }
        for exchange in self.directory.all_exchanges() {
            if let Some(delayed) = &exchange.delayed {
                owners
                    .0
                    .insert(delayed.id(), Owner::Exchange(Arc::clone(&exchange)));
            }
        }
    }
}

/// The queues and exchanges that stored messages belong to, by the number under which they are
/// stored.
#[derive(Default)]
pub struct Owners(HashMap<QueueId, Owner>);

enum Owner {
    Queue(Arc<QueueHandle>),
    Exchange(Arc<Exchange>),
}

impl Owners {
    /// Gives stored messages back to the queue or exchange they were in; `false` if that is gone.
    pub fn restore(&self, now: Now, queue: QueueId, recovered: &[Recovered]) -> bool {
        match self.0.get(&queue) {
            None => return false,
            Some(Owner::Queue(queue)) => queue.restore(now, recovered),
            Some(Owner::Exchange(exchange)) => {
                if let Some(delayed) = &exchange.delayed {
                    delayed.restore(now, exchange, recovered);
                }
            }
        }
        true
    }
}

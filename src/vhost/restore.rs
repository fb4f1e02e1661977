//! What of a vhost survives a restart, and how it comes back.
//!
//! Policies, durable exchanges, durable queues and the bindings between them go to the store as
//! they are made, and out of it as they are removed. Argument tables are kept as octets on the
//! wire, so that every value keeps its type.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::ShortString;
use serde::{Deserialize, Serialize};

use super::Vhost;
use super::queue_handle::QueueHandle;
use super::routing::{Binding, Destination, DestinationName, Exchange, ExchangeSpec};
use crate::clock::Now;
use crate::env::Environment;
use crate::error::queue_words;
use crate::ids::QueueId;
use crate::kind::QueueKind;
use crate::policy::{Issuer, Policy, PolicyDefinition};
use crate::queue::{Arguments, Declared, Flags};
use crate::store::{Definition, DefinitionChange, DefinitionKind, Position, Recovered, vhost_key};

/// An exchange as the store keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct ExchangeRecord {
    name: String,
    vhost: String,
    #[serde(rename = "type")]
    type_name: String,
    auto_delete: bool,
    internal: bool,
    arguments: String,
    /// Names the delayed messages of the exchange in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delayed_id: Option<u64>,
}

/// A queue as the store keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct QueueRecord {
    id: u64,
    name: String,
    vhost: String,
    auto_delete: bool,
    arguments: String,
}

/// A binding as the store keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct BindingRecord {
    vhost: String,
    source: String,
    destination: String,
    destination_type: DestinationType,
    routing_key: String,
    arguments: String,
}

/// A policy as the store keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct PolicyRecord {
    issuer: Issuer,
    #[serde(flatten)]
    definition: PolicyDefinition,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DestinationType {
    Queue,
    Exchange,
}

/// Why something found in the store cannot be restored.
#[derive(Debug)]
pub struct RestoreError(String);

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RestoreError {}

fn put(env: &Environment, kind: DefinitionKind, key: String, record: &impl Serialize) -> Position {
    let json = serde_json::to_string(record).expect("a record of strings and numbers is JSON");
    env.store
        .define(DefinitionChange::Put(Definition { kind, key, json }))
}

fn forget(env: &Environment, kind: DefinitionKind, key: String) -> Position {
    env.store.define(DefinitionChange::Delete(kind, key))
}

fn encode(table: &Table) -> String {
    STANDARD.encode(table.to_bytes())
}

fn decode(text: &str) -> Result<Table, RestoreError> {
    let octets = STANDARD
        .decode(text)
        .map_err(|error| RestoreError(error.to_string()))?;
    TableRef::new(&octets)
        .to_table()
        .map_err(|error| RestoreError(error.to_string()))
}

fn short(text: &str) -> Result<ShortString, RestoreError> {
    ShortString::new(text).ok_or_else(|| RestoreError(format!("'{text}' is over 255 octets")))
}

pub(super) fn store_exchange(env: &Environment, exchange: &Exchange) -> Position {
    let spec = &exchange.spec;
    if !spec.durable {
        return Position::default();
    }
    let record = ExchangeRecord {
        name: spec.name.to_string(),
        vhost: spec.vhost.to_string(),
        type_name: spec.type_name.to_string(),
        auto_delete: spec.auto_delete,
        internal: spec.internal,
        arguments: encode(&spec.arguments),
        delayed_id: exchange.delayed.as_ref().map(|delayed| delayed.id().0),
    };
    put(
        env,
        DefinitionKind::Exchange,
        vhost_key(&spec.vhost, &spec.name),
        &record,
    )
}

pub(super) fn forget_exchange(env: &Environment, spec: &ExchangeSpec) -> Position {
    if !spec.durable {
        return Position::default();
    }
    let key = vhost_key(&spec.vhost, &spec.name);
    forget(env, DefinitionKind::Exchange, key)
}

pub(super) fn store_queue(env: &Environment, queue: &QueueHandle) -> Position {
    let declared = queue.declared();
    if !declared.durable {
        return Position::default();
    }
    let record = QueueRecord {
        id: queue.id().0,
        name: declared.name.to_string(),
        vhost: declared.vhost.to_string(),
        auto_delete: declared.auto_delete,
        arguments: encode(declared.arguments.table()),
    };
    put(
        env,
        DefinitionKind::Queue,
        vhost_key(&declared.vhost, &declared.name),
        &record,
    )
}

pub(super) fn forget_queue(env: &Environment, queue: &QueueHandle) -> Position {
    let declared = queue.declared();
    if !declared.durable {
        return Position::default();
    }
    let key = vhost_key(&declared.vhost, &declared.name);
    forget(env, DefinitionKind::Queue, key)
}

pub(super) fn store_policy(
    env: &Environment,
    vhost: &ShortString,
    issuer: Issuer,
    policy: &Policy,
) {
    let definition = policy.definition().clone();
    let key = policy_key(vhost, issuer, &definition.name);
    put(
        env,
        DefinitionKind::Policy,
        key,
        &PolicyRecord { issuer, definition },
    );
}

pub(super) fn forget_policy(env: &Environment, vhost: &ShortString, issuer: Issuer, name: &str) {
    forget(env, DefinitionKind::Policy, policy_key(vhost, issuer, name));
}

fn policy_key(vhost: &ShortString, issuer: Issuer, name: &str) -> String {
    vhost_key(vhost, &format!("{}\0{name}", issuer.component()))
}

/// Stores a binding if both of its ends survive.
pub(super) fn store_binding(
    env: &Environment,
    binding: &Binding,
    source: &ExchangeSpec,
    destination: &Destination,
) -> Position {
    if !source.durable || !destination.is_durable() {
        return Position::default();
    }
    let (destination, destination_type) = ends(&binding.destination);
    let record = BindingRecord {
        vhost: source.vhost.to_string(),
        source: binding.source.to_string(),
        destination: destination.to_string(),
        destination_type,
        routing_key: binding.key.to_string(),
        arguments: STANDARD.encode(&binding.arguments),
    };
    put(
        env,
        DefinitionKind::Binding,
        binding_key(&source.vhost, binding),
        &record,
    )
}

pub(super) fn forget_binding(
    env: &Environment,
    vhost: &ShortString,
    binding: &Binding,
    source: &ExchangeSpec,
) -> Position {
    if !source.durable {
        return Position::default();
    }
    forget(env, DefinitionKind::Binding, binding_key(vhost, binding))
}

fn ends(destination: &DestinationName) -> (&ShortString, DestinationType) {
    match destination {
        DestinationName::Queue(name) => (name, DestinationType::Queue),
        DestinationName::Exchange(name) => (name, DestinationType::Exchange),
    }
}

fn binding_key(vhost: &ShortString, binding: &Binding) -> String {
    let (destination, kind) = ends(&binding.destination);
    let arguments = STANDARD.encode(&binding.arguments);
    let Binding { source, key, .. } = binding;
    vhost_key(
        vhost,
        &format!("{source}\0{kind:?}\0{destination}\0{key}\0{arguments}"),
    )
}

impl Vhost {
    /// Brings a policy, an exchange, a queue or a binding back; they must come in this order.
    ///
    /// # Errors
    /// [`RestoreError`] if the record cannot be read or does not fit what is there.
    pub fn restore_definition(
        &self,
        now: Now,
        kind: DefinitionKind,
        json: &str,
    ) -> Result<(), RestoreError> {
        let unreadable = |error: serde_json::Error| RestoreError(error.to_string());
        match kind {
            DefinitionKind::Policy => {
                self.restore_policy(serde_json::from_str(json).map_err(unreadable)?)
            }
            DefinitionKind::Exchange => {
                self.restore_exchange(serde_json::from_str(json).map_err(unreadable)?)
            }
            DefinitionKind::Queue => {
                self.restore_queue(now, serde_json::from_str(json).map_err(unreadable)?)
            }
            DefinitionKind::Binding => {
                self.restore_binding(serde_json::from_str(json).map_err(unreadable)?)
            }
            other => Err(RestoreError(format!(
                "a vhost does not keep {other:?} definitions"
            ))),
        }
    }

    fn restore_exchange(&self, record: ExchangeRecord) -> Result<(), RestoreError> {
        let spec = ExchangeSpec {
            name: short(&record.name)?,
            vhost: self.name.clone(),
            type_name: short(&record.type_name)?,
            durable: true,
            auto_delete: record.auto_delete,
            internal: record.internal,
            arguments: decode(&record.arguments)?,
        };
        let id = record
            .delayed_id
            .map_or_else(|| self.env.store.next_queue_id(), QueueId);
        let exchange = Exchange::new(spec, || self.delayed(id))
            .map_err(|error| RestoreError(error.to_string()))?;
        exchange.apply(&self.exchange_policy(&exchange));
        self.directory
            .exchanges
            .insert(exchange.spec.name.clone(), Arc::new(exchange));
        Ok(())
    }

    fn restore_policy(&self, record: PolicyRecord) -> Result<(), RestoreError> {
        let PolicyRecord { issuer, definition } = record;
        let policy = Policy::parse(issuer, &definition)
            .map_err(|invalid| RestoreError(invalid.to_string()))?;
        self.policies.write().put(issuer, policy);
        // The predeclared exchanges are there already.
        self.apply_to_exchanges();
        Ok(())
    }

    fn restore_queue(&self, now: Now, record: QueueRecord) -> Result<(), RestoreError> {
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
        };
        self.insert_queue(now, QueueId(record.id), declared);
        Ok(())
    }

    fn restore_binding(&self, record: BindingRecord) -> Result<(), RestoreError> {
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

/// Who stored messages belong to, by the number under which they are stored.
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

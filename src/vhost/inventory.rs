//! What is in a vhost as plain data, and declares of many things at once: what an export shows,
//! and what an import makes.
//!
//! Some things are declared as one group: the store has them all or none, and has been told of
//! them before a publisher can find the first. For that the topology locks of all vhosts that are
//! concerned are locked, taken in the order of their names; nothing else takes two.
//!
//! Docs: definitions. Seen: RabbitMQ 4.3.6, import and export of definitions.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use parking_lot::MutexGuard;

use super::queue_handle::QueueHandle;
use super::queues::RESERVED_PREFIX;
use super::routing::{Binding, DestinationName, Exchange, ExchangeSpec, Topology};
use super::{QueueSpec, Vhost, restore};
use crate::definitions::Record;
use crate::env::Environment;
use crate::error::AmqpError;
use crate::events::{Author, Change, ChangeKind};
use crate::kind::QueueKind;
use crate::queue::Declared;
use crate::store::{DefinitionChange, Position};

/// What is in a vhost, as of one moment.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Exchanges by name, without those that every vhost has.
    pub exchanges: Vec<ExchangeSpec>,
    /// Queues by name, without those of one connection and those that the broker named.
    pub queues: Vec<QueueInfo>,
    /// Bindings between these, those of the exchanges that every vhost has among them.
    pub bindings: Vec<BindingInfo>,
}

/// A queue as it was declared.
#[derive(Clone, Debug)]
pub struct QueueInfo {
    /// Its name.
    pub name: ShortString,
    /// Its type.
    pub kind: QueueKind,
    /// Survives a restart.
    pub durable: bool,
    /// Deleted with its last consumer.
    pub auto_delete: bool,
    /// Its arguments, its type among them.
    pub arguments: Table,
}

/// A binding.
#[derive(Clone, Debug)]
pub struct BindingInfo {
    /// The exchange that messages come from.
    pub source: ShortString,
    /// Where they go.
    pub destination: DestinationName,
    /// Its key.
    pub key: ShortString,
    /// Its arguments, sorted by name.
    pub arguments: Table,
}

/// An exchange that can be declared.
pub struct NewExchange(Arc<Vhost>, Arc<Exchange>);

/// A queue that can be declared.
pub struct NewQueue(Arc<Vhost>, Declared);

/// A binding that can be made.
pub struct NewBinding(Arc<Vhost>, BindingInfo);

/// The topology locks of some vhosts.
struct Topologies<'a>(BTreeMap<&'a ShortString, MutexGuard<'a, Topology>>);

impl<'a> Topologies<'a> {
    fn of(vhosts: impl Iterator<Item = &'a Arc<Vhost>>) -> Self {
        let by_name: BTreeMap<&ShortString, &Arc<Vhost>> =
            vhosts.map(|vhost| (vhost.name(), vhost)).collect();
        let locked = by_name.into_iter();
        Self(
            locked
                .map(|(name, vhost)| (name, vhost.topology.lock()))
                .collect(),
        )
    }

    fn topology(&mut self, vhost: &Vhost) -> Option<&mut Topology> {
        self.0.get_mut(vhost.name()).map(|topology| &mut **topology)
    }
}

impl Vhost {
    /// What is in the vhost and can be declared elsewhere: an import takes all of it.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let topology = self.topology.lock();
        let is_ours = |name: &str| name.starts_with(RESERVED_PREFIX);
        let mut inventory = Inventory::default();
        for exchange in self.all_exchanges() {
            let spec = &exchange.spec;
            if !spec.name.is_empty() && !is_ours(&spec.name) {
                inventory.exchanges.push(spec.clone());
            }
        }
        for queue in self.all_queues() {
            let declared = queue.declared();
            if declared.exclusive.is_none() && !is_ours(&declared.name) {
                inventory.queues.push(QueueInfo {
                    name: declared.name.clone(),
                    kind: declared.kind,
                    durable: declared.durable,
                    auto_delete: declared.auto_delete,
                    arguments: declared.arguments.table().clone(),
                });
            }
        }
        let queues: HashSet<&ShortString> =
            inventory.queues.iter().map(|queue| &queue.name).collect();
        for binding in topology.all() {
            let is_there = match &binding.destination {
                DestinationName::Queue(name) => queues.contains(name),
                DestinationName::Exchange(_) => true,
            };
            if is_there {
                inventory.bindings.push(BindingInfo {
                    source: binding.source.clone(),
                    destination: binding.destination.clone(),
                    key: binding.key.clone(),
                    arguments: binding.arguments().to_table().unwrap_or_default(),
                });
            }
        }
        drop(topology);
        inventory.sort();
        inventory
    }

    /// Whether an exchange can be declared; one that is there already stays as it is.
    ///
    /// # Errors
    /// 406 for a type or arguments that cannot be.
    pub fn new_exchange(self: &Arc<Self>, spec: ExchangeSpec) -> Result<NewExchange, AmqpError> {
        let exchange = self.make_exchange(spec)?;
        Ok(NewExchange(Arc::clone(self), exchange))
    }

    /// Whether a queue can be declared; one that is there already stays as it is.
    ///
    /// # Errors
    /// 406 for arguments that cannot be.
    pub fn new_queue(self: &Arc<Self>, spec: &QueueSpec) -> Result<NewQueue, AmqpError> {
        let declared = self.check_new_queue(self.env.now(), spec, |_| Ok(()))?;
        Ok(NewQueue(Arc::clone(self), declared))
    }

    /// Whether a binding can be made, whose ends the caller knows to exist.
    ///
    /// # Errors
    /// 406 if the type of the source refuses the key or the arguments, in its words.
    pub fn new_binding(self: &Arc<Self>, info: BindingInfo) -> Result<NewBinding, AmqpError> {
        if let (Some(source), Some(destination)) = (
            self.find_exchange(&info.source),
            self.find_destination(&info.destination),
        ) {
            let router = source.router.read();
            router
                .check_binding(&info.key, &info.arguments, destination.kind())
                .map_err(AmqpError::precondition_failed)?;
        }
        Ok(NewBinding(Arc::clone(self), info))
    }

    /// Whether there is such an end of a binding.
    #[must_use]
    pub fn has(&self, name: &DestinationName) -> bool {
        self.find_destination(name).is_some()
    }
}

impl Inventory {
    fn sort(&mut self) {
        self.exchanges
            .sort_by(|one, other| one.name.cmp(&other.name));
        self.queues.sort_by(|one, other| one.name.cmp(&other.name));
        self.bindings.sort_by(|one, other| {
            let key = |binding: &BindingInfo| {
                let (kind, name) = match &binding.destination {
                    DestinationName::Exchange(name) => (0, name),
                    DestinationName::Queue(name) => (1, name),
                };
                let arguments = binding.arguments.to_bytes();
                (
                    binding.source.clone(),
                    kind,
                    name.clone(),
                    binding.key.clone(),
                    arguments,
                )
            };
            key(one).cmp(&key(other))
        });
    }
}

/// Declares exchanges as one group for the user `by`; those that are there already stay as they
/// are. The caller tells listeners what is added to `told`; so for queues and bindings.
pub fn declare_exchanges(
    env: &Environment,
    by: &Author,
    new: Vec<NewExchange>,
    told: &mut Vec<Change>,
) -> Position {
    let vhosts: Vec<Arc<Vhost>> = new
        .iter()
        .map(|NewExchange(vhost, _)| Arc::clone(vhost))
        .collect();
    let topologies = Topologies::of(vhosts.iter());
    let mut names = HashSet::new();
    let is_missing = |NewExchange(vhost, exchange): &NewExchange| {
        let name = &exchange.spec.name;
        vhost.find_exchange(name).is_none() && names.insert((vhost.name().clone(), name.clone()))
    };
    let new: Vec<NewExchange> = new.into_iter().filter(is_missing).collect();
    let records = new
        .iter()
        .filter_map(|NewExchange(_, exchange)| restore::exchange_record(exchange));
    let changes: Vec<DefinitionChange> = records.map(|record| record.put()).collect();
    let position = env.store.define(&changes);
    for NewExchange(vhost, exchange) in new {
        vhost.reach(position);
        told.extend(vhost.exchange_created(by, &exchange.spec));
        vhost.add_exchange(exchange);
    }
    drop(topologies);
    position
}

/// Declares queues as one group; those that are there already stay as they are.
pub fn declare_queues(
    env: &Environment,
    by: &Author,
    new: Vec<NewQueue>,
    told: &mut Vec<Change>,
) -> Position {
    let now = env.now();
    let vhosts: Vec<Arc<Vhost>> = new
        .iter()
        .map(|NewQueue(vhost, _)| Arc::clone(vhost))
        .collect();
    let topologies = Topologies::of(vhosts.iter());
    let mut names = HashSet::new();
    let is_missing = |NewQueue(vhost, declared): &NewQueue| {
        let name = &declared.name;
        vhost.find_queue(name).is_none() && names.insert((vhost.name().clone(), name.clone()))
    };
    let missing = new.into_iter().filter(is_missing);
    let made: Vec<(Arc<Vhost>, Arc<QueueHandle>)> = missing
        .map(|NewQueue(vhost, declared)| {
            let queue = vhost.make_queue(now, env.store.next_queue_id(), declared);
            (vhost, queue)
        })
        .collect();
    let records = made
        .iter()
        .filter_map(|(_, queue)| restore::queue_record(queue));
    let changes: Vec<DefinitionChange> = records.map(|record| record.put()).collect();
    let position = env.store.define(&changes);
    for (vhost, queue) in &made {
        vhost.reach(position);
        told.extend(vhost.queue_created(by, queue));
        vhost.add_queue(queue);
    }
    drop(topologies);
    for (_, queue) in made {
        queue.with(now, |queue, effects| queue.touch(now, effects));
    }
    position
}

/// Makes bindings as one group for the user `by`. A binding that is there already stays; one whose
/// exchange or queue is deleted meanwhile goes with it.
pub fn bind_all(
    env: &Environment,
    by: &Author,
    new: Vec<NewBinding>,
    told: &mut Vec<Change>,
) -> Position {
    let now = env.now();
    let vhosts: Vec<Arc<Vhost>> = new
        .iter()
        .map(|NewBinding(vhost, _)| Arc::clone(vhost))
        .collect();
    let mut topologies = Topologies::of(vhosts.iter());
    let mut made = Vec::new();
    let mut changes = Vec::new();
    for NewBinding(vhost, info) in new {
        let ends = (
            vhost.find_exchange(&info.source),
            vhost.find_destination(&info.destination),
        );
        let (Some(source), Some(destination)) = ends else {
            continue;
        };
        let name = info.destination.clone();
        let binding = Binding::new(&source.spec.name, name, &info.key, &info.arguments);
        let binding = Arc::new(binding);
        let Some(topology) = topologies.topology(&vhost) else {
            continue;
        };
        if vhost.add_binding(topology, &binding, &source, &destination) {
            if source.spec.durable && destination.is_durable() {
                changes.push(restore::binding_record(vhost.name(), &binding).put());
            }
            told.extend(vhost.binding_change(ChangeKind::BindingCreated, by, &binding));
            made.push((vhost, source, destination));
        }
    }
    let position = env.store.define(&changes);
    made.iter().for_each(|(vhost, ..)| vhost.reach(position));
    drop(topologies);
    for (vhost, source, destination) in made {
        vhost.replay_history(now, &source, &destination);
    }
    position
}

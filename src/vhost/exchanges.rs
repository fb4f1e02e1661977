//! Declaring, deleting and binding exchanges.

use std::sync::{Arc, Weak};

use leveret_codec::table::Table;
use leveret_codec::types::{ShortStr, ShortString};

use super::queues::RESERVED_PREFIX;
use super::removal::Removal;
use super::routing::{
    Binding, Delayed, Destination, DestinationName, Ends, Exchange, ExchangeSpec, Removed,
    Topology, WeakEnd,
};
use super::{Vhost, restore};
use crate::clock::Now;
use crate::error::{AmqpError, exchange_words};
use crate::events::{Author, ChangeKind};
use crate::exchange::DestinationKind;
use crate::ids::QueueId;
use crate::store::Position;

/// The exchanges that every vhost has: name, type, internal.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/exchange/predeclared_ones_are_there.amqp.
const PREDECLARED: [(&str, &str, bool); 7] = [
    ("", "direct", false),
    ("amq.direct", "direct", false),
    ("amq.fanout", "fanout", false),
    ("amq.topic", "topic", false),
    ("amq.headers", "headers", false),
    ("amq.match", "headers", false),
    ("amq.rabbitmq.trace", "topic", true),
];

/// The exchange for events, in the vhost that has it.
pub const EVENTS: ShortStr<'static> = ShortStr::literal("amq.rabbitmq.event");

/// Whether `name` is an exchange that no client declares.
pub(super) fn is_predeclared(name: &str) -> bool {
    let mut names = PREDECLARED.iter().map(|(predeclared, ..)| *predeclared);
    names.any(|predeclared| predeclared == name) || *EVENTS == *name
}

impl Vhost {
    pub(super) fn predeclare(&self, by: &str) {
        for (name, type_name, internal) in PREDECLARED {
            let spec = self.own_spec(by, name, type_name, internal);
            let exchange = self
                .make_exchange(spec)
                .expect("the predeclared exchanges are valid");
            let name = exchange.spec.name.clone();
            self.directory.exchanges.insert(name, exchange);
        }
    }

    pub(super) fn make_exchange(&self, spec: ExchangeSpec) -> Result<Arc<Exchange>, AmqpError> {
        let id = || self.env.store.next_queue_id();
        Exchange::new(spec, || self.delayed(id())).map(Arc::new)
    }

    /// Where the messages of a delayed exchange wait; `id` names them in the store.
    pub(super) fn delayed(&self, id: QueueId) -> Arc<Delayed> {
        let me: Weak<Self> = Weak::clone(&self.me);
        Delayed::new(&self.env, &self.name, me, id)
    }

    /// Declares an exchange for the user `by`, or finds the equivalent one. `authorize` is asked
    /// only when it is created with an alternate exchange.
    ///
    /// # Errors
    /// 403 for a reserved name, 406 for an unknown type, bad arguments or an exchange that
    /// differs; each closes the channel.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/exchange.
    pub fn declare_exchange(
        &self,
        by: &Author,
        spec: ExchangeSpec,
        authorize: impl FnOnce(&[u8]) -> Result<(), AmqpError>,
    ) -> Result<Position, AmqpError> {
        let exchange = self.make_exchange(spec)?;
        let mut topology = self.topology.lock();
        self.check_not_deleted()?;
        if let Some(existing) = self.find_exchange(&exchange.spec.name) {
            existing.check_equivalent(&exchange.spec)?;
            return Ok(self.stored_if(exchange.spec.durable));
        }
        let name = exchange.spec.name.clone();
        if name.starts_with(RESERVED_PREFIX) {
            return Err(AmqpError::access_refused(format!(
                "exchange name '{name}' contains reserved prefix '{RESERVED_PREFIX}*'"
            )));
        }
        if let Some(max) = self.env.settings.cluster_exchange_limit
            && self.env.count(|vhost| vhost.exchanges()) >= max
        {
            return Err(AmqpError::precondition_failed(format!(
                "cannot declare exchange '{name}': exchange limit of {max} is reached"
            )));
        }
        if let Some(alternate) = &exchange.alternate {
            authorize(alternate)?;
        }
        let change = self.exchange_created(by, &exchange.spec);
        let position = self.insert_exchange(&mut topology, exchange);
        drop(topology);
        self.env.events.tell_all(change);
        Ok(position)
    }

    /// Makes the exchange for events for the user `by`, unless it is there from before or the vhost
    /// is deleted.
    pub(crate) fn add_event_exchange(&self, by: &Author) {
        let mut topology = self.topology.lock();
        if self.check_not_deleted().is_err() || self.find_exchange(&EVENTS).is_some() {
            return;
        }
        let spec = self.own_spec(&by.user, &EVENTS, "topic", true);
        let exchange = self.make_exchange(spec);
        let exchange = exchange.expect("a topic exchange without arguments is valid");
        let change = self.exchange_created(by, &exchange.spec);
        self.insert_exchange(&mut topology, exchange);
        drop(topology);
        self.env.events.tell_all(change);
    }

    /// How an exchange of the broker itself is declared.
    fn own_spec(&self, by: &str, name: &str, type_name: &str, internal: bool) -> ExchangeSpec {
        ExchangeSpec {
            name: ShortString::new(name).unwrap_or_default(),
            vhost: self.name.clone(),
            type_name: ShortString::new(type_name).unwrap_or_default(),
            durable: true,
            auto_delete: false,
            internal,
            arguments: Table::new(),
            declared_by: by.into(),
        }
    }

    /// Puts an exchange in its place without asking.
    pub(super) fn insert_exchange(
        &self,
        _topology: &mut Topology,
        exchange: Arc<Exchange>,
    ) -> Position {
        let position = restore::store_exchange(&self.env, &exchange);
        self.reach(position);
        self.add_exchange(exchange);
        position
    }

    /// Puts an exchange that is stored in its place, under the topology lock.
    pub(super) fn add_exchange(&self, exchange: Arc<Exchange>) {
        exchange.apply(&self.exchange_policy(&exchange));
        let name = exchange.spec.name.clone();
        self.directory.exchanges.insert(name, exchange);
        self.directory.has_changed();
    }

    /// Deletes an exchange for the user `by`; a missing one is fine.
    ///
    /// # Errors
    /// 403 for `amq.*` exchanges, 406 `exchange 'x' in vhost '/' in use` with `if_unused` and
    /// bindings from it; each closes the channel.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/exchange/reserved_names_are_403.amqp and
    /// tests/scripts/exchange/if_unused_counts_bindings_as_source.amqp.
    pub fn delete_exchange(
        &self,
        by: &Author,
        name: &str,
        if_unused: bool,
    ) -> Result<Position, AmqpError> {
        if name.starts_with(RESERVED_PREFIX) {
            return Err(AmqpError::access_refused(format!(
                "deletion of system {} not allowed",
                exchange_words(name, &self.name)
            )));
        }
        let topology = self.topology.lock();
        let Some(exchange) = self.find_exchange(name) else {
            return Ok(self.stored());
        };
        if if_unused && topology.is_source(&WeakEnd::source(&exchange)) {
            return Err(AmqpError::precondition_failed(format!(
                "{} in use",
                exchange.words()
            )));
        }
        let mut removal = Removal::by(by);
        self.take_out(&exchange, &mut removal);
        drop(topology);
        Ok(self.finish(removal))
    }

    /// Binds `destination` to the exchange called `source` for the user `by`; a binding that is
    /// there already is fine. New bindings of an x-recent-history exchange get its history.
    ///
    /// # Errors
    /// 404 if the exchange is missing, 406 if its type refuses the key or the arguments.
    pub fn bind(
        &self,
        now: Now,
        by: &Author,
        source: &str,
        destination: &Destination,
        key: &ShortString,
        arguments: &Table,
    ) -> Result<Position, AmqpError> {
        let mut topology = self.topology.lock();
        let exchange = self.exchange(source)?;
        self.check_alive(destination)?;
        let kind = destination.kind();
        let refuse = AmqpError::precondition_failed;
        exchange
            .router
            .read()
            .check_binding(key, arguments, kind)
            .map_err(refuse)?;
        let name = DestinationName::of(destination);
        let binding = Arc::new(Binding::new(&exchange.spec.name, name, key, arguments));
        if !self.add_binding(&mut topology, &binding, &exchange, destination) {
            let is_durable = exchange.spec.durable && destination.is_durable();
            return Ok(self.stored_if(is_durable));
        }
        let position = restore::store_binding(&self.env, &binding, &exchange.spec, destination);
        self.reach(position);
        let change = self.binding_change(ChangeKind::BindingCreated, by, &binding);
        drop(topology);
        self.env.events.tell_all(change);
        self.replay_history(now, &exchange, destination);
        Ok(position)
    }

    /// Gives a new destination the history of an x-recent-history exchange, without the lock.
    pub(super) fn replay_history(&self, now: Now, exchange: &Exchange, destination: &Destination) {
        if let Some(history) = &exchange.history {
            let mut messages = history.lock().replay();
            // RabbitMQ turns them round for queues only.
            if destination.kind() == DestinationKind::Exchange {
                messages.reverse();
            }
            self.replay(now, &messages, destination);
        }
    }

    /// Adds a binding to the list and to the router of its source; `false` if it is there already.
    pub(super) fn add_binding(
        &self,
        topology: &mut Topology,
        binding: &Arc<Binding>,
        source: &Arc<Exchange>,
        destination: &Destination,
    ) -> bool {
        let ends = Ends {
            source: WeakEnd::source(source),
            destination: destination.downgrade(),
        };
        if topology.contains(binding, &ends) {
            return false;
        }
        let number =
            source
                .router
                .write()
                .bind(&binding.key, binding.arguments(), ends.destination.clone());
        topology.add(binding, &ends, number);
        self.directory.has_changed();
        true
    }

    /// The queue or exchange of that name.
    pub(super) fn find_destination(&self, name: &DestinationName) -> Option<Destination> {
        match name {
            DestinationName::Queue(name) => self.find_queue(name).map(Destination::Queue),
            DestinationName::Exchange(name) => self.find_exchange(name).map(Destination::Exchange),
        }
    }

    /// The destination may have been deleted since its name was looked up.
    fn check_alive(&self, destination: &Destination) -> Result<(), AmqpError> {
        match destination {
            Destination::Queue(queue) => self.queue(queue.name()).map(drop),
            Destination::Exchange(exchange) => self.exchange(&exchange.spec.name).map(drop),
        }
    }

    /// Unbinds for the user `by`; whatever is missing is fine. `may` is asked about a binding that
    /// is there. Says up to where the store must be durable before that is for good.
    ///
    /// # Errors
    /// What `may` says.
    ///
    /// Seen: RabbitMQ 3.10.8 and 4.3.6,
    /// tests/scripts/binding/unbind_of_an_absent_binding_asks_for_no_owner.amqp.
    pub fn unbind(
        &self,
        by: &Author,
        source: &str,
        destination: &DestinationName,
        key: &ShortString,
        arguments: &Table,
        may: impl FnOnce(&Destination) -> Result<(), AmqpError>,
    ) -> Result<Position, AmqpError> {
        let mut topology = self.topology.lock();
        let both = self
            .find_exchange(source)
            .zip(self.find_destination(destination));
        let Some((exchange, end)) = both else {
            return Ok(self.stored());
        };
        let name = &exchange.spec.name;
        let binding = Arc::new(Binding::new(name, destination.clone(), key, arguments));
        let ends = Ends {
            source: WeakEnd::source(&exchange),
            destination: end.downgrade(),
        };
        if topology.contains(&binding, &ends) {
            may(&end)?;
        }
        let Some(number) = topology.remove(&binding, &ends) else {
            return Ok(self.stored());
        };
        let mut removal = Removal::by(by);
        let removed = Removed {
            binding,
            ends,
            number,
        };
        self.unbound(&topology, &removed, &mut removal);
        self.directory.has_changed();
        drop(topology);
        Ok(self.finish(removal))
    }

    /// Every binding, implicit ones of the default exchange not among them.
    #[must_use]
    pub fn binding_count(&self) -> usize {
        self.topology.lock().len()
    }
}

/// Fails for the default exchange, which cannot be declared, deleted or bound.
///
/// # Errors
/// 403 `ACCESS_REFUSED - operation not permitted on the default exchange`.
pub fn check_not_default(name: ShortStr<'_>) -> Result<(), AmqpError> {
    if name.is_empty() {
        return Err(AmqpError::access_refused(
            "operation not permitted on the default exchange",
        ));
    }
    Ok(())
}

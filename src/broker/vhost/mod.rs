//! A vhost of a running broker in the hands of the program around it: what a test sets up, looks
//! at and waits for, without a client.
//!
//! The program may do everything here that a user with all permissions may do, by the rules that
//! clients are under: what would close a client's channel is [`Refused`], with the code and the
//! text that a client would get. A call returns when what it changed would survive a crash, as far
//! as the settings promise that, so it may wait for the disk; with `durability = "memory"`, the
//! default of an embedded broker, none does.
//!
//! ```
//! use std::time::Duration;
//! use leveret::broker::{Broker, ExchangeDefinition, BindingDefinition, QueueDefinition};
//!
//! let broker = Broker::builder().start()?;
//! let vhost = broker.vhost("/")?;
//! vhost.declare_exchange(&ExchangeDefinition::topic("orders"))?;
//! vhost.declare_queue(&QueueDefinition::new("paid").durable())?;
//! vhost.bind(&BindingDefinition::new("orders").to_queue("paid").key("order.*.paid"))?;
//!
//! // … the program under test connects to `broker.uri()`, publishes, consumes, acknowledges …
//! # let client = std::thread::spawn(|| ());
//! let counts = vhost.wait_until("paid", Duration::from_secs(5), |paid| paid.unacked == 0)?;
//! assert_eq!(counts.ready, 0);
//! # client.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::time::Duration;

use crate::clock::Mono;
use crate::desk::{Actor, BindingRequest, ExchangeDeclaration, QueueDeclaration, Stored};
use crate::error::AmqpError;
use crate::limits::DURABLE_WAIT_MS;
use crate::vhost::DeleteIf;

use super::Broker;

mod definitions;
mod message;
mod refused;

pub use crate::desk::views::QueueCounts;
pub use crate::desk::{Published, QueuedMessage};
pub use definitions::{BindingDefinition, ExchangeDefinition, QueueDefinition};
pub use message::NewMessage;
pub use refused::{Refused, WaitError};

/// A vhost of a running broker; see the [module](self).
pub struct VhostHandle {
    actor: Actor,
}

impl Broker {
    /// A vhost, to set up and to look at.
    ///
    /// # Errors
    /// [`Refused`] with 530 if there is no vhost of this name.
    pub fn vhost(&self, name: &str) -> Result<VhostHandle, Refused> {
        let actor = self.desk.program_actor(name);
        let actor = actor.ok_or_else(|| Refused::no_vhost(name))?;
        Ok(VhostHandle { actor })
    }
}

impl VhostHandle {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.actor.vhost.name()
    }

    /// Declares a queue, or finds the same one; answers with its name, which the broker makes up
    /// for a definition without one.
    ///
    /// # Errors
    /// [`Refused`] with 403 for a reserved name, 405 for the exclusive queue of a connection, 406
    /// for wrong arguments or a queue that differs.
    pub fn declare_queue(&self, queue: &QueueDefinition) -> Result<String, Refused> {
        let declaration = QueueDeclaration::try_from(queue)?;
        let found = self.done(self.actor.declare_queue(self.now(), declaration))?;
        Ok(found.name.to_string())
    }

    /// Deletes a queue; answers with how many messages were ready. A missing queue is fine.
    ///
    /// # Errors
    /// [`Refused`] with 405 for the exclusive queue of a connection.
    pub fn delete_queue(&self, name: &str) -> Result<u64, Refused> {
        let only_if = DeleteIf::default();
        self.done(self.actor.delete_queue(self.now(), name, only_if))
    }

    /// Removes what is ready in a queue; answers with how many messages that were.
    ///
    /// # Errors
    /// [`Refused`] with 404 if it is missing, 405 for the exclusive queue of a connection, 540 for
    /// a stream.
    pub fn purge_queue(&self, name: &str) -> Result<u64, Refused> {
        self.done(self.actor.purge_queue(self.now(), name))
    }

    /// Declares an exchange, or finds the same one.
    ///
    /// # Errors
    /// [`Refused`] with 403 for a reserved name, 406 for an unknown type, wrong arguments or an
    /// exchange that differs.
    pub fn declare_exchange(&self, exchange: &ExchangeDefinition) -> Result<(), Refused> {
        let declaration = ExchangeDeclaration::try_from(exchange)?;
        self.done(self.actor.declare_exchange(declaration))
    }

    /// Deletes an exchange with its bindings. A missing one is fine.
    ///
    /// # Errors
    /// [`Refused`] with 403 for an exchange of the broker's own.
    pub fn delete_exchange(&self, name: &str) -> Result<(), Refused> {
        self.done(self.actor.delete_exchange(name, false))
    }

    /// Makes a binding; one that is there already is fine.
    ///
    /// # Errors
    /// [`Refused`] with 403 for the default exchange, 404 if an end is missing, 406 if the
    /// exchange's type refuses key or arguments.
    pub fn bind(&self, binding: &BindingDefinition) -> Result<(), Refused> {
        let request = BindingRequest::try_from(binding)?;
        self.done(self.actor.bind(self.now(), request))
    }

    /// Removes a binding; what is missing is fine.
    ///
    /// # Errors
    /// [`Refused`] with 403 for the default exchange.
    pub fn unbind(&self, binding: &BindingDefinition) -> Result<(), Refused> {
        let request = BindingRequest::try_from(binding)?;
        self.done(self.actor.unbind(request))
    }

    /// Publishes a message as a client does that waits for its confirm; answers with what became of
    /// it. Neither an alarm nor a full disk keeps a transient message from being published.
    ///
    /// # Errors
    /// [`Refused`] with 403 for an internal exchange, 404 if the exchange is missing, 406 for a
    /// body that is too large or an expiration that is too long, 502 for a name or property of more
    /// than 255 octets.
    pub fn publish(&self, message: &NewMessage) -> Result<Published, Refused> {
        let published =
            message.publication(|publication| self.actor.publish(self.now(), publication))?;
        self.done(published)
    }

    /// The messages of a queue that would leave first, in that order, without taking them: at most
    /// `max`, and fewer where they are large or many ([`PEEK_MAX`](crate::limits::PEEK_MAX)).
    ///
    /// ```
    /// # use leveret::broker::{Broker, NewMessage, QueueDefinition};
    /// # let broker = Broker::builder().start()?;
    /// let vhost = broker.vhost("/")?;
    /// vhost.declare_queue(&QueueDefinition::new("jobs"))?;
    /// vhost.publish(&NewMessage::to_queue("jobs").body("first").header("n", 1))?;
    /// vhost.publish(&NewMessage::to_queue("jobs").body("second"))?;
    ///
    /// let jobs = vhost.peek("jobs", 10)?;
    /// let bodies: Vec<&[u8]> = jobs.iter().map(|job| job.body()).collect();
    /// assert_eq!(bodies, [&b"first"[..], b"second"]);
    /// assert_eq!(jobs[0].header("n"), Some(1.into()));
    /// assert_eq!(vhost.counts("jobs").unwrap().ready, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Refused`] with 404 if the queue is missing, 405 for the exclusive queue of a connection.
    pub fn peek(&self, queue: &str, max: usize) -> Result<Vec<QueuedMessage>, Refused> {
        self.actor
            .peek(queue, max)
            .map_err(|error| Refused::of(&error))
    }

    /// Empties the vhost, so that the next test finds it as the first one did: queues with their
    /// messages, declared exchanges, bindings, policies and parameters are gone. Limits and
    /// permissions stay; connections do too, and are told that their consumers are cancelled.
    ///
    /// ```
    /// # use leveret::broker::{Broker, NewMessage, QueueDefinition};
    /// # let broker = Broker::builder().start()?;
    /// let vhost = broker.vhost("/")?;
    /// vhost.declare_queue(&QueueDefinition::new("jobs"))?;
    /// vhost.reset()?;
    /// assert_eq!(vhost.counts("jobs"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Refused`] with 530 if the vhost has been deleted.
    pub fn reset(&self) -> Result<(), Refused> {
        let administration = self.actor.desk.administration();
        let emptied = administration.reset_vhost(self.name());
        self.durable(emptied.map_err(|_| Refused::no_vhost(self.name()))?)
    }

    /// What a queue holds now; `None` if there is no such queue.
    #[must_use]
    pub fn counts(&self, queue: &str) -> Option<QueueCounts> {
        self.actor.desk.queue_counts(self.name(), queue)
    }

    /// Waits until `is_met` holds for what a queue holds, and answers with that. It is asked
    /// whenever something in the broker has changed, at least once, and nothing is asked in
    /// between. A queue that is not there yet is waited for.
    ///
    /// `limit` is real time, whatever the broker's clock is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use leveret::broker::{Broker, QueueDefinition, WaitError};
    /// # let broker = Broker::builder().start()?;
    /// let vhost = broker.vhost("/")?;
    /// vhost.declare_queue(&QueueDefinition::new("jobs"))?;
    /// let error = vhost.wait_until("jobs", Duration::from_millis(1), |jobs| jobs.ready == 3);
    /// assert_eq!(
    ///     error.unwrap_err().to_string(),
    ///     "queue 'jobs' in vhost '/' is not what it was waited for after 1ms: \
    ///      0 ready, 0 unacknowledged, 0 consumers"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WaitError`] with what was there when `limit` was over.
    pub fn wait_until(
        &self,
        queue: &str,
        limit: Duration,
        mut is_met: impl FnMut(&QueueCounts) -> bool,
    ) -> Result<QueueCounts, WaitError> {
        let met = self.wait(limit, || self.counts(queue).filter(&mut is_met));
        met.ok_or_else(|| WaitError {
            vhost: self.name().to_owned(),
            queue: queue.to_owned(),
            waited: limit,
            found: self.counts(queue),
        })
    }

    /// The answer of the desk, once the store is as far as it must be.
    fn done<T>(&self, answer: Result<Stored<T>, AmqpError>) -> Result<T, Refused> {
        self.durable(answer.map_err(|error| Refused::of(&error))?)
    }

    fn durable<T>(&self, stored: Stored<T>) -> Result<T, Refused> {
        let Stored { value, until } = stored;
        let store = &self.actor.desk.env.store;
        let limit = Duration::from_millis(DURABLE_WAIT_MS);
        let durable = self.wait(limit, || (store.durable() >= until).then_some(()));
        durable.map(|()| value).ok_or_else(Refused::not_durable)
    }

    /// What `look` finds, as soon as it finds something; `None` if that is not so within `limit`.
    fn wait<T>(&self, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let env = &self.actor.desk.env;
        let listener = env.changes.listen();
        let began = self.transport_time();
        loop {
            let heard = listener.rings();
            if let Some(found) = look() {
                return Some(found);
            }
            let left = limit.checked_sub(self.transport_time().since(began))?;
            listener.wait(heard, left);
        }
    }

    fn now(&self) -> crate::clock::Now {
        self.actor.desk.env.now()
    }

    fn transport_time(&self) -> Mono {
        self.now().transport
    }
}

impl fmt::Debug for VhostHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VhostHandle").field(&self.name()).finish()
    }
}

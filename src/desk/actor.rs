//! Who asks the desk: a user in a vhost, with what they may do there.
//!
//! Made by any login: an AMQP connection, which may then own exclusive queues, or a request that
//! comes by another door and owns nothing. Each operation of the desk is a method of [`Actor`] and
//! does the same four steps: authorize, check, act, answer.
//!
//! Docs: access-control. Seen: RabbitMQ 4.3.6, tests/scripts/permissions.

use std::fmt;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::Desk;
use crate::auth::{Access, NotAdmitted, Operation, Resource, User, access_refused, topic_refused};
use crate::error::AmqpError;
use crate::events::Author;
use crate::ids::ConnectionId;
use crate::vhost::Vhost;

/// A user in a vhost, with their rights.
pub struct Actor {
    /// The desk that is asked.
    pub desk: Arc<Desk>,
    /// The user, as of the login.
    pub user: Arc<User>,
    /// Where.
    pub vhost: Arc<Vhost>,
    /// The connection that exclusive queues belong to, if the actor has one.
    pub connection: Option<ConnectionId>,
    /// What listeners and the audit log are told of who asks.
    pub author: Author,
    rights: Mutex<Rights>,
}

/// The user's rights in the vhost, good while no rights change.
#[derive(Debug)]
struct Rights {
    /// As of which change of rights; `None` if they never change.
    generation: Option<u64>,
    access: Option<Arc<Access>>,
    has_topic_rules: bool,
}

impl Rights {
    /// Asked anew. `generation` was read before.
    fn of(desk: &Desk, generation: u64, user: &str, vhost: &str) -> Self {
        Self {
            generation: Some(generation),
            access: desk.auth.access(user, vhost),
            has_topic_rules: desk.auth.has_topic_rules(user, vhost),
        }
    }
}

impl Desk {
    /// The actor for the program around the broker, which may do everything in the vhost; `None` if
    /// there is no such vhost.
    #[must_use]
    pub(crate) fn program_actor(self: &Arc<Self>, vhost: &str) -> Option<Actor> {
        self.unbound_actor(&Arc::new(User::program()), vhost, Author::broker())
    }

    /// The actor for `user`, who may do everything in the vhost, whatever is permitted there;
    /// `None` if there is no such vhost.
    pub(crate) fn unbound_actor(
        self: &Arc<Self>,
        user: &Arc<User>,
        vhost: &str,
        author: Author,
    ) -> Option<Actor> {
        let vhost = self.find_vhost(vhost)?;
        Some(Actor {
            desk: Arc::clone(self),
            user: Arc::clone(user),
            vhost,
            connection: None,
            author,
            rights: Mutex::new(Rights {
                generation: None,
                access: Some(Arc::new(Access::full())),
                has_topic_rules: false,
            }),
        })
    }

    /// The actor for a user who asks without an AMQP connection, as `author`.
    ///
    /// # Errors
    /// [`NotAdmitted`] if there is no such vhost, or no permission of the user in it.
    pub(crate) fn actor(
        self: &Arc<Self>,
        user: &Arc<User>,
        vhost: &str,
        author: Author,
    ) -> Result<Actor, NotAdmitted> {
        let found = self
            .find_vhost(vhost)
            .ok_or_else(|| NotAdmitted::VhostNotFound {
                vhost: vhost.to_owned(),
            })?;
        let actor = Actor::new(self, user, &found, None, author);
        if actor.access().is_none() {
            return Err(NotAdmitted::NoPermission {
                vhost: vhost.to_owned(),
                user: user.name().to_owned(),
            });
        }
        Ok(actor)
    }
}

impl Actor {
    /// `connection`: what exclusive queues of the actor belong to.
    pub(crate) fn new(
        desk: &Arc<Desk>,
        user: &Arc<User>,
        vhost: &Arc<Vhost>,
        connection: Option<ConnectionId>,
        author: Author,
    ) -> Self {
        let generation = desk.auth.generation();
        let rights = Rights::of(desk, generation, user.name(), vhost.name());
        Self {
            desk: Arc::clone(desk),
            user: Arc::clone(user),
            vhost: Arc::clone(vhost),
            connection,
            author,
            rights: Mutex::new(rights),
        }
    }

    /// Name of the user.
    #[must_use]
    pub fn user_name(&self) -> &str {
        self.user.name()
    }

    /// Whether messages of the user may carry another user's `user-id`.
    #[must_use]
    pub fn is_impersonator(&self) -> bool {
        self.user.is_impersonator()
    }

    /// The rights of now: asked again if any have changed.
    fn rights(&self) -> MutexGuard<'_, Rights> {
        let generation = self.desk.auth.generation();
        let mut rights = self.rights.lock();
        if rights.generation.is_some_and(|known| known != generation) {
            *rights = Rights::of(&self.desk, generation, self.user_name(), self.vhost.name());
        }
        rights
    }

    /// What the user may do in the vhost; `None` once the permissions are taken away.
    #[must_use]
    pub fn access(&self) -> Option<Arc<Access>> {
        self.rights().access.clone()
    }

    /// Whether the user has any topic permission in the vhost; if not, every topic is allowed.
    #[must_use]
    pub fn has_topic_rules(&self) -> bool {
        self.rights().has_topic_rules
    }

    /// Whether the user may do `operation` to the queue or exchange called `name`, in any octets.
    #[must_use]
    pub fn allows(&self, operation: Operation, name: impl AsRef<[u8]>) -> bool {
        let rights = self.rights();
        let access = rights.access.as_ref();
        access.is_some_and(|access| access.pattern(operation).matches(name))
    }

    /// Fails unless the user may do `operation` to the queue `name`.
    ///
    /// # Errors
    /// 403 `ACCESS_REFUSED`, closes the channel.
    pub fn check_queue(&self, operation: Operation, name: &str) -> Result<(), AmqpError> {
        self.check(operation, Resource::Queue(name))
    }

    /// Fails unless the user may do `operation` to the exchange `name`. The default exchange is
    /// matched as `amq.default`.
    ///
    /// # Errors
    /// 403 `ACCESS_REFUSED`, closes the channel.
    pub fn check_exchange(
        &self,
        operation: Operation,
        name: impl AsRef<[u8]>,
    ) -> Result<(), AmqpError> {
        self.check(operation, Resource::Exchange(name.as_ref()))
    }

    fn check(&self, operation: Operation, resource: Resource<'_>) -> Result<(), AmqpError> {
        if self.allows(operation, resource.name()) {
            Ok(())
        } else {
            Err(self.refused(operation, resource))
        }
    }

    /// Fails unless the user may do anything at all to `resource`. That is what a passive declare
    /// asks.
    ///
    /// # Errors
    /// 403 `ACCESS_REFUSED`, closes the channel.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/permissions/passive_declare_wants_any_permission.amqp.
    pub(super) fn check_any(&self, resource: Resource<'_>) -> Result<(), AmqpError> {
        let mut any = [Operation::Read, Operation::Write, Operation::Configure].into_iter();
        if any.any(|operation| self.allows(operation, resource.name())) {
            Ok(())
        } else {
            Err(self.refused(Operation::Configure, resource))
        }
    }

    fn refused(&self, operation: Operation, resource: Resource<'_>) -> AmqpError {
        let (user, vhost) = (self.user_name(), self.vhost.name());
        AmqpError::access_refused(access_refused(operation, resource, vhost, user))
    }

    /// Fails unless the user may do `operation` to what is routed by `key` through the topic
    /// exchange `exchange`.
    ///
    /// # Errors
    /// 403 `ACCESS_REFUSED`, closes the channel.
    pub fn check_topic(
        &self,
        operation: Operation,
        exchange: &str,
        key: impl AsRef<[u8]>,
    ) -> Result<(), AmqpError> {
        let (user, vhost) = (self.user_name(), self.vhost.name());
        let key = key.as_ref();
        match self.desk.auth.topic_access(user, vhost, exchange) {
            Some(access) if !access.allows(operation, key) => Err(AmqpError::access_refused(
                topic_refused(operation, key, exchange, vhost, user),
            )),
            _ => Ok(()),
        }
    }
}

/// `vhost: '/', user: 'guest'`.
impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vhost, user) = (self.vhost.name(), self.user_name());
        write!(f, "vhost: '{vhost}', user: '{user}'")
    }
}

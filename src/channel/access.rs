//! What the channel's user may do, with the last answers kept until somebody's rights change.

use leveret_codec::types::ShortString;

use crate::auth::{self, Operation, Resource};
use crate::desk::session::Session;
use crate::error::AmqpError;

/// The last exchange that a write was allowed to, for publishers.
#[derive(Default)]
pub(super) struct AccessCache {
    generation: u64,
    written: Option<ShortString>,
}

impl AccessCache {
    /// May the user do `operation` to the queue `name`?
    ///
    /// # Errors
    /// 403, closes the channel.
    pub(super) fn check_queue(
        &mut self,
        session: &Session,
        operation: Operation,
        name: &str,
    ) -> Result<(), AmqpError> {
        if session.allows(operation, name) {
            return Ok(());
        }
        let (user, vhost) = (session.user_name(), session.vhost.name());
        let refused = auth::access_refused(operation, Resource::Queue(name), vhost, user);
        Err(AmqpError::access_refused(refused))
    }

    /// May the user do anything at all to `resource`? That is what a passive declare asks.
    ///
    /// # Errors
    /// 403, closes the channel.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/permissions/passive_declare_wants_any_permission.amqp.
    pub(super) fn check_any(session: &Session, resource: Resource<'_>) -> Result<(), AmqpError> {
        let any = [Operation::Read, Operation::Write, Operation::Configure];
        if any
            .iter()
            .any(|operation| session.allows(*operation, resource.name()))
        {
            return Ok(());
        }
        let (user, vhost) = (session.user_name(), session.vhost.name());
        let refused = auth::access_refused(Operation::Configure, resource, vhost, user);
        Err(AmqpError::access_refused(refused))
    }

    /// May the user do `operation` to the exchange `name`? The default exchange is matched as
    /// `amq.default`.
    ///
    /// # Errors
    /// 403, closes the channel.
    pub(super) fn check_exchange(
        &mut self,
        session: &Session,
        operation: Operation,
        name: &str,
    ) -> Result<(), AmqpError> {
        let writes = operation == Operation::Write;
        let generation = session.broker.auth.generation();
        if writes && self.is_kept(generation, name) {
            return Ok(());
        }
        let matched = Resource::Exchange(name).name();
        if !session.allows(operation, matched) {
            let (user, vhost) = (session.user_name(), session.vhost.name());
            let refused = auth::access_refused(operation, Resource::Exchange(name), vhost, user);
            return Err(AmqpError::access_refused(refused));
        }
        if writes {
            self.generation = generation;
            self.written = ShortString::new(name);
        }
        Ok(())
    }

    fn is_kept(&self, generation: u64, name: &str) -> bool {
        self.generation == generation && self.written.as_ref().is_some_and(|kept| kept == name)
    }
}

//! Bindings of queues and exchanges to exchanges.
//!
//! Spec: AMQP 0-9-1 `queue.bind` and `queue.unbind`. Seen: RabbitMQ 4.3.6, tests/scripts/binding.

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;

use super::{Actor, Stored};
use crate::auth::Operation;
use crate::clock::Now;
use crate::error::AmqpError;
use crate::exchange::ExchangeType;
use crate::vhost::{
    Destination, DestinationName, check_no_reply_name, check_not_default, strip_cr_lf,
};

/// A binding that is to be made or removed.
#[derive(Clone, Debug)]
pub struct BindingRequest {
    /// The exchange that messages come from.
    pub source: ShortString,
    /// The queue or exchange that they go to.
    pub destination: DestinationName,
    /// Routing key.
    pub key: ShortString,
    /// All arguments.
    pub arguments: Table,
}

impl Actor {
    /// Makes a binding; one that is there already is fine.
    ///
    /// # Errors
    /// 403 without permission or with the default exchange, 404 if an end is missing, 405 if the
    /// queue belongs to another connection, 406 if the exchange's type refuses key or arguments.
    pub fn bind(&self, now: Now, request: BindingRequest) -> Result<Stored<()>, AmqpError> {
        let request = without_cr_lf(request);
        self.authorize_binding(&request)?;
        let vhost = &self.vhost;
        vhost.exchange(&request.source)?;
        let destination = match &request.destination {
            DestinationName::Queue(name) => {
                let queue = vhost.queue(name)?;
                queue.check_owner(self.connection)?;
                Destination::Queue(queue)
            }
            DestinationName::Exchange(name) => Destination::Exchange(vhost.exchange(name)?),
        };
        let (key, arguments) = (&request.key, &request.arguments);
        let until = vhost.bind(
            now,
            &self.author,
            &request.source,
            &destination,
            key,
            arguments,
        )?;
        Ok(Stored { value: (), until })
    }

    /// Removes a binding; whatever is missing is fine.
    ///
    /// # Errors
    /// 403 without permission or with the default exchange, 405 if it is a binding of a queue that
    /// belongs to another connection.
    pub fn unbind(&self, request: BindingRequest) -> Result<Stored<()>, AmqpError> {
        let request = without_cr_lf(request);
        self.authorize_binding(&request)?;
        let BindingRequest {
            source,
            destination,
            key,
            arguments,
        } = request;
        let may = |end: &Destination| match end {
            Destination::Queue(queue) => queue.check_owner(self.connection),
            Destination::Exchange(_) => Ok(()),
        };
        let until =
            self.vhost
                .unbind(&self.author, &source, &destination, &key, &arguments, may)?;
        Ok(Stored { value: (), until })
    }

    /// Write permission on the destination, read permission on the source and, if that is a topic
    /// exchange, on the topic.
    fn authorize_binding(&self, request: &BindingRequest) -> Result<(), AmqpError> {
        if let DestinationName::Queue(name) = &request.destination {
            check_no_reply_name(name)?;
        }
        check_not_default(request.source.as_short())?;
        match &request.destination {
            DestinationName::Queue(name) => self.check_queue(Operation::Write, name)?,
            DestinationName::Exchange(name) => {
                check_not_default(name.as_short())?;
                self.check_exchange(Operation::Write, name)?;
            }
        }
        self.check_exchange(Operation::Read, &request.source)?;
        if let Some(exchange) = self.vhost.find_exchange(&request.source)
            && exchange.kind == ExchangeType::Topic
        {
            self.check_topic(Operation::Read, &exchange.spec.name, &request.key)?;
        }
        Ok(())
    }
}

/// Seen: RabbitMQ 4.3.6, tests/scripts/binding/carriage_returns_and_line_feeds_leave_sources.amqp.
fn without_cr_lf(mut request: BindingRequest) -> BindingRequest {
    request.source = strip_cr_lf(&request.source);
    let (DestinationName::Queue(name) | DestinationName::Exchange(name)) = &mut request.destination;
    *name = strip_cr_lf(name);
    request
}

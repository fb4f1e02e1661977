//! Serves AMQP 0-9-1: a connection of its own for each socket, at the pump.

use std::sync::Arc;

use super::listener::{Accepted, Service};
use super::pump;
use crate::connection::Connection;
use crate::desk::Desk;
use crate::desk::session::Origin;

/// See the module.
pub struct Amqp(pub Arc<Desk>);

impl Service for Amqp {
    fn protocol(&self) -> &'static str {
        "amqp"
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static {
        let Accepted {
            stream,
            peer,
            local,
            handshake,
        } = accepted;
        let (desk, env) = (Arc::clone(&self.0), &self.0.env);
        let origin = Origin::new(env.next_connection(), peer, local, env.now());
        let connection = Connection::new(&desk, origin);
        pump::run(stream, connection, desk, handshake)
    }
}

//! Serves AMQP 0-9-1: a connection of its own for each socket, at the pump.

use std::sync::Arc;

use super::listener::{Accepted, Service};
use super::pump;
use super::socket::Socket;
#[cfg(feature = "tls")]
use super::tls::{OverTls, TlsSocket};
use crate::connection::Connection;
use crate::desk::Desk;
use crate::desk::session::Origin;

/// See the module.
pub struct Amqp(pub Arc<Desk>);

impl Amqp {
    fn serve_on<S: Socket>(
        &self,
        accepted: Accepted<S>,
    ) -> impl Future<Output = ()> + Send + 'static + use<S> {
        let Accepted {
            stream,
            peer,
            local,
            handshake,
            encryption,
        } = accepted;
        let (desk, env) = (Arc::clone(&self.0), &self.0.env);
        let mut origin = Origin::new(env.next_connection(), peer, local, env.now());
        origin.encryption = encryption;
        let connection = Connection::new(&desk, origin);
        pump::run(stream, connection, desk, handshake)
    }
}

impl Service for Amqp {
    fn protocol(&self) -> &'static str {
        "amqp"
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static {
        self.serve_on(accepted)
    }
}

#[cfg(feature = "tls")]
impl OverTls for Amqp {
    fn protocol_over_tls(&self) -> &'static str {
        "amqp/ssl"
    }

    fn serve_over_tls(
        &self,
        accepted: Accepted<TlsSocket>,
    ) -> impl Future<Output = ()> + Send + 'static {
        self.serve_on(accepted)
    }
}

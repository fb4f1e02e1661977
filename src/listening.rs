//! What a broker listens for, and where: known to the net, which listens, and to the desk, which
//! tells of it.

use core::net::SocketAddr;

use serde::Serialize;

/// What a listener listens for, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listening {
    /// Its own name among the broker's listeners.
    pub name: &'static str,
    /// What is spoken, as RabbitMQ calls it in a list of listeners: `amqp`, `http`.
    pub protocol: &'static str,
    /// With the ports that were taken.
    pub addresses: Vec<SocketAddr>,
}

/// What a listener at this address is said to listen on: `[::]` is every interface.
#[cfg(feature = "management")]
pub(crate) fn interface(address: &SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => "[::]".to_owned(),
        false => address.ip().to_string(),
    }
}

impl Listening {
    /// Whether TLS is spoken there.
    #[must_use]
    pub fn is_over_tls(&self) -> bool {
        self.protocol.ends_with("/ssl") || self.protocol.starts_with("https")
    }
}

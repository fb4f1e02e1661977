//! The broker under test and the stage it gives each script: a virtual host of its own.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::admin::Api;
use super::connection::{Connection, PATIENCE};
use super::syntax::Flavour;
use super::value::Value;
use super::wire::Heard;

/// A broker that scripts can be run against.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    flavour: Flavour,
    api: Api,
}

/// What one script gets.
pub(crate) struct Stage {
    /// Where AMQP is spoken.
    pub(crate) address: SocketAddr,
    /// Whose lines count.
    pub(crate) flavour: Flavour,
    /// The virtual host that the script calls `/`.
    pub(crate) vhost: String,
    /// How an operator reaches the broker.
    pub(crate) api: Api,
}

impl Target {
    /// The broker at `url` (`amqp://127.0.0.1:5672`), which somebody else runs.
    ///
    /// Its management API is looked for 10,000 ports further up.
    ///
    /// # Errors
    /// When nothing there speaks AMQP.
    pub(crate) fn outside(url: &str) -> Result<Self, String> {
        let authority = url
            .strip_prefix("amqp://")
            .unwrap_or(url)
            .trim_end_matches('/');
        let address = authority
            .to_socket_addrs()
            .map_err(|error| format!("{authority}: {error}"))?
            .next()
            .ok_or_else(|| format!("{authority} has no address"))?;
        let api = Api::new(SocketAddr::new(address.ip(), address.port() + 10_000));
        Ok(Self {
            address,
            flavour: flavour(address)?,
            api,
        })
    }

    /// A fresh virtual host for one script.
    ///
    /// # Errors
    /// When the broker's management API refuses.
    pub(crate) fn stage(&self) -> Result<Stage, String> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let vhost = format!("script-{}-{number}", std::process::id());
        self.api
            .done("PUT", &format!("/api/vhosts/{vhost}"), "{}")?;
        Ok(Stage {
            address: self.address,
            flavour: self.flavour,
            vhost,
            api: self.api.clone(),
        })
    }
}

impl Stage {
    /// Lets time pass, by moving the broker's clock where it can be moved.
    pub(crate) fn pass(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// Deletes what the script made. Failure is harmless: the name is never used again.
    pub(crate) fn strike(&self) {
        drop(
            self.api
                .request("DELETE", &format!("/api/vhosts/{}", self.vhost), ""),
        );
    }
}

/// Asks the broker who it is.
fn flavour(address: SocketAddr) -> Result<Flavour, String> {
    let mut connection = Connection::open(address)?;
    connection.send(b"AMQP\x00\x00\x09\x01");
    match connection.hear(PATIENCE)? {
        Some(Heard::Method {
            name: "connection.start",
            fields,
            ..
        }) => {
            let ours = fields.iter().any(|(_, value)| match value {
                Value::Table(entries) => entries.iter().any(|(key, _)| key == b"leveret_version"),
                _ => false,
            });
            Ok(if ours {
                Flavour::Leveret
            } else {
                Flavour::RabbitMq
            })
        }
        other => Err(format!("{address} does not speak AMQP 0-9-1: {other:?}")),
    }
}

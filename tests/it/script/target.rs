//! The broker under test and the stage it gives each script: a broker or a virtual host of its
//! own.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::config::CompatProfile;

use super::admin::Api;
use super::connection::{Connection, PATIENCE};
use super::operator::Order;
use super::syntax::Flavour;
use super::value::Value;
use super::wire::Heard;

/// A broker that scripts can be run against.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A broker of ours for each script, in this process, with a clock that can be moved.
    Embedded,
    /// The same as an unconfigured RabbitMQ 4.3: what that version denies is denied.
    Unconfigured,
    /// A broker that is not ours to start and stop.
    Outside {
        /// Where AMQP is spoken.
        address: SocketAddr,
        /// Who it is.
        flavour: Flavour,
        /// How to make virtual hosts in it.
        api: Api,
    },
}

/// Who does what `!` lines ask for.
enum Operator {
    Embedded(Broker),
    Outside(Api),
}

/// What one script gets.
pub(crate) struct Stage {
    /// Where AMQP is spoken.
    pub(crate) address: SocketAddr,
    /// Whose lines count.
    pub(crate) flavour: Flavour,
    /// The virtual host that the script calls `/`.
    pub(crate) vhost: String,
    operator: Operator,
}

impl Target {
    /// The broker at `url` (`amqp://127.0.0.1:5672`), which is not ours to start and stop.
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
        Ok(Self::Outside {
            address,
            flavour: flavour(address)?,
            api,
        })
    }

    /// A broker or a virtual host that only one script uses.
    ///
    /// # Errors
    /// When the broker does not start, or its management API refuses.
    pub(crate) fn stage(&self) -> Result<Stage, String> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        match self {
            Self::Embedded | Self::Unconfigured => {
                let (flavour, profile) = match self {
                    Self::Unconfigured => (Flavour::RabbitMq, CompatProfile::V4_3),
                    _ => (Flavour::Leveret, CompatProfile::Lenient),
                };
                let broker = Broker::builder()
                    .clock(Clock::test())
                    .configure(|settings| settings.compat_profile = profile)
                    .start();
                let broker = broker.map_err(|error| error.to_string())?;
                Ok(Stage {
                    address: *broker
                        .addresses()
                        .first()
                        .ok_or("the broker has no address")?,
                    flavour,
                    vhost: String::from("/"),
                    operator: Operator::Embedded(broker),
                })
            }
            Self::Outside {
                address,
                flavour,
                api,
            } => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let vhost = format!("script-{}-{number}", std::process::id());
                api.done("PUT", &format!("/api/vhosts/{vhost}"), "{}")?;
                let operator = Operator::Outside(api.clone());
                Ok(Stage {
                    address: *address,
                    flavour: *flavour,
                    vhost,
                    operator,
                })
            }
        }
    }
}

impl Stage {
    /// Lets broker time pass, by moving the broker's clock where it can be moved.
    pub(crate) fn pass(&self, time: Duration) {
        match &self.operator {
            Operator::Embedded(broker) => broker.clock().advance(time),
            Operator::Outside(_) => std::thread::sleep(time),
        }
    }

    /// Does what a `!` line asks for.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) fn operate(&self, order: &Order) -> Result<(), String> {
        match &self.operator {
            Operator::Embedded(broker) => order.embedded(broker),
            Operator::Outside(api) => api.act(order, &self.vhost),
        }
    }

    /// How long what should not come is waited for, once round trips have shown that the broker
    /// has done all it was told: RabbitMQ's queues and channels are processes of their own.
    pub(crate) fn quiet(&self) -> Duration {
        match &self.operator {
            Operator::Embedded(_) => Duration::from_millis(5),
            Operator::Outside(_) => Duration::from_millis(60),
        }
    }
}

impl Drop for Stage {
    /// Deletes what the script made. Failure is harmless: the name is never used again.
    fn drop(&mut self) {
        if let Operator::Outside(api) = &self.operator {
            drop(api.request("DELETE", &format!("/api/vhosts/{}", self.vhost), ""));
        }
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

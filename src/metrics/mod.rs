//! Metrics for Prometheus, as RabbitMQ's plugin has them: text over HTTP, without a login.
//!
//! One table ([`families`]) says of each family its name, type, words and labels, and where its
//! figures come from; a page ([`page`]) is a choice of them, and is written while it is sent
//! ([`text`]). Nothing is sampled and nothing is kept: what costs is counted where it happens, and
//! what is shown is asked for when a page is read.
//!
//! Asks the desk, and the parts of a broker that count for themselves: store, pager, turns. Knows
//! no queue and no channel.
//!
//! # How to add a family
//!
//! A row in a file of [`families`]: name without prefix, type, words, and a [`family::Source`] with
//! the figure. `tests/it/metrics.rs` compares those of RabbitMQ with the recorded list.
//!
//! Source: RabbitMQ 4.3.6, port 15692. Docs: RabbitMQ, monitoring with Prometheus.

use std::sync::Arc;

use crate::desk::Desk;
use crate::limits::HTTP_CONNECTIONS_MAX;
use crate::management::{self, Seats};
use crate::net::listener::{Accepted, Service};
#[cfg(feature = "tls")]
use crate::net::tls::{OverTls, TlsSocket};

mod door;
mod families;
mod family;
mod moment;
mod page;
mod process;
mod rows;
mod text;

use door::Door;

/// The name of its listener.
pub const NAME: &str = management::METRICS;

/// What is spoken, as RabbitMQ calls it in a list of listeners.
pub const PROTOCOL: &str = management::METRICS_PROTOCOL;

/// The same over TLS.
#[cfg(feature = "tls")]
const PROTOCOL_OVER_TLS: &str = management::METRICS_OVER_TLS;

/// Serves metrics.
pub struct Metrics {
    seats: Arc<Seats>,
}

impl Metrics {
    /// Those of a broker that begins to serve now.
    #[must_use]
    pub fn new(desk: &Arc<Desk>) -> Self {
        let started = desk.env.now();
        let router = door::router(Arc::new(Door::new(desk, started)));
        Self {
            seats: Seats::new(router, desk.settings().shutdown_close_timeout_ms),
        }
    }
}

impl Service for Metrics {
    fn protocol(&self) -> &'static str {
        PROTOCOL
    }

    fn at_once(&self) -> usize {
        HTTP_CONNECTIONS_MAX
    }

    fn makes_room(&self) -> bool {
        true
    }

    fn make_room(&self) {
        self.seats.make_room();
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static {
        management::serve(accepted, Arc::clone(&self.seats))
    }
}

#[cfg(feature = "tls")]
impl OverTls for Metrics {
    fn protocol_over_tls(&self) -> &'static str {
        PROTOCOL_OVER_TLS
    }

    fn serve_over_tls(
        &self,
        accepted: Accepted<TlsSocket>,
    ) -> impl Future<Output = ()> + Send + 'static {
        management::serve(accepted, Arc::clone(&self.seats))
    }
}

//! The management API: HTTP and JSON for people and tools, as RabbitMQ's management plugin has it.
//!
//! One connection is served by `server`, one request goes through `door`: login, foreign pages,
//! route, body, handler, answer. Everything that can be asked for is a row of the one table in
//! [`routes`]; what answers is in `resources`, one file for each kind of thing. Nothing here knows
//! a rule of the broker: handlers decode, ask the desk, and encode.
//!
//! # How to add a route
//!
//! 1. Write an `async fn` in the file of its resource (a new one is a line in `resources/mod.rs`):
//!
//!    ```text
//!    pub(in crate::management) async fn one(ask: Ask) -> Answer {
//!        let found = ask.desk.exchange(ask.vhost()?, ask.name("exchange"));
//!        let view = found.ok_or_else(Refusal::not_found)?;
//!        Ok(ask.object(|object| write(object, &view)))
//!    }
//!    ```
//!
//!    [`Ask`](ask::Ask) has the user, the names of the path (decoded), the query and the body
//!    ([`Ask::fields`](ask::Ask::fields), [`Body`](body::Fields)); `ask.administration()` and
//!    `ask.actor()?` are the desk for that user. What changes something goes through
//!    `ask.done(|now| actor.…).await?` or `ask.change(|administration| …).await?`: these work in a
//!    turn, and wait for what that left and for the store. What takes longer the more there is goes
//!    through [`Aside::read`](aside::Aside::read). Errors of the desk become
//!    [`Refusal`](answer::Refusal)s by `?`.
//! 2. Write the object with [`Object`](json::Object): one line a key. It leaves out what `columns`
//!    does not ask for, so a figure that is dear is asked for in a closure. A further figure is a
//!    further line.
//! 3. Lists: [`lists`] has pages, filters and sorting; the items are written one at a time.
//! 4. Add its row to [`routes`]: path, method, tag, permission, handler, [`contract`], description.
//!    Router, `allow`, HEAD, OPTIONS, logins, the OpenAPI document ([`openapi`]) and the tests of
//!    who may do what come from the row. A handler without a row does not compile (it is dead
//!    code, and warnings are errors). Say in [`shapes`] which keys its object has: every answer
//!    that a test of `tests/it` hears is held against the document.
//! 5. Add a conversation to `tests/scripts/http`, run it here and against RabbitMQ.
//!
//! Source: RabbitMQ 4.3.6, its HTTP API.

use std::sync::Arc;

use crate::desk::Desk;
use crate::limits::HTTP_CONNECTIONS_MAX;
use crate::net::listener::{Accepted, Service};
#[cfg(feature = "tls")]
use crate::net::tls::{OverTls, TlsSocket};

mod answer;
mod aside;
mod ask;
mod asker;
mod bodies;
mod body;
mod checks;
mod contract;
mod counters;
mod door;
mod events;
mod extensions;
mod foreign;
mod json;
mod lists;
mod login;
mod node;
mod openapi;
mod page;
mod pages;
mod places;
mod plain;
mod query;
mod reference;
mod resources;
mod route;
mod routes;
mod seats;
mod server;
mod sessions;
mod shape;
mod shapes;
mod times;

use door::{Door, Insider};
pub(crate) use seats::Seats;
#[cfg(feature = "program")]
pub(crate) use server::{Way, converse};
pub(crate) use server::{give_way, serve};

/// The name of its listener.
pub const NAME: &str = "management";

/// What is spoken, as RabbitMQ calls it in a list of listeners.
const PROTOCOL: &str = "http";

/// The same over TLS.
const PROTOCOL_OVER_TLS: &str = "https";

/// The name of the listener of metrics, which the API tells of.
pub(crate) const METRICS: &str = "prometheus";

/// What is spoken there.
pub(crate) const METRICS_PROTOCOL: &str = "http/prometheus";

/// The same over TLS.
pub(crate) const METRICS_OVER_TLS: &str = "https/prometheus";

/// Serves the management API.
pub struct Management {
    seats: Arc<Seats>,
}

impl Management {
    /// The API of a broker.
    #[must_use]
    pub fn new(desk: &Arc<Desk>) -> Self {
        let router = route::router(&Arc::new(Door::new(desk)));
        Self {
            seats: Seats::new(router, desk.settings().shutdown_close_timeout_ms),
        }
    }
}

/// The API for RabbitMQ's tools at the node's own socket: all of it, as an administrator who needs
/// no login, whatever listener the API has for others, and if it has none.
#[cfg_attr(
    not(feature = "program"),
    expect(
        dead_code,
        reason = "a broker without a program around it has no such socket"
    )
)]
pub(crate) fn insider(desk: &Arc<Desk>) -> axum::Router {
    let router = route::router(&Arc::new(Door::new(desk)));
    router.layer(axum::Extension(Insider::new()))
}

/// What of the API is answered at the node's own socket while there is no broker.
#[cfg(feature = "program")]
pub(crate) fn without_broker(request: &axum::extract::Request) -> Option<axum::response::Response> {
    let (uri, headers) = (request.uri(), request.headers());
    let ends = door::ends(request.extensions());
    let answer = resources::log::beside(uri.path(), uri.query(), headers, ends)?;
    let response = match answer {
        Ok(reply) => reply.into_response(true),
        Err(refusal) => refusal.into_response(),
    };
    Some(answer::finish(response, None))
}

impl Service for Management {
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
        serve(accepted, Arc::clone(&self.seats))
    }
}

#[cfg(feature = "tls")]
impl OverTls for Management {
    fn protocol_over_tls(&self) -> &'static str {
        PROTOCOL_OVER_TLS
    }

    fn serve_over_tls(
        &self,
        accepted: Accepted<TlsSocket>,
    ) -> impl Future<Output = ()> + Send + 'static {
        serve(accepted, Arc::clone(&self.seats))
    }
}

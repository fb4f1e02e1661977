//! The node: what stays while a broker is stopped and started again, and where RabbitMQ's tools
//! reach it.
//!
//! Owns the broker of the process ([`app`]), its Unix sockets ([`sockets`]) and what is asked there
//! ([`door`]): the whole management API as an administrator who needs no login, and what concerns
//! the node itself. The kernel says who is at the other end: the user who runs the broker, and
//! root; all others are refused. Runs on a thread of its own beside the broker's.
//!
//! Source: RabbitMQ 4.3.6, rabbitmqctl.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::{Durability, Settings, node_name};
use crate::log;
use crate::management::Seats;

pub(super) use app::App;
use sockets::Socket;

mod app;
mod door;
mod eval;
#[cfg(unix)]
mod interfaces;
#[cfg(not(unix))]
#[path = "interfaces_unknown.rs"]
mod interfaces;
mod limits;
mod sockets;
mod tls;

/// How long the end of the process waits for an answer that is on its way.
const END_WAIT: Duration = Duration::from_millis(500);

/// How long an answer that is being made or read is waited for, in milliseconds.
const PATIENCE_MS: u64 = 250;

/// See the module.
pub(super) struct Node {
    pub(super) app: Arc<App>,
    name: String,
    seats: Arc<Seats>,
    stop: CancellationToken,
    runtime: Runtime,
}

impl Node {
    /// The node of a broker with these settings, which is not started yet. It can be reached by its
    /// name from now on. `ended` is told when a tool asks for the end of the process.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn open(settings: &Settings, ended: &Arc<Notify>) -> std::io::Result<Self> {
        // The API's long work hands the other tasks of its thread to another thread.
        let mut builder = Builder::new_multi_thread();
        builder.enable_all().thread_name("leveret-node");
        let runtime = builder.worker_threads(1).build()?;
        let app = Arc::new(App::new(settings));
        let name = node_name();
        let router = door::router(&app, &name, ended);
        let node = Self {
            app,
            name,
            seats: Seats::new(router, PATIENCE_MS),
            stop: CancellationToken::new(),
            runtime,
        };
        match sockets::by_name(&node.name) {
            Ok(socket) => node.serve(socket),
            Err(why) => log::info!(
                "rabbitmqctl does not find this node by its name {}: {why}",
                node.name
            ),
        }
        say_cookies_mean_nothing();
        Ok(node)
    }

    /// From now on it can be reached by its data directory too, which is this broker's alone.
    pub(super) fn open_in(&self, settings: &Settings) {
        if settings.durability == Durability::Memory {
            return;
        }
        match sockets::in_data_dir(&settings.data_dir) {
            Ok(socket) => self.serve(socket),
            Err(why) => log::info!(
                "rabbitmqctl does not find this node by its data directory {}: {why}",
                settings.data_dir.display()
            ),
        }
    }

    fn serve(&self, socket: Socket) {
        log::debug!("rabbitmqctl finds this node at {}", socket.path().display());
        let seats = Arc::clone(&self.seats);
        let accept = sockets::accept(socket, seats, self.stop.clone());
        self.runtime.spawn(accept);
    }

    /// Ends what is asked, and takes the sockets away.
    pub(super) fn close(self) {
        self.stop.cancel();
        self.runtime.shutdown_timeout(END_WAIT);
    }
}

/// Erlang's nodes let each other in by a cookie. Docs: clustering, Erlang cookie.
fn say_cookies_mean_nothing() {
    let variable = std::env::var_os("RABBITMQ_ERLANG_COOKIE").is_some();
    let home = std::env::var_os("HOME").unwrap_or_default();
    let file = Path::new(&home).join(".erlang.cookie");
    if variable {
        log::info!("RABBITMQ_ERLANG_COOKIE means nothing here: rabbitmqctl needs no cookie");
    } else if !home.is_empty() && file.exists() {
        log::info!(
            "{} means nothing here: rabbitmqctl needs no cookie",
            file.display()
        );
    }
}

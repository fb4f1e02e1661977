//! The thread of a broker: its runtime, its listeners, and its end.

use std::io;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[cfg(feature = "management")]
use super::event_exchange;
use super::monitor::{self, Duties};
use super::start::{self, Doors, Open};
#[cfg(feature = "management")]
use super::switches::Switches;
use super::{Grace, StartError, close, driver, farewell};
use crate::desk::Desk;
use crate::net::amqp::Amqp;
use crate::net::descriptors::Descriptors;
use crate::net::gate::Gate;
use crate::net::listener::Listening;
#[cfg(feature = "tls")]
use crate::net::tls::{Keys, Tls};

/// How long a stop waits for connections that have cut off their clients at `shutdown_timeout`.
const CUT_WAIT: Duration = Duration::from_millis(500);

/// How long a dropped broker waits for its threads.
const DROP_WAIT: Duration = Duration::from_secs(5);

/// Tasks that a thread runs before it looks which sockets are ready. Each takes a turn or some, of
/// about a millisecond, so that clients of the only thread wait for some milliseconds.
const EVENT_INTERVAL: u32 = 8;

/// Threads that serve HTTP. Long work hands its connections to another one.
const HTTP_WORKERS: usize = 1;

/// How much nicer those threads are than the one that starts the broker. While a list is written
/// and all processors are busy, a thread that a message wakes gets one at once. Nicer ones would
/// keep a lock for long that they hold when a busy machine takes the processor away from them.
#[cfg(target_os = "linux")]
const HTTP_NICENESS: i32 = 5;

type Started = mpsc::SyncSender<Result<Vec<Listening>, StartError>>;

/// The broker's thread, from start to stop.
pub(super) fn run(
    desk: &Arc<Desk>,
    doors: Doors,
    duties: &Duties,
    stop: &CancellationToken,
    grace: &parking_lot::Mutex<Grace>,
    started: &Started,
) {
    let built = workers(desk).and_then(|workers| Ok((workers, aside(desk)?)));
    let (runtime, aside) = match built {
        Ok(runtimes) => runtimes,
        Err(error) => {
            report(started, Err(StartError::Threads(error)));
            return;
        }
    };
    desk.serve_with(runtime.metrics().num_workers());
    let runtimes = [Some(&runtime), aside.as_ref()].into_iter().flatten();
    duties
        .gauges
        .watch(runtimes.map(|runtime| runtime.metrics()).collect());
    let tasks = TaskTracker::new();
    let gate = Gate::default();
    desk.kept_by(gate.clone());
    #[cfg(feature = "management")]
    let switches = {
        let switches = Switches::new(desk, aside, (stop, &gate), &tasks);
        let is_told = desk.env.settings.event_exchange_enabled;
        switches.hold(is_told.then(|| event_exchange::start(desk)));
        desk.plugins.switched_by(Arc::<Switches>::clone(&switches));
        switches
    };
    runtime.block_on(async {
        match doors.open() {
            Ok(open) => {
                #[cfg(feature = "management")]
                let listening = || start_listening(desk, open, &switches, (stop, &gate), &tasks);
                #[cfg(not(feature = "management"))]
                let listening = || start_listening(desk, open, (stop, &gate), &tasks);
                serve(desk, duties, stop, started, listening).await;
            }
            Err(error) => {
                report(started, Err(error));
                return;
            }
        }
        let reason = grace.lock().clone();
        if let Grace::Reason(reason) = reason {
            close_in_order(desk, &tasks, &reason).await;
        }
    });
    // Connections that are still there end with the runtime, and with them what they hold.
    #[cfg(feature = "management")]
    if let Some(aside) = switches.take_threads() {
        aside.shutdown_timeout(DROP_WAIT);
    }
    runtime.shutdown_timeout(DROP_WAIT);
    farewell::data_closes(desk);
    close(desk);
    farewell::data_is_closed(desk);
}

/// The threads that serve AMQP.
fn workers(desk: &Desk) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_name("leveret-worker");
    builder.event_interval(EVENT_INTERVAL);
    if desk.env.settings.workers > 0 {
        builder.worker_threads(usize::from(desk.env.settings.workers));
    }
    builder.build()
}

/// The threads that serve HTTP, if that is served: a message never waits in a queue of tasks behind
/// a list that is written.
fn aside(desk: &Desk) -> io::Result<Option<Runtime>> {
    let settings = &desk.env.settings;
    let is_served = settings.management_enabled || settings.prometheus_enabled;
    if !cfg!(feature = "management") || !is_served {
        return Ok(None);
    }
    for_http().map(Some)
}

pub(super) fn for_http() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_name("leveret-http");
    builder.worker_threads(HTTP_WORKERS);
    yield_to_amqp(&mut builder);
    builder.build()
}

/// Has the system prefer the threads that serve AMQP to those of this runtime, where threads have a
/// niceness of their own. A thread begins with that of its creator, which may be one of them.
fn yield_to_amqp(runtime: &mut Builder) {
    #[cfg(target_os = "linux")]
    {
        let own = crate::sys::thread_niceness().map_err(|error| error.kind());
        runtime.on_thread_start(move || {
            let own = own.map_err(io::Error::from);
            let set = own.and_then(|own| crate::sys::lower_thread(own + HTTP_NICENESS));
            if let Err(error) = set {
                // It serves all the same.
                crate::log::debug!("a thread for HTTP is as important as others: {error}");
            }
        });
    }
    #[cfg(not(target_os = "linux"))]
    let _has_no_niceness = runtime;
}

fn report(started: &Started, result: Result<Vec<Listening>, StartError>) {
    if started.send(result).is_err() {
        crate::log::error!("the caller that started the broker is gone");
    }
}

/// Accepts connections until `stop`.
async fn serve(
    desk: &Arc<Desk>,
    duties: &Duties,
    stop: &CancellationToken,
    started: &Started,
    listen: impl FnOnce() -> io::Result<Vec<Listening>>,
) {
    let background = CancellationToken::new();
    let _ends_here = background.clone().drop_guard();
    let driver = driver::run(Arc::clone(desk));
    tokio::spawn(background.run_until_cancelled_owned(driver));
    Descriptors::of_process().announce();
    report(started, listen().map_err(StartError::Threads));
    // On this thread, which works for no client.
    stop.run_until_cancelled(monitor::run(desk, duties)).await;
}

/// Lets clients in at every door.
fn start_listening(
    desk: &Arc<Desk>,
    open: Open,
    #[cfg(feature = "management")] switches: &Switches,
    opening: (&CancellationToken, &Gate),
    tasks: &TaskTracker,
) -> io::Result<Vec<Listening>> {
    if let Some(listener) = open.amqp {
        let amqp = Amqp(Arc::clone(desk));
        desk.listens(listener.start(start::AMQP, amqp, opening, tasks));
    }
    #[cfg(feature = "tls")]
    for door in open.tls {
        let start::OverTls {
            name,
            listener,
            keys,
        } = door;
        match name {
            start::AMQP_TLS => {
                desk.speaks_with(name, Arc::<Keys>::clone(&keys));
                let amqp = Tls::new(Amqp(Arc::clone(desk)), keys);
                desk.listens(listener.start(name, amqp, opening, tasks));
            }
            #[cfg(feature = "management")]
            name => switches.serve_over_tls(name, listener, keys)?,
            #[cfg(not(feature = "management"))]
            _ => {}
        }
    }
    #[cfg(feature = "management")]
    for (name, listener) in [
        (start::PROMETHEUS, open.prometheus),
        (start::MANAGEMENT, open.management),
    ] {
        if let Some(listener) = listener {
            switches.serve(name, listener)?;
        }
    }
    Ok(desk.listening())
}

/// Tells every client, and waits for them to go.
async fn close_in_order(desk: &Desk, tasks: &TaskTracker, reason: &str) {
    farewell::listeners_stopped(desk);
    desk.stop_connections(reason);
    tasks.close();
    let wait = Duration::from_millis(desk.env.settings.shutdown_timeout_ms) + CUT_WAIT;
    if tokio::time::timeout(wait, tasks.wait()).await.is_err() {
        crate::log::warn!("{} connections did not close within {wait:?}", tasks.len());
    }
    farewell::vhosts_stop(desk);
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

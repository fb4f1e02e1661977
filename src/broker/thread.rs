//! The thread of a broker: its runtime, its listeners, and its end.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[cfg(feature = "management")]
use super::memory;
use super::start::{self, Doors, Open};
use super::{Grace, StartError, close, driver, monitor};
use crate::desk::Desk;
#[cfg(feature = "management")]
use crate::management::Management;
#[cfg(feature = "management")]
use crate::metrics::Metrics;
use crate::net::amqp::Amqp;
use crate::net::descriptors::Descriptors;
use crate::net::listener::Listening;

/// How long a stop waits for connections that have cut off their clients at `shutdown_timeout`.
const CUT_WAIT: Duration = Duration::from_millis(500);

/// How long a dropped broker waits for its threads.
const DROP_WAIT: Duration = Duration::from_secs(5);

/// Tasks that a thread runs before it looks which sockets are ready. Each takes a turn or some, of
/// about a millisecond, so that clients of the only thread wait for some milliseconds.
const EVENT_INTERVAL: u32 = 8;

type Started = mpsc::SyncSender<Result<Vec<Listening>, StartError>>;

/// The broker's thread, from start to stop.
pub(super) fn run(
    desk: &Arc<Desk>,
    doors: Doors,
    reclaim: Option<fn()>,
    stop: &CancellationToken,
    grace: &parking_lot::Mutex<Grace>,
    started: &Started,
) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_name("leveret-worker");
    builder.event_interval(EVENT_INTERVAL);
    if desk.env.settings.workers > 0 {
        builder.worker_threads(usize::from(desk.env.settings.workers));
    }
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report(started, Err(StartError::Threads(error)));
            return;
        }
    };
    desk.serve_with(runtime.metrics().num_workers());
    let tasks = TaskTracker::new();
    runtime.block_on(async {
        match doors.open() {
            Ok(open) => serve(desk, open, reclaim, stop, &tasks, started).await,
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
    runtime.shutdown_timeout(DROP_WAIT);
    close(desk);
}

fn report(started: &Started, result: Result<Vec<Listening>, StartError>) {
    if started.send(result).is_err() {
        crate::log::error!("the caller that started the broker is gone");
    }
}

/// Accepts connections until `stop`.
async fn serve(
    desk: &Arc<Desk>,
    open: Open,
    reclaim: Option<fn()>,
    stop: &CancellationToken,
    tasks: &TaskTracker,
    started: &Started,
) {
    let background = CancellationToken::new();
    let _ends_here = background.clone().drop_guard();
    let driver = driver::run(Arc::clone(desk));
    tokio::spawn(background.run_until_cancelled_owned(driver));
    Descriptors::of_process().announce();
    report(started, Ok(start_listening(desk, open, stop, tasks)));
    // On this thread, which works for no client.
    stop.run_until_cancelled(monitor::run(desk, reclaim)).await;
}

/// Lets clients in at every door.
fn start_listening(
    desk: &Arc<Desk>,
    open: Open,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Vec<Listening> {
    let amqp = Amqp(Arc::clone(desk));
    #[cfg_attr(
        not(feature = "management"),
        expect(unused_mut, reason = "there is one listener")
    )]
    let mut listening = vec![open.amqp.start(start::AMQP, amqp, stop, tasks)];
    #[cfg(feature = "management")]
    if let Some(listener) = open.prometheus {
        let metrics = Metrics::new(desk, memory::limit(&desk.env.settings));
        listening.push(listener.start(start::PROMETHEUS, metrics, stop, tasks));
    }
    #[cfg(feature = "management")]
    if let Some(listener) = open.management {
        let addresses = listener.addresses().to_vec();
        let management = Management::new(desk, &listening, addresses);
        listening.push(listener.start(start::MANAGEMENT, management, stop, tasks));
    }
    listening
}

/// Tells every client, and waits for them to go.
async fn close_in_order(desk: &Desk, tasks: &TaskTracker, reason: &str) {
    desk.stop_connections(reason);
    tasks.close();
    let wait = Duration::from_millis(desk.env.settings.shutdown_timeout_ms) + CUT_WAIT;
    if tokio::time::timeout(wait, tasks.wait()).await.is_err() {
        crate::log::warn!("{} connections did not close within {wait:?}", tasks.len());
    }
}

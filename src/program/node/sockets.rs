//! The node's sockets: which of them are this broker's, and who may ask there.
//!
//! A socket has a file beside it that its broker keeps locked, so that the system knows whether it
//! is alive: what is left of one that was killed is replaced, and what belongs to a living one is
//! left alone. Of two brokers with one name the first that started has it for as long as it lives;
//! the other is found by its data directory, or by its own name once it has one.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use leveret_ctl::place;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::limits::{ACCEPT_PAUSE_MS, NODE_CONNECTIONS_MAX};
use crate::log;
use crate::management::{Seats, Way, converse};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::Socket;
#[cfg(unix)]
use unix::usable;
#[cfg(windows)]
pub(super) use windows::Socket;
#[cfg(windows)]
use windows::usable;

/// The socket of a node's name, in the first directory for sockets that can be used.
///
/// # Errors
/// In words.
pub(super) fn by_name(node: &str) -> Result<Socket, String> {
    let mut why = "there is no directory for sockets".to_owned();
    for dir in place::directories() {
        match usable(&dir) {
            Ok(()) => return Socket::take(&dir, &place::file_name(node)),
            Err(error) => why = format!("'{}': {error}", dir.display()),
        }
    }
    Err(why)
}

/// The socket in a data directory.
///
/// # Errors
/// In words.
pub(super) fn in_data_dir(dir: &Path) -> Result<Socket, String> {
    Socket::take(dir, place::IN_DATA_DIR)
}

/// Accepts until `stop`.
pub(super) async fn accept(socket: Socket, seats: Arc<Seats>, stop: CancellationToken) {
    let listener = match socket.listener() {
        Ok(listener) => Arc::new(listener),
        Err(error) => return log::error!("rabbitmqctl cannot be served: {error}"),
    };
    let places = Arc::new(Semaphore::new(NODE_CONNECTIONS_MAX));
    let mut refused = Refused::default();
    let serve = async {
        loop {
            let stream = match listener.accept().await {
                Ok(stream) => stream,
                Err(_) => {
                    // No file can be opened now; a connection that ends gives one back.
                    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS.1)).await;
                    continue;
                }
            };
            let stream = match listener.admit(stream) {
                Ok(stream) => stream,
                Err(refusal) => {
                    refused.add(refusal);
                    continue;
                }
            };
            let place = place(&places, &seats).await;
            let (seats, stop) = (Arc::clone(&seats), stop.clone());
            let listener = Arc::clone(&listener);
            tokio::spawn(async move {
                if let Some(stream) = listener.greet(stream).await {
                    converse(stream, (None, Way::Plain), &stop, &seats).await;
                }
                drop(place);
            });
        }
    };
    stop.run_until_cancelled(serve).await;
    // Until here the socket is this broker's.
    drop(socket);
}

/// A place for one more connection. With all of them taken, one connection after the other leaves
/// that has waited for a request for longest, or whose peer does not read its answer.
async fn place(places: &Arc<Semaphore>, seats: &Seats) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    loop {
        seats.make_room_at_once();
        let place = Arc::clone(places).acquire_owned();
        if let Ok(place) = timeout(ROOM_WAIT, place).await {
            // The semaphore is never closed.
            return place.ok();
        }
    }
}

/// How long a connection that is to leave may take, before another one is asked to as well.
const ROOM_WAIT: Duration = Duration::from_millis(250);

/// Peers that are being refused. They take no place of those that are let in; with too many of them
/// the oldest one is not waited for any longer.
#[derive(Default)]
struct Refused(VecDeque<AbortHandle>);

impl Refused {
    fn add(&mut self, refusal: impl Future<Output = ()> + Send + 'static) {
        if self.0.len() >= NODE_CONNECTIONS_MAX
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.abort();
        }
        self.0.push_back(tokio::spawn(refusal).abort_handle());
    }
}

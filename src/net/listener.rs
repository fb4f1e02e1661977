//! Accepts connections and gives each its task.
//!
//! Listens on every address that a host name stands for, on one port. Counts connections that are
//! still in their handshake and accepts no more above [`HANDSHAKES_MAX`]; those that are open are
//! limited by settings, with an answer in AMQP (`session.rs`). When the system has no file
//! descriptors left, it pauses and tries again: the broker goes on for those who are in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::pump::{self, Handshake};
use crate::connection::Connection;
use crate::desk::Desk;
use crate::desk::session::Origin;
use crate::limits::{ACCEPT_PAUSE_MS, BACKLOG, HANDSHAKES_MAX};

/// The sockets on which one broker listens.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
}

impl Listener {
    /// Listens on `port` of every address of `host`. Port 0 takes a free one, the same for all.
    /// `::` is every interface, of IPv4 too; without IPv6 it means `0.0.0.0`.
    ///
    /// # Errors
    /// The system's, with the address: it is in use, not ours, or not allowed.
    pub async fn bind(host: &str, port: u16) -> io::Result<Self> {
        let mut sockets: Vec<TcpListener> = Vec::new();
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for mut address in resolve(host, port).await? {
            if address.port() == 0
                && let Some(first) = addresses.first()
            {
                address.set_port(first.port());
            }
            let socket = match listen(address) {
                Err(_) if address.ip().is_unspecified() && address.is_ipv6() => {
                    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
                    listen(SocketAddr::new(any, address.port()))?
                }
                result => result?,
            };
            addresses.push(socket.local_addr()?);
            sockets.push(socket);
        }
        if sockets.is_empty() {
            let text = format!("{host} has no address");
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
        }
        Ok(Self { sockets, addresses })
    }

    /// Where it listens, with the ports that were taken.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Accepts until `stop`; every task, accepting ones too, is in `tasks`. `stop` also ends
    /// handshakes, but no open connections: they end by mail, so that their clients hear of it.
    pub fn start(self, broker: &Arc<Desk>, stop: &CancellationToken, tasks: &TaskTracker) {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        for socket in self.sockets {
            let acceptor = Acceptor {
                socket,
                broker: Arc::clone(broker),
                handshakes: Arc::clone(&handshakes),
                tasks: tasks.clone(),
                stop: stop.clone(),
            };
            tasks.spawn(stop.clone().run_until_cancelled_owned(acceptor.run()));
        }
    }
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = lookup_host((host, port)).await;
    let mut addresses: Vec<SocketAddr> = found
        .map_err(|error| io::Error::new(error.kind(), format!("host {host}: {error}")))?
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let open = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|error| io::Error::new(error.kind(), format!("listening on {address}: {error}")))
}

struct Acceptor {
    socket: TcpListener,
    broker: Arc<Desk>,
    handshakes: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Acceptor {
    async fn run(self) {
        let (shortest, longest) = ACCEPT_PAUSE_MS;
        let mut pause_ms = shortest;
        loop {
            // The semaphore is never closed; if it were, nobody could be served.
            let Ok(permit) = Arc::clone(&self.handshakes).acquire_owned().await else {
                return;
            };
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    pause_ms = shortest;
                    if let Some(connection) = self.connection(&stream, peer) {
                        let clock = self.broker.env.clock.clone();
                        let stop = self.stop.clone();
                        let handshake = Handshake { permit, stop };
                        self.tasks
                            .spawn(pump::run(stream, connection, clock, handshake));
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    crate::log::error!("accepting a connection failed, next try soon: {error}");
                    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                    pause_ms = (pause_ms * 2).min(longest);
                }
            }
        }
    }

    /// `None` if the peer is gone again.
    fn connection(&self, stream: &TcpStream, peer: SocketAddr) -> Option<Connection> {
        stream.set_nodelay(true).ok()?;
        let local = stream.local_addr().ok()?;
        let env = &self.broker.env;
        let origin = Origin::new(env.next_connection(), peer, local, env.now());
        Some(Connection::new(&self.broker, origin))
    }
}

/// Errors that concern the one connection that was to be accepted, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests;

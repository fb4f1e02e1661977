//! Accepts connections and gives each its task, in which a [`Service`] serves it.
//!
//! A broker may have several listeners, each with a name, a protocol and addresses. What is spoken
//! is the service's: the pump's protocols are some (`amqp`), but it may as well hand the socket to
//! a server of its own.
//!
//! Listens on every address that a host name stands for, on one port. Counts connections that are
//! still in their handshake and accepts no more above [`HANDSHAKES_MAX`]; those that are open are
//! limited by settings, with an answer in AMQP (`session.rs`). When no file descriptors are left
//! but those that are kept for the store, it pauses and tries again: the broker goes on for the
//! connections that there are.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::descriptors::Descriptors;
use super::gate::{Gate, Pass};
use super::pump::Handshake;
use crate::desk::session::Encryption;
use crate::limits::{ACCEPT_PAUSE_MS, BACKLOG, HANDSHAKES_MAX};
pub use crate::listening::Listening;

/// Addresses that are taken; nothing is accepted on them yet, so that the data can be read first.
#[derive(Debug)]
pub struct Bound {
    /// Each with the address that was asked for, in words.
    sockets: Vec<(TcpSocket, String)>,
}

impl Bound {
    /// Takes `port` of every address of `host`. Port 0 takes a free one, the same for all. `::` is
    /// every interface, of IPv4 too; without IPv6 it means `0.0.0.0`. Blocks while a name is looked
    /// up.
    ///
    /// # Errors
    /// The system's, with the address that was asked for: it is in use, not ours, or not allowed.
    pub fn bind(host: &str, port: u16) -> io::Result<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut sockets: Vec<(TcpSocket, String)> = Vec::new();
        let mut chosen = port;
        for mut address in resolve(host, port)? {
            address.set_port(chosen);
            let asked = asked(host, address);
            let bound = bind(address).or_else(|error| {
                if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && is_without_ipv6(&error) {
                    bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), chosen))
                } else {
                    Err(error)
                }
            });
            let socket = bound.map_err(|error| listening(&asked, &error))?;
            chosen = socket.local_addr()?.port();
            sockets.push((socket, asked));
        }
        if sockets.is_empty() {
            let text = format!("{host} has no address");
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
        }
        Ok(Self { sockets })
    }

    /// Takes over the addresses of another one.
    pub fn join(&mut self, other: Self) {
        self.sockets.extend(other.sockets);
    }

    /// Listens: from now on clients can connect.
    ///
    /// # Errors
    /// The system's, with the address that was asked for.
    pub fn listen(self) -> io::Result<Listener> {
        let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
        for (socket, asked) in self.sockets {
            let socket = socket.listen(BACKLOG);
            let socket = socket.map_err(|error| listening(&asked, &error))?;
            addresses.push(socket.local_addr()?);
            sockets.push(socket);
        }
        Ok(Listener { sockets, addresses })
    }
}

fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = (host, port).to_socket_addrs();
    let mut addresses: Vec<SocketAddr> = found
        .map_err(|error| io::Error::new(error.kind(), format!("{host}: {error}")))?
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// An address, with the name it was asked for by.
fn asked(host: &str, address: SocketAddr) -> String {
    if host.parse::<IpAddr>().is_ok() {
        address.to_string()
    } else {
        format!("{host}:{} ({})", address.port(), address.ip())
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Whether the machine has no IPv6, or it is switched off. Any other error of `::` stands: a broker
/// that listens on the half of what was asked for would go unnoticed.
fn is_without_ipv6(error: &io::Error) -> bool {
    let without = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL];
    without
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn listening(asked: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("listening on {asked}: {error}"))
}

/// A connection that has just been accepted.
#[derive(Debug)]
pub struct Accepted<S = TcpStream> {
    /// Its socket.
    pub stream: S,
    /// The client's address.
    pub peer: SocketAddr,
    /// Our address that it connected to.
    pub local: SocketAddr,
    /// Its place among those that shake hands, and how it hears of a stop.
    pub handshake: Handshake,
    /// What TLS was agreed to be, if it is spoken.
    pub encryption: Option<Arc<Encryption>>,
}

/// Serves what a listener accepts.
pub trait Service: Send + Sync + 'static {
    /// What is spoken, as RabbitMQ calls it in a list of listeners: `amqp`, `http`.
    fn protocol(&self) -> &'static str;

    /// How many connections may be served before each has given back its place.
    fn at_once(&self) -> usize {
        HANDSHAKES_MAX
    }

    /// Whether a connection is ended when all places are taken and another one comes. Otherwise
    /// that one stays in the listen backlog.
    fn makes_room(&self) -> bool {
        false
    }

    /// Ends a connection that does nothing, or the next one that has done what it does.
    fn make_room(&self) {}

    /// Serves one connection to its end.
    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static;
}

/// The sockets of one listener.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
}

impl Listener {
    /// Where it listens, with the ports that were taken.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Accepts until `stop`, while `gate` is open, and lets `service` serve what comes; every task,
    /// accepting ones too, is in `tasks`. `stop` ends no connection by itself: each hears of it as
    /// its service says.
    pub fn start<S: Service>(
        self,
        name: &'static str,
        service: S,
        (stop, gate): (&CancellationToken, &Gate),
        tasks: &TaskTracker,
    ) -> Listening {
        let handshakes = Arc::new(Semaphore::new(service.at_once()));
        let descriptors = Descriptors::of_process();
        let protocol = service.protocol();
        let service = Arc::new(service);
        for (socket, address) in self.sockets.into_iter().zip(&self.addresses) {
            let acceptor = Acceptor {
                service: Arc::clone(&service),
                handshakes: Arc::clone(&handshakes),
                descriptors,
                tasks: tasks.clone(),
                stop: stop.clone(),
            };
            let run = acceptor.run(socket, *address, gate.pass());
            tasks.spawn(stop.clone().run_until_cancelled_owned(run));
        }
        Listening {
            name,
            protocol,
            addresses: self.addresses,
        }
    }
}

struct Acceptor<S> {
    service: Arc<S>,
    handshakes: Arc<Semaphore>,
    descriptors: Descriptors,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl<S: Service> Acceptor<S> {
    /// Accepts while the gate is open, at this address.
    async fn run(self, mut socket: TcpListener, address: SocketAddr, mut pass: Pass) {
        loop {
            tokio::select! {
                () = pass.turns(false) => {}
                () = self.accept_all(&socket) => return,
            }
            drop(socket);
            pass.set_listening(false);
            pass.turns(true).await;
            socket = listen_again(address).await;
            pass.set_listening(true);
        }
    }

    async fn accept_all(&self, socket: &TcpListener) {
        let (shortest, longest) = ACCEPT_PAUSE_MS;
        let mut pause_ms = shortest;
        loop {
            // The semaphore is never closed; if it were, no client could be served.
            let Some((permit, accepted)) = self.next(socket).await else {
                return;
            };
            match accepted {
                Ok((stream, peer)) => {
                    pause_ms = shortest;
                    // Neither can be had if the peer is gone again.
                    if stream.set_nodelay(true).is_ok()
                        && let Ok(local) = stream.local_addr()
                    {
                        let stop = self.stop.clone();
                        let accepted = Accepted {
                            stream,
                            peer,
                            local,
                            handshake: Handshake { permit, stop },
                            encryption: None,
                        };
                        self.tasks.spawn(self.service.serve(accepted));
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if pause_ms == shortest {
                        crate::log::error!("accepting a connection failed, next try soon: {error}");
                    }
                    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                    pause_ms = (pause_ms * 2).min(longest);
                }
            }
        }
    }

    /// The next connection and its place. Without one, a service that makes room is asked for it
    /// once the connection is there.
    async fn next(
        &self,
        socket: &TcpListener,
    ) -> Option<(OwnedSemaphorePermit, io::Result<(TcpStream, SocketAddr)>)> {
        let place = || Arc::clone(&self.handshakes).try_acquire_owned().ok();
        let wait = || Arc::clone(&self.handshakes).acquire_owned();
        let permit = match place() {
            None if !self.service.makes_room() => Some(wait().await.ok()?),
            permit => permit,
        };
        let accepted = self.accept(socket).await;
        let permit = match permit.or_else(place) {
            Some(permit) => permit,
            None => {
                if accepted.is_ok() {
                    self.service.make_room();
                }
                wait().await.ok()?
            }
        };
        Some((permit, accepted))
    }

    /// The next connection, if it may have a descriptor.
    async fn accept(&self, socket: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        while !self.descriptors.have_room(socket) {
            let mut waits = [PollFd::new(socket, PollFlags::IN)];
            if poll(&mut waits, Some(&Timespec::default()))? > 0 {
                let Descriptors { limit, kept } = self.descriptors;
                return Err(io::Error::other(format!(
                    "all {} files that may be open are, but for {kept} that are kept for the store",
                    limit.unwrap_or_default()
                )));
            }
            tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS.1)).await;
        }
        socket.accept().await
    }
}

/// Listens once more where another process may have begun to meanwhile.
async fn listen_again(address: SocketAddr) -> TcpListener {
    let mut is_said = false;
    loop {
        match bind(address).and_then(|socket| socket.listen(BACKLOG)) {
            Ok(socket) => return socket,
            Err(error) if !is_said => {
                is_said = true;
                crate::log::error!("listening on {address} failed, next try soon: {error}");
            }
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS.1)).await;
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

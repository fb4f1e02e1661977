//! A TCP relay between one client and the broker whose connections can be cut.
//!
//! Owns: two listeners on free ports. What connects to the first is passed on to the broker;
//! a connection to the second cuts everything that runs through the first, at once.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::error::lock;

/// A running relay; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Where a client connects to.
    pub(crate) address: SocketAddr,
    /// Where connecting cuts.
    pub(crate) cut: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Relay {
    /// Starts a relay to `broker`, an address as `TcpStream::connect` takes it.
    pub(crate) fn start(broker: &str) -> io::Result<Self> {
        let clients = TcpListener::bind("127.0.0.1:0")?;
        let cuts = TcpListener::bind("127.0.0.1:0")?;
        let (address, cut) = (clients.local_addr()?, cuts.local_addr()?);
        let shared = Arc::new(Shared::default());
        let (here, broker) = (Arc::clone(&shared), broker.to_owned());
        thread::spawn(move || {
            here.serve(&clients, |client| here.pass(&client, &broker));
        });
        let here = Arc::clone(&shared);
        thread::spawn(move || {
            here.serve(&cuts, |_| {
                here.cut();
                Ok(())
            });
        });
        Ok(Self {
            address,
            cut,
            shared,
        })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.cut();
        // Wakes the two accepting threads; a refused connection means they have ended.
        TcpStream::connect(self.address).ok();
        TcpStream::connect(self.cut).ok();
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener, each: impl Fn(TcpStream) -> io::Result<()>) {
        for stream in listener.incoming() {
            if self.stopping.load(Ordering::SeqCst) {
                break;
            }
            // A connection that fails is one that the client sees fail.
            stream.and_then(&each).ok();
        }
    }

    fn pass(&self, client: &TcpStream, broker: &str) -> io::Result<()> {
        let broker = TcpStream::connect(broker)?;
        client.set_nodelay(true)?;
        broker.set_nodelay(true)?;
        lock(&self.open).extend([client.try_clone()?, broker.try_clone()?]);
        let (from, to) = (client.try_clone()?, broker.try_clone()?);
        thread::spawn(move || pump(from, to));
        let (from, to) = (broker, client.try_clone()?);
        thread::spawn(move || pump(from, to));
        Ok(())
    }

    fn cut(&self) {
        for stream in lock(&self.open).drain(..) {
            // An error means that it is closed already.
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

/// Copies one direction until either side ends, then ends both.
fn pump(mut from: TcpStream, mut to: TcpStream) {
    io::copy(&mut from, &mut to).ok();
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

#[cfg(test)]
mod tests;

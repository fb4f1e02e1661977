//! The door through which a client's program asks for trouble with its own broker.
//!
//! A program connects, sends one line and reads one: `ok` once it is done, or `failed REASON`.
//!
//! - `restart`: the broker stops in order and starts again, on the same port and data.
//! - `kill`: it ends without a warning and starts again.
//! - `block`: its memory or disk runs short, so publishers are made to wait.
//! - `unblock`: there is enough again.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::error::{InteropError, lock};
use crate::node::Node;

/// A running door; it closes when this is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    /// Where a program connects to.
    pub(crate) address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

impl Control {
    /// Opens a door to a broker.
    pub(crate) fn start(node: &Arc<Mutex<Node>>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let (node, stopped) = (Arc::clone(node), Arc::clone(&stopping));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                // A program that does not wait for its answer is told nothing.
                stream
                    .and_then(|stream| answer(&stream, |word| obey(&node, word)))
                    .ok();
            }
        });
        Ok(Self { address, stopping })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the accepting thread; a refused connection means it has ended.
        TcpStream::connect(self.address).ok();
    }
}

fn answer(
    stream: &TcpStream,
    obey: impl FnOnce(&str) -> Result<(), InteropError>,
) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let text = match obey(line.trim()) {
        Ok(()) => "ok\n".to_owned(),
        Err(error) => format!("failed {}\n", error.to_string().replace('\n', " ")),
    };
    (&*stream).write_all(text.as_bytes())
}

fn obey(node: &Mutex<Node>, word: &str) -> Result<(), InteropError> {
    let mut node = lock(node);
    match word {
        "restart" => node.restart(),
        "kill" => node.kill(),
        "block" => node.set_short(true),
        "unblock" => node.set_short(false),
        _ => Err(InteropError::Broker(format!("no such command: {word}"))),
    }
}

#[cfg(test)]
mod tests;

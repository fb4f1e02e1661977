//! A network namespace in which `localhost:5672` leads to the broker under test, 15672 to its
//! management API and 15692 to its metrics.
//!
//! Namespaces have their own loopback but share the file system: a Unix socket for each port joins
//! the two. Outside, [`Tunnel`] passes what comes through the socket on to the broker; inside,
//! [`enter`] brings the loopback up, listens on the ports and passes every connection into its
//! socket.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::error::{InteropError, io_error};
use crate::prepare;

/// A port inside, and the socket that leads from there to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    /// The port.
    port: u16,
    /// The socket.
    socket: PathBuf,
}

/// `5672:/tmp/some.sock`.
impl FromStr for Door {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (port, socket) = text.split_once(':').ok_or("not PORT:SOCKET")?;
        Ok(Self {
            port: port.parse().map_err(|_| "PORT is no port")?,
            socket: socket.into(),
        })
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.port, self.socket.display())
    }
}

/// The outer half; it takes no more connections once the socket is removed by dropping this.
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// What leads to the broker.
    pub(crate) door: Door,
}

impl Tunnel {
    /// Starts to pass connections to `port` on to `broker`, an address as `TcpStream::connect`
    /// takes it.
    pub(crate) fn start(port: u16, broker: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Socket paths are short (108 bytes), target folders need not be.
        let name = format!("leveret-suite-{}-{number}.sock", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&socket)?;
        let broker = broker.to_owned();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that fails is one that the client sees fail.
                TcpStream::connect(&broker)
                    .and_then(|broker| join(broker, client))
                    .ok();
            }
        });
        Ok(Self {
            door: Door { port, socket },
        })
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        std::fs::remove_file(&self.door.socket).ok();
    }
}

/// A command that runs what is added to it in a namespace with these doors to the broker.
///
/// # Errors
/// A missing `unshare` or `ip`, or a system that does not let us make a namespace.
pub(crate) fn command<'a>(
    doors: impl IntoIterator<Item = &'a Door>,
) -> Result<Command, InteropError> {
    let mut unshare = vec!["unshare".to_owned(), "--net".to_owned()];
    if !rustix::process::geteuid().is_root() {
        unshare.push("--map-root-user".to_owned());
    }
    let mut check = unshare.clone();
    check.extend(["ip", "link", "set", "lo", "up"].map(str::to_owned));
    let install = "apt-get install util-linux iproute2 (and allow network namespaces)";
    prepare::need(&check, install)?;
    let here = std::env::current_exe().map_err(io_error("find", "this program"))?;
    let mut command = Command::new("unshare");
    command.args(unshare.iter().skip(1)).arg("--").arg(here);
    for door in doors {
        command.arg("--inside").arg(door.to_string());
    }
    command.arg("--");
    Ok(command)
}

/// The inner half: serves the ports while `line` runs, and ends as it does.
pub(crate) fn enter(doors: &[Door], line: &[OsString]) -> Result<ExitCode, InteropError> {
    let mut ip = Command::new("ip");
    ip.args(["link", "set", "lo", "up"]);
    ip.status().map_err(io_error("start", "ip"))?;
    for Door { port, socket } in doors {
        let listener = TcpListener::bind(("127.0.0.1", *port));
        serve(listener.map_err(io_error("listen on", port))?, socket);
        // Not every kernel has IPv6; where it has, `localhost` may mean it first.
        if let Ok(listener) = TcpListener::bind(("::1", *port)) {
            serve(listener, socket);
        }
    }
    let (program, arguments) = line
        .split_first()
        .ok_or_else(|| InteropError::Broker("nothing to run inside".to_owned()))?;
    let what = program.to_string_lossy();
    let status = Command::new(program).args(arguments).status();
    let status = status.map_err(io_error("start", what))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

fn serve(listener: TcpListener, socket: &Path) {
    let socket = socket.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            UnixStream::connect(&socket)
                .and_then(|broker| join(client, broker))
                .ok();
        }
    });
}

/// Copies both ways; the end of one direction is passed on as just that.
fn join(tcp: TcpStream, unix: UnixStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let (mut from_tcp, mut from_unix) = (tcp.try_clone()?, unix.try_clone()?);
    let (mut to_tcp, mut to_unix) = (tcp, unix);
    thread::spawn(move || {
        // An error is the end of that direction as well.
        io::copy(&mut from_tcp, &mut to_unix).ok();
        to_unix.shutdown(Shutdown::Write).ok();
    });
    thread::spawn(move || {
        io::copy(&mut from_unix, &mut to_tcp).ok();
        to_tcp.shutdown(Shutdown::Write).ok();
    });
    Ok(())
}

#[cfg(test)]
mod tests;

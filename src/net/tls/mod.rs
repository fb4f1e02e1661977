//! TLS in front of what a listener serves.
//!
//! A handshake has its time (`ssl_handshake_timeout`), its place among those that shake hands
//! ([`HANDSHAKES_MAX`](crate::limits::HANDSHAKES_MAX), or among the connections for HTTP) and its
//! room: the longest message of one is 64 KiB. Plain octets are told apart before TLS sees them.
//!
//! `config` makes what is spoken of settings and of files, which `certificates` reads, `suites`
//! has the names of versions and cipher suites, `names` those in certificates, `reading` reads
//! files again that have changed, `reason` says why a handshake failed. It knows no protocol:
//! [`OverTls`] is what has one.
//!
//! Docs: RabbitMQ, TLS support. Seen: RabbitMQ 4.3.6, the lines of its log.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::listener::{Accepted, Service};
use crate::config::{Settings, TlsDoor};
use crate::desk::session::Encryption;

mod certificates;
mod config;
mod names;
mod reading;
mod reason;
mod socket;
mod suites;

use config::Loaded;
use names::Facts;
use reading::Seen;
pub(crate) use socket::TlsSocket;
#[cfg(feature = "program")]
pub(crate) use suites::SUITES;

/// What every handshake begins with: the type of its record.
const HANDSHAKE: u8 = 0x16;

/// What a client is told that does not speak TLS: the alert `unexpected_message`.
const UNEXPECTED: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 10];

/// What is wrong with a setting that is about TLS. Its text names the file.
#[derive(Clone, Debug)]
pub struct TlsError {
    /// The setting.
    pub setting: String,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.text)
    }
}

impl std::error::Error for TlsError {}

/// What TLS is spoken with at one kind of listener; it may change while connections are there,
/// which keep theirs.
#[derive(Debug)]
pub(crate) struct Keys {
    door: TlsDoor,
    current: ArcSwap<Current>,
    timeout: Duration,
    /// What of certificates is a user's name, and where the files are.
    settings: Settings,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Current {
    server: Arc<ServerConfig>,
    /// The certificates of each file, by the setting that names it.
    files: Vec<(String, PathBuf, Vec<Facts>)>,
    /// The files whose change has them read again.
    watched: Vec<PathBuf>,
}

impl From<Loaded> for Current {
    fn from(loaded: Loaded) -> Self {
        Self {
            server: loaded.server,
            files: loaded.files,
            watched: loaded.watched,
        }
    }
}

impl Keys {
    /// Reads the files that the settings name for `door`.
    ///
    /// # Errors
    /// What is wrong with which setting.
    pub(crate) fn load(door: TlsDoor, settings: &Settings) -> Result<Self, TlsError> {
        let loaded = config::load(&settings.tls_options(door), door)?;
        for text in &loaded.unknown {
            crate::log::warn!("{text}");
        }
        let seen = Seen::of(&loaded.watched);
        Ok(Self {
            door,
            timeout: Duration::from_millis(settings.ssl_handshake_timeout_ms),
            current: ArcSwap::from_pointee(loaded.into()),
            settings: settings.clone(),
            seen: Mutex::new(seen),
        })
    }

    /// Its kind of listener.
    #[cfg(feature = "management")]
    pub(crate) fn door(&self) -> TlsDoor {
        self.door
    }
}

/// Everything that keeps TLS from being spoken with these settings; nothing is changed.
pub(crate) fn check(settings: &Settings) -> Vec<TlsError> {
    let doors = settings.tls_doors();
    let load = |door| config::load(&settings.tls_options(door), door).err();
    doors.filter_map(load).collect()
}

/// A service that can be served over TLS too.
pub(crate) trait OverTls: Service {
    /// What is spoken then, as RabbitMQ calls it in a list of listeners: `amqp/ssl`, `https`.
    fn protocol_over_tls(&self) -> &'static str;

    /// Serves one connection to its end.
    fn serve_over_tls(
        &self,
        accepted: Accepted<TlsSocket>,
    ) -> impl Future<Output = ()> + Send + 'static;
}

/// A service over TLS.
pub(crate) struct Tls<S> {
    inner: Arc<S>,
    keys: Arc<Keys>,
}

impl<S: OverTls> Tls<S> {
    /// Has `inner` served with `keys`.
    pub(crate) fn new(inner: S, keys: Arc<Keys>) -> Self {
        Self {
            inner: Arc::new(inner),
            keys,
        }
    }
}

impl<S: OverTls> Service for Tls<S> {
    fn protocol(&self) -> &'static str {
        self.inner.protocol_over_tls()
    }

    fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    fn makes_room(&self) -> bool {
        self.inner.makes_room()
    }

    fn make_room(&self) {
        self.inner.make_room();
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static {
        let (inner, keys) = (Arc::clone(&self.inner), Arc::clone(&self.keys));
        async move {
            let Accepted {
                stream,
                peer,
                local,
                handshake,
                encryption: _,
            } = accepted;
            let stop = handshake.stop.clone();
            let shaken = timeout(keys.timeout, shake_hands(stream, &keys));
            let shaken = stop.run_until_cancelled(shaken).await;
            let (protocol, peer_shown) = (inner.protocol_over_tls(), peer);
            let socket = match shaken {
                None | Some(Ok(Err(Failure::Gone))) => return,
                Some(Ok(Ok(socket))) => socket,
                Some(Ok(Err(Failure::Plain))) => {
                    crate::log::warn!(
                        "{peer_shown} is connecting to the '{protocol}' listener without using TLS"
                    );
                    return;
                }
                Some(Ok(Err(Failure::Refused(why)))) => {
                    crate::log::error!(
                        why,
                        "TLS error during handshake for protocol '{protocol}' and peer {peer_shown}"
                    );
                    return;
                }
                Some(Err(_)) => {
                    crate::log::error!(
                        "timeout error during handshake for protocol '{protocol}' and peer \
                         {peer_shown}"
                    );
                    return;
                }
            };
            let encryption = Some(Arc::new(encryption(&socket, &keys.settings)));
            let accepted = Accepted {
                stream: socket,
                peer,
                local,
                handshake,
                encryption,
            };
            inner.serve_over_tls(accepted).await;
        }
    }
}

/// Why a connection is not served.
enum Failure {
    /// The client left before it said anything.
    Gone,
    /// It does not speak TLS.
    Plain,
    /// The handshake failed, in words.
    Refused(String),
}

async fn shake_hands(stream: TcpStream, keys: &Keys) -> Result<TlsSocket, Failure> {
    let mut first = [0];
    let octets = stream.peek(&mut first).await;
    match (octets, first) {
        (Ok(0) | Err(_), _) => return Err(Failure::Gone),
        (Ok(_), [HANDSHAKE]) => {}
        (Ok(_), _) => {
            // Into an empty buffer: it fits, or the client is gone.
            let _told_or_gone = stream.try_write(&UNEXPECTED);
            return Err(Failure::Plain);
        }
    }
    let server = Arc::clone(&keys.current.load().server);
    let shaken = TlsAcceptor::from(server).accept(stream).await;
    shaken
        .map(TlsSocket)
        .map_err(|error| Failure::Refused(reason::why(&error)))
}

/// What was agreed with a client, and what it has shown.
fn encryption(socket: &TlsSocket, settings: &Settings) -> Encryption {
    let (_, session) = socket.0.get_ref();
    let suite = session.negotiated_cipher_suite().map(|suite| suite.suite());
    let (cipher, key_exchange) = suites::parts(suite);
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    let shown = shown.and_then(names::read);
    Encryption {
        protocol: suites::version(session.protocol_version()),
        cipher,
        // Every suite that is spoken authenticates what it encrypts.
        hash: "aead",
        key_exchange,
        peer: shown.as_ref().map(names::peer),
        user: shown.and_then(|shown| names::user(&shown, settings)),
    }
}

#[cfg(test)]
mod tests;

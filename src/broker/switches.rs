//! The parts of a broker that plugins switch while it runs: the ports of the management API and of
//! the metrics, and the event exchange.
//!
//! A port that is closed ends its connections once their requests are answered. It is opened again
//! where it was. It does not know which plugins are enabled.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::{Handle, Runtime};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{event_exchange, start, thread};
#[cfg(feature = "tls")]
use crate::config::TlsDoor;
use crate::desk::Desk;
use crate::desk::plugins::Switch;
use crate::events::ListenerGuard;
use crate::management::Management;
use crate::metrics::Metrics;
use crate::net::gate::Gate;
use crate::net::listener::{Bound, Listener, Listening, Service as _};
#[cfg(feature = "tls")]
use crate::net::tls::{Keys, Tls};
use crate::plugins::{EVENT_EXCHANGE, MANAGEMENT, PROMETHEUS};

/// The switches of one broker.
pub(super) struct Switches {
    desk: Weak<Desk>,
    stop: CancellationToken,
    gate: Gate,
    tasks: TaskTracker,
    /// The threads that serve HTTP, begun when they are needed first.
    threads: Mutex<Option<Runtime>>,
    doors: Mutex<BTreeMap<&'static str, Door>>,
    events: Mutex<Option<ListenerGuard>>,
}

/// A port that was opened once.
struct Door {
    /// The port that was taken.
    port: u16,
    /// Ends the listener and its connections.
    stop: CancellationToken,
}

impl Switches {
    pub(super) fn new(
        desk: &Arc<Desk>,
        threads: Option<Runtime>,
        (stop, gate): (&CancellationToken, &Gate),
        tasks: &TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            desk: Arc::downgrade(desk),
            stop: stop.clone(),
            gate: gate.clone(),
            tasks: tasks.clone(),
            threads: Mutex::new(threads),
            doors: Mutex::default(),
            events: Mutex::default(),
        })
    }

    /// The event exchange that was there from the start.
    pub(super) fn hold(&self, events: Option<ListenerGuard>) {
        *self.events.lock() = events;
    }

    /// Lets clients in at a door.
    pub(super) fn serve(&self, name: &'static str, listener: Listener) -> io::Result<()> {
        let Some(desk) = self.desk.upgrade() else {
            return Ok(());
        };
        let _there = self.threads()?.enter();
        let stop = self.stop.child_token();
        let addresses = listener.addresses().to_vec();
        let port = addresses.first().map_or(0, SocketAddr::port);
        // Known before the first client asks.
        let listens = |protocol| {
            desk.listens(Listening {
                name,
                protocol,
                addresses,
            })
        };
        match name {
            start::MANAGEMENT => {
                let management = Management::new(&desk);
                listens(management.protocol());
                listener.start(name, management, (&stop, &self.gate), &self.tasks);
            }
            _ => {
                let metrics = Metrics::new(&desk);
                listens(metrics.protocol());
                listener.start(name, metrics, (&stop, &self.gate), &self.tasks);
            }
        }
        self.doors.lock().insert(name, Door { port, stop });
        Ok(())
    }

    /// The same over TLS.
    #[cfg(feature = "tls")]
    pub(super) fn serve_over_tls(
        &self,
        name: &'static str,
        listener: Listener,
        keys: Arc<Keys>,
    ) -> io::Result<()> {
        let Some(desk) = self.desk.upgrade() else {
            return Ok(());
        };
        let _there = self.threads()?.enter();
        let stop = self.stop.child_token();
        let port = listener.addresses().first().map_or(0, SocketAddr::port);
        desk.speaks_with(name, Arc::<Keys>::clone(&keys));
        let (opening, tasks) = ((&stop, &self.gate), &self.tasks);
        let listening = match keys.door() {
            TlsDoor::Prometheus => {
                listener.start(name, Tls::new(Metrics::new(&desk), keys), opening, tasks)
            }
            _ => listener.start(name, Tls::new(Management::new(&desk), keys), opening, tasks),
        };
        desk.listens(listening);
        self.doors.lock().insert(name, Door { port, stop });
        Ok(())
    }

    /// Opens a door for TLS where the settings have one.
    #[cfg(feature = "tls")]
    fn open_over_tls(&self, desk: &Desk, plugin: &str) -> Result<(), String> {
        let settings = desk.settings();
        let (name, door, address) = match plugin {
            MANAGEMENT => (
                start::MANAGEMENT_TLS,
                TlsDoor::Management,
                settings.management_tls_address(),
            ),
            _ => (
                start::PROMETHEUS_TLS,
                TlsDoor::Prometheus,
                settings.prometheus_tls_address(),
            ),
        };
        let Some((host, port)) = address else {
            return Ok(());
        };
        let keys = Keys::load(door, settings).map_err(|error| error.to_string())?;
        let before = self.doors.lock().get(name).map(|door| door.port);
        let opened = Bound::bind(host, before.unwrap_or(port)).and_then(|bound| {
            let listener = {
                let _there = self.threads()?.enter();
                bound.listen()?
            };
            self.serve_over_tls(name, listener, Arc::new(keys))
        });
        opened.map_err(|error| error.to_string())
    }

    /// The threads that serve HTTP.
    fn threads(&self) -> io::Result<Handle> {
        let mut threads = self.threads.lock();
        let threads = match &mut *threads {
            Some(threads) => threads,
            none => none.insert(thread::for_http()?),
        };
        Ok(threads.handle().clone())
    }

    /// Gives up the threads, for the end of the broker.
    pub(super) fn take_threads(&self) -> Option<Runtime> {
        self.threads.lock().take()
    }

    fn open(&self, name: &'static str, (host, port): (&str, u16)) -> io::Result<()> {
        let before = self.doors.lock().get(name).map(|door| door.port);
        let bound = Bound::bind(host, before.unwrap_or(port))?;
        let listener = {
            let _there = self.threads()?.enter();
            bound.listen()?
        };
        self.serve(name, listener)
    }

    fn close(&self, name: &'static str) {
        if let Some(door) = self.doors.lock().get(name) {
            door.stop.cancel();
        }
        if let Some(desk) = self.desk.upgrade() {
            desk.listens_no_more(name);
        }
    }
}

impl Switch for Switches {
    fn set(&self, plugin: &str, is_on: bool) -> Result<(), String> {
        let Some(desk) = self.desk.upgrade() else {
            return Ok(());
        };
        let settings = desk.settings();
        let (name, over_tls, is_plain, address) = match plugin {
            MANAGEMENT => (
                start::MANAGEMENT,
                start::MANAGEMENT_TLS,
                settings.has_plain_management(),
                settings.management_address(),
            ),
            PROMETHEUS => (
                start::PROMETHEUS,
                start::PROMETHEUS_TLS,
                settings.has_plain_prometheus(),
                settings.prometheus_address(),
            ),
            EVENT_EXCHANGE => {
                let events = is_on.then(|| event_exchange::start(&desk));
                *self.events.lock() = events;
                return Ok(());
            }
            _ => return Ok(()),
        };
        if !is_on {
            self.close(name);
            self.close(over_tls);
            return Ok(());
        }
        #[cfg(feature = "tls")]
        self.open_over_tls(&desk, plugin)?;
        match is_plain {
            true => self.open(name, address).map_err(|error| error.to_string()),
            false => Ok(()),
        }
    }

    fn keep(&self, file: &Path, text: &str) -> Result<(), String> {
        fs::write(file, text).map_err(|error| error.to_string())
    }
}

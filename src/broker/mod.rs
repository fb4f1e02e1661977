//! The embedding API: start a broker in this process, stop it, and move its clock.
//!
//! A broker runs on threads of its own, so that it can be started from synchronous and
//! asynchronous code alike. Dropping it stops it at once; [`Broker::stop`] lets clients know
//! first.
//!
//! ```
//! use leveret::broker::Broker;
//!
//! let broker = Broker::builder().port(0).start()?;
//! println!("amqp://guest:guest@{}", broker.addresses()[0]);
//! # Ok::<(), leveret::broker::StartError>(())
//! ```

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::alarms::Alarm;
use crate::clock::{Clock, Mono};
use crate::config::{Durability, Settings};
pub use crate::desk::Desk;
use crate::env::Environment;
use crate::events::{Interest, Listener as EventListener, ListenerGuard, Room, Subscription};
pub use crate::net::listener::Listening;
use crate::store::Store;
use crate::store::disk::Hold;

use monitor::Duties;
use start::Doors;
use thread::run;

mod cgroup;
mod driver;
mod event_exchange;
mod farewell;
mod gauges;
mod health;
mod loading;
mod memory;
mod monitor;
mod start;
#[cfg(feature = "management")]
mod switches;
mod thread;
mod uri;
pub mod vhost;

#[cfg(feature = "tls")]
pub use crate::net::tls::TlsError;
pub use crate::store::{Damage, RecordAt, StoreError};
pub use health::Health;
pub use loading::LoadError;
/// Octets of memory that this process may use, if that can be known.
#[cfg(feature = "program")]
pub(crate) use memory::total as total_memory;
pub use start::StartError;
#[cfg(feature = "program")]
pub(crate) use uri::reachable;
pub use vhost::{
    BindingDefinition, ExchangeDefinition, NewMessage, Published, QueueCounts, QueueDefinition,
    QueuedMessage, Refused, VhostHandle, WaitError,
};

/// A running broker.
pub struct Broker {
    desk: Arc<Desk>,
    addresses: Vec<SocketAddr>,
    listeners: Vec<Listening>,
    stop: CancellationToken,
    grace: Arc<parking_lot::Mutex<Grace>>,
    thread: Option<JoinHandle<()>>,
    /// Listeners that were there from the start.
    _guards: Vec<ListenerGuard>,
}

/// How the broker's thread is to end.
#[derive(Clone, Debug)]
enum Grace {
    /// Now.
    None,
    /// Clients are told first.
    Reason(String),
}

/// Puts a broker together.
pub struct BrokerBuilder {
    settings: Settings,
    clock: Clock,
    store: Option<Arc<dyn Store>>,
    listeners: Vec<Arc<dyn EventListener>>,
    reclaim: Option<fn()>,
    /// Keeps the lock of the data directory when the broker has stopped.
    hold: Hold,
    /// Definitions that a broker without data begins with, instead of the default user and vhost.
    kept: Option<Vec<u8>>,
}

impl Default for BrokerBuilder {
    /// What a test wants: loopback only, any free port, nothing on disk, no management API.
    fn default() -> Self {
        let settings = Settings {
            host: "127.0.0.1".to_owned(),
            port: 0,
            management_enabled: false,
            prometheus_enabled: false,
            durability: Durability::Memory,
            ..Settings::default()
        };
        Self {
            settings,
            clock: Clock::system(),
            store: None,
            listeners: Vec::new(),
            reclaim: None,
            hold: Hold::default(),
            kept: None,
        }
    }
}

impl BrokerBuilder {
    /// Replaces all settings.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Changes some settings.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// The port to listen on; 0 takes a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// Serves the management API too, on a port of its own; 0 takes a free one. See
    /// [`Broker::management_uri`].
    #[cfg(feature = "management")]
    #[must_use]
    pub fn management(mut self, port: u16) -> Self {
        self.settings.management_enabled = true;
        self.settings.management_tcp_port = Some(port);
        self
    }

    /// Serves metrics for Prometheus too, on a port of their own; 0 takes a free one. See
    /// [`Broker::prometheus_uri`].
    #[cfg(feature = "management")]
    #[must_use]
    pub fn prometheus(mut self, port: u16) -> Self {
        self.settings.prometheus_enabled = true;
        self.settings.prometheus_tcp_port = Some(port);
        self
    }

    /// Broker time. With [`Clock::test`] the caller advances it, and TTL, expiry, delays, timeouts
    /// and dead-letter ladders follow at once; heartbeats stay in real time.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where durable things live, instead of what the settings say.
    #[must_use]
    pub(crate) fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// What has the program's allocator give back memory that is free, called twice a second.
    #[cfg(feature = "program")]
    #[must_use]
    pub(crate) fn reclaim(mut self, reclaim: fn()) -> Self {
        self.reclaim = Some(reclaim);
        self
    }

    /// What keeps the lock of the data directory when the broker has stopped.
    #[cfg(feature = "program")]
    #[must_use]
    pub(crate) fn hold(mut self, hold: Hold) -> Self {
        self.hold = hold;
        self
    }

    /// What a broker without data begins with, instead of the default user and vhost: a document
    /// that this broker has exported.
    #[cfg(feature = "program")]
    #[must_use]
    pub(crate) fn kept(mut self, definitions: Option<Vec<u8>>) -> Self {
        self.kept = definitions;
        self
    }

    /// A listener that is told everything that happens, from the start on. See [`Broker::listen`].
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn EventListener>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Starts the broker; returns when it accepts connections.
    ///
    /// # Errors
    /// [`StartError`] if a setting is impossible, an address is taken or the data is unreadable.
    pub fn start(self) -> Result<Broker, StartError> {
        self.settings.check().map_err(StartError::Settings)?;
        if let Some(error) = start::check_defaults(&self.settings).into_iter().next() {
            return Err(error);
        }
        // Read once more when they are loaded: nothing is made before it is known that they can be.
        loading::check(&self.settings).map_err(StartError::Definitions)?;
        let doors = start::bind(&self.settings)?;
        let mut settings = self.settings;
        if let Some(limit) = memory::limit(&settings) {
            // Backlogs go to disk before memory runs low and publishers have to wait.
            settings.body_budget = settings.body_budget.min(limit / 2);
        }
        let began = self.clock.now().transport;
        let (store, spill) = match self.store {
            Some(store) => (store, None),
            None => start::open_store(&settings, &self.clock, &self.hold)?,
        };
        let mut env = Environment::new(settings, self.clock, store);
        if let Some(spill) = spill {
            env = env.with_spill(spill);
        }
        let env = Arc::new(env);
        let guards = self.listeners.into_iter();
        let guards = guards.map(|listener| env.events.listen(Interest::Everything, listener));
        #[cfg_attr(
            feature = "management",
            expect(unused_mut, reason = "a switch has the last one")
        )]
        let mut guards: Vec<ListenerGuard> = guards.collect();
        let desk = Desk::new(env);
        let gauges = gauges::OfProcess::new(&desk.env.settings, &desk.env.live);
        desk.measure_with(gauges.clone());
        if let Err(error) = furnish(&desk, began, self.kept.as_deref()) {
            // Another start must find the directory free.
            close(&desk);
            return Err(error);
        }
        #[cfg(not(feature = "management"))]
        if desk.env.settings.event_exchange_enabled {
            guards.push(event_exchange::start(&desk));
        }
        let duties = Duties {
            gauges,
            reclaim: self.reclaim,
        };
        Broker::spawn(desk, doors, guards, duties)
    }

    /// Everything that would keep [`start`](Self::start) from working now, found by its own code;
    /// nothing is changed.
    #[must_use]
    pub fn check(&self) -> Vec<StartError> {
        start::check(&self.settings)
    }
}

/// Everything that was there before, and what a new broker has.
fn furnish(desk: &Desk, began: Mono, kept: Option<&[u8]>) -> Result<(), StartError> {
    if desk.recover(desk.env.now()).map_err(StartError::Store)? {
        report_recovered(desk, desk.env.now().transport.since(began));
    } else if let Some(kept) = kept {
        loading::import_kept(desk, kept).map_err(StartError::Definitions)?;
    } else if desk.env.settings.load_definitions.is_none() {
        start::make_defaults(desk)?;
    }
    desk.name_cluster();
    loading::load(desk).map_err(StartError::Definitions)
}

/// Nothing is served any more: what is staged is written, and the directory is free.
fn close(desk: &Desk) {
    desk.let_go();
    if let Err(error) = desk.env.store.close() {
        crate::log::error!("the store did not close in order: {error}");
    }
}

/// Says what of before is back.
fn report_recovered(desk: &Desk, took: Duration) {
    let settings = &desk.env.settings;
    let names = desk.vhost_names();
    let vhosts = names.iter().filter_map(|name| desk.find_vhost(name));
    let (mut queues, mut messages) = (0_u64, 0);
    for queue in vhosts.flat_map(|vhost| vhost.all_queues()) {
        queues += 1;
        messages += queue.look(|queue| queue.ready_count());
    }
    crate::log::info!(
        data_dir = %settings.data_dir.display(),
        durability = settings.durability.word(),
        queues,
        messages,
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "Recovered"
    );
}

impl Broker {
    /// A broker for a test: loopback, a free port, nothing on disk, unless told otherwise.
    #[must_use]
    pub fn builder() -> BrokerBuilder {
        BrokerBuilder::default()
    }

    fn spawn(
        desk: Arc<Desk>,
        doors: Doors,
        guards: Vec<ListenerGuard>,
        duties: Duties,
    ) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let grace = Arc::new(parking_lot::Mutex::new(Grace::None));
        let (started, start) = mpsc::sync_channel(1);
        let thread = {
            let (desk, stop, grace) = (Arc::clone(&desk), stop.clone(), Arc::clone(&grace));
            std::thread::Builder::new()
                .name("leveret".to_owned())
                .spawn(move || run(&desk, doors, &duties, &stop, &grace, &started))
                .map_err(StartError::Threads)?
        };
        match start.recv() {
            Ok(Ok(listeners)) => Ok(Self {
                desk,
                addresses: uri::amqp_addresses(&listeners),
                listeners,
                stop,
                grace,
                thread: Some(thread),
                _guards: guards,
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Threads(std::io::Error::other(
                "the broker's thread died",
            ))),
        }
    }

    /// Its listeners, with their names, protocols and addresses.
    #[must_use]
    pub fn listeners(&self) -> &[Listening] {
        &self.listeners
    }

    /// Where it listens for AMQP 0-9-1 over TLS, with the real ports.
    #[must_use]
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        let listeners = self.listeners.iter();
        let over_tls = listeners.filter(|one| one.name == start::AMQP_TLS);
        over_tls
            .flat_map(|one| one.addresses.iter().copied())
            .collect()
    }

    /// Where it listens for AMQP 0-9-1 without TLS, with the real ports.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// `amqp://guest:guest@127.0.0.1:41234`: for clients on this machine, as the default user in
    /// the default vhost. Without AMQP (`amqp.enabled`) its port is 0.
    #[must_use]
    pub fn uri(&self) -> String {
        let settings = &self.desk.env.settings;
        match settings.default_vhost.as_str() {
            // Every client takes it where none is named.
            "/" => uri::uri(settings, &self.addresses, None),
            vhost => self.uri_in(vhost),
        }
    }

    /// `http://127.0.0.1:15672`: for tools on this machine; `None` if the management API is not
    /// served.
    #[cfg(feature = "management")]
    #[must_use]
    pub fn management_uri(&self) -> Option<String> {
        self.http_uri(start::MANAGEMENT)
    }

    /// `http://127.0.0.1:15692`: its `/metrics` are for Prometheus; `None` if they are not served.
    #[cfg(feature = "management")]
    #[must_use]
    pub fn prometheus_uri(&self) -> Option<String> {
        self.http_uri(start::PROMETHEUS)
    }

    #[cfg(feature = "management")]
    fn http_uri(&self, name: &str) -> Option<String> {
        let over_tls = match name {
            start::MANAGEMENT => start::MANAGEMENT_TLS,
            _ => start::PROMETHEUS_TLS,
        };
        uri::http_uri(&self.listeners, [name, over_tls])
    }

    /// The same in another vhost.
    #[must_use]
    pub fn uri_in(&self, vhost: &str) -> String {
        uri::uri(&self.desk.env.settings, &self.addresses, Some(vhost))
    }

    /// Its clock: advance it, if it is a test clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.desk.env.clock
    }

    /// Vhosts, users, connections, alarms.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Tells `listener` what happens from now on, until what is returned is dropped. It is called
    /// on the broker's threads and must not hold them up.
    pub fn listen(&self, interest: Interest, listener: Arc<dyn EventListener>) -> ListenerGuard {
        self.desk.env.events.listen(interest, listener)
    }

    /// Keeps what happens from now on, as long as there is `room`, for a caller that takes it at
    /// its own pace.
    ///
    /// ```
    /// use leveret::broker::{Broker, QueueDefinition};
    /// use leveret::events::{Interest, Room, Told};
    ///
    /// let broker = Broker::builder().start()?;
    /// let changes = broker.subscribe(Interest::Changes, Room::default());
    /// broker.vhost("/")?.declare_queue(&QueueDefinition::new("jobs"))?;
    /// let taken = changes.take(10);
    /// assert!(matches!(&taken.told[..], [Told::Change(change)]
    ///     if change.kind.as_str() == "queue.created"));
    /// assert_eq!(taken.missed.0, 0, "there was room for everything");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn subscribe(&self, interest: Interest, room: Room) -> Subscription {
        self.desk.env.events.subscribe(interest, room)
    }

    /// Switches an alarm, as if memory or disk had run low.
    pub fn set_alarm(&self, alarm: Alarm, on: bool) {
        self.desk.set_alarm(alarm, on);
    }

    /// Stops in good order: no new connections; clients get 320 `CONNECTION_FORCED - broker forced
    /// connection closure with reason '…'`; what is to be stored is stored. A client that answers
    /// nothing is cut off after `shutdown_close_timeout`, and each after `shutdown_timeout`.
    pub fn stop(mut self, reason: &str) {
        *self.grace.lock() = Grace::Reason(reason.to_owned());
        self.end();
    }

    fn end(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            crate::log::error!("the broker's thread has panicked");
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

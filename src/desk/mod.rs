//! The desk: the one place that every door asks (AMQP now; HTTP, commands and test powers next).
//! It knows vhosts, users, open connections and alarms.
//!
//! Every change that must survive a restart is made here or in a vhost, and told to the store.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};

use dashmap::DashMap;
use leveret_codec::table::Table;
use leveret_codec::types::ShortString;

use crate::alarms::{Alarm, Alarms};
use crate::auth::{
    AnonymousLogin, Auth, AuthDefinitions, AuthSettings, ConnectionCounts, Mechanism, NodeLimits,
    User, VhostLimits,
};
use crate::config::{Settings, node_name};
use crate::env::Environment;
use crate::error::AmqpError;
use crate::events::{Author, Change, ChangeKind};
use crate::ids::ConnectionId;
use crate::listening::Listening;
use crate::mail::{Mail, Mailbox};
use crate::store::{DurableWatch, Position};
use crate::sync::Mutex;
use crate::tally::{Tally, Turnover};
use crate::vhost::Vhost;

mod actor;
mod administration;
mod bindings;
pub(crate) mod certificates;
mod commits;
mod connections;
mod definitions;
pub(crate) mod doorkeeper;
mod exchanges;
#[cfg(feature = "management")]
pub(crate) mod explain;
#[cfg(feature = "management")]
mod held;
mod messages;
#[cfg(feature = "management")]
mod picking;
pub(crate) mod plugins;
pub(crate) mod publish;
mod queues;
pub mod rates;
mod requests;
pub mod session;
mod stored;
mod supply;
pub mod views;
mod waiters;

#[cfg(feature = "management")]
pub use crate::queue::Bookmark;
pub use actor::Actor;
pub(crate) use administration::check_seeds;
pub use administration::{
    AdminError, Administration, Caller, Missing, NotAllowed, VhostDefinition, VhostError,
};
pub use bindings::BindingRequest;
pub use commits::Commits;
pub use definitions::{
    DocumentOf, Field, ImportError, ImportReason, Imported, MissingEnd, OneVhost,
};
pub(crate) use definitions::{IMPORTED_HASH, check_document};
pub use exchanges::ExchangeDeclaration;
#[cfg(feature = "management")]
pub use held::{HeldBookmark, HeldMessage, Holders};
#[cfg(feature = "management")]
pub use messages::QueuedMessages;
pub use messages::{Publication, Published, QueuedMessage};
#[cfg(feature = "management")]
pub use picking::{Acted, Goal, Picking, Stays};
pub use queues::QueueDeclaration;
pub use stored::Stored;
pub use supply::{SETTLEMENT_PIECE, Settled, Settlements, Supply};

#[cfg(any(feature = "management", feature = "internals"))]
pub use crate::queue::{Outcome, ReturnCause};
#[cfg(any(feature = "management", feature = "internals"))]
pub use crate::vhost::{DeleteIf, DestinationName};

#[cfg(feature = "management")]
pub(crate) use requests::Rest;

use administration::{Changes, Parameters};
use certificates::Certificates;
use doorkeeper::Doorkeeper;
use plugins::Plugins;
use rates::Sampler;
use session::Session;
use views::Gauges;
use waiters::{Waiters, Watch};

/// What all connections of a broker share.
pub struct Desk {
    /// Settings, clock, timers, store, events.
    pub(crate) env: Arc<Environment>,
    /// Users and their rights.
    pub(crate) auth: Auth,
    /// Held by every change of a definition, from its check until it is stored and in force.
    changes: Mutex<Changes>,
    parameters: Parameters,
    /// Open connections and channels, against their limits.
    pub(crate) counts: Arc<ConnectionCounts>,
    /// The broker's own limits.
    pub(crate) node_limits: NodeLimits,
    vhosts: DashMap<ShortString, Arc<Vhost>>,
    vhost_limits: DashMap<ShortString, VhostLimits>,
    sessions: DashMap<ConnectionId, Arc<Session>>,
    alarms: Alarms,
    /// Held while an alarm is switched and told, so that what is told last is true.
    switching: Mutex<()>,
    /// What publishes without a connection and waits until no alarm is left.
    blocked: Mutex<Vec<Weak<Mailbox>>>,
    /// What connections are told once the broker stops.
    stopping: OnceLock<AmqpError>,
    /// Connections that have something waiting for the store.
    waiting: Arc<Waiters>,
    /// What went through the broker without a connection.
    tally: Tally,
    /// What went through it over connections that are gone, by what they spoke. Held while a
    /// connection leaves the list, so that it counts once at any moment.
    past: Mutex<BTreeMap<&'static str, Turnover>>,
    /// What looks at the process.
    gauges: OnceLock<Box<dyn Gauges>>,
    /// What is enabled of RabbitMQ's plugins.
    pub(crate) plugins: Plugins,
    /// What switches the listeners.
    doorkeeper: OnceLock<Box<dyn Doorkeeper>>,
    /// Whether the node is under maintenance.
    is_drained: AtomicBool,
    /// What listeners speak TLS with, by their names.
    certificates: Mutex<Vec<(&'static str, Arc<dyn Certificates>)>>,
    /// What is listened for, now.
    listening: Mutex<Vec<Listening>>,
    /// What is watched for rates.
    sampler: Sampler,
}

impl Desk {
    /// A broker without vhosts and users.
    #[must_use]
    pub(crate) fn new(env: Arc<Environment>) -> Arc<Self> {
        let settings = &env.settings;
        let (auth, rights) = Auth::new(auth_settings(settings));
        let node_limits = NodeLimits {
            name: node_name(),
            connections: settings.max_connections,
            channels: settings.channel_max_per_node,
        };
        let desk = Arc::new(Self {
            auth,
            changes: Mutex::new(Changes { rights }),
            parameters: Parameters::default(),
            counts: ConnectionCounts::new(),
            node_limits,
            vhosts: DashMap::new(),
            vhost_limits: DashMap::new(),
            sessions: DashMap::new(),
            alarms: Alarms::default(),
            switching: Mutex::default(),
            blocked: Mutex::default(),
            stopping: OnceLock::new(),
            waiting: Waiters::new(&env.store),
            tally: Tally::default(),
            past: Mutex::default(),
            gauges: OnceLock::new(),
            plugins: Plugins::new(settings),
            doorkeeper: OnceLock::new(),
            is_drained: AtomicBool::new(false),
            certificates: Mutex::default(),
            listening: Mutex::default(),
            sampler: Sampler::default(),
            env,
        });
        let watch: Arc<dyn DurableWatch> = Arc::new(Watch(Arc::downgrade(&desk)));
        desk.env.store.watch(watch);
        desk.sampler.drive(&desk);
        desk
    }

    /// The vhost called `name`.
    #[must_use]
    pub(crate) fn find_vhost(&self, name: &str) -> Option<Arc<Vhost>> {
        self.vhosts.get(name).map(|vhost| Arc::clone(&vhost))
    }

    /// The names of all vhosts, sorted.
    #[must_use]
    pub fn vhost_names(&self) -> Vec<ShortString> {
        let mut names: Vec<_> = self
            .vhosts
            .iter()
            .map(|vhost| vhost.key().clone())
            .collect();
        names.sort();
        names
    }

    /// The user called `name`, to act as by [`Desk::administration_for`].
    #[must_use]
    pub fn user(&self, name: &str) -> Option<Arc<User>> {
        self.auth.user(name)
    }

    /// All users and permissions.
    #[must_use]
    pub fn rights(&self) -> AuthDefinitions {
        self.auth.export()
    }

    /// The limits of a vhost.
    #[must_use]
    pub fn vhost_limits(&self, name: &str) -> VhostLimits {
        self.vhost_limits
            .get(name)
            .map(|limits| *limits)
            .unwrap_or_default()
    }

    /// Why publishers must wait, if they must.
    #[must_use]
    pub fn alarm(&self) -> Option<&'static str> {
        self.alarms.reason()
    }

    /// Which alarms are on.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        // Not before every connection has been told: who sees an alarm can rely on it.
        let _switched = self.switching.lock();
        self.alarms.on()
    }

    /// Switches an alarm and tells every connection.
    pub fn set_alarm(&self, alarm: Alarm, on: bool) {
        let change = self.switch_alarm(alarm, on);
        self.env.events.tell_all(change);
    }

    fn switch_alarm(&self, alarm: Alarm, on: bool) -> Option<Change> {
        let _one_at_a_time = self.switching.lock();
        if !self.alarms.set(alarm, on) {
            return None;
        }
        let reason = self.alarms.reason();
        match reason {
            Some(reason) => crate::log::warn!("publishers are blocked: {reason}"),
            None => crate::log::info!("publishers may go on: no alarm is left"),
        }
        for session in self.sessions() {
            session.mailbox.post(Mail::Blocked(reason));
        }
        for mailbox in self.blocked.lock().iter().filter_map(Weak::upgrade) {
            mailbox.post(Mail::Blocked(reason));
        }
        let kind = match on {
            true => ChangeKind::AlarmSet,
            false => ChangeKind::AlarmCleared,
        };
        let fields = || Table::new().with("alarm", alarm.word());
        self.env.change(kind, "", &Author::broker(), fields)
    }

    /// Sends [`Mail::Durable`] to `mailbox` once the store is durable
    /// up to `position`; soon if it is already.
    pub(crate) fn wait_durable(&self, mailbox: &Arc<Mailbox>, position: Position) {
        if !commits::keep(&self.waiting, mailbox, position) {
            self.waiting.add(mailbox, position);
        }
    }

    /// For one connection, which is asked once a turn.
    #[must_use]
    pub(crate) fn commits(&self) -> Commits {
        Commits::new(&self.waiting)
    }

    /// What is listened for, as it is now.
    pub(crate) fn listening(&self) -> Vec<Listening> {
        self.listening.lock().clone()
    }

    /// A listener has begun; one of the same name has ended.
    pub(crate) fn listens(&self, listening: Listening) {
        self.listens_no_more(listening.name);
        self.listening.lock().push(listening);
    }

    /// A listener has ended.
    pub(crate) fn listens_no_more(&self, name: &str) {
        self.listening.lock().retain(|one| one.name != name);
    }

    /// Connections are served by so many threads.
    pub(super) fn serve_with(&self, threads: usize) {
        self.waiting.serve_with(threads);
    }

    /// The broker stops: nothing must keep itself alive in a circle.
    pub(crate) fn let_go(&self) {
        let now = self.env.now();
        self.sessions.clear();
        for vhost in self.vhosts.iter() {
            vhost.let_go(now);
        }
        self.sessions.clear();
        self.waiting.clear();
    }
}

fn auth_settings(settings: &Settings) -> AuthSettings {
    let names = settings.auth_mechanisms.iter();
    let password = settings.anonymous_login_pass.expose().to_owned();
    AuthSettings {
        mechanisms: names
            .filter_map(|name| Mechanism::from_name(name))
            .collect(),
        anonymous: settings
            .anonymous_login_user
            .clone()
            .map(|user| AnonymousLogin { user, password }),
        loopback_users: settings.loopback_users.clone(),
        failures_max: settings.login_failures_max,
        ..AuthSettings::default()
    }
}

#[cfg(test)]
mod tests;

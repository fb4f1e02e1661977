//! The desk: the one place that every door asks (AMQP now; HTTP, commands and test powers next).
//! It knows vhosts, users, open connections and alarms.
//!
//! Every change that must survive a restart is made here or in a vhost, and told to the store.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use leveret_codec::types::ShortString;

use crate::alarms::{Alarm, Alarms};
use crate::auth::{
    AnonymousLogin, Auth, AuthError, AuthSettings, ConnectionCounts, Mechanism, NodeLimits,
    PermissionDefinition, TopicPermissionDefinition, UserDefinition, VhostLimits,
};
use crate::clock::Now;
use crate::config::Settings;
use crate::env::Environment;
use crate::error::AmqpError;
use crate::ids::ConnectionId;
use crate::mail::{Mail, Mailbox};
use crate::store::{
    Definition, DefinitionChange, DefinitionKind, DurableWatch, Op, Position, StoreError, vhost_key,
};
use crate::sync::Mutex;
use crate::vhost::{self, Owners, Vhost};

mod actor;
mod bindings;
mod commits;
mod connections;
mod exchanges;
mod policies;
mod queues;
pub mod session;
mod stored;
mod supply;
pub mod views;
mod waiting;

pub use actor::Actor;
pub use bindings::BindingRequest;
pub use commits::{Commits, Turn};
pub use exchanges::ExchangeDeclaration;
pub use policies::PolicyError;
pub use queues::{QueueDeclaration, QueueFound};
pub use session::{Capabilities, Client, Tuned};
pub use stored::Stored;
pub use supply::Supply;

use session::Session;
use waiting::{Waiting, Watch};

/// What all connections of a broker share.
pub struct Desk {
    /// Settings, clock, timers, store, events.
    pub env: Arc<Environment>,
    /// Users and their rights.
    pub auth: Auth,
    /// Open connections and channels, against their limits.
    pub counts: Arc<ConnectionCounts>,
    /// The broker's own limits.
    pub node_limits: NodeLimits,
    vhosts: DashMap<ShortString, Arc<Vhost>>,
    vhost_limits: DashMap<ShortString, VhostLimits>,
    sessions: DashMap<ConnectionId, Arc<Session>>,
    alarms: Alarms,
    /// Held while an alarm is switched and told, so that what is told last is true.
    switching: Mutex<()>,
    /// What connections are told once the broker stops.
    stopping: OnceLock<AmqpError>,
    /// Connections that have something waiting for the store.
    waiting: Arc<Waiting>,
}

/// Why a vhost cannot be made.
#[derive(Debug, PartialEq, Eq)]
pub enum VhostError {
    /// Its name has more than 255 octets.
    NameTooLong,
    /// `vhost_max` is reached.
    LimitReached(u64),
}

impl std::fmt::Display for VhostError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NameTooLong => f.write_str("a vhost's name has at most 255 octets"),
            Self::LimitReached(max) => {
                write!(f, "cannot create vhost: vhost limit of {max} is reached")
            }
        }
    }
}

impl std::error::Error for VhostError {}

impl Desk {
    /// A broker without vhosts and users.
    #[must_use]
    pub fn new(env: Arc<Environment>) -> Arc<Self> {
        let settings = &env.settings;
        let auth = Auth::new(auth_settings(settings));
        let node_limits = NodeLimits {
            name: settings.cluster_name.clone(),
            connections: settings.max_connections,
            channels: settings.channel_max_per_node,
        };
        let desk = Arc::new(Self {
            auth,
            counts: ConnectionCounts::new(),
            node_limits,
            vhosts: DashMap::new(),
            vhost_limits: DashMap::new(),
            sessions: DashMap::new(),
            alarms: Alarms::default(),
            switching: Mutex::default(),
            stopping: OnceLock::new(),
            waiting: Waiting::new(&env.store),
            env,
        });
        let watch: Arc<dyn DurableWatch> = Arc::new(Watch(Arc::downgrade(&desk)));
        desk.env.store.watch(watch);
        desk
    }

    /// The vhost called `name`.
    #[must_use]
    pub fn find_vhost(&self, name: &str) -> Option<Arc<Vhost>> {
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

    /// Makes a vhost, or finds it.
    ///
    /// # Errors
    /// [`VhostError`].
    pub fn add_vhost(&self, name: &str) -> Result<Arc<Vhost>, VhostError> {
        if let Some(vhost) = self.find_vhost(name) {
            return Ok(vhost);
        }
        let name = ShortString::new(name).ok_or(VhostError::NameTooLong)?;
        if let Some(max) = self.env.settings.vhost_max
            && self.vhosts.len() as u64 >= max
        {
            return Err(VhostError::LimitReached(max));
        }
        let json = serde_json::json!({ "name": &*name }).to_string();
        self.put(DefinitionKind::Vhost, name.to_string(), json);
        Ok(self.insert_vhost(name))
    }

    fn insert_vhost(&self, name: ShortString) -> Arc<Vhost> {
        let vhost = self
            .vhosts
            .entry(name.clone())
            .or_insert_with(|| Vhost::new(name, &self.env));
        Arc::clone(&vhost)
    }

    /// Deletes a vhost with everything in it and closes its connections; `false` if it is
    /// missing.
    pub fn delete_vhost(&self, name: &str) -> bool {
        let Some((_, vhost)) = self.vhosts.remove(name) else {
            return false;
        };
        let explanation = format!("vhost '{name}' is deleted");
        self.close_connections(&explanation, |session| session.vhost.name() == vhost.name());
        self.forget_rights(|_, vhost| vhost == name);
        self.auth.remove_vhost(name);
        self.vhost_limits.remove(name);
        let limits = vhost_key(vhost.name(), "vhost-limits");
        self.forget_definition(DefinitionKind::Parameter, limits);
        self.forget_definition(DefinitionKind::Vhost, name.to_owned());
        vhost.delete_all(self.env.now());
        true
    }

    /// The limits of a vhost.
    #[must_use]
    pub fn vhost_limits(&self, name: &str) -> VhostLimits {
        self.vhost_limits
            .get(name)
            .map(|limits| *limits)
            .unwrap_or_default()
    }

    /// Sets the limits of a vhost; `false` if there is no such vhost.
    pub fn set_vhost_limits(&self, name: &str, limits: VhostLimits) -> bool {
        let Some(vhost) = self.find_vhost(name) else {
            return false;
        };
        self.vhost_limits.insert(vhost.name().clone(), limits);
        let default_queue_type = vhost.limits().default_queue_type;
        vhost.set_limits(vhost::Limits {
            queues_max: limits.queues(),
            default_queue_type,
        });
        let json = serde_json::to_string(&limits).expect("limits of numbers are JSON");
        self.put(
            DefinitionKind::Parameter,
            vhost_key(vhost.name(), "vhost-limits"),
            json,
        );
        true
    }

    /// Adds or changes a user.
    ///
    /// # Errors
    /// [`AuthError`] for what is wrong with the definition.
    pub fn put_user(&self, user: &UserDefinition) -> Result<(), AuthError> {
        self.auth.put_user(user)?;
        if let Some(user) = self.auth.user(&user.name) {
            let json = json(&UserDefinition::of(&user));
            self.put(DefinitionKind::User, user.name().to_owned(), json);
        }
        Ok(())
    }

    /// Removes a user and closes their connections; `false` if there is no such user.
    pub fn delete_user(&self, name: &str) -> bool {
        self.forget_rights(|user, _| user == name);
        if !self.auth.remove_user(name) {
            return false;
        }
        self.forget_definition(DefinitionKind::User, name.to_owned());
        let explanation = format!("user '{name}' is deleted");
        self.close_connections(&explanation, |session| session.user_name() == name);
        true
    }

    /// Sets what a user may do in a vhost.
    ///
    /// # Errors
    /// [`AuthError`] for an invalid pattern or a missing user.
    pub fn set_permissions(&self, permission: &PermissionDefinition) -> Result<(), AuthError> {
        self.auth.set_permissions(permission)?;
        let key = format!("{}\0{}", permission.vhost, permission.user);
        self.put(DefinitionKind::Permission, key, json(permission));
        Ok(())
    }

    /// Takes away what a user may do in a vhost; `false` if that was nothing.
    pub fn clear_permissions(&self, user: &str, vhost: &str) -> bool {
        self.forget_definition(DefinitionKind::Permission, format!("{vhost}\0{user}"));
        self.auth.clear_permissions(user, vhost)
    }

    /// Sets what a user may do with the topics of an exchange.
    ///
    /// # Errors
    /// [`AuthError`] for an invalid pattern or a missing user.
    pub fn set_topic_permissions(
        &self,
        permission: &TopicPermissionDefinition,
    ) -> Result<(), AuthError> {
        self.auth.set_topic_permissions(permission)?;
        let TopicPermissionDefinition {
            vhost,
            user,
            exchange,
            ..
        } = permission;
        let key = format!("{vhost}\0{user}\0{exchange}");
        self.put(DefinitionKind::TopicPermission, key, json(permission));
        Ok(())
    }

    /// The store forgets the permissions of the users and vhosts that `chosen` picks.
    fn forget_rights(&self, chosen: impl Fn(&str, &str) -> bool) {
        let rights = self.auth.export();
        for right in rights.permissions {
            if chosen(&right.user, &right.vhost) {
                let key = format!("{}\0{}", right.vhost, right.user);
                self.forget_definition(DefinitionKind::Permission, key);
            }
        }
        for right in rights.topic_permissions {
            if chosen(&right.user, &right.vhost) {
                let key = format!("{}\0{}\0{}", right.vhost, right.user, right.exchange);
                self.forget_definition(DefinitionKind::TopicPermission, key);
            }
        }
    }

    fn put(&self, kind: DefinitionKind, key: String, json: String) -> Position {
        self.env
            .store
            .define(DefinitionChange::Put(Definition { kind, key, json }))
    }

    fn forget_definition(&self, kind: DefinitionKind, key: String) {
        self.env.store.define(DefinitionChange::Delete(kind, key));
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
        let _one_at_a_time = self.switching.lock();
        if !self.alarms.set(alarm, on) {
            return;
        }
        let reason = self.alarms.reason();
        match reason {
            Some(reason) => crate::log::warn!("publishers are blocked: {reason}"),
            None => crate::log::info!("publishers may go on: no alarm is left"),
        }
        for session in self.sessions() {
            session.mailbox.post(Mail::Blocked(reason));
        }
    }

    /// Sends [`Mail::Durable`] to `mailbox` once the store is durable
    /// up to `position`; soon if it is already.
    pub fn wait_durable(&self, mailbox: &Arc<Mailbox>, position: Position) {
        if !commits::keep(&self.waiting, mailbox, position) {
            self.waiting.add(mailbox, position);
        }
    }

    /// For one connection, which is asked once a turn.
    #[must_use]
    pub fn commits(&self) -> Commits {
        Commits::new(&self.waiting)
    }

    /// Connections are served by so many threads.
    pub(super) fn serve_with(&self, threads: usize) {
        self.waiting.serve_with(threads);
    }

    /// Takes back what the store has kept. `false` if it was empty: then this is a new broker.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn recover(&self, now: Now) -> Result<bool, StoreError> {
        let mut definitions = Vec::new();
        self.env
            .store
            .recover(&mut |definition| definitions.push(definition))?;
        definitions.sort_by_key(|definition| definition.kind);
        let known = !definitions.is_empty();
        for definition in definitions {
            if let Err(error) = self.restore(now, &definition) {
                let Definition { kind, key, .. } = &definition;
                crate::log::error!(
                    "{kind:?} '{}' is not restored: {error}",
                    key.replace('\0', "/")
                );
            }
        }
        self.restore_messages(now)?;
        Ok(known)
    }

    fn restore_messages(&self, now: Now) -> Result<(), StoreError> {
        let mut owners = Owners::default();
        for vhost in self.vhosts.iter() {
            vhost.add_owners(&mut owners);
        }
        let mut orphaned = BTreeSet::new();
        self.env.store.recover_messages(&mut |queue, recovered| {
            if !owners.restore(now, queue, recovered) {
                orphaned.insert(queue);
            }
        })?;
        for queue in orphaned {
            crate::log::debug!("queue {queue} is gone: its stored messages are dropped");
            self.env.store.submit(&mut [Op::Dropped { queue }]);
        }
        // What has expired or overflowed meanwhile dies now.
        for vhost in self.vhosts.iter() {
            for queue in vhost.all_queues() {
                queue.with(now, |queue, effects| queue.dispatch(now, effects));
            }
        }
        Ok(())
    }

    fn restore(&self, now: Now, definition: &Definition) -> Result<(), Box<dyn std::error::Error>> {
        let Definition { kind, key, json } = definition;
        match kind {
            DefinitionKind::Vhost => {
                let name = ShortString::new(key).ok_or(VhostError::NameTooLong)?;
                self.insert_vhost(name);
            }
            DefinitionKind::User => {
                self.auth.put_user(&serde_json::from_str(json)?)?;
            }
            DefinitionKind::Permission => {
                self.auth.set_permissions(&serde_json::from_str(json)?)?;
            }
            DefinitionKind::TopicPermission => {
                self.auth
                    .set_topic_permissions(&serde_json::from_str(json)?)?;
            }
            DefinitionKind::Parameter => {
                let vhost = key.split('\0').next().unwrap_or_default();
                self.set_vhost_limits(vhost, serde_json::from_str(json)?);
            }
            DefinitionKind::Policy
            | DefinitionKind::Exchange
            | DefinitionKind::Queue
            | DefinitionKind::Binding => {
                let vhost = key.split('\0').next().unwrap_or_default();
                let vhost = self.find_vhost(vhost).ok_or("its vhost is missing")?;
                vhost.restore_definition(now, *kind, json)?;
            }
        }
        Ok(())
    }

    /// The broker stops: nothing must keep itself alive in a circle.
    pub fn let_go(&self) {
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
    let password = settings.default_pass.expose().to_owned();
    AuthSettings {
        mechanisms: names
            .filter_map(|name| Mechanism::from_name(name))
            .collect(),
        anonymous: settings
            .anonymous_login_user
            .clone()
            .map(|user| AnonymousLogin { user, password }),
        loopback_users: settings.loopback_users.clone(),
        ..AuthSettings::default()
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("definitions of strings are JSON")
}

#[cfg(test)]
mod tests;

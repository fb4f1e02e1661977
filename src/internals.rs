//! Ways behind the library's face, for this package's own tests and benches.
//!
//! Nothing here is promised to stay: the feature `internals` is not for programs.

use std::sync::Arc;

use crate::auth::{Auth, ConnectionCounts, NotAdmitted, User};
use crate::broker::BrokerBuilder;
use crate::desk::session::Session;
use crate::desk::{Actor, Administration, Desk};
use crate::env::Environment;
use crate::store::Store;
use crate::vhost::Vhost;

macro_rules! rooms {
    ($($room:ident)*) => {$(
        #[doc = concat!("What is `pub` in `src/", stringify!($room), "`.")]
        pub mod $room {
            pub use crate::$room::*;
        }
    )*};
}

rooms! {
    alarms auth channel compat config connection definitions desk entry env error exchange ids
    inquiry kind limits mail message net outbox paging policy protocol queue store tally turns
    vhost
}

/// What is `pub` in `src/management`.
#[cfg(feature = "management")]
pub mod management {
    pub use crate::management::*;
}

/// What is `pub` in `src/metrics`.
#[cfg(feature = "management")]
pub mod metrics {
    pub use crate::metrics::*;
}

/// What the desk keeps to itself.
pub trait DeskInside {
    /// A desk without vhosts and users.
    fn on(env: Environment) -> Arc<Self>;
    /// What it shares with its vhosts.
    fn env(&self) -> &Arc<Environment>;
    /// Users and their rights.
    fn auth(&self) -> &Auth;
    /// Open connections and channels.
    fn counts(&self) -> &ConnectionCounts;
    /// The vhost called `name`.
    fn find_vhost(&self, name: &str) -> Option<Arc<Vhost>>;
    /// The actor for a user who asks without an AMQP connection.
    ///
    /// # Errors
    /// If there is no such vhost, or no permission of the user in it.
    fn actor(self: &Arc<Self>, user: &Arc<User>, vhost: &str) -> Result<Actor, NotAdmitted>;
    /// The open connections.
    fn sessions(&self) -> Vec<Arc<Session>>;
}

impl DeskInside for Desk {
    fn on(env: Environment) -> Arc<Self> {
        Self::new(Arc::new(env))
    }

    fn env(&self) -> &Arc<Environment> {
        &self.env
    }

    fn auth(&self) -> &Auth {
        &self.auth
    }

    fn counts(&self) -> &ConnectionCounts {
        &self.counts
    }

    fn find_vhost(&self, name: &str) -> Option<Arc<Vhost>> {
        Self::find_vhost(self, name)
    }

    fn actor(self: &Arc<Self>, user: &Arc<User>, vhost: &str) -> Result<Actor, NotAdmitted> {
        Self::actor(self, user, vhost, user.name().into())
    }

    fn sessions(&self) -> Vec<Arc<Session>> {
        Self::sessions(self)
    }
}

/// What administration keeps to itself.
pub trait AdministrationInside {
    /// Closes the connections that `chosen` picks; returns how many.
    fn close_connections(&self, reason: &str, chosen: impl Fn(&Session) -> bool) -> usize;
}

impl AdministrationInside for Administration<'_> {
    fn close_connections(&self, reason: &str, chosen: impl Fn(&Session) -> bool) -> usize {
        Self::close_connections(self, reason, chosen)
    }
}

/// What the builder keeps to itself.
pub trait BuilderInside {
    /// Where durable things live, instead of what the settings say.
    #[must_use]
    fn store(self, store: Arc<dyn Store>) -> Self;
}

impl BuilderInside for BrokerBuilder {
    fn store(self, store: Arc<dyn Store>) -> Self {
        Self::store(self, store)
    }
}

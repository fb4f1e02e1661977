//! What every vhost of a broker shares: settings, clock, timers, store, events, numbers.
//!
//! Built once by the broker and handed inward; it knows none of its users.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Weak};

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use crate::clock::timers::Timers;
use crate::clock::{Clock, Now};
use crate::compat::Deprecations;
use crate::config::{Durability, Settings};
use crate::events::{Author, Change, ChangeKind, Events};
use crate::ids::{ConnectionId, ConsumerId, Sequence};
use crate::paging::Pager;
use crate::queue::{Bodies, Deaths};
use crate::store::{Spill, Store};
use crate::sync::Bell;
use crate::turns::Turns;

mod live;
mod touched;

pub use live::Live;
pub use touched::{Touched, TouchedQueue};

/// Shared by all vhosts of one broker.
pub struct Environment {
    /// The broker's settings.
    pub settings: Settings,
    /// Those of them that tools change while it runs.
    pub live: Arc<Live>,
    /// Broker time.
    pub clock: Clock,
    /// Deadlines of queues, exchanges and connections.
    pub timers: Arc<Timers>,
    /// Work that was left for a later turn.
    pub turns: Turns,
    /// Where durable things live.
    pub store: Arc<dyn Store>,
    /// Where bodies go that are over the budget; `None` where nothing is written to disk.
    pub pager: Option<Arc<Pager>>,
    /// How often queues came and went.
    pub queue_churn: QueueChurn,
    /// How many messages died.
    pub deaths: Deaths,
    /// Which deprecated features were used.
    pub deprecations: Deprecations,
    /// What happens to messages and to everything else: the seam for metrics and journals.
    pub events: Arc<Events>,
    /// Queues that have changed, while a sampler looks at them.
    pub touched: Touched,
    /// Rung after every change of a queue and of how far the store is durable.
    pub(crate) changes: Bell,
    consumers: Sequence,
    connections: Sequence,
    random: Sequence,
    places: Mutex<Vec<Weak<dyn Census>>>,
}

/// How often queues came and went since the broker started. Counted by all vhosts.
#[derive(Debug, Default)]
pub struct QueueChurn {
    /// Declares, those of queues that were there too.
    pub declared: AtomicU64,
    /// Queues made.
    pub created: AtomicU64,
    /// Queues deleted, by a client, by themselves or with their connection.
    pub deleted: AtomicU64,
}

/// A place that has queues and exchanges: a vhost.
pub trait Census: Send + Sync {
    /// How many queues it has.
    fn queues(&self) -> u64;
    /// How many exchanges it has, the predeclared ones too.
    fn exchanges(&self) -> u64;
}

impl Environment {
    /// Puts the parts together; timers follow the clock.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock, store: Arc<dyn Store>) -> Self {
        let timers = Arc::new(Timers::default());
        clock.attach(&timers);
        let on_disk = settings.durability != Durability::Memory;
        let pager = on_disk.then(|| Pager::new(settings.body_budget, Arc::clone(&store), None));
        Self {
            pager: pager.map(Arc::new),
            live: Arc::new(Live::new(&settings)),
            settings,
            clock,
            timers,
            turns: Turns::default(),
            store,
            queue_churn: QueueChurn::default(),
            deaths: Deaths::default(),
            deprecations: Deprecations::default(),
            events: Arc::default(),
            touched: Touched::default(),
            changes: Bell::default(),
            consumers: Sequence::default(),
            connections: Sequence::default(),
            random: Sequence::after(random_seed()),
            places: Mutex::default(),
        }
    }

    /// The pager as queues see it.
    #[must_use]
    pub fn bodies(&self) -> Option<Arc<dyn Bodies>> {
        let pager = Arc::clone(self.pager.as_ref()?);
        Some(pager)
    }

    /// Messages that are not stored can leave memory too, to `spill`.
    #[must_use]
    pub fn with_spill(self, spill: Spill) -> Self {
        let budget = self.settings.body_budget;
        let pager = Pager::new(budget, Arc::clone(&self.store), Some(spill));
        Self {
            pager: Some(Arc::new(pager)),
            ..self
        }
    }

    /// `place` counts from now on, until it is dropped.
    pub fn join(&self, place: Weak<dyn Census>) {
        let mut places = self.places.lock();
        places.retain(|place| place.strong_count() > 0);
        places.push(place);
    }

    /// The sum of `count` over all places: for the limits that concern the whole broker.
    pub fn count(&self, count: impl Fn(&dyn Census) -> u64) -> u64 {
        let places = self.places.lock().clone();
        let there = places.iter().filter_map(Weak::upgrade);
        there.map(|place| count(&*place)).sum()
    }

    /// A change, if listeners or the audit log are to be told of it. To be made under the lock that
    /// orders it, and told with [`Events::tell`] when no lock is held.
    pub fn change(
        &self,
        kind: ChangeKind,
        vhost: &str,
        by: &Author,
        fields: impl FnOnce() -> Table,
    ) -> Option<Change> {
        self.events.wants(kind).then(|| Change {
            order: self.events.next_change(),
            now: self.now(),
            kind,
            by: by.clone(),
            vhost: ShortString::new(vhost).unwrap_or_default(),
            fields: match &*by.user {
                "" => fields(),
                user => fields().with("user_who_performed_action", user),
            },
        })
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// A consumer id that was never used.
    pub fn next_consumer(&self) -> ConsumerId {
        ConsumerId(self.consumers.next())
    }

    /// A connection id that was never used.
    pub fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.next())
    }

    /// A number that spreads well but is not secret: for exchanges that pick at random.
    pub fn dice(&self) -> u64 {
        // The finalizer of SplitMix64: consecutive inputs give unrelated outputs.
        let mut z = self.random.next().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn random_seed() -> u64 {
    getrandom::u64().unwrap_or(0)
}

/// 22 characters that cannot be guessed: 16 random octets in URL-safe base64, as in RabbitMQ's
/// `amq.gen-` and `amq.ctag-` names.
///
/// # Panics
/// If the operating system has no random numbers to give.
#[must_use]
pub fn unguessable() -> String {
    use base64::Engine;
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).expect("the operating system gives random numbers");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets)
}

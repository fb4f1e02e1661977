//! What names stand for in a vhost: queues, exchanges, and channels that wait for replies.
//!
//! Each table has its own locks, held for one look or one change. Queues and exchanges come and
//! go under the vhost's topology lock besides, so that two changes of one name follow each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use leveret_codec::types::{ShortStr, ShortString};

use super::{Answer, Delaying, Exchange, Question, Routes, Walk};
use crate::clock::Now;
use crate::config::node_name;
use crate::env::Environment;
use crate::events::{CopyId, Event, Fate};
use crate::message::Message;
use crate::vhost::queue_handle::QueueHandle;
use crate::vhost::reply_to::ReplyTargets;

/// See the module.
pub(in crate::vhost) struct Directory {
    pub(in crate::vhost) vhost: ShortString,
    pub(in crate::vhost) env: Arc<Environment>,
    pub(in crate::vhost) queues: DashMap<ShortString, Arc<QueueHandle>>,
    pub(in crate::vhost) exchanges: DashMap<ShortString, Arc<Exchange>>,
    pub(in crate::vhost) replies: ReplyTargets,
    generation: AtomicU64,
}

impl Directory {
    /// No names yet.
    pub(in crate::vhost) fn new(vhost: ShortString, env: &Arc<Environment>) -> Self {
        Self {
            vhost,
            env: Arc::clone(env),
            queues: DashMap::new(),
            exchanges: DashMap::new(),
            replies: ReplyTargets::new(&node_name()),
            generation: AtomicU64::new(1),
        }
    }

    /// Changes with every declare, delete, bind and unbind.
    pub(in crate::vhost) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Answers of the router that were kept before are good no more.
    pub(in crate::vhost) fn has_changed(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The queue called `name`, if there is one.
    pub(in crate::vhost) fn queue(&self, name: &str) -> Option<Arc<QueueHandle>> {
        self.queues.get(name).map(|queue| Arc::clone(&queue))
    }

    /// The exchange called `name`, if there is one.
    pub(in crate::vhost) fn exchange(&self, name: &str) -> Option<Arc<Exchange>> {
        self.exchanges
            .get(name)
            .map(|exchange| Arc::clone(&exchange))
    }

    /// The queue called `name`; `None` if there is none, or if `name` is not UTF-8.
    pub(in crate::vhost) fn queue_named(&self, name: &[u8]) -> Option<Arc<QueueHandle>> {
        self.queue(std::str::from_utf8(name).ok()?)
    }

    /// The exchange called `name`; `None` if there is none, or if `name` is not UTF-8.
    pub(in crate::vhost) fn exchange_named(&self, name: &[u8]) -> Option<Arc<Exchange>> {
        self.exchange(std::str::from_utf8(name).ok()?)
    }

    /// All exchanges, in no order.
    pub(in crate::vhost) fn all_exchanges(&self) -> Vec<Arc<Exchange>> {
        let exchanges = self.exchanges.iter();
        exchanges.map(|exchange| Arc::clone(&exchange)).collect()
    }

    /// Where a message that arrives at `exchange` goes, its alternate exchanges included.
    pub(in crate::vhost) fn route(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
    ) -> Answer {
        Walk::new(self, now, question, Delaying::Now, ())
            .follow(exchange)
            .0
    }

    /// Like [`Directory::route`] for a message of a transaction: no exchange keeps it yet.
    pub(in crate::vhost) fn route_ahead(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
    ) -> Answer {
        Walk::new(self, now, question, Delaying::AtCommit, ())
            .follow(exchange)
            .0
    }

    /// Like [`Directory::route`] for a message whose delay at `exchange` is over.
    pub(in crate::vhost) fn route_released(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
    ) -> Routes {
        Walk::new(self, now, question, Delaying::Over, ())
            .follow(exchange)
            .0
            .routes
    }

    /// Tells listeners the fate of a message before any queue.
    pub(in crate::vhost) fn emit(&self, now: Now, message: &Message, fate: Fate) {
        emit(&self.env, &self.vhost, now, message, None, fate);
    }
}

/// Tells listeners the fate of a message that is in no queue.
pub(in crate::vhost) fn emit(
    env: &Environment,
    vhost: &ShortString,
    now: Now,
    message: &Message,
    copy: Option<CopyId>,
    fate: Fate,
) {
    if env.events.listening() {
        env.events.emit(&Event {
            now,
            vhost: vhost.clone(),
            queue: ShortStr::EMPTY.into(),
            id: None,
            copy,
            order: 0,
            message: message.clone(),
            fate,
        });
    }
}

//! Items of a list that is written while it is sent: each is shown when its turn comes, so that no
//! list of many is in memory as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::Scope;
use super::exchanges::exchange_view;
use super::listing::{Item, SortKey};
use super::{ConnectionSort, ConnectionView, ExchangeSort, ExchangeView, QueueSort, QueueView};
use crate::desk::Desk;
use crate::desk::session::Session;
use crate::queue::Stats;
use crate::tally::ExchangeTotals;
use crate::vhost::{Exchange, QueueHandle, Vhost};

/// A queue that is not shown yet.
pub(crate) struct QueueRef {
    vhost: Arc<Vhost>,
    queue: Arc<QueueHandle>,
}

/// An exchange that is not shown yet.
pub(crate) struct ExchangeRef {
    vhost: Arc<Vhost>,
    exchange: Arc<Exchange>,
}

/// A connection that is not shown yet.
pub(crate) struct SessionRef(Arc<Session>);

impl QueueRef {
    /// What it is sorted by.
    pub(crate) fn sort_key(&self, sort: QueueSort) -> SortKey {
        sort.key(&self.queue)
    }

    /// What came to it by the exchange that it was published to, and what it has done. Both are of
    /// the same moment.
    pub(crate) fn flow(&self) -> (BTreeMap<ShortString, u64>, Stats) {
        self.queue
            .look(|state| (state.by_exchange(), state.stats()))
    }
}

impl ExchangeRef {
    /// What it is sorted by.
    pub(crate) fn sort_key(&self, sort: ExchangeSort) -> SortKey {
        sort.key(&self.exchange)
    }

    /// The exchange as it is now.
    pub(crate) fn view(&self) -> ExchangeView {
        exchange_view(&self.vhost, &self.exchange)
    }

    /// What was published to it.
    pub(crate) fn totals(&self) -> ExchangeTotals {
        self.exchange.tally.totals()
    }
}

impl SessionRef {
    /// What it is sorted by.
    pub(crate) fn sort_key(&self, sort: ConnectionSort) -> SortKey {
        sort.key(&self.0)
    }
}

impl Item for QueueRef {
    fn place(&self) -> (&str, &str) {
        (self.vhost.name(), self.queue.name())
    }
}

impl Item for ExchangeRef {
    fn place(&self) -> (&str, &str) {
        (self.vhost.name(), &self.exchange.spec.name)
    }
}

impl Item for SessionRef {
    fn place(&self) -> (&str, &str) {
        ("", &self.0.name)
    }
}

impl Desk {
    /// The queues of `scope`, in no order.
    pub(crate) fn queue_refs(&self, scope: Scope<'_>) -> Vec<QueueRef> {
        let mut refs = Vec::new();
        for vhost in self.vhosts_of(scope) {
            let queues = vhost.all_queues().into_iter();
            refs.extend(queues.map(|queue| QueueRef {
                vhost: Arc::clone(&vhost),
                queue,
            }));
        }
        refs
    }

    /// The queues of `scope` that `user` declared, in no order.
    pub(crate) fn queue_refs_by(&self, scope: Scope<'_>, user: &str) -> Vec<QueueRef> {
        let mut refs = self.queue_refs(scope);
        refs.retain(|one| *one.queue.declared().declared_by == *user);
        refs
    }

    /// A queue as it is now, without its consumers.
    pub(crate) fn view_of(&self, one: &QueueRef) -> QueueView {
        self.queue_view(&one.vhost, &one.queue, Vec::new())
    }

    /// The exchanges of `scope`, in no order.
    pub(crate) fn exchange_refs(&self, scope: Scope<'_>) -> Vec<ExchangeRef> {
        let mut refs = Vec::new();
        for vhost in self.vhosts_of(scope) {
            let exchanges = vhost.all_exchanges().into_iter();
            refs.extend(exchanges.map(|exchange| ExchangeRef {
                vhost: Arc::clone(&vhost),
                exchange,
            }));
        }
        refs
    }

    /// The connections of `scope`, only those of `user` if one is named, in no order.
    pub(crate) fn session_refs(&self, scope: Scope<'_>, user: Option<&str>) -> Vec<SessionRef> {
        let sessions = self.sessions_of(scope, user).into_iter();
        sessions.map(SessionRef).collect()
    }

    /// A connection as it is now.
    pub(crate) fn view_of_session(&self, one: &SessionRef) -> ConnectionView {
        ConnectionView::of(&one.0, self.env.now().transport)
    }

    /// How many queues there are in `scope`.
    pub(crate) fn how_many_queues(&self, scope: Scope<'_>) -> usize {
        self.sum_of(scope, Vhost::queue_count)
    }

    /// How many exchanges there are in `scope`.
    pub(crate) fn how_many_exchanges(&self, scope: Scope<'_>) -> usize {
        self.sum_of(scope, Vhost::exchange_count)
    }

    /// How many bindings there are in `scope`, the implicit ones too.
    pub(crate) fn how_many_bindings(&self, scope: Scope<'_>) -> usize {
        self.sum_of(scope, |vhost| vhost.binding_count() + vhost.queue_count())
    }

    /// How many connections there are.
    pub(crate) fn how_many_connections(&self) -> usize {
        self.sessions.len()
    }

    /// How many vhosts there are.
    pub(crate) fn how_many_vhosts(&self) -> usize {
        self.vhosts.len()
    }

    /// How many consumers there are in `scope`. Asks every queue.
    pub(crate) fn how_many_consumers(&self, scope: Scope<'_>) -> usize {
        self.sum_of(scope, |vhost| {
            let queues = vhost.all_queues().into_iter();
            queues
                .map(|queue| queue.look(|state| state.consumer_count()))
                .sum()
        })
    }

    fn sum_of(&self, scope: Scope<'_>, count: impl Fn(&Vhost) -> usize) -> usize {
        let vhosts = self.vhosts_of(scope).into_iter();
        vhosts.map(|vhost| count(&vhost)).sum()
    }
}

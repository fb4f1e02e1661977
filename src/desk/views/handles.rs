//! Queues of a list that is written while it is sent: each is shown when its turn comes, so that
//! no list of many is in memory as a whole.

use std::sync::Arc;

use super::listing::{Item, SortKey};
use super::{QueueSort, QueueView, Scope};
use crate::desk::Desk;
use crate::vhost::{QueueHandle, Vhost};

/// A queue that is not shown yet.
pub(crate) struct QueueRef {
    vhost: Arc<Vhost>,
    queue: Arc<QueueHandle>,
}

impl QueueRef {
    /// What it is sorted by.
    pub(crate) fn sort_key(&self, sort: QueueSort) -> SortKey {
        sort.key(&self.queue)
    }
}

impl Item for QueueRef {
    fn place(&self) -> (&str, &str) {
        (self.vhost.name(), self.queue.name())
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

    /// A queue as it is now, without its consumers.
    pub(crate) fn view_of(&self, one: &QueueRef) -> QueueView {
        self.queue_view(&one.vhost, &one.queue, Vec::new())
    }
}

//! Virtual hosts.

use std::sync::Arc;

use serde::Serialize;

use super::{MessageCounts, Scope};
use crate::desk::Desk;
use crate::vhost::Vhost;

/// A virtual host, with what its queues hold together.
#[derive(Clone, Debug, Serialize)]
pub struct VhostView {
    /// Its name.
    pub name: String,
    /// Queues.
    pub queues: usize,
    /// Exchanges, the predeclared ones too.
    pub exchanges: usize,
    /// Bindings, implicit ones not counted.
    pub bindings: usize,
    /// What all its queues hold.
    pub counts: MessageCounts,
}

impl Desk {
    /// The vhosts of `scope` by name.
    #[must_use]
    pub fn vhosts(&self, scope: Scope<'_>) -> Vec<VhostView> {
        let vhosts = self.vhosts_of(scope).into_iter();
        vhosts.map(|vhost| vhost_view(&vhost)).collect()
    }

    pub(super) fn vhosts_of(&self, scope: Scope<'_>) -> Vec<Arc<Vhost>> {
        let names = self.vhost_names().into_iter();
        names
            .filter(|name| scope.has(name))
            .filter_map(|name| self.find_vhost(&name))
            .collect()
    }
}

fn vhost_view(vhost: &Vhost) -> VhostView {
    let queues = vhost.all_queues();
    let counts = queues.iter().fold(MessageCounts::default(), |sum, queue| {
        sum.plus(queue.look(MessageCounts::of))
    });
    VhostView {
        name: vhost.name().to_string(),
        queues: queues.len(),
        exchanges: vhost.exchange_count(),
        bindings: vhost.binding_count(),
        counts,
    }
}

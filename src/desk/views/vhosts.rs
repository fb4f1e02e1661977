//! Virtual hosts.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::listing::Item;
use super::{MessageCounts, Scope};
use crate::definitions::VHOST_LIMITS;
use crate::desk::Desk;
use crate::tally::Turnover;
use crate::vhost::Vhost;

/// A virtual host, with what its queues hold together.
#[derive(Clone, Debug, Serialize)]
pub struct VhostView {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// For people and tools.
    pub tags: Vec<String>,
    /// What a queue is when its declare does not say.
    pub default_queue_type: &'static str,
    /// Whether it must not be deleted; `None` if that was never said.
    pub protected_from_deletion: Option<bool>,
    /// Whether copies of its messages go to `amq.rabbitmq.trace`.
    pub tracing: bool,
    /// Queues.
    pub queues: usize,
    /// Exchanges, the predeclared ones too.
    pub exchanges: usize,
    /// Bindings, implicit ones not counted.
    pub bindings: usize,
    /// What all its queues hold.
    pub counts: MessageCounts,
    /// What went through it since it was made.
    pub turnover: Turnover,
}

impl Desk {
    /// The vhosts of `scope` by name.
    #[must_use]
    pub fn vhosts(&self, scope: Scope<'_>) -> Vec<VhostView> {
        let turnovers = self.turnovers();
        let vhosts = self.vhosts_of(scope).into_iter();
        let view = |vhost: Arc<Vhost>| vhost_view(&vhost, turnovers.of(&vhost));
        vhosts.map(view).collect()
    }

    /// The limits of the vhosts of `scope` that have any, as they were set, by name.
    #[must_use]
    pub fn limits_of_vhosts(&self, scope: Scope<'_>) -> Vec<(String, Map<String, Json>)> {
        let records = self.parameters().into_iter();
        let limits = records.filter_map(|record| match record.value {
            Json::Object(limits) if record.component == VHOST_LIMITS && !limits.is_empty() => {
                Some((record.vhost, limits))
            }
            _ => None,
        });
        limits.filter(|(vhost, _)| scope.has(vhost)).collect()
    }

    pub(super) fn vhosts_of(&self, scope: Scope<'_>) -> Vec<Arc<Vhost>> {
        let names = self.vhost_names().into_iter();
        names
            .filter(|name| scope.has(name))
            .filter_map(|name| self.find_vhost(&name))
            .collect()
    }
}

fn vhost_view(vhost: &Vhost, turnover: Turnover) -> VhostView {
    let queues = vhost.all_queues();
    let counts = queues.iter().fold(MessageCounts::default(), |sum, queue| {
        sum.plus(queue.look(MessageCounts::shown))
    });
    let metadata = vhost.metadata();
    VhostView {
        description: metadata.description.clone(),
        tags: metadata.tags.clone(),
        default_queue_type: vhost.default_queue_kind().as_str(),
        protected_from_deletion: metadata.protected_from_deletion,
        tracing: metadata.tracing,
        name: vhost.name().to_string(),
        queues: queues.len(),
        exchanges: vhost.exchange_count(),
        bindings: vhost.binding_count(),
        counts,
        turnover,
    }
}

impl Item for VhostView {
    fn place(&self) -> (&str, &str) {
        ("", &self.name)
    }
}

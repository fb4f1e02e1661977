//! Policies of a vhost, applied to what is there and to what comes.

use super::Vhost;
use super::queue_handle::QueueHandle;
use super::routing::Exchange;
use crate::clock::Now;
use crate::kind::QueueKind;
use crate::policy::{Applied, Issuer, Policies, Policy, PolicyDefinition};
use crate::queue::{Declared, Limits};

impl Vhost {
    /// Puts a policy in force, in the place of the one of that name and issuer. Who calls stores
    /// it.
    pub fn put_policy(&self, now: Now, issuer: Issuer, policy: Policy) {
        self.change_policies(now, |policies| policies.put(issuer, policy));
    }

    /// Removes a policy; `false` if there is none of that name. Who calls has the store forget it.
    pub fn remove_policy(&self, now: Now, issuer: Issuer, name: &str) -> bool {
        let mut found = false;
        self.change_policies(now, |policies| found = policies.remove(issuer, name));
        found
    }

    /// The policies of an issuer, the weakest first.
    #[must_use]
    pub fn policies(&self, issuer: Issuer) -> Vec<PolicyDefinition> {
        self.policies.read().list(issuer)
    }

    /// The policies in force for a queue.
    #[must_use]
    pub fn queue_policy(&self, declared: &Declared) -> Applied {
        self.policies
            .read()
            .for_queue(&declared.name, declared.kind)
    }

    /// The policies in force for an exchange.
    #[must_use]
    pub fn exchange_policy(&self, exchange: &Exchange) -> Applied {
        self.policies.read().for_exchange(&exchange.spec.name)
    }

    /// Under the topology lock, so that no declare misses the change and no two changes overtake
    /// each other.
    fn change_policies(&self, now: Now, change: impl FnOnce(&mut Policies)) {
        let topology = self.topology.lock();
        change(&mut self.policies.write());
        let mut changed = Vec::new();
        for queue in self.all_queues() {
            let limits = self.limits_in_force(queue.declared());
            let ((), effects) = queue.with_deferred(|state, effects| {
                if *state.limits() != limits {
                    state.reconfigure(now, limits, effects);
                }
            });
            changed.push((queue, effects));
        }
        self.apply_to_exchanges();
        drop(topology);
        for (queue, effects) in changed {
            queue.absorb(now, effects);
        }
    }

    pub(super) fn apply_to_exchanges(&self) {
        for exchange in self.directory.all_exchanges() {
            exchange.apply(&self.exchange_policy(&exchange));
        }
        self.directory.has_changed();
    }

    /// Gives a new queue what its arguments alone do not say.
    pub(super) fn apply_limits(&self, now: Now, queue: &QueueHandle) {
        let limits = self.limits_in_force(queue.declared());
        if queue.look(|state| *state.limits() != limits) {
            queue.with(now, |state, effects| {
                state.reconfigure(now, limits, effects);
            });
        }
    }

    /// A queue's arguments with its policies, and for a quorum queue what the settings say where
    /// both say nothing.
    fn limits_in_force(&self, declared: &Declared) -> Limits {
        let settings = &self.env.settings;
        let arguments = &declared.arguments;
        let quorum = declared.kind == QueueKind::Quorum;
        let mut limits = arguments.limits();
        if quorum && arguments.table().get("x-delivery-limit").is_none() {
            let limit = settings.quorum_queue_delivery_limit;
            limits.delivery_limit = limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        }
        self.queue_policy(declared)
            .merge_into(&mut limits, arguments);
        if quorum {
            limits.consumer_timeout_ms =
                limits.consumer_timeout_ms.or(settings.consumer_timeout_ms);
        }
        limits
    }
}

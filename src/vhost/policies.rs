//! Policies of a vhost, applied to what is there and to what comes.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Vhost;
use super::queue_handle::QueueHandle;
use super::routing::Exchange;
use crate::clock::Now;
use crate::kind::QueueKind;
use crate::policy::{Applied, Issuer, Policies, Policy, PolicyDefinition};
use crate::queue::{Declared, Effects, Limits, Queue};
use crate::turns::{self, Left, Work};

/// Queues, and exchanges, that are gone through under one lock.
const PIECE: usize = 64;

/// Steps of a turn that it takes to find what policies say of one of them.
const POLICY_STEPS: usize = 16;

impl Vhost {
    /// Puts a policy in force, in the place of the one of that name and issuer. The caller stores
    /// it.
    pub fn put_policy(&self, now: Now, issuer: Issuer, policy: Policy) {
        self.change_policies(now, |policies| policies.put(issuer, policy));
    }

    /// Removes a policy; `false` if there is none of that name. The caller removes it from the
    /// store.
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

    /// What would be in force for each queue, then for each exchange, by name, if a policy were put
    /// in force. Nothing is.
    #[cfg(feature = "management")]
    pub(crate) fn foresee_policy(
        &self,
        issuer: Issuer,
        policy: Policy,
        mut each: impl FnMut(Foreseen<'_>),
    ) {
        let now = self.policies.read().clone();
        let mut then = now.clone();
        then.put(issuer, policy.clone());
        let suits = |is_for| if is_for { Suits::Yes } else { Suits::No };
        let mut queues = self.all_queues();
        queues.sort_by(|one, other| one.name().cmp(other.name()));
        for queue in queues {
            let (name, kind) = (queue.name(), queue.declared().kind);
            each(Foreseen {
                name,
                kind: "queue",
                type_name: kind.as_str(),
                suits: suits(policy.is_for_queue(name, kind)),
                now: now.for_queue(name, kind),
                then: then.for_queue(name, kind),
            });
        }
        let mut exchanges = self.directory.all_exchanges();
        exchanges.sort_by(|one, other| one.spec.name.cmp(&other.spec.name));
        for exchange in exchanges {
            let name = &exchange.spec.name;
            each(Foreseen {
                name,
                kind: "exchange",
                type_name: &exchange.spec.type_name,
                suits: suits(policy.is_for_exchange(name)),
                now: now.for_exchange(name),
                then: then.for_exchange(name),
            });
        }
    }

    /// Under the topology lock, so that no declare misses the change. What is there already is gone
    /// through piece by piece, each under the lock again and by the policies of that moment: two
    /// changes that overtake each other come to the same end.
    fn change_policies(&self, now: Now, change: impl FnOnce(&mut Policies)) {
        let topology = self.topology.lock();
        change(&mut self.policies.write());
        drop(topology);
        if let Some(vhost) = self.me.upgrade() {
            let applying = Applying {
                queues: Mutex::new(self.all_queues()),
                exchanges: Mutex::new(self.directory.all_exchanges()),
                vhost,
            };
            turns::begin(&self.env.turns, now, Arc::new(applying));
        }
    }

    /// Gives a queue what its policies say now, and says what follows from it, and whether that is
    /// more than one call does.
    fn apply_to_queue(&self, now: Now, queue: &QueueHandle) -> Option<(Effects, bool)> {
        turns::spend(POLICY_STEPS);
        let limits = self.limits_in_force(queue.declared());
        let reconfigure = |state: &mut Queue, effects: &mut Effects| {
            let differs = *state.limits() != limits;
            if differs {
                state.reconfigure(now, limits, effects);
            }
            differs.then(|| state.arrears(now) > 0)
        };
        let (is_behind, effects) = queue.with_deferred(reconfigure);
        Some((effects, is_behind?))
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
            let timeout_ms = self.env.live.consumer_timeout_ms();
            limits.consumer_timeout_ms = limits.consumer_timeout_ms.or(timeout_ms);
        }
        limits
    }
}

/// What policies say of a queue or an exchange, now and with another one.
#[cfg(feature = "management")]
#[derive(Debug)]
pub(crate) struct Foreseen<'a> {
    pub(crate) name: &'a str,
    /// `queue` or `exchange`.
    pub(crate) kind: &'static str,
    pub(crate) type_name: &'a str,
    /// Whether the other one is for it, if no further one wins.
    pub(crate) suits: Suits,
    pub(crate) now: Applied,
    pub(crate) then: Applied,
}

/// Whether a policy is for something.
#[cfg(feature = "management")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suits {
    Yes,
    No,
}

/// A change of policies that queues and exchanges have yet to hear of.
struct Applying {
    vhost: Arc<Vhost>,
    queues: Mutex<Vec<Arc<QueueHandle>>>,
    exchanges: Mutex<Vec<Arc<Exchange>>>,
}

impl Work for Applying {
    fn turn(&self, now: Now) -> Left {
        let vhost = &self.vhost;
        loop {
            let queues = last(&mut self.queues.lock());
            let exchanges = last(&mut self.exchanges.lock());
            if queues.is_empty() && exchanges.is_empty() {
                return Left::Nothing;
            }
            let topology = vhost.topology.lock();
            let changed = queues.into_iter().filter_map(|queue| {
                let (effects, is_behind) = vhost.apply_to_queue(now, &queue)?;
                Some((queue, effects, is_behind))
            });
            let changed: Vec<_> = changed.collect();
            for exchange in exchanges {
                turns::spend(POLICY_STEPS);
                exchange.apply(&vhost.exchange_policy(&exchange));
            }
            vhost.directory.has_changed();
            drop(topology);
            for (queue, effects, is_behind) in changed {
                queue.absorb(now, effects);
                if is_behind {
                    queue.owe_deadline();
                }
            }
            if turns::is_over() {
                return Left::More;
            }
        }
    }
}

/// Takes some of `all` out.
fn last<T>(all: &mut Vec<T>) -> Vec<T> {
    all.split_off(all.len().saturating_sub(PIECE))
}

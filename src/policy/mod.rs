//! Policies: what an operator gives to queues and exchanges by the pattern of their names.
//!
//! Owns which policies a vhost has, which one wins for a queue or an exchange, and what it says
//! there together with the operator policy and the arguments. Does not know what exists: the
//! vhost asks for each queue and exchange when it is declared and when a policy changes.
//!
//! Of the policies whose pattern is found in the name and that are for this kind of thing, the
//! one with the highest priority is in force, alone; of equals the first by name. A policy with
//! a key that a type of queue cannot have is not for queues of that type, whatever else it says.
//! The same goes, apart from it, for operator policies. Where both say something the smaller
//! number counts, and the operator's word.
//!
//! Docs: policies, parameters. Seen: RabbitMQ 4.3.6, tests/scripts/policy.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::auth::Pattern;
use crate::kind::QueueKind;

mod definition;
mod effect;
mod keys;
pub(crate) mod term;

pub use definition::{Invalid, PolicyDefinition};
pub use effect::Applied;

/// Who sets a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Issuer {
    /// A user who may make policies: `policy`.
    User,
    /// Who runs the broker: `operator_policy`. It bounds what the others say.
    Operator,
}

impl Issuer {
    /// RabbitMQ's name for the parameter behind such a policy.
    #[must_use]
    pub fn component(self) -> &'static str {
        match self {
            Self::User => "policy",
            Self::Operator => "operator_policy",
        }
    }
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApplyTo {
    All,
    Queues,
    QueuesOf(QueueKind),
    Exchanges,
}

impl ApplyTo {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "all" => Self::All,
            "queues" => Self::Queues,
            "classic_queues" => Self::QueuesOf(QueueKind::Classic),
            "quorum_queues" => Self::QueuesOf(QueueKind::Quorum),
            "streams" => Self::QueuesOf(QueueKind::Stream),
            "exchanges" => Self::Exchanges,
            _ => return None,
        })
    }

    fn covers_queues(self, kind: QueueKind) -> bool {
        match self {
            Self::All | Self::Queues => true,
            Self::QueuesOf(only) => only == kind,
            Self::Exchanges => false,
        }
    }

    fn covers_exchanges(self) -> bool {
        matches!(self, Self::All | Self::Exchanges)
    }
}

/// A policy, checked.
#[derive(Clone, Debug)]
pub struct Policy {
    definition: PolicyDefinition,
    pattern: Pattern,
    apply_to: ApplyTo,
    /// RabbitMQ takes fractions too.
    priority: f64,
}

impl Policy {
    /// Checks a definition.
    ///
    /// # Errors
    /// [`Invalid`] with RabbitMQ's sentences about everything that is wrong.
    pub fn parse(issuer: Issuer, definition: &PolicyDefinition) -> Result<Self, Invalid> {
        definition::check(issuer, definition)
    }

    /// Checks a definition that is set as a parameter of its issuer's component.
    ///
    /// # Errors
    /// [`Invalid`] with RabbitMQ's sentences about everything that is wrong.
    pub fn parse_parameter(
        issuer: Issuer,
        vhost: &str,
        name: &str,
        value: &Json,
    ) -> Result<Self, Invalid> {
        definition::check_parameter(issuer, vhost, name, value)
    }

    /// As it was set.
    #[must_use]
    pub fn definition(&self) -> &PolicyDefinition {
        &self.definition
    }

    /// Whether it is for a queue of this name and type, if no other one wins.
    pub(crate) fn is_for_queue(&self, name: &str, kind: QueueKind) -> bool {
        self.apply_to.covers_queues(kind)
            && keys::suit(&self.definition.definition, kind)
            && self.pattern.matches(name)
    }

    /// Whether it is for an exchange of this name, if no other one wins.
    pub(crate) fn is_for_exchange(&self, name: &str) -> bool {
        self.apply_to.covers_exchanges() && self.pattern.matches(name)
    }
}

/// The policies of a vhost.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    by_users: Ranked,
    by_operators: Ranked,
}

impl Policies {
    /// Adds a policy, or replaces the one of that name and issuer.
    pub fn put(&mut self, issuer: Issuer, policy: Policy) {
        self.ranked(issuer).put(policy);
    }

    /// Removes a policy; `false` if there is none of that name and issuer.
    pub fn remove(&mut self, issuer: Issuer, name: &str) -> bool {
        self.ranked(issuer).remove(name)
    }

    /// All of an issuer, the weakest first, as RabbitMQ lists them.
    #[must_use]
    pub fn list(&self, issuer: Issuer) -> Vec<PolicyDefinition> {
        let Ranked(policies) = match issuer {
            Issuer::User => &self.by_users,
            Issuer::Operator => &self.by_operators,
        };
        let mut list: Vec<&Policy> = policies.iter().collect();
        list.sort_by(|one, other| one.priority.total_cmp(&other.priority));
        list.into_iter()
            .map(|policy| policy.definition.clone())
            .collect()
    }

    /// What is in force for a queue.
    #[must_use]
    pub fn for_queue(&self, name: &str, kind: QueueKind) -> Applied {
        self.applied(|policy| policy.is_for_queue(name, kind))
    }

    /// What is in force for an exchange.
    #[must_use]
    pub fn for_exchange(&self, name: &str) -> Applied {
        self.applied(|policy| policy.is_for_exchange(name))
    }

    fn applied(&self, suits: impl Fn(&Policy) -> bool) -> Applied {
        let first = |Ranked(policies): &'_ Ranked| {
            policies
                .iter()
                .find(|policy| suits(policy))
                .map(|policy| policy.definition.clone())
        };
        Applied::of(first(&self.by_users), first(&self.by_operators))
    }

    fn ranked(&mut self, issuer: Issuer) -> &mut Ranked {
        match issuer {
            Issuer::User => &mut self.by_users,
            Issuer::Operator => &mut self.by_operators,
        }
    }
}

/// Policies of one issuer: the highest priority first, then by name.
#[derive(Clone, Debug, Default)]
struct Ranked(Vec<Policy>);

impl Ranked {
    fn put(&mut self, policy: Policy) {
        self.remove(&policy.definition.name);
        let goes_before = |other: &Policy| {
            let by_priority = policy.priority.total_cmp(&other.priority);
            let by_name = other.definition.name.cmp(&policy.definition.name);
            by_priority.then(by_name).is_lt()
        };
        let place = self.0.partition_point(goes_before);
        self.0.insert(place, policy);
    }

    fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|policy| policy.definition.name != name);
        self.0.len() < before
    }
}

/// Keys and values of a policy, as they were written.
type Settings = Map<String, Json>;

#[cfg(test)]
mod tests;

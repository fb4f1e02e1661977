//! Policies and operator policies.

use super::{AdminError, Administration, Missing};
use crate::auth::Change;
use crate::definitions::{PolicyRecord, Record};
use crate::desk::{Desk, Stored};
use crate::policy::{Issuer, Policy, PolicyDefinition};
use crate::vhost::Vhost;

/// ```
/// use leveret::broker::Broker;
/// use leveret::internals::policy::PolicyDefinition;
///
/// let broker = Broker::builder().start()?;
/// let policy = PolicyDefinition::new("/", "short", "^tmp\\.")
///     .apply_to("queues")
///     .set("max-length", 10)
///     .set("expires", 60_000);
/// let administration = broker.desk().administration();
/// administration.put_policy(&policy)?.unwaited();
/// administration.clear_policy("/", "short")?.unwaited();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Administration<'_> {
    /// Sets a policy, or replaces the one of that name in its vhost; what it is for obeys it at
    /// once.
    ///
    /// # Errors
    /// A vhost that is missing, what is wrong with the policy, and not being a policy maker there.
    pub fn put_policy(&self, definition: &PolicyDefinition) -> Result<Stored<Change>, AdminError> {
        self.for_policymakers(&definition.vhost)?;
        self.set_policy(Issuer::User, definition)
    }

    /// Sets an operator policy, which bounds what policies may say.
    ///
    /// # Errors
    /// A vhost that is missing, what is wrong with the policy, and not being an administrator.
    pub fn put_operator_policy(
        &self,
        definition: &PolicyDefinition,
    ) -> Result<Stored<Change>, AdminError> {
        self.for_administrators()?;
        self.set_policy(Issuer::Operator, definition)
    }

    /// Removes a policy.
    ///
    /// # Errors
    /// A policy or a vhost that is missing, and not being a policy maker there.
    pub fn clear_policy(&self, vhost: &str, name: &str) -> Result<Stored<()>, AdminError> {
        self.for_policymakers(vhost)?;
        self.delete_policy(Issuer::User, vhost, name)
    }

    /// Removes an operator policy.
    ///
    /// # Errors
    /// A policy or a vhost that is missing, and not being an administrator.
    pub fn clear_operator_policy(&self, vhost: &str, name: &str) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        self.delete_policy(Issuer::Operator, vhost, name)
    }

    fn set_policy(
        &self,
        issuer: Issuer,
        definition: &PolicyDefinition,
    ) -> Result<Stored<Change>, AdminError> {
        let mut changes = self.begin();
        let vhost = &definition.vhost;
        let policy = self.desk.check_policy(issuer, definition)?;
        let definition = definition.clone();
        let record = PolicyRecord { issuer, definition };
        let stored = self.desk.env.store.define(&[record.put()]);
        let answer = self.desk.apply_policy(vhost, issuer, policy);
        changes.telling.policy(issuer, &record.definition);
        Ok(Stored {
            value: answer,
            until: stored,
        })
    }

    pub(super) fn delete_policy(
        &self,
        issuer: Issuer,
        vhost: &str,
        name: &str,
    ) -> Result<Stored<()>, AdminError> {
        let mut changes = self.begin();
        let found = self.existing_vhost(vhost)?;
        let mut policies = found.policies(issuer).into_iter();
        let definition = policies
            .find(|policy| policy.name == name)
            .ok_or(AdminError::NotFound(Missing::Policy))?;
        let record = PolicyRecord { issuer, definition };
        let stored = self.desk.env.store.define(&[record.delete()]);
        found.remove_policy(self.desk.env.now(), issuer, name);
        changes.telling.policy_cleared(issuer, &record.definition);
        Ok(Stored {
            value: (),
            until: stored,
        })
    }
}

/// The records of all policies of a vhost.
pub(super) fn policy_records(vhost: &Vhost) -> Vec<PolicyRecord> {
    let of = |issuer| {
        let definitions = vhost.policies(issuer).into_iter();
        definitions.map(move |definition| PolicyRecord { issuer, definition })
    };
    of(Issuer::User).chain(of(Issuer::Operator)).collect()
}

impl Desk {
    /// Whether a policy can be set: RabbitMQ's order is vhost, policy.
    pub(in crate::desk) fn check_policy(
        &self,
        issuer: Issuer,
        definition: &PolicyDefinition,
    ) -> Result<Policy, AdminError> {
        if self.find_vhost(&definition.vhost).is_none() {
            return Err(AdminError::NoSuchVhost(definition.vhost.clone()));
        }
        Ok(Policy::parse(issuer, definition)?)
    }

    /// Puts a policy in force.
    pub(in crate::desk) fn apply_policy(
        &self,
        vhost: &str,
        issuer: Issuer,
        policy: Policy,
    ) -> Change {
        let Some(vhost) = self.find_vhost(vhost) else {
            return Change::Added;
        };
        let name = &policy.definition().name;
        let mut before = vhost.policies(issuer).into_iter();
        let change = match before.any(|other| other.name == *name) {
            true => Change::Replaced,
            false => Change::Added,
        };
        vhost.put_policy(self.env.now(), issuer, policy);
        change
    }

    /// The policies of all vhosts, by vhost, the weakest first.
    #[must_use]
    pub fn policies(&self) -> Vec<PolicyDefinition> {
        self.list_policies(Issuer::User)
    }

    /// The operator policies of all vhosts, by vhost, the weakest first.
    #[must_use]
    pub fn operator_policies(&self) -> Vec<PolicyDefinition> {
        self.list_policies(Issuer::Operator)
    }

    fn list_policies(&self, issuer: Issuer) -> Vec<PolicyDefinition> {
        let vhosts = self.vhost_names().into_iter();
        let found = vhosts.filter_map(|name| self.find_vhost(&name));
        found.flat_map(|vhost| vhost.policies(issuer)).collect()
    }
}

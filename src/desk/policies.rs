//! Policies, as an operator of the broker sets them.

use std::fmt;
use std::sync::Arc;

use super::Desk;
use crate::policy::{Invalid, Issuer, Policy, PolicyDefinition};
use crate::vhost::Vhost;

/// Why a policy cannot be set.
#[derive(Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// Its vhost does not exist.
    NoVhost(String),
    /// What is wrong with it.
    Invalid(Invalid),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVhost(name) => write!(f, "there is no vhost '{name}'"),
            Self::Invalid(invalid) => invalid.fmt(f),
        }
    }
}

impl std::error::Error for PolicyError {}

/// ```
/// use leveret::broker::Broker;
/// use leveret::policy::PolicyDefinition;
///
/// let broker = Broker::builder().start()?;
/// let policy = PolicyDefinition::new("/", "short", "^tmp\\.")
///     .apply_to("queues")
///     .set("max-length", 10)
///     .set("expires", 60_000);
/// broker.desk().set_policy(&policy)?;
/// assert!(broker.desk().clear_policy("/", "short"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Desk {
    /// Sets a policy, or replaces the one of that name in its vhost; what it is for obeys it at
    /// once.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn set_policy(&self, definition: &PolicyDefinition) -> Result<(), PolicyError> {
        self.put_policy(Issuer::User, definition)
    }

    /// Sets an operator policy, which bounds what policies may say.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn set_operator_policy(&self, definition: &PolicyDefinition) -> Result<(), PolicyError> {
        self.put_policy(Issuer::Operator, definition)
    }

    /// Removes a policy; `false` if there is no such policy or vhost.
    pub fn clear_policy(&self, vhost: &str, name: &str) -> bool {
        self.remove_policy(Issuer::User, vhost, name)
    }

    /// Removes an operator policy; `false` if there is no such policy or vhost.
    pub fn clear_operator_policy(&self, vhost: &str, name: &str) -> bool {
        self.remove_policy(Issuer::Operator, vhost, name)
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

    fn put_policy(&self, issuer: Issuer, definition: &PolicyDefinition) -> Result<(), PolicyError> {
        let vhost = self
            .find_vhost(&definition.vhost)
            .ok_or_else(|| PolicyError::NoVhost(definition.vhost.clone()))?;
        let policy = Policy::parse(issuer, definition).map_err(PolicyError::Invalid)?;
        vhost.set_policy(self.env.now(), issuer, policy);
        Ok(())
    }

    fn remove_policy(&self, issuer: Issuer, vhost: &str, name: &str) -> bool {
        self.find_vhost(vhost)
            .is_some_and(|vhost| vhost.clear_policy(self.env.now(), issuer, name))
    }

    fn list_policies(&self, issuer: Issuer) -> Vec<PolicyDefinition> {
        let vhosts = self.vhost_names().into_iter();
        let found = vhosts.filter_map(|name| self.find_vhost(&name));
        found
            .flat_map(|vhost: Arc<Vhost>| vhost.policies(issuer))
            .collect()
    }
}

//! What of a broker survives a restart, as records: one shape for each kind of definition.
//!
//! Owns the shapes, the keys under which the store keeps them, and how a shape becomes a change
//! for the store and comes back from it. Shapes of earlier programs are read too. It deliberately
//! knows nothing of what a record becomes in a running broker: that is the desk's and the vhost's,
//! who read these records at a start and write them as things change.
//!
//! Argument tables are kept as octets on the wire, so that every value keeps its type.
//!
//! Invariants: I10, as far as it concerns definitions. Docs: definitions, parameters.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{PermissionDefinition, TopicPermissionDefinition, UserDefinition};
use crate::policy::Issuer;
use crate::store::{Definition, DefinitionChange, DefinitionKind};

mod arguments;
pub mod mending;
mod records;

#[cfg(feature = "management")]
pub(crate) use arguments::value_to_json;
pub use arguments::{ArgumentsError, from_json, to_json};
pub use records::{
    BindingRecord, DestinationType, ExchangeRecord, GlobalParameterRecord, ParameterRecord,
    PolicyRecord, QueueRecord, VHOST_LIMITS, VhostRecord, decode, encode,
};

/// A definition in the shape that the store keeps.
pub trait Record: Serialize + DeserializeOwned {
    /// Which kind it is.
    const KIND: DefinitionKind;

    /// Names it among its kind.
    fn key(&self) -> String;

    /// The change that stores it.
    fn put(&self) -> DefinitionChange {
        let json = serde_json::to_string(self).expect("a record of texts and numbers is JSON");
        DefinitionChange::Put(Definition {
            kind: Self::KIND,
            key: self.key(),
            json,
        })
    }

    /// The change that removes it.
    fn delete(&self) -> DefinitionChange {
        DefinitionChange::Delete(Self::KIND, self.key())
    }

    /// Reads what the store has kept.
    ///
    /// # Errors
    /// [`Unreadable`] if it is not in a shape that this or an earlier program wrote.
    fn from_stored(found: &Definition) -> Result<Self, Unreadable> {
        serde_json::from_str(&found.json).map_err(|error| Unreadable(error.to_string()))
    }
}

/// Why a record cannot be read, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Joins the parts of a key with NUL. A part that has NULs of its own cannot pass for two parts:
/// they are written as a character that Unicode will never assign.
#[must_use]
pub fn key(parts: &[&str]) -> String {
    const NEVER: char = '\u{10ffff}';
    let escaped = parts.iter().map(|part| {
        if part.contains(['\0', NEVER]) {
            let doubled = part.replace(NEVER, "\u{10ffff}1");
            doubled.replace('\0', "\u{10ffff}0")
        } else {
            (*part).to_owned()
        }
    });
    escaped.collect::<Vec<_>>().join("\0")
}

/// The key of a user.
#[must_use]
pub fn user_key(name: &str) -> String {
    key(&[name])
}

/// The key of a permission.
#[must_use]
pub fn permission_key(vhost: &str, user: &str) -> String {
    key(&[vhost, user])
}

/// The key of a topic permission.
#[must_use]
pub fn topic_permission_key(vhost: &str, user: &str, exchange: &str) -> String {
    key(&[vhost, user, exchange])
}

/// The key of a policy.
#[must_use]
pub fn policy_key(vhost: &str, issuer: Issuer, name: &str) -> String {
    key(&[vhost, issuer.component(), name])
}

/// The key of a parameter.
#[must_use]
pub fn parameter_key(vhost: &str, component: &str, name: &str) -> String {
    key(&[vhost, component, name])
}

impl Record for UserDefinition {
    const KIND: DefinitionKind = DefinitionKind::User;

    fn key(&self) -> String {
        user_key(&self.name)
    }
}

impl Record for PermissionDefinition {
    const KIND: DefinitionKind = DefinitionKind::Permission;

    fn key(&self) -> String {
        permission_key(&self.vhost, &self.user)
    }
}

impl Record for TopicPermissionDefinition {
    const KIND: DefinitionKind = DefinitionKind::TopicPermission;

    fn key(&self) -> String {
        topic_permission_key(&self.vhost, &self.user, &self.exchange)
    }
}

#[cfg(test)]
mod tests;

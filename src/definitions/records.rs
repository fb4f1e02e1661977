//! The shapes of records that only the store sees.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leveret_codec::table::{Table, TableRef};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Record, Unreadable, key, parameter_key, policy_key};
use crate::policy::{Issuer, PolicyDefinition};
use crate::store::{Definition, DefinitionKind};

/// The component whose parameters are the limits of vhosts.
pub const VHOST_LIMITS: &str = "vhost-limits";

/// A vhost. What earlier programs did not write has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VhostRecord {
    /// Its name.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// For people and tools.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What a queue is when its declare does not say; `None` for the setting of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_queue_type: Option<String>,
    /// Whether it must not be deleted; `None` if that was never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_from_deletion: Option<bool>,
    /// Whether copies of its messages go to `amq.rabbitmq.trace`.
    #[serde(default)]
    pub tracing: bool,
    /// The user who made it; `None` if it was the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
}

impl Record for VhostRecord {
    const KIND: DefinitionKind = DefinitionKind::Vhost;

    fn key(&self) -> String {
        key(&[&self.name])
    }
}

/// A runtime parameter of a vhost, apart from policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterRecord {
    /// Its vhost.
    pub vhost: String,
    /// What it is a parameter of.
    pub component: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Json,
}

impl Record for ParameterRecord {
    const KIND: DefinitionKind = DefinitionKind::Parameter;

    fn key(&self) -> String {
        parameter_key(&self.vhost, &self.component, &self.name)
    }

    /// Limits of vhosts used to be stored as their bare value, with a key of two parts.
    fn from_stored(found: &Definition) -> Result<Self, Unreadable> {
        let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
        match found.key.split('\0').collect::<Vec<_>>().as_slice() {
            [vhost, VHOST_LIMITS] => Ok(Self {
                vhost: (*vhost).to_owned(),
                component: VHOST_LIMITS.to_owned(),
                name: Self::LIMITS.to_owned(),
                value: serde_json::from_str(&found.json).map_err(unreadable)?,
            }),
            [_, _] => Err(Unreadable("its component is not known".to_owned())),
            _ => serde_json::from_str(&found.json).map_err(unreadable),
        }
    }
}

impl ParameterRecord {
    /// The name of the one parameter of [`VHOST_LIMITS`] in a vhost.
    pub const LIMITS: &str = "limits";

    /// The key under which an earlier program kept the limits of `vhost`.
    #[must_use]
    pub fn earlier_limits_key(vhost: &str) -> String {
        key(&[vhost, VHOST_LIMITS])
    }
}

/// A parameter of the whole broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GlobalParameterRecord {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Json,
}

impl Record for GlobalParameterRecord {
    const KIND: DefinitionKind = DefinitionKind::GlobalParameter;

    fn key(&self) -> String {
        key(&[&self.name])
    }
}

/// A policy or an operator policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Which of the two.
    pub issuer: Issuer,
    /// What it says.
    #[serde(flatten)]
    pub definition: PolicyDefinition,
}

impl Record for PolicyRecord {
    const KIND: DefinitionKind = DefinitionKind::Policy;

    fn key(&self) -> String {
        let PolicyDefinition { vhost, name, .. } = &self.definition;
        policy_key(vhost, self.issuer, name)
    }
}

/// A durable exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRecord {
    /// Its name.
    pub name: String,
    /// Its vhost.
    pub vhost: String,
    /// Its type, as the client wrote it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Deleted with its last binding.
    pub auto_delete: bool,
    /// Clients may not publish to it.
    pub internal: bool,
    /// Its arguments, see [`encode`].
    pub arguments: String,
    /// Names the delayed messages of the exchange in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed_id: Option<u64>,
    /// The user who declared it; empty if that was not kept.
    #[serde(default)]
    pub declared_by: String,
}

impl Record for ExchangeRecord {
    const KIND: DefinitionKind = DefinitionKind::Exchange;

    fn key(&self) -> String {
        key(&[&self.vhost, &self.name])
    }
}

/// A durable queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRecord {
    /// Names its messages in the store.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its vhost.
    pub vhost: String,
    /// Deleted with its last consumer.
    pub auto_delete: bool,
    /// Its arguments, see [`encode`]; its type is always among them.
    pub arguments: String,
    /// The user who declared it; empty if that was not kept.
    #[serde(default)]
    pub declared_by: String,
}

impl Record for QueueRecord {
    const KIND: DefinitionKind = DefinitionKind::Queue;

    fn key(&self) -> String {
        key(&[&self.vhost, &self.name])
    }
}

/// A binding between durable ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingRecord {
    /// Its vhost.
    pub vhost: String,
    /// The exchange that messages come from.
    pub source: String,
    /// The queue or exchange that they go to.
    pub destination: String,
    /// Which of the two.
    pub destination_type: DestinationType,
    /// Its key.
    pub routing_key: String,
    /// Its arguments, sorted by name, see [`encode`].
    pub arguments: String,
}

impl Record for BindingRecord {
    const KIND: DefinitionKind = DefinitionKind::Binding;

    fn key(&self) -> String {
        let kind = format!("{:?}", self.destination_type);
        key(&[
            &self.vhost,
            &self.source,
            &kind,
            &self.destination,
            &self.routing_key,
            &self.arguments,
        ])
    }
}

/// What a binding leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DestinationType {
    /// A queue.
    Queue,
    /// An exchange.
    Exchange,
}

/// A table as its octets on the wire, in base64.
#[must_use]
pub fn encode(table: &Table) -> String {
    STANDARD.encode(table.to_bytes())
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`Unreadable`] if the text is not base64, or its octets are no table.
pub fn decode(text: &str) -> Result<Table, Unreadable> {
    let octets = STANDARD
        .decode(text)
        .map_err(|error| Unreadable(error.to_string()))?;
    TableRef::new(&octets)
        .to_table()
        .map_err(|error| Unreadable(error.to_string()))
}

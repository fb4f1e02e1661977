//! Runtime parameters of vhosts and of the whole broker.
//!
//! A component says what its parameters may be. Three are known: `vhost-limits`, `operator_policy`
//! and `policy`, whose parameters are not set this way. Parameters of others that an earlier or
//! later program stored stay as they are, and are shown.

use std::collections::BTreeMap;

use parking_lot::RwLock;
use serde_json::{Map, Value as Json};

use super::{AdminError, Administration, Changing, Missing, limits};
use crate::auth::{Change, VhostLimits};
use crate::definitions::{
    GlobalParameterRecord, ParameterRecord, PolicyRecord, Record, VHOST_LIMITS,
};
use crate::desk::{Desk, IMPORTED_HASH, Stored};
use crate::env::unguessable;
use crate::events::ChangeKind;
use crate::policy::{Invalid, Issuer, Policy};
use crate::store::{DefinitionChange, DefinitionKind};

/// The global parameter that tells one cluster from all others.
const CLUSTER_ID: &str = "internal_cluster_id";
/// The one that has the cluster's name, once it was given one.
pub(in crate::desk) const CLUSTER_NAME: &str = "cluster_name";

/// All parameters but policies. Changed under the desk's `changes` lock.
#[derive(Default)]
pub(in crate::desk) struct Parameters {
    /// By vhost, component and name.
    of_vhosts: RwLock<BTreeMap<(String, String, String), Json>>,
    /// By name.
    global: RwLock<BTreeMap<String, Json>>,
}

/// A parameter that can be set.
pub(in crate::desk) enum CheckedParameter {
    /// The limits of a vhost.
    Limits(ParameterRecord, VhostLimits),
    /// An operator policy.
    OperatorPolicy(Box<(PolicyRecord, Policy)>),
}

impl Parameters {
    pub(in crate::desk) fn put(&self, record: ParameterRecord) -> Change {
        let ParameterRecord {
            vhost,
            component,
            name,
            value,
        } = record;
        let mut parameters = self.of_vhosts.write();
        change(parameters.insert((vhost, component, name), value).is_some())
    }

    pub(in crate::desk) fn put_global(&self, record: GlobalParameterRecord) -> Change {
        let GlobalParameterRecord { name, value } = record;
        change(self.global.write().insert(name, value).is_some())
    }

    pub(super) fn remove(&self, record: &ParameterRecord) {
        let ParameterRecord {
            vhost,
            component,
            name,
            ..
        } = record.clone();
        self.of_vhosts.write().remove(&(vhost, component, name));
    }

    pub(super) fn remove_vhost(&self, vhost: &str) {
        self.of_vhosts.write().retain(|(of, ..), _| of != vhost);
    }

    fn find(&self, vhost: &str, component: &str, name: &str) -> Option<ParameterRecord> {
        let key = (vhost.to_owned(), component.to_owned(), name.to_owned());
        let value = self.of_vhosts.read().get(&key).cloned()?;
        let (vhost, component, name) = key;
        Some(ParameterRecord {
            vhost,
            component,
            name,
            value,
        })
    }

    pub(super) fn of_vhost(&self, vhost: &str) -> Vec<ParameterRecord> {
        let all = self.all().into_iter();
        all.filter(|parameter| parameter.vhost == vhost).collect()
    }

    /// All of them, by vhost, component and name.
    pub(in crate::desk) fn all(&self) -> Vec<ParameterRecord> {
        let parameters = self.of_vhosts.read();
        let records = parameters
            .iter()
            .map(|((vhost, component, name), value)| ParameterRecord {
                vhost: vhost.clone(),
                component: component.clone(),
                name: name.clone(),
                value: value.clone(),
            });
        records.collect()
    }

    /// The parameters of the whole broker, by name.
    pub(in crate::desk) fn all_global(&self) -> Vec<GlobalParameterRecord> {
        let parameters = self.global.read();
        let records = parameters
            .iter()
            .map(|(name, value)| GlobalParameterRecord {
                name: name.clone(),
                value: value.clone(),
            });
        records.collect()
    }

    pub(in crate::desk) fn find_global(&self, name: &str) -> Option<Json> {
        self.global.read().get(name).cloned()
    }
}

fn change(was_there: bool) -> Change {
    if was_there {
        Change::Replaced
    } else {
        Change::Added
    }
}

impl Administration<'_> {
    /// Sets a parameter of a vhost, which its component has to know.
    ///
    /// # Errors
    /// A vhost that is missing, a component that is not known, what is wrong with the value, and
    /// not being a policy maker there.
    pub fn put_parameter(&self, record: &ParameterRecord) -> Result<Stored<Change>, AdminError> {
        self.for_policymakers(&record.vhost)?;
        let mut changes = self.begin();
        let checked = self.desk.check_parameter(record)?;
        let stored = self.desk.env.store.define(&checked.changes());
        let answer = self.desk.apply_parameter(&mut changes, checked);
        Ok(Stored {
            value: answer,
            until: stored,
        })
    }

    /// Removes a parameter.
    ///
    /// # Errors
    /// A parameter that is missing, and not being a policy maker there.
    pub fn delete_parameter(
        &self,
        vhost: &str,
        component: &str,
        name: &str,
    ) -> Result<Stored<()>, AdminError> {
        self.for_policymakers(vhost)?;
        if component == Issuer::Operator.component() {
            let gone = self.delete_policy(Issuer::Operator, vhost, name);
            return gone.map_err(|error| match error {
                AdminError::NotFound(_) => AdminError::NotFound(Missing::Parameter),
                error => error,
            });
        }
        let mut changes = self.begin();
        let found = self.desk.parameters.find(vhost, component, name);
        let record = found.ok_or(AdminError::NotFound(Missing::Parameter))?;
        let mut deletions = vec![record.delete()];
        if component == VHOST_LIMITS {
            deletions.push(earlier_limits(vhost));
            self.desk.apply_limits(vhost, VhostLimits::default());
        }
        let stored = self.desk.env.store.define(&deletions);
        self.desk.parameters.remove(&record);
        let kind = ChangeKind::ParameterCleared;
        changes.telling.parameter(kind, &record);
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Sets all limits of a vhost, those not given to none.
    ///
    /// # Errors
    /// A vhost that is missing, and not being an administrator.
    pub fn set_vhost_limits(
        &self,
        vhost: &str,
        limits: VhostLimits,
    ) -> Result<Stored<()>, AdminError> {
        let value = serde_json::to_value(limits).expect("limits of numbers are JSON");
        self.change_limits(vhost, |fields| {
            *fields = value.as_object().cloned().unwrap_or_default();
        })
    }

    /// Sets one limit of a vhost, `max-connections` or `max-queues`, to a number; a negative one
    /// is none.
    ///
    /// # Errors
    /// A vhost that is missing, a limit that is unknown or no number, and not being an
    /// administrator.
    pub fn set_vhost_limit(
        &self,
        vhost: &str,
        limit: &str,
        value: &Json,
    ) -> Result<Stored<()>, AdminError> {
        self.change_limits(vhost, |fields| {
            fields.insert(limit.to_owned(), value.clone());
        })
    }

    /// Lifts one limit of a vhost; one that is not set, or unknown, is fine.
    ///
    /// # Errors
    /// A vhost that is missing, and not being an administrator.
    pub fn clear_vhost_limit(&self, vhost: &str, limit: &str) -> Result<Stored<()>, AdminError> {
        self.change_limits(vhost, |fields| {
            fields.remove(limit);
        })
    }

    fn change_limits(
        &self,
        vhost: &str,
        change: impl FnOnce(&mut Map<String, Json>),
    ) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let name = ParameterRecord::LIMITS;
        let before = self.desk.parameters.find(vhost, VHOST_LIMITS, name);
        let mut fields = match before.map(|record| record.value) {
            Some(Json::Object(fields)) => fields,
            _ => Map::new(),
        };
        change(&mut fields);
        let checked = self.desk.check_parameter(&ParameterRecord {
            vhost: vhost.to_owned(),
            component: VHOST_LIMITS.to_owned(),
            name: name.to_owned(),
            value: Json::Object(fields),
        })?;
        let stored = self.desk.env.store.define(&checked.changes());
        self.desk.apply_parameter(&mut changes, checked);
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Sets a parameter of the whole broker.
    ///
    /// # Errors
    /// Not being a policy maker.
    pub fn put_global_parameter(
        &self,
        name: &str,
        value: Json,
    ) -> Result<Stored<Change>, AdminError> {
        self.for_any_policymaker()?;
        let mut changes = self.begin();
        let record = GlobalParameterRecord {
            name: name.to_owned(),
            value: tidy(value),
        };
        let stored = self.desk.env.store.define(&[record.put()]);
        let kind = ChangeKind::ParameterSet;
        changes.telling.global_parameter(kind, &record);
        let answer = self.desk.parameters.put_global(record);
        Ok(Stored {
            value: answer,
            until: stored,
        })
    }

    /// Removes a parameter of the whole broker.
    ///
    /// # Errors
    /// A parameter that is missing, and not being a policy maker.
    pub fn delete_global_parameter(&self, name: &str) -> Result<Stored<()>, AdminError> {
        self.for_any_policymaker()?;
        let mut changes = self.begin();
        let parameters = &self.desk.parameters;
        let value = parameters.find_global(name);
        let value = value.ok_or(AdminError::NotFound(Missing::GlobalParameter))?;
        let name = name.to_owned();
        let record = GlobalParameterRecord { name, value };
        let stored = self.desk.env.store.define(&[record.delete()]);
        parameters.global.write().remove(&record.name);
        let kind = ChangeKind::ParameterCleared;
        changes.telling.global_parameter(kind, &record);
        Ok(Stored {
            value: (),
            until: stored,
        })
    }
}

/// RabbitMQ keeps an object without fields as an empty list.
///
/// Seen: RabbitMQ 4.3.6, limits of vhosts and global parameters.
pub(in crate::desk) fn tidy(value: Json) -> Json {
    match value {
        Json::Object(fields) if fields.is_empty() => Json::Array(Vec::new()),
        value => value,
    }
}

fn earlier_limits(vhost: &str) -> DefinitionChange {
    let key = ParameterRecord::earlier_limits_key(vhost);
    DefinitionChange::Delete(DefinitionKind::Parameter, key)
}

impl CheckedParameter {
    /// What the store has to know of it.
    pub(in crate::desk) fn changes(&self) -> Vec<DefinitionChange> {
        match self {
            Self::Limits(record, _) => vec![earlier_limits(&record.vhost), record.put()],
            Self::OperatorPolicy(both) => vec![both.0.put()],
        }
    }
}

impl Desk {
    /// Whether a parameter can be set: RabbitMQ's order is vhost, component, value.
    pub(in crate::desk) fn check_parameter(
        &self,
        record: &ParameterRecord,
    ) -> Result<CheckedParameter, AdminError> {
        let ParameterRecord {
            vhost,
            component,
            name,
            value,
        } = record;
        if self.find_vhost(vhost).is_none() {
            return Err(AdminError::NoSuchVhost(vhost.clone()));
        }
        if component == VHOST_LIMITS {
            let limits = limits::vhost_limits(name, value)?;
            if name != ParameterRecord::LIMITS {
                let reason = format!("the limits of a vhost are called limits, not {name}");
                return Err(Invalid(vec![reason]).into());
            }
            let record = ParameterRecord {
                value: tidy(value.clone()),
                ..record.clone()
            };
            Ok(CheckedParameter::Limits(record, limits))
        } else if component == Issuer::Operator.component() {
            let issuer = Issuer::Operator;
            let policy = Policy::parse_parameter(issuer, vhost, name, value)?;
            let definition = policy.definition().clone();
            let record = PolicyRecord { issuer, definition };
            Ok(CheckedParameter::OperatorPolicy(Box::new((record, policy))))
        } else if component == Issuer::User.component() {
            Err(AdminError::PolicyAsParameter)
        } else {
            Err(Invalid(vec![format!("component {component} not found")]).into())
        }
    }

    /// Puts a parameter in force.
    pub(in crate::desk) fn apply_parameter(
        &self,
        changes: &mut Changing<'_>,
        checked: CheckedParameter,
    ) -> Change {
        match checked {
            CheckedParameter::Limits(record, limits) => {
                let kind = ChangeKind::ParameterSet;
                changes.telling.parameter(kind, &record);
                self.apply_limits(&record.vhost, limits);
                self.parameters.put(record)
            }
            CheckedParameter::OperatorPolicy(both) => {
                let (record, policy) = *both;
                changes.telling.policy(record.issuer, &record.definition);
                self.apply_policy(&record.definition.vhost, record.issuer, policy)
            }
        }
    }

    pub(in crate::desk) fn apply_limits(&self, vhost: &str, limits: VhostLimits) {
        if let Some(vhost) = self.find_vhost(vhost) {
            vhost.set_queues_max(limits.queues());
            self.vhost_limits.insert(vhost.name().clone(), limits);
        }
    }

    /// All parameters of vhosts, by vhost, component and name; operator policies are among them.
    #[must_use]
    pub fn parameters(&self) -> Vec<ParameterRecord> {
        let mut records = self.parameters.all();
        let policies = self.operator_policies().into_iter();
        records.extend(policies.map(|policy| ParameterRecord {
            component: Issuer::Operator.component().to_owned(),
            value: policy.parameter_value(),
            vhost: policy.vhost,
            name: policy.name,
        }));
        records.sort_by(|one, other| {
            let key = |record: &ParameterRecord| {
                let ParameterRecord {
                    vhost,
                    component,
                    name,
                    ..
                } = record;
                (vhost.clone(), component.clone(), name.clone())
            };
            key(one).cmp(&key(other))
        });
        records
    }

    /// The parameters of the whole broker, by name, without what is the broker's own business.
    #[must_use]
    pub fn global_parameters(&self) -> Vec<GlobalParameterRecord> {
        let mut parameters = self.parameters.all_global();
        parameters.retain(|parameter| parameter.name != IMPORTED_HASH);
        parameters
    }

    /// The value of a parameter of the whole broker.
    #[must_use]
    pub fn global_parameter(&self, name: &str) -> Option<Json> {
        self.parameters.find_global(name)
    }

    /// Gives a new broker the global parameters that RabbitMQ's have, and any broker the cluster's
    /// name that the settings give.
    ///
    /// Seen: RabbitMQ 4.3.6: `cluster_name` of its settings is set at each start, whatever was set
    /// while it ran.
    pub(crate) fn name_cluster(&self) {
        let _changes = self.changes.lock();
        let record = |name: &str, value| GlobalParameterRecord {
            name: name.to_owned(),
            value,
        };
        let mut records = Vec::new();
        if self.global_parameter(CLUSTER_ID).is_none() {
            let id = format!("rabbitmq-cluster-id-{}", unguessable());
            records.push(record(CLUSTER_ID, id.into()));
            records.push(record("cluster_tags", Json::Array(Vec::new())));
        }
        let given = self.env.settings.cluster_name.as_deref().map(Json::from);
        if let Some(name) = given
            && self.global_parameter(CLUSTER_NAME).as_ref() != Some(&name)
        {
            records.push(record(CLUSTER_NAME, name));
        }
        if records.is_empty() {
            return;
        }
        let changes: Vec<_> = records.iter().map(Record::put).collect();
        self.env.store.define(&changes);
        for record in records {
            self.parameters.put_global(record);
        }
    }
}

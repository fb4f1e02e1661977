//! The lock of changes while it is held, and what listeners are told of them when it is not.

use std::ops::{Deref, DerefMut};

use leveret_codec::table::{Table, Value};
use serde_json::Value as Json;

use super::{Administration, Changes};
use crate::auth::{PermissionDefinition, TopicPermissionDefinition, UserLimits};
use crate::definitions::{self, GlobalParameterRecord, ParameterRecord, VHOST_LIMITS};
use crate::desk::Desk;
use crate::env::Environment;
use crate::events::{Author, Change, ChangeKind};
use crate::policy::{Issuer, PolicyDefinition};
use crate::sync::MutexGuard;

/// Changes in the making, one caller at a time.
pub(in crate::desk) struct Changing<'a> {
    /// Given back first: no lock may be held when listeners are told.
    held: MutexGuard<'a, Changes>,
    /// What they are told then.
    pub(in crate::desk) telling: Telling<'a>,
}

/// Changes that listeners are told of when this is dropped.
pub(in crate::desk) struct Telling<'a> {
    /// `None` if no listener is to be told: it was so before.
    env: Option<&'a Environment>,
    by: Author,
    /// In their order.
    pub(in crate::desk) told: Vec<Change>,
}

impl<'a> Administration<'a> {
    /// Waits for its turn.
    pub(in crate::desk) fn begin(&self) -> Changing<'a> {
        Changing {
            held: self.desk.changes.lock(),
            telling: Telling {
                env: Some(&self.desk.env),
                by: self.caller.author(),
                told: Vec::new(),
            },
        }
    }
}

impl Desk {
    /// Puts in force again what was in force before a stop, which is no news to listeners.
    pub(in crate::desk) fn begin_restoring(&self) -> Changing<'_> {
        Changing {
            held: self.changes.lock(),
            telling: Telling {
                env: None,
                by: Author::broker(),
                told: Vec::new(),
            },
        }
    }
}

impl Deref for Changing<'_> {
    type Target = Changes;

    fn deref(&self) -> &Changes {
        &self.held
    }
}

impl DerefMut for Changing<'_> {
    fn deref_mut(&mut self) -> &mut Changes {
        &mut self.held
    }
}

impl Telling<'_> {
    /// Something has changed in `vhost`, which is empty for what belongs to none.
    pub(in crate::desk) fn note(
        &mut self,
        kind: ChangeKind,
        vhost: &str,
        fields: impl FnOnce() -> Table,
    ) {
        let Some(env) = self.env else { return };
        self.told.extend(env.change(kind, vhost, &self.by, fields));
    }

    /// A user was changed in a way that has no fields but the name.
    pub(in crate::desk) fn user(&mut self, kind: ChangeKind, name: &str) {
        self.note(kind, "", || Table::new().with("name", name));
    }

    pub(in crate::desk) fn tags(&mut self, name: &str, tags: &[String]) {
        self.note(ChangeKind::UserTagsSet, "", || {
            let tags: Vec<Value> = tags.iter().map(|tag| tag.as_str().into()).collect();
            Table::new().with("name", name).with("tags", tags)
        });
    }

    pub(in crate::desk) fn permission(&mut self, permission: &PermissionDefinition) {
        let PermissionDefinition {
            user,
            vhost,
            configure,
            write,
            read,
        } = permission;
        self.note(ChangeKind::PermissionCreated, vhost, || {
            Table::new()
                .with("user", user.as_str())
                .with("configure", configure.as_str())
                .with("write", write.as_str())
                .with("read", read.as_str())
        });
    }

    pub(in crate::desk) fn topic_permission(&mut self, permission: &TopicPermissionDefinition) {
        let TopicPermissionDefinition {
            user,
            vhost,
            exchange,
            write,
            read,
        } = permission;
        self.note(ChangeKind::TopicPermissionCreated, vhost, || {
            Table::new()
                .with("user", user.as_str())
                .with("exchange", exchange.as_str())
                .with("write", write.as_str())
                .with("read", read.as_str())
        });
    }

    /// A policy was set; one of an operator is a parameter, too.
    pub(in crate::desk) fn policy(&mut self, issuer: Issuer, policy: &PolicyDefinition) {
        if issuer == Issuer::Operator {
            self.parameter(ChangeKind::ParameterSet, &operator_parameter(policy));
        }
        self.note(ChangeKind::PolicySet, &policy.vhost, || {
            let definition = Json::Object(policy.definition.clone());
            Table::new()
                .with("name", policy.name.as_str())
                .with("pattern", json(&policy.pattern))
                .with("apply-to", policy.apply_to.as_str())
                .with("definition", json(&definition))
                .with("priority", json(&policy.priority))
        });
    }

    pub(in crate::desk) fn policy_cleared(&mut self, issuer: Issuer, policy: &PolicyDefinition) {
        let mut kind = ChangeKind::PolicyCleared;
        if issuer == Issuer::Operator {
            self.parameter(ChangeKind::ParameterCleared, &operator_parameter(policy));
            kind = ChangeKind::OperatorPolicyCleared;
        }
        self.note(kind, &policy.vhost, || {
            Table::new().with("name", policy.name.as_str())
        });
    }

    /// A parameter was set or cleared. The limits of a vhost have events of their own, too.
    pub(in crate::desk) fn parameter(&mut self, kind: ChangeKind, record: &ParameterRecord) {
        let ParameterRecord {
            vhost,
            component,
            name,
            value,
        } = record;
        self.one_parameter(kind, (vhost, component), name, value);
        if component != VHOST_LIMITS {
            return;
        }
        if kind == ChangeKind::ParameterSet {
            self.note(ChangeKind::VhostLimitsSet, vhost, || {
                limits(value).with("name", name.as_str())
            });
        } else {
            self.note(ChangeKind::VhostLimitsCleared, vhost, || {
                Table::new().with("name", name.as_str())
            });
        }
    }

    pub(in crate::desk) fn global_parameter(
        &mut self,
        kind: ChangeKind,
        record: &GlobalParameterRecord,
    ) {
        self.one_parameter(kind, ("", "global"), &record.name, &record.value);
    }

    fn one_parameter(
        &mut self,
        kind: ChangeKind,
        (vhost, component): (&str, &str),
        name: &str,
        value: &Json,
    ) {
        self.note(kind, vhost, || {
            let fields = Table::new().with("component", component).with("name", name);
            match kind {
                ChangeKind::ParameterSet => fields.with("value", json(value)),
                _ => fields,
            }
        });
    }

    /// Limits of a user were set, to these, or lifted.
    pub(in crate::desk) fn user_limits(&mut self, user: &str, set: Option<&UserLimits>) {
        let (kind, set) = match set {
            Some(set) => (ChangeKind::UserLimitsSet, serde_json::to_value(set).ok()),
            None => (ChangeKind::UserLimitsCleared, None),
        };
        self.note(kind, "", || {
            set.as_ref()
                .map_or_else(Table::new, limits)
                .with("name", "limits")
                .with("username", user)
        });
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if let Some(env) = self.env {
            env.events.tell_all(self.told.drain(..));
        }
    }
}

/// Limits by their names.
fn limits(value: &Json) -> Table {
    definitions::from_json(Some(value)).unwrap_or_default()
}

/// What a table cannot hold is left out.
fn json(value: &Json) -> Value {
    let of_one = Json::from_iter([("it", value.clone())]);
    let table = definitions::from_json(Some(&of_one)).unwrap_or_default();
    table.get("it").cloned().unwrap_or(Value::Void)
}

fn operator_parameter(policy: &PolicyDefinition) -> ParameterRecord {
    ParameterRecord {
        vhost: policy.vhost.clone(),
        component: Issuer::Operator.component().to_owned(),
        name: policy.name.clone(),
        value: policy.parameter_value(),
    }
}

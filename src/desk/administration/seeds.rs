//! What a new vhost gets by the settings: limits, operator policies, and users with permissions.
//!
//! Docs: vhosts, default limits, policies and users. Seen: RabbitMQ 4.3.6, `PUT /api/vhosts/V` with
//! each of them in its `rabbitmq.conf`: of limits the first ones that fit, in the order of their
//! names; of policies and users all that fit. A user who is there gets the permissions alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{AdminError, Administration, Changing, CheckedParameter, limits};
use crate::auth::{
    AuthError, Pattern, PermissionDefinition, Tags, User, UserDefinition, UserLimits,
};
use crate::config::{Settings, Value};
use crate::definitions::{ParameterRecord, PolicyRecord, Record, VHOST_LIMITS};
use crate::desk::Desk;
use crate::policy::{Issuer, Policy, PolicyDefinition};
use crate::store::DefinitionChange;

/// The fields of a thing of the settings.
struct Fields<'s>(&'s BTreeMap<&'static str, Value>);

/// What a vhost is to get, checked.
#[derive(Default)]
pub(in crate::desk) struct Seeds {
    /// Its limits and operator policies.
    parameters: Vec<CheckedParameter>,
    /// Users who are not there yet.
    users: Vec<User>,
    permissions: Vec<PermissionDefinition>,
}

/// What a pattern is where none is given.
const ANY: &str = ".*";
/// The fields of a policy that are none of its keys.
const OF_POLICY: [&str; 3] = ["vhost_pattern", "queue_pattern", "apply_to"];

impl Fields<'_> {
    fn text(&self, field: &str) -> Option<&str> {
        match self.0.get(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn pattern(&self, field: &str) -> &str {
        self.text(field).unwrap_or(ANY)
    }

    /// Whether a vhost of this name is meant.
    fn fits(&self, field: &str, vhost: &str) -> Result<bool, AdminError> {
        let pattern = Pattern::new(self.pattern(field)).map_err(AuthError::from)?;
        Ok(pattern.matches(vhost))
    }

    /// The fields but for some, as RabbitMQ's objects have them, with dashes.
    fn keys(&self, but: &[&str]) -> Map<String, Json> {
        let keys = self.0.iter().filter(|(field, _)| !but.contains(field));
        let keys = keys.filter_map(|(field, value)| {
            let value = match value {
                Value::Whole(whole) => Json::from(*whole),
                Value::Text(text) => of_text(text),
                _ => return None,
            };
            Some((field.replace('_', "-"), value))
        });
        keys.collect()
    }

    fn limits(&self, vhost: &str) -> Result<CheckedParameter, AdminError> {
        let record = ParameterRecord {
            vhost: vhost.to_owned(),
            component: VHOST_LIMITS.to_owned(),
            name: ParameterRecord::LIMITS.to_owned(),
            value: Json::Object(self.keys(&["pattern"])),
        };
        let limits = limits::vhost_limits(&record.name, &record.value)?;
        Ok(CheckedParameter::Limits(record, limits))
    }

    fn policy(&self, vhost: &str, name: &str) -> Result<CheckedParameter, AdminError> {
        let mut definition = PolicyDefinition::new(vhost, name, self.pattern("queue_pattern"))
            .apply_to(self.text("apply_to").unwrap_or("all"));
        definition.definition = self.keys(&OF_POLICY);
        let issuer = Issuer::Operator;
        let policy = Policy::parse(issuer, &definition)?;
        let record = PolicyRecord { issuer, definition };
        Ok(CheckedParameter::OperatorPolicy(Box::new((record, policy))))
    }

    fn user(&self, name: &str) -> UserDefinition {
        let tags = match self.0.get("tags") {
            Some(Value::List(tags)) => tags.clone(),
            _ => Vec::new(),
        };
        let password = self.text("password").map(str::to_owned);
        UserDefinition {
            name: name.to_owned(),
            password_hash: password.is_none().then(String::new),
            password,
            hashing_algorithm: None,
            tags: Some(Tags::List(tags)),
            limits: UserLimits::default(),
        }
    }

    fn permission(&self, vhost: &str, user: &str) -> PermissionDefinition {
        PermissionDefinition::new(user, vhost)
            .configure(self.pattern("configure"))
            .write(self.pattern("write"))
            .read(self.pattern("read"))
    }
}

/// A number where the text is one: limits and some keys of policies take no text.
fn of_text(text: &str) -> Json {
    match text.parse::<u64>() {
        Ok(number) => number.into(),
        Err(_) => text.into(),
    }
}

/// What is wrong with the things that settings give to new vhosts: the setting, the thing, and why.
pub(crate) fn check_seeds(settings: &Settings) -> Vec<(&'static str, String, AdminError)> {
    let mut wrong = Vec::new();
    let mut note = |key, name: &str, checked: Result<(), AdminError>| {
        wrong.extend(checked.err().map(|error| (key, name.to_owned(), error)));
    };
    for (name, fields) in settings.default_users.iter() {
        let fields = Fields(fields);
        let permission = fields.permission("", name);
        let checked = permission.check().map_err(AuthError::from).map(drop);
        let checked = checked.map_err(AdminError::from);
        note(
            "default_users",
            name,
            checked.and(fields.fits("vhost_pattern", "").map(drop)),
        );
    }
    for (name, fields) in settings.default_policies_operator.iter() {
        let fields = Fields(fields);
        let checked = fields.policy("", name).map(drop);
        let checked = checked.and(fields.fits("vhost_pattern", "").map(drop));
        note("default_policies.operator", name, checked);
    }
    for (name, fields) in settings.default_limits_vhosts.iter() {
        let fits = Fields(fields).fits("pattern", "").map(drop);
        note("default_limits.vhosts", name, fits);
    }
    wrong
}

impl Desk {
    /// What a new vhost of this name is to get. What is wrong in the settings has ended the start.
    pub(super) fn seeds(&self, vhost: &str) -> Seeds {
        let settings = &self.env.settings;
        let fits = |fields: &Fields<'_>, field| fields.fits(field, vhost).unwrap_or(false);
        let mut seeds = Seeds::default();
        let mut all = settings.default_limits_vhosts.iter();
        let limits = all.find(|(_, fields)| fits(&Fields(fields), "pattern"));
        let limits = limits.and_then(|(_, fields)| Fields(fields).limits(vhost).ok());
        seeds.parameters.extend(limits);
        for (name, fields) in settings.default_policies_operator.iter() {
            let fields = Fields(fields);
            let policy = fields.policy(vhost, name).ok();
            let policy = policy.filter(|_| fits(&fields, "vhost_pattern"));
            seeds.parameters.extend(policy);
        }
        for (name, fields) in settings.default_users.iter() {
            let fields = Fields(fields);
            if !fits(&fields, "vhost_pattern") {
                continue;
            }
            let user = match self.auth.user(name) {
                Some(_) => None,
                None => self.auth.check_user(&fields.user(name)).ok(),
            };
            seeds.users.extend(user);
            seeds.permissions.push(fields.permission(vhost, name));
        }
        seeds
    }
}

impl Seeds {
    /// What the store has to know of them.
    pub(super) fn records(&self) -> Vec<DefinitionChange> {
        let parameters = self.parameters.iter().flat_map(CheckedParameter::changes);
        let users = self.users.iter().map(|user| UserDefinition::of(user).put());
        let permissions = self.permissions.iter().map(Record::put);
        parameters.chain(users).chain(permissions).collect()
    }
}

impl Administration<'_> {
    /// Gives a vhost that was just made what it is to get.
    ///
    /// # Errors
    /// None that its check has not found.
    pub(super) fn sow(&self, changes: &mut Changing<'_>, seeds: Seeds) -> Result<(), AuthError> {
        for parameter in seeds.parameters {
            self.desk.apply_parameter(changes, parameter);
        }
        for user in seeds.users {
            self.put_user_in_force(changes, user);
        }
        for permission in &seeds.permissions {
            changes.apply_permission(permission)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Vhosts: made, described, protected, deleted.

use std::sync::Arc;

use leveret_codec::table::{Table, Value};
use leveret_codec::types::ShortString;

use super::policies::policy_records;
use super::seeds::Seeds;
use super::{AdminError, Administration, Caller, Changing, VhostError};
use crate::auth::{AuthError, Change, PermissionDefinition, Tags};
use crate::definitions::{ParameterRecord, PolicyRecord, Record, VHOST_LIMITS, VhostRecord};
use crate::desk::{Desk, Stored};
use crate::events::ChangeKind;
use crate::kind::QueueKind;
use crate::store::{DefinitionChange, DefinitionKind};
use crate::vhost::{Metadata, Vhost};

/// A vhost as an operator asks for it. What is missing goes back to its default, but for tracing
/// and protection, which stay.
///
/// Seen: RabbitMQ 4.3.6, `PUT /api/vhosts/V`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VhostDefinition {
    /// For people; empty if missing.
    pub description: String,
    /// For people and tools; none if missing.
    pub tags: Vec<String>,
    /// What a queue is when its declare does not say: `classic`, `quorum`, `stream`, RabbitMQ's
    /// names of their modules, or `undefined`. The broker's default if missing.
    pub default_queue_type: Option<String>,
    /// Whether copies of its messages go to `amq.rabbitmq.trace`; stays if missing.
    pub tracing: Option<bool>,
    /// Whether it must not be deleted; stays if missing.
    pub protected_from_deletion: Option<bool>,
}

impl VhostDefinition {
    /// Tags as RabbitMQ reads them for vhosts: of a text with commas, empty ones stay.
    ///
    /// Seen: RabbitMQ 4.3.6: `"a, b ,,c"` is `["a","b","","c"]`.
    #[must_use]
    pub fn tags(tags: &Tags) -> Vec<String> {
        match tags {
            Tags::Text(text) if text.is_empty() => Vec::new(),
            Tags::Text(text) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
            Tags::List(tags) => tags.clone(),
        }
    }
}

/// What a stored vhost says about itself.
pub(in crate::desk) fn metadata_of(record: &VhostRecord) -> Result<Metadata, VhostError> {
    Ok(Metadata {
        description: record.description.clone(),
        tags: record.tags.clone(),
        default_queue_type: match &record.default_queue_type {
            None => None,
            Some(word) => Some(queue_type(word)?),
        },
        protected_from_deletion: record.protected_from_deletion,
        tracing: record.tracing,
        made_by: record.made_by.clone(),
    })
}

pub(in crate::desk) fn record_of(name: &str, metadata: &Metadata) -> VhostRecord {
    VhostRecord {
        name: name.to_owned(),
        description: metadata.description.clone(),
        tags: metadata.tags.clone(),
        default_queue_type: metadata
            .default_queue_type
            .map(|kind| kind.as_str().to_owned()),
        protected_from_deletion: metadata.protected_from_deletion,
        tracing: metadata.tracing,
        made_by: metadata.made_by.clone(),
    }
}

fn queue_type(word: &str) -> Result<QueueKind, VhostError> {
    let kinds = [QueueKind::Classic, QueueKind::Quorum, QueueKind::Stream];
    let is_named = |kind: &QueueKind| kind.as_str() == word || kind.module_name() == word;
    match word {
        "" => Err(VhostError::EmptyQueueType),
        _ => kinds
            .into_iter()
            .find(is_named)
            .ok_or_else(|| VhostError::NoQueueType(word.to_owned())),
    }
}

impl Administration<'_> {
    /// Makes a vhost, or describes one anew. Who makes one gets all permissions in it.
    ///
    /// # Errors
    /// [`VhostError`], and not being an administrator.
    pub fn put_vhost(
        &self,
        name: &str,
        definition: &VhostDefinition,
    ) -> Result<Stored<Change>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let checked = self.check_vhost(name, definition)?;
        let stored = self.desk.env.store.define(&self.vhost_records(&checked));
        Ok(Stored {
            value: self.put_vhost_in_force(&mut changes, checked)?,
            until: stored,
        })
    }

    /// What the store has to know of a vhost, and of what comes with a new one.
    pub(in crate::desk) fn vhost_records(&self, vhost: &CheckedVhost) -> Vec<DefinitionChange> {
        let mut records = vec![record_of(&vhost.name, &vhost.metadata).put()];
        records.extend(vhost.seeds.records());
        records.extend(self.of_maker(vhost).as_ref().map(Record::put));
        records
    }

    /// What the user who makes a vhost gets in it.
    fn of_maker(&self, vhost: &CheckedVhost) -> Option<PermissionDefinition> {
        match self.caller {
            Caller::User { user, .. } if vhost.is_new => Some(everything(user.name(), &vhost.name)),
            _ => None,
        }
    }

    /// Puts a vhost in force with what comes with a new one, and tells listeners.
    ///
    /// # Errors
    /// None that its check has not found.
    pub(in crate::desk) fn put_vhost_in_force(
        &self,
        changes: &mut Changing<'_>,
        checked: CheckedVhost,
    ) -> Result<Change, AuthError> {
        let access = self.of_maker(&checked);
        let CheckedVhost {
            name,
            metadata,
            seeds,
            ..
        } = checked;
        let fields = fields_of(&name, &metadata);
        let answer = self.desk.apply_vhost(name.clone(), metadata);
        let mut kind = ChangeKind::VhostUpdated;
        if answer == Change::Added {
            kind = ChangeKind::VhostCreated;
            let by = self.caller.author();
            let exchanges = self.desk.find_vhost(&name);
            let exchanges = exchanges.map(|vhost| vhost.predeclared_changes(&by));
            changes.telling.told.extend(exchanges.unwrap_or_default());
        }
        changes.telling.note(kind, "", || fields);
        self.sow(changes, seeds)?;
        if let Some(access) = access {
            changes.apply_permission(&access)?;
        }
        Ok(answer)
    }

    pub(in crate::desk) fn check_vhost(
        &self,
        name: &str,
        definition: &VhostDefinition,
    ) -> Result<CheckedVhost, VhostError> {
        let desk = self.desk;
        let existing = desk.find_vhost(name);
        let is_new = existing.is_none();
        let before = existing.map(|vhost| vhost.metadata()).unwrap_or_default();
        let made_by = match self.caller {
            Caller::User { user, .. } if is_new => Some(user.name().to_owned()),
            _ => before.made_by.clone(),
        };
        let default = QueueKind::from(desk.env.settings.default_queue_type);
        let default_queue_type = match definition.default_queue_type.as_deref() {
            None | Some("undefined") => default,
            Some(word) => queue_type(word)?,
        };
        if let Some(max) = desk.env.settings.vhost_max
            && is_new
            && desk.vhosts.len() as u64 >= max
        {
            return Err(VhostError::LimitReached(max));
        }
        let protected = definition.protected_from_deletion;
        Ok(CheckedVhost {
            name: ShortString::new(name).ok_or(VhostError::NameTooLong)?,
            seeds: match is_new {
                true => desk.seeds(name),
                false => Seeds::default(),
            },
            is_new,
            metadata: Metadata {
                description: definition.description.clone(),
                tags: definition.tags.clone(),
                default_queue_type: Some(default_queue_type),
                protected_from_deletion: protected.or(before.protected_from_deletion),
                tracing: definition.tracing.unwrap_or(before.tracing),
                made_by,
            },
        })
    }

    /// Protects a vhost from deletion, or lifts that.
    ///
    /// # Errors
    /// A vhost that is missing, and not being an administrator.
    pub fn protect_vhost(&self, name: &str, protected: bool) -> Result<Stored<()>, AdminError> {
        self.change_vhost(name, |metadata| {
            metadata.protected_from_deletion = Some(protected);
        })
    }

    /// Has copies of a vhost's messages go to `amq.rabbitmq.trace`, or stops that.
    ///
    /// # Errors
    /// A vhost that is missing, and not being an administrator.
    pub fn trace_vhost(&self, name: &str, tracing: bool) -> Result<Stored<()>, AdminError> {
        self.change_vhost(name, |metadata| metadata.tracing = tracing)
    }

    fn change_vhost(
        &self,
        name: &str,
        change: impl FnOnce(&mut Metadata),
    ) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let vhost = self.existing_vhost(name)?;
        let mut metadata = Metadata::clone(&vhost.metadata());
        change(&mut metadata);
        let stored = self
            .desk
            .env
            .store
            .define(&[record_of(name, &metadata).put()]);
        let told = (metadata != *vhost.metadata()).then(|| fields_of(name, &metadata));
        vhost.set_metadata(metadata);
        if let Some(fields) = told {
            changes
                .telling
                .note(ChangeKind::VhostUpdated, "", || fields);
        }
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Deletes a vhost with everything in it and closes its connections with 320 `vhost 'v' is
    /// deleted`.
    ///
    /// # Errors
    /// A vhost that is missing or protected, and not being an administrator.
    pub fn delete_vhost(&self, name: &str) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let vhost = self.existing_vhost(name)?;
        if vhost.metadata().protected_from_deletion == Some(true) {
            return Err(VhostError::Protected(name.to_owned()).into());
        }
        let desk = self.desk;
        desk.vhosts.remove(name);
        let explanation = format!("vhost '{name}' is deleted");
        desk.close_connections(&explanation, |session| Arc::ptr_eq(&session.vhost, &vhost));
        for right in desk.auth.export().permissions {
            if right.vhost == name {
                let fields = || Table::new().with("user", right.user.as_str());
                changes
                    .telling
                    .note(ChangeKind::PermissionDeleted, name, fields);
            }
        }
        // What is in it goes first: a start that finds half of it finds the vhost too.
        let gone = vhost.delete_all(desk.env.now(), &self.caller.author());
        changes.telling.told.extend(gone);
        let stored = desk.env.store.define(&self.records_of(&vhost));
        changes.rights.remove_vhost(name);
        for parameter in desk.parameters.of_vhost(name) {
            let kind = ChangeKind::ParameterCleared;
            changes.telling.parameter(kind, &parameter);
        }
        desk.parameters.remove_vhost(name);
        let kind = ChangeKind::VhostDeleted;
        changes
            .telling
            .note(kind, "", || Table::new().with("name", name));
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Empties a vhost: its queues with their messages, its exchanges but those that every vhost
    /// has, its bindings, policies, operator policies and parameters are gone. Its description,
    /// limits and permissions stay, and so do its connections, whose consumers are cancelled.
    ///
    /// # Errors
    /// A vhost that is missing, and not being an administrator.
    pub fn reset_vhost(&self, name: &str) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let vhost = self.existing_vhost(name)?;
        let desk = self.desk;
        let now = desk.env.now();
        let (emptied, gone) = vhost.empty(now, &self.caller.author());
        changes.telling.told.extend(gone);
        let policies = policy_records(&vhost);
        let parameters = desk.parameters.of_vhost(name).into_iter();
        let parameters: Vec<_> = parameters
            .filter(|one| one.component != VHOST_LIMITS)
            .collect();
        let records: Vec<DefinitionChange> = policies
            .iter()
            .map(Record::delete)
            .chain(parameters.iter().map(Record::delete))
            .collect();
        let defined = desk.env.store.define(&records);
        for PolicyRecord { issuer, definition } in &policies {
            vhost.remove_policy(now, *issuer, &definition.name);
            changes.telling.policy_cleared(*issuer, definition);
        }
        for parameter in &parameters {
            desk.parameters.remove(parameter);
            let kind = ChangeKind::ParameterCleared;
            changes.telling.parameter(kind, parameter);
        }
        self.note(name, format_args!("vhost.emptied"));
        Ok(Stored {
            value: (),
            until: emptied.max(defined),
        })
    }

    /// Everything that the store has to forget of a vhost, apart from its topology.
    fn records_of(&self, vhost: &Vhost) -> Vec<DefinitionChange> {
        let name = vhost.name();
        let rights = self.desk.auth.export();
        let is_here = |of: &str| of == &**name;
        let permissions = rights
            .permissions
            .iter()
            .filter(|right| is_here(&right.vhost));
        let topics = rights
            .topic_permissions
            .iter()
            .filter(|right| is_here(&right.vhost));
        let parameters = self.desk.parameters.of_vhost(name);
        let earlier = ParameterRecord::earlier_limits_key(name);
        let the_vhost = record_of(name, &vhost.metadata()).delete();
        permissions
            .map(Record::delete)
            .chain(topics.map(Record::delete))
            .chain(parameters.iter().map(Record::delete))
            .chain([DefinitionChange::Delete(DefinitionKind::Parameter, earlier)])
            .chain(policy_records(vhost).iter().map(Record::delete))
            .chain([the_vhost])
            .collect()
    }

    pub(in crate::desk) fn existing_vhost(&self, name: &str) -> Result<Arc<Vhost>, AdminError> {
        self.desk
            .find_vhost(name)
            .ok_or_else(|| AdminError::NoSuchVhost(name.to_owned()))
    }
}

/// A vhost that can be made or described anew.
pub(in crate::desk) struct CheckedVhost {
    pub(in crate::desk) name: ShortString,
    pub(in crate::desk) is_new: bool,
    pub(in crate::desk) metadata: Metadata,
    /// What comes with a new one.
    pub(super) seeds: Seeds,
}

impl Desk {
    /// Puts a vhost in force.
    pub(in crate::desk) fn apply_vhost(&self, name: ShortString, metadata: Metadata) -> Change {
        if let Some(vhost) = self.find_vhost(&name) {
            vhost.set_metadata(metadata);
            return Change::Replaced;
        }
        let vhost = Vhost::new(name.clone(), metadata, &self.env);
        self.vhosts.insert(name, vhost);
        Change::Added
    }
}

/// What listeners are told of a vhost that is made or changed.
fn fields_of(name: &str, metadata: &Metadata) -> Table {
    let is_protected = metadata.protected_from_deletion.unwrap_or(false);
    let kind = metadata.default_queue_type.unwrap_or_default();
    let tags = metadata.tags.iter();
    let tags: Vec<Value> = tags.map(|tag| tag.as_str().into()).collect();
    Table::new()
        .with("name", name)
        .with("description", metadata.description.as_str())
        .with("tags", tags)
        .with("default_queue_type", kind.as_str())
        .with("protected_from_deletion", is_protected)
        .with("tracing", metadata.tracing)
}

pub(in crate::desk) fn everything(user: &str, vhost: &str) -> PermissionDefinition {
    let all = || ".*".to_owned();
    PermissionDefinition {
        user: user.to_owned(),
        vhost: vhost.to_owned(),
        configure: all(),
        write: all(),
        read: all(),
    }
}

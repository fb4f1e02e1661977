//! Records of the store come back.

use std::collections::BTreeMap;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::row;
use crate::auth::{PermissionDefinition, TopicPermissionDefinition, UserDefinition};
use crate::clock::Now;
use crate::definitions::{
    BindingRecord, ExchangeRecord, GlobalParameterRecord, ParameterRecord, PolicyRecord,
    QueueRecord, Record, VHOST_LIMITS, VhostRecord,
};
use crate::desk::Desk;
use crate::desk::administration::{Changing, limits, metadata_of};
use crate::ids::QueueId;
use crate::policy::Policy;
use crate::store::{Definition, Op, StoreError};
use crate::vhost::{Owners, Vhost};

/// Why a record does not come back: it is said, and the rest does.
pub(super) type RestoreError = Box<dyn std::error::Error>;

impl Desk {
    /// Takes back what the store has kept. `false` if it was empty: then this is a new broker.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub(crate) fn recover(&self, now: Now) -> Result<bool, StoreError> {
        let mut found = Vec::new();
        self.env
            .store
            .recover(&mut |definition| found.push(definition))?;
        found.sort_by_key(|definition| definition.kind);
        let mut changes = self.begin_restoring();
        for definition in &found {
            let restore = row(definition.kind).restore;
            if let Err(error) = restore(self, &mut changes, now, definition) {
                let Definition { kind, key, .. } = definition;
                let name = key.replace('\0', "/");
                crate::log::error!("{kind:?} '{name}' is not restored: {error}");
            }
        }
        drop(changes);
        self.restore_messages(now)?;
        Ok(!found.is_empty())
    }

    fn restore_messages(&self, now: Now) -> Result<(), StoreError> {
        let mut owners = Owners::default();
        for vhost in self.vhosts.iter() {
            vhost.add_owners(&mut owners);
        }
        let mut orphaned: BTreeMap<QueueId, usize> = BTreeMap::new();
        self.env.store.recover_messages(&mut |queue, recovered| {
            if !owners.restore(now, queue, recovered) {
                *orphaned.entry(queue).or_default() += recovered.len();
            }
        })?;
        for (queue, messages) in orphaned {
            if self.env.store.has_lost_definitions() {
                crate::log::error!(
                    "the definition of a queue is lost, and its {messages} messages are in no \
                     queue: `leveret repair` writes them to another directory"
                );
                continue;
            }
            crate::log::debug!("queue {queue} is gone: its stored messages are dropped");
            self.env.store.submit(&mut [Op::Dropped { queue }]);
        }
        // What has expired or overflowed meanwhile dies now.
        for vhost in self.vhosts.iter() {
            for queue in vhost.all_queues() {
                queue.with(now, |queue, effects| queue.dispatch(now, effects));
            }
        }
        Ok(())
    }

    fn its_vhost(&self, name: &str) -> Result<Arc<Vhost>, RestoreError> {
        Ok(self.find_vhost(name).ok_or("its vhost is missing")?)
    }
}

pub(super) fn vhost(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let record = VhostRecord::from_stored(found)?;
    let name = ShortString::new(&record.name).ok_or("its name is too long")?;
    desk.apply_vhost(name, metadata_of(&record)?);
    Ok(())
}

pub(super) fn user(
    desk: &Desk,
    changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let user = desk.auth.check_user(&UserDefinition::from_stored(found)?)?;
    changes.rights.put_user(user);
    Ok(())
}

pub(super) fn permission(
    _desk: &Desk,
    changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    changes.apply_permission(&PermissionDefinition::from_stored(found)?)?;
    Ok(())
}

pub(super) fn topic_permission(
    _desk: &Desk,
    changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    changes.apply_topic_permission(&TopicPermissionDefinition::from_stored(found)?)?;
    Ok(())
}

/// Parameters of components that are not known stay as they are, and have no effect.
pub(super) fn parameter(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let record = ParameterRecord::from_stored(found)?;
    desk.its_vhost(&record.vhost)?;
    if record.component == VHOST_LIMITS {
        let limits = limits::vhost_limits(&record.name, &record.value)?;
        desk.apply_limits(&record.vhost, limits);
    }
    desk.parameters.put(record);
    Ok(())
}

pub(super) fn global_parameter(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    desk.parameters
        .put_global(GlobalParameterRecord::from_stored(found)?);
    Ok(())
}

pub(super) fn policy(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let PolicyRecord { issuer, definition } = PolicyRecord::from_stored(found)?;
    let policy = Policy::parse(issuer, &definition)?;
    desk.its_vhost(&definition.vhost)?
        .put_policy(now, issuer, policy);
    Ok(())
}

pub(super) fn exchange(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let record = ExchangeRecord::from_stored(found)?;
    Ok(desk.its_vhost(&record.vhost)?.restore_exchange(record)?)
}

pub(super) fn queue(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let record = QueueRecord::from_stored(found)?;
    Ok(desk.its_vhost(&record.vhost)?.restore_queue(now, record)?)
}

pub(super) fn binding(
    desk: &Desk,
    _changes: &mut Changing<'_>,
    _now: Now,
    found: &Definition,
) -> Result<(), RestoreError> {
    let record = BindingRecord::from_stored(found)?;
    Ok(desk.its_vhost(&record.vhost)?.restore_binding(record)?)
}

//! Permissions: what a user may do in a vhost, and with the topics of an exchange.

use leveret_codec::table::Table;

use super::{AdminError, Administration, Changing, Missing};
use crate::auth::{AuthError, Change, PermissionDefinition, TopicPermissionDefinition};
use crate::definitions::Record;
use crate::desk::{Desk, Stored};
use crate::events::ChangeKind;

impl Administration<'_> {
    /// Sets what a user may do in a vhost.
    ///
    /// # Errors
    /// An invalid pattern, a vhost or a user that is missing, and not being an administrator.
    pub fn put_permission(
        &self,
        permission: &PermissionDefinition,
    ) -> Result<Stored<Change>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        self.desk.check_permission(permission)?;
        let stored = self.desk.env.store.define(&[permission.put()]);
        let answer = changes.apply_permission(permission)?;
        Ok(Stored {
            value: answer,
            until: stored,
        })
    }

    /// Takes away what a user may do in a vhost.
    ///
    /// # Errors
    /// If that was nothing, and not being an administrator.
    pub fn clear_permission(&self, user: &str, vhost: &str) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let rights = self.desk.auth.export().permissions.into_iter();
        let found = rights.filter(|right| right.user == user && right.vhost == vhost);
        let deletions: Vec<_> = found.map(|right| right.delete()).collect();
        if deletions.is_empty() {
            return Err(AdminError::NotFound(Missing::Permission));
        }
        let stored = self.desk.env.store.define(&deletions);
        changes.rights.remove_access(user, vhost);
        let kind = ChangeKind::PermissionDeleted;
        changes
            .telling
            .note(kind, vhost, || Table::new().with("user", user));
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Sets what a user may do with the topics of an exchange, which need not be a topic exchange.
    ///
    /// # Errors
    /// An invalid pattern, a vhost, user or exchange that is missing, and not being an
    /// administrator.
    pub fn put_topic_permission(
        &self,
        permission: &TopicPermissionDefinition,
    ) -> Result<Stored<Change>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        self.desk.check_topic_permission(permission)?;
        let stored = self.desk.env.store.define(&[permission.put()]);
        let answer = changes.apply_topic_permission(permission)?;
        Ok(Stored {
            value: answer,
            until: stored,
        })
    }

    /// Lifts the restriction of a user to topics of `exchange`, or of all exchanges of the vhost.
    ///
    /// # Errors
    /// If there was none in the whole vhost, and not being an administrator.
    pub fn clear_topic_permission(
        &self,
        user: &str,
        vhost: &str,
        exchange: Option<&str>,
    ) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let rights = self.desk.auth.export().topic_permissions.into_iter();
        let of_both = rights.filter(|right| right.user == user && right.vhost == vhost);
        let of_both: Vec<TopicPermissionDefinition> = of_both.collect();
        if of_both.is_empty() {
            return Err(AdminError::NotFound(Missing::TopicPermission));
        }
        let is_meant =
            |right: &&TopicPermissionDefinition| exchange.is_none_or(|name| right.exchange == name);
        let meant: Vec<&TopicPermissionDefinition> = of_both.iter().filter(is_meant).collect();
        let deletions: Vec<_> = meant.iter().map(|right| right.delete()).collect();
        let stored = self.desk.env.store.define(&deletions);
        for right in meant {
            changes.rights.remove_topics(user, vhost, &right.exchange);
        }
        let kind = ChangeKind::TopicPermissionDeleted;
        changes
            .telling
            .note(kind, vhost, || Table::new().with("user", user));
        Ok(Stored {
            value: (),
            until: stored,
        })
    }
}

impl Desk {
    /// Whether a permission can be set.
    pub(in crate::desk) fn check_permission(
        &self,
        permission: &PermissionDefinition,
    ) -> Result<(), AdminError> {
        permission.check().map_err(AuthError::from)?;
        self.check_vhost_and_user(&permission.vhost, &permission.user)
    }

    /// Whether a topic permission can be set.
    pub(in crate::desk) fn check_topic_permission(
        &self,
        permission: &TopicPermissionDefinition,
    ) -> Result<(), AdminError> {
        permission.check().map_err(AuthError::from)?;
        self.check_vhost_and_user(&permission.vhost, &permission.user)?;
        let exchange = &permission.exchange;
        let vhost = self.find_vhost(&permission.vhost);
        if vhost.is_some_and(|vhost| vhost.find_exchange(exchange).is_some()) {
            Ok(())
        } else {
            Err(AdminError::NoSuchExchange(exchange.clone()))
        }
    }

    fn check_vhost_and_user(&self, vhost: &str, user: &str) -> Result<(), AdminError> {
        if self.find_vhost(vhost).is_none() {
            return Err(AdminError::NoSuchVhost(vhost.to_owned()));
        }
        self.auth.existing(user)?;
        Ok(())
    }
}

impl Changing<'_> {
    /// Puts a permission in force.
    pub(in crate::desk) fn apply_permission(
        &mut self,
        permission: &PermissionDefinition,
    ) -> Result<Change, AuthError> {
        let access = permission.check()?;
        let PermissionDefinition { user, vhost, .. } = permission;
        let answer = self.rights.put_access(user, vhost, access)?;
        self.telling.permission(permission);
        Ok(answer)
    }

    /// Puts a topic permission in force.
    pub(in crate::desk) fn apply_topic_permission(
        &mut self,
        permission: &TopicPermissionDefinition,
    ) -> Result<Change, AuthError> {
        let access = permission.check()?;
        let TopicPermissionDefinition {
            user,
            vhost,
            exchange,
            ..
        } = permission;
        let answer = self.rights.put_topics(user, vhost, exchange, access)?;
        self.telling.topic_permission(permission);
        Ok(answer)
    }
}

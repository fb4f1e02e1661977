//! Users: made, changed, deleted, and what limits them.

use serde_json::Value as Json;

use super::{AdminError, Administration, Changing, limits};
use crate::auth::{AuthDefinitions, AuthError, Change, Tags, User, UserDefinition, UserLimits};
use crate::definitions::Record;
use crate::desk::Stored;
use crate::events::ChangeKind;
use crate::store::DefinitionChange;

impl Administration<'_> {
    /// Adds a user without tags.
    ///
    /// # Errors
    /// A user of that name, a blank name, and not being an administrator.
    pub fn add_user(&self, name: &str, password: &str) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        if self.desk.auth.user(name).is_some() {
            return Err(AuthError::UserExists(name.to_owned()).into());
        }
        let definition = UserDefinition {
            name: name.to_owned(),
            password: Some(password.to_owned()),
            password_hash: None,
            hashing_algorithm: None,
            tags: Some(Tags::List(Vec::new())),
            limits: UserLimits::default(),
        };
        let user = self.desk.auth.check_user(&definition)?;
        let Stored { until: stored, .. } = self.put(&mut changes, user);
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Adds a user, or gives one a new password (or none) and new tags; permissions and limits
    /// that are not mentioned stay.
    ///
    /// # Errors
    /// What is wrong with the definition, and not being an administrator.
    pub fn put_user(&self, definition: &UserDefinition) -> Result<Stored<Change>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let user = self.desk.auth.check_user(definition)?;
        Ok(self.put(&mut changes, user))
    }

    /// Sets a new password; with `None`, the user cannot log in by password.
    ///
    /// # Errors
    /// A user that is missing, and not being an administrator.
    pub fn set_password(
        &self,
        name: &str,
        password: Option<&str>,
    ) -> Result<Stored<()>, AdminError> {
        let hashing = self.desk.auth.hashing();
        self.change_user(name, |user| Ok(user.with_password(password, hashing)?))
    }

    /// Replaces all tags.
    ///
    /// # Errors
    /// A user that is missing, and not being an administrator.
    pub fn set_tags(&self, name: &str, tags: Vec<String>) -> Result<Stored<()>, AdminError> {
        self.change_user(name, |user| Ok(user.with_tags(tags)))
    }

    /// Sets the limits that are given; others stay.
    ///
    /// # Errors
    /// A user that is missing, and not being an administrator.
    pub fn set_user_limits(
        &self,
        name: &str,
        limits: UserLimits,
    ) -> Result<Stored<()>, AdminError> {
        self.change_user(name, |user| {
            let limits = user.limits().merged(limits);
            Ok(user.with_limits(limits))
        })
    }

    /// Sets one limit, `max-connections` or `max-channels`, to a number; a negative one is none.
    ///
    /// # Errors
    /// A user that is missing, a limit that is unknown or no number, and not being an
    /// administrator.
    pub fn set_user_limit(
        &self,
        name: &str,
        limit: &str,
        value: &Json,
    ) -> Result<Stored<()>, AdminError> {
        self.change_user(name, |user| {
            let given = limits::user_limits(&Json::from_iter([(limit, value.clone())]));
            let limits = user.limits().merged(given.map_err(AdminError::UserLimits)?);
            Ok(user.with_limits(limits))
        })
    }

    /// Lifts one limit; one that is not set, or unknown, is fine.
    ///
    /// # Errors
    /// A user that is missing, and not being an administrator.
    pub fn clear_user_limit(&self, name: &str, limit: &str) -> Result<Stored<()>, AdminError> {
        self.change_user(name, |user| {
            let mut limits = user.limits();
            match limit {
                limits::MAX_CONNECTIONS => limits.max_connections = None,
                limits::MAX_CHANNELS => limits.max_channels = None,
                _ => {}
            }
            Ok(user.with_limits(limits))
        })
    }

    /// Lifts all limits.
    ///
    /// # Errors
    /// A user that is missing, and not being an administrator.
    pub fn clear_user_limits(&self, name: &str) -> Result<Stored<()>, AdminError> {
        self.change_user(name, |user| Ok(user.with_limits(UserLimits::default())))
    }

    /// Removes a user with all permissions and closes the user's connections with 320 `user 'u' is
    /// deleted`.
    ///
    /// # Errors
    /// A user that is missing, and not being an administrator.
    pub fn delete_user(&self, name: &str) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        self.desk.auth.existing(name)?;
        Ok(self.remove_users(&mut changes, &[name]))
    }

    /// Removes many users at once; those that are missing are fine.
    ///
    /// # Errors
    /// Not being an administrator.
    pub fn delete_users(&self, names: &[&str]) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let is_there = |name: &&&str| self.desk.auth.user(name).is_some();
        let there: Vec<&str> = names.iter().filter(is_there).copied().collect();
        Ok(self.remove_users(&mut changes, &there))
    }

    fn change_user(
        &self,
        name: &str,
        change: impl FnOnce(User) -> Result<User, AdminError>,
    ) -> Result<Stored<()>, AdminError> {
        self.for_administrators()?;
        let mut changes = self.begin();
        let user = change(self.desk.auth.existing(name)?)?;
        let Stored { until: stored, .. } = self.put(&mut changes, user);
        Ok(Stored {
            value: (),
            until: stored,
        })
    }

    /// Puts a user in force and tells listeners what is different.
    pub(in crate::desk) fn put_user_in_force(
        &self,
        changes: &mut Changing<'_>,
        user: User,
    ) -> Change {
        let before = self.desk.auth.user(user.name());
        let name = user.name().to_owned();
        let after = UserDefinition::of(&user);
        let tags: Vec<String> = user.tags().to_vec();
        let answer = changes.rights.put_user(user);
        let telling = &mut changes.telling;
        let Some(before) = before else {
            telling.user(ChangeKind::UserCreated, &name);
            telling.tags(&name, &tags);
            return answer;
        };
        let earlier = UserDefinition::of(&before);
        if earlier.password_hash != after.password_hash {
            let kind = match after.password_hash.as_deref() {
                None | Some("") => ChangeKind::UserPasswordCleared,
                Some(_) => ChangeKind::UserPasswordChanged,
            };
            telling.user(kind, &name);
        }
        if before.tags() != tags {
            telling.tags(&name, &tags);
        }
        if earlier.limits != after.limits {
            let is_set = after.limits != UserLimits::default();
            telling.user_limits(&name, is_set.then_some(&after.limits));
        }
        answer
    }

    fn put(&self, changes: &mut Changing<'_>, user: User) -> Stored<Change> {
        let stored = self
            .desk
            .env
            .store
            .define(&[UserDefinition::of(&user).put()]);
        let answer = self.put_user_in_force(changes, user);
        Stored {
            value: answer,
            until: stored,
        }
    }

    fn remove_users(&self, changes: &mut Changing<'_>, names: &[&str]) -> Stored<()> {
        let desk = self.desk;
        let rights = desk.auth.export();
        let is_meant = |user: &str| names.contains(&user);
        let stored = desk.env.store.define(&forgotten(&rights, is_meant));
        for name in names {
            changes.rights.remove_user(name);
            changes.telling.user(ChangeKind::UserDeleted, name);
            let explanation = format!("user '{name}' is deleted");
            desk.close_connections(&explanation, |session| session.user_name() == *name);
        }
        Stored {
            value: (),
            until: stored,
        }
    }
}

/// What the store has to forget of the users that are meant.
fn forgotten(rights: &AuthDefinitions, is_meant: impl Fn(&str) -> bool) -> Vec<DefinitionChange> {
    let permissions = rights.permissions.iter();
    let topics = rights.topic_permissions.iter();
    let users = rights.users.iter();
    permissions
        .filter(|right| is_meant(&right.user))
        .map(Record::delete)
        .chain(
            topics
                .filter(|right| is_meant(&right.user))
                .map(Record::delete),
        )
        .chain(
            users
                .filter(|user| is_meant(&user.name))
                .map(Record::delete),
        )
        .collect()
}

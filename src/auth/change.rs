//! Changes of users and permissions: checked as values, then put in their place.
//!
//! Checking needs no lock and changes nothing. Only [`AuthWriter`] changes what an [`Auth`] says,
//! in memory; there is one, and it belongs to the part of the desk that stores every change in the
//! order in which it is made.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering},
};

use super::{
    Access, Account, Accounts, Auth, AuthDefinitions, HashingAlgorithm, InvalidPattern, Operation,
    PasswordError, PasswordHash, PermissionDefinition, TopicAccess, TopicPermissionDefinition,
    User, UserDefinition, UserLimits,
};

/// Whether something is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It took the place of an older one.
    Replaced,
}

/// The only way to change what an [`Auth`] says. It changes memory alone: the caller stores the
/// change.
pub struct AuthWriter(Arc<Accounts>);

impl Auth {
    /// The user that `definition` makes: a new one, or the one of that name with a new password
    /// (or none) and new tags, over the limits of before.
    ///
    /// # Errors
    /// `BlankUserName`, `TagsMissing`, `BothPasswordAndHash`, or what is wrong with the hash.
    pub fn check_user(&self, definition: &UserDefinition) -> Result<User, AuthError> {
        if definition.name.is_empty() {
            return Err(AuthError::BlankUserName);
        }
        let tags = definition.tags.as_ref().ok_or(AuthError::TagsMissing)?;
        let password = definition.hash(self.settings.hashing)?;
        let before = self.user(&definition.name);
        let limits = before.map_or_else(UserLimits::default, |before| before.limits);
        Ok(User {
            name: definition.name.as_str().into(),
            password,
            tags: tags.to_list().into(),
            limits: limits.merged(definition.limits),
        })
    }

    /// The user of that name, to be changed and put in its place.
    ///
    /// # Errors
    /// `NoSuchUser`.
    pub fn existing(&self, name: &str) -> Result<User, AuthError> {
        self.user(name)
            .map(|user| User::clone(&user))
            .ok_or_else(|| AuthError::NoSuchUser(name.to_owned()))
    }

    /// What new passwords are hashed with.
    #[must_use]
    pub fn hashing(&self) -> HashingAlgorithm {
        self.settings.hashing
    }

    /// Everything, sorted, as definitions.
    #[must_use]
    pub fn export(&self) -> AuthDefinitions {
        let accounts = self.accounts.by_name.read();
        let mut definitions = AuthDefinitions::default();
        for (user, account) in accounts.iter() {
            definitions.users.push(UserDefinition::of(&account.user));
            for (vhost, access) in &account.access {
                definitions
                    .permissions
                    .push(permission_of(user, vhost, access));
            }
            for (vhost, exchanges) in &account.topics {
                for (exchange, access) in exchanges {
                    let right = topic_permission_of(user, vhost, exchange, access);
                    definitions.topic_permissions.push(right);
                }
            }
        }
        definitions
    }
}

fn permission_of(user: &str, vhost: &str, access: &Access) -> PermissionDefinition {
    let pattern = |operation| access.pattern(operation).as_str().to_owned();
    PermissionDefinition {
        user: user.to_owned(),
        vhost: vhost.to_owned(),
        configure: pattern(Operation::Configure),
        write: pattern(Operation::Write),
        read: pattern(Operation::Read),
    }
}

fn topic_permission_of(
    user: &str,
    vhost: &str,
    exchange: &str,
    access: &TopicAccess,
) -> TopicPermissionDefinition {
    TopicPermissionDefinition {
        user: user.to_owned(),
        vhost: vhost.to_owned(),
        exchange: exchange.to_owned(),
        write: access.write().to_owned(),
        read: access.read().to_owned(),
    }
}

impl PermissionDefinition {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The first that is invalid, in the order configure, write, read.
    pub(crate) fn check(&self) -> Result<Access, InvalidPattern> {
        Access::new(&self.configure, &self.write, &self.read)
    }
}

impl TopicPermissionDefinition {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The first that is invalid, in the order write, read.
    pub(crate) fn check(&self) -> Result<TopicAccess, InvalidPattern> {
        TopicAccess::new(&self.user, &self.vhost, &self.write, &self.read)
    }
}

impl User {
    /// The same user with another password; with `None`, without one.
    ///
    /// # Errors
    /// No random octets for the salt.
    pub fn with_password(
        mut self,
        password: Option<&str>,
        hashing: HashingAlgorithm,
    ) -> Result<Self, AuthError> {
        self.password = match password {
            Some(text) => PasswordHash::create(hashing, text.as_bytes())?,
            None => PasswordHash::none(),
        };
        Ok(self)
    }

    /// The same user with other tags.
    #[must_use]
    pub fn with_tags(mut self, tags: Vec<String>) -> Self {
        self.tags = tags.into();
        self
    }

    /// The same user with other limits; those not given are none.
    #[must_use]
    pub fn with_limits(mut self, limits: UserLimits) -> Self {
        self.limits = limits;
        self
    }
}

impl AuthWriter {
    pub(super) fn new(accounts: &Arc<Accounts>) -> Self {
        Self(Arc::clone(accounts))
    }

    /// Puts a user in its place. Permissions of an older self stay.
    pub fn put_user(&mut self, user: User) -> Change {
        self.change(|accounts| {
            if let Some(account) = accounts.get_mut(&user.name) {
                account.user = Arc::new(user);
                return Change::Replaced;
            }
            let name = Arc::clone(&user.name);
            accounts.insert(name, Account::new(user));
            Change::Added
        })
    }

    /// Removes a user with all permissions. Says whether there was one.
    pub fn remove_user(&mut self, name: &str) -> bool {
        self.remove(|accounts| accounts.remove(name).is_some())
    }

    /// Sets what a user may do in a vhost.
    ///
    /// # Errors
    /// `NoSuchUser`.
    pub fn put_access(
        &mut self,
        user: &str,
        vhost: &str,
        access: Access,
    ) -> Result<Change, AuthError> {
        self.change(|accounts| {
            let account = account(accounts, user)?;
            Ok(put(&mut account.access, vhost, access))
        })
    }

    /// Takes away all permissions of `user` in `vhost`. Says whether there were any.
    pub fn remove_access(&mut self, user: &str, vhost: &str) -> bool {
        self.remove(|accounts| {
            let account = accounts.get_mut(user);
            account.is_some_and(|account| account.access.remove(vhost).is_some())
        })
    }

    /// Sets which topics of an exchange a user may use.
    ///
    /// # Errors
    /// `NoSuchUser`.
    pub fn put_topics(
        &mut self,
        user: &str,
        vhost: &str,
        exchange: &str,
        access: TopicAccess,
    ) -> Result<Change, AuthError> {
        self.change(|accounts| {
            let topics = &mut account(accounts, user)?.topics;
            let exchanges = topics.entry(vhost.into()).or_default();
            Ok(put(exchanges, exchange, access))
        })
    }

    /// Lifts the restriction of `user` to topics of `exchange` in `vhost`. Says whether there was
    /// one.
    pub fn remove_topics(&mut self, user: &str, vhost: &str, exchange: &str) -> bool {
        self.remove(|accounts| {
            let Some(account) = accounts.get_mut(user) else {
                return false;
            };
            let Some(exchanges) = account.topics.get_mut(vhost) else {
                return false;
            };
            let removed = exchanges.remove(exchange).is_some();
            if exchanges.is_empty() {
                account.topics.remove(vhost);
            }
            removed
        })
    }

    /// Forgets all permissions in a vhost. Says whether there were any.
    pub fn remove_vhost(&mut self, vhost: &str) -> bool {
        self.remove(|accounts| {
            let mut removed = false;
            for account in accounts.values_mut() {
                removed |= account.access.remove(vhost).is_some();
                removed |= account.topics.remove(vhost).is_some();
            }
            removed
        })
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut BTreeMap<Arc<str>, Account>) -> T) -> T {
        let mut accounts = self.0.by_name.write();
        let changed = change(&mut accounts);
        self.0.generation.fetch_add(1, Ordering::Release);
        changed
    }

    fn remove(&mut self, remove: impl FnOnce(&mut BTreeMap<Arc<str>, Account>) -> bool) -> bool {
        let mut accounts = self.0.by_name.write();
        let removed = remove(&mut accounts);
        if removed {
            self.0.generation.fetch_add(1, Ordering::Release);
        }
        removed
    }
}

fn account<'a>(
    accounts: &'a mut BTreeMap<Arc<str>, Account>,
    user: &str,
) -> Result<&'a mut Account, AuthError> {
    accounts
        .get_mut(user)
        .ok_or_else(|| AuthError::NoSuchUser(user.to_owned()))
}

fn put<T>(map: &mut BTreeMap<Arc<str>, Arc<T>>, name: &str, value: T) -> Change {
    match map.insert(name.into(), Arc::new(value)) {
        None => Change::Added,
        Some(_) => Change::Replaced,
    }
}

/// Why a change was not made; nothing was changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// There is a user of that name.
    UserExists(String),
    /// There is no user of that name.
    NoSuchUser(String),
    /// A user needs a name.
    BlankUserName,
    /// A user needs tags, if only an empty list.
    TagsMissing,
    /// One of `password` and `password_hash` is enough.
    BothPasswordAndHash,
    /// A permission that is no regular expression.
    InvalidPattern(InvalidPattern),
    /// A password that could not be hashed, or a hash that is none.
    Password(PasswordError),
}

/// Seen: RabbitMQ 4.3.6, its command line for users, its HTTP API for the rest.
impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserExists(name) => write!(f, "User \"{name}\" already exists"),
            Self::NoSuchUser(name) => write!(f, "User \"{name}\" does not exist"),
            Self::BlankUserName => f.write_str("user cannot be an empty string"),
            Self::TagsMissing => f.write_str("tags_not_present"),
            Self::BothPasswordAndHash => {
                f.write_str("both_password_and_password_hash_are_provided")
            }
            Self::InvalidPattern(error) => error.fmt(f),
            Self::Password(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AuthError {}

impl From<InvalidPattern> for AuthError {
    fn from(error: InvalidPattern) -> Self {
        Self::InvalidPattern(error)
    }
}

impl From<PasswordError> for AuthError {
    fn from(error: PasswordError) -> Self {
        Self::Password(error)
    }
}

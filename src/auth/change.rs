//! Changes of users and permissions, one by one or by definitions.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::{Arc, atomic::Ordering},
};

use super::{
    Access, Account, Auth, AuthDefinitions, InvalidPattern, Operation, PasswordError, PasswordHash,
    PermissionDefinition, TopicAccess, TopicPermissionDefinition, User, UserDefinition, UserLimits,
};

/// Whether something is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It took the place of an older one.
    Replaced,
}

/// A definition that has been checked and only needs its user to be there.
enum Step {
    User {
        name: Arc<str>,
        password: PasswordHash,
        tags: Box<[String]>,
        limits: UserLimits,
    },
    Permission {
        user: String,
        vhost: String,
        access: Access,
    },
    Topic {
        user: String,
        vhost: String,
        exchange: String,
        access: TopicAccess,
    },
}

impl Auth {
    /// Adds a user without tags.
    ///
    /// # Errors
    /// `UserExists`, `BlankUserName`, or no random octets for the salt.
    pub fn add_user(&self, name: &str, password: &str) -> Result<(), AuthError> {
        check_name(name)?;
        let password = PasswordHash::create(self.settings.hashing, password.as_bytes())?;
        self.change(|accounts| {
            if accounts.contains_key(name) {
                return Err(AuthError::UserExists(name.to_owned()));
            }
            let (tags, limits) = (Box::default(), UserLimits::default());
            let user = Step::User {
                name: name.into(),
                password,
                tags,
                limits,
            };
            user.apply(accounts)
        })?;
        Ok(())
    }

    /// Adds a user or gives an existing one a new password (or none) and new tags; permissions
    /// and unmentioned limits stay.
    ///
    /// # Errors
    /// `BlankUserName`, `TagsMissing`, `BothPasswordAndHash`, or what is wrong with the hash.
    pub fn put_user(&self, definition: &UserDefinition) -> Result<Change, AuthError> {
        let step = self.user_step(definition)?;
        self.change(|accounts| step.apply(accounts))
    }

    /// Removes a user with all permissions. Connections of that user are the caller's to close.
    /// Says whether there was one.
    pub fn remove_user(&self, name: &str) -> bool {
        self.remove(|accounts| accounts.remove(name).is_some())
    }

    /// Sets a new password; with `None`, the user cannot log in by password.
    ///
    /// # Errors
    /// `NoSuchUser`, or no random octets for the salt.
    pub fn set_password(&self, name: &str, password: Option<&str>) -> Result<(), AuthError> {
        let password = match password {
            Some(text) => PasswordHash::create(self.settings.hashing, text.as_bytes())?,
            None => PasswordHash::none(),
        };
        self.change_user(name, |user| user.password = password)
    }

    /// Replaces all tags.
    ///
    /// # Errors
    /// `NoSuchUser`.
    pub fn set_tags(&self, name: &str, tags: Vec<String>) -> Result<(), AuthError> {
        self.change_user(name, |user| user.tags = tags.into())
    }

    /// Sets the limits that are given; others stay.
    ///
    /// # Errors
    /// `NoSuchUser`.
    pub fn set_user_limits(&self, name: &str, limits: UserLimits) -> Result<(), AuthError> {
        self.change_user(name, |user| user.limits = user.limits.merged(limits))
    }

    /// Replaces all limits, those not given by none.
    ///
    /// # Errors
    /// `NoSuchUser`.
    pub fn replace_user_limits(&self, name: &str, limits: UserLimits) -> Result<(), AuthError> {
        self.change_user(name, |user| user.limits = limits)
    }

    /// Sets what a user may do in a vhost, which the caller knows to exist.
    ///
    /// # Errors
    /// `InvalidPattern`, then `NoSuchUser`.
    pub fn set_permissions(&self, permission: &PermissionDefinition) -> Result<Change, AuthError> {
        let step = permission_step(permission)?;
        self.change(|accounts| step.apply(accounts))
    }

    /// Takes away all permissions of `user` in `vhost`. Says whether there were any.
    pub fn clear_permissions(&self, user: &str, vhost: &str) -> bool {
        self.remove(|accounts| {
            let account = accounts.get_mut(user);
            account.is_some_and(|account| account.access.remove(vhost).is_some())
        })
    }

    /// Sets which topics a user may use; the caller knows vhost and exchange to exist.
    ///
    /// # Errors
    /// `InvalidPattern`, then `NoSuchUser`.
    pub fn set_topic_permissions(
        &self,
        permission: &TopicPermissionDefinition,
    ) -> Result<Change, AuthError> {
        let step = topic_step(permission)?;
        self.change(|accounts| step.apply(accounts))
    }

    /// Lifts the restriction of `user` to topics of `exchange`, or of all exchanges of `vhost`.
    /// Says whether there was one.
    pub fn clear_topic_permissions(&self, user: &str, vhost: &str, exchange: Option<&str>) -> bool {
        self.remove(|accounts| {
            let Some(account) = accounts.get_mut(user) else {
                return false;
            };
            let Some(exchange) = exchange else {
                return account.topics.remove(vhost).is_some();
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

    /// Forgets everybody's permissions in a vhost that is gone. Says whether there were any.
    pub fn remove_vhost(&self, vhost: &str) -> bool {
        self.remove(|accounts| {
            let mut removed = false;
            for account in accounts.values_mut() {
                removed |= account.access.remove(vhost).is_some();
                removed |= account.topics.remove(vhost).is_some();
            }
            removed
        })
    }

    /// Everything, sorted, as definitions.
    #[must_use]
    pub fn export(&self) -> AuthDefinitions {
        let accounts = self.accounts.read();
        let mut definitions = AuthDefinitions::default();
        for (user, account) in accounts.iter() {
            definitions.users.push(UserDefinition::of(&account.user));
            for (vhost, access) in &account.access {
                let pattern = |operation| access.pattern(operation).as_str().to_owned();
                definitions.permissions.push(PermissionDefinition {
                    user: user.to_string(),
                    vhost: vhost.to_string(),
                    configure: pattern(Operation::Configure),
                    write: pattern(Operation::Write),
                    read: pattern(Operation::Read),
                });
            }
            for (vhost, exchanges) in &account.topics {
                for (exchange, access) in exchanges {
                    definitions
                        .topic_permissions
                        .push(TopicPermissionDefinition {
                            user: user.to_string(),
                            vhost: vhost.to_string(),
                            exchange: exchange.to_string(),
                            write: access.write().to_owned(),
                            read: access.read().to_owned(),
                        });
                }
            }
        }
        definitions
    }

    /// Lays definitions over what is there; removes nothing. All of them or, with an error,
    /// none. The caller knows all vhosts and exchanges in them to exist.
    ///
    /// # Errors
    /// As the single calls.
    pub fn import(&self, definitions: &AuthDefinitions) -> Result<(), AuthError> {
        let users = definitions.users.iter().map(|user| self.user_step(user));
        let permissions = definitions.permissions.iter().map(permission_step);
        let topics = definitions.topic_permissions.iter().map(topic_step);
        let steps: Vec<_> = users
            .chain(permissions)
            .chain(topics)
            .collect::<Result<_, _>>()?;
        let named: HashSet<_> = definitions.users.iter().map(|user| &*user.name).collect();
        self.change(|accounts| {
            let known = |user: &str| named.contains(user) || accounts.contains_key(user);
            if let Some(user) = steps
                .iter()
                .filter_map(Step::needs)
                .find(|user| !known(user))
            {
                return Err(AuthError::NoSuchUser(user.to_owned()));
            }
            for step in steps {
                step.apply(accounts)?;
            }
            Ok(())
        })
    }

    fn user_step(&self, definition: &UserDefinition) -> Result<Step, AuthError> {
        check_name(&definition.name)?;
        let tags = definition.tags.as_ref().ok_or(AuthError::TagsMissing)?;
        Ok(Step::User {
            name: definition.name.as_str().into(),
            password: definition.hash(self.settings.hashing)?,
            tags: tags.to_list().into(),
            limits: definition.limits,
        })
    }

    fn change_user(&self, name: &str, change: impl FnOnce(&mut User)) -> Result<(), AuthError> {
        self.change(|accounts| {
            let account = account(accounts, name)?;
            change(Arc::make_mut(&mut account.user));
            Ok(())
        })
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<Arc<str>, Account>) -> Result<T, AuthError>,
    ) -> Result<T, AuthError> {
        let mut accounts = self.accounts.write();
        let changed = change(&mut accounts)?;
        self.generation.fetch_add(1, Ordering::Release);
        Ok(changed)
    }

    fn remove(&self, remove: impl FnOnce(&mut BTreeMap<Arc<str>, Account>) -> bool) -> bool {
        let mut accounts = self.accounts.write();
        let removed = remove(&mut accounts);
        if removed {
            self.generation.fetch_add(1, Ordering::Release);
        }
        removed
    }
}

fn check_name(name: &str) -> Result<(), AuthError> {
    if name.is_empty() {
        Err(AuthError::BlankUserName)
    } else {
        Ok(())
    }
}

fn permission_step(permission: &PermissionDefinition) -> Result<Step, AuthError> {
    let PermissionDefinition {
        user,
        vhost,
        configure,
        write,
        read,
    } = permission;
    let access = Access::new(configure, write, read)?;
    Ok(Step::Permission {
        user: user.clone(),
        vhost: vhost.clone(),
        access,
    })
}

fn topic_step(permission: &TopicPermissionDefinition) -> Result<Step, AuthError> {
    let TopicPermissionDefinition {
        user,
        vhost,
        exchange,
        write,
        read,
    } = permission;
    let access = TopicAccess::new(user, vhost, write, read)?;
    let (user, vhost, exchange) = (user.clone(), vhost.clone(), exchange.clone());
    Ok(Step::Topic {
        user,
        vhost,
        exchange,
        access,
    })
}

fn account<'a>(
    accounts: &'a mut BTreeMap<Arc<str>, Account>,
    user: &str,
) -> Result<&'a mut Account, AuthError> {
    accounts
        .get_mut(user)
        .ok_or_else(|| AuthError::NoSuchUser(user.to_owned()))
}

fn put<T>(map: &mut BTreeMap<Arc<str>, Arc<T>>, name: String, value: T) -> Change {
    match map.insert(name.into(), Arc::new(value)) {
        None => Change::Added,
        Some(_) => Change::Replaced,
    }
}

impl Step {
    /// The user that must be there.
    fn needs(&self) -> Option<&str> {
        match self {
            Self::User { .. } => None,
            Self::Permission { user, .. } | Self::Topic { user, .. } => Some(user),
        }
    }

    fn apply(self, accounts: &mut BTreeMap<Arc<str>, Account>) -> Result<Change, AuthError> {
        match self {
            Self::User {
                name,
                password,
                tags,
                limits,
            } => Ok(put_user(
                accounts,
                User {
                    name,
                    password,
                    tags,
                    limits,
                },
            )),
            Self::Permission {
                user,
                vhost,
                access,
            } => Ok(put(&mut account(accounts, &user)?.access, vhost, access)),
            Self::Topic {
                user,
                vhost,
                exchange,
                access,
            } => {
                let topics = &mut account(accounts, &user)?.topics;
                Ok(put(
                    topics.entry(vhost.into()).or_default(),
                    exchange,
                    access,
                ))
            }
        }
    }
}

/// Puts a user in place, over the limits and permissions of an older self.
fn put_user(accounts: &mut BTreeMap<Arc<str>, Account>, mut user: User) -> Change {
    if let Some(account) = accounts.get_mut(&user.name) {
        user.limits = account.user.limits.merged(user.limits);
        account.user = Arc::new(user);
        return Change::Replaced;
    }
    let name = Arc::clone(&user.name);
    let (access, topics) = Default::default();
    accounts.insert(
        name,
        Account {
            user: Arc::new(user),
            access,
            topics,
        },
    );
    Change::Added
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

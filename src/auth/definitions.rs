//! Users and permissions in the shape of RabbitMQ's `definitions.json`.
//!
//! Owns: the three sections and what is optional in them. Does not know what is registered.
//! Docs: definitions. Seen: RabbitMQ 4.3.6, tests/golden/definitions/broker-4.3.6.json.

use serde::{Deserialize, Serialize};

use super::{
    AuthError, User,
    limits::UserLimits,
    password::{HashingAlgorithm, PasswordHash},
};

/// The sections of definitions about who may do what. Missing sections are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthDefinitions {
    /// Users, sorted by name when exported.
    #[serde(default)]
    pub users: Vec<UserDefinition>,
    /// Permissions, sorted by user and vhost when exported.
    #[serde(default)]
    pub permissions: Vec<PermissionDefinition>,
    /// Topic permissions, sorted by user, vhost and exchange when exported.
    #[serde(default)]
    pub topic_permissions: Vec<TopicPermissionDefinition>,
}

/// One user; also the body of `PUT /api/users/NAME`, once the name is put in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDefinition {
    /// The name; must not be empty.
    #[serde(default)]
    pub name: String,
    /// The password, understood on import, never exported.
    #[serde(default, skip_serializing)]
    pub password: Option<String>,
    /// Base64 of salt and digest; empty or missing: cannot log in by password.
    #[serde(default)]
    pub password_hash: Option<String>,
    /// RabbitMQ's name of what made `password_hash`; SHA-256 if missing.
    #[serde(default)]
    pub hashing_algorithm: Option<String>,
    /// Required.
    #[serde(default)]
    pub tags: Option<Tags>,
    /// Limits; what is missing stays as it is.
    #[serde(default)]
    pub limits: UserLimits,
}

impl UserDefinition {
    /// A user with a password, without tags and limits.
    #[must_use]
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: Some(password.into()),
            password_hash: None,
            hashing_algorithm: None,
            tags: Some(Tags::List(Vec::new())),
            limits: UserLimits::default(),
        }
    }

    /// The same with these tags (`administrator`, `monitoring`, …).
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags = Some(Tags::List(tags.into_iter().map(Into::into).collect()));
        self
    }

    /// The same with these limits.
    #[must_use]
    pub fn limits(mut self, limits: UserLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The definition of a registered user.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self {
            name: user.name().to_owned(),
            password: None,
            password_hash: Some(user.password().to_base64()),
            hashing_algorithm: Some(user.password().algorithm().name().to_owned()),
            tags: Some(Tags::List(user.tags().to_vec())),
            limits: user.limits(),
        }
    }

    /// The hash to check passwords with. A plain `password` is hashed with `algorithm`,
    /// whatever the definition names, as RabbitMQ does.
    ///
    /// # Errors
    /// `BothPasswordAndHash`, or what is wrong with the hash.
    pub(super) fn hash(&self, algorithm: HashingAlgorithm) -> Result<PasswordHash, AuthError> {
        let named = || {
            self.hashing_algorithm
                .as_deref()
                .map_or(Ok(HashingAlgorithm::Sha256), HashingAlgorithm::from_name)
        };
        match (&self.password, &self.password_hash) {
            (Some(_), Some(_)) => Err(AuthError::BothPasswordAndHash),
            (Some(password), None) => Ok(PasswordHash::create(algorithm, password.as_bytes())?),
            (None, Some(base64)) => Ok(PasswordHash::parse(base64, named()?)?),
            (None, None) => Ok(PasswordHash::none()),
        }
    }
}

/// Says nothing of the password.
impl std::fmt::Debug for UserDefinition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserDefinition")
            .field("name", &self.name)
            .field("tags", &self.tags)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Tags as a list, or as one text with commas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tags {
    /// `["administrator"]`, taken as it is.
    List(Vec<String>),
    /// `"administrator, monitoring"`.
    Text(String),
}

impl Tags {
    /// The tags one by one; in a text, blanks around commas and empty tags are left out.
    ///
    /// Seen: RabbitMQ 4.3.6: `"b, a,,b"` is `["b","a","b"]`, `["x y"]` stays.
    #[must_use]
    pub fn to_list(&self) -> Vec<String> {
        match self {
            Self::List(tags) => tags.clone(),
            Self::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// The pattern that every name has.
const EVERYTHING: &str = ".*";

/// What a user may do in a vhost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionDefinition {
    /// Who.
    pub user: String,
    /// Where.
    pub vhost: String,
    /// Pattern of what may be declared and deleted.
    pub configure: String,
    /// Pattern of what may be published and bound to.
    pub write: String,
    /// Pattern of what may be consumed and bound from.
    pub read: String,
}

impl PermissionDefinition {
    /// Everything in the vhost.
    #[must_use]
    pub fn new(user: impl Into<String>, vhost: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            vhost: vhost.into(),
            configure: EVERYTHING.to_owned(),
            write: EVERYTHING.to_owned(),
            read: EVERYTHING.to_owned(),
        }
    }

    /// The same with this pattern of what may be declared and deleted.
    #[must_use]
    pub fn configure(mut self, pattern: impl Into<String>) -> Self {
        self.configure = pattern.into();
        self
    }

    /// The same with this pattern of what may be published and bound to.
    #[must_use]
    pub fn write(mut self, pattern: impl Into<String>) -> Self {
        self.write = pattern.into();
        self
    }

    /// The same with this pattern of what may be consumed and bound from.
    #[must_use]
    pub fn read(mut self, pattern: impl Into<String>) -> Self {
        self.read = pattern.into();
        self
    }
}

/// Which topics of an exchange a user may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicPermissionDefinition {
    /// Who.
    pub user: String,
    /// Where.
    pub vhost: String,
    /// The topic exchange.
    pub exchange: String,
    /// Pattern of routing keys for publishing.
    pub write: String,
    /// Pattern of routing keys for binding.
    pub read: String,
}

impl TopicPermissionDefinition {
    /// Every topic of the exchange.
    #[must_use]
    pub fn new(
        user: impl Into<String>,
        vhost: impl Into<String>,
        exchange: impl Into<String>,
    ) -> Self {
        Self {
            user: user.into(),
            vhost: vhost.into(),
            exchange: exchange.into(),
            write: EVERYTHING.to_owned(),
            read: EVERYTHING.to_owned(),
        }
    }

    /// The same with this pattern of routing keys for publishing.
    #[must_use]
    pub fn write(mut self, pattern: impl Into<String>) -> Self {
        self.write = pattern.into();
        self
    }

    /// The same with this pattern of routing keys for binding.
    #[must_use]
    pub fn read(mut self, pattern: impl Into<String>) -> Self {
        self.read = pattern.into();
        self
    }
}

//! Users, permissions, policies, parameters, and logins.

use super::{
    ANYTHING, Any, COUNTS, Kind, Object, OrNull, Shape, TAGS, TEXTS, Text, Truth, Whole, Word, key,
    maybe,
};

/// The user who asks.
pub(in crate::management) const WHOAMI: Shape = Shape {
    name: "WhoAmI",
    about: "The user who asks.",
    keys: &[
        key("is_internal_user", Truth),
        key("name", Text),
        key("tags", TEXTS),
    ],
};

/// A user.
pub(in crate::management) const USER: Shape = Shape {
    name: "User",
    about: "A user.",
    keys: &[
        key("hashing_algorithm", OrNull(&Text)),
        key("limits", COUNTS),
        key("name", Text),
        key("password_hash", OrNull(&Text)).about("Base64 of salt and digest."),
        key("tags", TEXTS),
    ],
};

/// What a user is made with.
pub(in crate::management) const USER_DECLARATION: Shape = Shape {
    name: "UserDeclaration",
    about: "What a user is made with. Without a password and its hash it cannot log in by one.",
    keys: &[
        maybe("hashing_algorithm", Text),
        maybe("limits", COUNTS),
        maybe("password", Text),
        maybe("password_hash", Text).about("Base64 of salt and digest."),
        key("tags", TAGS),
    ],
};

/// Names of users.
pub(in crate::management) const USER_NAMES: Shape = Shape {
    name: "UserNames",
    about: "Names of users.",
    keys: &[key("users", TEXTS)],
};

/// Limits of a user.
pub(in crate::management) const USER_LIMITS: Shape = Shape {
    name: "UserLimits",
    about: "Limits of a user.",
    keys: &[key("user", Text), key("value", COUNTS)],
};

/// What a user may do in a virtual host.
pub(in crate::management) const PERMISSION: Shape = Shape {
    name: "Permission",
    about: "What a user may do in a virtual host: regular expressions, searched in names.",
    keys: &[
        key("configure", Text),
        key("read", Text),
        key("user", Text),
        key("vhost", Text),
        key("write", Text),
    ],
};

/// The same as a body.
pub(in crate::management) const PERMISSION_DECLARATION: Shape = Shape {
    name: "PermissionDeclaration",
    about: "What a user is to be let do: regular expressions, searched in names.",
    keys: &[
        key("configure", Text),
        key("read", Text),
        key("write", Text),
    ],
};

/// What a user may do with topics.
pub(in crate::management) const TOPIC_PERMISSION: Shape = Shape {
    name: "TopicPermission",
    about: "What a user may do with the topics of an exchange: regular expressions.",
    keys: &[
        key("exchange", Text),
        key("read", Text),
        key("user", Text),
        key("vhost", Text),
        key("write", Text),
    ],
};

/// The same as a body.
pub(in crate::management) const TOPIC_PERMISSION_DECLARATION: Shape = Shape {
    name: "TopicPermissionDeclaration",
    about: "What a user is to be let do with topics: regular expressions.",
    keys: &[key("exchange", Text), key("read", Text), key("write", Text)],
};

/// A policy.
pub(in crate::management) const POLICY: Shape = Shape {
    name: "Policy",
    about: "A policy.",
    keys: &[
        key("apply-to", Text),
        key("definition", ANYTHING),
        key("name", Text),
        key("pattern", Text),
        key("priority", Whole),
        key("vhost", Text),
    ],
};

/// What a policy is for.
pub(super) const APPLY_TO: Kind = Word(&[
    "all",
    "queues",
    "exchanges",
    "classic_queues",
    "quorum_queues",
    "streams",
]);

/// What a policy is made with.
pub(in crate::management) const POLICY_DECLARATION: Shape = Shape {
    name: "PolicyDeclaration",
    about: "What a policy is made with.",
    keys: &[
        maybe("apply-to", APPLY_TO),
        key("definition", ANYTHING).about("Keys with their values, at least one."),
        key("pattern", Text).about("A regular expression, searched in names."),
        maybe("priority", Whole).about("The highest one that matches applies; 0 if not said."),
    ],
};

/// A parameter of a virtual host.
pub(in crate::management) const PARAMETER: Shape = Shape {
    name: "Parameter",
    about: "A parameter of a virtual host.",
    keys: &[
        key("component", Text),
        key("name", Text),
        key("value", Any),
        key("vhost", Text),
    ],
};

/// A parameter of the broker.
pub(in crate::management) const GLOBAL_PARAMETER: Shape = Shape {
    name: "GlobalParameter",
    about: "A parameter of the broker.",
    keys: &[key("name", Text), key("value", Any)],
};

/// What a parameter is set to.
pub(in crate::management) const PARAMETER_VALUE: Shape = Shape {
    name: "ParameterValue",
    about: "What a parameter is set to.",
    keys: &[key("value", Any)],
};

/// A form for a login.
pub(in crate::management) const CREDENTIALS: Shape = Shape {
    name: "Credentials",
    about: "Who wants to log in.",
    keys: &[key("password", Text), key("username", Text)],
};

/// A password that may be a user's.
pub(in crate::management) const PASSWORD: Shape = Shape {
    name: "Password",
    about: "A password to check.",
    keys: &[key("password", Text)],
};

/// What came of checking it.
pub(in crate::management) const AUTHENTICATION: Shape = Shape {
    name: "Authentication",
    about: "Whether the user may log in with it, and if not, why.",
    keys: &[key("is_authenticated", Truth), key("reason", Text)],
};

/// A login by a form.
pub(in crate::management) const LOGIN: Shape = Shape {
    name: "Login",
    about: "Who has logged in, and what to send from then on.",
    keys: &[key("token", Object(&TOKEN)), key("user", Object(&WHOAMI))],
};

const TOKEN: Shape = Shape {
    name: "Token",
    about: "What to send as authorization.",
    keys: &[key("type", Text), key("value", Text)],
};

/// How often logins were tried.
pub(in crate::management) const ATTEMPTS: Shape = Shape {
    name: "AuthAttempts",
    about: "How often users have tried to log in over a protocol.",
    keys: &[
        key("auth_attempts", Whole),
        key("auth_attempts_failed", Whole),
        key("auth_attempts_succeeded", Whole),
        key("protocol", Text),
    ],
};

/// The same by source.
pub(in crate::management) const ATTEMPTS_BY_SOURCE: Shape = Shape {
    name: "AuthAttemptsBySource",
    about: "How often a user has tried to log in from an address.",
    keys: &[
        key("auth_attempts", Whole),
        key("auth_attempts_failed", Whole),
        key("auth_attempts_succeeded", Whole),
        key("protocol", Text),
        key("remote_address", Text),
        key("username", Text),
    ],
};

/// The hash of a password.
pub(in crate::management) const HASH: Shape = Shape {
    name: "PasswordHash",
    about: "The hash of a password, with a new salt each time.",
    keys: &[key("ok", Text)],
};

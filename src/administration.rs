//! Users, permissions, virtual hosts, policies, parameters and whole documents of definitions: what
//! an operator asks of a running broker.
//!
//! [`Desk::administration`] does it for the program, [`Desk::administration_for`] for a user, by
//! what the user's tags allow. A change is stored and in force when a call returns; whether it
//! would survive a power cut already is said by [`Stored`].
//!
//! ```
//! use leveret::administration::{
//!     DocumentOf, PermissionDefinition, PolicyDefinition, UserDefinition, VhostDefinition,
//! };
//! use leveret::broker::Broker;
//!
//! let broker = Broker::builder().start()?;
//! let administration = broker.desk().administration();
//! administration.put_vhost("shop", &VhostDefinition::default())?.unwaited();
//! let user = UserDefinition::new("alice", "secret").tags(["monitoring"]);
//! administration.put_user(&user)?.unwaited();
//! let orders = PermissionDefinition::new("alice", "shop").configure("").write("^orders");
//! administration.put_permission(&orders)?.unwaited();
//! let short = PolicyDefinition::new("shop", "short", "^tmp").set("max-length", 10);
//! administration.put_policy(&short)?.unwaited();
//!
//! // What RabbitMQ would import.
//! let document = broker.desk().export(&DocumentOf::Broker);
//! assert_eq!(document["users"][0]["name"], "alice");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::alarms::Alarm;
pub use crate::auth::{
    AuthDefinitions, AuthError, Change, HashingAlgorithm, InvalidPattern, PasswordError,
    PermissionDefinition, Tags, TopicPermissionDefinition, User, UserDefinition, UserLimits,
    VhostLimits,
};
pub use crate::definitions::{ArgumentsError, GlobalParameterRecord, ParameterRecord};
pub use crate::desk::{
    AdminError, Administration, Caller, Desk, DocumentOf, Field, ImportError, ImportReason,
    Imported, Missing, MissingEnd, NotAllowed, OneVhost, Stored, VhostDefinition, VhostError,
};
pub use crate::error::AmqpError;
pub use crate::ids::ConnectionId;
pub use crate::policy::{Invalid, PolicyDefinition};
pub use crate::store::Position;

//! Settings: what they are called, which values they take, and where they come from.
//!
//! Owns one table of settings (`KEYS`) from which everything else is made: the struct
//! [`Settings`], the TOML file, the `LEVERET_…` environment, the command line, the error texts,
//! `config/SETTINGS.md` and `config/leveret.toml`. A new setting is one row in `settings.rs`.
//!
//! It does not know what a setting does: the broker reads the fields of [`Settings`]. It reads the
//! environment and the file only through `load` (feature `settings-file`), so an embedded broker
//! never looks at either.
//!
//! Invariant I11: every value has a range, and a value outside of it never reaches the broker.
//!
//! Names are RabbitMQ's where it has the setting (Docs: configure), our own otherwise.

mod docs;
mod error;
mod key;
mod logs;
mod named;
#[cfg(feature = "settings-file")]
mod near;
mod node;
mod origin;
#[cfg(feature = "settings-file")]
mod rabbit;
mod rotation;
mod seeds;
mod settings;
#[cfg(feature = "settings-file")]
mod sources;
mod tls;
mod tls_rows;
mod together;
mod types;
mod value;

#[cfg(feature = "settings-file")]
pub use docs::report;
#[cfg(feature = "program")]
pub use docs::translated;
#[cfg(feature = "management")]
pub(crate) use docs::{InForce, effective, in_force};
#[cfg(any(feature = "program", feature = "internals"))]
pub use docs::{reference, template};
pub use error::{ConfigError, Problems, Unknown};
#[cfg(any(feature = "settings-file", feature = "internals"))]
pub use key::Key;
pub use named::Named;
#[cfg(any(feature = "settings-file", feature = "internals"))]
pub use named::Part;
pub use origin::Origin;
#[cfg(feature = "settings-file")]
pub use rabbit::AsServer;
#[cfg(feature = "program")]
pub use rotation::Rotation;
#[cfg(feature = "internals")]
pub use settings::KEYS;
pub use settings::Settings;
/// The name of the file of enabled plugins, in the data directory or where RabbitMQ has it.
pub(crate) const ENABLED_PLUGINS: &str = "enabled_plugins";
pub(crate) use node::default_cluster_name;
#[cfg(feature = "program")]
pub use node::name_node;
pub use node::node_name;
#[cfg(feature = "program")]
pub use sources::load_files;
#[cfg(feature = "settings-file")]
pub use sources::{Flag, Inputs, Loaded, load};
#[cfg(any(feature = "tls", feature = "management"))]
pub(crate) use tls::TlsOptions;
#[cfg(feature = "program")]
pub(crate) use tls::VERSIONS as TLS_VERSIONS;
pub use tls::{LoginFrom, SanType, TlsDoor, Verify};
pub use types::{
    CompatProfile, Durability, LevelOf, LogColours, LogFormat, LogLevel, LogStream, QueueType,
    Secret,
};
#[cfg(any(feature = "settings-file", feature = "internals"))]
pub use value::{Given, ValueType};
pub use value::{Unit, Value};

#[cfg(test)]
mod tests;

//! What can be set.
//!
//! ```
//! use leveret::broker::Broker;
//! use leveret::settings::{Durability, Settings};
//!
//! let settings = Settings {
//!     host: "127.0.0.1".to_owned(),
//!     port: 0,
//!     durability: Durability::Memory,
//!     vm_memory_high_watermark_relative: 0.2,
//!     ..Settings::default()
//! };
//! let broker = Broker::builder().settings(settings).start()?;
//! # Ok::<(), leveret::broker::StartError>(())
//! ```

#[cfg(feature = "settings-file")]
pub use crate::config::{
    AsServer, Flag, Given, Inputs, Key, Loaded, Part, ValueType, load, report,
};
pub use crate::config::{
    CompatProfile, ConfigError, Durability, LevelOf, LogColours, LogFormat, LogLevel, LogStream,
    LoginFrom, Named, Origin, Problems, QueueType, SanType, Secret, Settings, TlsDoor, Unit,
    Unknown, Value, Verify,
};

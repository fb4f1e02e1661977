//! The names that the program answers to.

use std::ffi::OsStr;
use std::path::Path;

/// One of RabbitMQ's tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Everything that is done to a broker.
    Ctl,
    /// Questions, and checks for monitoring.
    Diagnostics,
    /// Plugins.
    Plugins,
    /// Queues with replicas.
    Queues,
    /// Streams.
    Streams,
    /// Steps of an upgrade.
    Upgrade,
    /// What the management API can do.
    Admin,
}

/// Those that answer to what only looks at a broker.
pub(crate) const WATCHED: &[Tool] = &[Tool::Ctl, Tool::Diagnostics];

impl Tool {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ctl,
        Self::Diagnostics,
        Self::Plugins,
        Self::Queues,
        Self::Streams,
        Self::Upgrade,
        Self::Admin,
    ];

    /// Its name, and that of its link.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ctl => "rabbitmqctl",
            Self::Diagnostics => "rabbitmq-diagnostics",
            Self::Plugins => "rabbitmq-plugins",
            Self::Queues => "rabbitmq-queues",
            Self::Streams => "rabbitmq-streams",
            Self::Upgrade => "rabbitmq-upgrade",
            Self::Admin => "rabbitmqadmin",
        }
    }

    /// The tool that a program was started as, by its path.
    #[must_use]
    pub fn of_program(path: &OsStr) -> Option<Self> {
        let name = Path::new(path).file_stem()?;
        Self::ALL.into_iter().find(|tool| name == tool.name())
    }

    /// The tool of a name, with or without `rabbitmq-` before it: `leveret ctl diagnostics`.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let full = |tool: &Self| tool.name() == word;
        let short = |tool: &Self| match tool {
            Self::Admin => word == "admin",
            _ => tool.name().strip_prefix("rabbitmq-") == Some(word),
        };
        Self::ALL.into_iter().find(|tool| full(tool) || short(tool))
    }
}

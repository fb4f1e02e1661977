//! What went wrong: the text on standard error, and the exit code.

use serde_json::{Value, json};

/// Exit codes, those of `sysexits.h`. Docs: RabbitMQ's command-line tools.
pub mod code {
    /// Wrong use of a command.
    pub const USAGE: u8 = 64;
    /// Wrong data, such as an argument or a vhost that is missing.
    pub const DATA: u8 = 65;
    /// An unknown user.
    pub const NO_USER: u8 = 67;
    /// The node is down, or it refused, or a check failed.
    pub const UNAVAILABLE: u8 = 69;
    /// Something is there already, or a fault of the program.
    pub const SOFTWARE: u8 = 70;
    /// A file or output that fails.
    pub const IO: u8 = 74;
    /// No answer in time.
    pub const TIMEOUT: u8 = 75;
    /// No right to ask.
    pub const NO_PERMISSION: u8 = 77;
    /// Wrong configuration.
    pub const CONFIG: u8 = 78;
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// `Error:` on a line of its own, then the text.
    Error { code: u8, text: String },
    /// The text alone.
    Plain { code: u8, text: String },
    /// A text, and for `--formatter json` an object instead, with a code of its own.
    Either {
        code: u8,
        text: String,
        json_code: u8,
        json: Value,
    },
    /// `Error (argument validation):`, the arguments and the usage.
    Invalid { code: u8, text: String },
    /// The same for what the state of the node forbids: `Error: ` and the text.
    WrongState { text: String },
}

impl Failure {
    /// `Error:`, then the text on its own line.
    pub(crate) fn error(code: u8, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Error { code, text }
    }

    /// The text alone.
    pub(crate) fn plain(code: u8, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Plain { code, text }
    }

    /// A text, but for `--formatter json` an object with `message`, exit code 69.
    pub(crate) fn either(code: u8, text: impl Into<String>, node: &str, message: &str) -> Self {
        Self::Either {
            code,
            text: text.into(),
            json_code: code::UNAVAILABLE,
            json: json!({"message": message, "node": node, "result": "error"}),
        }
    }

    /// The exit code and the text, without what the tools write around it.
    pub(crate) fn said(self) -> (u8, String) {
        match self {
            Self::Error { code, text }
            | Self::Plain { code, text }
            | Self::Either { code, text, .. }
            | Self::Invalid { code, text } => (code, text),
            Self::WrongState { text } => (code::USAGE, text),
        }
    }

    /// A vhost that is not there.
    pub(crate) fn no_vhost(vhost: &str) -> Self {
        Self::plain(code::DATA, format!("Virtual host '{vhost}' does not exist"))
    }

    /// Arguments that are wrong in themselves; exit code 64.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Invalid {
            code: code::USAGE,
            text,
        }
    }

    /// An argument with a value that cannot be; exit code 65.
    pub(crate) fn bad_argument(text: impl Into<String>) -> Self {
        Self::Invalid {
            code: code::DATA,
            text: format!("Bad argument: {}", text.into()),
        }
    }

    /// What it says.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Error { text, .. }
            | Self::Plain { text, .. }
            | Self::Either { text, .. }
            | Self::Invalid { text, .. }
            | Self::WrongState { text } => text.clone(),
        }
    }

    pub(crate) fn not_enough() -> Self {
        Self::usage("not enough arguments.")
    }

    pub(crate) fn too_many() -> Self {
        Self::usage("too many arguments.")
    }

    /// An answer that no command reckons with.
    pub(crate) fn unexpected(what: impl std::fmt::Display) -> Self {
        Self::error(code::SOFTWARE, format!("unexpected answer: {what}"))
    }
}

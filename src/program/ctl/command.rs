//! What a command is: a row of the table in [`commands`](crate::commands).

use crate::client::Client;
use crate::failure::Failure;
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::tool::Tool;

/// A command.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// The tools that have it.
    pub(crate) tools: &'static [Tool],
    /// The head under which `help` lists it.
    pub(crate) section: Section,
    /// One line of help.
    pub(crate) about: &'static str,
    /// What stands behind its name in its usage.
    pub(crate) usage: &'static str,
    /// Arguments and options with their explanations.
    pub(crate) details: &'static [(&'static str, &'static str)],
    /// Options of its own.
    pub(crate) switches: &'static [Switch],
    /// Seconds to wait for an answer unless `--timeout` says so; no end without.
    pub(crate) timeout: Option<u32>,
    /// How its answer is printed unless `--formatter` says so.
    pub(crate) formatter: Formatter,
    /// What must run.
    pub(crate) app: App,
    /// Checks the words, before the node is asked.
    pub(crate) validate: fn(&Line) -> Result<(), Failure>,
    /// The lines that say what is done.
    pub(crate) banner: fn(&Call<'_>) -> Vec<String>,
    /// Does it.
    pub(crate) run: fn(&mut Call<'_>) -> Result<Output, Failure>,
}

/// The state of the node that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum App {
    /// The broker runs.
    Running,
    /// It is stopped.
    Stopped,
    /// The node answers, in whatever state.
    Any,
    /// No node at all.
    NoNode,
}

/// A head in the list of commands; in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Help,
    Nodes,
    Cluster,
    Replication,
    Users,
    AccessControl,
    Observability,
    Parameters,
    Policies,
    VirtualHosts,
    Queues,
    Plugins,
    Upgrade,
    Configuration,
    FeatureFlags,
    Operations,
    Definitions,
    Other,
    Deprecated,
}

impl Section {
    pub(crate) const fn head(self) -> &'static str {
        match self {
            Self::Help => "Help",
            Self::Nodes => "Nodes",
            Self::Cluster => "Cluster",
            Self::Replication => "Replication",
            Self::Users => "Users",
            Self::AccessControl => "Access Control",
            Self::Observability => "Monitoring, observability and health checks",
            Self::Parameters => "Parameters",
            Self::Policies => "Policies",
            Self::VirtualHosts => "Virtual hosts",
            Self::Queues => "Queues",
            Self::Plugins => "Plugin Management",
            Self::Upgrade => "Upgrade",
            Self::Configuration => "Configuration and Environment",
            Self::FeatureFlags => "Feature flags",
            Self::Operations => "Operations",
            Self::Definitions => "Definitions",
            Self::Other => "Other",
            Self::Deprecated => "Deprecated",
        }
    }
}

/// A command in the making: its line, and the way to the node.
pub(crate) struct Call<'a> {
    pub(crate) line: &'a Line,
    pub(crate) client: Client,
}

impl Call<'_> {
    /// The node's name, as it was given.
    pub(crate) fn node(&self) -> &str {
        self.client.node()
    }

    /// The vhost that is meant.
    pub(crate) fn vhost(&self) -> &str {
        self.line.vhost()
    }

    /// The word at a place.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.line.word(at)
    }
}

/// What most commands have: a row says what is different.
pub(crate) const COMMAND: Command = Command {
    name: "",
    tools: &[Tool::Ctl],
    section: Section::Other,
    about: "",
    usage: "",
    details: &[],
    switches: &[],
    timeout: None,
    formatter: Formatter::Text,
    app: App::Running,
    validate: no_words,
    banner: no_banner,
    run: nothing,
};

fn no_banner(_call: &Call<'_>) -> Vec<String> {
    Vec::new()
}

fn nothing(_call: &mut Call<'_>) -> Result<Output, Failure> {
    Ok(Output::Nothing)
}

/// No words at all.
pub(crate) fn no_words(line: &Line) -> Result<(), Failure> {
    words(line, 0, 0)
}

/// Exactly one word.
pub(crate) fn one_word(line: &Line) -> Result<(), Failure> {
    words(line, 1, 1)
}

/// Words in a number that is right.
pub(crate) fn words(line: &Line, least: usize, most: usize) -> Result<(), Failure> {
    match line.words.len() {
        given if given < least => Err(Failure::not_enough()),
        given if given > most => Err(Failure::too_many()),
        _ => Ok(()),
    }
}

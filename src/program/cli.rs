//! The command line: options, commands, and the settings that options stand for.

use std::ffi::OsString;
use std::iter;
use std::path::PathBuf;

use crate::config::{AsServer, Flag, Inputs, Loaded, Problems, load};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
#[cfg(unix)]
use leveret_bench::options::Bench;
use leveret_ctl::Tool;
use leveret_ctl::upgrade::Node;

/// An AMQP 0-9-1 broker: a drop-in RabbitMQ for development and tests.
///
/// Started without options it listens on port 5672, lets guest/guest in from this machine, and
/// keeps durable queues over a restart.
#[derive(Debug, Parser)]
#[command(name = "leveret", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Options that stand for settings.
    #[command(flatten)]
    pub(crate) options: Options,

    /// Writes process id and addresses to FILE (JSON) once every port accepts.
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub(crate) ready_file: Option<PathBuf>,

    /// What to do; runs the broker when absent.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do instead of running the broker.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Puts a load on a broker, this one or another, and measures it.
    #[cfg(unix)]
    Bench(Box<Bench>),
    /// Makes an authority for development, and certificates of a server and of a client, and prints
    /// what clients in many languages need of them.
    #[command(after_help = CERTS)]
    Certs(Certs),
    /// Says whether a start would work with these settings, and what differs from the defaults.
    #[command(after_help = CHECK_CONFIG)]
    CheckConfig,
    /// Does what rabbitmqctl does: `leveret ctl list_queues`; `leveret ctl diagnostics ping` and
    /// so on for its other tools.
    #[command(disable_help_flag = true)]
    Ctl {
        /// A tool's name, if it is not rabbitmqctl, a command, and what that takes.
        #[arg(
            value_name = "WORDS",
            trailing_var_arg = true,
            allow_hyphen_values = true
        )]
        words: Vec<OsString>,
    },
    /// Puts links into DIR by which the program answers to the names of RabbitMQ's tools.
    Link {
        /// The directory, best one of those in PATH.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Verifies the files of a stopped broker and says where they are damaged; changes nothing.
    #[command(after_help = CHECK_DATA)]
    CheckData(Inspect),
    /// Prints the definitions and messages in the files of a stopped broker; changes nothing.
    #[command(after_help = DUMP)]
    Dump(Inspect),
    /// Writes what can be read in the files of a stopped broker to a new directory.
    #[command(after_help = REPAIR)]
    Repair(Repair),
    /// Prints what a shell needs to complete the names of options and commands.
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell.
        #[arg(value_name = "SHELL")]
        shell: Shell,
        /// The name that is completed: the program's own, or that of one of RabbitMQ's tools.
        #[arg(value_name = "NAME", default_value = "leveret")]
        #[arg(value_parser = names())]
        name: String,
    },
    /// Writes what a RabbitMQ needs to go on where a broker is.
    #[command(after_help = EXPORT)]
    Export(Export),
    /// Reads a file of RabbitMQ's definitions and says what will behave otherwise.
    #[command(after_help = IMPORT)]
    Import(Import),
    /// Writes the man pages of the program and its tools.
    Man {
        /// The directory, which is made if it is missing.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Prints a settings file with every setting, its range and default, or one that says what
    /// files of RabbitMQ do.
    #[command(after_help = SETTINGS)]
    Settings {
        /// Prints what this file says as a settings file: a rabbitmq.conf, an advanced.config, a
        /// directory of files that end in .conf; of several a later one goes before an earlier one.
        #[arg(long, value_name = "FILE", conflicts_with = "markdown")]
        from: Vec<PathBuf>,
        /// Prints the reference as Markdown instead.
        #[arg(long)]
        markdown: bool,
    },
}

/// What `certs` makes.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct Certs {
    /// The directory, which is made if it is missing.
    #[arg(value_name = "DIR", default_value = "certs")]
    pub(crate) dir: PathBuf,
    /// A further name or address of the server, as broker.example.org; may be given again.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,
    /// The user whom the client's certificate is for: its common name.
    #[arg(long, value_name = "NAME", default_value = "guest")]
    pub(crate) user: String,
    /// How long both count.
    #[arg(long, value_name = "DAYS", default_value_t = 825)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: u32,
}

/// Which broker `export` and `import` speak to.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct NodeArgs {
    /// Its management API, as http://guest:guest@localhost:15672; that of this machine's otherwise.
    #[arg(long, value_name = "URI")]
    uri: Option<String>,
    /// The name of a broker of this machine, as rabbit@host.
    #[arg(long, short, value_name = "NODE")]
    node: Option<String>,
}

impl From<&NodeArgs> for Node {
    fn from(given: &NodeArgs) -> Self {
        Self {
            uri: given.uri.clone(),
            name: given.node.clone(),
        }
    }
}

/// What `export` writes.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct Export {
    /// For a RabbitMQ, which is all there is.
    #[arg(long, required = true)]
    to_rabbitmq: bool,
    /// Where that RabbitMQ reaches this broker.
    #[arg(
        long,
        value_name = "URI",
        default_value = "amqp://guest:guest@localhost:5672"
    )]
    pub(crate) from: String,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// The directory, which is made if it is missing.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

/// What `import` reads.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct Import {
    /// Only says what will be different; no broker is asked.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// Definitions, as RabbitMQ exports them.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// What `check-data` and `dump` look at.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct Inspect {
    /// The data directory (`data_dir`).
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `repair` reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct Repair {
    /// The data directory (`data_dir`), which is only read.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The new directory, missing or empty [default: DIR.repaired].
    #[arg(long, value_name = "NEW")]
    pub(crate) to: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options that stand for settings. Values are texts here, so that a wrong one gets the same
/// answer as in a file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Options {
    /// Address to listen on; `::` is every interface [default: ::].
    #[arg(long, value_name = "ADDR", global = true, help_heading = "Listening")]
    host: Option<String>,

    /// Port for AMQP; 0 takes a free one [default: 5672].
    #[arg(long, value_name = "N", global = true, help_heading = "Listening")]
    port: Option<String>,

    /// Directory for messages and definitions.
    #[arg(long, value_name = "DIR", global = true, help_heading = "Data")]
    data_dir: Option<String>,

    /// Keeps everything in memory: nothing is read or written, a stop forgets all.
    #[arg(long, global = true, help_heading = "Data")]
    ephemeral: bool,

    /// Least severe event to log: debug, info, warning, error, none [default: info].
    #[arg(long, value_name = "LEVEL", global = true, help_heading = "Log")]
    log_level: Option<String>,

    /// How to write it: text, json, rabbitmq [default: text].
    #[arg(long, value_name = "FORMAT", global = true, help_heading = "Log")]
    log_format: Option<String>,

    /// Settings file (TOML, or RabbitMQ's format if its name ends in .conf); `leveret settings`
    /// prints one with every setting.
    #[arg(long, value_name = "FILE", global = true, help_heading = "Settings")]
    config: Option<PathBuf>,

    /// Any setting, as often as needed; wins over file and environment.
    #[arg(
        long,
        value_name = "KEY=VALUE",
        global = true,
        help_heading = "Settings"
    )]
    #[arg(value_parser = pair)]
    set: Vec<(String, String)>,
}

/// What the program may be called.
fn names() -> PossibleValuesParser {
    let tools = Tool::ALL.iter().map(|tool| tool.name());
    PossibleValuesParser::new(iter::once("leveret").chain(tools))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("expected KEY=VALUE, as in port=5673")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl Options {
    /// The settings these options and this environment make.
    ///
    /// # Errors
    /// All that is wrong in file, environment and options.
    pub(crate) fn load(
        &self,
        env: Vec<(OsString, OsString)>,
        as_server: AsServer,
    ) -> Result<Loaded, Problems> {
        load(&Inputs {
            file: self.config.clone(),
            env,
            flags: self.flags(),
            as_server,
        })
    }

    /// The options as settings: the named ones, then `--set` in the order given.
    fn flags(&self) -> Vec<Flag> {
        let memory = self.ephemeral.then(|| "memory".to_owned());
        let named = [
            ("--host", "host", &self.host),
            ("--port", "port", &self.port),
            ("--data-dir", "data_dir", &self.data_dir),
            ("--ephemeral", "durability", &memory),
            ("--log-level", "log.level", &self.log_level),
            ("--log-format", "log.format", &self.log_format),
        ];
        let named = named.into_iter().filter_map(|(option, key, value)| {
            let value = value.clone()?;
            Some(Flag {
                option,
                key: key.to_owned(),
                value,
            })
        });
        let any = self.set.iter().cloned();
        named
            .chain(any.map(|(key, value)| Flag {
                option: "--set",
                key,
                value,
            }))
            .collect()
    }
}

const SETTINGS: &str = "\
Examples:
  leveret settings > leveret.toml
  leveret settings --from /etc/rabbitmq/rabbitmq.conf --from /etc/rabbitmq/conf.d \\
      --from /etc/rabbitmq/advanced.config > leveret.toml

What has no effect here stands in comments; what RabbitMQ would refuse is named, and the exit code
is 1. Passwords are printed.
";

const CHECK_CONFIG: &str = "\
Everything is checked that a start does before it changes anything, by the start's own code:
settings, patterns, the address and port, the data directory and the files in it.

Exit codes:
  0  a start would work
  1  something is wrong; all of it is named, with the place where it was set
  2  the settings are right, but the port or the data directory is in use now
";

const COMPLETIONS: &str = "\
Examples:
  leveret completions bash > ~/.local/share/bash-completion/completions/leveret
  leveret completions zsh rabbitmqctl > ~/.zfunc/_rabbitmqctl
  leveret completions fish > ~/.config/fish/completions/leveret.fish
";

const EXPORT: &str = "\
DIR gets definitions.json, which RabbitMQ imports, and move-messages.sh, to be run there: it has a
shovel fetch the messages of each queue. What is to be known before is said.
";

const IMPORT: &str = "\
What this broker would refuse is left out of what it is given, and named. With --check nothing is
imported.
";

const CERTS: &str = "\
The server's certificate is for localhost, and for the names and addresses of this machine. Run it
again for new certificates of the same authority: a broker reads them within seconds, and clients
that trust ca.pem go on. Keep ca.key here: with it any server can be made that they trust.

Examples:
  leveret certs
  leveret certs /etc/leveret/tls --host broker.example.org --user app
";

const CHECK_DATA: &str = "\
Every octet that a broker would read is verified with the broker's own recovery. Each damage is
named with its file, offset, length and kind; with --json as one object.

Exit codes:
  0  everything is whole; an end of the log that was never confirmed is no damage
  1  something is damaged: a broker that starts here keeps all the rest
  2  the directory cannot be read: missing, in use by a broker, of another version
";

const DUMP: &str = "\
Definitions come first, without the hashes of passwords, then messages in the order in which they
were stored. With --json each line is an object with `type`, \"definition\" or \"message\"; a body
that is not UTF-8 is in `body_base64` instead of `body`.

Exit codes:
  0  everything is printed
  1  something is damaged, as `check-data` would say; the rest is printed
  2  the directory cannot be read: missing, in use by a broker, of another version
";

const REPAIR: &str = "\
Definitions and messages that can be read go to a new directory, messages with their delivery counts
and what is left of their time. What cannot be read is named as `check-data` does. Messages of a
queue whose definition is lost get a queue of their own, `lost.` and a number. Start a broker on the
new directory (--data-dir), and keep the old one until you have seen that all is well.

Exit codes:
  0  everything was whole and is in the new directory
  1  something is damaged: the rest is in the new directory
  2  nothing was written: no data, a broker uses it, the new one is not empty, no room
";

const EXAMPLES: &str = "\
Examples:
  leveret                                  a broker as RabbitMQ would be, on port 5672
  leveret --ephemeral --port 0 --ready-file ready.json
                                           one for a test: in memory, on a free port
  leveret --set default_queue_type=quorum --set loopback_users=none
  LEVERET_LOG_LEVEL=debug leveret --config leveret.toml
  leveret check-config --config leveret.toml
  leveret settings > leveret.toml
  leveret check-data data                  verifies the files of a stopped broker
  leveret dump --json data | jq .body      and shows what is in them
  leveret repair data --to new             and saves what can be read
  leveret bench --size 1024 --confirm 100  a load on the broker at port 5672

It stops on SIGTERM or Ctrl-C once clients are told and data is written; a second one stops it
at once.
";

#[cfg(test)]
mod tests;

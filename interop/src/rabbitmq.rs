//! How a RabbitMQ is started and told what to do: by a script, or as it is found on the path.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{self, InteropError, io_error};
use crate::node::Login;
use crate::process;

/// What is not there by default any more, and still used by clients.
const PERMITTED: &str = "deprecated_features.permit.transient_nonexcl_queues = true
";
/// How long it may take from its greeting until it obeys.
const STARTED: Duration = Duration::from_secs(20);
/// The first major version that knows deprecated features.
const DEPRECATES: u32 = 4;

/// A RabbitMQ.
#[derive(Debug)]
pub(crate) enum RabbitMq {
    /// `SCRIPT start PORT` runs it in the foreground, `SCRIPT ctl PORT …` is its rabbitmqctl.
    Script(PathBuf, PathBuf),
    /// `rabbitmq-server` and `rabbitmqctl` of the path; everything it writes is in this folder.
    Path(PathBuf),
}

impl RabbitMq {
    /// Looks for it; what it logs goes to `work`.
    ///
    /// # Errors
    /// [`InteropError::MissingTool`] if there is no script and nothing on the path.
    pub(crate) fn new(script: Option<&Path>, work: &Path) -> Result<Self, InteropError> {
        if let Some(script) = script {
            return Ok(Self::Script(script.to_owned(), work.to_owned()));
        }
        let home = work.join("rabbitmq");
        if home.exists() {
            std::fs::remove_dir_all(&home).map_err(io_error("remove", home.display()))?;
        }
        error::create_dir(&home)?;
        let version = process::output(&["rabbitmqctl".to_owned(), "version".to_owned()]);
        let version = version.ok_or_else(|| InteropError::MissingTool {
            tool: "rabbitmqctl version".to_owned(),
            install: "apt-get install rabbitmq-server, or name a script in LEVERET_ORACLE"
                .to_owned(),
        })?;
        let major = version.split('.').next().unwrap_or_default();
        let permitted = major.parse().is_ok_and(|major: u32| major >= DEPRECATES);
        let mut conf = "log.console = true\nlog.console.level = warning\n".to_owned();
        conf.push_str(if permitted { PERMITTED } else { "" });
        error::write(&home.join("rabbitmq.conf"), &conf)?;
        error::write(&home.join("enabled_plugins"), "[].\n")?;
        Ok(Self::Path(home))
    }

    /// The command that runs it in the foreground.
    pub(crate) fn command(&self, port: u16) -> Result<Command, InteropError> {
        match self {
            Self::Script(script, _) => {
                let mut command = Command::new(script);
                command.args(["start", &port.to_string()]);
                Ok(command)
            }
            Self::Path(home) => {
                let conf = home.join("rabbitmq.conf");
                let listener = format!("listeners.tcp.default = 127.0.0.1:{port}");
                let lines = error::read(&conf)?;
                if !lines.contains(&listener) {
                    error::write(&conf, &format!("{lines}{listener}\n"))?;
                }
                let mut command = on_path("rabbitmq-server", home, port);
                command
                    .env("RABBITMQ_CONFIG_FILE", conf)
                    .env("RABBITMQ_DIST_PORT", (port + 20_000).to_string())
                    .env(
                        "RABBITMQ_ENABLED_PLUGINS_FILE",
                        home.join("enabled_plugins"),
                    )
                    .env("RABBITMQ_MNESIA_BASE", home.join("data"))
                    .env("RABBITMQ_LOG_BASE", home.join("log"));
                Ok(command)
            }
        }
    }

    /// Sets what guest may configure, write and read.
    pub(crate) fn permit(&self, port: u16, permissions: [&str; 3]) -> Result<(), InteropError> {
        let [configure, write, read] = permissions;
        let place = ["set_permissions", "-p", "/", "guest"];
        let words = [&place[..], &[configure, write, read]].concat();
        // It greets before all of it has started.
        let mut result = Ok(());
        process::wait_until(STARTED, || {
            result = self.control(port, &words);
            result.is_ok()
        });
        result
    }

    /// Makes a user who may do everything, or makes the one of this name so.
    pub(crate) fn admit(&self, port: u16, login: &Login) -> Result<(), InteropError> {
        let Login { user, password } = login;
        self.control(port, &["add_user", user, password])
            .or_else(|_| self.control(port, &["change_password", user, password]))?;
        self.control(port, &["set_user_tags", user, "administrator"])?;
        self.control(port, &["set_permissions", user, ".*", ".*", ".*"])
    }

    /// Puts the memory's high watermark below everything, or back to its default.
    pub(crate) fn set_short(&self, port: u16, short: bool) -> Result<(), InteropError> {
        let share = if short { "0" } else { "0.6" };
        self.control(port, &["set_vm_memory_high_watermark", share])
    }

    fn control(&self, port: u16, words: &[&str]) -> Result<(), InteropError> {
        let (mut command, work) = match self {
            Self::Script(script, work) => {
                let mut command = Command::new(script);
                command.args(["ctl", &port.to_string()]);
                (command, work)
            }
            Self::Path(home) => (on_path("rabbitmqctl", home, port), home),
        };
        process::run(command.args(words), &work.join("rabbitmqctl.log"))
    }
}

/// A program of the path that knows the node of this port.
fn on_path(program: &str, home: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command
        .env("HOME", home)
        .env("RABBITMQ_NODENAME", format!("interop{port}@localhost"));
    command
}

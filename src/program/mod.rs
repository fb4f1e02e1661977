//! The program `leveret`: reads arguments and settings, then runs a broker until it is signalled.
//!
//! Owns what a process has and an embedded broker has not: the command line, the log's destination,
//! signals, the ready file, and the commands that look into data. Knows no rule of the broker.
//! Compiled with the feature `program` only, which is why a crate that embeds a broker can do
//! without clap, the load tool and the rest (`default-features = false`).

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use leveret_ctl::{Tool, upgrade};
use tokio::sync::Notify;

use crate::broker::{Broker, StartError};
use crate::clock::Clock;
use crate::config::{self, AsServer, Loaded, LogFormat, Origin};
use crate::log;
use crate::net::descriptors;
use crate::store::is_guarded;

use cli::{Cli, Command};
use node::Node;
use ready_file::Ready;
use signals::Signals;

mod banner;
mod certs;
mod cli;
#[cfg(unix)]
mod container;
mod documents;
mod farewell;
mod inspect;
mod links;
mod logging;
mod node;
mod ready_file;
mod repair;
mod server;
mod service;
mod signals;

/// The exit code of `check-config` where nothing is wrong, but the port or the data is in use.
const IN_USE: u8 = 2;

/// Does what the arguments of this process say; returns when it is done, or when a broker that was
/// started has stopped.
pub fn main() -> ExitCode {
    #[cfg(unix)]
    if container::is_asked_for() {
        return container::main();
    }
    if let Some(code) = tools() {
        return code;
    }
    say_no_guarded_panics();
    let is_server = as_server() != AsServer::No;
    if is_server && let Some(code) = server::detach() {
        return code;
    }
    let cli = match is_server {
        true => Cli::parse_from(server::arguments()),
        false => Cli::parse(),
    };
    if let Some(code) = cli.command.as_ref().and_then(beside) {
        return code;
    }
    let loaded = match cli.options.load(std::env::vars_os().collect(), as_server()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(&complaint(&problems.0));
            return ExitCode::FAILURE;
        }
    };
    let is_long = std::env::var_os("RABBITMQ_USE_LONGNAME").is_some_and(|value| value == "true");
    config::name_node(&loaded.settings.node_name, is_long);
    if cli.command == Some(Command::CheckConfig) {
        return check_config(&cli, &loaded);
    }
    match run(&cli, &loaded) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The name of RabbitMQ's server.
const SERVER: &str = "rabbitmq-server";

/// Whether the program was started as RabbitMQ's server.
fn as_server() -> AsServer {
    let name = std::env::args_os().next().map(PathBuf::from);
    match name.as_deref().and_then(Path::file_name) {
        Some(name) if name == SERVER => AsServer::Yes,
        _ => AsServer::No,
    }
}

/// Does what one of RabbitMQ's tools is asked for, if the program was started by its name, or as
/// `leveret ctl`.
fn tools() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    let name = words.next()?;
    if let Some(tool) = Tool::of_program(&name) {
        return Some(leveret_ctl::main(tool, words));
    }
    let is_ctl = words.next().is_some_and(|word| word == "ctl");
    is_ctl.then(|| leveret_ctl::ctl(words.collect()))
}

/// Does what needs no settings; nothing for what needs them.
fn beside(command: &Command) -> Option<ExitCode> {
    Some(match command {
        Command::Settings { from, .. } if !from.is_empty() => translate(from),
        Command::Settings { markdown: true, .. } => say(&config::reference()),
        Command::Settings { .. } => say(&config::template()),
        #[cfg(unix)]
        Command::Bench(bench) => leveret_bench::main(bench),
        Command::Certs(asked) => certs::certs(asked),
        Command::CheckData(what) => inspect::check_data(what),
        Command::Dump(what) => inspect::dump(what),
        Command::Repair(what) => repair::repair(what),
        Command::Ctl { words } => leveret_ctl::ctl(words.clone()),
        Command::Completions { shell, name } => documents::completions(*shell, name),
        Command::Export(what) => {
            upgrade::export_to_rabbitmq(&(&what.node).into(), &what.from, &what.dir)
        }
        Command::Import(what) => {
            upgrade::import_from_rabbitmq(&(&what.node).into(), &what.file, what.check)
        }
        Command::Link { dir } => links::link(dir),
        Command::Man { dir } => documents::man(dir),
        Command::CheckConfig => return None,
    })
}

/// Prints what RabbitMQ's files say as a settings file.
fn translate(from: &[PathBuf]) -> ExitCode {
    let env: Vec<_> = std::env::vars_os().collect();
    match config::load_files(from, &env) {
        Ok(loaded) => say(&config::translated(&loaded)),
        Err(problems) => {
            let problems = indented(&problems.0);
            complain(&format_args!("no settings are made of this:{problems}"));
            ExitCode::FAILURE
        }
    }
}

/// A panic that is caught on the spot, in a library that reads what is damaged, is no news: what
/// becomes of it is said in words.
fn say_no_guarded_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_guarded() {
            before(panic);
        }
    }));
}

/// Goes through everything that a start does before it changes anything.
fn check_config(cli: &Cli, loaded: &Loaded) -> ExitCode {
    let errors = Broker::builder().settings(loaded.settings.clone()).check();
    let (in_use, wrong): (Vec<_>, Vec<_>) = errors.iter().partition(|error| error.is_in_use());
    let mut wrong: Vec<String> = wrong.iter().map(|error| placed(loaded, error)).collect();
    if let Some(path) = &cli.ready_file
        && let Err(error) = ready_file::rehearse(path)
    {
        wrong.push(at(path, &error));
    }
    if !wrong.is_empty() {
        complain(&complaint(&wrong));
        return ExitCode::FAILURE;
    }
    let said = say(&config::report(loaded));
    if in_use.is_empty() {
        return said;
    }
    let lines = in_use
        .iter()
        .map(|error| format!("\n  {}", placed(loaded, error)));
    let lines: String = lines.collect();
    complain(&format_args!(
        "the settings are right, but a start now would fail:{lines}"
    ));
    ExitCode::from(IN_USE)
}

/// What keeps a broker from starting, with the place where the setting was given.
fn placed(loaded: &Loaded, error: &StartError) -> String {
    match error.key().map(|key| loaded.origin(key)) {
        None | Some(Origin::Default) => error.to_string(),
        Some(origin) => format!("{origin}: {error}"),
    }
}

/// Prints an answer. A reader that leaves before the end (`| head`) has read what it wanted.
fn say(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Says on standard error what went wrong. Where that cannot be written the exit code has to do.
fn complain(what: &dyn Display) {
    let _unheard = writeln!(io::stderr(), "leveret: {what}");
}

/// Runs a broker from its start to the end of a graceful stop.
fn run(cli: &Cli, loaded: &Loaded) -> Result<(), Box<dyn Error>> {
    let settings = &loaded.settings;
    let clock = Clock::system();
    let output = logging::init(settings)?;
    banner::begin(loaded, &output);
    descriptors::raise();
    let mut signals = Signals::catch()?;
    if let Some(path) = &cli.ready_file {
        ready_file::rehearse(path).map_err(|error| at(path, &error))?;
        ready_file::remove(path).map_err(|error| at(path, &error))?;
    }

    for (origin, text) in loaded.ignored() {
        log::warn!("{origin}: {text}");
    }
    if !settings.amqp_enabled {
        let by = loaded.origin("amqp.enabled");
        log::info!("AMQP is not served, so that no client of it can connect ({by})");
    }
    let asked = Arc::new(Notify::new());
    let node = Node::open(settings, &asked)?;
    let listeners = node.app.start();
    let listeners = listeners.map_err(|error| complaint(&[placed(loaded, &error)]))?;
    node.open_in(settings);
    let pid_file = settings.pid_file.as_deref();
    if let Some(path) = pid_file {
        let written = ready_file::write_pid(path);
        written.map_err(|error| format!("pid_file: '{}': {error}", path.display()))?;
    }
    let ready = Ready::new(settings, &listeners);
    if let Some(path) = &cli.ready_file {
        ready.write(path).map_err(|error| at(path, &error))?;
    }
    match settings.log_format {
        LogFormat::Rabbitmq => {
            let took_ms = clock.now().transport.as_millis();
            banner::ready(settings, &listeners, took_ms, &output);
        }
        _ => announce(&ready),
    }
    service::ready();
    leveret_memory::release_code();

    let signal = signals.wait_or(&asked, || {
        if let Some(desk) = node.app.desk() {
            desk.read_certificates_again();
        }
    });
    service::stopping();
    match signal {
        Some(signal) if farewell::signalled(settings, signal.name()) => {}
        Some(signal) => log::info!(
            signal = signal.name(),
            "Stopping; a second signal stops at once"
        ),
        None => log::info!("Stopping, as rabbitmqctl asks; a signal stops at once"),
    }
    signals.end_at_the_next()?;
    match signal {
        Some(_) => node.app.stop("shutdown"),
        None => node.app.stop_as_asked("shutdown"),
    }
    for path in cli.ready_file.as_deref().into_iter().chain(pid_file) {
        ready_file::remove(path).map_err(|error| at(path, &error))?;
    }
    log::info!("Stopped");
    node.close();
    Ok(())
}

/// The line that scripts and test containers wait for.
fn announce(ready: &Ready) {
    let amqp: Vec<String> = ready.listening.iter().map(SocketAddr::to_string).collect();
    let amqp = match amqp.is_empty() {
        true => "none".to_owned(),
        false => amqp.join(","),
    };
    let listeners = ready.listeners.iter().flat_map(|listener| {
        let addresses = listener.addresses.iter();
        addresses.map(|address| format!("{} {address}", listener.name))
    });
    let listeners = listeners.collect::<Vec<_>>().join(", ");
    log::info!(
        version = ready.version,
        pid = ready.pid,
        amqp,
        listeners,
        data_dir = ready
            .data_dir
            .as_ref()
            .map(|dir| tracing::field::display(dir.display())),
        durability = ready.durability,
        "Server startup complete"
    );
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("command line, --ready-file: '{}': {error}", path.display())
}

fn complaint(problems: &[impl Display]) -> String {
    format!("cannot start with these settings:{}", indented(problems))
}

/// Each on a line of its own.
fn indented(problems: &[impl Display]) -> String {
    let lines = problems.iter().map(|problem| format!("\n  {problem}"));
    lines.collect()
}

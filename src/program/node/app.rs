//! The broker of the process, in RabbitMQ's words the application `rabbit`: it is started, stopped
//! and started again while the node stays.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwapOption;
use axum::Router;
use parking_lot::Mutex;

use crate::broker::{Broker, Listening, StartError};
use crate::clock::Clock;
use crate::config::{Durability, Settings};
use crate::desk::{Desk, DocumentOf};
use crate::management;
use crate::program::{banner, farewell};
use crate::store::disk::Hold;

/// Whether the broker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Stopped,
    Starting,
    Running,
    Stopping,
}

impl State {
    const ALL: [Self; 4] = [Self::Stopped, Self::Starting, Self::Running, Self::Stopping];

    /// Its word in answers.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
        }
    }
}

/// See the module.
pub(crate) struct App {
    /// A [`State`], which can be read while it changes.
    state: AtomicU8,
    /// The management API of the broker that runs.
    api: ArcSwapOption<Router>,
    desk: ArcSwapOption<Desk>,
    /// Where the log goes; no start changes that.
    log_files: Vec<String>,
    /// One change after another.
    running: Mutex<Running>,
}

struct Running {
    /// With the ports that were taken: another start takes the same.
    settings: Settings,
    broker: Option<Broker>,
    /// The data directory is this node's while its application is stopped, too.
    hold: Hold,
    /// The definitions of a broker that stores nothing, while it is stopped.
    kept: Option<Vec<u8>>,
}

/// Why the state cannot be changed.
#[derive(Debug)]
pub(crate) enum AppError {
    /// It must be stopped for this.
    IsRunning,
    Start(StartError),
    /// Its data cannot be removed.
    Data(io::Error),
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsRunning => f.write_str("the application runs"),
            Self::Start(error) => error.fmt(f),
            Self::Data(error) => error.fmt(f),
        }
    }
}

impl App {
    /// That of a process with these settings, which is about to start.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            state: AtomicU8::new(State::Starting as u8),
            api: ArcSwapOption::empty(),
            desk: ArcSwapOption::empty(),
            log_files: settings.log_files(),
            running: Mutex::new(Running {
                settings: settings.clone(),
                broker: None,
                hold: Hold::default(),
                kept: None,
            }),
        }
    }

    /// Whether it runs, now.
    pub(crate) fn state(&self) -> State {
        let state = usize::from(self.state.load(Ordering::Relaxed));
        State::ALL.get(state).copied().unwrap_or(State::Stopped)
    }

    fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    /// The management API, if the broker runs.
    pub(super) fn api(&self) -> Option<Router> {
        Some(Router::clone(&*self.api.load_full()?))
    }

    /// Where the log goes.
    pub(super) fn log_files(&self) -> &[String] {
        &self.log_files
    }

    /// What the broker that runs is asked at.
    pub(in crate::program) fn desk(&self) -> Option<Arc<Desk>> {
        self.desk.load_full()
    }

    /// Starts the broker, unless it runs; gives its listeners.
    ///
    /// # Errors
    /// Those of the start: then it is stopped.
    pub(crate) fn start(&self) -> Result<Vec<Listening>, StartError> {
        let mut running = self.running.lock();
        if let Some(broker) = &running.broker {
            return Ok(broker.listeners().to_vec());
        }
        self.set_state(State::Starting);
        let builder = Broker::builder().settings(running.settings.clone());
        let builder = builder.reclaim(leveret_memory::collect);
        let builder = builder.hold(running.hold.clone());
        let broker = builder.kept(running.kept.clone()).start();
        let broker = broker.inspect_err(|_| self.set_state(State::Stopped))?;
        running.kept = None;
        let listeners = broker.listeners().to_vec();
        running.settings = with_ports(&running.settings, &listeners);
        let api = management::insider(broker.desk());
        self.api.store(Some(api.into()));
        self.desk.store(Some(Arc::clone(broker.desk())));
        running.broker = Some(broker);
        self.set_state(State::Running);
        Ok(listeners)
    }

    /// Starts the broker, unless it runs, and says that it was started.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub(super) fn start_again(&self) -> Result<(), StartError> {
        if self.state() == State::Running {
            return Ok(());
        }
        let settings = self.running.lock().settings.clone();
        banner::asked_to_start(&settings);
        let clock = Clock::system();
        let listeners = self.start()?;
        let took_ms = clock.now().transport.as_millis();
        banner::started_again(&settings, &listeners, took_ms);
        Ok(())
    }

    /// Stops the broker in good order, if it runs: clients are told, what is to be stored is.
    pub(crate) fn stop(&self, reason: &str) {
        self.stop_saying(reason, |_| (), |_| ());
    }

    /// As [`stop`](Self::stop), because a tool asks for it; the log says so.
    pub(crate) fn stop_as_asked(&self, reason: &str) {
        self.stop_saying(reason, farewell::asked, farewell::stopped);
    }

    fn stop_saying(&self, reason: &str, before: fn(&Settings), behind: fn(&Settings)) {
        let mut running = self.running.lock();
        let Some(broker) = running.broker.take() else {
            return;
        };
        self.set_state(State::Stopping);
        self.api.store(None);
        broker.desk().plugins.note_in(&mut running.settings);
        self.desk.store(None);
        if running.settings.durability == Durability::Memory {
            let document = broker.desk().export(&DocumentOf::Broker);
            running.kept = Some(document.to_string().into_bytes());
        }
        before(&running.settings);
        broker.stop(reason);
        behind(&running.settings);
        self.set_state(State::Stopped);
    }

    /// Removes all that the stopped broker has stored: the next start finds nothing.
    pub(super) fn reset(&self) -> Result<(), AppError> {
        let mut running = self.running.lock();
        if running.broker.is_some() {
            return Err(AppError::IsRunning);
        }
        running.kept = None;
        match running.settings.durability {
            Durability::Memory => Ok(()),
            _ => crate::store::wipe(&running.settings.data_dir, &running.hold)
                .map_err(AppError::Data),
        }
    }
}

/// Settings with the ports that were taken, where any free one was asked for.
fn with_ports(settings: &Settings, listeners: &[Listening]) -> Settings {
    let taken = |name: &str| {
        let listener = listeners.iter().find(|one| one.name == name)?;
        Some(listener.addresses.first()?.port())
    };
    let mut settings = settings.clone();
    if let (0, Some(port)) = (settings.port, taken("amqp")) {
        settings.port = port;
    }
    if let (Some(0), Some(port)) = (settings.management_tcp_port, taken(management::NAME)) {
        settings.management_tcp_port = Some(port);
    }
    if let (Some(0), Some(port)) = (settings.prometheus_tcp_port, taken(management::METRICS)) {
        settings.prometheus_tcp_port = Some(port);
    }
    settings
}

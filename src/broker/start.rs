//! What a start needs before the first client can come in, and what keeps one from it.
//!
//! [`BrokerBuilder::start`](super::BrokerBuilder::start) takes these steps in the order of this
//! file, so that settings that cannot work end it before anything is made.
//! [`check`] takes the same steps and collects what they say.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::loading::{self, LoadError};
use crate::auth::{AuthError, Pattern, PermissionDefinition, UserDefinition};
use crate::clock::Clock;
#[cfg(feature = "tls")]
use crate::config::TlsDoor;
use crate::config::{Durability, Problems, Settings};
use crate::desk::{AdminError, Desk, VhostDefinition, VhostError, check_seeds};
use crate::env::Environment;
use crate::limits::STAGED_MAX;
use crate::net::listener::{Bound, Listener};
#[cfg(feature = "tls")]
use crate::net::tls::{self, Keys, TlsError};
use crate::store::disk::{Hold, OsDisk};
use crate::store::{self, LogStore, MemoryStore, Spill, Store, StoreError};

/// Why a broker does not start. Its text begins with the name of the setting that it is about.
#[derive(Debug)]
pub enum StartError {
    /// Settings are impossible; the text says which.
    Settings(Problems),
    /// An address cannot be listened on; the text names it.
    Listen {
        /// The listener's name: `amqp`, `management`.
        listener: &'static str,
        /// The system's words.
        error: io::Error,
    },
    /// TLS cannot be spoken as the settings say; the text names the setting and the file.
    #[cfg(feature = "tls")]
    Tls(TlsError),
    /// No thread or runtime can be had.
    Threads(io::Error),
    /// The data directory cannot be used; the text names it.
    Directory(io::Error),
    /// The data cannot be read.
    Store(StoreError),
    /// The default user or vhost cannot be made.
    Default {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        error: AdminError,
    },
    /// What new virtual hosts are to get cannot be given to one.
    Seed {
        /// The setting.
        key: &'static str,
        /// The name in it.
        name: String,
        /// What is wrong with it.
        error: AdminError,
    },
    /// Definitions cannot be loaded.
    Definitions(LoadError),
}

impl StartError {
    /// The setting that it is about, if it is about one.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Settings(_) | Self::Threads(_) => None,
            #[cfg(feature = "tls")]
            Self::Tls(_) => None,
            Self::Listen { listener, error } => {
                let is_port = matches!(
                    error.kind(),
                    io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
                );
                Some(match (*listener, is_port) {
                    (MANAGEMENT, true) => "management.tcp.port",
                    (MANAGEMENT, false) => "management.tcp.ip",
                    (PROMETHEUS, true) => "prometheus.tcp.port",
                    (PROMETHEUS, false) => "prometheus.tcp.ip",
                    (AMQP_TLS, _) => "ssl_listeners",
                    (MANAGEMENT_TLS, true) => "management.ssl.port",
                    (MANAGEMENT_TLS, false) => "management.ssl.ip",
                    (PROMETHEUS_TLS, true) => "prometheus.ssl.port",
                    (PROMETHEUS_TLS, false) => "prometheus.ssl.ip",
                    (_, true) => "port",
                    (_, false) => "host",
                })
            }
            Self::Directory(_) | Self::Store(_) => Some("data_dir"),
            Self::Default {
                error: AdminError::Vhost(VhostError::LimitReached(_)),
                ..
            } => Some("vhost_max"),
            Self::Default { key, .. } | Self::Seed { key, .. } => Some(key),
            Self::Definitions(_) => Some("load_definitions"),
        }
    }

    fn is_of_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        let is_of_tls = matches!(self, Self::Tls(_));
        #[cfg(not(feature = "tls"))]
        let is_of_tls = false;
        is_of_tls
    }

    /// Whether the same settings work once another process has given up the port or the directory.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        let (Self::Listen { error, .. } | Self::Directory(error)) = self else {
            return false;
        };
        matches!(
            error.kind(),
            io::ErrorKind::AddrInUse | io::ErrorKind::ResourceBusy
        )
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = self.key() {
            write!(f, "{key}: ")?;
        }
        match self {
            Self::Settings(problems) => problems.fmt(f),
            Self::Listen { error, .. } | Self::Directory(error) => error.fmt(f),
            #[cfg(feature = "tls")]
            Self::Tls(error) => error.fmt(f),
            Self::Threads(source) => write!(f, "cannot start threads: {source}"),
            Self::Store(error) => error.fmt(f),
            Self::Default { error, .. } => error.fmt(f),
            Self::Seed { name, error, .. } => {
                let error = error.to_string().trim_end().replace("\n\n", ": ");
                write!(f, "{name}: {}", error.replace('\n', "; "))
            }
            Self::Definitions(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// Everything that keeps a broker with these settings from starting now; nothing is changed.
pub(super) fn check(settings: &Settings) -> Vec<StartError> {
    if let Err(problems) = settings.check() {
        return vec![StartError::Settings(problems)];
    }
    let mut errors = check_defaults(settings);
    match rehearse_store(settings) {
        Ok(true) if errors.is_empty() && settings.load_definitions.is_none() => {
            let (clock, store) = (Clock::system(), Arc::new(MemoryStore::default()));
            let desk = Desk::new(Arc::new(Environment::new(settings.clone(), clock, store)));
            errors.extend(make_defaults(&desk).err());
        }
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    errors.extend(
        loading::check(settings)
            .map_err(StartError::Definitions)
            .err(),
    );
    #[cfg(feature = "tls")]
    errors.extend(tls::check(settings).into_iter().map(StartError::Tls));
    if !errors.iter().any(StartError::is_of_tls) {
        errors.extend(bind(settings).err());
    }
    errors
}

/// What is wrong with the settings of the default user and of what new vhosts get; nothing of it
/// depends on the data.
pub(super) fn check_defaults(settings: &Settings) -> Vec<StartError> {
    let patterns = [
        (
            "default_permissions.configure",
            &settings.default_permissions_configure,
        ),
        (
            "default_permissions.write",
            &settings.default_permissions_write,
        ),
        (
            "default_permissions.read",
            &settings.default_permissions_read,
        ),
    ];
    let failed = |(key, pattern): (_, &String)| {
        let error = AuthError::from(Pattern::for_permission(pattern).err()?).into();
        Some(StartError::Default { key, error })
    };
    let seeds = check_seeds(settings).into_iter();
    let seeds = seeds.map(|(key, name, error)| StartError::Seed { key, name, error });
    patterns
        .into_iter()
        .filter_map(failed)
        .chain(seeds)
        .collect()
}

/// The name of the listener for AMQP.
pub(super) const AMQP: &str = "amqp";
/// The name of the listener of the management API.
pub(super) const MANAGEMENT: &str = "management";

/// The name of the listener of the metrics.
pub(super) const PROMETHEUS: &str = "prometheus";

/// The names of the listeners that speak TLS.
pub(super) const AMQP_TLS: &str = "amqps";
pub(super) const MANAGEMENT_TLS: &str = "management-tls";
pub(super) const PROMETHEUS_TLS: &str = "prometheus-tls";

/// The addresses of all listeners, taken.
#[derive(Debug)]
pub(super) struct Doors {
    /// `None` if it is switched off.
    pub(super) amqp: Option<Bound>,
    /// `None` if it is switched off, or its default port is in use.
    #[cfg(feature = "management")]
    pub(super) management: Option<Bound>,
    /// The same.
    #[cfg(feature = "management")]
    pub(super) prometheus: Option<Bound>,
    /// Those that speak TLS.
    #[cfg(feature = "tls")]
    pub(super) tls: Vec<OverTls<Bound>>,
}

/// Listeners that clients can connect to.
pub(super) struct Open {
    pub(super) amqp: Option<Listener>,
    #[cfg(feature = "management")]
    pub(super) management: Option<Listener>,
    #[cfg(feature = "management")]
    pub(super) prometheus: Option<Listener>,
    #[cfg(feature = "tls")]
    pub(super) tls: Vec<OverTls<Listener>>,
}

/// A listener that speaks TLS, or the addresses of one.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(super) struct OverTls<L> {
    pub(super) name: &'static str,
    pub(super) listener: L,
    pub(super) keys: Arc<Keys>,
}

impl Doors {
    /// Listens: from now on clients can connect.
    pub(super) fn open(self) -> Result<Open, StartError> {
        let open = |name, bound: Option<Bound>| {
            let listener = bound.map(Bound::listen).transpose();
            listener.map_err(|error| listen(name, error))
        };
        Ok(Open {
            amqp: open(AMQP, self.amqp)?,
            #[cfg(feature = "management")]
            management: open(MANAGEMENT, self.management)?,
            #[cfg(feature = "management")]
            prometheus: open(PROMETHEUS, self.prometheus)?,
            #[cfg(feature = "tls")]
            tls: {
                let doors = self.tls.into_iter().map(|door| {
                    let OverTls { name, keys, .. } = door;
                    let listener = door
                        .listener
                        .listen()
                        .map_err(|error| listen(name, error))?;
                    Ok(OverTls {
                        name,
                        listener,
                        keys,
                    })
                });
                doors.collect::<Result<_, StartError>>()?
            },
        })
    }
}

/// Takes the addresses for AMQP.
fn bind_amqp(settings: &Settings) -> Result<Bound, StartError> {
    let failed = |error| listen(AMQP, error);
    let mut amqp = Bound::bind(&settings.host, settings.port).map_err(failed)?;
    for (host, port) in settings.extra_addresses() {
        amqp.join(Bound::bind(host, port).map_err(failed)?);
    }
    Ok(amqp)
}

/// Takes the addresses.
pub(super) fn bind(settings: &Settings) -> Result<Doors, StartError> {
    let amqp = settings.amqp_enabled.then(|| bind_amqp(settings));
    Ok(Doors {
        amqp: amqp.transpose()?,
        #[cfg(feature = "management")]
        management: bind_beside(
            MANAGEMENT,
            settings.management_enabled && settings.has_plain_management(),
            settings.management_address(),
            settings.management_tcp_port,
        )?,
        #[cfg(feature = "management")]
        prometheus: bind_beside(
            PROMETHEUS,
            settings.prometheus_enabled && settings.has_plain_prometheus(),
            settings.prometheus_address(),
            settings.prometheus_tcp_port,
        )?,
        #[cfg(feature = "tls")]
        tls: bind_tls(settings)?,
    })
}

/// Takes the addresses of the listeners that speak TLS, after its files were read.
#[cfg(feature = "tls")]
fn bind_tls(settings: &Settings) -> Result<Vec<OverTls<Bound>>, StartError> {
    let mut doors = Vec::new();
    for door in settings.tls_doors() {
        let (name, addresses): (_, Vec<_>) = match door {
            TlsDoor::Amqp => (AMQP_TLS, settings.tls_addresses().collect()),
            // They are served by what a feature has.
            _ if !cfg!(feature = "management") => continue,
            TlsDoor::Management => {
                let address = settings.management_tls_address();
                (MANAGEMENT_TLS, address.into_iter().collect())
            }
            TlsDoor::Prometheus => {
                let address = settings.prometheus_tls_address();
                (PROMETHEUS_TLS, address.into_iter().collect())
            }
        };
        let keys = Arc::new(Keys::load(door, settings).map_err(StartError::Tls)?);
        let mut taken: Option<Bound> = None;
        for (host, port) in addresses {
            let bound = Bound::bind(host, port).map_err(|error| listen(name, error))?;
            match &mut taken {
                Some(taken) => taken.join(bound),
                None => taken = Some(bound),
            }
        }
        doors.extend(taken.map(|listener| OverTls {
            name,
            listener,
            keys,
        }));
    }
    Ok(doors)
}

/// Takes the address of a listener beside the one for AMQP. Without a port that was `given`, it is
/// left out if its own is in use.
#[cfg(feature = "management")]
fn bind_beside(
    name: &'static str,
    enabled: bool,
    (host, port): (&str, u16),
    given: Option<u16>,
) -> Result<Option<Bound>, StartError> {
    if !enabled {
        return Ok(None);
    }
    match Bound::bind(host, port) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && given.is_none() => {
            crate::log::warn!("{name} is not served: {error}");
            Ok(None)
        }
        Err(error) => Err(listen(name, error)),
    }
}

pub(super) fn listen(listener: &'static str, error: io::Error) -> StartError {
    StartError::Listen { listener, error }
}

/// Goes as far as a start does before it changes the data; `true` if there is none yet.
fn rehearse_store(settings: &Settings) -> Result<bool, StartError> {
    if settings.durability == Durability::Memory {
        return Ok(true);
    }
    let look = |disk: &OsDisk| match store::inspect::has_data(disk) {
        Ok(true) => store::inspect::rehearse(disk).map(|()| false),
        Ok(false) => Ok(true),
        Err(error) => Err(error),
    };
    OsDisk::rehearse(&settings.data_dir, look)
        .map_err(|error| directory(settings, &error))?
        .map_err(StartError::Store)
}

fn directory(settings: &Settings, error: &io::Error) -> StartError {
    let text = format!("'{}': {error}", settings.data_dir.display());
    StartError::Directory(io::Error::new(error.kind(), text))
}

/// The store that the settings ask for, and where messages that are not stored can wait.
pub(super) fn open_store(
    settings: &Settings,
    clock: &Clock,
    hold: &Hold,
) -> Result<(Arc<dyn Store>, Option<Spill>), StartError> {
    let durability = match settings.durability {
        Durability::Memory => return Ok((Arc::new(MemoryStore::default()), None)),
        Durability::Fsync => store::Durability::Fsync,
        Durability::Os => store::Durability::Os,
    };
    let failed = |error| directory(settings, &error);
    let disk = Arc::new(OsDisk::open_with(&settings.data_dir, hold).map_err(failed)?);
    if store::finish_wipe(&disk).map_err(failed)? {
        crate::log::info!("what a reset had begun to remove is gone now");
    }
    let (least, most) = STAGED_MAX;
    let options = store::Options {
        durability,
        staged_max: (settings.body_budget / STAGED_SHARE).clamp(least, most),
        ..store::Options::default()
    };
    // First of all: what is left of an old one takes room.
    let spill = Spill::open(Arc::<OsDisk>::clone(&disk)).map_err(failed)?;
    let store = LogStore::open(disk, options, clock.clone());
    let store = store.map_err(StartError::Store)?;
    Ok((Arc::new(store), Some(spill)))
}

/// The share of the body budget that may wait for the disk.
const STAGED_SHARE: u64 = 4;

/// The vhost and the user of a new broker.
pub(super) fn make_defaults(desk: &Desk) -> Result<(), StartError> {
    let settings = &desk.env.settings;
    let administration = desk.administration();
    let failed = |key| move |error| StartError::Default { key, error };
    let vhost = VhostDefinition {
        description: "Default virtual host".to_owned(),
        ..VhostDefinition::default()
    };
    let vhost = administration.put_vhost(&settings.default_vhost, &vhost);
    vhost.map_err(failed("default_vhost"))?.unwaited();
    let name = &settings.default_user;
    let user = UserDefinition::new(name, settings.default_pass.expose())
        .tags(settings.default_user_tags.iter());
    let user = administration.put_user(&user);
    user.map_err(failed("default_user"))?.unwaited();
    let permission = PermissionDefinition::new(name, &settings.default_vhost)
        .configure(&settings.default_permissions_configure)
        .write(&settings.default_permissions_write)
        .read(&settings.default_permissions_read);
    let permission = administration.put_permission(&permission);
    let key = "default_permissions.configure";
    permission.map_err(failed(key))?.unwaited();
    Ok(())
}

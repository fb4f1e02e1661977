//! Reads certificates and keys again when their files change. What was agreed with clients before
//! stays; what cannot be read leaves in force what was read before.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::names::moment;
use super::{Current, Keys, config};
#[cfg(feature = "management")]
use crate::desk::certificates::CertificateFile;
use crate::desk::certificates::Certificates;

/// Days before a certificate expires from which on that is said, once a day.
const WARNED_DAYS: i64 = 30;

const DAY_S: i64 = 86_400;

/// What tells of each watched file that it is another one: when it was changed, and how long it is.
type Versions = Vec<Option<(SystemTime, u64)>>;

fn versions(paths: &[PathBuf]) -> Versions {
    let version = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    paths.iter().map(version).collect()
}

/// What was seen of the files.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// As they were read last, with success or not.
    read: Versions,
    /// At the last look, if they were other ones: they are read once two looks see the same, so
    /// that a certificate is not read before its key is there.
    changed: Option<Versions>,
    /// The day on which it was last said that a certificate expires.
    warned: i64,
}

impl Seen {
    /// Files that were just read.
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        Self {
            read: versions(paths),
            ..Self::default()
        }
    }
}

impl Certificates for Keys {
    fn look(&self, now_s: i64) {
        let mut seen = self.seen.lock();
        let versions = versions(&self.current.load().watched);
        if versions == seen.read {
            seen.changed = None;
        } else if seen.changed.as_ref() == Some(&versions) {
            seen.read = versions;
            seen.changed = None;
            seen.warned = 0;
            self.load_again("the files have changed");
        } else {
            seen.changed = Some(versions);
        }
        let today = now_s / DAY_S;
        if seen.warned != today {
            seen.warned = today;
            self.warn_of_ends(now_s);
        }
    }

    #[cfg(feature = "program")]
    fn read_again(&self) {
        let mut seen = self.seen.lock();
        *seen = Seen::of(&self.current.load().watched);
        self.load_again("SIGHUP has come");
    }

    #[cfg(feature = "management")]
    fn files(&self) -> Vec<CertificateFile> {
        let current = self.current.load();
        let files = current.files.iter().map(|(setting, path, facts)| {
            let (_, kind) = setting.rsplit_once('.').unwrap_or(("", setting));
            CertificateFile {
                kind: kind.to_owned(),
                path: path.clone(),
                ends: facts.iter().map(|facts| facts.counts.1).collect(),
                pem: facts.iter().map(|facts| Arc::clone(&facts.pem)).collect(),
            }
        });
        files.collect()
    }
}

impl Keys {
    /// `why`: what has happened, in words.
    fn load_again(&self, why: &str) {
        let options = self.settings.tls_options(self.door);
        let prefix = options.prefix;
        match config::load(&options, self.door) {
            Ok(loaded) => {
                self.current.store(Arc::new(Current::from(loaded)));
                crate::log::info!("{prefix}: {why}: the files were read again");
            }
            Err(error) => {
                crate::log::error!("{error}; {why}, and what was read before stays in force")
            }
        }
    }

    fn warn_of_ends(&self, now_s: i64) {
        for (setting, path, facts) in &self.current.load().files {
            for facts in facts {
                let (_, end) = facts.counts;
                if end > now_s + WARNED_DAYS * DAY_S {
                    continue;
                }
                let (path, whose, when) = (path.display(), &facts.subject, moment(end, " "));
                let what = match end > now_s {
                    true => "expires",
                    false => "has expired",
                };
                crate::log::warn!(
                    "{setting}: {path}: the certificate of {whose} {what}: {when} UTC"
                );
            }
        }
    }
}

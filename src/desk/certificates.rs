//! The certificates that listeners speak TLS with: read by the net, looked at from here.

#[cfg(feature = "management")]
use std::path::PathBuf;
use std::sync::Arc;

use super::Desk;

/// What listeners with one kind of TLS are given.
pub(crate) trait Certificates: Send + Sync {
    /// Reads files again that have changed, and warns of certificates that soon expire. `now_s`:
    /// seconds since 1970.
    fn look(&self, now_s: i64);

    /// Reads the files again whether they have changed or not.
    #[cfg(feature = "program")]
    fn read_again(&self);

    /// The files as they were read last.
    #[cfg(feature = "management")]
    fn files(&self) -> Vec<CertificateFile>;
}

/// A file with certificates.
#[cfg(feature = "management")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFile {
    /// The setting that names it, without its prefix: `certfile`, `cacertfile`.
    pub(crate) kind: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// When its certificates expire, in seconds since 1970.
    pub(crate) ends: Vec<i64>,
    /// The certificates themselves, in PEM; what else stands in the file is left out.
    pub(crate) pem: Vec<Arc<str>>,
}

impl Desk {
    /// Says what the listener of this name speaks TLS with.
    #[cfg(feature = "tls")]
    pub(crate) fn speaks_with(&self, listener: &'static str, certificates: Arc<dyn Certificates>) {
        let mut all = self.certificates.lock();
        all.retain(|(name, _)| *name != listener);
        all.push((listener, certificates));
    }

    /// Has all of them looked at; their files are read on this thread.
    pub(crate) fn look_at_certificates(&self) {
        let now_s = self.env.now().wall.as_millis() / 1_000;
        for one in self.all_certificates() {
            one.look(i64::try_from(now_s).unwrap_or(i64::MAX));
        }
    }

    /// Has the files of all of them read again, on this thread.
    #[cfg(feature = "program")]
    pub(crate) fn read_certificates_again(&self) {
        for one in self.all_certificates() {
            one.read_again();
        }
    }

    fn all_certificates(&self) -> Vec<Arc<dyn Certificates>> {
        let all = self.certificates.lock();
        all.iter().map(|(_, one)| Arc::clone(one)).collect()
    }

    /// The files of a listener; none if it does not speak TLS.
    #[cfg(feature = "management")]
    pub(crate) fn certificates_of(&self, listener: &str) -> Vec<CertificateFile> {
        let all = self.certificates.lock();
        let found = all.iter().find(|(name, _)| *name == listener);
        found.map_or_else(Vec::new, |(_, one)| one.files())
    }
}

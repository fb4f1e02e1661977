//! Password hashes as RabbitMQ stores and exports them.
//!
//! Owns: how a password becomes `base64(salt ++ digest(salt ++ password))` and back to a yes or
//! no. Does not know users or mechanisms. Docs: passwords. Seen: RabbitMQ 4.3.6,
//! tests/golden/definitions/broker-4.3.6.json.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// Octets of salt in front of every digest.
const SALT_LEN: usize = 4;

/// What turns salt and password into a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashingAlgorithm {
    /// SHA-256, RabbitMQ's default since 3.6.
    #[default]
    Sha256,
    /// SHA-512, where it is configured.
    Sha512,
    /// MD5, of users made before 3.6.
    Md5,
}

impl HashingAlgorithm {
    /// RabbitMQ's name, as in `hashing_algorithm` of definitions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "rabbit_password_hashing_sha256",
            Self::Sha512 => "rabbit_password_hashing_sha512",
            Self::Md5 => "rabbit_password_hashing_md5",
        }
    }

    /// The algorithm RabbitMQ calls `name`.
    ///
    /// # Errors
    /// `UnknownAlgorithm`. RabbitMQ 4.3.6 keeps an unknown name and then refuses every login of
    /// that user; we say so where it is set.
    pub fn from_name(name: &str) -> Result<Self, PasswordError> {
        [Self::Sha256, Self::Sha512, Self::Md5]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| PasswordError::UnknownAlgorithm(name.to_owned()))
    }

    fn digest(self, salt: &[u8], password: &[u8]) -> Box<[u8]> {
        #[cfg(test)]
        DIGESTS.with(|made| made.set(made.get() + 1));
        fn run<D: Digest>(salt: &[u8], password: &[u8]) -> Box<[u8]> {
            D::new()
                .chain_update(salt)
                .chain_update(password)
                .finalize()
                .as_slice()
                .into()
        }
        match self {
            Self::Sha256 => run::<Sha256>(salt, password),
            Self::Sha512 => run::<Sha512>(salt, password),
            Self::Md5 => run::<md5::Md5>(salt, password),
        }
    }
}

/// A salted hash, or none: a user who cannot log in by password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    algorithm: HashingAlgorithm,
    /// Salt and digest as imported: any length, so that an export gives back what came in.
    octets: Box<[u8]>,
}

impl PasswordHash {
    /// The hash of a user who cannot log in by password.
    #[must_use]
    pub fn none() -> Self {
        Self {
            algorithm: HashingAlgorithm::default(),
            octets: Box::default(),
        }
    }

    /// Hashes `password` with a fresh salt. A blank password is hashed like any other, and
    /// never accepted by [`verify`](Self::verify).
    ///
    /// # Errors
    /// `NoRandomness` if the system has none to give.
    pub fn create(algorithm: HashingAlgorithm, password: &[u8]) -> Result<Self, PasswordError> {
        let mut salt = [0; SALT_LEN];
        getrandom::fill(&mut salt).map_err(|_| PasswordError::NoRandomness)?;
        Ok(Self::with_salt(algorithm, salt, password))
    }

    /// Hashes `password` with a given salt.
    #[must_use]
    pub fn with_salt(algorithm: HashingAlgorithm, salt: [u8; SALT_LEN], password: &[u8]) -> Self {
        let digest = algorithm.digest(&salt, password);
        Self {
            algorithm,
            octets: [&salt[..], &digest].concat().into(),
        }
    }

    /// Reads a `password_hash` of definitions. Empty means [`none`](Self::none).
    ///
    /// # Errors
    /// `NotBase64`. The length is not checked: RabbitMQ 4.3.6 accepts `abcd` too, and no
    /// password fits it.
    pub fn parse(base64: &str, algorithm: HashingAlgorithm) -> Result<Self, PasswordError> {
        let octets = STANDARD
            .decode(base64)
            .map_err(|_| PasswordError::NotBase64(base64.to_owned()))?;
        Ok(Self {
            algorithm,
            octets: octets.into(),
        })
    }

    /// Whether `password` is the one that was hashed, in a time that does not tell how nearly, nor
    /// whether there is a hash.
    #[must_use]
    pub fn verify(&self, password: &[u8]) -> bool {
        let whole = self.octets.split_at_checked(SALT_LEN);
        let (salt, digest) = whole.unwrap_or((&[0; SALT_LEN], &[]));
        let matches = self.algorithm.digest(salt, password).ct_eq(digest);
        !password.is_empty() && bool::from(matches)
    }

    /// What no password fits: for a user that there is not, whose refusal takes as long as any.
    #[must_use]
    pub(super) fn of_no_user(algorithm: HashingAlgorithm) -> Self {
        Self {
            algorithm,
            octets: Box::default(),
        }
    }

    /// Salt and digest in base64, as in definitions.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.octets)
    }

    /// What it was made with.
    #[must_use]
    pub fn algorithm(&self) -> HashingAlgorithm {
        self.algorithm
    }
}

/// Says nothing of the hash: debug output ends in logs.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({})", self.algorithm.name())
    }
}

/// Why there is no hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// The text of a hash that is not base64.
    NotBase64(String),
    /// A `hashing_algorithm` that is unknown here.
    UnknownAlgorithm(String),
    /// The system gave no random salt.
    NoRandomness,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBase64(_) => f.write_str("password_hash is not base64"),
            Self::UnknownAlgorithm(name) => write!(
                f,
                "unknown hashing_algorithm '{name}'; known are {}, {} and {}",
                HashingAlgorithm::Sha256.name(),
                HashingAlgorithm::Sha512.name(),
                HashingAlgorithm::Md5.name(),
            ),
            Self::NoRandomness => f.write_str("the system gave no random octets for a salt"),
        }
    }
}

impl std::error::Error for PasswordError {}

#[cfg(test)]
thread_local! {
    /// Digests that this thread has made.
    static DIGESTS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Digests that this thread has made.
#[cfg(test)]
pub(super) fn digests() -> u64 {
    DIGESTS.get()
}

#[cfg(test)]
mod tests;

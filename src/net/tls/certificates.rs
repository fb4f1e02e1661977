//! Certificates and keys, read from PEM files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::RootCertStore;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::TlsError;
use super::names::Facts;
use crate::limits::TLS_FILE_BYTES_MAX;

/// How a key begins that is encrypted, and how it ends.
const ENCRYPTED: (&str, &str) = (
    "-----BEGIN ENCRYPTED PRIVATE KEY-----",
    "-----END ENCRYPTED PRIVATE KEY-----",
);
/// What stands in a key that is encrypted in the form of OpenSSL before 1.0.
const ENCRYPTED_BEFORE: &str = "Proc-Type: 4,ENCRYPTED";

/// A file of settings, with the name of the setting.
#[derive(Clone, Debug)]
pub(super) struct Named<'a> {
    pub(super) setting: String,
    pub(super) path: &'a Path,
}

impl Named<'_> {
    fn wrong(&self, why: impl std::fmt::Display) -> TlsError {
        TlsError {
            setting: self.setting.clone(),
            text: format!("{}: {why}", self.path.display()),
        }
    }

    fn octets(&self) -> Result<Vec<u8>, TlsError> {
        let mut octets = Vec::new();
        let read = File::open(self.path)
            .and_then(|file| file.take(TLS_FILE_BYTES_MAX + 1).read_to_end(&mut octets));
        read.map_err(|error| self.wrong(error))?;
        match octets.len() as u64 > TLS_FILE_BYTES_MAX {
            true => Err(self.wrong(format_args!("it is longer than {TLS_FILE_BYTES_MAX} bytes"))),
            false => Ok(octets),
        }
    }

    /// All certificates of the file, at least one.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let octets = self.octets()?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets).collect();
        let certificates = certificates.map_err(|error| self.wrong(Damaged(&error)))?;
        match certificates.is_empty() {
            true => Err(self.wrong("there is no certificate in it, in PEM")),
            false => Ok(certificates),
        }
    }

    fn key(&self, password: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
        let octets = self.octets()?;
        let text = String::from_utf8_lossy(&octets);
        if text.contains(ENCRYPTED_BEFORE) {
            let again = "`openssl pkcs8 -topk8 -in OLD -out NEW` writes it in today's form";
            return Err(self.wrong(format_args!(
                "the key is encrypted in an old form of OpenSSL's: {again}"
            )));
        }
        if let Some((_, rest)) = text.split_once(ENCRYPTED.0) {
            let (body, _) = rest.split_once(ENCRYPTED.1).unwrap_or((rest, ""));
            return self.decrypted(body, password);
        }
        PrivateKeyDer::from_pem_slice(&octets).map_err(|error| match error {
            pem::Error::NoItemsFound => self.wrong("there is no private key in it, in PEM"),
            error => self.wrong(Damaged(&error)),
        })
    }

    fn decrypted(&self, body: &str, password: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
        if password.is_empty() {
            let (stem, _) = self.setting.rsplit_once('.').unwrap_or(("", ""));
            let text = format_args!("the key is encrypted, and {stem}.password is not set");
            return Err(self.wrong(text));
        }
        let body: String = body.split_ascii_whitespace().collect();
        let sealed = STANDARD.decode(body);
        let sealed = sealed.map_err(|_| self.wrong("the encrypted key is not base64"))?;
        let info = EncryptedPrivateKeyInfoRef::try_from(sealed.as_slice());
        let info = info.map_err(|_| self.wrong("the encrypted key is not PKCS#8"))?;
        let plain = info.decrypt(password).map_err(|_| {
            self.wrong("the key cannot be decrypted: another password, or a cipher not known here")
        })?;
        Ok(PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec()).into())
    }
}

/// What is wrong with a PEM file, in words.
struct Damaged<'a>(&'a pem::Error);

impl std::fmt::Display for Damaged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            pem::Error::MissingSectionEnd { .. } => f.write_str("a section has no end"),
            pem::Error::Base64Decode(_) => f.write_str("a section is not base64"),
            error => write!(f, "it is not PEM: {error}"),
        }
    }
}

/// What is shown to clients: a certificate, those that link it to its authority, and its key.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) facts: Vec<Facts>,
}

/// Reads a certificate and its key.
///
/// # Errors
/// If a file cannot be read, is damaged or holds something else, or the key belongs to another
/// certificate.
pub(super) fn shown(
    certificate: &Named<'_>,
    key: Option<&Named<'_>>,
    password: &str,
) -> Result<Shown, TlsError> {
    let chain = certificate.certificates()?;
    let facts = chain.iter().map(|one| Facts::of(one));
    let facts: Result<Vec<Facts>, _> = facts.collect();
    let facts = facts.map_err(|why| certificate.wrong(why))?;
    let file = key.unwrap_or(certificate);
    let private = file.key(password)?;
    let private = any_supported_type(&private).map_err(|_| {
        file.wrong(
            "a key that is not used here; RSA from 2048 bits on, P-256, P-384 and Ed25519 are",
        )
    })?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(Error::InconsistentKeys(_)) => {
            let whose = certificate.path.display();
            return Err(file.wrong(format_args!(
                "the key does not belong to the certificate of {whose}"
            )));
        }
        Err(error) => return Err(certificate.wrong(error)),
    }
    Ok(Shown {
        certified: Arc::new(certified),
        facts,
    })
}

/// Reads the authorities that sign certificates of clients.
///
/// # Errors
/// As [`shown`].
pub(super) fn authorities(file: &Named<'_>) -> Result<(RootCertStore, Vec<Facts>), TlsError> {
    let mut store = RootCertStore::empty();
    let mut facts = Vec::new();
    for certificate in file.certificates()? {
        facts.push(Facts::of(&certificate).map_err(|why| file.wrong(why))?);
        let added = store.add(certificate);
        added.map_err(|error| file.wrong(format_args!("a certificate cannot be used: {error}")))?;
    }
    Ok((store, facts))
}

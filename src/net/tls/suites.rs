//! Versions and cipher suites of TLS, by the names that settings and views have for them.

use rustls::crypto::ring::cipher_suite as ring;
use rustls::{CipherSuite, ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion};

/// A cipher suite: OpenSSL's name, IANA's, the suite, and Erlang's words for its parts.
pub(crate) struct Suite {
    pub(crate) openssl: &'static str,
    pub(crate) iana: &'static str,
    suite: SupportedCipherSuite,
    pub(crate) cipher: &'static str,
    pub(crate) key_exchange: &'static str,
}

impl Suite {
    /// Erlang's word for the hash that keys are made with.
    #[cfg(feature = "program")]
    pub(crate) fn prf(&self) -> &'static str {
        match self.iana.ends_with("SHA384") {
            true => "sha384",
            false => "sha256",
        }
    }
}

macro_rules! suites {
    ($($openssl:literal $iana:literal $suite:ident $cipher:literal $key_exchange:literal;)*) => {
        /// All suites, in the order of preference. Each authenticates what it encrypts.
        pub(crate) const SUITES: &[Suite] = &[$(Suite {
            openssl: $openssl,
            iana: $iana,
            suite: ring::$suite,
            cipher: $cipher,
            key_exchange: $key_exchange,
        },)*];
    };
}

suites! {
    "TLS_AES_256_GCM_SHA384" "TLS_AES_256_GCM_SHA384"
        TLS13_AES_256_GCM_SHA384 "aes_256_gcm" "any";
    "TLS_AES_128_GCM_SHA256" "TLS_AES_128_GCM_SHA256"
        TLS13_AES_128_GCM_SHA256 "aes_128_gcm" "any";
    "TLS_CHACHA20_POLY1305_SHA256" "TLS_CHACHA20_POLY1305_SHA256"
        TLS13_CHACHA20_POLY1305_SHA256 "chacha20_poly1305" "any";
    "ECDHE-ECDSA-AES256-GCM-SHA384" "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 "aes_256_gcm" "ecdhe_ecdsa";
    "ECDHE-RSA-AES256-GCM-SHA384" "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 "aes_256_gcm" "ecdhe_rsa";
    "ECDHE-ECDSA-CHACHA20-POLY1305" "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 "chacha20_poly1305" "ecdhe_ecdsa";
    "ECDHE-RSA-CHACHA20-POLY1305" "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 "chacha20_poly1305" "ecdhe_rsa";
    "ECDHE-ECDSA-AES128-GCM-SHA256" "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 "aes_128_gcm" "ecdhe_ecdsa";
    "ECDHE-RSA-AES128-GCM-SHA256" "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 "aes_128_gcm" "ecdhe_rsa";
}

/// What names in settings stand for, in their order, and which of them for nothing here.
pub(super) fn chosen(names: &[String]) -> (Vec<SupportedCipherSuite>, Vec<&str>) {
    if names.is_empty() {
        return (SUITES.iter().map(|one| one.suite).collect(), Vec::new());
    }
    let (mut suites, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        let is_named = |one: &&Suite| {
            let known = [one.openssl, one.iana];
            known.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        match SUITES.iter().find(is_named) {
            Some(one) => suites.push(one.suite),
            None => unknown.push(&**name),
        }
    }
    (suites, unknown)
}

/// What names of versions stand for, and which of them for nothing here.
pub(super) fn versions(names: &[String]) -> (Vec<&'static SupportedProtocolVersion>, Vec<&str>) {
    let (mut versions, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match name.as_str() {
            "tlsv1.3" => versions.push(&rustls::version::TLS13),
            "tlsv1.2" => versions.push(&rustls::version::TLS12),
            other => unknown.push(other),
        }
    }
    (versions, unknown)
}

/// Erlang's word for a version that was agreed.
pub(super) fn version(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "tlsv1.3",
        _ => "tlsv1.2",
    }
}

/// Erlang's words for the cipher and the exchange of keys of a suite that was agreed.
pub(super) fn parts(suite: Option<CipherSuite>) -> (&'static str, &'static str) {
    let found = SUITES.iter().find(|one| Some(one.suite.suite()) == suite);
    found.map_or(("", ""), |one| (one.cipher, one.key_exchange))
}

//! What settings say of TLS, the same for each kind of listener.

#[cfg(any(feature = "tls", feature = "management"))]
use std::path::Path;

use super::error::ConfigError;
#[cfg(any(feature = "tls", feature = "management"))]
use super::named::Named;
use super::named::Part;
use super::settings::Settings;
use super::together::address;
#[cfg(any(feature = "tls", feature = "management"))]
use super::types::Secret;
use super::types::{Field, words};
use super::value::{Value, ValueType};

/// The versions of TLS that are spoken, the newest first.
pub(crate) const VERSIONS: [&str; 2] = ["tlsv1.3", "tlsv1.2"];

/// Those that RabbitMQ knows; the older ones are left out.
pub(super) const KNOWN_VERSIONS: [&str; 4] = ["tlsv1.3", "tlsv1.2", "tlsv1.1", "tlsv1"];

/// The fields of a further certificate.
pub(super) static CERTIFICATE: [Part; 3] = [
    Part {
        name: "certfile",
        value_type: ValueType::Path,
    },
    Part {
        name: "keyfile",
        value_type: ValueType::PathOrNone,
    },
    Part {
        name: "password",
        value_type: ValueType::Secret,
    },
];

words! {
    /// Whether clients are asked for a certificate.
    Verify {
        /// They are asked, and what they show is checked.
        Peer = "verify_peer",
        /// They are not asked.
        None = "verify_none",
    }
}

words! {
    /// What of a certificate is a user's name.
    LoginFrom {
        /// The whole name of its subject, as RabbitMQ writes it.
        DistinguishedName = "distinguished_name",
        /// The common name of its subject.
        CommonName = "common_name",
        /// One of its alternative names.
        SubjectAlternativeName = "subject_alternative_name",
    }
}

words! {
    /// A kind of alternative names.
    SanType {
        /// The name of a host.
        Dns = "dns",
        /// The address of a host.
        Ip = "ip",
        /// An address for mail.
        Email = "email",
        /// A URI.
        Uri = "uri",
        /// A name of a kind that has a number only.
        OtherName = "other_name",
    }
}

/// The kinds of listeners that may speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsDoor {
    /// For AMQP.
    Amqp,
    /// For the management API.
    Management,
    /// For the metrics.
    Prometheus,
}

/// What settings say of TLS at one kind of listener.
#[cfg(any(feature = "tls", feature = "management"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct TlsOptions<'a> {
    /// How the names of these settings begin: `ssl_options`.
    pub(crate) prefix: &'static str,
    pub(crate) cacertfile: Option<&'a Path>,
    pub(crate) certfile: Option<&'a Path>,
    pub(crate) keyfile: Option<&'a Path>,
    pub(crate) password: &'a Secret,
    pub(crate) verify: Verify,
    pub(crate) fail_if_no_peer_cert: bool,
    pub(crate) depth: u16,
    pub(crate) versions: &'a [String],
    pub(crate) ciphers: &'a [String],
    pub(crate) honor_cipher_order: bool,
    /// Further certificates by hosts.
    pub(crate) hosts: Option<&'a Named>,
}

/// Gathers the settings of one prefix.
#[cfg(any(feature = "tls", feature = "management"))]
macro_rules! options {
    ($settings:ident, $prefix:literal, $hosts:expr, $cacertfile:ident $certfile:ident
     $keyfile:ident $password:ident $verify:ident $fail:ident $depth:ident $versions:ident
     $ciphers:ident $order:ident) => {
        TlsOptions {
            prefix: $prefix,
            cacertfile: $settings.$cacertfile.as_deref(),
            certfile: $settings.$certfile.as_deref(),
            keyfile: $settings.$keyfile.as_deref(),
            password: &$settings.$password,
            verify: $settings.$verify,
            fail_if_no_peer_cert: $settings.$fail,
            depth: $settings.$depth,
            versions: &$settings.$versions,
            ciphers: &$settings.$ciphers,
            honor_cipher_order: $settings.$order,
            hosts: $hosts,
        }
    };
}

impl Settings {
    /// Addresses to listen on for AMQP over TLS, each with its port.
    pub fn tls_addresses(&self) -> impl Iterator<Item = (&str, u16)> {
        self.ssl_listeners.iter().filter_map(|text| address(text))
    }

    /// Where the management API is to be served over TLS if it is enabled: address and port.
    pub fn management_tls_address(&self) -> Option<(&str, u16)> {
        let port = self.management_ssl_port?;
        let host = self.management_ssl_ip.as_deref();
        Some((host.unwrap_or_else(|| self.management_address().0), port))
    }

    /// Where metrics are to be served over TLS if they are enabled: address and port.
    pub fn prometheus_tls_address(&self) -> Option<(&str, u16)> {
        let port = self.prometheus_ssl_port?;
        let host = self.prometheus_ssl_ip.as_deref();
        Some((host.unwrap_or_else(|| self.prometheus_address().0), port))
    }

    /// Whether the management API, if it is enabled, is served without TLS.
    pub fn has_plain_management(&self) -> bool {
        self.management_tcp_port.is_some() || self.management_ssl_port.is_none()
    }

    /// Whether metrics, if they are enabled, are served without TLS.
    pub fn has_plain_prometheus(&self) -> bool {
        self.prometheus_tcp_port.is_some() || self.prometheus_ssl_port.is_none()
    }

    /// The kinds of listeners that are to speak TLS.
    pub fn tls_doors(&self) -> impl Iterator<Item = TlsDoor> {
        let amqp = (!self.ssl_listeners.is_empty()).then_some(TlsDoor::Amqp);
        let management = self.management_tls_address().map(|_| TlsDoor::Management);
        let management = management.filter(|_| self.management_enabled);
        let prometheus = self.prometheus_tls_address().map(|_| TlsDoor::Prometheus);
        let prometheus = prometheus.filter(|_| self.prometheus_enabled);
        [amqp, management, prometheus].into_iter().flatten()
    }

    /// What is said of TLS at one kind of them.
    #[cfg(any(feature = "tls", feature = "management"))]
    pub(crate) fn tls_options(&self, door: TlsDoor) -> TlsOptions<'_> {
        match door {
            TlsDoor::Amqp => options!(
                self, "ssl_options", Some(&self.ssl_options_sni_hosts),
                ssl_options_cacertfile ssl_options_certfile ssl_options_keyfile
                ssl_options_password ssl_options_verify ssl_options_fail_if_no_peer_cert
                ssl_options_depth ssl_options_versions ssl_options_ciphers
                ssl_options_honor_cipher_order),
            TlsDoor::Management => options!(
                self, "management.ssl", None,
                management_ssl_cacertfile management_ssl_certfile management_ssl_keyfile
                management_ssl_password management_ssl_verify management_ssl_fail_if_no_peer_cert
                management_ssl_depth management_ssl_versions management_ssl_ciphers
                management_ssl_honor_cipher_order),
            TlsDoor::Prometheus => options!(
                self, "prometheus.ssl", None,
                prometheus_ssl_cacertfile prometheus_ssl_certfile prometheus_ssl_keyfile
                prometheus_ssl_password prometheus_ssl_verify prometheus_ssl_fail_if_no_peer_cert
                prometheus_ssl_depth prometheus_ssl_versions prometheus_ssl_ciphers
                prometheus_ssl_honor_cipher_order),
        }
    }

    /// What of TLS cannot be together.
    pub(super) fn tls_clashes(&self) -> Vec<ConfigError> {
        let mut texts = Vec::new();
        let listeners = self.ssl_listeners.iter();
        for text in listeners.filter(|text| address(text).is_none()) {
            let expected = "expected a port, or an address and a port";
            texts.push(format!("ssl_listeners ({text}): {expected}"));
        }
        if !cfg!(feature = "tls") {
            let doors = self.tls_doors().map(TlsDoor::setting);
            texts.extend(doors.map(|by| format!("{by}: this build speaks no TLS")));
        }
        let clash = |text| ConfigError::Clash { text };
        texts.into_iter().map(clash).collect()
    }
}

#[cfg(feature = "tls")]
impl TlsOptions<'_> {
    /// What settings of it cannot be together, or are missing: the setting, and a sentence.
    pub(crate) fn flaw(&self, by: TlsDoor) -> Option<(String, String)> {
        let Self { prefix, .. } = self;
        let by = by.setting();
        let of = |name: &str, text: String| Some((format!("{prefix}.{name}"), text));
        if self.certfile.is_none() {
            return of("certfile", format!("none, and {by} needs a certificate"));
        }
        if self.verify == Verify::Peer && self.cacertfile.is_none() {
            let text = format!("none, and {prefix}.verify (verify_peer) needs authorities");
            return of("cacertfile", text);
        }
        if self.verify == Verify::None && self.fail_if_no_peer_cert {
            let text = format!("true, and {prefix}.verify (verify_none) asks no client for one");
            return of("fail_if_no_peer_cert", text);
        }
        let mut hosts = self.hosts.into_iter().flat_map(Named::iter);
        let (host, _) = hosts.find(|(_, fields)| !fields.contains_key("certfile"))?;
        of("sni_hosts", format!("{host} has no certfile"))
    }
}

impl TlsDoor {
    /// The setting that has it.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::Amqp => "ssl_listeners",
            Self::Management => "management.ssl.port",
            Self::Prometheus => "prometheus.ssl.port",
        }
    }
}

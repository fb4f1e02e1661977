//! What settings mean together: defaults that follow from others, and values that clash.

use std::fmt::Display;
use std::net::IpAddr;

use super::error::{ConfigError, Problems};
use super::origin::Origin;
use super::settings::{KEYS, Settings};
use super::value::Given;

/// How far the port of the management API is above the one for AMQP.
const MANAGEMENT_ABOVE: u16 = 10_000;
/// How far the port of the metrics is above the one for AMQP.
const PROMETHEUS_ABOVE: u16 = 10_020;

impl Settings {
    /// Where the management API is to be served: address and port.
    pub fn management_address(&self) -> (&str, u16) {
        let host = self.management_tcp_ip.as_deref().unwrap_or(&self.host);
        (
            host,
            self.beside(self.management_tcp_port, MANAGEMENT_ABOVE),
        )
    }

    /// Where metrics are to be served: address and port.
    pub fn prometheus_address(&self) -> (&str, u16) {
        let host = self.prometheus_tcp_ip.as_deref().unwrap_or(&self.host);
        (
            host,
            self.beside(self.prometheus_tcp_port, PROMETHEUS_ABOVE),
        )
    }

    /// More addresses to listen on for AMQP, each with its port.
    pub fn extra_addresses(&self) -> impl Iterator<Item = (&str, u16)> {
        self.extra_listeners.iter().filter_map(|text| address(text))
    }

    /// The port of a further listener: as given, or `above` the one for AMQP; a free one where
    /// that is free, or too high.
    fn beside(&self, given: Option<u16>, above: u16) -> u16 {
        given.unwrap_or_else(|| match self.port {
            0 => 0,
            port => port.checked_add(above).unwrap_or(0),
        })
    }

    /// Checks every value against its range, and the values against each other.
    ///
    /// Reading settings from their sources has done so; this is for a program that fills the struct
    /// itself.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems: Vec<ConfigError> = KEYS
            .iter()
            .filter_map(|key| {
                let given = Given::from(key.value(self));
                key.set(&mut self.clone(), &given, &Origin::Program).err()
            })
            .collect();
        problems.extend(self.clashes(&|_| Origin::Program));
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problems(problems))
        }
    }

    /// Values that are fine each but not together; `origin` says where a setting was given.
    pub(super) fn clashes(&self, origin: &dyn Fn(&str) -> Origin) -> Vec<ConfigError> {
        let mut clashes = Vec::new();
        let given = |name: &str, value: &dyn Display| match origin(name) {
            Origin::Program => format!("{name} ({value})"),
            Origin::Default => format!("{name} ({value}, the default)"),
            origin => format!("{name} ({value}, {origin})"),
        };
        let frames = [
            ("initial_frame_max", self.initial_frame_max),
            ("frame_max_floor", self.frame_max_floor),
        ];
        for (name, bytes) in frames {
            if bytes > self.frame_max {
                let (less, more) = (given("frame_max", &self.frame_max), given(name, &bytes));
                let text = format!("{more} must not be above {less}");
                clashes.push(ConfigError::Clash { text });
            }
        }
        clashes.extend(self.listener_clashes(&given));
        clashes.extend(self.tls_clashes());
        for text in self
            .extra_listeners
            .iter()
            .filter(|text| address(text).is_none())
        {
            let what = given("extra_listeners", text);
            let text = format!("{what}: expected a port, or an address and a port");
            clashes.push(ConfigError::Clash { text });
        }
        if self.anonymous_login_user.is_none() && self.auth_mechanisms == ["ANONYMOUS"] {
            let (user, mechanisms) = (
                given("anonymous_login_user", &"none"),
                given("auth_mechanisms", &"ANONYMOUS alone"),
            );
            let text = format!("{user} and {mechanisms}: no client could log in");
            clashes.push(ConfigError::Clash { text });
        }
        clashes
    }

    /// Listeners that take each other's place.
    fn listener_clashes(&self, given: &dyn Fn(&str, &dyn Display) -> String) -> Vec<ConfigError> {
        let mut listeners = Vec::new();
        if self.amqp_enabled {
            listeners.push(("port", (&*self.host, self.port)));
            let extra = self.extra_addresses();
            listeners.extend(extra.map(|address| ("extra_listeners", address)));
        }
        listeners.extend(
            self.tls_addresses()
                .map(|address| ("ssl_listeners", address)),
        );
        if self.management_enabled {
            let plain = self
                .has_plain_management()
                .then(|| self.management_address());
            listeners.extend(plain.map(|address| ("management.tcp.port", address)));
            let over_tls = self.management_tls_address();
            listeners.extend(over_tls.map(|address| ("management.ssl.port", address)));
        }
        if self.prometheus_enabled {
            let plain = self
                .has_plain_prometheus()
                .then(|| self.prometheus_address());
            listeners.extend(plain.map(|address| ("prometheus.tcp.port", address)));
            let over_tls = self.prometheus_tls_address();
            listeners.extend(over_tls.map(|address| ("prometheus.ssl.port", address)));
        }
        listeners.retain(|(_, (_, port))| *port != 0);
        let mut clashes = Vec::new();
        for (nth, (name, (host, port))) in listeners.iter().enumerate() {
            for (other, (other_host, other_port)) in listeners.iter().take(nth) {
                if port == other_port && are_shared(host, other_host) {
                    let (one, two) = (given(name, port), given(other, other_port));
                    let text = format!("{one} and {two} must not be the same");
                    clashes.push(ConfigError::Clash { text });
                }
            }
        }
        clashes
    }
}

/// The address and the port of a further listener: `5673` is for every interface.
pub(super) fn address(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("::", text));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok()?;
    (!host.is_empty()).then_some((host, port))
}

/// Whether a listener at one address takes the port of one at the other.
fn are_shared(one: &str, other: &str) -> bool {
    let hosts = [one, other].map(|host| host.parse::<IpAddr>().ok());
    let is_every = |host: IpAddr| match hosts {
        // That of IPv6 is for IPv4 too.
        [Some(one), Some(other)] if one.is_ipv4() != other.is_ipv4() => {
            host.is_ipv6() && host.is_unspecified()
        }
        _ => host.is_unspecified(),
    };
    one == other || hosts.into_iter().flatten().any(is_every)
}

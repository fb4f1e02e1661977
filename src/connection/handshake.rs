//! From the first octet to an open connection: a struct per step, each step consumes the last.
//!
//! ```text
//!  AwaitHeader ── start ──▶ AwaitStartOk ── tune ──▶ AwaitTuneOk ──▶ AwaitOpen ── open-ok ──▶ Session
//!      │                        │                        │               │
//!      │ wrong header           │ refused                │ bad offer     │ refused
//!      ▼                        ▼                        ▼               ▼
//!  Refusal::Version        Silent or Told             Silent      AmqpError, closed in form
//! ```
//!
//! It decides; the connection does the waiting and closing. Until connection.open a peer that does
//! wrong is told nothing: it is dropped after a silence that slows down guessing.
//!
//! Spec: AMQP 0-9-1 section 2.2.4. Seen: RabbitMQ 4.3.6, tests/scripts/handshake.

use std::sync::Arc;

use leveret_codec::frame::ProtocolHeader;
use leveret_codec::methods::{
    ConnectionOpen, ConnectionOpenOk, ConnectionStart, ConnectionStartOk, ConnectionTune,
    ConnectionTuneOk,
};
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::ChannelId;

use crate::auth::{Mechanism, Refused, User};
use crate::clock::Now;
use crate::config::Settings;
use crate::desk::Desk;
use crate::desk::session::{Client, Login, Origin, Session, Tuned};
use crate::error::AmqpError;
use crate::log::{self, Process, Shown};
use crate::outbox::Outbox;

use super::framing;

/// What we answer to a protocol that we do not speak.
const OUR_HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";
/// What is spoken here, as RabbitMQ names it.
const PROTOCOL: &str = "AMQP 0-9-1";
/// The only locale there is.
const LOCALES: &[u8] = b"en_US";
/// Abilities that are announced to clients, in RabbitMQ's order.
const CAPABILITIES: [&str; 9] = [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "consumer_priorities",
    "authentication_failure_close",
    "per_consumer_qos",
    "direct_reply_to",
];

/// Why a handshake ends early. Each carries the operator's words.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Our own protocol header goes out and the socket is closed at once.
    Version(String),
    /// The same for a peer that does not speak AMQP at all.
    Foreign(String),
    /// Nothing goes out.
    Silent(String),
    /// connection.close goes out, and the socket is closed after the silence all the same.
    Told(AmqpError, String),
    /// The same for a login that nothing was looked at of; without an error nothing goes out.
    Unheard(Option<AmqpError>, String),
}

/// Nothing has come yet.
#[derive(Debug)]
pub(super) struct AwaitHeader;

/// connection.start is out.
#[derive(Debug)]
pub(super) struct AwaitStartOk;

/// The user is known, connection.tune is out.
#[derive(Debug)]
pub(super) struct AwaitTuneOk {
    user: Arc<User>,
    client: Client,
    mechanism: String,
}

/// Everything is negotiated but the vhost.
#[derive(Debug)]
pub(super) struct AwaitOpen(pub(super) Login);

impl AwaitHeader {
    pub(super) fn on_header(
        self,
        header: ProtocolHeader,
        origin: &Origin,
        broker: &Desk,
        outbox: &mut Outbox,
    ) -> Result<AwaitStartOk, Refusal> {
        match header {
            ProtocolHeader::Amqp091 | ProtocolHeader::Amqp09 => {}
            ProtocolHeader::Amqp08 => return Err(refuse_version(outbox, b"AMQP\x01\x01\x08\0")),
            ProtocolHeader::Other(octets) => return Err(refuse_version(outbox, &octets)),
        }
        let properties = server_properties(broker).to_bytes();
        let mechanisms = match origin.encryption {
            Some(_) => broker.auth.mechanisms_over_tls(),
            None => broker.auth.mechanisms(),
        };
        let start = ConnectionStart {
            version_major: 0,
            version_minor: 9,
            server_properties: TableRef::new(&properties),
            mechanisms: mechanisms.as_bytes(),
            locales: LOCALES,
        };
        outbox.method(ChannelId::ZERO, &start.into());
        Ok(AwaitStartOk)
    }
}

impl AwaitStartOk {
    pub(super) fn on_start_ok(
        self,
        now: Now,
        start_ok: ConnectionStartOk<'_>,
        origin: &Origin,
        broker: &Desk,
        outbox: &mut Outbox,
    ) -> Result<AwaitTuneOk, Refusal> {
        let client = Client::new(start_ok.client_properties)
            .map_err(|error| Refusal::Silent(format!("client properties: {error}")))?;
        let (mechanism, response) = (&*start_ok.mechanism, start_ok.response);
        let peer = origin.peer.ip();
        let how = (PROTOCOL, mechanism);
        let process = Process(origin.id, ChannelId::ZERO);
        if let Some(name) = client.connection_name() {
            let what = "has a client-provided name";
            crate::log::info!(%process, "connection {origin} {what}: {name}");
        }
        let by_certificate = origin.encryption.as_ref();
        let by_certificate = by_certificate.filter(|_| mechanism == Mechanism::External.name());
        let user = match by_certificate {
            Some(encryption) => broker.auth.authenticate_by_certificate(
                encryption
                    .peer
                    .is_some()
                    .then_some(encryption.user.as_deref()),
                peer,
                now.transport,
            ),
            None => broker
                .auth
                .authenticate(mechanism, response, peer, now.transport),
        };
        let user = user.map_err(|refused| {
            let log = refused.to_string();
            log_refused(&process, &refused, &log);
            broker.tell_login(origin, how, Err(&refused));
            let text = refused.reply_text();
            let text = text.filter(|_| client.capabilities.authentication_failure_close);
            let error = text.map(|text| AmqpError::access_refused(text).in_method(0, 0));
            match (&refused, error) {
                (Refused::TooManyFailures { .. }, error) => Refusal::Unheard(error, log),
                (_, Some(error)) => Refusal::Told(error, log),
                (_, None) => Refusal::Silent(log),
            }
        })?;
        broker.tell_login(origin, how, Ok(user.name()));
        crate::log::info!(
            target: log::LOGIN,
            %process,
            "User '{}' authenticated successfully",
            user.name()
        );
        let settings = &broker.env.settings;
        let tune = ConnectionTune {
            channel_max: broker.env.live.channel_max(),
            frame_max: settings.frame_max,
            heartbeat: settings.heartbeat_s,
        };
        outbox.method(ChannelId::ZERO, &tune.into());
        Ok(AwaitTuneOk {
            user,
            client,
            mechanism: mechanism.to_owned(),
        })
    }
}

impl AwaitTuneOk {
    pub(super) fn on_tune_ok(
        self,
        tune_ok: ConnectionTuneOk,
        settings: &Settings,
        channel_max: u16,
    ) -> Result<AwaitOpen, Refusal> {
        let asked = u32::from(tune_ok.channel_max);
        negotiate("channel_max", asked, 1, channel_max.into())?;
        let floor = settings.frame_max_floor.min(settings.frame_max);
        negotiate("frame_max", tune_ok.frame_max, floor, settings.frame_max)?;
        let tuned = Tuned {
            channel_max: tune_ok.channel_max,
            frame_max: tune_ok.frame_max,
            heartbeat_s: tune_ok.heartbeat,
        };
        Ok(AwaitOpen(Login {
            user: self.user,
            client: self.client,
            tuned,
            protocol: PROTOCOL,
            mechanism: self.mechanism,
        }))
    }
}

impl AwaitOpen {
    /// Opens the vhost. The answer goes out here; on an error the connection closes in form.
    ///
    /// # Errors
    /// 530 when a limit is reached, the vhost is missing or the user has no permissions there.
    pub(super) fn on_open(
        &self,
        open: ConnectionOpen<'_>,
        origin: &Origin,
        broker: &Arc<Desk>,
        outbox: &mut Outbox,
    ) -> Result<Session, AmqpError> {
        let session = Session::open(&self.0, &open.virtual_host, origin, broker)
            .map_err(|error| error.in_method(10, 40))?;
        outbox.set_frame_max(self.0.tuned.frame_max);
        outbox.method(ChannelId::ZERO, &ConnectionOpenOk::default().into());
        Ok(session)
    }
}

/// Says which user did not get in, if the mechanism has told.
fn log_refused(process: &Process, refused: &Refused, log: &str) {
    let (Some(user), Some((_, why))) = (refused.user(), log.split_once(" login refused: ")) else {
        return;
    };
    if !matches!(refused, Refused::TooManyFailures { .. }) {
        let user = Shown(user);
        let what = "failed to authenticate";
        crate::log::warn!(target: log::LOGIN, %process, "User '{user}' {what}: {why}");
    }
}

/// The client's value must lie between `least` and `ours`; a value of 0, "no limit", only fits
/// when ours is 0 too.
///
/// Seen: RabbitMQ 4.3.6 (texts in its log).
fn negotiate(name: &str, value: u32, least: u32, ours: u32) -> Result<(), Refusal> {
    let failed = |value: &str, relation: &str, limit: u32| {
        Err(Refusal::Silent(format!(
            "failed to negotiate connection parameters: negotiated {name} = {value} is {relation} \
             allowed value ({limit})"
        )))
    };
    match value {
        0 if ours != 0 => failed("0 (no limit)", "higher than the maximum", ours),
        _ if ours != 0 && value > ours => {
            failed(&value.to_string(), "higher than the maximum", ours)
        }
        1.. if value < least => failed(&value.to_string(), "lower than the minimum", least),
        _ => Ok(()),
    }
}

fn refuse_version(outbox: &mut Outbox, header: &[u8; 8]) -> Refusal {
    outbox.raw(&OUR_HEADER);
    let foreign = |what| {
        let check = "Ensure the client is connecting to the correct port.";
        Refusal::Foreign(format!("{what}. {check}"))
    };
    match header {
        [b'A', b'M', b'Q', b'P', version @ ..] => {
            let version = version.map(|number| number.to_string()).join(",");
            Refusal::Version(format!("{{bad_version,{{{version}}}}}"))
        }
        [0x16, 3, ..] => foreign("TLS client detected on non-TLS AMQP port"),
        [b'G', b'E', b'T', b' ', ..] => foreign("HTTP GET request detected on AMQP port"),
        octets => {
            let octets = framing::term(octets, 0);
            let what = "client did not start with AMQP protocol header";
            Refusal::Foreign(format!("{what}: {octets}"))
        }
    }
}

/// What we say about ourselves: RabbitMQ's product, version and platform, because clients choose
/// their behaviour by them and one asserts that the last begins with `Erlang`; our own name beside.
/// Sorted by key.
///
/// Seen: RabbitMQ 4.3.6, handshake/start_names_versions_mechanisms_and_capabilities.amqp.
fn server_properties(desk: &Desk) -> Table {
    let settings = &desk.env.settings;
    let mut capabilities = Table::new();
    for name in CAPABILITIES {
        capabilities.insert(name, true);
    }
    Table::new()
        .with("capabilities", Value::Table(capabilities))
        .with("cluster_name", &*desk.cluster_name())
        .with("copyright", "Copyright (c) the Leveret contributors")
        .with(
            "information",
            concat!(
                "Leveret ",
                env!("CARGO_PKG_VERSION"),
                ". Licensed under MIT or Apache 2.0. Website: ",
                env!("CARGO_PKG_REPOSITORY")
            ),
        )
        .with("leveret_version", env!("CARGO_PKG_VERSION"))
        .with("platform", &*settings.server_platform)
        .with("product", &*settings.server_product)
        .with("version", &*settings.server_version)
}

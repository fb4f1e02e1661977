//! Channels, as their connections answer, and consumers, as their queues know them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::listing::Item;
use super::{IDLE_AFTER_MS, PlainTable, Scope};
use crate::clock::Wall;
use crate::desk::Desk;
use crate::desk::session::Session;
use crate::ids::{ConnectionId, ConsumerId};
use crate::inquiry::{Answers, ChannelSnapshot, Detail};
use crate::mail::Mail;
use crate::vhost::QueueHandle;

/// Where a connection comes from, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// `127.0.0.1:41878 -> 127.0.0.1:5672`.
    pub name: String,
    /// Address of the client.
    pub peer_host: String,
    /// Port of the client.
    pub peer_port: u16,
}

impl Place {
    fn of(session: &Session) -> Self {
        Self {
            name: session.name.clone(),
            peer_host: session.origin.peer.ip().to_string(),
            peer_port: session.origin.peer.port(),
        }
    }
}

/// A channel with what is known of its connection.
#[derive(Clone, Debug)]
pub struct ChannelView {
    /// `127.0.0.1:41878 -> 127.0.0.1:5672 (1)`.
    pub name: String,
    /// Its connection.
    pub connection: Place,
    /// Its user.
    pub user: String,
    /// Its vhost.
    pub vhost: String,
    /// What the connection's task says of it.
    pub snapshot: ChannelSnapshot,
}

/// A consumer.
#[derive(Clone, Debug, Serialize)]
pub struct ConsumerView {
    /// Its number and that of its connection.
    #[serde(skip)]
    pub(in crate::desk) ids: (ConsumerId, ConnectionId),
    /// Its tag.
    pub tag: String,
    /// Vhost of its queue.
    pub vhost: String,
    /// Its queue.
    pub queue: String,
    /// Its connection; `None` if that has just gone.
    pub connection: Option<Place>,
    /// Number of its channel.
    pub channel: u16,
    /// Its user; empty if the connection has just gone.
    pub user: String,
    /// Deliveries must be acknowledged.
    pub ack_required: bool,
    /// It has the queue for itself.
    pub exclusive: bool,
    /// Messages that it may have unacknowledged; 0 for no limit.
    pub prefetch_count: u16,
    /// Messages in flight to it or unacknowledged.
    pub in_flight: u32,
    /// Messages that it may get before it must acknowledge some: the smaller one of what is left of
    /// its own limit and of its channel's; `None` without a limit.
    pub credit: Option<u64>,
    /// What its connection said of what it holds, if that was asked.
    pub holds: Option<ConsumerHolds>,
    /// Whether it is served.
    pub active: bool,
    /// `up`, `single_active` or `waiting`.
    pub activity_status: &'static str,
    /// `x-priority`.
    pub priority: i64,
    /// Milliseconds that it may keep a delivery unacknowledged: its own, its queue's or the
    /// broker's, whether or not queues of that type heed it; `None` for no limit.
    pub timeout_ms: Option<u64>,
    /// Its arguments.
    pub arguments: PlainTable,
}

/// What a consumer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerHolds {
    /// When the oldest of it was delivered, in milliseconds since 1970; `None` if it holds nothing,
    /// or its connection did not say so in time.
    pub since_ms: Option<u64>,
}

impl Item for ChannelView {
    fn place(&self) -> (&str, &str) {
        ("", &self.name)
    }
}

impl Item for ConsumerView {
    fn place(&self) -> (&str, &str) {
        (&self.vhost, &self.queue)
    }
}

impl Desk {
    /// Asks the connections of `scope`, or only the one called `connection`, for their channels.
    /// The answers come in as the connections get to it: await them, with a bound, and read them
    /// with [`Desk::channels`].
    #[must_use]
    pub fn ask_channels(&self, scope: Scope<'_>, connection: Option<&str>) -> Answers {
        self.ask_channels_for(scope, None, connection)
    }

    /// The same of all connections, with as much as `detail` says.
    #[must_use]
    pub fn ask_all_channels(&self, detail: Detail) -> Answers {
        let answers = Answers::of(detail);
        for session in self.sessions() {
            session.mailbox.post(Mail::Ask(answers.ticket()));
        }
        answers
    }

    /// The same, only of the connections of `user` if one is named: no others are asked.
    pub(crate) fn ask_channels_for(
        &self,
        scope: Scope<'_>,
        user: Option<&str>,
        connection: Option<&str>,
    ) -> Answers {
        let answers = Answers::default();
        let wanted = |session: &Arc<Session>| connection.is_none_or(|name| name == session.name);
        let sessions = self.sessions_of(scope, user).into_iter();
        for session in sessions.filter(wanted) {
            // A connection that has closed its mailbox in the meantime drops the ticket with it.
            session.mailbox.post(Mail::Ask(answers.ticket()));
        }
        answers
    }

    /// The same for these connections.
    pub(in crate::desk) fn ask_channels_of(
        &self,
        connections: impl IntoIterator<Item = ConnectionId>,
    ) -> Answers {
        let answers = Answers::default();
        for connection in connections {
            if let Some(session) = self.session(connection) {
                session.mailbox.post(Mail::Ask(answers.ticket()));
            }
        }
        answers
    }

    /// The channels that have come in, by connection and number, and how many connections have not
    /// answered. Channels of connections that are gone are left out.
    #[must_use]
    pub fn channels(&self, answers: &Answers) -> (Vec<ChannelView>, usize) {
        let (snapshots, missing) = answers.take();
        let sessions: HashMap<ConnectionId, Arc<Session>> = self
            .sessions()
            .into_iter()
            .map(|session| (session.id, session))
            .collect();
        let now = self.env.now().wall;
        let mut views: Vec<ChannelView> = snapshots
            .into_iter()
            .filter_map(|mut snapshot| {
                let session = sessions.get(&snapshot.connection)?;
                let is_idle = |since: &Wall| now.since_ms(*since) >= IDLE_AFTER_MS;
                snapshot.idle_since = snapshot.idle_since.filter(is_idle);
                Some(ChannelView {
                    name: format!("{} ({})", session.name, snapshot.number),
                    connection: Place::of(session),
                    user: session.user_name().to_owned(),
                    vhost: session.vhost.name().to_string(),
                    snapshot,
                })
            })
            .collect();
        views.sort_by(|one, two| {
            let key = |view: &ChannelView| (view.snapshot.connection, view.snapshot.number);
            key(one).cmp(&key(two))
        });
        (views, missing)
    }

    /// The consumers of `scope`, by vhost, queue and order of registration.
    #[must_use]
    pub fn consumers(&self, scope: Scope<'_>) -> Vec<ConsumerView> {
        let mut queues: Vec<Arc<QueueHandle>> = self
            .vhosts_of(scope)
            .iter()
            .flat_map(|vhost| vhost.all_queues())
            .filter(|queue| queue.look(|state| state.consumer_count()) > 0)
            .collect();
        queues.sort_by(|one, two| {
            let key = |queue: &QueueHandle| {
                let declared = queue.declared();
                (declared.vhost.clone(), declared.name.clone())
            };
            key(one).cmp(&key(two))
        });
        let consumers = queues.iter().flat_map(|queue| self.consumers_of(queue));
        consumers.collect()
    }

    pub(super) fn consumers_of(&self, queue: &QueueHandle) -> Vec<ConsumerView> {
        let broker_ms = self.env.settings.consumer_timeout_ms;
        let (consumers, declared) = queue.look(|state| {
            let consumers = state.consumers().into_iter().map(|consumer| {
                let timeout_ms = state.consumer_timeout_ms(&consumer.arguments).or(broker_ms);
                (consumer, timeout_ms)
            });
            (consumers.collect::<Vec<_>>(), queue.declared())
        });
        let view = |(consumer, timeout_ms): (crate::queue::ConsumerSnapshot, _)| {
            let session = self.session(consumer.connection);
            let user = session
                .as_ref()
                .map(|session| session.user_name().to_owned());
            ConsumerView {
                ids: (consumer.id, consumer.connection),
                tag: consumer.tag.to_string(),
                vhost: declared.vhost.to_string(),
                queue: declared.name.to_string(),
                connection: session.as_ref().map(|session| Place::of(session)),
                channel: consumer.channel.0,
                user: user.unwrap_or_default(),
                ack_required: !consumer.no_ack,
                exclusive: consumer.exclusive,
                prefetch_count: consumer.prefetch,
                in_flight: consumer.in_flight,
                credit: consumer.credit,
                holds: None,
                active: consumer.active,
                activity_status: consumer.activity,
                priority: consumer.priority,
                timeout_ms,
                arguments: PlainTable(consumer.arguments),
            }
        };
        consumers.into_iter().map(view).collect()
    }

    pub(in crate::desk) fn session(&self, connection: ConnectionId) -> Option<Arc<Session>> {
        let session = self.sessions.get(&connection)?;
        Some(Arc::clone(&session))
    }

    pub(in crate::desk) fn place_of(&self, connection: ConnectionId) -> Option<Place> {
        self.session(connection).map(|session| Place::of(&session))
    }
}

//! What is asked of the broker once for a page: everything but queues and exchanges, of which there
//! can be very many.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::family::Figure;
use super::process::Process;
use crate::alarms::Alarm;
use crate::auth::Door;
use crate::clock::Now;
use crate::config::{Settings, node_name};
use crate::desk::Desk;
use crate::desk::views::{ChannelView, Churn, QueueFigures, Scope, SessionRef};
use crate::inquiry::Detail;
use crate::kind::QueueKind;
use crate::limits::METRICS_CHANNELS_MS;
use crate::paging::Pager;
use crate::queue::DeathTotals;
use crate::store::StoreTotals;
use crate::tally::{MessageTotals, ReadTotals, Turnover};
use crate::turns::Counts;

/// See the module.
pub(super) struct Moment {
    pub(super) desk: Arc<Desk>,
    pub(super) now: Now,
    pub(super) node: String,
    pub(super) cluster: String,
    /// The page, as RabbitMQ names it: `aggregated`.
    pub(super) endpoint: &'static str,
    pub(super) churn: Churn,
    /// What went through the broker, over AMQP 0-9-1.
    pub(super) turnover: Turnover,
    pub(super) deaths: [DeathTotals; 5],
    /// A pointer for each: a page can be read slowly, by several at a time.
    pub(super) connections: Vec<SessionRef>,
    pub(super) channels: Vec<ChannelView>,
    pub(super) vhosts: Vec<String>,
    pub(super) queues: usize,
    pub(super) process: Process,
    /// What the store has done.
    pub(super) store: StoreTotals,
    /// Sums over the queues, once all have been read.
    pub(super) sums: Sums,
}

/// What is added up over queues whatever the page shows of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) consumers: u64,
    /// Octets, by type of queue.
    pub(super) classic_bytes: u64,
    pub(super) quorum_bytes: u64,
    pub(super) stream_bytes: u64,
}

impl Sums {
    /// Adds a queue.
    pub(super) fn add(&mut self, queue: &QueueFigures<'_>) {
        self.consumers += queue.consumers as u64;
        let bytes = match queue.kind {
            QueueKind::Classic => &mut self.classic_bytes,
            QueueKind::Quorum => &mut self.quorum_bytes,
            QueueKind::Stream => &mut self.stream_bytes,
        };
        *bytes += queue.memory_bytes as u64;
    }
}

impl Moment {
    /// Asks the broker. With `channels` the connections are asked for so much of theirs, and
    /// waited for as long as [`METRICS_CHANNELS_MS`].
    pub(super) async fn ask(
        desk: &Arc<Desk>,
        endpoint: &'static str,
        channels: Option<Detail>,
        queues: usize,
        started: Now,
    ) -> Self {
        let channels = match channels {
            Some(detail) => channels_of(desk, detail).await,
            None => Vec::new(),
        };
        let measured = desk.measured_aside().await;
        let vhosts = desk.vhost_names().into_iter();
        let now = desk.env.now();
        Self {
            now,
            desk: Arc::clone(desk),
            node: node_name(),
            cluster: desk.cluster_name(),
            endpoint,
            churn: desk.churn(),
            turnover: desk.turnover(Scope::All),
            deaths: desk.deaths(),
            connections: desk.session_refs(Scope::All, None),
            channels,
            vhosts: vhosts.map(|name| name.to_string()).collect(),
            queues,
            store: desk.store(),
            process: Process::new(started, now, measured),
            sums: Sums::default(),
        }
    }

    pub(super) fn disk_free_limit(&self) -> u64 {
        self.desk.env.live.disk_free_limit()
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.desk.env.settings
    }

    /// What messages went through the broker.
    pub(super) fn messages(&self) -> &MessageTotals {
        &self.turnover.messages
    }

    /// What was read from all queues.
    pub(super) fn read(&self) -> ReadTotals {
        self.turnover.messages.read()
    }

    /// RabbitMQ's number of a cluster.
    pub(super) fn cluster_id(&self) -> String {
        let id = self.desk.global_parameter("internal_cluster_id");
        let id = id.and_then(|id| Some(id.as_str()?.to_owned()));
        id.unwrap_or_default()
    }

    /// Octets that wait for the disk.
    pub(super) fn staged_bytes(&self) -> u64 {
        self.desk.env.store.staged()
    }

    /// Parts of the data directory that could not be read.
    pub(super) fn damages(&self) -> usize {
        self.desk.env.store.damage().len()
    }

    /// What the pager says; 0 where nothing is written to disk.
    pub(super) fn paged(&self, figure: fn(&Pager) -> u64) -> Figure {
        let pager = self.desk.env.pager.as_deref();
        pager.map_or(0, figure).into()
    }

    /// Turns of work that was left.
    pub(super) fn turns(&self) -> Counts {
        self.desk.env.turns.counts()
    }

    /// Octets that are resident for no use that is counted.
    pub(super) fn other_bytes(&self) -> Figure {
        let Some(resident) = self.process.resident() else {
            return Figure::UNKNOWN;
        };
        let Sums {
            classic_bytes,
            quorum_bytes,
            stream_bytes,
            ..
        } = self.sums;
        let known = classic_bytes + quorum_bytes + stream_bytes + self.staged_bytes();
        resident.saturating_sub(known).into()
    }

    /// 1 while the alarm is on.
    pub(super) fn alarm(&self, alarm: Alarm) -> Figure {
        u64::from(self.desk.alarms().contains(&alarm)).into()
    }

    /// Channels of all connections.
    pub(super) fn channel_count(&self) -> Figure {
        let each = self.connections.iter();
        let each = each.map(|connection| self.desk.view_of_session(connection).channels);
        each.sum::<usize>().into()
    }

    /// When the first certificate of each file of each listener expires, by the listener's name,
    /// the setting's and the path.
    pub(super) fn certificate_ends(&self) -> BTreeMap<(&'static str, String, String), u64> {
        let mut ends = BTreeMap::new();
        for listening in self.desk.listening() {
            for file in self.desk.certificates_of(listening.name) {
                let Some(end) = file.ends.iter().min() else {
                    continue;
                };
                let end = u64::try_from(*end).unwrap_or(0);
                let path = file.path.display().to_string();
                // Hosts may share a file.
                let known = ends.entry((listening.name, file.kind, path)).or_insert(end);
                *known = end.min(*known);
            }
        }
        ends
    }

    /// Logins by AMQP 0-9-1 and by HTTP, each with those that succeeded and those that failed.
    pub(super) fn logins(&self) -> [(&'static str, u64, u64); 2] {
        [("http", Door::Http), ("amqp091", Door::Amqp)].map(|(protocol, door)| {
            let (succeeded, failed) = self.desk.auth.attempts(door);
            (protocol, succeeded, failed)
        })
    }
}

/// The channels of the connections that answer in time.
async fn channels_of(desk: &Desk, detail: Detail) -> Vec<ChannelView> {
    let answers = desk.ask_all_channels(detail);
    let limit = Duration::from_millis(METRICS_CHANNELS_MS);
    // Those that are late are left out.
    drop(tokio::time::timeout(limit, &answers).await);
    desk.channels(&answers).0
}

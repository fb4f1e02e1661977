//! What the process takes of its machine, and who has tried to log in.

use std::pin::Pin;

use serde::Serialize;

use super::Scope;
use crate::auth::Door;
use crate::desk::Desk;
use crate::kind::QueueKind;
use crate::store::StoreTotals;

/// What the process takes of its machine, measured when it is asked for. `None` where the system
/// does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Octets that the process has resident; what it has freed and not given back is in.
    pub memory_used_bytes: Option<u64>,
    /// Octets above which publishers wait.
    pub memory_limit_bytes: Option<u64>,
    /// Octets that can still be written where the data lies.
    pub disk_free_bytes: Option<u64>,
    /// Open files and sockets.
    pub descriptors_used: Option<u64>,
    /// Files and sockets that may be open; `None` for no limit.
    pub descriptors_max: Option<u64>,
    /// Of the open ones, sockets: of clients, and those that wait for clients.
    pub sockets_used: Option<u64>,
    /// Tasks of the runtime.
    pub tasks: Option<u64>,
    /// Of those, how many wait for a worker.
    pub waiting_tasks: Option<u64>,
    /// How often workers of the runtime went to sleep.
    pub naps: Option<u64>,
    /// Microseconds that workers of the runtime have worked.
    pub busy_us: Option<u64>,
}

/// What the process takes of its machine, and does with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessView {
    /// What it takes.
    pub measured: Measured,
    /// What the store does.
    pub store: StoreTotals,
}

/// What the memory is used for, as far as that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryParts {
    /// Octets of messages that wait in queues, as the budget of bodies counts them; without that
    /// budget (nothing on disk) they are among the others.
    pub queued_bytes: u64,
    /// Octets that wait for the disk.
    pub staged_bytes: u64,
    /// All others: connections, lists, code, what is free and not given back.
    pub other_bytes: u64,
}

/// What the memory is used for, by what counts it for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryUse {
    /// Octets that the process has resident.
    pub resident_bytes: u64,
    /// Octets of classic queues and what they hold.
    pub classic_bytes: u64,
    /// Octets of quorum queues.
    pub quorum_bytes: u64,
    /// Octets of streams.
    pub stream_bytes: u64,
    /// Octets that wait for the disk.
    pub staged_bytes: u64,
    /// All others.
    pub other_bytes: u64,
}

/// What looks at the process: the broker around the desk, which does no such thing itself.
pub(crate) trait Gauges: Send + Sync {
    /// The numbers of now, measured on this thread.
    fn measure(&self) -> Measured;
    /// The last numbers, and soon there are newer ones.
    fn latest(&self) -> Measured;
    /// The numbers of now, measured on a thread that serves no client.
    fn measured(&self) -> Pin<Box<dyn Future<Output = Measured> + Send + '_>>;
}

/// How often users have tried to log in by one door since the broker started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LoginAttempts {
    /// RabbitMQ's name of the protocol: `amqp091` or `http`.
    pub protocol: &'static str,
    /// With success.
    pub succeeded: u64,
    /// Without.
    pub failed: u64,
}

impl LoginAttempts {
    /// All.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.succeeded + self.failed
    }
}

impl Desk {
    /// What the process takes of its machine. Reads files of the system on this thread, one for
    /// each that is open; all `None` for a desk without a broker around it.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let gauges = self.gauges.get();
        gauges.map_or_else(Measured::default, |gauges| gauges.measure())
    }

    /// The same, for callers that serve clients: a thread of the broker's own reads the files.
    pub(crate) async fn measured_aside(&self) -> Measured {
        match self.gauges.get() {
            Some(gauges) => gauges.measured().await,
            None => Measured::default(),
        }
    }

    /// What the process takes of its machine, as it was half a second ago if this was asked lately,
    /// and does with it. Reads no file.
    pub(in crate::desk) fn process_lately(&self) -> ProcessView {
        let gauges = self.gauges.get();
        self.process(gauges.map_or_else(Measured::default, |gauges| gauges.latest()))
    }

    /// What the process takes of its machine, and does with it.
    #[must_use]
    pub(crate) fn process(&self, measured: Measured) -> ProcessView {
        ProcessView {
            measured,
            store: self.store(),
        }
    }

    /// What the store has done, and holds.
    #[must_use]
    pub fn store(&self) -> StoreTotals {
        self.env.store.totals()
    }

    /// What the memory in `measured` is used for.
    #[must_use]
    pub fn memory_parts(&self, measured: &Measured) -> MemoryParts {
        let pager = self.env.pager.as_ref();
        let queued_bytes = pager.map_or(0, |pager| pager.held());
        let staged_bytes = self.env.store.staged();
        let used = measured.memory_used_bytes.unwrap_or_default();
        MemoryParts {
            queued_bytes,
            staged_bytes,
            other_bytes: used.saturating_sub(queued_bytes + staged_bytes),
        }
    }

    /// What the memory in `measured` is used for. Asks every queue.
    #[must_use]
    pub fn memory_use(&self, measured: &Measured) -> MemoryUse {
        let resident_bytes = measured.memory_used_bytes.unwrap_or_default();
        let mut used = MemoryUse {
            resident_bytes,
            staged_bytes: self.env.store.staged(),
            ..MemoryUse::default()
        };
        for queue in self
            .vhosts_of(Scope::All)
            .iter()
            .flat_map(|vhost| vhost.all_queues())
        {
            let bytes = queue.look(|state| state.memory_bytes()) as u64;
            match queue.declared().kind {
                QueueKind::Classic => used.classic_bytes += bytes,
                QueueKind::Quorum => used.quorum_bytes += bytes,
                QueueKind::Stream => used.stream_bytes += bytes,
            }
        }
        let queues = used.classic_bytes + used.quorum_bytes + used.stream_bytes;
        used.other_bytes = resident_bytes.saturating_sub(queues + used.staged_bytes);
        used
    }

    /// Milliseconds since the broker was made, in real time.
    #[must_use]
    pub fn uptime_ms(&self) -> u64 {
        self.env.now().transport.as_millis()
    }

    /// How often users have tried to log in, by door.
    #[must_use]
    pub fn login_attempts(&self) -> [LoginAttempts; 2] {
        [("amqp091", Door::Amqp), ("http", Door::Http)].map(|(protocol, door)| {
            let (succeeded, failed) = self.auth.attempts(door);
            LoginAttempts {
                protocol,
                succeeded,
                failed,
            }
        })
    }

    /// What [`Desk::measured`] asks from now on.
    pub(crate) fn measure_with(&self, gauges: impl Gauges + 'static) {
        let _first_stays = self.gauges.set(Box::new(gauges));
    }
}

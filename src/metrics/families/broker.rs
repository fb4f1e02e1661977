//! Families of the broker as a process: what came and went, memory, disk, logins, alarms.

use super::{Group, Prefix, Shown};
use crate::alarms::Alarm;
use crate::metrics::family::Source::{Broker, Labelled};
use crate::metrics::family::{Family, Figure};
use crate::metrics::moment::Moment;

pub(super) static GROUPS: &[Group] = &[
    group("connection_churn_metrics", Shown::Both, CHURN),
    group("node_coarse_metrics", Shown::Both, NODE_COARSE),
    group("node_metrics", Shown::Both, NODE),
    group("node_persister_metrics", Shown::Both, PERSISTER),
    group("auth_attempt_metrics", Shown::Both, LOGINS),
    group(
        "auth_attempt_detailed_metrics",
        Shown::PerObject,
        LOGINS_BY_SOURCE,
    ),
    group("", Shown::Both, TOTALS),
    group("", Shown::Both, ALARMS),
    group("", Shown::Memory, MEMORY),
    Group {
        prefix: Prefix::Always("rabbitmq_"),
        ..group("", Shown::Everywhere, INFO)
    },
    Group {
        prefix: Prefix::Always(""),
        ..group("", Shown::Both, PROCESS)
    },
];

const fn group(name: &'static str, shown: Shown, families: &'static [Family]) -> Group {
    Group {
        name,
        prefix: Prefix::RabbitMq,
        shown,
        families,
    }
}

/// What there is none of.
const NONE: fn(&Moment) -> Figure = |_| Figure::Whole(0);
/// The same where RabbitMQ gives a float.
const NO_TIME: fn(&Moment) -> Figure = |_| Figure::Real(0.0);

static CHURN: &[Family] = families! {
    "connections_opened_total", Counter, "Connections opened",
    Broker(|moment| moment.churn.connections_opened.into());

    "connections_closed_total", Counter, "Connections closed",
    Broker(|moment| moment.churn.connections_closed.into());

    "channels_opened_total", Counter, "Channels opened",
    Broker(|moment| moment.churn.channels_opened.into());

    "channels_closed_total", Counter, "Channels closed",
    Broker(|moment| moment.churn.channels_closed.into());

    "queues_declared_total", Counter, "Declares of queues, those that were there too",
    Broker(|moment| moment.churn.queues_declared.into());

    "queues_created_total", Counter, "Queues made",
    Broker(|moment| moment.churn.queues_created.into());

    "queues_deleted_total", Counter, "Queues deleted",
    Broker(|moment| moment.churn.queues_deleted.into());
};

static NODE_COARSE: &[Family] = families! {
    "process_open_fds", Gauge, "Open files and sockets",
    Broker(|moment| moment.process.open_fds());

    "process_resident_memory_bytes", Gauge, "Memory that the process has resident, in bytes",
    Broker(|moment| moment.process.resident_bytes());

    "disk_space_available_bytes", Gauge, "Free space where the data directory is, in bytes",
    Broker(|moment| moment.process.free_disk_bytes());

    "erlang_processes_used", Gauge,
    "Tasks of the runtime; Erlang has processes for that",
    Broker(|moment| moment.process.tasks());

    "erlang_gc_runs_total", Counter, "Runs of Erlang's garbage collector; there is none here",
    Broker(NONE);

    "erlang_gc_reclaimed_bytes_total", Counter,
    "Bytes that Erlang's garbage collector gave back; there is none here",
    Broker(NONE);

    "erlang_scheduler_context_switches_total", Counter,
    "Context switches of Erlang's schedulers; here the times that workers went to sleep",
    Broker(|moment| moment.process.parks());
};

static NODE: &[Family] = families! {
    "process_max_fds", Gauge, "Files and sockets that the process may have open",
    Broker(|moment| moment.process.max_fds());

    "resident_memory_limit_bytes", Gauge, "Memory above which publishers wait, in bytes",
    Broker(|moment| moment.process.memory_limit_bytes());

    "disk_space_available_limit_bytes", Gauge, "Free space below which publishers wait, in bytes",
    Broker(|moment| moment.disk_free_limit().into());

    "erlang_processes_limit", Gauge, "Erlang's usual limit of processes; tasks have none here",
    Broker(|_| Figure::Whole(1_048_576));

    "erlang_scheduler_run_queue", Gauge, "Tasks that wait for a worker",
    Broker(|moment| moment.process.waiting_tasks());

    "erlang_net_ticktime_seconds", Gauge, "Erlang's time between ticks of nodes; one node has none",
    Broker(|_| Figure::Whole(60));

    "erlang_uptime_seconds", Gauge, "Seconds since the broker started",
    Broker(|moment| moment.process.uptime_seconds());
};

static PERSISTER: &[Family] = families! {
    "io_read_ops_total", Counter, "Reads of the store's files", Broker(NONE);
    "io_read_bytes_total", Counter, "Bytes read from the store's files", Broker(NONE);
    "io_write_ops_total", Counter, "Writes to the store's files",
    Broker(|moment| moment.store.writes.into());
    "io_write_bytes_total", Counter, "Bytes written to the store's files",
    Broker(|moment| moment.store.written_bytes.into());
    "io_sync_ops_total", Counter, "Syncs of the store's files",
    Broker(|moment| moment.store.syncs.into());
    "io_seek_ops_total", Counter, "Seeks in files; the store has none", Broker(NONE);
    "io_reopen_ops_total", Counter, "Files opened again; the store has none", Broker(NONE);
    "schema_db_ram_tx_total", Counter, "Transactions of Mnesia in memory; there is none here",
    Broker(NONE);
    "schema_db_disk_tx_total", Counter, "Transactions of Mnesia on disk; there is none here",
    Broker(NONE);
    "msg_store_read_total", Counter, "Messages read from the store",
    Broker(|moment| moment.store.read.into());
    "msg_store_write_total", Counter, "Messages written to the store", Broker(NONE);
    "queue_index_read_ops_total", Counter, "Reads of queue indices; they are in memory here",
    Broker(NONE);
    "queue_index_write_ops_total", Counter, "Writes of queue indices; they are in memory here",
    Broker(NONE);
    "io_read_time_seconds_total", Counter, "Seconds spent reading", Broker(NO_TIME);
    "io_write_time_seconds_total", Counter, "Seconds spent writing", Broker(NO_TIME);
    "io_sync_time_seconds_total", Counter, "Seconds spent syncing", Broker(NO_TIME);
    "io_seek_time_seconds_total", Counter, "Seconds spent seeking", Broker(NO_TIME);
};

static LOGINS: &[Family] = families! {
    "auth_attempts_total", Counter, "Logins tried",
    Labelled(&["protocol"], |moment, rows| {
        for (protocol, succeeded, failed) in moment.logins() {
            rows.push(&[protocol], succeeded + failed);
        }
    });

    "auth_attempts_succeeded_total", Counter, "Logins that succeeded",
    Labelled(&["protocol"], |moment, rows| {
        for (protocol, succeeded, _) in moment.logins() {
            rows.push(&[protocol], succeeded);
        }
    });

    "auth_attempts_failed_total", Counter, "Logins that failed",
    Labelled(&["protocol"], |moment, rows| {
        for (protocol, _, failed) in moment.logins() {
            rows.push(&[protocol], failed);
        }
    });
};

/// Seen: RabbitMQ 4.3.6: without samples as long as logins are not tracked by address.
static LOGINS_BY_SOURCE: &[Family] = families! {
    "auth_attempts_detailed_total", Counter, "Logins tried, by address; they are not tracked",
    Labelled(&[], |_, _| ());
    "auth_attempts_detailed_succeeded_total", Counter,
    "Logins that succeeded, by address; they are not tracked", Labelled(&[], |_, _| ());
    "auth_attempts_detailed_failed_total", Counter,
    "Logins that failed, by address; they are not tracked", Labelled(&[], |_, _| ());
};

static TOTALS: &[Family] = families! {
    "connections", Gauge, "Open connections", Broker(|moment| moment.connections.len().into());
    "channels", Gauge, "Open channels", Broker(Moment::channel_count);
    "consumers", Gauge, "Consumers", Broker(|moment| moment.sums.consumers.into());
    "queues", Gauge, "Queues", Broker(|moment| moment.queues.into());
};

static ALARMS: &[Family] = families! {
    "alarms_free_disk_space_watermark", Untyped, "1 while publishers wait for free disk space",
    Broker(|moment| moment.alarm(Alarm::Disk));

    "alarms_memory_used_watermark", Untyped, "1 while publishers wait for memory",
    Broker(|moment| moment.alarm(Alarm::Memory));

    "unreachable_cluster_peers_count", Untyped, "Nodes that cannot be reached; there is one alone",
    Broker(NONE);
};

static INFO: &[Family] = families! {
    "build_info", Untyped, "The RabbitMQ whose behaviour this broker has",
    Labelled(
        &[
            "rabbitmq_version",
            "prometheus_plugin_version",
            "prometheus_client_version",
            "erlang_version",
        ],
        |moment, rows| {
            let settings = moment.settings();
            let version = settings.server_version.as_str();
            let platform = settings.server_platform.as_str();
            let erlang = platform.strip_prefix("Erlang/OTP ").unwrap_or(platform);
            rows.push(&[version, version, env!("CARGO_PKG_VERSION"), erlang], 1_u64);
        },
    );

    "identity_info", Untyped, "This node, its cluster and this page",
    Labelled(
        &[
            "rabbitmq_node",
            "rabbitmq_cluster",
            "rabbitmq_cluster_permanent_id",
            "rabbitmq_endpoint",
        ],
        |moment, rows| {
            let Moment { node, cluster, endpoint, .. } = moment;
            rows.push(&[node, cluster, &moment.cluster_id(), endpoint], 1_u64);
        },
    );
};

static PROCESS: &[Family] = families! {
    "process_start_time_seconds", Gauge, "When the broker started, in seconds since 1970",
    Broker(|moment| moment.process.started_seconds());
};

/// What of memory is known by its use. The parts that Erlang alone has are 0.
static MEMORY: &[Family] = families! {
    "memory_code_module_bytes", Gauge, "Erlang's code; there is none here", Broker(NONE);
    "memory_client_connection_reader_bytes", Gauge, "Readers of connections", Broker(NONE);
    "memory_client_connection_writer_bytes", Gauge, "Writers of connections", Broker(NONE);
    "memory_client_connection_channel_bytes", Gauge, "Channels of connections", Broker(NONE);
    "memory_client_connection_other_bytes", Gauge, "The rest of connections", Broker(NONE);
    "memory_classic_queue_erlang_process_bytes", Gauge, "Classic queues and what they hold",
    Broker(|moment| moment.sums.classic_bytes.into());
    "memory_quorum_queue_erlang_process_bytes", Gauge, "Quorum queues and what they hold",
    Broker(|moment| moment.sums.quorum_bytes.into());
    "memory_quorum_queue_dlx_erlang_process_bytes", Gauge,
    "Processes for the dead letters of quorum queues; there are none here", Broker(NONE);
    "memory_stream_erlang_process_bytes", Gauge, "Streams and what they hold",
    Broker(|moment| moment.sums.stream_bytes.into());
    "memory_stream_replica_reader_erlang_process_bytes", Gauge,
    "Readers of stream replicas; there are none here", Broker(NONE);
    "memory_stream_coordinator_erlang_process_bytes", Gauge,
    "The coordinator of streams; there is none here", Broker(NONE);
    "memory_plugin_bytes", Gauge, "Plugins; there are none here", Broker(NONE);
    "memory_modern_metadata_store_bytes", Gauge, "The store of definitions; it is on disk",
    Broker(NONE);
    "memory_other_erlang_process_bytes", Gauge, "Erlang's other processes; there are none here",
    Broker(NONE);
    "memory_metrics_bytes", Gauge, "Metrics; they are read where they are counted", Broker(NONE);
    "memory_management_stats_db_bytes", Gauge, "Samples for rates", Broker(NONE);
    "memory_classic_metadata_store_bytes", Gauge, "Mnesia; there is none here", Broker(NONE);
    "memory_quorum_queue_ets_table_bytes", Gauge, "Erlang's tables; there are none here",
    Broker(NONE);
    "memory_modern_metadata_store_ets_table_bytes", Gauge, "Erlang's tables; there are none here",
    Broker(NONE);
    "memory_other_ets_table_bytes", Gauge, "Erlang's tables; there are none here", Broker(NONE);
    "memory_binary_heap_bytes", Gauge, "What waits for the disk",
    Broker(|moment| moment.staged_bytes().into());
    "memory_message_index_bytes", Gauge, "The index of messages; it is part of the queues",
    Broker(NONE);
    "memory_atom_table_bytes", Gauge, "Erlang's atoms; there are none here", Broker(NONE);
    "memory_other_system_bytes", Gauge, "All that is resident beside what is named here",
    Broker(Moment::other_bytes);
    "memory_runtime_allocated_unused_bytes", Gauge, "Free memory of the allocator", Broker(NONE);
    "memory_runtime_reserved_unallocated_bytes", Gauge, "Memory reserved and not used",
    Broker(NONE);
};

//! The node, and what its memory is used for.

use super::broker::{CONTEXT, EXCHANGE_TYPE};
use super::{Any, COUNTS, Counter, List, Number, Object, Shape, TEXTS, Text, Truth, Whole};
use super::{key, maybe};
use crate::management::shape::DETAILS;

/// A node.
pub(in crate::management) const NODE: Shape = Shape {
    name: "Node",
    about: "The node: what it is, takes and does. What Erlang alone has is 0.",
    keys: &[
        key("applications", List(&Object(&APPLICATION))),
        key("auth_mechanisms", List(&Object(&MECHANISM))),
        key("being_drained", Truth),
        maybe("binary", COUNTS),
        key("channel_closed", Counter),
        key("channel_created", Counter),
        key("cluster_links", List(&Any)),
        key("config_files", TEXTS),
        key("connection_closed", Counter),
        key("connection_created", Counter),
        key("context_switches", Counter),
        key("contexts", List(&Object(&CONTEXT))),
        key("crypto_lib_version", Text),
        key("db_dir", Text),
        key("disk_free", Counter),
        key("disk_free_alarm", Truth),
        key("disk_free_limit", Whole),
        key("enabled_plugins", TEXTS),
        key("erlang_full_version", Text),
        key("erlang_version", Text),
        key("exchange_types", List(&Object(&EXCHANGE_TYPE))),
        key("fd_total", Whole),
        key("fd_used", Counter),
        key("gc_bytes_reclaimed", Counter),
        key("gc_num", Counter),
        key("io_read_avg_time", Number),
        key("io_read_avg_time_details", Object(&DETAILS)),
        key("io_read_bytes", Counter),
        key("io_read_count", Counter),
        key("io_reopen_count", Counter),
        key("io_seek_avg_time", Number),
        key("io_seek_avg_time_details", Object(&DETAILS)),
        key("io_seek_count", Counter),
        key("io_sync_avg_time", Number),
        key("io_sync_avg_time_details", Object(&DETAILS)),
        key("io_sync_count", Counter),
        key("io_write_avg_time", Number),
        key("io_write_avg_time_details", Object(&DETAILS)),
        key("io_write_bytes", Counter),
        key("io_write_count", Counter),
        key("leveret_version", Text),
        key("log_files", TEXTS),
        key("mem_alarm", Truth),
        key("mem_calculation_strategy", Text),
        key("mem_limit", Whole),
        key("mem_used", Counter),
        maybe("memory", Object(&MEMORY_PARTS)),
        key("metrics_gc_queue_length", COUNTS),
        key("mnesia_disk_tx_count", Counter),
        key("mnesia_ram_tx_count", Counter),
        key("msg_store_read_count", Counter),
        key("msg_store_write_count", Counter),
        key("name", Text),
        key("net_ticktime", Whole),
        key("os_pid", Text),
        key("partitions", TEXTS),
        key("proc_total", Whole),
        key("proc_used", Counter),
        key("processors", Whole),
        key("queue_created", Counter),
        key("queue_declared", Counter),
        key("queue_deleted", Counter),
        key("queue_index_read_count", Counter),
        key("queue_index_write_count", Counter),
        key("ra_open_file_metrics", COUNTS),
        key("rabbitmq_version", Text),
        key("rates_mode", Text),
        key("run_queue", Whole),
        key("running", Truth),
        key("sockets_total", Whole),
        key("sockets_used", Counter),
        key("type", Text),
        key("uptime", Whole).about("In milliseconds."),
    ],
};

const APPLICATION: Shape = Shape {
    name: "Application",
    about: "A part of the program.",
    keys: &[
        key("description", Text),
        key("name", Text),
        key("version", Text),
    ],
};

const MECHANISM: Shape = Shape {
    name: "Mechanism",
    about: "A way to log in over AMQP.",
    keys: &[
        key("description", Text),
        key("enabled", Truth),
        key("name", Text),
    ],
};

/// What memory is used for.
pub(in crate::management) const MEMORY: Shape = Shape {
    name: "Memory",
    about: "What memory is used for.",
    keys: &[key("memory", Object(&MEMORY_PARTS))],
};

const MEMORY_PARTS: Shape = Shape {
    name: "MemoryParts",
    about: "Bytes by use; what is not counted apart is other_system.",
    keys: &[
        key("allocated_unused", Whole),
        key("atom", Whole),
        key("binary", Whole),
        key("code", Whole),
        key("connection_channels", Whole),
        key("connection_other", Whole),
        key("connection_readers", Whole),
        key("connection_writers", Whole),
        key("metadata_store", Whole),
        key("metadata_store_ets", Whole),
        key("metrics", Whole),
        key("mgmt_db", Whole),
        key("mnesia", Whole),
        key("msg_index", Whole),
        key("other_ets", Whole),
        key("other_proc", Whole),
        key("other_system", Whole),
        key("plugins", Whole),
        key("queue_procs", Whole),
        key("quorum_ets", Whole),
        key("quorum_queue_dlx_procs", Whole),
        key("quorum_queue_procs", Whole),
        key("reserved_unallocated", Whole),
        key("strategy", Text),
        key("stream_queue_coordinator_procs", Whole),
        key("stream_queue_procs", Whole),
        key("stream_queue_replica_reader_procs", Whole),
        key("total", Object(&MEMORY_TOTAL)),
    ],
};

const MEMORY_TOTAL: Shape = Shape {
    name: "MemoryTotal",
    about: "Bytes that the process has resident.",
    keys: &[
        key("allocated", Whole),
        key("erlang", Whole),
        key("rss", Whole),
    ],
};

/// The same in percent.
pub(in crate::management) const MEMORY_SHARES: Shape = Shape {
    name: "MemoryShares",
    about: "What memory is used for, in percent.",
    keys: &[key("memory", Object(&MEMORY_PERCENT))],
};

const MEMORY_PERCENT: Shape = Shape {
    name: "MemoryPercent",
    about: "Percent by use, 1 at least for what is there.",
    keys: &[
        key("allocated_unused", Whole),
        key("atom", Whole),
        key("binary", Whole),
        key("code", Whole),
        key("connection_channels", Whole),
        key("connection_other", Whole),
        key("connection_readers", Whole),
        key("connection_writers", Whole),
        key("metadata_store", Whole),
        key("metadata_store_ets", Whole),
        key("metrics", Whole),
        key("mgmt_db", Whole),
        key("mnesia", Whole),
        key("msg_index", Whole),
        key("other_ets", Whole),
        key("other_proc", Whole),
        key("other_system", Whole),
        key("plugins", Whole),
        key("queue_procs", Whole),
        key("quorum_ets", Whole),
        key("quorum_queue_dlx_procs", Whole),
        key("quorum_queue_procs", Whole),
        key("reserved_unallocated", Whole),
        key("stream_queue_coordinator_procs", Whole),
        key("stream_queue_procs", Whole),
        key("stream_queue_replica_reader_procs", Whole),
        key("total", Whole),
    ],
};

/// Erlang's tables.
pub(in crate::management) const TABLES: Shape = Shape {
    name: "Tables",
    about: "Erlang's tables, of which there are none.",
    keys: &[key("ets_tables_memory", Text)],
};

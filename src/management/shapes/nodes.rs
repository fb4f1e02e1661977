//! The node, and what its memory is used for.

use super::broker::{CONTEXT, EXCHANGE_TYPE};
use super::{Any, COUNTS, Counter, List, Number, Object, Shape, TEXTS, Text, Truth, Whole, Word};
use super::{key, maybe};
use crate::management::shape::DETAILS;

/// A node.
pub(in crate::management) const NODE: Shape = Shape {
    name: "Node",
    about: "The node: what it is, takes and does. What Erlang alone has is 0; most is left out if \
            figures are off.",
    keys: &[
        maybe("applications", List(&Object(&APPLICATION))),
        maybe("auth_mechanisms", List(&Object(&MECHANISM))),
        key("being_drained", Truth),
        maybe("binary", COUNTS),
        maybe("channel_closed", Counter),
        maybe("channel_created", Counter),
        maybe("cluster_links", List(&Any)),
        maybe("config_files", TEXTS),
        maybe("connection_closed", Counter),
        maybe("connection_created", Counter),
        maybe("context_switches", Counter),
        maybe("contexts", List(&Object(&CONTEXT))),
        maybe("crypto_lib_version", Text),
        maybe("db_dir", Text),
        maybe("disk_free", Counter),
        maybe("disk_free_alarm", Truth),
        maybe("disk_free_limit", Whole),
        maybe("enabled_plugins", TEXTS),
        maybe("erlang_full_version", Text),
        maybe("erlang_version", Text),
        maybe("exchange_types", List(&Object(&EXCHANGE_TYPE))),
        maybe("fd_total", Whole),
        maybe("fd_used", Counter),
        maybe("gc_bytes_reclaimed", Counter),
        maybe("gc_num", Counter),
        maybe("io_read_avg_time", Number),
        maybe("io_read_avg_time_details", Object(&DETAILS)),
        maybe("io_read_bytes", Counter),
        maybe("io_read_count", Counter),
        maybe("io_reopen_count", Counter),
        maybe("io_seek_avg_time", Number),
        maybe("io_seek_avg_time_details", Object(&DETAILS)),
        maybe("io_seek_count", Counter),
        maybe("io_sync_avg_time", Number),
        maybe("io_sync_avg_time_details", Object(&DETAILS)),
        maybe("io_sync_count", Counter),
        maybe("io_write_avg_time", Number),
        maybe("io_write_avg_time_details", Object(&DETAILS)),
        maybe("io_write_bytes", Counter),
        maybe("io_write_count", Counter),
        maybe("leveret_version", Text),
        maybe("log_files", TEXTS),
        maybe("mem_alarm", Truth),
        maybe("mem_calculation_strategy", Text),
        maybe("mem_limit", Whole),
        maybe("mem_used", Counter),
        maybe("memory", Object(&MEMORY_PARTS)),
        maybe("metrics_gc_queue_length", COUNTS),
        maybe("mnesia_disk_tx_count", Counter),
        maybe("mnesia_ram_tx_count", Counter),
        maybe("msg_store_read_count", Counter),
        maybe("msg_store_write_count", Counter),
        key("name", Text),
        maybe("net_ticktime", Whole),
        maybe("os_pid", Text),
        maybe("partitions", TEXTS),
        maybe("proc_total", Whole),
        maybe("proc_used", Counter),
        maybe("processors", Whole),
        maybe("queue_created", Counter),
        maybe("queue_declared", Counter),
        maybe("queue_deleted", Counter),
        maybe("queue_index_read_count", Counter),
        maybe("queue_index_write_count", Counter),
        maybe("ra_open_file_metrics", COUNTS),
        maybe("rabbitmq_version", Text),
        maybe("rates_mode", Text),
        maybe("run_queue", Whole),
        key("running", Truth),
        maybe("sockets_total", Whole),
        maybe("sockets_used", Counter),
        key("type", Text),
        maybe("uptime", Whole).about("In milliseconds."),
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

/// The uses of memory, which both pages name, and the keys that only one of them has.
macro_rules! uses_of_memory {
    ($($own:expr),+) => {
        &[
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
            $($own),+
        ]
    };
}

/// What memory is used for.
pub(in crate::management) const MEMORY: Shape = Shape {
    name: "Memory",
    about: "What memory is used for.",
    keys: &[key("memory", Object(&MEMORY_PARTS))],
};

const MEMORY_PARTS: Shape = Shape {
    name: "MemoryParts",
    about: "Bytes by use; what is not counted apart is other_system.",
    keys: uses_of_memory!(key("strategy", Text), key("total", Object(&MEMORY_TOTAL))),
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
    keys: uses_of_memory!(key("total", Whole)),
};

/// Erlang's tables.
pub(in crate::management) const TABLES: Shape = Shape {
    name: "Tables",
    about: "Erlang's tables, of which there are none.",
    keys: &[key("ets_tables_memory", Text)],
};

/// RabbitMQ's plugins.
pub(in crate::management) const PLUGINS: Shape = Shape {
    name: "Plugins",
    about: "RabbitMQ's plugins, and where it is kept which are enabled.",
    keys: &[
        maybe("file", Text),
        key("missing", TEXTS),
        key("plugins", List(&Object(&PLUGIN))),
    ],
};

const PLUGIN: Shape = Shape {
    name: "Plugin",
    about: "A plugin.",
    keys: &[
        key("dependencies", TEXTS),
        key("description", Text),
        key("enabled", Word(&["enabled", "implicit", "not_enabled"])),
        key("name", Text),
        key("running", Truth),
        key("version", Text),
    ],
};

/// Names of plugins.
pub(in crate::management) const ENABLED_PLUGINS: Shape = Shape {
    name: "EnabledPlugins",
    about: "The plugins that are to be enabled; what they need is enabled with them.",
    keys: &[key("enabled", TEXTS)],
};

/// What a change of plugins has changed.
pub(in crate::management) const CHANGED_PLUGINS: Shape = Shape {
    name: "ChangedPlugins",
    about: "The plugins that were started and stopped.",
    keys: &[key("started", TEXTS), key("stopped", TEXTS)],
};

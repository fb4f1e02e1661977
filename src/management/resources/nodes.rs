//! The node: what it is, takes and does. There is one.
//!
//! What Erlang alone has is there with 0, in the types that RabbitMQ gives it.
//!
//! Seen: RabbitMQ 4.3.6, `GET /nodes`.

use std::sync::Arc;

use crate::alarms::Alarm;
use crate::config::Settings;
use crate::desk::Desk;
use crate::desk::rates::{Group, Windows};
use crate::desk::views::{Item, Measured, MemoryUse, Overview, ProcessView, Scope};
use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::management::counters::Counters;
use crate::management::door::Door;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};
use crate::management::node::{Node, Whose};

/// RabbitMQ's usual limit of processes; tasks have none here, and tools divide by it.
const PROCESSES_MAX: u64 = 1_048_576;

/// A node, as it is counted when it is asked for.
struct Counted {
    name: String,
    process: ProcessView,
    overview: Overview,
}

impl Item for Counted {
    fn place(&self) -> (&str, &str) {
        ("", &self.name)
    }
}

fn counted(ask: &Ask, measured: Measured) -> Counted {
    Counted {
        name: ask.door.node.name.clone(),
        process: ask.desk.process(measured),
        overview: ask.desk.overview(Scope::All),
    }
}

/// The samples that are wanted. Seen: RabbitMQ 4.3.6, tests/scripts/http/stats/windows.http.
fn windows(asked: Windows) -> Windows {
    Windows {
        churn: asked.node,
        ..asked
    }
}

/// `GET /nodes`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let windows = ask.windows_if_shown()?.map(windows);
    let (desk, door) = (Arc::clone(&ask.desk), Arc::clone(&ask.door));
    let write = move |object: &mut Object<'_>, node: &Counted| {
        write(object, (&desk, &door), node, windows.as_ref());
    };
    let measured = ask.desk.measured_aside().await;
    let gather = || vec![counted(&ask, measured)];
    list(&ask, Pages::No, many(&ask), gather, |_, _| None, write).await
}

/// `GET /nodes/N`, with `memory=true` and `binary=true`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    known(&ask)?;
    let windows = ask.windows_if_shown()?.map(windows);
    let measured = ask.desk.measured_aside().await;
    let writing = |object: &mut Object<'_>| {
        let node = counted(&ask, measured);
        write(object, (&ask.desk, &ask.door), &node, windows.as_ref());
        let used = |key: &str| {
            let is_wanted = ask.query.is_true(key);
            is_wanted.then(|| ask.desk.memory_use(&measured))
        };
        if let Some(used) = used("memory") {
            object.object("memory", |memory| write_memory(memory, &used));
        }
        if let Some(used) = used("binary") {
            object.object("binary", |binary| write_binaries(binary, &used));
        }
    };
    let node = || ask.object(writing);
    Ok(ask.door.aside.read(many(&ask), node).await)
}

/// How much there is to look at: what is shown are sums over all queues and connections.
fn many(ask: &Ask) -> usize {
    ask.desk.how_many_queues(Scope::All) + ask.desk.how_many_connections()
}

/// The node of the path.
///
/// # Errors
/// 404 for another one.
pub(super) fn known(ask: &Ask) -> Result<(), Refusal> {
    match ask.name("node") == ask.door.node.name {
        true => Ok(()),
        false => Err(Refusal::not_found()),
    }
}

fn write(
    object: &mut Object<'_>,
    (desk, door): (&Arc<Desk>, &Arc<Door>),
    node: &Counted,
    windows: Option<&Windows>,
) {
    let settings = desk.settings();
    object.set("name", &node.name);
    object.set("type", "disc");
    object.set("running", &true);
    object.set("being_drained", &desk.is_drained());
    let Some(asked) = windows else { return };
    object.set("partitions", &[(); 0]);
    object.set("cluster_links", &[(); 0]);
    Node::versions(object, settings);
    Node::exchange_types(object);
    door.node.contexts(object, Whose::Own);
    parts(object, settings, &door.node);
    limits(object, desk, node);
    let counters = Counters::of(desk, &node.process, windows);
    counters.write(object, Group::Process);
    for key in NO_COUNTS {
        counters.write_none(object, key, asked.node);
    }
    for key in NO_TIMES {
        counters.write_no_time(object, key);
    }
    let churn = Counters::of(desk, &node.overview, windows);
    churn.write(object, Group::Churn);
    object.object("ra_open_file_metrics", |files| {
        files.set("ra_log_wal", &0);
        files.set("ra_log_segment_writer", &0);
    });
    object.object("metrics_gc_queue_length", |lengths| {
        for key in GONE {
            lengths.set(key, &0);
        }
    });
}

/// What of RabbitMQ counts here as nothing.
const NO_COUNTS: &[&str] = &[
    "gc_num",
    "gc_bytes_reclaimed",
    "io_read_count",
    "io_read_bytes",
    "io_seek_count",
    "io_reopen_count",
    "mnesia_ram_tx_count",
    "mnesia_disk_tx_count",
    "msg_store_write_count",
    "queue_index_write_count",
    "queue_index_read_count",
];

/// What is not measured.
const NO_TIMES: &[&str] = &[
    "io_read_avg_time",
    "io_write_avg_time",
    "io_sync_avg_time",
    "io_seek_avg_time",
];

/// What RabbitMQ forgets the figures of in its own time.
const GONE: &[&str] = &[
    "connection_closed",
    "channel_closed",
    "consumer_deleted",
    "exchange_deleted",
    "queue_deleted",
    "vhost_deleted",
    "node_node_deleted",
    "channel_consumer_deleted",
];

/// What it is made of.
fn parts(object: &mut Object<'_>, settings: &Settings, node: &Node) {
    let plugins = &node.desk.plugins;
    let version = &settings.server_version;
    let own = (
        "leveret",
        "A broker for development",
        env!("CARGO_PKG_VERSION"),
    );
    let rabbit = ("rabbit", "RabbitMQ", version.as_str());
    let running = plugins.running().into_iter();
    let running = running.map(|plugin| (plugin.name, plugin.description, version.as_str()));
    let applications = [own, rabbit].into_iter().chain(running);
    object.array(
        "applications",
        applications,
        |one, (name, about, version)| {
            one.set("name", name);
            one.set("description", about);
            one.set("version", version);
        },
    );
    object.set("enabled_plugins", &plugins.enabled());
    object.array("auth_mechanisms", MECHANISMS, |one, (name, about)| {
        one.set("name", name);
        one.set("description", about);
        let mut offered = settings.auth_mechanisms.iter();
        one.set("enabled", &offered.any(|offered| offered == name));
    });
    object.set("config_files", &[(); 0]);
    object.set("db_dir", &settings.data_dir);
    object.set("log_files", &settings.log_files());
    object.set("rates_mode", "basic");
    object.set("net_ticktime", &60);
    object.set("os_pid", &std::process::id().to_string());
}

/// With RabbitMQ's descriptions.
const MECHANISMS: &[(&str, &str)] = &[
    ("PLAIN", "SASL PLAIN authentication mechanism"),
    ("AMQPLAIN", "QPid AMQPLAIN mechanism"),
    ("ANONYMOUS", "SASL ANONYMOUS authentication mechanism"),
    (
        "RABBIT-CR-DEMO",
        "RabbitMQ Demo challenge-response authentication mechanism",
    ),
];

/// How much it may take, and how long it has run.
fn limits(object: &mut Object<'_>, desk: &Desk, node: &Counted) {
    let measured = &node.process.measured;
    let alarms = desk.alarms();
    object.set("fd_total", &measured.descriptors_max.unwrap_or(u64::MAX));
    object.set("sockets_total", &0);
    object.set("proc_total", &PROCESSES_MAX);
    object.set(
        "mem_limit",
        &measured.memory_limit_bytes.unwrap_or_default(),
    );
    object.set("mem_alarm", &alarms.contains(&Alarm::Memory));
    object.set("mem_calculation_strategy", "rss");
    object.set("disk_free_limit", &desk.env.live.disk_free_limit());
    object.set("disk_free_alarm", &alarms.contains(&Alarm::Disk));
    object.set("uptime", &desk.uptime_ms());
    object.set("run_queue", &measured.waiting_tasks.unwrap_or_default());
    let processors = std::thread::available_parallelism();
    object.set("processors", &processors.map_or(1, usize::from));
}

/// `GET /nodes/N/memory`: what the memory is used for.
pub(in crate::management) async fn memory(ask: Ask) -> Answer {
    let used = used(&ask).await?;
    Ok(ask.object(|object| {
        object.object("memory", |memory| write_memory(memory, &used));
    }))
}

/// What the memory of the path's node is used for.
async fn used(ask: &Ask) -> Result<MemoryUse, Refusal> {
    known(ask)?;
    let measured = ask.desk.measured_aside().await;
    let used = || ask.desk.memory_use(&measured);
    Ok(ask.door.aside.read(many(ask), used).await)
}

fn write_memory(memory: &mut Object<'_>, used: &MemoryUse) {
    for (key, bytes) in by_use(used) {
        memory.set(key, &bytes);
    }
    memory.set("strategy", "rss");
    memory.object("total", |total| {
        for key in ["erlang", "rss", "allocated"] {
            total.set(key, &used.resident_bytes);
        }
    });
}

/// `GET /nodes/N/memory/relative`: the same in percent.
pub(in crate::management) async fn relative(ask: Ask) -> Answer {
    let used = used(&ask).await?;
    Ok(ask.object(|object| {
        object.object("memory", |memory| {
            memory.set("total", &100);
            for (key, bytes) in by_use(&used) {
                memory.set(key, &percent(bytes, used.resident_bytes));
            }
        });
    }))
}

/// Seen: RabbitMQ 4.3.6: what is there is 1 at least.
fn percent(part: u64, whole: u64) -> u64 {
    let rounded = (part.saturating_mul(100) + whole / 2).checked_div(whole);
    rounded.unwrap_or_default().max(part.min(1))
}

/// Under RabbitMQ's names.
fn by_use(used: &MemoryUse) -> impl Iterator<Item = (&'static str, u64)> {
    let known = [
        ("queue_procs", used.classic_bytes),
        ("quorum_queue_procs", used.quorum_bytes),
        ("stream_queue_procs", used.stream_bytes),
        ("binary", used.staged_bytes),
        ("other_system", used.other_bytes),
    ];
    let none = NO_USES.iter().map(|key| (*key, 0));
    none.chain(known)
}

/// What memory is not used for here, or not counted apart.
const NO_USES: &[&str] = &[
    "connection_readers",
    "connection_writers",
    "connection_channels",
    "connection_other",
    "stream_queue_replica_reader_procs",
    "stream_queue_coordinator_procs",
    "quorum_queue_dlx_procs",
    "plugins",
    "metadata_store",
    "other_proc",
    "metrics",
    "mgmt_db",
    "quorum_ets",
    "mnesia",
    "metadata_store_ets",
    "other_ets",
    "msg_index",
    "code",
    "atom",
    "allocated_unused",
    "reserved_unallocated",
];

/// `binary` of a node: what of the messages in memory belongs to what.
fn write_binaries(binary: &mut Object<'_>, used: &MemoryUse) {
    binary.set("queue_procs", &used.classic_bytes);
    binary.set("quorum_queue_procs", &used.quorum_bytes);
    binary.set("stream_queue_procs", &used.stream_bytes);
    binary.set("other", &used.staged_bytes);
    for key in [
        "connection_readers",
        "connection_writers",
        "connection_channels",
        "connection_other",
        "stream_queue_replica_reader_procs",
        "stream_queue_coordinator_procs",
        "quorum_queue_dlx_procs",
        "metadata_store",
        "plugins",
        "mgmt_db",
        "msg_index",
    ] {
        binary.set(key, &0);
    }
}

/// `GET /nodes/N/memory/ets` and below: Erlang's tables, of which there are none.
pub(in crate::management) async fn tables(ask: Ask) -> Answer {
    known(&ask)?;
    Ok(ask.object(|object| object.set("ets_tables_memory", "no_tables")))
}

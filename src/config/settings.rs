//! The table of settings: one row makes the field, its default, its documentation and its checks.
//!
//! A row reads: documentation; field, type and built-in default; then the name, what it takes,
//! RabbitMQ's names of it in `rabbitmq.conf`, and where it has them RabbitMQ's environment
//! variable (`env`) and the words for a default that depends on the machine (`shown`).

use std::path::PathBuf;

use super::key::{Key, only, settings};
use super::named::Named;
use super::seeds::{LIMITS, POLICY, USER};
use super::tls::{CERTIFICATE, KNOWN_VERSIONS, LoginFrom, SanType, VERSIONS, Verify};
use super::tls_rows::with_tls;
use super::types::{
    CompatProfile, Durability, LevelOf, LogColours, LogFormat, LogLevel, LogStream, QueueType,
    Secret,
};
use super::value::{Unit, ValueType, WHOLE_MAX};

use Unit::{Bytes, Count, Millis, Seconds};
use ValueType::{
    Flag, FlagOrNone, Host, HostOrNone, List, MomentsOrNone, Name, NameOrNone, Path, PathOrNone,
    Pattern, Ratio, Whole, WholeOrNone, Word,
};

with_tls! {
    "Listening" {
        /// Whether AMQP 0-9-1 is served. Without it no client of AMQP can connect; the other doors
        /// stay: the management API, the metrics, and RabbitMQ's tools on this machine.
        amqp_enabled: bool = true;
        "amqp.enabled", Flag, ["listeners.tcp"];

        /// The address that clients connect to. `::` is every interface, of IPv4 too; where IPv6
        /// is switched off it means 0.0.0.0.
        host: String = "::".to_owned();
        "host", Host, ["listeners.tcp.default"], env "RABBITMQ_NODE_IP_ADDRESS";

        /// The port for AMQP 0-9-1. 0 takes a free one; the ready file and the log name it.
        port: u16 = 5672;
        "port", Whole(0, 65535, Count), ["listeners.tcp.default"], env "RABBITMQ_NODE_PORT";

        /// More addresses for AMQP 0-9-1, beside `host` and `port`: each a port, for every
        /// interface, or an address and a port.
        extra_listeners: Vec<String> = Vec::new();
        "extra_listeners", List { of: &[], least: 0 }, [];

        /// How long a client may take from connecting to `connection.open`, in milliseconds.
        handshake_timeout_ms: u64 = 10_000;
        "handshake_timeout", Whole(1, 86_400_000, Millis), ["handshake_timeout"];

        /// A file that takes the process id while the broker runs.
        pid_file: Option<PathBuf> = None;
        "pid_file", PathOrNone, [], env "RABBITMQ_PID_FILE";

        /// How long a stop waits for clients to close and for data to be written, in milliseconds.
        shutdown_timeout_ms: u64 = 10_000;
        "shutdown_timeout", Whole(0, 600_000, Millis), [];

        /// How long a stop waits for one client, in milliseconds: for its `connection.close-ok`
        /// once `connection.close` was written, and before that for it to read at all. Then the
        /// client is cut off, and the log says which.
        shutdown_close_timeout_ms: u64 = 1_000;
        "shutdown_close_timeout", Whole(0, 600_000, Millis), [];

        /// Threads that serve connections; 0 is one per core.
        workers: u16 = 0;
        "workers", Whole(0, 1024, Count), [];
    }

    "Management" {
        /// Whether the management API is served over HTTP.
        management_enabled: bool = true;
        "management.enabled", Flag, [];

        /// The address that the management API is served on; `none` is the one of `host`.
        management_tcp_ip: Option<String> = None;
        "management.tcp.ip", HostOrNone, ["management.tcp.ip", "management.listener.ip"];

        /// The port of the management API. 0 takes a free one; the ready file and the log name it.
        /// `none` is 10000 above `port`, or a free one where `port` is 0 or over 55535, and nothing
        /// where `management.ssl.port` is given. A port that was given and is in use stops the
        /// start; one that was not leaves the API out.
        management_tcp_port: Option<u16> = None;
        "management.tcp.port", WholeOrNone(0, 65535, Count),
        ["management.tcp.port", "management.listener.port"], shown "15672";

        /// The sites whose pages may read from the management API, and change things with it, in
        /// the browser of a user: `http://localhost:8080`, or `*` for all.
        management_cors_allow_origins: Vec<String> = Vec::new();
        "management.cors.allow_origins", List { of: &[], least: 0 },
        ["management.cors.allow_origins.1"];

        /// How long a browser may remember that a site may, in seconds; `none` says nothing of it.
        management_cors_max_age: Option<u64> = Some(1800);
        "management.cors.max_age", WholeOrNone(0, WHOLE_MAX, Seconds), ["management.cors.max_age"];

        /// Whether lists and objects show only what does not change while messages go through, as
        /// with the parameter `disable_stats` in every request.
        management_disable_stats: bool = false;
        "management.disable_stats", Flag, ["management.disable_stats"];

        /// Whether lists of queues show how many messages there are even then.
        management_enable_queue_totals: bool = false;
        "management.enable_queue_totals", Flag, ["management.enable_queue_totals"];

        /// The largest body of a request, in bytes; larger ones are answered with 400.
        management_http_max_body_size: u64 = 20_971_520;
        "management.http.max_body_size", Whole(1, 536_870_912, Bytes),
        ["management.http.max_body_size"];
    }

    "Plugins" {
        /// RabbitMQ's plugins that are enabled; what they need is enabled with them. What most of
        /// them add is always there. A file of enabled plugins goes before this.
        plugins_enabled: Vec<String> = PLUGINS.map(str::to_owned).to_vec();
        "plugins.enabled", List { of: &[], least: 0 }, [], env "RABBITMQ_ENABLED_PLUGINS";

        /// The file of enabled plugins, in RabbitMQ's format. It is written when plugins are
        /// enabled or disabled, and read at every start; `none` is `enabled_plugins` in the data
        /// directory.
        plugins_file: Option<PathBuf> = None;
        "plugins.file", PathOrNone, [], env "RABBITMQ_ENABLED_PLUGINS_FILE";
    }

    "Events" {
        /// Whether what changes in the broker goes as messages to the exchange
        /// `amq.rabbitmq.event`, as with RabbitMQ's plugin `rabbitmq_event_exchange`.
        event_exchange_enabled: bool = false;
        "event_exchange.enabled", Flag, [];

        /// The virtual host that has this exchange; `none` is `default_vhost`.
        event_exchange_vhost: Option<String> = None;
        "event_exchange.vhost", NameOrNone, ["event_exchange.vhost"];
    }

    "Prometheus" {
        /// Whether metrics are served over HTTP.
        prometheus_enabled: bool = true;
        "prometheus.enabled", Flag, [];

        /// The address that metrics are served on; `none` is the one of `host`.
        prometheus_tcp_ip: Option<String> = None;
        "prometheus.tcp.ip", HostOrNone, ["prometheus.tcp.ip"];

        /// The port of the metrics. 0 takes a free one; the ready file and the log name it. `none`
        /// is 10020 above `port`, or a free one where `port` is 0 or over 55515, and nothing where
        /// `prometheus.ssl.port` is given. A port that was given and is in use stops the
        /// start; one that was not leaves the metrics out.
        prometheus_tcp_port: Option<u16> = None;
        "prometheus.tcp.port", WholeOrNone(0, 65535, Count),
        ["prometheus.tcp.port"], shown "15692";

        /// Whether `/metrics` has a series for each queue, channel and connection, as
        /// `/metrics/per-object` has.
        prometheus_return_per_object_metrics: bool = false;
        "prometheus.return_per_object_metrics", Flag, ["prometheus.return_per_object_metrics"];
    }

    "Data" {
        /// The directory for messages and definitions. It is made when it is missing, and serves
        /// one broker at a time.
        data_dir: PathBuf = default_data_dir();
        "data_dir", Path, [],
        shown "$XDG_STATE_HOME/leveret, else ~/.local/state/leveret, else ./leveret-data";

        /// What a confirm promises. `fsync`: persistent messages in durable queues survive a power
        /// cut. `os`: they survive the end of the process only, which is faster on slow disks.
        /// `memory`: nothing is written, and a stop forgets everything (`--ephemeral`).
        durability: Durability = Durability::Fsync;
        "durability", Word(Durability::WORDS), [];
    }

    "Definitions" {
        /// Definitions that are imported at every start, in RabbitMQ's format: a JSON file, or a
        /// directory whose files are read in the order of their names. A new data directory gets
        /// no default user and no default virtual host then.
        load_definitions: Option<PathBuf> = None;
        "load_definitions", PathOrNone,
        ["load_definitions", "management.load_definitions", "definitions.local.path"];

        /// Whether definitions that are the same as at the start before are left alone, so that
        /// what was changed or deleted since then stays so.
        definitions_skip_if_unchanged: bool = false;
        "definitions.skip_if_unchanged", Flag, ["definitions.skip_if_unchanged"];
    }

    "Log" {
        /// The least severe event that is logged, where an output or a category has no level of its
        /// own.
        log_level: LogLevel = LogLevel::Info;
        "log.level", Word(LogLevel::WORDS), ["log.default.level"];

        /// The same of connections: accepted, opened, closed. It holds for every output, whatever
        /// level that has.
        log_connection_level: LevelOf = LevelOf::Default;
        "log.connection.level", Word(LevelOf::WORDS), ["log.connection.level"];

        /// A file that lines about connections are written to, and to no other output.
        log_connection_file: Option<PathBuf> = None;
        "log.connection.file", PathOrNone, ["log.connection.file"];

        /// The least severe event of channels, of which only errors are logged.
        log_channel_level: LevelOf = LevelOf::Default;
        "log.channel.level", Word(LevelOf::WORDS), ["log.channel.level"];

        /// The same for channels.
        log_channel_file: Option<PathBuf> = None;
        "log.channel.file", PathOrNone, ["log.channel.file"];

        /// The least severe event of queues.
        log_queue_level: LevelOf = LevelOf::Default;
        "log.queue.level", Word(LevelOf::WORDS), ["log.queue.level"];

        /// The same for queues.
        log_queue_file: Option<PathBuf> = None;
        "log.queue.file", PathOrNone, ["log.queue.file"];

        /// Whether the log is written to the console.
        log_console_enabled: bool = true;
        "log.console.enabled", Flag, ["log.console"];

        /// The least severe event that is written there.
        log_console_level: LevelOf = LevelOf::Default;
        "log.console.level", Word(LevelOf::WORDS), ["log.console.level"];

        /// What the console is: `stdout` or `stderr`.
        log_console_stdio: LogStream = LogStream::Stdout;
        "log.console.stdio", Word(LogStream::WORDS), ["log.console.stdio"];

        /// Whether its lines are coloured; `auto` is on a terminal, unless `NO_COLOR` is set.
        log_console_use_colors: LogColours = LogColours::Auto;
        "log.console.use_colors", Word(LogColours::WORDS), ["log.console.use_colors"];

        /// A file that the log is written to as well, in `log.dir` unless it is a whole path.
        log_file_name: Option<PathBuf> = None;
        "log.file.name", PathOrNone, ["log.file"];

        /// The least severe event that is written there.
        log_file_level: LevelOf = LevelOf::Default;
        "log.file.level", Word(LevelOf::WORDS), ["log.file.level"];

        /// The directory of log files; `none` is `log` in the data directory.
        log_dir: Option<PathBuf> = None;
        "log.dir", PathOrNone, ["log.dir"], env "RABBITMQ_LOG_BASE";

        /// The size from which on a file is put aside and a new one begun, in bytes; 0 is none.
        log_file_rotation_size: u64 = 0;
        "log.file.rotation.size", Whole(0, WHOLE_MAX, Bytes), ["log.file.rotation.size"];

        /// When that is done as well: `$D0` is at midnight, `$D17H30` each day at 17:30, `$W0D23`
        /// on Sundays at 23:00, `$M1D5` on the first of a month at 5:00.
        log_file_rotation_date: Option<String> = None;
        "log.file.rotation.date", MomentsOrNone, ["log.file.rotation.date"];

        /// How many files that were put aside are kept, as `NAME.0`, the youngest, and so on.
        log_file_rotation_count: u64 = 10;
        "log.file.rotation.count", Whole(0, 1000, Count), ["log.file.rotation.count"];

        /// Whether they are compressed, as `NAME.0.gz` and so on.
        log_file_rotation_compress: bool = false;
        "log.file.rotation.compress", Flag, ["log.file.rotation.compress"];

        /// How a line is written: `text` for people, `json` for machines, `rabbitmq` for tools that
        /// wait for lines of RabbitMQ, with its banner.
        log_format: LogFormat = LogFormat::Text;
        "log.format", Word(LogFormat::WORDS), ["log.console.formatter", "log.file.formatter"];
    }

    "Users" {
        /// The user that is made when the data directory is new.
        default_user: String = "guest".to_owned();
        "default_user", Name, ["default_user"], env "RABBITMQ_DEFAULT_USER";

        /// That user's password.
        default_pass: Secret = Secret::new("guest");
        "default_pass", ValueType::Secret, ["default_pass"], env "RABBITMQ_DEFAULT_PASS";

        /// The virtual host that is made when the data directory is new.
        default_vhost: String = "/".to_owned();
        "default_vhost", Name, ["default_vhost"], env "RABBITMQ_DEFAULT_VHOST";

        /// That user's tags.
        default_user_tags: Vec<String> = vec!["administrator".to_owned()];
        "default_user_tags", List { of: &[], least: 0 }, ["default_user_tags.administrator"];

        /// The names which that user may declare and delete: a regular expression.
        default_permissions_configure: String = ".*".to_owned();
        "default_permissions.configure", Pattern, ["default_permissions.configure"];

        /// The names which that user may publish and bind to: a regular expression.
        default_permissions_write: String = ".*".to_owned();
        "default_permissions.write", Pattern, ["default_permissions.write"];

        /// The names which that user may consume and bind from: a regular expression.
        default_permissions_read: String = ".*".to_owned();
        "default_permissions.read", Pattern, ["default_permissions.read"];

        /// More users, by name. When a virtual host is made whose name `vhost_pattern` matches, the
        /// user gets the permissions that are given here, in that virtual host, and is made first
        /// if there is no such user yet. A user that exists keeps its password and tags. A user
        /// that is made without `password` cannot log in with a password.
        default_users: Named = Named::default();
        "default_users", ValueType::Named(&USER), ["default_users"];

        /// Operator policies by name, which a new virtual host gets whose name fits their
        /// `vhost_pattern`. Times are in milliseconds.
        default_policies_operator: Named = Named::default();
        "default_policies.operator", ValueType::Named(&POLICY), ["default_policies.operator"];

        /// Limits by name: a new virtual host gets the first ones, in the order of these names,
        /// whose `pattern` fits its own.
        default_limits_vhosts: Named = Named::default();
        "default_limits.vhosts", ValueType::Named(&LIMITS), ["default_limits.vhosts"];

        /// Users that may connect from this machine only; `none` lets every user connect from
        /// anywhere.
        loopback_users: Vec<String> = vec!["guest".to_owned()];
        "loopback_users", List { of: &[], least: 0 }, ["loopback_users.guest"];

        /// Failed logins from one address within a minute, over AMQP and HTTP together; further
        /// ones are refused unheard for a while. Addresses of this machine have no limit, and
        /// `none` sets none for all.
        login_failures_max: Option<u64> = Some(300);
        "login_failures_max", WholeOrNone(1, WHOLE_MAX, Count), [];

        /// The user that a client becomes who logs in with `ANONYMOUS`; `none` refuses them.
        anonymous_login_user: Option<String> = Some("guest".to_owned());
        "anonymous_login_user", NameOrNone, ["anonymous_login_user"];

        /// The password that `ANONYMOUS` logs in with: if it is not that user's, it is refused.
        anonymous_login_pass: Secret = Secret::new("guest");
        "anonymous_login_pass", ValueType::Secret, ["anonymous_login_pass"];

        /// The ways to log in, in the order they are offered. `EXTERNAL`, by the certificate of a
        /// client over TLS, is offered there only.
        auth_mechanisms: Vec<String> = MECHANISMS.map(str::to_owned).to_vec();
        "auth_mechanisms", List { of: &KNOWN_MECHANISMS, least: 1 }, ["auth_mechanisms.1"];
    }

    "Protocol" {
        /// The heartbeat that is offered to clients, in seconds; 0 is none.
        heartbeat_s: u16 = 60;
        "heartbeat", Whole(0, 65535, Seconds), ["heartbeat"];

        /// The largest frame that is offered to clients, in bytes.
        frame_max: u32 = 131_072;
        "frame_max", Whole(4096, 16_777_216, Bytes), ["frame_max"];

        /// The largest frame before `connection.tune`, in bytes. It bounds what a client can
        /// send before its login.
        initial_frame_max: u32 = 8192;
        "initial_frame_max", Whole(4096, 16_777_216, Bytes), ["initial_frame_max"];

        /// The smallest `frame_max` that a client may ask for, in bytes. RabbitMQ since 4.1 refuses
        /// less than 8192; the AMQP specification allows 4096.
        frame_max_floor: u32 = 4096;
        "frame_max_floor", Whole(4096, 131_072, Bytes), [];

        /// The channels that are offered per connection; 0 is as many as the protocol has.
        channel_max: u16 = 2047;
        "channel_max", Whole(0, 65535, Count), ["channel_max", "max_channels_per_connection"];

        /// The largest message body, in bytes.
        max_message_size: u64 = 16_777_216;
        "max_message_size", Whole(1, 536_870_912, Bytes), ["max_message_size"];
    }

    "Limits" {
        /// Connections at a time.
        max_connections: Option<u64> = None;
        "max_connections", WholeOrNone(0, WHOLE_MAX, Count), ["max_connections", "connection_max"];

        /// Open channels of all connections together.
        channel_max_per_node: Option<u64> = None;
        "channel_max_per_node", WholeOrNone(1, WHOLE_MAX, Count), ["channel_max_per_node"];

        /// Consumers of one channel.
        consumer_max_per_channel: Option<u64> = None;
        "consumer_max_per_channel", WholeOrNone(1, WHOLE_MAX, Count), ["consumer_max_per_channel"];

        /// Virtual hosts.
        vhost_max: Option<u64> = None;
        "vhost_max", WholeOrNone(0, WHOLE_MAX, Count), ["vhost_max"];

        /// Queues of all virtual hosts together.
        cluster_queue_limit: Option<u64> = None;
        "cluster_queue_limit", WholeOrNone(1, WHOLE_MAX, Count), ["cluster_queue_limit"];

        /// Exchanges of all virtual hosts together.
        cluster_exchange_limit: Option<u64> = None;
        "cluster_exchange_limit", WholeOrNone(0, WHOLE_MAX, Count), ["cluster_exchange_limit"];

        /// The share of the machine's memory (of its control group's, in a container) above which
        /// publishers are paused; 0 pauses them at once.
        vm_memory_high_watermark_relative: f64 = 0.6;
        "vm_memory_high_watermark.relative", Ratio, ["vm_memory_high_watermark.relative"];

        /// The same as a number of bytes; it goes before the share.
        vm_memory_high_watermark_absolute: Option<u64> = None;
        "vm_memory_high_watermark.absolute", WholeOrNone(0, WHOLE_MAX, Bytes),
        ["vm_memory_high_watermark.absolute"];

        /// The free disk space below which publishers are paused, in bytes.
        disk_free_limit: u64 = 50_000_000;
        "disk_free_limit", Whole(0, WHOLE_MAX, Bytes), ["disk_free_limit.absolute"];
    }

    "Queues" {
        /// The type of a queue that is declared without `x-queue-type`, where its virtual host
        /// names none.
        default_queue_type: QueueType = QueueType::Classic;
        "default_queue_type", Word(QueueType::WORDS), ["default_queue_type"];

        /// The memory for messages that wait in queues, in bytes. What is over it waits on disk and
        /// comes back before its turn; with `durability = "memory"` all stays in memory. What else
        /// the program has in memory takes up to half of it.
        body_budget: u64 = 134_217_728;
        "body_budget", Whole(0, WHOLE_MAX, Bytes), [];

        /// How long a delivery may stay unacknowledged before its channel is closed, in
        /// milliseconds.
        consumer_timeout_ms: Option<u64> = Some(1_800_000);
        "consumer_timeout", WholeOrNone(1, WHOLE_MAX, Millis), ["consumer_timeout"];

        /// How often a quorum queue delivers a message again before it drops or dead-letters it,
        /// where neither queue nor policy says.
        quorum_queue_delivery_limit: Option<u64> = Some(20);
        "quorum_queue.delivery_limit", WholeOrNone(0, WHOLE_MAX, Count), [];
    }

    "Identity" {
        /// The name of this node among RabbitMQ's. Without an `@` the machine's name is put behind
        /// it, up to its first dot unless `RABBITMQ_USE_LONGNAME` is `true`.
        node_name: String = "rabbit".to_owned();
        "node_name", Name, [], env "RABBITMQ_NODENAME";

        /// The product that clients are told. Some choose what they do by it: change it with care.
        server_product: String = "RabbitMQ".to_owned();
        "server.product", Name, ["product.name"];

        /// The version that clients are told, likewise.
        server_version: String = "4.3.6".to_owned();
        "server.version", Name, ["product.version"];

        /// The platform that clients are told, likewise. Who really answers is in `information` and
        /// `leveret_version`.
        server_platform: String = "Erlang/OTP 29.1.2".to_owned();
        "server.platform", Name, [];

        /// The name of the cluster that clients and operators are told. A name that is given is set
        /// at every start; with `none` it is the one that was set last while the broker ran, or
        /// else the node's name at the machine's full name: `rabbit@<full host name>`.
        cluster_name: Option<String> = None;
        "cluster_name", NameOrNone, ["cluster_name"];
    }

    "Compatibility" {
        /// The version of RabbitMQ whose defaults hold for the features that it deprecates:
        /// `lenient` is 4.3 with global prefetch and `x-queue-master-locator` permitted.
        compat_profile: CompatProfile = CompatProfile::Lenient;
        "compat.profile", Word(CompatProfile::WORDS), [];

        /// Whether queues may be declared that are neither durable nor exclusive; `none` for what
        /// `compat.profile` says.
        compat_permit_transient_nonexcl_queues: Option<bool> = None;
        "compat.permit_transient_nonexcl_queues", FlagOrNone,
        ["deprecated_features.permit.transient_nonexcl_queues"];

        /// Whether `basic.qos` may set a prefetch for the whole channel (`global`), likewise.
        compat_permit_global_qos: Option<bool> = None;
        "compat.permit_global_qos", FlagOrNone, ["deprecated_features.permit.global_qos"];

        /// Whether a queue may have `x-queue-master-locator`, which means nothing, likewise.
        compat_permit_queue_master_locator: Option<bool> = None;
        "compat.permit_queue_master_locator", FlagOrNone,
        ["deprecated_features.permit.queue_master_locator"];
    }
}

/// Those of RabbitMQ's image.
const PLUGINS: [&str; 2] = ["rabbitmq_management", "rabbitmq_prometheus"];

const MECHANISMS: [&str; 3] = ["PLAIN", "AMQPLAIN", "ANONYMOUS"];
const KNOWN_MECHANISMS: [&str; 4] = ["PLAIN", "AMQPLAIN", "ANONYMOUS", "EXTERNAL"];

/// The user's directory for state, or one beside the caller where there is no home.
fn default_data_dir() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state = set("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/state")));
    state.map_or_else(
        || PathBuf::from("leveret-data"),
        |state| state.join("leveret"),
    )
}

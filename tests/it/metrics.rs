//! Metrics for Prometheus over HTTP: families, figures, pages, refusals.
//!
//! Seen: RabbitMQ 4.3.6: `tests/golden/prometheus/families.txt` is what it gives. The figures of
//! [`figures_are_those_of_rabbitmq`] follow from its documentation.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};

use leveret::broker::{Broker, QueueDefinition};
use leveret::events::{Change, Interest, Listener};
use leveret::internals::config::Durability;
use leveret::internals::desk::VhostDefinition;
use leveret::internals::desk::views::Scope;
use leveret::internals::limits::{HTTP_CHUNK, METRICS_AT_ONCE_MAX};
use tempfile::TempDir;

use crate::http::{Heard, Http};
use crate::talker::{Client, eventually};

fn broker() -> Broker {
    Broker::builder().prometheus(0).start().unwrap()
}

/// The metrics of `broker`, without a login.
fn door(broker: &Broker) -> Http {
    let uri = broker.prometheus_uri().unwrap();
    Http {
        address: uri.strip_prefix("http://").unwrap().to_owned(),
        login: None,
    }
}

/// A family as a page shows it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    kind: String,
    help: String,
    /// Each way in which its series are labelled, without `le`; `-` for no labels.
    labels: BTreeSet<String>,
    /// Values, by name and labels as they stand there.
    series: BTreeMap<String, String>,
}

type Families = BTreeMap<String, Shown>;

/// Reads a page: every family once, its lines together, and nothing else.
#[track_caller]
fn read(text: &str) -> Families {
    let mut families = Families::new();
    let mut last = String::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').unwrap();
            name.clone_into(&mut last);
            let shown = Shown {
                kind: kind.to_owned(),
                ..Shown::default()
            };
            let twice = families.insert(last.clone(), shown);
            assert_eq!(twice, None, "{name} is there twice");
        } else if let Some(head) = line.strip_prefix("# HELP ") {
            let (name, help) = head.split_once(' ').unwrap();
            assert_eq!(name, last);
            help.clone_into(&mut families.get_mut(name).unwrap().help);
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let family = families.get_mut(&last).unwrap();
            let is_part = ["", "_bucket", "_count", "_sum"]
                .iter()
                .any(|end| name == format!("{last}{end}"));
            assert!(is_part, "{line} is among those of {last}");
            family.labels.insert(labels(series));
            let twice = family.series.insert(series.to_owned(), value.to_owned());
            assert_eq!(twice, None, "{series} is there twice");
        }
    }
    families
}

/// The names of a series' labels.
fn labels(series: &str) -> String {
    let mut names = Vec::new();
    let mut rest = series.split_once('{').map_or("", |(_, labels)| labels);
    while let Some((name, value)) = rest.split_once("=\"") {
        names.push(name);
        let mut is_escaped = false;
        let end = value.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        rest = value[end.unwrap() + 1..].trim_start_matches([',', '}']);
    }
    names.retain(|name| *name != "le");
    match names.is_empty() {
        true => "-".to_owned(),
        false => names.join(","),
    }
}

/// The families at `path`.
#[track_caller]
fn families(http: &Http, path: &str) -> Families {
    let heard = http.get(path);
    assert_eq!(heard.status, 200, "{path}: {}", heard.text());
    read(heard.text())
}

/// Queues of every type, consumers, publishers, a transaction and a dead letter, as they were there
/// when the families of RabbitMQ were recorded.
fn furnish(broker: &Broker) -> Client {
    let mut client = Client::new(broker);
    client.ask("exchange.declare exchange='ex' type='fanout'");
    client.declare("classic", "");
    client.declare("empty", "");
    client.declare("quorum", "x-queue-type: 'quorum'");
    client.declare("stream", "x-queue-type: 'stream'");
    client.ask("queue.bind queue='classic' exchange='ex'");
    client.ask("queue.bind queue='quorum' exchange='ex'");
    client.ask("confirm.select");
    for _ in 0..5 {
        client.ask("basic.publish exchange='ex' body='12345'");
    }
    client.ask("basic.publish routing-key='stream' body='1'");
    let returned = client.ask("basic.publish routing-key='nowhere' mandatory body='4'");
    assert!(returned.starts_with("basic.return "), "{returned}");
    client.hear();
    client.ask("basic.publish routing-key='nowhere' body='5'");
    client.ask("basic.get queue='classic'");
    client.say("basic.ack delivery-tag=1");
    client.ask("basic.get queue='classic' no-ack");
    client.ask("basic.get queue='quorum'");
    client.ask("basic.get queue='empty'");
    client.ask("basic.qos prefetch-count=7");
    client.ask("basic.consume queue='classic' consumer-tag='c'");
    for _ in 0..3 {
        client.hear();
    }
    client.sync();
    client
}

/// What is not as in RabbitMQ: `None` for what is not there, or the type here.
const DIFFERENT: &[(&str, &str)] = &[
    // A counter that falls is a gauge.
    ("stream_segments", "gauge"),
    // A gauge may not end as a part of a histogram does.
    ("unreachable_cluster_peers_count", "untyped"),
];

#[test]
fn families_are_those_of_rabbitmq() {
    let broker = broker();
    let _client = furnish(&broker);
    let http = door(&broker);
    let recorded = include_str!("../golden/prometheus/families.txt");
    let mut pages: BTreeMap<&str, Vec<[&str; 3]>> = BTreeMap::new();
    for line in recorded.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let [page, name, kind, labels] = std::array::from_fn(|_| words.next().unwrap());
        pages.entry(page).or_default().push([name, kind, labels]);
    }
    for (page, expected) in pages {
        let path = match (page, page.strip_prefix("detailed:")) {
            ("aggregated", _) => "/metrics".to_owned(),
            (_, Some(family)) => format!("/metrics/detailed?family={family}"),
            (registry, None) => format!("/metrics/{registry}"),
        };
        let mut shown = families(&http, &path);
        for [name, kind, labels] in expected {
            let own = name.trim_start_matches("rabbitmq_");
            let own = own.trim_start_matches("detailed_");
            let family = shown.remove(name);
            let family = family.unwrap_or_else(|| panic!("{page}: {name} is missing"));
            let other = DIFFERENT.iter().find(|(different, _)| *different == own);
            assert_eq!(family.kind, other.map_or(kind, |(_, kind)| kind), "{name}");
            assert!(!family.help.is_empty(), "{name}");
            for here in &family.labels {
                assert!(labels == "?" || here == labels, "{page}: {name} {here}");
            }
        }
        shown.retain(|name, _| !name.starts_with("leveret_"));
        assert_eq!(shown.keys().collect::<Vec<_>>(), [""; 0], "{page}");
    }
}

#[test]
fn the_overview_dashboard_finds_every_series() {
    let broker = broker();
    let text = door(&broker).get("/metrics");
    let found: BTreeMap<&str, &str> = text
        .text()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| (line.split(['{', ' ']).next().unwrap(), line))
        .collect();
    let asked = include_str!("../golden/prometheus/overview.txt");
    for line in asked.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = line.split_once(' ').unwrap_or((line, ""));
        let series = found.get(name).unwrap_or_else(|| panic!("no {name}"));
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            assert!(series.contains(&format!("{label}=\"")), "{series}");
        }
    }
}

/// The value of one series.
#[track_caller]
fn value(families: &Families, series: &str) -> String {
    let mut all = families.values();
    let found = all.find_map(|family| family.series.get(series));
    found.unwrap_or_else(|| panic!("no {series}")).clone()
}

/// Docs: monitoring, prometheus.
#[test]
fn figures_are_those_of_rabbitmq() {
    let broker = broker();
    let _client = furnish(&broker);
    let http = door(&broker);
    let sums = families(&http, "/metrics");
    let expected = [
        ("rabbitmq_connections", "1"),
        ("rabbitmq_channels", "1"),
        ("rabbitmq_queues", "4"),
        ("rabbitmq_consumers", "1"),
        ("rabbitmq_queue_messages", "9"),
        ("rabbitmq_queue_messages_ready", "5"),
        ("rabbitmq_queue_messages_unacked", "4"),
        ("rabbitmq_queues_declared_total", "4"),
        ("rabbitmq_channel_messages_published_total", "8"),
        ("rabbitmq_channel_messages_unroutable_returned_total", "1"),
        ("rabbitmq_channel_messages_unroutable_dropped_total", "1"),
        ("rabbitmq_channel_messages_unacked", "4"),
        ("rabbitmq_consumer_prefetch", "7"),
        ("rabbitmq_channel_get_ack_total", "2"),
        ("rabbitmq_channel_get_total", "1"),
        ("rabbitmq_channel_get_empty_total", "1"),
        ("rabbitmq_queue_messages_delivered_ack_total", "3"),
        ("rabbitmq_exchange_messages_published_total", "8"),
        ("rabbitmq_auth_attempts_total{protocol=\"amqp091\"}", "1"),
        (
            "rabbitmq_global_messages_received_total{protocol=\"amqp091\"}",
            "8.0",
        ),
        (
            "rabbitmq_global_messages_received_confirm_total{protocol=\"amqp091\"}",
            "8.0",
        ),
        (
            "rabbitmq_global_messages_confirmed_total{protocol=\"amqp091\"}",
            "8.0",
        ),
        (
            "rabbitmq_global_messages_routed_total{protocol=\"amqp091\"}",
            "11.0",
        ),
        ("rabbitmq_global_publishers{protocol=\"amqp091\"}", "1.0"),
        ("rabbitmq_global_consumers{protocol=\"amqp091\"}", "1.0"),
        ("rabbitmq_alarms_memory_used_watermark", "0"),
    ];
    for (series, expected) in expected {
        assert_eq!(value(&sums, series), expected, "{series}");
    }
    let each = families(&http, "/metrics/per-object");
    let of = |name: &str, queue: &str| {
        let series = format!("rabbitmq_{name}{{vhost=\"/\",queue=\"{queue}\"}}");
        value(&each, &series)
    };
    assert_eq!(of("queue_messages_unacked", "classic"), "3");
    assert_eq!(of("queue_messages_acked_total", "classic"), "1");
    assert_eq!(of("queue_messages_ready", "quorum"), "4");
    assert_eq!(of("queue_messages", "stream"), "1");
    assert_eq!(of("queue_get_empty_total", "empty"), "1");
    let exchange = "rabbitmq_exchange_messages_published_total{vhost=\"/\",exchange=\"ex\"}";
    assert_eq!(value(&each, exchange), "5");
    let info = "rabbitmq_queue_info{vhost=\"/\",queue=\"quorum\",\
                queue_type=\"rabbit_quorum_queue\",membership=\"leader\"}";
    assert_eq!(value(&each, info), "1");
}

#[test]
fn what_came_to_a_queue_counts_by_exchange_until_it_is_deleted() {
    let broker = broker();
    let mut client = furnish(&broker);
    let http = door(&broker);
    let each = families(&http, "/metrics/per-object");
    let came = "rabbitmq_queue_exchange_messages_published_total";
    for (exchange, queue, messages) in [("ex", "classic", "5"), ("", "stream", "1")] {
        let labels = format!("{{vhost=\"/\",exchange=\"{exchange}\",queue=\"{queue}\"}}");
        assert_eq!(value(&each, &format!("{came}{labels}")), messages);
    }
    let came = &each["rabbitmq_queue_messages_published_total"].series;
    let labels = "queue_vhost=\"/\",queue=\"quorum\",exchange_vhost=\"/\",exchange=\"ex\"} 5";
    let mut lines = came
        .iter()
        .map(|(series, count)| format!("{series} {count}"));
    assert!(lines.any(|line| line.ends_with(labels)), "{came:?}");
    let queues = || {
        let each = families(&http, "/metrics/per-object");
        let names = [
            "rabbitmq_queue_messages_published_total",
            "rabbitmq_queue_exchange_messages_published_total",
        ];
        names.map(|name| {
            let series = each[name].series.keys();
            let of_queue = |series: &&String| series.contains("queue=\"classic\"");
            series.filter(of_queue).count()
        })
    };
    assert_eq!(queues(), [1, 1]);
    client.ask("queue.delete queue='classic'");
    assert_eq!(queues(), [0, 0]);
    let sums = families(&http, "/metrics");
    for series in [
        "queue_messages_published_total",
        "queue_exchange_messages_published_total",
    ] {
        assert_eq!(
            value(&sums, &format!("rabbitmq_{series}")),
            "11",
            "{series}"
        );
    }
}

#[test]
fn a_counter_does_not_fall_when_what_it_counted_is_gone() {
    let broker = broker();
    let mut client = furnish(&broker);
    let http = door(&broker);
    client.leave();
    eventually("the connection is gone", || {
        value(&families(&http, "/metrics"), "rabbitmq_connections") == "0"
    });
    let sums = families(&http, "/metrics");
    for series in [
        "channel_messages_published_total",
        "channel_messages_confirmed_total",
    ] {
        assert_eq!(value(&sums, &format!("rabbitmq_{series}")), "8", "{series}");
    }
    let connections = value(&sums, "rabbitmq_connections_closed_total");
    assert_eq!(connections, "1");
}

#[test]
fn families_and_vhosts_are_chosen_as_in_rabbitmq() {
    let broker = broker();
    for vhost in ["a", "b \"quoted\\"] {
        let by = broker.desk().administration();
        by.put_vhost(vhost, &VhostDefinition::default())
            .unwrap()
            .unwaited();
        let vhost = broker.vhost(vhost).unwrap();
        vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    }
    let http = door(&broker);
    let rows = |query: &str| {
        let heard = http.get(&format!("/metrics/detailed{query}"));
        assert_eq!(heard.status, 200, "{query}");
        let lines = heard.text().lines();
        let rows = lines.filter(|line| line.starts_with("rabbitmq_detailed_queue_messages{"));
        rows.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let one = "rabbitmq_detailed_queue_messages{vhost=\"a\",queue=\"q\"} 0";
    let two = "rabbitmq_detailed_queue_messages{vhost=\"b \\\"quoted\\\\\",queue=\"q\"} 0";
    let both = BTreeSet::from([one.to_owned(), two.to_owned()]);
    let coarse = "?family=queue_coarse_metrics";
    assert_eq!(rows(coarse), both);
    assert_eq!(rows(&format!("{coarse}{}", coarse.replace('?', "&"))), both);
    assert_eq!(
        rows(&format!("{coarse}&vhost=a&vhost=b+%22quoted%5C")),
        both
    );
    assert_eq!(
        rows(&format!("{coarse}&vhost=a")),
        BTreeSet::from([one.to_owned()])
    );
    assert_eq!(rows(&format!("{coarse}&vhost=nowhere")), BTreeSet::new());
    for nothing in [
        "",
        "?",
        "?family=nope",
        "?family",
        "?family=&vhost",
        "?family=a,queue_metrics",
    ] {
        assert_eq!(rows(nothing), BTreeSet::new(), "{nothing}");
        let families = families(&http, &format!("/metrics/detailed{nothing}"));
        let names: Vec<_> = families.keys().collect();
        assert_eq!(names, ["rabbitmq_build_info", "rabbitmq_identity_info"]);
    }
}

/// Seen: RabbitMQ 4.3.6, the same requests.
#[test]
fn requests_are_answered_as_in_rabbitmq() {
    let broker = broker();
    let http = door(&broker);
    let ask = |method: &str, path: &str, headers: &str| http.ask_with((method, path), headers, "");
    let not_found = r#"{"error":"Object Not Found","reason":"Not Found"}"#;
    for path in [
        "/",
        "/api",
        "/metricsx",
        "/metrics/x/y",
        "//metrics",
        "/METRICS",
    ] {
        let heard = ask("GET", path, "");
        assert_eq!((heard.status, heard.text()), (404, not_found), "{path}");
        assert_eq!(heard.header("content-type"), "application/json");
    }
    for path in ["/metrics/nope", "/metrics/Detailed"] {
        let heard = ask("GET", path, "");
        assert_eq!(
            (heard.status, heard.text()),
            (404, "Unknown Registry"),
            "{path}"
        );
        assert_eq!(heard.header("content-type"), "text/plain");
    }
    let refused = [
        ("POST", "/metrics", "", 405),
        ("DELETE", "/metrics/nope", "", 405),
        ("BREW", "/metrics", "", 501),
        ("GET", "/metrics", "accept: text/html\r\n", 406),
        (
            "GET",
            "/metrics",
            "accept: application/openmetrics-text\r\n",
            406,
        ),
        ("GET", "/metrics", "accept: garbage\r\n", 400),
        ("GET", "/metrics/detailed?family=%zz", "", 400),
        ("OPTIONS", "/metrics", "", 200),
        ("HEAD", "/metrics", "", 204),
    ];
    for (method, path, headers, status) in refused {
        let heard = ask(method, path, headers);
        assert_eq!(
            (heard.status, heard.text()),
            (status, ""),
            "{method} {path} {headers}"
        );
    }
    let pages = [
        "",
        "/",
        "/default",
        "/per-object",
        "/detailed",
        "/memory-breakdown",
    ];
    let accept = "accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n\
                  authorization: Basic nonsense\r\n";
    for (page, headers) in pages.iter().flat_map(|page| [(page, ""), (page, accept)]) {
        let heard = ask("GET", &format!("/metrics{page}"), headers);
        assert_eq!(heard.status, 200, "{page}");
        assert_eq!(heard.header("content-type"), "text/plain; version=0.0.4");
        assert_eq!(heard.header("allow"), "HEAD, GET, OPTIONS");
        assert_eq!(heard.header("vary"), "accept-encoding");
    }
    let packed = ask("GET", "/metrics", "accept-encoding: gzip\r\n");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.starts_with(&[0x1f, 0x8b]));
}

#[test]
fn a_setting_makes_every_page_one_of_objects() {
    let broker = Broker::builder()
        .prometheus(0)
        .configure(|settings| settings.prometheus_return_per_object_metrics = true)
        .start()
        .unwrap();
    let families = families(&door(&broker), "/metrics");
    let mut identity = families["rabbitmq_identity_info"].series.keys();
    assert!(identity.all(|series| series.contains("rabbitmq_endpoint=\"per-object\"")));
}

/// A broker with so many queues that no page of theirs fits a socket.
fn crowded() -> Broker {
    let broker = broker();
    let vhost = broker.vhost("/").unwrap();
    for number in 0..4_000 {
        let name = format!("{}-{number}", "a-queue-with-a-long-name".repeat(8));
        vhost.declare_queue(&QueueDefinition::new(&name)).unwrap();
    }
    broker
}

#[test]
fn a_long_page_is_sent_in_chunks() {
    let broker = crowded();
    let http = door(&broker);
    let mut stream = http.connect();
    let head = http.head("GET", "/metrics/per-object") + "connection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).unwrap();
    let at = octets
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let mut chunks = &octets[at + 4..];
    let mut sizes = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end]).unwrap();
        sizes.push(usize::from_str_radix(size, 16).unwrap());
        chunks = &chunks[(end + 4 + sizes.last().unwrap()).min(chunks.len())..];
    }
    assert!(sizes.len() > 100, "{sizes:?}");
    let slack = 8 * 1024;
    assert!(
        sizes.iter().all(|size| *size < HTTP_CHUNK + slack),
        "{sizes:?}"
    );
    let sums = families(&http, "/metrics");
    assert_eq!(value(&sums, "rabbitmq_queues"), "4000");
}

#[test]
fn pages_that_are_written_have_a_number() {
    let broker = crowded();
    let http = door(&broker);
    let slow: Vec<_> = (0..METRICS_AT_ONCE_MAX)
        .map(|_| begins(&http, ""))
        .collect();
    let refused: Heard = http.get("/metrics/per-object");
    let words = "Too many pages of this kind are being read\n";
    assert_eq!((refused.status, refused.text()), (503, words));
    // Sums have places of their own.
    assert_eq!(http.get("/metrics").status, 200);
    drop(slow);
    eventually("there is room again", || {
        http.get("/metrics/per-object").status == 200
    });
}

// It kept its place for as long as it took an octet now and then.
#[test]
fn a_reader_that_is_slow_loses_its_place() {
    let broker = crowded();
    let http = door(&broker);
    let slow: Vec<_> = (0..METRICS_AT_ONCE_MAX)
        .map(|_| begins(&http, ""))
        .collect();
    assert_eq!(http.get("/metrics/per-object").status, 503);
    for mut stream in slow {
        // Reads nothing, and writes until it is cut off.
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    }
    eventually("there is room again", || {
        http.get("/metrics/per-object").status == 200
    });
}

/// A reader that has read an octet of a long page. `headers` are more of its own, each with its end
/// of line.
pub(crate) fn begins(http: &Http, headers: &str) -> TcpStream {
    let mut stream = http.connect();
    let head = http.head("GET", "/metrics/per-object") + headers + "\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    stream
}

/// Holds up the thread on which a queue is declared.
struct Jam {
    here: mpsc::SyncSender<()>,
    end: Mutex<mpsc::Receiver<()>>,
}

impl Listener for Jam {
    fn on_change(&self, change: &Change) {
        if change.kind.as_str() == "queue.created" {
            self.here.send(()).unwrap();
            // Ends with its sender, too.
            self.end.lock().unwrap().recv().unwrap_or_default();
        }
    }
}

#[test]
fn a_connection_that_tells_nothing_is_not_waited_for() {
    let broker = Broker::builder()
        .prometheus(0)
        .configure(|settings| settings.workers = 4)
        .start()
        .unwrap();
    let (mut stuck, _other) = (Client::new(&broker), Client::new(&broker));
    let (here, is_here) = mpsc::sync_channel(1);
    let (end, ends) = mpsc::channel::<()>();
    let jam = Jam {
        here,
        end: Mutex::new(ends),
    };
    let _guard = broker.listen(Interest::Changes, Arc::new(jam));
    stuck.say("queue.declare queue='q'");
    is_here.recv().unwrap();
    // Another worker looks after the sockets once it has had something to do.
    drop(broker.desk().ask_channels(Scope::All, None));
    let http = door(&broker);
    let page = "/metrics/detailed?family=channel_metrics";
    let channels = |http: &Http| {
        let families = families(http, page);
        families["rabbitmq_detailed_channel_consumers"].series.len()
    };
    assert_eq!(channels(&http), 1);
    drop(end);
    assert_eq!(stuck.hear().split(' ').next(), Some("queue.declare-ok"));
    assert_eq!(channels(&http), 2);
}

/// Seen: RabbitMQ 4.3.6: the body alone is counted, routed or not, also if it is rolled back.
#[test]
fn sizes_of_bodies_are_counted_by_range() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.declare("q", "");
    client.publish("q", &"x".repeat(100));
    client.publish("q", &"x".repeat(101));
    client.ask("basic.publish routing-key='nowhere' mandatory body='1'");
    client.ask("tx.select");
    client.publish("q", "22");
    client.ask("tx.rollback");
    let sums = families(&door(&broker), "/metrics");
    let of = |end: &str| value(&sums, &format!("rabbitmq_message_size_bytes_{end}"));
    assert_eq!(of("bucket{protocol=\"amqp091\",le=\"100\"}"), "3");
    assert_eq!(of("bucket{protocol=\"amqp091\",le=\"1000\"}"), "4");
    assert_eq!(of("bucket{protocol=\"amqp091\",le=\"+Inf\"}"), "4");
    assert_eq!(of("count{protocol=\"amqp091\"}"), "4");
    assert_eq!(of("sum{protocol=\"amqp091\"}"), "204");
}

#[test]
fn what_only_this_broker_has_is_shown() {
    let dir = TempDir::new().unwrap();
    let start = || {
        let broker = Broker::builder().prometheus(0).configure(|settings| {
            dir.path().clone_into(&mut settings.data_dir);
            settings.durability = Durability::Fsync;
        });
        broker.start().unwrap()
    };
    let own = |broker: &Broker, name: &str| -> f64 {
        let families = families(&door(broker), "/metrics/detailed?family=leveret_metrics");
        value(&families, &format!("leveret_{name}"))
            .parse()
            .unwrap()
    };
    let broker = start();
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='kept' durable");
    client.ask("confirm.select");
    let commits = own(&broker, "store_commit_seconds_count");
    for _ in 0..3 {
        client.ask("basic.publish routing-key='kept' body='123' {delivery-mode=2}");
    }
    // A commit is counted once those who wait have been told of it.
    eventually("three commits are counted", || {
        own(&broker, "store_commit_seconds_count") >= commits + 3.0
    });
    assert!(own(&broker, "store_commit_seconds_sum") > 0.0);
    assert!(own(&broker, "store_syncs_total") >= 3.0);
    assert!(own(&broker, "store_written_bytes_total") > 9.0);
    assert!(own(&broker, "store_segments") >= 1.0);
    assert!(own(&broker, "worker_wakeups_total") > 0.0);
    assert_eq!(own(&broker, "store_recovered_messages"), 0.0);
    broker.stop("test");
    let broker = start();
    assert_eq!(own(&broker, "store_recovered_messages"), 3.0);
    assert!(own(&broker, "store_recovery_seconds") > 0.0);
}

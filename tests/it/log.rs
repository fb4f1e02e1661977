//! A log that cannot be written: its file system is full, its reader has left or does not read. The
//! broker serves as if nothing were wrong, and says how many lines are missing once it can.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::BuilderInside as _;
use leveret::internals::store::disk::{Fault, FaultDisk};
use leveret::internals::store::{LogStore, Options};
use tempfile::TempDir;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::process::Process;
use crate::shutdown::is_alone;
use crate::talker::{Client, eventually};

/// A file that is always full.
fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

/// A pipe whose reader has left.
fn left() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn broker(dir: &Path, log: (Stdio, Stdio)) -> Process {
    Process::start_logging(&[], &dir.join("data"), dir, &[], log).unwrap()
}

/// Connects, has a persistent message confirmed, is logged for an error, and does it all again.
fn is_served(broker: &Process) {
    for _ in 0..3 {
        let mut client = Client::at(broker.address());
        assert!(
            client
                .ask("queue.declare queue='q' durable")
                .starts_with("queue.declare-ok")
        );
        client.ask("confirm.select");
        let publish = "basic.publish routing-key='q' body='x' {delivery-mode=2}";
        assert_eq!(client.ask(publish), "basic.ack delivery-tag=1");
        let missing = client.ask("queue.declare queue='no' passive");
        assert!(missing.starts_with("channel.close code=404"), "{missing}");
        client.leave();
    }
}

#[test]
fn full_disk_under_the_log_harms_no_client() {
    let dir = TempDir::new().unwrap();
    is_served(&broker(dir.path(), (full(), full())));
}

#[test]
fn log_reader_that_has_left_harms_no_client() {
    let dir = TempDir::new().unwrap();
    is_served(&broker(dir.path(), (left(), left())));
}

// A pipe holds 64 KiB: what comes after a few hundred connections waits for its reader.
#[test]
fn log_reader_that_does_not_read_holds_up_no_client_and_hears_what_it_missed() {
    let dir = TempDir::new().unwrap();
    let mut broker = broker(dir.path(), (Stdio::piped(), left()));
    let log = BufReader::new(broker.take_stdout().unwrap());
    for _ in 0..1_200 {
        drop(Client::at(broker.address()));
    }
    is_served(&broker);
    let mut lines = log.lines().map(|line| line.unwrap());
    let missed = lines.find(|line| line.contains("log lines are missing"));
    assert!(missed.unwrap().contains("WARN"));
    is_served(&broker);
    assert!(lines.any(|line| line.contains("accepting AMQP connection")));
}

#[test]
fn complaint_that_cannot_be_written_leaves_the_exit_code() {
    let dir = TempDir::new().unwrap();
    for words in [&["--port", "many"][..], &["check-data", "missing"]] {
        for output in [full, left] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
            command.args(words).current_dir(dir.path()).env_clear();
            let ended = command.stdout(output()).stderr(output()).status().unwrap();
            let code = if words.len() == 2 && words[0] == "check-data" {
                2
            } else {
                1
            };
            assert_eq!(ended.code(), Some(code), "{words:?}");
        }
    }
}

// Names, tags and texts of a client could hold line feeds, and thereby lines of the log that the
// broker never said.
#[test]
fn client_cannot_write_lines_of_its_own() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[]);
    let mut client = Client::at(broker.address());
    let forged = "2026-01-01T00:00:00.000000Z  INFO forged";
    let name = format!("'q\\x0a{forged}\\x0d\\xc2\\x85{forged}'");
    let heard = client.ask(&format!("basic.publish exchange={name} body='x'"));
    assert!(heard.starts_with("channel.close code=404"), "{heard}");
    client.say("channel.close-ok");
    client.ask("2> channel.open");
    // The text of a client's own close.
    client.say(&format!(
        "connection.close code=541 text={name} class=0 method=0"
    ));
    assert_eq!(client.hear(), "connection.close-ok");
    client.leave();
    eventually("the end is logged", || {
        broker.log().contains("closing AMQP connection")
    });
    let log = broker.log();
    assert!(log.contains("no exchange 'q\\n2026-01-01"), "{log}");
    let lines = log.split(['\n', '\r', '\u{85}']);
    assert!(
        lines.filter(|line| line.starts_with(forged)).count() == 0,
        "{log}"
    );
}

// What scripts and test containers wait for, and what they look for behind it.
#[test]
fn rabbitmqs_lines_are_said_in_its_words() {
    let dir = TempDir::new().unwrap();
    let settings = ["log.format=rabbitmq"];
    let broker = Process::start(&dir.path().join("data"), dir.path(), &settings);
    eventually("the start is logged", || {
        broker.log().contains("Time to start RabbitMQ: ")
    });
    let mut client = Client::at(broker.address());
    client.ask("queue.declare queue='no' passive");
    client.say("channel.close-ok");
    client.leave();
    eventually("the end is logged", || {
        broker.log().contains("closing AMQP connection")
    });
    let port = broker.address().port();
    let mut waiting = Client::at(broker.address());
    waiting.ask("queue.declare queue='q'");
    let log = broker.stop();
    assert!(log.contains("\n  ##  ##      RabbitMQ 4.3.6\n"), "{log}");
    let mut lines = log.lines();
    let mut follows = |level: &str, text: &str| {
        let is_it = |line: &str| {
            line.split_once(&format!(" [{level}] <0."))
                .is_some_and(|(time, rest)| {
                    is_time(time) && rest.split_once("> ").is_some_and(|(_, said)| said == text)
                })
        };
        assert!(lines.any(is_it), "{text}\n{log}");
    };
    follows("info", &format!("started TCP listener on 127.0.0.1:{port}"));
    follows("info", "Server startup complete; 4 plugins started.");
    for plugin in [
        "management",
        "prometheus",
        "management_agent",
        "web_dispatch",
    ] {
        follows("info", &format!(" * rabbitmq_{plugin}"));
    }
    follows("info", "User 'guest' authenticated successfully");
    let words = "operation queue.declare caused a channel exception not_found: no queue 'no' in \
                 vhost '/'";
    follows("error", words);
    follows("notice", "SIGTERM received - shutting down");
    follows("notice", "");
    follows("info", &format!("stopped TCP listener on 127.0.0.1:{port}"));
    let data = dir.path().join("data");
    follows("info", "Virtual host '/' is stopping");
    let store = format!("essage store for directory '{}'", data.display());
    follows("info", &format!("Stopping m{store}"));
    follows("info", &format!("M{store} is stopped"));
    assert!(
        log.contains("forced connection closure with reason 'shutdown'\n"),
        "{log}"
    );
    assert!(log.contains("\n completed with 4 plugins.\n"), "{log}");
    assert!(
        log.contains(", vhost: '/', user: 'guest'), channel 1:\n"),
        "{log}"
    );
    assert!(!log.contains('\u{1b}'), "no colours for a file: {log}");
}

// Lines about connections are in their file, and neither on the console nor in the log's file.
#[test]
fn lines_of_a_category_with_a_file_are_there_alone() {
    let dir = TempDir::new().unwrap();
    let logs = dir.path().join("logs");
    let settings = [
        &format!("log.dir={}", logs.display()),
        "log.file.name=main.log",
        "log.connection.file=connections.log",
        "log.queue.file=connections.log",
    ];
    let broker = Process::start(&dir.path().join("data"), dir.path(), &settings);
    Client::at(broker.address()).leave();
    let read = |name: &str| std::fs::read_to_string(logs.join(name)).unwrap();
    eventually("the connection is logged", || {
        read("connections.log").contains("accepting AMQP connection")
    });
    let console = broker.stop();
    for (at, log) in [("console", console), ("main", read("main.log"))] {
        assert!(log.contains("Server startup complete"), "{at}: {log}");
        assert!(!log.contains("accepting AMQP connection"), "{at}: {log}");
    }
    assert!(!read("connections.log").contains("Server startup complete"));
}

// RabbitMQ 4.3.6 has `log.connection.rotation.size` for it.
#[test]
fn a_file_of_a_category_is_put_aside_as_the_logs_file_is() {
    let dir = TempDir::new().unwrap();
    let logs = dir.path().join("logs");
    let settings = [
        &format!("log.dir={}", logs.display()),
        "log.connection.file=connections.log",
        "log.file.rotation.size=200",
    ];
    let broker = Process::start(&dir.path().join("data"), dir.path(), &settings);
    eventually("a file is put aside", || {
        Client::at(broker.address()).leave();
        logs.join("connections.log.0").exists()
    });
    broker.stop();
}

/// Whether it is written as `2026-11-21 06:22:26.246385+00:00`.
fn is_time(text: &str) -> bool {
    let shape = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c });
    shape.collect::<String>().replace('-', "+") == "0000+00+00 00:00:00.000000+00:00"
}

// One event is one line for people, whatever RabbitMQ makes of it.
#[test]
fn what_rabbitmq_writes_on_a_second_line_stands_behind_the_first_in_text() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(&dir.path().join("data"), dir.path(), &[]);
    let mut client = Client::at(broker.address());
    client.ask("queue.declare queue='no' passive");
    drop(client);
    let log = broker.stop();
    let words = "user: 'guest'), channel 1: operation queue.declare caused a channel exception \
                 not_found: no queue 'no' in vhost '/'\n";
    assert!(log.contains(words), "{log}");
    assert!(!log.contains("process="), "{log}");
}

/// The log of a host program whose output and standard error have both failed: it panics.
struct Panics;

impl Subscriber for Panics {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        SAID.fetch_add(1, Ordering::Relaxed);
        panic!("cannot say {:?}", event.metadata().name());
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

static SAID: AtomicU64 = AtomicU64::new(0);

#[test]
fn log_of_a_host_that_panics_ends_no_thread_of_the_broker() {
    if !is_alone("log::log_of_a_host_that_panics_ends_no_thread_of_the_broker") {
        return;
    }
    tracing::subscriber::set_global_default(Panics).unwrap();
    let disk = FaultDisk::default();
    let store = LogStore::open(Arc::new(disk.clone()), Options::default(), Clock::system());
    let broker = Broker::builder().store(Arc::new(store.unwrap()));
    let broker = broker.start().unwrap();
    let mut client = Client::new(&broker);
    client.declare("q", "");
    client.ask("confirm.select");
    let publish = "basic.publish routing-key='q' body='x' {delivery-mode=2}";
    assert_eq!(client.ask(publish), "basic.ack delivery-tag=1");
    // The commit thread says that the disk fails, and later that it works again.
    let before = SAID.load(Ordering::Relaxed);
    disk.plan(Fault::CallsFrom(0));
    client.say(publish);
    eventually("the alarm", || !broker.health().is_good());
    assert!(SAID.load(Ordering::Relaxed) > before);
    disk.heal();
    eventually("the confirm", || {
        client.hear() == "basic.ack delivery-tag=2"
    });
    drop(client);
    broker.stop("a test");
}

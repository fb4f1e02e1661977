//! Each bound is reached, and the peer sees what is written beside it.
//!
//! [`every_bound_has_its_test`] and [`every_limiting_setting_has_its_test`] hold this file against
//! `src/limits.rs` and the table of settings: a new bound wants a line in [`BOUNDS`] or
//! [`SETTINGS`].

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use leveret::broker::{Broker, NewMessage, QueueDefinition};
use leveret::internals::DeskInside as _;
use leveret::internals::alarms::Alarm;
use leveret::internals::auth::{UserDefinition, UserLimits, VhostLimits};
use leveret::internals::config::{KEYS, Settings};
use leveret::internals::desk::VhostDefinition;
use leveret::internals::limits::{CLOSE_WAIT_MS, HANDSHAKES_MAX, PEEK_MAX, SILENT_CLOSE_MS};
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;
use crate::talker::{Client, LOGIN, all_octets, eventually, octets};

/// Every bound of `src/limits.rs`, and the tests that reach it.
const BOUNDS: &[(&str, &str)] = &[
    (
        "SILENT_CLOSE_MS",
        "limits::a_bad_offer_is_met_with_silence_and_an_end",
    ),
    (
        "CLOSE_WAIT_MS",
        "limits::a_peer_that_does_not_say_goodbye_is_waited_for_briefly",
    ),
    (
        "DURABLE_WAIT_MS",
        "trouble::a_program_is_told_when_its_change_cannot_be_stored",
    ),
    (
        "LOGIN_WINDOW_MS",
        "limits::an_address_that_fails_to_log_in_too_often_is_refused",
    ),
    (
        "LOGIN_SOURCES_MAX",
        "limits::an_address_that_fails_to_log_in_too_often_is_refused",
    ),
    (
        "HANDSHAKES_MAX",
        "limits::those_who_shake_hands_have_a_number",
    ),
    (
        "TLS_FILE_BYTES_MAX",
        "tls::what_cannot_be_spoken_stops_the_start",
    ),
    (
        "HTTP_CONNECTIONS_MAX",
        "silent::a_silent_connection_makes_room_for_the_next",
    ),
    (
        "NODE_CONNECTIONS_MAX",
        "node::idle_connections_keep_no_tool_out",
    ),
    (
        "HTTP_HEAD_BYTES_MAX",
        "management::the_head_of_a_request_has_a_length",
    ),
    (
        "HTTP_HEADERS_MAX",
        "management::the_head_of_a_request_has_a_length",
    ),
    ("HTTP_HEAD_MS", "management::slow_clients_are_cut_off"),
    ("HTTP_BODY_MS", "management::slow_clients_are_cut_off"),
    ("HTTP_PACE", "management::slow_clients_are_cut_off"),
    ("HTTP_CHUNK", "management::a_long_list_is_sent_in_chunks"),
    (
        "HTTP_ITEMS_AT_ONCE",
        "management::a_long_list_is_sent_in_chunks",
    ),
    (
        "HTTP_ITEMS_HERE",
        "management::a_long_list_holds_up_no_other_client",
    ),
    (
        "HTTP_FILTER_BYTES_MAX",
        "management::the_filter_of_a_list_has_a_length",
    ),
    (
        "HTTP_CHANGES_MAX",
        "management::changes_that_wait_for_another_one_hold_up_no_other_client",
    ),
    (
        "HTTP_CHANGES_WAIT_MS",
        "management::changes_that_wait_for_another_one_hold_up_no_other_client",
    ),
    (
        "HTTP_ALARM_WAIT_MS",
        "management::an_alarm_blocks_publishers_over_http",
    ),
    (
        "HTTP_BODY_HERE",
        "management::bodies_of_every_size_get_through",
    ),
    (
        "HTTP_BODY_STEP",
        "silent::a_silent_body_gives_way_to_others",
    ),
    ("HTTP_GET_BYTES", "management::a_get_has_an_end"),
    ("HTTP_BROWSE_MAX", "browse::what_cannot_be_meant_is_refused"),
    (
        "HTTP_BROWSE_SEEN",
        "browse::one_request_looks_at_so_many_messages_at_most",
    ),
    (
        "HELD_SEEN_MAX",
        "held::a_long_ledger_is_looked_through_in_several_answers",
    ),
    (
        "HTTP_STAYS_MAX",
        "picking::of_many_that_stay_the_first_ones_are_named",
    ),
    (
        "EXPLAINED_MAX",
        "explain::a_preview_is_as_long_as_it_may_be_and_says_so",
    ),
    (
        "EXPLAINED_HOPS_MAX",
        "explain_publish::a_ladder_of_dead_letters_is_followed_so_far",
    ),
    (
        "HTTP_WATCHERS_MAX",
        "live::watchers_and_what_they_watch_are_bounded",
    ),
    (
        "HTTP_WATCHERS_OF_USER",
        "live::watchers_and_what_they_watch_are_bounded",
    ),
    (
        "HTTP_WATCHED_MAX",
        "live::watchers_and_what_they_watch_are_bounded",
    ),
    (
        "HTTP_WATCHED_BYTES",
        "live::watchers_and_what_they_watch_are_bounded",
    ),
    (
        "HTTP_SESSIONS_MAX",
        "page::the_login_that_was_not_used_for_longest_makes_room",
    ),
    (
        "HTTP_SESSIONS_OF_USER",
        "page::the_login_of_a_user_that_was_not_used_for_longest_makes_room",
    ),
    (
        "HTTP_SESSION_MS",
        "page::the_login_that_was_not_used_for_longest_makes_room",
    ),
    (
        "HTTP_SESSION_AGE_MS",
        "page::the_login_that_was_not_used_for_longest_makes_room",
    ),
    (
        "HTTP_GET_HERE",
        "management::long_answers_with_messages_have_room_for_so_much_together",
    ),
    (
        "HTTP_GET_WAIT_MS",
        "management::long_answers_with_messages_have_room_for_so_much_together",
    ),
    (
        "METRICS_AT_ONCE_MAX",
        "metrics::pages_that_are_written_have_a_number",
    ),
    (
        "METRICS_CHANNELS_MS",
        "metrics::a_connection_that_tells_nothing_is_not_waited_for",
    ),
    ("METRICS_STEPS", "metrics::a_long_page_is_sent_in_chunks"),
    ("BACKLOG", "limits::those_who_shake_hands_have_a_number"),
    (
        "ACCEPT_PAUSE_MS",
        "limits::without_descriptors_newcomers_wait",
    ),
    (
        "DESCRIPTORS_KEPT",
        "limits::connections_leave_the_store_its_files",
    ),
    (
        "OUTBOX_MARK",
        "hostile::answers_to_a_reader_that_never_reads_stop_its_input",
    ),
    (
        "REPLY_BYTES_MAX",
        "hostile::replies_to_a_requester_that_never_reads_are_bounded",
    ),
    (
        "PEER_LOOK_MS",
        "gone::a_blocked_client_that_closes_its_socket_leaves_nothing",
    ),
    (
        "STAGED_MAX",
        "pressure::persistent_publishes_do_not_outrun_the_disk",
    ),
    (
        "ELSE_MAX",
        "pressure::backlog_makes_room_for_what_else_is_in_memory",
    ),
    (
        "UNCONFIRMED_MAX",
        "pressure::publishes_that_wait_for_their_confirms_have_a_number",
    ),
    (
        "UNCOMMITTED_MAX",
        "limits::what_a_channel_does_not_commit_is_bounded",
    ),
    (
        "UNACKED_MAX",
        "limits::what_a_channel_does_not_acknowledge_is_bounded",
    ),
    (
        "READ_BUDGET",
        "hostile::returns_to_a_publisher_that_never_reads_stop_its_input",
    ),
    (
        "READ_BUFFER_MIN",
        "limits::frames_of_every_size_get_through",
    ),
    ("IDLE_MS", "limits::frames_of_every_size_get_through"),
    ("UNCOPIED_BODY", "limits::frames_of_every_size_get_through"),
    ("WRITE_SLICES", "limits::frames_of_every_size_get_through"),
    (
        "RELIEF_STEP",
        "hostile::deliveries_to_a_reader_that_never_reads_stay_in_their_queue",
    ),
    ("PEEK_MAX", "limits::what_is_shown_of_a_queue_is_bounded"),
    (
        "REACHED_MAX",
        "counters::what_a_channel_counts_by_queue_and_exchange_is_bounded",
    ),
    ("BUFFER_KEEP", "limits::frames_of_every_size_get_through"),
    (
        "TURN_STEPS",
        "management::a_policy_is_applied_in_turns_before_the_answer",
    ),
    (
        "QUEUE_STEPS",
        "management::a_queue_over_its_limit_drops_in_turns_before_the_answer",
    ),
    (
        "EVENTS_KEPT",
        "events::a_subscription_that_is_not_read_keeps_so_much",
    ),
    (
        "LOG_TAIL_BYTES_MAX",
        "log_tail::lines_stay_within_their_bound_and_a_reader_hears_what_it_missed",
    ),
    ("FOLLOWERS_MAX", "log_tail::followers_have_a_number"),
    (
        "EVENT_FOLLOWERS_MAX",
        "event_stream::followers_have_a_number",
    ),
    (
        "EVENT_FOLLOWER_BYTES",
        "event_stream::a_client_that_does_not_read_hears_how_much_it_missed",
    ),
];

/// Every setting that bounds something, and the test that reaches it.
const SETTINGS: &[(&str, &str)] = &[
    (
        "handshake_timeout",
        "hostile::a_handshake_that_stalls_anywhere_is_ended",
    ),
    (
        "shutdown_timeout",
        "shutdown::stop_gives_up_those_who_do_not_answer",
    ),
    (
        "shutdown_close_timeout",
        "shutdown::stop_says_whom_it_cut_off",
    ),
    (
        "heartbeat",
        "hostile::a_peer_that_is_silent_for_two_heartbeats_is_gone",
    ),
    (
        "login_failures_max",
        "limits::an_address_that_fails_to_log_in_too_often_is_refused",
    ),
    ("frame_max", "limits::a_frame_may_be_as_large_as_agreed"),
    (
        "initial_frame_max",
        "hostile::a_huge_frame_before_login_is_refused_in_silence",
    ),
    (
        "frame_max_floor",
        "limits::a_bad_offer_is_met_with_silence_and_an_end",
    ),
    ("channel_max", "limits::channels_are_counted"),
    (
        "max_message_size",
        "limits::a_body_may_be_as_large_as_the_setting_says",
    ),
    ("max_connections", "limits::connections_are_counted"),
    (
        "channel_max_per_node",
        "limits::channels_of_all_connections_are_counted",
    ),
    (
        "consumer_max_per_channel",
        "limits::consumers_of_a_channel_are_counted",
    ),
    ("vhost_max", "limits::vhosts_are_counted"),
    (
        "cluster_queue_limit",
        "limits::queues_of_all_vhosts_are_counted",
    ),
    (
        "cluster_exchange_limit",
        "limits::exchanges_of_all_vhosts_are_counted",
    ),
    (
        "vm_memory_high_watermark.relative",
        "limits::without_memory_publishers_wait",
    ),
    (
        "vm_memory_high_watermark.absolute",
        "limits::without_memory_publishers_wait",
    ),
    ("disk_free_limit", "limits::without_disk_publishers_wait"),
    (
        "consumer_timeout",
        "embed::a_consumer_of_a_quorum_queue_times_out_after_half_an_hour",
    ),
    (
        "quorum_queue.delivery_limit",
        "limits::a_quorum_queue_gives_up_after_twenty_returns",
    ),
];

fn broker(change: impl FnOnce(&mut Settings)) -> Broker {
    Broker::builder().configure(change).start().unwrap()
}

#[track_caller]
fn tells(client: &mut Client, line: &str, told: &str) {
    let heard = client.ask(line);
    assert!(heard.starts_with(told), "{line}: {heard}");
}

/// Logs in with another tune-ok or vhost.
fn log_in(broker: &Broker, change: impl Fn(&str) -> String) -> Client {
    let mut client = Client::raw(broker);
    for line in LOGIN {
        client.say(&change(line));
    }
    assert!(client.hear().starts_with("connection.start"));
    assert!(client.hear().starts_with("connection.tune"));
    client
}

#[test]
fn what_is_shown_of_a_queue_is_bounded() {
    let broker = broker(|_| ());
    let vhost = broker.vhost("/").unwrap();
    let publish_to = |queue: &str, body: &str| {
        vhost
            .publish(&NewMessage::to_queue(queue).body(body))
            .unwrap();
    };
    for queue in ["many", "large"] {
        vhost.declare_queue(&QueueDefinition::new(queue)).unwrap();
    }
    let (messages_max, bytes_max) = PEEK_MAX;
    (0..=messages_max).for_each(|_| publish_to("many", "small"));
    let half = "x".repeat(usize::try_from(bytes_max / 2).unwrap());
    (0..3).for_each(|_| publish_to("large", &half));
    let shown = ["many", "large"].map(|queue| vhost.peek(queue, usize::MAX).unwrap().len());
    assert_eq!(shown, [messages_max, 2]);
}

/// The statuses of logins from another address than this machine's, as far as HTTP can tell.
fn log_in_from_elsewhere(broker: &Broker, password: &str, times: usize) -> Vec<u16> {
    let address = Http::of(broker).address;
    let head = Http::of(broker)
        .by("u", password)
        .head("GET", "/api/whoami");
    let head = head.replace(&address, "public.example.com");
    let status = |_| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let text = format!("{head}connection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    };
    (0..times).map(status).collect()
}

// What becomes of many addresses, and when one is heard again: auth::failures::tests.
#[test]
fn an_address_that_fails_to_log_in_too_often_is_refused() {
    let builder = Broker::builder().management(0);
    let builder = builder.configure(|settings| settings.login_failures_max = Some(3));
    let broker = builder.start().unwrap();
    let desk = broker.desk();
    let user = UserDefinition::new("u", "right").tags(["administrator"]);
    desk.administration().put_user(&user).unwrap().unwaited();
    assert_eq!(log_in_from_elsewhere(&broker, "right", 2), [200, 200]);
    assert_eq!(
        log_in_from_elsewhere(&broker, "wrong", 4),
        [401, 401, 401, 429]
    );
    assert_eq!(log_in_from_elsewhere(&broker, "right", 1), [429]);
    // This machine has no limit.
    let http = Http::of(&broker);
    for _ in 0..10 {
        assert_eq!(http.by("u", "wrong").get("/api/whoami").status, 401);
    }
    assert_eq!(http.by("u", "right").get("/api/whoami").status, 200);
}

#[test]
fn every_bound_has_its_test() {
    let source = include_str!("../../src/limits.rs");
    let bounds = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "));
    let bounds: Vec<&str> = bounds.filter_map(|line| line.split(':').next()).collect();
    let listed: Vec<&str> = BOUNDS.iter().map(|(bound, _)| *bound).collect();
    assert_eq!(bounds, listed);
    check_that_they_exist(BOUNDS);
}

#[test]
fn every_limiting_setting_has_its_test() {
    let limiting = KEYS
        .iter()
        .filter(|key| key.group == "Limits")
        .map(|key| key.name);
    for name in limiting {
        assert!(SETTINGS.iter().any(|(listed, _)| *listed == name), "{name}");
    }
    for (name, _) in SETTINGS {
        assert!(KEYS.iter().any(|key| key.name == *name), "{name}");
    }
    check_that_they_exist(SETTINGS);
}

fn check_that_they_exist(tests: &[(&str, &str)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for (bound, test) in tests {
        let (module, function) = test.split_once("::").unwrap();
        let source = std::fs::read_to_string(folder.join(format!("{module}.rs"))).unwrap();
        assert!(
            source.contains(&format!("#[test]\nfn {function}()")),
            "{bound}: no {test}"
        );
    }
}

#[test]
fn a_bad_offer_is_met_with_silence_and_an_end() {
    let broker = broker(|_| {});
    let silence = Duration::from_millis(SILENT_CLOSE_MS);
    let offers = [
        "channel-max=2048 frame-max=131072",
        "channel-max=0 frame-max=131072",
        "channel-max=2047 frame-max=131073",
        "channel-max=2047 frame-max=4095",
        "channel-max=2047 frame-max=0",
    ];
    let clients: Vec<Client> = offers
        .iter()
        .map(|offer| {
            log_in(&broker, |line| {
                match line.starts_with("connection.tune-ok") {
                    true => format!("connection.tune-ok {offer}"),
                    false => line.to_owned(),
                }
            })
        })
        .collect();
    let began = Instant::now();
    for mut client in clients {
        assert!(client.hears_the_end());
    }
    let waited = began.elapsed();
    assert!(waited + Duration::from_millis(500) > silence, "{waited:?}");
    assert!(waited < silence * 2, "{waited:?}");
}

#[test]
fn a_peer_that_does_not_say_goodbye_is_waited_for_briefly() {
    let broker = broker(|_| {});
    let mut client = log_in(&broker, |line| line.replace("heartbeat=0", "heartbeat=1"));
    assert_eq!(client.hear(), "connection.open-ok");
    client.say("basic.ack");
    assert!(client.hear().starts_with("connection.close code=504"));
    let began = Instant::now();
    assert!(client.hears_the_end());
    // The heartbeat shortens the wait.
    assert!(began.elapsed() < Duration::from_millis(CLOSE_WAIT_MS / 3));
}

/// Raises the number of descriptors that this process may have.
fn allow_descriptors(wanted: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let have = getrlimit(Resource::Nofile);
    if have.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: have.maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

#[test]
fn those_who_shake_hands_have_a_number() {
    allow_descriptors(2 * HANDSHAKES_MAX as u64 + 2_000);
    let broker = broker(|settings| settings.handshake_timeout_ms = 120_000);
    let mut settled = Client::new(&broker);
    let header = octets(LOGIN[0]);
    let connect = || {
        let mut stream = TcpStream::connect(broker.addresses()[0]).unwrap();
        stream.write_all(&header).unwrap();
        stream
    };
    let mut greeted: Vec<TcpStream> = (0..HANDSHAKES_MAX).map(|_| connect()).collect();
    for stream in &mut greeted {
        stream.read_exact(&mut [0; 8]).unwrap();
    }
    let mut waiting = connect();
    settled.sync();
    waiting
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    assert!(waiting.read(&mut [0; 8]).is_err(), "it is not accepted yet");
    settled.sync();
    drop(greeted.pop());
    waiting
        .set_read_timeout(Some(Duration::from_secs(13)))
        .unwrap();
    waiting.read_exact(&mut [0; 8]).unwrap();
}

#[test]
fn without_descriptors_newcomers_wait() {
    let program = env!("CARGO_BIN_EXE_leveret");
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 40; exec \"$0\" --ephemeral --host 127.0.0.1 --port 0",
            program,
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let started = log
        .find(|line| line.contains("Server startup complete"))
        .unwrap();
    let at = started.split("127.0.0.1:").nth(1).unwrap();
    let digits: String = at.chars().take_while(char::is_ascii_digit).collect();
    let address = format!("127.0.0.1:{digits}");
    let header = octets(LOGIN[0]);
    let mut streams: Vec<TcpStream> = (0..60)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(&header).unwrap();
            stream
        })
        .collect();
    streams[0].read_exact(&mut [0; 8]).unwrap();
    assert!(log.any(|line| line.contains("accepting a connection failed, next try soon")));
    let mut last = streams.pop().unwrap();
    drop(streams);
    last.set_read_timeout(Some(Duration::from_secs(13)))
        .unwrap();
    last.read_exact(&mut [0; 8]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A broker whose process may have `soft` open files, and raise that to `hard`.
fn limited(dir: &TempDir, soft: u64, hard: u64) -> Process {
    let shell = format!("ulimit -Sn {soft}; ulimit -Hn {hard}; exec \"$@\"");
    let before = ["sh", "-c", &shell, "sh"];
    // No connection goes by itself while a test looks.
    let settings = ["handshake_timeout=600000"];
    Process::start_in(&before, &dir.path().join("data"), dir.path(), &settings).unwrap()
}

// Connections took every descriptor, and then the store had none for its next segment: publishers
// waited until clients left.
#[test]
fn connections_leave_the_store_its_files() {
    let dir = TempDir::new().unwrap();
    let broker = limited(&dir, 80, 80);
    let mut publisher = Client::at(broker.address());
    publisher.declare("q", "");
    publisher.ask("confirm.select");
    let header = octets(LOGIN[0]);
    let _streams: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(broker.address()).unwrap();
            stream.write_all(&header).unwrap();
            stream
        })
        .collect();
    eventually("connections have to wait", || {
        broker
            .log()
            .contains("accepting a connection failed, next try soon")
    });
    // Several segments of 16 MiB.
    for number in 1..=70 {
        let publish = "basic.publish routing-key='q' body=zeros:1000000 {delivery-mode=2}";
        let ack = format!("basic.ack delivery-tag={number}");
        assert_eq!(publisher.ask(publish), ack, "{}", broker.log());
    }
    assert_eq!(publisher.ready("q"), 70);
    let said = broker
        .log()
        .matches("accepting a connection failed")
        .count();
    assert_eq!(said, 1, "once, not with every try");
}

#[test]
fn limit_of_open_files_is_raised_and_said() {
    let dir = TempDir::new().unwrap();
    let broker = limited(&dir, 64, 300);
    let _clients: Vec<Client> = (0..100).map(|_| Client::at(broker.address())).collect();
    let log = broker.log();
    let line = log
        .lines()
        .filter(|line| line.contains("open files"))
        .collect::<Vec<_>>();
    assert_eq!(line.len(), 1, "{log}");
    assert!(line[0].contains("300") && line[0].contains("32"), "{log}");
}

#[test]
fn frames_of_every_size_get_through() {
    let broker = broker(|_| {});
    let mut client = Client::new(&broker);
    client.declare("q", "");
    for power in 0..=20 {
        for len in [(1_usize << power) - 1, 1 << power] {
            client.publish("q", &"x".repeat(len));
            let heard = client.ask("basic.get queue='q' no-ack");
            let whole = len <= 400 && heard.contains(&format!("body='{}'", "x".repeat(len)));
            assert!(
                whole || heard.contains(&format!("({len} octets)")),
                "{len}: {heard}"
            );
        }
    }
}

#[test]
fn a_frame_may_be_as_large_as_agreed() {
    let broker = broker(|_| {});
    let mut client = log_in(&broker, |line| line.replace("131072", "4096"));
    assert_eq!(client.hear(), "connection.open-ok");
    tells(&mut client, "channel.open", "channel.open-ok");
    tells(&mut client, "queue.declare queue='q'", "queue.declare-ok");
    // RabbitMQ forgives the eight octets around the payload.
    client.send(&all_octets(&[
        "basic.publish routing-key='q'",
        "content-header class=60 size=4096",
    ]));
    client.say(&format!("content-body '{}'", "x".repeat(4096)));
    let heard = client.ask("basic.get queue='q' no-ack");
    assert!(
        heard.contains("(4096 octets)") && heard.contains("frames=[4088, 8]"),
        "{heard}"
    );
    client.send(&all_octets(&[
        "basic.publish routing-key='q'",
        "content-header class=60 size=4097",
    ]));
    let body = format!("content-body '{}'", "x".repeat(4097));
    tells(
        &mut client,
        &body,
        "connection.close code=501 text='FRAME_ERROR - type 3",
    );
}

#[test]
fn channels_are_counted() {
    let broker = broker(|_| {});
    let mut client = log_in(&broker, |line| {
        line.replace("channel-max=2047", "channel-max=2")
    });
    assert_eq!(client.hear(), "connection.open-ok");
    tells(&mut client, "7> channel.open", "7< channel.open-ok");
    tells(&mut client, "500> channel.open", "500< channel.open-ok");
    tells(&mut client, "7> channel.close", "7< channel.close-ok");
    tells(&mut client, "8> channel.open", "8< channel.open-ok");
    let told = "connection.close code=530 text='NOT_ALLOWED - number of channels opened (2) has \
                reached the negotiated channel_max (2)' class=0 method=0";
    tells(&mut client, "9> channel.open", told);
}

/// Octets of a large message, and how many of them are more than 512 MiB.
const LARGE: (usize, usize) = (16_000_000, 34);

/// Channel 1 is closed because of what it held; the next one finds `queue` with what was there.
fn closes_for(client: &mut Client, unfinished: &str, queue: &str, ready: u64) {
    let told = format!(
        "channel.close code=406 text='PRECONDITION_FAILED - channel 1 holds more than 536870912 \
         bytes that are not {unfinished}' class=0 method=0"
    );
    assert_eq!(client.hear(), told);
    client.say("channel.close-ok");
    tells(client, "channel.open", "channel.open-ok");
    assert_eq!(client.ready(queue), ready);
}

// RabbitMQ has no such bounds: there what is not finished fills the memory.
#[test]
fn what_a_channel_does_not_commit_is_bounded() {
    let broker = broker(|_| {});
    let mut client = Client::new(&broker);
    client.declare("q", "");
    tells(&mut client, "tx.select", "tx.select-ok");
    let (octets_each, count) = LARGE;
    let publish = octets(&format!(
        "basic.publish routing-key='q' body=zeros:{octets_each}"
    ));
    (1..count).for_each(|_| client.send(&publish));
    client.sync();
    client.send(&publish);
    closes_for(&mut client, "committed: commit more often", "q", 0);
}

#[test]
fn what_a_channel_does_not_acknowledge_is_bounded() {
    let broker = broker(|_| {});
    let mut client = Client::new(&broker);
    let (octets_each, count) = LARGE;
    for number in 0..count {
        client.declare(&format!("q{number}"), "");
        client.ask(&format!(
            "queue.bind queue='q{number}' exchange='amq.fanout'"
        ));
    }
    client.send(&octets(&format!(
        "basic.publish exchange='amq.fanout' body=zeros:{octets_each}"
    )));
    for number in 0..count {
        let got = client.ask(&format!("basic.get queue='q{number}'"));
        assert!(got.starts_with("basic.get-ok "), "{number}: {got}");
    }
    let rest = "acknowledged: acknowledge them earlier, or set a prefetch count";
    closes_for(&mut client, rest, "q0", 1);
}

#[test]
fn a_body_may_be_as_large_as_the_setting_says() {
    let broker = broker(|settings| settings.max_message_size = 1000);
    let mut client = Client::new(&broker);
    client.declare("q", "");
    client.publish("q", &"x".repeat(1000));
    assert_eq!(client.ready("q"), 1);
    let publish = format!("basic.publish routing-key='q' body='{}'", "x".repeat(1001));
    let told = "channel.close code=406 text='PRECONDITION_FAILED - message size 1001 is larger \
                than configured max size 1000' class=60 method=40";
    tells(&mut client, &publish, told);
}

#[test]
fn connections_are_counted() {
    let broker = broker(|settings| settings.max_connections = Some(2));
    let _clients = [Client::connected(&broker), Client::connected(&broker)];
    let mut third = log_in(&broker, str::to_owned);
    let told = "connection.close code=530 text='NOT_ALLOWED - connection refused: node connection \
                limit (2) is reached'";
    let heard = third.hear();
    assert!(heard.starts_with(told), "{heard}");
}

#[test]
fn connections_of_a_vhost_and_of_a_user_are_counted() {
    let broker = broker(|_| {});
    let desk = broker.desk();
    let one = VhostLimits {
        max_connections: Some(1),
        max_queues: None,
    };
    desk.administration()
        .set_vhost_limits("/", one)
        .unwrap()
        .unwaited();
    let _client = Client::connected(&broker);
    let told = "connection.close code=530 text='NOT_ALLOWED - access to vhost '/' refused for \
                user 'guest': connection limit (1) is reached'";
    let heard = log_in(&broker, str::to_owned).hear();
    assert!(heard.starts_with(told), "{heard}");
    desk.administration()
        .set_vhost_limits("/", VhostLimits::default())
        .unwrap()
        .unwaited();
    let one = UserLimits {
        max_connections: Some(1),
        max_channels: None,
    };
    desk.administration()
        .set_user_limits("guest", one)
        .unwrap()
        .unwaited();
    let told = "connection.close code=530 text='NOT_ALLOWED - connection refused for user \
                'guest': user connection limit (1) is reached'";
    let heard = log_in(&broker, str::to_owned).hear();
    assert!(heard.starts_with(told), "{heard}");
}

#[test]
fn channels_of_all_connections_are_counted() {
    let broker = broker(|settings| settings.channel_max_per_node = Some(2));
    let first = Client::new(&broker);
    let mut second = Client::new(&broker);
    let heard = second.ask("2> channel.open");
    assert!(heard.starts_with("connection.close code=530"), "{heard}");
    assert!(
        heard.contains("has reached the maximum allowed limit of 2"),
        "{heard}"
    );
    drop(first);
}

#[test]
fn channels_of_a_user_are_counted() {
    let broker = broker(|_| {});
    let one = UserLimits {
        max_connections: None,
        max_channels: Some(1),
    };
    broker
        .desk()
        .administration()
        .set_user_limits("guest", one)
        .unwrap()
        .unwaited();
    let mut client = Client::new(&broker);
    let told = "connection.close code=530 text='NOT_ALLOWED - number of channels opened for user \
                'guest' has reached the maximum allowed user limit of ";
    tells(&mut client, "2> channel.open", told);
}

#[test]
fn consumers_of_a_channel_are_counted() {
    let broker = broker(|settings| settings.consumer_max_per_channel = Some(2));
    let mut client = Client::new(&broker);
    client.declare("q", "");
    for _ in 0..2 {
        tells(&mut client, "basic.consume queue='q'", "basic.consume-ok");
    }
    let told = "connection.close code=530 text='NOT_ALLOWED - reached maximum (2) of consumers per \
                channel' class=60 method=20";
    tells(&mut client, "basic.consume queue='q'", told);
}

#[test]
fn vhosts_are_counted() {
    let broker = broker(|settings| settings.vhost_max = Some(2));
    broker
        .desk()
        .administration()
        .put_vhost("other", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let error = broker
        .desk()
        .administration()
        .put_vhost("third", &VhostDefinition::default())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot create vhost: vhost limit of 2 is reached"
    );
}

/// A client in another vhost of the broker.
fn elsewhere(broker: &Broker) -> Client {
    let desk = broker.desk();
    desk.administration()
        .put_vhost("other", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let [user, vhost] = ["guest", "other"].map(str::to_owned);
    let [configure, write, read] = [".*", ".*", ".*"].map(str::to_owned);
    desk.administration()
        .put_permission(&leveret::internals::auth::PermissionDefinition {
            user,
            vhost,
            configure,
            write,
            read,
        })
        .unwrap()
        .unwaited();
    let mut client = log_in(broker, |line| {
        line.replace("virtual-host='/'", "virtual-host='other'")
    });
    assert_eq!(client.hear(), "connection.open-ok");
    tells(&mut client, "channel.open", "channel.open-ok");
    client
}

#[test]
fn queues_of_all_vhosts_are_counted() {
    let broker = broker(|settings| settings.cluster_queue_limit = Some(2));
    Client::new(&broker).declare("a", "");
    let mut client = elsewhere(&broker);
    client.declare("b", "");
    let told = "channel.close code=406 text='PRECONDITION_FAILED - cannot declare queue 'c': queue \
                limit in cluster (2) is reached' class=50 method=10";
    tells(&mut client, "queue.declare queue='c'", told);
}

#[test]
fn queues_of_a_vhost_are_counted() {
    let broker = broker(|_| {});
    let one = VhostLimits {
        max_connections: None,
        max_queues: Some(1),
    };
    broker
        .desk()
        .administration()
        .set_vhost_limits("/", one)
        .unwrap()
        .unwaited();
    let mut client = Client::new(&broker);
    client.declare("a", "");
    client.declare("a", "");
    let told = "channel.close code=406 text='PRECONDITION_FAILED - cannot declare queue 'b': queue \
                limit in vhost '/' (1) is reached' class=50 method=10";
    tells(&mut client, "queue.declare queue='b'", told);
}

#[test]
fn exchanges_of_all_vhosts_are_counted() {
    let predeclared = {
        let broker = broker(|_| {});
        broker.desk().find_vhost("/").unwrap().exchange_count() as u64
    };
    let broker = broker(|settings| {
        settings.cluster_exchange_limit = Some(2 * predeclared + 2);
    });
    let mut client = Client::new(&broker);
    tells(
        &mut client,
        "exchange.declare exchange='a' type='fanout'",
        "exchange.declare-ok",
    );
    let mut client = elsewhere(&broker);
    tells(
        &mut client,
        "exchange.declare exchange='b' type='fanout'",
        "exchange.declare-ok",
    );
    let told = format!(
        "channel.close code=406 text='PRECONDITION_FAILED - cannot declare exchange 'c': exchange \
         limit of {} is reached'",
        2 * predeclared + 2
    );
    tells(
        &mut client,
        "exchange.declare exchange='c' type='fanout'",
        &told,
    );
}

/// A publisher is told why it must wait, and goes on when it may; others notice nothing.
fn publishers_wait(broker: &Broker, alarm: Alarm, reason: &str) {
    let mut witness = Client::new(broker);
    witness.declare("q", "");
    broker.set_alarm(alarm, true);
    let mut client = Client::new(broker);
    client.publish("q", "m");
    assert_eq!(
        client.hear(),
        format!("connection.blocked reason='{reason}'")
    );
    assert_eq!(witness.drain("q"), [""; 0]);
    broker.set_alarm(alarm, false);
    assert_eq!(client.hear(), "connection.unblocked");
    client.sync();
    assert_eq!(witness.drain("q"), ["m"]);
}

#[test]
fn without_memory_publishers_wait() {
    publishers_wait(&broker(|_| {}), Alarm::Memory, "low on memory");
    let broker = broker(|settings| settings.vm_memory_high_watermark_absolute = Some(1));
    let mut client = Client::new(&broker);
    // Not `alarm()`, which is set before every connection has been told.
    eventually("the watermark is noticed", || {
        !broker.desk().alarms().is_empty()
    });
    client.publish("q", "m");
    assert_eq!(client.hear(), "connection.blocked reason='low on memory'");
}

#[test]
fn without_disk_publishers_wait() {
    publishers_wait(&broker(|_| {}), Alarm::Disk, "low on disk");
}

#[test]
fn a_quorum_queue_gives_up_after_twenty_returns() {
    let broker = broker(|_| {});
    let mut client = Client::new(&broker);
    client.declare("q", "x-queue-type: 'quorum'");
    client.publish("q", "m");
    for tag in 1..=21 {
        let heard = client.ask("basic.get queue='q'");
        assert!(
            heard.starts_with(&format!("basic.get-ok delivery-tag={tag} ")),
            "{heard}"
        );
        client.say(&format!("basic.reject delivery-tag={tag} requeue"));
    }
    assert_eq!(client.ask("basic.get queue='q'"), "basic.get-empty");
}

// RabbitMQ resets the connection instead, which a client can tell after its close-ok only; a reset
// may take from a slow client what it has not read yet, so the orderly end stays.
// Seen: RabbitMQ 4.3.6: ECONNRESET after close-ok, and after three seconds without one.
#[test]
fn refused_login_ends_in_order_once_the_client_has_answered() {
    let broker = Broker::builder().start().unwrap();
    let refused = |answer: bool| {
        let mut stream = TcpStream::connect(broker.addresses()[0]).unwrap();
        let login = LOGIN[1].replace("guest' locale", "wrong' locale");
        stream.write_all(&all_octets(&[LOGIN[0], &login])).unwrap();
        let mut heard = Vec::new();
        while !heard.windows(4).any(|octets| octets == [0, 10, 0, 50]) {
            let mut more = [0; 4096];
            let octets = stream.read(&mut more).unwrap();
            assert_ne!(octets, 0, "it ended without a word");
            heard.extend_from_slice(&more[..octets]);
        }
        if answer {
            stream.write_all(&octets("connection.close-ok")).unwrap();
        }
        stream.read_to_end(&mut heard).map_err(|error| error.kind())
    };
    assert!(refused(true).is_ok());
    assert_eq!(refused(false), Err(io::ErrorKind::ConnectionReset));
}

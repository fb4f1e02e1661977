//! What hostile and broken peers send, and that no other client notices.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use leveret::broker::Broker;
use leveret::internals::DeskInside as _;
use leveret::internals::desk::session::Session;
use leveret::internals::limits::{OUTBOX_MARK, REPLY_BYTES_MAX};
use leveret::internals::mail::MAIL_BYTES_MAX;

use crate::talker::{Client, LOGIN, all_octets, eventually, octets};

/// A broker with a client that must not notice anything.
struct Stage {
    broker: Broker,
    witness: Client,
}

impl Stage {
    fn new() -> Self {
        Self::of(Broker::builder().start().unwrap())
    }

    fn of(broker: Broker) -> Self {
        let mut witness = Client::new(&broker);
        witness.declare("witness", "");
        Self { broker, witness }
    }

    /// The witness still has its conversation.
    fn is_well(&mut self) {
        self.witness.publish("witness", "m");
        assert_eq!(self.witness.drain("witness"), ["m"]);
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.broker.addresses()[0]).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(13)))
            .unwrap();
        stream
    }

    /// Only the witness is connected, and nothing of the others is left.
    fn is_alone(&self) {
        eventually("only the witness is connected", || {
            self.broker.desk().sessions().len() == 1
        });
    }

    fn victim(&self) -> std::sync::Arc<Session> {
        let sessions = self.broker.desk().sessions();
        let newest = sessions.into_iter().max_by_key(|session| session.id);
        newest.unwrap()
    }

    /// Ready and unacked messages of a queue.
    fn counts(&self, queue: &str) -> (u64, u64) {
        let queue = self
            .broker
            .desk()
            .find_vhost("/")
            .unwrap()
            .find_queue(queue)
            .unwrap();
        queue.look(|queue| (queue.ready_count(), queue.unacked_count()))
    }

    /// Waits until nothing is read from or written to this client any more, with what it did not
    /// read still waiting; gives the octets read and written.
    fn stalls(&self) -> (u64, u64) {
        let victim = self.victim();
        let traffic = || (victim.traffic.octets_in(), victim.traffic.octets_out());
        let (mut last, mut quiet) = (traffic(), 0);
        eventually("the client that does not read stalls", || {
            let now = traffic();
            quiet = if now == last { quiet + 1 } else { 0 };
            last = now;
            quiet > 50
        });
        last
    }
}

/// Octets that look random, the same each time (splitmix64).
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    };
    (0..len).map(|_| next().to_le_bytes()[0]).collect()
}

fn login() -> Vec<u8> {
    all_octets(&LOGIN)
}

/// A whole conversation of one client, up to its connection.close.
fn conversation() -> Vec<u8> {
    let mut all = login();
    all.extend(all_octets(&[
        "channel.open",
        "queue.declare queue='mine' exclusive",
        "queue.declare queue='shared' durable",
        "queue.bind queue='mine' exchange='amq.topic' routing-key='a.#'",
        "basic.qos prefetch-count=10",
        "confirm.select",
        "basic.consume queue='mine' consumer-tag='c'",
        "basic.publish exchange='amq.topic' routing-key='a.b' body='hello' {delivery-mode=2}",
        "basic.publish routing-key='shared' body='kept' {headers={k: 'v'}}",
        "basic.get queue='shared'",
        "basic.ack delivery-tag=1",
        "basic.cancel consumer-tag='c'",
        "channel.close",
        "connection.close",
    ]));
    all
}

fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset ends it as well as the end does.
    let _ended = stream.read_to_end(&mut all);
    all
}

/// basic.ack: how many messages one confirms depends on how octets arrive.
const ACK: [u8; 4] = [0, 60, 0, 80];

/// What the server says in a conversation, in any order and without its confirms: each frame's
/// type and the first octets of its payload, which are a method's name.
fn answers(octets: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    let mut rest = octets;
    while let Some(([kind, _, _, s3, s2, s1, s0], tail)) = rest.split_first_chunk::<7>() {
        let size = u32::from_be_bytes([*s3, *s2, *s1, *s0]) as usize;
        assert_eq!(tail[size], 0xCE, "frames stay whole");
        let name = &tail[..size.min(4)];
        if name != ACK {
            frames.push((*kind, name.to_vec()));
        }
        rest = &tail[size + 1..];
    }
    frames.sort();
    frames
}

#[test]
fn garbage_instead_of_a_header_is_answered_with_ours_and_a_close() {
    let mut stage = Stage::new();
    for (seed, len) in (0..200).zip((8..).step_by(2)) {
        let mut stream = stage.connect();
        stream.write_all(&noise(seed, len)).unwrap_or_default();
        let heard = read_all(stream);
        // The reset may overtake the answer.
        assert!(
            heard.is_empty() || heard == b"AMQP\0\0\x09\x01",
            "seed {seed}: {heard:?}"
        );
    }
    stage.is_well();
    stage.is_alone();
}

#[test]
fn garbage_at_every_stage_of_the_handshake_harms_nobody() {
    let mut stage = Stage::new();
    for seed in 0..200 {
        let stages: Vec<Vec<u8>> = LOGIN.iter().map(|line| octets(line)).collect();
        let mut sent = stages[..1 + seed % 4].concat();
        sent.extend(noise(seed as u64, 1 + seed * 5));
        let mut stream = stage.connect();
        stream.write_all(&sent).unwrap_or_default();
        drop(stream);
    }
    stage.is_well();
    stage.is_alone();
}

#[test]
fn garbage_in_an_open_connection_closes_it_with_a_frame_error_or_at_once() {
    let mut stage = Stage::new();
    for seed in 0..300 {
        let mut client = Client::new(&stage.broker);
        client.send(&noise(seed, 200));
        let heard = client
            .hear_within(Duration::from_millis(200))
            .unwrap_or_default();
        let fine = [
            "",
            "closed",
            "connection.close code=501",
            "connection.close code=505",
        ];
        assert!(
            fine.iter().any(|fine| heard.starts_with(fine)),
            "seed {seed}: {heard}"
        );
    }
    stage.is_well();
    stage.is_alone();
}

#[test]
fn mutated_conversations_harm_nobody() {
    let mut stage = Stage::new();
    let good = conversation();
    for seed in 0..400_u64 {
        let mut sent = good.clone();
        let dice = noise(seed, 16);
        for pair in dice.chunks(4).take(1 + usize::from(dice[15] % 4)) {
            let at = usize::from(u16::from_be_bytes([pair[0], pair[1]])) % sent.len();
            sent[at] ^= pair[2] | 1;
        }
        let mut stream = stage.connect();
        stream.write_all(&sent).unwrap_or_default();
        stream.shutdown(Shutdown::Write).unwrap_or_default();
        answers(&read_whole_frames(stream));
    }
    stage.is_well();
    stage.is_alone();
}

/// What can be read, without a protocol header at its start and a frame cut short at its end.
fn read_whole_frames(stream: TcpStream) -> Vec<u8> {
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut all = read_all(stream);
    if all.starts_with(b"AMQP") {
        all.drain(..8);
    }
    let (mut at, len) = (0, all.len());
    while let Some(&[s3, s2, s1, s0]) = all.get(at + 3..at + 7).and_then(<[u8]>::first_chunk) {
        let next = at + 8 + u32::from_be_bytes([s3, s2, s1, s0]) as usize;
        if next > len {
            break;
        }
        at = next;
    }
    all.truncate(at);
    all
}

/// How a client vanishes.
#[derive(Clone, Copy, Debug)]
enum Vanish {
    /// It closes its socket with everything unread: the system sends a reset.
    Reset,
    /// It says that nothing more comes, and reads on.
    End,
}

fn vanishes_everywhere(how: Vanish) {
    let mut stage = Stage::new();
    stage.witness.declare("shared", "");
    let all = conversation();
    for at in 1..all.len() {
        let mut stream = stage.connect();
        stream.write_all(&all[..at]).unwrap();
        match how {
            Vanish::Reset => drop(stream),
            Vanish::End => {
                stream.shutdown(Shutdown::Write).unwrap();
                read_all(stream);
            }
        }
    }
    stage.is_alone();
    let vhost = stage.broker.desk().find_vhost("/").unwrap();
    eventually("exclusive queues are gone", || {
        vhost.find_queue("mine").is_none()
    });
    assert_eq!(stage.counts("shared").1, 0, "nothing is unacked");
    assert_eq!(vhost.binding_count(), 0, "no binding is left");
    stage.is_well();
}

#[test]
fn a_client_that_ends_after_any_octet_leaves_nothing() {
    vanishes_everywhere(Vanish::End);
}

#[test]
fn a_client_that_is_reset_after_any_octet_leaves_nothing() {
    vanishes_everywhere(Vanish::Reset);
}

#[test]
fn a_handshake_that_stalls_anywhere_is_ended() {
    let broker = Broker::builder().configure(|settings| settings.handshake_timeout_ms = 150);
    let mut stage = Stage::of(broker.start().unwrap());
    let login = login();
    let streams: Vec<TcpStream> = (0..login.len())
        .step_by(9)
        .map(|at| {
            let mut stream = stage.connect();
            stream.write_all(&login[..at]).unwrap();
            stream
        })
        .collect();
    for stream in streams {
        let heard = read_all(stream);
        assert!(!heard.ends_with(&octets("connection.open-ok")));
    }
    stage.is_well();
    stage.is_alone();
}

#[test]
fn a_huge_frame_is_refused_by_its_head() {
    let mut stage = Stage::new();
    for size in [131_073_u32, 1 << 24, u32::MAX] {
        let mut client = Client::new(&stage.broker);
        let mut head = vec![3, 0, 1];
        head.extend(size.to_be_bytes());
        client.send(&head);
        let told = format!(
            "connection.close code=501 text='FRAME_ERROR - type 3, all octets = <<>>: \
             {{frame_too_large,{size},131064}}' class=0 method=0"
        );
        assert_eq!(client.hear(), told);
    }
    stage.is_well();
}

#[test]
fn a_huge_frame_before_login_is_refused_in_silence() {
    let mut stage = Stage::new();
    let mut client = Client::raw(&stage.broker);
    assert!(client.ask(LOGIN[0]).starts_with("connection.start"));
    client.send(&[1, 0, 0, 0, 0, 0x20, 1]);
    let heard = client.hear();
    assert!(
        heard == "closed" || heard.starts_with("connection.close code=501"),
        "{heard}"
    );
    stage.is_well();
}

#[test]
fn a_huge_body_is_refused_by_its_header() {
    let mut stage = Stage::new();
    for size in [536_870_913_u64, u64::MAX] {
        let mut client = Client::new(&stage.broker);
        client.say("basic.publish routing-key='witness'");
        let mut header = vec![2, 0, 1, 0, 0, 0, 14, 0, 60, 0, 0];
        header.extend(size.to_be_bytes());
        header.extend([0, 0, 0xCE]);
        client.send(&header);
        let heard = client.hear();
        let told = format!(
            "connection.close code=501 text='FRAME_ERROR - content body size {size} exceeds \
             maximum allowed size 536870912'"
        );
        assert!(heard.starts_with(&told), "{heard}");
    }
    stage.is_well();
}

#[test]
fn lengths_inside_a_method_that_lie_are_refused() {
    let mut stage = Stage::new();
    // queue.declare with a table of 4 GiB, of one entry of 4 GiB, and of 20,000 nested arrays.
    let head = [0, 50, 0, 10, 0, 0, 1, b'q', 0];
    let long = [&head[..], &[0xFF; 4]].concat();
    let entry = [
        &head[..],
        &[0, 0, 0, 7, 1, b'k', b'S', 0xFF, 0xFF, 0xFF, 0xFF],
    ]
    .concat();
    for payload in [long, entry, nested(20_000)] {
        let mut client = Client::new(&stage.broker);
        let mut frame = vec![1, 0, 1];
        frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend(&payload);
        frame.push(0xCE);
        client.send(&frame);
        let heard = client.hear();
        let fine = [
            "closed",
            "connection.close code=501",
            "connection.close code=541",
        ];
        assert!(fine.iter().any(|fine| heard.starts_with(fine)), "{heard}");
    }
    stage.is_well();
}

/// queue.declare with arguments that are arrays in arrays, `depth` of them.
fn nested(depth: usize) -> Vec<u8> {
    let mut array = Vec::new();
    for level in 0..depth {
        array.extend(b"A");
        array.extend(
            u32::try_from(5 * (depth - level - 1))
                .unwrap()
                .to_be_bytes(),
        );
    }
    let mut payload = vec![0, 50, 0, 10, 0, 0, 1, b'q', 0];
    payload.extend(u32::try_from(array.len() + 2).unwrap().to_be_bytes());
    payload.extend([1, b'k']);
    payload.extend(array);
    payload
}

#[test]
fn an_unknown_method_ends_the_connection_without_a_word() {
    let mut stage = Stage::new();
    for (class, method) in [(0, 0), (60, 99), (10, 1), (110, 10), (u16::MAX, u16::MAX)] {
        let mut client = Client::new(&stage.broker);
        let ids = [class.to_be_bytes(), method.to_be_bytes()].concat();
        client.send(&[&[1, 0, 1, 0, 0, 0, 4], &ids[..], &[0xCE]].concat());
        assert!(client.hears_the_end(), "{class}.{method}");
    }
    stage.is_well();
    stage.is_alone();
}

#[test]
fn frames_behind_a_close_are_not_looked_at() {
    let mut stage = Stage::new();
    let late = "basic.publish routing-key='witness' body='late'";
    let mut client = Client::new(&stage.broker);
    client.send(&all_octets(&[
        "connection.close",
        late,
        "queue.purge queue='nowhere'",
    ]));
    assert_eq!(client.hear(), "connection.close-ok");
    let mut client = Client::new(&stage.broker);
    client.send(&all_octets(&[
        "exchange.declare exchange='e' type='nope'",
        late,
    ]));
    assert!(client.hear().starts_with("channel.close code=406"));
    client.say("channel.close-ok");
    assert_eq!(client.ask("channel.open"), "channel.open-ok");
    stage.is_well();
}

/// Fills `queue` with `count` messages of 64 KiB.
fn fill(stage: &mut Stage, queue: &str, count: usize) {
    let publish = octets(&format!(
        "basic.publish routing-key='{queue}' body=zeros:65536"
    ));
    for _ in 0..count {
        stage.witness.send(&publish);
    }
    stage.witness.sync();
}

/// A message, and what a socket's buffers and one turn may hold beyond what is counted.
const SLACK: u64 = 1024 * 1024;

#[test]
fn deliveries_to_a_reader_that_never_reads_stay_in_their_queue() {
    let mut stage = Stage::new();
    stage.witness.declare("big", "");
    fill(&mut stage, "big", 800);
    let mut client = Client::new(&stage.broker);
    client.say("basic.consume queue='big' no-ack");
    let (_, written) = stage.stalls();
    let (ready, _) = stage.counts("big");
    let buffered = (800 - ready) * 65_536 - written.min((800 - ready) * 65_536);
    assert!(
        buffered <= MAIL_BYTES_MAX as u64 + SLACK,
        "{buffered} octets wait for a client that does not read"
    );
    assert!(stage.victim().mailbox.pressure() as u64 <= MAIL_BYTES_MAX as u64 + SLACK);
    stage.is_well();
    drop(client);
    stage.is_alone();
    assert_eq!(stage.counts("big").1, 0);
}

#[test]
fn answers_to_a_reader_that_never_reads_stop_its_input() {
    let mut stage = Stage::new();
    stage.witness.declare("big", "");
    fill(&mut stage, "big", 800);
    let mut client = Client::new(&stage.broker);
    let gets = octets("basic.get queue='big'").repeat(800);
    client.send(&gets);
    let (_, written) = stage.stalls();
    let (ready, unacked) = stage.counts("big");
    assert_eq!(ready + unacked, 800);
    let buffered = (unacked * 65_536).saturating_sub(written);
    assert!(
        buffered <= OUTBOX_MARK as u64 + SLACK,
        "{buffered} octets wait"
    );
    stage.is_well();
    drop(client);
    stage.is_alone();
    eventually("what it got comes back", || stage.counts("big") == (800, 0));
}

#[test]
fn returns_to_a_publisher_that_never_reads_stop_its_input() {
    let mut stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    let publish = octets("basic.publish routing-key='none' mandatory body=zeros:65536");
    // Far more than the outbox and the sockets' buffers of both sides can hold.
    let sender = std::thread::spawn(move || client.send(&publish.repeat(1_000)));
    stage.stalls();
    assert!(
        !sender.is_finished(),
        "all of it was read and waits in memory"
    );
    stage.is_well();
    drop(stage);
    sender.join().unwrap();
}

#[test]
fn replies_to_a_requester_that_never_reads_are_bounded() {
    let mut stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    client.ask("basic.consume queue='amq.rabbitmq.reply-to' no-ack");
    client.say("basic.publish routing-key='witness' {reply-to='amq.rabbitmq.reply-to'} body='?'");
    client.sync();
    let request = stage.witness.ask("basic.get queue='witness' no-ack");
    let name = request
        .split("reply-to='")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    let len = 1024 * 1024;
    let reply = octets(&format!(
        "basic.publish routing-key='{name}' body=zeros:{len}"
    ));
    for _ in 0..90 {
        stage.witness.send(&reply);
    }
    stage.witness.sync();
    let waiting = stage.victim().mailbox.pressure();
    assert!(
        waiting > REPLY_BYTES_MAX / 2,
        "{waiting}: the test does not reach the bound"
    );
    assert!(
        waiting <= REPLY_BYTES_MAX + 2 * len,
        "{waiting} octets wait"
    );
    stage.is_well();
    drop(client);
    stage.is_alone();
}

#[test]
fn thousands_that_never_log_in_leave_room_for_those_who_do() {
    let mut stage = Stage::new();
    let header = octets(LOGIN[0]);
    let idle: Vec<TcpStream> = (0..2_000)
        .map(|number| {
            let mut stream = stage.connect();
            stream.write_all(&header[..number % 9]).unwrap();
            stream
        })
        .collect();
    stage.is_well();
    Client::new(&stage.broker).sync();
    drop(idle);
    stage.is_well();
    stage.is_alone();
}

#[test]
fn storms_of_reconnects_leave_nothing() {
    let mut stage = Stage::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    Client::new(&stage.broker).sync();
                }
            });
        }
    });
    stage.is_well();
    stage.is_alone();
}

#[test]
fn floods_of_channels_queues_bindings_and_consumers_go_with_their_client() {
    let mut stage = Stage::new();
    let mut client = Client::connected(&stage.broker);
    let mut sent = Vec::new();
    for channel in 1..=2_000 {
        sent.extend(octets(&format!("{channel}> channel.open")));
    }
    for number in 0..5_000 {
        sent.extend(all_octets(&[
            &format!("queue.declare queue='flood{number}' exclusive nowait"),
            &format!(
                "queue.bind queue='flood{number}' exchange='amq.topic' \
                      routing-key='#.{number}.*' nowait"
            ),
            &format!("basic.consume queue='flood{number}' nowait"),
        ]));
    }
    client.send(&sent);
    for _ in 0..2_000 {
        assert!(client.hear().ends_with("channel.open-ok"));
    }
    client.sync();
    let vhost = stage.broker.desk().find_vhost("/").unwrap();
    assert_eq!((vhost.queue_count(), vhost.binding_count()), (5_001, 5_000));
    stage.is_well();
    drop(client);
    stage.is_alone();
    eventually("its queues are gone", || {
        (vhost.queue_count(), vhost.binding_count()) == (1, 0)
    });
    stage.is_well();
}

#[test]
fn heartbeats_by_the_thousand_are_no_trouble() {
    let mut stage = Stage::new();
    let mut client = Client::new(&stage.broker);
    client.send(&octets("heartbeat").repeat(50_000));
    client.sync();
    stage.is_well();
}

#[test]
fn a_peer_that_is_silent_for_two_heartbeats_is_gone() {
    let mut stage = Stage::new();
    let mut client = Client::raw(&stage.broker);
    let beating = "connection.tune-ok channel-max=2047 frame-max=131072 heartbeat=1";
    client.send(&all_octets(&[LOGIN[0], LOGIN[1], beating, LOGIN[3]]));
    for _ in 0..3 {
        client.hear();
    }
    loop {
        match client.hear().as_str() {
            "heartbeat" => {}
            "closed" => break,
            other => panic!("{other}"),
        }
    }
    stage.is_well();
    stage.is_alone();
}

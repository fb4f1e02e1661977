//! How a broker ends: in order or at once, without a trace in the process, and with everything
//! that is durable left in its store.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use leveret::broker::Broker;
use leveret::clock::{Clock, Wall};
use leveret::internals::desk::Desk;
use leveret::internals::ids::QueueId;
use leveret::internals::message::Message;
use leveret::internals::store::{
    Definition, DefinitionChange, DefinitionKind, DurableWatch, Op, Position, RecordAt, Recovered,
    Returns, Store, StoreError,
};
use leveret::internals::{BuilderInside as _, DeskInside as _};
use parking_lot::Mutex;

use crate::process::Process;
use crate::talker::{Client, LOGIN, closed, eventually};

/// Longest that an end may take which waits for no client.
const AT_ONCE: Duration = Duration::from_secs(4);

fn broker() -> Broker {
    Broker::builder().start().unwrap()
}

/// Runs the test called `name` in a process of its own; true in that process.
pub(crate) fn is_alone(name: &str) -> bool {
    const ALONE: &str = "LEVERET_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
    false
}

#[test]
fn stop_tells_every_client_why_and_waits_for_its_goodbye() {
    let broker = broker();
    let mut clients = [Client::new(&broker), Client::new(&broker)];
    let stop = std::thread::Builder::new()
        .spawn(move || broker.stop("over"))
        .unwrap();
    for client in &mut clients {
        let told = "connection.close code=320 text='CONNECTION_FORCED - broker forced connection \
                    closure with reason 'over'' class=0 method=0";
        assert_eq!(client.hear(), told);
        assert!(!stop.is_finished(), "it waits for the answer");
        client.say("connection.close-ok");
        assert!(client.hears_the_end());
    }
    stop.join().unwrap();
}

#[test]
fn stop_gives_up_those_who_do_not_answer() {
    let broker = Broker::builder().configure(|settings| settings.shutdown_timeout_ms = 100);
    let broker = broker.start().unwrap();
    let mut client = Client::new(&broker);
    let began = Instant::now();
    broker.stop("over");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(client.hear().starts_with("connection.close code=320"));
    assert!(client.hears_the_end());
}

// A blocking client that is busy with a message answers nothing, and a stop took all of
// shutdown_timeout, which is as long as `docker stop` waits before it kills.
#[test]
fn stop_waits_only_briefly_for_those_who_do_not_answer() {
    let broker = broker();
    let mut clients = [Client::new(&broker), Client::new(&broker)];
    let began = Instant::now();
    broker.stop("over");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    for client in &mut clients {
        assert!(client.hear().starts_with("connection.close code=320"));
        assert!(client.hears_the_end());
    }
}

#[test]
fn stop_waits_only_briefly_for_those_who_do_not_read() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.declare("q", "");
    for _ in 0..40 {
        client.say("basic.publish routing-key='q' body=zeros:1000000");
    }
    client.say("basic.consume queue='q' no-ack");
    let vhost = broker.desk().find_vhost("/").unwrap();
    let queue = vhost.find_queue("q").unwrap();
    eventually("it is served", || {
        queue.look(|queue| queue.ready_count()) < 40
    });
    drop((queue, vhost));
    let began = Instant::now();
    broker.stop("over");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

#[test]
fn stop_does_not_wait_for_those_who_were_told_to_go_before() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.say("9> basic.ack");
    assert!(client.hear().starts_with("connection.close code=504"));
    let began = Instant::now();
    broker.stop("over");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(client.hears_the_end());
}

#[test]
fn stop_says_whom_it_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ["shutdown_close_timeout=50"];
    let broker = Process::start(&dir.path().join("data"), dir.path(), &settings);
    let mut client = Client::at(broker.address());
    let name = format!("-> {}, vhost: '/', user: 'guest'", broker.address());
    let log = broker.stop();
    let cut: Vec<&str> = log.lines().filter(|line| line.contains("50 ms")).collect();
    let [line] = cut.as_slice() else {
        panic!("{log}")
    };
    assert!(line.contains("WARN") && line.contains(&name), "{line}");
    assert!(client.hear().starts_with("connection.close code=320"));
}

#[test]
fn stop_ends_handshakes_and_lets_nobody_in() {
    let broker = broker();
    let address = broker.addresses()[0];
    let mut silent = Client::raw(&broker);
    let mut greeted = Client::raw(&broker);
    assert!(greeted.ask(LOGIN[0]).starts_with("connection.start"));
    let began = Instant::now();
    broker.stop("over");
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(silent.hears_the_end());
    assert!(greeted.hears_the_end());
    closed(address);
}

#[test]
fn drop_is_quick_with_many_connections_at_work() {
    let broker = broker();
    let mut clients: Vec<Client> = (0..200).map(|_| Client::new(&broker)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        let queue = format!("q{}", number % 10);
        client.say(&format!("queue.declare queue='{queue}' durable"));
        client.say(&format!("basic.consume queue='{queue}' nowait"));
        for _ in 0..20 {
            client.publish(&queue, "m");
        }
    }
    let began = Instant::now();
    drop(broker);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

#[test]
fn a_port_is_free_as_soon_as_its_broker_is_gone() {
    for stop in [drop, |broker: Broker| broker.stop("over")] {
        let broker = Broker::builder().configure(|settings| settings.shutdown_timeout_ms = 50);
        let broker = broker.start().unwrap();
        let address = broker.addresses()[0];
        let client = Client::new(&broker);
        stop(broker);
        drop(client);
        TcpListener::bind(address).unwrap();
    }
}

#[test]
fn nothing_of_a_broker_stays_in_memory() {
    let broker = broker();
    let mut client = Client::new(&broker);
    for (source, destination) in [("amq.fanout", "amq.topic"), ("amq.topic", "amq.fanout")] {
        let bound = client.ask(&format!(
            "exchange.bind destination='{destination}' source='{source}'"
        ));
        assert_eq!(bound, "exchange.bind-ok");
    }
    client.declare("q", "x-message-ttl: 3600000");
    client.ask("queue.bind queue='q' exchange='amq.topic' routing-key='#'");
    client.ask("basic.consume queue='q' consumer-tag='c'");
    client.publish("q", "m");
    client.hear();
    let desk: Weak<Desk> = Arc::downgrade(broker.desk());
    let vhost = Arc::downgrade(&broker.desk().find_vhost("/").unwrap());
    let queue = Arc::downgrade(&vhost.upgrade().unwrap().find_queue("q").unwrap());
    drop(broker);
    let left = (
        desk.strong_count(),
        vhost.strong_count(),
        queue.strong_count(),
    );
    assert_eq!(
        left,
        (0, 0, 0),
        "broker, vhost and queue that are still referred to"
    );
}

#[test]
fn no_thread_is_left() {
    if !is_alone("shutdown::no_thread_is_left") {
        return;
    }
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads();
    for stop in [drop, |broker: Broker| broker.stop("over")] {
        let brokers = [broker(), broker(), broker()];
        let clients = brokers.each_ref().map(Client::new);
        assert!(threads() > before);
        drop(clients);
        brokers.into_iter().for_each(stop);
        // The system counts a thread for a moment longer than joining it takes.
        eventually("every thread is gone", || threads() == before);
    }
}

#[test]
fn no_file_descriptor_is_left() {
    if !is_alone("shutdown::no_file_descriptor_is_left") {
        return;
    }
    // The runtime's signal pipe is made with the first broker, for the whole process.
    drop(broker());
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    let broker = broker();
    let mut clients: Vec<Client> = (0..50).map(|_| Client::new(&broker)).collect();
    clients.iter_mut().for_each(Client::sync);
    drop(clients.split_off(25));
    eventually("half of them are gone", || {
        broker.desk().sessions().len() == 25
    });
    drop(broker);
    drop(clients);
    assert_eq!(descriptors(), before);
}

/// A store that a second broker can be started on.
#[derive(Default)]
struct RestartStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last: u64,
    definitions: BTreeMap<(DefinitionKind, String), String>,
    messages: BTreeMap<(QueueId, RecordAt), Stored>,
}

#[derive(Clone)]
struct Stored {
    message: Message,
    returns: Returns,
}

impl Inner {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl Store for RestartStore {
    fn recover(&self, definitions: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        for ((kind, key), json) in self.inner.lock().definitions.clone() {
            definitions(Definition { kind, key, json });
        }
        Ok(())
    }

    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        let messages = self.inner.lock().messages.clone();
        for ((queue, at), stored) in messages {
            let recovered = Recovered {
                at,
                body_len: u32::try_from(stored.message.body_len()).unwrap(),
                head_len: 0,
                mark: 0,
                priority: stored.message.properties().priority().unwrap(),
                ttl_ms: stored.message.expiration_ms(),
                stored_at: Wall::from_millis(0),
                sequence: 0,
                returns: stored.returns,
                redelivered: true,
            };
            each(queue, &[recovered]);
        }
        Ok(())
    }

    fn next_queue_id(&self) -> QueueId {
        QueueId(self.inner.lock().next())
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        let mut inner = self.inner.lock();
        for op in ops {
            match op {
                Op::Message {
                    message,
                    queues,
                    at,
                    ..
                } => {
                    **at = RecordAt(inner.next());
                    for queue in queues.iter() {
                        let message = (*message).clone();
                        let stored = Stored {
                            message,
                            returns: Returns::default(),
                        };
                        inner.messages.insert((*queue, **at), stored);
                    }
                }
                Op::Settled { queue, records } | Op::Moved { queue, records } => {
                    for record in records.iter() {
                        inner.messages.remove(&(*queue, *record)).unwrap();
                    }
                }
                Op::Returned {
                    queue,
                    record,
                    returns,
                } => {
                    let stored = inner.messages.get_mut(&(*queue, *record)).unwrap();
                    stored.returns = *returns;
                }
                Op::Dropped { queue } => {
                    inner.messages.retain(|(in_queue, _), _| in_queue != queue)
                }
            }
        }
        Position(inner.last)
    }

    fn define(&self, changes: &[DefinitionChange]) -> Position {
        let mut inner = self.inner.lock();
        for change in changes.iter().cloned() {
            match change {
                DefinitionChange::Put(Definition { kind, key, json }) => {
                    inner.definitions.insert((kind, key), json);
                }
                DefinitionChange::Delete(kind, key) => drop(inner.definitions.remove(&(kind, key))),
            }
        }
        Position(inner.next())
    }

    fn durable(&self) -> Position {
        Position(u64::MAX)
    }

    fn watch(&self, _watch: Arc<dyn DurableWatch>) {}

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        let inner = self.inner.lock();
        let found = inner.messages.iter().find(|((_, other), _)| *other == at);
        let stored = found.ok_or(StoreError::Damaged { at })?.1;
        Ok(stored.message.clone())
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn on(store: &Arc<RestartStore>) -> (Broker, Client) {
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    let broker = Broker::builder()
        .store(store)
        .clock(Clock::test())
        .start()
        .unwrap();
    let client = Client::new(&broker);
    (broker, client)
}

fn persistent(client: &mut Client, exchange: &str, key: &str, body: &str) {
    client.say(&format!(
        "basic.publish exchange='{exchange}' routing-key='{key}' body='{body}' {{delivery-mode=2}}"
    ));
}

fn is_missing(client: &mut Client, what: &str) {
    assert_eq!(client.ask("9> channel.open"), "9< channel.open-ok");
    let heard = client.ask(&format!("9> {what}"));
    assert!(
        heard.starts_with("9< channel.close code=404"),
        "{what}: {heard}"
    );
    client.say("9> channel.close-ok");
}

#[test]
fn what_is_durable_is_there_again_after_stop_and_after_drop() {
    for stop in [drop, |broker: Broker| broker.stop("over")] {
        let store = Arc::new(RestartStore::default());
        let (broker, mut client) = on(&store);
        client.ask("exchange.declare exchange='x' type='topic' durable");
        client.declare("q", "x-max-length: 10");
        client.ask("queue.bind queue='q' exchange='x' routing-key='a.#'");
        for body in ["acked", "unacked", "ready"] {
            persistent(&mut client, "x", "a.b", body);
        }
        client.publish("q", "transient");
        for tag in [1, 2] {
            let got = client.ask("basic.get queue='q'");
            assert!(
                got.starts_with(&format!("basic.get-ok delivery-tag={tag}")),
                "{got}"
            );
        }
        client.say("basic.ack delivery-tag=1");
        client.sync();
        drop(client);
        eventually("it is gone", || broker.desk().sessions().is_empty());
        stop(broker);
        let (_broker, mut client) = on(&store);
        persistent(&mut client, "x", "a.c", "new");
        assert_eq!(client.drain("q"), ["unacked", "ready", "new"]);
        let other = client.ask("queue.declare queue='q' durable arguments={x-max-length: 11}");
        assert!(other.starts_with("channel.close code=406"), "{other}");
    }
}

#[test]
fn what_is_unacked_at_a_drop_is_there_again() {
    let store = Arc::new(RestartStore::default());
    let (broker, mut client) = on(&store);
    client.declare("q", "");
    persistent(&mut client, "", "q", "m");
    assert!(
        client
            .ask("basic.get queue='q'")
            .starts_with("basic.get-ok")
    );
    drop(broker);
    let (_broker, mut client) = on(&store);
    assert_eq!(client.drain("q"), ["m"]);
}

#[test]
fn what_belongs_to_a_connection_is_not_there_again() {
    let store = Arc::new(RestartStore::default());
    let (broker, mut client) = on(&store);
    client.ask("queue.declare queue='mine' exclusive durable");
    client.ask("queue.declare queue='brief'");
    client.ask("exchange.declare exchange='brief' type='fanout'");
    drop(broker);
    let (_broker, mut client) = on(&store);
    is_missing(&mut client, "queue.declare queue='mine' passive");
    is_missing(&mut client, "queue.declare queue='brief' passive");
    is_missing(&mut client, "exchange.declare exchange='brief' passive");
}

#[test]
fn delayed_messages_are_there_again_with_what_is_left_of_their_delay() {
    let store = Arc::new(RestartStore::default());
    let (broker, mut client) = on(&store);
    client.declare("q", "");
    client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' durable \
         arguments={x-delayed-type: 'fanout'}",
    );
    client.ask("queue.bind queue='q' exchange='later'");
    client
        .say("basic.publish exchange='later' body='m' {delivery-mode=2 headers={x-delay: I60000}}");
    client.sync();
    drop(broker);
    let (broker, mut client) = on(&store);
    assert_eq!(client.ready("q"), 0);
    broker.clock().advance(Duration::from_secs(60));
    assert_eq!(client.drain("q"), ["m"]);
}

#[test]
fn a_deleted_vhost_leaves_nothing_in_the_store() {
    let store = Arc::new(RestartStore::default());
    let (broker, mut client) = on(&store);
    let before = store.inner.lock().definitions.len();
    client.ask("exchange.declare exchange='x' type='fanout' durable");
    client.declare("q", "");
    client.ask("queue.bind queue='q' exchange='x'");
    persistent(&mut client, "x", "", "m");
    client.sync();
    assert!(store.inner.lock().definitions.len() >= before + 3);
    broker
        .desk()
        .administration()
        .delete_vhost("/")
        .unwrap()
        .unwaited();
    let inner = store.inner.lock();
    let kinds: Vec<_> = inner.definitions.keys().map(|(kind, _)| *kind).collect();
    assert_eq!(
        kinds,
        [
            DefinitionKind::User,
            DefinitionKind::GlobalParameter,
            DefinitionKind::GlobalParameter
        ],
        "{:?}",
        inner.definitions.keys()
    );
    assert!(inner.messages.is_empty());
}

//! The program is killed again and again while a real client library publishes, consumes and
//! acknowledges; what came of it is held against a plain history.
//!
//! `LEVERET_KILL_ROUNDS=300 cargo test --test it kill::` kills more often than a test usually
//! does.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amqprs::callbacks::ChannelCallback;
use amqprs::channel::{
    BasicAckArguments, BasicConsumeArguments, BasicPublishArguments, BasicQosArguments, Channel,
    ConfirmSelectArguments, QueueDeclareArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::{Ack, BasicProperties, CloseChannel, DELIVERY_MODE_PERSISTENT, Nack, Return};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::history::{Fault, History, Id};
use crate::process::Process;

mod history;
mod packing;

/// Rounds of an ordinary test run.
const ROUNDS: u64 = 4;
const QUEUES: [&str; 2] = ["kill.left", "kill.right"];
/// Producers, each with a connection and a channel, each to the queue of its number.
const PRODUCERS: u64 = 4;
/// Messages of a producer that may wait for their confirms.
const UNCONFIRMED_MAX: u64 = 400;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Shared = Arc<history::Shared>;

async fn connect(address: SocketAddr) -> Option<(Connection, Channel)> {
    let arguments = OpenConnectionArguments::new("127.0.0.1", address.port(), "guest", "guest");
    let connection = Connection::open(&arguments).await.ok()?;
    let channel = connection.open_channel(None).await.ok()?;
    Some((connection, channel))
}

/// Notes confirms.
struct Confirms {
    history: Shared,
    producer: u64,
    round: u64,
}

type Heard = Result<(), amqprs::error::Error>;

#[async_trait::async_trait]
impl ChannelCallback for Confirms {
    async fn close(&mut self, _: &Channel, _: CloseChannel) -> Heard {
        Ok(())
    }
    async fn cancel(&mut self, _: &Channel, _: amqprs::Cancel) -> Heard {
        Ok(())
    }
    async fn flow(&mut self, _: &Channel, active: bool) -> Result<bool, amqprs::error::Error> {
        Ok(active)
    }
    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        let (producer, round) = (self.producer, self.round);
        self.history.change(|history| {
            history.confirm(producer, round, ack.delivery_tag(), ack.mutiple());
        });
    }
    async fn publish_nack(&mut self, _: &Channel, nack: Nack) {
        panic!("nothing gives cause for {nack:?}");
    }
    async fn publish_return(
        &mut self,
        _: &Channel,
        returned: Return,
        _: BasicProperties,
        _: Vec<u8>,
    ) {
        panic!("nothing gives cause for {returned}");
    }
}

/// Publishes until the connection ends. The n-th message of a channel has the delivery tag n.
async fn produce(address: SocketAddr, history: Shared, producer: u64, round: u64) {
    let Some((_connection, channel)) = connect(address).await else {
        return;
    };
    let callback = Confirms {
        history: Arc::clone(&history),
        producer,
        round,
    };
    if channel.register_callback(callback).await.is_err()
        || channel
            .confirm_select(ConfirmSelectArguments::default())
            .await
            .is_err()
    {
        return;
    }
    let queue = producer % QUEUES.len() as u64;
    let arguments = BasicPublishArguments::new("", QUEUES[usize::try_from(queue).unwrap()]);
    for number in 1.. {
        history
            .until(|history| history.unconfirmed(producer, round) < UNCONFIRMED_MAX)
            .await;
        let id = Id {
            producer,
            round,
            number,
        };
        // Noted first: it may arrive before the call is back.
        history.change(|history| history.publish(queue, id));
        let properties = BasicProperties::default()
            .with_delivery_mode(DELIVERY_MODE_PERSISTENT)
            .finish();
        let body = id.body();
        if channel
            .basic_publish(properties, body, arguments.clone())
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Consumes and acknowledges until the connection ends.
async fn consume(address: SocketAddr, history: Shared, queue: u64) {
    let Some((_connection, channel)) = connect(address).await else {
        return;
    };
    let session = history.change(History::begin_session);
    let prefetch = BasicQosArguments::new(0, 50, false);
    if channel.basic_qos(prefetch).await.is_err() {
        return;
    }
    let name = QUEUES[usize::try_from(queue).unwrap()];
    let arguments = BasicConsumeArguments::new(name, "worker");
    let Ok((_tag, mut deliveries)) = channel.basic_consume_rx(arguments).await else {
        return;
    };
    while let Some(delivery) = deliveries.recv().await {
        let (Some(method), Some(body)) = (delivery.deliver, delivery.content) else {
            continue;
        };
        let id = Id::read(&body);
        let count = history.change(|history| {
            history.deliver(session, queue, id, method.redelivered());
            history.delivered()
        });
        // Acks come for several at once, and some never come: a broker must live with both.
        if count.is_multiple_of(3) {
            let ack = BasicAckArguments::new(method.delivery_tag(), true);
            if channel.basic_ack(ack).await.is_err() {
                return;
            }
        }
    }
}

/// Takes everything that is left.
async fn drain(address: SocketAddr, history: &Shared) {
    let (_connection, channel) = connect(address).await.unwrap();
    for (queue, name) in QUEUES.iter().enumerate() {
        let session = history.change(History::begin_session);
        let look = QueueDeclareArguments::new(name).passive(true).finish();
        let (_, left, _) = channel.queue_declare(look).await.unwrap().unwrap();
        // Not with basic.get: an answer that comes too soon for this library makes it panic.
        let arguments = BasicConsumeArguments::new(name, name)
            .manual_ack(false)
            .finish();
        let (_, mut deliveries) = channel.basic_consume_rx(arguments).await.unwrap();
        for _ in 0..left {
            let delivery = deliveries.recv().await.unwrap();
            let redelivered = delivery.deliver.unwrap().redelivered();
            let id = Id::read(&delivery.content.unwrap());
            let queue = queue as u64;
            history.change(|history| history.deliver(session, queue, id, redelivered));
        }
    }
}

/// One life of a broker: some work, then the end without warning.
async fn live_and_die(broker: Process, history: &Shared, round: u64, dice: &mut Dice) {
    let (_connection, channel) = connect(broker.address()).await.unwrap();
    for queue in QUEUES {
        let arguments = QueueDeclareArguments::durable_client_named(queue);
        channel.queue_declare(arguments).await.unwrap();
    }
    let mut work = JoinSet::new();
    for producer in 0..PRODUCERS {
        let history = Arc::clone(history);
        work.spawn(produce(broker.address(), history, producer, round));
    }
    for queue in 0..QUEUES.len() as u64 {
        work.spawn(consume(broker.address(), Arc::clone(history), queue));
    }
    let enough = history.change(|history| history.confirmed()) + 1 + dice.below(3_000);
    let until = history.until(|history| history.confirmed() >= enough);
    timeout(PATIENCE, until).await.expect("confirms come");
    broker.kill();
    work.shutdown().await;
}

/// SplitMix64: the same seed kills after the same numbers of confirms.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_confirmed_is_lost_however_often_it_is_killed() {
    let rounds = std::env::var("LEVERET_KILL_ROUNDS");
    let rounds = rounds.map_or(ROUNDS, |text| text.parse().expect("a number of rounds"));
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let history = Shared::default();
    let mut dice = Dice(rounds);
    for round in 1..=rounds {
        let broker = Process::start(&data, dir.path(), &[]);
        live_and_die(broker, &history, round, &mut dice).await;
    }
    let broker = Process::start(&data, dir.path(), &[]);
    drain(broker.address(), &history).await;
    let faults = history.change(|history| history.faults());
    let (confirmed, delivered) =
        history.change(|history| (history.confirmed(), history.delivered()));
    println!("{rounds} kills, {confirmed} confirms, {delivered} deliveries");
    let first: Vec<&Fault> = faults.iter().take(10).collect();
    assert!(faults.is_empty(), "{} faults, {first:?} …", faults.len());
    assert!(!broker.log().contains("damaged"), "{}", broker.log());
}

//! Any operations of two clients on one broker, against plain lists: publish, consume, get, settle,
//! cancel, commit, break the rules, go away, with a disk that keeps up or does not.
//!
//! Checks I1 to I9 and I11 after every operation, some of them in what is heard alone (`ear`), and
//! I12 by doing all of it again. What a restart brings back (I10) is `tests/it/machine.rs`.

use std::collections::{BTreeMap, BTreeSet};

use leveret_codec::encode::{encode_body, encode_content_header};
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::types::DeliveryTag;
use proptest::prelude::*;

use self::ear::Ear;
use super::*;
use crate::store::ScriptedStore;

mod checks;
mod ear;
mod ops;

use ops::{Op, Rule, Settled, op};

const CLIENTS: usize = 2;
/// Channel 1 confirms, channel 2 is plain, channel 3 is one of transactions.
const CHANNELS: u16 = 3;
const CONFIRMING: u16 = 1;
const TRANSACTIONS: u16 = 3;
const TUNED: ConnectionTuneOk = ConnectionTuneOk {
    channel_max: CHANNELS,
    frame_max: 4096,
    heartbeat: 60,
};
/// A durable queue, a transient one, and those of the clients alone. `amq.fanout` leads to the
/// first two, and nothing leads to "nowhere".
const QUEUES: [&str; 5] = ["a", "b", "x0", "x1", "nowhere"];

/// Messages that were delivered, by queue and consumer.
type Delivered = BTreeMap<&'static str, BTreeMap<String, Vec<u64>>>;

fn own_queue(client: usize) -> &'static str {
    QUEUES[2 + client]
}

struct Consumer {
    tag: String,
    queue: &'static str,
    prefetch: usize,
    no_ack: bool,
}

/// A delivery that is not settled.
#[derive(Clone)]
struct Unacked {
    queue: &'static str,
    number: u64,
    /// Empty for gets.
    consumer: String,
}

/// What one channel of a client has.
#[derive(Default)]
struct Line {
    consumers: Vec<Consumer>,
    unacked: BTreeMap<u64, Unacked>,
    /// Those that will be settled by a commit, all in one way.
    settling: BTreeMap<u64, Unacked>,
    settled: Option<Settled>,
    /// For each publish that is not confirmed, how far the store must be first.
    unconfirmed: BTreeMap<u64, Position>,
    published: u64,
    /// The queue that was asked for a message.
    asked: &'static str,
}

impl Line {
    fn all_unacked(&self) -> impl Iterator<Item = &Unacked> {
        self.unacked.values().chain(self.settling.values())
    }
}

struct Client {
    script: Script,
    ear: Ear,
    lines: [Line; CHANNELS as usize + 1],
    /// All that it heard, for [`run`].
    octets: Vec<u8>,
    /// What it heard that is no message.
    said: Vec<(u16, String)>,
}

struct Machine {
    store: Arc<ScriptedStore>,
    broker: Arc<Desk>,
    clients: Vec<Client>,
    /// What is ready in each queue: messages are numbers that rise.
    ready: BTreeMap<&'static str, BTreeSet<u64>>,
    numbered: u64,
    returned: BTreeSet<u64>,
    consumers_made: u64,
    /// What the clients have heard since the last look.
    delivered: Delivered,
    /// How many groups came back to each queue since then: a channel gives back what one consumer
    /// has held after what another one has, and each group may be delivered before the next comes.
    came_back: BTreeMap<&'static str, usize>,
}

impl Client {
    fn new(broker: &Arc<Desk>, number: usize) -> Self {
        let mut script = Script::tuned(Arc::clone(broker), TUNED);
        for channel in 1..=CHANNELS {
            script.say(ChannelId(channel), ChannelOpen::default());
        }
        let queue = short(own_queue(number));
        let exclusive = true;
        let declare = QueueDeclare {
            queue,
            exclusive,
            ..Default::default()
        };
        script.say(ChannelId(2), declare);
        let mut client = Self {
            script,
            ear: Ear::new(TUNED.frame_max),
            lines: Default::default(),
            octets: Vec::new(),
            said: Vec::new(),
        };
        client.choose_modes();
        client
    }

    fn choose_modes(&mut self) {
        let script = &mut self.script;
        script.say(ChannelId(CONFIRMING), ConfirmSelect { nowait: false });
        script.say(ChannelId(TRANSACTIONS), TxSelect {});
    }

    fn line(&mut self, channel: u16) -> &mut Line {
        &mut self.lines[usize::from(channel)]
    }

    fn consumer(&self, tag: &str) -> Option<&Consumer> {
        let all = self.lines.iter().flat_map(|line| &line.consumers);
        all.into_iter().find(|consumer| consumer.tag == tag)
    }

    /// Whether it was told so since the last look.
    fn was_told(&mut self, what: &str) -> bool {
        std::mem::take(&mut self.said)
            .iter()
            .any(|(_, said)| said.starts_with(what))
    }
}

impl Machine {
    fn new() -> Self {
        let store = Arc::new(ScriptedStore::behind());
        let broker = broker_on(Arc::<ScriptedStore>::clone(&store), |_| {});
        let mut clients: Vec<_> = (0..CLIENTS).map(|n| Client::new(&broker, n)).collect();
        for (queue, durable) in [("a", true), ("b", false)] {
            let declare = QueueDeclare {
                queue: short(queue),
                durable,
                ..Default::default()
            };
            let bind = QueueBind {
                queue: short(queue),
                exchange: short("amq.fanout"),
                ..Default::default()
            };
            clients[0].script.say(ChannelId(2), declare);
            clients[0].script.say(ChannelId(2), bind);
        }
        let mut machine = Self {
            store,
            broker,
            clients,
            ready: QUEUES.map(|queue| (queue, BTreeSet::new())).into(),
            numbered: 0,
            returned: BTreeSet::new(),
            consumers_made: 0,
            delivered: Delivered::new(),
            came_back: BTreeMap::new(),
        };
        machine.listen();
        machine
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Publish { at, ref letters } => self.publish(at, letters),
            Op::Transaction {
                client,
                ref letters,
                commits,
            } => self.transaction(client, letters, commits),
            Op::Consume {
                at,
                queue,
                prefetch,
                no_ack,
            } => self.consume(at, queue, prefetch, no_ack),
            Op::Cancel { at } => self.cancel(at),
            Op::Get { at, queue } => self.get(at, queue),
            Op::Settle {
                at,
                nth,
                multiple,
                how,
            } => self.settle(at, nth, multiple, how),
            Op::CatchUp => {
                self.store.catch_up();
                self.store.tell();
            }
            Op::Wait { ms } => {
                for client in &mut self.clients {
                    client.script.heartbeat();
                    client.script.wait_ms(ms);
                }
            }
            Op::CloseChannel { at } => self.close_channel(at),
            Op::FailChannel { at } => self.fail_channel(at),
            Op::Leave { client, how } => self.leave(client, how),
        }
        self.listen();
        self.check();
    }

    /// Writes a publish and enters it where it goes, once it does.
    fn letter(&mut self, channel: u16, letter: &ops::Letter, octets: &mut Vec<u8>) -> u64 {
        let number = self.numbered;
        self.numbered += 1;
        let exchange = if letter.to_all { "amq.fanout" } else { "" };
        let method = BasicPublish {
            exchange: short(exchange).into(),
            routing_key: short(letter.queue).into(),
            mandatory: true,
            ..Default::default()
        };
        encode_method(octets, ChannelId(channel), &method.into());
        let properties = Properties {
            delivery_mode: Some(if letter.persistent { 2 } else { 1 }),
            ..Default::default()
        };
        let mut encoded = Vec::new();
        properties.encode(&mut encoded);
        let mut body = number.to_be_bytes().to_vec();
        body.resize(8 + letter.len, 0);
        let (id, properties) = (ChannelId(channel), PropertiesRef::new(&encoded));
        encode_content_header(octets, id, 60, body.len() as u64, properties);
        encode_body(octets, id, &body, TUNED.frame_max);
        number
    }

    fn enter(&mut self, letter: &ops::Letter, number: u64) {
        let everywhere: &[_] = &["a", "b"];
        let one = [letter.queue];
        let queues = if letter.to_all { everywhere } else { &one };
        for queue in queues {
            self.ready.get_mut(queue).unwrap().insert(number);
        }
    }

    /// Publishes in one read.
    fn publish(&mut self, (client, channel): (usize, u16), letters: &[ops::Letter]) {
        let mut octets = Vec::new();
        let mut staged = self.store.end();
        for letter in letters {
            let number = self.letter(channel, letter, &mut octets);
            self.enter(letter, number);
            let is_stored = letter.persistent && (letter.to_all || letter.queue == "a");
            // What it is stored at lies behind all before it.
            staged.0 += u64::from(is_stored);
            let line = self.clients[client].line(channel);
            line.published += 1;
            if channel == CONFIRMING {
                let until = if is_stored {
                    staged
                } else {
                    Position::default()
                };
                let number = line.published;
                line.unconfirmed.insert(number, until);
            }
        }
        self.clients[client].script.octets(&octets);
    }

    fn transaction(&mut self, client: usize, letters: &[ops::Letter], commits: bool) {
        let line = self.clients[client].line(TRANSACTIONS);
        let how = line.settled.take();
        // What goes back is delivered behind what is published, whatever its number is.
        let letters = if how == Some(Settled::Back) {
            &[]
        } else {
            letters
        };
        let settling = std::mem::take(&mut line.settling);
        if commits {
            let settled = settling.into_values().collect();
            self.settled(settled, how.unwrap_or(Settled::Ack));
        } else {
            line.unacked.extend(settling);
        }
        let mut octets = Vec::new();
        let mut is_stored = false;
        for letter in letters {
            let number = self.letter(TRANSACTIONS, letter, &mut octets);
            if commits {
                self.enter(letter, number);
                is_stored |= letter.persistent && (letter.to_all || letter.queue == "a");
            }
        }
        self.store.catch_up();
        self.store.tell();
        self.clients[client].script.octets(&octets);
        let script = &mut self.clients[client].script;
        if commits {
            script.say(ChannelId(TRANSACTIONS), TxCommit {});
        } else {
            script.say(ChannelId(TRANSACTIONS), TxRollback {});
        }
        self.hear();
        let was_told = self.clients[client].was_told("tx.commit-ok");
        assert!(
            !was_told || !is_stored,
            "I1: commit-ok before it is durable"
        );
        self.store.catch_up();
        self.store.tell();
        self.hear();
        let was_told = was_told || self.clients[client].was_told("tx.commit-ok");
        assert_eq!(was_told, commits, "tx.commit-ok");
    }

    fn consume(
        &mut self,
        (client, channel): (usize, u16),
        queue: &'static str,
        prefetch: u16,
        no_ack: bool,
    ) {
        if queue == "nowhere" || queue == own_queue(1 - client) {
            return;
        }
        self.consumers_made += 1;
        let tag = format!("{queue}-{}", self.consumers_made);
        let client = &mut self.clients[client];
        let qos = BasicQos {
            prefetch_count: prefetch,
            ..Default::default()
        };
        let consume = BasicConsume {
            queue: short(queue),
            consumer_tag: short(&tag),
            no_ack,
            ..Default::default()
        };
        client.script.say(ChannelId(channel), qos);
        client.script.say(ChannelId(channel), consume);
        client.line(channel).consumers.push(Consumer {
            tag: tag.clone(),
            queue,
            prefetch: usize::from(prefetch),
            no_ack,
        });
    }

    fn cancel(&mut self, (client, channel): (usize, u16)) {
        let client = &mut self.clients[client];
        let Some(consumer) = client.line(channel).consumers.pop() else {
            return;
        };
        let cancel = BasicCancel {
            consumer_tag: short(&consumer.tag),
            nowait: false,
        };
        client.script.say(ChannelId(channel), cancel);
    }

    fn get(&mut self, (client, channel): (usize, u16), queue: &'static str) {
        if queue == "nowhere" || queue == own_queue(1 - client) {
            return;
        }
        let client = &mut self.clients[client];
        client.line(channel).asked = queue;
        let get = BasicGet {
            queue: short(queue),
            ..Default::default()
        };
        client.script.say(ChannelId(channel), get);
    }

    fn settle(
        &mut self,
        (client, channel): (usize, u16),
        nth: usize,
        multiple: bool,
        how: Settled,
    ) {
        let client = &mut self.clients[client];
        if client
            .line(channel)
            .settled
            .is_some_and(|other| other != how)
        {
            return;
        }
        let tags: Vec<u64> = client.line(channel).unacked.keys().copied().collect();
        let Some(tag) = nth.checked_rem(tags.len()).map(|nth| tags[nth]) else {
            return;
        };
        let (delivery_tag, id) = (DeliveryTag(tag), ChannelId(channel));
        match how {
            Settled::Ack => client.script.say(
                id,
                BasicAck {
                    delivery_tag,
                    multiple,
                },
            ),
            Settled::Back | Settled::Away => {
                let requeue = how == Settled::Back;
                let nack = BasicNack {
                    delivery_tag,
                    multiple,
                    requeue,
                };
                client.script.say(id, nack);
            }
        }
        let line = client.line(channel);
        let settled: Vec<u64> = if multiple {
            line.unacked.range(..=tag).map(|(tag, _)| *tag).collect()
        } else {
            vec![tag]
        };
        let settled = settled.into_iter();
        let settled = settled.map(|tag| (tag, line.unacked.remove(&tag).unwrap()));
        if channel == TRANSACTIONS {
            line.settling.extend(settled);
            line.settled = Some(how);
        } else {
            let settled = settled.map(|(_, unacked)| unacked).collect();
            self.settled(settled, how);
        }
    }

    fn settled(&mut self, deliveries: Vec<Unacked>, how: Settled) {
        if how == Settled::Back {
            let mut groups = BTreeSet::new();
            for Unacked {
                queue,
                number,
                consumer,
            } in deliveries
            {
                self.ready.get_mut(queue).unwrap().insert(number);
                groups.insert((queue, consumer));
            }
            for (queue, _) in groups {
                *self.came_back.entry(queue).or_default() += 1;
            }
        }
    }

    /// What a channel had goes back to its queues.
    fn give_back(&mut self, client: usize, channel: u16) {
        let line = std::mem::take(self.clients[client].line(channel));
        let unacked = line.unacked.into_values();
        let all = unacked.chain(line.settling.into_values()).collect();
        self.settled(all, Settled::Back);
    }

    fn close_channel(&mut self, (client, channel): (usize, u16)) {
        let close = ChannelClose::default();
        self.clients[client].script.say(ChannelId(channel), close);
        self.give_back(client, channel);
        self.listen();
        self.reopen(client, channel);
    }

    /// A settlement of what is not there (I4), then more of the same on the closed channel, which
    /// must come to nothing (I8).
    fn fail_channel(&mut self, (client, channel): (usize, u16)) {
        let (id, delivery_tag) = (ChannelId(channel), DeliveryTag(1 << 40));
        let ack = BasicAck {
            delivery_tag,
            multiple: false,
        };
        self.clients[client].script.say(id, ack);
        self.give_back(client, channel);
        self.listen();
        let was_told = self.clients[client].was_told("channel.close ");
        assert!(was_told, "I4: a settlement of nothing is taken");
        let get = BasicGet {
            queue: short("a"),
            ..Default::default()
        };
        self.clients[client].script.say(id, get);
        let mut octets = Vec::new();
        let letter = ops::Letter {
            queue: "a",
            to_all: false,
            persistent: true,
            len: 0,
        };
        self.letter(channel, &letter, &mut octets);
        self.clients[client].script.octets(&octets);
        self.listen();
        self.clients[client].script.say(id, ChannelCloseOk {});
        self.reopen(client, channel);
    }

    fn reopen(&mut self, client: usize, channel: u16) {
        let client = &mut self.clients[client];
        client
            .script
            .say(ChannelId(channel), ChannelOpen::default());
        match channel {
            CONFIRMING => client
                .script
                .say(ChannelId(channel), ConfirmSelect { nowait: false }),
            TRANSACTIONS => client.script.say(ChannelId(channel), TxSelect {}),
            _ => {}
        }
    }

    /// A client goes, and comes again.
    fn leave(&mut self, client: usize, how: Rule) {
        let script = &mut self.clients[client].script;
        match how {
            Rule::Close => script.say(ZERO, ConnectionClose::default()),
            Rule::Vanish => script.connection.on_lost(script.now, &Lost::ByPeer),
            Rule::Interrupt => {
                script.say(ONE, BasicPublish::default());
                script.say(ONE, BasicGet::default());
            }
            Rule::LongFrame => {
                let frame = raw_frame(FRAME_BODY, 1, &[0; 5000], 0xCE);
                script.octets(&frame[..20]);
            }
            Rule::ManyChannels => script.say(ChannelId(CHANNELS + 1), ChannelOpen::default()),
        }
        for channel in 1..=CHANNELS {
            self.give_back(client, channel);
        }
        self.ready.get_mut(own_queue(client)).unwrap().clear();
        self.listen();
        let rule = match how {
            Rule::Interrupt => "I6",
            Rule::LongFrame => "I7",
            Rule::ManyChannels => "I11",
            Rule::Close | Rule::Vanish => "I9",
        };
        let gone = &mut self.clients[client];
        let flow = gone.script.connection.flow();
        assert!(
            matches!(flow, Flow::Leave | Flow::Close(_)),
            "{rule}: {flow:?}"
        );
        let vhost = self.broker.find_vhost("/").unwrap();
        let own = vhost.find_queue(own_queue(client));
        assert!(
            own.is_none(),
            "I9: an exclusive queue of a client that is gone"
        );
        let sessions = self.broker.sessions().len();
        assert_eq!(sessions, CLIENTS - 1, "I9: a connection that is gone");
        let mailbox = gone.script.connection.mailbox();
        assert_eq!(mailbox.pressure(), 0, "I9: mail of a client that is gone");
        let octets = std::mem::take(&mut gone.octets);
        *gone = Client::new(&self.broker, client);
        gone.octets = octets;
    }
}

/// Does all of `ops`; what the clients heard, octet by octet.
fn run(ops: &[Op]) -> Vec<Vec<u8>> {
    let mut machine = Machine::new();
    for op in ops {
        machine.apply(op);
    }
    let clients = machine.clients.into_iter();
    clients.map(|client| client.octets).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn two_clients_see_what_lists_say(ops in prop::collection::vec(op(), 1..60)) {
        prop_assert_eq!(run(&ops), run(&ops), "I12");
    }
}

// Tables whose order differs from one run to the next must not decide who is told first.
#[test]
fn the_same_again_is_heard_octet_by_octet() {
    let letter = |queue| ops::Letter {
        queue,
        to_all: false,
        persistent: false,
        len: 10,
    };
    let consume = |at, queue| Op::Consume {
        at,
        queue,
        prefetch: 2,
        no_ack: false,
    };
    let plain = [(0, 2), (0, 2), (0, 2), (1, 2)];
    let mut ops: Vec<Op> = plain
        .iter()
        .flat_map(|at| [consume(*at, "a"), consume(*at, "b")])
        .collect();
    ops.push(Op::Publish {
        at: (1, 1),
        letters: ["a", "b"].repeat(8).into_iter().map(letter).collect(),
    });
    // The other client takes what comes back.
    ops.push(Op::Settle {
        at: (1, 2),
        nth: 3,
        multiple: true,
        how: Settled::Ack,
    });
    ops.push(Op::CloseChannel { at: (0, 2) });
    let first = run(&ops);
    for _ in 0..8 {
        assert_eq!(run(&ops), first, "I12");
    }
}

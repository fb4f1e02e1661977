//! Everything that the clients of the machine hear, against its lists.

use super::super::*;
use super::ear::Heard;
use super::{CONFIRMING, Consumer, Line, Machine, QUEUES, Unacked};
use crate::limits::READ_BUFFER_MIN;

impl Machine {
    /// Reads all mail and all that is written, until there is none.
    pub(super) fn hear(&mut self) {
        for rounds in 0.. {
            assert!(rounds < 1_000, "I11: mail without end");
            let mut any = false;
            for at in 0..self.clients.len() {
                let client = &mut self.clients[at];
                let script = &mut client.script;
                if !matches!(script.connection.flow(), Flow::Close(_)) {
                    any |= script.connection.on_mail(script.now, Waker::noop());
                }
                script.feed();
                let octets = script.raw();
                any |= !octets.is_empty();
                let heard = client.ear.read(&octets);
                client.octets.extend(octets);
                for heard in heard {
                    self.on_heard(at, heard);
                }
            }
            if !any {
                break;
            }
        }
    }

    pub(super) fn listen(&mut self) {
        self.hear();
        // Each consumer gets it in order, and together it is the head of the queue; or each group
        // that came back by itself.
        let came_back = std::mem::take(&mut self.came_back);
        for (queue, by_consumer) in std::mem::take(&mut self.delivered) {
            let groups = came_back.get(queue).copied().unwrap_or_default().max(1);
            for (consumer, numbers) in &by_consumer {
                let runs = numbers.chunk_by(|one, next| one < next).count();
                assert!(runs <= groups, "I3: {numbers:?} to {consumer}");
            }
            if groups > 1 {
                for number in by_consumer.into_values().flatten() {
                    let is_there = self.ready.get_mut(queue).unwrap().remove(&number);
                    assert!(is_there, "I2: {number} from queue {queue}");
                }
                continue;
            }
            let mut numbers: Vec<u64> = by_consumer.into_values().flatten().collect();
            numbers.sort_unstable();
            for number in numbers {
                let first = self.ready.get_mut(queue).unwrap().pop_first();
                assert_eq!(first, Some(number), "I3: from queue {queue}");
            }
        }
    }

    fn on_heard(&mut self, at: usize, heard: Heard) {
        let durable = self.store.durable();
        let client = &mut self.clients[at];
        match heard {
            Heard::Delivered {
                channel,
                consumer,
                tag,
                number,
            } => {
                let Some(from) = client.consumer(&consumer) else {
                    panic!("I9: a delivery to {consumer}, which is gone");
                };
                let (queue, limit, no_ack) = (from.queue, from.prefetch, from.no_ack);
                let by_consumer = self.delivered.entry(queue).or_default();
                by_consumer
                    .entry(consumer.clone())
                    .or_default()
                    .push(number);
                if !no_ack {
                    let line = client.line(channel);
                    let unacked = Unacked {
                        queue,
                        number,
                        consumer: consumer.clone(),
                    };
                    line.unacked.insert(tag, unacked);
                    let all = line.all_unacked();
                    let held = all.filter(|one| one.consumer == consumer).count();
                    assert!(limit == 0 || held <= limit, "I5: {held} of {limit}");
                }
            }
            Heard::Got {
                channel,
                tag,
                number,
            } => {
                let line = client.line(channel);
                let queue = line.asked;
                let by_consumer = self.delivered.entry(queue).or_default();
                by_consumer.insert(String::new(), vec![number]);
                let unacked = Unacked {
                    queue,
                    number,
                    consumer: String::new(),
                };
                line.unacked.insert(tag, unacked);
            }
            Heard::Returned(number) => {
                self.returned.insert(number);
            }
            Heard::Confirmed {
                channel,
                up_to,
                multiple,
            } => client.line(channel).on_confirmed(up_to, multiple, durable),
            Heard::Said(channel, said) => client.said.push((channel, said)),
        }
    }

    /// What must be true between two operations.
    pub(super) fn check(&mut self) {
        let durable = self.store.durable();
        let vhost = self.broker.find_vhost("/").unwrap();
        let lines = || self.clients.iter().flat_map(|client| &client.lines);
        for queue in QUEUES.into_iter().filter(|queue| *queue != "nowhere") {
            let ready = self.ready[queue].len() as u64;
            let unacked = lines().flat_map(Line::all_unacked);
            let unacked = unacked.filter(|one| one.queue == queue).count() as u64;
            let handle = vhost.find_queue(queue).unwrap();
            let counted = handle.look(|queue| (queue.ready_count(), queue.unacked_count()));
            assert_eq!(
                counted,
                (ready, unacked),
                "I2: ready and unacked in {queue}"
            );
            let consumers = lines().flat_map(|line| &line.consumers);
            let consumers = consumers.filter(|consumer| consumer.queue == queue);
            let count = handle.look(|queue| queue.consumer_count());
            assert_eq!(count, consumers.clone().count(), "I9: consumers of {queue}");
            let has_room = |consumer: &Consumer| {
                let all = lines().flat_map(Line::all_unacked);
                let held = all.filter(|one| one.consumer == consumer.tag).count();
                consumer.no_ack || consumer.prefetch == 0 || held < consumer.prefetch
            };
            let is_idle = consumers.clone().any(has_room);
            assert!(
                ready == 0 || !is_idle,
                "I5: {queue} has something for its consumers"
            );
        }
        let unroutable = &self.ready["nowhere"];
        assert_eq!(
            self.returned, *unroutable,
            "I2: what no queue takes is returned"
        );
        for client in &self.clients {
            let connection = &client.script.connection;
            assert_eq!(
                connection.mailbox().pressure(),
                0,
                "I11: pressure that stays"
            );
            assert!(connection.outbox.is_empty(), "I11: output that stays");
            let input = connection.input.len();
            assert!(
                input <= READ_BUFFER_MIN,
                "I11: {input} octets of input stay"
            );
            let confirms = &client.lines[usize::from(CONFIRMING)].unconfirmed;
            let forgotten = confirms.values().any(|until| *until <= durable);
            assert!(!forgotten, "I1: {confirms:?} wait, durable is {durable:?}");
        }
    }
}

impl Line {
    fn on_confirmed(&mut self, up_to: u64, multiple: bool, durable: Position) {
        let later = self.unconfirmed.split_off(&(up_to + 1));
        let mut now = std::mem::replace(&mut self.unconfirmed, later);
        if !multiple {
            let one = now.remove(&up_to);
            self.unconfirmed.append(&mut now);
            now.extend(one.map(|until| (up_to, until)));
        }
        assert!(now.contains_key(&up_to), "I1: {up_to} is confirmed twice");
        for (number, until) in now {
            assert!(
                until <= durable,
                "I1: {number} needs {until:?}, not {durable:?}"
            );
        }
    }
}

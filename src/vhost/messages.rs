//! Messages on their way through a vhost: routed, placed, released after a delay, replayed.

use std::sync::Arc;

use super::Vhost;
use super::exchanges::EVENTS;
use super::placing::{Placed, Publishes};
use super::queue_handle::QueueHandle;
use super::routing::{Answer, Destination, Exchange, Question, Release, Routes, Target};
use crate::clock::Now;
use crate::events::{CopyId, Fate};
use crate::message::{Message, routing_keys};
use crate::queue::DeadLetter;
use crate::store::Position;

impl Vhost {
    /// Where a message that arrives at `exchange` goes, its alternate exchanges included.
    pub fn route(&self, now: Now, exchange: &Arc<Exchange>, question: Question<'_>) -> Answer {
        self.directory.route(now, exchange, question)
    }

    /// The same for a message whose transaction is not committed: an exchange that is to keep it is
    /// named in the answer.
    pub fn route_ahead(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
    ) -> Answer {
        self.directory.route_ahead(now, exchange, question)
    }

    /// Puts messages into their queues, in order, and leaves `publishes` empty; `placed` gets one
    /// answer for each. All of one call are stored as one group. Returns how many copies were
    /// handed to queues.
    pub fn place(&self, now: Now, publishes: &mut Publishes, placed: &mut Vec<Placed>) -> usize {
        if self.env.events.listening() {
            publishes.announce(&self.env.events, &self.name, now);
            if self.is_traced() {
                self.trace_publishes(now, publishes);
            }
        }
        publishes.place(&self.env, now, placed)
    }

    /// Places one message that its sender does not hear of again.
    fn place_one(&self, now: Now, mut publishes: Publishes, message: Message, routes: &Routes) {
        publishes.push(message, routes);
        self.place(now, &mut publishes, &mut Vec::with_capacity(1));
    }

    /// Places one message that died as `letter` tells.
    pub(super) fn place_dead(
        &self,
        now: Now,
        queue: &QueueHandle,
        letter: &DeadLetter,
        message: Message,
        routes: &Routes,
    ) -> Placed {
        let publishes = match letter.confirm {
            true => Publishes::default(),
            false => Publishes::unanswered(),
        };
        let mut publishes = publishes.of_dead(queue.copy_id(letter.entry.position));
        publishes.push_dead(message, routes, letter.entry.delivery_count);
        let mut placed = Vec::with_capacity(1);
        self.place(now, &mut publishes, &mut placed);
        placed
            .pop()
            .unwrap_or(Placed::Accepted(Position::default()))
    }

    /// Sends an exchange's history to a new binding.
    pub(super) fn replay(&self, now: Now, messages: &[Message], destination: &Destination) {
        for message in messages {
            let routes: Routes = match destination {
                Destination::Queue(queue) => Arc::new([Target::Queue(Arc::clone(queue))]),
                Destination::Exchange(exchange) => {
                    let key = message.routing_key();
                    let question = Question {
                        keys: &[&key],
                        message,
                        publisher: None,
                        from: None,
                    };
                    self.directory.route_released(now, exchange, question)
                }
            };
            let publishes = Publishes::unanswered().of_history();
            self.place_one(now, publishes, message.clone(), &routes);
        }
    }

    /// Publishes a message of the broker itself to the exchange that it names.
    pub(super) fn publish_own(&self, now: Now, message: Message) {
        let Some(exchange) = self.directory.exchange_named(&message.exchange()) else {
            return;
        };
        let key = message.routing_key();
        let question = Question {
            keys: &[&*key],
            message: &message,
            publisher: None,
            from: None,
        };
        let routes = self.route(now, &exchange, question).routes;
        if !routes.is_empty() {
            let publishes = Publishes::unanswered().of_broker();
            self.place_one(now, publishes, message.clone(), &routes);
        }
    }

    /// Whether a message of the broker to the topic exchange `name` with `key` would find anything,
    /// a queue or another exchange: if not, it need not be made.
    pub(super) fn own_goes_anywhere(&self, name: &str, key: &[u8]) -> bool {
        self.find_exchange(name)
            .is_some_and(|exchange| exchange.leads_anywhere(key))
    }

    /// Whether an event with `key` would come to a queue, as far as its key decides.
    pub(crate) fn events_go_anywhere(&self, key: &str) -> bool {
        self.own_goes_anywhere(&EVENTS, key.as_bytes())
    }

    /// Publishes an event. No lock may be held.
    pub(crate) fn publish_event(&self, now: Now, event: Message) {
        self.outflow.pour(self, now, vec![event]);
    }

    /// Tells listeners the fate of a message before any queue.
    pub fn emit(&self, now: Now, message: &Message, fate: Fate) {
        self.directory.emit(now, message, fate);
    }
}

impl Release for Vhost {
    fn release(&self, now: Now, exchange: &Arc<Exchange>, message: Message, kept: CopyId) {
        let keys = routing_keys(&message);
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        let question = Question {
            keys: &keys,
            message: &message,
            publisher: None,
            from: Some(kept),
        };
        let routes = self.directory.route_released(now, exchange, question);
        let mut publishes = Publishes::unanswered().of_delayed(kept);
        if routes.is_empty() {
            publishes.note_unroutable(false);
        }
        self.place_one(now, publishes, message, &routes);
    }
}

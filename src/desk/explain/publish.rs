//! What would become of a message: its way through exchanges, what each queue would do with it, and
//! the dead letters that it would become there.
//!
//! A message that would wait until it expires is followed beyond that, as if no consumer took it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::{ShortByteBuf, ShortBytes};

use super::hop::{DeadLetterTo, Hop, HopExchange, HopQueue, Outcome};
use super::sentences;
use crate::auth::{Operation, Resource};
use crate::clock::Now;
use crate::desk::publish::{self, Draft, Passed};
use crate::desk::views::BindingView;
use crate::desk::{Actor, Desk};
use crate::erlang;
use crate::error::AmqpError;
use crate::events::DeathReason;
use crate::limits::{EXPLAINED_HOPS_MAX, EXPLAINED_MAX};
use crate::message::{Body, Message, MessageBuilder, routing_keys};
use crate::queue::dead_letter::{self, Circles};
use crate::queue::{DeadLetter, Outlook, OutlookFate, Sender};
use crate::vhost::{
    Answer, Exchange, Question, REPLY_TO, Step, Target, Trail, Vhost, Via, released,
};

/// What is published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublishQuestion<'a> {
    /// The exchange; the default exchange has no name.
    pub(crate) exchange: ShortBytes<'a>,
    pub(crate) routing_key: ShortBytes<'a>,
    pub(crate) properties: PropertiesRef<'a>,
    /// Octets of its body.
    pub(crate) body_len: usize,
}

/// What would become of it.
#[derive(Debug)]
pub(crate) struct PublishExplained {
    pub(crate) outcome: Outcome,
    /// A sentence.
    pub(crate) why: String,
    /// What a client would hear, with its reply code.
    pub(crate) refusal: Option<(u16, String)>,
    /// The publish, then what becomes of the message later.
    pub(crate) hops: Vec<Hop>,
    /// There is more of it than an answer has.
    pub(crate) is_cut: bool,
}

/// A hop that is to be looked at.
struct Pending {
    /// By name, as it need not exist.
    name: Vec<u8>,
    exchange: Option<Arc<Exchange>>,
    message: Message,
    keys: Vec<ShortByteBuf>,
    died: Option<(String, DeathReason)>,
    after_ms: u64,
    /// The delay at the exchange is over.
    is_released: bool,
    sender: Sender,
}

/// The hops that were looked at, and those that are left.
struct Tour<'a> {
    actor: &'a Actor,
    now: Now,
    hops: Vec<Hop>,
    pending: VecDeque<Pending>,
    /// Bindings and queues that there is room for.
    room: usize,
    is_cut: bool,
}

impl Actor {
    /// What would become of a message that the actor published. Nothing is published.
    pub(crate) fn explain_publish(
        &self,
        now: Now,
        question: PublishQuestion<'_>,
    ) -> PublishExplained {
        let draft = Draft {
            exchange: question.exchange,
            routing_key: question.routing_key,
            properties: question.properties,
            body_len: question.body_len,
            // A client that asks for a direct reply consumes them.
            reply_name: Some(REPLY_TO),
        };
        let Passed { exchange, content } = match publish::check(self, &draft, None) {
            Ok(passed) => passed,
            Err(error) => return self.refused_publish(&draft, &error),
        };
        let properties = content.rewritten.as_deref();
        let properties = properties.map_or(question.properties, PropertiesRef::new);
        // Only its length counts; octets that are not written take no memory.
        let body = Bytes::from(vec![0; question.body_len]);
        let message = MessageBuilder::default().build(
            question.exchange,
            question.routing_key,
            properties,
            Body::by_size(&body),
            content.traits,
        );
        let mut tour = Tour {
            actor: self,
            now,
            hops: Vec::new(),
            pending: VecDeque::new(),
            room: EXPLAINED_MAX,
            is_cut: false,
        };
        tour.pending.push_back(Pending {
            name: question.exchange.to_vec(),
            exchange: Some(exchange),
            keys: routing_keys(&message),
            message,
            died: None,
            after_ms: 0,
            is_released: false,
            sender: Sender::Waits,
        });
        tour.run();
        let outcome = tour
            .hops
            .first()
            .map_or(Outcome::Unroutable, |hop| hop.outcome);
        PublishExplained {
            outcome,
            why: tour.hops.first().map(sentences::of_hop).unwrap_or_default(),
            refusal: None,
            hops: tour.hops,
            is_cut: tour.is_cut,
        }
    }

    fn refused_publish(&self, draft: &Draft<'_>, error: &AmqpError) -> PublishExplained {
        let exchange = Resource::Exchange(&draft.exchange);
        let mut keys = vec![ShortByteBuf::from(draft.routing_key)];
        keys.extend(crate::message::extra_keys(draft.properties));
        let rule = self.rule_that_refuses(Operation::Write, exchange, &keys);
        PublishExplained {
            outcome: Outcome::Refused,
            why: rule.unwrap_or_else(|| sentences::of_refusal(error)),
            refusal: Some((error.code.number(), error.reply_text())),
            hops: Vec::new(),
            is_cut: false,
        }
    }
}

impl Desk {
    /// What a user without any permission in a vhost would hear.
    pub(crate) fn explain_no_entry(user: &str, vhost: &str) -> PublishExplained {
        let error = AmqpError::not_allowed(format!(
            "access to vhost '{vhost}' refused for user '{user}'"
        ));
        PublishExplained {
            outcome: Outcome::Refused,
            why: super::permission::no_entry(user, vhost),
            refusal: Some((error.code.number(), error.reply_text())),
            hops: Vec::new(),
            is_cut: false,
        }
    }
}

impl Tour<'_> {
    fn run(&mut self) {
        while let Some(pending) = self.pending.pop_front() {
            let hop = match &pending.exchange {
                Some(exchange) => self.hop(&pending, exchange),
                None => nowhere(&pending),
            };
            self.hops.push(hop);
        }
    }

    /// The number that a hop gets that is looked at later; `None` if there are too many.
    fn add(&mut self, pending: Pending) -> Option<usize> {
        // The one that is looked at now is in neither.
        let number = self.hops.len() + 1 + self.pending.len();
        if number >= EXPLAINED_HOPS_MAX {
            self.is_cut = true;
            return None;
        }
        self.pending.push_back(pending);
        Some(number)
    }

    fn hop(&mut self, pending: &Pending, exchange: &Arc<Exchange>) -> Hop {
        let keys: Vec<&[u8]> = pending.keys.iter().map(|key| &**key).collect();
        let question = Question {
            keys: &keys,
            message: &pending.message,
            publisher: None,
            from: None,
        };
        let vhost = &self.actor.vhost;
        let (answer, trail) = vhost.trial(self.now, exchange, question, pending.is_released);
        let exchanges = self.exchanges(pending, &trail, question);
        let queues = self.queues(pending, &answer);
        for step in &trail.steps {
            self.release(pending, step);
        }
        let is_rejected = queues.iter().any(|queue| queue.fate == "refused");
        let outcome = match (answer.routes.is_empty(), answer.delayed.is_some()) {
            (true, true) => Outcome::Delayed,
            (true, false) => Outcome::Unroutable,
            (false, _) if is_rejected => Outcome::Rejected,
            (false, _) => Outcome::Queued,
        };
        Hop {
            outcome,
            exchanges,
            queues,
            ..begin(pending)
        }
    }

    /// What an exchange keeps goes on from there later.
    fn release(&mut self, before: &Pending, step: &Step) {
        let (Some(ms), Some(exchange)) = (step.delay_ms, &step.exchange) else {
            return;
        };
        let message = released(&before.message);
        self.add(Pending {
            name: exchange.spec.name.as_bytes().to_vec(),
            exchange: Some(Arc::clone(exchange)),
            keys: routing_keys(&message),
            message,
            died: None,
            after_ms: before.after_ms.saturating_add(ms),
            is_released: true,
            sender: Sender::Leaves,
        });
    }

    fn exchanges(
        &mut self,
        pending: &Pending,
        trail: &Trail,
        question: Question<'_>,
    ) -> Vec<HopExchange> {
        let mut exchanges = Vec::new();
        for (at, step) in trail.steps.iter().enumerate() {
            if !self.take_room() {
                break;
            }
            let (via, from) = match &step.via {
                Via::First if pending.died.is_some() => ("dead_letter", None),
                Via::First if pending.is_released => ("delay", None),
                Via::First => ("publish", None),
                Via::Binding => ("binding", source_of(trail, at)),
                Via::Alternate(from) => ("alternate", Some(from.to_string())),
            };
            let bindings = self.bindings(step, question);
            exchanges.push(HopExchange {
                name: step.name.clone(),
                type_name: step
                    .exchange
                    .as_ref()
                    .map(|one| one.spec.type_name.to_string()),
                via,
                from,
                delay_ms: step.delay_ms,
                why: sentences::of_step(step, bindings.is_empty()),
                bindings,
            });
        }
        exchanges
    }

    fn bindings(&mut self, step: &Step, question: Question<'_>) -> Vec<BindingView> {
        let vhost = Arc::clone(&self.actor.vhost);
        let views = match step.name.is_empty() {
            true => implied(&vhost, question.keys),
            false => {
                let taken = vhost.bindings_taken(step, question).into_iter();
                taken
                    .map(|binding| BindingView::explicit(&vhost, &binding))
                    .collect()
            }
        };
        views.into_iter().take_while(|_| self.take_room()).collect()
    }

    /// `false` once the answer is as long as it may be.
    fn take_room(&mut self) -> bool {
        self.is_cut |= self.room == 0;
        let has_room = self.room > 0;
        self.room = self.room.saturating_sub(1);
        has_room
    }

    fn queues(&mut self, pending: &Pending, answer: &Answer) -> Vec<HopQueue> {
        let circles = pending.died.as_ref().map(|_| Circles::of(&pending.message));
        let mut queues = Vec::new();
        for target in &*answer.routes {
            if !self.take_room() {
                break;
            }
            queues.push(match target {
                Target::Reply(_) => sentences::of_reply(),
                Target::Queue(queue) if leads_to(circles.as_ref(), queue.name()) => {
                    sentences::of_circle(queue.name(), queue.declared().kind.as_str())
                }
                Target::Queue(queue) => {
                    let (now, message) = (self.now, &pending.message);
                    let outlook = queue.look(|queue| queue.outlook(now, message, pending.sender));
                    let (name, kind) = (queue.name().clone(), queue.declared().kind);
                    self.queue(pending, &name, kind.as_str(), outlook)
                }
            });
        }
        queues
    }

    fn queue(
        &mut self,
        pending: &Pending,
        name: &str,
        type_name: &'static str,
        mut outlook: Outlook,
    ) -> HopQueue {
        let reason = outlook.letter.as_ref().map(|letter| letter.reason);
        let letter = outlook.letter.take();
        let after_ms = outlook.expires_in_ms.unwrap_or(0);
        let hop = letter.and_then(|letter| self.die(pending, name, &letter, after_ms));
        let limits = &outlook.limits;
        let dead_letter = limits.dead_letter_exchange.as_deref().map(|exchange| {
            let key = limits.dead_letter_routing_key.as_ref();
            DeadLetterTo {
                exchange: erlang::text(exchange).into_owned(),
                routing_key: key.map(|key| erlang::text(key).into_owned()),
                reason,
                hop,
            }
        });
        HopQueue {
            name: name.to_owned(),
            type_name,
            fate: match outlook.fate {
                OutlookFate::Delivered => "delivered",
                OutlookFate::Ready => "ready",
                OutlookFate::Refused => "refused",
                OutlookFate::Dropped => "dropped",
                OutlookFate::Expired => "expired",
                OutlookFate::Duplicate => "duplicate",
            },
            why: sentences::of_queue(type_name, &outlook, dead_letter.as_ref()),
            expires_in_ms: outlook.expires_in_ms,
            drops_head: outlook.drops_head,
            dead_letter,
        }
    }

    /// What becomes of a message that dies in `queue`. The number of the hop that it is then.
    fn die(
        &mut self,
        before: &Pending,
        queue: &str,
        letter: &DeadLetter,
        after_ms: u64,
    ) -> Option<usize> {
        let exchange = self.actor.vhost.exchange_named(&letter.exchange);
        let (message, keys) = match &exchange {
            Some(exchange) => {
                let name = &exchange.spec.name;
                let mut builder = MessageBuilder::default();
                let dead = dead_letter::rewrite(letter, name, queue, self.now, &mut builder);
                (dead.message, dead.keys)
            }
            None => (letter.entry.message.clone(), Vec::new()),
        };
        self.add(Pending {
            name: letter.exchange.to_vec(),
            exchange,
            message,
            keys,
            died: Some((queue.to_owned(), letter.reason)),
            after_ms: before.after_ms.saturating_add(after_ms),
            is_released: false,
            sender: if letter.confirm {
                Sender::Waits
            } else {
                Sender::Leaves
            },
        })
    }
}

fn leads_to(circles: Option<&Circles<'_>>, queue: &str) -> bool {
    circles.is_some_and(|circles| circles.lead_to(queue))
}

/// A hop that has come nowhere yet.
fn begin(pending: &Pending) -> Hop {
    let keys = pending.keys.iter();
    Hop {
        exchange: erlang::text(&pending.name).into_owned(),
        routing_keys: keys.map(|key| erlang::text(key).into_owned()).collect(),
        died: pending.died.clone(),
        after_ms: pending.after_ms,
        outcome: Outcome::Unroutable,
        exchanges: Vec::new(),
        queues: Vec::new(),
    }
}

/// A dead letter whose exchange does not exist.
fn nowhere(pending: &Pending) -> Hop {
    let mut hop = begin(pending);
    hop.exchanges.push(HopExchange {
        name: hop.exchange.clone(),
        type_name: None,
        via: "dead_letter",
        from: None,
        delay_ms: None,
        why: Some(sentences::no_exchange(&hop.exchange)),
        bindings: Vec::new(),
    });
    hop
}

/// The exchange from which a message comes to step number `at` by a binding: the first one that
/// leads there.
fn source_of(trail: &Trail, at: usize) -> Option<String> {
    let reached = trail.steps.get(at)?.exchange.as_ref()?;
    let leads_there = |step: &&Step| {
        let mut ends = step.leads_to.iter();
        ends.any(|end| end.is_exchange(reached))
    };
    let source = trail.steps.iter().take(at).find(leads_there)?;
    Some(source.name.clone())
}

/// The bindings of the default exchange: every queue is bound to it by its own name.
fn implied(vhost: &Vhost, keys: &[&[u8]]) -> Vec<BindingView> {
    let queues = keys.iter().filter_map(|key| vhost.queue_named(key));
    queues
        .map(|queue| BindingView::implicit(vhost, queue.name()))
        .collect()
}

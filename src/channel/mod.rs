//! One channel: a state for content, and independent ledgers for confirms, deliveries and
//! transactions.
//!
//! Owns everything a client does on one channel number. It does not know sockets, frames or the
//! channel table; the connection opens and closes it. Publishes and settlements of one read batch
//! are held and done together ([`Channel::flush`]), unless another method comes in between.
//!
//! Invariants: I1 (confirms.rs), I3, I4 and I5 (ledger.rs), I6 (content.rs).
//! Spec: AMQP 0-9-1 section 1.3 and the class `channel`. Seen: RabbitMQ 4.3.6,
//! tests/scripts/channel.

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::methods::{self, BasicPublish, Method};
use leveret_codec::types::{ChannelId, ShortStr, ShortString};

use crate::clock::{Mono, Now, Wall};
use crate::desk::session::Session;
use crate::error::AmqpError;
use crate::events::Party;
use crate::inquiry::ChannelCounters;
use crate::mail::{Delivery, Mail};
use crate::message::MessageBuilder;
use crate::outbox::Outbox;
use crate::store::Position;
use crate::turns;

mod bounds;
mod confirms;
mod consume;
mod content;
mod counting;
mod declare;
mod deliver;
mod dropped;
mod held;
mod leaving;
mod ledger;
mod publish;
mod repeat;
mod routes;
mod settle;
mod snapshot;
mod sources;
mod tx;

pub use dropped::{DroppedContent, Progress};
pub use held::Looked;
pub use leaving::{Departures, Told};

use confirms::Confirms;
use content::Content;
use counting::ByExchange;
use ledger::Ledger;
use publish::Publisher;
use routes::RouteCache;
use settle::Settling;
use sources::Consumers;
use tx::{Commit, Transaction};

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is done with.
    Yes,
    /// It must wait, and everything behind it too: for the end of an alarm, or for what was left
    /// of the work that came before it.
    Not,
}

/// What a channel may use while it works.
pub struct Context<'a> {
    /// The time of this batch.
    pub now: Now,
    /// The connection it belongs to.
    pub session: &'a Session,
    /// Where answers go.
    pub outbox: &'a mut Outbox,
    /// Mail that was taken out of the mailbox early; the connection reads it before the rest.
    pub backlog: &'a mut VecDeque<Mail>,
    /// What the channels of a connection share.
    pub tools: &'a mut Tools,
}

/// What the channels of a connection use in turn.
#[derive(Default)]
pub struct Tools {
    /// Scratch space for messages.
    builder: MessageBuilder,
    /// The router's answers.
    routes: RouteCache,
    /// The last position in the store that a publish of this batch has.
    pub(crate) staged: Position,
    /// Frames that came and were taken, since the connection began.
    pub(crate) frames_in: u64,
    /// Publishes in a row are taken one by one, for tests that compare both ways.
    #[cfg(test)]
    pub(crate) one_by_one: bool,
}

impl Tools {
    /// Whether publishes in a row are to be taken one by one: never, but in a test.
    #[inline]
    fn one_by_one(&self) -> bool {
        #[cfg(test)]
        return self.one_by_one;
        #[cfg(not(test))]
        false
    }

    /// Gives back the memory that an idle connection does not need.
    pub fn shrink(&mut self) {
        self.routes.shrink();
    }
}

/// One open channel.
pub struct Channel {
    id: ChannelId,
    content: Content,
    publisher: Publisher,
    confirms: Option<Confirms>,
    transaction: Option<Transaction>,
    commit: Option<Box<Commit>>,
    consumers: Consumers,
    ledger: Ledger,
    /// Octets that have gone out to the client when the ledger is weighed next.
    weigh_at: u64,
    settling: Settling,
    /// The queue that an empty name stands for: the last one declared here.
    last_queue: ShortString,
    counters: ChannelCounters,
    /// What it has published, by exchange.
    exchanges: ByExchange,
    /// When it last did anything.
    active: Option<Wall>,
    /// Who it is, once a listener or a consumer of it has to know.
    party: Option<Arc<Party>>,
}

impl Channel {
    /// A channel that has just been opened.
    #[must_use]
    pub fn new(id: ChannelId) -> Self {
        Self {
            id,
            content: Content::default(),
            publisher: Publisher::default(),
            confirms: None,
            transaction: None,
            commit: None,
            consumers: Consumers::default(),
            ledger: Ledger::default(),
            weigh_at: 0,
            settling: Settling::default(),
            last_queue: ShortString::default(),
            counters: ChannelCounters::default(),
            exchanges: ByExchange::default(),
            active: None,
            party: None,
        }
    }

    /// A method frame, other than those that open and close channels and connections, and
    /// basic.publish.
    ///
    /// # Errors
    /// What closes the channel or the connection, with RabbitMQ's code and text; the method is
    /// named in it.
    pub fn on_method(
        &mut self,
        method: Method<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Taken, AmqpError> {
        let (class, id) = (method.class_id(), method.method_id());
        self.content.check_no_content_open()?;
        self.settle_or_dispatch(method, cx)
            .map_err(|error| error.in_method(class, id))
    }

    /// basic.publish.
    ///
    /// # Errors
    /// 505 within a content, closes the connection.
    pub fn on_publish(&mut self, publish: BasicPublish<'_>) -> Result<(), AmqpError> {
        self.content.check_no_content_open()?;
        self.content.begin(publish);
        Ok(())
    }

    fn settle_or_dispatch(
        &mut self,
        method: Method<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Taken, AmqpError> {
        let done = match method {
            Method::BasicAck(ack) => self.on_ack(ack, cx),
            Method::BasicNack(nack) => self.on_nack(nack, cx),
            Method::BasicReject(reject) => self.on_reject(reject, cx),
            method => {
                self.flush(cx)?;
                if turns::is_owing() {
                    // It would see what is not done yet.
                    return Ok(Taken::Not);
                }
                self.dispatch(method, cx)
            }
        };
        done.map(|()| Taken::Yes)
    }

    fn dispatch(&mut self, method: Method<'_>, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        match method {
            Method::BasicGet(get) => self.on_get(get, cx),
            Method::BasicConsume(consume) => self.on_consume(consume, cx),
            Method::BasicCancel(cancel) => self.on_cancel(cancel, cx),
            Method::BasicQos(qos) => self.on_qos(qos, cx),
            Method::BasicRecover(recover) => self.on_recover(recover.requeue, Reply::Wanted, cx),
            Method::BasicRecoverAsync(recover) => self.on_recover(recover.requeue, Reply::None, cx),
            // A client's answer to a cancellation by the broker.
            Method::BasicCancelOk(cancel) => self.cancel(&cancel.consumer_tag, Reply::None, cx),
            Method::QueueDeclare(declare) => self.on_queue_declare(declare, cx),
            Method::QueueDelete(delete) => self.on_queue_delete(delete, cx),
            Method::QueuePurge(purge) => self.on_queue_purge(purge, cx),
            Method::QueueBind(bind) => self.on_queue_bind(bind, cx),
            Method::QueueUnbind(unbind) => self.on_queue_unbind(unbind, cx),
            Method::ExchangeDeclare(declare) => self.on_exchange_declare(declare, cx),
            Method::ExchangeDelete(delete) => self.on_exchange_delete(delete, cx),
            Method::ExchangeBind(bind) => self.on_exchange_bind(bind, cx),
            Method::ExchangeUnbind(unbind) => self.on_exchange_unbind(unbind, cx),
            Method::ConfirmSelect(select) => self.on_confirm_select(select, cx),
            Method::TxSelect(_) => self.on_tx_select(cx),
            Method::TxCommit(_) => self.on_tx_commit(cx),
            Method::TxRollback(_) => self.on_tx_rollback(cx),
            Method::ChannelFlow(flow) => self.on_flow(flow, cx),
            Method::AccessRequest(_) => {
                cx.outbox
                    .method(self.id, &methods::AccessRequestOk { ticket: 1 }.into());
                Ok(())
            }
            _ => Err(unimplemented_method()),
        }
    }

    /// Fails while a content is being received (invariant I6): no method may come now.
    ///
    /// # Errors
    /// 505, closes the connection.
    pub fn check_no_content_open(&self) -> Result<(), AmqpError> {
        self.content.check_no_content_open()
    }

    /// A content header frame.
    ///
    /// # Errors
    /// 505 out of place, and everything that a publish without a body can run into.
    pub fn on_header(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Result<(), AmqpError> {
        if let Some(complete) = self.content.on_header(payload)? {
            return self.publish(complete, cx).map_err(in_publish);
        }
        Ok(())
    }

    /// A content body frame.
    ///
    /// # Errors
    /// 505 out of place, 501 past the announced size, and everything that a publish can run into.
    pub fn on_body(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Result<(), AmqpError> {
        if let Some(complete) = self.content.on_body(payload)? {
            return self.publish(complete, cx).map_err(in_publish);
        }
        Ok(())
    }

    /// A body frame of `size` octets begins, to be given in parts. `false` if it must be given
    /// whole to [`Channel::on_body`], which knows what is wrong with it.
    pub fn begin_part(&mut self, size: usize) -> bool {
        self.content.begin_part(size)
    }

    /// The next octets of the frame that has begun. Both ways of giving them may be mixed: this
    /// one, and reading into [`Channel::room`].
    pub fn on_part(&mut self, octets: &[u8]) {
        self.content.on_part(octets);
    }

    /// Where the next octets of the frame that has begun belong, if any are missing. What is read
    /// there is to be reported with [`Channel::on_read`].
    pub fn room(&mut self) -> Option<&mut Vec<u8>> {
        self.content.room()
    }

    /// `octets` have been read into [`Channel::room`]. Those behind the end of the frame are moved
    /// to `input`.
    pub fn on_read(&mut self, octets: usize, input: &mut Vec<u8>) {
        self.content.on_read(octets, input);
    }

    /// The last `octets` octets of the body at hand.
    #[must_use]
    pub fn last_octets(&self, octets: usize) -> &[u8] {
        self.content.last_octets(octets)
    }

    /// Octets of the body at hand that belong to no frame so far.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.content.missing()
    }

    /// The end of the frame that was given in parts.
    ///
    /// # Errors
    /// Everything that a publish can run into.
    pub fn end_part(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        match self.content.end_part() {
            Some(complete) => self.publish(complete, cx).map_err(in_publish),
            None => Ok(()),
        }
    }

    /// The end of a batch: what is held goes to its queues, and confirms go out.
    ///
    /// # Errors
    /// 406 if the channel holds more than it may that its client has not finished.
    pub fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        self.active = Some(cx.now.wall);
        self.flush_publishes(cx);
        self.flush_settlements(cx);
        self.check_bounds(cx)
    }

    /// A message for one of its consumers.
    pub fn on_deliver(&mut self, delivery: Delivery, cx: &mut Context<'_>) {
        self.deliver(delivery, cx);
    }

    /// The store is durable up to `position`.
    pub fn on_durable(&mut self, position: Position, cx: &mut Context<'_>) {
        if let Some(confirms) = &mut self.confirms {
            confirms.on_durable(position);
            self.send_confirms(cx);
        }
    }

    /// The earliest position in the store that a confirm of this channel waits for.
    #[must_use]
    pub fn waits_for(&self) -> Option<Position> {
        self.confirms.as_ref().and_then(Confirms::waits_for)
    }

    /// When this channel next wants [`Channel::on_deadline`] (broker time).
    #[must_use]
    pub fn next_deadline(&self) -> Mono {
        self.ledger.next_timeout()
    }

    /// The channel goes: its consumers end, and what is unacked goes back when the departures are
    /// told. Publishes that were complete stay published; an open transaction is rolled back.
    pub fn leave(&mut self, departures: &mut Departures, cx: &mut Context<'_>) {
        self.place_held(cx);
        self.send_confirms(cx);
        self.flush_settlements(cx);
        self.abandon_transaction();
        if self.counters.published > 0 {
            cx.session.tally.publishers_gone.raise(1);
        }
        self.end_consumers(departures, cx);
        departures.note_known(self.consumers.unsettled(), self.ledger.len() as u64);
        departures.add_unacked(self.ledger.take_whole(), self.consumers.supplies());
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// How many deliveries are not settled.
    #[must_use]
    pub fn unacked_count(&self) -> usize {
        self.ledger.len()
    }

    /// How many consumers it has.
    #[must_use]
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// Who this is, for listeners.
    fn party(&mut self, session: &Session) -> Arc<Party> {
        let channel = self.id;
        Arc::clone(self.party.get_or_insert_with(|| {
            Arc::new(Party {
                user: session.user_name().to_owned(),
                connection: Some(session.id),
                connection_name: session.name.clone(),
                channel,
            })
        }))
    }

    /// The same while messages are listened to, else nothing.
    fn heard_party(&mut self, session: &Session) -> Option<Arc<Party>> {
        let listening = session.vhost.env().events.listening();
        listening.then(|| self.party(session))
    }

    fn on_flow(
        &mut self,
        flow: methods::ChannelFlow,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if !flow.active {
            return Err(AmqpError::not_implemented("active=false"));
        }
        cx.outbox
            .method(self.id, &methods::ChannelFlowOk { active: true }.into());
        Ok(())
    }

    /// The queue that `name` stands for: itself, or the last one declared on this channel.
    fn queue_name(&self, name: ShortStr<'_>) -> Result<ShortString, AmqpError> {
        if !name.is_empty() {
            return Ok(name.into());
        }
        if self.last_queue.is_empty() {
            return Err(AmqpError::not_found("no previously declared queue"));
        }
        Ok(self.last_queue.clone())
    }
}

/// Whether the client waits for an answer: the nowait bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Wanted,
    None,
}

impl Reply {
    fn unless(nowait: bool) -> Self {
        if nowait { Self::None } else { Self::Wanted }
    }
}

/// 503: a method that only servers send, or that is unknown.
///
/// Seen: RabbitMQ 3.10.8.
#[must_use]
pub fn unimplemented_method() -> AmqpError {
    AmqpError::new(
        leveret_codec::reply::ReplyCode::CommandInvalid,
        "unimplemented method",
    )
}

fn in_publish(error: AmqpError) -> AmqpError {
    error.in_method(60, 40)
}

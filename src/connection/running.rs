//! A connection that is open: its channels, its heartbeat, and whether it is blocked.
//!
//! Frames come in one by one; what they lead to beyond a channel comes out as [`Failure`], which
//! the connection turns into a close. Methods and contents of a channel are the channel's; this
//! module opens and closes channels and answers the class `connection`.
//!
//! Invariants: I8, I9. Spec: AMQP 0-9-1 section 4.9. Seen: RabbitMQ 4.3.6, tests/scripts/channel.

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::frame::{FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, RawFrame};
use leveret_codec::methods::{
    ChannelClose, ChannelCloseOk, ChannelOpenOk, ConnectionCloseOk, ConnectionUpdateSecretOk,
    Method,
};
use leveret_codec::reply::{ReplyCode, Scope};
use leveret_codec::types::{ChannelId, ShortStr};

use super::channels::{Channels, State};
use super::framing::{self, Undecodable};
use super::heartbeat::{Beat, Heartbeat};
use super::pauses::Pauses;
use crate::channel::{Channel, Context, Departures, Taken, Told, Tools};
use crate::clock::timers::Timed;
use crate::clock::{Mono, Now};
use crate::desk::session::Session;
use crate::error::{AmqpError, Logged};
use crate::log::{self, Process};
use crate::mail::{Mail, MailTimer, call_back};
use crate::outbox::Outbox;
use crate::queue::ReturnCause;
use crate::store::Position;
use crate::turns;

mod asked;
mod contents;
mod elsewhere;
mod pausing;

/// Steps of a method that changes or asks for something: what it takes to bind a queue.
const METHOD_STEPS: usize = 24;

/// Octets of a content header before its properties.
const HEADER_MIN: usize = 12;

/// What an open connection owns.
pub(super) struct Running {
    pub(super) session: Arc<Session>,
    channels: Channels,
    heartbeat: Heartbeat,
    pub(super) pauses: Pauses,
    /// The broker's timers call us back at this moment or earlier.
    armed: Mono,
    timer: Arc<dyn Timed>,
    /// The earliest position in the store that confirms wait for.
    unconfirmed: Option<Position>,
    /// The channel whose commit is not done, if there is one.
    committing: Option<ChannelId>,
}

/// What the connection lends while it works.
pub(super) struct Io<'a> {
    pub(super) now: Now,
    pub(super) outbox: &'a mut Outbox,
    pub(super) backlog: &'a mut VecDeque<Mail>,
    pub(super) tools: &'a mut Tools,
}

/// How an open connection ends.
#[derive(Debug)]
pub(super) enum Failure {
    /// We close it with this error, which came up in a channel, or in number 0.
    Error(AmqpError, ChannelId),
    /// The client closed it in form.
    ClosedByClient,
    /// It is cut off without a word, for the operator's reason.
    Cut(String),
}

impl From<AmqpError> for Failure {
    fn from(error: AmqpError) -> Self {
        Self::Error(error, ChannelId::ZERO)
    }
}

impl Failure {
    /// Names the channel, unless one is named already.
    pub(super) fn in_channel(self, channel: ChannelId) -> Self {
        match self {
            Self::Error(error, ChannelId::ZERO) => Self::Error(error, channel),
            other => other,
        }
    }
}

/// Whether a method only settles deliveries: that takes far fewer steps than others.
#[inline]
fn is_settlement(method: &Method<'_>) -> bool {
    matches!(
        method,
        Method::BasicAck(_) | Method::BasicNack(_) | Method::BasicReject(_)
    )
}

impl Running {
    pub(super) fn new(
        session: Arc<Session>,
        now: Now,
        alarm: Option<&'static str>,
        outbox: &Outbox,
    ) -> Self {
        let written = outbox.written() + outbox.len() as u64;
        let timer = MailTimer::new(&session.mailbox);
        Self {
            heartbeat: Heartbeat::new(session.tuned.heartbeat_s, now.transport, written),
            channels: Channels::new(session.tuned.channel_max),
            pauses: Pauses::new(alarm),
            armed: Mono::NEVER,
            timer: Arc::new(timer),
            unconfirmed: None,
            committing: None,
            session,
        }
    }

    pub(super) fn next_deadline(&self) -> Mono {
        self.heartbeat.next_deadline()
    }

    /// Heartbeats in both directions.
    pub(super) fn on_deadline(&mut self, now: Now, read: u64, outbox: &mut Outbox) -> Beat {
        let beat = self
            .heartbeat
            .on_deadline(now.transport, read, outbox.written());
        // With output waiting, the peer does not read: one more frame would tell it nothing.
        if beat == Beat::Send && outbox.is_empty() {
            outbox.heartbeat();
        }
        beat
    }

    pub(super) fn on_frame(
        &mut self,
        frame: &RawFrame<'_>,
        io: &mut Io<'_>,
    ) -> Result<Taken, Failure> {
        match frame.kind {
            FRAME_METHOD => self.on_method(frame, io),
            FRAME_HEADER | FRAME_BODY => self.on_content(frame, io),
            FRAME_HEARTBEAT if !frame.payload.is_empty() => {
                Err(framing::unknown_frame(frame).into())
            }
            FRAME_HEARTBEAT if frame.channel != ChannelId::ZERO => {
                Err(framing::unexpected_frame(frame).into())
            }
            FRAME_HEARTBEAT => Ok(Taken::Yes),
            _ => Err(framing::unknown_frame(frame).into()),
        }
    }

    fn on_method(&mut self, frame: &RawFrame<'_>, io: &mut Io<'_>) -> Result<Taken, Failure> {
        let method = decode(frame)?;
        if frame.channel == ChannelId::ZERO {
            return self.on_connection_method(&method, io).map(|()| Taken::Yes);
        }
        let id = frame.channel;
        let Some(channel) = self.channels.touch(id) else {
            let done = self.on_method_elsewhere(id, method, io);
            return done.map(|()| Taken::Yes);
        };
        let done = match method {
            Method::ChannelOpen(_) => {
                channel.check_no_content_open()?;
                Err(channel_error("second 'channel.open' seen", &method).into())
            }
            Method::ChannelClose(_) => {
                channel.check_no_content_open()?;
                self.close_channel(id, io)
            }
            Method::BasicPublish(publish) => channel.on_publish(publish).map_err(Failure::from),
            method => {
                if !is_settlement(&method) {
                    turns::spend(METHOD_STEPS);
                }
                let done = channel.on_method(method, &mut context(&self.session, io));
                if channel.is_committing() {
                    self.commit(id, io);
                }
                match done {
                    Ok(taken) => return Ok(taken),
                    Err(error) => self.fail(id, error, io),
                }
            }
        };
        done.map(|()| Taken::Yes)
    }

    fn on_connection_method(
        &mut self,
        method: &Method<'_>,
        io: &mut Io<'_>,
    ) -> Result<(), Failure> {
        match method {
            Method::ConnectionClose(_) => Err(Failure::ClosedByClient),
            // The internal users have no secret that could expire: any new one is fine.
            Method::ConnectionUpdateSecret(_) => {
                let ok = ConnectionUpdateSecretOk::default();
                io.outbox.method(ChannelId::ZERO, &ok.into());
                Ok(())
            }
            method => {
                let text = "unexpected method in connection state running";
                Err(channel_error(text, method).into())
            }
        }
    }

    /// Whether there may be one channel more.
    fn check_channel_count(&self) -> Result<(), AmqpError> {
        let (open, max) = (self.channels.open_count(), self.session.tuned.channel_max);
        if max > 0 && open >= usize::from(max) {
            let text = format!(
                "number of channels opened ({open}) has reached the negotiated channel_max ({max})"
            );
            return Err(AmqpError::not_allowed(text).in_method(0, 0));
        }
        Ok(())
    }

    fn open_channel(&mut self, id: ChannelId, io: &mut Io<'_>) -> Result<(), Failure> {
        self.check_channel_count()?;
        let place = self.session.open_channel()?;
        self.channels.open(id, place);
        self.session.tell_channel(id);
        self.count_channels();
        io.outbox.method(id, &ChannelOpenOk::default().into());
        Ok(())
    }

    /// The client closes a channel. What it sent before is done first, and may fail.
    fn close_channel(&mut self, id: ChannelId, io: &mut Io<'_>) -> Result<(), Failure> {
        if let Some(channel) = self.channels.touch(id)
            && let Err(error) = channel.flush(&mut context(&self.session, io))
        {
            self.fail(id, error, io)?;
        } else if let Some(channel) = self.channels.remove(id) {
            self.give_back([channel], io).check_complete();
            hold_what_comes(io.outbox);
        }
        io.outbox.method(id, &ChannelCloseOk::default().into());
        Ok(())
    }

    /// An error of the channel `id`: closes it, or hands out what closes the connection.
    fn fail(&mut self, id: ChannelId, error: AmqpError, io: &mut Io<'_>) -> Result<(), Failure> {
        if error.scope() == Scope::Connection {
            return Err(Failure::Error(error, id));
        }
        let Some(channel) = self.channels.start_closing(id) else {
            return Ok(());
        };
        self.give_back([channel], io).check_complete();
        hold_what_comes(io.outbox);
        let session = &self.session;
        let connection = Process(session.id, ChannelId::ZERO);
        crate::log::error!(
            target: log::CHANNEL,
            process = %Process(session.id, id),
            why = %Logged(&error),
            "Channel error on connection {connection} ({session}), channel {id}"
        );
        let text = error.reply_text();
        let (class_id, method_id) = error.method.unwrap_or_default();
        let close = ChannelClose {
            reply_code: error.code.number(),
            reply_text: ShortStr::new(&text).unwrap_or(ShortStr::EMPTY),
            class_id,
            method_id,
        };
        io.outbox.method(id, &close.into());
        Ok(())
    }

    /// One piece of mail. Durable positions come apart, once per batch.
    #[inline]
    pub(super) fn on_mail(&mut self, mail: Mail, io: &mut Io<'_>) -> Result<(), Failure> {
        match mail {
            Mail::Deliver(delivery) => {
                let pressure = delivery.entry.message.memory();
                let owed = io.outbox.owed();
                if let Some(channel) = self.channels.touch(delivery.channel) {
                    channel.on_deliver(delivery, &mut context(&self.session, io));
                }
                self.relieve_unwritten(owed, pressure, io);
            }
            Mail::Cancelled {
                channel: id,
                consumer,
            } => {
                if let Some(channel) = self.channels.touch(id) {
                    channel.on_cancelled(consumer, &mut context(&self.session, io));
                }
            }
            Mail::Reply {
                channel: id,
                message,
            } => {
                let owed = io.outbox.owed();
                if let Some(channel) = self.channels.touch(id) {
                    channel.on_reply(&message, &mut context(&self.session, io));
                }
                self.relieve_unwritten(owed, message.memory(), io);
            }
            Mail::Durable(position) => self.on_durable(position, io),
            Mail::Deadline => self.on_broker_deadline(io)?,
            Mail::Blocked(reason) => self.on_alarm(reason, io),
            Mail::Resume(queue) => call_back(&queue, io.now),
            Mail::Paid(_) => {
                let change = self.pauses.on_paid();
                self.on_pause(change, io.now);
            }
            Mail::Ask(ticket) => {
                let channels = self.channels.snapshots(self.session.id, *ticket.question());
                ticket.answer(channels);
            }
            Mail::AskHeld(ticket) => self.answer_held(ticket, io.now),
            Mail::AskHeldSince(ticket) => self.answer_held_since(ticket, io.now),
            Mail::Close(error) | Mail::Stop(error) => return Err(error.in_method(0, 0).into()),
        }
        Ok(())
    }

    /// Mail that led to no delivery is no pressure any more; `owed` is what the outbox owed before.
    fn relieve_unwritten(&self, owed: u64, pressure: usize, io: &Io<'_>) {
        if io.outbox.owed() == owed {
            self.session.mailbox.relieve(pressure, io.now);
        }
    }

    fn on_durable(&mut self, position: Position, io: &mut Io<'_>) {
        let change = self.pauses.on_durable(position);
        self.on_pause(change, io.now);
        self.unconfirmed = None;
        for id in self.channels.open_ids() {
            if let Some(State::Open { channel, .. }) = self.channels.get(id) {
                channel.on_durable(position, &mut context(&self.session, io));
                self.unconfirmed = earlier(self.unconfirmed, channel.waits_for());
            }
        }
    }

    /// Whether a commit is not done.
    #[inline]
    pub(super) fn is_committing(&self) -> bool {
        self.committing.is_some()
    }

    /// The earliest position in the store that confirms or a pause wait for.
    pub(super) fn waits_for(&self) -> Option<Position> {
        self.pauses.waits_for(self.unconfirmed)
    }

    /// A deadline of a channel has come, in broker time: a consumer took too long.
    fn on_broker_deadline(&mut self, io: &mut Io<'_>) -> Result<(), Failure> {
        self.armed = Mono::NEVER;
        for id in self.channels.open_ids() {
            let Some(channel) = self.channels.touch(id) else {
                continue;
            };
            if channel.next_deadline() <= io.now.mono
                && let Err(error) = channel.on_deadline(&mut context(&self.session, io))
            {
                self.fail(id, error, io)?;
            }
        }
        Ok(())
    }

    /// The end of a batch: channels that did something finish it.
    pub(super) fn flush(&mut self, io: &mut Io<'_>) -> Result<(), Failure> {
        let touched = self.channels.take_touched();
        let mut deadline = Mono::NEVER;
        let mut reads_on_at = None;
        let mut result = Ok(());
        for &id in &touched {
            let Some(State::Open { channel, .. }) = self.channels.get(id) else {
                continue;
            };
            let flushed = channel.flush(&mut context(&self.session, io));
            deadline = deadline.min(channel.next_deadline());
            self.unconfirmed = earlier(self.unconfirmed, channel.waits_for());
            reads_on_at = reads_on_at.max(channel.reads_on_at());
            if let Err(error) = flushed
                && let Err(failure) = self.fail(id, error, io)
            {
                result = Err(failure);
                break;
            }
        }
        self.channels.keep(touched);
        self.look_at_staged(reads_on_at, io);
        if turns::settle_on(&self.session.mailbox) {
            io.outbox.owe_work();
            let change = self.pauses.owe();
            self.on_pause(change, io.now);
        }
        if deadline < self.armed {
            self.armed = deadline;
            let timer = Arc::downgrade(&self.timer);
            self.session.desk.env.timers.arm(deadline, timer);
        }
        result
    }

    /// The connection ends, however: no consumer, unacked message or exclusive queue stays (I9).
    pub(super) fn end(&mut self, io: &mut Io<'_>) {
        let ids = self.channels.ids().into_iter();
        let channels: Vec<Box<Channel>> = ids.filter_map(|id| self.channels.remove(id)).collect();
        let told = self.give_back(channels, io);
        let session = &self.session;
        session.vhost.connection_gone(io.now, session.id);
        if turns::settle_on(&session.mailbox) {
            // Its last word waits until all of it is done.
            io.outbox.owe_work();
            io.outbox.hold_until_paid();
        }
        session.mailbox.close();
        session.end();
        told.check_complete();
    }

    /// Channels are gone; what they held goes back to its queues, all of it together.
    fn give_back(&self, channels: impl IntoIterator<Item = Box<Channel>>, io: &mut Io<'_>) -> Told {
        let cx = &mut context(&self.session, io);
        let mut departures = Departures::default();
        let mut gone = Vec::new();
        for mut channel in channels {
            channel.leave(&mut departures, cx);
            gone.push(channel.id());
        }
        let told = departures.tell(ReturnCause::Closed, cx);
        self.count_channels();
        for id in gone {
            self.session.tell_channel_closed(id);
        }
        told
    }

    fn count_channels(&self) {
        let open = self.channels.open_count();
        self.session.traffic.show_channels(open);
    }
}

/// What is put in from now on says that something is done: it waits for what was left of that.
fn hold_what_comes(outbox: &mut Outbox) {
    if turns::is_owing() {
        outbox.hold_until_paid();
    }
}

fn context<'a>(session: &'a Session, io: &'a mut Io<'_>) -> Context<'a> {
    Context {
        now: io.now,
        session,
        outbox: io.outbox,
        backlog: io.backlog,
        tools: io.tools,
    }
}

pub(super) fn earlier(one: Option<Position>, other: Option<Position>) -> Option<Position> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

fn decode<'a>(frame: &RawFrame<'a>) -> Result<Method<'a>, Failure> {
    Method::decode(frame.payload).map_err(|error| match framing::undecodable(frame, &error) {
        Undecodable::Refused(error) => Failure::from(error),
        Undecodable::Dropped(reason) => Failure::Cut(reason),
    })
}

/// 504 for a method that has no place here.
fn channel_error(text: &str, method: &Method<'_>) -> AmqpError {
    AmqpError::new(ReplyCode::ChannelError, text).in_method(method.class_id(), method.method_id())
}

/// Answers connection.close.
pub(super) fn close_ok(outbox: &mut Outbox) {
    outbox.method(ChannelId::ZERO, &ConnectionCloseOk::default().into());
}

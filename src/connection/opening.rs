//! How connections begin: frames before the connection is open go through the handshake's steps.
//!
//! Also takes the few frames that still mean something after connection.close.
//!
//! Spec: AMQP 0-9-1 section 2.2.4. Seen: RabbitMQ 4.3.6, tests/scripts/handshake.

use std::sync::Arc;

use leveret_codec::frame::{FRAME_HEARTBEAT, FRAME_METHOD, ProtocolHeader, RawFrame};
use leveret_codec::methods::{ConnectionOpen, Method};
use leveret_codec::types::ChannelId;

use super::handshake::{AwaitHeader, AwaitOpen, Refusal};
use super::running::{self, Running};
use super::{Closing, Connection, Phase, framing};
use crate::clock::Now;
use crate::protocol::Manner;

impl Connection {
    pub(super) fn greet(&mut self, now: Now, header: ProtocolHeader) {
        let process = self.process();
        crate::log::info!(%process, "accepting AMQP connection {}", self.origin);
        match AwaitHeader.on_header(header, &self.origin, &self.broker, &mut self.outbox) {
            Ok(next) => self.phase = Phase::Start(next),
            Err(refusal) => self.refuse(now, refusal),
        }
    }

    /// A frame before the connection is open, or after it is closed.
    pub(super) fn on_other_frame(&mut self, now: Now, frame: &RawFrame<'_>) {
        let is_zero = frame.channel == ChannelId::ZERO;
        if is_zero && frame.kind == FRAME_HEARTBEAT && frame.payload.is_empty() {
            return;
        }
        let method = match frame.kind {
            FRAME_METHOD if is_zero => Method::decode(frame.payload).ok(),
            _ => None,
        };
        if let Phase::Closing(closing) = self.phase {
            return self.on_closing_method(now, closing, method);
        }
        match method {
            Some(method) => self.on_handshake_method(now, method),
            None => self.fail(now, framing::unexpected_frame(frame)),
        }
    }

    fn on_handshake_method(&mut self, now: Now, method: Method<'_>) {
        let phase = std::mem::replace(&mut self.phase, Phase::Silent);
        let next = match (phase, method) {
            (Phase::Start(step), Method::ConnectionStartOk(start_ok)) => step
                .on_start_ok(now, start_ok, &self.origin, &self.broker, &mut self.outbox)
                .map(Phase::Tune),
            (Phase::Tune(step), Method::ConnectionTuneOk(tune_ok)) => {
                let env = &self.broker.env;
                step.on_tune_ok(tune_ok, &env.settings, env.live.channel_max())
                    .map(Phase::Opening)
            }
            (Phase::Opening(step), Method::ConnectionOpen(open)) => {
                return self.open(now, step, open);
            }
            (phase, method) => {
                self.phase = phase;
                let text = format!("unexpected method {} in this state", method.name());
                Err(Refusal::Silent(text))
            }
        };
        match next {
            Ok(phase) => {
                if let Phase::Opening(step) = &phase {
                    self.payload_max = match step.0.tuned.frame_max {
                        0 => u32::MAX,
                        frame_max => frame_max,
                    };
                }
                self.phase = phase;
            }
            Err(refusal) => self.refuse(now, refusal),
        }
    }

    fn open(&mut self, now: Now, step: AwaitOpen, open: ConnectionOpen<'_>) {
        let opened = step.on_open(open, &self.origin, &self.broker, &mut self.outbox);
        let session = match opened {
            Ok(session) => Arc::new(session),
            Err(error) => {
                self.phase = Phase::Opening(step);
                return self.fail(now, error);
            }
        };
        let name = self.name(&step);
        let (vhost, user) = (session.vhost.name(), session.user_name());
        self.log_open(&name, user, vhost);
        self.described = Some(format!("{name}, vhost: '{vhost}', user: '{user}'"));
        // Listed first, asked second: an alarm that begins in between comes by mail.
        self.broker.remember(&session);
        let alarm = self.broker.alarm();
        self.phase = Phase::Running(Box::new(Running::new(session, now, alarm, &self.outbox)));
    }

    fn on_closing_method(&mut self, now: Now, closing: Closing, method: Option<Method<'_>>) {
        match (closing, method) {
            // A client that floods us with closes and reads no answer gets no more.
            (_, Some(Method::ConnectionClose(_))) if !self.outbox.is_over_mark() => {
                running::close_ok(&mut self.outbox);
            }
            (Closing::Ours, Some(Method::ConnectionCloseOk(_))) => {
                self.log_end(now);
                self.phase = Phase::Gone(Manner::Graceful);
            }
            _ => {}
        }
    }
}

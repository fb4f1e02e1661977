//! What the broker tells a channel by itself.

use std::sync::{Arc, Mutex, MutexGuard};

use amqprs::callbacks::ChannelCallback;
use amqprs::channel::Channel;
use amqprs::error::Error as AmqprsError;
use amqprs::{Ack, BasicProperties, Cancel, CloseChannel, Nack, Return};
use async_trait::async_trait;
use scenarios::{Error, Message};

use crate::convert::received;

/// What was told so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Publishes acked or nacked up to this number.
    pub(crate) confirmed: u64,
    /// Whether one of them was nacked.
    pub(crate) nacked: bool,
    /// The last returned message.
    pub(crate) returned: Option<Error>,
    /// Why the channel was closed.
    pub(crate) closed: Option<Error>,
    /// The consumers that were cancelled.
    pub(crate) cancelled: Vec<String>,
}

/// Shared between a channel and its callback.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Told>>);

impl Events {
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().expect("nothing panics with it")
    }
}

type Result<T> = std::result::Result<T, AmqprsError>;

#[async_trait]
impl ChannelCallback for Events {
    async fn close(&mut self, _: &Channel, close: CloseChannel) -> Result<()> {
        let text = close.reply_text().clone();
        self.told().closed = Some(Error::Refused(Some(close.reply_code()), text));
        Ok(())
    }

    async fn cancel(&mut self, _: &Channel, cancel: Cancel) -> Result<()> {
        self.told().cancelled.push(cancel.consumer_tag().clone());
        Ok(())
    }

    async fn flow(&mut self, _: &Channel, active: bool) -> Result<bool> {
        Ok(active)
    }

    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        let mut told = self.told();
        told.confirmed = told.confirmed.max(ack.delivery_tag());
    }

    async fn publish_nack(&mut self, _: &Channel, nack: Nack) {
        let mut told = self.told();
        told.nacked = true;
        told.confirmed = told.confirmed.max(nack.delivery_tag());
    }

    async fn publish_return(
        &mut self,
        _: &Channel,
        back: Return,
        properties: BasicProperties,
        body: Vec<u8>,
    ) {
        let message = Message {
            body,
            tag: 0,
            redelivered: false,
            exchange: back.exchange().clone(),
            key: back.routing_key().clone(),
            left: 0,
            properties: received(&properties),
        };
        let text = back.reply_text().clone();
        self.told().returned = Some(Error::Returned(back.reply_code(), text, Box::new(message)));
    }
}

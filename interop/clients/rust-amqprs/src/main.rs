//! amqprs.

mod convert;
mod events;

use std::sync::atomic::{AtomicU64, Ordering};

use amqprs::channel::*;
use amqprs::connection::OpenConnectionArguments;
use amqprs::error::Error as AmqprsError;
use scenarios::Channel as _;
use scenarios::{Consume, Declare, DeleteIf, Error, Message, Properties, Result, Table, wait_for};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::convert::{fields, properties, received};
use crate::events::Events;

struct Amqprs;

struct Connection(amqprs::connection::Connection);

struct Channel {
    amqprs: amqprs::channel::Channel,
    events: Events,
    /// Publishes since the select plus one; 0 without confirms.
    publishes: AtomicU64,
}

fn other(error: AmqprsError) -> Error {
    Error::Other(error.to_string())
}

impl scenarios::Library for Amqprs {
    type Connection = Connection;
    const SKIPS: &'static [(&'static str, &'static str)] = &[(
        "blocked",
        "it does not announce the capability connection.blocked, so it is told nothing",
    )];
    // It fails at the frame that it did not expect, or at the end of the stream behind it.
    const NO_VHOST: (Option<u16>, &'static str) = (None, "AMQP");
    const NO_LOGIN: (Option<u16>, &'static str) = (None, "AMQP");

    async fn connect(uri: &str) -> Result<Connection> {
        let mut arguments = OpenConnectionArguments::try_from(uri).map_err(other)?;
        // The library keeps a vhost as it is written in the URI.
        let vhost = arguments.get_virtual_host().replace("%2F", "/");
        arguments.virtual_host(&vhost);
        let opened = amqprs::connection::Connection::open(&arguments).await;
        opened
            .map(Connection)
            .map_err(|error| Error::Refused(None, error.to_string()))
    }
}

impl scenarios::Connection for Connection {
    type Channel = Channel;

    fn product(&self) -> Option<(String, String)> {
        let properties = self.0.server_properties();
        Some((
            properties.product().to_owned(),
            properties.version().to_owned(),
        ))
    }

    fn is_open(&self) -> bool {
        self.0.is_open()
    }

    fn is_blocked(&self) -> bool {
        false
    }

    async fn channel(&self) -> Result<Channel> {
        let amqprs = self.0.open_channel(None).await.map_err(other)?;
        let events = Events::default();
        amqprs
            .register_callback(events.clone())
            .await
            .map_err(other)?;
        Ok(Channel {
            amqprs,
            events,
            publishes: AtomicU64::new(0),
        })
    }

    async fn close(self) -> Result<()> {
        self.0.close().await.map_err(other)
    }
}

impl Channel {
    /// The reason of a failed call: the library tells it to the callback only.
    async fn told<T>(&self, result: std::result::Result<T, AmqprsError>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => self.closed().await.and(Err(other(error))),
        }
    }
}

impl scenarios::Channel for Channel {
    async fn declare_queue(&self, name: &str, how: Declare) -> Result<(String, u32)> {
        let arguments = QueueDeclareArguments::default()
            .queue(name.to_owned())
            .passive(how.passive)
            .durable(how.durable)
            .exclusive(how.exclusive)
            .auto_delete(how.auto_delete)
            .arguments(fields(how.arguments))
            .finish();
        let answer = self
            .told(self.amqprs.queue_declare(arguments).await)
            .await?;
        let (name, messages, _) = answer.ok_or(Error::Other("no answer".to_owned()))?;
        Ok((name, messages))
    }

    async fn delete_queue(&self, name: &str, when: DeleteIf) -> Result<u32> {
        let arguments = QueueDeleteArguments::new(name)
            .if_unused(when == DeleteIf::Unused)
            .if_empty(when == DeleteIf::Empty)
            .finish();
        Ok(self
            .told(self.amqprs.queue_delete(arguments).await)
            .await?
            .unwrap_or_default())
    }

    async fn purge(&self, name: &str) -> Result<u32> {
        let purged = self
            .amqprs
            .queue_purge(QueuePurgeArguments::new(name))
            .await;
        Ok(self.told(purged).await?.unwrap_or_default())
    }

    async fn declare_exchange(&self, name: &str, kind: &str, how: Declare) -> Result<()> {
        let arguments = ExchangeDeclareArguments::new(name, kind)
            .passive(how.passive)
            .durable(how.durable)
            .auto_delete(how.auto_delete)
            .arguments(fields(how.arguments))
            .finish();
        self.told(self.amqprs.exchange_declare(arguments).await)
            .await
    }

    async fn delete_exchange(&self, name: &str) -> Result<()> {
        self.told(
            self.amqprs
                .exchange_delete(ExchangeDeleteArguments::new(name))
                .await,
        )
        .await
    }

    async fn bind(&self, queue: &str, exchange: &str, key: &str, arguments: Table) -> Result<()> {
        let arguments = QueueBindArguments::new(queue, exchange, key)
            .arguments(fields(arguments))
            .finish();
        self.told(self.amqprs.queue_bind(arguments).await).await
    }

    async fn unbind(&self, queue: &str, exchange: &str, key: &str) -> Result<()> {
        let arguments = QueueUnbindArguments::new(queue, exchange, key);
        self.told(self.amqprs.queue_unbind(arguments).await).await
    }

    async fn bind_exchange(&self, target: &str, source: &str, key: &str) -> Result<()> {
        let arguments = ExchangeBindArguments::new(target, source, key);
        self.told(self.amqprs.exchange_bind(arguments).await).await
    }

    async fn unbind_exchange(&self, target: &str, source: &str, key: &str) -> Result<()> {
        let arguments = ExchangeUnbindArguments::new(target, source, key);
        self.told(self.amqprs.exchange_unbind(arguments).await)
            .await
    }

    async fn confirm(&self) -> Result<()> {
        self.publishes.store(1, Ordering::Relaxed);
        self.told(
            self.amqprs
                .confirm_select(ConfirmSelectArguments::default())
                .await,
        )
        .await
    }

    async fn publish(
        &self,
        (exchange, key): (&str, &str),
        body: &[u8],
        sent: Properties,
        mandatory: bool,
    ) -> Result<()> {
        let arguments = BasicPublishArguments::new(exchange, key)
            .mandatory(mandatory)
            .finish();
        let published = self
            .amqprs
            .basic_publish(properties(sent), body.to_vec(), arguments)
            .await;
        self.told(published).await?;
        let number = self.publishes.load(Ordering::Relaxed);
        if number == 0 {
            return Ok(());
        }
        self.publishes.store(number + 1, Ordering::Relaxed);
        wait_for("the confirm", async || {
            Ok(self.events.told().confirmed >= number)
        })
        .await?;
        let mut told = self.events.told();
        match told.returned.take() {
            Some(returned) => Err(returned),
            None if told.nacked => Err(Error::Nacked),
            None => Ok(()),
        }
    }

    async fn get(&self, name: &str, no_ack: bool) -> Result<Option<Message>> {
        let arguments = BasicGetArguments::new(name).no_ack(no_ack).finish();
        let got = self.told(self.amqprs.basic_get(arguments).await).await?;
        Ok(got.map(|(get, properties, body)| Message {
            body,
            tag: get.delivery_tag(),
            redelivered: get.redelivered(),
            exchange: get.exchange().clone(),
            key: get.routing_key().clone(),
            left: get.message_count(),
            properties: received(&properties),
        }))
    }

    async fn consume(
        &self,
        name: &str,
        how: Consume,
    ) -> Result<(String, UnboundedReceiver<Message>)> {
        let arguments = BasicConsumeArguments::new(name, "")
            .manual_ack(!how.no_ack)
            .exclusive(how.exclusive)
            .arguments(fields(how.arguments))
            .finish();
        let (tag, mut deliveries) = self
            .told(self.amqprs.basic_consume_rx(arguments).await)
            .await?;
        let (to, from) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(message) = deliveries.recv().await {
                let (Some(deliver), Some(properties)) = (message.deliver, message.basic_properties)
                else {
                    continue;
                };
                let message = Message {
                    body: message.content.unwrap_or_default(),
                    tag: deliver.delivery_tag(),
                    redelivered: deliver.redelivered(),
                    exchange: deliver.exchange().clone(),
                    key: deliver.routing_key().clone(),
                    left: 0,
                    properties: received(&properties),
                };
                // The scenario may have ended, and waits for it no more.
                let _ = to.send(message);
            }
        });
        Ok((tag, from))
    }

    async fn cancel(&self, tag: &str) -> Result<()> {
        self.told(
            self.amqprs
                .basic_cancel(BasicCancelArguments::new(tag))
                .await,
        )
        .await
        .map(drop)
    }

    async fn ack(&self, tag: u64, multiple: bool) -> Result<()> {
        self.told(
            self.amqprs
                .basic_ack(BasicAckArguments::new(tag, multiple))
                .await,
        )
        .await
    }

    async fn nack(&self, tag: u64, multiple: bool, requeue: bool) -> Result<()> {
        let arguments = BasicNackArguments::new(tag, multiple, requeue);
        self.told(self.amqprs.basic_nack(arguments).await).await
    }

    async fn reject(&self, tag: u64, requeue: bool) -> Result<()> {
        self.told(
            self.amqprs
                .basic_reject(BasicRejectArguments::new(tag, requeue))
                .await,
        )
        .await
    }

    async fn recover(&self) -> Result<()> {
        self.told(self.amqprs.basic_recover(true).await).await
    }

    async fn qos(&self, count: u16) -> Result<()> {
        self.told(
            self.amqprs
                .basic_qos(BasicQosArguments::new(0, count, false))
                .await,
        )
        .await
    }

    async fn tx_select(&self) -> Result<()> {
        self.told(self.amqprs.tx_select().await).await
    }

    async fn tx_commit(&self) -> Result<()> {
        self.told(self.amqprs.tx_commit().await).await
    }

    async fn tx_rollback(&self) -> Result<()> {
        self.told(self.amqprs.tx_rollback().await).await
    }

    fn cancelled(&self) -> Vec<String> {
        self.events.told().cancelled.clone()
    }

    async fn closed(&self) -> Result<()> {
        wait_for("the close", async || {
            Ok(self.events.told().closed.is_some())
        })
        .await?;
        match self.events.told().closed.clone() {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    async fn close(self) -> Result<()> {
        self.amqprs.close().await.map_err(other)
    }
}

#[tokio::main]
async fn main() {
    scenarios::run::<Amqprs>().await;
}

//! lapin, on tokio.

mod convert;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use lapin::options::*;
use lapin::types::FieldTable;
use lapin::{Confirmation, ConnectionProperties, ErrorKind, Event, ExchangeKind};
use scenarios::{Consume, Declare, DeleteIf, Error, Message, Properties, Result, Table, table};
use scenarios::{Value, wait_for};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::convert::{fields, message, properties};

struct Lapin;

struct Connection {
    lapin: lapin::Connection,
    /// What the broker complained of, on any channel.
    errors: Arc<Mutex<Vec<Error>>>,
}

struct Channel {
    lapin: lapin::Channel,
    confirming: AtomicBool,
    cancelled: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<Vec<Error>>>,
    /// How many errors there were before this channel.
    errors_before: usize,
}

fn error(error: lapin::Error) -> Error {
    match error.kind() {
        ErrorKind::ProtocolError(told) => {
            Error::Refused(Some(told.get_id()), told.get_message().to_string())
        }
        _ => Error::Other(error.to_string()),
    }
}

impl scenarios::Library for Lapin {
    type Connection = Connection;

    fn more_headers() -> Table {
        table! { "decimal" => Value::Decimal(2, 314) }
    }

    async fn connect(uri: &str) -> Result<Connection> {
        let properties = ConnectionProperties::default();
        let lapin = lapin::Connection::connect(uri, properties)
            .await
            .map_err(error)?;
        let errors: Arc<Mutex<Vec<Error>>> = Arc::default();
        let (mut events, to) = (lapin.events_listener(), Arc::clone(&errors));
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Event::Error(told) = event {
                    to.lock().expect("nothing panics with it").push(error(told));
                }
            }
        });
        Ok(Connection { lapin, errors })
    }
}

impl scenarios::Connection for Connection {
    type Channel = Channel;

    fn product(&self) -> Option<(String, String)> {
        None
    }

    fn is_open(&self) -> bool {
        self.lapin.status().connected()
    }

    fn is_blocked(&self) -> bool {
        self.lapin.status().blocked()
    }

    async fn channel(&self) -> Result<Channel> {
        let lapin = self.lapin.create_channel().await.map_err(error)?;
        let errors = Arc::clone(&self.errors);
        let errors_before = errors.lock().expect("nothing panics with it").len();
        let (confirming, cancelled) = (AtomicBool::new(false), Arc::default());
        Ok(Channel {
            lapin,
            confirming,
            cancelled,
            errors,
            errors_before,
        })
    }

    async fn close(self) -> Result<()> {
        match self.lapin.close(200, "".into()).await {
            // A channel that was dropped is just closing itself.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidChannelState(..)) => Ok(()),
            other => other.map_err(error),
        }
    }
}

fn kind(name: &str) -> ExchangeKind {
    match name {
        "direct" => ExchangeKind::Direct,
        "fanout" => ExchangeKind::Fanout,
        "headers" => ExchangeKind::Headers,
        "topic" => ExchangeKind::Topic,
        other => ExchangeKind::Custom(other.to_owned()),
    }
}

impl scenarios::Channel for Channel {
    async fn declare_queue(&self, name: &str, how: Declare) -> Result<(String, u32)> {
        let options = QueueDeclareOptions {
            passive: how.passive,
            durable: how.durable,
            exclusive: how.exclusive,
            auto_delete: how.auto_delete,
            nowait: false,
        };
        let queue = self
            .lapin
            .queue_declare(name.into(), options, fields(how.arguments))
            .await;
        queue
            .map(|queue| (queue.name().to_string(), queue.message_count()))
            .map_err(error)
    }

    async fn delete_queue(&self, name: &str, when: DeleteIf) -> Result<u32> {
        let options = QueueDeleteOptions {
            if_unused: when == DeleteIf::Unused,
            if_empty: when == DeleteIf::Empty,
            nowait: false,
        };
        self.lapin
            .queue_delete(name.into(), options)
            .await
            .map_err(error)
    }

    async fn purge(&self, name: &str) -> Result<u32> {
        self.lapin
            .queue_purge(name.into(), QueuePurgeOptions::default())
            .await
            .map_err(error)
    }

    async fn declare_exchange(&self, name: &str, of: &str, how: Declare) -> Result<()> {
        let options = ExchangeDeclareOptions {
            passive: how.passive,
            durable: how.durable,
            auto_delete: how.auto_delete,
            ..ExchangeDeclareOptions::default()
        };
        let arguments = fields(how.arguments);
        self.lapin
            .exchange_declare(name.into(), kind(of), options, arguments)
            .await
            .map_err(error)
    }

    async fn delete_exchange(&self, name: &str) -> Result<()> {
        let options = ExchangeDeleteOptions::default();
        self.lapin
            .exchange_delete(name.into(), options)
            .await
            .map_err(error)
    }

    async fn bind(&self, queue: &str, exchange: &str, key: &str, arguments: Table) -> Result<()> {
        let (queue, exchange, key) = (queue.into(), exchange.into(), key.into());
        let options = QueueBindOptions::default();
        self.lapin
            .queue_bind(queue, exchange, key, options, fields(arguments))
            .await
            .map_err(error)
    }

    async fn unbind(&self, queue: &str, exchange: &str, key: &str) -> Result<()> {
        let (queue, exchange, key) = (queue.into(), exchange.into(), key.into());
        self.lapin
            .queue_unbind(queue, exchange, key, FieldTable::default())
            .await
            .map_err(error)
    }

    async fn bind_exchange(&self, target: &str, source: &str, key: &str) -> Result<()> {
        let options = ExchangeBindOptions::default();
        let (target, source, key) = (target.into(), source.into(), key.into());
        let none = FieldTable::default();
        self.lapin
            .exchange_bind(target, source, key, options, none)
            .await
            .map_err(error)
    }

    async fn unbind_exchange(&self, target: &str, source: &str, key: &str) -> Result<()> {
        let options = ExchangeUnbindOptions::default();
        let (target, source, key) = (target.into(), source.into(), key.into());
        let none = FieldTable::default();
        self.lapin
            .exchange_unbind(target, source, key, options, none)
            .await
            .map_err(error)
    }

    async fn confirm(&self) -> Result<()> {
        self.confirming.store(true, Ordering::Relaxed);
        self.lapin
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(error)
    }

    async fn publish(
        &self,
        (exchange, key): (&str, &str),
        body: &[u8],
        sent: Properties,
        mandatory: bool,
    ) -> Result<()> {
        let options = BasicPublishOptions {
            mandatory,
            ..BasicPublishOptions::default()
        };
        let confirm = self
            .lapin
            .basic_publish(exchange.into(), key.into(), options, body, properties(sent))
            .await
            .map_err(error)?;
        match confirm.await.map_err(error)? {
            Confirmation::Ack(Some(back)) => Err(Error::Returned(
                back.reply_code,
                back.reply_text.to_string(),
                Box::new(message(back.delivery, 0)),
            )),
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Nack(_) => Err(Error::Nacked),
            Confirmation::NotRequested if self.confirming.load(Ordering::Relaxed) => {
                Err(Error::Other("no confirm".to_owned()))
            }
            Confirmation::NotRequested => Ok(()),
        }
    }

    async fn get(&self, name: &str, no_ack: bool) -> Result<Option<Message>> {
        let got = self
            .lapin
            .basic_get(name.into(), BasicGetOptions { no_ack })
            .await;
        got.map(|got| got.map(|got| message(got.delivery, got.message_count)))
            .map_err(error)
    }

    async fn consume(
        &self,
        name: &str,
        how: Consume,
    ) -> Result<(String, UnboundedReceiver<Message>)> {
        let options = BasicConsumeOptions {
            no_ack: how.no_ack,
            exclusive: how.exclusive,
            ..BasicConsumeOptions::default()
        };
        let arguments = fields(how.arguments);
        let mut consumer = self
            .lapin
            .basic_consume(name.into(), "".into(), options, arguments)
            .await
            .map_err(error)?;
        let tag = consumer.tag().to_string();
        let (to, from) = unbounded_channel();
        let (cancelled, name) = (Arc::clone(&self.cancelled), tag.clone());
        tokio::spawn(async move {
            while let Some(Ok(delivery)) = consumer.next().await {
                // the scenario may have ended, and waits for it no more
                let _ = to.send(message(delivery, 0));
            }
            cancelled.lock().expect("nothing panics with it").push(name);
        });
        Ok((tag, from))
    }

    async fn cancel(&self, tag: &str) -> Result<()> {
        self.lapin
            .basic_cancel(tag.into(), BasicCancelOptions::default())
            .await
            .map_err(error)
    }

    async fn ack(&self, tag: u64, multiple: bool) -> Result<()> {
        self.lapin
            .basic_ack(tag, BasicAckOptions { multiple })
            .await
            .map_err(error)
    }

    async fn nack(&self, tag: u64, multiple: bool, requeue: bool) -> Result<()> {
        self.lapin
            .basic_nack(tag, BasicNackOptions { multiple, requeue })
            .await
            .map_err(error)
    }

    async fn reject(&self, tag: u64, requeue: bool) -> Result<()> {
        self.lapin
            .basic_reject(tag, BasicRejectOptions { requeue })
            .await
            .map_err(error)
    }

    async fn recover(&self) -> Result<()> {
        self.lapin
            .basic_recover(BasicRecoverOptions { requeue: true })
            .await
            .map_err(error)
    }

    async fn qos(&self, count: u16) -> Result<()> {
        self.lapin
            .basic_qos(count, BasicQosOptions::default())
            .await
            .map_err(error)
    }

    async fn tx_select(&self) -> Result<()> {
        self.lapin.tx_select().await.map_err(error)
    }

    async fn tx_commit(&self) -> Result<()> {
        self.lapin.tx_commit().await.map_err(error)
    }

    async fn tx_rollback(&self) -> Result<()> {
        self.lapin.tx_rollback().await.map_err(error)
    }

    fn cancelled(&self) -> Vec<String> {
        self.cancelled
            .lock()
            .expect("nothing panics with it")
            .clone()
    }

    async fn closed(&self) -> Result<()> {
        let told = || {
            let errors = self.errors.lock().expect("nothing panics with it");
            errors.get(self.errors_before).cloned()
        };
        wait_for("the close", async || Ok(told().is_some())).await?;
        told().map_or(Ok(()), Err)
    }

    async fn close(self) -> Result<()> {
        self.lapin.close(200, "".into()).await.map_err(error)
    }
}

#[tokio::main]
async fn main() {
    scenarios::run::<Lapin>().await;
}

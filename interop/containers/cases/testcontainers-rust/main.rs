//! The RabbitMQ module of Testcontainers for Rust, unchanged: it waits for the log's line of a broker
//! with four plugins, as the image of its default tag had them.

use std::time::Instant;

use amqprs::BasicProperties;
use amqprs::channel::{BasicGetArguments, BasicPublishArguments, QueueDeclareArguments};
use amqprs::connection::{Connection, OpenConnectionArguments};
use testcontainers_modules::rabbitmq::RabbitMq;
use testcontainers_modules::testcontainers::runners::AsyncRunner as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let broker = RabbitMq::default().start().await?;
    println!("ready after {} ms with Rust", begun.elapsed().as_millis());
    let port = broker.get_host_port_ipv4(5672).await?;
    let login = OpenConnectionArguments::new("127.0.0.1", port, "guest", "guest");
    let connection = Connection::open(&login).await?;
    let channel = connection.open_channel(None).await?;
    channel
        .queue_declare(QueueDeclareArguments::durable_client_named("jobs"))
        .await?;
    let publish = BasicPublishArguments::new("", "jobs");
    channel
        .basic_publish(BasicProperties::default(), b"hello".to_vec(), publish)
        .await?;
    let got = channel
        .basic_get(BasicGetArguments::new("jobs").no_ack(true).finish())
        .await?;
    let (_, _, body) = got.ok_or("the queue is empty")?;
    assert_eq!(body, b"hello");
    connection.close().await?;
    Ok(())
}

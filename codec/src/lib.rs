//! AMQP 0-9-1 to and from bytes, as RabbitMQ speaks it.

"""The RabbitMQ module of Testcontainers for Python, unchanged: it waits until pika connects."""

import time

import pika
from testcontainers.rabbitmq import RabbitMqContainer


def conversation(broker):
    with pika.BlockingConnection(broker.get_connection_params()) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("jobs", durable=True)
        channel.basic_publish("", "jobs", b"hello", pika.BasicProperties(delivery_mode=2))
        _, _, body = channel.basic_get("jobs", auto_ack=True)
        assert body == b"hello", body


begun = time.monotonic()
with RabbitMqContainer("rabbitmq:4-management") as broker:
    print(f"ready after {(time.monotonic() - begun) * 1000:.0f} ms with Python")
    conversation(broker)

settings = {"username": "ann", "password": "secret", "vhost": "shop", "port": 5679}
with RabbitMqContainer("rabbitmq:4", **settings) as broker:
    conversation(broker)

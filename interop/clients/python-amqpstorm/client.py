"""AMQPStorm."""

import datetime
import re
import time

import amqpstorm
from amqpstorm import exception as errors

from door import Library, Message, Nacked, Returned
from harness import RELAY_URI, wait_for
from scenarios import run


class Connection:
    def __init__(self, uri):
        self.storm = amqpstorm.UriConnection(uri)
        self.properties = self.storm.server_properties

    @property
    def blocked(self):
        return self.storm.is_blocked

    def channel(self):
        return Channel(self)

    def idle(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.storm.check_for_errors()
            time.sleep(0.01)

    def close(self):
        self.storm.close()


class Channel:
    def __init__(self, connection):
        self.connection, self.storm = connection, connection.storm.channel()
        self.consumers = {}
        basic, queue, exchange, tx = (
            self.storm.basic, self.storm.queue, self.storm.exchange, self.storm.tx)
        self.ack, self.nack, self.reject = basic.ack, basic.nack, basic.reject
        self.bind, self.unbind = queue.bind, queue.unbind
        self.bind_exchange, self.unbind_exchange = exchange.bind, exchange.unbind
        self.declare_exchange, self.delete_exchange = exchange.declare, exchange.delete
        self.tx_select, self.tx_commit, self.tx_rollback = tx.select, tx.commit, tx.rollback
        self.confirm, self.close = self.storm.confirm_deliveries, self.storm.close

    @property
    def cancelled(self):
        return [tag for tag in self.consumers if tag not in self.storm.consumer_tags]

    def declare_queue(self, name, **options):
        answer = self.storm.queue.declare(name, **options)
        return answer["queue"], answer["message_count"]

    def delete_queue(self, name, **options):
        return self.storm.queue.delete(name, **options)["message_count"]

    def purge(self, name):
        return self.storm.queue.purge(name)["message_count"]

    def publish(self, exchange, key, body, properties, mandatory=False):
        sent = dict(properties)
        if "type" in sent:
            sent["message_type"] = sent.pop("type")
        try:
            if self.storm.basic.publish(body, key, exchange, sent, mandatory=mandatory) is False:
                raise Nacked
        except errors.AMQPMessageError as error:
            if error.error_code == 312:  # the message itself is not kept
                raise Returned(312, "NO_ROUTE", None, None) from error
            raise Nacked from error

    def get(self, name, no_ack=False):
        channel = self.storm
        if self.storm.consumer_tags:  # the library wants gets elsewhere
            channel = self.connection.storm.channel()
        received = channel.basic.get(name, no_ack=no_ack, auto_decode=False)
        return received and message(received)

    def consume(self, name, handler, no_ack=False, exclusive=False, arguments=None):
        tag = self.storm.basic.consume(
            lambda received: handler(message(received)), name, no_ack=no_ack,
            exclusive=exclusive, arguments=arguments)
        self.consumers[tag] = handler
        return tag

    def cancel(self, tag):
        self.storm.basic.cancel(tag)
        del self.consumers[tag]

    def recover(self):
        self.storm.basic.recover(requeue=True)

    def qos(self, count):
        self.storm.basic.qos(count)

    def pump(self, seconds):
        time.sleep(seconds)
        if self.storm._consumer_callbacks:
            self.storm.process_data_events(auto_decode=False)


def text(value):
    """Strings arrive as bytes where nothing is decoded by content type."""
    if isinstance(value, bytes):
        return value.decode()
    return value


def message(received):
    properties = {text(name): value for name, value in received._properties.items()}
    for name, value in properties.items():
        if name != "headers":
            properties[name] = text(value)
    properties["type"] = properties.pop("message_type", None)
    if isinstance(properties.get("timestamp"), datetime.datetime):
        properties["timestamp"] = properties["timestamp"].replace(tzinfo=datetime.timezone.utc)
    method = received._method
    return Message(
        received._body, method["delivery_tag"], method["redelivered"], text(method["exchange"]),
        text(method["routing_key"]), method.get("message_count"), properties)


class Storm(Library):
    more_headers = {"float": 1.5, "bytes": bytearray(b"\0\xff")}
    returned_body = False
    no_properties = ("cluster_id",)

    def connect(self, uri):
        # the end of a stream is not noticed by this version, a missing heartbeat is
        return Connection(f"{uri}?heartbeat=1" if uri == RELAY_URI else uri)

    def sync(self, channel):
        # a call now could follow the library's own close-ok, which is an error of the connection
        wait_for(lambda: channel.storm.is_closed, "the close")
        channel.storm.check_for_errors()

    def refusal(self, error):
        code = getattr(error, "error_code", None)
        if code is None:
            name = re.search("ACCESS_REFUSED|NOT_ALLOWED", str(error))
            code = name and {"ACCESS_REFUSED": 403, "NOT_ALLOWED": 530}[name[0]]
        return code and (code, str(error))


run(Storm())

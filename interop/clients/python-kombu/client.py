"""kombu, on its py-amqp transport."""

import calendar
import datetime
import socket
import time

import kombu
from amqp import exceptions as errors

from door import NOON, Library, Message, Nacked, Returned
from scenarios import run


class Connection:
    def __init__(self, uri):
        self.kombu = kombu.Connection(uri)
        self.kombu.connect()
        amqp = self.kombu.connection
        self.properties, self.blocked = amqp.server_properties, False
        amqp.on_blocked = lambda reason: self.set_blocked(True)
        amqp.on_unblocked = lambda: self.set_blocked(False)

    def set_blocked(self, blocked):
        self.blocked = blocked

    def channel(self):
        return Channel(self)

    def idle(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.kombu.get_heartbeat_interval():
                self.kombu.heartbeat_check()
            try:
                self.kombu.drain_events(timeout=min(left, 0.2))
            except socket.timeout:
                pass

    def close(self):
        self.kombu.release()


class Channel:
    def __init__(self, connection):
        self.connection, self.cancelled, self.returned = connection, [], []
        self.kombu = connection.kombu.channel()
        self.producer = kombu.Producer(self.kombu, on_return=self.on_return)

    def __getattr__(self, name):
        return getattr(self.kombu, {
            "ack": "basic_ack", "reject": "basic_reject", "cancel": "basic_cancel",
        }.get(name, name))

    def nack(self, tag, multiple=False, requeue=True):
        # py-amqp receives nacks but has no call that sends one
        self.kombu.send_method((60, 120), "Lbb", (tag, multiple, requeue))

    def on_return(self, exception, exchange, key, message):
        properties = {**message.properties, "headers": message.headers}
        self.returned.append((exception.reply_code, exception.reply_text, message.body, properties))

    def confirm(self):
        # what the transport option confirm_publish does for every channel
        self.kombu.basic_publish = self.kombu.basic_publish_confirm

    def recover(self):
        self.kombu.basic_recover(requeue=True)

    def queue(self, name, **options):
        return kombu.Queue(name, channel=self.kombu, **options)

    def declare_queue(
        self, name, passive=False, durable=False, exclusive=False, auto_delete=False, arguments=None,
    ):
        if passive:
            answer = self.kombu.queue_declare(name, passive=True)
            return answer.queue, answer.message_count
        queue = self.queue(
            name, durable=durable, exclusive=exclusive, auto_delete=auto_delete,
            queue_arguments=arguments)
        queue.auto_delete = auto_delete  # an exclusive queue would always be
        return queue.queue_declare().queue, 0

    def delete_queue(self, name, if_unused=False, if_empty=False):
        return self.queue(name).delete(if_unused=if_unused, if_empty=if_empty)

    def purge(self, name):
        return self.queue(name).purge()

    def exchange(self, name, kind="direct", **options):
        return kombu.Exchange(name, kind, channel=self.kombu, **options)

    def declare_exchange(
        self, name, kind="direct", passive=False, durable=False, auto_delete=False, arguments=None,
    ):
        if name.startswith("amq."):  # kombu itself would not ask
            return self.kombu.exchange_declare(name, kind)
        self.exchange(
            name, kind, durable=durable, auto_delete=auto_delete, arguments=arguments,
        ).declare(passive=passive)

    def delete_exchange(self, name):
        self.exchange(name).delete()

    def bind(self, queue, exchange, key="", arguments=None):
        self.queue(queue).bind_to(exchange, key, arguments=arguments)

    def unbind(self, queue, exchange, key=""):
        self.queue(queue).unbind_from(self.exchange(exchange), key)

    def bind_exchange(self, target, source, key=""):
        self.exchange(target).bind_to(source, key)

    def unbind_exchange(self, target, source, key=""):
        self.exchange(target).unbind_from(source, key)

    def publish(self, exchange, key, body, properties, mandatory=False):
        sent = {"content_type": "application/data", "content_encoding": "binary", **properties}
        sent.setdefault("delivery_mode", 1)
        if "timestamp" in sent:
            sent["timestamp"] = calendar.timegm(sent["timestamp"].timetuple())
        if "expiration" in sent:
            sent["expiration"] = int(sent["expiration"]) / 1000
        try:
            self.producer.publish(
                body, exchange=exchange, routing_key=key, mandatory=mandatory, **sent)
        except errors.MessageNacked as error:
            raise Nacked from error
        if self.returned:
            raise Returned(*self.returned.pop())

    def get(self, name, no_ack=False):
        received = self.queue(name).get(no_ack=no_ack, accept=["application/data"])
        return received and message(received)

    def consume(self, name, handler, no_ack=False, exclusive=False, arguments=None):
        return self.kombu.basic_consume(
            name, no_ack=no_ack, exclusive=exclusive, arguments=arguments,
            callback=lambda raw: handler(message(self.kombu.message_to_python(raw))),
            on_cancel=self.cancelled.append)

    def qos(self, count):
        self.kombu.basic_qos(0, count, False)

    def pump(self, seconds):
        try:
            while True:
                self.connection.kombu.drain_events(timeout=max(seconds, 0.001))
        except socket.timeout:
            pass


def message(received):
    info, properties = received.delivery_info, dict(received.properties)
    if "timestamp" in properties:
        properties["timestamp"] = datetime.datetime.fromtimestamp(
            properties["timestamp"], datetime.timezone.utc)
    properties.update(
        headers=received.headers, content_type=received.content_type,
        content_encoding=received.content_encoding)
    body = received.body
    return Message(
        body.encode() if isinstance(body, str) else bytes(body), received.delivery_tag,
        bool(info["redelivered"]), info["exchange"], info["routing_key"],
        info.get("message_count"), properties)


class Kombu(Library):
    more_headers = {"float": 1.5, "bytes": b"\0\xff", "when": NOON.replace(tzinfo=None)}

    def connect(self, uri):
        return Connection(uri)

    def refusal(self, error):
        code = getattr(error, "reply_code", None)
        return code and (code, error.reply_text)


run(Kombu())

"""pika's blocking connection."""

import calendar
import datetime
import re

import pika
from pika import exceptions as errors

from door import Library, Message, Nacked, Returned
from scenarios import run


class Connection:
    def __init__(self, uri):
        self.pika = pika.BlockingConnection(pika.URLParameters(uri))
        self.properties, self.blocked = self.pika._impl.server_properties, False
        self.pika.add_on_connection_blocked_callback(lambda *_: self.set_blocked(True))
        self.pika.add_on_connection_unblocked_callback(lambda *_: self.set_blocked(False))

    def set_blocked(self, blocked):
        self.blocked = blocked

    def channel(self):
        return Channel(self)

    def idle(self, seconds):
        self.pika.process_data_events(time_limit=seconds)

    def close(self):
        if self.pika.is_open:
            self.pika.close()


class Channel:
    def __init__(self, connection):
        self.connection, self.cancelled = connection, []
        self.pika = connection.pika.channel()
        self.pika.add_on_cancel_callback(
            lambda frame: self.cancelled.append(frame.method.consumer_tag))
        for name, call in {
            "confirm": "confirm_delivery", "close": "close",
            "ack": "basic_ack", "nack": "basic_nack", "reject": "basic_reject",
            "cancel": "basic_cancel", "tx_select": "tx_select", "tx_commit": "tx_commit",
            "tx_rollback": "tx_rollback", "bind": "queue_bind", "unbind": "queue_unbind",
            "bind_exchange": "exchange_bind", "unbind_exchange": "exchange_unbind",
            "declare_exchange": "exchange_declare", "delete_exchange": "exchange_delete",
        }.items():
            setattr(self, name, getattr(self.pika, call))

    def recover(self):
        self.pika.basic_recover(requeue=True)

    def declare_queue(self, name, **options):
        method = self.pika.queue_declare(name, **options).method
        return method.queue, method.message_count

    def delete_queue(self, name, **options):
        return self.pika.queue_delete(name, **options).method.message_count

    def purge(self, name):
        return self.pika.queue_purge(name).method.message_count

    def publish(self, exchange, key, body, properties, mandatory=False):
        sent = dict(properties)
        if "timestamp" in sent:
            sent["timestamp"] = calendar.timegm(sent["timestamp"].timetuple())
        try:
            self.pika.basic_publish(
                exchange, key, body, pika.BasicProperties(**sent), mandatory=mandatory)
        except errors.NackError as error:
            raise Nacked from error
        except errors.UnroutableError as error:
            message, = error.messages
            raise Returned(message.method.reply_code, message.method.reply_text, message.body,
                           vars(message.properties)) from error

    def get(self, name, no_ack=False):
        method, properties, body = self.pika.basic_get(name, auto_ack=no_ack)
        return method and message(method, properties, body)

    def consume(self, name, handler, no_ack=False, **options):
        return self.pika.basic_consume(
            name, lambda _, *parts: handler(message(*parts)), auto_ack=no_ack, **options)

    def qos(self, count):
        self.pika.basic_qos(prefetch_count=count)

    def pump(self, seconds):
        self.connection.idle(seconds)


def message(method, properties, body):
    received = dict(vars(properties))
    if received["timestamp"] is not None:
        received["timestamp"] = datetime.datetime.fromtimestamp(
            received["timestamp"], datetime.timezone.utc)
    return Message(
        body, method.delivery_tag, method.redelivered, method.exchange, method.routing_key,
        getattr(method, "message_count", None), received)


class Pika(Library):
    more_headers = {"bytes": b"\0\xff"}  # a float cannot be sent

    def connect(self, uri):
        return Connection(uri)

    def refusal(self, error):
        if hasattr(error, "reply_code"):
            return error.reply_code, error.reply_text
        code = re.search(r"\((\d{3})\)", str(error))  # refused before the connection was open
        return code and (int(code[1]), str(error))


run(Pika())

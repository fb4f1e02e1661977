"""aio-pika; its event loop runs in a thread of its own."""

import asyncio
import inspect
import logging
import re
import threading

import aio_pika
import aiormq
from aio_pika import exceptions as errors

from door import Library, Message, Nacked, Returned
from harness import RELAY_URI, wait_for
from scenarios import run

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()


def wait(coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)


class Blocking:
    """Lets the scenarios, which know no event loop, call coroutines."""

    def __init__(self, target):
        self.target = target

    def __getattr__(self, name):
        value = getattr(self.target, name)
        if inspect.iscoroutinefunction(value):
            return lambda *args, **options: wait(value(*args, **options))
        return value


async def connect(uri):
    # the relay is where connections break, and where the robust one mends itself
    open_one = aio_pika.connect_robust if uri == RELAY_URI else aio_pika.connect
    return Connection(await open_one(uri))


class Connection(logging.Handler):
    def __init__(self, aio):
        super().__init__()
        self.aio, self.blocked = aio, False
        self.properties = aio.transport.connection.server_properties
        # the log is where it tells
        logging.getLogger("aiormq.connection").addHandler(self)

    def emit(self, record):
        told = re.search("was (un)?blocked", record.getMessage())
        if told:
            self.blocked = not told[1]

    async def channel(self):
        aio = await self.aio.channel(publisher_confirms=False)
        return Blocking(Channel(self, aio))

    async def idle(self, seconds):
        await asyncio.sleep(seconds)

    async def close(self):
        logging.getLogger("aiormq.connection").removeHandler(self)
        await self.aio.close()


class Channel:
    def __init__(self, connection, aio):
        self.aio, self.cancelled, self.messages, self.reasons = aio, [], {}, []
        aio.close_callbacks.add(lambda _, reason: self.reasons.append(reason))
        self.connection = Blocking(connection)

    async def confirm(self):
        self.aio = await self.connection.aio.channel(on_return_raises=True)

    async def raw(self):
        return await self.aio.get_underlay_channel()

    async def close(self):
        await self.aio.close()

    async def queue(self, name):
        return await self.aio.get_queue(name, ensure=False)

    async def exchange(self, name):
        if not name:
            return self.aio.default_exchange
        return await self.aio.get_exchange(name, ensure=False)

    async def declare_queue(self, name, **options):
        queue = await self.aio.declare_queue(name or None, **options)
        return queue.name, queue.declaration_result.message_count

    async def delete_queue(self, name, **options):
        return (await self.aio.queue_delete(name, **options)).message_count

    async def purge(self, name):
        return (await (await self.queue(name)).purge()).message_count

    async def declare_exchange(self, name, kind="direct", **options):
        await self.aio.declare_exchange(name, kind, **options)

    async def delete_exchange(self, name):
        await self.aio.exchange_delete(name)

    async def bind(self, queue, exchange, key="", arguments=None):
        await (await self.queue(queue)).bind(exchange, key, arguments=arguments)

    async def unbind(self, queue, exchange, key=""):
        await (await self.queue(queue)).unbind(exchange, key)

    async def bind_exchange(self, target, source, key=""):
        await (await self.exchange(target)).bind(source, key)

    async def unbind_exchange(self, target, source, key=""):
        await (await self.exchange(target)).unbind(source, key)

    async def publish(self, exchange, key, body, properties, mandatory=False):
        sent = dict(properties)
        if "expiration" in sent:
            sent["expiration"] = int(sent["expiration"]) / 1000
        try:
            await (await self.exchange(exchange)).publish(
                aio_pika.Message(body, **sent), key, mandatory=mandatory)
        except errors.PublishError as error:
            back, delivery = error.message, error.message.delivery
            properties = {"message_id": back.header.properties.message_id}
            raise Returned(delivery.reply_code, delivery.reply_text, back.body, properties)
        except errors.DeliveryError as error:
            raise Nacked from error

    async def get(self, name, no_ack=False):
        received = await (await self.queue(name)).get(no_ack=no_ack, fail=False)
        return received and self.keep(received)

    async def consume(self, name, handler, **options):
        async def on_message(received):
            handler(self.keep(received))
        (await self.raw()).on_consumer_cancel_callbacks.add(
            lambda frame: self.cancelled.append(frame.consumer_tag))
        return await (await self.queue(name)).consume(on_message, **options)

    async def cancel(self, tag):
        await (await self.raw()).basic_cancel(tag)

    def keep(self, received):
        self.messages[received.delivery_tag] = received
        return message(received)

    async def ack(self, tag, multiple=False):
        if tag in self.messages:
            await self.messages[tag].ack(multiple=multiple)
        else:
            await (await self.raw()).basic_ack(tag, multiple=multiple)

    async def nack(self, tag, multiple=False, requeue=True):
        await self.messages[tag].nack(multiple=multiple, requeue=requeue)

    async def reject(self, tag, requeue):
        await self.messages[tag].reject(requeue=requeue)

    async def recover(self):
        await (await self.raw()).basic_recover(requeue=True)

    async def qos(self, count):
        await self.aio.set_qos(count)

    async def tx_select(self):
        self.transaction = self.aio.transaction()
        await self.transaction.select()

    async def tx_commit(self):
        await self.transaction.commit()

    async def tx_rollback(self):
        await self.transaction.rollback()

    async def pump(self, seconds):
        await asyncio.sleep(seconds)


def message(received):
    names = (
        "content_type", "content_encoding", "headers", "priority", "correlation_id", "reply_to",
        "message_id", "timestamp", "type", "user_id", "app_id",
    )
    properties = {name: getattr(received, name) for name in names}
    properties["delivery_mode"] = int(received.delivery_mode or 0)
    if received.expiration is not None:
        properties["expiration"] = str(round(received.expiration * 1000))
    return Message(
        received.body, received.delivery_tag, received.redelivered, received.exchange,
        received.routing_key, getattr(received, "message_count", None), properties)


class AioPika(Library):
    no_properties = ("cluster_id",)
    # a close in place of open-ok is an unexpected frame for it, whose fields it does not tell
    no_vhost = None, "got <Connection.Close"
    more_headers = {"float": 1.5, "bytes": bytearray(b"\0\xff")}

    def connect(self, uri):
        return Blocking(wait(connect(uri)))

    def refusal(self, error):
        # aio-pika has a class per reply code and keeps the text only
        codes = {
            "ACCESS_REFUSED": 403, "NOT_FOUND": 404, "RESOURCE_LOCKED": 405,
            "PRECONDITION_FAILED": 406, "NOT_ALLOWED": 530,
        }
        if isinstance(error, aiormq.exceptions.InvalidFrameError):
            return None, str(error)
        name = re.search("|".join(codes), str(error))
        return name and (codes[name[0]], str(error))

    def sync(self, channel):
        # a call that is under way when the channel closes does not always learn why
        raise wait_for(lambda: channel.reasons, "the close")[0]

    def after_loss(self, connection, channel, lose):
        reconnected = threading.Event()
        connection.aio.reconnect_callbacks.add(lambda *_: reconnected.set())
        lose()
        assert reconnected.wait(20), "no new connection"
        return channel


run(AioPika())

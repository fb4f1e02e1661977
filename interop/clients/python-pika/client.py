"""pika's blocking connection."""

import datetime
import decimal
import time
from contextlib import contextmanager

import pika
from pika import exceptions as errors
from pika.exchange_type import ExchangeType

from harness import (
    ADDRESS, BAD_LOGIN_URI, BAD_VHOST_URI, BIG, LOGIN, RELAY_URI, SIZES, URI, USER,
    contains, cut, equal, fresh, main, scenario, wait_for,
)


def connect(uri=URI):
    return pika.BlockingConnection(pika.URLParameters(uri))


@contextmanager
def channel(uri=URI):
    connection = connect(uri)
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


def queue(ch, **arguments):
    """An exclusive queue with these x-arguments."""
    dashed = {"x-" + key.replace("_", "-"): value for key, value in arguments.items()}
    return ch.queue_declare(fresh(), exclusive=True, arguments=dashed).method.queue


def exchange(ch, kind, arguments=None):
    name = fresh("x")
    ch.exchange_declare(name, kind, auto_delete=True, arguments=arguments)
    return name


def publish(ch, key, *bodies, to="", **properties):
    for body in bodies:
        ch.basic_publish(to, key, str(body).encode(), pika.BasicProperties(**properties))


def get(ch, name, ack=True):
    """Method, properties and body of the next message; it must be there."""
    message = ch.basic_get(name, auto_ack=ack)
    assert message[0], f"{name} is empty"
    return message


def drain(ch, name):
    """The bodies of all messages."""
    bodies = []
    while (message := ch.basic_get(name, auto_ack=True))[0]:
        bodies.append(message[2].decode())
    return bodies


def ready(ch, name, count):
    """The queue has that many messages, or will have them soon."""
    def reached():
        return ch.queue_declare(name, passive=True).method.message_count == count
    wait_for(reached, f"{count} messages")


class Inbox:
    """A consumer that keeps what it gets."""

    def __init__(self, ch, name, **options):
        self.ch, self.got = ch, []
        self.tag = ch.basic_consume(name, lambda _, *message: self.got.append(message), **options)

    def bodies(self):
        return [body.decode() for _, _, body in self.got]

    def expect(self, *bodies):
        def arrived():
            self.ch.connection.process_data_events(time_limit=0.01)
            return len(self.got) >= len(bodies)
        wait_for(arrived, f"{len(bodies)} deliveries")
        self.settle()
        equal(self.bodies(), [str(body) for body in bodies], "deliveries")

    def settle(self):
        """What was on its way when this was called has arrived afterwards."""
        for _ in range(2):
            self.ch.basic_qos(prefetch_size=0, prefetch_count=0)
            self.ch.connection.process_data_events(time_limit=0)


@contextmanager
def closes(ch, code, *texts):
    """The broker closes the channel in this block."""
    try:
        yield
        ch.queue_declare("amq.nothing", passive=True)
    except errors.ChannelClosedByBroker as error:
        equal(error.reply_code, code, "reply code")
        contains(error.reply_text, *texts)
        assert ch.connection.is_open, "the connection was closed too"
        assert ch.connection.channel().is_open
        return
    raise AssertionError(f"no channel error {code}")


@contextmanager
def refused(ch, code, *texts):
    """As `closes`, on a channel of its own."""
    own = ch.connection.channel()
    with closes(own, code, *texts):
        yield own


@scenario("connect")
def _():
    connection = connect()
    properties = connection._impl.server_properties
    equal(properties["product"], "RabbitMQ", "product")
    contains(properties["version"], "4.")
    connection.channel().close()
    connection.close()
    assert connection.is_closed


@scenario("connect-refused")
def _():
    for uri, expected, text in (
        (BAD_LOGIN_URI, errors.ProbableAuthenticationError, "ACCESS_REFUSED"),
        (BAD_VHOST_URI, errors.ProbableAccessDeniedError, "NOT_ALLOWED - vhost no-such-vhost not found"),
    ):
        try:
            connect(uri)
        except expected as error:
            contains(error, text)
        else:
            raise AssertionError(f"connected to {uri}")


@scenario("connect-uri")
def _():
    for uri in (URI, f"{URI}?heartbeat=7&connection_attempts=2", f"amqp://{LOGIN}@{ADDRESS}"):
        with channel(uri) as ch:
            assert ch.is_open


@scenario("heartbeat")
def _():
    with channel(f"{URI}?heartbeat=1") as ch:
        ch.connection.process_data_events(time_limit=3.5)
        queue(ch)


@scenario("declare")
def _():
    with channel() as ch:
        name = fresh()
        for _ in range(2):
            ch.queue_declare(name, durable=True)
        ch.confirm_delivery()
        publish(ch, name, 1, 2, 3)
        ready(ch, name, 3)
        equal(ch.queue_purge(name).method.message_count, 3, "purged")
        for _ in range(2):
            equal(ch.queue_delete(name).method.message_count, 0, "deleted")
        other = fresh("x")
        ch.exchange_declare(other, "direct", durable=True)
        ch.exchange_declare(other, "direct", passive=True)
        ch.exchange_delete(other)
        ch.exchange_delete(other)


@scenario("declare-passive")
def _():
    with channel() as ch:
        name = fresh()
        with refused(ch, 404, f"NOT_FOUND - no queue '{name}' in vhost '/'") as own:
            own.queue_declare(name, passive=True)
        with refused(ch, 404, f"NOT_FOUND - no exchange '{name}' in vhost '/'") as own:
            own.exchange_declare(name, passive=True)


@scenario("declare-inequivalent")
def _():
    with channel() as ch:
        name = queue(ch)
        text = f"PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '{name}'"
        with refused(ch, 406, text, "received 'true' but current is 'false'") as own:
            own.queue_declare(name, exclusive=True, auto_delete=True)
        name = exchange(ch, "direct")
        with refused(ch, 406, f"inequivalent arg 'type' for exchange '{name}'") as own:
            own.exchange_declare(name, ExchangeType.fanout, auto_delete=True)
        ch.exchange_delete(name)


@scenario("declare-arguments")
def _():
    wrong = {"message_ttl": -1, "max_priority": 256, "expires": 0, "overflow": "nonsense"}
    with channel() as ch:
        for key, value in wrong.items():
            with refused(ch, 406, "PRECONDITION_FAILED - invalid arg 'x-") as own:
                queue(own, **{key: value})


@scenario("server-named")
def _():
    with channel() as ch:
        name = ch.queue_declare("", exclusive=True).method.queue
        assert name.startswith("amq.gen-"), name
        publish(ch, name, "hello")
        equal(drain(ch, name), ["hello"])


@scenario("auto-delete")
def _():
    with channel() as ch:
        name = ch.queue_declare(fresh(), durable=True, auto_delete=True).method.queue
        ch.basic_cancel(Inbox(ch, name).tag)
        with refused(ch, 404, name) as own:
            own.queue_declare(name, passive=True)


@scenario("delete-conditions")
def _():
    with channel() as ch:
        name = queue(ch)
        publish(ch, name, 1)
        with refused(ch, 406, "not empty") as own:
            own.queue_delete(name, if_empty=True)
        Inbox(ch, name)
        with refused(ch, 406, "in use") as own:
            own.queue_delete(name, if_unused=True)
        ch.queue_declare(name, passive=True)


@scenario("exchange-direct")
def _():
    with channel() as ch:
        x, q = exchange(ch, "direct"), queue(ch)
        for key in ("red", "green"):
            ch.queue_bind(q, x, key)
        for key in ("green", "blue", "red"):
            publish(ch, key, key, to=x)
        equal(drain(ch, q), ["green", "red"])


@scenario("exchange-fanout")
def _():
    with channel() as ch:
        x, one, two = exchange(ch, "fanout"), queue(ch), queue(ch)
        for q in (one, two):
            ch.queue_bind(q, x)
        publish(ch, "any", "all", to=x)
        equal([drain(ch, one), drain(ch, two)], [["all"], ["all"]])


@scenario("exchange-topic")
def _():
    with channel() as ch:
        x, q = exchange(ch, "topic"), queue(ch)
        for key in ("a.*.c", "x.#"):
            ch.queue_bind(q, x, key)
        for key in ("a.b.c", "a.b.b.c", "x", "x.y.z", "y.x"):
            publish(ch, key, key, to=x)
        equal(drain(ch, q), ["a.b.c", "x", "x.y.z"])


@scenario("exchange-headers")
def _():
    with channel() as ch:
        x, every, some = exchange(ch, "headers"), queue(ch), queue(ch)
        for q, match in ((every, "all"), (some, "any")):
            ch.queue_bind(q, x, arguments={"x-match": match, "a": 1, "b": "x"})
        for body, headers in ((1, {"a": 1, "b": "x"}), (2, {"a": 1}), (3, {"c": 1})):
            publish(ch, "", body, to=x, headers=headers)
        equal([drain(ch, every), drain(ch, some)], [["1"], ["1", "2"]])


@scenario("exchange-binding")
def _():
    with channel() as ch:
        source, target, q = exchange(ch, "direct"), fresh("x"), queue(ch)
        ch.exchange_declare(target, "fanout")
        ch.exchange_bind(target, source, "key")
        ch.queue_bind(q, target)
        ch.queue_bind(q, source, "other")
        publish(ch, "key", "first", to=source)
        ch.exchange_unbind(target, source, "key")
        publish(ch, "key", "second", to=source)
        equal(drain(ch, q), ["first"])
        ch.exchange_delete(target)


@scenario("alternate-exchange")
def _():
    with channel() as ch:
        other, q = exchange(ch, "fanout"), queue(ch)
        ch.queue_bind(q, other)
        x = exchange(ch, "direct", {"alternate-exchange": other})
        publish(ch, "nowhere", "lost", to=x)
        equal(drain(ch, q), ["lost"])
        ch.exchange_delete(x)


@scenario("unbind")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.queue_bind(q, "amq.direct", q)
        publish(ch, q, 1, to="amq.direct")
        for _ in range(2):
            ch.queue_unbind(q, "amq.direct", q)
        publish(ch, q, 2, to="amq.direct")
        equal(drain(ch, q), ["1"])


@scenario("properties")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.queue_bind(q, "amq.topic", q)
        sent = pika.BasicProperties(
            content_type="text/plain", content_encoding="utf-8", headers={"k": "v"},
            delivery_mode=2, priority=7, correlation_id="c-1", reply_to="answers",
            expiration="60000", message_id="m-1", timestamp=1_700_000_000, type="kind",
            user_id=USER, app_id="app", cluster_id="cluster",
        )
        ch.basic_publish("amq.topic", q, b"body", sent)
        method, received, _ = get(ch, q)
        equal(received, sent, "properties")
        equal((method.exchange, method.routing_key), ("amq.topic", q))


@scenario("headers")
def _():
    sent = {
        "text": "grüße", "yes": True, "no": False, "int": -5, "long": 2**40, "bytes": b"\0\xff", "none": None,
        "when": datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "decimal": decimal.Decimal(3),
        "list": [1, "two", {"three": 3}], "table": {"inner": {"deep": [True, None]}}, "empty": {},
    }
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, "body", headers=sent)
        equal(get(ch, q)[1].headers, sent, "headers")


@scenario("bodies")
def _():
    with channel() as ch:
        q = queue(ch)
        for size in SIZES:
            ch.basic_publish("", q, BIG[:size])
            assert get(ch, q)[2] == BIG[:size], f"{size} bytes came back differently"


@scenario("confirm")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.confirm_delivery()
        publish(ch, q, *range(200), delivery_mode=2)
        publish(ch, "nowhere-" + q, "lost")
        ready(ch, q, 200)


@scenario("confirm-nack")
def _():
    with channel() as ch:
        q = queue(ch, max_length=1, overflow="reject-publish")
        ch.confirm_delivery()
        try:
            publish(ch, q, 1, 2, 3)
        except errors.NackError:
            return
        raise AssertionError("no nack")


@scenario("mandatory")
def _():
    with channel() as ch:
        ch.confirm_delivery()
        try:
            sent = pika.BasicProperties(message_id="m")
            ch.basic_publish("", fresh(), b"lost", sent, mandatory=True)
        except errors.UnroutableError as error:
            returned, = error.messages
            equal((returned.method.reply_code, returned.method.reply_text), (312, "NO_ROUTE"))
            equal((returned.body, returned.properties.message_id), (b"lost", "m"))
            return
        raise AssertionError("not returned")


@scenario("publish-missing")
def _():
    with channel() as ch:
        name = fresh("x")
        with refused(ch, 404, f"NOT_FOUND - no exchange '{name}' in vhost '/'") as own:
            publish(own, "key", "lost", to=name)


@scenario("consume")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2, 3)
        inbox = Inbox(ch, q)
        publish(ch, q, 4, 5, 6)
        inbox.expect(1, 2, 3, 4, 5, 6)
        equal([method.delivery_tag for method, _, _ in inbox.got], [1, 2, 3, 4, 5, 6], "tags")
        assert not any(method.redelivered for method, _, _ in inbox.got)
        for method, _, _ in inbox.got:
            ch.basic_ack(method.delivery_tag)
        ch.basic_cancel(inbox.tag)
        ready(ch, q, 0)


@scenario("prefetch")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, *range(5))
        ch.basic_qos(prefetch_count=2)
        inbox = Inbox(ch, q)
        inbox.expect(0, 1)
        ch.basic_ack(1)
        inbox.expect(0, 1, 2)


@scenario("cancel")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, "held")
        inbox = Inbox(ch, q)
        inbox.expect("held")
        ch.basic_cancel(inbox.tag)
        publish(ch, q, "late")
        ready(ch, q, 1)
        ch.basic_ack(1)
        equal(drain(ch, q), ["late"])
        inbox.expect("held")


@scenario("get")
def _():
    with channel() as ch:
        q = queue(ch)
        equal(ch.basic_get(q), (None, None, None))
        publish(ch, q, 1, 2)
        equal(get(ch, q, ack=False)[0].message_count, 1, "messages left")
        equal(get(ch, q)[0].message_count, 0, "messages left")


@scenario("ack-multiple")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, *range(5))
        own = ch.connection.channel()
        for _ in range(5):
            get(own, q, ack=False)
        own.basic_ack(3, multiple=True)
        own.close()
        equal(drain(ch, q), ["3", "4"])


@scenario("ack-unknown")
def _():
    with channel() as ch:
        with closes(ch, 406, "PRECONDITION_FAILED - unknown delivery tag 99"):
            ch.basic_ack(99)


@scenario("reject")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2)
        for requeue in (False, True):
            ch.basic_reject(get(ch, q, ack=False)[0].delivery_tag, requeue=requeue)
        method, _, body = get(ch, q)
        equal((method.redelivered, body, method.message_count), (True, b"2", 0))


@scenario("nack")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2, 3)
        tags = [get(ch, q, ack=False)[0].delivery_tag for _ in range(3)]
        ch.basic_nack(tags[-1], multiple=True, requeue=True)
        again = [get(ch, q) for _ in range(3)]
        equal([(m.redelivered, body) for m, _, body in again],
              [(True, b"1"), (True, b"2"), (True, b"3")])


@scenario("requeue-order")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2, 3, 4)
        for _ in range(3):
            get(ch, q, ack=False)
        for tag in (2, 3, 1):
            ch.basic_nack(tag, requeue=True)
        again = [get(ch, q) for _ in range(4)]
        equal([(body, m.redelivered) for m, _, body in again],
              [(b"1", True), (b"2", True), (b"3", True), (b"4", False)])


@scenario("recover")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2)
        inbox = Inbox(ch, q)
        inbox.expect(1, 2)
        ch.basic_recover(requeue=True)
        inbox.expect(1, 2, 1, 2)
        equal([m.redelivered for m, _, _ in inbox.got], [False, False, True, True])


@scenario("priority")
def _():
    with channel() as ch:
        q = queue(ch, max_priority=5)
        for priority in (1, 9, 0, 5, 3):
            publish(ch, q, priority, priority=priority)
        equal(drain(ch, q), ["9", "5", "3", "1", "0"])


@scenario("ttl-message")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, "short", expiration="200")
        ready(ch, q, 1)
        ready(ch, q, 0)


@scenario("ttl-queue")
def _():
    with channel() as ch:
        q = queue(ch, message_ttl=200)
        publish(ch, q, "short")
        ready(ch, q, 0)


@scenario("queue-expires")
def _():
    with channel() as ch:
        q = queue(ch, expires=300)
        time.sleep(1)  # a passive declare would renew the lease
        with refused(ch, 404, q) as own:
            own.queue_declare(q, passive=True)


@scenario("dead-letter")
def _():
    with channel() as ch:
        third = queue(ch)
        second = queue(ch, dead_letter_exchange="", dead_letter_routing_key=third)
        first = queue(
            ch, dead_letter_exchange="", dead_letter_routing_key=second, message_ttl=100,
        )
        publish(ch, first, "dead")
        inbox = Inbox(ch, second)
        inbox.expect("dead")
        ch.basic_reject(1, requeue=False)
        ready(ch, third, 1)
        headers = get(ch, third)[1].headers
        deaths = [(d["queue"], d["reason"], d["count"]) for d in headers["x-death"]]
        equal(deaths, [(second, "rejected", 1), (first, "expired", 1)], "x-death")
        equal(headers["x-first-death-reason"], "expired")
        equal(headers["x-last-death-queue"], second)


@scenario("max-length")
def _():
    with channel() as ch:
        dead = queue(ch)
        q = queue(ch, max_length=2, dead_letter_exchange="", dead_letter_routing_key=dead)
        publish(ch, q, 1, 2, 3)
        ready(ch, dead, 1)
        _, properties, body = get(ch, dead)
        equal((body, properties.headers["x-death"][0]["reason"]), (b"1", "maxlen"))
        equal(drain(ch, q), ["2", "3"])


@scenario("single-active")
def _():
    with channel() as ch:
        q = queue(ch, single_active_consumer=True)
        one, two = Inbox(ch, q, auto_ack=True), Inbox(ch, q, auto_ack=True)
        publish(ch, q, 1)
        one.expect(1)
        ch.basic_cancel(one.tag)
        publish(ch, q, 2)
        two.expect(2)


@scenario("consumer-priority")
def _():
    with channel() as ch:
        q = queue(ch)
        low = Inbox(ch, q, arguments={"x-priority": 0})
        high = Inbox(ch, q, arguments={"x-priority": 10})
        publish(ch, q, 1, 2, 3)
        high.expect(1, 2, 3)
        low.expect()


@scenario("exclusive-consumer")
def _():
    with channel() as ch:
        q = queue(ch)
        Inbox(ch, q, exclusive=True)
        with refused(ch, 403, f"ACCESS_REFUSED - queue '{q}' in vhost '/' in exclusive use") as own:
            Inbox(own, q)


@scenario("exclusive-queue")
def _():
    with channel() as other:
        with channel() as ch:
            q = queue(ch)
            with refused(other, 405, "RESOURCE_LOCKED", f"locked queue '{q}'") as own:
                own.queue_declare(q, passive=True)
        with refused(other, 404, q) as own:
            own.queue_declare(q, passive=True)


@scenario("rpc")
def _():
    with channel() as ch:
        q = queue(ch)
        answers = Inbox(ch, "amq.rabbitmq.reply-to", auto_ack=True)
        publish(ch, q, 20, reply_to="amq.rabbitmq.reply-to", correlation_id="call-1")
        _, request, body = get(ch, q)
        assert request.reply_to.startswith("amq.rabbitmq.reply-to."), request.reply_to
        publish(ch, request.reply_to, int(body) + 1, correlation_id=request.correlation_id)
        answers.expect(21)
        equal(answers.got[0][1].correlation_id, "call-1")


@scenario("tx")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.tx_select()
        publish(ch, q, "undone")
        ch.tx_rollback()
        publish(ch, q, "done")
        ready(ch, q, 0)
        ch.tx_commit()
        equal(drain(ch, q), ["done"])


@scenario("server-cancel")
def _():
    with channel() as ch:
        q = queue(ch)
        inbox, told = Inbox(ch, q), []
        ch.add_on_cancel_callback(told.append)
        ch.connection.channel().queue_delete(q)

        def cancelled():
            ch.connection.process_data_events(time_limit=0.01)
            return told
        wait_for(cancelled, "the cancel")
        equal(told[0].method.consumer_tag, inbox.tag)
        queue(ch)


@scenario("access-refused")
def _():
    with channel() as ch:
        with refused(ch, 403, "ACCESS_REFUSED - exchange name 'amq.mine'") as own:
            own.exchange_declare("amq.mine", "direct")
        q = queue(ch)
        with refused(ch, 403, "ACCESS_REFUSED - operation not permitted") as own:
            own.queue_bind(q, "", "key")


@scenario("bind-missing")
def _():
    with channel() as ch:
        q, x = queue(ch), fresh("x")
        with refused(ch, 404, f"NOT_FOUND - no exchange '{x}' in vhost '/'") as own:
            own.queue_bind(q, x, "key")


@scenario("quorum")
def _():
    with channel() as ch:
        q = fresh()
        ch.queue_declare(q, durable=True, arguments={"x-queue-type": "quorum"})
        ch.confirm_delivery()
        publish(ch, q, "kept", delivery_mode=2)
        ch.basic_nack(get(ch, q, ack=False)[0].delivery_tag, requeue=True)
        method, properties, body = wait_for(
            lambda: (message := ch.basic_get(q))[0] and message, "the redelivery")
        equal((body, method.redelivered), (b"kept", True))
        equal(properties.headers["x-acquired-count"], 1)
        ch.queue_delete(q)


@scenario("stream")
def _():
    with channel() as ch:
        q = fresh()
        ch.queue_declare(q, durable=True, arguments={"x-queue-type": "stream"})
        ch.confirm_delivery()
        publish(ch, q, 1, 2, 3)
        for _ in range(2):
            own = ch.connection.channel()
            own.basic_qos(prefetch_count=10)
            inbox, wanted = Inbox(own, q, arguments={"x-stream-offset": "first"}), 3
            wait_for(lambda: own.connection.process_data_events(0.01) or len(inbox.got) == wanted,
                     "the stream")
            equal(inbox.bodies(), ["1", "2", "3"])
            equal([p.headers["x-stream-offset"] for _, p, _ in inbox.got], [0, 1, 2])
            own.close()
        ch.queue_delete(q)


@scenario("reconnect")
def _():
    q = fresh()
    with channel(RELAY_URI) as ch:
        ch.queue_declare(q, durable=True)
        publish(ch, q, "held")
        get(ch, q, ack=False)
        cut()
        try:
            ch.connection.process_data_events(time_limit=5)
        except errors.AMQPConnectionError:
            pass
        else:
            raise AssertionError("the loss was not noticed")
    with channel(RELAY_URI) as ch:
        method, _, body = wait_for(lambda: (message := ch.basic_get(q))[0] and message, "it")
        equal((method.redelivered, body), (True, b"held"))
        ch.queue_delete(q)


main()

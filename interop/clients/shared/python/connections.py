"""Connections and channels."""

import door
from door import channel, exchange, get, publish, queue, refused, refuses
from harness import (
    ADDRESS, BAD_LOGIN_URI, BAD_VHOST_URI, LOGIN, RELAY_URI, URI, contains, cut, equal, fresh, scenario, wait_for,
)


@scenario("connect")
def _():
    connection = door.library.connect(URI)
    properties = connection.properties
    equal(properties["product"], "RabbitMQ", "product")
    contains(properties["version"], "4.")
    connection.channel().close()
    connection.close()


@scenario("connect-refused")
def _():
    for uri, code, text in (
        (BAD_LOGIN_URI, 403, "ACCESS_REFUSED - Login was refused"),
        (BAD_VHOST_URI, *door.library.no_vhost),
    ):
        with refuses(code, text):
            door.library.connect(uri)


@scenario("connect-uri")
def _():
    for uri in (URI, f"{URI}?heartbeat=7", f"amqp://{LOGIN}@{ADDRESS}"):
        with channel(uri) as ch:
            queue(ch)


@scenario("heartbeat")
def _():
    with channel(f"{URI}?heartbeat=1") as ch:
        ch.connection.idle(3.5)
        queue(ch)


@scenario("reconnect")
def _():
    q = fresh()
    connection = door.library.connect(RELAY_URI)
    ch = connection.channel()
    ch.declare_queue(q, durable=True)
    publish(ch, q, "held")
    get(ch, q, ack=False)
    cut()
    ch = door.library.after_loss(connection, ch)
    message = wait_for(lambda: ch.get(q), "the message")
    equal((message.redelivered, message.body), (True, b"held"))
    ch.delete_queue(q)
    ch.connection.close()


@scenario("publish-missing")
def _():
    with channel() as ch:
        name = fresh("x")
        with refused(ch, 404, f"NOT_FOUND - no exchange '{name}' in vhost '/'") as own:
            publish(own, "key", "lost", to=name)


@scenario("ack-unknown")
def _():
    with channel() as ch:
        with refused(ch, 406, "PRECONDITION_FAILED - unknown delivery tag 99") as own:
            own.ack(99)


@scenario("access-refused")
def _():
    with channel() as ch:
        with refused(ch, 403, "ACCESS_REFUSED - exchange name 'amq.mine'") as own:
            own.declare_exchange("amq.mine", "direct")
        q = queue(ch)
        with refused(ch, 403, "ACCESS_REFUSED - operation not permitted") as own:
            own.bind(q, "", "key")


@scenario("bind-missing")
def _():
    with channel() as ch:
        q, x = queue(ch), fresh("x")
        with refused(ch, 404, f"NOT_FOUND - no exchange '{x}' in vhost '/'") as own:
            own.bind(q, x, "key")

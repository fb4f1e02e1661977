"""Connections and channels."""

import door
from door import channel, drain, exchange, get, publish, queue, ready, refused, refuses
from harness import (
    ADDRESS, BAD_LOGIN_URI, BAD_VHOST_URI, LOGIN, RELAY_URI, URI, USER, contains, control, cut,
    equal, fresh, scenario, wait_for,
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
    ch = door.library.after_loss(connection, ch, cut)
    message = wait_for(lambda: ch.get(q), "the message")
    equal((message.redelivered, message.body), (True, b"held"))
    ch.delete_queue(q)
    ch.connection.close()


def survive(word, taken):
    """What is durable and confirmed outlives the broker; of three messages some are taken."""
    connection = door.library.connect(RELAY_URI)
    ch = connection.channel()
    q, x = fresh(), fresh("x")
    ch.confirm()
    ch.declare_queue(q, durable=True)
    ch.declare_exchange(x, "direct", durable=True)
    ch.bind(q, x, "key")
    publish(ch, "key", 1, 2, 3, to=x, delivery_mode=2)
    publish(ch, "key", "transient", to=x, delivery_mode=1)
    for _ in range(taken):
        get(ch, q)
    get(ch, q, ack=False)
    ch = door.library.after_loss(connection, ch, lambda: control(word))
    equal(drain(ch, q), ["1", "2", "3"][taken:])
    publish(ch, "key", "after", to=x)
    equal(wait_for(lambda: ch.get(q, no_ack=True), "the new message").body, b"after")
    ch.delete_queue(q)
    ch.delete_exchange(x)
    ch.connection.close()


@scenario("restart")
def _():
    survive("restart", taken=1)


@scenario("kill")
def _():
    survive("kill", taken=0)


@scenario("permissions")
def _():
    def text(access, what, name):
        return (f"ACCESS_REFUSED - {access} access to {what} '{name}' in vhost '/' "
                f"refused for user '{USER}'")

    with channel() as ch:
        name = fresh("no-configure")
        with refused(ch, 403, text("configure", "queue", name)) as own:
            own.declare_queue(name, exclusive=True)
        name = fresh("no-write")
        ch.declare_exchange(name, "direct", auto_delete=True)
        with refused(ch, 403, text("write", "exchange", name)) as own:
            publish(own, "key", "lost", to=name)
        name = fresh("no-read")
        ch.declare_queue(name, exclusive=True)
        with refused(ch, 403, text("read", "queue", name)) as own:
            own.get(name)


@scenario("blocked")
def _():
    with channel() as ch:
        q, sent = queue(ch), 0

        def blocked():
            nonlocal sent
            publish(ch, q, sent)
            sent += 1
            ch.pump(0.05)
            return ch.connection.blocked

        def unblocked():
            ch.pump(0.05)
            return not ch.connection.blocked

        control("block")
        wait_for(blocked, "connection.blocked")
        control("unblock")
        wait_for(unblocked, "connection.unblocked")
        publish(ch, q, sent)
        ready(ch, q, sent + 1)


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

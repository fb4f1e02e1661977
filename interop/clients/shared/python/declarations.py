"""Queues and exchanges come and go."""

import time

from door import Inbox, channel, drain, exchange, publish, queue, ready, refused
from harness import equal, fresh, scenario


@scenario("declare")
def _():
    with channel() as ch:
        name = fresh()
        for _ in range(2):
            ch.declare_queue(name, durable=True)
        ch.confirm()
        publish(ch, name, 1, 2, 3)
        ready(ch, name, 3)
        equal(ch.purge(name), 3, "purged")
        for _ in range(2):
            equal(ch.delete_queue(name), 0, "deleted")
        other = fresh("x")
        ch.declare_exchange(other, "direct", durable=True)
        ch.declare_exchange(other, "direct", passive=True)
        ch.delete_exchange(other)
        ch.delete_exchange(other)


@scenario("declare-passive")
def _():
    with channel() as ch:
        name = fresh()
        with refused(ch, 404, f"NOT_FOUND - no queue '{name}' in vhost '/'") as own:
            own.declare_queue(name, passive=True)
        with refused(ch, 404, f"NOT_FOUND - no exchange '{name}' in vhost '/'") as own:
            own.declare_exchange(name, passive=True)


@scenario("declare-inequivalent")
def _():
    with channel() as ch:
        name = queue(ch)
        text = f"PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '{name}'"
        with refused(ch, 406, text, "received 'true' but current is 'false'") as own:
            own.declare_queue(name, exclusive=True, auto_delete=True)
        name = exchange(ch, "direct")
        with refused(ch, 406, f"inequivalent arg 'type' for exchange '{name}'") as own:
            own.declare_exchange(name, "fanout", auto_delete=True)
        ch.delete_exchange(name)


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
        name, _ = ch.declare_queue("", exclusive=True)
        assert name.startswith("amq.gen-"), name
        publish(ch, name, "hello")
        equal(drain(ch, name), ["hello"])


@scenario("auto-delete")
def _():
    with channel() as ch:
        name, _ = ch.declare_queue(fresh(), durable=True, auto_delete=True)
        ch.cancel(Inbox(ch, name).tag)
        with refused(ch, 404, name) as own:
            own.declare_queue(name, passive=True)


@scenario("delete-conditions")
def _():
    with channel() as ch:
        name = queue(ch)
        publish(ch, name, 1)
        ready(ch, name, 1)
        with refused(ch, 406, "not empty") as own:
            own.delete_queue(name, if_empty=True)
        Inbox(ch, name)
        with refused(ch, 406, "in use") as own:
            own.delete_queue(name, if_unused=True)
        ch.declare_queue(name, passive=True)


@scenario("exclusive-queue")
def _():
    with channel() as other:
        with channel() as ch:
            q = queue(ch)
            with refused(other, 405, "RESOURCE_LOCKED", f"locked queue '{q}'") as own:
                own.declare_queue(q, passive=True)
        with refused(other, 404, q) as own:
            own.declare_queue(q, passive=True)


@scenario("queue-expires")
def _():
    with channel() as ch:
        q = queue(ch, expires=300)
        time.sleep(1)  # a passive declare would renew the lease
        with refused(ch, 404, q) as own:
            own.declare_queue(q, passive=True)

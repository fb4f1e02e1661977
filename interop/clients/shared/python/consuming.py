"""Messages out, and how they are settled."""

from door import Inbox, channel, drain, get, publish, queue, ready, refused
from harness import equal, scenario, wait_for


@scenario("consume")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2, 3)
        inbox = Inbox(ch, q)
        publish(ch, q, 4, 5, 6)
        inbox.expect(1, 2, 3, 4, 5, 6)
        equal([m.tag for m in inbox.got], [1, 2, 3, 4, 5, 6], "tags")
        assert not any(m.redelivered for m in inbox.got)
        for message in inbox.got:
            ch.ack(message.tag)
        ch.cancel(inbox.tag)
        ready(ch, q, 0)


@scenario("prefetch")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, *range(5))
        ch.qos(2)
        inbox = Inbox(ch, q)
        inbox.expect(0, 1)
        ch.ack(1)
        inbox.expect(0, 1, 2)


@scenario("cancel")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, "held")
        inbox = Inbox(ch, q)
        inbox.expect("held")
        ch.cancel(inbox.tag)
        publish(ch, q, "late")
        ready(ch, q, 1)
        ch.ack(1)
        equal(drain(ch, q), ["late"])
        inbox.expect("held")


@scenario("get")
def _():
    with channel() as ch:
        q = queue(ch)
        equal(ch.get(q), None)
        publish(ch, q, 1, 2)
        equal(get(ch, q, ack=False).left, 1, "messages left")
        equal(get(ch, q).left, 0, "messages left")


@scenario("ack-multiple")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, *range(5))
        ready(ch, q, 5)
        own = ch.connection.channel()
        for _ in range(5):
            get(own, q, ack=False)
        own.ack(3, multiple=True)
        own.close()
        ready(ch, q, 2)
        equal(drain(ch, q), ["3", "4"])


@scenario("reject")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2)
        for requeue in (False, True):
            ch.reject(get(ch, q, ack=False).tag, requeue=requeue)
        again = get(ch, q)
        equal((again.redelivered, again.body, again.left), (True, b"2", 0))


@scenario("nack")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2, 3)
        tags = [get(ch, q, ack=False).tag for _ in range(3)]
        ch.nack(tags[-1], multiple=True, requeue=True)
        again = [get(ch, q) for _ in range(3)]
        equal([(m.body, m.redelivered) for m in again],
              [(b"1", True), (b"2", True), (b"3", True)])


@scenario("requeue-order")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2, 3, 4)
        for _ in range(3):
            get(ch, q, ack=False)
        for tag in (2, 3, 1):
            ch.nack(tag, requeue=True)
        again = [get(ch, q) for _ in range(4)]
        equal([(m.body, m.redelivered) for m in again],
              [(b"1", True), (b"2", True), (b"3", True), (b"4", False)])


@scenario("recover")
def _():
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, 1, 2)
        inbox = Inbox(ch, q)
        inbox.expect(1, 2)
        ch.recover()
        inbox.expect(1, 2, 1, 2)
        equal([m.redelivered for m in inbox.got], [False, False, True, True])


@scenario("single-active")
def _():
    with channel() as ch:
        q = queue(ch, single_active_consumer=True)
        one, two = Inbox(ch, q, no_ack=True), Inbox(ch, q, no_ack=True)
        publish(ch, q, 1)
        one.expect(1)
        ch.cancel(one.tag)
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


@scenario("server-cancel")
def _():
    with channel() as ch:
        q = queue(ch)
        inbox = Inbox(ch, q)
        ch.connection.channel().delete_queue(q)
        wait_for(lambda: ch.pump(0.01) or ch.cancelled, "the cancel")
        equal(ch.cancelled, [inbox.tag])
        queue(ch)

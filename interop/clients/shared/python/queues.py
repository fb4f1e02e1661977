"""What queues do by their arguments."""

from door import Inbox, channel, drain, get, publish, queue, ready
from harness import equal, fresh, scenario, wait_for


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
        ch.reject(1, requeue=False)
        ready(ch, third, 1)
        headers = get(ch, third).headers
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
        message = get(ch, dead)
        equal((message.body, message.headers["x-death"][0]["reason"]), (b"1", "maxlen"))
        equal(drain(ch, q), ["2", "3"])


@scenario("quorum")
def _():
    with channel() as ch:
        q = fresh()
        ch.declare_queue(q, durable=True, arguments={"x-queue-type": "quorum"})
        ch.confirm()
        publish(ch, q, "kept", delivery_mode=2)
        ch.nack(get(ch, q, ack=False).tag, requeue=True)
        again = wait_for(lambda: ch.get(q), "the redelivery")
        equal((again.body, again.redelivered), (b"kept", True))
        equal(again.headers["x-acquired-count"], 1)
        ch.delete_queue(q)


@scenario("stream")
def _():
    with channel() as ch:
        q = fresh()
        ch.declare_queue(q, durable=True, arguments={"x-queue-type": "stream"})
        ch.confirm()
        publish(ch, q, 1, 2, 3)
        for _ in range(2):
            own = ch.connection.channel()
            own.qos(10)
            inbox = Inbox(own, q, arguments={"x-stream-offset": "first"})
            inbox.expect(1, 2, 3)
            equal([m.headers["x-stream-offset"] for m in inbox.got], [0, 1, 2])
            own.close()
        ch.delete_queue(q)

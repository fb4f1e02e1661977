"""Messages in, and what the publisher hears."""

import decimal

import door
from door import NOON, Inbox, Nacked, Returned, channel, drain, get, publish, queue, ready
from harness import BIG, SIZES, USER, equal, fresh, scenario


@scenario("properties")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.bind(q, "amq.topic", q)
        sent = {
            "content_type": "text/plain", "content_encoding": "utf-8", "headers": {"k": "v"},
            "delivery_mode": 2, "priority": 7, "correlation_id": "c-1", "reply_to": "answers",
            "expiration": "60000", "message_id": "m-1", "type": "kind", "user_id": USER,
            "timestamp": NOON, "app_id": "app", "cluster_id": "cluster",
        }
        for name in door.library.no_properties:
            del sent[name]
        ch.publish("amq.topic", q, b"body", sent)
        received = get(ch, q)
        equal({key: received.properties.get(key) for key in sent}, sent, "properties")
        equal((received.exchange, received.key), ("amq.topic", q))


@scenario("headers")
def _():
    sent = {
        "text": "grüße", "yes": True, "no": False, "int": -5, "long": 2**40, "none": None,
        "when": NOON, "decimal": decimal.Decimal("3.14"), "list": [1, "two", {"three": 3}],
        "table": {"inner": {"deep": [True, None]}}, "empty": {}, **door.library.more_headers,
    }
    with channel() as ch:
        q = queue(ch)
        publish(ch, q, "body", headers=sent)
        equal(get(ch, q).headers, sent, "headers")


@scenario("bodies")
def _():
    with channel() as ch:
        q = queue(ch)
        for size in SIZES:
            ch.publish("", q, BIG[:size], {})
            assert get(ch, q).body == BIG[:size], f"{size} bytes came back differently"


@scenario("confirm")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.confirm()
        publish(ch, q, *range(200), delivery_mode=2)
        publish(ch, "nowhere-" + q, "lost")
        ready(ch, q, 200)


@scenario("confirm-nack")
def _():
    with channel() as ch:
        q = queue(ch, max_length=1, overflow="reject-publish")
        ch.confirm()
        try:
            publish(ch, q, 1, 2, 3)
        except Nacked:
            return
        raise AssertionError("no nack")


@scenario("mandatory")
def _():
    with channel() as ch:
        ch.confirm()
        try:
            ch.publish("", fresh(), b"lost", {"message_id": "m"}, mandatory=True)
        except Returned as returned:
            code, text, body, properties = returned.args
            equal((code, text), (312, "NO_ROUTE"))
            if door.library.returned_body:
                equal((body, properties["message_id"]), (b"lost", "m"))
            return
        raise AssertionError("not returned")


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


@scenario("rpc")
def _():
    with channel() as ch:
        q = queue(ch)
        answers = Inbox(ch, "amq.rabbitmq.reply-to", no_ack=True)
        publish(ch, q, 20, reply_to="amq.rabbitmq.reply-to", correlation_id="call-1")
        request = get(ch, q)
        name, call = request.properties["reply_to"], request.properties["correlation_id"]
        assert name.startswith("amq.rabbitmq.reply-to."), name
        publish(ch, name, int(request.body) + 1, correlation_id=call)
        answers.expect(21)
        equal(answers.got[0].properties["correlation_id"], "call-1")

"""Exchanges and bindings."""

from door import channel, drain, exchange, publish, queue
from harness import equal, fresh, scenario


@scenario("exchange-direct")
def _():
    with channel() as ch:
        x, q = exchange(ch, "direct"), queue(ch)
        for key in ("red", "green"):
            ch.bind(q, x, key)
        for key in ("green", "blue", "red"):
            publish(ch, key, key, to=x)
        equal(drain(ch, q), ["green", "red"])


@scenario("exchange-fanout")
def _():
    with channel() as ch:
        x, one, two = exchange(ch, "fanout"), queue(ch), queue(ch)
        for q in (one, two):
            ch.bind(q, x)
        publish(ch, "any", "all", to=x)
        equal([drain(ch, one), drain(ch, two)], [["all"], ["all"]])


@scenario("exchange-topic")
def _():
    with channel() as ch:
        x, q = exchange(ch, "topic"), queue(ch)
        for key in ("a.*.c", "x.#"):
            ch.bind(q, x, key)
        for key in ("a.b.c", "a.b.b.c", "x", "x.y.z", "y.x"):
            publish(ch, key, key, to=x)
        equal(drain(ch, q), ["a.b.c", "x", "x.y.z"])


@scenario("exchange-headers")
def _():
    with channel() as ch:
        x, every, some = exchange(ch, "headers"), queue(ch), queue(ch)
        for q, match in ((every, "all"), (some, "any")):
            ch.bind(q, x, arguments={"x-match": match, "a": 1, "b": "x"})
        for body, headers in ((1, {"a": 1, "b": "x"}), (2, {"a": 1}), (3, {"c": 1})):
            publish(ch, "", body, to=x, headers=headers)
        equal([drain(ch, every), drain(ch, some)], [["1"], ["1", "2"]])


@scenario("exchange-binding")
def _():
    with channel() as ch:
        source, target, q = exchange(ch, "direct"), fresh("x"), queue(ch)
        ch.declare_exchange(target, "fanout")
        ch.bind_exchange(target, source, "key")
        ch.bind(q, target)
        ch.bind(q, source, "other")
        publish(ch, "key", "first", to=source)
        ch.unbind_exchange(target, source, "key")
        publish(ch, "key", "second", to=source)
        equal(drain(ch, q), ["first"])
        ch.delete_exchange(target)


@scenario("alternate-exchange")
def _():
    with channel() as ch:
        other, q = exchange(ch, "fanout"), queue(ch)
        ch.bind(q, other)
        x = exchange(ch, "direct", {"alternate-exchange": other})
        publish(ch, "nowhere", "lost", to=x)
        equal(drain(ch, q), ["lost"])
        ch.delete_exchange(x)


@scenario("unbind")
def _():
    with channel() as ch:
        q = queue(ch)
        ch.bind(q, "amq.direct", q)
        publish(ch, q, 1, to="amq.direct")
        for _ in range(2):
            ch.unbind(q, "amq.direct", q)
        publish(ch, q, 2, to="amq.direct")
        equal(drain(ch, q), ["1"])

"""The small door that each Python library is put behind, and what scenarios do with it.

A library gives `run` an object with `connect(uri)`, `refusal(error)`, `after_loss(connection,
channel, lose)` and what it cannot do. The channel's methods carry AMQP's names; a connection knows
whether it is `blocked`.
"""

import datetime
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import RELAY_URI, URI, contains, equal, fresh, wait_for

FORCED = 320, "CONNECTION_FORCED"  # what a broker says that is stopped
NOON = datetime.datetime(2024, 1, 2, 12, 0, 0, tzinfo=datetime.timezone.utc)
library = None


class Library:
    """What a library is asked for; most have these defaults."""

    skips = {}  # scenario: reason
    no_properties = ()  # basic properties that cannot be sent
    returned_body = True  # whether a returned message can be seen
    more_headers = {"float": 1.5, "bytes": b"\0\xff"}  # values beyond those that all can send

    no_vhost = 530, "NOT_ALLOWED - vhost no-such-vhost not found"  # how it tells

    def connect(self, uri):
        raise NotImplementedError

    def refusal(self, error):
        """Code and text of a close by the broker, None for any other error."""
        raise NotImplementedError

    def sync(self, channel):
        """Raises the error that closes a channel."""
        channel.qos(1)

    def after_loss(self, connection, channel, lose):
        """Notices that `lose` ends the connection and gives a channel on a new one."""
        lose()
        try:
            connection.idle(5)
        except Exception as error:
            if (self.refusal(error) or FORCED)[0] != FORCED[0]:
                raise
            return self.connect(RELAY_URI).channel()
        raise AssertionError("the loss was not noticed")


@dataclass
class Message:
    """A delivery."""

    body: bytes
    tag: int
    redelivered: bool
    exchange: str
    key: str
    left: int = None
    properties: dict = field(default_factory=dict)

    @property
    def headers(self):
        return self.properties["headers"]


class Nacked(Exception):
    """The broker nacked a publish."""


class Returned(Exception):
    """The broker returned a publish: code, text, body, properties."""


@contextmanager
def channel(uri=URI):
    connection = library.connect(uri)
    try:
        yield connection.channel()
    finally:
        connection.close()


def queue(ch, **arguments):
    """An exclusive queue with these x-arguments."""
    dashed = {"x-" + key.replace("_", "-"): value for key, value in arguments.items()}
    return ch.declare_queue(fresh(), exclusive=True, arguments=dashed)[0]


def exchange(ch, kind, arguments=None):
    name = fresh("x")
    ch.declare_exchange(name, kind, auto_delete=True, arguments=arguments)
    return name


def publish(ch, key, *bodies, to="", **properties):
    for body in bodies:
        ch.publish(to, key, str(body).encode(), properties)


def get(ch, name, ack=True):
    """The next message; it must be there."""
    message = ch.get(name, no_ack=ack)
    assert message, f"{name} is empty"
    return message


def drain(ch, name):
    """The bodies of all messages."""
    bodies = []
    while message := ch.get(name, no_ack=True):
        bodies.append(message.body.decode())
    return bodies


def ready(ch, name, count):
    """The queue has that many messages, or will have them soon."""
    def reached():
        return ch.declare_queue(name, passive=True)[1] == count
    wait_for(reached, f"{count} messages")


class Inbox:
    """A consumer that keeps what it gets."""

    def __init__(self, ch, name, **options):
        self.ch, self.got = ch, []
        self.tag = ch.consume(name, self.got.append, **options)

    def expect(self, *bodies):
        def arrived():
            self.ch.pump(0.01)
            return len(self.got) >= len(bodies)
        wait_for(arrived, f"{len(bodies)} deliveries")
        for _ in range(2):  # what was on its way has arrived after a round trip
            self.ch.qos(0)
            self.ch.pump(0)
        equal([m.body.decode() for m in self.got], [str(body) for body in bodies], "deliveries")


@contextmanager
def refuses(code, *texts):
    """The broker closes the channel or connection in this block."""
    try:
        yield
    except Exception as error:
        refusal = library.refusal(error)
        if refusal is None:
            raise
        equal(refusal[0], code, "reply code")
        contains(refusal[1], *texts)
        return
    raise AssertionError(f"no error {code}")


@contextmanager
def refused(ch, code, *texts):
    """The broker closes the channel that the block is given, and nothing else."""
    own = ch.connection.channel()
    with refuses(code, *texts):
        yield own
        library.sync(own)
    ch.connection.channel().close()

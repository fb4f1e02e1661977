"""What every Python client shares: the protocol with the runner and a few checks."""

import asyncio
import inspect
import os
import secrets
import socket
import sys
import time
import traceback

URI = os.environ["AMQP_URI"]
RELAY_URI = os.environ.get("AMQP_RELAY_URI", URI)
LOGIN, ADDRESS = URI.removeprefix("amqp://").split("/")[0].rsplit("@", 1)
USER = LOGIN.split(":")[0]
BAD_LOGIN_URI = f"amqp://{USER}:wrong@{ADDRESS}/%2F"
BAD_VHOST_URI = f"amqp://{LOGIN}@{ADDRESS}/no-such-vhost"
BIG = bytes(range(256)) * 65_536  # 16 MiB
SIZES = [0, 1, 131_064, 131_065, len(BIG)]

scenarios = {}  # id: function


class Skip(Exception):
    """Raised where the library has no way to do what a scenario asks for."""


def scenario(name):
    """Makes a function, plain or async, the scenario of that id."""

    def keep(function):
        scenarios[name] = function
        return function

    return keep


def fresh(kind="q"):
    """A name that no other test uses."""
    return f"interop-{kind}-{secrets.token_hex(6)}"


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, not {expected!r}")


def contains(text, *parts):
    for part in parts:
        if part not in str(text):
            raise AssertionError(f"{part!r} is not in {str(text)!r}")


def wait_for(question, what, limit=5.0):
    """Asks until the answer is true; gives the answer."""
    deadline = time.monotonic() + limit
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.01)
    return answer


def cut():
    """Cuts the connections that run through the relay."""
    host, port = os.environ["AMQP_CUT"].rsplit(":", 1)
    socket.create_connection((host, int(port))).close()


def control(word):
    """Asks the runner for trouble with the broker, and waits until it is done."""
    host, port = os.environ["AMQP_CONTROL"].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as door:
        door.sendall(f"{word}\n".encode())
        equal(door.makefile().readline().strip(), "ok", word)


def main():
    """Runs the scenarios named on the command line."""
    for name in sys.argv[1:]:
        try:
            if name not in scenarios:
                raise AssertionError("this client has no such scenario")
            result = scenarios[name]()
            if inspect.iscoroutine(result):
                asyncio.run(asyncio.wait_for(result, 50))
            print(f"ok {name}", flush=True)
        except Skip as reason:
            print(f"skip {name} {reason}", flush=True)
        except BaseException as error:
            traceback.print_exc()
            text = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"fail {name} {text[:400]}", flush=True)

"""Celery, a worker process and the calls to it."""

import atexit
import os
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache

from harness import contains, control, equal, fresh, main, scenario, wait_for

NAME = fresh("celery")
WAIT = 20
os.environ.update(INTEROP_NAME=NAME, INTEROP_BACKEND="rpc://")

from celery import Celery, chain, group  # noqa: E402
from celery.exceptions import TaskRevokedError  # noqa: E402

import tasks  # noqa: E402


def start(name, **env):
    """Starts a worker; it ends with this program."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--concurrency=1",
         f"--hostname={name}", "--loglevel=WARNING"],
        env={**os.environ, **env}, stdout=sys.stderr)
    atexit.register(process.wait, 20)
    atexit.register(process.terminate)
    return process


@cache
def worker():
    """The name of the worker that all scenarios but one use."""
    name = f"rpc@{NAME}"
    start(name)
    wait_for(lambda: ping(name), "the worker's first answer", limit=30)
    return name


@atexit.register
def clean(queue=NAME):
    with tasks.app.connection_for_write() as connection:
        connection.default_channel.queue_delete(queue)
        connection.default_channel.exchange_delete(queue)


def ping(name):
    return tasks.app.control.ping(destination=[name], timeout=2, limit=1)


@scenario("worker-call")
def _():
    worker()
    equal(tasks.add.delay(2, 3).get(WAIT), 5)
    calls = [tasks.add.delay(number, number) for number in range(50)]
    equal([call.get(WAIT) for call in calls], [2 * number for number in range(50)])


@scenario("worker-error")
def _():
    worker()
    try:
        tasks.fail.delay("hare lost").get(WAIT)
    except ValueError as error:
        contains(error, "hare lost")
    else:
        raise AssertionError("no exception")


@scenario("worker-retry")
def _():
    worker()
    equal(tasks.flaky.delay(2).get(WAIT), 3, "attempts")


@scenario("worker-eta")
def _():
    worker()
    asked = time.time()
    waited = tasks.now.apply_async(countdown=1).get(WAIT) - asked
    assert 0.9 < waited < 5, f"ran after {waited:.2f} s"


@scenario("worker-chain")
def _():
    worker()
    equal(chain(tasks.add.s(1, 2), tasks.add.s(3), tasks.add.s(4))().get(WAIT), 10)


@scenario("worker-group")
def _():
    worker()
    equal(group(tasks.add.s(number, 1) for number in range(10))().get(WAIT), list(range(1, 11)))


@scenario("worker-chord")
def _():
    # the rpc backend has no chords: this worker keeps its results in files
    with tempfile.TemporaryDirectory() as folder:
        env = {"INTEROP_BACKEND": f"file://{folder}", "INTEROP_NAME": fresh("celery")}
        process = start(f"file@{NAME}", **env)
        script = (
            "from celery import chord; from tasks import add, add_up\n"
            "print(chord(add.s(n, n) for n in range(5))(add_up.s()).get(20))\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, **env}, timeout=40,
            stdout=subprocess.PIPE)
        process.terminate()
        process.wait(20)
        clean(env["INTEROP_NAME"])
        equal(answer.stdout.decode().strip(), "20", "sum")


@scenario("worker-priority")
def _():
    name = worker()
    busy = tasks.run_number.delay(1.5)
    inspect = tasks.app.control.inspect(destination=[name], timeout=2)
    wait_for(lambda: (inspect.active() or {}).get(name), "the busy worker")
    order = {
        priority: tasks.run_number.apply_async(priority=priority) for priority in (1, 9, 5)
    }
    first = busy.get(WAIT)
    ran = {call.get(WAIT) - first: priority for priority, call in order.items()}
    equal([ran[number] for number in sorted(ran)], [9, 5, 1])


@scenario("worker-ping")
def _():
    name = worker()
    equal(ping(name), [{name: {"ok": "pong"}}])
    inspect = tasks.app.control.inspect(destination=[name], timeout=3)
    equal(inspect.stats()[name]["broker"]["transport"], "amqp")
    equal([queue["name"] for queue in inspect.active_queues()[name]], [NAME])


@scenario("worker-revoke")
def _():
    worker()
    call = tasks.add.apply_async((1, 1), countdown=2)
    call.revoke()
    try:
        call.get(WAIT)
    except TaskRevokedError:
        return
    raise AssertionError("the task ran")


@scenario("worker-events")
def _():
    worker()
    seen = []
    with tasks.app.connection_for_read() as connection:
        receiver = tasks.app.events.Receiver(
            connection,
            handlers={"*": lambda event: seen.append((event["type"], event.get("uuid")))})
        thread = threading.Thread(target=lambda: receiver.capture(limit=None, timeout=8))
        thread.daemon = True
        thread.start()
        wait_for(lambda: seen, "the first heartbeat", limit=10)
        call = tasks.add.delay(1, 1)
        call.get(WAIT)
        expected = {(f"task-{what}", call.id) for what in ("received", "started", "succeeded")}
        wait_for(lambda: expected <= set(seen), "the events of the task")
        receiver.should_stop = True
        thread.join(10)


@scenario("worker-purge")
def _():
    idle = Celery("idle", broker=os.environ["AMQP_URI"])
    idle.conf.task_default_queue = fresh("celery")
    for number in range(5):
        idle.send_task("tasks.add", (number, number))
    wait_for(lambda: waiting(idle) == 5, "5 messages")
    equal(idle.control.purge(), 5, "purged")
    clean(idle.conf.task_default_queue)


@scenario("worker-restart")
def _():
    worker()
    with tempfile.TemporaryDirectory() as folder:
        marks = [os.path.join(folder, str(number)) for number in range(4)]

        def ran(*numbers):
            return lambda: all(os.path.exists(marks[number]) for number in numbers)

        def call(number):
            # results would go to a queue of the lost connection
            tasks.mark.apply_async((marks[number],), ignore_result=True)

        call(0)
        wait_for(ran(0), "the first call", limit=WAIT)
        tasks.run_number.apply_async((2,), ignore_result=True)
        call(1)
        call(2)
        control("restart")
        wait_for(ran(1, 2), "the calls that waited", limit=WAIT)
        call(3)
        wait_for(ran(3), "the new call", limit=WAIT)


def waiting(app):
    with app.connection_for_read() as connection:
        name = app.conf.task_default_queue
        return connection.default_channel.queue_declare(name, passive=True).message_count


main()

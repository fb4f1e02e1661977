"""The application: what the worker runs and the client calls."""

import itertools
import os
import time

from celery import Celery

NAME = os.environ["INTEROP_NAME"]

app = Celery("interop", broker=os.environ["AMQP_URI"], backend=os.environ["INTEROP_BACKEND"])
app.conf.update(
    task_default_queue=NAME,
    control_exchange=f"{NAME}.pidbox",
    event_exchange=f"{NAME}.events",
    event_queue_prefix=NAME,
    task_queue_max_priority=10,
    task_default_priority=0,
    task_acks_late=True,
    task_track_started=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=True,
    broker_connection_retry_on_startup=True,
    result_expires=60,
)
runs = itertools.count(1)


@app.task
def add(x, y):
    return x + y


@app.task
def add_up(numbers):
    return sum(numbers)


@app.task
def fail(text):
    raise ValueError(text)


@app.task(bind=True, max_retries=5)
def flaky(self, failures):
    if self.request.retries < failures:
        raise self.retry(countdown=0.2)
    return self.request.retries + 1


@app.task
def run_number(seconds=0):
    """Which run of this task it is; keeps the worker busy for a while."""
    time.sleep(seconds)
    return next(runs)


@app.task
def mark(path):
    """Leaves a file as the sign that it ran."""
    with open(path, "w"):
        pass


@app.task
def now():
    return time.time()

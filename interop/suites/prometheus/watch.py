"""A real Prometheus that scrapes the broker on localhost:15692, with clients at work.

Then it is asked what the official overview dashboard asks: every series that the dashboard names,
summed up over the cluster and by node, counters as rates. One line of TAP for each question.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

SECONDS = 70
PORT = 19_090
SERIES = "../../../tests/golden/prometheus/overview.txt"
PAGES = ["", "/per-object", "/memory-breakdown", "/detailed?family=queue_coarse_metrics"]
CONFIG = """
global:
  scrape_interval: 10s
  scrape_timeout: 10s
scrape_configs:
  - job_name: broker
    static_configs:
      - targets: ["localhost:15692"]
"""

number = 0


def report(is_well, name, why=""):
    """Writes a line of TAP."""
    global number
    number += 1
    print(f"{'ok' if is_well else 'not ok'} {number} - {name}", flush=True)
    for line in why.splitlines():
        print(f"#  {line}", flush=True)


def fetch(url):
    """What is at a URL."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def ask(query):
    """The series that a query gives now, and why it gives none."""
    query = urllib.parse.urlencode({"query": query})
    try:
        answer = json.loads(fetch(f"http://127.0.0.1:{PORT}/api/v1/query?{query}"))
    except OSError as error:
        return [], str(error)
    return answer["data"]["result"], json.dumps(answer)[:300]


def question(name, query):
    """One question: some series must be the answer, and each must have a number."""
    found, why = ask(query)
    are_numbers = all(one["value"][1] != "NaN" for one in found)
    report(found and are_numbers, name, "" if found and are_numbers else f"{query}\n{why}")


def questions(series, labels):
    """What the dashboard asks of one series."""
    question(f"{series}, as it is", series)
    for label in labels:
        # A label without a value is one that is not there.
        question(f"{series}, chosen by {label}", f'{series}{{{label}!=""}}')
    if series.endswith("_info"):
        return
    is_counter = series.endswith(("_total", "_count", "_sum", "_bucket"))
    value = f"rate({series}[60s])" if is_counter else series
    one = "by(le) " if series.endswith("_bucket") else ""
    join = "* on(instance) group_left(rabbitmq_cluster, rabbitmq_node) rabbitmq_identity_info"
    question(f"{series}, of the cluster", f'sum {one}({value} {join}{{rabbitmq_cluster!=""}})')
    question(f"{series}, of a node", f"sum by(rabbitmq_node) ({value} {join})")


def main():
    place = tempfile.mkdtemp(dir=os.getcwd())
    config = pathlib.Path(place, "prometheus.yml")
    config.write_text(CONFIG, encoding="utf-8")
    server = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={place}/data"]
    server.append(f"--web.listen-address=127.0.0.1:{PORT}")
    at_work = """
        amqp-declare-queue --durable --queue=prometheus >/dev/null
        amqp-consume --queue=prometheus cat >/dev/null &
        while sleep 0.2; do echo message; done | amqp-publish --routing-key=prometheus --line-buffered
    """
    log = open(os.path.join(place, "log"), "wb")
    watcher = subprocess.Popen(server, stdout=log, stderr=log)
    client = subprocess.Popen(["bash", "-c", at_work], stdout=log, stderr=log)
    time.sleep(SECONDS)

    up, why = ask(f"min_over_time(up[{SECONDS - 10}s])")
    is_up = [one["value"][1] for one in up] == ["1"]
    if not is_up:
        targets = json.loads(fetch(f"http://127.0.0.1:{PORT}/api/v1/targets"))
        why += "\n" + "\n".join(one["lastError"] for one in targets["data"]["activeTargets"])
    report(is_up, "every scrape succeeds", why)
    rate = 'sum(rate(rabbitmq_global_messages_received_total{protocol="amqp091"}[30s])) > 1'
    question("messages are counted", rate)
    folder = pathlib.Path(os.environ["SUITE"])
    for line in (folder / SERIES).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            series, _, labels = line.partition(" ")
            questions(series, [label for label in labels.split(",") if label])
    for page in PAGES:
        text = fetch(f"http://localhost:15692/metrics{page}")
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        why = checked.stderr.decode()[:300] if checked.returncode else ""
        report(checked.returncode == 0, f"promtool finds nothing in /metrics{page}", why)

    client.terminate()
    watcher.terminate()
    print(f"1..{number}")


main()

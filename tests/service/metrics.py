"""Prometheus text as Prometheus's own client library reads it: tests/service/metrics.py [PROGRAM]

Needs `prometheus_client` from PyPI. Ten thousand odd clients are sent at the service first.
"""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time

from prometheus_client.parser import text_string_to_metric_families

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/debug/seedcast"
ODD = 10_000


def scrape(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b" 200 " in head and b"text/plain; version=0.0.4" in head, head
    return body.decode()


with tempfile.TemporaryDirectory() as folder:
    os.mkdir(f"{folder}/seeds")
    with open(f"{folder}/seeds/bad.txt", "w") as seed:
        seed.write("title\n\n\0\n")
    with open(f"{folder}/seedcast.toml", "w") as config:
        config.write("[http]\nrequests_per_second = 0\n")
        for number in range(600):
            config.write(f'[[feed]]\nname = "feed-{number}"\nsources = ["s{number}.example"]\n')
    environment = dict(os.environ, SEEDCAST_HTTP_ADMIN_LISTEN=f"unix:{folder}/admin.sock")
    command = [PROGRAM, "serve", "--config", f"{folder}/seedcast.toml", "--seeds", f"{folder}/seeds"]
    command += ["--store", f"sqlite:{folder}/store.db", "--listen", "127.0.0.1:0"]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        port = next(int(line.rsplit(":", 1)[1]) for line in child.stderr if line.startswith("listening on "))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        deadline = time.monotonic() + 60
        while True:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                break
            assert time.monotonic() < deadline, "not ready"
            time.sleep(0.1)
        for number in range(ODD):
            agent = f'Odd"{number}\\ \u00e9 ({number} subscribers; feed-id={number})'.encode()
            path = f"/feeds/feed-{number % 600}/rss.xml" if number % 2 else f"/none/{number}"
            connection.request("GET", path, headers={"User-Agent": agent})
            connection.getresponse().read()
        text = scrape(f"{folder}/admin.sock")
    finally:
        child.terminate()
        child.wait(30)

families = list(text_string_to_metric_families(text))
names = [family.name for family in families]
assert len(names) == len(set(names)), "a family twice"
samples = [sample for family in families for sample in family.samples]
keys = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in samples]
assert len(keys) == len(set(keys)), "a series twice"
assert all(family.documentation and family.type != "unknown" for family in families)
labels = {value for sample in samples for value in sample.labels.values()}
assert not any("Odd" in value or "/none/" in value for value in labels), "a client's words are a label"
feeds = {sample.labels["feed"] for sample in samples if "feed" in sample.labels}
assert len(feeds) == 501, len(feeds)
agents = {sample.labels["agent"] for sample in samples if "agent" in sample.labels}
assert agents == {"other"}, agents
for family in families:
    if family.type == "histogram":
        buckets = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
        assert buckets == sorted(buckets) and len(buckets) == 16, family.name
asked = sum(s.value for s in samples if s.name == "seedcast_requests_total" and s.labels["format"] in ("rss", "other"))
assert asked >= ODD, asked
print(f"{len(families)} metrics, {len(samples)} series after {ODD} odd clients and 600 feeds, {len(text) // 1024} kB")

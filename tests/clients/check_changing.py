#!/usr/bin/env python3
"""Polls as fast as it can while seeds change a thousand times: check_changing.py PROGRAM [CHANGES]

Every 200 is a whole, well-formed document, an entity tag never names two bodies, Last-Modified never goes back, no request
fails, and the last change is there at the end. Where wrk is installed, it makes the load as well.
"""

import gzip
import hashlib
import http.client
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import xml.parsers.expat
from email.utils import parsedate_to_datetime

from expectations import Report

PROGRAM = os.path.abspath(sys.argv[1])
CHANGES = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
SEEDS = 40
# Changes are spread over this time, so that the load goes on for it (seconds).
SPREAD = 15
PATHS = ["/rss.xml", "/atom.xml", "/feed.json", "/feeds/some/atom.xml"]
CODINGS = ["identity", "gzip"]


def url(number):
    return f"https://changing.example/20241101/one-of-many-{1500000000 + number}.html"


def write(seeds, number, version):
    body = " ".join(f"Sentence {n} of version {version}." for n in range(20 + number))
    hidden, path = f"{seeds}/.{number}.tmp", f"{seeds}/{number}.txt"
    with open(hidden, "w") as seed:
        minute = version % 600
        seed.write(f" date 2024-11 {url(number)}\n\nNumber {number}, version {version}\n\n2024-11-01\n\n2024-11-01T01:04+0300\n\n"
                   f"2024-11-{1 + version // 600:02}T{2 + minute // 60:02}:{minute % 60:02}+0300\n\n{body}\n")
    os.rename(hidden, path)


def is_whole(path, body):
    if path.endswith(".json"):
        return len(json.loads(body)["items"]) == SEEDS
    parser = xml.parsers.expat.ParserCreate()
    parser.Parse(body, True)
    return body.count(b"<entry>" if path.endswith("atom.xml") else b"<item>") == SEEDS


def poll(port, path, coding, done, results):
    """One poller: every third poll without a validator; gives its counts, the digest of each tag's body, its problems."""
    polls = changed = 0
    bodies, problems, tag, modified = {}, [], None, None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    while not done.is_set() and len(problems) < 5:
        headers = {"Accept-Encoding": coding, **({"If-None-Match": tag} if tag and polls % 3 else {})}
        polls += 1
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 304:
                if answer.getheader("ETag") != tag or body:
                    problems.append(f"304 with {answer.getheader('ETag')} and {len(body)} bytes")
                continue
            if answer.status != 200:
                problems.append(f"status {answer.status}")
                continue
            tag = answer.getheader("ETag")
            digest = hashlib.sha256(body).hexdigest()
            if bodies.setdefault(tag, digest) != digest:
                problems.append(f"{tag} names two bodies")
            now = parsedate_to_datetime(answer.getheader("Last-Modified"))
            if modified and now < modified:
                problems.append(f"Last-Modified from {modified} to {now}")
            modified = now
            plain = gzip.decompress(body) if answer.getheader("Content-Encoding") == "gzip" else body
            if len(bodies) != changed:
                changed = len(bodies)
                if not is_whole(path, plain):
                    problems.append(f"{len(plain)} bytes without {SEEDS} items")
        except Exception as error:
            problems.append(repr(error))
            connection.close()
    results.put((path, coding, polls, bodies, problems))


def start(folder):
    os.mkdir(f"{folder}/seeds")
    for number in range(SEEDS):
        write(f"{folder}/seeds", number, 0)
    with open(f"{folder}/seedcast.toml", "w") as config:
        config.write('[site]\nbase_url = "http://feeds.example"\n[http]\nlisten = ["127.0.0.1:0"]\nadmin_listen = ""\n[feeds]\nitems = 100\n[[feed]]\nname = "some"\nsources = ["changing.example"]\n')
    command = [PROGRAM, "serve", "--config", f"{folder}/seedcast.toml", "--seeds", f"{folder}/seeds", "--store", f"sqlite:{folder}/store"]
    child = subprocess.Popen(command, stderr=open(f"{folder}/log", "w"), stdout=subprocess.DEVNULL, cwd=folder)
    deadline = time.monotonic() + 60
    while not (found := re.search(r"listening on http://127.0.0.1:(\d+)", open(f"{folder}/log").read())):
        assert time.monotonic() < deadline and child.poll() is None, open(f"{folder}/log").read()
        time.sleep(0.05)
    port = int(found[1])
    while True:
        assert time.monotonic() < deadline
        try:
            whole = [is_whole(path, urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()) for path in PATHS]
            if all(whole):
                return child, port
        except OSError:
            pass
        time.sleep(0.05)


def main():
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        child, port = start(folder)
        done, results = multiprocessing.Event(), multiprocessing.Queue()
        pollers = [multiprocessing.Process(target=poll, args=(port, path, coding, done, results)) for path in PATHS for coding in CODINGS]
        for poller in pollers:
            poller.start()
        wrk = None
        if shutil.which("wrk"):
            wrk = subprocess.Popen(["wrk", "-t1", "-c32", f"-d{SPREAD}s", "-H", "Accept-Encoding: gzip", f"http://127.0.0.1:{port}/rss.xml"],
                                   stdout=subprocess.PIPE, text=True)
        begun = time.monotonic()
        for version in range(1, CHANGES + 1):
            write(f"{folder}/seeds", version % SEEDS, version)
            time.sleep(max(0, begun + version * SPREAD / CHANGES - time.monotonic()))
        last = f"Number {CHANGES % SEEDS}, version {CHANGES}<".encode()
        deadline = time.monotonic() + 20
        while not (arrived := last in urllib.request.urlopen(f"http://127.0.0.1:{port}/rss.xml", timeout=5).read()) and time.monotonic() < deadline:
            time.sleep(0.02)
        report.check("the last change is served", [] if arrived else [last])
        if wrk:
            said = wrk.communicate(timeout=60)[0]
            print("wrk:", re.search(r"Requests/sec:\s*([\d.]+)", said)[1], "requests a second")
            report.check("wrk sees no failure", re.findall(r"^\s*(?:Socket errors|Non-2xx).*$", said, re.MULTILINE))
        done.set()
        polls, tags = 0, {}
        for _ in pollers:
            path, coding, count, bodies, problems = results.get(timeout=60)
            polls += count
            report.check(f"{path} {coding}: {count} polls, {len(bodies)} versions", problems + ([] if len(bodies) > 10 else ["too few versions were seen"]))
            for tag, digest in bodies.items():
                if tags.setdefault(tag, digest) != digest:
                    report.check(f"{tag} names one body", ["two"])
        for poller in pollers:
            poller.join()
        child.terminate()
        report.check("it ends well", [] if child.wait(60) == 0 else [child.returncode])
        errors = re.findall(r"^.*(?:ERROR|WARN|panicked).*$", open(f"{folder}/log").read(), re.MULTILINE)
        report.check("nothing is logged as wrong", errors[:5])
        print(f"{polls} polls during {CHANGES} changes in {time.monotonic() - begun:.0f} s")
    report.finish()


main()

"""A soak in miniature: tests/service/soak.py [SECONDS [PROGRAM]]

Changes, polls, reloads, feeds that come and go, and log rotation for a while (150 s unless told); after a third of the
time, memory, descriptors and threads must not grow any more, and no poller may ever see a wrong answer. The figures are
printed.
"""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 150
PROGRAM = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "target/debug/seedcast")
UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/systemd/seedcast.service")
SEEDS = 400
PATHS = ["/atom.xml", "/rss.xml", "/feed.json", "/feeds/fixed/atom.xml", "/", "/opml.xml"]
AGENTS = ["newsboat/2.37.0 (Linux x86_64)", "Feedly/1.0 (+http://www.feedly.com/fetcher.html; %d subscribers; )", "Odd%d/1"]


def article(number, version):
    body = " ".join(f"Sentence {n} of version {version}." for n in range(random.randint(1, 60)))
    return (
        f" date 2024-11 https://soak.example/20241101/one-of-many-{1300000000 + number}.html\n\nNumber {number}, version {version}\n\n"
        f"2024-11-01\n\n2024-11-01T13:04+0300\n\n{body}\n"
    )


def admin(folder, path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(f"{folder}/admin.sock")
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.split(b"\r\n\r\n", 1)[1].decode()


def metrics(folder):
    text = admin(folder, "/metrics")
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


class Soak:
    def __init__(self, folder):
        self.folder, self.stop, self.problems, self.polls = folder, threading.Event(), [], 0
        os.mkdir(f"{folder}/seeds")
        self.configure(0)
        for number in range(SEEDS):
            self.write(number, 0)
        command = [PROGRAM, "serve", "--config", f"{folder}/seedcast.toml"]
        self.log = open(f"{folder}/log", "w+")
        # As the unit sets it.
        set_by_unit = re.findall(r"^Environment=(\w+)=(\w+)$", open(UNIT).read(), re.MULTILINE)
        environment = dict(os.environ, **dict(set_by_unit))
        self.child = subprocess.Popen(command, stderr=self.log, cwd=folder, env=environment)
        deadline = time.monotonic() + 60
        while not (found := re.search(r"listening on http://127.0.0.1:(\d+)", open(f"{folder}/log").read())):
            assert time.monotonic() < deadline and self.child.poll() is None, open(f"{folder}/log").read()
            time.sleep(0.05)
        self.port = int(found[1])
        while "seedcast_ready 1" not in admin(folder, "/metrics"):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def configure(self, turn):
        """Another title, another feed, another log format at each turn."""
        with open(f"{self.folder}/seedcast.toml.new", "w") as file:
            file.write(
                f'[site]\ntitle = "turn {turn}"\nbase_url = "http://soak.example"\n'
                f'[seeds]\ndirectory = "{self.folder}/seeds"\nwithdraw_after_seconds = 1\nreconcile_seconds = 5\n'
                f'[store]\nurl = "sqlite:{self.folder}/store.db"\n'
                f'[http]\nlisten = ["127.0.0.1:0"]\nadmin_listen = "unix:{self.folder}/admin.sock"\nrequests_per_second = 0\n'
                f'[log]\naccess = "{["combined", "json"][turn % 2]}"\naccess_file = "{self.folder}/access.log"\nlevel = "warn"\n'
                f'[[feed]]\nname = "fixed"\nsources = ["soak.example"]\n[[feed]]\nname = "turn-{turn % 5}"\nwords = ["version"]\n'
            )
        os.rename(f"{self.folder}/seedcast.toml.new", f"{self.folder}/seedcast.toml")

    def write(self, number, version):
        hidden, path = f"{self.folder}/seeds/.{number}.tmp", f"{self.folder}/seeds/{number}.txt"
        with open(hidden, "w") as file:
            file.write(article(number, version))
        os.rename(hidden, path)

    def change(self):
        version = 1
        while not self.stop.wait(0.02):
            number = random.randrange(SEEDS)
            roll = random.random()
            if roll < 0.8:
                self.write(number, version)
            elif roll < 0.95:
                try:
                    os.remove(f"{self.folder}/seeds/{number}.txt")
                except FileNotFoundError:
                    self.write(number, version)
            else:
                with open(f"{self.folder}/seeds/{number}.txt", "w") as file:
                    file.write(f"title {version}\n\n\0\n")
            version += 1

    def poll(self):
        etags, connection = {}, None
        while not self.stop.is_set():
            path = random.choice(PATHS)
            agent = random.choice(AGENTS)
            headers = {"User-Agent": agent % random.randrange(10_000) if "%" in agent else agent}
            if path in etags and random.random() < 0.8:
                headers["If-None-Match"] = etags[path]
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 200:
                    etags[path] = answer.getheader("ETag")
                    json.loads(body) if path.endswith(".json") else path == "/" or ElementTree.fromstring(body)
                elif answer.status != 304:
                    self.problems.append(f"{path}: {answer.status}")
            except Exception as error:
                self.problems.append(f"{path}: {error!r}")
                connection = None
            self.polls += 1
            if random.random() < 0.05 and connection:
                connection.close()
                connection = None
            time.sleep(0.002)

    def reload(self):
        turn = 1
        while not self.stop.wait(2):
            if os.path.exists(f"{self.folder}/access.log"):
                os.rename(f"{self.folder}/access.log", f"{self.folder}/access.log.1")
            self.configure(turn)
            if turn % 4 == 0:
                with open(f"{self.folder}/seedcast.toml", "a") as file:
                    file.write("[[feed]]\nname = \"A wrong one\"\n")
            self.child.send_signal(signal.SIGHUP)
            turn += 1

    def figures(self):
        found = metrics(self.folder)
        names = ["process_resident_memory_bytes", "process_open_fds", "process_threads"]
        return [found[name] for name in names], found


def median(values):
    return sorted(values)[len(values) // 2]


with tempfile.TemporaryDirectory() as folder:
    soak = Soak(folder)
    threads = [threading.Thread(target=work) for work in [soak.change, soak.reload] + [soak.poll] * 4]
    for thread in threads:
        thread.start()
    samples, begun = [], time.monotonic()
    try:
        while (elapsed := time.monotonic() - begun) < SECONDS:
            time.sleep(1)
            samples.append((elapsed, *soak.figures()[0]))
            if len(samples) % 10 == 0:
                _, memory, fds, count = samples[-1]
                print(f"{elapsed:5.0f} s  {memory / 1e6:6.1f} MB  {fds:3.0f} descriptors  {count:3.0f} threads  {soak.polls} polls", flush=True)
    finally:
        soak.stop.set()
        for thread in threads:
            thread.join()
    last = soak.figures()[1]
    soak.child.terminate()
    code = soak.child.wait(60)
    warm = [sample for sample in samples if sample[0] > SECONDS / 3]
    early, late = warm[: len(warm) // 3], warm[-(len(warm) // 3) :]
    (memory, fds, count), (memory_late, fds_late, count_late) = (
        [median([sample[index] for sample in part]) for index in (1, 2, 3)] for part in (early, late)
    )
    print(f"after warm-up: {memory / 1e6:.1f} MB, {fds:.0f} descriptors, {count:.0f} threads")
    print(f"at the end:    {memory_late / 1e6:.1f} MB, {fds_late:.0f} descriptors, {count_late:.0f} threads")
    shown = last["seedcast_documents_shown_total"]
    print(f"{soak.polls} polls, {shown:.0f} documents shown, {last['seedcast_listings_total']:.0f} listings")
    assert code == 0, f"exit code {code}"
    assert not soak.problems, f"{len(soak.problems)} problems: {soak.problems[:5]}"
    assert memory_late <= memory * 1.15 + 4e6, "memory grows"
    assert fds_late <= fds + 4, "descriptors grow"
    assert count_late <= count + 2, "threads grow"
    assert last["seedcast_panics_total"] == 0 and last["seedcast_access_log_dropped_total"] == 0

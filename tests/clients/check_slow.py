#!/usr/bin/env python3
"""Attacks the server on this machine slowly, in three ways, while a good client goes on being served.

Each attack is bounded in connections and time, and every connection must be gone soon after the deadline of the server.

usage: check_slow.py BASE     (a loopback address)
"""

import http.client
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from expectations import Report

CONNECTIONS = 100
# Longer than the longest deadline of the server, which is that of an idle connection (75 s), and of a write (30 s), together.
SECONDS = 120
MODES = {
    "slow head": ["-H", "-i", "5", "-r", "100", "-x", "24"],
    "slow body": ["-B", "-i", "5", "-r", "100", "-s", "8192", "-x", "10", "-t", "POST"],
    "slow read": ["-X", "-r", "100", "-w", "1", "-y", "8", "-n", "5", "-z", "32", "-k", "3"],
}


class GoodClient(threading.Thread):
    """Asks for the feed twice a second, from an address of its own, and notes how long each answer took."""

    def __init__(self, address):
        super().__init__()
        self.address, self.times, self.failures, self.stop = address, [], [], threading.Event()

    def run(self):
        while not self.stop.wait(0.5):
            start = time.monotonic()
            connection = http.client.HTTPConnection(self.address, timeout=10, source_address=("127.0.0.2", 0))
            try:
                connection.request("GET", "/atom.xml")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failures.append(f"status {answer.status}")
                self.times.append(time.monotonic() - start)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{error!r}")
            finally:
                connection.close()


def held(port):
    """How many connections of the attacker the server holds on to: what it has closed but the attacker has not does not count."""
    server, attacker, held_states = f":{port:04X}", "0100007F:", ("01", "08")
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(row[1].endswith(server) and row[2].startswith(attacker) and row[3] in held_states for row in rows)


def attack(url, mode):
    """Runs slowhttptest; gives how many connections the server held at most, and the second at which it held none again."""
    command = ["slowhttptest", "-c", str(CONNECTIONS), *MODES[mode], "-l", str(SECONDS), "-p", "5", "-u", url]
    tool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    start, most, gone = time.monotonic(), 0, None
    # The tool ends by itself when its time is over, or no connection is left to it.
    while tool.poll() is None and time.monotonic() - start < SECONDS + 60:
        now = held(urlsplit(url).port)
        most = max(most, now)
        if now:
            gone = None
        elif most and gone is None:
            gone = time.monotonic() - start
        time.sleep(0.2)
    if tool.poll() is None:
        tool.kill()
    elif time.monotonic() - start < SECONDS and gone is None:
        gone = time.monotonic() - start
    tool.wait()
    return most, gone


def main():
    base = sys.argv[1]
    if urlsplit(base).hostname not in ("127.0.0.1", "::1", "localhost"):
        sys.exit("this is for a server on the same machine only")
    report = Report()
    for mode in MODES:
        good = GoodClient(urlsplit(base).netloc)
        good.start()
        target = base + ("/hub" if mode == "slow body" else "/atom.xml")
        most, gone = attack(target, mode)
        good.stop.set()
        good.join()
        report.check(f"{mode}: the good client is served", good.failures or ([] if good.times else ["never"]), len(good.times))
        slowest = max(good.times, default=0)
        report.check(f"{mode}: and quickly", [f"{slowest:.1f} s"] if slowest > 2 else [], f"{slowest * 1000:.0f} ms at most")
        report.check(f"{mode}: every connection is closed in bounded time",
                     [f"some of {most} are held after {SECONDS} s"] if gone is None else [], gone and f"{most} by second {gone:.0f}")
    report.finish()


main()

#!/usr/bin/env python3
"""Attacks the server on this machine slowly, in three ways, while a good client goes on being served.

Each attack is bounded in connections and time, and every connection must be gone soon after the deadline of the server.

usage: check_slow.py BASE     (a loopback address)
"""

import csv
import http.client
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from expectations import Report

CONNECTIONS = 100
SECONDS = 75
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


def attack(base, mode, folder):
    """Runs slowhttptest and gives its table: seconds, closed, pending, connected, service available."""
    prefix = Path(folder, "table")
    command = ["slowhttptest", "-c", str(CONNECTIONS), *MODES[mode], "-l", str(SECONDS), "-p", "5", "-g", "-o", prefix, "-u", base]
    subprocess.run(command, check=False, timeout=SECONDS + 60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(prefix.with_suffix(".csv"), newline="", encoding="utf-8") as file:
        return [[int(cell) for cell in row] for row in list(csv.reader(file))[1:] if row]


def main():
    base = sys.argv[1]
    if urlsplit(base).hostname not in ("127.0.0.1", "::1", "localhost"):
        sys.exit("this is for a server on the same machine only")
    report = Report()
    for mode in MODES:
        good = GoodClient(urlsplit(base).netloc)
        good.start()
        target = base + ("/hub" if mode == "slow body" else "/atom.xml")
        with tempfile.TemporaryDirectory() as folder:
            rows = attack(target, mode, folder)
        good.stop.set()
        good.join()
        report.check(f"{mode}: the good client is served", good.failures or ([] if good.times else ["never"]), len(good.times))
        slowest = max(good.times, default=0)
        report.check(f"{mode}: and quickly", [f"{slowest:.1f} s"] if slowest > 2 else [], f"{slowest * 1000:.0f} ms at most")
        most, left = max((row[3] for row in rows), default=0), rows[-1][3] if rows else -1
        ended = next((row[0] for row in rows if row[0] and row[3] == 0 and row[2] == 0), None)
        report.check(f"{mode}: every connection is closed in bounded time",
                     [f"{left} of {most} are still open after {rows[-1][0] if rows else 0} s"] if ended is None else [], f"by second {ended}")
    report.finish()


main()

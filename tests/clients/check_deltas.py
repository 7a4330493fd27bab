#!/usr/bin/env python3
"""Readers that send `A-IM: feed` with every poll, against a server with deltas on: they see what is new, and lose nothing.

    check_deltas.py BASE SEEDS      SEEDS is the directory that BASE serves
"""

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import feedparser
from reader import make_reader

from expectations import Report

PATHS = ["/rss.xml", "/atom.xml"]


def url(number):
    return f"https://delta.example/20241101/one-of-many-{1400000000 + number}.html"


def write(seeds, number, body="It was quiet."):
    hidden, path = seeds / f".delta-{number}.tmp", seeds / f"delta-{number}.txt"
    # Later than all others, so that it is in the document.
    stamp = f"2030-01-01T{number // 60:02}:{number % 60:02}+0000"
    published = "2024-11-01T13:04+0000"
    hidden.write_text(f" date 2024-11 {url(number)}\n\nDelta {number}\n\n2024-11-01\n\n{published}\n\n{stamp}\n\n{body}\n")
    os.rename(hidden, path)


def fetch(base, path, tag=None):
    """Status, tag and text of a poll by hand."""
    request = urllib.request.Request(base + path, headers={"A-IM": "feed", **({"If-None-Match": tag} if tag else {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["ETag"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["ETag"], ""


def shown(base, text):
    """Waits until every document has it."""
    deadline = time.monotonic() + 30
    while not all(text in fetch(base, path)[2] for path in PATHS + ["/feed.json"]):
        if time.monotonic() > deadline:
            sys.exit(f"{text} is never shown")
        time.sleep(0.02)


def by_feedparser(report, base, seeds, path, numbers):
    name = f"feedparser {path}"
    result = feedparser.parse(base + path)
    known = {entry.id for entry in result.entries}
    etag, modified, statuses = result.etag, result.get("modified"), []
    for number in numbers:
        write(seeds, number)
        shown(base, url(number))
        again = feedparser.parse(base + path, etag=etag, modified=modified)
        statuses.append(again.status)
        report.check(f"{name} delta {number} is well-formed", [str(again.bozo_exception)] if again.bozo else [])
        report.check(f"{name} delta {number} holds the new item and no other", [] if [entry.id for entry in again.entries] == [url(number)] else
                     [entry.id for entry in again.entries][:5])
        known |= {entry.id for entry in again.entries}
        etag, modified = again.etag, again.get("modified")
    report.check(f"{name} statuses", [] if set(statuses) == {226} else statuses)
    now = feedparser.parse(base + path, etag=etag, modified=modified)
    report.check(f"{name} then 304", [] if now.status == 304 else [now.status])
    whole = {entry.id for entry in feedparser.parse(base + path).entries}
    report.check(f"{name} lost nothing", sorted(whole - known)[:5])


def by_reader(report, base, seeds, path, numbers):
    name = f"reader {path}"
    reader = make_reader(":memory:")
    reader.add_feed(base + path)
    reader.update_feed(base + path)
    for number in numbers:
        before = {entry.id for entry in reader.get_entries()}
        write(seeds, number)
        shown(base, url(number))
        found = reader.update_feed(base + path)
        added = {entry.id for entry in reader.get_entries()} - before
        report.check(f"{name} update {number}", [] if found and (found.new, found.modified) == (1, 0) and added == {url(number)} else [found, added])
    write(seeds, numbers[0], f"It was quiet, and at {numbers[0]} it was not.")
    shown(base, f"at {numbers[0]} it was not")
    found = reader.update_feed(base + path)
    report.check(f"{name} sees an edit", [] if found and (found.new, found.modified) == (0, 1) else [found])
    kept = {entry.id for entry in reader.get_entries()}
    report.check(f"{name} lost nothing", sorted({entry.id for entry in feedparser.parse(base + path).entries} - kept)[:5])
    write(seeds, numbers[0], f"It was quiet again at {numbers[0]}.")
    shown(base, f"It was quiet again at {numbers[0]}.")


def main():
    base, seeds, report = sys.argv[1], Path(sys.argv[2]), Report()
    first = 0
    for path in PATHS:
        by_feedparser(report, base, seeds, path, range(first, first + 5))
        by_reader(report, base, seeds, path, range(first + 5, first + 10))
        first += 10
    _, tag, _ = fetch(base, "/feed.json")
    write(seeds, first)
    shown(base, url(first))
    status, _, text = fetch(base, "/feed.json", tag)
    report.check("JSON Feed by hand", [] if status == 226 and text.count('"id"') == 1 else [status, text[:200]])
    report.finish()


main()

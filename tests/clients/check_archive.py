#!/usr/bin/env python3
"""Walks the archive of a large feed (RFC 5005) in its three formats with expat, lxml and feedparser, withdraws a part of its
items, and looks for their tombstones (RFC 6721).

usage: check_archive.py --make SEEDS COUNT     writes the seeds
       check_archive.py BASE SEEDS [SAVE]      the server has them all; SAVE: a folder for the Atom documents of the last walk
"""

import json
import os
import sys
import time
import urllib.error
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

import feedparser
import lxml.etree

from expectations import Report, fetch

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
TOMBSTONES = "{http://purl.org/atompub/tombstones/1.0}"
# Those without a URL have a page of ours as their link.
WITHOUT_URL = 20
PAGE = 100


def make(folder, count):
    first = datetime(2024, 1, 1, tzinfo=timezone.utc)
    for number in range(count):
        os.makedirs(f"{folder}/{number // 1000}", exist_ok=True)
        moment = (first + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M+0000")
        head = f" date 2024-01 https://many.example/20240101/one-{1000000 + number}.html\n\n" if number < count - WITHOUT_URL else ""
        with open(f"{folder}/{number // 1000}/{number}.txt", "w", encoding="utf-8") as seed:
            seed.write(f"{head}Number {number}\n\n{moment[:10]}\n\n{moment}\n\n{moment}\n\nThe words of number {number}.\n")


class Page:
    """One document as expat (Atom, RSS) or a JSON parser reads it."""

    def __init__(self, url):
        self.url = url
        self.body, _ = fetch(url)
        self.problems, self.tombstones, self.links = [], {}, {}
        self.is_archive = self.is_complete = None
        if url.endswith(".json"):
            feed = json.loads(self.body)
            self.ids = [item["id"] for item in feed["items"]]
            self.alternates = {item["id"]: item["url"] for item in feed["items"]}
            self.links = {"prev-archive": feed["next_url"]} if "next_url" in feed else {}
            return
        root = ElementTree.fromstring(self.body)
        feed = root if url.endswith("atom.xml") else root.find("channel")
        entries = feed.findall(ATOM + "entry") or feed.findall("item")
        self.ids = [entry.findtext(ATOM + "id") or entry.findtext("guid") for entry in entries]
        self.links = {link.get("rel"): link.get("href") for link in feed.findall(ATOM + "link")}
        self.is_archive = feed.find(HISTORY + "archive") is not None
        self.is_complete = feed.find(HISTORY + "complete") is not None
        self.tombstones = {gone.get("ref"): gone.get("when") for gone in feed.findall(TOMBSTONES + "deleted-entry")}
        self.problems += self.others()

    def others(self):
        """What two other parsers say against it."""
        strict = lxml.etree.fromstring(self.body, lxml.etree.XMLParser(resolve_entities=False, recover=False))
        if strict.getroottree().docinfo.encoding.upper() != "UTF-8":
            yield f"{self.url}: not UTF-8"
        parsed = feedparser.parse(self.body)
        if parsed.bozo:
            yield f"{self.url}: feedparser: {parsed.bozo_exception}"
        if [entry.id for entry in parsed.entries] != self.ids:
            yield f"{self.url}: feedparser reads other ids"


def walk(base, name):
    """The subscription document and its archive pages, the newest first."""
    pages, url = [], f"{base}/{name}"
    while url:
        pages.append(Page(url))
        url = pages[-1].links.get("prev-archive")
        if len(pages) > 1000:
            raise SystemExit("the walk does not end")
    return pages


def judge(report, name, pages, count):
    feed, archive = pages[0], pages[1:]
    ids = [an_id for page in archive for an_id in page.ids]
    report.check(f"{name} every item is in the archive", [] if len(set(ids)) == count else [f"{len(set(ids))}, not {count}"], len(archive))
    report.check(f"{name} and once", [] if len(ids) == len(set(ids)) else [f"{len(ids) - len(set(ids))} again"], len(ids))
    report.check(f"{name} the feed has nothing else", set(feed.ids) - set(ids), len(feed.ids))
    report.check(f"{name} pages have no more than {PAGE}", [page.url for page in archive if len(page.ids) > PAGE])
    report.check(f"{name} expat, lxml and feedparser agree", [problem for page in pages for problem in page.problems], len(pages))
    if name.endswith("feed.json"):
        return
    problems = []
    for newer, page in zip([None, *archive], archive):
        expected = {"next-archive": newer.url if newer else None, "current": feed.url, "self": page.url}
        problems += [f"{page.url}: {rel} is {page.links.get(rel)}" for rel, url in expected.items() if page.links.get(rel) != url]
        problems += [f"{page.url}: no archive page"] * (not page.is_archive or page.is_complete)
    report.check(f"{name} links lead both ways and to the feed", problems, len(archive))
    report.check(f"{name} the feed is no archive and not complete", ["it says so"] * (feed.is_archive or feed.is_complete))


def status(url):
    try:
        fetch(url)
        return 200
    except urllib.error.HTTPError as error:
        return error.code


def main():
    if sys.argv[1] == "--make":
        return make(sys.argv[2], int(sys.argv[3]))
    base, seeds, *save = sys.argv[1:]
    report = Report()
    paths = sorted((os.path.join(folder, name) for folder, _, names in os.walk(seeds) for name in names),
                   key=lambda path: int(os.path.basename(path)[:-4]))
    for name in ("atom.xml", "rss.xml", "feed.json"):
        pages = walk(base, name)
        judge(report, name, pages, len(paths))
    # From the newest, the oldest, and the middle; those without URL have a page here.
    links = {an_id: url for page in pages for an_id, url in page.alternates.items()}
    gone = paths[-5:] + paths[:30] + paths[len(paths) // 2 : len(paths) // 2 + 15]
    begun = datetime.now(timezone.utc) - timedelta(seconds=1)
    for path in gone:
        os.remove(path)
    deadline = time.monotonic() + 60
    while len(Page(f"{base}/atom.xml").tombstones) < len(gone) and time.monotonic() < deadline:
        time.sleep(0.2)
    before = {an_id for page in pages for an_id in page.ids}
    for name in ("feed.json", "rss.xml", "atom.xml"):
        pages = walk(base, name)
        judge(report, f"after a withdrawal: {name}" if name == "feed.json" else name, pages, len(paths) - len(gone))
    tombstones, left = pages[0].tombstones, {an_id for page in pages for an_id in page.ids}
    wrong = [an_id for an_id in tombstones if an_id in left or an_id not in before]
    report.check("tombstones name what was withdrawn and nothing else", wrong + list(before - left - set(tombstones)), len(tombstones))
    now = datetime.now(timezone.utc) + timedelta(seconds=1)
    report.check("and when", [when for when in tombstones.values() if not begun <= datetime.fromisoformat(when) <= now])
    own = {an_id: url for an_id, url in links.items() if "/items/" in url}
    answers = {an_id: status(url) for an_id, url in own.items()}
    wrong = [f"{an_id}: {code}" for an_id, code in answers.items() if code != (410 if an_id in tombstones else 200)]
    report.check("pages of withdrawn items are gone, others are not", wrong, len(own))
    small = Page(f"{base}/feeds/few/atom.xml")
    report.check("a feed that fits whole says so and has no archive", [] if small.is_complete and "prev-archive" not in small.links else [small.links])
    for number, page in enumerate(pages if save else []):
        with open(f"{save[0]}/{number}.xml", "wb") as file:
            file.write(page.body)
    report.finish()


main()

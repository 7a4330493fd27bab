"""What the feeds must say, and the comparison of what a client read with it. Used by every check beside this file."""

import argparse
import json
import re
import sys
import urllib.request
from datetime import datetime, timezone
from html.parser import HTMLParser

SITE_LANGUAGE = "en"
QUOTES = "'\"‘’“”«»„‹› "
SUMMARY_LENGTH = 300


class Report:
    """Prints a line a check and the count at the end."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, problems, seen=None):
        """Passes when the list of problems is empty."""
        problems = list(problems)
        count = "" if seen is None else f" ({seen})"
        if seen == 0 and not problems:
            problems = ["there was nothing to look at"]
        if problems:
            self.failed += 1
            print(f"FAIL {name}{count}: {len(problems)} wrong")
            for problem in problems[:4]:
                print(f"       {problem}"[:700])
        else:
            self.passed += 1
            print(f"ok   {name}{count}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


def arguments(description, truth=True):
    """The command line that the checks have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("base", help="base URL of the running server, without a slash at its end")
    if truth:
        parser.add_argument("truth", help="JSON lines written by tests/corpus/generate.py")
        parser.add_argument("--newest", type=int, help="the feed holds only so many items, the newest")
    return parser.parse_args()


def load(options):
    """The items that the feed must hold, newest first."""
    with open(options.truth, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    items = [line for line in lines if line["expected"] == "item"]
    for item in items:
        for name in ("published", "updated"):
            item[name] = datetime.fromisoformat(item[name])
    items.sort(key=lambda item: item["updated"], reverse=True)
    if options.newest:
        last = items[options.newest - 1]["updated"]
        clear = [item for item in items if item["updated"] > last]
        # Which of several items of one moment comes last is decided by their ids, some of which are not known here.
        items = clear + [item for item in items if item["updated"] == last][: options.newest - len(clear)]
    return items


def fetch(url, headers=None):
    """Body and headers of a URL."""
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read(), answer.headers


class Blocks(HTMLParser):
    """The elements of an HTML fragment that hold text directly, as [element, text] pairs."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.odd = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append([tag, ""])
        if tag not in ("p", "h3") or attributes:
            self.odd.append(tag)

    def handle_data(self, data):
        if self.found:
            self.found[-1][1] += data
        elif data.strip():
            self.odd.append(data)


def blocks(html):
    """Content HTML as [element, text] pairs; headings without the quotes around them."""
    parser = Blocks()
    parser.feed(html or "")
    parser.close()
    return [[tag, text.strip(QUOTES) if tag == "h3" else one_line(text)] for tag, text in parser.found] + [
        ["unexpected", what] for what in parser.odd]


def one_line(text):
    return re.sub(r"\s+", " ", text or "").strip()


def summary_problem(summary, item):
    """What is wrong with a summary: it is the description, or else the beginning of the body."""
    summary = summary or ""
    if item["summary"] is not None:
        return None if one_line(summary) == one_line(item["summary"]) else f"{summary!r}, not {item['summary']!r}"
    text = one_line(" ".join(text for tag, text in item["blocks"] if tag == "p"))
    bare = one_line(summary).rstrip("…").rstrip()
    if not bare:
        return "empty"
    if len(summary) > SUMMARY_LENGTH + 1:
        return f"{len(summary)} characters"
    if not text.startswith(bare):
        return f"{summary!r} is no beginning of {text[:300]!r}"
    return None


def instant(moment):
    return moment.astimezone(timezone.utc)


class Comparison:
    """One document as one client read it, against the truth."""

    def __init__(self, report, name, expected, got):
        self.report, self.name = report, name
        by_id = {an_id: item for item in expected for an_id in item["ids"]}
        by_title = {(item["title"], instant(item["published"])): item for item in expected if not item["ids"]}
        self.pairs, strangers, seen, twice = [], [], set(), []
        for record in got:
            item = by_id.get(record["id"])
            if item is None and record["id"].startswith("tag:"):
                item = next((item for (title, _), item in by_title.items()
                             if title == record["title"] and id(item) not in seen), None)
            if item is None:
                strangers.append(f"not expected: {record['id']} {record.get('title')!r}")
            elif id(item) in seen:
                twice.append(f"twice: {record['id']}")
            else:
                seen.add(id(item))
                self.pairs.append((item, record))
        missing = [f"missing: {item['path']} {item['title']!r}" for item in expected if id(item) not in seen]
        report.check(f"{name} items", strangers + twice + missing, f"{len(got)} of {len(expected)}")

    def field(self, field, problem):
        """Checks one field of every item; `problem(item, record)` tells what is wrong or gives None."""
        found = ((item, problem(item, record)) for item, record in self.pairs)
        wrong = [f"{item['path']}: {what}" for item, what in found if what]
        self.report.check(f"{self.name} {field}", wrong, len(self.pairs))

    def same(self, field, key=None, want=lambda value: value, read=lambda value: value):
        """Checks that a field is equal after both sides went through their functions."""
        key = key or field

        def problem(item, record):
            expected, got = want(item[field]), read(record[key])
            return None if expected == got else f"{got!r}, not {expected!r}"

        self.field(key, problem)

    def links(self):
        self.field("link", lambda item, record: None if (
            record["url"] == item["url"] if item["url"] else "/items/" in (record["url"] or "")
        ) else f"{record['url']!r}, not {item['url']!r}")

    def order(self):
        times = [instant(record["updated"]) for _, record in self.pairs]
        self.report.check(f"{self.name} newest first", [f"{b} after {a}" for a, b in zip(times, times[1:]) if b > a])

    def instants(self, *fields):
        for field in fields:
            self.same(field, want=instant, read=lambda value: value and instant(value))

    def moments(self, *fields):
        """Times with their offsets."""
        for field in fields:
            self.same(field, want=lambda value: value.isoformat(), read=lambda value: value and value.isoformat())

    def categories(self):
        self.same("categories")

    def summaries(self):
        self.field("summary", lambda item, record: summary_problem(record["summary"], item))

    def contents(self):
        def problem(item, record):
            want = [[tag, text if tag == "h3" else one_line(text)] for tag, text in item["blocks"]]
            got = record["blocks"]
            if want == got:
                return None
            at = next((at for at, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
            return f"{len(got)} of {len(want)} blocks, number {at} is {got[at:at + 1]}, not {want[at:at + 1]}"

        self.field("content", problem)

    def languages(self):
        """The language of the article, or that of the site for the few that nobody could tell."""
        unknown = [record for item, record in self.pairs if record["language"] != item["language"]
                   and record["language"] in (None, SITE_LANGUAGE)]
        wrong = [f"{item['path']}: {record['language']}, not {item['language']}" for item, record in self.pairs
                 if record["language"] not in (item["language"], None, SITE_LANGUAGE)]
        if len(unknown) * 50 > len(self.pairs):
            wrong.append(f"{len(unknown)} of {len(self.pairs)} are left without their language")
        self.report.check(f"{self.name} language", wrong, len(self.pairs))

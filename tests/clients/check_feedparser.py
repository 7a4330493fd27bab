#!/usr/bin/env python3
"""Reads RSS and Atom as feedparser does, polls again with the validators that it kept, and compares."""

from calendar import timegm
from datetime import datetime, timezone
from html import unescape

import feedparser

from expectations import Comparison, Report, arguments, blocks, load


def moment(parsed):
    return parsed and datetime.fromtimestamp(timegm(parsed), timezone.utc)


def record(entry, is_rss):
    content = entry.get("content", [{}])[0]
    return {
        "id": entry.get("id"), "url": entry.get("link"), "title": entry.title, "summary": unescape(entry.get("summary", "")) if is_rss else entry.get("summary"),
        "published": moment(entry.get("published_parsed")), "updated": moment(entry.get("updated_parsed")),
        "categories": [tag.term for tag in entry.get("tags", [])], "blocks": blocks(content.get("value")),
    }


def looks_like_html(item):
    """feedparser takes RSS text with a closing tag or an entity in it for HTML, and then cleans it."""
    return any(mark in item["title"] for mark in ("<", "&", ">"))


def main():
    options, report = arguments(__doc__), Report()
    expected = load(options)
    for path, version in (("/rss.xml", "rss20"), ("/atom.xml", "atom10")):
        name = f"feedparser {path}"
        result = feedparser.parse(options.base + path)
        report.check(f"{name} status and version", [] if (result.status, result.version) == (200, version) else
                     [f"{result.status} {result.version}"])
        report.check(f"{name} well-formed", [str(result.bozo_exception)] if result.bozo else [])
        comparison = Comparison(report, name, expected, [record(entry, path == "/rss.xml") for entry in result.entries])
        if path == "/rss.xml":
            comparison.field("title", lambda item, record: None if looks_like_html(item) or item["title"] == record["title"]
                             else f"{record['title']!r}, not {item['title']!r}")
        else:
            comparison.same("title")
        comparison.links()
        comparison.instants("published", "updated")
        comparison.summaries()
        comparison.contents()
        comparison.categories()
        again = feedparser.parse(options.base + path, etag=result.get("etag"), modified=result.get("modified"))
        report.check(f"{name} second poll is 304", [] if again.status == 304 and not again.entries else [again.status])
    report.finish()


main()

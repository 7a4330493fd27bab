#!/usr/bin/env python3
"""Subscribes with the `reader` library, updates twice, and compares every entry that it keeps."""

from html import unescape

from reader import make_reader

from expectations import Comparison, Report, arguments, blocks, load


def record(entry, is_rss):
    return {
        "id": entry.id, "url": entry.link, "title": entry.title, "published": entry.published, "updated": entry.updated,
        "summary": unescape(entry.summary or "") if is_rss else entry.summary, "blocks": blocks(entry.content[0].value if entry.content else None),
    }


def main():
    options, report = arguments(__doc__), Report()
    expected = load(options)
    for path in ("/rss.xml", "/atom.xml", "/feed.json"):
        name = f"reader {path}"
        reader = make_reader(":memory:")
        reader.add_feed(options.base + path)
        first = reader.update_feed(options.base + path)
        entries = list(reader.get_entries())
        report.check(f"{name} first update", [] if first and first.new == len(entries) else [first])
        comparison = Comparison(report, name, expected, [record(entry, path == "/rss.xml") for entry in entries])
        comparison.field("title", lambda item, record: None if record["title"] == item["title"] or (
            path == "/rss.xml" and set("<&>") & set(item["title"])) else f"{record['title']!r}, not {item['title']!r}")
        comparison.links()
        comparison.instants("published", "updated")
        comparison.summaries()
        comparison.contents()
        second = reader.update_feed(options.base + path)
        report.check(f"{name} second update finds nothing", [] if not second or not (second.new or second.modified) else [second])
    report.finish()


main()

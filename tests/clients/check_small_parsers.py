#!/usr/bin/env python3
"""Reads RSS and Atom with fastfeedparser and atoma, and the subscription list with listparser."""

from datetime import datetime

import atoma
import fastfeedparser
import listparser

from expectations import Comparison, Report, arguments, blocks, fetch, load


def fast(entry):
    return {"id": entry.get("id"), "url": entry.get("link"), "title": entry.get("title"),
            "published": datetime.fromisoformat(entry["published"]), "updated": datetime.fromisoformat(entry["updated"]),
            "blocks": blocks(entry["content"][0]["value"] if entry.get("content") else None)}


def from_atom(entry):
    return {"id": entry.id_, "url": next((link.href for link in entry.links if link.rel in (None, "alternate")), None),
            "title": entry.title.value, "published": entry.published, "updated": entry.updated,
            "summary": entry.summary and entry.summary.value, "blocks": blocks(entry.content and entry.content.value),
            "categories": [category.term for category in entry.categories]}


def from_rss(item):
    return {"id": item.guid, "url": item.link, "title": item.title, "published": item.pub_date, "summary": item.description,
            "blocks": blocks(item.content_encoded), "categories": item.categories}


def main():
    options, report = arguments(__doc__), Report()
    expected = load(options)
    rss, _ = fetch(options.base + "/rss.xml")
    atom, _ = fetch(options.base + "/atom.xml")

    for path, body in (("/rss.xml", rss), ("/atom.xml", atom)):
        comparison = Comparison(report, f"fastfeedparser {path}", expected, [fast(entry) for entry in fastfeedparser.parse(body).entries])
        comparison.same("title")
        comparison.links()
        comparison.instants("published", "updated")
        comparison.contents()

    comparison = Comparison(report, "atoma /atom.xml", expected, [from_atom(entry) for entry in atoma.parse_atom_bytes(atom).entries])
    comparison.instants("updated")
    comparison.summaries()
    atom_comparison = comparison
    comparison = Comparison(report, "atoma /rss.xml", expected, [from_rss(item) for item in atoma.parse_rss_bytes(rss).items])
    for each in (atom_comparison, comparison):
        each.same("title")
        each.links()
        each.instants("published")
        each.contents()
        each.categories()

    opml, headers = fetch(options.base + "/opml.xml")
    report.check("opml media type", [] if headers.get_content_type() == "text/x-opml" else [headers.get_content_type()])
    result = listparser.parse(opml)
    report.check("listparser reads the list", [str(result.bozo_exception)] if result.bozo else [])
    report.check("listparser finds feeds", [] if result.feeds else ["none"], len(result.feeds))
    types = {"application/atom+xml", "application/rss+xml", "application/feed+json"}
    answers = [(feed.url, feed.title, fetch(feed.url)[1].get_content_type()) for feed in result.feeds]
    report.check("each listed feed answers", [answer for answer in answers if answer[2] not in types or not answer[1]], len(answers))
    report.finish()


main()

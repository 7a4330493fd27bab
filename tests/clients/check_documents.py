#!/usr/bin/env python3
"""Reads RSS, Atom and JSON Feed with nothing but expat and a JSON parser and compares every field of every item."""

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape
from xml.etree import ElementTree

from expectations import Comparison, Report, arguments, blocks, fetch, load

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def rss(body):
    """The description of RSS is HTML, unlike the summaries of the other two."""
    for item in ElementTree.fromstring(body).iter("item"):
        yield {
            "id": item.findtext("guid"), "url": item.findtext("link") or item.findtext("guid"), "title": item.findtext("title"),
            "summary": unescape(item.findtext("description") or ""), "published": parsedate_to_datetime(item.findtext("pubDate")),
            "updated": datetime.fromisoformat(item.findtext(ATOM + "updated")), "language": item.findtext(DC + "language"),
            "categories": [term.text for term in item.findall("category")], "blocks": blocks(item.findtext(CONTENT + "encoded")),
        }


def atom(body):
    feed = ElementTree.fromstring(body)
    for entry in feed.iter(ATOM + "entry"):
        link = next((link for link in entry.findall(ATOM + "link") if link.get("rel", "alternate") == "alternate"), None)
        title = entry.find(ATOM + "title")
        language = title.get(LANG) or entry.get(LANG) or feed.get(LANG)
        yield {
            "id": entry.findtext(ATOM + "id"), "url": None if link is None else link.get("href"),
            "title": title.text, "summary": entry.findtext(ATOM + "summary"),
            "published": datetime.fromisoformat(entry.findtext(ATOM + "published")),
            "updated": datetime.fromisoformat(entry.findtext(ATOM + "updated")), "language": language,
            "categories": [term.get("term") for term in entry.findall(ATOM + "category")],
            "blocks": blocks(entry.findtext(ATOM + "content")),
        }


def json_feed(body):
    for item in json.loads(body)["items"]:
        yield {
            "id": item["id"], "url": item.get("url"), "title": item.get("title"), "summary": item.get("summary"),
            "published": datetime.fromisoformat(item["date_published"]),
            "updated": datetime.fromisoformat(item["date_modified"]), "language": item.get("language"),
            "categories": item.get("tags", []), "blocks": blocks(item.get("content_html")),
        }


def main():
    options, report = arguments(__doc__), Report()
    expected = load(options)
    for path, read in (("/rss.xml", rss), ("/atom.xml", atom), ("/feed.json", json_feed)):
        body, _ = fetch(options.base + path)
        comparison = Comparison(report, f"documents {path}", expected, list(read(body)))
        comparison.same("title")
        comparison.links()
        comparison.moments("published", "updated")
        comparison.order()
        comparison.summaries()
        comparison.contents()
        comparison.categories()
        comparison.languages()
    report.finish()


main()

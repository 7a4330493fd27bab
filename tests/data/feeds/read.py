"""Reads a feed document from standard input with Python's own parsers (expat, json) and prints, as JSON, what a reader
would understand. Argument: rss, atom, json, or opml; or expat, for a JSON list of documents: whether each is well-formed."""

import json
import sys
from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
FH = "{http://purl.org/syndication/history/1.0}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
XML = "{http://www.w3.org/XML/1998/namespace}"


def links(parent, tag):
    return [[link.get("rel"), link.get("href")] for link in parent.findall(tag)]


def markers(parent):
    return [child.tag[len(FH):] for child in parent if child.tag.startswith(FH)]


def rfc3339(text):
    return datetime.fromisoformat(text).isoformat()


def rss(data):
    channel = ElementTree.fromstring(data).find("channel")
    return {
        "title": channel.findtext("title"),
        "updated": parsedate_to_datetime(channel.findtext("lastBuildDate")).isoformat(),
        "links": links(channel, ATOM + "link"),
        "markers": markers(channel),
        "tombstones": [],
        "items": [
            {
                "id": item.findtext("guid"),
                "url": item.findtext("link"),
                "title": item.findtext("title"),
                "summary": item.findtext("description"),
                "content": item.findtext(CONTENT + "encoded"),
                "published": parsedate_to_datetime(item.findtext("pubDate")).isoformat(),
                "updated": rfc3339(item.findtext(ATOM + "updated")),
                "categories": [category.text for category in item.findall("category")],
            }
            for item in channel.findall("item")
        ],
    }


def atom(data):
    feed = ElementTree.fromstring(data)
    return {
        "title": feed.findtext(ATOM + "title"),
        "updated": rfc3339(feed.findtext(ATOM + "updated")),
        "links": links(feed, ATOM + "link"),
        "markers": markers(feed),
        "tombstones": [[gone.get("ref"), gone.get("when")] for gone in feed.findall(AT + "deleted-entry")],
        "items": [
            {
                "id": entry.findtext(ATOM + "id"),
                "url": entry.find(ATOM + "link").get("href"),
                "title": entry.findtext(ATOM + "title"),
                "summary": entry.findtext(ATOM + "summary"),
                "content": entry.findtext(ATOM + "content"),
                "published": rfc3339(entry.findtext(ATOM + "published")),
                "updated": rfc3339(entry.findtext(ATOM + "updated")),
                "categories": [category.get("term") for category in entry.findall(ATOM + "category")],
            }
            for entry in feed.findall(ATOM + "entry")
        ],
    }


def json_feed(data):
    feed = json.loads(data)
    return {
        "title": feed["title"],
        "updated": None,
        "links": [["self", feed["feed_url"]]]
        + [["hub", hub["url"]] for hub in feed.get("hubs", [])]
        + [["prev-archive", url] for url in [feed.get("next_url")] if url],
        "markers": [],
        "tombstones": [],
        "items": [
            {
                "id": item["id"],
                "url": item["url"],
                "title": item["title"],
                "summary": item.get("summary"),
                "content": item.get("content_html"),
                "published": rfc3339(item["date_published"]),
                "updated": rfc3339(item["date_modified"]),
                "categories": item.get("tags", []),
            }
            for item in feed["items"]
        ],
    }


def opml(data):
    def outlines(parent):
        return [dict(one.attrib) | ({"outlines": outlines(one)} if len(one) else {}) for one in parent.findall("outline")]

    root = ElementTree.fromstring(data)
    return {
        "version": root.get("version"),
        "title": root.findtext("head/title"),
        "created": parsedate_to_datetime(root.findtext("head/dateCreated")).isoformat(),
        "outlines": outlines(root.find("body")),
    }


def expat(data):
    def is_well_formed(document):
        try:
            ElementTree.fromstring(document.encode("utf-8"))
            return True
        except (ElementTree.ParseError, ValueError):
            return False

    return [is_well_formed(document) for document in json.loads(data)]


read = {"rss": rss, "atom": atom, "json": json_feed, "opml": opml, "expat": expat}[sys.argv[1]]
print(json.dumps(read(sys.stdin.buffer.read())))

#!/usr/bin/env python3
"""Judges an RSS document by the RSS 2.0 specification with the Advisory Board's profile, and a JSON Feed by version 1.1.

usage: check_rss_json.py BASE [FEED PATH...]     the default is the feed of everything, ""
"""

import json
import re
import sys
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

from expectations import Report, fetch

ATOM = "{http://www.w3.org/2005/Atom}"
SY = "{http://purl.org/rss/1.0/modules/syndication/}"
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}


def web(text):
    return urlsplit(text or "").scheme in ("http", "https") and not re.search(r"\s", text)


def date_problem(text):
    if not DATE.fullmatch(text or ""):
        return f"{text!r}"
    moment = parsedate_to_datetime(text)
    return None if f"{moment:%a}" == text[:3] else f"{text!r} has the wrong weekday"


def judge_rss(report, url):
    body, headers = fetch(url)
    name = urlsplit(url).path

    def rule(what, problems):
        report.check(f"RSS {name} {what}", [problem for problem in problems if problem])

    root = ElementTree.fromstring(body)
    rule("media type", [headers.get_content_type() != "application/rss+xml" and headers["Content-Type"]])
    channels = root.findall("channel")
    rule("rss 2.0 with one channel", [(root.tag, root.get("version"), len(channels)) != ("rss", "2.0", 1) and f"{root.tag} {root.attrib}"])
    channel = channels[0]
    rule("channel has title, link, description", [not (channel.findtext(tag) or "").strip() and tag for tag in ("title", "link", "description")])
    own = [(link.get("href"), link.get("type")) for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    rule("self link is where it was fetched", [own != [(url, "application/rss+xml")] and f"{own}"])
    rule("lastBuildDate", [date_problem(channel.findtext("lastBuildDate"))])
    period, frequency = channel.findtext(SY + "updatePeriod"), channel.findtext(SY + "updateFrequency", "1")
    ttl = channel.findtext("ttl")
    age = re.search(r"max-age=(\d+)", headers.get("Cache-Control", ""))
    rule("ttl, sy:* and max-age agree", [
        not (ttl or "").isdigit() and f"ttl {ttl!r}",
        period and ttl and PERIODS[period] / int(frequency) != int(ttl) and f"ttl {ttl}, {frequency} {period}",
        age and ttl and int(age[1]) > int(ttl) * 60 and f"ttl {ttl}, max-age {age[1]}"])
    items = channel.findall("item")
    rule("items have a title or description", [not (item.findtext("title") or item.findtext("description")) and "an item" for item in items])
    guids = [item.find("guid") for item in items]
    rule("each item has a guid of its own", [len({guid.text for guid in guids}) != len(items) and "missing or twice"])
    rule("isPermaLink is false unless it is a URL", [guid.get("isPermaLink", "true") == "true" and not web(guid.text) and guid.text for guid in guids])
    rule("pubDate", [date_problem(item.findtext("pubDate")) for item in items])
    rule("atom:updated", [not RFC3339.fullmatch(item.findtext(ATOM + "updated") or "") and item.findtext("guid") for item in items])
    rule("links are absolute", [not web(item.findtext("link")) and item.findtext("guid") for item in items if item.find("link") is not None])
    rule("author is an address", ["@" not in author.text and author.text for author in channel.iter("author")])
    rule("no dc:date", [f"{date.text}" for date in channel.iter("{http://purl.org/dc/elements/1.1/}date")])
    rule("description comes first of the two texts", [
        [child.tag for child in item if "encoded" in child.tag or child.tag == "description"][:1] not in ([], ["description"]) and item.findtext("guid")
        for item in items])


def judge_json(report, url):
    body, headers = fetch(url)
    feed, name = json.loads(body.decode("utf-8")), urlsplit(url).path

    def rule(what, problems):
        report.check(f"JSON Feed {name} {what}", [problem for problem in problems if problem])

    rule("media type", [headers.get_content_type() != "application/feed+json" and headers["Content-Type"]])
    rule("version, title, items", [feed.get("version") != "https://jsonfeed.org/version/1.1" and feed.get("version"),
                                   not feed.get("title") and "no title", not isinstance(feed.get("items"), list) and "no items"])
    rule("feed_url is where it was fetched", [feed.get("feed_url") != url and feed.get("feed_url")])
    rule("home_page_url", [not web(feed.get("home_page_url")) and feed.get("home_page_url")])
    items = feed["items"]
    rule("ids are strings, each once", [not (isinstance(item.get("id"), str) and item["id"]) and f"{item.get('id')!r}" for item in items]
         + [len({item["id"] for item in items}) != len(items) and "twice"])
    rule("content", [not (item.get("content_html") or item.get("content_text")) and item["id"] for item in items])
    rule("URLs are absolute", ["url" in item and not web(item["url"]) and item["url"] for item in items])
    rule("times are RFC 3339", [not RFC3339.fullmatch(item.get(key, "")) and f"{item['id']} {key}" for item in items
                                for key in ("date_published", "date_modified")])
    rule("updated is not before published", [datetime.fromisoformat(item["date_modified"]) < datetime.fromisoformat(item["date_published"])
                                             and item["id"] for item in items])
    rule("authors and tags are lists", [not isinstance(item.get(key, []), list) and item["id"] for item in items for key in ("authors", "tags")])
    known = {"id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image", "date_published",
             "date_modified", "authors", "tags", "language", "attachments"}
    strangers = {key for item in items for key in item if key not in known and not key.startswith("_")}
    rule("extensions begin with _", sorted(strangers))
    rule("next_url is another one", [feed.get("next_url") == url and url])


def main():
    base, *paths = sys.argv[1:]
    report = Report()
    for path in paths or [""]:
        judge_rss(report, f"{base}{path}/rss.xml")
        judge_json(report, f"{base}{path}/feed.json")
    report.finish()


main()

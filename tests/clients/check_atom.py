#!/usr/bin/env python3
"""Judges an Atom document by RFC 4287 (and RFC 5005, RFC 6721 where used) with nothing but expat.

usage: check_atom.py BASE [PATH...]     the default is /atom.xml
"""

import re
import sys
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

from expectations import Report, fetch

ATOM, XML = "{http://www.w3.org/2005/Atom}", "{http://www.w3.org/XML/1998/namespace}"
HISTORY, TOMBSTONES = "{http://purl.org/syndication/history/1.0}", "{http://purl.org/atompub/tombstones/1.0}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
MEDIA_TYPE = re.compile(r".+/.+")
ONCE = ["generator", "icon", "logo", "id", "rights", "subtitle", "title", "updated"]
FEED = set(ONCE) | {"author", "category", "contributor", "link", "entry"}
ENTRY_ONCE = ["content", "id", "published", "rights", "source", "summary", "title", "updated"]
ENTRY = set(ENTRY_ONCE) | {"author", "category", "contributor", "link"}


def short(tag):
    return tag.removeprefix(ATOM)


def iri(text):
    return bool(text) and not re.search(r'[\s<>"{}|\\^`]', text) and bool(urlsplit(text).scheme)


def moment(element):
    text = "" if element is None else element.text or ""
    if not TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


class Judge:
    """Gathers what is wrong with one document, under the section of the specification that says so."""

    def __init__(self):
        self.wrong = {}

    def rule(self, section, holds, what):
        problems = self.wrong.setdefault(section, [])
        if not holds:
            problems.append(what)

    def children(self, parent, known, once, where):
        names = [short(child.tag) for child in parent if child.tag.startswith(ATOM)]
        self.rule("4.1 only known elements", set(names) <= known, f"{where}: {set(names) - known}")
        for name in once:
            self.rule("4.1 at most one of each", names.count(name) <= 1, f"{where}: {names.count(name)} {name}")
        for name in ("id", "title", "updated"):
            self.rule("4.1 id, title, updated", names.count(name) == 1, f"{where}: {names.count(name)} {name}")

    def text(self, element, where):
        """A text construct."""
        if element is None:
            return
        kind = element.get("type", "text")
        self.rule("3.1 text constructs", kind in ("text", "html", "xhtml"), f"{where}: type {kind}")
        if kind == "xhtml":
            self.rule("3.1 text constructs", len(element) == 1, f"{where}: xhtml needs one div")
        else:
            self.rule("3.1 text constructs", len(element) == 0, f"{where}: child elements in {kind}")

    def person(self, person, where):
        names = [short(child.tag) for child in person]
        self.rule("3.2 persons", names.count("name") == 1 and names.count("uri") <= 1 and names.count("email") <= 1, f"{where}: {names}")
        self.rule("3.2 persons", bool((person.findtext(ATOM + "name") or "").strip()), f"{where}: empty name")
        mail, page = person.find(ATOM + "email"), person.find(ATOM + "uri")
        self.rule("3.2 persons", mail is None or "@" in (mail.text or ""), f"{where}: email")
        self.rule("3.2 persons", page is None or iri(page.text), f"{where}: uri")

    def links(self, parent, where):
        seen = []
        for link in parent.findall(ATOM + "link"):
            href, relation = link.get("href"), link.get("rel", "alternate")
            self.rule("4.2.7 links", iri(href), f"{where}: href {href!r}")
            self.rule("4.2.7 links", link.get("type") is None or MEDIA_TYPE.fullmatch(link.get("type")), f"{where}: {link.attrib}")
            self.rule("4.2.7 links", link.get("length") is None or link.get("length").isdigit(), f"{where}: {link.attrib}")
            if relation == "alternate":
                seen.append((link.get("type"), link.get("hreflang")))
        self.rule("4.1 one alternate a type and language", len(seen) == len(set(seen)), f"{where}: {seen}")

    def shared(self, parent, where):
        self.links(parent, where)
        for name in ("author", "contributor"):
            for person in parent.findall(ATOM + name):
                self.person(person, where)
        for category in parent.findall(ATOM + "category"):
            self.rule("4.2.2 categories", category.get("term"), f"{where}: no term")
        identity = parent.findtext(ATOM + "id")
        self.rule("4.2.6 ids are IRIs", iri(identity), f"{where}: {identity!r}")
        for name in ("updated", "published"):
            for element in parent.findall(ATOM + name):
                self.rule("3.3 times", moment(element) is not None and not element.attrib, f"{where}: {element.text!r}")
        for name in ("title", "subtitle", "summary", "rights"):
            self.text(parent.find(ATOM + name), f"{where} {name}")

    def entry(self, entry, where, feed_has_author):
        self.children(entry, ENTRY, ENTRY_ONCE, where)
        self.shared(entry, where)
        content, links = entry.find(ATOM + "content"), entry.findall(ATOM + "link")
        alternate = any(link.get("rel", "alternate") == "alternate" for link in links)
        self.rule("4.1.2 content or alternate", content is not None or alternate, where)
        source = entry.find(ATOM + "source")
        self.rule("4.1.2 author", feed_has_author or entry.find(ATOM + "author") is not None
                  or (source is not None and source.find(ATOM + "author") is not None), where)
        if content is not None:
            kind = content.get("type", "text")
            if content.get("src") is not None:
                self.rule("4.1.3 content", not (content.text or "") and entry.find(ATOM + "summary") is not None, f"{where}: src")
            elif kind in ("text", "html"):
                self.rule("4.1.3 content", len(content) == 0, f"{where}: child elements in {kind}")
        updated, published = moment(entry.find(ATOM + "updated")), moment(entry.find(ATOM + "published"))
        self.rule("updated is not before published", not (updated and published) or updated >= published, where)

    def feed(self, feed, url):
        self.rule("2 root is atom:feed", feed.tag == ATOM + "feed", feed.tag)
        self.children(feed, FEED, ONCE, "feed")
        self.shared(feed, "feed")
        generator = feed.find(ATOM + "generator")
        self.rule("4.2.4 generator", generator is None or generator.get("uri") is None or iri(generator.get("uri")), "feed")
        own = [link.get("href") for link in feed.findall(ATOM + "link") if link.get("rel") == "self"]
        self.rule("4.1.1 self link is where it was fetched", own == [url], f"{own}, not {url}")
        for element in feed.iter():
            language = element.get(XML + "lang")
            self.rule("2 xml:lang", language is None or not language or LANGUAGE.fullmatch(language), f"{language!r}")
        entries = feed.findall(ATOM + "entry")
        has_author = feed.find(ATOM + "author") is not None
        for number, entry in enumerate(entries):
            self.entry(entry, f"entry {number} {entry.findtext(ATOM + 'id')}", has_author)
        ids = [entry.findtext(ATOM + "id") for entry in entries]
        self.rule("4.1.1 no id twice", len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} ids again")
        newest = max((moment(entry.find(ATOM + "updated")) for entry in entries), default=None)
        self.rule("feed is as new as its entries", newest is None or moment(feed.find(ATOM + "updated")) >= newest, f"{newest}")
        self.history(feed)
        for gone in feed.findall(TOMBSTONES + "deleted-entry"):
            self.rule("RFC 6721 tombstones", iri(gone.get("ref")) and TIME.fullmatch(gone.get("when") or ""), f"{gone.attrib}")
            self.rule("RFC 6721 tombstones", gone.get("ref") not in ids, f"{gone.get('ref')} is an entry as well")

    def history(self, feed):
        relations = {link.get("rel") for link in feed.findall(ATOM + "link")}
        complete = feed.find(HISTORY + "complete") is not None
        paged = relations & {"first", "last", "previous", "next", "prev-archive", "next-archive"}
        self.rule("RFC 5005 complete feeds have no pages", not (complete and paged), f"{paged}")


def main():
    base, *paths = sys.argv[1:]
    report = Report()
    for path in paths or ["/atom.xml"]:
        body, headers = fetch(base + path)
        judge = Judge()
        judge.rule("7 media type", headers.get_content_type() == "application/atom+xml", headers.get_content_type())
        try:
            judge.feed(ElementTree.fromstring(body), base + path)
        except ElementTree.ParseError as error:
            judge.rule("well-formed", False, error)
        for section, problems in judge.wrong.items():
            report.check(f"RFC 4287 {path} {section}", problems)
    report.finish()


main()

#!/usr/bin/env python3
"""Subscribes with newsboat, without a terminal, and compares what stands in its cache; then with sfeed_web's discovery."""

import sqlite3
import subprocess
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from expectations import Comparison, Report, arguments, blocks, fetch, load


def subscribe(url, folder):
    """Rows of newsboat's cache after one reload of the feed."""
    folder.joinpath("urls").write_text(url + "\n")
    folder.joinpath("config").write_text("auto-reload no\nmax-items 0\n")
    command = ["newsboat", "-u", folder / "urls", "-c", folder / "cache.db", "-C", folder / "config", "-x", "reload"]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
    with sqlite3.connect(folder / "cache.db") as cache:
        return cache.execute("select guid, url, title, pubDate, content from rss_item").fetchall()


def record(row):
    guid, url, title, published, content = row
    return {"id": guid, "url": url, "title": title, "published": datetime.fromtimestamp(published, timezone.utc), "blocks": blocks(content)}


def main():
    options, report = arguments(__doc__), Report()
    expected = load(options)
    for path in ("/rss.xml", "/atom.xml"):
        with tempfile.TemporaryDirectory() as folder:
            comparison = Comparison(report, f"newsboat {path}", expected, [record(row) for row in subscribe(options.base + path, Path(folder))])
        comparison.same("title")
        comparison.links()
        comparison.instants("published")
        comparison.contents()

    page, headers = fetch(options.base + "/")
    report.check("front page is HTML", [] if headers.get_content_type() == "text/html" else [headers.get_content_type()])
    found = subprocess.run(["sfeed_web", options.base + "/"], input=page, capture_output=True, check=True, timeout=20).stdout.decode()
    links = [tuple(line.split("\t")[:2]) for line in found.splitlines()]
    for path, media_type in (("/atom.xml", "application/atom+xml"), ("/rss.xml", "application/rss+xml")):
        answer = fetch(options.base + path)[1].get_content_type()
        report.check(f"sfeed_web finds {path}", [] if (options.base + path, media_type) in links and answer == media_type
                     else [f"{links} {answer}"])
    report.finish()


main()

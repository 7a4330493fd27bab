#!/usr/bin/env python3
"""Lets redbot and httplint judge every kind of resource. Each warning must be explained in http_notes.toml, or is a failure.

usage: check_http.py BASE
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

from expectations import Report, fetch

HARMLESS = {"good", "info"}
REDBOT = """
import json, sys
from configparser import ConfigParser
import thor
from redbot.resource import HttpResource

config = ConfigParser()
config.read_dict({"redbot": {"enable_local_access": "True"}})
resource = HttpResource(config["redbot"])
resource.set_request(sys.argv[1])
thor.events.on(resource, "check_done")(lambda: thor.stop())
resource.check()
thor.run()

def flat(notes):
    for note in notes:
        yield {"note": type(note).__name__, "level": note.level.value, "summary": str(note.summary)}
        yield from flat(note.subnotes)

print(json.dumps({"complete": resource.response.complete, "status": resource.response.status_code_str, "notes": list(flat(resource.response.notes))}))
"""


def redbot(url):
    """Status and notes of redbot, which makes its own further requests: conditional, ranges, codings."""
    answer = subprocess.run([sys.executable, "-c", REDBOT, url], check=True, capture_output=True, text=True, timeout=60)
    result = json.loads(answer.stdout)
    return result["status"] if result["complete"] else "incomplete", result["notes"]


def httplint(url, *arguments):
    """Status and notes of httplint on one raw answer."""
    raw = subprocess.run(["curl", "-sS", "-i", "--http1.1", "--max-time", "20", *arguments, url], check=True, capture_output=True).stdout
    command = Path(sys.executable).with_name("httplint")
    text = subprocess.run([command, "-n"], input=raw, check=True, capture_output=True, timeout=60).stdout.decode()
    names = {"GOOD": "good", "INFO": "info", "WARN": "warning", "BAD": "bad"}
    notes = [{"note": summary, "level": names.get(level.upper()[:4].rstrip("]"), level.lower()), "summary": summary}
             for level, summary in re.findall(r"^\s*\* \[(\w+)\] (.*)$", text, re.MULTILINE)]
    return raw.split(b" ", 2)[1].decode(), notes


def resources(base):
    """Every kind of resource: its name, its URL and the status that belongs to it."""
    kinds = [("front page", "/", "200"), ("RSS", "/rss.xml", "200"), ("Atom", "/atom.xml", "200"), ("JSON Feed", "/feed.json", "200"),
             ("OPML", "/opml.xml", "200"), ("redirect", "/feed", "308"), ("not found", "/there-is-nothing-here", "404"), ("livez", "/livez", "200"),
             ("readyz", "/readyz", "200")]
    page = fetch(base + "/")[0].decode()
    item = re.search(r'href="([^"]*/items/[0-9a-f]+/)"', page)
    kinds.append(("item page", item[1] if item else "/items/none-is-linked-on-the-front-page/", "200"))
    archive = [link.get("href") for link in ElementTree.fromstring(fetch(base + "/atom.xml")[0]).iter("{http://www.w3.org/2005/Atom}link")
               if link.get("rel") == "prev-archive"]
    kinds += [("archive page", href, "200") for href in archive]
    return [(name, path if path.startswith("http") else base + path, status) for name, path, status in kinds]


def main():
    base, report, used = sys.argv[1], Report(), set()
    with open(Path(__file__).with_name("http_notes.toml"), "rb") as file:
        allowed = tomllib.load(file).get("allowed", [])

    def judge(judge_name, name, found, wanted):
        status, notes = found
        problems = [] if status == wanted else [f"status {status}, not {wanted}"]
        for note in notes:
            if note["level"] in HARMLESS:
                continue
            rule = next((index for index, rule in enumerate(allowed) if re.fullmatch(rule["note"], note["note"])
                         and name in rule["resources"]), None)
            if rule is None:
                problems.append(f"{note['level']} {note['note']}: {note['summary']}")
            else:
                used.add(rule)
        report.check(f"{judge_name} {name}", problems, len(notes))

    for name, url, wanted in resources(base):
        judge("redbot", name, redbot(url), wanted)
        judge("httplint", name, httplint(url), wanted)
        judge("httplint compressed", name, httplint(url, "-H", "Accept-Encoding: gzip"), wanted)
        if wanted == "200" and not name.endswith("z"):
            tag = fetch(url)[1].get("ETag", "")
            judge("httplint again", name, httplint(url, "-H", f"If-None-Match: {tag}"), "304")
    report.check("every explanation is still needed", [rule["note"] for index, rule in enumerate(allowed) if index not in used])
    report.finish()


main()

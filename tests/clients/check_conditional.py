#!/usr/bin/env python3
"""Polls twice with curl, by HTTP/1.1 and by HTTP/2 with prior knowledge, in every content coding: 200, then 304."""

import gzip
import subprocess
import tempfile
from pathlib import Path

import brotli
import zstandard

from expectations import Report, arguments

DECODERS = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress,
            "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)}
CODINGS = {"identity": None, "gzip": "gzip", "br": "br", "zstd": "zstd", "br;q=0, zstd;q=0, gzip;q=0.1": "gzip", "x-gzip": "gzip"}
PROTOCOLS = {"1.1": "--http1.1", "2": "--http2-prior-knowledge"}
PATHS = ["/atom.xml", "/rss.xml", "/feed.json", "/", "/opml.xml"]
KEPT = ["etag", "cache-control", "vary", "date"]


def curl(url, protocol, *arguments):
    """Version, status, headers (lower case) and body of one request."""
    with tempfile.TemporaryDirectory() as folder:
        body, head = Path(folder, "body"), Path(folder, "head")
        command = ["curl", "-sS", "--max-time", "20", PROTOCOLS[protocol], "-o", body, "-D", head, "-w", "%{http_version} %{http_code}", *arguments, url]
        version, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        lines = head.read_text(encoding="latin-1").strip().splitlines()[1:]
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines if ":" in line)}
        return version, int(status), headers, body.read_bytes() if body.exists() else b""


def one(report, base, path, protocol, accept):
    name = f"HTTP/{protocol} {path} {accept}"
    asked = ["-H", f"Accept-Encoding: {accept}"]
    version, status, headers, body = curl(base + path, protocol, *asked)
    coding = headers.get("content-encoding")
    problems = []
    if (version, status) != (protocol, 200):
        problems.append(f"HTTP/{version} {status}")
    # A coding may be left out where it saves nothing; another one than asked for may not come.
    if coding not in (None, CODINGS[accept]) or (coding is None and CODINGS[accept] and len(body) > 2000):
        problems.append(f"coded as {coding}, {len(body)} bytes")
    if "accept-encoding" not in headers.get("vary", "").lower():
        problems.append(f"vary: {headers.get('vary')}")
    plain = DECODERS[coding](body)
    tag = headers.get("etag", "")
    if not (tag.startswith('"') and tag.endswith('"') and len(tag) > 2):
        problems.append(f"entity tag {tag!r}")
    _, status, again, rest = curl(base + path, protocol, *asked, "-H", f"If-None-Match: {tag}")
    if status != 304 or rest:
        problems.append(f"by tag: {status} with {len(rest)} bytes")
    problems += [f"304 without {header}" for header in KEPT if header not in again]
    if again.get("etag") != tag:
        problems.append(f"304 with {again.get('etag')}, not {tag}")
    if "last-modified" in headers:
        _, status, _, rest = curl(base + path, protocol, *asked, "-H", f"If-Modified-Since: {headers['last-modified']}")
        if status != 304:
            problems.append(f"by date: {status}")
    elif path != "/":
        problems.append("no Last-Modified")
    _, status, _, rest = curl(base + path, protocol, *asked, "-H", 'If-None-Match: "something-else"')
    if status != 200 or not rest:
        problems.append(f"by a foreign tag: {status}")
    _, status, head, rest = curl(base + path, protocol, *asked, "--head")
    different = [key for key in ("etag", "content-type", "content-length", "content-encoding", "vary", "last-modified")
                 if head.get(key) != headers.get(key)]
    if status != 200 or different:
        problems.append(f"HEAD: {status}, other {different}")
    report.check(name, problems)
    return plain, tag, coding


def main():
    options, report = arguments(__doc__, truth=False), Report()
    for path in PATHS:
        answers = [one(report, options.base, path, protocol, accept) for protocol in PROTOCOLS for accept in CODINGS]
        report.check(f"{path} is the same in every coding", [] if len({plain for plain, _, _ in answers}) == 1 else ["they differ"])
        bodies = {}
        for _, tag, coding in answers:
            bodies.setdefault(tag, set()).add(coding)
        report.check(f"{path} no entity tag names two codings", [tag for tag, codings in bodies.items() if len(codings) > 1])
    report.finish()


main()

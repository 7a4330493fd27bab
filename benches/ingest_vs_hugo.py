#!/usr/bin/env python3
"""First scan and freshness beside Hugo on the same articles: benches/ingest_vs_hugo.py [COUNT [PROGRAM]]

Makes COUNT (10,000) seeds, gives the same articles to Hugo as Markdown files with front matter, and times both: until
seedcast is ready with every feed, until `hugo` has built the site: once with nothing but one RSS of 50 items and a page for
each article, which Hugo cannot leave out; once with the feeds that seedcast has as well, by source, language and category.
Then how long one more article takes until it is in the RSS over HTTP; Hugo's server runs with --disableFastRender, without
which its RSS stays old. Needs hugo (Debian: apt-get install hugo).
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from urllib.parse import urlsplit

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
PROGRAM = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "target/release/seedcast")
GENERATOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/corpus/generate.py")
ROUNDS = 9
ADDRESS = re.compile(r"listening on (http://\S+)")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp", "w") as file:
        file.write(text)
    os.rename(path + ".tmp", path)


def post(title, published, updated, body, **terms):
    front = {"title": title, "date": published, "lastmod": updated, **terms}
    return json.dumps(front, ensure_ascii=False) + "\n\n" + body + "\n"


def hugo_site(folder, truth):
    common = 'baseURL = "http://127.0.0.1:1313/"\ntitle = "Bench"\nservices.rss.limit = 50\n'
    write(f"{folder}/one.toml", common + 'disableKinds = ["taxonomy", "term", "section", "sitemap"]\n')
    write(f"{folder}/all.toml", common + 'disableKinds = ["section", "sitemap"]\noutputs.term = ["RSS"]\noutputs.taxonomy = ["RSS"]\n'
          "[taxonomies]\nsource = 'source'\ntongue = 'tongue'\ncategory = 'category'\n")
    write(f"{folder}/layouts/index.html", "{{ .Title }}\n")
    write(f"{folder}/layouts/_default/single.html", "<h1>{{ .Title }}</h1>{{ .Content }}\n")
    posts = 0
    for number, line in enumerate(open(truth)):
        seed = json.loads(line)
        if seed["expected"] == "item":
            body = "\n\n".join(text for _, text in seed["blocks"]).replace("{{", "{ {")
            terms = {"source": [urlsplit(seed["url"]).hostname] if seed["url"] else [],
                     "tongue": [seed["language"]] if seed["language"] else [], "category": seed["categories"] or []}
            text = post(seed["title"], seed["published"], seed["updated"], body, **terms)
            write(f"{folder}/content/posts/{number}.md", text)
            posts += 1
    return posts


def visible(url, word, add):
    begun = time.perf_counter()
    add()
    while word not in urllib.request.urlopen(url).read().decode():
        assert time.perf_counter() - begun < 60, f"{word} does not appear"
        time.sleep(0.0005)
    return (time.perf_counter() - begun) * 1e3


def seedcast(folder):
    begun = time.perf_counter()
    command = [PROGRAM, "serve", "--seeds", f"{folder}/seeds", "--store", f"sqlite:{folder}/store.db", "--listen", "127.0.0.1:0"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder, env={**os.environ, "SEEDCAST_HTTP_ADMIN_LISTEN": ""})
    for line in child.stderr:
        address = found[1] if (found := ADDRESS.search(line)) else locals().get("address")
        if " ready " in line:
            break
    seconds = time.perf_counter() - begun
    times = []
    for round in range(ROUNDS):
        text = f"date 2026-01 https://fresh.example/a-{round}.html\n\nFresh{round}x\n\nFresh\n\n{int(time.time())}\n\nWords.\n"
        times.append(visible(f"{address}/rss.xml", f"Fresh{round}x", lambda: write(f"{folder}/seeds/fresh-{round}.txt", text)))
        time.sleep(0.2)
    child.terminate()
    child.wait()
    return seconds, statistics.median(times)


def build(folder, config):
    shutil.rmtree(f"{folder}/public", ignore_errors=True)
    begun = time.perf_counter()
    subprocess.run(["hugo", "--quiet", "--config", config], cwd=folder, check=True)
    return time.perf_counter() - begun


def hugo_fresh(folder):
    server = subprocess.Popen(["hugo", "server", "--config", "one.toml", "--disableFastRender", "--watch", "--quiet"], cwd=folder, stdout=subprocess.DEVNULL)
    url, times = "http://127.0.0.1:1313/index.xml", []
    while True:
        try:
            urllib.request.urlopen(url).read()
            break
        except OSError:
            time.sleep(0.1)
    for round in range(min(ROUNDS, 5)):
        now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 5))
        text = post(f"Fresh{round}x", now, now, "Words.")
        times.append(visible(url, f"Fresh{round}x", lambda: write(f"{folder}/content/posts/fresh-{round}.md", text)))
        time.sleep(1)
    server.terminate()
    server.wait()
    return statistics.median(times)


if not shutil.which("hugo"):
    sys.exit("hugo is not installed: apt-get install hugo")
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, GENERATOR, str(COUNT), f"{folder}/seeds", f"{folder}/truth"], check=True, stdout=subprocess.DEVNULL)
    posts = hugo_site(f"{folder}/hugo", f"{folder}/truth")
    ours, ours_fresh = seedcast(folder)
    one, every = build(f"{folder}/hugo", "one.toml"), build(f"{folder}/hugo", "all.toml")
    theirs_fresh = hugo_fresh(f"{folder}/hugo")
    print(f"seedcast  {COUNT} seeds   first scan {ours:6.2f} s   one more visible after {ours_fresh:7.1f} ms")
    print(f"hugo      {posts} posts   one feed   {one:6.2f} s   one more visible after {theirs_fresh:7.1f} ms")
    print(f"hugo      {posts} posts   all feeds  {every:6.2f} s")
    print(f"hugo / seedcast            {one / ours:6.1f}, {every / ours:.1f}                    {theirs_fresh / ours_fresh:7.1f}")
    print("Hugo also writes a page for every article; seedcast makes them when asked for.")

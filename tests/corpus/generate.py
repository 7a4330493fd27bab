#!/usr/bin/env python3
"""Makes a directory of news-text seeds and, beside it, what a right reading of them gives.

    generate.py COUNT DIRECTORY TRUTH [--seed WORD]

The same arguments give the same bytes on every machine. TRUTH holds one JSON object a line and a seed:

    path        relative to DIRECTORY
    expected    "item", "duplicate-of" (another seed of the same article wins: `of`), or "malformed" (`why`)
    ids         the values that the item id may have; empty where the seed names no URL (then it is a tag: URI)
    url title summary published updated language categories blocks
                what the item must say. `summary` is null where it has to come from the body. Times carry the offset of
                the seed. `blocks` is the content as [element, text] pairs.

Seeds that name a time without an offset mean Europe/Berlin: the site must be configured so (SITE_ZONE).
"""

import argparse
import json
import os
import random
import sys
import tomllib
from datetime import datetime, timedelta, timezone
from pathlib import Path

SITE_ZONE = "Europe/Berlin"
OFFSETS = [180, 0, -300, 330, 345, 540, -210, 60, 840, -720]
HOSTS = ["harbour-post.example", "www.fener.example", "nachtblatt.example", "le-quai.example", "mayak.example",
         "umi.example", "news.lampara.example", "xn--bcher-kva.example"]
DIRECTORIES = ["", "", "world", "culture", "dünya", "наука", "science/space", "sport", "arts & crafts", "経済"]
CODE_PAGES = {"tr": "windows-1254", "ru": "windows-1251", "el": "windows-1253", "ja": "shift_jis", "pl": "windows-1250"}
CASED = {"en", "tr", "de", "fr", "es", "pl", "vi", "ru", "uk", "el"}
# What must come through a feed letter by letter, or what is to be left of it: characters that no XML document may hold go,
# and so do references to them.
HOSTILE = [
    (" & daughters", None), (" <b>not bold</b>", None), (' "so-called"', None), (" &amp; &#169; &lt;", None), (" ]]> done", None),
    (" 1 < 2 > 0", None), (" 👩‍🚀 🏳️‍🌈 🇨🇿", None), (" <script>alert(1)</script>", None), (" \u0008back\u0001space", " backspace"),
    (" non\ufffecharacter", " noncharacter"), (" &#1; &#xFFFE;", ""), (" a\u0301 e\u0323\u0302", None), (" 𝔊othic 𠮷野家", None),
    (" -- <!-- comment -->", None), (" {{ template }} ${x}", None), (" %s %00 \\u0000", None),
]
# Full stops and capitals that end no sentence.
TRAPS = ["They wrote it in ASP.NET for the U.S.A. office, version 3.5 of example.Com/x, and were glad.",
         "See https://harbour-post.example/a.Html?q=B.C for the ruling of 4.Mar in full, as the clerk said."]
SUBHEADINGS = ["The bells are quiet now", "Nobody’s boat is yellow", "Winter can wait"]


def berlin(local):
    """The offset of Europe/Berlin in minutes at a local time (the changes of the clock itself are left out)."""
    def last_sunday(month):
        day = datetime(local.year, month, 31)
        return day - timedelta(days=(day.weekday() + 1) % 7)
    night = timedelta(hours=3)
    return 120 if last_sunday(3) + night <= local < last_sunday(10) + night else 60


def zone(minutes):
    return timezone(timedelta(minutes=minutes))


def offset_text(minutes, colon):
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{':' if colon else ''}{abs(minutes) % 60:02}"


def written(dice, moment):
    """One of the forms in which a seed may write a time, and the moment that it then says."""
    minutes = int(moment.utcoffset().total_seconds() // 60)
    form = dice.choices(["plain", "colon", "seconds", "fraction", "space", "mail", "bare", "zulu"], [60, 10, 8, 5, 5, 4, 6, 4])[0]
    if form == "plain":
        return f"{moment:%Y-%m-%dT%H:%M}{offset_text(minutes, False)}", moment
    if form == "colon":
        return f"{moment:%Y-%m-%dT%H:%M}{offset_text(minutes, True)}", moment
    if form == "seconds":
        exact = moment + timedelta(seconds=dice.randrange(60))
        return f"{exact:%Y-%m-%dT%H:%M:%S}{offset_text(minutes, True)}", exact
    if form == "fraction":
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{dice.randrange(1000):03}{offset_text(minutes, False)}", moment
    if form == "space":
        return f"{moment:%Y-%m-%d %H:%M} {offset_text(minutes, False)}", moment
    if form == "mail":
        names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
        days = "Mon Tue Wed Thu Fri Sat Sun".split()
        return (f"{days[moment.weekday()]}, {moment.day:02} {names[moment.month - 1]} {moment:%Y %H:%M:%S} "
                f"{offset_text(minutes, False)}"), moment
    if form == "zulu":
        return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%MZ}", moment.astimezone(timezone.utc)
    local = moment.replace(tzinfo=None, hour=12)
    return f"{local:%Y-%m-%dT%H:%M}", local.replace(tzinfo=zone(berlin(local)))


class Writer:
    """Makes articles one after the other out of the sentences."""

    def __init__(self, word):
        self.dice = random.Random(word)
        with open(Path(__file__).with_name("sentences.toml"), "rb") as file:
            self.texts = tomllib.load(file)

    def fill(self, template, text):
        return (template.replace("{w}", self.dice.choice(text["names"])).replace("{p}", self.dice.choice(text["places"]))
                .replace("{n}", str(self.dice.randint(2, 999))))

    def paragraph(self, text):
        count = self.dice.randint(2, 5)
        return text.get("joint", " ").join(self.fill(self.dice.choice(text["sentences"]), text) for _ in range(count))

    def body(self, language):
        """The body as it stands in a seed, as a list of blocks, and the blocks that a reader should see."""
        text, seed_blocks, seen = self.texts[language], [], []
        for _ in range(self.dice.randint(1, 3)):
            pieces = [self.paragraph(text) for _ in range(self.dice.randint(1, 5) if language in CASED else 1)]
            if language == "en" and self.dice.random() < 0.2:
                pieces.insert(self.dice.randint(0, len(pieces)), self.dice.choice(TRAPS))
            glued = ""
            for index, piece in enumerate(pieces):
                if index and self.dice.random() < 0.15:
                    heading = self.dice.choice(SUBHEADINGS)
                    opening, closing = self.dice.choice([("'", "'"), ("“", "”"), ("«", "»")])
                    glued += f"{opening}{heading}{closing}"
                    seen.append(["h3", heading])
                glued += piece
                seen.append(["p", piece])
            seed_blocks.append(glued)
        return seed_blocks, seen

    def article(self, number):
        """A good article: what its seed says, and what is to be read."""
        dice = self.dice
        language = dice.choice(sorted(self.texts))
        text = self.texts[language]
        title = self.fill(dice.choice(text["titles"]), text)
        blocks, seen = self.body(language)
        hostile = None
        if dice.random() < 0.12:
            text_of_it, left = dice.choice(HOSTILE)
            hostile = (text_of_it, text_of_it if left is None else left)
            blocks[-1] += hostile[0]
            seen[-1][1] += hostile[1]
        minutes = dice.choice(OFFSETS)
        start = datetime(2024, 9, 20, tzinfo=zone(minutes))
        published = start + timedelta(minutes=dice.randrange(60 * 24 * 60))
        updated = published + timedelta(minutes=dice.randrange(2 * 24 * 60, 20 * 24 * 60) if dice.random() < 0.3 else dice.randrange(1440, 2880))
        slug = "-".join(dice.sample(["bells", "swifts", "harbour", "lamp", "organ", "winter", "yellow", "boats"], 3))
        host = dice.choice(HOSTS)
        return {
            "language": language, "title": title, "shown_title": title, "hostile": hostile,
            "description": self.fill(dice.choice(text["sentences"]), text) if dice.random() < 0.6 else None,
            "blocks": blocks, "seen": seen, "published": published, "updated": updated,
            "url": f"https://{host}/{published:%Y%m%d}/{slug}-{1_400_000_000 + number}.html",
        }


def seed(dice, article, shape):
    """The text of a seed in the given shape, and the two times that it then says."""
    published_text, published = written(dice, article["published"])
    updated_text, updated = written(dice, article["updated"])
    description = article["title"] if article["description"] is None else article["description"]
    parts = [article["title"], description, f"{article['published']:%Y-%m-%d}", published_text, updated_text]
    if shape != "no-url":
        lead = "" if shape == "no-space" else " "
        parts.insert(0, f"{lead}date {article['published']:%Y-%m} {article['url']}")
    # Without a time after it, a description could as well be the beginning of the body.
    if shape in ("no-description", "url-day"):
        parts.remove(description)
        article["description"] = None
    if shape == "no-updated":
        parts.pop()
        updated = published
    if shape == "no-day":
        parts.pop(-3)
    if shape in ("day-only", "url-day"):
        day = article["published"].replace(tzinfo=None, hour=0, minute=0)
        published = updated = day.replace(tzinfo=zone(berlin(day)))
        del parts[-2:]
        if shape == "url-day":
            parts.pop()
    if updated < published:
        updated = published
    gap = "\n\n\n\n" if shape == "gaps" else "\n\n"
    text = gap.join([part + ("  " if shape == "gaps" else "") for part in parts] + article["blocks"]) + "\n"
    return text, published, updated


def encode(dice, text, language, hostile):
    """The bytes of a seed: mostly UTF-8, sometimes with a mark, other line ends or in a code page of old."""
    roll = dice.random()
    if roll < 0.04:
        return b"\xef\xbb\xbf" + text.encode()
    if roll < 0.08:
        return text.replace("\n", "\r\n").encode()
    if roll < 0.14 and language in CODE_PAGES and not hostile:
        try:
            return text.encode(CODE_PAGES[language])
        except UnicodeEncodeError:
            pass
    return text.encode()


def damaged(dice, article, why):
    """The bytes of a seed that can give no item."""
    data = seed(dice, article, "plain")[0].encode()
    middle = len(data) // 2
    return {
        "empty": b"",
        "blank": b" \r\n\n \n",
        "no-title": f" date 2024-10 {article['url']}\n\n2024-10-03\n\n2024-10-03T10:00+0200\n".encode(),
        "bad-date": (f" date 2024-10 {article['url']}\n\n{article['title']}\n\n2024-10-03\n\n2024-13-45T25:61+0200\n\n"
                     f"{article['blocks'][0]}\n").encode(),
        "damaged-utf-8": data[:middle] + b"\xff\xc3(\xfe" + data[middle:],
        "nul": data[:middle] + b"\x00" + data[middle:],
    }[why]


def make(count, directory, word):
    """Writes the seeds and yields the lines of the truth."""
    writer = Writer(word)
    dice, truth, open_articles = writer.dice, [], []
    for number in range(count):
        folder = dice.choice(DIRECTORIES)
        path = f"{folder}/{number:05}.txt".lstrip("/")
        article = writer.article(number)
        line = {"path": path, "categories": folder.split("/") if folder else []}
        truth.append(line)
        roll = dice.random()
        if roll < 0.02:
            why = dice.choice(["empty", "blank", "no-title", "bad-date", "damaged-utf-8", "nul"])
            # Damage in a text of plain ASCII makes a good file of some old code page.
            while why == "damaged-utf-8" and article["language"] == "en":
                article = writer.article(number)
            data = damaged(dice, article, why)
            line.update(expected="malformed", why=why)
        else:
            older = None
            if roll < 0.05 and open_articles:
                older, old_line = open_articles.pop(dice.randrange(len(open_articles)))
                article.update(url=retold(dice, older["url"]), published=older["published"],
                               updated=older["updated"] + timedelta(days=30))
                shape = "plain"
            else:
                shape = dice.choices(["plain", "no-space", "gaps", "no-description", "no-updated", "no-day", "day-only", "url-day", "no-url"],
                                     [70, 4, 4, 8, 5, 3, 2, 2, 2])[0]
            if article["hostile"]:
                hostile, left = article["hostile"]
                article["shown_title"] = article["title"] + left
                article["title"] += hostile
            text, published, updated = seed(dice, article, shape)
            data = encode(dice, text, article["language"], article["hostile"])
            line.update(
                expected="item", ids=[] if shape == "no-url" else [article["url"]], url=None if shape == "no-url" else article["url"],
                title=article["shown_title"], summary=article["description"], published=published.isoformat(),
                updated=updated.isoformat(), language=article["language"], blocks=article["seen"])
            if older is not None:
                line["ids"] = sorted({article["url"], older["url"]})
                old_path = old_line["path"]
                old_line.clear()
                old_line.update(path=old_path, expected="duplicate-of", of=path)
            elif shape == "plain":
                open_articles.append((article, line))
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        # An archive, not the work of this moment: a file that has only just changed may be still being written.
        moment = article["updated"].timestamp()
        os.utime(target, (moment, moment))
    return truth


def retold(dice, url):
    """Another way to write the URL of the same article."""
    head, number = url.rsplit("-", 1)
    return dice.choice([url, url, url + "#top", url.replace("https:", "http:"), url + "?utm_source=letter", f"{head}-retold-{number}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("directory", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--seed", default="lanterns")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    truth = make(options.count, options.directory, options.seed)
    with open(options.truth, "w", encoding="utf-8") as file:
        for line in truth:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"{len(truth)} seeds, {sum(line['expected'] == 'item' for line in truth)} items", file=sys.stderr)


if __name__ == "__main__":
    main()

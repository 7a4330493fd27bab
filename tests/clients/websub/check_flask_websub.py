#!/usr/bin/env python3
"""Flask-WebSub subscribes to our hub; then our pings keep a Flask-WebSub hub up to date.

usage: check_flask_websub.py PROGRAM
"""

import logging
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests
from celery import Celery
from flask import Flask
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import Subscriber, SQLite3SubscriberStorage, SQLite3TempSubscriberStorage, discover
from werkzeug.serving import make_server

PATIENCE = 60
# One line for each request is of no interest.
logging.getLogger("werkzeug").setLevel(logging.ERROR)
results = {True: 0, False: 0}


def expect(holds, what):
    results[bool(holds)] += 1
    print("ok" if holds else "FAIL", what, flush=True)


class Service:
    """The program with a seed directory of its own."""

    def __init__(self, program, folder, hub):
        self.seeds = folder / "seeds"
        self.seeds.mkdir(parents=True)
        config = folder / "seedcast.toml"
        config.write_text(f'[http]\nlisten = ["127.0.0.1:0"]\nadmin_listen = ""\n[hub]\n{hub}\n')
        self.write(0)
        command = [program, "serve", "--config", config, "--seeds", self.seeds, "--store", f"sqlite:{folder}/store.db"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.base = None
        ready = threading.Event()

        def read():
            for line in self.process.stderr:
                if found := re.search(r"listening on (http://\S+)", line):
                    self.base = found[1]
                    ready.set()

        threading.Thread(target=read, daemon=True).start()
        assert ready.wait(PATIENCE), "it does not listen"
        until = time.monotonic() + PATIENCE
        while requests.get(self.base + "/readyz", timeout=PATIENCE).status_code != 200:
            assert time.monotonic() < until, "it is not ready"
            time.sleep(0.05)

    def write(self, number):
        text = f" date 2026-01 https://source.example/20260101/story-{1000000 + number}.html\n\nStory {number}\n\n" \
            f"2026-01-01\n\n2026-01-01T00:{number:02}+0300\n\nÇünkü {number}.\n"
        hidden = self.seeds / f".{number}.tmp"
        hidden.write_text(text)
        hidden.rename(self.seeds / f"{number}.txt")

    def document(self, path="/atom.xml"):
        return requests.get(self.base + path, timeout=PATIENCE).content


class Web:
    """A Flask application at a free port."""

    def __init__(self):
        self.app = Flask(__name__)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.base = f"http://127.0.0.1:{self.server.port}"
        self.app.config["SERVER_NAME"] = f"127.0.0.1:{self.server.port}"

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Reader:
    """A Flask-WebSub subscriber."""

    def __init__(self, folder):
        self.events = queue.Queue()
        self.subscriber = Subscriber(
            SQLite3SubscriberStorage(str(folder / "subscriber.db")),
            SQLite3TempSubscriberStorage(str(folder / "waiting.db")),
        )
        self.web = Web()
        self.web.app.register_blueprint(self.subscriber.build_blueprint(url_prefix="/callbacks"))
        self.subscriber.add_success_handler(lambda topic, callback, mode: self.events.put((mode, topic)))
        self.subscriber.add_error_handler(lambda topic, callback, reason: self.events.put(("denied", reason)))
        self.subscriber.add_listener(lambda topic, callback, body: self.events.put(("content", body)))
        self.web.start()

    def next(self, wait=PATIENCE):
        try:
            return self.events.get(timeout=wait)
        except queue.Empty:
            return ("nothing", None)

    def call(self, function, *arguments, **named):
        with self.web.app.app_context():
            return function(*arguments, **named)


def story(number, body):
    return f"Story {number}".encode() in body


def our_hub(program, folder):
    service = Service(program, folder / "ours", 'allow_callbacks = ["127.0.0.0/8"]')
    reader = Reader(folder / "ours")
    found = discover(service.base + "/atom.xml")
    expect(found == {"hub_url": service.base + "/hub", "topic_url": service.base + "/atom.xml"}, f"discovery: {found}")
    callback = reader.call(reader.subscriber.subscribe, **found)
    expect(reader.next() == ("subscribe", found["topic_url"]), "the subscription is verified")
    for number in (1, 2):
        service.write(number)
        kind, body = reader.next()
        expect(kind == "content" and story(number, body), f"story {number} is delivered: {kind}")
        expect(body == service.document(), "and is the document at the topic")
    reader.call(reader.subscriber.renew, callback)
    expect(reader.next() == ("subscribe", found["topic_url"]), "the subscription is renewed")
    reader.call(reader.subscriber.unsubscribe, callback)
    expect(reader.next() == ("unsubscribe", found["topic_url"]), "unsubscribing is verified")
    service.write(3)
    expect(reader.next(3) == ("nothing", None), "then nothing comes any more")
    try:
        reader.call(reader.subscriber.subscribe, hub_url=found["hub_url"], topic_url="https://elsewhere.example/")
        expect(False, "a topic of others is refused")
    except Exception as error:  # the library's own error, whatever it is called
        expect("no topic" in str(error), f"a topic of others is refused with the reason: {error}")
    service.process.terminate()
    expect(service.process.wait(PATIENCE) == 0, "the service stops in order")


def their_hub(program, folder):
    (folder / "theirs").mkdir()
    web = Web()
    celery = Celery("hub", broker="memory://")
    celery.conf.task_always_eager = True
    hub = Hub(SQLite3HubStorage(str(folder / "theirs/hub.db")), celery, PUBLISH_SUPPORTED=True)
    web.app.config["PUBLISH_SUPPORTED"] = True
    web.app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    web.start()
    service = Service(program, folder / "theirs/service", f'enabled = false\nexternal = ["{web.base}/hub"]')
    reader = Reader(folder / "theirs")
    found = discover(service.base + "/rss.xml")
    expect(found == {"hub_url": web.base + "/hub", "topic_url": service.base + "/rss.xml"}, f"discovery: {found}")
    reader.call(reader.subscriber.subscribe, **found)
    expect(reader.next() == ("subscribe", found["topic_url"]), "the other hub verifies")
    service.write(1)
    kind, body = reader.next()
    while kind == "content" and not story(1, body):
        # The ping of the first documents may come after the subscription.
        kind, body = reader.next()
    expect(kind == "content" and body == service.document("/rss.xml"), f"our ping makes the other hub deliver: {kind}")
    status = requests.post(service.base + "/hub", data={"hub.mode": "publish"}, timeout=PATIENCE).status_code
    expect(status in (404, 405), f"there is no hub of our own: {status}")
    service.process.terminate()
    service.process.wait(PATIENCE)


with tempfile.TemporaryDirectory() as folder:
    our_hub(sys.argv[1], Path(folder))
    their_hub(sys.argv[1], Path(folder))
print(f"{results[True]} passed, {results[False]} failed", flush=True)
# Flask's threads need no end of their own.
os._exit(results[False] > 0)

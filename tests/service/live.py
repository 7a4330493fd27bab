"""What live.sh runs inside a booted systemd: the package is installed, used, disturbed, upgraded and purged."""

import glob
import grp
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

PATIENCE = 60
PACKAGE = "/live/seedcast.deb"
SPOOL = "/var/spool/seedcast"
CONFIG = "/etc/seedcast/seedcast.toml"
DROP_IN = "/etc/systemd/system/seedcast.service.d/live.conf"
# Systemd tells which system call was refused by ending the program: none is to go unseen.
STRICT = "[Service]\nSystemCallErrorNumber=\n"
ARTICLE = """ date 2024-11 https://news.example/20241101/a-good-day-{number}.html

A good day, number {number}

2024-11-01

2024-11-01T13:04+0300

{body}
"""


def run(*command, ok=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE * 2)
    if ok:
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def eventually(what, ask):
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)
    return answer


def shown(name, unit="seedcast.service"):
    return run("systemctl", "show", "--value", "--property", name, unit).strip()


def main_process():
    return int(shown("MainPID"))


def request(path, where=8080, method="GET", body=b"", kind="application/x-www-form-urlencoded"):
    """Status, header lines and body; `where` is a port or the path of a Unix socket."""
    if isinstance(where, int):
        connection = socket.create_connection(("127.0.0.1", where), timeout=PATIENCE)
    else:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(where)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if body:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    with connection:
        connection.sendall(f"{head}\r\n".encode() + body)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    assert len(body) == int(headers.get("content-length", len(body))), f"{path} was cut off"
    return int(lines[0].split()[1]), headers, body


def feed():
    """The feed of everything: its tag and its bytes."""
    status, headers, body = request("/atom.xml")
    assert status == 200, status
    return headers["etag"], body


def drop(name, text):
    """As a careful member of the group `seedcast` does: readable for the group, not for everybody."""
    hidden = f"{SPOOL}/.{name}.tmp"
    with open(os.open(hidden, os.O_WRONLY | os.O_CREAT, 0o640), "w") as seed:
        seed.write(text)
    os.rename(hidden, f"{SPOOL}/{name}")


def article(number, body="It was quiet."):
    drop(f"{number}.txt", ARTICLE.format(number=number, body=body))
    eventually(f"article {number}", lambda: f"number {number}<".encode() in feed()[1])


def configure(text):
    with open(CONFIG, "a") as config:
        config.write(text)


def drop_in(text):
    os.makedirs(os.path.dirname(DROP_IN), exist_ok=True)
    with open(DROP_IN, "w") as unit:
        unit.write(text)
    run("systemctl", "daemon-reload")


def under_load(what, times, disturb):
    """Requests from four clients while something happens, more of them queued while nobody serves: all are answered."""
    stop, answers = threading.Event(), []

    def one():
        try:
            status, _, body = request("/atom.xml")
            answers.append("right" if status == 200 and b"number 1<" in body else f"status {status}")
        except (OSError, AssertionError) as error:
            answers.append(repr(error))

    def visit():
        while not stop.is_set():
            one()

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(times):
        eventually("requests flow", lambda seen=len(answers): len(answers) > seen + 20)
        disturb()
    eventually("requests flow", lambda seen=len(answers): len(answers) > seen + 20)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    bad = [answer for answer in answers if answer != "right"]
    assert not bad, f"{what}: {len(bad)} of {len(answers)} requests were lost: {bad[:3]}"
    print(f"{what}: {len(answers)} requests, none lost")


def installed():
    drop_in(STRICT)
    run("dpkg", "--install", PACKAGE)
    assert shown("ActiveState") == "active" and shown("Type") == "notify", "started by its installation"
    for unit in ("seedcast.service", "seedcast.socket"):
        assert run("systemctl", "is-enabled", unit).strip() == "enabled"
    print(f"installed, started, ready: {shown('StatusText')}")


def confined():
    process = main_process()
    with open(f"/proc/{process}/status") as status:
        told = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    assert told["Uid"].split()[0] not in ("0", "65534"), told["Uid"]
    assert str(grp.getgrnam("seedcast").gr_gid) in told["Groups"].split(), told["Groups"]
    assert (told["CapEff"].strip("0"), told["NoNewPrivs"], told["Seccomp"]) == ("", "1", "2"), told
    state = os.stat("/var/lib/seedcast/")
    assert os.path.realpath("/var/lib/seedcast") == "/var/lib/private/seedcast"
    assert state.st_mode & 0o777 == 0o750 and str(state.st_uid) == told["Uid"].split()[0], state
    assert os.path.exists("/var/lib/seedcast/seedcast.db")
    print(f"runs as user {told['Uid'].split()[0]} without capabilities, its store in /var/lib/private/seedcast")


def serves():
    for number in range(1, 4):
        article(number, "A long sentence of many words, which goes on and on. " * 800)
    assert b"number 1<" in request("/rss.xml", "/run/seedcast/http.sock")[2], "over the Unix socket"
    # Large documents lie in unnamed files of the state directory.
    files = lambda: [os.readlink(name) for name in glob.glob(f"/proc/{main_process()}/fd/*")]
    eventually("a document in a file", lambda: feed() and any("seedcast/#" in name for name in files()))
    assert "ready" in run("seedcast", "status") and run("seedcast", "healthcheck") is not None
    print("articles of the group are served over TCP and the Unix socket")


def journal():
    drop("bad.txt", "title\n\n\0\n")

    def entry():
        lines = run("journalctl", "--unit", "seedcast", "--output", "json").splitlines()
        return next((found for found in map(json.loads, lines) if found.get("F_SEED_PATH") == "bad.txt"), None)

    found = eventually("a line about the bad article", entry)
    assert (found["F_CODE"], found["F_LINE"], found["PRIORITY"]) == ("nul", "3", "4"), found
    assert found["_SYSTEMD_UNIT"] == "seedcast.service" and found["SYSLOG_IDENTIFIER"] == "seedcast", found
    print("the journal has fields: " + ", ".join(sorted(name for name in found if name.startswith("F_"))))


def reloaded():
    process = main_process()
    configure('[[feed]]\nname = "news"\nsources = ["news.example"]\n')
    run("systemctl", "reload", "seedcast")
    eventually("the new feed", lambda: request("/feeds/news/atom.xml")[0] == 200)
    assert main_process() == process
    print("reload: a new feed, the same process")


def pushed():
    """The hub reaches out: a subscription to a callback on this machine is verified."""
    asked = []

    class Callback(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            asked.append(query["hub.topic"][0])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(query["hub.challenge"][0].encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Callback)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = open(CONFIG).read()
    open(CONFIG, "w").write(text.replace("allow_callbacks = []", 'allow_callbacks = ["127.0.0.0/8"]'))
    run("systemctl", "reload", "seedcast")
    form = urllib.parse.urlencode({
        "hub.mode": "subscribe",
        "hub.topic": "http://127.0.0.1:8080/atom.xml",
        "hub.callback": f"http://127.0.0.1:{server.server_port}/callback",
    }).encode()
    eventually("the subscription is taken", lambda: request("/hub", method="POST", body=form)[0] == 202)
    eventually("the callback is asked", lambda: asked)
    server.shutdown()
    print("hub: a callback was verified")


def killed():
    before, process = feed(), main_process()
    os.kill(process, signal.SIGKILL)
    eventually("another process", lambda: main_process() not in (0, process))
    eventually("it is active", lambda: shown("ActiveState") == "active")
    assert feed() == before and int(shown("NRestarts")) == 1
    print("killed: started again, the feed is the same to the byte, its tag too")


def hung():
    drop_in(STRICT + "WatchdogSec=3\n")
    run("systemctl", "restart", "seedcast")
    before, process = feed(), main_process()
    os.kill(process, signal.SIGSTOP)
    eventually("another process", lambda: main_process() not in (0, process))
    eventually("it is active", lambda: shown("ActiveState") == "active")
    assert feed() == before
    assert "Watchdog timeout" in run("journalctl", "--unit", "seedcast"), "by the watchdog"
    print("hung: the watchdog started it again")


def credential():
    with open("/etc/seedcast/store-url", "w") as secret:
        secret.write("sqlite:/var/lib/seedcast/elsewhere.db\n")
    os.chmod("/etc/seedcast/store-url", 0o600)
    text = open(CONFIG).read()
    text = text.replace('\nurl = ""', '\nurl = "credential:store-url"')
    text = text.replace('\naccess = "off"', '\naccess = "combined"')
    text = text.replace('\naccess_file = ""', '\naccess_file = "/var/log/seedcast/access.log"')
    open(CONFIG, "w").write(text)
    drop_in(STRICT + "LoadCredential=store-url:/etc/seedcast/store-url\n")
    run("systemctl", "restart", "seedcast")
    assert os.path.exists("/var/lib/seedcast/elsewhere.db"), "the store that the credential names"
    assert b"number 1<" in feed()[1]
    eventually("a line in the access log", lambda: "GET /atom.xml" in open("/var/log/seedcast/access.log").read())
    print("a credential names the store; the access log is written")


def untroubled():
    """All that the program complained of in the whole time is the bad article, told at each start, and that nobody has said
    where subscribers reach it."""
    lines = run("journalctl", "--unit", "seedcast", "_COMM=seedcast", "--priority", "warning", "--output", "json").splitlines()
    others = [found["MESSAGE"] for found in map(json.loads, lines) if found.get("F_SEED_PATH") != "bad.txt"]
    others = [message for message in others if not message.startswith("`site.base_url` is not set")]
    assert lines and not others, others
    run("systemctl", "stop", "seedcast.service")
    assert (shown("Result"), shown("ExecMainStatus")) == ("success", "0")
    run("systemctl", "start", "seedcast.service")
    print("stopped and started; nothing was complained of but the bad article")


def removed():
    os.remove("/etc/seedcast/store-url")
    run("dpkg", "--purge", "seedcast")
    for left in ("/var/lib/private/seedcast", "/var/log/private/seedcast", CONFIG, "/usr/bin/seedcast", "/run/seedcast/http.sock"):
        assert not os.path.exists(left), f"{left} is left"
    assert shown("LoadState") == "not-found" and os.path.exists(f"{SPOOL}/1.txt")
    assert not run("systemctl", "list-units", "--failed", "--no-legend", "seedcast*")
    print("purged: only the articles are left")


try:
    installed()
    confined()
    serves()
    journal()
    reloaded()
    pushed()
    under_load("three restarts", 3, lambda: run("systemctl", "restart", "seedcast"))
    under_load("an upgrade", 1, lambda: run("dpkg", "--install", PACKAGE))
    killed()
    hung()
    credential()
    untroubled()
    removed()
except BaseException:
    print(run("systemctl", "status", "--no-pager", "--full", "seedcast.service", "seedcast.socket", ok=False))
    print(run("journalctl", "--no-pager", "--lines", "60", ok=False), flush=True)
    raise

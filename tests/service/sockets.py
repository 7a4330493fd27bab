"""Sockets passed by the service manager: tests/service/sockets.py PROGRAM

They are used, TCP and Unix; and a restart between two requests loses none that came while nobody served. Needs
systemd-socket-activate.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = sys.argv[1]
PATIENCE = 60
SEED = """ date 2024-11 https://news.example/20241101/a-good-day-1200000001.html

A good day

2024-11-01

2024-11-01T13:04+0300

It was quiet.
"""


def get(where, path="/atom.xml"):
    """The whole answer; `where` is a port or the path of a Unix socket."""
    if isinstance(where, int):
        connection = socket.create_connection(("127.0.0.1", where), timeout=PATIENCE)
    else:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(where)
    with connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what, ask):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.02)
    sys.exit(f"not within {PATIENCE} s: {what}")


def arguments(folder):
    # `listen` names a port that cannot be bound: the passed sockets must take its place.
    return [
        PROGRAM, "serve", "--seeds", f"{folder}/seeds", "--store", f"sqlite:{folder}/store.db",
        "--listen", "203.0.113.1:1", "--base-url", "http://feeds.example",
    ]


def activated_on_demand(folder):
    """systemd-socket-activate starts the program at the first connection."""
    port, path = free_port(), f"{folder}/http.sock"
    command = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "-l", path]
    command += ["--setenv=SEEDCAST_HTTP_ADMIN_LISTEN="] + arguments(folder)
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    log = []
    threading.Thread(target=lambda: log.extend(child.stderr), daemon=True).start()
    try:
        eventually("the sockets are there", lambda: os.path.exists(path))
        assert b"A good day" in get(port), "no article over TCP"
        assert b"A good day" in get(path), "no article over the Unix socket"
        eventually("the log says whose sockets they are", lambda: any("service manager passed" in x for x in log))
        # It became the program by exec: a stop is clean.
        child.terminate()
        assert child.wait(PATIENCE) == 0, log
    finally:
        child.kill()
    print("sockets passed on demand are used: TCP and Unix")


def start_on(sockets, names, command, stderr):
    """The program with sockets that are passed under these names."""
    # LISTEN_PID must be the program's own, so the shell sets it and becomes the program.
    script = 'export LISTEN_PID=$$; exec "$@"'
    environment = dict(os.environ, LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names)

    def place():
        for number, one in enumerate(sockets):
            os.dup2(one.fileno(), 100 + number)
        for number in range(len(sockets)):
            os.dup2(100 + number, 3 + number, inheritable=True)

    return subprocess.Popen(
        ["sh", "-c", script, "sh"] + command, env=environment, preexec_fn=place, close_fds=False, stderr=stderr, text=True
    )


def reloaded(folder):
    """Addresses in the configuration are not used, at the next start neither, and a reload says so."""
    config = f"{folder}/seedcast.toml"

    def configure(port):
        with open(config, "w") as file:
            file.write(f'[http]\nlisten = ["203.0.113.1:{port}"]\nadmin_listen = ""\n')

    configure(1)
    command = [PROGRAM, "serve", "--config", config, "--seeds", f"{folder}/seeds", "--store", f"sqlite:{folder}/store.db"]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        child = start_on([listener], "http", command, subprocess.PIPE)
        log = []
        threading.Thread(target=lambda: log.extend(child.stderr), daemon=True).start()
        try:
            assert b"A good day" in get(listener.getsockname()[1])
            configure(2)
            child.send_signal(signal.SIGHUP)
            told = "`http.listen` has changed; it is not used: the sockets come from systemd"
            eventually("the log says that it is not used", lambda: any(told in line for line in log))
        finally:
            child.kill()
            child.wait()
    print("a reload says that addresses are not used")


def restarted(folder):
    """Two programs after one another on the same sockets, as a service manager restarts them."""
    listeners = []
    for name in ("http", "admin"):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        listeners.append((name, listener))
    port, admin = (listener.getsockname()[1] for _, listener in listeners)

    def start():
        return start_on([listener for _, listener in listeners], "http:admin", arguments(folder), subprocess.DEVNULL)

    first = start()
    assert b"A good day" in get(port)
    assert b"seedcast_ready 1" in get(admin, "/metrics"), "the socket named admin serves metrics"
    assert b" 404 " in get(port, "/metrics").split(b"\r\n")[0]
    answers, threads = [], []
    stop = threading.Event()

    def one():
        try:
            answers.append(get(port))
        except OSError as error:
            answers.append(repr(error).encode())

    def visit():
        while not stop.is_set():
            one()

    for _ in range(4):
        threads.append(threading.Thread(target=visit))
        threads[-1].start()
    second = first
    for _ in range(3):
        eventually("requests flow", lambda seen=len(answers): len(answers) > seen + 20)
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE) == 0
        queued = [threading.Thread(target=one) for _ in range(20)]
        for thread in queued:
            thread.start()
        time.sleep(0.3)
        second = start()
        for thread in queued:
            thread.join(PATIENCE)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    second.terminate()
    assert second.wait(PATIENCE) == 0
    bad = [answer[:200] for answer in answers if not answer.startswith(b"HTTP/1.1 200") or b"A good day" not in answer]
    assert not bad, f"{len(bad)} of {len(answers)} were lost: {bad[:3]}"
    print(f"three restarts under {len(answers)} requests, sixty of them queued meanwhile: none lost")


with tempfile.TemporaryDirectory() as folder:
    os.mkdir(f"{folder}/seeds")
    with open(f"{folder}/seeds/a.txt", "w") as seed:
        seed.write(SEED)
    activated_on_demand(folder)
    reloaded(folder)
    restarted(folder)

#!/usr/bin/env python3
"""Memory of idle keep-alive connections: benches/idle_connections.py [PROGRAM [CONNECTIONS]]

Opens the connections (10,000 unless told), each of which has had one answer, and prints what the server's resident memory
and the kernel's socket memory grew by for each; nginx beside it where it is installed.
"""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/seedcast")
CONNECTIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
# The client's and, inherited, the server's.
DESCRIPTORS = CONNECTIONS + 1000
SETTLE = 3


def resident_kb(process):
    with open(f"/proc/{process}/status") as status:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.MULTILINE)[1])


def kernel_kb():
    """Pages of TCP buffers of the whole machine."""
    with open("/proc/net/sockstat") as found:
        return int(re.search(r"^TCP:.* mem (\d+)", found.read(), re.MULTILINE)[1]) * resource.getpagesize() // 1024


def ask(connection, path):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: feeds.example\r\nUser-Agent: idle/1\r\nAccept-Encoding: gzip\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536) or sys.exit("closed before an answer")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200"), head
    left = int(re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)[1]) - len(body)
    while left > 0:
        left -= len(connection.recv(65536)) or sys.exit("closed within an answer")


def connect(port):
    # A source address for each 20,000, since each has so many ports.
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.bind((f"127.0.1.{1 + connect.count // 20_000}", 0))
    connect.count += 1
    connection.connect(("127.0.0.1", port))
    return connection


connect.count = 0


def measure(name, processes, port, path):
    # What the first connections make it set up once is not theirs.
    for _ in range(100):
        with connect(port) as connection:
            ask(connection, path)
    time.sleep(SETTLE)
    before, kernel = sum(map(resident_kb, processes)), kernel_kb()
    connections = []
    for _ in range(CONNECTIONS):
        connections.append(connect(port))
        ask(connections[-1], path)
    time.sleep(SETTLE)
    after, kernel_after = sum(map(resident_kb, processes)), kernel_kb()
    # Still open, every one?
    for connection in connections[:: max(1, CONNECTIONS // 100)]:
        ask(connection, path)
    each, each_kernel = (after - before) / CONNECTIONS, (kernel_after - kernel) / CONNECTIONS
    print(f"{name:9} {CONNECTIONS} idle: {before} kB -> {after} kB, {each:.2f} kB a connection (kernel, both ends: {each_kernel:.2f} kB)", flush=True)
    for connection in connections:
        connection.close()
    return each


def wait_for(url):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.05)
    sys.exit(f"no answer from {url}")


def seedcast(folder):
    os.mkdir(f"{folder}/seeds")
    for number in range(50):
        with open(f"{folder}/seeds/{number}.txt", "w") as seed:
            seed.write(f" date 2024-11 https://idle.example/20241101/a-day-{1200000000 + number}.html\n\nDay {number}\n\n2024-11-01\n\n2024-11-01T13:04+0300\n\n")
            seed.write(" ".join(f"Sentence {n} of day {number}." for n in range(100)) + "\n")
    with open(f"{folder}/seedcast.toml", "w") as config:
        config.write(f'[http]\nlisten = ["127.0.0.1:0"]\nadmin_listen = ""\nidle_seconds = 3600\nmax_connections = {CONNECTIONS + 500}\n')
    command = [PROGRAM, "serve", "--config", f"{folder}/seedcast.toml", "--seeds", f"{folder}/seeds", "--store", f"sqlite:{folder}/store"]
    child = subprocess.Popen(command, stderr=open(f"{folder}/log", "w"), cwd=folder)
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"listening on http://127.0.0.1:(\d+)", open(f"{folder}/log").read())):
            assert time.monotonic() < deadline and child.poll() is None, open(f"{folder}/log").read()
            time.sleep(0.05)
        port = int(found[1])
        wait_for(f"http://127.0.0.1:{port}/readyz")
        feed = wait_for(f"http://127.0.0.1:{port}/rss.xml")
        return measure("seedcast", [child.pid], port, "/rss.xml"), feed
    finally:
        child.terminate()
        child.wait(60)


def nginx(folder, feed):
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        print("nginx is not installed")
        return None
    os.mkdir(f"{folder}/www")
    with open(f"{folder}/www/rss.xml", "wb") as file:
        file.write(feed)
    subprocess.run(["gzip", "-k", f"{folder}/www/rss.xml"], check=True)
    os.chmod(folder, 0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open(f"{folder}/nginx.conf", "w") as config:
        config.write(
            f"worker_processes auto; worker_rlimit_nofile {DESCRIPTORS}; pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off;\n"
            f"events {{ worker_connections {DESCRIPTORS}; }}\n"
            f"http {{ access_log off; gzip_static on; keepalive_timeout 3600s; server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/www; }} }}\n"
        )
    child = subprocess.Popen([program, "-p", folder, "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/rss.xml")
        workers = [int(pid) for pid in open(f"/proc/{child.pid}/task/{child.pid}/children").read().split()]
        return measure("nginx", workers, port, "/rss.xml")
    finally:
        child.terminate()
        child.wait(60)


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, max(hard, DESCRIPTORS) if hard != resource.RLIM_INFINITY else hard))
except (ValueError, PermissionError):
    sys.exit(f"{DESCRIPTORS} open files are needed and {hard} allowed: raise `ulimit -Hn`, or ask for fewer connections")
with tempfile.TemporaryDirectory() as folder:
    ours, feed = seedcast(folder)
    theirs = nginx(folder, feed)
print(f"bar: 12 kB a connection: {'met' if ours <= 12 else 'NOT met'}")

#!/usr/bin/env python3
"""What one request costs the server: benches/request_profile.py [SERVE_FILES]

Runs the `serve_files` example under valgrind and asks for the same document on one connection, once for a 200 and once
for a 304. Prints instructions (callgrind), allocations and bytes allocated (dhat) a request, as the difference between
many requests and few, so that the start does not count, and where most instructions are spent. Needs valgrind.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/examples/serve_files")
FEW, MANY = 500, 2500
PORT = 18097


def ask(connection, tag):
    condition = f"If-None-Match: {tag}\r\n" if tag else ""
    connection.sendall(f"GET /feed.xml HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\nUser-Agent: bench/1\r\n{condition}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    length = 0 if b" 304 " in head[:20] else int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    return re.search(rb"ETag: (\S+)", head)[1].decode()


def run(folder, tool, count, is_conditional):
    command = ["valgrind", f"--tool={tool}", f"--{tool}-out-file={folder}/out", PROGRAM, f"{folder}/docs", f"127.0.0.1:{PORT}"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", PORT))
            break
        except OSError:
            if child.poll() is not None:
                sys.exit(f"{' '.join(command)} ended with {child.returncode}")
            time.sleep(0.1)
    tag = ask(connection, None)
    for _ in range(count):
        ask(connection, tag if is_conditional else None)
    connection.close()
    child.terminate()
    child.wait()
    if tool == "dhat":
        points = json.load(open(f"{folder}/out"))["pps"]
        return sum(point["tbk"] for point in points), sum(point["tb"] for point in points)
    text = subprocess.run(["callgrind_annotate", f"{folder}/out"], capture_output=True, text=True).stdout
    return int(re.search(r"([\d,]+) \(100\.0%\)\s+PROGRAM TOTALS", text)[1].replace(",", "")), text


if not shutil.which("valgrind"):
    sys.exit("valgrind is not installed: apt-get install valgrind")
if not os.access(PROGRAM, os.X_OK):
    sys.exit(f"{PROGRAM} is not there: cargo build --release --example serve_files")
with tempfile.TemporaryDirectory() as folder:
    os.mkdir(f"{folder}/docs")
    words = " ".join(f"word{number * 7919 % 10007}" for number in range(6000))
    with open(f"{folder}/docs/feed.xml", "w") as file:
        file.write(f"<rss><channel><title>{words}</title></channel></rss>")
    for name, is_conditional in [("200", False), ("304", True)]:
        few, many = (run(folder, "callgrind", count, is_conditional)[0] for count in (FEW, MANY))
        blocks = [run(folder, "dhat", count, is_conditional) for count in (FEW, MANY)]
        each = [(b - a) / (MANY - FEW) for a, b in zip(*blocks)]
        print(f"{name}: {(many - few) / (MANY - FEW):8.0f} instructions, {each[0]:5.2f} allocations of {each[1]:6.0f} bytes a request")
    _, text = run(folder, "callgrind", 4 * MANY, True)
    print("where a 304 spends its instructions (start included):")
    lines = [line for line in text.splitlines() if re.match(r"\s*[\d,]+ \(\s*\d", line) and "TOTALS" not in line]
    print("\n".join(line[:150] for line in lines[:14]))

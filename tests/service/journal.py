"""Log lines reach the journal with their fields: tests/service/journal.py [PROGRAM]

Takes the place of the journal, in a mount namespace of its own where nothing else sees it. Where there are no such
namespaces it fails with CI=true, and is skipped elsewhere.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/debug/seedcast"
JOURNAL = "/run/systemd/journal/socket"

if os.environ.get("JOURNAL_TEST") != "inside":
    unshare = ["unshare", "-m" if os.geteuid() == 0 else "-Urm", "sh", "-ec"]
    mount = "mount -t tmpfs tmpfs /run"
    if subprocess.run(unshare + [mount], capture_output=True).returncode:
        print("SKIP no mount namespace in which to take the place of the journal: nothing tried")
        sys.exit(os.environ.get("CI") == "true")
    inside = dict(os.environ, JOURNAL_TEST="inside")
    os.execvpe("unshare", unshare + [mount + '; exec "$0" "$@"', sys.executable, os.path.abspath(__file__), PROGRAM], inside)
os.makedirs(os.path.dirname(JOURNAL), exist_ok=True)
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind(JOURNAL)
journal.settimeout(60)
try:
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/seeds")
        with open(f"{folder}/seeds/bad.txt", "w") as seed:
            seed.write("title\n\n\0\n")
        with open(f"{folder}/stderr", "w") as stderr:
            found = os.fstat(stderr.fileno())
            environment = dict(os.environ, JOURNAL_STREAM=f"{found.st_dev}:{found.st_ino}", SEEDCAST_HTTP_ADMIN_LISTEN="")
            command = [PROGRAM, "serve", "--seeds", f"{folder}/seeds", "--store", f"sqlite:{folder}/store.db"]
            child = subprocess.Popen(command + ["--listen", "127.0.0.1:0"], env=environment, stderr=stderr)
        entry, deadline = b"", time.monotonic() + 60
        while b"F_SEED_PATH" not in entry:
            assert time.monotonic() < deadline
            entry = journal.recv(65536)
        child.terminate()
        child.wait(60)
        written = open(f"{folder}/stderr").read()
finally:
    journal.close()
    os.remove(JOURNAL)
# The native protocol writes a field as NAME=VALUE, or as NAME, newline, length in 8 bytes, value.
fields, rest = {}, entry
while rest:
    line, rest = rest.split(b"\n", 1)
    name, equals, value = line.partition(b"=")
    if not equals:
        length = int.from_bytes(rest[:8], "little")
        value, rest = rest[8 : 8 + length], rest[9 + length :]
    fields[name.decode()] = value.decode()
expected = {"PRIORITY": "4", "F_SEED_PATH": "bad.txt", "F_LINE": "3", "F_CODE": "nul", "SYSLOG_IDENTIFIER": "seedcast"}
assert expected.items() <= fields.items(), fields
assert "WARN" not in written, "twice: in the journal and on standard error"
print("the journal gets fields: " + ", ".join(sorted(fields)))

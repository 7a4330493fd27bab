#!/bin/sh
# Sockets passed by the service manager: tests/service/sockets.sh [PROGRAM]
#
# They are used, TCP and Unix; and a restart between two requests loses none that came while nobody served. Needs
# systemd-socket-activate and Python.
set -eu
program=$(realpath "${1:-target/debug/seedcast}")
exec python3 "$(dirname "$0")/sockets.py" "$program"

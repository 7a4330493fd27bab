#!/bin/sh
# The units as systemd sees them: nothing to complain of, and hardened. Needs systemd-analyze.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp config/systemd/seedcast.service config/systemd/seedcast.socket "$folder"
# The program need not be installed for this.
sed -i 's|/usr/bin/seedcast|/bin/true|' "$folder/seedcast.service"
said=$(systemd-analyze verify --man=no "$folder/seedcast.service" "$folder/seedcast.socket" 2>&1)
if [ -n "$said" ]; then
    echo "systemd-analyze verify says: $said" >&2
    exit 1
fi
# The threshold is ten times the score.
systemd-analyze security --offline=true --threshold=15 "$folder/seedcast.service" | tail -1

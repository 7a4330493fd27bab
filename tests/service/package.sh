#!/bin/sh
# The Debian package: built, listed, installed into a scratch root, started from the installed files with the installed
# configuration: tests/service/package.sh [PROGRAM]. Needs cargo-deb, dpkg-dev, lintian and curl; nothing is installed on
# this machine.
set -eu
cd "$(dirname "$0")/../.."
program=${1:-target/debug/seedcast}
for tool in cargo-deb dpkg-shlibdeps lintian curl; do
    command -v $tool > /dev/null && continue
    echo "SKIP no $tool: no package is made"
    test "${CI:-}" != true
    exit
done
folder=$(mktemp -d)
pid=
trap 'test -z "$pid" || kill "$pid" 2> /dev/null || true; rm -rf "$folder"' EXIT
package=$(packaging/build-deb.sh "$program" "$folder")
dpkg-deb --info "$package" | grep -E '^ (Package|Version|Architecture|Depends|Installed-Size):'
dpkg-deb --contents "$package" | awk '{ print $1, $2, $6 }' | grep -v '/$'
# The project has no mail domain, and is no part of Debian, so its first version closes no wish for a package there.
lintian --allow-root --fail-on warning \
    --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs "$package"
root=$folder/root
dpkg-deb --extract "$package" "$root"
dpkg-deb --control "$package" "$folder/control"
for script in postinst prerm postrm; do sh -n "$folder/control/$script"; done
test "$(cat "$folder/control/conffiles")" = /etc/seedcast/seedcast.toml
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
test "$(dpkg-deb --field "$package" Version)" = "$version"
test "$("$program" --version)" = "seedcast ${version%-*}"
gzip -dc "$root/usr/share/man/man1/seedcast.1.gz" | grep -q '^\.SH NAME'
bash -n "$root/usr/share/bash-completion/completions/seedcast"

# What the installed unit runs, in the scratch root.
start=$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/seedcast.service")
test "$start" = '/usr/bin/seedcast serve --config /etc/seedcast/seedcast.toml'
mkdir -p "$root/var/spool/seedcast"
cp "$root"/usr/share/doc/seedcast/examples/seeds/*.txt "$root/var/spool/seedcast/"
config=$root/etc/seedcast/seedcast.toml
grep -q '^directory = "/var/spool/seedcast"$' "$config"
STATE_DIRECTORY=$folder/state SEEDCAST_SEEDS_DIRECTORY=$root/var/spool/seedcast \
    SEEDCAST_HTTP_ADMIN_LISTEN=unix:$folder/admin.sock \
    "$root/usr/bin/seedcast" serve --config "$config" --listen 127.0.0.1:0 2> "$folder/log" &
pid=$!
for _ in $(seq 300); do
    address=$(sed -n 's/^listening on //p' "$folder/log")
    test -n "$address" && "$root/usr/bin/seedcast" healthcheck --admin "unix:$folder/admin.sock" > /dev/null 2>&1 && break
    sleep 0.1
done
curl -fsS "$address/atom.xml" | grep -q '<entry'
"$root/usr/bin/seedcast" status --admin "unix:$folder/admin.sock" | head -3
test -f "$folder/state/seedcast.db"
kill -TERM "$pid"
wait "$pid"
pid=
echo "package is right: $(du -k "$package" | cut -f1) kB"

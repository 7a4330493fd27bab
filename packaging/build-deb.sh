#!/bin/sh
# Builds the Debian package of a finished program: packaging/build-deb.sh [PROGRAM [DIRECTORY]]
#
# PROGRAM (target/release/seedcast) is packed as it is; the package is written to DIRECTORY (target/debian), and its name
# to standard output. Needs dpkg-deb and nothing else of Debian.
set -eu
cd "$(dirname "$0")/.."
program=${1:-target/release/seedcast}
out=${2:-target/debian}
version=$("$program" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
mkdir -p "$out"
root=$(mktemp -d "$out/root.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

put() { install -D -m 644 "$1" "$root/$2"; }
made() { mkdir -p "$(dirname "$root/$1")"; cat > "$root/$1"; chmod 644 "$root/$1"; }

install -D -m 755 "$program" "$root/usr/bin/seedcast"
command -v strip > /dev/null && strip --strip-unneeded "$root/usr/bin/seedcast"
put config/systemd/seedcast.service usr/lib/systemd/system/seedcast.service
put config/systemd/seedcast.socket usr/lib/systemd/system/seedcast.socket
put config/systemd/seedcast.sysusers usr/lib/sysusers.d/seedcast.conf
# The one difference from the program's own defaults: where articles are dropped.
sed 's|^directory = "seeds"$|directory = "/var/spool/seedcast"|' config/seedcast.toml | made etc/seedcast/seedcast.toml
mkdir -p "$root/var/spool/seedcast"
"$program" man | gzip -9n | made usr/share/man/man1/seedcast.1.gz
"$program" completions bash | made usr/share/bash-completion/completions/seedcast
"$program" completions zsh | made usr/share/zsh/vendor-completions/_seedcast
"$program" completions fish | made usr/share/fish/vendor_completions.d/seedcast.fish
doc=usr/share/doc/seedcast
put docs/operating.md $doc/operating.md
put config/nginx.conf $doc/examples/nginx.conf
for seed in examples/seeds/*.txt; do put "$seed" "$doc/examples/seeds/$(basename "$seed")"; done
gzip -9nc CHANGELOG.md | made $doc/changelog.gz
{
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    printf '\nFiles: *\nCopyright: the seedcast authors\nLicense: MIT or Apache-2.0\n\nLicense: MIT\n'
    sed 's/^$/./; s/^/ /' LICENSE-MIT
    printf '\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n'
} | made $doc/copyright

# The oldest C library that has everything the program asks for.
glibc=$(objdump -T "$program" 2> /dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1 | cut -d_ -f2)
size=$(du -sk "$root" | cut -f1)
mkdir "$root/DEBIAN"
cat > "$root/DEBIAN/control" <<EOF
Package: seedcast
Version: $version
Architecture: $architecture
Maintainer: seedcast authors <seedcast@localhost>
Installed-Size: $size
Depends: libc6 (>= ${glibc:-2.36}), libgcc-s1
Recommends: systemd
Section: web
Priority: optional
Description: feeds from a directory of articles
 Watches a directory, turns each article dropped into it into an item of RSS 2.0,
 Atom 1.0 and JSON Feed 1.1 feeds, and serves them over HTTP the moment the file
 is closed.
EOF
echo /etc/seedcast/seedcast.toml > "$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 packaging/debian/$script "$root/DEBIAN/$script"; done
(cd "$root" && find usr var etc -type f ! -path etc/seedcast/seedcast.toml -exec md5sum {} + > DEBIAN/md5sums)
package=$out/seedcast_${version}_${architecture}.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" > /dev/null
echo "$package"

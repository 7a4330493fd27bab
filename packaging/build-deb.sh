#!/bin/sh
# Builds the Debian package of a finished program: packaging/build-deb.sh [PROGRAM [DIRECTORY]]
#
# Lays out in target/package what `[package.metadata.deb]` of Cargo.toml names beside the files of the repository, and has
# cargo-deb pack it all. PROGRAM (target/release/seedcast) is packed as it is, without its symbols; the package is written
# to DIRECTORY (target/debian), and its name to standard output. Needs cargo-deb and dpkg-dev.
set -eu
cd "$(dirname "$0")/.."
program=${1:-target/release/seedcast}
out=${2:-target/debian}
stage=target/package
rm -rf "$stage"
mkdir -p "$stage" "$out"

cp "$program" "$stage/seedcast"
command -v strip > /dev/null && strip --strip-unneeded --remove-section=.comment "$stage/seedcast"
# The one difference from the program's own defaults: where articles are dropped.
sed -e 's|^directory = "seeds"$|directory = "/var/spool/seedcast"|' \
    -e '1s|with its default, .*|with its default, except seeds.directory ("seeds").|' \
    config/seedcast.toml > "$stage/seedcast.toml"
"$program" man > "$stage/seedcast.1"
for shell in bash zsh fish; do "$program" completions $shell > "$stage/completions.$shell"; done
gzip -9nc CHANGELOG.md > "$stage/changelog.gz"
{
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    printf '\nFiles: *\nCopyright: the seedcast authors\nLicense: MIT or Apache-2.0\n\nLicense: MIT\n'
    sed 's/^$/./; s/^/ /' LICENSE-MIT
    printf '\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n'
} > "$stage/copyright"

cargo deb --locked --no-build --no-strip --quiet --output "$out"

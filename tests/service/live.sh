#!/bin/sh
# The package under a systemd that runs: tests/service/live.sh [PROGRAM]
#
# Boots this machine's own Debian as a container, whatever is written going to memory, and runs live.py in it. Needs root,
# systemd-nspawn, python3 and what packs the package. What it mounts is seen by nobody else and gone with it, and all its
# processes end with it. Where there are no namespaces it fails with CI=true, and is skipped elsewhere.
set -eu
cd "$(dirname "$0")/../.."

# Second half, in namespaces of its own: mounts, process ids, and the control group that it was put into.
if [ "${LIVE_TEST:-}" = inside ]; then
    folder=$1 package=$2
    mount --make-rprivate /
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs "$folder"
    root=$folder/root
    mkdir "$folder/upper" "$folder/work" "$root"
    mount -t overlay -o lowerdir=/,upperdir="$folder/upper",workdir="$folder/work" overlay "$root"
    test "${3:-}" != try || exit 0
    mkdir -p "$root/live"
    cp "$package" "$root/live/seedcast.deb"
    cp tests/service/live.py "$root/live/"
    # Containers have this file, which keeps packages from starting services.
    rm -f "$root/usr/sbin/policy-rc.d"
    echo uninitialized > "$root/etc/machine-id"
    cat > "$root/etc/systemd/system/live.service" <<UNIT
[Unit]
Requires=basic.target
After=basic.target
SuccessAction=exit
FailureAction=exit

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /live/live.py
StandardOutput=truncate:/live/report
StandardError=inherit
TimeoutStartSec=240
UNIT
    code=0
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory="$root" --machine=seedcast-live --boot \
        --register=no --keep-unit --private-network --console=pipe systemd.unit=live.service systemd.show_status=no \
        < /dev/null > "$folder/console" 2>&1 || code=$?
    cat "$root/live/report" || cat "$folder/console"
    exit $code
fi

program=${1:-target/debug/seedcast}
folder=$(mktemp -d)
mkdir "$folder/mount"
groups=
# A control group below another can be removed when its processes are gone, which may take a moment.
remove() {
    for group in $groups; do
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            find "$group" -depth -type d -exec rmdir {} + 2> /dev/null
            test -e "$group" || break
            sleep 0.1
        done
    done
    rm -rf "$folder"
}
trap remove EXIT
trap 'exit 1' INT TERM
inside() { LIVE_TEST=inside unshare --mount --pid --fork --kill-child --mount-proc sh tests/service/live.sh "$@"; }
skip() {
    echo "SKIP $1: nothing is tried under a running systemd"
    test "${CI:-}" != true
    exit
}
for tool in systemd-nspawn cargo-deb dpkg-shlibdeps; do command -v $tool > /dev/null || skip "no $tool"; done
test -x /usr/bin/python3 || skip "no /usr/bin/python3"
inside "$folder/mount" none try 2> "$folder/said" || skip "no namespace with mounts in it ($(cat "$folder/said"))"
# The hierarchies that systemd uses; others are not touched.
while IFS=: read -r _ name path; do
    case $name in
        name=systemd) mounted=/sys/fs/cgroup/systemd ;;
        '') if [ -d /sys/fs/cgroup/unified ]; then mounted=/sys/fs/cgroup/unified; else mounted=/sys/fs/cgroup; fi ;;
        *) continue ;;
    esac
    group=$mounted$path/seedcast-live-$$
    mkdir "$group" 2> /dev/null || skip "no control group of its own in $mounted"
    groups="$groups $group"
done < /proc/self/cgroup
package=$(packaging/build-deb.sh "$program" "$folder")
(
    # This shell and what it starts, not the one that cleans up.
    for group in $groups; do sh -c 'echo $PPID > "$0/cgroup.procs"' "$group"; done
    LIVE_TEST=inside timeout --foreground --kill-after=10 300 \
        unshare --mount --pid --fork --kill-child --mount-proc sh tests/service/live.sh "$folder/mount" "$package"
)

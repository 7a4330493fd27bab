#!/usr/bin/env bash
# The price of an answer beside nginx's for the same bytes.
#
# Starts nginx (gzip_static, files compressed beforehand) and `examples/serve_files` on the same three documents and
# drives both with wrk in turns, A B A B, so that a slow minute of the machine hits both. Prints, for each case and
# number of connections, the median of the rounds: requests a second, median and 99th percentile of latency, processor
# time of the server for each request, and the ratios ours/nginx.
#
# Needs nginx, wrk, curl, python3 (Debian: apt-get install nginx-light wrk curl python3).
# ROUNDS (3), SECONDS_EACH (4), CONNECTIONS ("64 512") and CASES may be set.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-3}
seconds=${SECONDS_EACH:-4}
connections=${CONNECTIONS:-64 512}
cases=${CASES:-gzip-20k gzip-77k identity-200k not-modified}
server=${SERVE_FILES:-target/release/examples/serve_files}
[ -x "$server" ] || cargo build --release --example serve_files

work=$(mktemp -d)
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT
ulimit -n 8192 2>/dev/null || true

# Words of one made-up vocabulary: compresses about as articles do.
python3 - "$work" <<'PYTHON'
import gzip, pathlib, random, sys
random.seed(1)
letters = "etaoinshrdlucmfwypvbgk"
words = ["".join(random.choices(letters, k=random.randint(2, 10))) for _ in range(6000)]
def feed(size):
    out = ["<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>Bench</title>"]
    length = len(out[0])
    while length < size:
        text = " ".join(random.choices(words, k=120))
        out.append(f"<item><title>{text[:60]}</title><description>{text}</description></item>\n")
        length += len(out[-1])
    return ("".join(out) + "</channel></rss>\n").encode()
for name, size in [("small", 51_000), ("large", 198_000)]:
    data = feed(size)
    pathlib.Path(sys.argv[1], f"{name}.xml").write_bytes(data)
    pathlib.Path(sys.argv[1], f"{name}.xml.gz").write_bytes(gzip.compress(data, 6, mtime=0))
PYTHON
chmod 755 "$work"

cat > "$work/nginx.conf" <<NGINX
daemon off;
worker_processes auto;
worker_rlimit_nofile 8192;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    types { application/rss+xml xml; }
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    gzip_static on;
    gzip_vary on;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    scgi_temp_path $work/scgi;
    uwsgi_temp_path $work/uwsgi;
    server { listen 127.0.0.1:18081 backlog=4096; root $work; add_header Cache-Control "max-age=300"; }
}
NGINX
nginx -c "$work/nginx.conf" -p "$work" 2> /dev/null & pids+=($!)
nginx_pid=$!
"$server" "$work" 127.0.0.1:18082 & pids+=($!)
our_pid=$!
for port in 18081 18082; do
    for _ in $(seq 100); do curl -sf -o /dev/null "http://127.0.0.1:$port/small.xml" && break; sleep 0.1; done
done

# Clock ticks used by a process and its children.
ticks() {
    local total=0 pid fields
    for pid in "$1" $(cat "/proc/$1/task/$1/children"); do
        read -r -a fields <<< "$(sed 's/.*) //' "/proc/$pid/stat")"
        total=$((total + fields[11] + fields[12]))
    done
    echo "$total"
}

# case server connections port pid: one line of results
measure() {
    local path=/large.xml headers=() before after
    case $1 in
        gzip-20k) path=/small.xml; headers=(-H 'Accept-Encoding: gzip') ;;
        gzip-77k) headers=(-H 'Accept-Encoding: gzip') ;;
        identity-200k) ;;
        not-modified)
            local etag
            etag=$(curl -s -o /dev/null -D - -H 'Accept-Encoding: gzip' "http://127.0.0.1:$4$path" |
                tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
            headers=(-H 'Accept-Encoding: gzip' -H "If-None-Match: $etag")
            ;;
    esac
    before=$(ticks "$5")
    wrk -t2 -c"$3" -d"${seconds}s" --latency "${headers[@]}" "http://127.0.0.1:$4$path" > "$work/wrk.txt"
    after=$(ticks "$5")
    python3 - "$1" "$2" "$3" "$((after - before))" "$(getconf CLK_TCK)" "$work/wrk.txt" <<'PYTHON' >> "$work/results.txt"
import re, sys
case, server, connections, ticks, hertz, path = sys.argv[1:]
text = open(path).read()
def time(p):
    number, unit = re.search(rf"\s{p}%\s+([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]
requests = int(re.search(r"(\d+) requests in", text).group(1))
rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
trouble = " ".join(re.findall(r"(Socket errors.*|Non-2xx.*)", text))
print(case, connections, server, rate, time(50), time(99), int(ticks) / int(hertz) / requests * 1e6, trouble, sep="\t")
PYTHON
}

for case in $cases; do
    for count in $connections; do
        for _ in $(seq "$rounds"); do
            measure "$case" nginx "$count" 18081 "$nginx_pid"
            measure "$case" seedcast "$count" 18082 "$our_pid"
        done
    done
done

python3 - "$work/results.txt" <<'PYTHON'
import collections, statistics, sys
rounds = collections.defaultdict(list)
for line in open(sys.argv[1]):
    case, connections, server, *numbers, trouble = line.rstrip("\n").split("\t")
    rounds[case, connections, server].append([float(n) for n in numbers])
    if trouble:
        print(f"{case} {connections} {server}: {trouble}")
print(f"{'case':15}{'conn':>5}  {'server':9}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}")
for case, connections in dict.fromkeys((c, n) for c, n, _ in rounds):
    rows = {}
    for server in ("nginx", "seedcast"):
        rows[server] = [statistics.median(column) for column in zip(*rounds[case, connections, server])]
        rate, p50, p99, cpu = rows[server]
        print(f"{case:15}{connections:>5}  {server:9}{rate:9.0f}{p50:9.2f}{p99:9.2f}{cpu:9.1f}")
    ratios = [ours / theirs for ours, theirs in zip(rows["seedcast"], rows["nginx"])]
    print(f"{'':20}  {'ratio':9}" + "".join(f"{ratio:9.2f}" for ratio in ratios))
PYTHON

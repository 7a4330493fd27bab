//! First scan, restart, memory, store size and freshness on one directory of seeds, each beside its floor.
//!
//! `cargo bench --bench ingest -- DIRECTORY [ROUNDS]`; the directory gets (and loses) some files of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program to look at, not to build upon"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(seeds) = arguments.next().map(PathBuf::from) else {
        // `cargo test --benches` and `cargo bench` without a directory have nothing to measure.
        println!("ingest: no directory given: cargo bench --bench ingest -- DIRECTORY [ROUNDS]");
        return;
    };
    let rounds = arguments.next().map_or(200, |text| text.parse().unwrap());
    let store = seeds.with_extension("bench.sqlite");
    remove(&store);

    let _warm = floor(&seeds);
    let floor = floor(&seeds);
    println!("floor\tfiles={}\tseconds={:.2}\tMB={:.0}", floor.files, floor.seconds, floor.bytes as f64 / 1e6);

    let scan = Running::start(&seeds, &store);
    let first = scan.ready.as_secs_f64();
    println!(
        "first scan\tseconds={first:.2}\ttimes_floor={:.1}\tpeak_MB={}\tnow_MB={}",
        first / floor.seconds,
        scan.memory("VmHWM"),
        scan.memory("VmRSS")
    );
    let size: u64 =
        ["", "-wal"].iter().filter_map(|end| std::fs::metadata(suffixed(&store, end)).ok()).map(|m| m.len()).sum();
    println!("store\tMB={:.0}\tbytes_an_item={}", size as f64 / 1e6, size / floor.files.max(1) as u64);
    drop(scan);

    let listing = listing(&seeds);
    let again = Running::start(&seeds, &store);
    let restart = again.ready.as_secs_f64();
    println!(
        "restart\tseconds={restart:.2}\tlisting_alone={listing:.2}\tpeak_MB={}\tnow_MB={}",
        again.memory("VmHWM"),
        again.memory("VmRSS")
    );

    let mut times: Vec<f64> = (0..rounds).map(|round| again.freshness(&seeds, round)).collect();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("freshness\trounds={rounds}\tp50_ms={:.2}\tp90_ms={:.2}\tp99_ms={:.2}", at(50), at(90), at(99));
    (0..rounds).for_each(|round| std::fs::remove_file(probe(&seeds, round)).unwrap());
    drop(again);
    remove(&store);
}

struct Floor {
    files: usize,
    bytes: usize,
    seconds: f64,
}

/// Only walks, reads, checks UTF-8 and splits in blocks, with two threads.
fn floor(seeds: &Path) -> Floor {
    let begun = Instant::now();
    let mut paths = Vec::new();
    walk(seeds, &mut paths);
    let (next, bytes, blocks) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut buffer = Vec::new();
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    buffer.clear();
                    std::fs::File::open(path).unwrap().read_to_end(&mut buffer).unwrap();
                    bytes.fetch_add(buffer.len(), Ordering::Relaxed);
                    if let Ok(text) = std::str::from_utf8(&buffer) {
                        blocks.fetch_add(text.split("\n\n").count(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    Floor { files: paths.len(), bytes: bytes.into_inner(), seconds: begun.elapsed().as_secs_f64() }
}

fn walk(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() { walk(&entry.path(), paths) } else { paths.push(entry.path()) }
    }
}

/// Seconds to list the directory with the size and times of every file.
fn listing(seeds: &Path) -> f64 {
    let begun = Instant::now();
    let mut paths = Vec::new();
    walk(seeds, &mut paths);
    let seen = paths.iter().filter(|path| path.symlink_metadata().is_ok()).count();
    assert_eq!(seen, paths.len());
    begun.elapsed().as_secs_f64()
}

struct Running {
    child: Child,
    address: String,
    ready: Duration,
}

impl Running {
    fn start(seeds: &Path, store: &Path) -> Self {
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_seedcast"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--store"])
            .arg(format!("sqlite:{}", store.display()))
            .arg("--seeds")
            .arg(seeds)
            .env("SEEDCAST_HTTP_ADMIN_LISTEN", "")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = lines.find_map(|line| Some(line.split_once("listening on http://")?.1.to_owned())).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        while !get(&address, "/readyz").starts_with(b"HTTP/1.1 200") {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { child, address, ready: begun.elapsed() }
    }

    /// Of the process, in megabytes.
    fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }

    /// Milliseconds from the end of writing a file to its title in the feed over HTTP.
    /// Milliseconds from the rename of a finished file to an answer that has it: asked for again and again on one connection,
    /// with the tag of the last one, so that the poller takes little from a machine with few cores.
    fn freshness(&self, seeds: &Path, round: usize) -> f64 {
        let title = format!("Fresh-{}-{round}", std::process::id());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let text =
            format!("date 2026-01 https://fresh.example/{title}.html\n\n{title}\n\n{title}\n\n{now}\n\nWords.\n");
        let hidden = seeds.join(".fresh.tmp");
        std::fs::write(&hidden, text).unwrap();
        // Changes one at a time, as they come to a desk.
        std::thread::sleep(Duration::from_millis(30));
        let mut poller = Poller::new(&self.address);
        poller.ask("/feed.json").unwrap();
        let begun = Instant::now();
        std::fs::rename(hidden, probe(seeds, round)).unwrap();
        loop {
            assert!(begun.elapsed() < Duration::from_secs(10), "{title} does not appear");
            if let Some(answer) = poller.ask("/feed.json") {
                let elapsed = begun.elapsed().as_secs_f64() * 1e3;
                if contains(&answer, title.as_bytes()) {
                    return elapsed;
                }
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// One connection and the tag of the last answer on it.
struct Poller {
    stream: TcpStream,
    tag: String,
}

impl Poller {
    fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, tag: "\"none\"".to_owned() }
    }

    /// The body, unless it is the one that came last.
    fn ask(&mut self, path: &str) -> Option<Vec<u8>> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\nIf-None-Match: {}\r\n\r\n", self.tag);
        self.stream.write_all(request.as_bytes()).unwrap();
        let (mut answer, mut filled) = (vec![0; 1 << 16], 0);
        let head = loop {
            filled += self.stream.read(&mut answer[filled..]).unwrap();
            if let Some(head) = answer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break head;
            }
        };
        let text = std::str::from_utf8(&answer[..head]).unwrap().to_owned();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        field("ETag:").unwrap().clone_into(&mut self.tag);
        let length: usize = field("Content-Length:").map_or(0, |length| length.parse().unwrap());
        answer.resize(filled.max(head + 4 + length), 0);
        self.stream.read_exact(&mut answer[filled..]).unwrap();
        (length > 0).then(|| answer[head + 4..].to_vec())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        Command::new("kill").arg(id).status().unwrap();
        self.child.wait().unwrap();
    }
}

fn probe(seeds: &Path, round: usize) -> PathBuf {
    seeds.join(format!("fresh-{round}.txt"))
}

fn get(address: &str, path: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
        let _ = stream.read_to_end(&mut answer);
    }
    answer
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

fn suffixed(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn remove(store: &Path) {
    for end in ["", "-wal", "-shm", ".lock", ".filling"] {
        let _ = std::fs::remove_file(suffixed(store, end));
    }
}

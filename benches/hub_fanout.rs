//! From a closed seed to a thousand subscribers: time to the first, the median and the last delivery, without and with
//! a hundred subscribers that accept the connection and then say nothing.
//!
//! The server is a process of its own. Each subscriber has a loopback address of its own (127.1.x.y), and so is a host
//! of its own to the hub; all of them are one task of this program.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what fails here ends the run, and its output is a table")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const SUBSCRIBERS: usize = 1000;
const HANGING: usize = 100;
const ROUNDS: usize = 10;

/// A delivery: the number of the subscriber and when its last byte was there.
type Delivered = (usize, Instant);

struct Subscribers {
    port: u16,
    hanging: Arc<Mutex<HashSet<usize>>>,
    delivered: mpsc::UnboundedReceiver<Delivered>,
}

impl Subscribers {
    async fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, delivered) = mpsc::unbounded_channel();
        let hanging: Arc<Mutex<HashSet<usize>>> = Arc::default();
        let set = Arc::clone(&hanging);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, sender.clone(), Arc::clone(&set)));
            }
        });
        Self { port, hanging, delivered }
    }

    /// Gathers the deliveries of everyone who does not hang.
    async fn gather(&mut self, start: Instant) -> Vec<Duration> {
        let wanted = SUBSCRIBERS - self.hanging.lock().unwrap().len();
        let mut seen = HashSet::new();
        let mut times = Vec::with_capacity(wanted);
        while seen.len() < wanted {
            let (number, at) =
                tokio::time::timeout(Duration::from_secs(120), self.delivered.recv()).await.unwrap().unwrap();
            if !self.hanging.lock().unwrap().contains(&number) && seen.insert(number) {
                times.push(at - start);
            }
        }
        times.sort();
        times
    }
}

async fn answer(
    mut stream: TcpStream,
    sender: mpsc::UnboundedSender<Delivered>,
    hanging: Arc<Mutex<HashSet<usize>>>,
) -> Option<()> {
    let mut raw = Vec::with_capacity(64 * 1024);
    let end = loop {
        if let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut raw).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let number = head.split(' ').nth(1)?.trim_start_matches('/').split('?').next()?.parse().ok()?;
    let mut body = String::new();
    if let Some((_, rest)) = head.split_once("hub.challenge=") {
        body = rest.split(['&', ' ']).next()?.to_owned();
    } else {
        if hanging.lock().unwrap().contains(&number) {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let length: usize = length?;
        while raw.len() < end + 4 + length {
            if stream.read_buf(&mut raw).await.ok()? == 0 {
                return None;
            }
        }
        sender.send((number, Instant::now())).ok()?;
    }
    let length = body.len();
    stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes()).await.ok()
}

struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    fn start(folder: &Path) -> Self {
        let config = folder.join("seedcast.toml");
        let text = "[http]\nlisten = [\"127.0.0.1:0\"]\nadmin_listen = \"\"\n[hub]\nallow_callbacks = [\"127.0.0.0/8\"]\n\
                    [log]\nlevel = \"warn\"\n";
        std::fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_seedcast"))
            .args(["serve", "--config"])
            .arg(&config)
            .arg("--seeds")
            .arg(folder.join("seeds"))
            .arg("--store")
            .arg(format!("sqlite:{}", folder.join("store.db").display()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().strip_prefix("listening on http://")?.parse().ok()).unwrap();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("{line}")));
        Self { child, address }
    }

    async fn request(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let text = format!("{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn subscribe(&self, number: usize, port: u16) {
        let (a, b) = (number / 250, number % 250 + 1);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", &format!("http://{}/atom.xml", self.address))
            .append_pair("hub.callback", &format!("http://127.1.{a}.{b}:{port}/{number}"))
            .append_pair("hub.secret", &format!("secret of {number}"))
            .finish();
        // The hub takes only so many requests of one client at a time.
        while !self.request("POST /hub", &form).await.starts_with("HTTP/1.1 202") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_seed(folder: &Path, number: usize) {
    let body = "The first tram crossed at noon. ".repeat(40);
    let time = format!("2026-01-01T{:02}:{:02}+0000", number / 60, number % 60);
    let text = format!(
        " date 2026-01 https://source.example/20260101/story-{}.html\n\nStory {number}\n\n2026-01-01\n\n{time}\n\n{body}\n",
        1_000_000 + number
    );
    let hidden = folder.join(format!("seeds/.{number}.tmp"));
    std::fs::write(&hidden, text).unwrap();
    std::fs::rename(&hidden, folder.join(format!("seeds/{number}.txt"))).unwrap();
}

async fn rounds(name: &str, folder: &Path, subscribers: &mut Subscribers, from: usize) -> [f64; 3] {
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let start = Instant::now();
        write_seed(folder, from + round);
        let times = subscribers.gather(start).await;
        let at = |index: usize| times[index].as_secs_f64() * 1e3;
        all.push([at(0), at(times.len() / 2), at(times.len() - 1)]);
        // Whatever comes late belongs to this round.
        tokio::time::sleep(Duration::from_millis(500)).await;
        while subscribers.delivered.try_recv().is_ok() {}
    }
    let median = |index: usize| {
        let mut values: Vec<f64> = all.iter().map(|round| round[index]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let [first, middle, last] = [median(0), median(1), median(2)];
    println!("{name:<32} first {first:7.1} ms   median {middle:7.1} ms   last {last:7.1} ms");
    [first, middle, last]
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("seeds")).unwrap();
    for number in 0..50 {
        write_seed(folder, number);
    }
    let service = Service::start(folder);
    while !service.request("GET /readyz", "").await.starts_with("HTTP/1.1 200") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut subscribers = Subscribers::start().await;
    for number in 0..SUBSCRIBERS {
        service.subscribe(number, subscribers.port).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    write_seed(folder, 50);
    subscribers.gather(Instant::now()).await;

    println!("{SUBSCRIBERS} subscribers, medians of {ROUNDS} changes");
    let alone = rounds("all answer", folder, &mut subscribers, 51).await;
    *subscribers.hanging.lock().unwrap() = (0..HANGING).map(|number| number * SUBSCRIBERS / HANGING).collect();
    let beside = rounds(&format!("{HANGING} of them hang"), folder, &mut subscribers, 51 + ROUNDS).await;
    let ratio = |index: usize| beside[index] / alone[index];
    println!(
        "ratio                            first {:7.2}      median {:7.2}      last {:7.2}",
        ratio(0),
        ratio(1),
        ratio(2)
    );
}

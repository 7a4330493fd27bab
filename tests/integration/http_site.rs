//! A server on a port of its own and a client that sees every byte.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use seedcast::feed::{CachePolicy, Coding, Document};
use seedcast::http::{Listener, Parts, Published, Settings, State, serve};
use tokio::sync::oneshot;

/// What the server's clock says.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap()
}

pub(crate) const NOW: &str = "Fri, 02 Jan 2026 03:04:05 GMT";
/// When the documents of the site last changed.
pub(crate) const CHANGED: &str = "Thu, 01 Jan 2026 12:00:00 GMT";

pub(crate) fn changed() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap()
}

pub(crate) const FRESH: CachePolicy = CachePolicy { max_age: Duration::from_secs(300), is_stable: false };

/// A document of a few kilobytes that every coding makes smaller.
pub(crate) fn feed(word: &str) -> Document {
    let items: String = (0..80).map(|n| format!("<item><title>{word} {n}</title></item>\n")).collect();
    let bytes = format!("<rss><channel>{items}</channel></rss>").into_bytes();
    let link = Some("<https://feeds.example/rss.xml>; rel=\"self\"".to_owned());
    Document::new("application/rss+xml; charset=utf-8", bytes, changed(), FRESH, link).compress()
}

/// The parts of a site without hub, admin or pages on demand.
pub(crate) fn parts() -> Parts {
    Parts {
        published: Arc::new(Published::default()),
        on_demand: Arc::new(()),
        readiness: Arc::new(()),
        observer: Arc::new(()),
        hub: None,
        admin: Arc::new(()),
        clock: now,
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) state: Arc<State>,
    pub(crate) published: Arc<Published>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// With `/rss.xml` and `/feeds/world/` published.
    pub(crate) fn start(parts: Parts, settings: Settings) -> Self {
        let published = Arc::clone(&parts.published);
        published.retain_paths(["/rss.xml".to_owned(), "/feeds/world/".to_owned(), "/soon.xml".to_owned()]);
        published.slot("/rss.xml").unwrap().publish(feed("headline"));
        let page = b"<!doctype html><title>World</title>".to_vec();
        let page = Document::new("text/html; charset=utf-8", page, changed(), FRESH, None).compress();
        published.slot("/feeds/world/").unwrap().publish(page);
        let state = State::new(parts, settings);
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        let admin = Listener::bind("127.0.0.1:0").unwrap().for_admin();
        let (address, admin_address) = (listener.local_address().unwrap(), admin.local_address().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let shutdown = async {
                let _ = stopped.await;
            };
            runtime.block_on(serve(vec![listener, admin], served, shutdown, Duration::from_secs(5))).unwrap();
        });
        Self { address, admin: admin_address, state, published, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn plain() -> Self {
        Self::start(parts(), Settings::default())
    }

    pub(crate) fn connect(&self) -> Client {
        Client::to(self.address)
    }

    /// One GET with these further lines on a connection of its own.
    pub(crate) fn get(&self, path: &str, lines: &str) -> Answer {
        self.connect().ask("GET", path, lines)
    }

    /// Tells the server to stop without waiting for it.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A connection and what was read from it but not yet used.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    host: &'static str,
    read: Vec<u8>,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream, host: "feeds.example", read: Vec::new() }
    }

    /// One that asks by address, as those of an admin listener do.
    pub(crate) fn to_admin(address: SocketAddr) -> Self {
        Self { host: "127.0.0.1:9180", ..Self::to(address) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// A request and its answer.
    pub(crate) fn ask(&mut self, method: &str, path: &str, lines: &str) -> Answer {
        let host = self.host;
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"));
        self.answer(method == "HEAD")
    }

    /// The next answer on the connection.
    pub(crate) fn answer(&mut self, is_head: bool) -> Answer {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.fill(), "closed before an answer: {:?}", String::from_utf8_lossy(&self.read));
        };
        let head: Vec<u8> = self.read.drain(..end).collect();
        let mut answer = Answer::new(std::str::from_utf8(&head).unwrap());
        let bodyless = is_head || matches!(answer.status, 100 | 204 | 304);
        let len = if bodyless { 0 } else { answer.field("content-length").map_or(0, |len| len.parse().unwrap()) };
        while self.read.len() < len {
            assert!(self.fill(), "closed within an answer");
        }
        answer.body = self.read.drain(..len).collect();
        answer
    }

    /// Everything until the server closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.read)
    }

    /// Whether there was more before the end; a reset is an end.
    fn fill(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => false,
            Ok(n) => {
                self.read.extend_from_slice(&chunk[..n]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing came: {error}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn new(head: &str) -> Self {
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self { status, fields, body: Vec::new() }
    }

    /// The value of a field that comes at most once.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} came twice");
        value
    }

    pub(crate) fn etag(&self) -> &str {
        self.field("etag").expect("an ETag")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// The tag of `/rss.xml` in one coding.
pub(crate) fn tag_of(document: &Document, coding: Coding) -> String {
    document.variants.iter().find(|variant| variant.coding == coding).unwrap().etag.clone()
}

/// What `Accept-Encoding: …` gets.
pub(crate) fn encoding(value: &str) -> String {
    format!("Accept-Encoding: {value}\r\n")
}

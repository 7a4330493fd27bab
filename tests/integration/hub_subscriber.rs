//! Subscribers with real sockets for the hub of a real process.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::running::{PATIENCE, seed_text};

/// A delivery as it came.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A subscriber on a real port: consents to everything and keeps what it gets.
#[derive(Clone)]
pub(crate) struct Subscriber {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    deliveries: Mutex<Vec<Delivery>>,
    /// Targets of the requests that were no deliveries.
    asked: Mutex<Vec<String>>,
    /// Whether deliveries are answered with 500.
    fails: AtomicBool,
}

impl Subscriber {
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    pub(crate) fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let subscriber = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&subscriber.state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                // A connection that breaks off is what a killed server leaves behind.
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        subscriber
    }

    /// Answers deliveries with 500 from now on.
    pub(crate) fn fail(&self) {
        self.state.fails.store(true, Ordering::SeqCst);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.state.deliveries.lock().unwrap().clone()
    }

    /// Targets of the requests that were no deliveries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap().clone()
    }

    pub(crate) fn callback(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The newest body at each path.
    pub(crate) fn last(&self, path: &str) -> Option<Delivery> {
        self.state.deliveries.lock().unwrap().iter().rev().find(|delivery| delivery.path == path).cloned()
    }
}

fn answer(stream: TcpStream, state: &State) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let url = url::Url::parse("http://localhost").unwrap().join(&target).unwrap();
    let challenge = url.query_pairs().find(|(name, _)| name == "hub.challenge" || name == "challenge");
    let challenge = challenge.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let mut status = "200 OK";
    if line.starts_with("POST") {
        state.deliveries.lock().unwrap().push(Delivery { path: target, headers, body });
        if state.fails.load(Ordering::SeqCst) {
            status = "500 Oh";
        }
    } else {
        state.asked.lock().unwrap().push(target);
    }
    let mut stream = stream;
    let length = challenge.len();
    stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{challenge}").as_bytes()).ok()
}

/// One POST to the hub; its status.
pub(crate) fn post(address: SocketAddr, form: &[(&str, &str)]) -> std::io::Result<u16> {
    let answer = post_to(address, "/hub", form)?;
    Ok(answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0))
}

/// One POST of a form; the whole answer.
pub(crate) fn post_to(address: SocketAddr, path: &str, form: &[(&str, &str)]) -> std::io::Result<String> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    stream.write_all(
        format!(
            "POST {path} HTTP/1.1\r\nHost: feeds.example\r\nConnection: close\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
        )
        .as_bytes(),
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

pub(crate) fn subscribe(server: SocketAddr, topic: &str, callback: &str, secret: &str) {
    let form = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", callback), ("hub.secret", secret)];
    assert_eq!(post(server, &form).unwrap(), 202);
}

/// A seed that is another for each number.
pub(crate) fn edition(number: usize) -> String {
    let time = format!("2026-01-01T{:02}:{:02}+0000", number / 60 % 24, number % 60);
    let url = format!("https://source.example/20260101/story-{}.html", 1_000_000 + number);
    seed_text(&url, &format!("Story {number}"), &time, &time, &format!("Çünkü {number} “quoted” & <b>."))
}

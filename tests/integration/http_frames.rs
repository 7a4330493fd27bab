//! HTTP/2 frame by frame: what floods lead to, and how a connection ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::running::{PATIENCE, Place, Server, eventually, get, seed_text, write_seed};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const REFUSED_STREAM: u32 = 7;

/// How long an attack may last before the server has had enough.
const ENOUGH: Duration = Duration::from_secs(30);
/// What the attacks together may make the server hold.
const MEMORY_KB: u64 = 64 * 1024;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A literal in HPACK, short or long, without Huffman coding.
fn text(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    integer(&mut out, 0, 7, text.len());
    out.extend(text);
    out
}

fn integer(out: &mut Vec<u8>, first: u8, bits: u32, value: usize) {
    let most = (1 << bits) - 1;
    if value < most {
        out.push(first | u8::try_from(value).unwrap());
        return;
    }
    out.push(first | u8::try_from(most).unwrap());
    let mut rest = value - most;
    while rest >= 128 {
        out.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    out.push(u8::try_from(rest).unwrap());
}

/// GET of a path.
fn request(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04];
    block.extend(text(path.as_bytes()));
    block.push(0x01);
    block.extend(text(b"feeds.example"));
    block
}

/// A connection that has said hello.
struct Attacker {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A frame as received.
#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Attacker {
    fn new(address: SocketAddr, settings: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        stream.set_write_timeout(Some(ENOUGH)).unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, settings)).unwrap();
        Self { stream, read: Vec::new() }
    }

    /// The frames that have come; `None` once the connection is at its end.
    fn frames(&mut self) -> Option<Vec<Frame>> {
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => return None,
            Ok(n) => self.read.extend(&chunk[..n]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return None,
        }
        let mut frames = Vec::new();
        while let [a, b, c, kind, flags, s1, s2, s3, s4, rest @ ..] = &self.read[..] {
            let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).unwrap();
            let Some(payload) = rest.get(..length) else { break };
            let stream = u32::from_be_bytes([*s1, *s2, *s3, *s4]);
            frames.push(Frame { kind: *kind, flags: *flags, stream, payload: payload.to_vec() });
            self.read.drain(..9 + length);
        }
        Some(frames)
    }

    /// Sends one burst after another until the server says GOAWAY or closes. Reads what it says meanwhile, so that nothing
    /// but its own measure stops it.
    fn flood(mut self, mut burst: impl FnMut(u32) -> Vec<u8>) -> Duration {
        let begun = Instant::now();
        for turn in 0.. {
            if self.stream.write_all(&burst(turn)).is_err() {
                break;
            }
            match self.frames() {
                None => break,
                Some(frames) if frames.iter().any(|frame| frame.kind == GOAWAY) => break,
                Some(_) => {}
            }
            assert!(begun.elapsed() < ENOUGH, "it goes on after {turn} bursts");
        }
        begun.elapsed()
    }
}

fn resident_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Attacks until the server has had enough, and says how long that took.
type Attack = fn(SocketAddr) -> Duration;

fn rapid_reset(address: SocketAddr) -> Duration {
    let block = request("/rss.xml");
    Attacker::new(address, &[]).flood(|turn| {
        let streams = (0..200).map(|n| (turn * 200 + n) * 2 + 1);
        let both = streams.map(|stream| {
            let mut both = frame(HEADERS, END_STREAM | END_HEADERS, stream, &block);
            both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
            both
        });
        both.flatten().collect()
    })
}

fn settings_flood(address: SocketAddr) -> Duration {
    let one = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    Attacker::new(address, &[]).flood(|_| one.repeat(1000))
}

fn ping_flood(address: SocketAddr) -> Duration {
    let one = frame(PING, 0, 0, b"12345678");
    Attacker::new(address, &[]).flood(|_| one.repeat(1000))
}

fn empty_data_flood(address: SocketAddr) -> Duration {
    Attacker::new(address, &[]).flood(|turn| {
        if turn == 0 {
            return frame(HEADERS, END_HEADERS, 1, &request("/rss.xml"));
        }
        frame(DATA, 0, 1, b"").repeat(1000)
    })
}

fn continuation_flood(address: SocketAddr) -> Duration {
    // A header that is never ended, in pieces of nothing or of something.
    let mut field = vec![0x00];
    field.extend(text(b"x-more"));
    field.extend(text(&[b'a'; 1000]));
    Attacker::new(address, &[]).flood(|turn| match turn {
        0 => frame(HEADERS, END_STREAM, 1, &request("/rss.xml")),
        _ => frame(CONTINUATION, 0, 1, if turn % 2 == 0 { &field } else { &[] }).repeat(100),
    })
}

#[test]
fn floods_end_the_connection_while_a_good_client_is_served() {
    let place = Place::new("");
    write_seed(
        &place.seeds().join("1.txt"),
        &seed_text("https://news.example/1", "A day", "2024-11-01T13:04+0300", "2024-11-01T13:04+0300", "Quiet."),
    );
    let (server, address) = Server::ready(place.serve());
    let process = server.id();
    let before = resident_kb(process);
    let done = AtomicBool::new(false);
    let attacks: [(&str, Attack); 5] = [
        ("rapid reset", rapid_reset),
        ("settings", settings_flood),
        ("ping", ping_flood),
        ("empty data", empty_data_flood),
        ("continuation", continuation_flood),
    ];
    let peak = std::thread::scope(|scope| {
        let good = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                assert_eq!(get(address, "/rss.xml", &[]).unwrap().status, 200);
                assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
                peak = peak.max(resident_kb(process));
            }
            peak
        });
        let running: Vec<_> = attacks
            .into_iter()
            .flat_map(|attack| [attack; 3])
            .map(|(name, attack)| (name, scope.spawn(move || attack(address))))
            .collect();
        // All are waited for before anything is judged, or the good client would go on for ever.
        let ended: Vec<_> = running.into_iter().map(|(name, attack)| (name, attack.join())).collect();
        done.store(true, Ordering::Relaxed);
        for (name, took) in ended {
            assert!(took.is_ok_and(|took| took < ENOUGH), "{name}");
        }
        good.join().unwrap()
    });
    assert!(peak < before + MEMORY_KB, "from {before} kB to {peak} kB");
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[test]
fn a_header_list_that_grows_when_it_is_read_is_refused() {
    let place = Place::new("");
    let (server, address) = Server::ready(place.serve());
    let before = resident_kb(server.id());
    let mut attacker = Attacker::new(address, &[]);
    // 4,000 bytes that go into the table, and then one byte for each time that they are meant: 16 MB in 4 kB.
    let mut block = request("/rss.xml");
    block.push(0x40);
    block.extend(text(b"x-bomb"));
    block.extend(text(&[b'a'; 3900]));
    block.extend([0x80 | 62; 4000]);
    let begun = Instant::now();
    attacker.stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)).unwrap();
    let mut ended = false;
    while !ended {
        assert!(begun.elapsed() < ENOUGH, "no answer");
        let Some(frames) = attacker.frames() else { break };
        for frame in frames {
            match frame.kind {
                // 431, or else the stream or connection is at its end; never 200, which would be an 0x88 first.
                HEADERS => {
                    assert_ne!(frame.payload[0], 0x88, "it was answered: {frame:?}");
                    ended = true;
                }
                RST_STREAM | GOAWAY => ended = true,
                _ => {}
            }
        }
    }
    let after = resident_kb(server.id());
    assert!(after < before + MEMORY_KB, "from {before} kB to {after} kB");
    assert_eq!(get(address, "/livez", &[]).unwrap().status, 200);
}

#[test]
fn a_request_that_names_no_server_is_refused() {
    let place = Place::new("");
    let (_server, address) = Server::ready(place.serve());
    // The first byte of an answer's fields is that of its status in the static table of RFC 7541.
    let status = |block: &[u8]| {
        let mut client = Attacker::new(address, &[]);
        client.stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, block)).unwrap();
        eventually("an answer", PATIENCE, || {
            let frames = client.frames().expect("the connection stays");
            frames.iter().find(|frame| frame.kind == HEADERS).map(|frame| frame.payload[0])
        })
    };
    let named = request("/livez");
    assert_eq!(status(&named), 0x88, "200");
    let unnamed = &named[..named.len() - text(b"feeds.example").len() - 1];
    assert_eq!(status(unnamed), 0x8c, "400");
}

#[test]
fn streams_beyond_those_that_were_announced_are_refused() {
    let place = Place::new("");
    let text = "It was quiet. ".repeat(20_000);
    write_seed(
        &place.seeds().join("1.txt"),
        &seed_text("https://news.example/1", "A day", "2024-11-01T13:04+0300", "2024-11-01T13:04+0300", &text),
    );
    let (_server, address) = Server::ready(place.serve());
    // A window of nothing keeps every answer open.
    let mut attacker = Attacker::new(address, &[0, 4, 0, 0, 0, 0]);
    let mut announced = None;
    let begun = Instant::now();
    while announced.is_none() {
        assert!(begun.elapsed() < ENOUGH);
        for frame in attacker.frames().expect("open").iter().filter(|f| f.kind == SETTINGS && f.flags == 0) {
            let most = frame.payload.chunks(6).find(|setting| setting[..2] == [0, 3]).expect("a number of streams");
            announced = Some(u32::from_be_bytes(most[2..].try_into().unwrap()));
        }
    }
    let announced = announced.unwrap();
    assert!((1..=250).contains(&announced), "{announced}");
    attacker.stream.write_all(&frame(SETTINGS, 1, 0, b"")).unwrap();
    let mut refused = Vec::new();
    let asked = announced + 20;
    for n in 0..asked {
        let headers = frame(HEADERS, END_STREAM | END_HEADERS, n * 2 + 1, &request("/rss.xml"));
        attacker.stream.write_all(&headers).unwrap();
    }
    while refused.len() < 20 {
        assert!(begun.elapsed() < ENOUGH, "{refused:?}");
        for frame in attacker.frames().expect("open").into_iter().filter(|frame| frame.kind == RST_STREAM) {
            assert_eq!(frame.payload, REFUSED_STREAM.to_be_bytes());
            refused.push(frame.stream);
        }
    }
    assert!(refused.iter().all(|stream| *stream > announced * 2), "{refused:?}");
    assert_eq!(get(address, "/rss.xml", &[]).unwrap().status, 200);
}

/// A server and a client that has asked for a document much larger than its window.
fn large_answer(place: &Place) -> (Server, Attacker) {
    let text = "It was quiet. ".repeat(20_000);
    write_seed(
        &place.seeds().join("1.txt"),
        &seed_text("https://news.example/1", "A day", "2024-11-01T13:04+0300", "2024-11-01T13:04+0300", &text),
    );
    let (server, address) = Server::ready(place.serve());
    let mut client = Attacker::new(address, &[]);
    client.stream.write_all(&frame(SETTINGS, 1, 0, b"")).unwrap();
    client.stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &request("/rss.xml"))).unwrap();
    (server, client)
}

#[test]
fn a_stop_is_told_by_goaway_and_an_answer_under_way_is_finished() {
    let place = Place::new("drain_seconds = 30\n");
    let (mut server, mut client) = large_answer(&place);
    let begun = Instant::now();
    let (mut received, mut is_told, mut is_whole) = (0, false, false);
    while let Some(frames) = client.frames() {
        assert!(begun.elapsed() < ENOUGH, "{received} bytes, told: {is_told}, whole: {is_whole}");
        for one in frames {
            match one.kind {
                DATA => {
                    if received == 0 {
                        server.terminate();
                    }
                    received += one.payload.len();
                    is_whole |= one.flags & END_STREAM != 0;
                    // The window opens only once the server has said that it stops.
                }
                GOAWAY => is_told = true,
                PING if one.flags == 0 => client.stream.write_all(&frame(PING, 1, 0, &one.payload)).unwrap(),
                _ => continue,
            }
            if is_told && !is_whole {
                let more = 10_000_000_u32.to_be_bytes();
                for stream in [0, 1] {
                    client.stream.write_all(&frame(WINDOW_UPDATE, 0, stream, &more)).unwrap();
                }
            }
        }
    }
    assert!(is_told && is_whole, "{received} bytes, told: {is_told}, whole: {is_whole}");
    assert!(received > 100_000, "{received}");
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn a_slow_reader_has_its_answer_whole_also_when_the_server_stops() {
    let place = Place::new("drain_seconds = 60\n");
    let (mut server, mut client) = large_answer(&place);
    let begun = Instant::now();
    let (mut received, mut is_whole, mut opened) = (0, false, None);
    while let Some(frames) = client.frames() {
        assert!(begun.elapsed() < ENOUGH, "{received} bytes");
        for one in frames {
            match one.kind {
                DATA => {
                    received += one.payload.len();
                    is_whole |= one.flags & END_STREAM != 0;
                }
                PING if one.flags == 0 => client.stream.write_all(&frame(PING, 1, 0, &one.payload)).unwrap(),
                _ => {}
            }
        }
        // Nothing for longer than idle clients are waited for, and then a little now and then.
        let now = Instant::now();
        let is_due = match opened {
            None if received > 0 => {
                server.terminate();
                opened = Some(now + Duration::from_secs(7));
                false
            }
            None => false,
            Some(at) => now >= at && !is_whole,
        };
        if is_due {
            opened = Some(now + Duration::from_millis(500));
            for stream in [0, 1] {
                client.stream.write_all(&frame(WINDOW_UPDATE, 0, stream, &40_000_u32.to_be_bytes())).unwrap();
            }
        }
    }
    assert!(is_whole, "{received} bytes after {:?}", begun.elapsed());
    assert_eq!(server.end().code(), Some(0));
}

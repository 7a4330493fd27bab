//! Documents so large that they are sent from a file: the same bytes as ever, whatever is asked for and however slowly it
//! is taken.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::net;
use seedcast::feed::{Coding, Document};
use seedcast::http::{Limits, Listener, Settings, State, Tls, serve};

use crate::http_site::{FRESH, Server, changed, encoding, parts};
use crate::http_tls;

/// Half a megabyte that does not compress to less than a large body.
fn large(seed: u64) -> Document {
    let mut state = seed;
    let words = (0..60_000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:07x} ", state >> 36)
    });
    Document::new("application/rss+xml", words.collect::<String>().into_bytes(), changed(), FRESH, None).compress()
}

fn bytes(document: &Document, coding: Coding) -> Vec<u8> {
    let variant = document.variants.iter().find(|variant| variant.coding == coding).unwrap();
    assert!(variant.bytes.len() > 100_000, "{coding:?} is large");
    variant.bytes.to_vec()
}

fn serving(document: Document) -> Server {
    let server = Server::start(parts(), Settings::default());
    server.published.slot("/rss.xml").unwrap().publish(document);
    server
}

#[test]
fn large_documents_arrive_whole_in_every_coding_again_and_again_on_one_connection() {
    let document = large(1);
    let server = serving(document.clone());
    let mut client = server.connect();
    for _ in 0..3 {
        for (name, coding) in [("identity", Coding::Identity), ("gzip", Coding::Gzip), ("br", Coding::Brotli)] {
            let answer = client.ask("GET", "/rss.xml", &encoding(name));
            assert_eq!((answer.status, &answer.body), (200, &bytes(&document, coding)));
        }
    }
    let both = format!("GET /rss.xml HTTP/1.1\r\nHost: a\r\n{}\r\n", encoding("gzip")).repeat(2);
    client.send(both);
    for _ in 0..2 {
        assert_eq!(client.answer(false).body, bytes(&document, Coding::Gzip));
    }
    let head = client.ask("HEAD", "/rss.xml", "");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn parts_of_a_large_document_begin_where_they_were_asked_for() {
    let document = large(2);
    let whole = bytes(&document, Coding::Identity);
    let server = serving(document);
    let mut client = server.connect();
    for (from, to) in
        [(0, 0), (1, 99_999), (70_000, 70_100), (100_000, whole.len() - 1), (whole.len() - 40_000, whole.len() - 1)]
    {
        let answer = client.ask("GET", "/rss.xml", &format!("Range: bytes={from}-{to}\r\n"));
        assert_eq!(answer.status, 206);
        assert_eq!(answer.body, whole[from..=to], "bytes {from}-{to}");
    }
}

#[test]
fn a_reader_that_takes_a_large_document_slowly_gets_it_as_it_was_even_if_it_changes_meanwhile() {
    let document = large(3);
    let whole = bytes(&document, Coding::Identity);
    let server = serving(document);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    Write::write_all(&mut stream, b"GET /rss.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut taken = vec![0; 1000];
    stream.read_exact(&mut taken).unwrap();
    server.published.slot("/rss.xml").unwrap().publish(large(4));
    let mut part = [0; 8192];
    loop {
        match stream.read(&mut part).unwrap() {
            0 => break,
            count => taken.extend_from_slice(&part[..count]),
        }
    }
    let body = taken.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert!(taken[body..] == whole, "{} of {} bytes", taken.len() - body, whole.len());
}

#[test]
fn large_documents_pass_through_unix_sockets_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let document = large(5);
    let server = serving(document.clone());
    let listener = Listener::bind(&format!("unix:{}", path.display())).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let state = server.state.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shutdown = async {
            let _ = stopped.await;
        };
        runtime.block_on(serve(vec![listener], state, shutdown, Duration::from_secs(5))).unwrap();
    });
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    Write::write_all(&mut stream, b"GET /rss.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut taken = Vec::new();
    stream.read_to_end(&mut taken).unwrap();
    assert!(taken.ends_with(&bytes(&document, Coding::Identity)));
    drop(stop);
    thread.join().unwrap();
}

/// A connection whose kernel keeps little, so that what is read is what is asked of the server.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None).unwrap();
    net::sockopt::set_socket_recv_buffer_size(&socket, 16 * 1024).unwrap();
    net::connect(&socket, &address).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

const ASK: &[u8] = b"GET /rss.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Takes 1 kB every 10 ms for so long, and then the rest at once.
fn take_slowly(stream: &mut (impl Read + Write), time: Duration) -> Vec<u8> {
    stream.write_all(ASK).unwrap();
    let mut taken = Vec::new();
    let mut part = [0; 1024];
    let begun = Instant::now();
    while begun.elapsed() < time {
        match stream.read(&mut part) {
            Ok(count) if count > 0 => taken.extend_from_slice(&part[..count]),
            _ => return taken,
        }
        // The time between two readings is what is tried.
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = stream.read_to_end(&mut taken);
    taken
}

/// Two megabytes and a half: more than the sockets at both ends hold, also after some seconds.
fn very_large() -> Document {
    Document::new("application/rss+xml", vec![b'x'; 2_500_000], changed(), FRESH, None)
}

/// A second is not enough for a slow reader to empty the third of a socket's buffer from which on the kernel calls it
/// writable.
fn hasty() -> Settings {
    Settings { limits: Limits { write: Duration::from_secs(1), ..Limits::default() }, ..Settings::default() }
}

#[test]
fn a_steady_reader_is_waited_for_even_if_the_socket_is_full_for_long() {
    let server = Server::start(parts(), hasty());
    server.published.slot("/rss.xml").unwrap().publish(very_large());
    let taken = take_slowly(&mut narrow(server.address), Duration::from_secs(4));
    assert!(taken.ends_with(&[b'x'; 2_500_000]), "cut after {} bytes", taken.len());
    assert_eq!(server.state.counters().timeouts(), 0);
}

#[test]
fn a_steady_reader_is_cut_when_it_falls_below_the_average() {
    let mut settings = hasty();
    settings.limits.write_bytes_per_second = 2_000_000;
    let server = Server::start(parts(), settings);
    server.published.slot("/rss.xml").unwrap().publish(very_large());
    let taken = take_slowly(&mut narrow(server.address), Duration::from_secs(4));
    assert!(taken.len() < 2_500_000);
    assert_eq!(server.state.counters().timeouts(), 1);
}

#[test]
fn a_steady_reader_is_waited_for_over_tls_and_unix_sockets_too_and_others_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let tls = Tls::load(&http_tls::data("first.pem"), &http_tls::data("first.key.pem")).unwrap();
    let secure = Listener::bind("127.0.0.1:0").unwrap().with_tls(tls);
    let address = secure.local_address().unwrap();
    let local = Listener::bind(&format!("unix:{}", path.display())).unwrap();
    let parts = parts();
    let published = Arc::clone(&parts.published);
    published.retain_paths(["/rss.xml".to_owned()]);
    published.slot("/rss.xml").unwrap().publish(very_large());
    let state = State::new(parts, hasty());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = Arc::clone(&state);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shutdown = async {
            let _ = stopped.await;
        };
        runtime.block_on(serve(vec![secure, local], served, shutdown, Duration::from_secs(5))).unwrap();
    });
    let alpn: &[&[u8]] = &[b"http/1.1"];
    let secured = std::thread::spawn(move || {
        take_slowly(&mut http_tls::over(narrow(address), "first.pem", alpn), Duration::from_secs(4))
    });
    let taken = take_slowly(&mut std::os::unix::net::UnixStream::connect(&path).unwrap(), Duration::from_secs(4));
    assert!(taken.ends_with(&[b'x'; 2_500_000]), "cut after {} bytes", taken.len());
    let taken = secured.join().unwrap();
    assert!(taken.ends_with(&[b'x'; 2_500_000]), "cut after {} bytes", taken.len());
    assert_eq!(state.counters().timeouts(), 0);
    let mut stuck = http_tls::over(narrow(address), "first.pem", alpn);
    stuck.write_all(ASK).unwrap();
    stuck.read_exact(&mut [0]).unwrap();
    let begun = Instant::now();
    while state.counters().timeouts() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "who reads nothing is kept");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(stop);
    thread.join().unwrap();
}

//! Headers that are kept with a document say what headers written for the one request say. Over HTTP/2 they are always
//! written anew.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use seedcast::feed::{CachePolicy, Document};
use seedcast::http::Settings;

use crate::http_site::{Client, NOW, Server, changed, feed, now};
use crate::running::{self, PATIENCE, Place, eventually, seed_text, write_seed};

/// Status and fields, without Date, in alphabetical order.
pub(crate) type Head = (u16, Vec<(String, String)>);

fn sorted(status: u16, fields: impl IntoIterator<Item = (String, String)>) -> Head {
    let mut fields: Vec<_> = fields.into_iter().filter(|(name, _)| name != "date").collect();
    fields.sort();
    (status, fields)
}

fn over_http_1(client: &mut Client, method: &str, path: &str, fields: &[(&str, &str)]) -> Head {
    let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let answer = client.ask(method, path, &lines);
    sorted(answer.status, answer.fields)
}

pub(crate) fn over_http_2(address: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)]) -> Head {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(format!("http://feeds.example{path}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let answer = client.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        connection.abort();
        let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap().to_owned();
        let fields = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
        sorted(answer.status().as_u16(), fields)
    })
}

/// Every kind of answer that a path has, twice over HTTP/1.1 (the first may be the one that is kept) and once over HTTP/2.
fn check(address: SocketAddr, path: &str) {
    for coding in ["identity", "gzip", "br", "zstd", "gzip;q=0.5, br;q=0.7"] {
        let plain = [("Accept-Encoding", coding)];
        let (_, fields) = over_http_2(address, "GET", path, &plain);
        let etag = fields.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.clone()).unwrap();
        let known = [plain[0], ("If-None-Match", etag.as_str())];
        let part = [plain[0], ("Range", "bytes=1-3")];
        let other = [plain[0], ("If-Match", "\"another\"")];
        for (method, fields, status) in [
            ("GET", &plain[..], 200),
            ("HEAD", &plain, 200),
            ("GET", &known, 304),
            ("HEAD", &known, 304),
            ("GET", &part, 206),
            ("GET", &other, 412),
        ] {
            let written = over_http_2(address, method, path, fields);
            assert_eq!(written.0, status, "{method} {path} {fields:?}");
            let mut client = Client::to(address);
            for _ in 0..2 {
                let prepared = over_http_1(&mut client, method, path, fields);
                assert_eq!(prepared, written, "{method} {path} {fields:?}");
            }
        }
    }
}

#[test]
fn kept_headers_say_the_same_as_those_written_for_the_request() {
    let server = Server::plain();
    let stable = CachePolicy { max_age: Duration::from_secs(1), is_stable: true };
    server.published.retain_paths(["/rss.xml", "/feeds/world/", "/stable.xml"].map(str::to_owned));
    let bytes = b"<feed>".repeat(500);
    let document = Document::new("application/atom+xml; charset=utf-8", bytes, changed(), stable, None);
    server.published.slot("/stable.xml").unwrap().publish(document.compress());
    for path in ["/rss.xml", "/feeds/world/", "/stable.xml"] {
        check(server.address, path);
    }
}

#[test]
fn kept_headers_follow_a_change_of_the_settings_and_of_the_document() {
    let server = Server::plain();
    check(server.address, "/rss.xml");
    check(server.address, "/feeds/world/");
    server.state.reload(Settings {
        stale_if_error: Duration::from_secs(7),
        content_security_policy: "default-src 'self'".to_owned(),
        ..Settings::default()
    });
    check(server.address, "/rss.xml");
    check(server.address, "/feeds/world/");
    let field = |path: &str, name: &str| server.get(path, "").field(name).unwrap().to_owned();
    assert!(field("/rss.xml", "cache-control").ends_with("stale-if-error=7"));
    assert_eq!(field("/feeds/world/", "content-security-policy"), "default-src 'self'");
    // A copy of what is shown that says something else.
    let slot = server.published.slot("/rss.xml").unwrap();
    let mut copy = Document::clone(&slot.load().unwrap());
    copy.link = Some("<https://feeds.example/other.xml>; rel=\"self\"".to_owned());
    slot.publish(copy);
    check(server.address, "/rss.xml");
    assert_eq!(field("/rss.xml", "link"), "<https://feeds.example/other.xml>; rel=\"self\"");
}

#[test]
fn a_change_of_this_second_is_dated_now_and_not_kept_so() {
    let server = Server::plain();
    let mut document = feed("soon");
    document.last_modified = now() + TimeDelta::seconds(1);
    server.published.slot("/soon.xml").unwrap().publish(document);
    check(server.address, "/soon.xml");
    assert_eq!(server.get("/soon.xml", "").field("last-modified"), Some(NOW));
}

#[test]
fn kept_headers_of_feeds_with_deltas_say_so_too() {
    let place = Place::new("deltas = true\n");
    let url = "https://news.example/20241101/a-good-day-1200000001.html";
    let body = "It was quiet. ".repeat(100);
    write_seed(
        &place.seeds().join("1.txt"),
        &seed_text(url, "Day 1", "2024-11-01T13:04+0300", "2024-11-01T13:17+0300", &body),
    );
    let (_server, address) = running::Server::ready(place.serve());
    for path in ["/rss.xml", "/atom.xml", "/feed.json"] {
        eventually("every coding is there", PATIENCE, || {
            let zstd = Client::to(address).ask("GET", path, "Accept-Encoding: zstd\r\n");
            (zstd.field("content-encoding") == Some("zstd")).then_some(())
        });
        assert_eq!(Client::to(address).ask("GET", path, "").field("vary"), Some("Accept-Encoding, A-IM"));
        // Until the second of the change is over, each answer is dated anew.
        eventually("the second is over", PATIENCE, || {
            let answer = Client::to(address).ask("GET", path, "");
            (answer.field("last-modified") != answer.field("date")).then_some(())
        });
        check(address, path);
    }
}

//! Request bodies in chunks, RFC 9112 §7.1.

use std::sync::Arc;
use std::time::Duration;

use seedcast::http::{Endpoint, Limits, Parts, Settings};

use crate::http_on_demand::{Echo, hub};
use crate::http_site::{Server, parts};

const CHUNKED: &str = "POST /hub HTTP/1.1\r\nHost: h\r\nContent-Type: text/a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn the_hub_takes_bodies_in_chunks_and_the_next_request_begins_behind_them() {
    let server = hub();
    for body in [
        "8\r\n12345678\r\n0\r\n\r\n",
        "3\r\n123\r\n005\r\n45678\r\n000\r\n\r\n",
        "8;name=\"a;b\";other\r\n12345678\r\n0 \t;last\r\n\r\n",
        "8\r\n12345678\r\n0\r\nX-Digest: abc\r\nHost: other\r\n\r\n",
    ] {
        let next = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
        let whole = format!("{CHUNKED}{body}{next}");
        let byte_by_byte: Vec<&[u8]> = whole.as_bytes().chunks(1).collect();
        for parts in [vec![whole.as_bytes()], byte_by_byte] {
            let mut client = server.connect();
            client.stream.set_nodelay(true).unwrap();
            for part in parts {
                client.send(part);
            }
            let answer = client.answer(false);
            assert_eq!((answer.status, answer.text()), (202, "text/a 12345678\n"), "{body:?}");
            assert_eq!(client.answer(false).text(), "ok\n", "{body:?}");
        }
    }
    let mut client = server.connect();
    client.send(CHUNKED.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
    assert_eq!(client.answer(false).status, 100);
    client.send("2\r\nok\r\n0\r\n\r\n");
    assert_eq!(client.answer(false).text(), "text/a ok\n");
}

#[test]
fn chunks_that_could_be_read_in_two_ways_end_the_connection() {
    let server = hub();
    let long = "x".repeat(20_000);
    for (what, body, status) in [
        ("no size", "\r\n".to_owned(), 400),
        ("no number", "x\r\n".to_owned(), 400),
        ("a sign", "+8\r\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a prefix", "0x8\r\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a space before", " 8\r\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a space behind", "8 \r\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a bare line feed behind the size", "8\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a bare line feed in an extension", "8;a\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a carriage return in an extension", "8;a\rb\r\n12345678\r\n0\r\n\r\n".to_owned(), 400),
        ("a chunk without its end", "8\r\n123456789\r\n0\r\n\r\n".to_owned(), 400),
        ("a chunk that ends in a line feed", "2\r\n12\n0\r\n\r\n".to_owned(), 400),
        ("a size of 2^64", "10000000000000000\r\n".to_owned(), 400),
        ("many digits", "0".repeat(17) + "\r\n", 400),
        ("too long", "3e9\r\n".to_owned(), 413),
        ("far too long", "ffffffffffffffff\r\n".to_owned(), 413),
        ("too long together", "1f4\r\n".to_owned() + &"x".repeat(500) + "\r\n1f5\r\n", 413),
        ("an endless extension", format!("1;{long}"), 400),
        ("endless extensions", "1;abcdefgh\r\nx\r\n".repeat(999) + &format!("0;{long}"), 400),
        ("endless trailers", format!("0\r\nX-A: {long}"), 431),
        ("many trailers", "0\r\n".to_owned() + &"X-A: bcdefghij\r\n".repeat(2000), 431),
        ("a trailer that is none", "0\r\nGET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("a folded trailer", "0\r\nX-A: b\r\n c\r\n\r\n".to_owned(), 400),
        ("a trailer behind a bare line feed", "0\r\nX-A: b\n\r\n".to_owned(), 400),
    ] {
        let mut client = server.connect();
        client.send(format!("{CHUNKED}{body}"));
        let answer = client.answer(false);
        assert_eq!((answer.status, answer.field("connection")), (status, Some("close")), "{what}");
        assert!(client.rest().is_empty(), "{what}");
    }
    assert_eq!(server.get("/livez", "").status, 200);
}

#[test]
fn chunks_that_do_not_come_are_waited_for_within_bounds() {
    let hub: Arc<dyn Endpoint> = Arc::new(Echo);
    let limits = Limits { body: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(Parts { hub: Some(hub), ..parts() }, Settings { limits, ..Settings::default() });
    for begun in ["", "8\r\n1234", "8\r\n12345678\r\n0\r\nX-"] {
        let mut client = server.connect();
        client.send(format!("{CHUNKED}{begun}"));
        let answer = client.answer(false);
        assert_eq!((answer.status, answer.field("connection")), (408, Some("close")), "{begun:?}");
    }
}

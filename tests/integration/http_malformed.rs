//! Requests that two parsers could understand differently, and what is no HTTP at all: RFC 9112 §11.2.

use std::io::Write;

use seedcast::http::{Limits, Settings};

use crate::http_site::{Server, parts};

#[test]
fn ambiguous_heads_are_refused_and_end_the_connection() {
    let server = Server::plain();
    let get = "GET /rss.xml HTTP/1.1\r\nHost: h\r\n";
    let post = "POST /rss.xml HTTP/1.1\r\nHost: h\r\n";
    for (what, head, status) in [
        ("both lengths", format!("{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
        ("both, other order", format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"), 400),
        ("two lengths", format!("{post}Content-Length: 4\r\nContent-Length: 5\r\n\r\n"), 400),
        ("the same length twice", format!("{post}Content-Length: 4\r\nContent-Length: 4\r\n\r\n"), 400),
        ("a list of lengths", format!("{post}Content-Length: 4, 4\r\n\r\n"), 400),
        ("signed length", format!("{post}Content-Length: +4\r\n\r\n"), 400),
        ("negative length", format!("{post}Content-Length: -4\r\n\r\n"), 400),
        ("hexadecimal length", format!("{post}Content-Length: 0x4\r\n\r\n"), 400),
        ("no length in Content-Length", format!("{post}Content-Length: \r\n\r\n"), 400),
        ("too great a length", format!("{post}Content-Length: 99999999999999999999999\r\n\r\n"), 400),
        ("unknown coding", format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n"), 501),
        ("disguised coding", format!("{post}Transfer-Encoding: xchunked\r\n\r\n"), 501),
        ("two codings", format!("{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
        ("chunks in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), 400),
        ("folded line", format!("{get}X-A: b\r\n c\r\n\r\n"), 400),
        ("folded length", format!("{post}Content-Length:\r\n 4\r\n\r\n"), 400),
        ("space before colon", format!("{get}X-A : b\r\n\r\n"), 400),
        ("no name", format!("{get}: b\r\n\r\n"), 400),
        ("no colon", format!("{get}X-A\r\n\r\n"), 400),
        ("bare line feeds", "GET /rss.xml HTTP/1.1\nHost: h\n\n".to_owned(), 400),
        ("one bare line feed", "GET /rss.xml HTTP/1.1\r\nHost: h\r\nX-A: b\nX-B: c\r\n\r\n".to_owned(), 400),
        ("bare carriage return", format!("{get}X-A: b\rX-B: c\r\n\r\n"), 400),
        ("NUL in a value", format!("{get}X-A: b\0c\r\n\r\n"), 400),
        ("no Host", "GET /rss.xml HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("two Hosts", format!("{get}Host: h\r\n\r\n"), 400),
        ("Host with a path", "GET /rss.xml HTTP/1.1\r\nHost: h/x\r\n\r\n".to_owned(), 400),
        ("Host with user", "GET /rss.xml HTTP/1.1\r\nHost: a@h\r\n\r\n".to_owned(), 400),
        ("two Hosts in one", "GET /rss.xml HTTP/1.1\r\nHost: a, b\r\n\r\n".to_owned(), 400),
        ("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("tab for space", "GET\t/rss.xml\tHTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("HTTP/0.9", "GET /rss.xml\r\n".to_owned(), 400),
        ("Host with a bracket", "GET /livez HTTP/1.1\r\nHost: [\r\n\r\n".to_owned(), 400),
        ("Host with half an address", "GET /livez HTTP/1.1\r\nHost: [::1\r\n\r\n".to_owned(), 400),
        ("Host with brackets round a name", "GET /livez HTTP/1.1\r\nHost: [a]\r\n\r\n".to_owned(), 400),
        ("Host with an address and more", "GET /livez HTTP/1.1\r\nHost: [::1]a\r\n\r\n".to_owned(), 400),
        ("Host with two ports", "GET /livez HTTP/1.1\r\nHost: a:b:c\r\n\r\n".to_owned(), 400),
        ("Host with a port of letters", "GET /livez HTTP/1.1\r\nHost: a:b\r\n\r\n".to_owned(), 400),
        ("Host with a port alone", "GET /livez HTTP/1.1\r\nHost: :80\r\n\r\n".to_owned(), 400),
        ("Host with half an escape", "GET /livez HTTP/1.1\r\nHost: a%4\r\n\r\n".to_owned(), 400),
        ("a URL without a host", "GET http:///livez HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("a URL with a port of letters", "GET http://x:abc/livez HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("a URL with half an address", "GET http://[::1/livez HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("a URL with a user", "GET http://u@h/livez HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("a URL without a host but a query", "GET http://?x HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("a version to come", "GET /rss.xml HTTP/3.0\r\nHost: h\r\n\r\n".to_owned(), 505),
        ("HTTP/2 without its preface", "GET /rss.xml HTTP/2.0\r\nHost: h\r\n\r\n".to_owned(), 505),
        ("a version of nothing", "GET /rss.xml FTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("another expectation", format!("{get}Expect: a-miracle\r\n\r\n"), 417),
        ("rubbish", "\x01\x02\x03 rubbish\r\n\r\n".to_owned(), 400),
        ("SSH", "SSH-2.0-OpenSSH_9.2\r\n".to_owned(), 400),
    ] {
        let mut client = server.connect();
        // What a smuggler would hide behind it.
        client.send(format!("{head}GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"));
        let answer = client.answer(false);
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.field("connection"), Some("close"), "{what}");
        assert!(client.rest().is_empty(), "{what}: something came after the refusal");
    }
    assert_eq!(server.get("/rss.xml", "").status, 200);
    assert_eq!(server.state.counters().panics(), 0);
}

#[test]
fn whoever_can_be_asked_may_be_named() {
    let server = Server::plain();
    for host in [
        "",
        "h",
        "h:",
        "h:80",
        "my_host.example.:8080",
        "192.0.2.1:80",
        "[::1]",
        "[2001:db8::1]:80",
        "[fe80::1%eth0]",
        "a%C3%A4",
    ] {
        let mut client = server.connect();
        client.send(format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(client.answer(false).status, 200, "{host}");
        if !host.is_empty() {
            assert_eq!(server.get(&format!("http://{host}/livez"), "").status, 200, "{host}");
        }
    }
}

#[test]
fn a_body_that_nobody_wants_is_never_taken_for_a_request() {
    let server = Server::plain();
    let hidden = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
    for method in ["GET", "HEAD", "POST", "BREW"] {
        let mut client = server.connect();
        let len = hidden.len();
        client.send(format!("{method} /rss.xml HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n{hidden}"));
        assert_eq!(client.answer(method == "HEAD").field("connection"), Some("close"), "{method}");
        assert!(client.rest().is_empty(), "{method}");

        let mut client = server.connect();
        client.send(format!(
            "{method} /rss.xml HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        ));
        assert_eq!(client.answer(method == "HEAD").field("connection"), Some("close"), "{method}");
        assert!(client.rest().is_empty(), "{method}");
    }
}

#[test]
fn a_tls_hello_gets_a_quick_close() {
    let server = Server::plain();
    let mut client = server.connect();
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03rest of the hello");
    assert!(client.rest().is_empty());
}

#[test]
fn empty_lines_before_a_request_are_skipped() {
    let server = Server::plain();
    let mut client = server.connect();
    client.send("\r\n\r\nGET /livez HTTP/1.1\r\nHost: h\r\n\r\n\r\n");
    assert_eq!(client.answer(false).status, 200);
    assert_eq!(client.ask("GET", "/livez", "").status, 200);
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let server = Server::plain();
    let mut client = server.connect();
    client.stream.set_nodelay(true).unwrap();
    for byte in b"GET /livez HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n" {
        client.stream.write_all(&[*byte]).unwrap();
    }
    assert_eq!(client.answer(false).status, 200);
}

#[test]
fn targets_and_heads_have_a_limit() {
    let limits = Limits { head_bytes: 2000, uri_bytes: 300, ..Limits::default() };
    let server = Server::start(parts(), Settings { limits, ..Settings::default() });
    for (what, request, status) in [
        ("long target", format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(301)), 414),
        ("long query", format!("GET /rss.xml?{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(301)), 414),
        ("target without end", format!("GET /{}", "a".repeat(3000)), 414),
        ("large field", format!("GET /rss.xml HTTP/1.1\r\nHost: h\r\nCookie: {}\r\n\r\n", "a".repeat(3000)), 431),
        ("field without end", format!("GET /rss.xml HTTP/1.1\r\nHost: h\r\nCookie: {}", "a".repeat(3000)), 431),
        ("many fields", format!("GET /rss.xml HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(100)), 431),
        ("method without end", "A".repeat(3000), 431),
        ("at the limit", format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(299)), 404),
    ] {
        let mut client = server.connect();
        client.send(request);
        assert_eq!(client.answer(false).status, status, "{what}");
    }
}

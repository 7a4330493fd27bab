//! What clients cannot do to others: slow ones, many connections, many requests.

use std::io::Read;
use std::time::Duration;

use seedcast::feed::Document;
use seedcast::http::{ForwardedField, Limits, Settings, TrustedProxies};

use crate::http_site::{Client, FRESH, Server, changed, encoding, parts};

const SHORT: Duration = Duration::from_millis(150);

fn with_limits(limits: Limits) -> Server {
    Server::start(parts(), Settings { limits, ..Settings::default() })
}

#[test]
fn a_client_that_says_nothing_is_closed() {
    let server = with_limits(Limits { first_byte: SHORT, ..Limits::default() });
    assert!(server.connect().rest().is_empty());
    assert_eq!(server.state.counters().timeouts(), 1);
}

#[test]
fn a_head_that_does_not_end_is_closed_with_408() {
    let server = with_limits(Limits { head: SHORT, ..Limits::default() });
    let mut client = server.connect();
    client.send("GET /rss.xml HTTP/1.1\r\nHost: h\r\nX-");
    assert_eq!(client.answer(false).status, 408);
    assert!(client.rest().is_empty());
    // Half of the preface of HTTP/2 is a head that does not end, too.
    let mut client = server.connect();
    client.send("PRI * HTTP/2");
    assert_eq!(client.answer(false).status, 408);
}

#[test]
fn a_head_that_trickles_is_closed_however_lively_it_is() {
    let server = with_limits(Limits { head: SHORT, ..Limits::default() });
    let mut client = server.connect();
    client.send("GET /rss.xml HTTP/1.1\r\nHost: h\r\n");
    client.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut answered = [0; 12];
    let mut sent = 0;
    while client.stream.read(&mut answered).is_err() {
        client.send(format!("X-{sent}: y\r\n"));
        sent += 1;
        assert!(sent < 100, "still open");
    }
    assert_eq!(&answered, b"HTTP/1.1 408");
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let server = with_limits(Limits { idle: SHORT, ..Limits::default() });
    let mut client = server.connect();
    assert_eq!(client.ask("GET", "/rss.xml", "").status, 200);
    assert!(client.rest().is_empty());
    assert_eq!(server.state.counters().timeouts(), 0);
}

#[test]
fn a_client_that_does_not_read_is_closed_while_others_are_served() {
    let server = with_limits(Limits { write: SHORT, ..Limits::default() });
    let large = Document::new("application/rss+xml; charset=utf-8", vec![b'x'; 32 << 20], changed(), FRESH, None);
    server.published.slot("/rss.xml").unwrap().publish(large);
    let mut slow = server.connect();
    slow.send("GET /rss.xml HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut first = [0; 1];
    slow.stream.read_exact(&mut first).unwrap();
    while server.state.counters().timeouts() == 0 {
        assert_eq!(server.get("/livez", "").status, 200);
    }
    assert!(slow.rest().len() < 32 << 20, "the rest never came");
}

#[test]
fn connections_are_bounded_in_all() {
    let server = with_limits(Limits { connections: 3, ..Limits::default() });
    let mut open: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut open {
        assert_eq!(client.ask("GET", "/livez", "").status, 200);
    }
    assert!(server.connect().rest().is_empty());
    assert_eq!(server.state.open_connections(), 3);
    assert_eq!(server.state.counters().refused(), 1);
    // Just then somebody wants to know what is wrong.
    assert_eq!(Client::to_admin(server.admin).ask("GET", "/livez", "").status, 200);
    drop(open.pop());
    while server.state.open_connections() == 3 {
        std::thread::yield_now();
    }
    assert_eq!(server.get("/livez", "").status, 200);
}

#[test]
fn connections_of_one_address_are_bounded_unless_it_is_a_trusted_proxy() {
    let limits = Limits { connections_per_address: 2, exempts_loopback: false, ..Limits::default() };
    let server = with_limits(limits.clone());
    let mut open: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for client in &mut open {
        assert_eq!(client.ask("GET", "/livez", "").status, 200);
    }
    assert!(server.connect().rest().is_empty());

    let trusted_proxies = TrustedProxies::new(["127.0.0.0/8"]).unwrap();
    let server = Server::start(parts(), Settings { limits, trusted_proxies, ..Settings::default() });
    let mut open: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for client in &mut open {
        assert_eq!(client.ask("GET", "/livez", "").status, 200);
    }
}

fn slow_rate(burst: u32) -> Limits {
    Limits { requests_per_second: 0.001, request_burst: burst, exempts_loopback: false, ..Limits::default() }
}

#[test]
fn too_many_requests_get_429_but_304s_are_free() {
    let server = with_limits(slow_rate(3));
    let tag = server.get("/rss.xml", "").etag().to_owned();
    for _ in 0..20 {
        assert_eq!(server.get("/rss.xml", &format!("If-None-Match: {tag}\r\n")).status, 304);
    }
    // A reader polls a new feed twice without a validator.
    assert_eq!(server.get("/rss.xml", "").status, 200);
    assert_eq!(server.get("/rss.xml", &encoding("gzip")).status, 200);
    let refused = server.get("/rss.xml", "");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.field("cache-control"), Some("no-store"));
    assert_eq!(refused.field("access-control-allow-origin"), Some("*"));
    assert!(refused.field("retry-after").unwrap().parse::<u64>().unwrap() > 900);
    assert!(refused.body.len() < 30);
    assert_eq!(server.get("/rss.xml", &format!("If-None-Match: {tag}\r\n")).status, 304);
    assert_eq!(server.get("/livez", "").status, 200, "probes are not counted");
}

#[test]
fn a_feed_fetched_whole_again_and_again_by_one_program_gets_429() {
    let limits = Limits { unconditional_per_hour: 3, exempts_loopback: false, ..Limits::default() };
    let server = with_limits(limits);
    let agent = |name: &str| format!("User-Agent: {name}\r\n");
    for _ in 0..3 {
        assert_eq!(server.get("/rss.xml", &agent("heedless/1")).status, 200);
    }
    let refused = server.get("/rss.xml", &agent("heedless/1"));
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.field("retry-after").unwrap().parse().unwrap();
    assert!((1000..=1201).contains(&wait), "until its next turn: {wait}");
    // Never a ban: who says what it has is served, and so are other programs there, other documents and people's pages.
    let changed = format!("{}If-None-Match: \"older\"\r\n", agent("heedless/1"));
    assert_eq!(server.get("/rss.xml", &changed).status, 200);
    assert_eq!(server.get("/rss.xml", &agent("other/1")).status, 200);
    assert_eq!(server.connect().ask("HEAD", "/rss.xml", &agent("heedless/1")).status, 200);
    for _ in 0..10 {
        assert_eq!(server.get("/feeds/world/", &agent("browser/1")).status, 200);
    }
    let at_home = with_limits(Limits { unconditional_per_hour: 1, ..Limits::default() });
    for _ in 0..10 {
        assert_eq!(at_home.get("/rss.xml", "").status, 200, "this machine itself is exempt");
    }
}

#[test]
fn what_was_taken_comes_back_with_time() {
    let limits = Limits { requests_per_second: 50.0, request_burst: 1, exempts_loopback: false, ..Limits::default() };
    let server = with_limits(limits);
    let mut client = server.connect();
    assert_eq!(client.ask("GET", "/rss.xml", "").status, 200);
    let mut refused = 0;
    while client.ask("GET", "/rss.xml", "").status == 429 {
        refused += 1;
    }
    assert!(refused > 0);
}

#[test]
fn the_client_behind_a_trusted_proxy_is_the_last_it_vouches_for() {
    let trusted_proxies = TrustedProxies::new(["127.0.0.1", "10.0.0.0/8"]).unwrap();
    let server = Server::start(parts(), Settings { limits: slow_rate(1), trusted_proxies, ..Settings::default() });
    for (lines, status) in [
        ("X-Forwarded-For: 198.51.100.1\r\n", 200),
        ("X-Forwarded-For: 198.51.100.1\r\n", 429),
        ("X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n", 429),
        ("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1, 10.1.2.3\r\n", 429),
        ("X-Forwarded-For: 198.51.100.1:4711\r\n", 429),
        ("X-Forwarded-For: 203.0.113.9\r\n", 200),
        ("X-Forwarded-For: 2001:db8:1:2::3\r\n", 200),
        // The same /64 is the same client.
        ("X-Forwarded-For: [2001:db8:1:2:ffff::1]:4711\r\n", 429),
        // The other field may be the client's own.
        ("Forwarded: for=198.51.100.30\r\nX-Forwarded-For: 198.51.100.1\r\n", 429),
        ("Forwarded: for=198.51.100.1\r\nX-Forwarded-For: 198.51.100.31\r\n", 200),
        // What cannot be read counts for the last that can.
        ("X-Forwarded-For: 198.51.100.40, unknown, 10.1.1.1\r\n", 200),
        ("X-Forwarded-For: 10.1.1.1\r\n", 429),
        ("X-Forwarded-For: 198.51.100.40, unknown\r\n", 200),
        ("Forwarded: for=unknown\r\n", 429),
        ("", 429),
    ] {
        assert_eq!(server.get("/rss.xml", lines).status, status, "{lines}");
    }
}

#[test]
fn proxies_may_write_the_newer_field_and_then_the_older_one_is_not_read() {
    let trusted_proxies = TrustedProxies::new(["127.0.0.1", "10.0.0.0/8"]).unwrap().writing(ForwardedField::Forwarded);
    let limits = Limits { exempts_loopback: true, ..slow_rate(1) };
    let server = Server::start(parts(), Settings { limits, trusted_proxies, ..Settings::default() });
    for (lines, status) in [
        ("Forwarded: for=198.51.100.1;proto=https\r\n", 200),
        ("Forwarded: for=198.51.100.1\r\nX-Forwarded-For: 198.51.100.2\r\n", 429),
        ("Forwarded: for=198.51.100.7, proto=http;For=\"[2001:db8:1:2::3]:99\", for=10.1.2.3\r\n", 200),
        ("Forwarded: for=\"[2001:db8:1:2:ffff::1]\"\r\n", 429),
        ("Forwarded: for=\"[2001:db8:1:3::1]\"\r\n", 200),
        // This machine is exempt only where it asks for itself.
        ("", 200),
        ("X-Forwarded-For: unknown\r\n", 200),
        ("Forwarded: for=unknown\r\n", 200),
        ("Forwarded: for=198.51.100.50, for=_hidden\r\n", 429),
        ("Forwarded: proto=https\r\n", 429),
        ("", 200),
    ] {
        assert_eq!(server.get("/rss.xml", lines).status, status, "{lines}");
    }
}

#[test]
fn strangers_cannot_speak_for_others() {
    let server = with_limits(slow_rate(1));
    assert_eq!(server.get("/rss.xml", "X-Forwarded-For: 198.51.100.1\r\n").status, 200);
    assert_eq!(server.get("/rss.xml", "X-Forwarded-For: 198.51.100.2\r\n").status, 429);
}

#[test]
fn new_settings_hold_on_open_connections() {
    let server = Server::plain();
    let mut client = server.connect();
    assert_eq!(client.ask("GET", "/news/rss.xml", "").status, 404);
    let mut settings = Settings::clone(&server.state.settings());
    "/news".clone_into(&mut settings.base_path);
    server.state.reload(settings);
    assert_eq!(client.ask("GET", "/news/rss.xml", "").status, 200);
}

//! Pages rendered when asked for, requests with a body, and the admin listener.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

use hyper::StatusCode;
use seedcast::feed::{Coding, Document};
use seedcast::http::{
    AbsencePages, Accepted, Admin, AdminAnswer, AdminNames, Endpoint, Limits, Observer, OnDemand, Parts, Readiness,
    Rendered, Settings, Submission,
};
use seedcast::ops::{Answered, RequestLine};

use crate::http_prepared::over_http_2;
use crate::http_site::{CHANGED, Client, FRESH, NOW, Server, changed, encoding, parts};

/// Renders pages of `/items/…`, counts, and can be held up.
#[derive(Default)]
struct Pages {
    rendered: AtomicUsize,
    word: Mutex<String>,
    held: Mutex<bool>,
    released: Condvar,
    begun: Option<Barrier>,
}

impl Pages {
    fn release(&self) {
        *self.held.lock().unwrap() = false;
        self.released.notify_all();
    }
}

impl OnDemand for Pages {
    fn render(&self, path: &str) -> Rendered {
        self.rendered.fetch_add(1, Ordering::SeqCst);
        let word = self.word.lock().unwrap().clone();
        if let Some(begun) = self.begun.as_ref().filter(|_| *self.held.lock().unwrap()) {
            begun.wait();
        }
        let held = self.held.lock().unwrap();
        drop(self.released.wait_while(held, |held| *held).unwrap());
        match path {
            "/items/gone/" => Rendered::Gone,
            "/items/moved/" => Rendered::Redirect("/items/one/".to_owned()),
            "/items/away/" => Rendered::Redirect("https://elsewhere.example/".to_owned()),
            "/items/broken/" => Rendered::Failed,
            "/items/panic/" => panic!("a bug"),
            path if path.starts_with("/items/") => {
                let bytes = format!("<!doctype html><title>{word}</title>{}", "text ".repeat(200)).into_bytes();
                Rendered::Found(Document::new("text/html; charset=utf-8", bytes, changed(), FRESH, None).compress())
            }
            _ => Rendered::Missing,
        }
    }
}

fn site(pages: &Arc<Pages>, settings: Settings) -> Server {
    let on_demand = Arc::clone(pages);
    Server::start(Parts { on_demand, ..parts() }, settings)
}

#[test]
fn a_page_is_rendered_once_and_negotiated_like_any_document() {
    let pages = Arc::new(Pages::default());
    let server = site(&pages, Settings::default());
    let first = server.get("/items/one/", &encoding("gzip"));
    assert_eq!((first.status, first.field("content-encoding")), (200, Some("gzip")));
    assert!(first.field("content-security-policy").is_some());
    assert_eq!(
        server.get("/items/one/", &format!("{}If-None-Match: {}\r\n", encoding("gzip"), first.etag())).status,
        304
    );
    assert_eq!(server.get("/items/one/?utm_source=x", "").status, 200);
    assert_eq!(server.connect().ask("HEAD", "/items/one/", "").status, 200);
    assert_eq!(pages.rendered.load(Ordering::SeqCst), 1);
}

#[test]
fn what_is_no_page_has_its_own_answer_each_time() {
    let pages = Arc::new(Pages::default());
    let server = site(&pages, Settings { base_path: "/news".to_owned(), ..Settings::default() });
    for (path, status, location) in [
        ("/news/items/gone/", 410, None),
        ("/news/nothing", 404, None),
        ("/news/items/moved/?a=b", 308, Some("/news/items/one/?a=b")),
        ("/news/items/away/", 308, Some("https://elsewhere.example/")),
        ("/news/items/broken/", 503, None),
        ("/news/items/panic/", 500, None),
    ] {
        let answer = server.get(path, "");
        assert_eq!((answer.status, answer.field("location")), (status, location), "{path}");
        assert!(answer.body.len() < 60);
    }
    assert_eq!(server.state.counters().panics(), 1);
    server.get("/news/items/gone/", "");
    assert_eq!(pages.rendered.load(Ordering::SeqCst), 8, "once each; twice what is looked for with the base path too");
}

#[test]
fn a_browser_gets_a_page_where_there_is_nothing_and_a_program_a_line() {
    let pages = Arc::new(Pages::default());
    let html = |text: &str| Some(format!("<!doctype html><title>{text}</title>").into());
    let absence = AbsencePages { missing: html("Nothing"), gone: html("Withdrawn") };
    let server = site(&pages, Settings { absence, ..Settings::default() });
    let browser = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";
    for (path, status, title, line) in [
        ("/nothing", 404, "Nothing", "not found\n"),
        ("//nothing", 404, "Nothing", "not found\n"),
        ("/items/gone/", 410, "Withdrawn", "gone\n"),
    ] {
        let page = server.get(path, browser);
        assert_eq!((page.status, page.field("content-type")), (status, Some("text/html; charset=utf-8")), "{path}");
        assert!(page.text().contains(title) && page.field("content-security-policy").is_some(), "{path}");
        for lines in ["", "Accept: */*\r\n", "Accept: application/atom+xml, text/html;q=0\r\n"] {
            let answer = server.get(path, lines);
            let told = (answer.status, answer.field("content-type"), answer.text());
            assert_eq!(told, (status, Some("text/plain; charset=utf-8"), line), "{path} {lines}");
            assert_eq!(answer.field("vary"), Some("Accept-Encoding, Accept"), "{path} {lines}");
        }
        assert_eq!(page.field("vary"), Some("Accept-Encoding, Accept"), "{path}");
        assert_eq!(page.field("cache-control"), Some("no-store"), "{path}");
        let head = server.connect().ask("HEAD", path, browser);
        let length = page.body.len().to_string();
        assert_eq!((head.status, head.field("content-length")), (status, Some(length.as_str())), "{path}");
        assert_eq!(head.field("content-type"), page.field("content-type"), "{path}");
    }
}

#[test]
fn simultaneous_requests_share_one_rendering() {
    let pages = Arc::new(Pages { held: Mutex::new(true), begun: Some(Barrier::new(2)), ..Pages::default() });
    let server = site(&pages, Settings::default());
    let mut clients: Vec<Client> = (0..8).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET /items/one/ HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    pages.begun.as_ref().unwrap().wait();
    pages.release();
    for client in &mut clients {
        assert_eq!(client.answer(false).status, 200);
    }
    assert_eq!(pages.rendered.load(Ordering::SeqCst), 1);
}

#[test]
fn an_invalidated_page_is_rendered_anew_even_if_it_was_being_rendered() {
    let pages = Arc::new(Pages { held: Mutex::new(true), begun: Some(Barrier::new(2)), ..Pages::default() });
    *pages.word.lock().unwrap() = "before".to_owned();
    let server = site(&pages, Settings::default());
    let mut early = server.connect();
    early.send("GET /items/one/ HTTP/1.1\r\nHost: h\r\n\r\n");
    pages.begun.as_ref().unwrap().wait();
    *pages.word.lock().unwrap() = "after".to_owned();
    server.state.invalidate("/items/one/");
    pages.release();
    assert!(early.answer(false).text().contains("before"));
    assert!(server.get("/items/one/", "").text().contains("after"));
    *pages.word.lock().unwrap() = "later".to_owned();
    assert!(server.get("/items/one/", "").text().contains("after"), "kept until invalidated");
    server.state.reload(Settings::default());
    assert!(server.get("/items/one/", "").text().contains("later"));
}

#[test]
fn pages_beyond_the_room_push_out_the_oldest() {
    let pages = Arc::new(Pages::default());
    let limits = Limits { rendered_bytes: 10_000, ..Limits::default() };
    let server = site(&pages, Settings { limits, ..Settings::default() });
    for n in 0..50 {
        assert_eq!(server.get(&format!("/items/{n}/"), "").status, 200);
    }
    assert_eq!(pages.rendered.load(Ordering::SeqCst), 50);
    server.get("/items/49/", "");
    assert_eq!(pages.rendered.load(Ordering::SeqCst), 50, "the newest is at hand");
    server.get("/items/0/", "");
    assert_eq!(pages.rendered.load(Ordering::SeqCst), 51, "the oldest was pushed out");
}

#[test]
fn a_page_is_kept_under_one_address_however_its_escapes_are_written() {
    let pages = Arc::new(Pages::default());
    let server = site(&pages, Settings { base_path: "/news".to_owned(), ..Settings::default() });
    for (asked, to) in [
        ("/items/d%c3%bc/?q=%c3", "/news/items/d%C3%BC/?q=%c3"),
        ("/news/items/%61%7eb/", "/news/items/a~b/"),
        ("/rss%2exml", "/news/rss.xml"),
        ("/items/%2561%2f/", "/news/items/%2561%2F/"),
    ] {
        let answer = server.get(asked, "");
        assert_eq!((answer.status, answer.field("location")), (308, Some(to)), "{asked}");
        let to = to.split('?').next().unwrap();
        assert_eq!(server.get(to, "").status, 200, "{to}");
    }
    assert_eq!(server.get("//elsewhere.example/%61", "").status, 404, "never to another site");
    *pages.word.lock().unwrap() = "after".to_owned();
    server.state.invalidate("/items/d%C3%BC/");
    assert!(server.get("/items/d%C3%BC/", "").text().contains("after"));
}

#[test]
fn who_has_a_page_gets_304_also_when_it_has_to_be_made_and_no_request_is_left() {
    let pages = Arc::new(Pages::default());
    let limits = Limits { requests_per_second: 0.001, request_burst: 2, exempts_loopback: false, ..Limits::default() };
    let server = site(&pages, Settings { limits, ..Settings::default() });
    let has_it = format!("If-None-Match: {}\r\n", server.get("/items/one/", "").etag());
    let dated = format!("If-Modified-Since: {CHANGED}\r\n");
    let other = "If-None-Match: \"another\"\r\n";
    assert_eq!(server.get("/items/one/", other).status, 200);
    assert_eq!(server.get("/items/one/", "").status, 429);
    for _ in 0..30 {
        for lines in [&has_it, &dated] {
            server.state.invalidate("/items/one/");
            assert_eq!(server.get("/items/one/", lines).status, 304);
        }
    }
    let before = pages.rendered.load(Ordering::SeqCst);
    for _ in 0..50 {
        server.state.invalidate("/items/one/");
        assert_eq!(server.get("/items/one/", other).status, 429, "what is no 304 is paid for");
    }
    let made = pages.rendered.load(Ordering::SeqCst) - before;
    assert_eq!(made, 20, "a tag that fits nothing is no way around the limit");
}

/// One page whose time says nothing.
struct Undated;

impl OnDemand for Undated {
    fn render(&self, _: &str) -> Rendered {
        let page = Document::new("text/html; charset=utf-8", b"words".to_vec(), changed(), FRESH, None);
        Rendered::Found(page.undated())
    }
}

#[test]
fn a_page_without_a_time_is_known_by_its_tag_alone() {
    let server = Server::start(Parts { on_demand: Arc::new(Undated), ..parts() }, Settings::default());
    let page = server.get("/items/one/", "");
    assert_eq!((page.status, page.field("last-modified")), (200, None));
    for (lines, status) in [
        (format!("If-None-Match: {}\r\n", page.etag()), 304),
        (format!("If-Modified-Since: {CHANGED}\r\n"), 200),
        (format!("If-Modified-Since: {NOW}\r\n"), 200),
        ("If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n".to_owned(), 200),
    ] {
        assert_eq!(server.get("/items/one/", &lines).status, status, "{lines}");
    }
}

/// Takes everything at `/hub` and says what it was.
pub(crate) struct Echo;

impl Endpoint for Echo {
    fn takes(&self, path: &str) -> bool {
        path == "/hub"
    }

    fn submit(&self, submission: Submission) -> Pin<Box<dyn Future<Output = Accepted> + Send + '_>> {
        Box::pin(async move {
            let body = String::from_utf8(submission.body).unwrap();
            assert_ne!(body, "panic", "a bug");
            let text = format!("{} {body}\n", submission.content_type.unwrap_or_default());
            let content_type = "text/plain; charset=utf-8";
            let retry_after_seconds = (body == "later").then_some(7);
            Accepted { status: StatusCode::ACCEPTED, content_type, text, retry_after_seconds }
        })
    }
}

/// A server with a hub that takes bodies of up to 1000 bytes.
pub(crate) fn hub() -> Server {
    let limits = Limits { body_bytes: 1000, ..Limits::default() };
    Server::start(Parts { hub: Some(Arc::new(Echo)), ..parts() }, Settings { limits, ..Settings::default() })
}

#[test]
fn the_hub_gets_whole_bodies_and_scripts_of_other_sites_do_not_get_its_answer() {
    let server = hub();
    let mut client = server.connect();
    client.send("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Type: text/a\r\nContent-Length: 8\r\n\r\n12");
    client.send("345678GET /livez HTTP/1.1\r\nHost: h\r\n\r\n");
    let answer = client.answer(false);
    assert_eq!((answer.status, answer.text()), (202, "text/a 12345678\n"));
    assert_eq!(answer.field("access-control-allow-origin"), None);
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert_eq!(client.answer(false).text(), "ok\n", "the next request begins behind the body");
}

#[test]
fn the_hub_says_continue_when_it_is_expected() {
    let server = hub();
    let mut client = server.connect();
    client.send("POST /hub HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(client.answer(false).status, 100);
    client.send("later");
    let answer = client.answer(false);
    assert_eq!((answer.status, answer.field("retry-after")), (202, Some("7")));
}

#[test]
fn bodies_that_the_hub_cannot_take_are_refused() {
    let server = hub();
    let post = "POST /hub HTTP/1.1\r\nHost: h\r\n";
    for (what, request, status) in [
        ("too long", format!("{post}Content-Length: 1001\r\n\r\n"), 413),
        ("far too long", format!("{post}Content-Length: 18446744073709551615\r\n\r\n"), 413),
        ("too long, asking first", format!("{post}Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n"), 413),
        ("fatal", format!("{post}Content-Length: 5\r\n\r\npanic"), 500),
    ] {
        let mut client = server.connect();
        client.send(request);
        assert_eq!(client.answer(false).status, status, "{what}");
    }
    assert_eq!(server.state.counters().panics(), 1);
}

#[test]
fn a_body_that_does_not_come_is_waited_for_within_bounds() {
    let hub: Arc<dyn Endpoint> = Arc::new(Echo);
    let limits = Limits { body: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(Parts { hub: Some(hub), ..parts() }, Settings { limits, ..Settings::default() });
    let mut client = server.connect();
    client.send("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nbegun");
    let answer = client.answer(false);
    assert_eq!((answer.status, answer.field("connection")), (408, Some("close")));
    assert!(client.rest().is_empty());
    assert_eq!(server.state.counters().timeouts(), 1);
}

#[test]
fn the_hub_allows_post_only() {
    let server = hub();
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = server.connect().ask(method, "/hub", "");
        assert_eq!((answer.status, answer.field("allow")), (405, Some("POST, OPTIONS")), "{method}");
        let (status, fields) = over_http_2(server.address, method, "/hub", &[]);
        let allow = fields.iter().find(|(name, _)| name == "allow").map(|(_, value)| value.as_str());
        assert_eq!((status, allow), (405, Some("POST, OPTIONS")), "{method} over HTTP/2");
    }
    let options =
        server.connect().ask("OPTIONS", "/hub", "Origin: https://x\r\nAccess-Control-Request-Method: POST\r\n");
    assert_eq!((options.status, options.field("allow")), (204, Some("POST, OPTIONS")));
    assert_eq!(options.field("access-control-allow-origin"), None);
    assert_eq!(Server::plain().connect().ask("POST", "/hub", "").status, 405);
}

struct Desk;

impl Admin for Desk {
    fn methods(&self, path: &str) -> Option<&'static str> {
        match path {
            "/nothing" => None,
            "/rescan" => Some("POST, OPTIONS"),
            _ => Some("GET, HEAD, OPTIONS"),
        }
    }

    fn answer(&self, method: &str, path: &str, query: Option<&str>) -> Option<AdminAnswer> {
        let body = format!("{method} {path} {}", query.unwrap_or("-"));
        (path != "/nothing").then_some(AdminAnswer { status: StatusCode::OK, content_type: "text/x-desk", body })
    }
}

impl Readiness for Desk {
    fn reasons_not_ready(&self) -> Vec<String> {
        vec!["first scan under way".to_owned(), "store does not answer".to_owned()]
    }
}

#[test]
fn the_admin_listener_has_its_own_resources() {
    let server = Server::start(Parts { admin: Arc::new(Desk), ..parts() }, Settings::default());
    let ask = |method, path, lines| Client::to_admin(server.admin).ask(method, path, lines);
    let metrics = ask("GET", "/metrics?x=1", "");
    assert_eq!((metrics.status, metrics.text()), (200, "GET /metrics x=1"));
    assert_eq!(metrics.field("content-type"), Some("text/x-desk"));
    assert_eq!(metrics.field("access-control-allow-origin"), None);
    assert_eq!(ask("POST", "/rescan", "").text(), "POST /rescan -");
    assert_eq!(ask("HEAD", "/status", "").field("content-length"), Some("13"));
    assert_eq!(ask("GET", "/nothing", "").status, 404);
    assert_eq!(ask("GET", "/livez", "").text(), "ok\n");
    for (method, path, status, allow) in [
        ("DELETE", "/status", 405, Some("GET, HEAD, OPTIONS")),
        ("POST", "/metrics", 405, Some("GET, HEAD, OPTIONS")),
        ("GET", "/rescan", 405, Some("POST, OPTIONS")),
        ("POST", "/livez", 405, Some("GET, HEAD, OPTIONS")),
        ("OPTIONS", "/rescan", 204, Some("POST, OPTIONS")),
        ("PUT", "/nothing", 404, None),
        ("BREW", "/status", 501, None),
    ] {
        let answer = ask(method, path, "");
        assert_eq!((answer.status, answer.field("allow")), (status, allow), "{method} {path}");
    }
    assert_eq!(server.get("/metrics", "").status, 404, "not on the public listener");
}

#[test]
fn web_pages_cannot_command_the_admin_listener() {
    let server = Server::start(Parts { admin: Arc::new(Desk), ..parts() }, Settings::default());
    for (lines, status) in [
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: none\r\n", 200),
    ] {
        assert_eq!(Client::to_admin(server.admin).ask("POST", "/rescan", lines).status, status, "{lines}");
    }
}

#[test]
fn readiness_says_why_not_and_liveness_stays() {
    let server = Server::start(Parts { readiness: Arc::new(Desk), ..parts() }, Settings::default());
    let ready = server.get("/readyz", "");
    assert_eq!((ready.status, ready.text()), (503, "first scan under way\nstore does not answer\n"));
    assert_eq!(ready.field("retry-after"), Some("5"));
    assert_eq!(server.get("/livez", "").status, 200);
    assert_eq!(Server::plain().get("/readyz", "").text(), "ready\n");
}

/// Keeps a line for each answer.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn answered(&self, answer: &Answered<'_>) {
        let Answered { line, status, coding, body_bytes, is_conditional, user_agent, referrer, client, is_admin } =
            *answer;
        let line = match line {
            RequestLine::Read { method, target, path, protocol } => format!(
                "{method} {target} {path} {status} {coding:?} {body_bytes} {is_conditional} {protocol} {user_agent:?} {referrer:?} {client:?} {is_admin}"
            ),
            RequestLine::Raw(line) => {
                let line = line.escape_ascii();
                format!("\"{line}\" {status} {body_bytes} {client:?} {is_admin}")
            }
        };
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn every_answer_is_observed() {
    let log = Arc::new(Log::default());
    let on_demand = Arc::new(Pages::default());
    let observer: Arc<dyn Observer> = Arc::clone(&log) as _;
    let server = Server::start(Parts { observer, on_demand, ..parts() }, Settings::default());
    let gzip = server.get("/rss.xml?q", &format!("{}User-Agent: reader/1\r\nReferer: http://a/\r\n", encoding("gzip")));
    server.get("/rss.xml", "If-None-Match: *\r\n");
    server.connect().ask("HEAD", "/items/gone/", "");
    Client::to_admin(server.admin).ask("GET", "/livez", "");
    let local = "Some(127.0.0.1)";
    assert_eq!(
        *log.0.lock().unwrap(),
        [
            format!(
                "GET /rss.xml?q /rss.xml 200 {:?} {} false HTTP/1.1 Some(\"reader/1\") Some(\"http://a/\") {local} false",
                Some(Coding::Gzip),
                gzip.body.len()
            ),
            format!("GET /rss.xml /rss.xml 304 {:?} 0 true HTTP/1.1 None None {local} false", Some(Coding::Identity)),
            format!("HEAD /items/gone/ /items/gone/ 410 None 0 false HTTP/1.1 None None {local} false"),
            format!("GET /livez /livez 200 None 3 false HTTP/1.1 None None {local} true"),
        ]
    );
}

#[test]
fn what_is_refused_before_it_is_read_is_observed() {
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = Arc::clone(&log) as _;
    let limits = Limits { head: Duration::from_millis(200), uri_bytes: 300, head_bytes: 600, ..Limits::default() };
    let server = Server::start(Parts { observer, ..parts() }, Settings { limits, ..Settings::default() });
    let long = "x".repeat(400);
    let cases = [
        ("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), r"GET /\x00 HTTP/1.1".to_owned(), "400 12"),
        ("\"\x1b[2J\r\n\r\n".to_owned(), r#"\"\x1b[2J"#.to_owned(), "400 12"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "GET / HTTP/1.1".to_owned(), "400 12"),
        ("GET / HT".to_owned(), "GET / HT".to_owned(), "408 16"),
        (format!("GET /{long} HTTP/1.1\r\n"), format!("GET /{}", &long[..251]), "414 13"),
        (format!("GET / HTTP/1.1\r\nX-A: {long}{long}"), "GET / HTTP/1.1".to_owned(), "431 32"),
        // A handshake of TLS gets no answer.
        ("\x16\x03\x01".to_owned(), r"\x16\x03\x01".to_owned(), "400 0"),
    ];
    for (sent, line, status) in cases {
        for (address, is_admin) in [(server.address, false), (server.admin, true)] {
            let mut client = Client::to(address);
            client.send(&sent);
            client.rest();
            let observed = std::mem::take(&mut *log.0.lock().unwrap());
            assert_eq!(observed, [format!("\"{line}\" {status} Some(127.0.0.1) {is_admin}")]);
        }
    }
    // Nobody has asked for anything.
    drop(server.connect());
    assert_eq!(server.get("/livez", "").status, 200);
    assert_eq!(log.0.lock().unwrap().len(), 1);
}

#[test]
fn a_request_whose_body_is_refused_is_observed_as_what_it_was() {
    let log = Arc::new(Log::default());
    let (hub, observer): (Arc<dyn Endpoint>, Arc<dyn Observer>) = (Arc::new(Echo), Arc::clone(&log) as _);
    let limits = Limits { body_bytes: 10, ..Limits::default() };
    let settings = Settings { limits, ..Settings::default() };
    let server = Server::start(Parts { hub: Some(hub), observer, ..parts() }, settings);
    for (line, status) in [("Content-Length: 11", 413), ("Transfer-Encoding: chunked", 413)] {
        let mut client = server.connect();
        client.send(format!("POST /hub HTTP/1.1\r\nHost: h\r\n{line}\r\n\r\nb\r\n"));
        assert_eq!(client.answer(false).status, status);
        let observed = log.0.lock().unwrap().pop().unwrap();
        assert!(observed.starts_with(&format!("POST /hub /hub {status} ")), "{observed}");
    }
    assert!(log.0.lock().unwrap().is_empty());
}

#[test]
fn what_the_hub_refuses_is_not_for_scripts_of_other_sites_either() {
    let limits = Limits {
        body_bytes: 10,
        body: Duration::from_millis(200),
        requests_per_second: 0.001,
        request_burst: 3,
        exempts_loopback: false,
        ..Limits::default()
    };
    let hub: Arc<dyn Endpoint> = Arc::new(Echo);
    let server = Server::start(Parts { hub: Some(hub), ..parts() }, Settings { limits, ..Settings::default() });
    for (request, status) in [
        ("GET /hub HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ("DELETE /hub HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ("BREW /hub HTTP/1.1\r\nHost: h\r\n\r\n", 501),
        ("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", 413),
        ("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n", 408),
        ("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\npanic", 500),
        ("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 429),
    ] {
        let mut client = server.connect();
        client.send(request);
        let answer = client.answer(false);
        assert_eq!(answer.status, status, "{request}");
        for name in ["access-control-allow-origin", "access-control-expose-headers"] {
            assert_eq!(answer.field(name), None, "{request}");
        }
    }
    assert_eq!(server.get("/nothing", "").field("access-control-allow-origin"), Some("*"));
}

#[test]
fn the_admin_listener_is_asked_by_address_and_not_by_a_name_that_a_page_can_point_here() {
    let server = Server::start(Parts { admin: Arc::new(Desk), ..parts() }, Settings::default());
    let ask = |host: &str| {
        let mut client = Client::to(server.admin);
        client.send(format!("GET /status HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        client.answer(false)
    };
    for host in [
        "127.0.0.1",
        "127.0.0.1:9180",
        "[::1]",
        "[::1]:9180",
        "192.0.2.7:9180",
        "localhost",
        "LocalHost:9180",
        "a.localhost",
    ] {
        assert_eq!(ask(host).status, 200, "{host}");
    }
    for host in ["rebound.example", "rebound.example:9180", "notlocalhost", "127.0.0.1.example", "[fe80::1%x]", ""] {
        let answer = ask(host);
        assert_eq!(answer.status, 421, "{host}");
        assert!(answer.text().contains("`http.admin_listen`") && answer.text().lines().count() == 1, "{host}");
        assert_eq!(answer.field("access-control-allow-origin"), None);
    }
    for (address, name, status) in [
        ("0.0.0.0:9180", "seedcast:9180", 200),
        ("[::]:9180", "seedcast:9180", 200),
        ("seedcast.internal:9180", "SeedCast.internal", 200),
        ("seedcast.internal:9180", "localhost", 200),
        ("seedcast.internal:9180", "rebound.example", 421),
        ("127.0.0.1:9180", "seedcast:9180", 421),
        ("unix:/run/seedcast/admin.sock", "seedcast:9180", 421),
    ] {
        server.state.reload(Settings { admin_names: AdminNames::of(address), ..Settings::default() });
        assert_eq!(ask(name).status, status, "{name} at {address}");
    }
    // No browser speaks HTTP/1.0, and probes that do may leave Host out.
    let mut old = Client::to(server.admin);
    old.send("GET /livez HTTP/1.0\r\n\r\n");
    assert_eq!(old.answer(false).status, 200);
}

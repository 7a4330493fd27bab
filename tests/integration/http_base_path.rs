//! A site below a path, with and without a proxy that takes that off.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::pin::Pin;
use std::sync::Arc;

use hyper::StatusCode;
use seedcast::feed::Document;
use seedcast::http::{Accepted, Endpoint, OnDemand, Parts, Rendered, Settings, Submission};

use crate::http_site::{Answer, FRESH, Server, changed, parts};

/// Renders these, each with its path as the text.
struct Pages;

const PAGES: [&str; 5] =
    ["/archive/1/atom.xml", "/categories/one/atom.xml", "/categories/d%C3%BC/atom.xml", "/categories/two/", "/two/"];

fn page(text: &str) -> Document {
    Document::new("text/html; charset=utf-8", text.as_bytes().to_vec(), changed(), FRESH, None).compress()
}

impl OnDemand for Pages {
    fn render(&self, path: &str) -> Rendered {
        match path {
            path if PAGES.contains(&path) => Rendered::Found(page(path)),
            "/archive/gone/" | "/categories/archive/gone/" => Rendered::Gone,
            _ => Rendered::Missing,
        }
    }
}

/// Takes everything and says where.
struct Hub;

impl Endpoint for Hub {
    fn takes(&self, path: &str) -> bool {
        matches!(path, "/hub" | "/rsscloud/pleaseNotify")
    }

    fn submit(&self, submission: Submission) -> Pin<Box<dyn Future<Output = Accepted> + Send + '_>> {
        Box::pin(async move {
            Accepted {
                status: StatusCode::ACCEPTED,
                content_type: "text/plain",
                text: submission.path,
                retry_after_seconds: None,
            }
        })
    }
}

/// With a front page and the pages of two feeds beside what every site of these tests has.
fn site(base_path: &str) -> Server {
    let settings = Settings { base_path: base_path.to_owned(), ..Settings::default() };
    let server = Server::start(Parts { on_demand: Arc::new(Pages), hub: Some(Arc::new(Hub)), ..parts() }, settings);
    let mut paths = server.published.paths();
    paths.extend(["/", "/feeds/both/", "/both/"].map(str::to_owned));
    server.published.retain_paths(paths);
    for path in ["/", "/feeds/both/", "/both/"] {
        server.published.slot(path).unwrap().publish(page(path));
    }
    server
}

fn post(server: &Server, path: &str) -> Answer {
    server.connect().ask("POST", path, "Content-Length: 0\r\n")
}

/// A redirect to this, which is there whether a proxy takes the base path off or not.
fn check_moved(server: &Server, base_path: &str, asked: &str, to: &str) {
    let answer = server.get(asked, "");
    assert_eq!((answer.status, answer.field("location")), (308, Some(to)), "{asked}");
    let below = to.strip_prefix(base_path).unwrap();
    for path in [to, below] {
        assert_eq!(server.get(path, "").status, 200, "{asked} → {path}");
    }
}

#[test]
fn a_feed_is_reached_where_the_base_path_is_spelled_like_its_own() {
    let server = site("/feeds");
    for path in ["/feeds/world/", "/feeds/feeds/world/", "/feeds/rss.xml", "/rss.xml", "/feeds/", "/", "/feeds/livez"] {
        assert_eq!(server.get(path, "").status, 200, "{path}");
    }
    check_moved(&server, "/feeds", "/feeds/world", "/feeds/feeds/world/");
    check_moved(&server, "/feeds", "/feeds/feed", "/feeds/rss.xml");
    for path in ["/feeds/nothing", "/feeds/feeds/feeds/world/", "/feeds//world/"] {
        assert_eq!(server.get(path, "").status, 404, "{path}");
    }
    let tag = server.get("/feeds/world/", "").etag().to_owned();
    assert_eq!(server.get("/feeds/world/", &format!("If-None-Match: {tag}\r\n")).status, 304);
}

#[test]
fn a_page_on_demand_is_reached_where_the_base_path_is_spelled_like_its_own() {
    let server = site("/archive");
    for path in ["/archive/1/atom.xml", "/archive/archive/1/atom.xml"] {
        let answer = server.get(path, "");
        assert_eq!((answer.status, answer.text()), (200, "/archive/1/atom.xml"), "{path}");
        assert_eq!(server.get(path, &format!("If-None-Match: {}\r\n", answer.etag())).status, 304, "{path}");
    }
    for (path, status) in [("/archive/2/atom.xml", 404), ("/archive/gone/", 410), ("/archive/archive/gone/", 410)] {
        assert_eq!(server.get(path, "").status, status, "{path}");
    }
}

#[test]
fn where_both_readings_are_something_the_one_with_the_base_path_is_meant() {
    let server = site("/feeds");
    assert_eq!(server.get("/feeds/both/", "").text(), "/both/");
    assert_eq!(server.get("/feeds/feeds/both/", "").text(), "/feeds/both/");
    let server = site("/categories");
    assert_eq!(server.get("/categories/two/", "").text(), "/two/");
    assert_eq!(server.get("/categories/categories/two/", "").text(), "/categories/two/");
    // Also when the other one is at hand.
    assert_eq!(server.get("/categories/two/", "").text(), "/two/");
}

#[test]
fn the_hub_is_reached_where_the_base_path_is_spelled_like_its_own() {
    let server = site("/hub");
    for path in ["/hub", "/hub/hub"] {
        let answer = post(&server, path);
        assert_eq!((answer.status, answer.text()), (202, "/hub"), "{path}");
    }
    assert_eq!(server.get("/hub", "").text(), "/", "the front page, for who reads");
    assert_eq!(server.get("/hub/hub", "").status, 405);

    let server = site("/rsscloud");
    for path in ["/rsscloud/pleaseNotify", "/rsscloud/rsscloud/pleaseNotify", "/hub", "/rsscloud/hub"] {
        assert_eq!(post(&server, path).status, 202, "{path}");
        for method in ["GET", "PUT"] {
            let answer = server.connect().ask(method, path, "");
            assert_eq!((answer.status, answer.field("allow")), (405, Some("POST, OPTIONS")), "{method} {path}");
            assert_eq!(answer.field("access-control-allow-origin"), None, "{method} {path}");
        }
    }
    assert_eq!(post(&server, "/rsscloud/").field("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn a_base_path_with_other_escapes_leads_to_the_canonical_address() {
    let server = site("/%C3%A4");
    for (asked, to) in [
        ("/%c3%a4/rss.xml", "/%C3%A4/rss.xml"),
        ("/%c3%A4/feed", "/%C3%A4/rss.xml"),
        ("/%c3%a4", "/%C3%A4/"),
        ("/%C3%A4/rss%2exml", "/%C3%A4/rss.xml"),
        ("/%c3%a4/%6civez", "/%C3%A4/livez"),
        ("/%c3%a4/categories/d%c3%bc/atom.xml", "/%C3%A4/categories/d%C3%BC/atom.xml"),
        ("/categories/d%c3%bc/atom.xml", "/%C3%A4/categories/d%C3%BC/atom.xml"),
    ] {
        check_moved(&server, "/%C3%A4", asked, to);
    }
    assert_eq!(server.get("/%c3%a4/nothing", "").status, 404);
    let server = site("/news");
    check_moved(&server, "/news", "/%6eews/rss.xml", "/news/rss.xml");
    assert_eq!(server.get("/%6eews/rss.xml?a=%c3", "").field("location"), Some("/news/rss.xml?a=%c3"));
}

#[test]
fn escapes_are_made_canonical_by_the_reading_that_is_there() {
    let server = site("/categories");
    for asked in ["/categories/d%c3%bc/atom.xml", "/categories/categories/d%c3%bc/atom.xml"] {
        check_moved(&server, "/categories", asked, "/categories/categories/d%C3%BC/atom.xml");
    }
    check_moved(&server, "/categories", "/categories/rss%2exml", "/categories/rss.xml");
    let server = site("/feeds");
    check_moved(&server, "/feeds", "/feeds/w%6frld/", "/feeds/feeds/world/");
    check_moved(&server, "/feeds", "/feeds/b%6fth/", "/feeds/both/");
}

#[test]
fn a_base_path_may_itself_be_written_with_other_escapes() {
    for (base_path, canonical, other) in [("/%7ea", "/~a", "/%7Ea"), ("/A%c3%a9", "/A%C3%A9", "/A%C3%a9")] {
        let server = site(base_path);
        // As the site's own links have it, and as a client may write that.
        for prefix in [base_path, canonical, ""] {
            for path in ["/rss.xml", "/categories/one/atom.xml", "/categories/d%C3%BC/atom.xml", "/livez"] {
                assert_eq!(server.get(&format!("{prefix}{path}"), "").status, 200, "{prefix}{path}");
            }
            assert_eq!(post(&server, &format!("{prefix}/hub")).text(), "/hub", "{prefix}");
            let asked = format!("{prefix}/categories/d%c3%bc/atom.xml");
            check_moved(&server, base_path, &asked, &format!("{base_path}/categories/d%C3%BC/atom.xml"));
        }
        check_moved(&server, base_path, &format!("{other}/rss.xml"), &format!("{base_path}/rss.xml"));
    }
}

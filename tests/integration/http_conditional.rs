//! Preconditions, RFC 9110 §13, and ranges, §14.

use chrono::{TimeDelta, Timelike};
use seedcast::feed::{Coding, Document};

use crate::http_site::{CHANGED, FRESH, NOW, Server, encoding, feed, now, tag_of};

const EARLIER: &str = "Thu, 01 Jan 2026 11:59:59 GMT";
const LATER: &str = "Thu, 01 Jan 2026 12:00:01 GMT";
const FUTURE: &str = "Fri, 02 Jan 2026 03:04:06 GMT";

#[test]
fn conditions_are_judged_in_the_order_of_the_rfc() {
    let server = Server::plain();
    let tag = &tag_of(&feed("headline"), Coding::Identity);
    let opaque = tag.trim_matches('"');
    let gzip_tag = &tag_of(&feed("headline"), Coding::Gzip);
    for (lines, status) in [
        // If-None-Match
        (format!("If-None-Match: {tag}\r\n"), 304),
        (format!("If-None-Match: W/{tag}\r\n"), 304),
        (format!("If-None-Match: \"a\", W/\"b\",{tag}\r\n"), 304),
        (format!("If-None-Match: \"a,b\", \"c, d\", {tag}, \"e\"\r\n"), 304),
        (format!("If-None-Match: \"x,{opaque}\"\r\n"), 200),
        (format!("If-None-Match: \"{opaque},x\"\r\n"), 200),
        (format!("If-None-Match: \"a\"\r\nIf-None-Match: {tag}\r\n"), 304),
        ("If-None-Match: *\r\n".to_owned(), 304),
        ("If-None-Match: \"*\"\r\n".to_owned(), 200),
        (format!("If-None-Match: {opaque}\r\n"), 304),
        (format!("If-None-Match: \"{opaque}\r\n"), 304),
        (format!("If-None-Match: ,, {tag} ,\r\n"), 304),
        ("If-None-Match: \"other\"\r\n".to_owned(), 200),
        ("If-None-Match: \r\n".to_owned(), 200),
        ("If-None-Match: \"\"\r\n".to_owned(), 200),
        (format!("If-None-Match: {gzip_tag}\r\n"), 200),
        // If-Modified-Since only without it
        (format!("If-None-Match: \"other\"\r\nIf-Modified-Since: {CHANGED}\r\n"), 200),
        (format!("If-None-Match: \r\nIf-Modified-Since: {CHANGED}\r\n"), 200),
        (format!("If-None-Match: {tag}\r\nIf-Modified-Since: {EARLIER}\r\n"), 304),
        (format!("If-Modified-Since: {CHANGED}\r\n"), 304),
        (format!("If-Modified-Since: {LATER}\r\n"), 304),
        (format!("If-Modified-Since: {NOW}\r\n"), 304),
        (format!("If-Modified-Since: {EARLIER}\r\n"), 200),
        (format!("If-Modified-Since: {FUTURE}\r\n"), 200),
        ("If-Modified-Since: Thursday, 01-Jan-26 12:00:00 GMT\r\n".to_owned(), 304),
        ("If-Modified-Since: Thu Jan  1 12:00:00 2026\r\n".to_owned(), 304),
        ("If-Modified-Since: 2026-01-01T12:00:00Z\r\n".to_owned(), 200),
        ("If-Modified-Since: Thu, 01 Jan 2026 14:00:00 +0200\r\n".to_owned(), 200),
        ("If-Modified-Since: 0\r\n".to_owned(), 200),
        // If-Match and If-Unmodified-Since come first
        (format!("If-Match: {tag}\r\n"), 200),
        ("If-Match: *\r\n".to_owned(), 200),
        (format!("If-Match: W/{tag}\r\n"), 412),
        ("If-Match: \"other\"\r\n".to_owned(), 412),
        (format!("If-Match: \"other\"\r\nIf-None-Match: {tag}\r\n"), 412),
        (format!("If-Match: {tag}\r\nIf-None-Match: {tag}\r\n"), 304),
        (format!("If-Unmodified-Since: {CHANGED}\r\n"), 200),
        (format!("If-Unmodified-Since: {EARLIER}\r\n"), 412),
        (format!("If-Match: {tag}\r\nIf-Unmodified-Since: {EARLIER}\r\n"), 200),
    ] {
        assert_eq!(server.get("/rss.xml", &lines).status, status, "{lines}");
        assert_eq!(server.connect().ask("HEAD", "/rss.xml", &lines).status, status, "HEAD {lines}");
    }
}

#[test]
fn each_coding_revalidates_under_its_own_tag_only() {
    let server = Server::plain();
    let codings = ["identity", "gzip", "br", "zstd"];
    let tags = codings.map(|coding| server.get("/rss.xml", &encoding(coding)).etag().to_owned());
    for (coding, own) in codings.iter().zip(&tags) {
        for tag in &tags {
            let answer = server.get("/rss.xml", &format!("{}If-None-Match: {tag}\r\n", encoding(coding)));
            assert_eq!(answer.status, if tag == own { 304 } else { 200 }, "{coding} {tag}");
            assert_eq!(answer.etag(), own);
        }
    }
}

#[test]
fn a_304_has_what_the_200_would_have_for_a_cache() {
    let server = Server::plain();
    let whole = server.get("/rss.xml", &encoding("gzip"));
    let lines = format!("{}If-None-Match: {}\r\n", encoding("gzip"), whole.etag());
    let answer = server.get("/rss.xml", &lines);
    assert_eq!(answer.status, 304);
    for name in [
        "date",
        "etag",
        "cache-control",
        "vary",
        "link",
        "access-control-allow-origin",
        "access-control-expose-headers",
    ] {
        assert_eq!(answer.field(name), whole.field(name), "{name}");
        assert!(answer.field(name).is_some(), "{name}");
    }
    for name in ["content-type", "content-length", "content-encoding", "transfer-encoding"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
}

#[test]
fn a_change_in_this_second_is_dated_now_and_never_matches_a_date() {
    let server = Server::plain();
    // Changed within the second of "now": rounded up, so the time of change lies ahead.
    let soon = now() + TimeDelta::seconds(1);
    let bytes = vec![b'x'; 1000];
    let document =
        Document::new("application/rss+xml; charset=utf-8", bytes, soon.with_nanosecond(0).unwrap(), FRESH, None);
    server.published.slot("/rss.xml").unwrap().publish(document);
    let answer = server.get("/rss.xml", "");
    assert_eq!((answer.field("last-modified"), answer.field("date")), (Some(NOW), Some(NOW)));
    assert_eq!(server.get("/rss.xml", &format!("If-Modified-Since: {NOW}\r\n")).status, 200);
    assert_eq!(server.get("/rss.xml", &format!("If-None-Match: {}\r\n", answer.etag())).status, 304);
}

#[test]
fn a_published_change_has_another_tag_at_once() {
    let server = Server::plain();
    let mut client = server.connect();
    let before = client.ask("GET", "/rss.xml", "").etag().to_owned();
    server.published.slot("/rss.xml").unwrap().publish(feed("changed"));
    let after = client.ask("GET", "/rss.xml", &format!("If-None-Match: {before}\r\n"));
    assert_eq!(after.status, 200);
    assert_ne!(after.etag(), before);
    assert!(after.text().contains("changed"));
}

#[test]
fn one_range_gets_its_bytes() {
    let server = Server::plain();
    let whole = server.get("/rss.xml", "").body;
    let len = whole.len();
    for (range, from, to) in [
        ("bytes=0-9".to_owned(), 0, 10),
        ("bytes=10-".to_owned(), 10, len),
        ("bytes=-5".to_owned(), len - 5, len),
        ("bytes=-999999".to_owned(), 0, len),
        ("BYTES=0-0".to_owned(), 0, 1),
        (format!("bytes=5-{}", len + 10), 5, len),
        ("bytes=5-99999999999999999999999".to_owned(), 5, len),
    ] {
        let answer = server.get("/rss.xml", &format!("Range: {range}\r\n"));
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.field("content-range"), Some(&*format!("bytes {from}-{}/{len}", to - 1)), "{range}");
        assert_eq!(answer.body, &whole[from..to], "{range}");
        assert_eq!(answer.etag(), tag_of(&feed("headline"), Coding::Identity));
    }
}

#[test]
fn ranges_that_are_none_get_the_whole() {
    let server = Server::plain();
    let len = server.get("/rss.xml", "").body.len();
    for range in
        ["bytes=9-0", "bytes=", "bytes=a-b", "bytes", "items=0-1", "bytes=0-1,3-4", "bytes=-", "bytes=+1-2", ""]
    {
        let answer = server.get("/rss.xml", &format!("Range: {range}\r\n"));
        assert_eq!((answer.status, answer.body.len()), (200, len), "{range}");
    }
    for range in [format!("bytes={len}-"), "bytes=-0".to_owned(), "bytes=99999999999999999999-".to_owned()] {
        let answer = server.get("/rss.xml", &format!("Range: {range}\r\n"));
        assert_eq!(answer.status, 416, "{range}");
        assert_eq!(answer.field("content-range"), Some(&*format!("bytes */{len}")));
    }
}

#[test]
fn a_range_belongs_to_the_coding_it_was_asked_under() {
    let server = Server::plain();
    let gzip = server.get("/rss.xml", &encoding("gzip"));
    let part = server.get("/rss.xml", &format!("{}Range: bytes=2-20\r\n", encoding("gzip")));
    assert_eq!(part.status, 206);
    assert_eq!((part.etag(), part.field("content-encoding")), (gzip.etag(), Some("gzip")));
    assert_eq!(part.body, &gzip.body[2..21]);
}

#[test]
fn if_range_takes_a_strong_tag_and_nothing_else() {
    let server = Server::plain();
    let tag = &tag_of(&feed("headline"), Coding::Identity);
    for (validator, status) in [
        (tag.clone(), 206),
        (format!("W/{tag}"), 200),
        ("\"other\"".to_owned(), 200),
        (tag_of(&feed("headline"), Coding::Gzip), 200),
        (CHANGED.to_owned(), 200),
        ("*".to_owned(), 200),
    ] {
        let answer = server.get("/rss.xml", &format!("Range: bytes=0-1\r\nIf-Range: {validator}\r\n"));
        assert_eq!(answer.status, status, "{validator}");
    }
    let lines = format!("Range: bytes=0-1\r\nIf-None-Match: {tag}\r\n");
    assert_eq!(server.get("/rss.xml", &lines).status, 304);
}

//! Accept-Encoding, RFC 9110 §12.5.3.

use std::io::Read;

use seedcast::feed::Document;

use crate::http_site::{FRESH, Server, changed, encoding, feed};

#[test]
fn the_coding_follows_the_weights() {
    let server = Server::plain();
    let smallest = "zstd br";
    for (accept, coding) in [
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, x-gzip, x-deflate", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip;q=0.5, br;q=0.4", "gzip"),
        ("gzip;q=0.4, br;q=0.5", "br"),
        ("gzip ; q=0.001 , br;Q=0", "gzip"),
        ("gzip;q=0", ""),
        ("gzip;q=0, *", smallest),
        ("*;q=0.1, gzip;q=0.2", "gzip"),
        ("*", smallest),
        ("identity", ""),
        ("identity;q=0.5, gzip;q=0.4", ""),
        ("identity;q=0.4, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("deflate, compress", ""),
        ("deflate;q=1, *;q=0.5", smallest),
        ("gzip;q=wrong", ""),
        ("gzip;q=1.5", "gzip"),
        (",, gzip ,", "gzip"),
        ("", ""),
    ] {
        let answer = server.get("/rss.xml", &encoding(accept));
        assert_eq!(answer.status, 200, "{accept}");
        let got = answer.field("content-encoding").unwrap_or("");
        assert!(got == coding || (coding == smallest && smallest.contains(got) && !got.is_empty()), "{accept}: {got}");
        assert_eq!(answer.field("vary"), Some("Accept-Encoding"), "{accept}");
    }
}

#[test]
fn without_accept_encoding_the_identity_is_sent() {
    let answer = Server::plain().get("/rss.xml", "");
    assert_eq!(answer.field("content-encoding"), None);
    assert_eq!(answer.field("vary"), Some("Accept-Encoding"));
    assert_eq!(answer.body, feed("headline").identity().bytes);
}

#[test]
fn several_accept_encoding_lines_are_one_list() {
    let answer = Server::plain().get("/rss.xml", "Accept-Encoding: deflate\r\nAccept-Encoding: gzip\r\n");
    assert_eq!(answer.field("content-encoding"), Some("gzip"));
}

#[test]
fn every_coding_decodes_to_the_identity() {
    let server = Server::plain();
    let identity = server.get("/rss.xml", "").body;
    let mut gzip = Vec::new();
    flate2::read::GzDecoder::new(&server.get("/rss.xml", &encoding("gzip")).body[..]).read_to_end(&mut gzip).unwrap();
    assert_eq!(gzip, identity);
    let mut brotli = Vec::new();
    brotli::Decompressor::new(&server.get("/rss.xml", &encoding("br")).body[..], 4096)
        .read_to_end(&mut brotli)
        .unwrap();
    assert_eq!(brotli, identity);
    let zstd = zstd::decode_all(&server.get("/rss.xml", &encoding("zstd")).body[..]).unwrap();
    assert_eq!(zstd, identity);
}

#[test]
fn every_coding_has_a_tag_of_its_own() {
    let server = Server::plain();
    let mut tags: Vec<String> =
        ["identity", "gzip", "br", "zstd"].map(|c| server.get("/rss.xml", &encoding(c)).etag().to_owned()).into();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    assert!(tags.iter().all(|tag| tag.starts_with('"') && tag.ends_with('"')), "strong: {tags:?}");
}

#[test]
fn a_request_that_refuses_all_codings_gets_406() {
    let server = Server::plain();
    for accept in ["*;q=0", "identity;q=0", "identity;q=0, deflate"] {
        let answer = server.get("/rss.xml", &encoding(accept));
        assert_eq!(answer.status, 406, "{accept}");
        assert_eq!(answer.field("vary"), Some("Accept-Encoding"));
    }
}

#[test]
fn accept_never_keeps_a_feed_from_a_client() {
    let server = Server::plain();
    for accept in ["application/json", "text/html;q=1, */*;q=0", "application/atom+xml", "rubbish", ""] {
        assert_eq!(server.get("/rss.xml", &format!("Accept: {accept}\r\n")).status, 200, "{accept}");
    }
}

#[test]
fn a_coding_that_is_not_made_yet_or_ever_costs_nobody_the_document() {
    let server = Server::plain();
    let slot = server.published.slot("/rss.xml").unwrap();
    let bytes = feed("news").identity().bytes.to_vec();
    let shown = Document::new("application/rss+xml", bytes.clone(), changed(), FRESH, None).compress_first();
    let shown = slot.publish(shown);
    for accept in ["br, identity;q=0", "zstd, identity;q=0", "br, *;q=0"] {
        let answer = server.get("/rss.xml", &encoding(accept));
        assert_eq!((answer.status, answer.field("content-encoding")), (200, None), "{accept}");
        assert_eq!((&answer.body, answer.field("vary")), (&bytes, Some("Accept-Encoding")), "{accept}");
        let again = format!("{}If-None-Match: {}\r\n", encoding(accept), answer.etag());
        assert_eq!(server.get("/rss.xml", &again).status, 304, "{accept}");
    }
    assert_eq!(server.get("/rss.xml", &encoding("gzip, identity;q=0")).field("content-encoding"), Some("gzip"));
    assert_eq!(server.get("/rss.xml", &encoding("deflate, identity;q=0")).status, 406);
    let whole = Document::clone(&shown).compress();
    slot.replace(&shown, whole);
    assert_eq!(server.get("/rss.xml", &encoding("br, identity;q=0")).field("content-encoding"), Some("br"));
    // No coding makes this one smaller.
    let tiny = Document::new("application/rss+xml", b"<rss/>".to_vec(), changed(), FRESH, None).compress();
    server.published.slot("/soon.xml").unwrap().publish(tiny);
    for accept in ["gzip, identity;q=0", "br, identity;q=0"] {
        let answer = server.get("/soon.xml", &encoding(accept));
        assert_eq!((answer.status, answer.field("content-encoding")), (200, None), "{accept}");
    }
}

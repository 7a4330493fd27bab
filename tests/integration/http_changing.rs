//! Documents that change while they are polled.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use seedcast::feed::Document;

use crate::http_site::{FRESH, Server, changed, encoding};

#[test]
fn polls_during_changes_get_whole_documents_and_tags_never_name_two_bodies() {
    let server = Server::plain();
    let slot = server.published.slot("/rss.xml").unwrap();
    let first = slot.load().unwrap().identity().bytes.to_vec();
    let done = Arc::new(AtomicBool::new(false));
    let seen: Vec<HashMap<String, Vec<u8>>> = std::thread::scope(|scope| {
        let pollers: Vec<_> = ["identity", "gzip", "br", "zstd"]
            .map(|coding| {
                let (server, done) = (&server, Arc::clone(&done));
                scope.spawn(move || {
                    let mut client = server.connect();
                    let mut seen: HashMap<String, Vec<u8>> = HashMap::new();
                    let (mut tag, mut modified) = (String::new(), String::new());
                    while !done.load(Ordering::Relaxed) {
                        let answer =
                            client.ask("GET", "/rss.xml", &format!("{}If-None-Match: {tag}\r\n", encoding(coding)));
                        assert!(matches!(answer.status, 200 | 304), "{}", answer.status);
                        if answer.status == 304 {
                            assert_eq!(answer.etag(), tag);
                            continue;
                        }
                        let now = answer.field("last-modified").unwrap().to_owned();
                        assert!(httpdate::parse_http_date(&now).unwrap() >= modified_or_zero(&modified));
                        (tag, modified) = (answer.etag().to_owned(), now);
                        let first = seen.entry(tag.clone()).or_insert_with(|| answer.body.clone());
                        assert_eq!(*first, answer.body, "one tag, two bodies");
                    }
                    seen
                })
            })
            .into();
        for n in 0..300 {
            let bytes = format!("<rss>{}</rss>", format!("<item>{n}</item>").repeat(500)).into_bytes();
            slot.publish(
                Document::new("application/rss+xml", bytes, changed() + TimeDelta::seconds(n), FRESH, None).compress(),
            );
        }
        done.store(true, Ordering::Relaxed);
        pollers.into_iter().map(|poller| poller.join().unwrap()).collect()
    });
    // Those that took the identity.
    for body in seen[0].values().filter(|body| **body != first) {
        let text = std::str::from_utf8(body).unwrap();
        assert!(text.starts_with("<rss>") && text.ends_with("</rss>"));
    }
    for bodies in &seen {
        assert!(bodies.len() > 1, "somebody saw no change");
    }
}

fn modified_or_zero(value: &str) -> std::time::SystemTime {
    httpdate::parse_http_date(value).unwrap_or(std::time::UNIX_EPOCH)
}

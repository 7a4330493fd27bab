//! RFC 3229 with `A-IM: feed`: what is new in a feed instead of all of it.

use std::io::Read;
use std::net::SocketAddr;

use chrono::DateTime;
use seedcast::feed::check_xml;

use crate::http_site::{Answer, Client, encoding};
use crate::running::{PATIENCE, Place, Server, eventually, seed_text, write_seed};

const QUICK: &str = "[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\n";
const FORMATS: [&str; 3] = ["/rss.xml", "/atom.xml", "/feed.json"];

fn url(number: u32) -> String {
    format!("https://news.example/20241101/a-good-day-{}.html", 1_200_000_000 + number)
}

/// A later number is a later update.
fn put(place: &Place, number: u32, body: &str) {
    let updated = format!("2024-11-01T13:{:02}+0300", 10 + number);
    let text = seed_text(&url(number), &format!("Day {number}"), "2024-11-01T13:04+0300", &updated, body);
    write_seed(&place.seeds().join(format!("{number}.txt")), &text);
}

fn site(more: &str, seeds: u32) -> (Place, Server, SocketAddr) {
    let place = Place::new(&format!("deltas = true\n{QUICK}{more}"));
    (0..seeds).for_each(|number| put(&place, number, "It was quiet."));
    let (server, address) = Server::ready(place.serve());
    shows(address, "/feed.json", |ids| ids.len() >= usize::try_from(seeds).unwrap().min(3));
    (place, server, address)
}

fn ask(address: SocketAddr, path: &str, lines: &str) -> Answer {
    Client::to(address).ask("GET", path, lines)
}

fn ask_since(address: SocketAddr, path: &str, tag: &str) -> Answer {
    ask(address, path, &format!("A-IM: feed\r\nIf-None-Match: {tag}\r\n"))
}

fn decoded(answer: &Answer) -> String {
    let mut text = String::new();
    match answer.field("content-encoding") {
        None => text.push_str(answer.text()),
        Some("gzip") => {
            flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
        }
        Some("br") => {
            brotli::Decompressor::new(&answer.body[..], 4096).read_to_string(&mut text).unwrap();
        }
        Some("zstd") => text = String::from_utf8(zstd::decode_all(&answer.body[..]).unwrap()).unwrap(),
        Some(other) => panic!("{other}"),
    }
    text
}

/// The ids of the items in a document that must be a whole one, whatever it holds.
fn ids(path: &str, text: &str) -> Vec<String> {
    if path.ends_with(".json") {
        let feed: serde_json::Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        assert!(feed["title"].is_string());
        let items = feed["items"].as_array().expect("items");
        return items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
    }
    check_xml(text.as_bytes()).expect("well-formed");
    let (start, end) =
        if path == "/atom.xml" { ("<entry>", "<id>") } else { ("<item>", "<guid isPermaLink=\"true\">") };
    let bare = text.replace("<guid>", end).replace("<guid isPermaLink=\"false\">", end);
    assert!(text.trim_end().ends_with(if path == "/atom.xml" { "</feed>" } else { "</rss>" }));
    let of_item = |item: &str| {
        let from = item.find(end).expect("an id") + end.len();
        item[from..].split('<').next().unwrap().to_owned()
    };
    bare.split(start).skip(1).map(of_item).collect()
}

/// Waits for a document that holds what it should; gives its answer.
fn shows(address: SocketAddr, path: &str, right: impl Fn(&[String]) -> bool) -> Answer {
    eventually(path, PATIENCE, || {
        let answer = ask(address, path, "");
        (answer.status == 200 && right(&ids(path, answer.text()))).then_some(answer)
    })
}

fn has(number: u32) -> impl Fn(&[String]) -> bool {
    move |ids| ids.contains(&url(number))
}

#[test]
fn a_delta_is_a_whole_feed_of_what_is_new_or_changed_in_every_format_and_coding() {
    let (place, _server, address) = site("", 4);
    let codings = ["identity", "gzip", "br", "zstd"];
    let base = FORMATS.map(|path| codings.map(|coding| ask(address, path, &encoding(coding)).etag().to_owned()));
    put(&place, 10, "A new one.");
    FORMATS.iter().for_each(|path| drop(shows(address, path, has(10))));
    put(&place, 2, "It was quiet, and then it was not.");
    for path in FORMATS {
        eventually("the edit", PATIENCE, || ask(address, path, "").text().contains("then it was not").then_some(()));
        // Brotli and Zstandard follow; whoever asks for them before gets another coding under its tag.
        for coding in &codings[1..] {
            let is_there = || ask(address, path, &encoding(coding)).field("content-encoding") == Some(coding);
            eventually("the coding", PATIENCE, || is_there().then_some(()));
        }
    }
    for (path, tags) in FORMATS.iter().zip(&base) {
        // Until the second of the change is over, its date is "now", which may be another one with the next request.
        eventually("the second of the change is over", PATIENCE, || {
            let answer = ask(address, path, "");
            let [now, changed] = ["date", "last-modified"]
                .map(|name| DateTime::parse_from_rfc2822(answer.field(name).unwrap()).unwrap());
            (now > changed).then_some(())
        });
        for (coding, tag) in codings.iter().zip(tags) {
            let case = format!("{path} {coding}");
            let whole = ask(address, path, &encoding(coding));
            let lines = format!("{}A-IM: vcdiff;q=0.1, Feed\r\nIf-None-Match: \"other\", {tag}\r\n", encoding(coding));
            let delta = ask(address, path, &lines);
            assert_eq!(delta.status, 226, "{case}");
            assert_eq!(delta.field("im"), Some("feed"), "{case}");
            assert_eq!(delta.etag(), whole.etag(), "the tag of what the client now has: {case}");
            assert_eq!(delta.field("delta-base"), Some(tag.as_str()), "{case}");
            assert_eq!(delta.field("cache-control"), Some("no-store"), "{case}");
            assert_eq!(delta.field("vary"), Some("Accept-Encoding, A-IM, If-None-Match"), "{case}");
            for same in ["content-type", "last-modified", "link", "access-control-allow-origin"] {
                assert_eq!(delta.field(same), whole.field(same), "{case} {same}");
            }
            let text = decoded(&delta);
            let mut found = ids(path, &text);
            found.sort();
            assert_eq!(found, [url(2), url(10)], "{case}");
            assert!(text.contains("then it was not"), "{case}");
            assert!(!text.contains("complete"), "a delta is not all there is: {case}");
            assert!(delta.body.len() < whole.body.len(), "{case}");

            let head = Client::to(address).ask("HEAD", path, &lines);
            assert_eq!((head.status, &head.fields), (226, &delta.fields), "{case}");
            let again = format!("{}A-IM: feed\r\nIf-None-Match: {}\r\n", encoding(coding), delta.etag());
            assert_eq!(ask(address, path, &again).status, 304, "{case}");
        }
        // A client that changes its mind about codings is still known.
        let crossed = format!("{}A-IM: feed\r\nIf-None-Match: W/{}\r\n", encoding("identity"), tags[1]);
        assert_eq!(ask(address, path, &crossed).status, 226, "{path}");
    }
}

#[test]
fn everybody_else_gets_the_whole_or_a_304() {
    let (place, _server, address) = site("", 4);
    let base = ask(address, "/rss.xml", "");
    put(&place, 10, "A new one.");
    shows(address, "/rss.xml", has(10));
    // Within the second of a change its date is not yet one to go by.
    let is_over = |answer: &Answer| answer.field("last-modified") != answer.field("date");
    let current = eventually("the next second", PATIENCE, || Some(ask(address, "/rss.xml", "")).filter(is_over));
    let (old, new, date) = (base.etag(), current.etag(), current.field("last-modified").unwrap());
    let since = format!("If-None-Match: {old}\r\n");
    for (lines, status) in [
        (format!("A-IM: feed\r\n{since}"), 226),
        (since.clone(), 200),
        ("A-IM: feed\r\n".to_owned(), 200),
        ("A-IM: feed\r\nIf-None-Match: \"unknown\"\r\n".to_owned(), 200),
        ("A-IM: feed\r\nIf-Modified-Since: Fri, 01 Nov 2024 00:00:00 GMT\r\n".to_owned(), 200),
        (format!("A-IM: feed\r\nIf-Modified-Since: {date}\r\n"), 304),
        (format!("A-IM: feed\r\nIf-None-Match: {new}\r\n"), 304),
        (format!("A-IM: feed\r\nIf-None-Match: {old}, {new}\r\n"), 304),
        ("A-IM: feed\r\nIf-None-Match: *\r\n".to_owned(), 304),
        (format!("A-IM: feed;q=0\r\n{since}"), 200),
        (format!("A-IM: feeds, vcdiff\r\n{since}"), 200),
        (format!("A-IM:\r\n{since}"), 200),
        (format!("A-IM: vcdiff\r\nA-IM: feed\r\n{since}"), 226),
        (format!("A-IM: feed\r\nRange: bytes=0-9\r\n{since}"), 206),
        (format!("A-IM: feed\r\nIf-Match: \"unknown\"\r\n{since}"), 412),
    ] {
        let answer = ask(address, "/rss.xml", &lines);
        assert_eq!(answer.status, status, "{lines}");
        if status == 200 {
            assert_eq!(answer.body, current.body, "{lines}");
            assert_eq!(answer.field("im"), None);
        }
        if matches!(status, 200 | 206 | 304) {
            assert_eq!(answer.field("vary"), Some("Accept-Encoding, A-IM"), "{lines}");
            assert!(answer.field("cache-control").unwrap().starts_with("max-age=300"), "{lines}");
        }
    }
    let page = ask(address, "/", "A-IM: feed\r\n");
    assert_eq!(page.field("vary"), Some("Accept-Encoding"), "pages have no deltas");
}

#[test]
fn deltas_are_off_unless_they_are_asked_for() {
    let place = Place::new(QUICK);
    (0..4).for_each(|number| put(&place, number, "It was quiet."));
    let (_server, address) = Server::ready(place.serve());
    let base = shows(address, "/rss.xml", |ids| ids.len() == 4);
    put(&place, 10, "A new one.");
    let whole = shows(address, "/rss.xml", has(10));
    let answer = ask_since(address, "/rss.xml", base.etag());
    assert_eq!((answer.status, &answer.body), (200, &whole.body));
    assert_eq!(answer.field("vary"), Some("Accept-Encoding"));
}

#[test]
fn a_withdrawal_is_told_by_a_tombstone_in_atom_and_by_the_whole_document_elsewhere() {
    let (place, _server, address) = site("", 5);
    let base = FORMATS.map(|path| shows(address, path, |ids| ids.len() == 5).etag().to_owned());
    put(&place, 10, "A new one.");
    std::fs::remove_file(place.seeds().join("3.txt")).unwrap();
    for (path, tag) in FORMATS.iter().zip(&base) {
        let whole = shows(address, path, |ids| ids.contains(&url(10)) && !ids.contains(&url(3)));
        let answer = ask_since(address, path, tag);
        if *path == "/atom.xml" {
            assert_eq!(answer.status, 226, "{path}");
            let text = decoded(&answer);
            assert_eq!(ids(path, &text), [url(10)]);
            assert!(text.contains("deleted-entry") && text.contains(&url(3)), "{text}");
        } else {
            assert_eq!((answer.status, answer.body), (200, whole.body), "{path}");
        }
    }
}

#[test]
fn an_item_that_an_edit_took_out_of_a_feed_is_never_passed_over() {
    let (place, _server, address) = site("[[feed]]\nname = \"days\"\nwords = [\"day\"]\n", 5);
    let paths = FORMATS.map(|path| format!("/feeds/days{path}"));
    let base = paths.clone().map(|path| ask(address, &path, "").etag().to_owned());
    let text = seed_text(&url(3), "Night", "2024-11-01T13:04+0300", "2024-11-01T13:40+0300", "It was dark.");
    write_seed(&place.seeds().join("3.txt"), &text);
    put(&place, 10, "A new one.");
    for (path, tag) in paths.iter().zip(&base) {
        eventually(path, PATIENCE, || {
            let whole = ask(address, path, "");
            (whole.text().contains(&url(10)) && !whole.text().contains(&url(3))).then_some(())
        });
        assert_eq!(ask_since(address, path, tag).status, 200, "{path}: no tombstone, since it lives on elsewhere");
    }
}

#[test]
fn items_that_fall_off_the_end_need_no_word() {
    let (place, _server, address) = site("[feeds]\nitems = 3\nwindow_hours = 0\n", 5);
    for path in FORMATS {
        shows(address, path, |ids| ids.len() == 3);
    }
    let base = FORMATS.map(|path| ask(address, path, "").etag().to_owned());
    put(&place, 10, "A new one.");
    for (path, tag) in FORMATS.iter().zip(&base) {
        shows(address, path, has(10));
        let delta = ask_since(address, path, tag);
        assert_eq!(delta.status, 226, "{path}");
        assert_eq!(ids(path, &decoded(&delta)), [url(10)], "{path}");
    }
}

#[test]
fn eight_versions_are_remembered_and_each_delta_is_from_where_the_client_stands() {
    let (place, _server, address) = site("", 4);
    let mut tags = vec![shows(address, "/rss.xml", |ids| ids.len() == 4).etag().to_owned()];
    for number in 10..19 {
        put(&place, number, "One more.");
        tags.push(shows(address, "/rss.xml", has(number)).etag().to_owned());
    }
    assert_eq!(tags.len(), 10);
    let statuses: Vec<u16> = tags.iter().map(|tag| ask_since(address, "/rss.xml", tag).status).collect();
    assert_eq!(statuses, [200, 226, 226, 226, 226, 226, 226, 226, 226, 304]);
    for (index, tag) in tags.iter().enumerate().skip(1).take(8) {
        let delta = ask_since(address, "/rss.xml", tag);
        assert_eq!(ids("/rss.xml", &decoded(&delta)).len(), 9 - index);
    }
    let all = tags.join(", ").replace(&format!(", {}", tags[9]), "");
    let delta = ask_since(address, "/rss.xml", &all);
    assert_eq!(ids("/rss.xml", &decoded(&delta)).len(), 8, "the first that is known counts");
}

#[test]
fn after_a_restart_or_reload_the_first_answer_is_the_whole() {
    let (place, mut server, address) = site("", 4);
    let base = ask(address, "/rss.xml", "").etag().to_owned();
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config.replace("[site]\n", "[site]\ntitle = \"Another\"\n")).unwrap();
    server.hang_up();
    let renamed = eventually("the new title", PATIENCE, || {
        let answer = ask(address, "/rss.xml", "");
        answer.text().contains("Another").then_some(answer)
    });
    let answer = ask_since(address, "/rss.xml", &base);
    assert_eq!((answer.status, answer.body), (200, renamed.body));
    server.terminate();
    server.end();
    let (_server, address) = Server::ready(place.serve());
    assert_eq!(ask_since(address, "/rss.xml", &base).status, 200);
}

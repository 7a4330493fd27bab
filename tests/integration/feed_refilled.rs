//! What a feed says when its filter, its kind or the place of an article changes: nobody misses a withdrawal, and no two
//! versions of a document share a date.

use chrono::{DateTime, TimeDelta, Utc};
use seedcast::http::Rendered;

use crate::ingest_desk::{Desk, article, clock};
use crate::life_reading::{Page, page};

fn feed(words: &str) -> String {
    format!("[[feed]]\nname = \"some\"\nwords = [{words}]\n")
}

fn some(desk: &Desk) -> Page {
    page(desk, "/feeds/some/atom.xml").unwrap()
}

fn id(number: usize) -> String {
    format!("https://news.example/20240101/slug-{}.html", 1_000_000 + number)
}

/// Articles 1 to 6, by turns odd and even.
fn write_all(desk: &Desk) {
    for number in 1..=6 {
        let word = if number % 2 == 0 { "even" } else { "odd" };
        let minute = i64::try_from(number).unwrap();
        desk.write(&format!("{number}.txt"), &article(number, &format!("{word} {number}"), minute, minute));
    }
}

#[test]
fn another_filter_is_a_change_to_subscribers() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), &feed("\"even\""));
    write_all(&desk);
    desk.open();
    let newest: DateTime<Utc> = "2024-01-01T12:06:00Z".parse().unwrap();
    assert_eq!(some(&desk).updated, Some(newest.into()));
    desk.close();
    desk.pass_by(60);
    desk.reconfigure(&feed("\"odd\""));
    desk.open();
    let after = some(&desk);
    assert!(after.entries.iter().all(|entry| Some(entry.updated) <= after.updated), "{after:?}");
    assert_eq!(after.updated, Some(desk.now().into()), "every entry is another one");
    desk.close();
    desk.pass_by(60);
    desk.open();
    assert_eq!(some(&desk), after, "a restart changes nothing");
}

#[test]
fn another_filter_forgets_no_withdrawal() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), &feed("\"odd\""));
    write_all(&desk);
    desk.open();
    desk.withdraw("3.txt");
    let before = some(&desk).tombstones;
    assert_eq!(before.keys().collect::<Vec<_>>(), [&id(3)]);
    desk.close();
    desk.reconfigure(&feed("\"odd\", \"zzz\""));
    desk.open();
    assert_eq!(some(&desk).tombstones, before);
    assert_eq!(some(&desk).ids().collect::<Vec<_>>(), [id(5), id(1)]);

    // One that comes back has its place again.
    desk.write("3.txt", &article(3, "odd 3", 3, 3));
    desk.pass(1);
    assert!(some(&desk).tombstones.is_empty());
    assert_eq!(some(&desk).entries.len(), 3);
}

#[test]
fn automatic_feeds_that_are_filled_anew_forget_no_withdrawal() {
    let path = "/sources/news.example/atom.xml";
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    write_all(&desk);
    std::fs::create_dir(desk.seeds().join("world")).unwrap();
    std::fs::rename(desk.seeds().join("6.txt"), desk.seeds().join("world/6.txt")).unwrap();
    desk.open();
    desk.withdraw("3.txt");
    let before = page(&desk, path).unwrap();
    assert_eq!(before.tombstones.len(), 1);
    desk.close();
    desk.reconfigure("[feeds]\nautomatic = [\"sources\"]\n");
    desk.open();
    assert_eq!(page(&desk, path).unwrap(), before);
    // Kinds that were taken out are gone, and kinds that never were are not there.
    assert_eq!(desk.document("/categories/world/atom.xml").unwrap_err(), "Gone");
    assert_eq!(desk.document("/categories/nowhere/atom.xml").unwrap_err(), "Missing");
    for name in ["1", "2", "4", "5", "world/6"] {
        desk.remove(&format!("{name}.txt"));
    }
    desk.rescan(true);
    desk.pass(31);
    desk.close();
    desk.reconfigure("");
    desk.open();
    let empty = page(&desk, path).unwrap();
    assert_eq!((empty.entries.len(), empty.tombstones.len()), (0, 6));
}

#[test]
fn an_article_that_was_never_published_is_named_by_no_tombstone() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), &feed("\"even\""));
    write_all(&desk);
    let minutes_ahead = 60 * 24 * 200;
    desk.write("8.txt", &article(8, "even 8", minutes_ahead, minutes_ahead));
    desk.open();
    desk.withdraw("8.txt");
    desk.withdraw("2.txt");
    assert!(some(&desk).tombstones.contains_key(&id(2)) && !some(&desk).tombstones.contains_key(&id(8)));
    desk.close();
    desk.reconfigure(&feed("\"even\", \"odd\""));
    desk.open();
    let tombstones = some(&desk).tombstones;
    assert!(tombstones.contains_key(&id(2)) && !tombstones.contains_key(&id(8)), "{tombstones:?}");
}

#[test]
fn an_item_that_had_left_a_feed_is_not_withdrawn_from_it() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), &feed("\"odd\""));
    write_all(&desk);
    std::fs::create_dir(desk.seeds().join("a")).unwrap();
    std::fs::create_dir(desk.seeds().join("b")).unwrap();
    desk.write("a/7.txt", &article(7, "odd 7", 7, 7));
    desk.write("a/8.txt", &article(8, "even 8", 8, 8));
    desk.open();
    std::fs::rename(desk.seeds().join("a/7.txt"), desk.seeds().join("b/7.txt")).unwrap();
    desk.pass(1);
    desk.write("b/7.txt", &article(7, "even 7", 7, 9));
    desk.pass(1);
    desk.withdraw("b/7.txt");
    let documents = ["/categories/a/atom.xml", "/feeds/some/atom.xml"];
    let bytes = || documents.map(|path| desk.text(path));
    let before = bytes();
    assert!(before.iter().all(|text| !text.contains("deleted-entry")), "{before:#?}");
    assert!(desk.text("/atom.xml").contains("deleted-entry"));
    let dates = || documents.map(|path| desk.document(path).unwrap().last_modified);
    let dated = dates();
    desk.close();
    desk.open();
    assert_eq!(documents.map(|path| desk.text(path)), before);
    assert_eq!(documents.map(|path| desk.document(path).unwrap().last_modified), dated);
}

#[test]
fn a_tombstone_that_is_named_no_longer_changes_the_date_of_an_automatic_document() {
    let path = "/sources/news.example/atom.xml";
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "[seeds]\ntombstone_days = 1\n");
    write_all(&desk);
    desk.open();
    desk.withdraw("3.txt");
    let with = desk.document(path).unwrap();
    desk.pass_by(86_400);
    let without = desk.document(path).unwrap();
    assert_ne!(with.identity().bytes, without.identity().bytes);
    assert!(without.last_modified > with.last_modified);
    assert!(without.last_modified <= desk.now() + TimeDelta::seconds(1));
    desk.close();
    desk.pass_by(60);
    desk.reconfigure("[seeds]\ntombstone_days = 2\n");
    desk.open();
    let again = desk.document(path).unwrap();
    assert_eq!(again.identity().bytes, with.identity().bytes);
    assert!(again.last_modified > without.last_modified, "{} {}", again.last_modified, without.last_modified);
}

#[test]
fn a_list_of_feeds_has_none_that_is_empty() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    write_all(&desk);
    std::fs::create_dir(desk.seeds().join("solo")).unwrap();
    desk.write("solo/7.txt", &article(7, "odd 7", 7, 7));
    desk.open();
    assert!(desk.text("/opml.xml").contains("/categories/solo/"));
    desk.withdraw("solo/7.txt");
    assert!(!desk.text("/opml.xml").contains("/categories/solo/"));
}

#[test]
fn in_a_new_store_nobody_says_that_a_feed_is_not_there() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    write_all(&desk);
    let paths = ["/sources/news.example/atom.xml", "/sources/", "/archive/1/atom.xml", "/items/0123456789abcdef/"];
    for path in paths {
        let early = desk.before_the_first_scan(path);
        assert!(matches!(early, Rendered::Failed), "{path}: {early:?}");
    }
    desk.open();
    let found = paths.map(|path| desk.document(path).map_or_else(|what| what, |_| "there".to_owned()));
    assert_eq!(found, ["there", "there", "there", "Missing"]);
}

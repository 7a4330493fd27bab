//! The first scan of a directory with many articles.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::ingest_desk::{Desk, article, clock};
use crate::running::{PATIENCE, Place, Server, eventually, get, write_seed};

/// More seeds than are read before anything is shown.
const COUNT: usize = 4_200;

/// Sets when a seed was last written: `minute` after a moment long ago.
fn written(desk: &Desk, path: &str, minute: u64) {
    let file = File::options().append(true).open(desk.seeds().join(path)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + 60 * minute)).unwrap();
}

fn items(document: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(document).unwrap()["items"].as_array().unwrap().clone()
}

#[test]
fn newest_articles_are_shown_before_the_others_are_read_and_stay_what_they_are() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    // The order of the paths is not that of the times.
    for number in 0..COUNT {
        let minute = (number * 7919) % COUNT;
        let path = format!("{}/{number}.txt", number % 9);
        desk.write(&path, &article(number, &format!("Article {minute}"), minute.try_into().unwrap(), 0));
        written(&desk, &path, minute.try_into().unwrap());
    }
    // Dated by when it was first seen: not before everything is durable.
    desk.write("undated.txt", "An undated article\n\nIts body.\n");
    written(&desk, "undated.txt", 1_000_000);
    desk.open();

    let early = desk.early();
    let [atom, json] = &early[0];
    let shown = items(json);
    let newest: Vec<String> = (0..shown.len()).map(|back| format!("Article {}", COUNT - 1 - back)).collect();
    assert!(shown.len() >= 50, "{}", shown.len());
    assert_eq!(shown.iter().map(|item| item["title"].as_str().unwrap()).collect::<Vec<_>>(), newest);
    assert!(!atom.contains("prev-archive") && !atom.contains("fh:complete"), "pages would still change");

    let last = desk.items("/feed.json");
    assert_eq!(last[0]["title"], "An undated article");
    // The undated one takes a place of as many as there are.
    for item in &shown[..shown.len() - 1] {
        let same = last.iter().find(|other| other["id"] == item["id"]).expect("what was shown is there");
        assert_eq!(same, item);
    }
    assert!(desk.text("/atom.xml").contains("prev-archive"));
    let ids: Vec<String> = desk.walk("/feed.json").concat();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), COUNT + 1);
}

#[test]
fn few_articles_are_shown_when_all_of_them_are_read() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    for number in 0..20 {
        let path = format!("{number}.txt");
        desk.write(&path, &article(number, &format!("Article {number}"), number.try_into().unwrap(), 0));
        written(&desk, &path, 0);
    }
    desk.open();
    assert!(desk.early().iter().all(|[_, json]| items(json).len() == 20));
    assert_eq!(desk.items("/feed.json").len(), 20);
}

#[test]
fn article_with_a_later_version_elsewhere_is_only_where_that_one_belongs() {
    let feeds = "[[feed]]\nname = \"north\"\npaths = [\"north/**\"]\n\
                 [[feed]]\nname = \"south\"\npaths = [\"south/**\"]\n";
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), feeds);
    desk.write("north/1.txt", &article(1, "One, first version", 0, 0));
    desk.write("north/2.txt", &article(2, "Two", 1, 1));
    desk.write("south/1.txt", &article(1, "One, second version", 0, 5));
    for path in ["north/1.txt", "north/2.txt", "south/1.txt"] {
        written(&desk, path, 0);
    }
    desk.open();
    assert_eq!(desk.titles("/feed.json"), ["One, second version", "Two"]);
    assert_eq!(desk.titles("/feeds/north/feed.json"), ["Two"]);
    assert_eq!(desk.titles("/feeds/south/feed.json"), ["One, second version"]);
    assert_eq!(desk.titles("/categories/north/feed.json"), ["Two"]);
    assert_eq!(desk.titles("/categories/south/feed.json"), ["One, second version"]);
    let updated = |path| desk.text(path).split_once("<updated>").unwrap().1.split('<').next().unwrap().to_owned();
    let two = desk.items("/feeds/north/feed.json")[0]["date_modified"].clone();
    assert_eq!([updated("/feeds/north/atom.xml"), updated("/categories/north/atom.xml")], [two.as_str().unwrap(); 2]);
}

#[test]
fn what_was_stored_before_a_reload_in_the_first_scan_is_in_the_feeds_after_it() {
    let place = Place::new("");
    for number in 1..=3 {
        write_seed(&place.seeds().join(format!("{number}.txt")), &article(number, &format!("Article {number}"), 0, 0));
        let file = File::options().append(true).open(place.seeds().join(format!("{number}.txt"))).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).unwrap();
    }
    // The scan waits for a file that may not be finished.
    let unfinished = place.seeds().join("4.txt");
    write_seed(&unfinished, &article(4, "Article 4", 0, 0));
    let file = File::options().append(true).open(&unfinished).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000)).unwrap();
    let server = Server::spawn(place.serve());
    let address = server.address();
    let store = place.seeds().with_file_name("store.sqlite");
    eventually("three are stored", PATIENCE, || {
        let store = rusqlite::Connection::open_with_flags(&store, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let count = store.query_row("SELECT count(*) FROM seeds", [], |row| row.get::<_, i64>(0)).ok()?;
        (count == 3).then_some(())
    });
    server.hang_up();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).unwrap();
    drop(file);
    crate::running::wait_until_ready(address);
    eventually("all are in the feed", PATIENCE, || {
        let feed = String::from_utf8(get(address, "/feed.json", &[]).ok()?.body).ok()?;
        (items(&feed).len() == 4).then_some(())
    });
}

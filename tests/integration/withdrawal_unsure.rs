//! Seeds of which it is not plain whether they are gone, and what is read anew.

use std::time::{Duration, SystemTime};

use crate::ingest_desk::{Desk, article, clock, eventually_or};

const START: &str = "2024-06-01T00:00:00Z";

fn titles(desk: &Desk, wanted: &[&str]) {
    eventually_or(
        || (desk.titles("/feed.json") == wanted).then_some(()),
        || format!("{:?}", desk.titles("/feed.json")),
    );
}

#[test]
fn an_article_stays_while_a_version_of_it_may_come_back() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("b.txt", &article(1, "Earlier version", 0, 0));
    desk.write("a.txt", &article(1, "Later version", 0, 5));
    desk.open();
    desk.remove("a.txt");
    desk.rescan(false);
    desk.pass(20);
    desk.remove("b.txt");
    desk.rescan(false);
    desk.pass(15);
    // The grace period of the one is over, that of the other is not.
    titles(&desk, &["Later version"]);
    desk.write("b.txt", &article(1, "Earlier version", 0, 0));
    desk.pass(1);
    titles(&desk, &["Earlier version"]);
    desk.remove("b.txt");
    desk.rescan(false);
    desk.pass(60);
    titles(&desk, &[]);
}

#[test]
fn what_is_there_and_no_seed_any_more_is_withdrawn() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("drafts/1.txt", &article(1, "Excluded", 0, 0));
    desk.write("2.txt", &article(2, "Dangling", 1, 1));
    desk.write("3.txt", &article(3, "A directory", 2, 2));
    desk.write("4.txt", &article(4, "Stays", 3, 3));
    desk.open();
    desk.close();
    desk.reconfigure("[seeds]\nexclude = [\"drafts/**\"]\n");
    desk.open();
    desk.remove("2.txt");
    std::os::unix::fs::symlink("nowhere.txt", desk.seeds().join("2.txt")).unwrap();
    desk.remove("3.txt");
    std::fs::create_dir(desk.seeds().join("3.txt")).unwrap();
    desk.rescan(false);
    desk.pass(60);
    titles(&desk, &["Stays"]);
}

#[test]
fn a_seed_that_cannot_be_read_when_settings_change_is_read_anew_later() {
    let mut desk = Desk::new(clock!(START), "");
    let text = |number: usize| article(number, &format!("Article {number}"), 0, 0).replace("+0000", "");
    for number in 1..=2 {
        desk.write(&format!("{number}.txt"), &text(number));
    }
    desk.open();
    let before = desk.items("/feed.json");
    desk.close();
    desk.reconfigure("time_zone = \"Europe/Istanbul\"\n");
    // Nothing can be said of when a file of the future is finished.
    let file = std::fs::File::options().append(true).open(desk.seeds().join("2.txt")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000)).unwrap();
    desk.open();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).unwrap();
    drop(file);
    desk.pass(1);
    eventually_or(
        || {
            let is_read = |item: &serde_json::Value| item["date_published"].as_str().unwrap().ends_with("+03:00");
            desk.items("/feed.json").iter().all(is_read).then_some(())
        },
        || format!("{before:#?} {:#?}", desk.items("/feed.json")),
    );
}

#[test]
fn an_article_in_the_place_of_one_that_was_put_away_is_as_old_as_itself() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("latest.txt", "First edition\n\nIts words.\n");
    desk.open();
    std::fs::rename(desk.seeds().join("latest.txt"), desk.seeds().join("first.txt")).unwrap();
    desk.pass(86_400);
    desk.write("latest.txt", "Second edition\n\nOther words.\n");
    desk.pass(1);
    titles(&desk, &["Second edition", "First edition"]);
    let items = desk.items("/feed.json");
    let day = |index: usize| items[index]["date_published"].as_str().unwrap()[..10].to_owned();
    assert_eq!([day(0), day(1)], ["2024-06-02", "2024-06-01"]);
    assert_ne!(items[0]["id"], items[1]["id"]);
}

#[test]
fn files_with_the_same_bytes_that_are_moved_together_stay_as_many_articles() {
    let mut desk = Desk::new(clock!(START), "");
    for name in ["a", "b", "c"] {
        desk.write(&format!("d/{name}.txt"), "The same\n\nIn all of them.\n");
    }
    desk.open();
    let ids = |desk: &Desk| {
        let mut ids: Vec<String> = desk.items("/feed.json").iter().map(|item| item["id"].to_string()).collect();
        ids.sort();
        ids
    };
    let before = ids(&desk);
    assert_eq!(before.len(), 3);
    std::fs::rename(desk.seeds().join("d"), desk.seeds().join("e")).unwrap();
    // By the clock of the file system they were written a moment ago, and are left alone for another.
    let store = rusqlite::Connection::open(desk.store().path()).unwrap();
    let moved = "SELECT count(*) FROM seeds WHERE path >= x'652f' AND path < x'6530'";
    eventually_or(
        || (store.query_row(moved, [], |row| row.get::<_, i64>(0)).unwrap() == 3).then_some(()),
        || "they are not read where they are".to_owned(),
    );
    desk.rescan(false);
    desk.pass(60);
    desk.pass(60);
    assert_eq!(ids(&desk), before);
}

#[test]
fn what_somebody_is_writing_never_takes_the_place_of_what_stood() {
    use std::io::Write as _;
    let mut desk = Desk::new(clock!(START), "");
    let earlier = article(1, "Earlier version", 0, 0);
    desk.write("b.txt", &earlier);
    desk.write("a.txt", &article(1, "Later version", 0, 5));
    desk.write("c.txt", &article(2, "Another", 0, 1));
    desk.open();
    let (begin, end) = earlier.split_at(earlier.len() - 10);
    let mut writer = std::fs::File::create(desk.seeds().join("b.txt")).unwrap();
    writer.write_all(begin.as_bytes()).unwrap();
    desk.remove("a.txt");
    desk.rescan(false);
    desk.pass(60);
    titles(&desk, &["Later version", "Another"]);
    writer.write_all(end.as_bytes()).unwrap();
    drop(writer);
    titles(&desk, &["Another", "Earlier version"]);
    assert!(desk.text("/feed.json").contains("Words of Earlier version."));
}

#[test]
fn an_article_that_goes_before_its_time_is_never_shown() {
    let mut desk = Desk::new(clock!("2024-01-01T11:59:50Z"), "[seeds]\nwithdraw_after_seconds = 30\n");
    desk.write("1.txt", &article(1, "At noon", 0, 0));
    desk.write("2.txt", &article(2, "Later", 60, 60));
    desk.write("3.txt", &article(3, "Before", -60, -60));
    desk.open();
    desk.remove("1.txt");
    desk.rescan(false);
    desk.pass(15);
    desk.pass(1);
    titles(&desk, &["Before"]);
    // Put back within its grace it is shown, for its time has come.
    desk.write("1.txt", &article(1, "At noon", 0, 0));
    titles(&desk, &["At noon", "Before"]);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
}

#[test]
fn a_tombstone_is_no_earlier_than_what_it_is_for() {
    let mut desk = Desk::new(clock!(START), "");
    // Updated in three years from noon of that day, as its own words say.
    desk.write("1.txt", &article(1, "Ahead of its time", 0, 3 * 365 * 24 * 60));
    desk.write("2.txt", &article(2, "Another", 0, 1));
    desk.open();
    let updated = desk.items("/feed.json")[0]["date_modified"].as_str().unwrap().to_owned();
    desk.remove("1.txt");
    desk.rescan(false);
    desk.pass(60);
    titles(&desk, &["Another"]);
    let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let atom = desk.text("/atom.xml");
    let when = atom.split("when=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(time(when) >= time(&updated), "{when} for what was updated {updated}");
    desk.write("1.txt", &article(1, "Ahead of its time", 0, 3 * 365 * 24 * 60));
    titles(&desk, &["Ahead of its time", "Another"]);
    assert!(time(desk.items("/feed.json")[0]["date_modified"].as_str().unwrap()) > time(when));
}

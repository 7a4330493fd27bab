//! Seeds that go: grace period, tombstones (RFC 6721), and coming back.

use chrono::{DateTime, Utc};

use crate::ingest_desk::{Desk, article, clock, eventually_or};
use crate::running::seed_text;

const START: &str = "2024-06-01T00:00:00Z";

/// Three articles, of which the second was removed and withdrawn.
fn withdrawn(desk: &mut Desk) {
    for number in 1..=3 {
        desk.write(
            &format!("{number}.txt"),
            &article(number, &format!("Article {number}"), 0, i64::try_from(number).unwrap()),
        );
    }
    desk.open();
    desk.remove("2.txt");
    desk.rescan(false);
    desk.expect(&["Article 3", "Article 2", "Article 1"]);
    desk.pass(31);
    desk.expect(&["Article 3", "Article 1"]);
}

fn attribute<'a>(text: &'a str, name: &str) -> &'a str {
    let element = text.split("<at:deleted-entry").nth(1).unwrap_or_else(|| panic!("no tombstone in {text}"));
    element.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap()
}

fn page_of(desk: &Desk, title: &str) -> String {
    let front = desk.text("/");
    let label = format!("aria-label=\"Preview: {title}\"");
    let link = front.split('<').find(|tag| tag.contains(&label)).unwrap_or_else(|| panic!("no {title} in {front}"));
    link.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn a_withdrawn_item_leaves_a_tombstone_in_atom_and_moves_the_feed() {
    let mut desk = Desk::new(clock!(START), "");
    withdrawn(&mut desk);
    let atom = desk.text("/atom.xml");
    assert_eq!(attribute(&atom, "ref"), "https://news.example/20240101/slug-1000002.html");
    let when: DateTime<Utc> = attribute(&atom, "when").parse().unwrap();
    assert!(when > START.parse::<DateTime<Utc>>().unwrap() && when <= desk.now());
    assert!(!desk.text("/rss.xml").contains("deleted-entry"));
    let updated = atom.split("<updated>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(updated.parse::<DateTime<Utc>>().unwrap(), when);
    assert!(desk.document("/feed.json").unwrap().last_modified >= when);
}

#[test]
fn the_page_of_a_withdrawn_item_is_gone() {
    let mut desk = Desk::new(clock!(START), "");
    for number in 1..=2 {
        desk.write(&format!("{number}.txt"), &article(number, &format!("Article {number}"), 0, 1));
    }
    desk.open();
    let page = page_of(&desk, "Article 2");
    assert!(desk.document(&page).is_ok());
    desk.withdraw("2.txt");
    desk.expect(&["Article 1"]);
    assert_eq!(desk.document(&page).unwrap_err(), "Gone");
}

#[test]
fn tombstone_and_410_end_with_their_window() {
    let mut desk = Desk::new(clock!(START), "[seeds]\ntombstone_days = 2\n");
    for number in 1..=3 {
        let minute = i64::try_from(number).unwrap();
        desk.write(&format!("{number}.txt"), &article(number, &format!("Article {number}"), 0, minute));
    }
    desk.open();
    let page = page_of(&desk, "Article 2");
    desk.withdraw("2.txt");
    desk.expect(&["Article 3", "Article 1"]);
    desk.pass(2 * 86_400 + 60);
    eventually_or(|| (desk.document(&page).unwrap_err() == "Missing").then_some(()), || "not forgotten".to_owned());
    desk.write("4.txt", &article(4, "Article 4", 0, 4));
    desk.expect(&["Article 4", "Article 3", "Article 1"]);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
}

#[test]
fn an_item_that_is_put_back_has_its_id_and_an_update_after_the_tombstone() {
    let mut desk = Desk::new(clock!(START), "");
    withdrawn(&mut desk);
    let when: DateTime<Utc> = attribute(&desk.text("/atom.xml"), "when").parse().unwrap();
    desk.pass(100);
    desk.write("back/2.txt", &article(2, "Article 2", 0, 2));
    desk.expect(&["Article 2", "Article 3", "Article 1"]);
    let item = &desk.items("/feed.json")[0];
    assert_eq!(item["id"], "https://news.example/20240101/slug-1000002.html");
    assert_eq!(item["date_published"], "2024-01-01T12:00:00+00:00");
    assert!(item["date_modified"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() > when);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
    // Reading the same file again changes nothing.
    let before = desk.text("/feed.json");
    desk.write("back/2.txt", &article(2, "Article 2", 0, 2));
    desk.write("4.txt", &article(4, "Article 4", 0, 0));
    desk.expect(&["Article 2", "Article 3", "Article 1", "Article 4"]);
    let updated = |text: &str| text.split("\"date_modified\":").nth(1).unwrap()[..22].to_owned();
    assert_eq!(updated(&desk.text("/feed.json")), updated(&before));
}

#[test]
fn a_seed_that_is_replaced_within_the_grace_period_is_never_withdrawn() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("1.txt", &article(1, "First words", 0, 1));
    desk.open();
    desk.remove("1.txt");
    desk.pass(20);
    desk.write("1.txt", &article(1, "Second words", 0, 2));
    desk.expect(&["Second words"]);
    desk.pass(60);
    desk.expect(&["Second words"]);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
}

#[test]
fn when_the_standing_version_goes_the_other_one_stands_again() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("a.txt", &article(1, "Old version", 0, 1));
    desk.write("b.txt", &article(1, "New version", 0, 2));
    desk.open();
    desk.expect(&["New version"]);
    desk.withdraw("b.txt");
    desk.expect(&["Old version"]);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
}

#[test]
fn what_was_never_shown_does_not_date_what_comes_back() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("1.txt", &article(1, "Article 1", 0, 0));
    // Ten years ahead by a slip.
    let ahead = 10 * 365 * 24 * 60;
    desk.write("2.txt", &article(2, "Article 2", ahead, ahead));
    desk.open();
    desk.withdraw("2.txt");
    desk.write("2.txt", &article(2, "Article 2", 5, 5));
    desk.pass(1);
    desk.expect(&["Article 2", "Article 1"]);
    let updated = desk.items("/feed.json")[0]["date_modified"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert!(updated <= desk.now(), "{updated}");
}

#[test]
fn an_article_dated_at_the_end_of_time_comes_back_with_a_date() {
    let mut desk = Desk::new(clock!(START), "");
    let url = "https://news.example/20240101/slug-1000009.html";
    let text = seed_text(url, "For ever", "2024-01-01T12:00:00+0300", "9999-12-31T23:59:59+0000", "Words.");
    desk.write("9.txt", &text);
    desk.open();
    desk.withdraw("9.txt");
    desk.write("9.txt", &text);
    desk.pass(1);
    desk.write("1.txt", &article(1, "Article 1", 0, 0));
    desk.pass(1);
    desk.expect(&["For ever", "Article 1"]);
    assert!(desk.text("/atom.xml").contains("<updated>9999-12-31T"), "{}", desk.text("/atom.xml"));
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_that_is_gone() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("1.txt", &article(1, "Article 1", 0, 0));
    desk.write("2.txt", &article(2, "Article 2", 0, 1));
    desk.open();
    desk.pass(86_400);
    desk.remove("2.txt");
    desk.rescan(false);
    desk.pass(-86_400);
    desk.pass(31);
    desk.expect(&["Article 1"]);
}

#[test]
fn a_version_that_stands_again_does_not_know_the_publication_better() {
    let mut desk = Desk::new(clock!(START), "");
    let url = "https://news.example/slug-1000009.html";
    desk.write("undated.txt", &format!(" date 2024-01 {url}\n\nTwo files\n\nTwo files\n\nWords.\n"));
    desk.open();
    let published = || desk.items("/feed.json")[0]["date_published"].as_str().unwrap().to_owned();
    assert_eq!(published(), "2024-01-01T00:00:00+00:00");
    let text = seed_text(url, "Two files", "2024-01-01T10:00:00+0000", "2024-02-01T10:00:00+0000", "Words.");
    desk.write("dated.txt", &text);
    desk.pass(1);
    assert_eq!(published(), "2024-01-01T10:00:00+00:00");
    desk.withdraw("dated.txt");
    assert_eq!(published(), "2024-01-01T10:00:00+00:00");
}

#[test]
fn a_tombstone_leaves_when_its_time_is_over_though_nothing_else_happens() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    desk.write("1.txt", &article(1, "Stays", 0, 1));
    desk.write("2.txt", &article(2, "Goes", 0, 2));
    desk.open();
    desk.withdraw("2.txt");
    let named = |desk: &Desk| desk.text("/atom.xml").contains("at:deleted-entry ");
    assert!(named(&desk));
    let before = desk.document("/atom.xml").unwrap();
    desk.pass(29 * 86_400);
    assert!(named(&desk));
    desk.pass(86_400);
    assert!(!named(&desk));
    let after = desk.document("/atom.xml").unwrap();
    assert!(after.last_modified > before.last_modified);
    // So a restart changes nothing.
    desk.close();
    desk.open();
    let again = desk.document("/atom.xml").unwrap();
    assert_eq!((&again.identity().etag, again.last_modified), (&after.identity().etag, after.last_modified));
}

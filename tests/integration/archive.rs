//! Archive pages (RFC 5005) as subscribers walk them.

use std::collections::BTreeSet;

use crate::ingest_desk::{Desk, article, clock};

const START: &str = "2024-06-01T00:00:00Z";

fn fill(desk: &Desk, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let minute = 600 * i64::try_from(number).unwrap();
        desk.write(&format!("{number:05}.txt"), &article(number, &format!("Article {number}"), minute, minute));
    }
}

fn wait_for(desk: &Desk, count: usize) {
    let newest = format!("Article {}", count - 1);
    crate::ingest_desk::eventually_or(
        || {
            let everything: BTreeSet<String> = desk.walk("/feed.json").into_iter().flatten().collect();
            (everything.len() == count).then_some(())
        },
        || format!("{newest} is not there yet: {}", desk.walk("/feed.json").into_iter().flatten().count()),
    );
}

#[test]
fn a_feed_that_fits_whole_says_so_and_has_no_archive() {
    let mut desk = Desk::new(clock!(START), "");
    fill(&desk, 0..3);
    desk.open();
    assert!(desk.text("/atom.xml").contains("<fh:complete"));
    assert!(!desk.text("/atom.xml").contains("prev-archive"));
    assert!(desk.json("/feed.json")["next_url"].is_null());
}

#[test]
fn walking_from_the_feed_yields_every_item_and_the_archive_each_once() {
    let mut desk = Desk::new(clock!(START), "");
    fill(&desk, 0..350);
    desk.open();
    wait_for(&desk, 350);
    let documents = desk.walk("/feed.json");
    assert_eq!(documents.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 100, 100, 100]);
    let archive: Vec<&String> = documents[1..].iter().flatten().collect();
    let once: BTreeSet<&String> = archive.iter().copied().collect();
    assert_eq!((archive.len(), once.len()), (350, 350));
    assert!(!desk.text("/atom.xml").contains("fh:complete"));
}

#[test]
fn the_first_page_has_the_oldest_items_whatever_the_order_of_the_files() {
    let mut desk = Desk::new(clock!(START), "");
    for number in 0..150_usize {
        let minute = 600 * i64::try_from(number).unwrap();
        desk.write(&format!("{:05}.txt", 999 - number), &article(number, &format!("Article {number}"), minute, minute));
    }
    desk.open();
    wait_for(&desk, 150);
    let titles: BTreeSet<String> = desk.titles("/archive/1/feed.json").into_iter().collect();
    assert_eq!(titles, (0..100).map(|number| format!("Article {number}")).collect());
}

#[test]
fn a_full_page_keeps_its_items_when_more_arrive_even_late_ones() {
    let mut desk = Desk::new(clock!(START), "");
    fill(&desk, 10..120);
    desk.open();
    let page = desk.titles("/archive/1/feed.json");
    assert_eq!(page.len(), 100);
    // Older than all others by its times, but it comes last.
    fill(&desk, 0..10);
    fill(&desk, 120..260);
    wait_for(&desk, 260);
    assert_eq!(desk.titles("/archive/1/feed.json"), page);
    let document = desk.document("/archive/1/atom.xml").unwrap();
    assert!(document.cache.is_stable);
    assert!(!desk.document("/archive/3/atom.xml").unwrap().cache.is_stable);
    desk.close();
    desk.open();
    assert_eq!(desk.titles("/archive/1/feed.json"), page);
    let again = desk.document("/archive/1/atom.xml").unwrap();
    assert_eq!(again.identity().etag, document.identity().etag);
    assert_eq!(again.last_modified, document.last_modified);
}

#[test]
fn an_item_that_left_the_window_is_still_in_the_archive() {
    let mut desk = Desk::new(clock!(START), "");
    fill(&desk, 200..280);
    desk.open();
    desk.pass(3600);
    fill(&desk, 0..1);
    wait_for(&desk, 81);
    // A day later and after many newer ones, neither the fifty newest nor the window hold the late one.
    desk.pass(86_400);
    fill(&desk, 280..300);
    wait_for(&desk, 101);
    assert!(!desk.titles("/feed.json").contains(&"Article 0".to_owned()));
    assert!(desk.walk("/feed.json").into_iter().flatten().any(|id| id.ends_with("slug-1000000.html")));
}

#[test]
fn archive_links_lead_both_ways_and_to_the_feed() {
    let mut desk = Desk::new(clock!(START), "");
    fill(&desk, 0..250);
    desk.open();
    let href = |number| format!("http://feeds.example/archive/{number}/atom.xml");
    let has = |text: &str, rel: &str, href: &str| text.contains(&format!("href=\"{href}\" rel=\"{rel}\""));
    let feed = desk.text("/atom.xml");
    assert!(has(&feed, "prev-archive", &href(3)), "{feed}");
    let middle = desk.text("/archive/2/atom.xml");
    assert!(middle.contains("<fh:archive"));
    assert!(has(&middle, "prev-archive", &href(1)) && has(&middle, "next-archive", &href(3)));
    assert!(has(&middle, "current", "http://feeds.example/atom.xml"));
    assert!(!desk.text("/archive/1/atom.xml").contains("prev-archive"));
    assert!(!desk.text("/archive/3/atom.xml").contains("next-archive"));
    assert!(desk.text("/archive/2/").contains("/archive/1/"));
    assert!(desk.text("/archive/2/rss.xml").contains("prev-archive"));
}

#[test]
fn only_pages_that_exist_have_an_address() {
    let mut desk = Desk::new(clock!(START), "");
    fill(&desk, 0..150);
    desk.open();
    for path in
        ["/archive/0/atom.xml", "/archive/3/atom.xml", "/archive/02/atom.xml", "/archive/x/", "/feeds/no/archive/1/"]
    {
        assert_eq!(desk.document(path).unwrap_err(), "Missing", "{path}");
    }
    assert!(desk.document("/archive/2").unwrap_err().starts_with("Redirect"));
}

#[test]
fn a_feed_with_a_filter_has_an_archive_of_its_own() {
    let mut desk = Desk::new(clock!(START), "[[feed]]\nname = \"even\"\nwords = [\"even\"]\n");
    for number in 0..240_usize {
        let minute = 600 * i64::try_from(number).unwrap();
        let word = if number % 2 == 0 { "even" } else { "odd" };
        desk.write(&format!("{number:05}.txt"), &article(number, &format!("An {word} one, {number}"), minute, minute));
    }
    desk.open();
    let documents = desk.walk("/feeds/even/feed.json");
    assert_eq!(documents.iter().map(Vec::len).collect::<Vec<_>>(), [50, 20, 100]);
    let ids: BTreeSet<&String> = documents.iter().flatten().collect();
    assert_eq!(ids.len(), 120);
}

//! The brake: what it holds, it holds until it is told otherwise.

use crate::ingest_desk::{Desk, article, clock, eventually_or};

const START: &str = "2024-06-01T00:00:00Z";
const SELDOM: &str = "[seeds]\nreconcile_seconds = 86400\n";

fn many(desk: &Desk, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let minute = i64::try_from(number).unwrap();
        desk.write(&format!("{number}.txt"), &article(number, &format!("Article {number}"), minute, minute));
    }
}

fn remove(desk: &Desk, numbers: std::ops::Range<usize>) {
    numbers.for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(false);
    desk.pass(60);
}

fn holds(desk: &Desk) {
    eventually_or(
        || desk.reasons().iter().any(|reason| reason.contains("--accept-removals")).then_some(()),
        || format!("the brake is not pulled: {:?}", desk.reasons()),
    );
}

fn has(desk: &Desk, count: usize) {
    eventually_or(
        || (desk.titles("/feed.json").len() == count).then_some(()),
        || desk.titles("/feed.json").len().to_string(),
    );
}

#[test]
fn a_mass_removal_withdraws_nothing_until_it_is_accepted() {
    let mut desk = Desk::new(clock!(START), "[seeds]\nreconcile_seconds = 86400\n");
    many(&desk, 0..40);
    desk.open();
    (0..30).for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(false);
    desk.pass(60);
    holds(&desk);
    assert_eq!(desk.titles("/feed.json").len(), 40);
    desk.rescan(true);
    eventually_or(
        || (desk.titles("/feed.json").len() == 10).then_some(()),
        || desk.titles("/feed.json").len().to_string(),
    );
    assert_eq!(desk.reasons(), Vec::<String>::new());
    assert_eq!(desk.text("/atom.xml").matches("<at:deleted-entry").count(), 30);
}

#[test]
fn an_emptied_directory_is_never_confirmed_by_looking_again() {
    let mut desk = Desk::new(clock!(START), "[seeds]\nreconcile_seconds = 60\n");
    many(&desk, 0..25);
    desk.open();
    (0..25).for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(false);
    desk.pass(61);
    holds(&desk);
    (0..5).for_each(|_| desk.pass(61));
    many(&desk, 100..101);
    desk.pass(1);
    eventually_or(
        || (desk.titles("/feed.json").len() == 26).then_some(()),
        || desk.titles("/feed.json").len().to_string(),
    );
}

/// Polling lists every few seconds; a share that lost a mount must not look meant that soon.
#[test]
fn polling_confirms_no_removal_sooner_than_watching() {
    let mut desk = Desk::new(clock!(START), "[seeds]\nwatch = \"poll\"\npoll_seconds = 1\nreconcile_seconds = 600\n");
    many(&desk, 0..40);
    desk.open();
    remove(&desk, 0..30);
    holds(&desk);
    for _ in 0..3 {
        desk.rescan(false);
        desk.pass(60);
    }
    holds(&desk);
    assert_eq!(desk.titles("/feed.json").len(), 40);
    desk.pass(600);
    desk.rescan(false);
    has(&desk, 10);
}

#[test]
fn seeds_that_come_back_release_the_brake() {
    let mut desk = Desk::new(clock!(START), "[seeds]\nreconcile_seconds = 86400\n");
    many(&desk, 0..25);
    desk.open();
    (0..25).for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(false);
    desk.pass(60);
    holds(&desk);
    many(&desk, 0..25);
    desk.rescan(false);
    eventually_or(|| desk.reasons().is_empty().then_some(()), || format!("{:?}", desk.reasons()));
    assert_eq!(desk.titles("/feed.json").len(), 25);
}

#[test]
fn a_second_sweep_with_some_seeds_left_confirms() {
    let mut desk = Desk::new(clock!(START), "[seeds]\nreconcile_seconds = 60\n");
    many(&desk, 0..40);
    desk.open();
    (0..30).for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(false);
    desk.pass(40);
    holds(&desk);
    desk.pass(61);
    desk.pass(61);
    eventually_or(
        || (desk.titles("/feed.json").len() == 10).then_some(()),
        || desk.titles("/feed.json").len().to_string(),
    );
}

#[test]
fn a_directory_moved_away_withdraws_nothing() {
    let mut desk = Desk::new(clock!(START), "");
    many(&desk, 0..3);
    desk.open();
    let away = desk.seeds().with_file_name("away");
    std::fs::rename(desk.seeds(), &away).unwrap();
    desk.pass(600);
    eventually_or(|| (!desk.reasons().is_empty()).then_some(()), || "still ready".to_owned());
    assert_eq!(desk.titles("/feed.json").len(), 3);
    std::fs::rename(&away, desk.seeds()).unwrap();
    desk.rescan(false);
    eventually_or(|| desk.reasons().is_empty().then_some(()), || format!("{:?}", desk.reasons()));
    assert_eq!(desk.titles("/feed.json").len(), 3);
}

#[test]
fn an_acceptance_is_for_what_is_gone_and_not_for_what_goes_later() {
    let mut desk = Desk::new(clock!(START), SELDOM);
    many(&desk, 0..40);
    desk.open();
    // Nothing is gone.
    desk.rescan(true);
    desk.pass(1);
    remove(&desk, 0..24);
    holds(&desk);
    has(&desk, 40);
    desk.rescan(true);
    has(&desk, 16);
    many(&desk, 100..140);
    desk.pass(1);
    has(&desk, 50);
    remove(&desk, 100..140);
    holds(&desk);
    has(&desk, 50);
}

#[test]
fn removals_just_before_they_are_accepted_are_accepted() {
    let mut desk = Desk::new(clock!(START), SELDOM);
    many(&desk, 0..40);
    desk.open();
    (0..30).for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(true);
    desk.pass(60);
    has(&desk, 10);
    assert_eq!(desk.reasons(), Vec::<String>::new());
}

#[test]
fn seeds_that_come_back_bit_by_bit_are_waited_for() {
    let mut desk = Desk::new(clock!(START), SELDOM);
    many(&desk, 0..60);
    desk.open();
    remove(&desk, 0..49);
    holds(&desk);
    for next in 0..48 {
        many(&desk, next..next + 1);
        if next % 6 == 0 {
            desk.pass(60);
            holds(&desk);
        }
    }
    desk.pass(60);
    holds(&desk);
    many(&desk, 48..49);
    desk.pass(1);
    eventually_or(|| desk.reasons().is_empty().then_some(()), || format!("{:?}", desk.reasons()));
    has(&desk, 50);
    assert_eq!(desk.text("/atom.xml").matches("<at:deleted-entry").count(), 0);
}

#[test]
fn a_restart_does_not_let_go() {
    let mut desk = Desk::new(clock!(START), SELDOM);
    many(&desk, 0..15);
    desk.open();
    desk.close();
    // Too few to pull it, were the directory not empty.
    (0..15).for_each(|number| desk.remove(&format!("{number}.txt")));
    for _ in 0..3 {
        desk.open();
        desk.pass(60);
        holds(&desk);
        has(&desk, 15);
        desk.close();
    }
    desk.open();
    desk.rescan(true);
    has(&desk, 0);
    assert_eq!(desk.reasons(), Vec::<String>::new());
}

#[test]
fn seeds_that_were_moved_are_not_gone() {
    let mut desk = Desk::new(clock!(START), SELDOM);
    for number in 0..40 {
        let minute = i64::try_from(number).unwrap();
        desk.write(&format!("old/{number}.txt"), &article(number, &format!("Article {number}"), minute, minute));
    }
    desk.open();
    std::fs::rename(desk.seeds().join("old"), desk.seeds().join("new")).unwrap();
    let store = rusqlite::Connection::open(desk.store().path()).unwrap();
    let moved = "SELECT count(*) FROM seeds WHERE path >= x'6e65772f' AND path < x'6e657730'";
    eventually_or(
        || (store.query_row(moved, [], |row| row.get::<_, i64>(0)).unwrap() == 40).then_some(()),
        || "they are not read where they are".to_owned(),
    );
    desk.remove("new/0.txt");
    desk.remove("new/1.txt");
    desk.rescan(false);
    desk.pass(60);
    has(&desk, 38);
    assert_eq!(desk.reasons(), Vec::<String>::new());
}

/// They may be missed by a listing before it is noticed that this is another directory.
#[test]
fn a_few_seeds_are_not_withdrawn_with_the_directory_they_were_in() {
    let mut desk = Desk::new(clock!(START), SELDOM);
    many(&desk, 0..5);
    desk.open();
    (0..5).for_each(|number| desk.remove(&format!("{number}.txt")));
    desk.rescan(false);
    let asked_for = desk.listings();
    std::fs::remove_dir(desk.seeds()).unwrap();
    std::fs::create_dir(desk.seeds()).unwrap();
    // The watch asks for one of its own when it finds another directory at the path.
    eventually_or(|| (desk.listings() > asked_for).then_some(()), || "the directory was not looked at".to_owned());
    desk.pass(60);
    holds(&desk);
    has(&desk, 5);
    many(&desk, 0..5);
    desk.rescan(false);
    eventually_or(|| desk.reasons().is_empty().then_some(()), || format!("{:?}", desk.reasons()));
    has(&desk, 5);
}

#[test]
fn articles_whose_files_become_others_one_after_another_stay() {
    let mut desk = Desk::new(clock!(START), "");
    for place in 1..=3 {
        desk.write(
            &format!("{place}.txt"),
            &article(place, &format!("Article {place}"), 0, 10 - i64::try_from(place).unwrap()),
        );
    }
    desk.open();
    let before = desk.text("/atom.xml");
    let ids = |desk: &Desk| -> Vec<String> {
        desk.items("/feed.json").iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let old = ids(&desk);
    // A new one in front, and each of the others one place on; each in a batch of its own.
    for (place, number) in [(1, 4), (2, 1), (3, 2)] {
        desk.write(
            &format!("{place}.txt"),
            &article(
                number,
                &format!("Article {number}"),
                0,
                if number == 4 { 20 } else { 10 - i64::try_from(number).unwrap() },
            ),
        );
        desk.rescan(false);
        let now = ids(&desk);
        assert!(old.iter().all(|id| now.contains(id)), "{place}: {now:?}");
    }
    // The last one has no place any more.
    desk.pass(29);
    desk.expect(&["Article 4", "Article 1", "Article 2", "Article 3"]);
    desk.pass(2);
    desk.expect(&["Article 4", "Article 1", "Article 2"]);
    let after = desk.text("/atom.xml");
    assert_eq!(after.matches("<at:deleted-entry ").count(), 1, "{after}");
    let updated = |text: &str, title: &str| {
        let entry = text.split("<entry>").find(|entry| entry.contains(title)).unwrap().to_owned();
        entry.split("<updated>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    for title in ["Article 1", "Article 2"] {
        assert_eq!(updated(&after, title), updated(&before, title));
    }
}

#[test]
fn an_export_that_loses_every_url_withdraws_nothing() {
    let mut desk = Desk::new(clock!(START), "[feeds]\nitems = 200\n");
    let without_url = |number: usize| {
        let text = article(number, &format!("Article {number}"), 0, 1);
        text.split_once("\n").unwrap().1.to_owned()
    };
    for number in 0..40 {
        desk.write(&format!("{number}.txt"), &article(number, &format!("Article {number}"), 0, 1));
    }
    desk.open();
    for number in 0..40 {
        desk.write(&format!("{number}.txt"), &without_url(number));
    }
    desk.rescan(false);
    desk.pass(60);
    assert!(
        desk.reasons().iter().any(|reason| reason.contains("40 of 40 seeds disappeared at once")),
        "{:?}",
        desk.reasons()
    );
    let with_url = |desk: &Desk| {
        desk.items("/feed.json").iter().filter(|item| item["id"].as_str().unwrap().starts_with("https:")).count()
    };
    assert_eq!(with_url(&desk), 40);
    for number in 0..40 {
        desk.write(&format!("{number}.txt"), &article(number, &format!("Article {number}"), 0, 1));
    }
    desk.rescan(false);
    desk.pass(60);
    assert_eq!(with_url(&desk), 40);
}

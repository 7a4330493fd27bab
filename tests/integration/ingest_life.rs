//! The life of items: identity, versions, schedules, feeds that come and go.

use seedcast::feed::{Coding, Document};

use crate::ingest_desk::{Desk, article, clock};
use crate::running::{PATIENCE, eventually};

const START: &str = "2024-06-01T00:00:00Z";

#[test]
fn edited_seed_keeps_its_item_id_even_under_a_new_slug() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("1.txt", &article(1, "First title", 0, 1));
    desk.open();
    let id = desk.items("/feed.json")[0]["id"].clone();
    desk.write("1.txt", &article(1, "Second title", 0, 2).replace("slug-1000001", "other-slug-1000001"));
    desk.expect(&["Second title"]);
    let item = &desk.items("/feed.json")[0];
    assert_eq!(item["id"], id);
    assert!(item["url"].as_str().unwrap().contains("other-slug"));
}

#[test]
fn scheduled_item_appears_on_its_second_also_after_a_restart() {
    let mut desk = Desk::new(clock!("2024-01-01T11:59:00Z"), "");
    desk.write("1.txt", &article(1, "At noon", 0, 0));
    desk.open();
    desk.pass(59);
    desk.expect(&[]);
    desk.close();
    desk.open();
    desk.expect(&[]);
    let before = desk.document("/feed.json").unwrap();
    desk.pass(1);
    desk.expect(&["At noon"]);
    let after = desk.document("/feed.json").unwrap();
    assert_ne!(before.identity().etag, after.identity().etag);
    assert!(after.last_modified >= desk.now());
    // A clock that is set back does not take it away, even when the seed is read again.
    desk.pass(-3600);
    desk.write("1.txt", &article(1, "At noon, corrected", 0, 0));
    desk.expect(&["At noon, corrected"]);
}

#[test]
fn live_item_stands_until_its_scheduled_version_is_due() {
    let mut desk = Desk::new(clock!("2024-01-01T12:01:00Z"), "");
    desk.write("1.txt", &article(1, "At noon", 0, 0));
    desk.open();
    desk.write("2.txt", &article(1, "At five past", 5, 5));
    // Those that came before the one that is published are no different.
    desk.write("4.txt", &article(2, "At six past", 6, 6));
    desk.rescan(false);
    desk.write("3.txt", &article(2, "Already", -1, 0));
    desk.rescan(false);
    desk.expect(&["At noon", "Already"]);
    let ids: Vec<_> = desk.items("/feed.json").iter().map(|item| item["id"].clone()).collect();
    desk.close();
    desk.open();
    desk.pass(239);
    desk.expect(&["At noon", "Already"]);
    desk.pass(1);
    desk.expect(&["At five past", "Already"]);
    desk.pass(60);
    desk.expect(&["At six past", "At five past"]);
    let item = &desk.items("/feed.json")[0];
    assert_eq!((&item["id"], item["date_published"].as_str()), (&ids[1], Some("2024-01-01T12:06:00+00:00")));
    // The version that came late goes; the one that was there stands again.
    desk.remove("4.txt");
    desk.rescan(false);
    desk.pass(60);
    desk.expect(&["At five past", "Already"]);
}

#[test]
fn a_large_article_pushes_no_other_out_of_the_document() {
    let mut desk =
        Desk::new(clock!(START), "[feeds]\nmax_bytes = 4096\n[[feed]]\nname = \"short\"\ncontent = \"summary\"\n");
    let long = |number: usize, title: &str, minute: i64, bytes: usize| {
        let text = article(number, title, minute, minute);
        text.replace("Words of", &format!("{} Words of", "So it goes on. ".repeat(bytes / 15)))
    };
    for number in 1..=3 {
        let minute = i64::try_from(number).unwrap();
        desk.write(&format!("{number}.txt"), &article(number, &format!("Small {number}"), minute, minute));
    }
    desk.write("4.txt", &long(4, "Large", 4, 5000));
    desk.open();
    desk.write("5.txt", &article(5, "Small 5", 5, 5));
    let titles = ["Small 5", "Large", "Small 3", "Small 2", "Small 1"];
    desk.expect(&titles);
    let items = desk.items("/feed.json");
    assert!(
        items[1]["content_html"].is_null() && items[1]["content_text"].as_str().unwrap().starts_with("So it goes on.")
    );
    assert!(items[0]["content_html"].as_str().unwrap().contains("Words of Small 5"));
    let own = items[1]["id"].as_str().map(|id| seedcast::item::ItemId::new(id).handle()).unwrap();
    assert!(desk.text(&format!("/items/{own}/")).contains("Words of Large"));
    // Summaries count for what they are.
    desk.write("6.txt", &long(6, "Not small", 6, 900));
    desk.write("7.txt", &long(7, "Nor this", 7, 900));
    desk.write("8.txt", &long(8, "Nor that", 8, 900));
    desk.write("9.txt", &long(9, "Nor those", 9, 900));
    desk.write("10.txt", &long(10, "The last", 10, 900));
    eventually("all ten", PATIENCE, || (desk.titles("/feeds/short/feed.json").len() == 10).then_some(()));
    assert!(desk.titles("/feed.json").len() < 10);
}

#[test]
fn moved_seed_without_url_keeps_its_id() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("a/1.txt", "A headline\n\nA body.\n");
    // Written long ago by the clock of the desk, too: a file from the future counts as being written still.
    let file = std::fs::File::options().append(true).open(desk.seeds().join("a/1.txt")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000)).unwrap();
    drop(file);
    desk.open();
    let id = desk.items("/feed.json")[0]["id"].clone();
    desk.pass(1);
    std::fs::create_dir(desk.seeds().join("b")).unwrap();
    std::fs::rename(desk.seeds().join("a/1.txt"), desk.seeds().join("b/2.txt")).unwrap();
    let category = || desk.items("/feed.json")[0]["tags"][0].as_str().unwrap().to_owned();
    crate::ingest_desk::eventually_or(|| (category() == "b").then_some(()), || desk.text("/feed.json"));
    desk.pass(60);
    assert_eq!(desk.items("/feed.json").iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), [id]);
}

#[test]
fn validators_survive_a_restart() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("world/1.txt", &article(1, "One", 0, 1));
    desk.open();
    let paths = [
        "/atom.xml",
        "/rss.xml",
        "/feed.json",
        "/",
        "/opml.xml",
        "/sources/news.example/atom.xml",
        "/categories/world/",
    ];
    let validators = |desk: &Desk| {
        paths.map(|path| desk.document(path).map(|d| (d.identity().etag.clone(), d.last_modified)).unwrap())
    };
    let before = validators(&desk);
    desk.close();
    desk.open();
    assert_eq!(validators(&desk), before);
}

#[test]
fn automatic_feeds_follow_their_items() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("world/1.txt", &article(1, "One", 0, 1));
    desk.write("arts & crafts/2.txt", &article(2, "Two", 0, 2));
    desk.open();
    assert_eq!(desk.titles("/categories/world/feed.json"), ["One"]);
    assert_eq!(desk.titles("/categories/arts-crafts/feed.json"), ["Two"]);
    assert_eq!(desk.titles("/sources/news.example/feed.json"), ["Two", "One"]);
    assert!(desk.text("/opml.xml").contains("/categories/world/atom.xml"));
    assert!(desk.text("/categories/").contains("/categories/arts-crafts/"));
    assert!(desk.text("/").contains("/sources/news.example/"));
    assert_eq!(desk.document("/categories/no/feed.json").unwrap_err(), "Missing");
    std::fs::create_dir_all(desk.seeds().join("dünya")).unwrap();
    std::fs::rename(desk.seeds().join("world/1.txt"), desk.seeds().join("dünya/1.txt")).unwrap();
    desk.rescan(false);
    desk.pass(60);
    crate::ingest_desk::eventually_or(
        || desk.document("/categories/d%C3%BCnya/feed.json").is_ok().then_some(()),
        || "no feed of the new category".to_owned(),
    );
    assert_eq!(desk.titles("/categories/d%C3%BCnya/feed.json"), ["One"]);
    desk.pass(60);
    assert!(desk.titles("/categories/world/feed.json").is_empty());
}

#[test]
fn a_moved_seed_moves_the_times_of_the_documents_that_show_its_category() {
    let mut desk = Desk::new(clock!(START), "");
    desk.write("world/1.txt", &article(1, "One", 0, 1));
    desk.write("world/2.txt", &article(2, "Two", 0, 2));
    desk.open();
    let front = desk.text("/");
    let item = front.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|at| at.starts_with("/items/"));
    let item = item.expect("a page of an article").to_owned();
    let path = "/sources/news.example/atom.xml";
    let before = desk.document(path).unwrap();
    std::fs::create_dir_all(desk.seeds().join("arts")).unwrap();
    for name in ["1.txt", "2.txt"] {
        std::fs::rename(desk.seeds().join("world").join(name), desk.seeds().join("arts").join(name)).unwrap();
    }
    desk.pass(60);
    crate::ingest_desk::eventually_or(
        || (desk.document(path).unwrap().identity().etag != before.identity().etag).then_some(()),
        || "the category is the old one".to_owned(),
    );
    desk.pass(60);
    let after = desk.document(path).unwrap();
    assert!(after.last_modified > before.last_modified, "{} and {}", before.last_modified, after.last_modified);
    assert_eq!(after.date(), Some(after.last_modified));
    // Nothing that is stored says when these two change.
    for page in [item.as_str(), "/categories/"] {
        assert_eq!(desk.document(page).unwrap().date(), None, "{page}");
    }
}

#[test]
fn a_feed_that_was_taken_out_of_the_configuration_is_gone_until_it_comes_back() {
    let feed = "[[feed]]\nname = \"world\"\npaths = [\"world/**\"]\n";
    let mut desk = Desk::new(clock!(START), feed);
    desk.write("world/1.txt", &article(1, "One", 0, 1));
    desk.open();
    assert_eq!(desk.titles("/feeds/world/feed.json"), ["One"]);
    desk.close();
    desk.reconfigure("");
    desk.open();
    for path in ["/feeds/world/atom.xml", "/feeds/world/", "/feeds/world", "/feeds/world/archive/1/feed.json"] {
        assert_eq!(desk.document(path).unwrap_err(), "Gone", "{path}");
    }
    for path in ["/feeds/never/atom.xml", "/feeds/", "/feeds/world/other.xml", "/archive/9/atom.xml"] {
        assert_eq!(desk.document(path).unwrap_err(), "Missing", "{path}");
    }
    desk.close();
    desk.reconfigure(feed);
    desk.open();
    assert_eq!(desk.titles("/feeds/world/feed.json"), ["One"]);
}

#[test]
fn automatic_feeds_can_be_turned_off_and_on() {
    let mut desk = Desk::new(clock!(START), "[feeds]\nautomatic = []\n");
    desk.write("world/1.txt", &article(1, "One", 0, 1));
    desk.open();
    assert_eq!(desk.document("/categories/world/feed.json").unwrap_err(), "Missing");
    desk.close();
    desk.reconfigure("");
    desk.open();
    assert_eq!(desk.titles("/categories/world/feed.json"), ["One"]);
    assert!(desk.text("/categories/world/atom.xml").contains("fh:complete"));
}

#[test]
fn a_changed_document_is_shown_with_gzip_and_the_dearer_codings_follow_under_tags_of_their_own() {
    let mut desk = Desk::new(clock!("2024-01-02T00:00:00Z"), "");
    (0..30).for_each(|number| desk.write(&format!("{number}.txt"), &article(number, &format!("Title {number}"), 0, 1)));
    desk.open();
    let codings = |document: &Document| document.variants.iter().map(|variant| variant.coding).collect::<Vec<_>>();
    let all = [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd];
    assert_eq!(codings(&desk.document("/atom.xml").unwrap()), all, "nothing is missing after a start");
    desk.write("30.txt", &article(30, "The news", 2, 2));
    let has_news = |document: &Document| String::from_utf8_lossy(&document.identity().bytes).contains("The news");
    let first = eventually("the change is shown", PATIENCE, || desk.document("/atom.xml").ok().filter(has_news));
    assert_eq!(codings(&first)[..2], all[..2]);
    let whole = eventually("the codings are there", PATIENCE, || {
        desk.document("/atom.xml").ok().filter(|document| codings(document) == all)
    });
    for (before, after) in first.variants.iter().zip(&whole.variants) {
        assert_eq!((before.coding, &before.etag, &before.bytes), (after.coding, &after.etag, &after.bytes));
    }
    assert_eq!(first.last_modified, whole.last_modified);
}

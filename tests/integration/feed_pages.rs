//! Pages for people.

use std::sync::Arc;

use seedcast::feed::page::{self, FeedSummary};
use seedcast::item::{Item, Language};

use crate::feed_readers::golden;
use crate::feed_samples::{at, declared, definition, everything, plain, sample, site};

fn text(page: Vec<u8>) -> String {
    String::from_utf8(page).unwrap()
}

#[test]
fn front_page_shows_feeds_and_the_newest_items() {
    let (site, all) = (site(), everything());
    let others = [
        definition("/feeds/world", "World"),
        definition("/sources/anlatilaninotesi.com.tr", "anlatilaninotesi.com.tr"),
        definition("/languages/tr", "Türkçe"),
        definition("/categories/dunya", "dunya"),
    ];
    let updated = Some(at("2024-11-01T13:17:00+03:00"));
    let feeds: Vec<_> = std::iter::once(&all).chain(&others).map(|feed| FeedSummary { feed, updated }).collect();
    let hebrew = Item {
        title: "שלום לכם: גרסה 2.0 של Feed יצאה".to_owned(),
        summary: Some("כל מה שחדש, בקצרה.".to_owned()),
        language: Language::new("he"),
        url: Some("https://he.example/news/shalom-1234567.html".to_owned()),
        source: Some("he.example".to_owned()),
        times: declared("2024-11-01T09:00:00+02:00", "2024-11-01T09:00:00+02:00"),
        id: seedcast::item::ItemId::new("https://he.example/news/shalom-1234567.html"),
        ..sample()
    };
    let items = [Arc::new(sample()), Arc::new(hebrew), Arc::new(plain())];
    let front = page::front(&site, &feeds, &items).unwrap();
    golden("front.html", &front);
    let front = text(front);
    let alternates: Vec<_> = front
        .match_indices("<link rel=\"alternate\" type=\"")
        .map(|(at, found)| {
            let rest = &front[at + found.len()..];
            rest.split('"').next().unwrap()
        })
        .collect();
    assert_eq!(alternates, ["application/atom+xml", "application/rss+xml", "application/feed+json", "text/x-opml"]);
    assert!(front.contains("href=\"/news/feeds/world/rss.xml\""), "links carry the prefix of the base URL");
    assert!(front.contains("<article dir=\"rtl\">\n<h3 lang=\"he\">"));
    assert!(front.contains("<time dir=\"ltr\" datetime=\"2024-11-01T13:04:00+03:00\">1 Nov 2024, 13:04 UTC+3</time>"));

    golden("feed.html", &page::feed(&site, &feeds[1], &items[..1]).unwrap());
}

#[test]
fn empty_front_page_says_what_to_do_next() {
    let page = text(page::front(&site(), &[], &[]).unwrap());
    golden("front-empty.html", page.as_bytes());
    assert!(page.contains("the seed directory"));
    assert!(page.contains("href=\"/news/atom.xml\""));
}

#[test]
fn item_page_shows_the_article_and_where_it_comes_from() {
    let page = page::item(&site(), &sample()).unwrap();
    golden("item.html", &page);
    let (page, item) = (text(page), sample());
    let url = item.url.unwrap();
    assert!(page.contains(&format!("<link rel=\"canonical\" href=\"{url}\">")));
    assert!(page.contains("<meta name=\"robots\" content=\"noindex\">"));
    assert!(page.contains(&item.content), "content goes out as it is");
    assert!(page.contains("Published <time datetime=\"2024-11-01T13:04:00+03:00\">"));
    assert!(page.contains("Updated <time datetime=\"2024-11-01T13:17:00+03:00\">"));
}

#[test]
fn item_without_address_is_at_home_on_our_page() {
    let page = text(page::item(&site(), &plain()).unwrap());
    let own = format!("https://feeds.example/news/items/{}/", plain().id.handle());
    assert!(page.contains(&format!("<link rel=\"canonical\" href=\"{own}\">")));
    assert!(!page.contains("noindex"));
    assert!(!page.contains("Updated <time"), "it was never updated");
}

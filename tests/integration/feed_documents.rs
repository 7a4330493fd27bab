//! Whole feed documents: golden files, and what independent readers understand.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use seedcast::feed::{Content, Format, Paging, Site, Tombstone, View, WriteError, link_header, write};
use seedcast::item::{Item, ItemId, Language};
use serde_json::{Value, json};

use crate::feed_atom_rules::assert_atom_rules;
use crate::feed_readers::{golden, kind, read};
use crate::feed_samples::{at, declared, definition, everything, plain, sample, site, view};

/// What a reader should understand of an item.
fn understood(item: &Item, url: &str) -> Value {
    json!({
        "id": item.id.as_str(),
        "url": url,
        "title": item.title,
        "summary": item.summary,
        "content": item.content,
        "published": item.times.published.to_rfc3339(),
        "updated": item.times.updated.to_rfc3339(),
        "categories": item.categories,
    })
}

fn text(view: &View<'_>, format: Format) -> String {
    String::from_utf8(write(view, format).expect("a document")).expect("UTF-8")
}

#[test]
fn sample_and_plain_items_are_read_back_whole_from_every_format() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(sample()), Arc::new(plain())];
    for format in Format::ALL {
        let document = write(&view(&site, &feed, &items), format).unwrap();
        golden(&format!("sample.{}", feed.document_path(format).trim_start_matches('/')), &document);
        let Some(read) = read(&document, kind(format)) else { return };
        assert_eq!(read["title"], "Haber Masası");
        let page = format!("https://feeds.example/news/items/{}/", items[1].id.handle());
        assert_eq!(read["items"][0], understood(&items[0], items[0].url.as_deref().unwrap()));
        assert_eq!(read["items"][1], understood(&items[1], &page));
    }
}

#[test]
fn empty_feed_is_a_whole_document() {
    let (site, feed) = (site(), everything());
    for format in Format::ALL {
        let document = write(&view(&site, &feed, &[]), format).unwrap();
        golden(&format!("empty.{}", feed.document_path(format).trim_start_matches('/')), &document);
        if let Some(read) = read(&document, kind(format)) {
            assert_eq!(read["items"], json!([]));
        }
    }
}

#[test]
fn same_view_gives_the_same_bytes() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(sample()), Arc::new(plain())];
    for format in Format::ALL {
        let view = view(&site, &feed, &items);
        assert_eq!(write(&view, format).unwrap(), write(&view, format).unwrap());
    }
}

#[test]
fn rss_times_have_two_digit_days_english_names_and_numeric_zones() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(sample())];
    let rss = text(&view(&site, &feed, &items), Format::Rss);
    assert!(rss.contains("<pubDate>Fri, 01 Nov 2024 13:04:00 +0300</pubDate>"), "{rss}");
    assert!(rss.contains("<lastBuildDate>Fri, 01 Nov 2024 13:17:00 +0300</lastBuildDate>"));
    assert!(rss.contains("<atom:updated>2024-11-01T13:17:00+03:00</atom:updated>"));
    assert!(!rss.contains("dc:date"), "readers take dc:date for the publication date");
}

#[test]
fn times_at_the_edges_keep_their_digits_and_offsets() {
    let (site, feed) = (site(), everything());
    let cases = [
        ("0001-01-01T00:00:00+00:00", "Mon, 01 Jan 0001 00:00:00 +0000"),
        ("9999-12-31T23:59:59-12:00", "Fri, 31 Dec 9999 23:59:59 -1200"),
        ("2024-02-29T12:00:00+05:45", "Thu, 29 Feb 2024 12:00:00 +0545"),
        ("1969-07-20T20:17:40-00:30", "Sun, 20 Jul 1969 20:17:40 -0030"),
        ("2024-06-30T23:59:59+14:00", "Sun, 30 Jun 2024 23:59:59 +1400"),
    ];
    for (time, in_rss) in cases {
        let items = [Arc::new(Item { times: declared(time, time), ..plain() })];
        let view = view(&site, &feed, &items);
        let (rss, atom, json) = (text(&view, Format::Rss), text(&view, Format::Atom), text(&view, Format::Json));
        assert!(rss.contains(&format!("<pubDate>{in_rss}</pubDate>")), "{rss}");
        assert!(rss.contains(&format!("<atom:updated>{time}</atom:updated>")), "{rss}");
        assert!(atom.contains(&format!("<published>{time}</published>")), "{atom}");
        assert!(atom.contains(&format!("<updated>{time}</updated>")), "{atom}");
        assert!(json.contains(&format!("\"date_published\":\"{time}\"")), "{json}");
    }
}

#[test]
fn fractions_and_offsets_with_seconds_are_told_in_whole_seconds_and_minutes() {
    let (site, feed) = (site(), everything());
    let amsterdam = chrono::FixedOffset::east_opt(19 * 60 + 32).unwrap();
    let time = at("1930-05-01T12:00:00.987654321Z").with_timezone(&amsterdam);
    let mut item = plain();
    item.times.published = time;
    item.times.updated = time;
    let items = [Arc::new(item)];
    let view = view(&site, &feed, &items);
    assert!(text(&view, Format::Rss).contains("<pubDate>Thu, 01 May 1930 12:19:00 +0019</pubDate>"));
    assert!(text(&view, Format::Atom).contains("<updated>1930-05-01T12:19:00+00:19</updated>"));
}

#[test]
fn years_that_no_format_can_tell_are_refused_with_the_item() {
    let (site, feed) = (site(), everything());
    let mut item = plain();
    item.times.updated = at("9999-12-31T23:59:59Z") + Duration::from_secs(1);
    let items = [Arc::new(sample()), Arc::new(item)];
    for format in Format::ALL {
        match write(&view(&site, &feed, &items), format) {
            Err(WriteError::Item { id, .. }) => assert_eq!(id, items[1].id),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn one_id_twice_is_refused_with_the_item() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(plain()), Arc::new(sample()), Arc::new(plain())];
    let error = write(&view(&site, &feed, &items), Format::Atom).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write `/atom.xml`: item `tag:feeds.example,2024:seed/at%26t.txt`: appears twice"
    );
}

#[test]
fn guid_is_a_permanent_link_only_where_the_item_is_found_under_it() {
    let (site, feed) = (site(), everything());
    let moved = Item { url: Some("https://a.example/new-slug-123456.html".to_owned()), ..sample() };
    let items = [Arc::new(moved)];
    let rss = text(&view(&site, &feed, &items), Format::Rss);
    assert!(rss.contains("<guid isPermaLink=\"false\">https://anlatilaninotesi"), "{rss}");
    let items = [Arc::new(sample())];
    let rss = text(&view(&site, &feed, &items), Format::Rss);
    assert!(rss.contains("<guid>https://anlatilaninotesi"), "{rss}");
}

#[test]
fn archive_pages_link_to_their_neighbours_in_every_format() {
    let (site, feed) = (site(), definition("/feeds/world", "World"));
    let items = [Arc::new(sample())];
    let base = "https://feeds.example/news/feeds/world";
    let cases = [
        (Paging::Subscription { prev_archive: Some(7), is_complete: false }, "", &[("prev-archive", "/archive/7")][..]),
        (
            Paging::Archive { page: 1, prev: None, next: Some(2) },
            "/archive/1",
            &[("current", ""), ("next-archive", "/archive/2")],
        ),
        (
            Paging::Archive { page: 7, prev: Some(6), next: None },
            "/archive/7",
            &[("current", ""), ("prev-archive", "/archive/6")],
        ),
    ];
    for (paging, own, others) in cases {
        for format in Format::ALL {
            let file = format.file_name();
            let document = write(&View { paging, ..view(&site, &feed, &items) }, format).unwrap();
            let Some(read) = read(&document, kind(format)) else { return };
            let mut expected = vec![json!(["self", format!("{base}{own}/{file}")])];
            if own.is_empty() {
                expected.push(json!(["hub", "https://feeds.example/news/hub"]));
            }
            let told = others.iter().filter(|(rel, _)| format != Format::Json || *rel == "prev-archive");
            expected.extend(told.map(|(rel, path)| json!([rel, format!("{base}{path}/{file}")])));
            let mut links = read["links"].as_array().unwrap().clone();
            links.retain(|link| link[0] != "alternate");
            assert_eq!(links, expected, "{paging:?} {format:?}");
            if format != Format::Json {
                let marker = if own.is_empty() { json!([]) } else { json!(["archive"]) };
                assert_eq!(read["markers"], marker);
            }
        }
    }
}

#[test]
fn rss_says_where_to_register_for_rsscloud_on_what_is_subscribed_to() {
    let (feed, items) = (definition("/feeds/world", "World"), [Arc::new(sample())]);
    for (base, expected) in [
        (
            "http://feeds.example",
            "domain=\"feeds.example\" port=\"80\" path=\"/cloud\" registerProcedure=\"\" protocol=\"http-post\"",
        ),
        (
            "https://feeds.example/news",
            "domain=\"feeds.example\" port=\"443\" path=\"/news/cloud\" registerProcedure=\"\" protocol=\"https-post\"",
        ),
        (
            "http://[::1]:8080",
            "domain=\"[::1]\" port=\"8080\" path=\"/cloud\" registerProcedure=\"\" protocol=\"http-post\"",
        ),
    ] {
        let site = Site { cloud: Some(format!("{base}/cloud")), ..site() };
        let live = view(&site, &feed, &items);
        let archive = View { paging: Paging::Archive { page: 1, prev: None, next: None }, ..live };
        assert!(text(&live, Format::Rss).contains(&format!("<cloud {expected}/>")), "{}", text(&live, Format::Rss));
        for (view, format) in [(&live, Format::Atom), (&live, Format::Json), (&archive, Format::Rss)] {
            assert!(!text(view, format).contains("/cloud"), "{format:?}");
        }
    }
}

#[test]
fn feed_that_fits_whole_says_so() {
    let (site, feed) = (site(), everything());
    for format in [Format::Rss, Format::Atom] {
        let document = write(&view(&site, &feed, &[]), format).unwrap();
        if let Some(read) = read(&document, kind(format)) {
            assert_eq!(read["markers"], json!(["complete"]));
        }
    }
}

#[test]
fn tombstones_are_in_atom_alone_and_never_beside_their_entry() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(sample())];
    let withdrawn: DateTime<Utc> = "2024-11-02T08:00:00.5Z".parse().unwrap();
    let gone = |id: &str| Tombstone { id: ItemId::new(id), withdrawn };
    let hostile = "https://a.example/?x=1&y=\"2\"<3>'4'";
    let tombstones = [gone(hostile), gone(items[0].id.as_str())];
    let view = View { tombstones: &tombstones, ..view(&site, &feed, &items) };
    if let Some(read) = read(&write(&view, Format::Atom).unwrap(), "atom") {
        assert_eq!(read["tombstones"], json!([[hostile, "2024-11-02T08:00:00+00:00"]]));
        assert_eq!(read["items"].as_array().unwrap().len(), 1);
    }
    assert!(!text(&view, Format::Rss).contains("deleted-entry"));
    assert!(!text(&view, Format::Json).contains("deleted"));
}

#[test]
fn summary_feeds_carry_no_content() {
    let site = site();
    let feed = seedcast::feed::Definition { content: Content::Summary, ..everything() };
    let items = [Arc::new(sample()), Arc::new(plain())];
    let view = view(&site, &feed, &items);
    assert!(!text(&view, Format::Rss).contains("<content:encoded>"));
    assert!(!text(&view, Format::Atom).contains("<content"));
    let json: Value = serde_json::from_slice(&write(&view, Format::Json).unwrap()).unwrap();
    // JSON Feed 1.1 asks every item for one of the two contents.
    assert!(json["items"][0].get("content_html").is_none());
    assert_eq!(json["items"][0]["content_text"], json!(items[0].summary));
    assert_eq!(json["items"][1]["content_text"], json!(items[1].title));
}

#[test]
fn description_and_icon_are_told_in_every_format_where_they_are_declared() {
    let icon = "https://feeds.example/icon.png";
    let site = Site { icon: Some(icon.to_owned()), ..site() };
    let feed = seedcast::feed::Definition { description: Some("R&D, <daily>".to_owned()), ..everything() };
    let declared = view(&site, &feed, &[]);
    let rss = text(&declared, Format::Rss);
    assert!(rss.contains("<description>R&amp;D, &lt;daily&gt;</description>"), "{rss}");
    let image = rss.split_once("<image>").unwrap().1.split_once("</image>").unwrap().0;
    for element in [
        format!("<url>{icon}</url>"),
        "<title>Haber Masası</title>".to_owned(),
        "<link>https://feeds.example/news/</link>".to_owned(),
    ] {
        assert!(image.contains(&element), "{image}");
    }
    let atom = text(&declared, Format::Atom);
    assert!(atom.contains(&format!("<icon>{icon}</icon>")), "{atom}");
    assert!(atom.contains("<subtitle>R&amp;D, &lt;daily&gt;</subtitle>"), "{atom}");
    assert_atom_rules(atom.as_bytes(), 0);
    let json: Value = serde_json::from_str(&text(&declared, Format::Json)).unwrap();
    assert_eq!([&json["description"], &json["icon"], &json["favicon"]], ["R&D, <daily>", icon, icon]);

    let (site, feed) = (crate::feed_samples::site(), everything());
    let silent = view(&site, &feed, &[]);
    assert!(text(&silent, Format::Rss).contains("<description>Haber Masası</description>"), "RSS must have one");
    assert!(!text(&silent, Format::Rss).contains("<image>"));
    let atom = text(&silent, Format::Atom);
    assert!(!atom.contains("<subtitle") && !atom.contains("<icon"));
    let json: Value = serde_json::from_str(&text(&silent, Format::Json)).unwrap();
    assert!(["description", "icon", "favicon"].iter().all(|key| json.get(key).is_none()));
}

#[test]
fn item_language_is_told_where_it_differs_from_that_of_the_feed() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(Item { language: Language::new("en"), ..sample() })];
    let view = view(&site, &feed, &items);
    let atom = text(&view, Format::Atom);
    assert!(atom.contains("xml:lang=\"tr\">\n <title>Haber"), "{atom}");
    assert!(atom.contains("<title xml:lang=\"en\">Kuzey"), "{atom}");
    assert!(atom.contains("<content xml:lang=\"en\" type=\"html\">"), "{atom}");
    assert!(text(&view, Format::Rss).contains("<dc:language>en</dc:language>"));
    assert!(text(&view, Format::Json).contains("\"language\":\"en\",\"_seedcast\""));
}

#[test]
fn update_frequency_agrees_with_time_to_live() {
    let site = site();
    let cases = [
        (0, "1", "hourly", "60"),
        (60, "1", "hourly", "60"),
        (90, "2", "hourly", "30"),
        (300, "5", "hourly", "12"),
        (3600, "60", "hourly", "1"),
        (7200, "120", "daily", "12"),
        (172_800, "2880", "weekly", "3"),
        (5_000_000, "83334", "weekly", "1"),
    ];
    for (seconds, ttl, period, frequency) in cases {
        let feed = seedcast::feed::Definition { max_age: Duration::from_secs(seconds), ..everything() };
        let rss = text(&view(&site, &feed, &[]), Format::Rss);
        assert!(rss.contains(&format!("<ttl>{ttl}</ttl>")), "{rss}");
        assert!(rss.contains(&format!("<sy:updatePeriod>{period}</sy:updatePeriod>")), "{rss}");
        assert!(rss.contains(&format!("<sy:updateFrequency>{frequency}</sy:updateFrequency>")), "{rss}");
    }
}

#[test]
fn link_header_names_every_hub_and_the_document_itself() {
    let mut site = site();
    assert_eq!(
        link_header(&site, "/atom.xml").as_deref(),
        Some(r#"<https://feeds.example/news/hub>; rel="hub", <https://feeds.example/news/atom.xml>; rel="self""#)
    );
    site.hubs.clear();
    assert_eq!(link_header(&site, "/atom.xml"), None);
}

#[test]
fn international_host_names_are_links_in_ascii() {
    let url = "https://президент.рф/новости/a?q=ö#к";
    let link = "https://xn--d1abbgf6aiiy.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/a?q=%C3%B6#%D0%BA";
    let items = [Arc::new(Item { id: ItemId::new(url), url: Some(url.to_owned()), ..plain() })];
    let (site, feed) = (site(), everything());
    let view = view(&site, &feed, &items);
    let text = |format| String::from_utf8(write(&view, format).unwrap()).unwrap();
    assert!(text(Format::Rss).contains(&format!("<link>{link}</link>")), "{}", text(Format::Rss));
    assert!(text(Format::Atom).contains(&format!("href=\"{link}\"")), "{}", text(Format::Atom));
    let json: Value = serde_json::from_str(&text(Format::Json)).unwrap();
    assert_eq!(json["items"][0]["url"], link);
    assert_eq!(json["items"][0]["id"], url);
    assert!(
        text(Format::Rss).contains(&format!(">{url}</guid>"))
            && text(Format::Atom).contains(&format!("<id>{url}</id>"))
    );
}

#[test]
fn ports_and_what_is_no_host_stay_as_they_are_in_links() {
    for (url, link) in [
        ("https://Bücher.example:8443/ü", "https://xn--bcher-kva.example:8443/%C3%BC"),
        ("HTTPS://例え.example?q=例", "HTTPS://xn--r8jz45g.example?q=%E4%BE%8B"),
        ("https://a.example/bücher.example", "https://a.example/b%C3%BCcher.example"),
        ("https://a.example/x@bücher.example", "https://a.example/x@b%C3%BCcher.example"),
    ] {
        let items = [Arc::new(Item { url: Some(url.to_owned()), ..plain() })];
        let (site, feed) = (site(), everything());
        let json: Value = serde_json::from_slice(&write(&view(&site, &feed, &items), Format::Json).unwrap()).unwrap();
        assert_eq!(json["items"][0]["url"], link);
    }
}

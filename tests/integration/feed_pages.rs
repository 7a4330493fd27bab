//! Pages for people.

use std::sync::Arc;

use seedcast::feed::page::{self, FeedSummary};
use seedcast::feed::{By, Definition, automatic_definition};
use seedcast::item::{Item, Language};
use sha2::{Digest, Sha256};

use crate::feed_readers::golden;
use crate::feed_samples::{at, declared, definition, everything, plain, sample, site};

fn text(page: Vec<u8>) -> String {
    String::from_utf8(page).expect("UTF-8")
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
    let feeds: Vec<_> =
        std::iter::once(&all).chain(&others).map(|feed| FeedSummary { feed, updated, archive: None }).collect();
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
    let front = page::front(&site, &feeds, &[By::Category], &items).unwrap();
    golden("front.html", &front);
    let front = text(front);
    assert_eq!(
        alternates(&front),
        ["application/atom+xml", "application/rss+xml", "application/feed+json", "text/x-opml"]
    );
    assert!(front.contains("href=\"/news/feeds/world/rss.xml\""), "links carry the prefix of the base URL");
    assert!(
        front.contains("<a href=\"/news/categories/\">All categories</a>")
            && !front.contains("<a href=\"/news/sources/\">")
    );
    assert!(front.contains("<article dir=\"rtl\">\n<h3 lang=\"he\">"));
    assert!(front.contains("<time dir=\"ltr\" datetime=\"2024-11-01T13:04:00+03:00\">1 Nov 2024, 13:04 UTC+3</time>"));
    let updated = "Updated <time datetime=\"2024-11-01T13:17:00+03:00\">1 Nov 2024, 13:17 UTC+3</time></span> <a href=";
    assert_eq!(front.matches(updated).count(), 1, "the one item that was updated");

    golden("feed.html", &page::feed(&site, &feeds[1], &items[..1]).unwrap());
}

#[test]
fn empty_front_page_says_what_to_do_next() {
    let new = seedcast::feed::Site { is_unconfigured: true, ..site() };
    let page = text(page::front(&new, &[], &[], &[]).unwrap());
    golden("front-empty.html", page.as_bytes());
    assert!(page.contains("the seed directory"));
    assert!(page.contains("href=\"/news/atom.xml\""));
}

/// Types of the feeds that a page names in its head, in order.
fn alternates(page: &str) -> Vec<&str> {
    let head = page.split_once("</head>").unwrap().0;
    head.split("<link rel=\"alternate\" type=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn page_of_an_item_and_list_of_feeds_name_the_main_feed() {
    let source = definition("/sources/news.example", "news.example");
    let listed = [FeedSummary { feed: &source, updated: None, archive: None }];
    for page in
        [page::item(&site(), &sample(), &By::ALL).unwrap(), page::list(&site(), By::Source, 1, false, &listed).unwrap()]
    {
        let page = text(page);
        assert_eq!(alternates(&page), ["application/atom+xml", "application/rss+xml", "application/feed+json"]);
        assert!(page.contains("title=\"Haber Masası (Atom)\" href=\"/news/atom.xml\""), "{page}");
    }
}

#[test]
fn list_of_feeds_goes_on_to_further_pages() {
    let feed = definition("/categories/a", "a");
    let listed = [FeedSummary { feed: &feed, updated: None, archive: None }];
    let page = |number, has_more| text(page::list(&site(), By::Category, number, has_more, &listed).unwrap());
    let (only, first, second, last) = (page(1, false), page(1, true), page(2, true), page(3, false));
    let previous = |path: &str| format!("<a rel=\"prev\" href=\"/news/categories/{path}\">Previous</a>");
    let next = |path: &str| format!("<a rel=\"next\" href=\"/news/categories/{path}\">Next</a>");
    assert!(!only.contains("<nav") && only.contains("<h1>Categories</h1>"));
    assert!(first.contains(&next("page/2/")) && !first.contains("Previous"), "{first}");
    assert!(second.contains(&previous("")) && second.contains(&next("page/3/")), "{second}");
    assert!(second.contains("<h1>Categories, page 2</h1>"));
    assert!(last.contains(&previous("page/2/")) && !last.contains("Next"), "{last}");
}

#[test]
fn automatic_feeds_go_by_their_own_names_on_pages_and_keep_the_site_in_readers() {
    let site = site();
    let automatic = |by, path, name| automatic_definition(by, path, name, &site.title, &everything());
    let feeds = [
        automatic(By::Category, "/categories/c-0", "C++"),
        automatic(By::Source, "/sources/news.example", "news.example"),
        automatic(By::Language, "/languages/de", "de"),
    ];
    let listed: Vec<_> = feeds.iter().map(|feed| FeedSummary { feed, updated: None, archive: None }).collect();
    let front = text(page::front(&site, &listed, &[], &[]).unwrap());
    let lists = By::ALL.map(|by| text(page::list(&site, by, 1, false, &listed).unwrap()));
    for page in std::iter::once(&front).chain(&lists) {
        for name in ["lang=\"tr\">C++</a>", "lang=\"\">news.example</a>", "lang=\"de\">Deutsch</a>"] {
            assert!(page.contains(name), "{name} in {page}");
        }
        assert!(!page.contains("Haber Masası: "), "{page}");
    }
    let page = text(page::feed(&site, &listed[2], &[]).unwrap());
    assert!(page.contains("<title>Deutsch – Haber Masası</title>") && page.contains("lang=\"de\">Deutsch</h1>"));
    assert!(page.contains("title=\"Haber Masası: Deutsch (Atom)\""), "{page}");
}

#[test]
fn title_of_a_page_has_the_name_of_the_site_once() {
    let (site, all) = (site(), everything());
    let archive = |feed| text(page::archive(&site, feed, 2, (None, None), &[]).unwrap());
    let world = definition("/feeds/world", "World");
    assert!(archive(&all).contains("<title>Archive, page 2 – Haber Masası</title>"));
    assert!(archive(&world).contains("<title>World: archive, page 2 – Haber Masası</title>"));
    let same = definition("/feeds/same", "Haber Masası");
    let page = text(page::feed(&site, &FeedSummary { feed: &same, updated: None, archive: None }, &[]).unwrap());
    assert!(page.contains("<title>Haber Masası</title>"));
}

#[test]
fn descriptions_are_shown_and_named_to_search_engines() {
    let site = site();
    let all = Definition { description: Some("News \"daily\" & <late>".to_owned()), ..everything() };
    let world = Definition { description: Some("Elsewhere".to_owned()), ..definition("/feeds/world", "World") };
    let [all, world] = [&all, &world].map(|feed| FeedSummary { feed, updated: None, archive: None });
    let front = text(page::front(&site, &[all, world], &[], &[]).unwrap());
    let said = "News &#34;daily&#34; &#38; &#60;late&#62;";
    assert!(front.contains(&format!("<meta name=\"description\" content=\"{said}\">")), "{front}");
    assert!(front.contains(&format!("<p class=\"about\" dir=\"auto\" lang=\"tr\">{said}</p>")), "{front}");
    assert!(front.contains("lang=\"tr\">Elsewhere</p>"), "{front}");
    let page = text(page::feed(&site, &world, &[]).unwrap());
    assert!(page.contains("<meta name=\"description\" content=\"Elsewhere\">") && page.contains(">Elsewhere</p>"));
    let page = text(page::item(&site, &sample(), &By::ALL).unwrap());
    assert!(page.contains("<meta name=\"description\" content=\"Rusya&#39;nın başkenti"), "{page}");
}

#[test]
fn feed_that_never_had_an_item_says_of_no_update() {
    let world = definition("/feeds/world", "World");
    let summary = FeedSummary { feed: &world, updated: Some(at("2024-11-01T13:17:00+03:00")), archive: None };
    assert!(!text(page::feed(&site(), &summary, &[]).unwrap()).contains("Updated"));
    assert!(text(page::feed(&site(), &summary, &[Arc::new(plain())]).unwrap()).contains("Updated"));
}

#[test]
fn front_page_leads_to_its_feeds_where_there_are_any() {
    let world = definition("/feeds/world", "World");
    let front = |feeds: &[_]| text(page::front(&site(), feeds, &[], &[]).unwrap());
    let link = "<a href=\"#feeds\">All feeds</a>";
    assert!(front(&[FeedSummary { feed: &world, updated: None, archive: None }]).contains(link));
    assert!(!front(&[]).contains(link));
}

#[test]
fn headings_leave_out_no_level() {
    let (site, all) = (site(), everything());
    let feed = FeedSummary { feed: &all, updated: None, archive: None };
    let items = [Arc::new(sample())];
    for page in [
        page::front(&site, &[feed], &[], &items).unwrap(),
        page::feed(&site, &feed, &items).unwrap(),
        page::archive(&site, &all, 2, (Some(1), Some(3)), &items).unwrap(),
    ] {
        let page = text(page);
        let levels = page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10));
        let levels: Vec<u32> = levels.collect();
        assert_eq!(levels[0], 1, "{levels:?}");
        assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "{levels:?}");
    }
}

#[test]
fn empty_pages_tell_the_public_nothing_of_the_seed_directory() {
    let (site, all) = (site(), everything());
    let new = seedcast::feed::Site { is_unconfigured: true, ..site.clone() };
    let feed = FeedSummary { feed: &all, updated: None, archive: None };
    for page in [
        page::front(&site, &[feed], &[], &[]).unwrap(),
        page::feed(&site, &feed, &[]).unwrap(),
        page::feed(&new, &feed, &[]).unwrap(),
    ] {
        assert!(text(page).contains("<p class=\"empty\">No items yet. New ones appear here.</p>"));
    }
}

#[test]
fn item_page_shows_the_article_and_where_it_comes_from() {
    let page = page::item(&site(), &sample(), &By::ALL).unwrap();
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
fn item_page_leads_to_the_feeds_of_its_source_and_categories_where_there_are_any() {
    let item = Item { categories: vec!["Arts & Crafts".to_owned(), "…".to_owned()], ..sample() };
    let page = |kinds: &[By]| text(page::item(&site(), &item, kinds).unwrap());
    let (all, none) = (page(&By::ALL), page(&[By::Language]));
    assert!(all.contains("<a href=\"/news/categories/arts-crafts/\" dir=\"auto\">Arts &#38; Crafts</a>"), "{all}");
    assert!(all.contains("<span dir=\"auto\">…</span>"), "a category without a feed");
    assert!(all.contains("<a href=\"/news/sources/anlatilaninotesi.com.tr/\" dir=\"ltr\">anlatilaninotesi.com.tr</a>"));
    assert!(none.contains("<span dir=\"auto\">Arts &#38; Crafts</span>") && none.contains("<span dir=\"ltr\">anlatil"));
    assert!(!none.contains("href=\"/news/categories/") && !none.contains("href=\"/news/sources/"));
}

#[test]
fn item_page_shows_the_description_that_the_article_does_not_begin_with() {
    let lead = |title: &str, summary: &str, content: &str| {
        let item = Item { title: title.into(), summary: Some(summary.into()), content: content.into(), ..sample() };
        let page = text(page::item(&site(), &item, &[]).unwrap());
        let lead =
            page.split_once("<p class=\"lead\" lang=\"tr\">").map(|(_, rest)| rest.split_once("</p>").unwrap().0);
        lead.map(str::to_owned)
    };
    let content = "<p>The first tram\n crossed R&amp;D bridge.</p><h3>Noon</h3><p>It was quiet. Nobody fell.</p>";
    assert_eq!(
        lead("A", "It carries <traffic> again.", content).as_deref(),
        Some("It carries &#60;traffic&#62; again.")
    );
    assert_eq!(lead("A", "The first tram stopped.", content).as_deref(), Some("The first tram stopped."));
    for taken in
        ["The first tram crossed R&D bridge.", "The first tram crossed R&D bridge. It was quiet.", "The first tram…"]
    {
        assert_eq!(lead("A", taken, content), None, "{taken}");
    }
    assert_eq!(
        lead("The first tram crossed R&D bridge.", "It was quiet.", content),
        None,
        "the first repeats the title"
    );
    assert_eq!(lead("A", "All there is.", ""), None);
}

#[test]
fn item_without_address_is_at_home_on_our_page() {
    let page = text(page::item(&site(), &plain(), &By::ALL).unwrap());
    let own = format!("https://feeds.example/news/items/{}/", plain().id.handle());
    assert!(page.contains(&format!("<link rel=\"canonical\" href=\"{own}\">")));
    assert!(!page.contains("noindex"));
    assert!(!page.contains("Updated <time"), "it was never updated");
}

#[test]
fn policy_lets_in_the_style_sheet_and_nothing_else() {
    let policy = page::content_security_policy(None);
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for page in [
        page::front(&site(), &[], &[], &[Arc::new(sample())]).unwrap(),
        page::item(&site(), &sample(), &By::ALL).unwrap(),
        page::gone(&site()).unwrap(),
        page::not_found(&site()).unwrap(),
    ] {
        let page = text(page);
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let digest = Sha256::digest(style.as_bytes());
        assert!(policy.contains(&format!("'sha256-{}'", base64(&digest))), "the hash is that of the style sheet");
        for loading in ["<script", "<img", "<link rel=\"stylesheet", "<iframe", "<form", " style=\"", "@import", "url("]
        {
            assert!(!page.contains(loading), "{loading}");
        }
    }
}

#[test]
fn icon_of_the_site_may_be_loaded_and_nothing_else_from_elsewhere() {
    let site = seedcast::feed::Site { icon: Some("https://cdn.example:8443/a%3Bb.png?v=1&w=2".to_owned()), ..site() };
    let page = text(page::front(&site, &[], &[], &[]).unwrap());
    assert!(page.contains("<link rel=\"icon\" href=\"https://cdn.example:8443/a%3Bb.png?v=1&#38;w=2\">"), "{page}");
    let policy = page::content_security_policy(site.icon.as_deref());
    assert!(policy.contains("; img-src https://cdn.example:8443; "), "{policy}");
    assert!(!page::content_security_policy(None).contains("img-src"));
}

/// Bit by bit, so as to share nothing with the code under test.
fn base64(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let digits: String = bits
        .as_bytes()
        .chunks(6)
        .map(|sextet| {
            let bits = format!("{:0<6}", std::str::from_utf8(sextet).expect("ASCII"));
            let value = u8::from_str_radix(&bits, 2).expect("binary");
            char::from(match value {
                0..=25 => b'A' + value,
                26..=51 => b'a' + value - 26,
                52..=61 => b'0' + value - 52,
                62 => b'+',
                _ => b'/',
            })
        })
        .collect();
    format!("{digits}{}", "=".repeat((4 - digits.len() % 4) % 4))
}

#[test]
fn direction_follows_language_and_script() {
    let cases = [
        (Some("he"), "rtl"),
        (Some("ar-EG"), "rtl"),
        (Some("fa"), "rtl"),
        (Some("ur"), "rtl"),
        (Some("ckb"), "rtl"),
        (Some("tr"), "ltr"),
        (Some("az-Arab"), "rtl"),
        (Some("ar-Latn"), "ltr"),
        (None, "auto"),
    ];
    for (language, expected) in cases {
        let item = Item { language: language.and_then(Language::new), ..sample() };
        let page = text(page::item(&site(), &item, &By::ALL).unwrap());
        assert!(page.contains(&format!("<article class=\"full\" dir=\"{expected}\">")), "{language:?}");
    }
}

#[test]
fn site_without_prefix_links_from_the_root() {
    for base_url in ["https://feeds.example", "http://127.0.0.1:8080", "http://[::1]:8080"] {
        let site = seedcast::feed::Site { base_url: base_url.to_owned(), ..site() };
        let page = text(page::front(&site, &[], &[], &[]).unwrap());
        assert!(page.contains("href=\"/rss.xml\""), "{base_url}");
        assert!(page.contains(&format!("<code>{base_url}/atom.xml</code>")));
    }
}

//! Text that tries to break documents and pages: none of it may, whatever a store holds.

use std::sync::Arc;

use proptest::prelude::*;
use seedcast::feed::page::{self, FeedSummary};
use seedcast::feed::{By, Format, Site, Tombstone, WriteError, check_xml, write};
use seedcast::item::{Item, ItemId, Language};
use serde_json::{Value, json};

use crate::feed_atom_rules::assert_atom_rules;
use crate::feed_readers::{kind, read};
use crate::feed_samples::{at, definition, everything, plain, sample, site, view};

/// What is put into every field, and what a reader should find of it in a title.
fn battery() -> Vec<(String, String)> {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    vec![
        same("AT&T &amp; &lt;b&gt; &nbsp; &unknown; &"),
        same("<b>bold</b> <script>alert(1)</script> <!-- -- --> <?pi?>"),
        same("]]> ]]&gt; <![CDATA[x]]>"),
        same("\"double\" 'single' `back`"),
        same("&#1; &#xFFFE; &#0; &#xD800;"),
        same("emoji 👩‍👩‍👧‍👦 🏳️‍🌈 and 𝒻𝒶𝓃𝒸𝓎"),
        same("ﬁrst ﷽ ＡＢＣ ￯ \u{FFFD}"),
        same("javascript:alert(1)"),
        same("{{ braces }} {% tag %}"),
        ("nul \0 bell \u{7} escape \u{1b}[31m end".to_owned(), "nul  bell  escape [31m end".to_owned()),
        ("never \u{FFFE} legal \u{FFFF}".to_owned(), "never  legal ".to_owned()),
        ("override \u{202E}txt.exe\u{202C}".to_owned(), "override txt.exe".to_owned()),
        ("isolate \u{2067}a \u{202B}b \u{2069}c".to_owned(), "isolate a b c".to_owned()),
        same("closed \u{2067}a \u{202B}b\u{202C} \u{2069}c"),
        ("stray \u{202C}\u{2069}ends".to_owned(), "stray ends".to_owned()),
        same("long & ".repeat(3000).trim_end()),
    ]
}

/// An item with the text in every field that takes one.
fn infected(index: usize, text: &str) -> Item {
    Item {
        id: ItemId::new(format!("tag:feeds.example,2024:{index}:{text}")),
        url: Some(format!("https://a.example/{text}")),
        title: text.to_owned(),
        summary: Some(text.to_owned()),
        content: format!("<p>{text}</p><h3 onclick=\"x\">{text}</h3>"),
        categories: vec![text.to_owned(), text.to_owned()],
        source: Some(text.to_owned()),
        ..sample()
    }
}

fn infected_items() -> Vec<Arc<Item>> {
    battery().iter().enumerate().map(|(index, (text, _))| Arc::new(infected(index, text))).collect()
}

/// Fails when the HTML holds any tag but those that content may have.
fn assert_only_paragraphs(html: &str) {
    for (at, _) in html.match_indices('<') {
        let rest = &html[at..];
        assert!(
            ["<p>", "</p>", "<h3>", "</h3>"].iter().any(|tag| rest.starts_with(tag)),
            "{}",
            rest.chars().take(40).collect::<String>()
        );
    }
}

#[test]
fn hostile_text_is_read_back_as_the_text_it_is_from_every_format() {
    let (site, feed) = (site(), everything());
    let items = infected_items();
    for format in Format::ALL {
        let document = write(&view(&site, &feed, &items), format).unwrap();
        let Some(read) = read(&document, kind(format)) else { return };
        for (index, (_, expected)) in battery().iter().enumerate() {
            let item = &read["items"][index];
            assert_eq!(item["title"], json!(expected), "{format:?}");
            assert_eq!(item["categories"], json!([expected, expected]), "{format:?}");
            let summary = match format {
                // Readers take an RSS description for HTML.
                Format::Rss => expected.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
                _ => expected.clone(),
            };
            assert_eq!(item["summary"], json!(summary), "{format:?}");
            assert_only_paragraphs(item["content"].as_str().unwrap());
            assert!(url::Url::parse(item["url"].as_str().unwrap()).is_ok(), "{item}");
        }
    }
}

#[test]
fn references_to_illegal_characters_leave_the_content() {
    let (site, feed) = (site(), everything());
    let content = "<p>a&#1;b&#xFFFE;c&#xD800;d&#x41;e&#39;f&amp;g&eacute;h&i</p>".to_owned();
    let items = [Arc::new(Item { content, ..plain() })];
    let document = write(&view(&site, &feed, &items), Format::Json).unwrap();
    let json: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(json["items"][0]["content_html"], "<p>abcd&#x41;e&#39;f&amp;g&eacute;h&amp;i</p>");
}

#[test]
fn only_http_addresses_become_links() {
    let (site, feed) = (site(), everything());
    for url in ["javascript:alert(1)", "data:text/html,x", "//a.example/x", "relative/x", "http://", "ftp://a.example/"]
    {
        let items = [Arc::new(Item { url: Some(url.to_owned()), ..plain() })];
        let own = format!("https://feeds.example/news/items/{}/", plain().id.handle());
        let json: Value = serde_json::from_slice(&write(&view(&site, &feed, &items), Format::Json).unwrap()).unwrap();
        assert_eq!(json["items"][0]["url"], own, "{url}");
        let html = String::from_utf8(page::item(&site, &items[0], &By::ALL).unwrap()).unwrap();
        assert!(!html.contains(&format!("href=\"{url}")), "{url}");
    }
}

#[test]
fn hostile_feed_titles_break_neither_documents_nor_pages() {
    for (text, expected) in battery() {
        let site = Site { title: text.clone(), author: Some(text.clone()), ..site() };
        let feed = definition("/feeds/x", &text);
        for format in [Format::Rss, Format::Atom] {
            check_xml(&write(&view(&site, &feed, &[]), format).unwrap()).unwrap();
        }
        let atom = write(&view(&site, &feed, &[]), Format::Atom).unwrap();
        assert_atom_rules(&atom, 0);
        let json: Value = serde_json::from_slice(&write(&view(&site, &feed, &[]), Format::Json).unwrap()).unwrap();
        assert_eq!(json["title"], expected);
        let summary = FeedSummary { feed: &feed, updated: None, archive: None };
        for page in [page::front(&site, &[summary], &[], &[]), page::feed(&site, &summary, &[]), page::gone(&site)] {
            assert_no_foreign_markup(&page.unwrap());
        }
    }
}

#[test]
fn hostile_items_bring_no_markup_of_their_own_to_pages() {
    let site = site();
    for item in infected_items() {
        assert_no_foreign_markup(&page::item(&site, &item, &By::ALL).unwrap());
        assert_no_foreign_markup(&page::front(&site, &[], &[], &[item]).unwrap());
    }
}

/// Fails when a page has an element or attribute that the templates do not write.
fn assert_no_foreign_markup(page: &[u8]) {
    let html = std::str::from_utf8(page).expect("UTF-8");
    assert!(!html.contains('\0') && !html.contains('\u{FFFE}'));
    let lower = html.to_lowercase();
    for sign in ["<script", "<b>", "<!--", "<?", "<![", "<h3 onclick", "href=\"javascript:"] {
        assert!(!lower.contains(sign), "{sign}");
    }
    assert_eq!(html.matches("<style>").count(), 1);
}

#[test]
fn title_of_a_megabyte_is_written_whole() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(Item { title: "<&>".repeat(350_000), ..plain() })];
    for format in Format::ALL {
        let document = write(&view(&site, &feed, &items), format).unwrap();
        if let Some(read) = read(&document, kind(format)) {
            assert_eq!(read["items"][0]["title"], json!(items[0].title));
        }
    }
}

#[test]
fn addresses_with_illegal_characters_stop_the_document() {
    let feed = everything();
    let site = Site { base_url: "https://feeds.example/\u{1}".to_owned(), ..site() };
    for format in [Format::Rss, Format::Atom] {
        match write(&view(&site, &feed, &[]), format) {
            Err(WriteError::Document { reason, .. }) => assert_eq!(reason, "character U+0001 is not legal in XML"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn check_of_documents_agrees_with_expat() {
    let good = [
        "<a/>",
        "<?xml version=\"1.0\"?>\n<a>text &amp; &#65; &#x1F600;</a>\n",
        "<a><b x='1' y=\"&lt;\"/><![CDATA[<raw>]]><!-- note --></a>",
        "<p:a xmlns:p='urn:p' p:b='1'/>",
        "<a  x = '1'\n\ty='>' ></a >",
        "<!-- before --><a>] ]] ]&gt; ></a> <!-- after -->\n",
        "<a xml:lang='tr'><![CDATA[]] ]> ]]]]><![CDATA[>]]></a>",
        "<a>\u{85}\u{FFFD}\u{1F600}\u{FF0F}</a>",
    ];
    let bad = [
        "",
        "text",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "<a>&unknown;</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#xFFFF;</a>",
        "<a>\u{1}</a>",
        "<a>\u{FFFE}</a>",
        "<a>]]></a>",
        "<a x='1' x='2'/>",
        "<a x=1/>",
        "<a x='<'/>",
        "<a x='&'/>",
        "<p:a/>",
        "<a p:x='1'/>",
        "<a><![CDATA[</a>",
        "<a><!-- </a>",
        "<![CDATA[x]]>",
        "<a>&#+65;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&amp </a>",
        "<a x='1'y='2'/>",
        "<a x/>",
        "<a x='1/>",
        "<a><!-- a -- b --></a>",
        "<a><!-- a ---></a>",
        " <?xml version=\"1.0\"?><a/>",
        "<a/>&amp;",
        "<a/>]",
        "< a/>",
        "<1/>",
        "<a",
        "<a><?pi </a>",
        "<?xml?><a/>",
        "<?xml version=\"1.0\" encoding=\"utf-7\"?><a/>",
    ];
    for document in good {
        assert_eq!(check_xml(document.as_bytes()), Ok(()), "{document}");
    }
    for document in bad {
        assert!(check_xml(document.as_bytes()).is_err(), "{document}");
    }
    assert!(check_xml(b"<a>\xED\xA0\x80</a>").is_err(), "a lone surrogate");
    let all: Vec<_> = good.iter().chain(&bad).collect();
    if let Some(expat) = read(&serde_json::to_vec(&all).unwrap(), "expat") {
        let expected: Vec<_> = all.iter().map(|document| good.contains(document)).collect();
        assert_eq!(expat, json!(expected));
    }
}

#[test]
fn whatever_the_check_lets_pass_expat_lets_pass() {
    let document =
        "<?xml version=\"1.0\"?><a xmlns:p='u'><p:b x='1' p:y=\"&amp;\"/>t&lt;&#9;<![CDATA[]>]]><!--n--></a>\n";
    let mut mutants = Vec::new();
    for (at, c) in document.char_indices() {
        let (before, after) = (&document[..at], &document[at + c.len_utf8()..]);
        mutants.push(format!("{before}{after}"));
        mutants.push(format!("{before}{c}{c}{after}"));
        mutants.extend("<>&\"'/=]-!? #;:x1".chars().map(|other| format!("{before}{other}{after}")));
    }
    let Some(expat) = read(&serde_json::to_vec(&mutants).unwrap(), "expat") else { return };
    let mut passed = 0;
    for (mutant, expat) in mutants.iter().zip(expat.as_array().unwrap()) {
        let passes = check_xml(mutant.as_bytes()).is_ok();
        passed += usize::from(passes);
        assert!(!passes || expat == &json!(true), "{mutant}");
    }
    assert!(passed > 100, "many mutants only change text");
}

/// Any text, rich in what markup and Unicode make difficult.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "]]>", "<", ">", "&", "\"", "'", "&#", ";", "\0", "\r\n", "\t", "<p>", "</p>", "\u{FFFF}", "\u{202E}",
            "\u{2069}", "<entry>", "</entry>", "<item>", "</feed>",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn any_item()(
        title in any_text(), summary in prop::option::of(any_text()), content in any_text(),
        url in prop::option::of(any_text()),
        categories in prop::collection::vec(any_text(), 0..3),
        language in prop::sample::select(vec!["tr", "en", "he"]), key in any::<u64>(),
    ) -> Item {
        let url = url.map(|rest| format!("https://a.example/{rest}"));
        let id = ItemId::new(format!("tag:feeds.example,2024:{key}"));
        Item { id, url, title, summary, content, categories, language: Language::new(language), ..sample() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_items_say_every_document_and_page_is_whole(items in prop::collection::vec(any_item(), 0..4)) {
        let (site, feed) = (site(), everything());
        let mut items: Vec<_> = items.into_iter().map(Arc::new).collect();
        items.dedup_by_key(|item| item.id.clone());
        let gone = [Tombstone { id: ItemId::new("tag:feeds.example,2024:<gone>&\""), withdrawn: at("2024-11-02T00:00:00Z").to_utc() }];
        let mut view = view(&site, &feed, &items);
        view.tombstones = &gone;
        for format in [Format::Rss, Format::Atom] {
            let document = write(&view, format).unwrap();
            check_xml(&document).unwrap();
            if format == Format::Atom {
                assert_atom_rules(&document, items.len());
            }
        }
        let json: Value = serde_json::from_slice(&write(&view, Format::Json).unwrap()).unwrap();
        for (item, read) in items.iter().zip(json["items"].as_array().unwrap()) {
            prop_assert_eq!(&read["id"], item.id.as_str());
            assert_only_paragraphs(read["content_html"].as_str().unwrap_or_default());
        }
        for item in &items {
            assert_no_foreign_markup(&page::item(&site, item, &By::ALL).unwrap());
        }
    }
}

//! The list of feeds for import.

use seedcast::feed::opml;
use seedcast::item::Language;
use serde_json::json;

use crate::feed_readers::{golden, read};
use crate::feed_samples::{at, definition, everything, site};

#[test]
fn every_feed_is_listed_once_with_what_importers_need() {
    let (site, all) = (site(), everything());
    let source = definition("/sources/news.example", "news.example");
    let mut hostile = definition("/categories/r-d", "R&D \"<quoted>\" 'ß' \u{1}");
    hostile.filter.languages.extend(Language::new("de"));
    let document = opml(&site, &[&source, &all, &hostile], at("2024-11-01T13:17:00.5+03:00")).unwrap();
    golden("feeds.opml", &document);
    let Some(read) = read(&document, "opml") else { return };
    let outline = |title: &str, path: &str, language: Option<&str>| {
        let mut outline = json!({
            "type": "rss", "version": "ATOM1", "text": title, "title": title,
            "xmlUrl": format!("https://feeds.example/news{path}/atom.xml"),
            "htmlUrl": format!("https://feeds.example/news{path}/"),
        });
        if let Some(language) = language {
            outline["language"] = language.into();
        }
        outline
    };
    let folder = |title: &str, feed| json!({ "text": title, "title": title, "outlines": [feed] });
    assert_eq!(
        read,
        json!({
            "version": "2.0",
            "title": "Haber Masası",
            "created": "2024-11-01T13:17:00+03:00",
            "outlines": [
                outline("Haber Masası", "", Some("tr")),
                folder("Sources", outline("news.example", "/sources/news.example", None)),
                folder("Categories", outline("R&D \"<quoted>\" 'ß' ", "/categories/r-d", Some("de"))),
            ],
        })
    );
}

#[test]
fn list_without_feeds_is_a_whole_document() {
    let document = opml(&site(), &[], at("2024-11-01T13:17:00Z")).unwrap();
    if let Some(read) = read(&document, "opml") {
        assert_eq!(read["outlines"], json!([]));
    }
}

//! The one real seed, all the way: bytes → item → the three documents, as a reader gets them.

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use seedcast::feed::{Format, write};
use seedcast::item::{Item, SeedPath, TimeSource};
use seedcast::parse::{Context, parse};

use crate::feed_samples::{definition, site, view};

const SAMPLE: &str = "000_5ff75397f167ba0e.txt";

fn item() -> Item {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/seeds").join(SAMPLE)).unwrap();
    let context = Context {
        path: &SeedPath::new(SAMPLE),
        zone: chrono_tz::UTC,
        language: None,
        fallback_language: None,
        first_seen: DateTime::UNIX_EPOCH,
        directory_categories: true,
        tag_authority: "feeds.example,2026",
    };
    let parsed = parse(&bytes, &context).unwrap();
    assert_eq!(parsed.repairs, []);
    parsed.item
}

#[test]
fn sample_has_the_times_of_its_seed() {
    let times = item().times;
    assert_eq!(times.published.to_rfc3339(), "2024-11-01T13:04:00+03:00");
    assert_eq!(times.published_source, TimeSource::Declared);
    assert_eq!(times.updated.to_rfc3339(), "2024-11-01T13:17:00+03:00");
    assert_eq!(times.updated_source, TimeSource::Declared);
}

#[test]
fn sample_has_thirteen_paragraphs_and_two_subheadings() {
    let content = item().content;
    assert_eq!(content.matches("<p>").count(), 13);
    let headings: Vec<_> =
        content.split("<h3>").skip(1).map(|rest| rest.split("</h3>").next().unwrap().to_owned()).collect();
    assert_eq!(headings, ["Rusya'nın zaferinden şüphemiz yok", "Kore Yarımadası'ndaki durum çok tehlikeli"]);
}

#[test]
fn sample_is_turkish_and_its_summary_is_not_its_headline() {
    let item = item();
    assert_eq!(item.language.as_ref().map(ToString::to_string).as_deref(), Some("tr"));
    let summary = item.summary.unwrap();
    assert_ne!(summary, item.title);
    assert!(summary.starts_with("Rusya'nın başkenti Moskova'ya resmi ziyaret gerçekleştiren"), "{summary}");
    assert!(summary.chars().count() <= 300 && summary.ends_with('.'), "{summary}");
}

#[test]
fn sample_is_written_alike_in_all_formats() {
    let items = [Arc::new(item())];
    let (site, feed) = (site(), definition("", "Haber Masası"));
    let view = view(&site, &feed, &items);
    for format in Format::ALL {
        let written = String::from_utf8(write(&view, format).unwrap()).unwrap();
        let written = written.replace(concat!("seedcast ", env!("CARGO_PKG_VERSION")), "seedcast {version}");
        let written = written.replace(concat!("version=\"", env!("CARGO_PKG_VERSION")), "version=\"{version}");
        let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/items")
            .join(format!("article.{}", format.file_name()));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &written).unwrap();
        }
        assert_eq!(written, std::fs::read_to_string(&golden).unwrap(), "{}", golden.display());
        for text in ["Dışişleri Bakanı Choe Moskova", "müttefiklerinin Moskova’ya yardımının", "‘çürük bir mantığı’"]
        {
            assert!(written.contains(text), "{format:?} has lost {text}");
        }
    }
    let rss = String::from_utf8(write(&view, Format::Rss).unwrap()).unwrap();
    assert!(rss.contains("<pubDate>Fri, 01 Nov 2024 13:04:00 +0300</pubDate>"));
    assert!(rss.contains("<atom:updated>2024-11-01T13:17:00+03:00</atom:updated>"));
    let atom = String::from_utf8(write(&view, Format::Atom).unwrap()).unwrap();
    assert!(atom.contains("<published>2024-11-01T13:04:00+03:00</published>"));
    assert!(atom.contains("<updated>2024-11-01T13:17:00+03:00</updated>"));
    let json = String::from_utf8(write(&view, Format::Json).unwrap()).unwrap();
    assert!(json.contains(r#""date_published":"2024-11-01T13:04:00+03:00""#));
    assert!(json.contains(r#""date_modified":"2024-11-01T13:17:00+03:00""#));
}

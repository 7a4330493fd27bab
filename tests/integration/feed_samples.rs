//! Items and feeds that the tests of documents and pages share.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use seedcast::feed::{Content, Definition, Filter, Limits, Paging, Site, View};
use seedcast::item::{Item, ItemId, Language, TimeSource, Times};

/// A time from its RFC 3339 form.
pub(crate) fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).expect("an RFC 3339 time")
}

/// A site with a path prefix, an author and a hub.
pub(crate) fn site() -> Site {
    Site {
        title: "Haber Masası".to_owned(),
        base_url: "https://feeds.example/news".to_owned(),
        icon: None,
        is_unconfigured: false,
        id_base: "https://feeds.example/news".to_owned(),
        language: Language::new("tr"),
        author: Some("Haber Masası".to_owned()),
        hubs: vec!["https://feeds.example/news/hub".to_owned()],
        cloud: None,
    }
}

/// The feed of everything.
pub(crate) fn everything() -> Definition {
    definition("", "Haber Masası")
}

/// A feed at a path.
pub(crate) fn definition(path: &str, title: &str) -> Definition {
    Definition {
        path: path.to_owned(),
        title: title.to_owned(),
        description: None,
        filter: Filter::default(),
        limits: Limits { items: 50, window: Duration::from_secs(6 * 3600), max_items: 300, max_bytes: 2 * 1024 * 1024 },
        content: Content::Full,
        max_age: Duration::from_secs(300),
    }
}

/// A document with these items that holds the whole feed.
pub(crate) fn view<'a>(site: &'a Site, feed: &'a Definition, items: &'a [Arc<Item>]) -> View<'a> {
    View {
        site,
        feed,
        items,
        updated: at("2024-11-01T13:17:00+03:00"),
        paging: Paging::Subscription { prev_archive: None, is_complete: true },
        tombstones: &[],
    }
}

/// The article of `examples/seeds`, shortened to its first paragraphs and one of its subheadings.
pub(crate) fn sample() -> Item {
    let url = "https://anlatilaninotesi.com.tr/20241101/kuzey-kore-disisleri-bakani-choe-moskovada-ukraynada-zafer-kazanilana-dek-rusyanin-yaninda-1089925937.html";
    Item {
        id: ItemId::new(url),
        url: Some(url.to_owned()),
        title: "Kuzey Kore Dışişleri Bakanı Choe Moskova'da: 'Ukrayna'da zafer kazanılana dek Rusya'nın yanında duracağız'".to_owned(),
        summary: Some("Rusya'nın başkenti Moskova'ya resmi ziyaret gerçekleştiren Kuzey Kore Dışişleri Bakanı Choe Son-hui, Yaroslavskiy Garı'nda Rusya Dışişleri Bakanı Sergey Lavrov tarafından çiçekle karşılandı.".to_owned()),
        content: "<p>Rusya'nın başkenti Moskova'ya resmi ziyaret gerçekleştiren Kuzey Kore Dışişleri Bakanı Choe Son-hui, Yaroslavskiy Garı'nda Rusya Dışişleri Bakanı Sergey Lavrov tarafından çiçekle karşılandı.</p><h3>Rusya'nın zaferinden şüphemiz yok</h3><p>Choe, \"Zafer gününe kadar her zaman Rus yoldaşlarımızın yanında olacağımızı bir kez daha temin ederiz\" vurgusu yaptı.</p>".to_owned(),
        times: declared("2024-11-01T13:04:00+03:00", "2024-11-01T13:17:00+03:00"),
        language: Language::new("tr"),
        categories: vec!["dunya".to_owned()],
        source: Some("anlatilaninotesi.com.tr".to_owned()),
    }
}

/// An item without URL, summary or known language, whose text would be markup if it were not escaped.
pub(crate) fn plain() -> Item {
    Item {
        id: ItemId::new("tag:feeds.example,2024:seed/at%26t.txt"),
        url: None,
        title: "AT&T <b>splits</b> \"again\" & 'again'".to_owned(),
        summary: None,
        content: "<p>1 &lt; 2 &amp; 3 &gt; 2</p>".to_owned(),
        times: declared("2024-10-31T23:00:00Z", "2024-10-31T23:00:00Z"),
        language: None,
        categories: vec![],
        source: None,
    }
}

/// Two declared times.
pub(crate) fn declared(published: &str, updated: &str) -> Times {
    Times {
        published: at(published),
        published_source: TimeSource::Declared,
        updated: at(updated),
        updated_source: TimeSource::Declared,
    }
}

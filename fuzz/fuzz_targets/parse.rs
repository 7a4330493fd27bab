//! Whatever bytes a file holds, parsing ends without a panic, and what it gives makes three documents that pass their
//! check. Run it with `cargo fuzz run parse` (add `--sanitizer none` without a nightly toolchain).

#![no_main]

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use seedcast::feed::{Content, Definition, Filter, Format, Limits, Paging, Site, View, write};
use seedcast::item::SeedPath;
use seedcast::parse::{Context, parse};

fuzz_target!(|bytes: &[u8]| {
    let context = Context {
        path: &SeedPath::new("world/seed.txt"),
        zone: chrono_tz::Europe::Istanbul,
        language: None,
        fallback_language: None,
        first_seen: DateTime::UNIX_EPOCH,
        directory_categories: true,
        tag_authority: "feeds.example,2026",
    };
    let Ok(parsed) = parse(bytes, &context) else { return };
    assert!(parsed.item.times.updated >= parsed.item.times.published);
    let site = Site {
        title: "Fuzz".to_owned(),
        base_url: "https://feeds.example".to_owned(),
        icon: None,
        is_unconfigured: false,
        id_base: "https://feeds.example".to_owned(),
        language: None,
        author: None,
        hubs: Vec::new(),
        cloud: None,
    };
    let feed = Definition {
        path: String::new(),
        title: "Fuzz".to_owned(),
        description: None,
        filter: Filter::default(),
        limits: Limits { items: 1, window: Duration::ZERO, max_items: 1, max_bytes: usize::MAX },
        content: Content::Full,
        max_age: Duration::ZERO,
    };
    let items = [Arc::new(parsed.item)];
    let view = View {
        site: &site,
        feed: &feed,
        items: &items,
        updated: items[0].times.updated,
        paging: Paging::Subscription { prev_archive: None, is_complete: true },
        tombstones: &[],
    };
    for format in Format::ALL {
        write(&view, format).expect("what parse gives can be written");
    }
});

//! Pages for people: the front page, one page a feed, one page an item. HTML with one inline style sheet and no
//! script; every value is escaped by the template engine unless said otherwise.

mod card;
mod item;
mod lead;
mod notice;
mod policy;

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, FixedOffset};

use self::card::{Card, FeedLinks, Group, group_feeds};
use super::{By, Definition, Site, WriteError, archive_page_path, iri, text};
use crate::item::Item;

pub use item::{item, item_path};
pub use notice::{gone, not_found};
pub use policy::content_security_policy;

/// Content-Type of every page.
pub const CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// Between `<style>` and `</style>` on every page, byte for byte: the policy carries its hash.
const STYLE: &str = include_str!("page/style.css");

/// A feed as the front page lists it.
#[derive(Clone, Copy, Debug)]
pub struct FeedSummary<'a> {
    /// The feed.
    pub feed: &'a Definition,
    /// When its content last changed; `None` while it is empty.
    pub updated: Option<DateTime<FixedOffset>>,
    /// The newest page of its archive, where it has items that are not shown.
    pub archive: Option<u64>,
}

/// What every page shows around its content.
struct Frame<'a> {
    site_title: Cow<'a, str>,
    site_lang: &'a str,
    home: String,
    icon: Option<Cow<'a, str>>,
    style: &'static str,
    is_home: bool,
    /// What stands in place of items where there are none.
    empty: &'static str,
}

impl<'a> Frame<'a> {
    fn new(site: &'a Site, is_home: bool) -> Self {
        let site_lang = site.language.as_ref().map_or("", |language| language.as_str());
        let empty = if is_home && site.is_unconfigured {
            "No items yet. Copy a seed into the seed directory, and it appears here."
        } else {
            "No items yet. New ones appear here."
        };
        let icon = site.icon.as_deref().map(iri::uri);
        let (site_title, home) = (text::plain(&site.title), site.local("/"));
        Self { site_title, site_lang, home, icon, style: STYLE, is_home, empty }
    }
}

#[derive(Template)]
#[template(path = "front.html", config = "src/feed/page/askama.toml")]
struct Front<'a> {
    frame: Frame<'a>,
    feed: FeedLinks<'a>,
    opml: String,
    groups: Vec<Group<'a>>,
    cards: Vec<Card<'a>>,
}

#[derive(Template)]
#[template(path = "feed.html", config = "src/feed/page/askama.toml")]
struct FeedPage<'a> {
    frame: Frame<'a>,
    feed: FeedLinks<'a>,
    cards: Vec<Card<'a>>,
}

#[derive(Template)]
#[template(path = "archive.html", config = "src/feed/page/askama.toml")]
struct ArchivePage<'a> {
    frame: Frame<'a>,
    feed: FeedLinks<'a>,
    number: u64,
    older: Option<String>,
    newer: Option<String>,
    cards: Vec<Card<'a>>,
}

#[derive(Template)]
#[template(path = "list.html", config = "src/feed/page/askama.toml")]
struct ListPage<'a> {
    frame: Frame<'a>,
    main: FeedLinks<'a>,
    title: &'static str,
    number: u64,
    previous: Option<String>,
    next: Option<String>,
    members: Vec<FeedLinks<'a>>,
}

/// The front page: what there is to subscribe to, and the newest items. The feed of everything (empty path) comes
/// first; the others stand in groups by their kind, in the given order. Of the automatic ones in `unlisted` there are more.
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn front(
    site: &Site,
    feeds: &[FeedSummary<'_>],
    unlisted: &[By],
    newest: &[Arc<Item>],
) -> Result<Vec<u8>, WriteError> {
    let everything = feeds.iter().find(|summary| summary.feed.path.is_empty());
    let page = Front {
        frame: Frame::new(site, true),
        feed: everything.map_or_else(|| FeedLinks::everything(site), |summary| FeedLinks::new(site, summary)),
        opml: site.local("/opml.xml"),
        groups: group_feeds(site, feeds, unlisted),
        cards: newest.iter().map(|item| Card::new(site, item)).collect(),
    };
    render(&page, "/")
}

/// The page of one feed.
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn feed(site: &Site, feed: &FeedSummary<'_>, newest: &[Arc<Item>]) -> Result<Vec<u8>, WriteError> {
    let mut links = FeedLinks::new(site, feed);
    if newest.is_empty() {
        // It may never have had any item.
        links.updated = None;
    }
    let page = FeedPage {
        frame: Frame::new(site, false),
        feed: links,
        cards: newest.iter().map(|item| Card::new(site, item)).collect(),
    };
    render(&page, &feed.feed.page_path())
}

/// Page `number` of a feed's archive, with the numbers of the pages before (older) and after it.
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn archive(
    site: &Site,
    feed: &Definition,
    number: u64,
    (older, newer): (Option<u64>, Option<u64>),
    items: &[Arc<Item>],
) -> Result<Vec<u8>, WriteError> {
    let path = |number| archive_page_path(&feed.path, number);
    let link = |number| site.local(&path(number));
    let page = ArchivePage {
        frame: Frame::new(site, false),
        feed: FeedLinks::new(site, &FeedSummary { feed, updated: None, archive: None }),
        number,
        older: older.map(link),
        newer: newer.map(link),
        cards: items.iter().map(|item| Card::new(site, item)).collect(),
    };
    render(&page, &path(number))
}

/// Page `number` of the list of automatic feeds of one kind, in the given order.
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn list(
    site: &Site,
    by: By,
    number: u64,
    has_more: bool,
    feeds: &[FeedSummary<'_>],
) -> Result<Vec<u8>, WriteError> {
    let members = feeds.iter().map(|summary| FeedLinks::new(site, summary)).collect();
    let link = |number| site.local(&by.list_path(number));
    let page = ListPage {
        frame: Frame::new(site, false),
        main: FeedLinks::everything(site),
        title: by.title(),
        number,
        previous: (number > 1).then(|| link(number - 1)),
        next: has_more.then(|| link(number + 1)),
        members,
    };
    render(&page, &by.list_path(number))
}

fn render(page: &impl Template, path: &str) -> Result<Vec<u8>, WriteError> {
    page.render().map(String::into_bytes).map_err(|error| WriteError::document(path, error.to_string()))
}

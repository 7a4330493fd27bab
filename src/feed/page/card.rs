//! The parts that pages are made of, as the templates need them.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use super::super::automatic::automatic_path;
use super::super::{By, Definition, Format, Site, archive_page_path, iri, names, text, time};
use super::{FeedSummary, item_path};
use crate::item::{Item, Language};

/// A time for machines and for people.
pub(super) struct When {
    pub(super) datetime: String,
    pub(super) words: String,
}

impl When {
    pub(super) fn new(at: DateTime<FixedOffset>) -> Self {
        let at = time::representable(at).unwrap_or_default();
        Self { datetime: time::rfc3339(at), words: time::for_people(at) }
    }
}

/// An item in a list, and at the head of its own page.
pub(super) struct Card<'a> {
    pub(super) title: Cow<'a, str>,
    /// Empty when unknown: HTML's way of saying so.
    pub(super) lang: &'a str,
    pub(super) dir: &'static str,
    /// Where the article itself lives, if elsewhere.
    pub(super) article: Option<String>,
    /// Our page of it.
    pub(super) page: String,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) published: When,
    /// Where it is another time: lists are in this order.
    pub(super) updated: Option<When>,
    pub(super) summary: Option<Cow<'a, str>>,
}

impl<'a> Card<'a> {
    pub(super) fn new(site: &Site, item: &'a Item) -> Self {
        Self {
            title: text::plain(&item.title),
            lang: item.language.as_ref().map_or("", Language::as_str),
            dir: direction(item.language.as_ref()),
            article: item.url.as_deref().filter(|url| iri::is_http(url)).map(|url| iri::uri(url).into_owned()),
            page: site.local(&item_path(item)),
            source: item.source.as_deref().map(source_name),
            published: When::new(item.times.published),
            updated: (item.times.updated != item.times.published).then(|| When::new(item.times.updated)),
            summary: item.summary.as_deref().map(text::plain),
        }
    }

    /// Where the title leads.
    pub(super) fn href(&self) -> &str {
        self.article.as_deref().unwrap_or(&self.page)
    }
}

/// A source or category of an item, and the page of its feed where there is one.
pub(super) struct Label<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) page: Option<String>,
}

impl<'a> Label<'a> {
    /// `kinds` are those of the automatic feeds that there are.
    pub(super) fn new(site: &Site, kinds: &[By], by: By, name: &'a str) -> Self {
        let path = automatic_path(by, name).filter(|_| kinds.contains(&by));
        let name = if by == By::Source { source_name(name) } else { text::plain(name) };
        Self { name, page: path.map(|path| site.local(&format!("{path}/"))) }
    }
}

/// Names of hosts come from whoever wrote the seed, so they are cleaned like all text.
fn source_name(host: &str) -> Cow<'_, str> {
    match names::of_host(host) {
        Cow::Borrowed(name) => text::plain(name),
        Cow::Owned(name) => Cow::Owned(text::plain(&name).into_owned()),
    }
}

/// A feed with the addresses of its documents.
pub(super) struct FeedLinks<'a> {
    /// As readers know it, by which it is told from those of other sites.
    pub(super) title: Cow<'a, str>,
    /// On our own pages, where everything is of this site.
    pub(super) name: Cow<'a, str>,
    /// Of the name; empty when unknown.
    pub(super) lang: &'a str,
    /// What it is about, where somebody has said.
    pub(super) description: Option<Cow<'a, str>>,
    /// Of the description; empty when unknown.
    pub(super) about_lang: &'a str,
    pub(super) page: String,
    /// Absolute, for copying: the preferred format.
    pub(super) address: String,
    pub(super) documents: Vec<DocumentLink>,
    pub(super) updated: Option<When>,
    /// The newest page of the archive, where not all items are shown.
    pub(super) older: Option<String>,
}

/// One format of a feed.
pub(super) struct DocumentLink {
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) href: String,
}

impl<'a> FeedLinks<'a> {
    pub(super) fn new(site: &'a Site, summary: &FeedSummary<'a>) -> Self {
        let feed: &'a Definition = summary.feed;
        let (name, language) = own_name(site, feed);
        Self {
            name: text::plain(name),
            lang: language.map_or("", Language::as_str),
            description: feed.description.as_deref().map(text::plain),
            older: summary.archive.map(|page| site.local(&archive_page_path(&feed.path, page))),
            ..Self::of(site, (&feed.title, feed.language(site)), &feed.path, summary.updated)
        }
    }

    /// The feed of everything, for pages that are of no feed.
    pub(super) fn everything(site: &'a Site) -> Self {
        Self::of(site, (&site.title, site.language.as_ref()), "", None)
    }

    fn of(
        site: &Site,
        (title, language): (&'a str, Option<&'a Language>),
        path: &str,
        updated: Option<DateTime<FixedOffset>>,
    ) -> Self {
        let document = |format: Format| format!("{path}/{}", format.file_name());
        Self {
            title: text::plain(title),
            name: text::plain(title),
            lang: language.map_or("", Language::as_str),
            description: None,
            about_lang: language.map_or("", Language::as_str),
            page: site.local(&format!("{path}/")),
            address: site.url(&document(Format::ALL[0])),
            documents: Format::ALL
                .map(|format| DocumentLink {
                    name: format.name(),
                    media_type: format.media_type(),
                    href: site.local(&document(format)),
                })
                .into(),
            updated: updated.map(When::new),
            older: None,
        }
    }
}

/// What a feed is called beside others of the site, and the language of that: automatic ones leave the site's title out.
fn own_name<'a>(site: &'a Site, feed: &'a Definition) -> (&'a str, Option<&'a Language>) {
    let Some((by, _)) = By::of_path(&feed.path) else { return (&feed.title, feed.language(site)) };
    let name = feed.title.strip_prefix(site.title.as_str()).and_then(|rest| rest.strip_prefix(": "));
    // The name of a host is of no language.
    let language = if by == By::Source { None } else { feed.language(site) };
    (name.unwrap_or(&feed.title), language)
}

/// Feeds of one kind: the heading, the page that lists all of them where these are not all, and the feeds.
pub(super) type Group<'a> = (&'static str, Option<String>, Vec<FeedLinks<'a>>);

/// The feeds other than that of everything, by the first segment of their path.
pub(super) fn group_feeds<'a>(site: &'a Site, feeds: &[FeedSummary<'a>], unlisted: &[By]) -> Vec<Group<'a>> {
    let configured = ("Feeds", "/feeds/".to_owned(), false);
    let automatic = By::ALL.map(|by| (by.title(), by.list_path(1), unlisted.contains(&by)));
    let group = |(name, start, has_more): (_, String, bool)| {
        let members = feeds.iter().filter(|summary| summary.feed.path.starts_with(&start));
        let members: Vec<_> = members.map(|summary| FeedLinks::new(site, summary)).collect();
        (name, has_more.then(|| site.local(&start)), members)
    };
    let groups = std::iter::once(configured).chain(automatic).map(group);
    groups.filter(|(_, _, members)| !members.is_empty()).collect()
}

/// Value of `dir`: known from the language, else found by the browser from the text.
pub(super) fn direction(language: Option<&Language>) -> &'static str {
    const RIGHT_TO_LEFT: [&str; 13] = ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"];
    match language {
        None => "auto",
        // A script that is named outdoes the language: `ks-Deva` runs left to right.
        Some(language) => match language.as_str().split('-').find(|part| part.len() == 4) {
            Some("Arab" | "Hebr" | "Syrc" | "Thaa") => "rtl",
            Some(_) => "ltr",
            None if RIGHT_TO_LEFT.contains(&language.primary()) => "rtl",
            None => "ltr",
        },
    }
}

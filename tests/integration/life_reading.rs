//! What subscribers read: a feed in its three formats, and its archive walked to the end.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use crate::feed_atom_rules::Element;

/// Whoever answers for a path: status and body; `None` when nobody does at the moment.
pub(crate) trait Served {
    fn fetch(&self, path: &str) -> Option<(u16, Vec<u8>)>;
}

/// An item as a document gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) published: DateTime<FixedOffset>,
    pub(crate) updated: DateTime<FixedOffset>,
    pub(crate) content: String,
    pub(crate) categories: Vec<String>,
}

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) prev: Option<String>,
    pub(crate) next: Option<String>,
    pub(crate) current: Option<String>,
    pub(crate) is_complete: bool,
    pub(crate) is_archive: bool,
    pub(crate) updated: Option<DateTime<FixedOffset>>,
    /// Ids of withdrawn items with the moment of the withdrawal.
    pub(crate) tombstones: BTreeMap<String, DateTime<FixedOffset>>,
}

impl Page {
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.id.as_str())
    }
}

/// Reads the document at a path, by the name of its file.
pub(crate) fn page(served: &impl Served, path: &str) -> Result<Page, String> {
    let (status, body) = served.fetch(path).ok_or_else(|| format!("{path} has no answer"))?;
    if status != 200 {
        return Err(format!("{path} has status {status}"));
    }
    let text = String::from_utf8(body).map_err(|_| format!("{path} is no UTF-8"))?;
    match path.rsplit('/').next() {
        Some("feed.json") => Ok(json(&serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?)),
        _ => xml(&text).map_err(|error| format!("{path}: {error}")),
    }
}

/// The documents from `path` on by `prev-archive` or `next_url`; the first is the one at `path`.
pub(crate) fn walk(served: &impl Served, path: &str) -> Result<Vec<(String, Page)>, String> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let read = page(served, &path)?;
        next = read.prev.as_deref().map(path_of);
        pages.push((path, read));
        if pages.len() > 10_000 {
            return Err("the walk does not end".to_owned());
        }
    }
    Ok(pages)
}

pub(crate) fn path_of(url: &str) -> String {
    url.strip_prefix("http://feeds.example").unwrap_or_else(|| panic!("{url} is no URL of ours")).to_owned()
}

fn moment(text: &str) -> DateTime<FixedOffset> {
    let read = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    read.unwrap_or_else(|error| panic!("{text:?} is no time: {error}"))
}

fn json(feed: &Value) -> Page {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let entries = feed["items"].as_array().expect("a list of items").iter().map(|item| Entry {
        id: text(item, "id"),
        url: text(item, "url"),
        title: text(item, "title"),
        published: moment(&text(item, "date_published")),
        updated: moment(&text(item, "date_modified")),
        content: text(item, "content_html").trim().to_owned(),
        categories: item["tags"].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap().to_owned()).collect(),
    });
    Page { entries: entries.collect(), prev: feed["next_url"].as_str().map(str::to_owned), ..Page::default() }
}

fn text(element: &Element, name: &str) -> String {
    element.all(name).next().map(|child| child.text.trim().to_owned()).unwrap_or_default()
}

fn attribute(element: &Element, name: &str) -> Option<String> {
    element.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn link(element: &Element, relation: &str) -> Option<String> {
    let mut links = element.children.iter().filter(|child| matches!(child.name.as_str(), "link" | "atom:link"));
    let found = links.find(|link| attribute(link, "rel").is_some_and(|rel| rel == relation));
    found.and_then(|link| attribute(link, "href"))
}

fn xml(document: &str) -> Result<Page, String> {
    let root = Element::parse(document);
    let (feed, items, is_atom) = match root.name.as_str() {
        "feed" => (&root, "entry", true),
        "rss" => (root.all("channel").next().ok_or("no channel")?, "item", false),
        other => return Err(format!("a document of type {other}")),
    };
    let entry = |item: &Element| {
        let either = |atom: &str, rss: &str| text(item, if is_atom { atom } else { rss });
        let categories = item.all("category");
        Entry {
            id: either("id", "guid"),
            url: if is_atom { link(item, "alternate").unwrap_or_default() } else { text(item, "link") },
            title: text(item, "title"),
            published: moment(&either("published", "pubDate")),
            updated: moment(&either("updated", "atom:updated")),
            content: either("content", "content:encoded"),
            categories: categories
                .map(|one| attribute(one, "term").unwrap_or_else(|| one.text.trim().to_owned()))
                .collect(),
        }
    };
    let named =
        |one: &Element| (attribute(one, "ref").expect("an id"), moment(&attribute(one, "when").expect("a moment")));
    let tombstones = feed.all("at:deleted-entry");
    Ok(Page {
        entries: feed.all(items).map(entry).collect(),
        prev: link(feed, "prev-archive"),
        next: link(feed, "next-archive"),
        current: link(feed, "current"),
        is_complete: feed.all("fh:complete").next().is_some(),
        is_archive: feed.all("fh:archive").next().is_some(),
        updated: Some(moment(&text(feed, if is_atom { "updated" } else { "lastBuildDate" }))),
        tombstones: tombstones.map(named).collect(),
    })
}

//! Atom 1.0 (RFC 4287) with archives (RFC 5005) and tombstones (RFC 6721). `entry` is said only here.

use std::collections::{BTreeMap, HashSet};

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Entry, Feed, Generator, Link, Person, Text, WriteConfig};

use super::text::owned;
use super::view::{HISTORY, View, item_link};
use super::{Content, Format, html, iri, time, xml};
use crate::item::{Item, Language};

const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

pub(super) fn write(view: &View<'_>) -> Result<Vec<u8>, atom_syndication::Error> {
    let size = view.expected_size();
    let config = WriteConfig { write_document_declaration: true, indent_size: Some(xml::INDENT) };
    let mut document = feed(view).write_with_config(Vec::with_capacity(size + size / 8 + 2048), config)?;
    put_entries_last(&mut document);
    Ok(document)
}

/// The crate writes the feed's extension elements after the entries; the schema of RFC 4287 (Appendix B) wants entries
/// last. Markup in text is escaped, so the tags sought are the real ones.
fn put_entries_last(document: &mut [u8]) {
    const END: &[u8] = b"</entry>";
    let first = memchr::memmem::find(document, b"<entry>");
    let last = memchr::memmem::rfind(document, END);
    let end = memchr::memmem::rfind(document, b"</feed>");
    if let (Some(first), Some(last), Some(end)) = (first, last, end) {
        // Every element is moved with the line break and the indent before it.
        let from = document[..first].iter().rposition(|&byte| byte == b'\n').unwrap_or(first);
        let to = document[..end].iter().rposition(|&byte| byte == b'\n').unwrap_or(end);
        document[from..to].rotate_left(last + END.len() - from);
    }
}

fn feed(view: &View<'_>) -> Feed {
    let page = view.site.url(&view.feed.page_path());
    let mut links = vec![link("alternate", page, Some("text/html"))];
    links.extend(view.links(Format::Atom).into_iter().map(|l| link(l.rel, l.href, l.media_type)));
    let mut namespaces = BTreeMap::new();
    let mut extensions = ExtensionMap::new();
    if let Some(marker) = view.history_marker() {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
        let marker = empty_element(marker, BTreeMap::new());
        extensions.insert("fh".to_owned(), BTreeMap::from([(marker.name.clone(), vec![marker])]));
    }
    let tombstones = tombstones(view);
    if !tombstones.is_empty() {
        namespaces.insert("at".to_owned(), TOMBSTONES.to_owned());
        extensions.insert("at".to_owned(), BTreeMap::from([("deleted-entry".to_owned(), tombstones)]));
    }
    Feed {
        title: Text::plain(owned(&view.feed.title)),
        subtitle: view.feed.description.as_deref().map(|description| Text::plain(owned(description))),
        icon: view.site.icon.as_deref().map(|icon| iri::uri(icon).into_owned()),
        // The page's first address: the one name that all documents of the feed share, wherever they move.
        id: format!("{}{}", view.site.id_base, view.feed.page_path()),
        updated: time::representable(view.updated).unwrap_or_default(),
        // The feed or every entry must have an author (RFC 4287 §4.1.1).
        authors: vec![person(view.site.author.as_deref().unwrap_or(&view.site.title))],
        generator: Some(Generator {
            value: "seedcast".to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        links,
        entries: view.items.iter().map(|item| entry(view, item)).collect(),
        extensions,
        namespaces,
        lang: view.language().map(|language| language.as_str().to_owned()),
        ..Feed::default()
    }
}

fn entry(view: &View<'_>, item: &Item) -> Entry {
    // The crate has no `xml:lang` on entries; the three elements that carry words take it instead, where it differs
    // from what they inherit.
    let lang = item.language.as_ref().filter(|own| Some(*own) != view.language()).map(Language::as_str);
    let words = |value: &str| Text { lang: lang.map(str::to_owned), ..Text::plain(owned(value)) };
    let content = html::content(&item.content);
    Entry {
        title: words(&item.title),
        id: xml::clean(item.id.as_str()).into_owned(),
        updated: time::representable(item.times.updated).unwrap_or_default(),
        published: time::representable(item.times.published),
        categories: item
            .categories
            .iter()
            .map(|term| Category { term: owned(term), scheme: None, label: None })
            .collect(),
        links: vec![link("alternate", item_link(view.site, item).into_owned(), Some("text/html"))],
        summary: item.summary.as_deref().map(words),
        content: (view.feed.content == Content::Full && !content.is_empty()).then(|| atom_syndication::Content {
            lang: lang.map(str::to_owned),
            value: Some(content.into_owned()),
            content_type: Some("html".to_owned()),
            ..atom_syndication::Content::default()
        }),
        ..Entry::default()
    }
}

/// `at:deleted-entry` for every withdrawn item that has no entry in the document.
fn tombstones(view: &View<'_>) -> Vec<Extension> {
    if view.tombstones.is_empty() {
        return Vec::new();
    }
    let present: HashSet<_> = view.items.iter().map(|item| &item.id).collect();
    let gone = view.tombstones.iter().filter(|tombstone| !present.contains(&tombstone.id));
    let element = gone.filter_map(|tombstone| {
        let when = time::rfc3339(time::representable(tombstone.withdrawn.fixed_offset())?);
        // The crate writes the attributes of extensions as they are.
        let id = quick_xml::escape::escape(xml::clean(tombstone.id.as_str())).into_owned();
        let attrs = BTreeMap::from([("ref".to_owned(), id), ("when".to_owned(), when)]);
        Some(empty_element("at:deleted-entry", attrs))
    });
    element.collect()
}

/// The empty text keeps the writer from putting a line break inside.
fn empty_element(name: &str, attrs: BTreeMap<String, String>) -> Extension {
    Extension { name: name.to_owned(), value: Some(String::new()), attrs, ..Extension::default() }
}

fn link(rel: &str, href: String, media_type: Option<&str>) -> Link {
    Link { href, rel: rel.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

fn person(name: &str) -> Person {
    Person { name: owned(name), ..Person::default() }
}

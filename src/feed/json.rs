//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use std::borrow::Cow;

use serde::Serialize;

use super::view::{View, item_link};
use super::{Content, Format, html, iri, text, time, xml};
use crate::item::Language;

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: Cow<'a, str>,
    home_page_url: String,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: Cow<'a, str>,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: Cow<'a, str>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: Cow<'a, str>,
    url: Cow<'a, str>,
    title: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(rename = "_seedcast", skip_serializing_if = "Option::is_none")]
    extension: Option<Extension<'a>>,
}

/// Ours: names that begin with an underscore are free for use.
#[derive(Serialize)]
struct Extension<'a> {
    source: Cow<'a, str>,
}

pub(super) fn write(view: &View<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let author = |name| Author { name: text::plain(name) };
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: text::plain(&view.feed.title),
        home_page_url: view.site.url(&view.feed.page_path()),
        feed_url: view.site.url(&view.path(Format::Json)),
        description: view.feed.description.as_deref().map(text::plain),
        icon: view.site.icon.as_deref().map(iri::uri),
        favicon: view.site.icon.as_deref().map(iri::uri),
        next_url: view.older_url(Format::Json),
        language: view.language().map(Language::as_str),
        authors: view.site.author.as_deref().map(author).into_iter().collect(),
        hubs: view.hubs().iter().map(|url| Hub { r#type: "WebSub", url: iri::uri(url) }).collect(),
        items: view.items.iter().map(|one| item(view, one)).collect(),
    };
    let size = view.expected_size();
    let mut bytes = Vec::with_capacity(size + 1024);
    serde_json::to_writer(&mut bytes, &feed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn item<'a>(view: &View<'_>, item: &'a crate::item::Item) -> Item<'a> {
    let summary = item.summary.as_deref().map(text::plain);
    let is_full = view.feed.content == Content::Full && !item.content.is_empty();
    let content_html = is_full.then(|| html::content(&item.content));
    // An item must have one of the two.
    let content_text = (!is_full).then(|| summary.clone().unwrap_or_else(|| text::plain(&item.title)));
    Item {
        id: xml::clean(item.id.as_str()),
        url: item_link(view.site, item),
        title: text::plain(&item.title),
        summary,
        content_html,
        content_text,
        date_published: time::representable(item.times.published).map(time::rfc3339),
        date_modified: time::representable(item.times.updated).map(time::rfc3339),
        tags: item.categories.iter().map(|term| text::plain(term)).collect(),
        language: item.language.as_ref().map(Language::as_str),
        extension: item.source.as_deref().map(|source| Extension { source: text::plain(source) }),
    }
}

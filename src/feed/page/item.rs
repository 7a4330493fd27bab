//! The page of an item.

use std::borrow::Cow;

use askama::Template;

use super::card::{Card, FeedLinks, Label};
use super::lead::begins_with;
use super::{Frame, render};
use crate::feed::{By, Site, WriteError, html};
use crate::item::Item;

/// Path of our page of an item, `/items/{handle}/`.
#[must_use]
pub fn item_path(item: &Item) -> String {
    format!("/items/{}/", item.id.handle())
}

#[derive(Template)]
#[template(path = "item.html", config = "src/feed/page/askama.toml")]
struct ItemPage<'a> {
    frame: Frame<'a>,
    main: FeedLinks<'a>,
    card: Card<'a>,
    categories: Vec<Label<'a>>,
    source: Option<Label<'a>>,
    /// What the article does not begin with.
    lead: Option<Cow<'a, str>>,
    canonical: String,
    /// HTML; goes out unescaped.
    content: String,
}

/// The page of one item: a preview of an article that lives elsewhere, or the article's own page. Source and categories
/// lead to their feeds, where there are automatic ones of these kinds.
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn item(site: &Site, item: &Item, kinds: &[By]) -> Result<Vec<u8>, WriteError> {
    let card = Card::new(site, item);
    // Without any content the summary stands in its place.
    let lead = card.summary.clone().filter(|lead| !item.content.is_empty() && !begins_with(&item.content, lead));
    let label = |by, name| Label::new(site, kinds, by, name);
    let page = ItemPage {
        categories: item.categories.iter().map(|term| label(By::Category, term)).collect(),
        lead,
        source: item.source.as_deref().map(|host| label(By::Source, host)),
        frame: Frame::new(site, false),
        main: FeedLinks::everything(site),
        canonical: card.article.clone().unwrap_or_else(|| site.url(&item_path(item))),
        content: html::content(&item.content).into_owned(),
        card,
    };
    render(&page, &item_path(item))
}

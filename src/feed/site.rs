//! The site around the feeds.

use crate::item::Language;

/// What all documents of this service share.
#[derive(Clone, Debug)]
pub struct Site {
    /// Title of the feed of everything and of the front page.
    pub title: String,
    /// Absolute http(s) URL of a picture that stands for the site.
    pub icon: Option<String>,
    /// Absolute http(s) URL without a trailing slash; may have a path prefix. Links are built from it, never from the
    /// Host header.
    pub base_url: String,
    /// Whether that is only the address of the listener, since nobody has said another one: then whoever looks at the pages
    /// is the one who sets all this up.
    pub is_unconfigured: bool,
    /// The base URL under which the site was first served: the ids of feeds are built from it, and stay when the site
    /// moves (RFC 4287 §4.2.6).
    pub id_base: String,
    /// Language of the site's own words, and of items whose language nobody knows.
    pub language: Option<Language>,
    /// Author of feeds and of items that name none.
    pub author: Option<String>,
    /// WebSub hubs that every feed document names (absolute URLs); empty when push is off.
    pub hubs: Vec<String>,
    /// Where rssCloud subscribers register (absolute URL), which RSS documents name; `None` when they may not.
    pub cloud: Option<String>,
}

impl Site {
    /// Absolute URL of a path of ours (`/rss.xml`).
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Path of ours as a link on our own pages: root-relative, with the path prefix of the base URL if it has one, so
    /// that pages work under whatever name a visitor reached them.
    #[must_use]
    pub fn local(&self, path: &str) -> String {
        let authority = self.base_url.find("://").map_or(0, |at| at + 3);
        let prefix = self.base_url[authority..].find('/').map_or("", |at| &self.base_url[authority + at..]);
        format!("{prefix}{path}")
    }
}

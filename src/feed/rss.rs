//! RSS 2.0 as the RSS Advisory Board's profile has it. `channel` is said only here.

use std::collections::BTreeMap;

use ::rss::extension::atom::{AtomExtension, Link};
use ::rss::extension::dublincore::DublinCoreExtension;
use ::rss::extension::syndication::{SyndicationExtension, UpdatePeriod};
use ::rss::extension::{Extension, ExtensionMap};
use ::rss::{Category, Channel, Cloud, Guid, Image};
use url::Url;

use super::text::{self, owned};
use super::view::{HISTORY, Paging, View, item_link};
use super::{Content, Format, html, iri, time, xml};
use crate::item::Item;

const SYNDICATION: &str = "http://purl.org/rss/1.0/modules/syndication/";

pub(super) fn write(view: &View<'_>) -> Result<Vec<u8>, ::rss::Error> {
    let size = view.expected_size();
    channel(view).pretty_write_to(Vec::with_capacity(size + 2048), b' ', xml::INDENT)
}

fn channel(view: &View<'_>) -> Channel {
    // Both say for how long a copy is fresh, and so does the max-age of the HTTP answer.
    let ttl = view.feed.max_age.as_secs().div_ceil(60).max(1);
    let mut namespaces = BTreeMap::from([("sy".to_owned(), SYNDICATION.to_owned())]);
    let mut extensions = ExtensionMap::new();
    if let Some(marker) = view.history_marker() {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
        extensions.insert("fh".to_owned(), BTreeMap::from([element(marker, String::new())]));
    }
    let links = view.links(Format::Rss).into_iter().map(|link| Link {
        href: link.href,
        rel: link.rel.to_owned(),
        mime_type: link.media_type.map(str::to_owned),
        ..Link::default()
    });
    Channel {
        title: owned(&view.feed.title),
        link: view.site.url(&view.feed.page_path()),
        description: owned(&view.description()),
        language: view.language().map(|language| language.as_str().to_owned()),
        last_build_date: time::representable(view.updated).map(time::rfc822),
        generator: Some(concat!("seedcast ", env!("CARGO_PKG_VERSION")).to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        cloud: cloud(view),
        image: image(view),
        ttl: Some(ttl.to_string()),
        atom_ext: Some(AtomExtension { links: links.collect() }),
        // `author` must be an e-mail address, which a name is not.
        dublin_core_ext: view
            .site
            .author
            .as_deref()
            .map(|author| DublinCoreExtension { creators: vec![owned(author)], ..DublinCoreExtension::default() }),
        syndication_ext: Some(frequency(ttl)),
        extensions,
        namespaces,
        items: view.items.iter().map(|item| channel_item(view, item)).collect(),
        ..Channel::default()
    }
}

fn channel_item(view: &View<'_>, item: &Item) -> ::rss::Item {
    let id = xml::clean(item.id.as_str()).into_owned();
    let link = item_link(view.site, item).into_owned();
    // Readers take a permanent link for the address of the article, so only one that is its address may say so.
    let permalink = id == link;
    let content = html::content(&item.content);
    let updated = time::representable(item.times.updated).map(time::rfc3339).unwrap_or_default();
    let dublin_core = DublinCoreExtension {
        sources: item.source.as_deref().map(owned).into_iter().collect(),
        languages: item.language.iter().map(|language| language.as_str().to_owned()).collect(),
        ..DublinCoreExtension::default()
    };
    ::rss::Item {
        title: Some(owned(&item.title)),
        link: Some(link),
        // The one element that readers take for HTML.
        description: item.summary.as_deref().map(|summary| html::from_text(&text::plain(summary)).into_owned()),
        categories: item.categories.iter().map(|term| Category { name: owned(term), domain: None }).collect(),
        guid: Some(Guid { value: id, permalink }),
        pub_date: time::representable(item.times.published).map(time::rfc822),
        content: (view.feed.content == Content::Full && !content.is_empty()).then(|| content.into_owned()),
        // RSS has no update time of its own, and readers take `dc:date` for the publication date.
        extensions: BTreeMap::from([("atom".to_owned(), BTreeMap::from([element("atom:updated", updated)]))]),
        dublin_core_ext: Some(dublin_core),
        ..::rss::Item::default()
    }
}

/// Readers expect title and link to be those of the feed.
fn image(view: &View<'_>) -> Option<Image> {
    let icon = view.site.icon.as_deref()?;
    Some(Image {
        url: iri::uri(icon).into_owned(),
        title: owned(&view.feed.title),
        link: view.site.url(&view.feed.page_path()),
        ..Image::default()
    })
}

/// Where to register to be told of changes: what is subscribed to changes, archive pages hardly do.
fn cloud(view: &View<'_>) -> Option<Cloud> {
    let Paging::Subscription { .. } = view.paging else { return None };
    let url = Url::parse(view.site.cloud.as_deref()?).ok()?;
    Some(Cloud {
        domain: url.host_str()?.to_owned(),
        port: url.port_or_known_default()?.to_string(),
        path: url.path().to_owned(),
        // Of XML-RPC and SOAP.
        register_procedure: String::new(),
        protocol: format!("{}-post", url.scheme()),
    })
}

/// `sy:updatePeriod` and `sy:updateFrequency` for one update in so many minutes, rounded to fewer updates.
fn frequency(ttl: u64) -> SyndicationExtension {
    const HOUR: u64 = 60;
    const DAY: u64 = 24 * HOUR;
    const WEEK: u64 = 7 * DAY;
    let (period, minutes) = if ttl <= HOUR {
        (UpdatePeriod::Hourly, HOUR)
    } else if ttl <= DAY {
        (UpdatePeriod::Daily, DAY)
    } else {
        (UpdatePeriod::Weekly, WEEK)
    };
    let frequency = u32::try_from((minutes / ttl).max(1)).unwrap_or(1);
    SyndicationExtension { period, frequency, base: "1970-01-01T00:00+00:00".to_owned() }
}

fn element(name: &str, value: String) -> (String, Vec<Extension>) {
    let extension = Extension { name: name.to_owned(), value: Some(value), ..Extension::default() };
    (name.to_owned(), vec![extension])
}

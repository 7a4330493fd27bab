//! The list of all feeds for readers that import one: OPML 2.0 (<http://opml.org/spec2.opml>).

use chrono::{DateTime, FixedOffset};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{By, Definition, Format, Site, WriteError, text, time, xml};

/// Path of the list below the site, for errors.
const PATH: &str = "/opml.xml";

/// Writes the list: the feeds of the configuration, then folders of automatic ones by their kind, in the given order. Every
/// feed appears once, with its Atom document: a reader that imports the list should not end up with three subscriptions
/// to the same items.
///
/// `created` must be a time that is kept, such as that of the last change of the set of feeds, never "now", or the
/// document would change with every writing.
///
/// # Errors
///
/// When `created` is outside the years 1 to 9999, or when the bytes do not pass the check of well-formedness.
pub fn opml(site: &Site, feeds: &[&Definition], created: DateTime<FixedOffset>) -> Result<Vec<u8>, WriteError> {
    let failed = |reason: String| WriteError::document(PATH, reason);
    let created = time::representable(created)
        .ok_or_else(|| failed(format!("the time {created} is not within the years 1 to 9999")))?;
    let bytes = outline(site, feeds, &time::rfc822(created)).map_err(|error| failed(error.to_string()))?;
    xml::check(&bytes).map_err(|fault| failed(fault.reason))?;
    Ok(bytes)
}

fn outline(site: &Site, feeds: &[&Definition], created: &str) -> std::io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', xml::INDENT);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element("opml").with_attribute(("version", "2.0")).write_inner_content(|writer| {
        writer.create_element("head").write_inner_content(|writer| {
            let mut element = |name, value: &str| {
                writer.create_element(name).write_text_content(BytesText::new(&text::plain(value))).map(|_| ())
            };
            element("title", &site.title)?;
            element("dateCreated", created)?;
            if let Some(author) = &site.author {
                element("ownerName", author)?;
            }
            element("docs", "http://opml.org/spec2.opml")
        })?;
        let (automatic, configured): (Vec<&Definition>, _) =
            feeds.iter().copied().partition(|feed| kind(feed).is_some());
        writer.create_element("body").write_inner_content(|writer| {
            for feed in configured {
                subscription(writer, site, feed)?;
            }
            for by in [By::Source, By::Language, By::Category] {
                let mut members = automatic.iter().filter(|feed| kind(feed) == Some(by)).peekable();
                if members.peek().is_none() {
                    continue;
                }
                let folder = writer.create_element("outline").with_attribute(("text", by.title()));
                folder
                    .with_attribute(("title", by.title()))
                    .write_inner_content(|writer| members.try_for_each(|feed| subscription(writer, site, feed)))?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// What an automatic feed selects on.
fn kind(feed: &Definition) -> Option<By> {
    By::of_path(&feed.path).map(|(by, _)| by)
}

fn subscription(writer: &mut Writer<Vec<u8>>, site: &Site, feed: &Definition) -> std::io::Result<()> {
    let title = text::plain(&feed.title);
    let document = site.url(&feed.document_path(Format::Atom));
    let page = site.url(&feed.page_path());
    let mut element = writer
        .create_element("outline")
        .with_attribute(("type", "rss"))
        .with_attribute(("version", "ATOM1"))
        .with_attribute(("text", title.as_ref()))
        .with_attribute(("title", title.as_ref()))
        .with_attribute(("xmlUrl", document.as_str()))
        .with_attribute(("htmlUrl", page.as_str()));
    // The articles of a source or category are in whatever language they are.
    let language = if kind(feed).is_some() { feed.only_language() } else { feed.language(site) };
    if let Some(language) = language {
        element = element.with_attribute(("language", language.as_str()));
    }
    element.write_empty().map(|_| ())
}

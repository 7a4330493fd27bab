//! Bytes of a seed → item or diagnostic. Pure: no files, network, clock or environment.
//!
//! ```text
//! encoding → text (legal characters) → layout (which block is what) → title · summary · content
//!                                                                   → chronology (times) · identity · language
//! ```

mod abbreviation;
mod address;
mod bytes;
mod chronology;
mod content;
mod cut;
mod encoding;
mod foreign;
mod header;
mod hints;
mod identity;
mod language;
mod layout;
mod letters;
mod paragraphs;
mod quotes;
mod report;
mod sentence;
mod subheading;
mod summary;
mod text;
mod title;

pub mod time;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use identity::normalised_url;

use crate::item::{Diagnostic, IdentityKey, Item, ItemId, Language, SeedPath};
use encoding::Decoded;
use header::Header;
use hints::Hints;
use identity::Address;
use layout::{Block, Layout, Missing};
use report::Report;
use summary::Summary;
use title::Title;

/// Everything that `parse` may know besides the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Where the seed lies.
    pub path: &'a SeedPath,
    /// Zone of the directory, else of the site, for times without offset.
    pub zone: Tz,
    /// Declared for the directory or the host: it wins over what is detected.
    pub language: Option<&'a Language>,
    /// The site's, for when detection is not reliable.
    pub fallback_language: Option<&'a Language>,
    /// When the file was first seen, remembered for ever.
    pub first_seen: DateTime<Utc>,
    /// Whether the directories of the path are the item's categories.
    pub directory_categories: bool,
    /// Authority and date of a tag URI (RFC 4151), such as `example.org,2026`: begins the ids of seeds without URL.
    pub tag_authority: &'a str,
}

/// A seed that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The item; its id is a proposal that stands if the key has not been seen before.
    pub item: Item,
    /// Under which all seeds of the article meet.
    pub key: IdentityKey,
    /// What was put right or left out.
    pub repairs: Vec<Diagnostic>,
}

/// Reads a seed.
///
/// # Errors
/// One diagnostic with a stable code: `empty`, `nul`, `invalid_utf8`, `invalid_utf16`, `not_a_seed`, `no_title`, `bad_time`.
pub fn parse(bytes: &[u8], context: &Context<'_>) -> Result<Parsed, Diagnostic> {
    let mut report = Report::of(context.path);
    let decoded = decode(bytes, &mut report)?;
    let text = clean(&decoded, &mut report);
    refuse_other_formats(&text, &report)?;
    let header = header_of(&text, &mut report);
    let address = address_of(&header, &mut report);
    let hints = hints_of(&header, address.as_ref(), context, &mut report);
    let layout = lay_out(&text, context.zone, &hints, &mut report)?;
    let title = title_of(layout.headline, &mut report)?;
    let Prose { description, body } = prose_of(&layout, &title);
    let times = chronology::choose(&layout.times, &hints, context, &mut report)?;
    let language = context.language.cloned();
    let language = language.or_else(|| language::detect(&title.text, description.unwrap_or_default(), body));
    let Summary { text: summary, is_cut } = summary::of(layout.headline.text, description, body);
    // Nothing must be lost: what the summary cannot hold of the description begins the content.
    let lost = description.filter(|text| is_cut && !text::begins_with(body, text));
    let content = content::html([lost.unwrap_or_default(), body]);
    let key = address.as_ref().map_or_else(|| IdentityKey::from_path(context.path), Address::key);
    let (url, source) = address.map(|address| (address.iri, address.host)).unzip();
    let item = Item {
        id: url.as_deref().map_or_else(|| identity::tag_id(context.tag_authority, context.path), ItemId::new),
        url,
        title: title.text,
        summary,
        content,
        times,
        language: language.or_else(|| context.fallback_language.cloned()),
        categories: if context.directory_categories { title::categories(context.path) } else { Vec::new() },
        source,
    };
    Ok(Parsed { item, key, repairs: report.repairs })
}

fn decode<'a>(bytes: &'a [u8], report: &mut Report<'_>) -> Result<Cow<'a, str>, Diagnostic> {
    let Decoded { text, legacy } =
        encoding::decode(bytes).map_err(|error| report.rejected(Some(error.line), error.code, error.reason))?;
    if let Some(encoding) = legacy {
        report.repaired(None, "legacy_encoding", format!("not UTF-8: read as {encoding}"));
    }
    Ok(text)
}

fn clean<'a>(text: &'a str, report: &mut Report<'_>) -> Cow<'a, str> {
    let clean = text::clean(text);
    if clean.dropped > 0 {
        let reason = format!("dropped characters that no feed can carry: {}", clean.dropped);
        report.repaired(clean.first_line, "illegal_characters", reason);
    }
    clean.text
}

fn refuse_other_formats(text: &str, report: &Report<'_>) -> Result<(), Diagnostic> {
    let Some(found) = foreign::find(text) else { return Ok(()) };
    let shown: String = found.text.chars().take(60).collect();
    let reason = format!("begins like {} (`{shown}`), not with a headline in plain text", found.kind);
    Err(report.rejected(Some(found.line), "not_a_seed", reason))
}

fn header_of<'a>(text: &'a str, report: &mut Report<'_>) -> Header<'a> {
    let header = layout::header(text).unwrap_or_default();
    if header.is_odd {
        let reason = "the header is not written `date YYYY-MM URL`: only a month `YYYY-MM` and the URL are read";
        report.repaired(Some(header.line), "odd_header", reason);
    }
    header
}

fn lay_out<'a>(text: &'a str, zone: Tz, hints: &Hints, report: &mut Report<'_>) -> Result<Layout<'a>, Diagnostic> {
    let layout = layout::read(text, |block| time::read(block, zone), hints).map_err(|missing| match missing {
        Missing::Everything => report.rejected(None, "empty", "the file holds no text"),
        Missing::Headline(line) => report.rejected(Some(line), "no_title", "no headline before this line"),
    })?;
    if let Some(block) = layout.unread {
        let reason =
            format!("`{}` begins with a date but is not understood as a time of the article: left as text", block.text);
        report.repaired(Some(block.line), "unread_time", reason);
    }
    if let Some(first) = layout.times_in_body.first() {
        let reason =
            format!("`{}` is written as a time but not where the article's belong: left in the body", first.text);
        report.repaired(Some(first.line), "time_in_body", reason);
    }
    Ok(layout)
}

fn title_of(headline: Block<'_>, report: &mut Report<'_>) -> Result<Title, Diagnostic> {
    let title = title::of(headline.text);
    if title.text.is_empty() {
        return Err(report.rejected(Some(headline.line), "no_title", "nothing in the headline can be seen"));
    }
    if title.is_cut {
        report.repaired(Some(headline.line), "long_title", format!("headline cut to {} characters", title::LONGEST));
    }
    let lines = headline.text.lines().count();
    if lines >= 3 || (lines == 2 && title.is_cut) {
        let reason = format!("the headline has {lines} lines; put a blank line after the first if the rest is text");
        report.repaired(Some(headline.line), "long_headline_block", reason);
    }
    Ok(title)
}

/// What an article says below its headline.
struct Prose<'a> {
    description: Option<&'a str>,
    body: &'a str,
}

/// Leaves out the block that only repeats the headline.
fn prose_of<'a>(layout: &Layout<'a>, title: &Title) -> Prose<'a> {
    let headline = layout.headline.text;
    // Of a description of several blocks the first may repeat it.
    let shortened = |all| Some(after_repetition(headline, all)).filter(|rest| !rest.is_empty()).unwrap_or(all);
    // Without time blocks the second block is body, unless it is a description that repeats the headline.
    let body = if layout.times.is_empty() { after_repetition(headline, layout.body) } else { layout.body };
    // A text without headline is one long first block: what the title cannot hold must not be lost.
    let body = if title.is_cut && body.is_empty() { headline } else { body };
    Prose { description: layout.description.map(shortened), body }
}

/// A text without a first block that only repeats the headline.
fn after_repetition<'a>(headline: &str, text: &'a str) -> &'a str {
    let Some(first) = layout::blocks(text).next() else { return text };
    if text::says_the_same(first, headline) { text[first.len()..].trim_start() } else { text }
}

fn address_of(header: &Header<'_>, report: &mut Report<'_>) -> Option<Address> {
    let url = header.url?;
    match Address::read(url) {
        Ok(address) => {
            if let Some(what) = address.repair {
                report.repaired(Some(header.line), "bad_url", format!("left {what} out of the URL"));
            }
            Some(address)
        }
        Err(reason) => {
            let shown: String = url.chars().take(200).collect();
            report.repaired(Some(header.line), "bad_url", format!("`{shown}` {reason}: left out"));
            None
        }
    }
}

fn hints_of(header: &Header<'_>, address: Option<&Address>, context: &Context<'_>, report: &mut Report<'_>) -> Hints {
    let month = header.month.and_then(header::first_day);
    if let Some(wrong) = header.month.filter(|_| month.is_none()) {
        report.repaired(Some(header.line), "bad_time", format!("there is no month `{wrong}`: left out"));
    }
    Hints::of(month, address.map(Address::path), chronology::seen(context))
}

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
mod identity;
mod language;
mod layout;
mod paragraphs;
mod quotes;
mod sentence;
mod subheading;
mod summary;
mod text;
mod title;

pub mod time;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use identity::normalised_url;

use crate::item::{Diagnostic, IdentityKey, Item, ItemId, Language, SeedPath};
use identity::Address;
use layout::{Layout, Missing};
use summary::Summary;

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
    let path = context.path;
    let mut repairs = Vec::new();
    let mut repair = |line, code, reason: String| repairs.push(Diagnostic::repaired(path, line, code, reason));

    let decoded = encoding::decode(bytes)
        .map_err(|error| Diagnostic::rejected(path, Some(error.line), error.code, error.reason))?;
    if let Some(encoding) = decoded.legacy {
        repair(None, "legacy_encoding", format!("not UTF-8: read as {encoding}"));
    }
    let clean = text::clean(&decoded.text);
    if clean.dropped > 0 {
        let reason = format!("dropped characters that no feed can carry: {}", clean.dropped);
        repair(clean.first_line, "illegal_characters", reason);
    }

    if let Some(found) = foreign::find(&clean.text) {
        let shown: String = found.text.chars().take(60).collect();
        let reason = format!("begins like {} (`{shown}`), not with a headline in plain text", found.kind);
        return Err(Diagnostic::rejected(path, Some(found.line), "not_a_seed", reason));
    }

    let layout =
        layout::read(&clean.text, |block| time::read(block, context.zone)).map_err(|missing| match missing {
            Missing::Everything => Diagnostic::rejected(path, None, "empty", "the file holds no text"),
            Missing::Headline(line) => {
                Diagnostic::rejected(path, Some(line), "no_title", "no headline before this line")
            }
        })?;
    let Layout { header, headline, description, times, body, unread, times_in_body } = layout;
    if let Some(block) = unread {
        let reason = format!("`{}` begins with a date but is not understood as a time: left as text", block.text);
        repair(Some(block.line), "unread_time", reason);
    }
    if let Some(first) = times_in_body.first() {
        let reason = format!(
            "`{}` is written as a time but stands too far down to be the article's: left in the body",
            first.text
        );
        repair(Some(first.line), "time_in_body", reason);
    }
    let header = header.unwrap_or_default();
    if header.is_odd {
        let left = if header.month.is_none() { ": what stands between `date` and the URL is left out" } else { "" };
        repair(Some(header.line), "odd_header", format!("the header is not written `date YYYY-MM URL`{left}"));
    }

    let title = title::of(headline.text);
    if title.text.is_empty() {
        return Err(Diagnostic::rejected(path, Some(headline.line), "no_title", "nothing in the headline can be seen"));
    }
    if title.is_cut {
        repair(Some(headline.line), "long_title", format!("headline cut to {} characters", title::LONGEST));
    }

    let lines = headline.text.lines().count();
    if lines >= 3 || (lines == 2 && title.is_cut) {
        let reason = format!("the headline has {lines} lines; put a blank line after the first if the rest is text");
        repair(Some(headline.line), "long_headline_block", reason);
    }

    // Without time blocks the second block is body, unless it is a description that repeats the headline.
    let body = if times.is_empty() { after_repetition(headline.text, body) } else { body };
    // Of a description of several blocks the first may repeat it.
    let description = description
        .map(|all| Some(after_repetition(headline.text, all)).filter(|rest| !rest.is_empty()).unwrap_or(all));
    // A text without headline is one long first block: what the title cannot hold must not be lost.
    let body = if title.is_cut && body.is_empty() { headline.text } else { body };

    let address = header.url.and_then(|url| match Address::read(url) {
        Ok(address) => {
            if let Some(what) = address.repair {
                repair(Some(header.line), "bad_url", format!("left {what} out of the URL"));
            }
            Some(address)
        }
        Err(reason) => {
            let shown: String = url.chars().take(200).collect();
            repair(Some(header.line), "bad_url", format!("`{shown}` {reason}: left out"));
            None
        }
    });

    let month = header.month.and_then(header::first_day);
    if let Some(wrong) = header.month.filter(|_| month.is_none()) {
        repair(Some(header.line), "bad_time", format!("there is no month `{wrong}`: left out"));
    }
    let hints = chronology::Hints { month, url_path: address.as_ref().map(Address::path) };
    let times = chronology::choose(&times, &hints, context, &mut repairs)?;
    let language = context.language.cloned();
    let language = language.or_else(|| language::detect(&title.text, description.unwrap_or_default(), body));
    let key = address.as_ref().map_or_else(|| IdentityKey::from_path(path), Address::key);
    let Summary { text: summary, is_cut } = summary::of(headline.text, description, body);
    // Nor must what the summary cannot hold of the description.
    let lost = description.filter(|text| is_cut && !text::begins_with(body, text));
    let content = content::html([lost.unwrap_or_default(), body]);
    let (url, source) = address.map(|address| (address.iri, address.host)).unzip();
    let id = url.as_deref().map_or_else(|| identity::tag_id(context.tag_authority, path), ItemId::new);
    let categories = if context.directory_categories { title::categories(path) } else { Vec::new() };
    let language = language.or_else(|| context.fallback_language.cloned());
    let item = Item { id, url, title: title.text, summary, content, times, language, categories, author: None, source };
    Ok(Parsed { item, key, repairs })
}

/// A text without a first block that only repeats the headline.
fn after_repetition<'a>(headline: &str, text: &'a str) -> &'a str {
    let Some(first) = layout::blocks(text).next() else { return text };
    if text::says_the_same(first, headline) { text[first.len()..].trim_start() } else { text }
}

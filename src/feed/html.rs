//! The HTML inside feed documents and pages.

use std::borrow::Cow;

use super::xml;

pub(super) use crate::item::html::from_text;

/// The only tags that content may hold; they take no attributes, so nothing can run and nothing can be loaded.
const TAGS: [&str; 4] = ["<p>", "</p>", "<h3>", "</h3>"];

/// Content as it may go out: every `<` that does not begin one of the permitted tags, and every `&` that does not begin
/// a reference, becomes text; references to characters that XML forbids are dropped.
///
/// SECURITY: `parse` makes such content already. This is the second door: a row that an older version stored, or that
/// somebody wrote into the store, cannot bring a script to the page of an item or into a reader. It costs one scan and
/// copies nothing when all is well.
fn safe(content: &str) -> Cow<'_, str> {
    let bytes = content.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'<', b'&', &bytes[at..]) {
        let start = at + found;
        let rest = &content[start..];
        let (length, replacement) = if bytes[start] == b'<' {
            match TAGS.iter().find(|tag| rest.starts_with(**tag)) {
                Some(tag) => (tag.len(), None),
                None => (1, Some("&lt;")),
            }
        } else {
            match reference(rest) {
                Some((length, true)) => (length, None),
                Some((length, false)) => (length, Some("")),
                None => (1, Some("&amp;")),
            }
        };
        at = start + length;
        if let Some(replacement) = replacement {
            out.push_str(&content[copied..start]);
            out.push_str(replacement);
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(content);
    }
    out.push_str(&content[copied..]);
    Cow::Owned(out)
}

/// Content as it may go out in any format: [`safe`], without the characters that XML forbids.
pub(super) fn content(content: &str) -> Cow<'_, str> {
    match safe(content) {
        Cow::Borrowed(content) => xml::clean(content),
        Cow::Owned(content) => Cow::Owned(xml::clean(&content).into_owned()),
    }
}

/// Length of the character reference at the start of `rest`, and whether it stands for a legal character.
fn reference(rest: &str) -> Option<(usize, bool)> {
    /// The longest names of HTML have 31 letters.
    const LONGEST: usize = 33;
    let end = rest.bytes().take(LONGEST).position(|b| b == b';')?;
    let name = &rest[1..end];
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
    let code = if let Some(hex) = name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
        number(hex, 16)?
    } else if let Some(decimal) = name.strip_prefix('#') {
        number(decimal, 10)?
    } else {
        let is_name =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        return is_name.then_some((end + 1, true));
    };
    Some((end + 1, char::from_u32(code).is_some_and(xml::is_legal)))
}

//! Plain text on its way out: titles, summaries, names, terms.

use std::borrow::Cow;

use super::xml;

/// The text without characters that XML forbids and with its bidirectional controls balanced, so that neither a document
/// nor the line of a reader's list that comes after it can be spoilt.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    match xml::clean(text) {
        Cow::Borrowed(text) => balance(text),
        Cow::Owned(text) => Cow::Owned(balance(&text).into_owned()),
    }
}

/// Pop directional formatting: ends an embedding or an override.
const PDF: char = '\u{202C}';
/// Pop directional isolate: ends an isolate and what was opened inside.
const PDI: char = '\u{2069}';

/// Closes every embedding, override and isolate that the text leaves open, and drops ends without a beginning (Unicode
/// Standard Annex 9, §3.3).
fn balance(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 6);
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' => open.push(PDF),
            '\u{2066}'..='\u{2068}' => open.push(PDI),
            PDF if open.last() != Some(&PDF) => continue,
            PDF => drop(open.pop()),
            PDI => match open.iter().rposition(|&end| end == PDI) {
                Some(isolate) => open.truncate(isolate),
                None => continue,
            },
            _ => {}
        }
        out.push(c);
    }
    out.extend(open.into_iter().rev());
    Cow::Owned(out)
}

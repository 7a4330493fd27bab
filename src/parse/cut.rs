//! Cuts lines that are too long where a reader would.

use unicode_segmentation::GraphemeCursor;

/// Byte offset of the end of the first `limit` characters; `None` when the text is not longer than that.
pub(super) fn end_of(text: &str, limit: usize) -> Option<usize> {
    if text.len() <= limit {
        return None;
    }
    let mut chars = text.chars();
    // Passing over many characters at once is much faster than asking each for its place.
    if let Some(last) = limit.checked_sub(1) {
        chars.nth(last)?;
    }
    let rest = chars.as_str().len();
    (rest > 0).then_some(text.len() - rest)
}

/// The start of a line up to `limit` characters, at the last word boundary; in a script without spaces, or in a word
/// as long as the line, between two graphemes.
pub(super) fn at_word(text: &str, limit: usize) -> &str {
    let Some(end) = end_of(text, limit) else { return text };
    let head = &text[..end];
    // A break in the last quarter is near enough to the limit.
    let break_at =
        if text[end..].starts_with(char::is_whitespace) { Some(end) } else { head.rfind(char::is_whitespace) };
    let words = break_at.filter(|&at| at * 4 >= end * 3 && is_grapheme_boundary(text, at));
    text[..words.unwrap_or_else(|| grapheme_boundary(text, end))].trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | '(' | '“' | '«')
    })
}

fn is_grapheme_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(true)
}

/// The last boundary at or before `at`. A heap of combining marks longer than the line is cut all the same.
fn grapheme_boundary(text: &str, at: usize) -> usize {
    if is_grapheme_boundary(text, at) {
        return at;
    }
    let before = GraphemeCursor::new(at, text.len(), true).prev_boundary(text, 0).ok().flatten();
    before.filter(|&before| before > 0).unwrap_or(at)
}

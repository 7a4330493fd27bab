//! Where sentences end.

use super::letters::is_letter_or_mark;

/// Whether `c` ends a sentence before a space or a capital.
pub(super) fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

/// The letters at the end of a text.
pub(super) fn last_word(text: &str) -> &str {
    let start = text.char_indices().rev().take_while(|&(_, c)| is_letter_or_mark(c)).last();
    &text[start.map_or(text.len(), |(at, _)| at)..]
}

/// The letters at the start of a text.
pub(super) fn first_word(text: &str) -> &str {
    &text[..text.find(|c| !is_letter_or_mark(c)).unwrap_or(text.len())]
}

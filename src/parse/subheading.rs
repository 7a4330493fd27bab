//! Subheadings, which extraction has left between quotation marks.

use super::{quotes, sentence};

/// Characters of the longest subheading, quotation marks included.
const LONGEST: usize = 120;

/// The length of a quoted run at the start of a text that stands alone: after its closing mark comes a capital or
/// another opening mark, without space. Apostrophes inside it are not its end (`'Rusya'nın …'`, `'… O'Brien …'`).
pub(super) fn end_of(text: &str) -> Option<usize> {
    let open = text.chars().next().filter(|&c| quotes::is_mark(c))?;
    let mut before = open;
    for (count, (at, c)) in text.char_indices().enumerate().skip(1) {
        if count >= LONGEST || c == '\n' {
            return None;
        }
        if quotes::closes(open, c) {
            let end = at + c.len_utf8();
            let next = text[end..].chars().next()?;
            let is_apostrophe = matches!(c, '\'' | '’') && next.is_alphanumeric();
            // French sets a space inside its guillemets.
            let is_close = matches!(c, '»' | '›') || !before.is_whitespace();
            let is_end = (next.is_uppercase() || (quotes::is_mark(next) && next != c)) && is_close;
            let is_name = is_apostrophe && sentence::last_word(&text[..at]).chars().count() == 1;
            let run = text[open.len_utf8()..at].trim();
            let is_number = is_apostrophe && before.is_ascii_digit() && is_in_capitals(run, &text[end..]);
            let is_suffixed = is_apostrophe && goes_on_in_capitals(run, &text[end..]);
            if is_end && !is_name && !is_number && !is_suffixed {
                let is_words = run.contains(' ') && run.contains(char::is_alphabetic);
                return (is_words && !run.ends_with('.')).then_some(end);
            }
            if !is_apostrophe {
                return None;
            }
        }
        before = c;
    }
    None
}

/// Turkish suffixes that no paragraph begins with in capitals.
const SUFFIXES: [&str; 30] = [
    "NİN", "NIN", "NUN", "NÜN", "İN", "ÜN", "DE", "DA", "TE", "TA", "DEN", "DAN", "TEN", "TAN", "YE", "YA", "Yİ", "YI",
    "YU", "YÜ", "Nİ", "NI", "NÜ", "NE", "YLE", "YLA", "Lİ", "LI", "LU", "LÜ",
];

/// Whether a name in a heading in capitals goes on with its suffix: `'ABD'DE SEÇİM'`, `'YENİ TÜRKİYE'NİN KARARI'`. A run without
/// a space is no heading, so that whatever follows it in capitals is one.
fn goes_on_in_capitals(run: &str, after: &str) -> bool {
    let suffix = sentence::first_word(after);
    let is_suffix = SUFFIXES.contains(&suffix) || (!run.contains(' ') && suffix.chars().all(char::is_uppercase));
    is_suffix && !run.contains(char::is_lowercase)
}

/// Whether a heading in capitals goes on with a suffix in capitals: `'BÜYÜME 2023'TE DURDU'`.
fn is_in_capitals(run: &str, after: &str) -> bool {
    sentence::first_word(after).chars().take(2).filter(|c| c.is_uppercase()).count() == 2
        && !run.contains(char::is_lowercase)
}

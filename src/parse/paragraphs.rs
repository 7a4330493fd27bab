//! Parts the paragraphs that extraction has glued together.
//!
//! ```text
//! …çiçekle karşılandı.Yaroslavskiy Garı'nda…           a sentence end and a capital without space: a paragraph ends
//! …kaydetti.'Rusya'nın zaferinden şüphemiz yok'Kuzey…  a quoted run between two such joints: a subheading
//! ```
//!
//! The pieces of a block make up the block again: nothing is lost or added. Scripts without case are never parted.

use super::letters::{is_letter, is_letter_or_mark};
use super::quotes::{self, Quotes};
use super::{abbreviation, address, bytes, sentence, subheading};

/// A part of a body block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Paragraph(&'a str),
    /// With its quotation marks.
    Subheading(&'a str),
}

/// The pieces of a block, in order.
pub(super) fn pieces(block: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    let mut quotes = Quotes::new(block);
    std::iter::from_fn(move || {
        let rest = &block[at..];
        if rest.is_empty() {
            return None;
        }
        if let Some(length) = subheading::end_of(rest) {
            at += length;
            quotes.forget(at);
            return Some(Piece::Subheading(&rest[..length]));
        }
        let start = at;
        at = joint(block, start, &mut quotes).unwrap_or(block.len());
        Some(Piece::Paragraph(&block[start..at]))
    })
}

/// Where the paragraph that begins at `start` ends, if another one is glued to it.
fn joint(block: &str, start: usize, quotes: &mut Quotes<'_>) -> Option<usize> {
    let mut at = start;
    loop {
        // `…` is E2 80 A6.
        at += bytes::position(&block.as_bytes()[at..], |b| matches!(b, b'.' | b'!' | b'?' | 0xe2))?;
        let stop = block[at..].find(|c| !sentence::is_terminator(c)).map_or(block.len(), |length| at + length);
        if stop == at {
            at += block[at..].chars().next()?.len_utf8();
            continue;
        }
        if let Some(end) =
            quotes.close_after(stop).filter(|&end| ends_paragraph(&block[start..at], &block[at..stop], &block[end..]))
        {
            return Some(end);
        }
        at = stop;
    }
}

/// Whether a text begins like a Spanish question or exclamation.
fn begins_inverted(text: &str) -> bool {
    let inverted = text.trim_start_matches(['¿', '¡']);
    inverted.len() < text.len() && inverted.starts_with(char::is_uppercase)
}

/// Whether a paragraph ends between `before` + `stop` (+ closing quotes) and `after`, which begins with a capital, an
/// opening quotation mark or an ordinal (`…oynandı.2.Lig`).
fn ends_paragraph(before: &str, stop: &str, after: &str) -> bool {
    let Some(first) = after.chars().next() else { return false };
    // Of Swedish and Finnish marks those that close never come here.
    let is_mark = quotes::is_mark(first) || first == '”' || begins_inverted(after);
    if !first.is_uppercase() && !is_mark && !abbreviation::begins_with_ordinal(after) {
        return false;
    }
    if address::is_at_end(before) {
        return false;
    }
    // French sets a space before the marks of questions and exclamations.
    let before = match before.strip_suffix(char::is_whitespace) {
        Some(spaced) if stop.starts_with(['?', '!']) => spaced,
        _ => before,
    };
    // Behind its combining marks (`arrive\u{301}`).
    let is_mark_alone = |c: &char| is_letter_or_mark(*c) && !is_letter(*c);
    let Some(last) = before.chars().rev().find(|c| !is_mark_alone(c)) else { return false };
    let next = sentence::first_word(after);
    if address::is_code_or_host(next, &after[next.len()..]) {
        return false;
    }
    if is_letter(last) && !last.is_lowercase() && !last.is_uppercase() {
        return false;
    }
    if stop != "." {
        return last.is_alphanumeric() || quotes::is_closer(last) || is_symbol(last);
    }
    let is_shortened = abbreviation::is_at_end(before) && !abbreviation::is_whole_word(before, first);
    if is_shortened || abbreviation::goes_on(before, after) {
        return false;
    }
    if !is_letter(last) {
        // Between digits it is a date, an amount or a number of chapters.
        return (last.is_ascii_digit() && !first.is_ascii_digit()) || quotes::is_closer(last) || is_symbol(last);
    }
    let word = sentence::last_word(before);
    // `ASP.NET`, `ASP.Net`; but `…NATO.Lavrov`.
    let is_capitals = |word: &str| word.chars().nth(1).is_some() && word.chars().all(char::is_uppercase);
    !(is_capitals(word) && (is_capitals(next) || next.eq_ignore_ascii_case("net")))
}

/// Symbols that end a sentence like a letter does: `20 €`, `10 m²`, `Disney+`.
fn is_symbol(c: char) -> bool {
    matches!(c, '%' | '€' | '£' | '$' | '₺' | '₽' | '°' | '²' | '³' | '+' | '™' | '®')
}

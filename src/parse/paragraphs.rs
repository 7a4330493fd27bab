//! Parts the paragraphs that extraction has glued together.
//!
//! ```text
//! …çiçekle karşılandı.Yaroslavskiy Garı'nda…           a sentence end and a capital without space: a paragraph ends
//! …kaydetti.'Rusya'nın zaferinden şüphemiz yok'Kuzey…  a quoted run between two such joints: a subheading
//! ```
//!
//! The pieces of a block make up the block again: nothing is lost or added. Scripts without case are never parted.

use super::quotes::{self, Quotes};
use super::{bytes, sentence};

/// A part of a body block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Paragraph(&'a str),
    /// With its quotation marks.
    Subheading(&'a str),
}

/// Characters of the longest subheading, quotation marks included.
const LONGEST_SUBHEADING: usize = 120;

/// Bytes of an address that are looked through for its scheme.
const LONGEST_ADDRESS: usize = 256;

/// The pieces of a block, in order.
pub(super) fn pieces(block: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (end, is_subheading) = match subheading(rest) {
            Some(end) => (end, true),
            None => (joint(rest).unwrap_or(rest.len()), false),
        };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(if is_subheading { Piece::Subheading(piece) } else { Piece::Paragraph(piece) })
    })
}

/// Where the first paragraph of a text ends, if another one is glued to it.
fn joint(text: &str) -> Option<usize> {
    let mut quotes = Quotes::new(text);
    let mut at = 0;
    loop {
        // `…` is E2 80 A6.
        at += bytes::position(&text.as_bytes()[at..], |b| matches!(b, b'.' | b'!' | b'?' | 0xe2))?;
        let stop = text[at..].find(|c| !sentence::is_terminator(c)).map_or(text.len(), |length| at + length);
        if stop == at {
            at += text[at..].chars().next()?.len_utf8();
            continue;
        }
        if let Some(end) =
            quotes.close_after(stop).filter(|&end| ends_paragraph(&text[..at], &text[at..stop], &text[end..]))
        {
            return Some(end);
        }
        at = stop;
    }
}

/// Whether a paragraph ends between `before` + `stop` (+ closing quotes) and `after`, which begins with a capital or an
/// opening quotation mark.
fn ends_paragraph(before: &str, stop: &str, after: &str) -> bool {
    let Some(first) = after.chars().next() else { return false };
    if !first.is_uppercase() && !quotes::is_mark(first) {
        return false;
    }
    if is_in_address(before) {
        return false;
    }
    // French sets a space before the marks of questions and exclamations.
    let before = match before.strip_suffix(char::is_whitespace) {
        Some(spaced) if stop.starts_with(['?', '!']) => spaced,
        _ => before,
    };
    let Some(last) = before.chars().next_back() else { return false };
    let next = sentence::first_word(after);
    if is_code_or_host(next, &after[next.len()..]) {
        return false;
    }
    if last.is_alphabetic() && !last.is_lowercase() && !last.is_uppercase() {
        return false;
    }
    if stop != "." {
        return last.is_alphanumeric() || quotes::is_closer(last) || last == '%';
    }
    if last.is_ascii_digit() {
        // `2.Lig`, `15.Yıl`: an ordinal rather than an end.
        let number = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        return number > 2 || !before[..before.len() - number].ends_with(char::is_whitespace);
    }
    if !last.is_alphabetic() {
        return quotes::is_closer(last) || last == '%';
    }
    let word = sentence::last_word(before);
    let is_next_single = next.chars().nth(1).is_none() && after[next.len()..].starts_with('.');
    if sentence::is_abbreviation(word) || (is_next_single && word.chars().nth(1).is_none()) {
        return false;
    }
    // `ASP.NET`, `ASP.Net`; but `…NATO.Lavrov`.
    let is_capitals = |word: &str| word.chars().nth(1).is_some() && word.chars().all(char::is_uppercase);
    !(is_capitals(word) && (is_capitals(next) || next.eq_ignore_ascii_case("net")))
}

/// Whether the text ends within an address with its scheme: `https://example.org/a` before `.Html?q=B.C`.
fn is_in_address(before: &str) -> bool {
    let near = before.floor_char_boundary(before.len().saturating_sub(LONGEST_ADDRESS));
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>') || quotes::is_mark(c) || quotes::is_closer(c);
    let word = before[near..].rsplit(ends).next().unwrap_or_default();
    word.contains("://")
}

/// Whether the word after a stop goes on as an address, a file or a call: `example.Com/x`, `Console.WriteLine(`,
/// `haber.Example.com`, `Booking.COM`.
fn is_code_or_host(word: &str, after: &str) -> bool {
    let mut follows = after.chars();
    match (follows.next(), follows.next()) {
        (Some('@' | '_' | '=' | '(' | '\\'), _) => return true,
        (Some('/'), Some(c)) => return !c.is_uppercase(),
        _ => {}
    }
    const DOMAINS: &[&str] = &["com", "net", "org", "edu", "gov"];
    if matches!(word, "COM" | "NET" | "ORG" | "JS") {
        return true;
    }
    let is_of_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    // A host name is no longer than 253 octets (RFC 1035 §2.3.4); longer runs are not searched again at each stop.
    let length = after.bytes().take(254).take_while(is_of_host).count();
    let labels = after[..length].trim_end_matches('.');
    let is_domain = |label: &str| DOMAINS.contains(&label.to_ascii_lowercase().as_str());
    length <= 253 && labels.starts_with('.') && labels.rsplit('.').next().is_some_and(is_domain)
}

/// The length of a quoted run at the start of a text that stands alone: after its closing mark comes a capital or
/// another opening mark, without space. Apostrophes inside it are not its end (`'Rusya'nın …'`, `'… O'Brien …'`).
fn subheading(text: &str) -> Option<usize> {
    let open = text.chars().next().filter(|&c| quotes::is_mark(c))?;
    let mut before = open;
    for (count, (at, c)) in text.char_indices().enumerate().skip(1) {
        if count >= LONGEST_SUBHEADING || c == '\n' {
            return None;
        }
        if quotes::closes(open, c) {
            let end = at + c.len_utf8();
            let next = text[end..].chars().next()?;
            let is_apostrophe = matches!(c, '\'' | '’') && next.is_alphanumeric();
            let is_end = (next.is_uppercase() || (quotes::is_mark(next) && next != c)) && !before.is_whitespace();
            let is_name = is_apostrophe && sentence::last_word(&text[..at]).chars().nth(1).is_none();
            let run = &text[open.len_utf8()..at];
            if is_end && !is_name {
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

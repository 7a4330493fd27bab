//! Makes text that every feed format can carry.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use super::bytes;

/// Text as XML 1.0 allows it, with `\n` for line ends, and where something had to go.
pub(super) struct Clean<'a> {
    pub(super) text: Cow<'a, str>,
    /// Characters and character references dropped.
    pub(super) dropped: usize,
    /// Line of the first of them, from 1.
    pub(super) first_line: Option<u32>,
}

/// Drops what XML 1.0 §2.2 does not allow or advises against (controls, surrogates, noncharacters) and byte order
/// marks inside the text, also where they are written as numeric references (`&#1;`, `&#xFFFE;`): a reader that
/// unescapes twice would meet them. References to C1 controls become the characters that HTML takes them for
/// (`&#150;`, a dash). All others stay as they are, since seeds are plain text. Tabs and feeds that break a line become line
/// ends, separators of paragraphs blank lines.
pub(super) fn clean(text: &str) -> Clean<'_> {
    let stays = |c: char| !matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') && is_legal(c);
    let begins_stay = |at: usize| text[at..].starts_with(stays);
    if bytes::positions(text.as_bytes(), needs_a_look).all(begins_stay)
        && memchr::memmem::find(text.as_bytes(), b"&#").is_none()
    {
        return Clean { text: text.into(), dropped: 0, first_line: None };
    }
    rewrite(text)
}

/// Bytes that begin characters which may have to go.
fn needs_a_look(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n') || matches!(byte, 0x7f | 0xc2 | 0xe2) || byte >= 0xef
}

fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | ' '..='~' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' => false,
        // U+FFFE and U+FFFF of every plane.
        c => u32::from(c) & 0xfffe != 0xfffe,
    }
}

fn rewrite(text: &str) -> Clean<'_> {
    let mut out = String::with_capacity(text.len());
    let (mut dropped, mut first_line, mut line) = (0, None, 1_u32);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut is_dropped = false;
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\u{85}' | '\u{b}' | '\u{c}' => out.push('\n'),
            '\u{2029}' => out.push_str("\n\n"),
            '\u{2028}' if chars.next_if_eq(&'\u{2028}').is_some() => out.push_str("\n\n"),
            // Judged on what has been written, so that dropping one reference cannot complete another.
            ';' => match illegal_reference(&out) {
                Some((start, meant)) => {
                    out.truncate(start);
                    out.extend(meant);
                    is_dropped = meant.is_none();
                }
                None => out.push(';'),
            },
            c if is_legal(c) => out.push(c),
            _ => is_dropped = true,
        }
        if is_dropped {
            dropped += 1;
            first_line.get_or_insert(line);
        }
        line = line.saturating_add(u32::from(c == '\n'));
    }
    Clean { text: out.into(), dropped, first_line }
}

/// Where a numeric reference to an illegal character starts, when `text` ends in one (without its `;`), and the character
/// that is meant, if any.
fn illegal_reference(text: &str) -> Option<(usize, Option<char>)> {
    // `&#` and the digits: leading zeros may be many, but nobody needs more than this to be caught.
    let window = text.len().saturating_sub(64);
    let start = window + text.as_bytes()[window..].windows(2).rposition(|pair| pair == b"&#")?;
    let digits = &text[start + 2..];
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(hex) if !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16),
        None if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse(),
        _ => return None,
    };
    let c = number.ok().and_then(char::from_u32);
    (!c.is_some_and(is_legal)).then(|| (start, c.and_then(meant)))
}

/// What HTML takes a reference to a C1 control for: the byte in windows-1252, where that has a character.
fn meant(c: char) -> Option<char> {
    let byte = u8::try_from(c).ok().filter(|byte| (0x80..=0x9f).contains(byte))?;
    let byte = [byte];
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().filter(|&c| is_legal(c))
}

/// One line: runs of breaking white space, and of what cannot be seen between them, become one space; the ends are trimmed.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}');
    let may_break = |byte| matches!(byte, b'\t' | b'\n' | 0xe2);
    let has_breaks = bytes::any(text.as_bytes(), may_break) && text.contains(['\t', '\n', '\u{2028}', '\u{2029}']);
    if !has_breaks && !text.contains("  ") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|word| is_visible(word)) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.into()
}

/// Whether there is anything to see: not only white space, marks of direction and joiners.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(|c| {
        !c.is_whitespace()
            && !matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}')
    })
}

/// Characters without regard to case and spacing: what makes two lines the same words. Dotless and dotted i are one,
/// so that Turkish capitals compare as well.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).filter(|&c| c != '\u{307}').map(
        |c| match c {
            'ı' => 'i',
            'ς' => 'σ',
            c => c,
        },
    )
}

/// Whether two lines say the same, case and spacing apart.
pub(super) fn says_the_same(one: &str, other: &str) -> bool {
    one == other || folded(one).eq(folded(other))
}

/// Whether a text begins with what the other says, case and spacing apart. The other may have been cut there already,
/// with an ellipsis to show it.
pub(super) fn begins_with(text: &str, other: &str) -> bool {
    let other = other.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '…'));
    let mut own = folded(text);
    folded(other).all(|c| own.next() == Some(c))
}

//! Quotation marks: which ones open, which ones close, where the same mark does both.

use super::{bytes, sentence};

/// Marks that can open a quotation.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '"' | '“' | '‘' | '„' | '‚' | '«' | '»' | '‹')
}

/// Marks and brackets that can stand between a sentence end and what follows.
pub(super) fn is_closer(c: char) -> bool {
    matches!(c, '\'' | '"' | '”' | '’' | '“' | '‘' | '»' | '«' | '›' | ')' | ']')
}

/// Whether `close` ends what `open` began, in the custom of some language.
pub(super) fn closes(open: char, close: char) -> bool {
    match open {
        '“' => close == '”',
        '‘' => close == '’',
        '„' => matches!(close, '“' | '”'),
        '‚' => matches!(close, '‘' | '’'),
        '«' => close == '»',
        '»' => close == '«',
        '‹' => close == '›',
        straight => close == straight,
    }
}

/// Follows the quotations of a block from left to right, so that a mark after a full stop can be told to close the
/// quotation at hand or to open the next. A quotation may go on over several paragraphs of the block.
pub(super) struct Quotes<'a> {
    text: &'a str,
    /// Where following began.
    start: usize,
    /// Everything before has been followed.
    at: usize,
    /// The mark that opened a quotation not closed yet, for each kind of mark.
    open: [Option<char>; 2],
}

/// What a mark does.
#[derive(PartialEq, Eq)]
pub(super) enum Role {
    Opens,
    Closes,
    /// An apostrophe, or no quotation mark.
    Neither,
}

impl<'a> Quotes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, start: 0, at: 0, open: [None; 2] }
    }

    /// Goes on at `at` without any quotation open: none reaches over a subheading.
    pub(super) fn forget(&mut self, at: usize) {
        *self = Self { start: at, at, ..Self::new(self.text) };
    }

    /// Follows the text up to `stop`, the end of a sentence, and then over closing marks: gives where the next
    /// paragraph would begin, at a letter or at an opening mark. `None` before white space and at the end, but French
    /// sets a space before its closing mark.
    pub(super) fn close_after(&mut self, stop: usize) -> Option<usize> {
        let next = self.text[stop..].chars().next()?;
        if next.is_whitespace() {
            spaced_guillemet(&self.text[stop..])?;
        } else if !is_mark(next) && !is_closer(next) {
            return Some(stop);
        }
        self.follow(stop);
        while let Some(c) = self.text[self.at..].chars().next() {
            if c.is_whitespace() {
                let mark = spaced_guillemet(&self.text[self.at..])?;
                self.open[kind(mark)].filter(|&open| closes(open, mark))?;
                self.follow(self.at + c.len_utf8() + mark.len_utf8());
                continue;
            }
            let is_bracket = matches!(c, ')' | ']');
            if !is_bracket && self.role(c) != Role::Closes {
                return Some(self.at);
            }
            self.follow(self.at + c.len_utf8());
        }
        None
    }

    /// Whether `”` at `at` begins a quotation as in Swedish and Finnish, `”Vi måste”`: at a word, behind a space, or behind a
    /// sentence that is glued to it where the next double mark is its end and opens none of its own.
    fn begins_nordic(&self, before: char) -> bool {
        let rest = &self.text[self.at + '”'.len_utf8()..];
        if !rest.starts_with(char::is_alphanumeric) {
            return false;
        }
        let near = &rest[..rest.floor_char_boundary(NEAR)];
        before.is_whitespace()
            || (sentence::is_terminator(before)
                && near.chars().find(|c| matches!(c, '”' | '“' | '„')).is_some_and(|next| next == '”'))
    }

    fn follow(&mut self, to: usize) {
        while let Some(found) = bytes::position(&self.text.as_bytes()[self.at..to], begins_mark) {
            self.at += found;
            let Some(c) = self.text[self.at..].chars().next() else { break };
            match self.role(c) {
                Role::Opens => self.open[kind(c)] = Some(c),
                Role::Closes => self.open[kind(c)] = None,
                Role::Neither => {}
            }
            self.at += c.len_utf8();
        }
        self.at = to;
    }

    /// What the mark at `at` does.
    fn role(&self, c: char) -> Role {
        if !(is_mark(c) || is_closer(c)) || matches!(c, ')' | ']') {
            return Role::Neither;
        }
        let before = self.text[self.start..self.at].chars().next_back().unwrap_or(' ');
        let next = self.text[self.at + c.len_utf8()..].chars().next().unwrap_or(' ');
        let is_inside_word = before.is_alphanumeric() && next.is_alphanumeric();
        if matches!(c, '\'' | '’') && (is_inside_word || is_year(&self.text[self.at + c.len_utf8()..])) {
            return Role::Neither;
        }
        // French sets a space inside its guillemets, so that spaces say nothing about them.
        let is_guillemet = matches!(c, '«' | '»' | '‹' | '›');
        match self.open[kind(c)] {
            Some(open) if closes(open, c) && (is_guillemet || !before.is_whitespace()) => Role::Closes,
            None if c == '”' && self.begins_nordic(before) => Role::Opens,
            _ if matches!(c, '”' | '’' | '›') => Role::Closes,
            _ if c == '«' => Role::Opens,
            _ if is_mark(c) && !next.is_whitespace() && !before.is_alphanumeric() => Role::Opens,
            _ => Role::Closes,
        }
    }
}

/// Bytes of a quotation that are looked through for its end.
const NEAR: usize = 600;

/// The guillemet behind the one space at the start of a text, if it can close.
fn spaced_guillemet(text: &str) -> Option<char> {
    text.chars().nth(1).filter(|mark| matches!(mark, '»' | '›'))
}

/// Whether a quotation mark can begin with this byte of UTF-8: so that text between marks is passed over fast.
fn begins_mark(byte: u8) -> bool {
    // `«` and `»` are C2 AB and C2 BB, curly marks are E2 80 and a third byte.
    matches!(byte, b'\'' | b'"' | 0xc2 | 0xe2)
}

/// Whether the text after an apostrophe begins with a year without its century, in a word: `'90s`, `'90'larda`.
fn is_year(text: &str) -> bool {
    let Some(after) = text.get(..2).filter(|year| year.bytes().all(|b| b.is_ascii_digit())).map(|_| &text[2..]) else {
        return false;
    };
    after.trim_start_matches(['\'', '’']).starts_with(char::is_alphabetic)
}

/// Single and double marks are nested in each other and followed apart.
fn kind(c: char) -> usize {
    usize::from(matches!(c, '\'' | '‘' | '’' | '‚' | '‹' | '›'))
}

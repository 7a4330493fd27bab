//! Reads a short text from left to right.

use crate::parse::letters::is_letter_or_mark;

/// What is left to read. Copies are cheap: take one to be able to go back.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes the character if it is next.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        self.eat_if(|c| c == wanted).is_some()
    }

    /// Takes the next character if it fits.
    pub(super) fn eat_if(&mut self, fits: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|&c| fits(c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Takes everything that fits; says whether there was something.
    pub(super) fn skip(&mut self, fits: impl Fn(char) -> bool) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start_matches(fits);
        self.rest.len() < before
    }

    /// Takes white space; says whether there was some.
    pub(super) fn spaces(&mut self) -> bool {
        self.skip(char::is_whitespace)
    }

    /// How many ASCII digits come next.
    pub(super) fn digits_ahead(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Takes exactly `count` digits (at most nine) of a run that may be longer.
    pub(super) fn digits(&mut self, count: usize) -> Option<u32> {
        if count == 0 || self.digits_ahead() < count {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits.parse().ok()
    }

    /// Takes a run of exactly `count` digits.
    pub(super) fn run(&mut self, count: usize) -> Option<u32> {
        (self.digits_ahead() == count).then(|| self.digits(count)).flatten()
    }

    /// Takes a run of letters with their combining marks.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_letter_or_mark(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        (!word.is_empty()).then(|| {
            self.rest = rest;
            word
        })
    }
}

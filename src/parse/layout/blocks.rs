//! A text as blocks: lines without a blank one between them. A line in which nothing can be seen is blank.

use crate::parse::header::{self, Header};
use crate::parse::text;

/// Lines without a blank one between them.
#[derive(Clone, Copy)]
pub(in crate::parse) struct Block<'a> {
    /// Trimmed and not empty.
    pub(in crate::parse) text: &'a str,
    /// Line of its first line, from 1.
    pub(in crate::parse) line: u32,
    /// Blank lines before it.
    pub(super) gap: u32,
}

/// The blocks of a text. Copies are cheap: take one to be able to go back.
#[derive(Clone, Copy)]
pub(super) struct Blocks<'a> {
    text: &'a str,
    /// Everything before is read.
    pub(super) at: usize,
    /// Line at `at`.
    pub(super) line: u32,
}

impl<'a> Blocks<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// Takes the first line that is not blank if it is a header.
    pub(super) fn header(&mut self) -> Option<Header<'a>> {
        self.skip_blank();
        let (line, next) = self.peek_line()?;
        let header = header::read(line)?;
        let line = self.line;
        self.advance(next);
        Some(Header { line, ..header })
    }

    /// What is left of a text up to `end` from its first line that is not blank; trimmed.
    pub(super) fn rest(mut self, end: usize) -> &'a str {
        self.skip_blank();
        self.text.get(self.at..end).unwrap_or_default().trim()
    }

    /// The line at `at`, trimmed, empty if it is blank; and where the next one starts.
    fn peek_line(&self) -> Option<(&'a str, usize)> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
        let line = rest[..end].trim();
        Some((if is_blank(line) { "" } else { line }, self.at + end))
    }

    fn skip_blank(&mut self) -> u32 {
        let from = self.line;
        while let Some(("", next)) = self.peek_line() {
            self.advance(next);
        }
        self.line - from
    }

    fn advance(&mut self, next: usize) {
        self.at = next;
        self.line = self.line.saturating_add(1);
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let gap = self.skip_blank();
        let (start, line) = (self.at, self.line);
        let mut end = start;
        while let Some((text, next)) = self.peek_line()
            && !text.is_empty()
        {
            self.advance(next);
            end = next;
        }
        (end > start).then(|| Block { text: self.text[start..end].trim(), line, gap })
    }
}

/// Whether nothing in a line can be seen. Of nearly every line the first character says that something can.
fn is_blank(line: &str) -> bool {
    line.as_bytes().first().is_none_or(|byte| !byte.is_ascii()) && !text::is_visible(line)
}

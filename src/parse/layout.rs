//! Which block of a seed is what.
//!
//! A seed is a row of fields set apart by blank lines: header, headline, description, time blocks, body. Any of them may
//! be missing and any gap may be wider than it need be, so position alone does not tell them apart:
//!
//! - The header is known by its form, the time blocks by theirs. Time blocks are those that follow the headline or the
//!   description without anything between; what looks like a time further down is body.
//! - Two text blocks before the first time block are headline and description, a single one is the headline. But a
//!   writer that leaves the headline empty still writes the blank lines around it, and then the single block is the
//!   description of an article without a headline. So: a single block is *not* the headline when the gap between header
//!   and block has room for an empty field (two blank lines more than the gap after the block, which shows how wide
//!   gaps are in this file). A file whose gaps are all wide keeps its headline.
//! - Without time blocks the second block belongs to the body; whether it only repeats the headline is for the
//!   caller to see.

use super::header::{self, Header};
use super::time::Reading;

/// Blocks by what they are. Texts are trimmed and not empty; lines count from 1.
pub(super) struct Layout<'a> {
    pub(super) header: Option<Header<'a>>,
    pub(super) headline: Block<'a>,
    pub(super) description: Option<Block<'a>>,
    pub(super) times: Vec<(Block<'a>, Reading)>,
    /// Everything after the time blocks, blank lines and all.
    pub(super) body: &'a str,
}

/// Lines without a blank one between them.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) text: &'a str,
    /// Line of its first line.
    pub(super) line: u32,
    /// Blank lines before it.
    gap: u32,
}

/// Why a seed has no layout.
pub(super) enum Missing {
    /// There is nothing but white space.
    Everything,
    /// There is no headline; what stands in its place is on this line.
    Headline(u32),
}

/// Takes a text apart. `read_time` reads a block as a time.
pub(super) fn read<'a>(text: &'a str, read_time: impl Fn(&str) -> Reading) -> Result<Layout<'a>, Missing> {
    let is_time = |text: &str| read_time(text).is_time();
    let mut blocks = Blocks { text, at: 0, line: 1 };
    let header = blocks.header();
    let Some(headline) = blocks.next() else {
        return Err(if header.is_some() { Missing::Headline(blocks.line) } else { Missing::Everything });
    };
    if is_time(headline.text) {
        return Err(Missing::Headline(headline.line));
    }
    let mut body_at = blocks.at;
    let mut description = None;
    let mut next = blocks.next();
    if let Some(second) = next.filter(|block| !is_time(block.text)) {
        let after_second = blocks.at;
        next = blocks.next().filter(|block| is_time(block.text));
        if next.is_some() {
            description = Some(second);
            body_at = after_second;
        }
    }
    if let Some(time) = next
        && description.is_none()
        && header.is_some()
        && headline.gap >= time.gap + 2
    {
        return Err(Missing::Headline(headline.line));
    }
    let mut times = Vec::new();
    while let Some(block) = next {
        let reading = read_time(block.text);
        if !reading.is_time() {
            break;
        }
        times.push((block, reading));
        body_at = blocks.at;
        next = blocks.next();
    }
    Ok(Layout { header, headline, description, times, body: text[body_at..].trim() })
}

/// The blocks of a body.
pub(super) fn blocks(body: &str) -> impl Iterator<Item = &str> {
    let mut blocks = Blocks { text: body, at: 0, line: 1 };
    std::iter::from_fn(move || blocks.next().map(|block| block.text))
}

struct Blocks<'a> {
    text: &'a str,
    /// Everything before is read.
    at: usize,
    /// Line at `at`.
    line: u32,
}

impl<'a> Blocks<'a> {
    /// The line at `at` and where the next one starts.
    fn peek_line(&self) -> Option<(&'a str, usize)> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
        Some((rest[..end].trim(), self.at + end))
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

    /// Takes the first line that is not blank if it is a header.
    fn header(&mut self) -> Option<Header<'a>> {
        self.skip_blank();
        let (line, next) = self.peek_line()?;
        let header = header::read(line)?;
        let line = self.line;
        self.advance(next);
        Some(Header { line, ..header })
    }

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

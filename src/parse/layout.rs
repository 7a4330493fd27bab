//! Which block of a seed is what.
//!
//! A seed is a row of fields set apart by blank lines: header, headline, description, time blocks, body. Any of them may
//! be missing and any gap may be wider than it need be, so position alone does not tell them apart:
//!
//! - The header is known by its form, and the first block after it is the headline. But a writer that leaves the headline
//!   empty still writes the blank lines around it, and then the first block is the description of an article without a
//!   headline. So: a single block before the times is *not* the headline when the gap between header and block has
//!   room for an empty field (two blank lines more than the gap after the block, which shows how wide gaps are in this
//!   file). A file whose gaps are all wide keeps its headline.
//! - The time blocks are known by their form too, whether each stands alone or all stand in one block, a line each. They
//!   are looked for among the first few blocks, and what stands between them and the headline is the description. The
//!   more blocks that are, the plainer the times must be: far down a day with its month in words may well be body, and a
//!   time that is none must not cost the article.
//! - What looks like a time further down is body.
//! - Without time blocks the second block belongs to the body; whether it only repeats the headline is for the
//!   caller to see.

mod blocks;

use super::header::Header;
use super::time::{self, Reading};
pub(super) use blocks::Block;
use blocks::Blocks;

/// Blocks by what they are. Texts are trimmed and not empty; lines count from 1.
pub(super) struct Layout<'a> {
    pub(super) header: Option<Header<'a>>,
    pub(super) headline: Block<'a>,
    /// One block or more.
    pub(super) description: Option<&'a str>,
    pub(super) times: TimeBlocks<'a>,
    /// Everything after the time blocks, blank lines and all.
    pub(super) body: &'a str,
    /// First line of a block that stands where the times belong and begins with a date, but is not read as a time.
    pub(super) unread: Option<Block<'a>>,
    /// Blocks of the body, or lines of them, that are times.
    pub(super) times_in_body: Vec<Block<'a>>,
}

/// Time blocks, or lines of them, in their order.
pub(super) type TimeBlocks<'a> = Vec<(Block<'a>, Reading)>;

/// Why a seed has no layout.
pub(super) enum Missing {
    /// There is nothing but white space.
    Everything,
    /// There is no headline; what stands in its place is on this line.
    Headline(u32),
}

/// Blocks of the longest description.
const LONGEST_DESCRIPTION: usize = 4;

/// Takes a text apart. `read_time` reads a block as a time.
pub(super) fn read<'a>(text: &'a str, read_time: impl Fn(&str) -> Reading) -> Result<Layout<'a>, Missing> {
    let mut blocks = Blocks::of(text);
    let header = blocks.header();
    let Some(headline) = blocks.next() else {
        return Err(if header.is_some() { Missing::Headline(blocks.line) } else { Missing::Everything });
    };
    if !times_of(headline, &read_time).is_empty() {
        return Err(Missing::Headline(headline.line));
    }
    let (place, times, body) = find_times(blocks, &read_time);
    let description = blocks.rest(place.at);
    if let Some((time, _)) = times.first().filter(|_| description.is_empty() && header.is_some())
        && headline.gap >= time.gap + 2
    {
        return Err(Missing::Headline(headline.line));
    }
    Ok(Layout {
        header,
        headline,
        description: (!description.is_empty()).then_some(description),
        unread: unread(blocks, place, body, times.is_empty()),
        times,
        body: body.rest(text.len()),
        times_in_body: body.flat_map(|block| times_of(block, &read_time)).map(|(block, _)| block).collect(),
    })
}

/// The blocks of a body.
pub(super) fn blocks(body: &str) -> impl Iterator<Item = &str> {
    Blocks::of(body).map(|block| block.text)
}

/// The times, where they begin, and where the body begins behind them: both right after the headline if there are none.
fn find_times<'a>(start: Blocks<'a>, read_time: &impl Fn(&str) -> Reading) -> (Blocks<'a>, TimeBlocks<'a>, Blocks<'a>) {
    let mut place = start;
    for passed in 0..=LONGEST_DESCRIPTION {
        let (times, end) = run_of_times(place, read_time);
        if times.iter().any(|&(block, reading)| passed <= 1 || is_plain(block, reading)) {
            return (place, times, end);
        }
        if place.next().is_none() {
            break;
        }
    }
    (start, Vec::new(), start)
}

/// The time blocks that come next, and what follows them.
fn run_of_times<'a>(start: Blocks<'a>, read_time: &impl Fn(&str) -> Reading) -> (TimeBlocks<'a>, Blocks<'a>) {
    let (mut times, mut end, mut ahead) = (Vec::new(), start, start);
    while let Some(block) = ahead.next() {
        let mut more = times_of(block, read_time);
        if more.is_empty() {
            break;
        }
        times.append(&mut more);
        end = ahead;
    }
    (times, end)
}

/// The times of a block: of each of its lines, else of the whole. None if it is text.
fn times_of<'a>(block: Block<'a>, read_time: &impl Fn(&str) -> Reading) -> TimeBlocks<'a> {
    let mut times = Vec::new();
    if memchr::memchr(b'\n', block.text.as_bytes()).is_some() {
        for (text, line) in block.text.lines().zip(block.line..) {
            let reading = read_time(text);
            if !reading.is_time() {
                times.clear();
                break;
            }
            times.push((Block { text: text.trim(), line, ..block }, reading));
        }
    }
    if times.is_empty() {
        let reading = read_time(block.text);
        times.extend(reading.is_time().then_some((block, reading)));
    }
    times
}

/// Whether a time cannot well be a line of a text: it has a time of day, or is a day in digits.
fn is_plain(block: Block<'_>, reading: Reading) -> bool {
    match reading {
        Reading::Moment(_) => true,
        Reading::Day(_) => !block.text.contains(char::is_alphabetic),
        Reading::Impossible(_) | Reading::Text => false,
    }
}

/// The first line of a block that begins with a date, before the times or right after them. Without times it is one of
/// the two blocks after the headline.
fn unread<'a>(start: Blocks<'a>, place: Blocks<'a>, body: Blocks<'a>, is_without: bool) -> Option<Block<'a>> {
    let before = start.take_while(|block| block.line < place.line);
    let after = body.take(if is_without { 2 } else { 1 });
    before.chain(after).find_map(|block| {
        let text = block.text.lines().next().filter(|line| time::begins_with_date(line))?;
        Some(Block { text, ..block })
    })
}

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
//! - What looks like a time further down is body, and so is what follows the times and adds nothing to them, whatever it
//!   looks like: a day that the text tells of must neither be lost nor cost the article.
//! - A first block that is a day can only be the headline where text follows and then the times.
//! - Without time blocks the second block belongs to the body; whether it only repeats the headline is for the
//!   caller to see.

mod blocks;
mod times;

use super::header::Header;
use super::hints::Hints;
use super::time::{self, Reading};
pub(super) use blocks::Block;
use blocks::Blocks;
pub(super) use times::Times;

/// Blocks by what they are. Texts are trimmed and not empty; lines count from 1.
pub(super) struct Layout<'a> {
    pub(super) headline: Block<'a>,
    /// One block or more.
    pub(super) description: Option<&'a str>,
    pub(super) times: Times<'a>,
    /// Everything after the time blocks, blank lines and all.
    pub(super) body: &'a str,
    /// First line of a block that stands where the times belong and begins with a date, but is not read as a time.
    pub(super) unread: Option<Block<'a>>,
    /// Blocks of the body, or lines of them, that are times.
    pub(super) times_in_body: Vec<Block<'a>>,
}

/// Why a seed has no layout.
pub(super) enum Missing {
    /// There is nothing but white space.
    Everything,
    /// There is no headline; what stands in its place is on this line.
    Headline(u32),
}

/// Blocks of the longest description.
const LONGEST_DESCRIPTION: usize = 4;

/// The header of a text, if it has one.
pub(super) fn header(text: &str) -> Option<Header<'_>> {
    Blocks::of(text).header()
}

/// Takes a text apart. `read_time` reads a block as a time.
pub(super) fn read<'a>(
    text: &'a str,
    read_time: impl Fn(&str) -> Reading,
    hints: &Hints,
) -> Result<Layout<'a>, Missing> {
    let mut blocks = Blocks::of(text);
    let header = blocks.header();
    let Some(headline) = blocks.next() else {
        return Err(if header.is_some() { Missing::Headline(blocks.line) } else { Missing::Everything });
    };
    let first_times = times_of(headline, &read_time);
    let is_moment = first_times.iter().any(|(_, reading)| matches!(reading, Reading::Moment(_)));
    let (place, times, body) = find_times(blocks, &read_time, hints);
    let is_followed = place.at > blocks.at && times.published.is_some();
    if is_moment || !(first_times.is_empty() || is_followed) {
        return Err(Missing::Headline(headline.line));
    }
    let description = blocks.rest(place.at);
    if let Some(time) = times.first.filter(|_| description.is_empty() && header.is_some())
        && headline.gap >= time.gap + 2
    {
        return Err(Missing::Headline(headline.line));
    }
    let read_time = |text: &str| Some(read_time(text)).filter(|&reading| !hints.is_in_other_years(reading));
    let read_time = |text: &str| read_time(text).unwrap_or(Reading::Text);
    Ok(Layout {
        headline,
        description: (!description.is_empty()).then_some(description),
        unread: unread(blocks, place, body, times.is_empty(), &read_time),
        times,
        body: body.rest(text.len()),
        times_in_body: body
            .flat_map(|block| times_of(block, &read_time))
            .map(|(block, _)| block)
            .filter(|block| !time::is_number(block.text))
            .collect(),
    })
}

/// The blocks of a body.
pub(super) fn blocks(body: &str) -> impl Iterator<Item = &str> {
    Blocks::of(body).map(|block| block.text)
}

/// The times, where they begin, and where the body begins behind them: both right after the headline if there are none.
fn find_times<'a>(
    start: Blocks<'a>,
    read_time: &impl Fn(&str) -> Reading,
    hints: &Hints,
) -> (Blocks<'a>, Times<'a>, Blocks<'a>) {
    let mut place = start;
    for passed in 0..=LONGEST_DESCRIPTION {
        let (times, end) = run_of_times(place, passed > 0, read_time, hints);
        if times.is_plain || (passed <= 1 && !times.is_empty()) {
            return (place, times, end);
        }
        if place.next().is_none() {
            break;
        }
    }
    (start, Times::default(), start)
}

/// The time blocks that come next, and what follows them: the body, which may begin with blocks that are written as times.
fn run_of_times<'a>(
    start: Blocks<'a>,
    is_after_text: bool,
    read_time: &impl Fn(&str) -> Reading,
    hints: &Hints,
) -> (Times<'a>, Blocks<'a>) {
    let (mut times, mut end, mut ahead) = (Times::default(), start, start);
    let mut passed = Vec::new();
    while let Some(block) = ahead.next() {
        let more = times_of(block, read_time);
        let is_foreign = |&(_, reading): &(Block<'_>, Reading)| hints.is_in_other_years(reading);
        let is_text = |&(block, reading): &(Block<'_>, Reading)| hints.contradict(block.text, reading, is_after_text);
        let is_of_another = (times.published.is_none() && more.iter().any(is_foreign))
            || (times.is_empty() && more.iter().any(is_text));
        if is_of_another {
            break;
        }
        let mut is_end = true;
        for (block, reading) in more {
            // Behind a block that may be text only a program writes times.
            let may_follow = passed.is_empty() || time::is_year_first(block.text);
            if may_follow && times.take(block, reading, hints) {
                times.leave_out(&mut passed);
                (is_end, end) = (false, ahead);
            } else {
                is_end &= times.is_empty() || time::is_number(block.text);
                passed.push((block, reading));
            }
        }
        if is_end {
            break;
        }
    }
    if start.at < end.at {
        passed.retain(|(block, _)| block.line < end.line);
        times.leave_out(&mut passed);
    }
    (times, end)
}

/// The times of a block: of each of its lines, else of the whole. None if it is text.
fn times_of<'a>(block: Block<'a>, read_time: &impl Fn(&str) -> Reading) -> Vec<(Block<'a>, Reading)> {
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

/// The first line of a block that begins with a date, before the times or right after them. Without times it is one of
/// the two blocks after the headline.
fn unread<'a>(
    start: Blocks<'a>,
    place: Blocks<'a>,
    body: Blocks<'a>,
    is_without: bool,
    read_time: &impl Fn(&str) -> Reading,
) -> Option<Block<'a>> {
    let before = start.take_while(|block| block.line < place.line);
    let after = body.take(if is_without { 2 } else { 1 });
    let mut unread = before.chain(after).filter(|&block| times_of(block, read_time).is_empty());
    unread.find_map(|block| {
        let text = block.text.lines().next().filter(|line| time::begins_with_date(line))?;
        Some(Block { text, ..block })
    })
}

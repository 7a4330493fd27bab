//! What an article says in a few lines.

use super::layout;
use super::paragraphs::{self, Piece};
use super::{abbreviation, cut, quotes, sentence, text};
use crate::item::bidi;

/// Characters of the longest summary, without its ellipsis.
const LONGEST: usize = 300;
/// A sentence end before this says too little: rather a cut sentence.
const SHORTEST: usize = 80;
/// Characters after the last possible end that are looked at, to see whether it is one.
const BEYOND: usize = 8;

pub(super) struct Summary {
    /// `None` when neither description nor body says more than the headline.
    pub(super) text: Option<String>,
    /// Whether the description says more than the summary that it became.
    pub(super) is_cut: bool,
}

/// The description, unless it repeats the headline; then the first sentences of the body.
pub(super) fn of(headline: &str, description: Option<&str>, body: &str) -> Summary {
    let says_more = |text: &str| !text::says_the_same(text, headline) && text::is_visible(text);
    let (summary, is_cut) = match description.filter(|text| says_more(text)) {
        Some(description) => {
            let line = text::one_line(description);
            (condensed(&line), cut::end_of(&line, LONGEST).is_some())
        }
        None => (condensed(&lead(body, says_more)), false),
    };
    let summary = bidi::balanced(summary.into()).into_owned();
    Summary { text: (!summary.is_empty()).then_some(summary), is_cut }
}

/// The paragraphs at the start of a body, as many as a summary can need, on one line.
fn lead(body: &str, says_more: impl Fn(&str) -> bool) -> String {
    let mut lead = String::new();
    for piece in layout::blocks(body).flat_map(paragraphs::pieces) {
        let Piece::Paragraph(text) = piece else { continue };
        // A few lines more than needed, so that one_line has little to do in a huge paragraph.
        let text = text::one_line(&text[..cut::end_of(text, 2 * LONGEST).unwrap_or(text.len())]).into_owned();
        if lead.is_empty() && !says_more(&text) {
            continue;
        }
        if !lead.is_empty() {
            lead.push(' ');
        }
        lead.push_str(&text);
        if cut::end_of(&lead, LONGEST).is_some() {
            break;
        }
    }
    lead
}

/// A line cut to whole sentences where they are long enough, else to whole words with an ellipsis.
fn condensed(line: &str) -> String {
    let Some(end) = cut::end_of(line, LONGEST) else { return line.to_owned() };
    let near = &line[..cut::end_of(line, LONGEST + BEYOND).unwrap_or(line.len())];
    let ends =
        sentence_ends(near).take_while(|&at| at <= end).filter(|&at| cut::end_of(&line[..at], SHORTEST).is_some());
    if let Some(at) = ends.last() {
        return line[..at].to_owned();
    }
    let mut words = cut::at_word(line, LONGEST).to_owned();
    words.push('…');
    words
}

/// Where sentences end in a line: after the mark and the closing quotes, before the space.
///
/// Marks and closing quotes in a row are one end, and stepped over once: there may be a megabyte of them.
fn sentence_ends(line: &str) -> impl Iterator<Item = usize> {
    let is_wide = |c: char| matches!(c, '。' | '！' | '？');
    let is_end = move |c: char| sentence::is_terminator(c) || is_wide(c) || matches!(c, '؟' | '।' | '۔' | '።');
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + line[from..].find(is_end)?;
            let tail = line[at..].trim_start_matches(|c| is_closer(c) || is_end(c));
            from = line.len() - tail.len();
            let run = &line[at..from];
            let next = tail.trim_start().chars().next();
            let has_gap = tail.is_empty() || tail.starts_with(char::is_whitespace);
            let goes_on = next.is_some_and(char::is_lowercase);
            let is_stop = run.starts_with('.') && run.matches(is_end).nth(1).is_none();
            let is_short = is_stop && abbreviation::is_at_end(&line[..at]);
            let is_ordinal =
                is_stop && line[..at].ends_with(|c: char| c.is_ascii_digit()) && !next.is_some_and(char::is_uppercase);
            if (has_gap || run.contains(is_wide)) && !goes_on && !is_short && !is_ordinal {
                return Some(from);
            }
        }
    })
}

fn is_closer(c: char) -> bool {
    quotes::is_closer(c) || matches!(c, '」' | '』' | '）')
}

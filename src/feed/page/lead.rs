//! Whether a summary says what the article does not say itself.

use super::super::html;
use crate::item::bidi;

/// Paragraphs at one of which a summary that was taken from the content begins: the second where the first repeats the
/// headline.
const BEGINNINGS: usize = 2;

/// Whether the content begins with the summary: then it was taken from there, or the seed gave it twice. White space,
/// subheadings, the dots of a cut and what balances directions count for nothing.
pub(super) fn begins_with(content: &str, summary: &str) -> bool {
    let summary = html::from_text(summary);
    let wanted = || bare(summary.trim_end().trim_end_matches('…'));
    let paragraphs = || content.split("<p>").skip(1).filter_map(|rest| rest.split("</p>").next());
    (0..BEGINNINGS).any(|passed| {
        let mut text = paragraphs().skip(passed).flat_map(bare);
        wanted().all(|c| text.next() == Some(c))
    })
}

fn bare(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|&c| !c.is_whitespace() && !bidi::is_control(c))
}

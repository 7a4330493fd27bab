//! Which language an article is written in.

mod families;
mod tag;

use whatlang::Info;

use super::cut;
use crate::item::Language;
use families::Finding;
use tag::tag;

/// Characters that are looked at, title first. More changes few answers and costs time in every seed.
const ENOUGH: usize = 400;

/// Characters with which the language of most articles is clear among those of its family.
const USUALLY_ENOUGH: usize = 200;

/// The language of an article when the answer is reliable. Without a body the description speaks for it.
pub(super) fn detect(title: &str, description: &str, body: &str) -> Option<Language> {
    let body = if body.is_empty() { description } else { body };
    let mut sample = String::with_capacity(2 * ENOUGH);
    sample.push_str(title);
    sample.push(' ');
    sample.push_str(start(body, ENOUGH));
    if let Some(language) = east_asian(&sample) {
        return Language::new(language);
    }
    let short = start(&sample, USUALLY_ENOUGH);
    let quick = match families::find(&sample) {
        Some(Finding::Language(language)) => return Language::new(tag(language)),
        Some(Finding::Family(detector)) => detector.detect(short),
        None if is_mostly_ascii(short) => None,
        // A handful of languages or a single one shares each of the other scripts.
        None => whatlang::detect(short),
    };
    let info = quick.filter(Info::is_reliable).or_else(|| whatlang::detect(&sample))?;
    info.is_reliable().then(|| Language::new(tag(info.lang()))).flatten()
}

fn is_mostly_ascii(text: &str) -> bool {
    2 * text.bytes().filter(u8::is_ascii).count() > text.len()
}

fn start(text: &str, characters: usize) -> &str {
    &text[..cut::end_of(text, characters).unwrap_or(text.len())]
}

/// Chinese, Japanese and Korean by their scripts. A character of theirs says as much as a few Latin letters, so that an
/// article full of foreign names is still told from a foreign one.
fn east_asian(sample: &str) -> Option<&'static str> {
    let (mut han, mut kana, mut hangul, mut other) = (0_usize, 0_usize, 0_usize, 0_usize);
    for c in sample.chars() {
        match c {
            '\u{3041}'..='\u{30ff}' => kana += 1,
            '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' => han += 1,
            '\u{ac00}'..='\u{d7a3}' => hangul += 1,
            // Letters of all other scripts, and a few signs among them that do not matter here.
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{1fff}' | '\u{2c00}'..='\u{2dff}' | '\u{a000}'..='\u{abff}' => {
                other += 1;
            }
            _ => {}
        }
    }
    match 3 * (han + kana + hangul) {
        0 => None,
        weight if weight < other => None,
        _ if hangul > han + kana => Some("ko"),
        // Japanese is never without kana for long; Chinese may quote a word.
        _ if kana * 10 >= han + kana => Some("ja"),
        _ => Some("zh"),
    }
}

//! Which language an article is written in.

mod cyrillic;
mod families;
mod scripts;
mod south_slavic;
mod tag;

use whatlang::{Info, Lang};

use super::letters::is_letter;
use super::{bytes, cut};
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
    let script = scripts::find(&sample);
    if let scripts::Finding::Language(language) = script {
        return Language::new(language);
    }
    if cyrillic::is_strange(&sample) {
        return cyrillic::language(&sample).and_then(Language::new);
    }
    if let scripts::Finding::Mixed(letters) = script {
        sample.retain(|c| letters.contains(&c) || !is_letter(c));
    }
    let short = start(&sample, USUALLY_ENOUGH);
    let quick = match families::find(&sample) {
        Some(Finding::Language(Lang::Vie)) if !is_vietnamese(&sample) => return None,
        Some(Finding::Language(language)) => return Language::new(tag(language)),
        _ if cyrillic::is_russian(&sample) => return Language::new("ru"),
        Some(Finding::Family(detector)) => detector.detect(short),
        None if is_mostly_ascii(short) => None,
        // A handful of languages shares each of the other scripts.
        None => whatlang::detect(short),
    };
    let info = quick.filter(Info::is_reliable).or_else(|| whatlang::detect(&sample))?;
    if !info.is_reliable() {
        return None;
    }
    match info.lang() {
        Lang::Hrv => south_slavic::language(&sample),
        Lang::Vie if !is_vietnamese(&sample) => None,
        lang => Some(tag(lang)),
    }
    .and_then(Language::new)
}

/// Whether a text has letters that no other language with dots below its letters has: Yoruba and Igbo write `ẹ` and `ọ` too.
fn is_vietnamese(text: &str) -> bool {
    text.contains(['đ', 'Đ', 'ă', 'â', 'ê', 'ô', 'ơ', 'ư'])
        || text.contains(|c| matches!(c, 'Ấ'..='ặ' | 'Ế'..='ệ' | 'Ố'..='ợ' | 'Ứ'..='ự'))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_letter(c)).filter(|word| !word.is_empty())
}

fn is_mostly_ascii(text: &str) -> bool {
    2 * bytes::count(text.as_bytes(), |byte| byte.is_ascii()) > text.len()
}

fn start(text: &str, characters: usize) -> &str {
    &text[..cut::end_of(text, characters).unwrap_or(text.len())]
}

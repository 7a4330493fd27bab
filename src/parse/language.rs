//! Which language an article is written in.

use whatlang::Lang;

use super::cut;
use crate::item::Language;

/// Characters that are looked at, title first. More changes few answers and costs time in every seed.
const ENOUGH: usize = 400;

/// The language of an article when the answer is reliable. Without a body the description speaks for it.
pub(super) fn detect(title: &str, description: &str, body: &str) -> Option<Language> {
    let body = if body.is_empty() { description } else { body };
    let mut sample = String::with_capacity(2 * ENOUGH);
    sample.push_str(title);
    sample.push(' ');
    sample.push_str(&body[..cut::end_of(body, ENOUGH).unwrap_or(body.len())]);
    if let Some(language) = east_asian(&sample) {
        return Language::new(language);
    }
    let info = whatlang::detect(&sample)?;
    info.is_reliable().then(|| Language::new(tag(info.lang()))).flatten()
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
            c if c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic()) => other += 1,
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

/// BCP 47 wants the shortest code (RFC 5646 §2.2.1): two letters where ISO 639-1 has them.
fn tag(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

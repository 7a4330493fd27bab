//! Full stops that shorten a word or make a number an ordinal rather than end a sentence.

use super::{quotes, sentence};

/// Lower case. Only what cannot be a word at the end of a sentence in any of the languages.
#[rustfmt::skip]
const ABBREVIATIONS: &[&str] = &[
    // Many.
    "dr", "prof", "st", "sr", "sra", "dipl", "ing", "no", "nr", "vs", "www", "ph", "ltd", "co", "gen", "lt",
    // Turkish.
    "doç", "uzm", "sn", "hz", "bkz", "cad", "sok", "mah", "yrd", "öğr", "arş", "şti", "müh", "ecz", "bşk", "yzb",
    "tğm", "üstğm", "tuğg", "tümg", "korg",
    // English.
    "mr", "mrs", "ms", "jr", "messrs", "capt", "sgt", "cpl",
    // German.
    "bzw", "evtl", "ggf", "vgl", "inkl", "zzgl", "mrd", "gebr", "geb", "frhr",
    // French.
    "mme", "mmes", "mlle", "mlles", "mgr",
    // Spanish and Portuguese.
    "sres", "srta", "sras", "srs", "dras", "dña", "avda", "gral", "cnel", "tte", "excmo", "exmo", "ltda",
    // Italian.
    "sigg", "dott", "avv", "geom",
    // Russian.
    "ул", "им", "пр", "пл", "пос", "пер", "ст", "просп", "наб", "бульв", "мкр", "пгт", "оз", "св", "проф", "доц", "акад",
    "инж", "тов",
];

/// With a small letter these are words: Dutch `op`, Swedish `av`, Italian `mio`.
const CAPITALISED: &[&str] = &["Op", "Av", "Alb", "Örn", "Mio", "Ste", "Dra", "Sig"];

/// Letters of the longest abbreviation.
const LONGEST: usize = 6;

/// Whether a full stop after this text shortens its last word (`Dr`, `p`, `Yrd`) or makes its last number an ordinal
/// (`2.Lig`, `II.Abdülhamid`).
pub(super) fn is_at_end(text: &str) -> bool {
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        return is_ordinal(text);
    }
    let word = sentence::last_word(text);
    let before = &text[..text.len() - word.len()];
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (None, _) => false,
        (Some(letter), None) => is_initial(letter, before),
        _ => is_roman(word) || is_listed(word) || (word == "Gör" && follows_rank(before)),
    }
}

/// Whether the last word, though it is in the list, ends a sentence before `next`: `que no.El`, unlike `No.5`; `50 Hz.Danach`,
/// unlike `Hz.Ali`.
pub(super) fn is_whole_word(text: &str, next: char) -> bool {
    let word = sentence::last_word(text);
    let before = text[..text.len() - word.len()].trim_end();
    (word.eq_ignore_ascii_case("no") && !next.is_ascii_digit())
        || (word == "Hz" && before.ends_with(|c: char| c.is_ascii_digit()))
}

/// Whether the full stop between `text` and `after` lies inside letters that are shortened together: `LL.M.`.
pub(super) fn goes_on(text: &str, after: &str) -> bool {
    let next = sentence::first_word(after);
    let is_next_single = next.chars().nth(1).is_none() && after[next.len()..].starts_with('.');
    if next.is_empty() || !is_next_single {
        return false;
    }
    let word = sentence::last_word(text);
    matches!(word.chars().count(), 1..=2) && !is_suffixed(&text[..text.len() - word.len()])
}

fn is_listed(word: &str) -> bool {
    word.chars().nth(LONGEST).is_none()
        && (CAPITALISED.contains(&word) || ABBREVIATIONS.contains(&word.to_lowercase().as_str()))
}

/// A short number that stands by itself: `2`, `15`, `100`. A longer one is a year or an amount, and what follows other
/// marks is part of an amount, a score or a time.
fn is_ordinal(text: &str) -> bool {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let stands_alone = |c: char| {
        let is_after_sentence =
            || !before.trim_end_matches(sentence::is_terminator).ends_with(|c: char| c.is_ascii_digit());
        c.is_whitespace()
            || matches!(c, '(' | '[' | '•' | '”')
            || quotes::is_mark(c)
            || (sentence::is_terminator(c) && is_after_sentence())
    };
    is_short(&text[before.len()..]) && before.chars().next_back().is_none_or(stands_alone)
}

/// Whether a text begins with an ordinal and what is counted: `2.Lig`.
pub(super) fn begins_with_ordinal(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).take(4).count();
    let after = &text[digits..];
    digits > 0 && is_short(&text[..digits]) && after.starts_with('.') && after[1..].starts_with(char::is_uppercase)
}

fn is_short(number: &str) -> bool {
    number.len() <= 2 || (number.len() == 3 && number.ends_with('0'))
}

/// A letter that stands for a word. A suffix (`Trump'a`) or a generation (`5G`) is none, nor are the few letters that
/// are words themselves and can end a sentence.
fn is_initial(letter: char, before: &str) -> bool {
    if before.ends_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    letter.is_uppercase() || (letter.is_lowercase() && !matches!(letter, 'я' | 'è' | 'é') && !is_suffixed(before))
}

/// Whether a word that follows this text is a suffix behind an apostrophe.
fn is_suffixed(before: &str) -> bool {
    before.strip_suffix(['\'', '’']).is_some_and(|name| name.ends_with(char::is_alphanumeric))
}

/// The numbers of kings, popes and centuries, from two letters: one letter is an initial.
fn is_roman(word: &str) -> bool {
    const UNITS: &[&str] = &["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    word.len() >= 2 && UNITS.contains(&word.trim_start_matches('X'))
}

/// `Öğr.Gör.`, `Arş. Gör.`: by itself `gör` is a word.
fn follows_rank(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("Öğr.") || before.ends_with("Arş.")
}

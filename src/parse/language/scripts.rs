//! Languages that their letters alone tell.

use std::ops::RangeInclusive;

use super::words;
use crate::parse::bytes;

/// What writes a letter.
#[derive(Clone, Copy)]
enum Script {
    Han,
    Kana,
    Hangul,
    /// One that a single language uses, or the others hardly in print: an index of [`ALONE`].
    Alone(usize),
    Latin,
    /// Another one that several languages share: an index of [`SHARED`].
    Shared(usize),
    /// One that is not told from others here.
    Other,
}

/// Scripts of several languages, apart from Latin: first and last letter.
const SHARED: [RangeInclusive<char>; 4] = [
    // Cyrillic, Hebrew, Arabic, Devanagari.
    '\u{400}'..='\u{52f}',
    '\u{590}'..='\u{5ff}',
    '\u{600}'..='\u{77f}',
    '\u{900}'..='\u{97f}',
];

/// What the letters of a text say of its language.
pub(super) enum Finding {
    /// Their script has no other.
    Language(&'static str),
    /// It is written in these letters, among names in Latin ones.
    Mixed(RangeInclusive<char>),
    /// Nothing.
    Nothing,
}

/// A text has its language in another script than Latin if that has one letter in so many: names in Latin letters are long.
const LETTERS_PER_OWN: usize = 4;
/// Fewer Latin letters than one in so many change nothing.
const LETTERS_PER_LATIN: usize = 10;

/// Scripts of a single language: first and last letter, and the language.
const ALONE: [(u32, u32, &str); 17] = [
    (0x370, 0x3ff, "el"),
    (0x530, 0x58f, "hy"),
    (0x980, 0x9ff, "bn"),
    (0xa00, 0xa7f, "pa"),
    (0xa80, 0xaff, "gu"),
    (0xb00, 0xb7f, "or"),
    (0xb80, 0xbff, "ta"),
    (0xc00, 0xc7f, "te"),
    (0xc80, 0xcff, "kn"),
    (0xd00, 0xd7f, "ml"),
    (0xd80, 0xdff, "si"),
    (0xe00, 0xe7f, "th"),
    (0x1000, 0x109f, "my"),
    (0x10a0, 0x10ff, "ka"),
    (0x1200, 0x139f, "am"),
    (0x1780, 0x17ff, "km"),
    (0x1f00, 0x1fff, "el"),
];

/// The language of a text, where the script of its letters has no other, or at least that script.
///
/// A character of Chinese, Japanese or Korean says as much as a few letters of others, so that an article full of foreign
/// names is still told from a foreign one.
pub(super) fn find(text: &str) -> Finding {
    // A letter of another script has two bytes at least, and one in Chinese, Japanese or Korean three.
    let ascii_letters = bytes::count(text.as_bytes(), |byte| byte.is_ascii_alphabetic());
    let others = bytes::count(text.as_bytes(), |byte| !byte.is_ascii());
    if 2 * ascii_letters > (LETTERS_PER_OWN - 1) * others {
        return Finding::Nothing;
    }
    let (mut han, mut kana, mut hangul) = (0_usize, 0_usize, 0_usize);
    let (mut latin, mut shared, mut other) = (ascii_letters, [0_usize; SHARED.len()], 0_usize);
    let mut alone = [0_usize; ALONE.len()];
    for c in text.chars().filter(|c| !c.is_ascii()) {
        match script(c) {
            Some(Script::Latin) => latin += 1,
            Some(Script::Shared(index)) => shared[index] += 1,
            Some(Script::Other) => other += 1,
            Some(Script::Alone(index)) => alone[index] += 1,
            Some(Script::Han) => han += 1,
            Some(Script::Kana) => kana += 1,
            Some(Script::Hangul) => hangul += 1,
            None => {}
        }
    }
    let all_alone: usize = alone.iter().sum();
    let east_asian = 3 * (han + kana + hangul);
    let all_shared: usize = shared.iter().sum();
    if east_asian > 0 && east_asian >= latin + all_shared + other + all_alone {
        return Finding::Language(match () {
            () if hangul > han + kana => "ko",
            // Japanese is never without kana for long; Chinese may quote a word.
            () if kana * 10 >= han + kana => "ja",
            () => "zh",
        });
    }
    let all = latin + all_shared + other + all_alone + han + kana + hangul;
    let (script, most) = leader(&alone);
    // Between two scripts that are not Latin the one with more letters is the text's.
    if LETTERS_PER_OWN * most >= all && 2 * most > all - latin {
        return Finding::Language(neighbour(ALONE[script].2, text));
    }
    let (script, most) = leader(&shared);
    if LETTERS_PER_LATIN * latin >= all && LETTERS_PER_OWN * most >= all && 2 * most > all - latin {
        return Finding::Mixed(SHARED[script].clone());
    }
    Finding::Nothing
}

/// The script with the most letters, and how many these are.
fn leader(letters: &[usize]) -> (usize, usize) {
    letters.iter().copied().enumerate().max_by_key(|&(_, letters)| letters).unwrap_or_default()
}

/// The language of a text in a script where one language has nearly all to itself, or its neighbour there, which has signs of
/// its own.
fn neighbour(language: &'static str, text: &str) -> &'static str {
    match language {
        // Assamese has a letter of its own for r, one of the commonest, and one for w.
        "bn" => {
            let count = |letters: &[char]| text.matches(letters).count();
            if count(&['ৰ', 'ৱ']) > count(&['র']) { "as" } else { "bn" }
        }
        "am" => {
            let hits = words(text).filter(|word| TIGRINYA.contains(word)).take(ENOUGH).count();
            if hits == ENOUGH { "ti" } else { "am" }
        }
        language => language,
    }
}

/// Common words of Tigrinya that Amharic does not have, and so many of them that they are no quotation.
const TIGRINYA: [&str; 10] = ["ኣብ", "ናይ", "እዩ", "እቲ", "እታ", "ካብ", "ነቲ", "ኣሎ", "እዮም", "ድማ"];
const ENOUGH: usize = 3;

/// The script of a letter beyond ASCII; none for all that is no letter, and for a few signs among letters that do not matter here.
fn script(c: char) -> Option<Script> {
    match c {
        '\u{c0}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' => Some(Script::Latin),
        '\0'..='\u{bf}' => None,
        '\u{400}'..='\u{52f}' | '\u{590}'..='\u{97f}' => {
            Some(SHARED.iter().position(|letters| letters.contains(&c)).map_or(Script::Other, Script::Shared))
        }
        '\u{3041}'..='\u{30ff}' => Some(Script::Kana),
        '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' => Some(Script::Han),
        '\u{ac00}'..='\u{d7a3}' => Some(Script::Hangul),
        '\u{370}'..='\u{1fff}' => {
            let number = u32::from(c);
            let index = ALONE.partition_point(|&(_, last, _)| last < number);
            let is_in = ALONE.get(index).is_some_and(|&(first, ..)| first <= number);
            Some(if is_in { Script::Alone(index) } else { Script::Other })
        }
        '\u{2c00}'..='\u{2dff}' | '\u{a000}'..='\u{abff}' => Some(Script::Other),
        _ => None,
    }
}

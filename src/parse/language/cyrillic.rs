//! Languages in Cyrillic letters that the detector does not know.
//!
//! It would take each of them for the one it knows that is least unlike. Their letters give them away: none of the
//! languages that it knows has them.

use super::words;
use crate::parse::bytes;

/// Words with strange letters before a text is taken to be in one of these languages.
const REPEATED: usize = 2;
/// One word in so many, at least, has such a letter. A Russian article about Kazakhstan has fewer.
const WORDS_PER_STRANGE_WORD: usize = 8;
/// Words that Slavic languages are never without for long, and the languages here do not have.
const SLAVIC: [&str; 7] = ["и", "в", "на", "с", "у", "і", "з"];
/// One word in so many, at least, is one of these in a Slavic text, whatever names it is full of.
const WORDS_PER_SLAVIC_WORD: usize = 12;
/// One word in so many, at least, has a letter of a language that has letters of its own.
const WORDS_AN_OWN: usize = 5;
/// Letters of the language for each that it does not have.
const LETTERS_PER_SLIP: usize = 12;

/// A language and what tells it from all others.
struct Member {
    tag: &'static str,
    /// All its letters that Russian does not have.
    letters: &'static str,
    /// Those of them that no other language has, given that it has none beyond `letters`.
    own: &'static str,
    /// Common words that no other has, given the same.
    words: &'static str,
}

const MEMBERS: [Member; 5] = [
    Member { tag: "kk", letters: "әғқңөұүһі", own: "іұ", words: "" },
    Member {
        tag: "ky",
        letters: "ңөү",
        own: "",
        words: "жана менен үчүн бул болгон кыргыз эмес боюнча анын кийин деген тууралуу болуп кыргызстан жылы \
                кыргызстандын ошондой бирок алар деди",
    },
    Member {
        tag: "tt",
        letters: "әөүҗңһ",
        own: "",
        words: "һәм белән бу өчен дип иде булган турында аның буенча татарстан әмма татар булып барлык иткән итте \
                булачак генә мәктәп",
    },
    Member {
        tag: "ba", letters: "ғҙҡңөҫүһә", own: "ҙҡ", words: "менән өсөн тип был булған буйынса тураһында"
    },
    Member {
        tag: "mn",
        letters: "өү",
        own: "",
        words: "нь байна гэж байгаа юм улсын монгол хүн дээр байсан гэсэн энэ болон хийх тухай мөн оны онд тус \
                хэмээн хуралдаан",
    },
];

/// Whether the letters of a text are such that no language that the detector knows can be meant.
///
/// Nearly every text is done with after its bytes were looked at once.
pub(super) fn is_strange(text: &str) -> bool {
    // All of these letters but one, and few others, are written with such a first byte.
    if bytes::count(text.as_bytes(), |byte| matches!(byte, 0xd2..=0xd4)) < REPEATED && !text.contains('æ') {
        return false;
    }
    let (mut all, mut strange, mut slavic) = (0_usize, 0_usize, 0_usize);
    for word in words(text) {
        all += 1;
        strange += usize::from(word.chars().any(is_strange_letter) || is_ossetian(word));
        slavic += usize::from(SLAVIC.contains(&word));
    }
    strange >= REPEATED && strange * WORDS_PER_STRANGE_WORD >= all && slavic * WORDS_PER_SLAVIC_WORD < all
}

/// The language of a strange text, where its letters and words are clear about it.
pub(super) fn language(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let mut found = MEMBERS.iter().filter(|member| member.is_language_of(&text));
    let only = found.next()?;
    found.next().is_none().then_some(only.tag)
}

impl Member {
    fn is_language_of(&self, folded: &str) -> bool {
        let (mut letters, mut slips, mut own) = (0_usize, 0_usize, 0_usize);
        for c in folded.chars().filter(|&c| is_beyond_russian(c)) {
            let is_letter = self.letters.contains(c);
            letters += usize::from(is_letter);
            slips += usize::from(!is_letter);
            own += usize::from(self.own.contains(c));
        }
        if slips * LETTERS_PER_SLIP > letters {
            return false;
        }
        let is_own = own > REPEATED && own * WORDS_AN_OWN >= words(folded).count();
        let is_listed = |word: &&str| self.words.split_whitespace().any(|listed| listed == *word);
        is_own || words(folded).filter(is_listed).count() >= REPEATED
    }
}

/// Common words of Russian, of which a text of a few sentences has two.
const RUSSIAN: [&str; 14] = ["и", "в", "на", "с", "не", "до", "по", "из", "к", "от", "за", "о", "у", "для"];

/// Whether a text in Cyrillic letters can only be in Russian among the languages that the detector knows: of those only Russian
/// and Belarusian have `ы` and `э`, and Belarusian is not without `і` and `ў`.
pub(super) fn is_russian(text: &str) -> bool {
    let latin = bytes::count(text.as_bytes(), |byte| byte.is_ascii_alphabetic());
    // A Cyrillic letter has two bytes.
    4 * latin <= bytes::count(text.as_bytes(), |byte| !byte.is_ascii())
        && text.contains(['ы', 'э', 'Э'])
        && !text.contains(|c| is_beyond_russian(c) || matches!(c, 'Ѐ' | 'Ђ'..='Џ'))
        && words(text).filter(|word| RUSSIAN.contains(word)).take(2).count() == 2
}

/// Letters that no language has which the detector knows. Ukrainian has `ґ`.
fn is_strange_letter(c: char) -> bool {
    matches!(c, '\u{460}'..='\u{52f}') && !matches!(c, 'Ґ' | 'ґ')
}

/// Whether a Cyrillic word is written with the Latin letter that Ossetian has on its keyboards.
fn is_ossetian(word: &str) -> bool {
    word.contains(['æ', 'Æ']) && word.contains(|c| matches!(c, '\u{410}'..='\u{44f}'))
}

fn is_beyond_russian(c: char) -> bool {
    matches!(c, '\u{450}'..='\u{52f}') && c != 'ё'
}

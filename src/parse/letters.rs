//! What a letter is.

/// Whether a character is a letter, as [`char::is_alphabetic`] has it. That searches long for anything beyond ASCII; most of
/// what texts hold is told by its range.
pub(super) fn is_letter(c: char) -> bool {
    match c {
        '\u{80}'..='\u{bf}' => matches!(c, 'ª' | 'µ' | 'º'),
        // Latin, Greek, Cyrillic.
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2c1}' | '\u{1e00}'..='\u{1f15}' => true,
        '\u{3a3}'..='\u{3f5}' | '\u{3f7}'..='\u{481}' | '\u{48a}'..='\u{52f}' => true,
        // Hebrew, Arabic, Devanagari, Thai, Georgian; kana, Han, Hangul.
        '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{657}' | '\u{904}'..='\u{93b}' | '\u{93d}'..='\u{94c}' => true,
        '\u{e01}'..='\u{e3a}' | '\u{10d0}'..='\u{10fa}' => true,
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => true,
        // Punctuation.
        '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{3004}' => false,
        c => c.is_alphabetic(),
    }
}

/// Whether a character is a letter, or a mark that is written on one.
pub(super) fn is_letter_or_mark(c: char) -> bool {
    is_letter(c) || ('\u{300}'..='\u{36f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_say_the_same_as_the_tables() {
        let wrong: Vec<char> = ('\0'..=char::MAX).filter(|&c| is_letter(c) != c.is_alphabetic()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

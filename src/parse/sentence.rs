//! Where sentences end.

/// Whether `c` ends a sentence before a space or a capital.
pub(super) fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

/// The letters at the end of a text.
pub(super) fn last_word(text: &str) -> &str {
    let start = text.char_indices().rev().take_while(|&(_, c)| is_letter(c)).last();
    &text[start.map_or(text.len(), |(at, _)| at)..]
}

/// The letters at the start of a text.
pub(super) fn first_word(text: &str) -> &str {
    &text[..text.find(|c| !is_letter(c)).unwrap_or(text.len())]
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c)
}

/// Whether a full stop after this word shortens it rather than ending a sentence: initials and titles that stand
/// before names.
pub(super) fn is_abbreviation(word: &str) -> bool {
    const ABBREVIATIONS: &[&str] = &[
        "dr", "prof", "doç", "av", "op", "uzm", "sn", "hz", "mr", "mrs", "ms", "st", "sr", "sra", "jr", "mme", "mlle",
        "dipl", "ing", "no", "nr", "vs", "bkz", "cad", "sok", "mah", "г", "ул", "им", "д", "пр", "www",
    ];
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(initial), None) if initial.is_uppercase() => true,
        _ => word.len() <= 8 && ABBREVIATIONS.contains(&word.to_lowercase().as_str()),
    }
}

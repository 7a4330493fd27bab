//! The controls that turn the direction of a text (Unicode Standard Annex 9).

use std::borrow::Cow;

/// Whether the character opens or closes an embedding, an override or an isolate (UAX #9 §2). The marks of direction, which
/// reach no farther than their neighbours, are none of these.
pub(crate) fn is_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line that cannot turn the text around it: without its controls where they are not closed in order. Overrides go in
/// any case: they only serve to deceive.
///
/// By UAX #9 an isolate that ends takes along the embeddings opened inside (X6a). Nobody writes that on purpose, so here it
/// is out of order; and where something is, no control is trusted, since a guess at the missing ones may be as wrong.
pub(crate) fn balanced(line: Cow<'_, str>) -> Cow<'_, str> {
    if is_balanced(&line) { line } else { line.chars().filter(|&c| !is_control(c)).collect() }
}

/// Pop directional formatting: ends an embedding.
const PDF: char = '\u{202c}';
/// Pop directional isolate.
const PDI: char = '\u{2069}';

fn is_balanced(line: &str) -> bool {
    // All controls begin with this byte, and most lines have none.
    let Some(first) = memchr::memchr(0xe2, line.as_bytes()) else { return true };
    let mut open = Vec::new();
    let is_in_order = |c| match c {
        PDF | PDI => open.pop() == Some(c),
        '\u{202a}' | '\u{202b}' => {
            open.push(PDF);
            true
        }
        '\u{2066}'..='\u{2068}' => {
            open.push(PDI);
            true
        }
        // The overrides.
        _ => false,
    };
    line[first..].chars().filter(|&c| is_control(c)).all(is_in_order) && open.is_empty()
}

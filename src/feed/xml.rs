//! What XML 1.0 permits: cleaning text on the way in, checking whole documents on the way out.
//!
//! The feed crates write any character raw and report success, and quick-xml reads it back as happily, so legality is
//! checked here.

mod check;

use std::borrow::Cow;

pub use check::{Fault, check};

/// Spaces an element is set in below its parent.
pub(super) const INDENT: usize = 1;

/// Whether XML 1.0 §2.2 permits the character.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The text without the characters that XML forbids. Copies nothing when there are none.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if first_illegal(text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|&c| is_legal(c)).collect())
}

/// Byte offset of the first illegal character.
fn first_illegal(text: &str) -> Option<usize> {
    /// Bytes per step: enough for the compiler to use vector registers.
    const STEP: usize = 64;
    // The illegal characters are the controls below space and, as UTF-8, EF BF BE and EF BF BF.
    let suspicious = |byte: u8| (byte < b' ' && byte != b'\n' && byte != b'\t' && byte != b'\r') || byte == 0xEF;
    let bytes = text.as_bytes();
    for (step, chunk) in bytes.chunks(STEP).enumerate() {
        if !chunk.iter().fold(false, |any, &byte| any | suspicious(byte)) {
            continue;
        }
        for (index, &byte) in chunk.iter().enumerate() {
            let at = step * STEP + index;
            let illegal = match byte {
                0xEF => matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])),
                _ => suspicious(byte),
            };
            if illegal {
                return Some(at);
            }
        }
    }
    None
}

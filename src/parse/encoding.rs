//! Bytes of a seed → text.
//!
//! A byte order mark decides; else UTF-8 where the bytes are valid, unless escape sequences say that their ASCII stands for
//! Japanese; else a legacy encoding judged over the whole file.
//! Damaged UTF-8 is refused, never shown as mojibake.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, ISO_8859_2, UTF_8, WINDOWS_1250, WINDOWS_1252};

use super::bytes;
use super::letters::is_letter;

/// The text of a file and what it was written in.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    /// Set when the file is not in a Unicode encoding.
    pub(super) legacy: Option<&'static str>,
}

/// Bytes that are not text in any encoding.
pub(super) struct Undecodable {
    /// Line of the first bad byte, from 1.
    pub(super) line: u32,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// # Errors
/// `nul` for a file that holds NUL, `invalid_utf8` for damaged UTF-8 or ISO-2022-JP and for bytes that fit no encoding,
/// `invalid_utf16` for damage behind a UTF-16 byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, Undecodable> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes).filter(|&(encoding, _)| encoding != UTF_8) {
        return utf_16(encoding, &bytes[length..]);
    }
    // One look at all bytes for both, which hardly any file has.
    if let Some(first) = memchr::memchr2(0, ESCAPE, bytes) {
        if let Some(at) = memchr::memchr(0, &bytes[first..]) {
            return Err(Undecodable {
                line: line_at(bytes, first + at),
                code: "nul",
                reason: "holds NUL, which no text has".into(),
            });
        }
        if is_iso_2022_jp(&bytes[first..]) && bytes.is_ascii() {
            return iso_2022_jp(bytes, first);
        }
    }
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match simdutf8::compat::from_utf8(body) {
        Ok(text) => Ok(Decoded { text: text.into(), legacy: None }),
        Err(error) => {
            let at = bytes.len() - body.len() + error.valid_up_to();
            let damaged = || Undecodable {
                line: line_at(bytes, at),
                code: "invalid_utf8",
                reason: format!("byte 0x{:02X} is not UTF-8, nor is the file in another known encoding", bytes[at]),
            };
            if body.len() < bytes.len() || is_mostly_utf8(body) || is_broken_utf8(body) {
                return Err(damaged());
            }
            let (encoding, text) = legacy(body).ok_or_else(damaged)?;
            Ok(Decoded { text: text.into(), legacy: Some(encoding.name()) })
        }
    }
}

fn utf_16(encoding: &'static Encoding, bytes: &[u8]) -> Result<Decoded<'static>, Undecodable> {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    if let Some(at) = text.find('\0') {
        let line = line_at(text.as_bytes(), at);
        return Err(Undecodable { line, code: "nul", reason: "holds NUL, which no text has".into() });
    }
    if has_errors {
        let at = text.find('\u{fffd}').unwrap_or(0);
        let reason = format!("damaged {} behind a byte order mark", encoding.name());
        return Err(Undecodable { line: line_at(text.as_bytes(), at), code: "invalid_utf16", reason });
    }
    Ok(Decoded { text: text.into_owned().into(), legacy: None })
}

const ESCAPE: u8 = 0x1b;

/// Whether an escape sequence of ISO-2022-JP (RFC 1468) changes to another character set: terminals use others.
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    memchr::memchr_iter(ESCAPE, bytes)
        .any(|at| matches!(bytes[at + 1..], [b'$', b'@' | b'B', ..] | [b'(', b'J' | b'I', ..]))
}

fn iso_2022_jp(bytes: &[u8], first: usize) -> Result<Decoded<'_>, Undecodable> {
    let (text, has_errors) = ISO_2022_JP.decode_without_bom_handling(bytes);
    if has_errors {
        let reason = "damaged ISO-2022-JP behind this escape sequence".into();
        return Err(Undecodable { line: line_at(bytes, first), code: "invalid_utf8", reason });
    }
    Ok(Decoded { text, legacy: Some(ISO_2022_JP.name()) })
}

fn line_at(bytes: &[u8], at: usize) -> u32 {
    let breaks = bytes::count(&bytes[..at], |byte| byte == b'\n');
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

/// Whether at least as many characters beyond ASCII are whole UTF-8 sequences as there are damaged places. Sequences
/// of two bytes and more come about by chance now and then in legacy text, never for the most part.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut damaged) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        damaged += usize::from(!chunk.invalid().is_empty());
    }
    whole >= damaged
}

/// Whether all bytes beyond ASCII are UTF-8 or what is left of it: what other encodings make of such bytes by chance is one
/// place among many.
fn is_broken_utf8(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| !b.is_ascii()) {
        let Some(length) = shape(&rest[at..]) else { return false };
        rest = &rest[at + length..];
    }
    true
}

/// The length of a character beyond ASCII in UTF-8 at the start of `bytes`, or of what damage has left of one: two bytes
/// or more of it; half of an emoji in the surrogates of UTF-16 (CESU-8); NUL in two bytes.
fn shape(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => return Some(3),
        [0xc0, 0x80, ..] => return Some(2),
        _ => {}
    }
    let chunk = bytes[..bytes.len().min(4)].utf8_chunks().next()?;
    match (chunk.valid().chars().next(), chunk.invalid()) {
        (Some(whole), _) => Some(whole.len_utf8()),
        (None, [letter, mark]) if is_letter_and_mark(*letter, *mark) => None,
        (None, part) => (part.len() >= 2).then_some(part.len()),
    }
}

/// Whether two bytes may well end a word in a code page of Windows: a letter with an accent that ends words (`é`, `à`) and
/// a quotation mark, a dash, an ellipsis or a hard space (`café’s`). The first bytes of punctuation and emoji in UTF-8
/// are no such letters.
fn is_letter_and_mark(letter: u8, mark: u8) -> bool {
    matches!(letter, 0xe0 | 0xe1 | 0xe3..=0xee | 0xf1..=0xf3) && matches!(mark, 0x85 | 0x91..=0x97 | 0xa0 | 0xab | 0xbb)
}

/// The encoding that fits best, if its text is plausible.
fn legacy(bytes: &[u8]) -> Option<(&'static Encoding, String)> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(top_level_domain(bytes).as_deref(), Utf8Detection::Deny);
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    if let Some(meant) = meant_instead(encoding, &text) {
        let (text, has_errors) = meant.decode_without_bom_handling(bytes);
        if !has_errors && is_plausible(bytes, &text) {
            return Some((meant, text.into_owned()));
        }
    }
    (!has_errors && is_plausible(bytes, &text)).then(|| (encoding, text.into_owned()))
}

/// The encoding of a text whose letters no language has together in the one that was guessed: without the hint of a
/// country's domain the guess often is a neighbour.
fn meant_instead(guess: &'static Encoding, text: &str) -> Option<&'static Encoding> {
    let has = |letters: &[char]| text.contains(letters);
    // Portuguese `não`, `ações` as `năo`, `açőes`; Romanian has no cedilla below c, Hungarian neither.
    let is_portuguese = || text.contains("ăo") || (has(&['ç']) && has(&['ă', 'ę', 'ő']));
    // Polish `piątek` as `pištek`; Sorbian has `š`, but never without `č` and `ě`.
    let is_polish = || has(&['ł']) && has(&['š']) && !has(&['č', 'ě', 'ř']);
    // Hungarian `jövő`, `fű` as `jövõ`, `fû`; of the others with `õ` Portuguese has `ã` and `ç`, Estonian no `á`.
    let is_hungarian =
        || has(&['õ', 'û']) && has(&['á']) && has(&['é']) && has(&['ö']) && !has(&['ã', 'ç', 'ê', 'à', 'è', 'ñ', 'ß']);
    match () {
        () if guess == WINDOWS_1250 && is_portuguese() => Some(WINDOWS_1252),
        () if guess == ISO_8859_2 && is_polish() => Some(WINDOWS_1250),
        () if guess == WINDOWS_1252 && is_hungarian() => Some(WINDOWS_1250),
        () => None,
    }
}

/// Top-level domain of the first URL in the file: a hint for the detector (`tr` speaks for windows-1254).
fn top_level_domain(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = &bytes[..bytes.len().min(1000)];
    let host = &head[head.windows(3).position(|w| w == b"://")? + 3..];
    let end = host.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')))?;
    let label = host[..end].rsplit(|&b| b == b'.').next()?;
    (!label.is_empty()).then(|| label.to_ascii_lowercase())
}

/// Letters beyond ASCII for each one that may stand where a word changes its case. Text that was glued together has such
/// places now and then (`açıklandıMerkez`), mojibake at nearly every letter.
const LETTERS_PER_CASE_JUMP: usize = 8;

/// Whether decoded text looks written rather than broken: no C1 controls, which no single-byte encoding has a use for;
/// and where the file is ASCII for the most part, letters beyond it hardly ever continue a word in the wrong case,
/// and never the way that UTF-8 does when it is taken for something else (`fÃ¼r`, `ÿþÃ`).
fn is_plausible(bytes: &[u8], text: &str) -> bool {
    if text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c) && c != '\u{85}') {
        return false;
    }
    let high = bytes::count(bytes, |byte| !byte.is_ascii());
    if high * 5 > bytes.len() {
        return true;
    }
    let (mut letters, mut jumps, mut before) = (0_usize, 0_usize, ' ');
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        letters += usize::from(!c.is_ascii() && is_letter(c));
        if before.is_lowercase() && c.is_uppercase() && !(before.is_ascii() && c.is_ascii()) {
            if !c.is_ascii() && !rest.clone().next().is_some_and(continues_a_word) {
                return false;
            }
            jumps += 1;
        }
        before = c;
    }
    jumps * LETTERS_PER_CASE_JUMP <= letters
}

/// Whether a character may follow the capital that a word starts with. Behind half of a broken letter comes a sign.
fn continues_a_word(c: char) -> bool {
    c.is_ascii_uppercase() || c == ' ' || c.is_lowercase() && !matches!(c, 'ª' | 'µ' | 'º')
}

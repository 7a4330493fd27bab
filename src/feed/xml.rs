//! What XML 1.0 permits: cleaning text on the way in, checking whole documents on the way out.
//!
//! The feed crates write any character raw and report success, and quick-xml reads it back as happily, so legality is
//! checked here.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Whether XML 1.0 §2.2 permits the character.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The text without the characters that XML forbids. Copies nothing when there are none.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
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

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {reason}")]
pub struct Fault {
    /// Byte offset at or shortly after the fault.
    pub at: usize,
    /// What was found.
    pub reason: String,
}

/// Reads a finished document as a stranger would: UTF-8, legal characters, one root, matching tags, declared prefixes,
/// quoted and unique attributes, known references. Stricter than XML 1.0 in what feeds have no use for: a document type
/// declaration, references other than the five predefined ones and those by number.
///
/// # Errors
///
/// The first fault.
pub fn check(document: &[u8]) -> Result<(), Fault> {
    let text = std::str::from_utf8(document)
        .map_err(|error| Fault { at: error.valid_up_to(), reason: "not UTF-8".to_owned() })?;
    if let Some(at) = first_illegal(text) {
        let code = text[at..].chars().next().map_or(0, u32::from);
        return Err(Fault { at, reason: format!("character U+{code:04X} is not legal in XML") });
    }
    let mut reader = Reader::from_str(text);
    let mut prefixes = Vec::new();
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let event = reader.read_event();
        let fault = |reason: String| Fault {
            at: usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len()),
            reason,
        };
        match event.map_err(|error| fault(error.to_string()))? {
            Event::Start(tag) => {
                check_tag(&tag, &mut prefixes).map_err(fault)?;
                roots += usize::from(depth == 0);
                depth += 1;
            }
            Event::Empty(tag) => {
                check_tag(&tag, &mut prefixes).map_err(fault)?;
                roots += usize::from(depth == 0);
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) if depth == 0 && !text.trim().is_empty() => {
                return Err(fault("text outside the root element".to_owned()));
            }
            Event::Text(text) if text.contains("]]>") => return Err(fault("`]]>` in text".to_owned())),
            Event::GeneralRef(name) => check_reference(&name).map_err(fault)?,
            Event::CData(_) if depth == 0 => return Err(fault("text outside the root element".to_owned())),
            Event::DocType(_) => return Err(fault("a document type declaration".to_owned())),
            Event::Eof => break,
            _ => {}
        }
    }
    match (roots, depth) {
        (1, 0) => Ok(()),
        (_, 0) => Err(Fault { at: text.len(), reason: format!("{roots} root elements") }),
        _ => Err(Fault { at: text.len(), reason: "ends inside an element".to_owned() }),
    }
}

fn check_tag(tag: &BytesStart<'_>, prefixes: &mut Vec<String>) -> Result<(), String> {
    let mut used = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name: &str = attribute.key.as_ref();
        match name.split_once(':') {
            Some(("xmlns", prefix)) => prefixes.push(prefix.to_owned()),
            Some(("xml", _)) | None => {}
            Some((prefix, _)) => used.push(prefix.to_owned()),
        }
        check_value(&attribute.value)?;
    }
    let name = tag.name();
    let name: &str = name.as_ref();
    used.extend(name.split_once(':').map(|(prefix, _)| prefix.to_owned()));
    match used.iter().find(|prefix| !prefixes.contains(prefix)) {
        Some(prefix) => Err(format!("the prefix `{prefix}` is not declared")),
        None => Ok(()),
    }
}

fn check_value(value: &str) -> Result<(), String> {
    if value.contains('<') {
        return Err("`<` in an attribute".to_owned());
    }
    for after in value.split('&').skip(1) {
        let (name, _) = after.split_once(';').ok_or("a bare `&` in an attribute")?;
        check_reference(name)?;
    }
    Ok(())
}

/// Only the five references that every reader knows, and legal characters by number.
fn check_reference(name: &str) -> Result<(), String> {
    let is_known = match name.strip_prefix('#') {
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
        Some(number) => number
            .strip_prefix('x')
            .map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32)
            .is_some_and(is_legal),
    };
    if is_known { Ok(()) } else { Err(format!("the reference `&{name};` is not legal")) }
}

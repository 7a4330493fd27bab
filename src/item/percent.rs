//! Percent-encoding (RFC 3986 §2.1).

use std::borrow::Cow;

/// Whether a byte means the same encoded or not (RFC 3986 §2.3).
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Adds a byte, encoded.
pub(crate) fn push(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

/// Adds bytes, encoded but for those that may stay as they are, which are ASCII.
pub(crate) fn push_all(out: &mut String, bytes: &[u8], may_stay: impl Fn(u8) -> bool) {
    for &byte in bytes {
        if may_stay(byte) { out.push(char::from(byte)) } else { push(out, byte) }
    }
}

/// The byte that the escape at the beginning stands for, if there is one.
pub(crate) fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(value(high)? << 4 | value(low)?)
}

/// Escapes of unreserved characters decoded, the others with upper-case digits (RFC 3986 §6.2.2). What is no escape stays.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let escape = escaped(&rest.as_bytes()[at..]);
        match escape {
            Some(byte) => push_all(&mut out, &[byte], is_unreserved),
            None => out.push('%'),
        }
        rest = &rest[at + if escape.is_some() { 3 } else { 1 }..];
    }
    out.push_str(rest);
    out.into()
}

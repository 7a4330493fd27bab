//! Percent-encoding (RFC 3986 §2.1).

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

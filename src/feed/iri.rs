//! Addresses as documents carry them.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether the address is an absolute http(s) one; nothing else becomes a link, so no `javascript:` either.
pub(super) fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && url.len() > scheme.len()
    })
}

/// The address with everything that a URI cannot hold percent-encoded (RFC 3986 §2, RFC 3987 §3.1): blanks, controls,
/// quotes, angle brackets, non-ASCII letters. What is encoded already stays as it is.
pub(super) fn uri(url: &str) -> Cow<'_, str> {
    let is_legal = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    if url.bytes().all(is_legal) {
        return Cow::Borrowed(url);
    }
    let mut out = String::with_capacity(url.len() + 16);
    for byte in url.bytes() {
        if is_legal(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Cow::Owned(out)
}

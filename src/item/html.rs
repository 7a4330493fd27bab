//! Plain text as HTML, escaped once.

use std::borrow::Cow;

/// The text as it stands between tags.
pub(crate) fn from_text(text: &str) -> Cow<'_, str> {
    if first_markup(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut html = String::with_capacity(text.len() + 16);
    push_text(&mut html, text);
    Cow::Owned(html)
}

/// Adds the text as it stands between tags.
pub(crate) fn push_text(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = first_markup(rest) {
        html.push_str(&rest[..at]);
        html.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
}

/// Where the first character is that would be taken for markup.
fn first_markup(text: &str) -> Option<usize> {
    memchr::memchr3(b'&', b'<', b'>', text.as_bytes())
}

//! Legal IRIs (RFC 3987).

use url::Url;

use crate::item::percent;

/// Whether a URL that has been parsed is a legal IRI as it is written.
pub(super) fn is_legal(raw: &str) -> bool {
    let authority_end =
        raw.find("://").map_or(0, |at| at + 3 + raw[at + 3..].find(['/', '?', '#']).unwrap_or(raw.len() - at - 3));
    raw.matches('#').count() <= 1
        && raw.char_indices().all(|(at, c)| match c {
            '%' => percent::escaped(&raw.as_bytes()[at..]).is_some(),
            '[' | ']' => at < authority_end,
            c => is_iri_char(c),
        })
}

/// A URL as a legal IRI: what the parser let through and no IRI may hold is escaped.
pub(super) fn of(url: &Url) -> String {
    let url = url.as_str();
    let authority_end = url.find("://").map_or(0, |at| at + 3 + url[at + 3..].find('/').unwrap_or(0));
    let bytes = url.as_bytes();
    let mut out = String::with_capacity(url.len());
    let mut has_fragment = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let is_legal = match byte {
            b'%' => percent::escaped(&bytes[at..]).is_some(),
            b'[' | b']' => at < authority_end,
            b'#' => !std::mem::replace(&mut has_fragment, true),
            byte => is_iri_char(char::from(byte)) && byte.is_ascii(),
        };
        if is_legal {
            out.push(char::from(byte));
        } else {
            percent::push(&mut out, byte);
        }
    }
    out
}

/// Characters of RFC 3987 other than `%`, `[` and `]`; private use and invisible ones are left out.
fn is_iri_char(c: char) -> bool {
    match c {
        '!' | '#' | '$' | '&'..=';' | '=' | '?' | '@' | '_' | '~' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => c.is_alphanumeric(),
    }
}

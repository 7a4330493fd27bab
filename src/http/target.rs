//! Request targets, RFC 9112 §3.2.

use std::borrow::Cow;

use super::authority::is_authority;
use crate::item::percent;

/// Path and query of a target in origin-form or absolute-form; `*` is its own path. `None` for anything else, and where the
/// authority of an absolute-form is none.
pub(crate) fn path_and_query(target: &str) -> Option<(&str, Option<&str>)> {
    let origin = if target.starts_with('/') || target == "*" {
        target
    } else {
        let (scheme, rest) = target.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !is_authority(authority.as_bytes()) {
            return None;
        }
        match rest.strip_prefix('?') {
            Some(query) => return Some(("/", Some(query))),
            None if rest.is_empty() => "/",
            None => rest,
        }
    };
    Some(match memchr::memchr(b'?', origin.as_bytes()) {
        Some(at) => (&origin[..at], Some(&origin[at + 1..])),
        None => (origin, None),
    })
}

/// Whether a path can be that of a resource: only characters of RFC 3986 §3.3, whole percent-escapes, no control
/// character hidden in one, and no `.` or `..` segment, plain or escaped.
pub(crate) fn is_sound(path: &str) -> bool {
    let mut before = b'/';
    let mut is_plain = true;
    for byte in path.bytes() {
        is_plain &= PLAIN[usize::from(byte)] && (before, byte) != (b'/', b'.');
        before = byte;
    }
    // Nearly every path is of plain characters and has no segment that even begins with a dot.
    is_plain || has_sound_escapes(path.as_bytes()) && !path.split('/').any(is_dot_segment)
}

/// Whether each byte may stand in a path as it is.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        plain[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'/' | b'-'
                    | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'@'
            );
        byte += 1;
    }
    plain
};

/// The one way to write a sound path: hexadecimal digits of escapes in upper case, no escape where the character can stand
/// for itself (RFC 3986 §6.2.2). `None` where it is written so already.
pub(crate) fn canonical(path: &str) -> Option<String> {
    match percent::normalised(path) {
        Cow::Owned(written) if written != path => Some(written),
        _ => None,
    }
}

/// The path below a base path; `None` where it does not begin with it, or nothing is to be taken off.
pub(crate) fn below<'a>(base_path: &str, path: &'a str) -> Option<&'a str> {
    match path.strip_prefix(base_path)? {
        _ if base_path.is_empty() => None,
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

/// Writes a query as RFC 3986 §3.4 allows it: escapes stay, and what may not stand in one is escaped.
pub(crate) fn push_query(written: &mut String, query: &str) {
    let bytes = query.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        if PLAIN[usize::from(byte)] || byte == b'?' || percent::escaped(&bytes[at..]).is_some() {
            written.push(char::from(byte));
        } else {
            percent::push(written, byte);
        }
    }
}

/// Whether there are only characters of a path, whole percent-escapes, and no control character hidden in one.
pub(crate) fn has_sound_escapes(text: &[u8]) -> bool {
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = match percent::escaped(rest) {
            Some(0..0x20 | 0x7f) => return false,
            Some(_) => &rest[3..],
            None if PLAIN[usize::from(*first)] => after,
            None => return false,
        };
    }
    true
}

fn is_dot_segment(segment: &str) -> bool {
    let mut dots = 0;
    let mut rest = segment;
    while !rest.is_empty() {
        let escaped = rest.get(..3).filter(|escape| escape.eq_ignore_ascii_case("%2e")).map(|_| &rest[3..]);
        let Some(after) = escaped.or_else(|| rest.strip_prefix('.')) else { return false };
        rest = after;
        dots += 1;
    }
    matches!(dots, 1 | 2)
}

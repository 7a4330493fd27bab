//! Addresses as documents carry them.

use std::borrow::Cow;

use url::Url;

use crate::item::percent;

/// Whether the address is an absolute http(s) one; nothing else becomes a link, so no `javascript:` either.
pub(super) fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && url.len() > scheme.len()
    })
}

/// The address as a URI (RFC 3987 §3.1): an international host name in its ASCII form, and everything else that a URI cannot
/// hold percent-encoded (RFC 3986 §2): blanks, controls, quotes, angle brackets, non-ASCII letters. What is encoded
/// already stays as it is.
pub(super) fn uri(url: &str) -> Cow<'_, str> {
    if url.bytes().all(is_legal) {
        return Cow::Borrowed(url);
    }
    let mut out = String::with_capacity(url.len() + 16);
    match split_at_host(url).filter(|(_, host, _)| !host.is_ascii()) {
        Some((before, host, after)) => {
            push_escaped(&mut out, before);
            match Url::parse(url) {
                Ok(parsed) => out.push_str(parsed.host_str().unwrap_or_default()),
                Err(_) => push_escaped(&mut out, host),
            }
            push_escaped(&mut out, after);
        }
        None => push_escaped(&mut out, url),
    }
    Cow::Owned(out)
}

/// What stands before the host of an absolute address, the host, and what follows it, from the port on.
fn split_at_host(url: &str) -> Option<(&str, &str, &str)> {
    let start = url.find("://")? + 3;
    let authority = &url[start..][..url[start..].find(['/', '?', '#', '\\']).unwrap_or(url.len() - start)];
    let start = start + authority.rfind('@').map_or(0, |at| at + 1);
    let end = start + url[start..].find([':', '/', '?', '#', '\\']).unwrap_or(url.len() - start);
    Some((&url[..start], &url[start..end], &url[end..]))
}

fn is_legal(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn push_escaped(out: &mut String, text: &str) {
    percent::push_all(out, text.as_bytes(), is_legal);
}

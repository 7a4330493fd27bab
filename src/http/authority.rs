//! Authorities: whom a request is for, RFC 3986 §3.2.

use std::net::Ipv6Addr;

use super::target::has_sound_escapes;

/// Whether this is an authority of `http`: a host, which has a name, and perhaps a port, but no user (RFC 9110 §4.2).
pub(crate) fn is_authority(authority: &[u8]) -> bool {
    let mut has_escape = false;
    let end = if let Some(literal) = authority.strip_prefix(b"[") {
        match memchr::memchr(b']', literal) {
            Some(close) if is_ipv6(&literal[..close]) => close + 2,
            _ => return false,
        }
    } else {
        let ends_name = |byte: &u8| {
            has_escape |= *byte == b'%';
            !IN_NAMES[usize::from(*byte)]
        };
        authority.iter().position(ends_name).unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(end);
    let has_port = || port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit);
    !host.is_empty() && (port.is_empty() || has_port()) && (!has_escape || has_sound_escapes(host))
}

/// Whether two authorities name the same, however they are written: case does not matter, nor does a port that goes
/// without saying (RFC 3986 §6.2.3).
pub(crate) fn is_same(one: &[u8], other: &[u8], scheme: Option<&str>) -> bool {
    let port: &[u8] = if scheme == Some("https") { b":443" } else { b":80" };
    let bare = |authority| <[u8]>::strip_suffix(authority, port).or(authority.strip_suffix(b":")).unwrap_or(authority);
    bare(one).eq_ignore_ascii_case(bare(other))
}

/// An address, perhaps with the zone that it is of (RFC 6874), which some clients leave in.
fn is_ipv6(literal: &[u8]) -> bool {
    let zone = memchr::memchr(b'%', literal);
    let (address, zone) = literal.split_at(zone.unwrap_or(literal.len()));
    let address = std::str::from_utf8(address).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    address.is_some() && zone.iter().all(|byte| IN_NAMES[usize::from(*byte)])
}

/// Whether each byte may stand in the name of a host, RFC 3986 §3.2.2; not a comma, which two hosts joined into one would
/// have between them.
const IN_NAMES: [bool; 256] = {
    let mut sound = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        sound[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'='
            );
        byte += 1;
    }
    sound
};

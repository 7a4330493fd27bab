//! Stops inside addresses, host names and code, which end no sentence.

use super::quotes;

/// Bytes of an address that are looked through for its scheme.
const LONGEST: usize = 256;

/// Whether the text ends within an address with its scheme: `https://example.org/a` before `.Html?q=B.C`.
pub(super) fn is_at_end(before: &str) -> bool {
    let near = before.floor_char_boundary(before.len().saturating_sub(LONGEST));
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>') || quotes::is_mark(c) || quotes::is_closer(c);
    let word = before[near..].rsplit(ends).next().unwrap_or_default();
    word.contains("://")
}

/// Whether the word after a stop goes on as an address, a file or a call: `example.Com/x`, `Console.WriteLine(`,
/// `haber.Example.com`, `Booking.COM`.
pub(super) fn is_code_or_host(word: &str, after: &str) -> bool {
    let mut follows = after.chars();
    const DOMAINS: &[&str] = &["com", "net", "org", "edu", "gov"];
    let is_domain = |label: &str| DOMAINS.contains(&label.to_ascii_lowercase().as_str());
    match (follows.next(), follows.next()) {
        (Some('@' | '_' | '=' | '(' | '\\'), _) => return true,
        // Net is a word as well: `Net/Brüt`.
        (Some('/'), Some(c)) => return !c.is_uppercase() || (is_domain(word) && !word.eq_ignore_ascii_case("net")),
        _ => {}
    }
    // With a suffix no ordinary word: `Sahibinden.Com'dan`.
    let suffix = after.strip_prefix(['\'', '’']);
    if is_domain(word) && suffix.is_some_and(|suffix| suffix.starts_with(char::is_lowercase)) {
        return true;
    }
    if matches!(word, "COM" | "NET" | "ORG" | "JS") {
        return true;
    }
    let is_of_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    // A host name is no longer than 253 octets (RFC 1035 §2.3.4); longer runs are not searched again at each stop.
    let length = after.bytes().take(254).take_while(is_of_host).count();
    let labels = after[..length].trim_end_matches('.');
    length <= 253 && labels.starts_with('.') && labels.rsplit('.').next().is_some_and(is_domain)
}

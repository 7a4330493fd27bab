//! What an article is called: the URL as the seed gives it, its normalised key, and the id proposed for it.

mod number;

use std::borrow::Cow;
use std::fmt::Write as _;

use url::Url;

use crate::item::{IdentityKey, ItemId, SeedPath};

/// Bytes of the longest URL: what every HTTP implementation should take (RFC 9110 §4.1). It stands in every document of the
/// article, twice.
const LONGEST: usize = 8000;

/// The address of an article, read from its seed.
pub(super) struct Address {
    /// Absolute http(s) IRI (RFC 3987), as the seed gives it; escaped only where it would not be legal otherwise.
    pub(super) iri: String,
    /// Host in lower case, without port.
    pub(super) host: String,
    /// What was left out of it, if anything.
    pub(super) repair: Option<&'static str>,
    parsed: Url,
}

impl Address {
    /// Reads what a seed gives as its URL.
    ///
    /// # Errors
    /// What is wrong with it, unless it is an absolute http(s) URL with a host.
    pub(super) fn read(raw: &str) -> Result<Self, String> {
        if raw.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        Self::parse(raw).ok_or_else(|| "is not an absolute http or https URL".into())
    }

    fn parse(raw: &str) -> Option<Self> {
        let mut url = Url::parse(raw).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = url.host_str()?.trim_end_matches('.').to_owned();
        if host.is_empty() {
            return None;
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user {
            // SECURITY: a feed is public, and RFC 9110 §4.2.4 forbids passing credentials on.
            url.set_username("").and_then(|()| url.set_password(None)).ok()?;
        }
        // An empty host (`https:///a.example/`) is invalid (RFC 9110 §4.2), even where parsers find one behind it.
        let is_absolute = raw
            .split_once("://")
            .is_some_and(|(scheme, rest)| scheme.eq_ignore_ascii_case(url.scheme()) && !rest.starts_with('/'));
        let iri = if is_absolute && !has_user && is_iri(raw) { raw.to_owned() } else { escaped(url.as_str()) };
        Some(Self { iri, host, repair: has_user.then_some("user information"), parsed: url })
    }

    /// The key of the article.
    pub(super) fn key(&self) -> IdentityKey {
        IdentityKey::from_url(&normalised(&self.parsed))
    }

    /// The path of the URL.
    pub(super) fn path(&self) -> &str {
        self.parsed.path()
    }
}

/// The normal form in which the URLs of all seeds of one article are the same; `None` for anything but absolute http(s)
/// URLs. Its digest is the [`IdentityKey`].
///
/// Equal are http and https, host names in any case, a default port and none, and percent-encodings of one character
/// (RFC 3986 §6.2.2); fragments are left out, except those that name what is shown (`#!/article/7`, `#/article/7`),
/// and so are parameters that only tell where a reader came from. Where the last segment is a slug, `-` or `_`, and a
/// number of six digits or more, the slug and the suffix (`.html`) are left out too: the number is what stays when an
/// article is re-titled. A number that many articles share counts as part of the slug: a date, whichever part of it comes
/// first (`/weather-20241101`, `/weather-01112024`, `/report-202411`), two years in a row (`/league-20232024`), an amount
/// in thousands (`/bitcoin-hits-100000`).
#[must_use]
pub fn normalised_url(url: &str) -> Option<String> {
    Address::read(url).ok().map(|address| normalised(&address.parsed))
}

/// The id of a seed without URL: a tag URI (RFC 4151) of the site's authority and the seed path.
pub(super) fn tag_id(authority: &str, path: &SeedPath) -> ItemId {
    let mut id = format!("tag:{authority}:");
    for &byte in path.as_bytes() {
        match byte {
            b'/' => id.push('/'),
            _ if is_unreserved(byte) => id.push(char::from(byte)),
            _ => push_escaped(&mut id, byte),
        }
    }
    ItemId::new(id)
}

fn normalised(url: &Url) -> String {
    let mut key = String::with_capacity(url.as_str().len());
    key.push_str("//");
    key.push_str(url.host_str().unwrap_or_default().trim_end_matches('.'));
    if let Some(port) = url.port() {
        let _ = write!(key, ":{port}");
    }
    let route = url.fragment().filter(|fragment| fragment.starts_with(['!', '/']));
    let path = unescaped(url.path());
    match article_number(&path).filter(|_| route.is_none()) {
        Some((directory, number)) => {
            key.push_str(directory);
            // A character that no path holds keeps the number apart from a segment of that name.
            key.push('#');
            key.push_str(number);
        }
        None => key.push_str(&path),
    }
    let query = url.query().unwrap_or_default();
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair.split('=').next().unwrap_or(pair)));
    for (index, pair) in kept.enumerate() {
        key.push(if index == 0 { '?' } else { '&' });
        key.push_str(&unescaped(pair));
    }
    if let Some(route) = route {
        key.push('#');
        key.push_str(&unescaped(route));
    }
    key
}

/// Parameters that say where a reader came from, by exact name (lower case) or prefix.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "igshid",
    "igsh",
    "li_fat_id",
    "srsltid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "wickedid",
    "xtor",
    "at_medium",
    "at_campaign",
    "ns_campaign",
    "ns_mchannel",
    "ns_source",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "soc_src",
    "soc_trk",
    "__twitter_impression",
    "_branch_match_id",
    "erid",
    "cmpid",
    "ncid",
];
const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_", "pk_", "piwik_", "matomo_"];

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TRACKING.contains(&name.as_str()) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Directory (with its `/`) and number, where the last segment of a path is a slug and an article number.
fn article_number(path: &str) -> Option<(&str, &str)> {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let (directory, segment) = trimmed.split_at(trimmed.rfind('/')? + 1);
    let stem = match segment.rsplit_once('.') {
        Some((stem, "html" | "htm" | "xhtml" | "shtml" | "php" | "asp" | "aspx" | "jsp")) => stem,
        Some(_) => return None,
        None => segment,
    };
    let slug = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &stem[slug.len()..];
    let is_slug = slug.ends_with(['-', '_']) && slug.bytes().any(|b| b.is_ascii_alphabetic() || b == b'%');
    (number.len() >= 6 && is_slug && !number::is_shared(number)).then_some((directory, number))
}

/// Percent-encodings of unreserved characters decoded, the others with upper-case digits.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        // `from_str_radix` alone would take a sign for a digit.
        let digits = rest.get(at + 1..at + 3).filter(|_| is_escape(&rest.as_bytes()[at..]));
        let escape = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) if is_unreserved(byte) => out.push(char::from(byte)),
            Some(byte) => push_escaped(&mut out, byte),
            None => out.push('%'),
        }
        rest = &rest[at + if escape.is_some() { 3 } else { 1 }..];
    }
    out.push_str(rest);
    out.into()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn push_escaped(out: &mut String, byte: u8) {
    let _ = write!(out, "%{byte:02X}");
}

/// Whether a URL that has been parsed is a legal IRI as it is written.
fn is_iri(raw: &str) -> bool {
    let authority_end =
        raw.find("://").map_or(0, |at| at + 3 + raw[at + 3..].find(['/', '?', '#']).unwrap_or(raw.len() - at - 3));
    raw.matches('#').count() <= 1
        && raw.char_indices().all(|(at, c)| match c {
            '%' => is_escape(&raw.as_bytes()[at..]),
            '[' | ']' => at < authority_end,
            c => is_iri_char(c),
        })
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

/// Characters of RFC 3987 other than `%`, `[` and `]`; private use and invisible ones are left out.
fn is_iri_char(c: char) -> bool {
    match c {
        '!' | '#' | '$' | '&'..=';' | '=' | '?' | '@' | '_' | '~' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => c.is_alphanumeric(),
    }
}

fn escaped(url: &str) -> String {
    let authority_end = url.find("://").map_or(0, |at| at + 3 + url[at + 3..].find('/').unwrap_or(0));
    let bytes = url.as_bytes();
    let mut out = String::with_capacity(url.len());
    let mut has_fragment = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let is_legal = match byte {
            b'%' => is_escape(&bytes[at..]),
            b'[' | b']' => at < authority_end,
            b'#' => !std::mem::replace(&mut has_fragment, true),
            byte => is_iri_char(char::from(byte)) && byte.is_ascii(),
        };
        if is_legal {
            out.push(char::from(byte));
        } else {
            push_escaped(&mut out, byte);
        }
    }
    out
}

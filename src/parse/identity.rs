//! What an article is called: the URL as the seed gives it, its normalised key, and the id proposed for it.

mod iri;
mod normal_form;
mod number;

use url::Url;

use crate::item::{IdentityKey, ItemId, SeedPath, percent};

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
        let iri = if is_absolute && !has_user && iri::is_legal(raw) { raw.to_owned() } else { iri::of(&url) };
        Some(Self { iri, host, repair: has_user.then_some("user information"), parsed: url })
    }

    /// The key of the article.
    pub(super) fn key(&self) -> IdentityKey {
        IdentityKey::from_url(&normal_form::of(&self.parsed))
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
    Address::read(url).ok().map(|address| normal_form::of(&address.parsed))
}

/// The id of a seed without URL: a tag URI (RFC 4151) of the site's authority and the seed path.
pub(super) fn tag_id(authority: &str, path: &SeedPath) -> ItemId {
    let mut id = format!("tag:{authority}:");
    percent::push_all(&mut id, path.as_bytes(), |byte| byte == b'/' || percent::is_unreserved(byte));
    ItemId::new(id)
}

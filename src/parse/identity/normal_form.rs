//! The form in which the URLs of all seeds of one article are the same.

use std::fmt::Write as _;

use url::Url;

use super::number;
use crate::item::percent;

/// The normal form of a URL; [`normalised_url`](super::normalised_url) says what is left out.
pub(super) fn of(url: &Url) -> String {
    let mut key = String::with_capacity(url.as_str().len());
    key.push_str("//");
    key.push_str(url.host_str().unwrap_or_default().trim_end_matches('.'));
    if let Some(port) = url.port() {
        let _ = write!(key, ":{port}");
    }
    let route = url.fragment().filter(|fragment| fragment.starts_with(['!', '/']));
    let path = percent::normalised(url.path());
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
        key.push_str(&percent::normalised(pair));
    }
    if let Some(route) = route {
        key.push('#');
        key.push_str(&percent::normalised(route));
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

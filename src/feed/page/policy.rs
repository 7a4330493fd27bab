//! What the pages may load: nothing but their own style sheet and the icon.

use sha2::{Digest, Sha256};
use url::Url;

use super::STYLE;

/// Value of Content-Security-Policy for every page of ours (CSP Level 3).
///
/// SECURITY: no script, no frame, no form, no picture but from where `icon` is; the one inline style sheet is let in by its
/// hash, so markup that slipped into a page could neither run nor load anything.
#[must_use]
pub fn content_security_policy(icon: Option<&str>) -> String {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    let icon = icon.and_then(|icon| Url::parse(icon).ok());
    let pictures = icon.map(|icon| format!(" img-src {};", icon.origin().ascii_serialization())).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'sha256-{hash}';{pictures} base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// Base 64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_usize, |group, &byte| group << 8 | usize::from(byte)) << (8 * (3 - chunk.len()));
        for sextet in 0..4 {
            let digit = ALPHABET[group >> (18 - 6 * sextet) & 63];
            out.push(if sextet <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

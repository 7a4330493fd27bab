//! `X-Hub-Signature`: that a body comes from the hub that knows the secret (W3C WebSub §7.1).

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};

/// Hash of the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `sha1`, for subscribers that know no other.
    Sha1,
    /// `sha256`.
    Sha256,
    /// `sha384`.
    Sha384,
    /// `sha512`.
    Sha512,
}

impl Algorithm {
    /// All of them by the names they have in the header.
    pub const NAMES: [(&str, Self); 4] =
        [("sha1", Self::Sha1), ("sha256", Self::Sha256), ("sha384", Self::Sha384), ("sha512", Self::Sha512)];
}

/// Value of the header: `sha256=` and the HMAC of the body in lower-case hexadecimal.
#[must_use]
pub fn sign(algorithm: Algorithm, secret: &[u8], body: &[u8]) -> String {
    match algorithm {
        Algorithm::Sha1 => format!("sha1={}", hex::<Hmac<sha1::Sha1>>(secret, body)),
        Algorithm::Sha256 => format!("sha256={}", hex::<Hmac<sha2::Sha256>>(secret, body)),
        Algorithm::Sha384 => format!("sha384={}", hex::<Hmac<sha2::Sha384>>(secret, body)),
        Algorithm::Sha512 => format!("sha512={}", hex::<Hmac<sha2::Sha512>>(secret, body)),
    }
}

fn hex<M: Mac + KeyInit>(secret: &[u8], body: &[u8]) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

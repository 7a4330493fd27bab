//! Numbers of things, in words for people.

use std::fmt::Display;

/// `1 item`, `2 items`.
#[must_use]
pub fn counted<N: Display + Copy + PartialEq + From<u8>>(count: N, one: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {one}{ending}")
}

//! Language tags.

use std::fmt;

/// A BCP 47 (RFC 5646) language tag in its usual case (`tr`, `pt-BR`, `zh-Hant`), as in `xml:lang`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(String);

impl Language {
    /// Reads a tag, or gives `None` when it is not of the form of one: a primary subtag of two to eight letters, then
    /// subtags of one to eight letters or digits.
    #[must_use]
    pub fn new(tag: &str) -> Option<Self> {
        let mut out = String::with_capacity(tag.len());
        for (index, part) in tag.split('-').enumerate() {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            let legal = part.bytes().all(|b| b.is_ascii_alphanumeric())
                && if index == 0 { letters && (2..=8).contains(&part.len()) } else { (1..=8).contains(&part.len()) };
            if !legal {
                return None;
            }
            if index > 0 {
                out.push('-');
            }
            // RFC 5646 §2.1.1: regions are upper case, scripts title case, everything else lower case.
            match (index, part.len(), letters) {
                (1.., 2, true) => out.push_str(&part.to_ascii_uppercase()),
                (1.., 4, true) => {
                    out.push_str(&part[..1].to_ascii_uppercase());
                    out.push_str(&part[1..].to_ascii_lowercase());
                }
                _ => out.push_str(&part.to_ascii_lowercase()),
            }
        }
        Some(Self(out))
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag (`pt` of `pt-BR`).
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

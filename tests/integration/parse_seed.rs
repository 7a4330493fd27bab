//! Seeds for tests: text in, item or diagnostic out, with a fixed context.

use chrono::{DateTime, Utc};
use seedcast::item::{Diagnostic, Language, SeedPath};
use seedcast::parse::{Context, Parsed, parse};

/// A context whose parts a test may change.
pub(crate) struct Given {
    pub(crate) path: SeedPath,
    pub(crate) zone: chrono_tz::Tz,
    pub(crate) language: Option<Language>,
    pub(crate) fallback_language: Option<Language>,
    pub(crate) directory_categories: bool,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            path: SeedPath::new("seed.txt"),
            zone: chrono_tz::UTC,
            language: None,
            fallback_language: None,
            directory_categories: true,
        }
    }
}

/// When every seed of these tests was first seen.
pub(crate) fn first_seen() -> DateTime<Utc> {
    "2026-05-06T07:08:09Z".parse().expect("a literal")
}

impl Given {
    pub(crate) fn at(path: &str) -> Self {
        Self { path: SeedPath::new(path), ..Self::default() }
    }

    pub(crate) fn parse(&self, bytes: impl AsRef<[u8]>) -> Result<Parsed, Diagnostic> {
        let context = Context {
            path: &self.path,
            zone: self.zone,
            language: self.language.as_ref(),
            fallback_language: self.fallback_language.as_ref(),
            first_seen: first_seen(),
            directory_categories: self.directory_categories,
            tag_authority: "example.org,2026",
        };
        parse(bytes.as_ref(), &context)
    }
}

pub(crate) fn parsed(bytes: impl AsRef<[u8]>) -> Parsed {
    Given::default().parse(bytes).expect("a readable seed")
}

pub(crate) fn refused(bytes: impl AsRef<[u8]>) -> Diagnostic {
    Given::default().parse(bytes).expect_err("a seed that must be refused")
}

/// A seed of all fields around a body.
pub(crate) fn with_body(body: &str) -> String {
    format!("date 2024-11 https://site.example/a\n\nHeadline\n\nDescription\n\n2024-11-01T13:04Z\n\n{body}\n")
}

/// Paragraphs and subheadings of an item's content, checked to be nothing else and to be escaped once.
pub(crate) fn pieces(content: &str) -> Vec<(&str, String)> {
    let mut pieces = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let tag = if rest.starts_with("<p>") { "p" } else { "h3" };
        let inner = rest.strip_prefix(&format!("<{tag}>")).expect("a paragraph or a subheading");
        let (text, after) = inner.split_once(&format!("</{tag}>")).expect("a closed element");
        assert!(!text.contains(['<', '>']), "markup inside: {text}");
        let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let again = unescaped.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert_eq!(text, again, "escaped once");
        pieces.push((tag, unescaped));
        rest = after;
    }
    pieces
}

/// XML 1.0 §2.2 `Char`, without the noncharacters and controls that it discourages.
pub(crate) fn is_legal(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, '\t' | '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fdcf}'
            | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..)
            && c != '\u{feff}'
            && u32::from(c) & 0xffff < 0xfffe
    })
}

#[test]
fn what_a_seed_says_splits_no_line_of_the_log() {
    for text in ["H\n\nD\n\n262143-12-31T23:59:59Z\nsecond line\tERROR a line of its own\n", "<html\t\u{202e}>"] {
        let found = refused(text);
        let is_plain = |c: char| !c.is_control() && c != '\u{202e}';
        assert!(found.reason.chars().all(is_plain), "{:?}", found.reason);
    }
}

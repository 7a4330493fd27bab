//! Files that are plainly no seeds: web pages, XML and front matter, which would become articles with markup for a
//! headline.

/// The line that gives a file away.
pub(super) struct Foreign<'a> {
    /// From 1.
    pub(super) line: u32,
    pub(super) text: &'a str,
    /// What begins so.
    pub(super) kind: &'static str,
}

/// Beginnings, in lower case, and what has them.
const BEGINNINGS: [(&str, &str); 3] =
    [("<!doctype", "a web page"), ("<html", "a web page"), ("<?xml", "an XML document")];

/// Judges by the first line that is not blank.
pub(super) fn find(text: &str) -> Option<Foreign<'_>> {
    let (line, first) = (1..).zip(text.lines()).find(|(_, line)| !line.trim().is_empty())?;
    let text = first.trim();
    let begins = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let kind = if text == "---" {
        "front matter"
    } else {
        BEGINNINGS.iter().find(|(word, _)| begins(word)).map(|(_, kind)| *kind)?
    };
    Some(Foreign { line, text, kind })
}

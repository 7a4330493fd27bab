//! Files that are plainly no seeds: web pages, XML, JSON, mail and front matter, which would become articles with markup for
//! a headline.

/// The line that gives a file away.
pub(super) struct Foreign<'a> {
    /// From 1.
    pub(super) line: u32,
    pub(super) text: &'a str,
    /// What begins so.
    pub(super) kind: &'static str,
}

/// Beginnings, in lower case, and what has them.
const BEGINNINGS: [(&str, &str); 10] = [
    ("<!doctype", "a web page"),
    ("<html", "a web page"),
    ("<head>", "a web page"),
    ("<?xml", "an XML document"),
    ("<rss ", "a feed"),
    ("<feed ", "a feed"),
    ("<rdf:rdf", "a feed"),
    ("{\"", "JSON"),
    ("[{\"", "JSON"),
    ("%pdf-", "a PDF document"),
];

/// Fields of which mail has two at least, one after the other, at its beginning.
const MAIL: [&str; 14] = [
    "from:",
    "to:",
    "subject:",
    "cc:",
    "date:",
    "received:",
    "return-path:",
    "delivered-to:",
    "reply-to:",
    "sender:",
    "message-id:",
    "mime-version:",
    "content-type:",
    "dkim-signature:",
];

/// Judges by the first line that is not blank, and the next.
pub(super) fn find(text: &str) -> Option<Foreign<'_>> {
    let mut lines = (1..).zip(text.lines()).skip_while(|(_, line)| line.trim().is_empty());
    let (line, first) = lines.next()?;
    let text = first.trim();
    let begins = |text: &str, word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let mut next = || lines.next().map_or("", |(_, next)| next.trim());
    let kind = match text {
        "---" => "front matter",
        "{" | "[" if next().starts_with(['"', '{']) => "JSON",
        _ if MAIL.iter().any(|field| begins(text, field)) && !begins(text, "date:") => {
            let next = next();
            MAIL.iter().any(|field| begins(next, field)).then_some("a mail")?
        }
        _ => BEGINNINGS.iter().find(|(word, _)| begins(text, word)).map(|(_, kind)| *kind)?,
    };
    Some(Foreign { line, text, kind })
}

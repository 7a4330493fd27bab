//! Texts → HTML of paragraphs and subheadings.

use super::layout;
use super::paragraphs::{self, Piece};
use crate::item::html;

/// The HTML of a body and of what goes before it: `<p>` and `<h3>` without attributes, text escaped once; line breaks
/// inside a paragraph stay white space. Empty where there is no text.
pub(super) fn html(texts: [&str; 2]) -> String {
    let length: usize = texts.iter().map(|text| text.len()).sum();
    let mut html = String::with_capacity(length + length / 16 + 16);
    for piece in texts.into_iter().flat_map(layout::blocks).flat_map(paragraphs::pieces) {
        let (open, text, close) = match piece {
            Piece::Paragraph(text) => ("<p>", text, "</p>"),
            // The marks told the run from its surroundings; as a heading it stands by itself.
            Piece::Subheading(text) => ("<h3>", unquoted(text), "</h3>"),
        };
        html.push_str(open);
        html::push_text(&mut html, text);
        html.push_str(close);
    }
    html
}

/// A quoted run without its first and last character, which are its quotation marks, and the spaces inside them.
fn unquoted(run: &str) -> &str {
    let mut characters = run.chars();
    characters.next();
    characters.next_back();
    characters.as_str().trim()
}

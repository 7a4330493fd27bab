//! Headline → title, directories → categories: terms of one line.

use super::{cut, text};
use crate::item::{SeedPath, bidi};

/// Characters of the longest title, without its ellipsis. Real headlines stay well below.
pub(super) const LONGEST: usize = 300;
/// Characters of the longest category.
const LONGEST_CATEGORY: usize = 100;

pub(super) struct Title {
    /// One line; empty when nothing in the headline can be seen.
    pub(super) text: String,
    pub(super) is_cut: bool,
}

/// The title that a headline makes.
pub(super) fn of(headline: &str) -> Title {
    let mut line = text::one_line(headline);
    let is_cut = cut::end_of(&line, LONGEST).is_some();
    if is_cut {
        line = format!("{}…", cut::at_word(&line, LONGEST)).into();
    }
    let mut text = bidi::balanced(line).into_owned();
    if !text::is_visible(&text) {
        text.clear();
    }
    Title { text, is_cut }
}

/// The directories between the seed directory and the file, outermost first, each once. Names that are not UTF-8 are
/// shown as well as they can be.
pub(super) fn categories(path: &SeedPath) -> Vec<String> {
    let mut categories = Vec::new();
    for directory in path.directories() {
        let name = directory.to_string_lossy();
        let clean = text::clean(&name);
        let line = text::one_line(&clean.text);
        let category = bidi::balanced(cut::at_word(&line, LONGEST_CATEGORY).into()).into_owned();
        let is_name = text::is_visible(&category) && !matches!(category.as_str(), "." | ".." | "/");
        if is_name && !categories.contains(&category) {
            categories.push(category);
        }
    }
    categories
}

//! Which items belong to a feed.

use globset::GlobSet;

use crate::item::{Item, Language, SeedPath, host};

/// Conditions that an item must meet: every list that is not empty must have a match.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Hosts, lower case; a host stands for its sub-domains too.
    pub sources: Vec<String>,
    /// Globs over the seed path, compiled from `patterns`.
    pub paths: Option<GlobSet>,
    /// The globs as written.
    pub patterns: Vec<String>,
    /// Language tags; `pt` stands for `pt-BR` too.
    pub languages: Vec<Language>,
    /// Categories, compared without regard to case.
    pub categories: Vec<String>,
    /// Words in the title, compared without regard to case.
    pub words: Vec<String>,
}

impl Filter {
    /// A word that is the same exactly as long as the filter selects the same items.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { sources, paths: _, patterns, languages, categories, words } = self;
        let text = format!("{:?}", (sources, patterns, languages, categories, words));
        blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
    }

    /// Whether the item, read from the seed at `path`, belongs to the feed.
    #[must_use]
    pub fn selects(&self, item: &Item, path: &SeedPath) -> bool {
        let source = |wanted: &String| item.source.as_ref().is_some_and(|own| host::is_within(own, wanted));
        let language = |tag: &Language| {
            item.language.as_ref().is_some_and(|l| {
                l == tag || l.as_str().strip_prefix(tag.as_str()).is_some_and(|rest| rest.starts_with('-'))
            })
        };
        let category = |wanted: &String| {
            let wanted = fold(wanted);
            item.categories.iter().any(|own| fold(own) == wanted)
        };
        (self.sources.is_empty() || self.sources.iter().any(source))
            && self.paths.as_ref().is_none_or(|globs| globs.is_match(path.as_path()))
            && (self.languages.is_empty() || self.languages.iter().any(language))
            && (self.categories.is_empty() || self.categories.iter().any(category))
            && (self.words.is_empty() || has_word(&item.title, &self.words))
    }
}

/// Text for comparison without regard to case. The dotted and the dotless i of Turkish are one letter here: whether a
/// title in capitals is Turkish cannot be told from the word, and `İSTANBUL` should be found by `istanbul`.
pub(super) fn fold(text: &str) -> String {
    const DOT_ABOVE: char = '\u{307}';
    text.to_lowercase().chars().filter(|&c| c != DOT_ABOVE).map(|c| if c == 'ı' { 'i' } else { c }).collect()
}

fn has_word(title: &str, words: &[String]) -> bool {
    let title = fold(title);
    words.iter().any(|word| {
        let word = fold(word);
        title.match_indices(&word).any(|(at, found)| {
            let inside = |c: char| c.is_alphanumeric();
            // Where words are not set apart, or particles are joined to them, there is no boundary to ask for.
            word.contains(is_unspaced)
                || (!title[..at].ends_with(inside) && !title[at + found.len()..].starts_with(inside))
        })
    })
}

/// Whether the letter is of a script without spaces between words (Thai, Lao, Burmese, Khmer, kana, Han), or of Hangul,
/// whose particles follow without one.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

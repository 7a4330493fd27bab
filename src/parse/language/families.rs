//! Which family a text in letters that languages share belongs to, seen from its commonest words and its letters.
//!
//! The detector compares a text with every language of its script, and nearly fifty are written in Latin letters: that is
//! more work than all else that is done to a seed. Little words tell the family of most texts at a hundredth of the
//! cost, and the language of many; the detector then has only the members of the family to choose from. Where they do not,
//! it is asked about all.

mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use whatlang::{Detector, Lang};

use table::{FAMILIES, Family};

/// Hits with which a family, or a language, is taken to be the right one.
const CLEAR: usize = 4;
/// How many times as many hits it must have as the next.
const LEAD: usize = 3;
/// Longest of the words of the table, in bytes.
const LONGEST: usize = 15;

/// What a word speaks for: a family, and perhaps one language of it.
#[derive(Clone, Copy)]
struct Sign {
    family: usize,
    language: Option<usize>,
}

/// What every word and letter speaks for.
struct Signs {
    words: HashMap<&'static [u8], Sign, FixedState>,
    /// By the number of the letter.
    letters: Vec<Option<Sign>>,
    languages: Vec<Lang>,
    detectors: Vec<Detector>,
}

static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    let mut signs = Signs { words: HashMap::default(), letters: vec![], languages: vec![], detectors: vec![] };
    for (family, Family { others, members, words, letters }) in FAMILIES.iter().enumerate() {
        let all = others.iter().chain(members.iter().map(|(language, ..)| language)).copied().collect();
        signs.detectors.push(Detector::with_allowlist(all));
        signs.add(words, letters, Sign { family, language: None });
        for (language, words, letters) in *members {
            signs.add(words, letters, Sign { family, language: Some(signs.languages.len()) });
            signs.languages.push(*language);
        }
    }
    signs
});

impl Signs {
    fn add(&mut self, words: &'static str, letters: &str, sign: Sign) {
        self.words.extend(words.split_whitespace().map(|word| (word.as_bytes(), sign)));
        for letter in letters.chars().map(|letter| letter as usize) {
            self.letters.resize(self.letters.len().max(letter + 1), None);
            self.letters[letter] = Some(sign);
        }
    }
}

/// How much speaks for each family and each language.
struct Hits {
    families: [usize; FAMILIES.len()],
    languages: Vec<usize>,
}

impl Hits {
    fn count(&mut self, Sign { family, language }: Sign) {
        self.families[family] += 1;
        language.into_iter().for_each(|language| self.languages[language] += 1);
    }
}

/// What little words say of a text.
pub(super) enum Finding {
    /// It is clearly in one language.
    Language(Lang),
    /// It clearly belongs to the family that this detector tells apart.
    Family(&'static Detector),
}

/// What the language of a text is, or at least its family, where its little words are clear about it.
pub(super) fn find(text: &str) -> Option<Finding> {
    let signs = &*SIGNS;
    let mut hits = Hits { families: [0; FAMILIES.len()], languages: vec![0; signs.languages.len()] };
    let mut folded = [0_u8; LONGEST];
    for word in text.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()) {
        if !word.is_ascii() {
            let signs = word.chars().filter_map(|c| *signs.letters.get(c as usize)?);
            signs.for_each(|sign| hits.count(sign));
        }
        let Some(folded) = folded.get_mut(..word.len()) else { continue };
        folded.copy_from_slice(word.as_bytes());
        folded.make_ascii_lowercase();
        if let Some(&sign) = signs.words.get(&*folded) {
            hits.count(sign);
        }
    }
    let family = leader(&hits.families)?;
    Some(match (leader(&hits.languages), &FAMILIES[family]) {
        (Some(language), _) => Finding::Language(signs.languages[language]),
        (None, Family { others: [only], members: [], .. }) => Finding::Language(*only),
        _ => Finding::Family(&signs.detectors[family]),
    })
}

/// The one with the most hits, where that is clear.
fn leader(hits: &[usize]) -> Option<usize> {
    let (best, &most) = hits.iter().enumerate().max_by_key(|&(_, hits)| hits)?;
    let is_ahead = hits.iter().enumerate().all(|(other, &hits)| other == best || hits * LEAD <= most);
    (most >= CLEAR && is_ahead).then_some(best)
}

fn is_letter(c: char) -> bool {
    let is_latin = matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    // Cyrillic, Hebrew and Arabic, Devanagari, without their marks of punctuation.
    let is_other = matches!(c, '\u{400}'..='\u{52f}' | '\u{590}'..='\u{6ff}' | '\u{900}'..='\u{97f}');
    is_latin || (is_other && !matches!(c, '،' | '؛' | '؟' | '۔' | '।' | '॥'))
}

//! Which family a text in Latin letters belongs to, seen from its commonest words and its letters.
//!
//! The detector compares a text with every language of its script, and nearly fifty are written in Latin letters: that is
//! more work than all else that is done to a seed. Little words tell the family of most texts at a hundredth of the
//! cost; the detector then has only its members to choose from. Where they do not, it is asked about all.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::{Detector, Lang};

/// Hits with which a family is taken to be the right one.
const CLEAR: usize = 4;
/// How many times as many hits it must have as the next.
const LEAD: usize = 3;
/// Longest of the words below, in bytes.
const LONGEST: usize = 8;

/// Words and letters that belong to one family only, and the languages of it that the detector knows.
struct Family {
    languages: &'static [Lang],
    words: &'static str,
    letters: &'static str,
}

const FAMILIES: [Family; 7] = [
    Family {
        languages: &[Lang::Eng, Lang::Deu, Lang::Nld, Lang::Afr, Lang::Dan, Lang::Nob, Lang::Swe],
        words: "the of and that with was for this from are his her have has which who been they not but \
                der und das ist nicht mit von den dem für auf sich ein eine einen auch werden wird sie aus bei nach \
                het een dat zijn voor aan ook maar naar werd deze \
                og och det som på til av med har ikke inte ett för att jag till eller blev vir word",
        letters: "ßåø",
    },
    Family {
        languages: &[Lang::Fra, Lang::Spa, Lang::Por, Lang::Ita, Lang::Cat, Lang::Ron, Lang::Lat, Lang::Epo],
        words: "les dans pour qui sur une pas aux est elle cette sont avec plus leur mais \
                que del los las una por como más pero sus este esta entre cuando \
                uma não dos das mais com pelo pela foi são seu sua \
                che della delle sono nel nella più anche alla gli dei questo \
                els amb són dels aquest și din care lui pentru este sau mai quod cum sunt kaj estas",
        letters: "ñãõòœ",
    },
    Family {
        languages: &[Lang::Pol, Lang::Ces, Lang::Slk, Lang::Slv, Lang::Hrv],
        words: "się jest że oraz przez dla który która także było jak po ze od za \
                který jsou byl bylo jako také nebo ještě než když sú ako aj alebo ktorý keď \
                bil kot pri tudi lahko koji koja što nije kao ili biti",
        letters: "łężźńśřůěćčď",
    },
    Family {
        languages: &[Lang::Tur, Lang::Aze, Lang::Uzb, Lang::Tuk],
        words: "ve bir bu için ile çok daha olarak olan gibi kadar değil sonra ancak ne \
                və üçün ilə bilan uchun bilen üçin",
        letters: "ğıə",
    },
    Family {
        languages: &[Lang::Hun, Lang::Fin, Lang::Est, Lang::Lit, Lang::Lav],
        words: "és egy hogy volt csak már ez vagy mint még \
                että oli mutta hän ovat myös kuin kui ning aga olid yra kad iš buvo apie bija uz viņš tika",
        letters: "őűėģķļņ",
    },
    Family {
        languages: &[Lang::Ind, Lang::Jav, Lang::Tgl],
        words: "yang untuk dengan tidak ini itu pada dari akan adalah juga oleh telah kang iku saka ang mga ng ito hindi siya",
        letters: "",
    },
    Family {
        languages: &[Lang::Vie], words: "", letters: "ạảấầẩẫậắằặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹơư"
    },
];

/// What every word and letter speaks for.
struct Signs {
    words: HashMap<&'static str, usize>,
    letters: HashMap<char, usize>,
    detectors: Vec<Detector>,
}

static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    let (mut words, mut letters) = (HashMap::new(), HashMap::new());
    for (index, family) in FAMILIES.iter().enumerate() {
        words.extend(family.words.split_whitespace().map(|word| (word, index)));
        letters.extend(family.letters.chars().map(|letter| (letter, index)));
    }
    let detectors = FAMILIES.iter().map(|family| Detector::with_allowlist(family.languages.to_vec())).collect();
    Signs { words, letters, detectors }
});

/// The detector for the family that a text clearly belongs to.
pub(super) fn detector(text: &str) -> Option<&'static Detector> {
    let signs = &*SIGNS;
    let mut hits = [0_usize; FAMILIES.len()];
    let mut folded = [0_u8; LONGEST];
    for word in text.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()) {
        if !word.is_ascii() {
            word.chars().filter_map(|c| signs.letters.get(&c)).for_each(|&family| hits[family] += 1);
        }
        let Some(folded) = folded.get_mut(..word.len()) else { continue };
        folded.copy_from_slice(word.as_bytes());
        folded.make_ascii_lowercase();
        let folded = std::str::from_utf8(folded).expect("ASCII letters changed case, nothing else");
        if let Some(&family) = signs.words.get(folded) {
            hits[family] += 1;
        }
    }
    let (best, &most) = hits.iter().enumerate().max_by_key(|&(_, hits)| hits)?;
    let is_clear =
        most >= CLEAR && hits.iter().enumerate().all(|(family, &hits)| family == best || hits * LEAD <= most);
    is_clear.then(|| &signs.detectors[best])
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c) || ('\u{1e00}'..='\u{1eff}').contains(&c)
}

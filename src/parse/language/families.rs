//! Which family a text in letters that languages share belongs to, seen from its commonest words and its letters.
//!
//! The detector compares a text with every language of its script, and nearly fifty are written in Latin letters: that is
//! more work than all else that is done to a seed. Little words tell the family of most texts at a hundredth of the
//! cost, and the language of many; the detector then has only the members of the family to choose from. Where they do not,
//! it is asked about all.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use whatlang::{Detector, Lang};

/// Hits with which a family, or a language, is taken to be the right one.
const CLEAR: usize = 4;
/// How many times as many hits it must have as the next.
const LEAD: usize = 3;
/// Longest of the words below, in bytes.
const LONGEST: usize = 15;

/// Languages that a detector must tell apart, and what tells them from all others.
struct Family {
    /// Those that have no words of their own below.
    others: &'static [Lang],
    /// Languages with common words and letters that no other language has among its own.
    members: &'static [(Lang, &'static str, &'static str)],
    /// Common words and letters of more than one of them.
    words: &'static str,
    letters: &'static str,
}

const FAMILIES: [Family; 11] = [
    Family {
        others: &[Lang::Afr, Lang::Dan, Lang::Nob],
        members: &[
            (Lang::Eng, "the and that with this from have which been they their were would", ""),
            (
                Lang::Deu,
                "und ist nicht auf sich eine einen auch werden wird sie aus bei nach für zu zum zur hat wurde bis dass",
                "ß",
            ),
            (Lang::Nld, "een zijn niet werd deze wordt naar door bij", ""),
            (Lang::Swe, "och är att inte ett för", ""),
        ],
        words: "of was for are his her has who not but der das mit von den dem ein het dat voor aan ook maar \
                og det som på til av med har ikke jag till eller blev vir word",
        letters: "ßåø",
    },
    Family {
        others: &[Lang::Cat, Lang::Ron, Lang::Lat, Lang::Epo],
        members: &[
            (
                Lang::Fra,
                "dans pour une aux elle cette sont avec leur ils nous ont du ses avait était avant depuis été",
                "",
            ),
            (Lang::Spa, "los las más pero cuando también muy fue hasta donde según hay había después ya sobre", ""),
            (Lang::Por, "uma não foi são seu sua pelo pela também", ""),
            (Lang::Ita, "che della delle sono nella più anche alla gli questo dal", ""),
        ],
        words: "les qui sur pas est plus mais que del una por como sus este esta entre dos das com nel dei \
                els amb són dels aquest și din care lui pentru este sau mai quod cum sunt kaj estas",
        letters: "ñãõòœ",
    },
    Family {
        others: &[Lang::Slk, Lang::Slv, Lang::Hrv],
        members: &[
            (Lang::Pol, "się jest że oraz przez dla która także było w który które przed bardzo gdzie będzie", "łśź"),
            (Lang::Ces, "který jsou také nebo ještě když byl", "ěřů"),
        ],
        words: "jak po ze od za bylo jako než sú ako aj alebo ktorý keď \
                bil kot pri tudi lahko koji koja što nije kao ili biti",
        letters: "ężńćčď",
    },
    Family {
        others: &[Lang::Aze, Lang::Uzb, Lang::Tuk],
        members: &[(
            Lang::Tur,
            "ve için ile çok olarak gibi kadar değil sonra ancak önce göre hiç nasıl ise yeni oldu",
            "",
        )],
        words: "bir bu daha olan ne və üçün ilə bilan uchun bilen üçin",
        letters: "ğıə",
    },
    Family {
        others: &[Lang::Est, Lang::Lit, Lang::Lav],
        members: &[
            (Lang::Hun, "és egy hogy csak vagy még nem", ""),
            (Lang::Fin, "että oli mutta hän ovat myös kuin", ""),
        ],
        words: "volt már ez mint kui ning aga olid yra kad iš buvo apie bija uz viņš tika",
        letters: "őűėģķļņ",
    },
    Family {
        others: &[Lang::Jav, Lang::Tgl],
        members: &[(Lang::Ind, "yang untuk dengan tidak ini itu dari akan adalah juga oleh telah", "")],
        words: "pada kang iku saka ang mga ng ito hindi siya",
        letters: "",
    },
    Family {
        others: &[Lang::Bel, Lang::Srp, Lang::Mkd],
        members: &[
            (Lang::Rus, "что это был была были его они чтобы уже также ее её кто если только ещё может этого", ""),
            (Lang::Ukr, "що це був була були його вони також й є щоб який які якщо від вже", "їґ"),
            (Lang::Bul, "това като беше която който със също", ""),
        ],
        words: "на не по за до от для да се је што која как или при як або та ще и в у з",
        letters: "",
    },
    Family {
        others: &[Lang::Vie], members: &[], words: "", letters: "ạảấầẩẫậắằặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹơư"
    },
    Family {
        others: &[],
        members: &[
            (Lang::Ara, "في على إلى أن عن التي الذي هذا هذه مع بعد كان كما بين لا", ""),
            (Lang::Pes, "در را این است برای آن شد های کرد باید خود", ""),
            (Lang::Urd, "کے کی میں ہے نے اور ہیں پر سے کا کو", ""),
        ],
        words: "من از که به یک",
        letters: "",
    },
    Family {
        others: &[],
        members: &[
            (Lang::Hin, "है के में की और से का हैं पर ने कि यह", ""),
            (Lang::Mar, "आहे आणि या होते मध्ये नाही त्या", ""),
            (Lang::Nep, "छ र मा हो छन् पनि भएको गरेको", ""),
        ],
        words: "को ते हे",
        letters: "",
    },
    Family {
        others: &[],
        members: &[
            (Lang::Heb, "של את על הוא לא עם זה כי היא גם אל", ""),
            (Lang::Yid, "און איז די פון צו אין דער מיט נישט", ""),
        ],
        words: "",
        letters: "",
    },
];

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
    // Cyrillic, Hebrew and Arabic, Devanagari.
    is_latin || matches!(c, '\u{400}'..='\u{52f}' | '\u{590}'..='\u{6ff}' | '\u{900}'..='\u{97f}')
}

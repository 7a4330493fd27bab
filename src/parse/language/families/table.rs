//! The words and letters that tell families of languages, and languages, from one another.

use whatlang::Lang;

/// Languages that a detector must tell apart, and what tells them from all others.
pub(super) struct Family {
    /// Those that have no words of their own below.
    pub(super) others: &'static [Lang],
    /// Languages with common words and letters that no other language has among its own.
    pub(super) members: &'static [(Lang, &'static str, &'static str)],
    /// Common words and letters of more than one of them.
    pub(super) words: &'static str,
    pub(super) letters: &'static str,
}

pub(super) const FAMILIES: [Family; 11] = [
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

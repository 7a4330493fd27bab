//! Names of months, weekdays and zones in dates: Turkish, English, Russian, German, French, Spanish, Portuguese and
//! Italian, full, genitive and abbreviated.

/// Lower case without accents and marks, Turkish dotless i as i: the form in which the tables below are written.
pub(super) fn fold(word: &str) -> String {
    let lower = word.chars().flat_map(char::to_lowercase);
    lower
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' => 'a',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ğ' => 'g',
            'ñ' => 'n',
            'ş' => 's',
            'ё' => 'е',
            'й' => 'и',
            c => c,
        })
        .collect()
}

/// Number of a folded month name.
pub(super) fn month(word: &str) -> Option<u32> {
    Some(match word {
        "january" | "jan" | "ocak" | "oca" | "января" | "январь" | "янв" | "januar" | "janner" | "jaenner"
        | "janvier" | "janv" | "enero" | "ene" | "janeiro" | "gennaio" | "gen" => 1,
        "february" | "feb" | "subat" | "sub" | "февраля" | "февраль" | "фев" | "февр" | "februar" | "fevrier"
        | "fevr" | "fev" | "febrero" | "fevereiro" | "febbraio" => 2,
        "march" | "mar" | "mart" | "марта" | "март" | "мар" | "marz" | "maerz" | "mrz" | "mars" | "marzo" | "marco" => {
            3
        }
        "april" | "apr" | "nisan" | "nis" | "апреля" | "апрель" | "апр" | "avril" | "avr" | "abril" | "abr"
        | "aprile" => 4,
        "may" | "mayis" | "мая" | "маи" | "mai" | "mayo" | "maio" | "maggio" | "mag" => 5,
        "june" | "jun" | "haziran" | "haz" | "июня" | "июнь" | "июн" | "juni" | "juin" | "junio" | "junho"
        | "giugno" | "giu" => 6,
        "july" | "jul" | "temmuz" | "tem" | "июля" | "июль" | "июл" | "juli" | "juillet" | "juil" | "julio"
        | "julho" | "luglio" | "lug" => 7,
        "august" | "aug" | "agustos" | "agu" | "августа" | "август" | "авг" | "aout" | "agosto" | "ago" => {
            8
        }
        "september" | "sep" | "sept" | "eylul" | "eyl" | "сентября" | "сентябрь" | "сен" | "сент" | "septembre"
        | "septiembre" | "setiembre" | "setembro" | "set" | "settembre" | "sett" => 9,
        "october" | "oct" | "ekim" | "eki" | "октября" | "октябрь" | "окт" | "oktober" | "okt" | "octobre"
        | "octubre" | "outubro" | "out" | "ottobre" | "ott" => 10,
        "november" | "nov" | "kasim" | "kas" | "ноября" | "ноябрь" | "ноя" | "нояб" | "novembre" | "noviembre"
        | "novembro" => 11,
        "december" | "dec" | "aralik" | "ara" | "декабря" | "декабрь" | "дек" | "dezember" | "dez" | "decembre"
        | "diciembre" | "dic" | "dezembro" | "dicembre" => 12,
        _ => return None,
    })
}

/// Whether a folded word names a day of the week.
pub(super) fn is_weekday(word: &str) -> bool {
    const NAMES: &[&str] = &[
        "monday",
        "mon",
        "tuesday",
        "tue",
        "tues",
        "wednesday",
        "wed",
        "thursday",
        "thu",
        "thur",
        "thurs",
        "friday",
        "fri",
        "saturday",
        "sat",
        "sunday",
        "sun",
        "pazartesi",
        "pzt",
        "sali",
        "sal",
        "carsamba",
        "car",
        "persembe",
        "per",
        "cuma",
        "cum",
        "cumartesi",
        "cmt",
        "pazar",
        "paz",
        "понедельник",
        "пн",
        "вторник",
        "вт",
        "среда",
        "ср",
        "четверг",
        "чт",
        "пятница",
        "пт",
        "суббота",
        "сб",
        "воскресенье",
        "вс",
        "montag",
        "mo",
        "dienstag",
        "di",
        "mittwoch",
        "mi",
        "donnerstag",
        "do",
        "freitag",
        "fr",
        "samstag",
        "sonnabend",
        "sa",
        "sonntag",
        "so",
        "lundi",
        "lun",
        "mardi",
        "mar",
        "mercredi",
        "mer",
        "jeudi",
        "jeu",
        "vendredi",
        "ven",
        "samedi",
        "sam",
        "dimanche",
        "dim",
        "lunes",
        "martes",
        "miercoles",
        "mie",
        "jueves",
        "jue",
        "viernes",
        "vie",
        "sabado",
        "sab",
        "domingo",
        "dom",
        "segunda",
        "seg",
        "terca",
        "ter",
        "quarta",
        "qua",
        "quinta",
        "qui",
        "sexta",
        "sex",
        "lunedi",
        "martedi",
        "mercoledi",
        "giovedi",
        "gio",
        "venerdi",
        "domenica",
    ];
    NAMES.contains(&word)
}

/// Hours east of UTC of a zone name (RFC 5322 §4.3). The military letters were defined wrongly in RFC 822 and mean
/// nothing; only `Z` is read.
pub(super) fn zone(name: &str) -> Option<i32> {
    Some(match name.to_ascii_uppercase().as_str() {
        "Z" | "UT" | "UTC" | "GMT" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    })
}

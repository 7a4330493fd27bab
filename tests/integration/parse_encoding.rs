//! Encodings: recognised as wholes, or refused; never mojibake.

use crate::parse_seed::{parsed, refused};
use encoding_rs::Encoding;

const TURKISH: &str = "date 2024-11 https://haber.example.com.tr/a\n\nDışişleri Bakanı Moskova'da çiçekle karşılandı\n\n\
    2024-11-01T13:04+0300\n\nRusya'nın başkenti Moskova'ya resmi ziyaret gerçekleştiren bakan, eşi görülmemiş bir \
    seviyeye çıktığını söyledi. Görüşmenin başına açık kısmında konuşan bakan, iki ülke halklarının refahı için çalıştı.\n";
const RUSSIAN: &str = "Переговоры продолжаются в столице\n\n2024-11-01T13:04+0300\n\nЖители спрашивают, почему вопрос так \
    долго откладывали. Представитель ведомства отказался назвать дату, но цены стреляют вверх и влияют на всех.\n";
const FRENCH: &str = "À Nantes, l'enquête se poursuit\n\n2024-11-01T13:04+0100\n\nLes habitants se demandent pourquoi le projet \
    a été négligé si longtemps. L’été dernier, une porte-parole n'a pas souhaité donner de date à la presse étonnée.\n";
const JAPANESE: &str = "東京で協議再開\n\n2024-11-01T13:04+0900\n\n住民からは、なぜこれほど遅れたのかという声が上がっている。計画では三億円を充てる。会合には約百人が参加した。\n";

fn encoded(text: &str, label: &str) -> Vec<u8> {
    let encoding = Encoding::for_label(label.as_bytes()).expect("a known label");
    let (bytes, _, has_errors) = encoding.encode(text);
    assert!(!has_errors, "{label} cannot hold the sample");
    bytes.into_owned()
}

#[test]
fn legacy_encodings_are_detected_and_reported() {
    for (text, label, name) in [
        (TURKISH, "windows-1254", "windows-1254"),
        (TURKISH, "iso-8859-9", "windows-1254"),
        (RUSSIAN, "windows-1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-"),
        (FRENCH, "windows-1252", "windows-1252"),
        (JAPANESE, "shift_jis", "Shift_JIS"),
        (JAPANESE, "euc-jp", "EUC-JP"),
    ] {
        let from_legacy = parsed(encoded(text, label));
        assert_eq!(from_legacy.item, parsed(text).item, "{label}");
        assert_eq!(from_legacy.repairs.len(), 1, "{label}");
        assert_eq!(from_legacy.repairs[0].code, "legacy_encoding");
        assert!(from_legacy.repairs[0].reason.contains(name), "{label}: {}", from_legacy.repairs[0].reason);
    }
}

#[test]
fn a_lone_accent_in_ascii_text_is_a_legacy_encoding() {
    assert_eq!(parsed(b"The caf\xe9 on the corner\n\nIt has been sold.").item.title, "The café on the corner");
    assert_eq!(parsed(b"\x93No delay\x94, says council\n\nIt said.").item.title, "“No delay”, says council");
}

#[test]
fn glued_words_do_not_make_a_legacy_article_unreadable() {
    let turkish =
        format!("{TURKISH}Sonuçlar dün açıklandıMerkez Bankası bekliyorİstanbul'da karar alındıÇalışmalar sürüyor.");
    let french =
        format!("{FRENCH}La réunion n'a pas duréLes élus se retrouveront après l'étéÀ Nantes, rien ne change.");
    for (text, label) in [(&turkish, "windows-1254"), (&french, "windows-1252")] {
        let from_legacy = parsed(encoded(text, label));
        assert_eq!(from_legacy.item, parsed(text).item, "{label}");
        assert!(from_legacy.repairs.iter().any(|repair| repair.code == "legacy_encoding"));
    }
}

#[test]
fn utf8_between_legacy_text_is_refused() {
    for (text, label, damage) in [(TURKISH, "windows-1254", "için"), (FRENCH, "windows-1252", "für")] {
        let bytes = [&encoded(text, label), damage.as_bytes()].concat();
        assert_eq!(refused(&bytes).code, "invalid_utf8", "{damage}");
    }
}

#[test]
fn letters_in_the_wrong_case_everywhere_are_refused() {
    assert_eq!(refused(b"The plan\n\nIt was a\xd0b and c\xddd and \xe0E then, as nobody said.").code, "invalid_utf8");
}

#[test]
fn byte_order_marks_decide() {
    for text in [TURKISH, RUSSIAN, JAPANESE] {
        let item = parsed(text).item;
        let little: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let utf_8 = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [little, big, utf_8] {
            let parsed = parsed(&bytes);
            assert_eq!(parsed.item, item);
            assert_eq!(parsed.repairs, []);
        }
    }
}

#[test]
fn damaged_utf8_is_refused_with_its_line() {
    let english = "The plan was drawn up\n\n2024-11-01T13:04Z\n\nIt sets aside some money.\n\nResidents asked why.\n";
    for text in [TURKISH, RUSSIAN, FRENCH, JAPANESE, english] {
        for damage in [&b"\xff\xfe\xc3("[..], b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f"] {
            if text == english && damage != b"\xff\xfe\xc3(" {
                continue;
            }
            let mut at = text.len() / 2;
            while !text.is_char_boundary(at) {
                at += 1;
            }
            let mut bytes = text.as_bytes().to_vec();
            bytes.splice(at..at, damage.iter().copied());
            let diagnostic = refused(&bytes);
            assert_eq!(diagnostic.code, "invalid_utf8", "{text}");
            let line = u32::try_from(text[..at].matches('\n').count() + 1).unwrap();
            assert_eq!(diagnostic.line, Some(line));
        }
    }
}

#[test]
fn a_file_cut_inside_a_character_is_refused() {
    let bytes = &RUSSIAN.as_bytes()[..RUSSIAN.len() - 4];
    let cut = if std::str::from_utf8(bytes).is_ok() { &bytes[..bytes.len() - 1] } else { bytes };
    assert_eq!(refused(cut).code, "invalid_utf8");
}

#[test]
fn damage_behind_a_byte_order_mark_is_refused() {
    assert_eq!(refused(b"\xef\xbb\xbfH\n\nB \xe9").code, "invalid_utf8");
    assert_eq!(refused(b"\xff\xfeH\0\n\0\n\0\x00\xd8B\0").code, "invalid_utf16");
    assert_eq!(refused(b"\xff\xfeH\0\0\0").code, "nul");
    assert_eq!(refused(b"H\0\n\0").code, "nul");
}

#[test]
fn damaged_utf8_in_otherwise_ascii_text_is_refused() {
    for damage in [
        // Cut emoji, quotation mark and kana; emoji in two surrogates; NUL in two bytes.
        &b"\xf0\x9f\x98"[..],
        b"\xf0\x9f",
        b"\xe2\x80",
        b"\xe3\x81",
        b"\xed\xa0\xbd\xed\xb8\x80",
        b"\xc0\x80",
    ] {
        for (before, after) in
            [("Minister resigns over affair ", ""), ("The minister", " resigns"), ("The minister", "s")]
        {
            let bytes =
                [b"The plan\n\n", before.as_bytes(), damage, after.as_bytes(), b"\n\nIt was drawn up.\n"].concat();
            let diagnostic = refused(&bytes);
            assert_eq!((diagnostic.code, diagnostic.line), ("invalid_utf8", Some(3)), "{damage:x?} {after}");
        }
    }
    let twice = b"The minister\xe2\x80 said \xf0\x9f\x98 and a \xe2\x82 left\n\nIt was drawn up.\n";
    assert_eq!(refused(twice).code, "invalid_utf8");
}

#[test]
fn legacy_text_with_a_pair_like_utf8_is_still_read() {
    for (bytes, title) in [
        (&b"The caf\xe9\x92s owner speaks\n\nIt has been sold."[..], "The café’s owner speaks"),
        (b"Beyonc\xe9\x97live in the city\n\nIt was sold out.", "Beyoncé—live in the city"),
        (b"\x93The caf\xe9\x94 is sold\n\nIt said so.", "“The café” is sold"),
        (b"Un caf\xe9\xa0? Jamais\n\nIl est parti \xe0 Paris.", "Un café\u{a0}? Jamais"),
    ] {
        let parsed = parsed(bytes);
        assert_eq!(parsed.item.title, title);
        assert_eq!(parsed.repairs[0].code, "legacy_encoding");
    }
}

#[test]
fn japanese_in_seven_bits_is_read_or_refused() {
    let (bytes, ..) = encoding_rs::ISO_2022_JP.encode(JAPANESE);
    assert!(bytes.is_ascii());
    let from_mail = parsed(&bytes);
    assert_eq!(from_mail.item, parsed(JAPANESE).item);
    assert_eq!((from_mail.repairs.len(), from_mail.repairs[0].code), (1, "legacy_encoding"));
    assert!(from_mail.repairs[0].reason.contains("ISO-2022-JP"));
    assert_eq!(parsed(b"Price \x1b(J\\100\x1b(B\n\nBody").item.title, "Price ¥100");
    assert_eq!(refused(b"H\n\nB \x1b$B!\n\nmore").code, "invalid_utf8");
    assert_eq!(refused(b"H\n\nB \x1b$B\0").code, "nul");
}

#[test]
fn escapes_for_terminals_are_no_encoding() {
    let parsed = parsed(b"A \x1b[1mbold\x1b(B\x1b[m headline\n\nBody");
    assert_eq!(parsed.item.title, "A [1mbold(B[m headline");
    assert_eq!(parsed.repairs[0].code, "illegal_characters");
}

#[test]
fn letters_that_no_language_has_together_tell_the_neighbour_of_an_encoding() {
    for (label, text) in [
        (
            "windows-1252",
            "A audiência não foi adiada\n\nAs ações da empresa subiram. O ministro não comentou a decisão, mas a audiência \
             pública está marcada para a próxima semana, segundo a direção.",
        ),
        (
            "windows-1250",
            "W piątek nowa ustawa\n\nRząd przyjął w piątek projekt. Premier powiedział, że będą nowe zasady dla gmin, a wójt \
             zapowiedział zmianę planu.",
        ),
        (
            "windows-1250",
            "A jövő évi költségvetés\n\nA kormány elfogadta a jövő évi költségvetést. A miniszter szerint a nőknek és az időseknek \
             több jut, és a gyűlés után a fűtés ára is csökken.",
        ),
    ] {
        for url in ["", "date 2024-11 https://site.example/a\n\n", "date 2024-11 https://site.com/a\n\n"] {
            let (title, body) = text.split_once("\n\n").unwrap();
            let item = parsed(encoded(&format!("{url}{title}\n\n2024-11-01T13:04Z\n\n{body}"), label)).item;
            assert_eq!((item.title.as_str(), item.content), (title, format!("<p>{body}</p>")));
        }
    }
}

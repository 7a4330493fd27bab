//! Which block is what, when parts are missing and gaps are wide.

use crate::parse_seed::{Given, parsed, pieces, refused, with_body};
use proptest::prelude::*;

const HEADER: &str = " date 2024-11 https://site.example/20241101/slug-1089925937.html";

#[test]
fn parts_may_be_missing() {
    let all = ["H", "D", "2024-11-01", "2024-11-01T13:04Z", "2024-11-01T13:17Z", "B"];
    for missing in 1..1_u32 << 5 {
        let kept = all.iter().enumerate().filter(|(at, _)| *at == 0 || missing & (1 << (at - 1)) == 0);
        let kept: Vec<_> = kept.map(|(_, block)| *block).collect();
        let has_times = kept.iter().any(|block| block.starts_with("2024"));
        for header in ["", HEADER] {
            let seed = format!("{header}\n\n{}\n", kept.join("\n\n"));
            let item = parsed(&seed).item;
            assert_eq!(item.title, "H", "{seed}");
            // Without times nothing tells a description from the first paragraph; the summary is the same.
            let body = match (kept.contains(&"D"), kept.contains(&"B"), has_times) {
                (true, true, false) => "<p>D</p><p>B</p>",
                (true, false, false) => "<p>D</p>",
                (_, true, _) => "<p>B</p>",
                _ => "",
            };
            assert_eq!(item.content, body, "{seed}");
            assert!(item.summary.is_none_or(|summary| summary.starts_with(if kept.contains(&"D") {
                "D"
            } else {
                "B"
            })));
        }
    }
}

#[test]
fn line_ends_marks_and_spaces_do_not_matter() {
    let seed = format!("{HEADER}\n\nH\n\nD\n\n2024-11-01T13:04Z\n\nB one\n\nB two\n");
    let plain = parsed(&seed);
    let variants = [
        seed.replace('\n', "\r\n"),
        seed.replace('\n', "\r"),
        seed.replace('\n', "  \n"),
        seed.replace('\n', "\n\n"),
        seed.replace("\n\n", "\n\n\n"),
        seed.replace("\n\n", "\n \t\n\u{a0}\n\n"),
        format!("\u{feff}{seed}"),
        format!("\n\n\n{seed}\n\n"),
        seed.trim().to_owned(),
        seed.replacen("\n\n", "\n", 1),
    ];
    for variant in variants {
        assert_eq!(parsed(&variant).item, plain.item, "{variant:?}");
    }
}

#[test]
fn an_empty_file_is_refused() {
    for seed in ["", "\n", " \r\n\t\n", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(refused(seed).code, "empty", "{seed:?}");
    }
}

#[test]
fn a_seed_without_headline_is_refused() {
    let seeds = [
        // An empty headline as a writer of the format leaves it, with and without description.
        format!("{HEADER}\n\n\n\nD\n\n2024-11-01\n\n2024-11-01T13:04Z\n\n2024-11-01T13:17Z\n\nB\n"),
        format!("{HEADER}\n\n\n\nD\n\n2024-11-01T13:04Z\n\n\n\nB\n"),
        format!("{HEADER}\n\n\n\n\n\n2024-11-01\n\n2024-11-01T13:04Z\n\nB\n"),
        format!("{HEADER}\n\n2024-11-01\n\nB\n"),
        format!("{HEADER}\n\n2024-13-45T99:99\n\nB\n"),
        format!("{HEADER}\n\n2024-11-01\n2024-11-01T13:04Z\n\nB\n"),
        format!("{HEADER}\n"),
        "2024-11-01\n\nB\n".into(),
        format!("{HEADER}\n\n\u{200b}\u{202e}\n\n2024-11-01T13:04Z\n\nB\n"),
    ];
    for seed in seeds {
        assert_eq!(refused(&seed).code, "no_title", "{seed:?}");
    }
}

#[test]
fn wide_gaps_do_not_cost_the_headline() {
    let seeds = [
        format!("{HEADER}\n\n\n\nH\n\nD\n\n2024-11-01T13:04Z\n\nB\n"),
        format!("{HEADER}\n\n\nH\n\n2024-11-01T13:04Z\n\nB\n"),
        format!("{HEADER}\n\n\n\nH\n\n\n\n2024-11-01T13:04Z\n\n\n\nB\n"),
        format!("{HEADER}\n\nH\n\n\n\n2024-11-01T13:04Z\n\n\n\nB\n"),
        "\n\n\n\nH\n\n2024-11-01T13:04Z\n\nB\n".into(),
    ];
    for seed in seeds {
        let item = parsed(&seed).item;
        assert_eq!((item.title.as_str(), item.content.as_str()), ("H", "<p>B</p>"), "{seed:?}");
    }
}

const TIMES: &str = "2024-11-01\n\n2024-11-01T13:04+0300\n\n2024-11-01T13:17+0300";

/// The times of [`TIMES`], a body of one paragraph, and nothing to repair.
#[track_caller]
fn has_its_times(seed: &str) -> seedcast::item::Item {
    let parsed = parsed(seed);
    let times = parsed.item.times;
    assert_eq!(times.published.to_rfc3339(), "2024-11-01T13:04:00+03:00", "{seed:?}");
    assert_eq!(times.updated.to_rfc3339(), "2024-11-01T13:17:00+03:00", "{seed:?}");
    assert_eq!((parsed.item.title.as_str(), parsed.item.content.as_str()), ("H", "<p>B</p>"), "{seed:?}");
    assert_eq!(parsed.repairs, [], "{seed:?}");
    parsed.item
}

#[test]
fn times_after_a_description_of_several_blocks_are_the_article_s() {
    for blocks in 1..=4 {
        let description = ["Desc one.", "Desc two.", "Desc three.", "Desc four."][..blocks].to_vec();
        for header in ["", HEADER] {
            let item = has_its_times(&format!("{header}\n\nH\n\n{}\n\n{TIMES}\n\nB\n", description.join("\n\n")));
            assert_eq!(item.summary, Some(description.join(" ")));
        }
    }
}

#[test]
fn a_description_whose_first_block_repeats_the_headline_is_what_follows() {
    let item = has_its_times(&format!("{HEADER}\n\nH\n\nh\n\nDesc two.\n\n{TIMES}\n\nB\n"));
    assert_eq!(item.summary.as_deref(), Some("Desc two."));
}

#[test]
fn times_on_lines_of_one_block_are_the_article_s() {
    let lines = TIMES.replace("\n\n", "\n");
    for description in ["", "Desc.\n\n", "Desc one.\n\nDesc two.\n\n"] {
        has_its_times(&format!("{HEADER}\n\nH\n\n{description}{lines}\n\nB\n"));
        has_its_times(&format!("{HEADER}\n\nH\n\n{description}{}\n\nB\n", TIMES.replacen("\n\n", "\n", 1)));
    }
    has_its_times(&format!("{HEADER}\n\nH\n\n{}\n\nB\n", lines.replace('\n', "  \r\n\t")));
}

#[test]
fn a_time_that_is_broken_over_two_lines_is_one() {
    let parsed = parsed("H\n\nD\n\n2024-11-01\n13:04\n\nB");
    assert_eq!(parsed.item.times.published.to_rfc3339(), "2024-11-01T13:04:00+00:00");
}

#[test]
fn marks_of_direction_around_times_do_not_matter() {
    for mark in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').chain(['\u{200e}', '\u{200f}']) {
        let marked = |separator: &str| {
            TIMES.split("\n\n").map(|time| format!("{mark}{time}{mark}")).collect::<Vec<_>>().join(separator)
        };
        for separator in ["\n\n", "\n", "\n \n"] {
            has_its_times(&format!("{HEADER}\n\nH\n\nD\n\n{}\n\nB\n", marked(separator)));
        }
    }
}

#[test]
fn a_time_that_stays_in_the_body_is_reported() {
    let far = "P1\n\nP2\n\nP3\n\nP4\n\nP5";
    for (seed, line) in [
        (format!("H\n\nD\n\n{TIMES}\n\nB\n\n2024-11-02\n\nB"), 13),
        (format!("H\n\n{far}\n\n{TIMES}\n\nB"), 13),
        (format!("H\n\n{far}\n\n{}\n\nB", TIMES.replace("\n\n", "\n")), 13),
        // Words and what can be no time may well be meant as text where a paragraph has gone before.
        ("H\n\nP1\n\nP2\n\n1 Kasım 2024\n\nP3".into(), 7),
        ("H\n\nP1\n\nP2\n\n03/04/2024\n\nP3".into(), 7),
    ] {
        let parsed = parsed(&seed);
        let repair = parsed.repairs.last().unwrap();
        assert_eq!((parsed.repairs.len(), repair.code, repair.line), (1, "time_in_body", Some(line)), "{seed:?}");
        let named = seed.lines().nth(line as usize - 1).unwrap();
        assert!(repair.reason.contains(named) && parsed.item.content.contains(named), "{repair:?}");
    }
}

#[test]
fn a_block_in_the_place_of_the_times_that_begins_with_a_date_is_reported() {
    for (seed, line) in [
        ("H\n\n2024-11-01 - 13:04\n\nB", 3),
        ("H\n\nD\n\n2024-11-01 - 13:04\n\nB", 5),
        ("H\n\nD\n\n01.11.2024 - 05.11.2024\n\nB", 5),
        ("H\n\nD\n\n03/04/2024 - 13:04\n\nB", 5),
        ("H\n\nD\n\n1 Kasım 2024 öğleden sonra\n\nB", 5),
        ("H\n\nD\n\n2024-11-01 - 13:04\n\n2024-11-01T13:17Z\n\nB", 5),
        ("H\n\nD\n\n2024-11-01T13:04Z\n\n2024-11-01 - 13:17\n\nB", 7),
        ("H\n\nD\n\n2024-11-01T13:04Z\nAnd a body that is glued to it.\n\nB", 5),
    ] {
        let parsed = parsed(seed);
        let [repair] = &parsed.repairs[..] else { panic!("{seed:?}: {:?}", parsed.repairs) };
        assert_eq!((repair.code, repair.line), ("unread_time", Some(line)), "{seed:?}");
        assert!(repair.reason.contains(&format!("`{}`", seed.lines().nth(line as usize - 1).unwrap())), "{repair:?}");
    }
    let sentence = "1 Kasım 2024 tarihinde yapılan açıklamada, konuyla ilgili bütün ayrıntıların daha sonra duyurulacağı belirtildi.";
    for seed in [with_body(sentence), with_body("Words.\n\n2024-11-01 - 13:04"), format!("H\n\n{sentence}")] {
        assert_eq!(parsed(&seed).repairs, [], "{seed:?}");
    }
}

#[test]
fn what_is_no_article_is_refused_with_what_was_found() {
    for (text, line, found) in [
        ("<!DOCTYPE html>\n<html lang=\"en\">\n<title>x</title>", 1, "a web page (`<!DOCTYPE html>`)"),
        ("\n\n  <HTML>\n", 3, "a web page (`<HTML>`)"),
        ("\u{feff}<?xml version=\"1.0\"?>\n<rss/>", 1, "an XML document (`<?xml version=\"1.0\"?>`)"),
        ("---\r\ntitle: x\r\n---\r\n\r\ntext", 1, "front matter (`---`)"),
        ("<rss version=\"2.0\">\n<channel>", 1, "a feed (`<rss version=\"2.0\">`)"),
        ("<feed xmlns=\"http://www.w3.org/2005/Atom\">", 1, "a feed"),
        ("<head>\n<title>x</title>", 1, "a web page (`<head>`)"),
        ("{\"title\": \"x\"}", 1, "JSON (`{\"title\": \"x\"}`)"),
        ("\n{\n  \"title\": \"x\"\n}", 2, "JSON (`{`)"),
        ("[{\"title\": \"x\"}]", 1, "JSON"),
        ("From: a@site.example\nTo: b@site.example\nSubject: x\n\nText", 1, "a mail (`From: a@site.example`)"),
        ("Subject: x\r\nDate: Fri, 1 Nov 2024 13:04:00 +0300\r\n\r\nText", 1, "a mail (`Subject: x`)"),
    ] {
        let diagnostic = refused(text);
        assert_eq!((diagnostic.code, diagnostic.line), ("not_a_seed", Some(line)), "{text}");
        assert!(diagnostic.reason.contains(found), "{}", diagnostic.reason);
    }
    for headline in [
        "<b>Bold</b>",
        "--- and now",
        "----",
        "<htm",
        "Why <html> matters",
        "<ş",
        "—",
        "{x}",
        "To: the president",
        "From: here\nto eternity",
    ] {
        assert_eq!(parsed(format!("{headline}\n\nB")).item.title, headline.replace('\n', " "));
    }
}

#[test]
fn a_picture_is_refused() {
    let jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x43\x00\x08\x06\x06";
    assert_eq!(refused(jpeg).code, "nul");
    let png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00";
    assert_eq!(refused(png).code, "nul");
}

#[test]
fn a_headline_without_a_blank_line_behind_it_is_told() {
    let long = "word ".repeat(80);
    for (headline, lines) in [("One\nTwo\nThree".to_owned(), 3), (format!("One\n{long}"), 2)] {
        let seed = parsed(format!("date 2024-11 https://site.example/a\n\n{headline}\n\n2024-11-01T13:04Z\n\nB"));
        let told: Vec<_> = seed.repairs.iter().filter(|one| one.code == "long_headline_block").collect();
        let reason = format!("the headline has {lines} lines; put a blank line after the first if the rest is text");
        assert_eq!(
            told.iter().map(|one| (one.line, one.reason.as_str())).collect::<Vec<_>>(),
            [(Some(3), reason.as_str())]
        );
        assert_eq!(seed.item.content, "<p>B</p>");
    }
    // Headlines of two lines are common, and one line is never too many.
    for headline in ["One\nTwo", &long] {
        let seed = parsed(format!("{headline}\n\nB"));
        assert!(seed.repairs.iter().all(|one| one.code != "long_headline_block"), "{:?}", seed.repairs);
    }
}

#[test]
fn a_headline_that_begins_with_date_is_no_header() {
    for headline in ["Date night", "date", "Date 2024-11 is near", "date with https://site.example/a"] {
        assert_eq!(parsed(format!("{headline}\n\nB")).item.title, headline);
    }
}

#[test]
fn a_url_that_leads_nowhere_is_left_out_and_reported() {
    for url in ["/relative/path", "javascript:alert(1)", "ftp://site.example/a", "https://", "http:///"] {
        let parsed = parsed(format!("\r\ndate 2024-11 {url}\r\n\r\nH\r\n\r\nB"));
        assert_eq!(parsed.item.url, None, "{url}");
        assert_eq!(parsed.item.source, None);
        assert_eq!(parsed.item.id.as_str(), "tag:example.org,2026:seed.txt");
        assert_eq!((parsed.repairs[0].code, parsed.repairs[0].line), ("bad_url", Some(2)));
    }
}

#[test]
fn the_summary_is_the_description_unless_that_repeats_the_headline() {
    let summary = |description: &str| {
        let seed = format!("KIŞ  istanbul'da İLK\n\n{description}\n\n2024-11-01T13:04Z\n\nFirst. Second.");
        parsed(seed).item.summary.unwrap()
    };
    assert_eq!(summary("Something else"), "Something else");
    assert_eq!(summary("Kış İstanbul'da ilk"), "First. Second.");
    assert_eq!(summary("KIŞ İSTANBUL'DA  ilk"), "First. Second.");
}

#[test]
fn a_long_summary_ends_with_a_sentence() {
    let body = format!("{}Then more{}.", "One sentence of this text. ".repeat(8), " and more".repeat(40));
    let item = parsed(format!("H\n\n2024-11-01T13:04Z\n\n{body}")).item;
    assert_eq!(item.summary.unwrap(), "One sentence of this text. ".repeat(8).trim_end());
}

#[test]
fn a_long_sentence_is_cut_between_words_with_an_ellipsis() {
    let item = parsed(format!("H\n\n2024-11-01T13:04Z\n\n{}", "word ".repeat(100))).item;
    let summary = item.summary.unwrap();
    assert!(summary.ends_with("word…") && summary.chars().count() <= 301 && summary.chars().count() > 280, "{summary}");
}

#[test]
fn a_text_without_spaces_is_never_cut_inside_a_grapheme() {
    let family = "👨‍👩‍👧‍👦";
    let item = parsed(format!("H\n\n2024-11-01T13:04Z\n\n{}", family.repeat(100))).item;
    let summary = item.summary.unwrap();
    assert_eq!(summary.trim_end_matches('…').replace(family, ""), "");
    assert!(summary.chars().count() > 250);
}

#[test]
fn a_summary_counts_characters_before_escaping() {
    let item = parsed(format!("H\n\n2024-11-01T13:04Z\n\n{}", "& < >".repeat(50))).item;
    assert_eq!(item.summary.unwrap(), "& < >".repeat(50));
}

#[test]
fn there_is_no_summary_where_nothing_goes_beyond_the_title() {
    assert_eq!(parsed("H\n\nh\n\n2024-11-01T13:04Z").item.summary, None);
    assert_eq!(parsed("H").item.summary, None);
}

#[test]
fn a_text_without_headline_keeps_what_its_title_cannot_hold() {
    let text = "All in one block. ".repeat(100);
    let parsed = parsed(&text);
    assert!(parsed.item.title.chars().count() <= 301);
    assert_eq!(parsed.repairs[0].code, "long_title");
    assert_eq!(pieces(&parsed.item.content)[0].1, text.trim());
}

#[test]
fn directories_are_categories_unless_turned_off() {
    let given = Given::at("dunya/asya/dunya/x.txt");
    assert_eq!(given.parse("H").unwrap().item.categories, ["dunya", "asya"]);
    let given = Given { directory_categories: false, ..given };
    assert_eq!(given.parse("H").unwrap().item.categories, [] as [&str; 0]);
}

#[test]
fn directory_names_become_clean_terms() {
    let path = seedcast::item::SeedPath::from_bytes(b"d\xfcnya/ a \n b /\x01/x.txt");
    let given = Given { path, ..Given::default() };
    assert_eq!(given.parse("H").unwrap().item.categories, ["d\u{fffd}nya", "a b"]);
}

#[test]
fn a_declared_language_wins_and_the_site_s_fills_in() {
    let language = |tag| seedcast::item::Language::new(tag);
    let turkish = with_body(
        "Rusya'nın başkenti Moskova'ya resmi ziyaret gerçekleştiren bakan, Dışişleri Bakanı tarafından karşılandı.",
    );
    let of = |given: Given, seed: &str| given.parse(seed).unwrap().item.language.map(|language| language.to_string());
    assert_eq!(of(Given::default(), &turkish).as_deref(), Some("tr"));
    let declared = Given { language: language("de"), fallback_language: language("en"), ..Given::default() };
    assert_eq!(of(declared, &turkish).as_deref(), Some("de"));
    let fallback = || Given { fallback_language: language("en"), ..Given::default() };
    assert_eq!(of(fallback(), &turkish).as_deref(), Some("tr"));
    assert_eq!(of(fallback(), "12 345").as_deref(), Some("en"));
    assert_eq!(of(Given::default(), "12 345"), None);
}

#[test]
fn languages_of_many_scripts_are_told_apart() {
    let samples = [
        (
            "en",
            "Some people took part in the meeting, most of them from the city, and asked why the plan had been left for so long.",
        ),
        (
            "de",
            "Eine Sprecherin des Ministeriums wollte keinen Termin nennen, obwohl die Arbeiten noch in diesem Jahr beginnen würden.",
        ),
        (
            "fr",
            "Les habitants de la ville se demandent pourquoi le projet a été négligé si longtemps par les autorités.",
        ),
        (
            "ru",
            "Жители спрашивают, почему вопрос так долго откладывали, представитель ведомства отказался назвать дату.",
        ),
        (
            "nl",
            "De bewoners van de stad vragen zich af waarom het plan zo lang is blijven liggen en wie daar iets aan gaat doen.",
        ),
        (
            "sv",
            "Invånarna i staden undrar varför planen har blivit liggande så länge och vem som ska göra något åt saken nu.",
        ),
        (
            "it",
            "Gli abitanti della città si chiedono perché il progetto sia stato trascurato così a lungo dalle autorità locali.",
        ),
        (
            "pt",
            "Os moradores da cidade perguntam por que razão o projeto foi deixado de lado durante tanto tempo pelas autoridades.",
        ),
        (
            "es",
            "Los vecinos de la ciudad se preguntan por qué el proyecto ha quedado olvidado durante tanto tiempo en un cajón.",
        ),
        (
            "ca",
            "Els veïns de la ciutat es pregunten per què el projecte ha quedat oblidat durant tant de temps en un calaix.",
        ),
        (
            "ro",
            "Locuitorii orașului se întreabă de ce proiectul a fost lăsat atât de mult timp deoparte de către autorități.",
        ),
        (
            "cs",
            "Obyvatelé města se ptají, proč byl projekt tak dlouho odkládán a kdo s tím konečně něco udělá ještě letos.",
        ),
        (
            "pl",
            "Mieszkańcy miasta pytają, dlaczego projekt był tak długo odkładany i kto wreszcie coś z tym zrobi w tym roku.",
        ),
        ("ka", "ქალაქის მცხოვრებლები კითხულობენ, რატომ გადაიდო პროექტი ამდენი ხნით და ვინ გააკეთებს რამეს."),
        ("hy", "Քաղաքի բնակիչները հարցնում են, թե ինչու է նախագիծը այդքան երկար հետաձգվել և ով ինչ-որ բան կանի։"),
        ("te", "ఈ పథకం ఇంత కాలం ఎందుకు వాయిదా పడిందని నగర వాసులు అడుగుతున్నారు, ఈ ఏడాది ఎవరు ఏదైనా చేస్తారో చూడాలి."),
        (
            "ar",
            "يسأل سكان المدينة عن سبب إهمال هذا المشروع مع أن السلطات قد وعدت بعد الاجتماع في العام الماضي بأن تبدأ الأعمال في الربيع.",
        ),
        (
            "fa",
            "ساکنان شهر می‌پرسند که چرا این طرح برای مدت طولانی کنار گذاشته شد و چه کسی باید در این باره کاری را انجام دهد که وعده آن داده شد.",
        ),
        (
            "ur",
            "شہر کے رہنے والے پوچھتے ہیں کہ اس منصوبے کو اتنے عرصے تک کیوں نظر انداز کیا گیا اور حکومت نے اس سال کے آخر میں کیا کرنے کا فیصلہ کیا ہے۔",
        ),
        ("hi", "शहर के लोग पूछ रहे हैं कि यह योजना इतने समय तक क्यों टाली गई और इस साल के अंत में सरकार ने क्या करने का फैसला किया है।"),
        (
            "mr",
            "शहरातील रहिवासी विचारत आहेत की हा प्रकल्प इतका काळ का रखडला आणि या वर्षी सरकार काय करणार आहे, कारण निधी मंजूर झाला आहे आणि काम सुरू होते.",
        ),
        (
            "ne",
            "सहरका बासिन्दाहरूले यो योजना किन यति लामो समयसम्म रोकियो भनेर सोधेका छन् र यस वर्ष सरकारले के गर्ने भएको छ भन्ने प्रश्न पनि उठेको छ।",
        ),
        (
            "he",
            "תושבי העיר שואלים מדוע הוזנחה התוכנית זמן רב כל כך על ידי הרשויות, כי היא אושרה לפני שנה גם על ידי הממשלה והוא לא יודע מי של העירייה.",
        ),
        (
            "hu",
            "A város lakói azt kérdezik, hogy miért halogatták ilyen sokáig a tervet, és hogy ki fog már végre tenni valamit.",
        ),
        (
            "fi",
            "Kaupungin asukkaat kysyvät, miksi hanke on saanut odottaa näin kauan ja kuka asialle aikoo vihdoin tehdä jotain.",
        ),
        (
            "id",
            "Warga kota bertanya mengapa rencana itu begitu lama dibiarkan dan siapa yang akan melakukan sesuatu untuk itu.",
        ),
        ("vi", "Người dân thành phố hỏi vì sao kế hoạch bị bỏ quên lâu như vậy và ai sẽ làm điều gì đó trong năm nay."),
        // Of a family of its own: nothing but a comparison with every language tells.
        (
            "cy",
            "Mae trigolion y ddinas yn gofyn pam y cafodd y cynllun ei adael cyhyd a phwy fydd yn gwneud rhywbeth yn ei gylch eleni.",
        ),
        ("ja", "住民からは、なぜこれほど遅れたのかという声が上がっている。"),
        ("zh", "当地居民询问此事为何拖延至今，其中多数来自该市。"),
        ("ko", "주민들은 왜 이렇게 오래 걸렸는지 묻고 있다."),
        ("el", "Οι κάτοικοι ρωτούν γιατί καθυστέρησε τόσο πολύ το έργο."),
        ("he", "התושבים שואלים מדוע התוכנית התעכבה זמן רב כל כך."),
        ("hi", "निवासी पूछ रहे हैं कि इतनी देर क्यों हुई और बैठक में कितने लोगों ने भाग लिया।"),
        ("th", "ชาวบ้านถามว่าทำไมโครงการจึงล่าช้ามานาน"),
    ];
    for (tag, text) in samples {
        let title = text.split(' ').next().unwrap();
        let item = parsed(format!("{title}\n\n2024-11-01T13:04Z\n\n{text} {text}")).item;
        assert_eq!(item.language.map(|language| language.to_string()).as_deref(), Some(tag));
    }
}

/// The row of fields as a program writes it: every field followed by a blank line, empty ones too.
fn written(fields: [&str; 7]) -> String {
    format!("{}\n", fields.join("\n\n"))
}

proptest! {
    #[test]
    fn every_way_to_leave_fields_empty_is_read_right(
        headline in prop::option::weighted(0.7, "[A-Z][a-z]{2,9}( [a-z]{1,9}){0,4}"),
        description in prop::option::of("[A-Z][a-z]{2,9}( [a-z]{1,9}){0,9}"),
        has_day in any::<bool>(),
        has_updated in any::<bool>(),
        body in "[A-Z][a-z]{2,9}( [a-z]{1,9}){3,20}",
    ) {
        let seed = written([
            HEADER,
            headline.as_deref().unwrap_or(""),
            description.as_deref().unwrap_or(""),
            if has_day { "2024-11-01" } else { "" },
            "2024-11-01T13:04+0300",
            if has_updated { "2024-11-01T13:17+0300" } else { "" },
            &body,
        ]);
        let result = Given::default().parse(&seed);
        match headline {
            Some(headline) => {
                let item = result.unwrap().item;
                prop_assert_eq!(item.title, headline);
                prop_assert_eq!(item.content, format!("<p>{body}</p>"));
                prop_assert_eq!(item.times.published.to_rfc3339(), "2024-11-01T13:04:00+03:00");
                let updated = if has_updated { "2024-11-01T13:17:00+03:00" } else { "2024-11-01T13:04:00+03:00" };
                prop_assert_eq!(item.times.updated.to_rfc3339(), updated);
            }
            // With the day empty as well, every gap is wide, and a lone block cannot be told from a headline.
            None if description.is_some() && !has_day => {}
            None => prop_assert_eq!(result.unwrap_err().code, "no_title"),
        }
    }
}

#[test]
fn lines_of_invisible_characters_are_blank() {
    for invisible in ["\u{200b}", "\u{ad}", "\u{feff}", "\u{200b}\u{2060} \u{200e}", "\u{fe0f}", " \u{34f}\u{3164}"] {
        let seed = format!(
            "{invisible}\n{HEADER}\n{invisible}\nH\n{invisible}\nDesc one.\n{invisible}\nDesc two.\n\n{invisible}\n\n\
             2024-11-01T13:04Z\n{invisible}\n2024-11-01T13:17Z\n\n{invisible}\n\nB one\n{invisible}\n\n\nB two\n\n{invisible}\n"
        );
        let item = parsed(&seed).item;
        assert_eq!(item.title, "H", "{invisible:?}");
        assert_eq!(item.summary.as_deref(), Some("Desc one. Desc two."), "{invisible:?}");
        assert_eq!(item.content, "<p>B one</p><p>B two</p>", "{invisible:?}");
        assert_eq!(item.times.updated.to_rfc3339(), "2024-11-01T13:17:00+00:00", "{invisible:?}");
        assert_eq!(refused(format!("{invisible}\n\n{invisible}")).code, "empty", "{invisible:?}");
        let repeated = parsed(format!("H\n\n{invisible}\n\nH\n{invisible}\n2024-11-01T13:04Z\n{invisible}\nB")).item;
        assert_eq!((repeated.summary.as_deref(), repeated.content.as_str()), (Some("B"), "<p>B</p>"), "{invisible:?}");
    }
    let shown = parsed("H\n\n\u{200b}A\n\u{200f}ב\n\u{ad}\u{301}x").item;
    assert_eq!(shown.content, "<p>\u{200b}A\n\u{200f}ב\n\u{ad}\u{301}x</p>");
}

//! Paragraphs that extraction has glued together.

use crate::parse_seed::{parsed, pieces, with_body};
use proptest::prelude::*;

/// The pieces of a body, subheadings in brackets, joined by ` | `.
fn parted(body: &str) -> String {
    let item = parsed(with_body(body)).item;
    let pieces = pieces(&item.content);
    let shown: Vec<_> =
        pieces.into_iter().map(|(tag, text)| if tag == "h3" { format!("[{text}]") } else { text }).collect();
    shown.join(" | ")
}

#[test]
fn a_sentence_end_and_a_capital_without_space_part_paragraphs() {
    assert_eq!(parted("çiçekle karşılandı.Yaroslavskiy Garı'nda."), "çiçekle karşılandı. | Yaroslavskiy Garı'nda.");
    assert_eq!(parted("Oldu!Sonra ne?İyi…Çok güzel."), "Oldu! | Sonra ne? | İyi… | Çok güzel.");
    assert_eq!(parted("Он ушёл.Она осталась."), "Он ушёл. | Она осталась.");
    assert_eq!(parted("in 2024.Then it ended"), "in 2024. | Then it ended");
    assert_eq!(parted("rose by 5%.Then it fell"), "rose by 5%. | Then it fell");
    assert_eq!(parted("joined NATO.Lavrov said"), "joined NATO. | Lavrov said");
    assert_eq!(parted("(as he said.)Then"), "(as he said.) | Then");
}

#[test]
fn quotation_marks_stay_with_their_sentence() {
    assert_eq!(parted("\"We won.\"Then they left."), "\"We won.\" | Then they left.");
    assert_eq!(parted("They left.\"We won,\" he said."), "They left. | \"We won,\" he said.");
    assert_eq!(parted("“We won.”Then"), "“We won.” | Then");
    assert_eq!(parted("He left.“We won,” she said.“Yes.”"), "He left. | “We won,” she said. | “Yes.”");
    assert_eq!(parted("Er ging.„Wir siegten.“Dann kam er."), "Er ging. | „Wir siegten.“ | Dann kam er.");
    assert_eq!(parted("Il part.« Oui », dit-il."), "Il part. | « Oui », dit-il.");
    assert_eq!(parted("Он ушёл.«Мы победили».Она"), "Он ушёл. | «Мы победили». | Она");
    assert_eq!(parted("'Biz kazandık.'Sonra gitti."), "'Biz kazandık.' | Sonra gitti.");
}

#[test]
fn a_closing_mark_stays_with_a_quotation_of_several_paragraphs() {
    assert_eq!(
        parted(
            "Bakan şöyle dedi: \"İlk hedefimiz bu.İkinci hedefimiz ise şu. Bunu yapacağız.\"Bakan daha sonra \
             ayrıldı.\"Biz hazırız\" diyen vali de geldi."
        ),
        "Bakan şöyle dedi: \"İlk hedefimiz bu. | İkinci hedefimiz ise şu. Bunu yapacağız.\" | Bakan daha sonra \
         ayrıldı. | \"Biz hazırız\" diyen vali de geldi."
    );
    assert_eq!(
        parted("Er sagte: „Wir wollen das.Wir bleiben dran.“Danach ging er."),
        "Er sagte: „Wir wollen das. | Wir bleiben dran.“ | Danach ging er."
    );
    assert_eq!(
        parted("Он сказал: «Мы победим.Мы продолжим.»Потом он ушёл."),
        "Он сказал: «Мы победим. | Мы продолжим.» | Потом он ушёл."
    );
    assert_eq!(
        parted("She said: \"We won.We will go on.And on.\"Then she left.\"Yes,\" he said."),
        "She said: \"We won. | We will go on. | And on.\" | Then she left. | \"Yes,\" he said."
    );
    assert_eq!(parted("Dedi: 'Geldik.Gördük.'Sonra gitti."), "Dedi: 'Geldik. | Gördük.' | Sonra gitti.");
}

#[test]
fn a_quotation_left_open_ends_with_its_block_and_at_a_subheading() {
    assert_eq!(parted("Dedi: \"Geldik.\n\nGittik.\"Biz\" dedi."), "Dedi: \"Geldik. | Gittik. | \"Biz\" dedi.");
    assert_eq!(
        parted("Dedi: \"Geldik.'Yeni bir gün'Sonra gitti.\"Biz\" dedi."),
        "Dedi: \"Geldik. | [Yeni bir gün] | Sonra gitti. | \"Biz\" dedi."
    );
}

#[test]
fn a_shortened_year_opens_no_quotation() {
    assert_eq!(
        parted("Bunlar '90'larda oldu.Sonra bitti.'Yeni bir gün'Kuzey"),
        "Bunlar '90'larda oldu. | Sonra bitti. | [Yeni bir gün] | Kuzey"
    );
    assert_eq!(
        parted("In the '90s it won.It ended.'A new day'The"),
        "In the '90s it won. | It ended. | [A new day] | The"
    );
}

#[test]
fn a_short_quoted_run_between_joints_is_a_subheading() {
    assert_eq!(
        parted("kaydetti.'Rusya'nın zaferinden şüphemiz yok'Kuzey Kore söyledi."),
        "kaydetti. | [Rusya'nın zaferinden şüphemiz yok] | Kuzey Kore söyledi."
    );
    assert_eq!(parted("He left.“What comes next?”The mayor"), "He left. | [What comes next?] | The mayor");
    assert_eq!(parted("Dedi.\"Yeni bir dönem\"Başkan ise"), "Dedi. | [Yeni bir dönem] | Başkan ise");
    assert_eq!(parted("He left.'What O'Brien said'The mayor"), "He left. | [What O'Brien said] | The mayor");
    assert_eq!(parted("Bitti.'Bir iki üç'\"Evet\" dedi."), "Bitti. | [Bir iki üç] | \"Evet\" dedi.");
}

#[test]
fn a_subheading_may_end_in_a_mark_a_digit_or_a_bracket() {
    assert_eq!(
        parted("Lavrov konuştu.'Zafer bizim olacak!'Kuzey Kore lideri konuştu.'Rusya'nın yanındayız'Choe dedi."),
        "Lavrov konuştu. | [Zafer bizim olacak!] | Kuzey Kore lideri konuştu. | [Rusya'nın yanındayız] | Choe dedi."
    );
    for run in [
        "Savaş ne zaman bitecek?",
        "Büyüme 2023",
        "Rusya (SSCB)",
        "Hepsi bu mu…",
        "Enflasyon yüzde 5%",
        "What did O'Brien say?",
    ] {
        for (open, close) in [("'", "'"), ("‘", "’"), ("\"", "\""), ("“", "”"), ("„", "“"), ("«", "»")] {
            assert_eq!(
                parted(&format!("Biri konuştu.{open}{run}{close}Kuzey geldi.")),
                format!("Biri konuştu. | [{run}] | Kuzey geldi.")
            );
        }
    }
}

#[test]
fn a_number_with_a_suffix_in_capitals_does_not_end_a_subheading() {
    assert_eq!(parted("Bitti.'BÜYÜME 2023'TE DURDU'Kuzey geldi"), "Bitti. | [BÜYÜME 2023'TE DURDU] | Kuzey geldi");
}

#[test]
fn space_before_a_question_mark_does_not_hide_the_end_of_a_sentence() {
    assert_eq!(parted("Que faire d'habitude ?Les visiteurs"), "Que faire d'habitude ? | Les visiteurs");
    assert_eq!(parted("Quoi\u{202f}!Rien."), "Quoi\u{202f}! | Rien.");
    assert_eq!(parted("D'où vient-il ?“Un titre court”Ensuite"), "D'où vient-il ? | [Un titre court] | Ensuite");
}

#[test]
fn a_quotation_in_a_sentence_is_no_subheading() {
    assert_eq!(parted("Bitti.'Şüphemiz yok' dedi Choe.Sonra"), "Bitti. | 'Şüphemiz yok' dedi Choe. | Sonra");
    let long = format!("Bitti.'{}'Sonra", "çok uzun ".repeat(20).trim());
    assert!(!parted(&long).contains('['), "{}", parted(&long));
}

#[test]
fn abbreviations_names_numbers_and_addresses_stay_whole() {
    for body in [
        "the ASP.NET team",
        "the ASP.Net team",
        "the U.S.A. and the U.S.Senate",
        "it is 3.5 or 1.000.000",
        "see example.Com/x and www.Example.com",
        "from haber.Example.com too",
        "on Booking.COM today",
        "J.Biden and Dr.Ahmet and Prof.Dr.Ayşe",
        "с г.Москва на ул.Ленина",
        "the 2.Lig and the 15.Yıl",
        "call Console.WriteLine(x)",
        "mail ali.Veli@example.com",
        "open page.php?Id=5",
        "see https://harbour-post.example/a.Html?q=B.C for more",
        "der e.V. in Berlin",
        "東京.Tokyo",
        "本文。次の文。「引用」です。",
        "قال.ثم ذهب",
        "space. Then",
        "lower.case",
    ] {
        assert_eq!(parted(body), body);
    }
}

#[test]
fn blocks_are_paragraphs_of_their_own() {
    assert_eq!(parted("One\ntwo.\n\n\n three \n\nfour"), "One\ntwo. | three | four");
}

#[test]
fn markup_in_a_body_is_text() {
    assert_eq!(
        parsed(with_body("<script>alert(1)</script> & &amp; ]]> \"q\"")).item.content,
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &amp;amp; ]]&gt; \"q\"</p>"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn parting_loses_and_adds_nothing(
        parts in prop::collection::vec(prop::sample::select(vec![
            ".", "!", "?", "…", "'", "\"", "“", "”", "‘", "’", "«", "»", "„", ")", "(", " ", "\n", "\n\n", "A", "b", "Ankara",
            "İzmir'de", "NET", "O'Brien", "3", "本", "/", "dr", "<", "&", "e\u{301}",
        ]), 0..60),
    ) {
        let body = parts.concat();
        let item = parsed(with_body(&format!("Start {body}"))).item;
        // White space goes, and the marks that told a subheading from its surroundings.
        let goes = |c: char| c.is_whitespace() || "'\"“”‘’«»„".contains(c);
        let squeeze = |text: &str| text.replace(goes, "");
        let content: String = pieces(&item.content).into_iter().map(|(_, text)| text).collect();
        prop_assert_eq!(squeeze(&content), squeeze(&format!("Start {body}")));
    }
}

#[test]
fn a_body_of_nothing_but_joints_is_read_in_time_that_grows_with_its_length() {
    // Would not end within the life of a test run if each joint looked at all text before it.
    for unit in ["a.'A.'", "'A b.", "x.\"Y", "(.", ".…", "'A b'C d.", "“A b", "a.A"] {
        let body = unit.repeat(300_000);
        assert!(parsed(with_body(&body)).item.content.len() >= body.len());
    }
}

#[test]
fn space_inside_guillemets_hides_no_joint() {
    for space in ["\u{a0}", "\u{202f}", " "] {
        for end in [".", "\u{202f}!", "\u{a0}?", "…"] {
            assert_eq!(
                parted(&format!("Il a dit : «{space}C'est fini{end}{space}»Le président a répondu.")),
                format!("Il a dit : «{space}C'est fini{end}{space}» | Le président a répondu.")
            );
        }
        assert_eq!(
            parted(&format!("C'était hier.«{space}Rien à cacher{space}»Le maire est venu.")),
            "C'était hier. | [Rien à cacher] | Le maire est venu."
        );
        assert_eq!(
            parted(&format!("C'était hier.«{space}Rien à cacher\u{202f}?{space}»Le maire est venu.")),
            "C'était hier. | [Rien à cacher\u{202f}?] | Le maire est venu."
        );
        // One word, or a whole sentence, is no subheading.
        assert_eq!(
            parted(&format!("C'était hier.«{space}Rien{space}»Le maire est venu.")),
            format!("C'était hier. | «{space}Rien{space}»Le maire est venu.")
        );
        assert_eq!(
            parted(&format!("C'était hier.«{space}On n'a rien caché.{space}»Le maire est venu.")),
            format!("C'était hier. | «{space}On n'a rien caché.{space}» | Le maire est venu.")
        );
        assert_eq!(
            parted(&format!("Il a fini. «{space}Oui{space}»,dit-il.")),
            format!("Il a fini. «{space}Oui{space}»,dit-il.")
        );
    }
    assert_eq!(parted("Er ging. »Ja«, sagte er. ›Nein‹ nicht."), "Er ging. »Ja«, sagte er. ›Nein‹ nicht.");
}

#[test]
fn spanish_questions_and_exclamations_begin_paragraphs() {
    assert_eq!(
        parted("Llegó ayer.¿Qué pasará ahora?Nadie lo sabe.¡Viva!"),
        "Llegó ayer. | ¿Qué pasará ahora? | Nadie lo sabe. | ¡Viva!"
    );
    assert_eq!(parted("Bueno...¿no? Sí. ¿Qué?"), "Bueno...¿no? Sí. ¿Qué?");
}

#[test]
fn swedish_and_finnish_marks_open_behind_a_sentence() {
    for (text, expected) in [
        (
            "Det går inte, sade hon.”Vi måste agera nu”, fortsatte ministern.Sedan gick hon.",
            "Det går inte, sade hon. | ”Vi måste agera nu”, fortsatte ministern. | Sedan gick hon.",
        ),
        ("”Vi måste agera.”Nästa dag sade hon ”nej”.", "”Vi måste agera.” | Nästa dag sade hon ”nej”."),
        (
            "Hon sade ”nej.”Sedan gick hon.”Nu räcker det”, sade han.",
            "Hon sade ”nej.” | Sedan gick hon. | ”Nu räcker det”, sade han.",
        ),
        // The end of a quotation that another block has begun.
        ("And that is all.”Then he left.", "And that is all.” | Then he left."),
        ("And that is all.”Then he said “no”.", "And that is all.” | Then he said “no”."),
        ("He said “It is all.”Then he left.", "He said “It is all.” | Then he left."),
    ] {
        assert_eq!(parted(text), expected, "{text}");
    }
}

#[test]
fn a_word_in_capitals_with_a_suffix_does_not_end_a_subheading() {
    let item =
        parsed(with_body("Bakan konuştu.'TÜRKİYE'NİN KARARI KESİN'Bakan güldü.'ABD'DE SEÇİM VAR'Kim kazandı?")).item;
    assert_eq!(
        item.content,
        "<p>Bakan konuştu.</p><h3>TÜRKİYE'NİN KARARI KESİN</h3><p>Bakan güldü.</p><h3>ABD'DE SEÇİM VAR</h3><p>Kim kazandı?</p>"
    );
}

#[test]
fn suffixes_in_capitals_stay_in_their_subheading() {
    for heading in ["YENİ TÜRKİYE'NİN KARARI KESİN", "TRUMP'A DESTEK YOK", "BAKAN ABD'DE, HEYET MOSKOVA'DA"] {
        let item = parsed(with_body(&format!("Bakan konuştu.'{heading}'Bakan güldü."))).item;
        assert_eq!(item.content, format!("<p>Bakan konuştu.</p><h3>{heading}</h3><p>Bakan güldü.</p>"));
    }
    let item = parsed(with_body("Bakan konuştu.'SON DAKİKA'ABD Başkanı güldü.'YENİ KARAR'NATO toplandı.")).item;
    let expected =
        "<p>Bakan konuştu.</p><h3>SON DAKİKA</h3><p>ABD Başkanı güldü.</p><h3>YENİ KARAR</h3><p>NATO toplandı.</p>";
    assert_eq!(item.content, expected);
}

#[test]
fn host_names_in_capitals_before_a_path_in_capitals_stay_whole() {
    for text in
        ["Facebook.Com/ZeitOnline und www.Haberturk.Com/Ekonomi sind da.", "Mehr auf Example.Org/Spenden heute."]
    {
        assert_eq!(parted(text), text);
    }
    assert_eq!(parted("Ücretler açıklandı.Net/Brüt farkı arttı."), "Ücretler açıklandı. | Net/Brüt farkı arttı.");
}

//! Full stops inside names, numbers and addresses, which end no paragraph.

use crate::parse_seed::{parsed, pieces, with_body};

/// The paragraphs of a body, joined by ` | `.
fn parted(body: &str) -> String {
    let item = parsed(with_body(body)).item;
    pieces(&item.content).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" | ")
}

/// Checks that a text stays one paragraph and that a summary goes on beyond it.
fn assert_whole(text: &str) {
    assert_eq!(parted(text), text);
    let body = format!("{} {text} sona {}.", "bir".repeat(30), "uzun ".repeat(60));
    let summary = parsed(format!("Headline\n\n2024-11-01T13:04Z\n\n{body}\n")).item.summary.expect("a summary");
    assert!(summary.contains(text) && summary.ends_with('…'), "{summary}");
}

#[test]
fn abbreviations_of_several_letters_stay_whole() {
    for text in [
        "She has a Ph.D. in physics",
        "She has a Ph.D in physics",
        "an LL.M. from Yale",
        "vor dem Jahr 79 n.Chr. aus",
        "der e.V. und die z.B. genannte",
        "Fiat S.p.A ha detto",
        "la S.r.l. di Roma",
        "the firm GmbH & Co.KG there",
        "Demir Ltd.Şti. ve ortakları",
        "Yılmaz Ltd.Şti.'nin ortağı",
        "Yrd.Doç.Dr.Ayşe Yılmaz",
        "Öğr.Gör.Ali ve Arş.Gör.Veli",
        "rund 5 Mio.Euro und 2 Mrd.Euro",
        "Op.Dr.Can ve Av.Ali",
        "el Gral.Franco y la Sra.López",
        "il Sig.Rossi e il Dott.Bianchi",
        "Mgr.Lustiger et Mmes.Dupont",
        "o Exmo.Senhor e a Dra.Silva",
        "профессор, акад.Павлов",
    ] {
        assert_whole(text);
    }
}

#[test]
fn places_shortened_to_a_letter_or_two_stay_whole() {
    for text in ["в с.Ивановка", "посёлок п.Северный", "на пл.Победы", "у ст.Тайга", "на наб.Фонтанки", "пер.Садовый"]
    {
        assert_whole(text);
    }
}

#[test]
fn ordinals_stay_whole() {
    for text in [
        "1.Ankara'da deprem oldu",
        "(2.Lig takımı)",
        "\"2.Abdülhamid\" dizisi",
        "“2.Abdülhamid” dizisi",
        "Sultan II.Abdülhamid dönemi",
        "XXI.Yüzyıl ve XIX.Yüzyıl",
        "Cumhuriyetin 100.Yılı ve 15.Yılı",
    ] {
        assert_whole(text);
    }
}

#[test]
fn years_amounts_and_scores_end_a_sentence() {
    assert_eq!(parted("Bu oldu 2023.Ardından bitti"), "Bu oldu 2023. | Ardından bitti");
    assert_eq!(parted("Yüzde %45.Ardından bitti"), "Yüzde %45. | Ardından bitti");
    assert_eq!(parted("Maç bitti: 2-0.Ardından"), "Maç bitti: 2-0. | Ardından");
    assert_eq!(parted("saat 13:30.Ardından"), "saat 13:30. | Ardından");
    assert_eq!(parted("toplam 1.000.Ardından"), "toplam 1.000. | Ardından");
    assert_eq!(parted("toplam 453.Ardından"), "toplam 453. | Ardından");
    assert_eq!(parted("at the G20.Then it ended"), "at the G20. | Then it ended");
    assert_eq!(parted("yeni nesil 5G.Ardından"), "yeni nesil 5G. | Ardından");
}

#[test]
fn a_suffix_of_one_letter_ends_a_sentence() {
    assert_eq!(parted("Bunu söyledi Trump'a.Ardından gitti"), "Bunu söyledi Trump'a. | Ardından gitti");
    assert_eq!(parted("Geldi Rusya'ya.A. Yılmaz"), "Geldi Rusya'ya. | A. Yılmaz");
    assert_eq!(parted("Oldu 2023.A. Yılmaz"), "Oldu 2023. | A. Yılmaz");
    assert_eq!(parted("Это сделал я.Потом ушёл"), "Это сделал я. | Потом ушёл");
    assert_eq!(parted("Così è.Poi venne"), "Così è. | Poi venne");
}

#[test]
fn host_names_with_a_suffix_stay_whole() {
    for text in ["Sahibinden.Com'dan aldı", "Sahibinden.Com’a girdi", "Haberler.Net'in haberi", "Example.Org'da yazdı"]
    {
        assert_whole(text);
    }
    assert_eq!(parted("O jogo terminou.Com a vitória"), "O jogo terminou. | Com a vitória");
    assert_eq!(parted("Durum net.Net satışlar arttı"), "Durum net. | Net satışlar arttı");
}

#[test]
fn common_words_that_look_like_abbreviations_end_a_sentence() {
    for (sentence, next) in [
        ("Bana sor", "Sonra gel"),
        ("Şunu gör", "Sonra git"),
        ("Çok para lazım", "Doç geldi"),
        ("Er kam an", "Dann ging er"),
        ("Он дал всё", "Потом ушёл"),
        ("Questo amico mio", "Poi venne"),
        ("Hij gaf het op", "Toen ging hij"),
        ("It is a mix", "Then it ended"),
        ("A new DVD", "Then it ended"),
        ("in Washington DC", "Then it ended"),
    ] {
        assert_eq!(parted(&format!("{sentence}.{next}")), format!("{sentence}. | {next}"));
    }
}

#[test]
fn an_ordinal_behind_a_sentence_end_begins_the_next_paragraph() {
    assert_eq!(
        parted("Perde oynandı.2.Lig maçları başladı.3.Köprü açıldı."),
        "Perde oynandı. | 2.Lig maçları başladı. | 3.Köprü açıldı."
    );
    assert_eq!(parted("Neden oldu?15.Yıl kutlandı!100.Yıl geldi."), "Neden oldu? | 15.Yıl kutlandı! | 100.Yıl geldi.");
    assert_eq!(parted("\"Bitti.\"2.Lig başladı."), "\"Bitti.\" | 2.Lig başladı.");
    // Numbers of chapters, versions and dates are one.
    for text in
        ["sürüm v.2.Beta çıktı", "madde no.2.Fıkra", "tarih 1.2.2024 idi", "puan 3.5 oldu", "oldu.45 kişi geldi"]
    {
        assert_eq!(parted(text), text);
    }
}

#[test]
fn words_that_are_abbreviations_elsewhere_and_symbols_end_paragraphs() {
    for text in [
        "El gobierno dijo que no.|El presidente salió",
        "She said no.|Then she left",
        "bei 50 Hz.|Danach war es still",
        "Das kostet 20 €.|Danach",
        "bir dairede 10 m².|Sonra",
        "watched it on Disney+.|The film",
        "the new iPhone™.|Then",
        "avant qu'il n'arrive\u{301}.|Puis",
    ] {
        assert_eq!(parted(&text.replace('|', "")), text.replace('|', " | "));
    }
    for text in ["kapı No.5 açık", "Daire No.12 boş", "Hz.Ali ve Hz.Ömer"] {
        assert_eq!(parted(text), text);
    }
}

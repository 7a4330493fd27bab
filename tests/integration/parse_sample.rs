//! The real sample seed, field by field.

use crate::parse_seed::{parsed, pieces};

const SAMPLE: &[u8] = include_bytes!("../../examples/seeds/000_5ff75397f167ba0e.txt");
const URL: &str = "https://anlatilaninotesi.com.tr/20241101/kuzey-kore-disisleri-bakani-choe-moskovada-ukraynada-zafer-kazanilana-dek-rusyanin-yaninda-1089925937.html";

#[test]
fn sample_gives_the_item_that_a_reader_expects() {
    let item = parsed(SAMPLE).item;
    assert_eq!(item.id.as_str(), URL);
    assert_eq!(item.url.as_deref(), Some(URL));
    assert_eq!(item.source.as_deref(), Some("anlatilaninotesi.com.tr"));
    assert_eq!(
        item.title,
        "Kuzey Kore Dışişleri Bakanı Choe Moskova'da: 'Ukrayna'da zafer kazanılana dek Rusya'nın yanında duracağız'"
    );
    assert_eq!(item.times.published.to_rfc3339(), "2024-11-01T13:04:00+03:00");
    assert_eq!(item.times.published_source.as_str(), "declared");
    assert_eq!(item.times.updated.to_rfc3339(), "2024-11-01T13:17:00+03:00");
    assert_eq!(item.times.updated_source.as_str(), "declared");
    assert_eq!(item.language.as_ref().map(seedcast::item::Language::as_str), Some("tr"));
    assert_eq!(item.categories, [] as [&str; 0]);
}

#[test]
fn sample_needs_no_repair() {
    assert_eq!(parsed(SAMPLE).repairs, []);
}

#[test]
fn sample_has_13_paragraphs_and_2_subheadings_in_their_places() {
    let item = parsed(SAMPLE).item;
    let pieces = pieces(&item.content);
    let tags: Vec<_> = pieces.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags.join(" "), "p p p p p h3 p p p p p p h3 p p");
    assert_eq!(pieces[5].1, "Rusya'nın zaferinden şüphemiz yok");
    assert_eq!(pieces[12].1, "Kore Yarımadası'ndaki durum çok tehlikeli");
    let starts: Vec<_> = pieces.iter().map(|(_, text)| text.split(' ').next().unwrap()).collect();
    let expected = "Rusya'nın Yaroslavskiy Görüşmenin Taraflardan Lavrov, Rusya'nın Kuzey Choe, Kuzey Son Rusya'nın \
                    Nebenzya, Kore Kore Choe,";
    assert_eq!(starts.join(" "), expected);
}

#[test]
fn sample_loses_no_letter_of_its_body() {
    let text = std::str::from_utf8(SAMPLE).unwrap();
    let body = text.trim().split("\n\n").last().unwrap();
    let item = parsed(SAMPLE).item;
    // A subheading stood in quotation marks, which told it from its surroundings.
    let text = |(tag, text): (&str, String)| if tag == "h3" { format!("'{text}'") } else { text };
    let joined: String = pieces(&item.content).into_iter().map(text).collect();
    assert_eq!(joined, body);
}

#[test]
fn sample_summary_is_the_first_sentence_since_the_description_repeats_the_headline() {
    let item = parsed(SAMPLE).item;
    assert_eq!(
        item.summary.as_deref(),
        Some(
            "Rusya'nın başkenti Moskova'ya resmi ziyaret gerçekleştiren Kuzey Kore Dışişleri Bakanı Choe Son-hui, \
             Yaroslavskiy Garı'nda Rusya Dışişleri Bakanı Sergey Lavrov tarafından çiçekle karşılandı."
        )
    );
}

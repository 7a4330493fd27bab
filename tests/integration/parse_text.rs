//! Hostile text: whatever a seed holds, what comes out can stand in any feed.

use crate::parse_seed::{Given, is_legal, parsed, pieces, refused, with_body};
use proptest::prelude::*;
use seedcast::item::Item;
use seedcast::parse::Parsed;

fn strings(item: &Item) -> impl Iterator<Item = &str> {
    [Some(item.id.as_str()), item.url.as_deref(), Some(item.title.as_str()), item.summary.as_deref()]
        .into_iter()
        .chain([Some(item.content.as_str()), item.source.as_deref()])
        .chain(item.categories.iter().map(|category| Some(category.as_str())))
        .flatten()
}

fn check(parsed: &Parsed) {
    let item = &parsed.item;
    for text in strings(item) {
        assert!(is_legal(text), "{text:?}");
    }
    pieces(&item.content);
    assert!(!item.title.trim().is_empty() && !item.title.contains('\n'), "{:?}", item.title);
    assert!(item.title.chars().count() <= 301);
    assert!(item.summary.as_ref().is_none_or(|text| !text.is_empty() && text.chars().count() <= 301));
    assert!(!item.summary.as_ref().is_some_and(|text| text.contains('\n')));
    assert!(item.times.updated >= item.times.published);
    assert!(item.id.as_str().split_once(':').is_some() && !item.id.as_str().contains(char::is_whitespace));
}

#[test]
fn illegal_characters_are_dropped_and_reported() {
    let controls: String = (1..0x20)
        .chain(0x7f..0xa0)
        .filter_map(char::from_u32)
        .filter(|c| !"\t\n\r\u{b}\u{c}\u{85}".contains(*c))
        .collect();
    for hostile in [controls.as_str(), "\u{fffe}", "\u{ffff}", "\u{1ffff}", "\u{fdd0}", "\u{feff}"] {
        let parsed = parsed(format!("He{hostile}ad\n\nDe{hostile}sc\n\n2024-11-01T13:04Z\n\nBo{hostile}dy"));
        check(&parsed);
        assert_eq!(parsed.item.title, "Head");
        assert_eq!(parsed.item.summary.as_deref(), Some("Desc"));
        assert_eq!(parsed.item.content, "<p>Body</p>");
        assert_eq!((parsed.repairs[0].code, parsed.repairs[0].line), ("illegal_characters", Some(1)));
    }
}

#[test]
fn references_to_illegal_characters_are_dropped_too() {
    for hostile in [
        "&#1;",
        "&#x1;",
        "&#X0B;",
        "&#0;",
        "&#xFFFE;",
        "&#xD800;",
        "&#1114112;",
        "&#99999999999;",
        "&#&#1;1;",
        "&\u{1}#1;",
        "&#00000000000001;",
    ] {
        let parsed = parsed(format!("He{hostile}ad\n\nBo{hostile}dy"));
        assert_eq!(parsed.item.title, "Head", "{hostile}");
        assert_eq!(parsed.item.content, "<p>Body</p>");
    }
}

#[test]
fn other_references_are_the_text_that_they_look_like() {
    let item = parsed("AT&amp;T &#65; &lt;b&gt; &#x20AC; &#; &#x; & &#1\n\nBody").item;
    assert_eq!(item.title, "AT&amp;T &#65; &lt;b&gt; &#x20AC; &#; &#x; & &#1");
}

#[test]
fn emoji_and_right_to_left_text_pass_unchanged() {
    let title = "👩🏽‍🚀 🏳️‍🌈 🇹🇷 שלום עולם مرحبا e\u{301}";
    assert_eq!(parsed(format!("{title}\n\n{title}.")).item.title, title);
}

#[test]
fn direction_controls_in_titles_are_closed_or_gone() {
    let title = |text: &str| parsed(format!("{text}\n\nBody")).item.title;
    assert_eq!(title("a \u{2067}b\u{2069} c"), "a \u{2067}b\u{2069} c");
    assert_eq!(title("a \u{202b}b \u{2066}c\u{2069}\u{202c} d"), "a \u{202b}b \u{2066}c\u{2069}\u{202c} d");
    assert_eq!(title("a \u{202b}b"), "a b");
    assert_eq!(title("a\u{2069} b"), "a b");
    assert_eq!(title("a \u{202b}\u{2066}b\u{202c}\u{2069}"), "a b");
    assert_eq!(title("txt.\u{202e}exe\u{202c}"), "txt.exe");
}

#[test]
fn a_title_is_one_line_of_bounded_length() {
    assert_eq!(parsed("One\n two \t\n three\n\nBody").item.title, "One two three");
    let words = parsed(format!("{}\n\nBody", "word ".repeat(200_000)));
    assert!(words.item.title.ends_with("word…"));
    assert_eq!((words.repairs[0].code, words.repairs[0].line), ("long_title", Some(1)));
    check(&words);
    let emoji = parsed(format!("{}\n\nBody", "👨‍👩‍👧‍👦".repeat(40_000)));
    assert_eq!(emoji.item.title.trim_end_matches('…').replace("👨‍👩‍👧‍👦", ""), "");
    check(&parsed(format!("a{}\n\nBody", "\u{301}".repeat(500_000))));
}

#[test]
fn nul_is_refused_with_its_line() {
    let diagnostic = refused("H\n\nB\0");
    assert_eq!((diagnostic.code, diagnostic.line), ("nul", Some(3)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_bytes_give_a_legal_item_or_a_diagnostic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(parsed) = Given::default().parse(&bytes) {
            check(&parsed);
        }
    }

    #[test]
    fn any_text_gives_a_legal_item_or_a_diagnostic(text in any::<String>(), title in "\\PC*", url in "\\PC*") {
        for seed in [text.clone(), with_body(&text), format!("date 2024-11 {url}\n\n{title}\n\n{text}"),
            format!("date 2024-11 https://{url}\n\n{title}\n\n{text}")] {
            if let Ok(parsed) = Given::default().parse(&seed) {
                check(&parsed);
            }
        }
    }

    #[test]
    fn any_row_of_odd_parts_gives_a_legal_item_or_a_diagnostic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "date 2024-11 https://x.example/a", "date 2024-11", "\n", "\n\n", "\r\n\r\n", "\r", "2024-11-01", "2024-11-01T13:04Z",
            "2024-13-45T99:99", "H", "word word.Word", "&#1;", "&#", ";", "1", "\u{1}", "\u{fffe}", "\u{202e}", "\u{2069}", "]]>",
            "<script>", "'", "\"", " ", "\u{feff}", "\u{85}", "\u{2028}", "👨‍👩‍👧", "\u{301}", "\0",
        ]), 0..40),
    ) {
        if let Ok(parsed) = Given::default().parse(parts.concat()) {
            check(&parsed);
        }
    }

    #[test]
    fn damage_anywhere_in_a_seed_never_shows(at in 0..4000_usize, damage in prop::collection::vec(any::<u8>(), 1..6)) {
        let mut bytes = include_bytes!("../../examples/seeds/000_5ff75397f167ba0e.txt").to_vec();
        let at = at.min(bytes.len());
        bytes.splice(at..at, damage);
        if let Ok(parsed) = Given::default().parse(&bytes) {
            check(&parsed);
            prop_assert!(parsed.repairs.iter().all(|repair| repair.code != "legacy_encoding"));
        }
    }
}

#[test]
fn references_to_c1_controls_are_what_they_are_in_html() {
    let title = |text: &str| parsed(format!("{text}\n\nBody")).item.title;
    assert_eq!(title("1990&#150;1995 &#x96; &#x0096;"), "1990–1995 – –");
    assert_eq!(title("&#147;Oui&#148; &#133; &#128;5"), "“Oui” … €5");
    // No character in windows-1252 either.
    assert_eq!(title("a&#129;&#141;&#143;&#144;&#157;b"), "ab");
    assert_eq!(title("&#&#150;1;"), "&#–1;");
}

#[test]
fn controls_and_separators_that_break_lines_glue_no_words() {
    for (separator, content) in [
        ("\u{b}", "<p>Erste Zeile\nzweite Zeile</p>"),
        ("\u{c}", "<p>Erste Zeile\nzweite Zeile</p>"),
        ("\u{85}", "<p>Erste Zeile\nzweite Zeile</p>"),
        ("\u{2028}", "<p>Erste Zeile\u{2028}zweite Zeile</p>"),
        ("\u{2028}\u{2028}", "<p>Erste Zeile</p><p>zweite Zeile</p>"),
        ("\u{2029}", "<p>Erste Zeile</p><p>zweite Zeile</p>"),
    ] {
        let parsed = parsed(with_body(&format!("Erste Zeile{separator}zweite Zeile")));
        assert_eq!((parsed.item.content.as_str(), parsed.repairs.len()), (content, 0), "{separator:?}");
    }
}

//! Summaries: whole sentences of bounded length, and nothing lost that they cannot hold.

use crate::parse_seed::{parsed, pieces};

fn described(description: &str) -> seedcast::item::Item {
    parsed(format!("Headline\n\n{description}\n\n2024-11-01T13:04Z\n\nBody.\n")).item
}

#[test]
fn a_description_of_nothing_but_marks_is_read_in_time_that_grows_with_its_length() {
    // Would not end within the life of a test run if every mark looked at all that follow.
    for unit in [".", ".\"", "。", "a.", "!)", "…'"] {
        let summary = described(&format!("{}x", unit.repeat(500_000))).summary.unwrap();
        assert!(summary.chars().count() <= 301, "{unit}");
    }
}

#[test]
fn a_run_of_marks_and_closing_quotes_ends_one_sentence() {
    let long = "uzun ".repeat(60);
    for first in [
        "He asked \"Is that all there is to be said about the matter at hand tonight, or is there more?\"...",
        "Bu akşam söylenecek başka bir şey kaldı mı, yoksa konu kapandı mı diye sordu arkadaşlarına?!…",
    ] {
        assert_eq!(described(&format!("{first} Sonra {long}")).summary.as_deref(), Some(first));
    }
}

/// Four sentences that together are longer than a summary.
fn long_description() -> [String; 4] {
    ["One", "Two", "Three", "Four"].map(|word| format!("{word} {}of them all told.", "and so many more ".repeat(6)))
}

#[test]
fn a_description_longer_than_a_summary_is_the_content_of_an_article_without_body() {
    let blocks = long_description();
    let header = "date 2024-11 https://example.com/20241101/p-1000001.html";
    let item = parsed(format!("{header}\n\nHead\n\n{}\n\n2024-11-01T13:04Z\n", blocks.join("\n\n"))).item;
    assert_eq!(item.summary, Some(blocks[..2].join(" ")));
    assert_eq!(pieces(&item.content), blocks.map(|text| ("p", text)));
    // One that the summary holds is said once.
    let item = parsed("Head\n\nWords.\n\n2024-11-01T13:04Z\n").item;
    assert_eq!((item.summary.as_deref(), item.content.as_str()), (Some("Words."), ""));
}

#[test]
fn what_a_summary_cannot_hold_of_a_description_is_read_before_the_body() {
    let blocks = long_description();
    let item = parsed(format!("Head\n\n{}\n\n2024-11-01T13:04Z\n\nBody.\n", blocks.join(" "))).item;
    assert_eq!(item.summary, Some(blocks[..2].join(" ")));
    assert_eq!(pieces(&item.content), [("p", blocks.join(" ")), ("p", "Body.".to_owned())]);
}

#[test]
fn a_body_that_begins_with_the_description_says_it_once() {
    let text = long_description().join(" ");
    for (description, body) in [
        (text.clone(), format!("{text} And the rest.")),
        (text.clone(), format!("{}\n\nAnd the rest.", text.replace("told. ", "told.\n"))),
        (format!("{}…", &text[..400]), format!("{text} And the rest.")),
        (format!("{} ...", &text[..400]), format!("{text} And the rest.")),
    ] {
        let item = parsed(format!("Head\n\n{description}\n\n2024-11-01T13:04Z\n\n{body}\n")).item;
        assert_eq!(item.content.matches("One and").count(), 1, "{description}");
        assert!(item.content.contains("And the rest."));
    }
}

#[test]
fn a_sentence_ends_behind_the_closing_marks_of_every_custom() {
    let long = "lange ".repeat(60);
    for (open, close) in [("„", "“"), ("‚", "‘"), ("»", "«"), ("«", "»"), ("“", "”"), ("\"", "\"")] {
        let first = format!(
            "Die Ministerin sagte vor der Presse in Berlin: {open}Wir haben lange verhandelt und sind uns einig.{close}"
        );
        assert_eq!(described(&format!("{first} Danach {long}")).summary, Some(first));
    }
    let japanese = format!("「{}。」", "住民からは、なぜこれほど遅れたのか。".repeat(6));
    let summary = described(&format!("{japanese}{}", "会合には約百人が参加した".repeat(30))).summary;
    assert_eq!(summary, Some(japanese));
}
